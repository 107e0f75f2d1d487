// SPDX-License-Identifier: Apache-2.0
// The bytes of one module: lower memory and the pages of its banks. Fields are reached by the
// register tables of wire/cmis, so that no offset is written twice.
#pragma once

#include "base/bytes.h"
#include "twin/world/archive.h"
#include "wire/cmis/registers.h"

#include <array>
#include <cstdint>
#include <map>
#include <string_view>

namespace weft::twin::cable_module {

using Half = std::array<std::uint8_t, wire::cmis::kHalfPage>;
using wire::cmis::Register;

class Memory {
 public:
  [[nodiscard]] bool has(std::uint8_t bank, std::uint8_t page) const {
    return pages_.contains(key(bank, page));
  }
  /// Adds the page where it is not there yet.
  [[nodiscard]] Half& page(std::uint8_t page, std::uint8_t bank = 0) {
    return pages_[key(bank, page)];
  }
  [[nodiscard]] const Half* find(std::uint8_t bank, std::uint8_t page) const {
    const auto it = pages_.find(key(bank, page));
    return it == pages_.end() ? nullptr : &it->second;
  }
  [[nodiscard]] Half& lower() { return lower_; }
  [[nodiscard]] const Half& lower() const { return lower_; }
  /// The half in which a field stands.
  [[nodiscard]] Half& half_of(const Register& field, std::uint8_t bank = 0) {
    return field.offset < wire::cmis::kHalfPage ? lower_ : page(field.page, bank);
  }

  [[nodiscard]] std::uint64_t get(const Register& field, unsigned index = 0,
                                  std::uint8_t bank = 0) const;
  void set(const Register& field, std::uint64_t value, unsigned index = 0, std::uint8_t bank = 0);
  /// ASCII padded with spaces.
  void set_text(const Register& field, std::string_view text);
  /// Sum of [first, last] of an upper page, its low eight bits.
  [[nodiscard]] std::uint8_t sum(std::uint8_t page, unsigned first, unsigned last);

  void clear();
  void exchange(Archive& archive) { archive.fields(lower_, pages_); }

 private:
  [[nodiscard]] static std::uint16_t key(std::uint8_t bank, std::uint8_t page) {
    return static_cast<std::uint16_t>(bank << 8 | page);
  }
  Half lower_ = {};
  std::map<std::uint16_t, Half> pages_;
};

/// A field by its CMIS name; CHECKs nothing: a wrong name is caught by the tests of this folder.
[[nodiscard]] const Register& reg(std::string_view name);

}  // namespace weft::twin::cable_module
