// SPDX-License-Identifier: Apache-2.0
// The rows of the register tables, one file a group of pages; registers.cpp joins them.
#pragma once

#include "wire/cmis/registers.h"

namespace weft::wire::cmis::rows {

[[nodiscard]] std::span<const Register> administration();  ///< lower memory, 00h, 01h, 02h, 03h
[[nodiscard]] std::span<const Register> lanes();           ///< 10h, 11h
[[nodiscard]] std::span<const Register> diagnostics();     ///< 13h, 14h, 2Fh

constexpr Register byte(std::string_view name, std::uint8_t page, std::uint8_t offset,
                        Access access = Access::kReadOnly) {
  return {name, page, offset, 0, 8, 1, 0, access, Coding::kCode};
}
constexpr Register bits(std::string_view name, std::uint8_t page, std::uint8_t offset,
                        std::uint8_t high, std::uint8_t low, Access access = Access::kReadOnly,
                        Coding coding = Coding::kCode) {
  return {name, page, offset, low,   static_cast<std::uint16_t>(high - low + 1),
          1,    0,    access, coding};
}
constexpr Register word(std::string_view name, std::uint8_t page, std::uint8_t offset,
                        Coding coding = Coding::kCode, Access access = Access::kReadOnly) {
  return {name, page, offset, 0, 16, 1, 0, access, coding};
}
constexpr Register text(std::string_view name, std::uint8_t page, std::uint8_t offset,
                        std::uint8_t length, Access access = Access::kReadOnly) {
  return {name, page,   offset,       0, static_cast<std::uint16_t>(8 * length), 1,
          0,    access, Coding::kText};
}
constexpr Register bytes(std::string_view name, std::uint8_t page, std::uint8_t offset,
                         std::uint8_t count, Access access = Access::kReadOnly) {
  return {name, page, offset, 0, 8, count, 8, access, Coding::kCode};
}
/// One bit for each of eight lanes.
constexpr Register lane_bits(std::string_view name, std::uint8_t page, std::uint8_t offset,
                             Access access) {
  return {name, page, offset, 0, 1, 8, 1, access, Coding::kCode};
}
/// Two lanes in a byte, the odd one (1, 3, 5, 7) in the low half.
constexpr Register lane_nibbles(std::string_view name, std::uint8_t page, std::uint8_t offset,
                                Access access) {
  return {name, page, offset, 0, 4, 8, 4, access, Coding::kCode};
}
constexpr Register lane_words(std::string_view name, std::uint8_t page, std::uint8_t offset,
                              Coding coding) {
  return {name, page, offset, 0, 16, 8, 16, Access::kReadOnly, coding};
}

}  // namespace weft::wire::cmis::rows
