// SPDX-License-Identifier: Apache-2.0
#include "wire/cmis/registers.h"

#include "wire/cmis/register_rows.h"

#include <algorithm>
#include <array>
#include <memory>
#include <unordered_map>
#include <vector>

namespace weft::wire::cmis {
namespace register_tables {

struct Tables {
  std::vector<Register> all;
  std::unordered_map<std::string_view, std::size_t> by_name;
  std::array<ByteAccess, 256 * 256> bytes = {};
};

std::uint8_t& mask_of(ByteAccess& access, Access kind) {
  switch (kind) {
    case Access::kClearOnRead:
      return access.clears_on_read;
    case Access::kSelfClears:
      return access.self_clears;
    case Access::kWriteOnly:
      return access.hidden;
    case Access::kReadOnly:
    case Access::kReadWrite:
      break;
  }
  return access.writable;
}

void paint(Tables& tables, const Register& row) {
  if (row.access == Access::kReadOnly) {
    return;
  }
  for (unsigned element = 0; element < row.count; ++element) {
    for (unsigned i = 0; i < row.bits; ++i) {
      const unsigned bit = row.bit + element * row.stride_bits + i;
      auto& access = tables.bytes.at(row.page * 256U + row.offset + bit / 8);
      const auto mask = static_cast<std::uint8_t>(1U << bit % 8);
      mask_of(access, row.access) |= mask;
      if (row.access == Access::kWriteOnly || row.access == Access::kSelfClears) {
        access.writable |= mask;
      }
    }
  }
}

/// Pages that repeat by rule: 2Ch flags and 2Dh masks of VDM, 9Fh and A0h to AFh command pages.
void paint_ranges(Tables& tables) {
  for (unsigned offset = kHalfPage; offset < 256; ++offset) {
    tables.bytes.at(0x2C * 256U + offset).clears_on_read = 0xFF;
    tables.bytes.at(0x2D * 256U + offset).writable = 0xFF;
    for (unsigned page = 0x9F; page <= 0xAF; ++page) {
      tables.bytes.at(page * 256U + offset).writable = 0xFF;
    }
  }
}

std::unique_ptr<const Tables> build() {
  auto tables = std::make_unique<Tables>();
  for (const auto rows : {rows::administration(), rows::lanes(), rows::diagnostics()}) {
    tables->all.insert(tables->all.end(), rows.begin(), rows.end());
  }
  for (std::size_t i = 0; i < tables->all.size(); ++i) {
    tables->by_name.emplace(tables->all[i].name, i);
    paint(*tables, tables->all[i]);
  }
  paint_ranges(*tables);
  return tables;
}

const Tables& tables() {
  static const std::unique_ptr<const Tables> kTables = build();
  return *kTables;
}

/// Where element `index` of a field stands: first byte, and the lowest bit of a short field.
struct Place {
  unsigned offset = 0;
  unsigned bit = 0;
};

std::optional<Place> place(const Register& field, unsigned index) {
  if (index >= field.count || field.bits > 64) {
    return std::nullopt;
  }
  const unsigned bit = field.bit + index * field.stride_bits;
  return Place{field.offset + bit / 8, bit % 8};
}

}  // namespace register_tables

std::span<const Register> registers() {
  return register_tables::tables().all;
}

const Register* find_register(std::string_view name) {
  const auto& tables = register_tables::tables();
  const auto it = tables.by_name.find(name);
  return it == tables.by_name.end() ? nullptr : &tables.all[it->second];
}

ByteAccess byte_access(std::uint8_t page, std::uint8_t offset) {
  return register_tables::tables().bytes.at((offset < kHalfPage ? 0U : page * 256U) + offset);
}

std::optional<std::uint64_t> raw(base::ByteView half, const Register& field, unsigned index) {
  const auto at = register_tables::place(field, index);
  if (!at || half.size() < kHalfPage) {
    return std::nullopt;
  }
  const unsigned start = at->offset % kHalfPage;
  if (field.bits < 8) {
    return half[start] >> at->bit & ((1U << field.bits) - 1U);
  }
  return base::read_be(half.first(kHalfPage), start, field.bits / 8U);
}

std::optional<std::uint64_t> raw(const ModuleMemory& memory, const Register& field, unsigned index,
                                 std::uint8_t bank) {
  const auto at = register_tables::place(field, index);
  if (!at) {
    return std::nullopt;
  }
  std::uint64_t value = 0;
  for (unsigned i = 0; i < std::max(1U, field.bits / 8U); ++i) {
    const auto next =
        memory.byte(field.page, static_cast<std::uint8_t>(at->offset + i), kLowI2cAddress, bank);
    if (!next) {
      return std::nullopt;
    }
    value = value << 8 | *next;
  }
  return field.bits < 8 ? value >> at->bit & ((1U << field.bits) - 1U) : value;
}

bool set_raw(std::span<std::uint8_t> half, const Register& field, unsigned index,
             std::uint64_t value) {
  const auto at = register_tables::place(field, index);
  if (!at || half.size() < kHalfPage) {
    return false;
  }
  const unsigned start = at->offset % kHalfPage;
  if (field.bits < 8) {
    const auto mask = static_cast<std::uint8_t>(((1U << field.bits) - 1U) << at->bit);
    half[start] = static_cast<std::uint8_t>((half[start] & ~mask) | (value << at->bit & mask));
    return true;
  }
  const unsigned width = field.bits / 8U;
  if (start + width > kHalfPage) {
    return false;
  }
  for (unsigned i = 0; i < width; ++i) {
    half[start + i] = static_cast<std::uint8_t>(value >> (8 * (width - 1 - i)));
  }
  return true;
}

}  // namespace weft::wire::cmis
