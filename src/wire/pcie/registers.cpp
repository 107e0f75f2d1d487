// SPDX-License-Identifier: Apache-2.0
#include "wire/pcie/registers.h"

#include "wire/pcie/tables.h"

#include <array>

namespace weft::wire::pcie {
namespace {

const std::array<std::span<const Capability>, 12>& bank() {
  static const std::array<std::span<const Capability>, 12> kBank = {
      tables::header(),   tables::standard(), tables::legacy(),         tables::express(),
      tables::errors(),   tables::extended(), tables::virtualisation(), tables::topology(),
      tables::physical(), tables::flit(),     tables::security(),       tables::cxl()};
  return kBank;
}

const Register* register_of(Kind kind, std::uint16_t id, std::string_view key) {
  const Capability* capability = find_capability(kind, id);
  if (capability == nullptr) {
    return nullptr;
  }
  for (const Register& one : capability->registers) {
    if (one.key == key) {
      return &one;
    }
  }
  return nullptr;
}

}  // namespace

std::span<const std::span<const Capability>> all_capabilities() {
  return bank();
}

const Capability* find_capability(Kind kind, std::uint16_t id, std::uint16_t vendor) {
  for (const auto& table : bank()) {
    for (const Capability& one : table) {
      if (one.id == id && one.kind == kind && one.vendor == vendor) {
        return &one;
      }
    }
  }
  return nullptr;
}

std::optional<std::uint16_t> find_register(Kind kind, std::uint16_t id,
                                           std::string_view register_key) {
  const Register* one = register_of(kind, id, register_key);
  return one == nullptr ? std::nullopt : std::optional(one->offset);
}

FieldPlace find_field(Kind kind, std::uint16_t id, std::string_view register_key,
                      std::string_view field_key) {
  const Register* owner = register_of(kind, id, register_key);
  if (owner == nullptr) {
    return {};
  }
  for (const Field& field : owner->fields) {
    if (field.key == field_key) {
      return {owner->offset, owner->width, &field};
    }
  }
  return {};
}

}  // namespace weft::wire::pcie
