// SPDX-License-Identifier: Apache-2.0
#include "wire/cmis/latched.h"

#include "wire/cmis/registers.h"

#include <algorithm>

namespace weft::wire::cmis {
namespace latched {

constexpr std::uint8_t kSff8636First = 3;
constexpr std::uint8_t kSff8636Last = 21;
constexpr unsigned kModuleFlagsFirst = 8;  // CMIS lower memory; byte 12 between them is the maker's
constexpr unsigned kModuleFlagsLast = 13;

}  // namespace latched

bool clears_on_read(ModuleMap map, std::uint8_t page, std::uint8_t offset) {
  using namespace latched;
  switch (map) {
    case ModuleMap::kCmis:
      return (offset >= kModuleFlagsFirst && offset <= kModuleFlagsLast) ||
             byte_access(page, offset).clears_on_read != 0;
    case ModuleMap::kSff8636:
      return offset >= kSff8636First && offset <= kSff8636Last;
    case ModuleMap::kSff8472:
    case ModuleMap::kUnknown:
      break;
  }
  return false;
}

std::vector<PageRequest> without_latched(const PageRequest& request, ModuleMap map) {
  std::vector<PageRequest> parts;
  const unsigned end = std::min(256U, unsigned{request.offset} + request.length);
  bool is_open = false;
  for (unsigned at = request.offset; at < end; ++at) {
    const auto offset = static_cast<std::uint8_t>(at);
    if (clears_on_read(map, request.page, offset)) {
      is_open = false;
      continue;
    }
    if (!is_open) {
      auto part = request;
      part.offset = offset;
      part.length = 0;
      parts.push_back(part);
      is_open = true;
    }
    ++parts.back().length;
  }
  return parts;
}

}  // namespace weft::wire::cmis
