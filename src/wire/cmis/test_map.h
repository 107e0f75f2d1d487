// SPDX-License-Identifier: Apache-2.0
// Third-party module maps as the tests of this folder read them: "# page 01h" headings and rows of
// hex. A map that is not at hand is nullopt, and its test skips.
#pragma once

#include "base/text.h"
#include "wire/cmis/memory.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

namespace weft::wire::cmis {

inline std::filesystem::path corpus(const std::string& name) {
  const char* const set = std::getenv("WEFT_CORPUS");
  const std::filesystem::path root =
      set != nullptr ? std::filesystem::path(set)
                     : std::filesystem::path(WEFT_SOURCE_DIR) / ".." / "shared" / "corpus";
  return root / "cmis" / name;
}

/// "# page 01h, bytes 128-255" headings and rows of hex.
inline std::optional<ModuleMemory> read_map(const std::filesystem::path& path) {
  std::ifstream in(path);
  if (!in) {
    return std::nullopt;
  }
  ModuleMemory memory;
  PageRequest request;
  base::Bytes bytes;
  const auto flush = [&] {
    memory.add(request, bytes);
    bytes.clear();
  };
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("#")) {
      flush();
      const auto at = line.find("page ");
      request = {};
      if (at != std::string::npos) {
        request.page = static_cast<std::uint8_t>(*base::parse_unsigned(line.substr(at + 5, 2), 16));
        request.offset = 128;
      }
      continue;
    }
    for (const auto word : base::words(line)) {
      bytes.push_back(static_cast<std::uint8_t>(*base::parse_unsigned(word, 16)));
    }
  }
  flush();
  return memory;
}

}  // namespace weft::wire::cmis
