// SPDX-License-Identifier: Apache-2.0
#include "twin/cable_module/memory.h"

#include <cstdio>
#include <cstdlib>

namespace weft::twin::cable_module {

std::uint64_t Memory::get(const Register& field, unsigned index, std::uint8_t bank) const {
  const Half* half = field.offset < wire::cmis::kHalfPage ? &lower_ : find(bank, field.page);
  return half == nullptr ? 0 : wire::cmis::raw(*half, field, index).value_or(0);
}

void Memory::set(const Register& field, std::uint64_t value, unsigned index, std::uint8_t bank) {
  wire::cmis::set_raw(half_of(field, bank), field, index, value);
}

void Memory::set_text(const Register& field, std::string_view text) {
  auto& half = half_of(field);
  for (unsigned i = 0; i < field.bits / 8U; ++i) {
    half.at((field.offset + i) % wire::cmis::kHalfPage) =
        i < text.size() ? static_cast<std::uint8_t>(text[i]) : std::uint8_t{' '};
  }
}

std::uint8_t Memory::sum(std::uint8_t number, unsigned first, unsigned last) {
  unsigned total = 0;
  for (unsigned offset = first; offset <= last; ++offset) {
    total += page(number).at(offset % wire::cmis::kHalfPage);
  }
  return static_cast<std::uint8_t>(total);
}

void Memory::clear() {
  lower_ = {};
  pages_.clear();
}

const Register& reg(std::string_view name) {
  const auto* const row = wire::cmis::find_register(name);
  if (row == nullptr) {
    std::fprintf(stderr, "no CMIS register is called %.*s\n", static_cast<int>(name.size()),
                 name.data());
    std::abort();
  }
  return *row;
}

}  // namespace weft::twin::cable_module
