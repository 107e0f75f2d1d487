// SPDX-License-Identifier: Apache-2.0
#include "wire/cmis/memory.h"

#include "base/text.h"

namespace weft::wire::cmis {
namespace module_memory {

constexpr std::uint8_t kHalfBytes = 128;

std::tuple<std::uint8_t, std::uint8_t, std::uint8_t, bool> key_of(std::uint8_t i2c_address,
                                                                  std::uint8_t bank,
                                                                  std::uint8_t page,
                                                                  std::uint8_t offset) {
  const bool is_upper = offset >= kHalfBytes;
  return {i2c_address, is_upper ? bank : std::uint8_t{0}, is_upper ? page : std::uint8_t{0},
          is_upper};
}

}  // namespace module_memory

void ModuleMemory::add(const PageRequest& request, base::ByteView bytes) {
  auto& half = halves_[module_memory::key_of(request.i2c_address, request.bank, request.page,
                                             request.offset)];
  half.bytes.resize(module_memory::kHalfBytes);
  const std::size_t start = request.offset % module_memory::kHalfBytes;
  for (std::size_t i = 0; i < bytes.size() && start + i < module_memory::kHalfBytes; ++i) {
    half.bytes[start + i] = bytes[i];
  }
}

std::optional<std::uint8_t> ModuleMemory::byte(std::uint8_t page, std::uint8_t offset,
                                               std::uint8_t i2c_address, std::uint8_t bank) const {
  const auto it = halves_.find(module_memory::key_of(i2c_address, bank, page, offset));
  return it == halves_.end() ? std::nullopt : it->second.bytes[offset % module_memory::kHalfBytes];
}

std::optional<std::uint16_t> ModuleMemory::word(std::uint8_t page, std::uint8_t offset,
                                                std::uint8_t i2c_address, std::uint8_t bank) const {
  if (offset == 0xFF) {
    return std::nullopt;
  }
  const auto high = byte(page, offset, i2c_address, bank);
  const auto low = byte(page, static_cast<std::uint8_t>(offset + 1), i2c_address, bank);
  if (!high || !low) {
    return std::nullopt;
  }
  return static_cast<std::uint16_t>(*high << 8 | *low);
}

std::string ModuleMemory::text(std::uint8_t page, std::uint8_t offset, std::uint8_t length) const {
  std::string out;
  for (unsigned i = 0; i < length && offset + i <= 0xFF; ++i) {
    const auto value = byte(page, static_cast<std::uint8_t>(offset + i));
    if (!value || *value == 0) {
      break;
    }
    out += *value >= 0x20 && *value < 0x7F ? static_cast<char>(*value) : '?';
  }
  return std::string(base::trim(out));
}

std::optional<std::uint8_t> ModuleMemory::sum(std::uint8_t page, std::uint8_t first,
                                              std::uint8_t last, std::uint8_t i2c_address) const {
  unsigned total = 0;
  for (unsigned offset = first; offset <= last; ++offset) {
    const auto value = byte(page, static_cast<std::uint8_t>(offset), i2c_address);
    if (!value) {
      return std::nullopt;
    }
    total += *value;
  }
  return static_cast<std::uint8_t>(total);
}

}  // namespace weft::wire::cmis
