// SPDX-License-Identifier: Apache-2.0
#include "wire/pcie/walk.h"

#include <algorithm>
#include <bitset>

#include <fmt/format.h>

namespace weft::wire::pcie {
namespace {

constexpr std::uint8_t kExpressId = 0x10;
constexpr std::uint8_t kPcixId = 0x07;
constexpr std::uint16_t kDvsecId = 0x23;
constexpr std::uint64_t kAllOnes = 0xFFFFFFFF;

std::uint64_t at(base::ByteView config, std::size_t offset, std::size_t width) {
  return base::read_le(config, offset, width).value_or(0);
}

/// Returns whether extended capabilities may follow: a PCI Express or PCI-X function.
bool walk_standard(base::ByteView config, Walk& out) {
  if ((at(config, 0x06, 2) & 0x10) == 0) {
    return false;
  }
  bool may_have_extended = false;
  std::bitset<kStandardBytes> seen;
  std::uint64_t pointer = at(config, out.header_type == 2 ? 0x14 : 0x34, 1);
  while (pointer != 0) {
    const auto offset = static_cast<std::uint16_t>(pointer & 0xFC);
    if ((pointer & 3) != 0) {
      out.problems.push_back(fmt::format("capability pointer 0x{:02x} is misaligned", pointer));
    }
    if (offset < kHeaderBytes) {
      if (offset != 0) {
        out.problems.push_back(
            fmt::format("capability pointer 0x{:02x} points into the header", pointer));
      }
      break;
    }
    if (seen[offset]) {
      out.problems.push_back(fmt::format("capability list loops at 0x{:02x}", offset));
      break;
    }
    seen.set(offset);
    if (config.size() < offset + 4U) {
      if (config.size() > kHeaderBytes) {
        out.problems.push_back(fmt::format("capability at 0x{:02x} lies past the {} bytes read",
                                           offset, config.size()));
      }
      break;
    }
    const auto id = static_cast<std::uint16_t>(at(config, offset, 1));
    if (id == 0xFF) {
      out.problems.push_back(fmt::format("capability at 0x{:02x} reads all ones", offset));
      break;
    }
    pointer = at(config, offset + 1U, 1);
    out.capabilities.push_back({.kind = Kind::kStandard,
                                .id = id,
                                .offset = offset,
                                .next = static_cast<std::uint16_t>(pointer)});
    may_have_extended = may_have_extended || id == kExpressId || id == kPcixId;
  }
  return may_have_extended;
}

void add_extended(base::ByteView config, std::uint16_t offset, std::uint64_t header, Walk& out) {
  CapabilityAt found{.kind = Kind::kExtended,
                     .id = static_cast<std::uint16_t>(header & 0xFFFF),
                     .offset = offset,
                     .next = static_cast<std::uint16_t>(header >> 20),
                     .version = static_cast<std::uint8_t>(header >> 16 & 0xF)};
  if (found.id == kDvsecId && config.size() >= offset + 10U) {
    const std::uint64_t header1 = at(config, offset + 4U, 4);
    found.kind = Kind::kDvsec;
    found.vendor = static_cast<std::uint16_t>(header1 & 0xFFFF);
    found.version = static_cast<std::uint8_t>(header1 >> 16 & 0xF);
    found.id = static_cast<std::uint16_t>(at(config, offset + 8U, 2));
  }
  out.capabilities.push_back(found);
}

void walk_extended(base::ByteView config, Walk& out) {
  std::bitset<kConfigBytes> seen;
  std::uint64_t pointer = kStandardBytes;
  while (pointer != 0) {
    const auto offset = static_cast<std::uint16_t>(pointer & 0xFFC);
    if (offset < kStandardBytes) {
      out.problems.push_back(
          fmt::format("extended capability pointer 0x{:03x} points below 0x100", pointer));
      break;
    }
    if ((pointer & 3) != 0) {
      out.problems.push_back(
          fmt::format("extended capability pointer 0x{:03x} is misaligned", pointer));
    }
    if (seen[offset]) {
      out.problems.push_back(fmt::format("extended capability list loops at 0x{:03x}", offset));
      break;
    }
    seen.set(offset);
    if (config.size() < offset + 4U) {
      out.problems.push_back(fmt::format(
          "extended capability at 0x{:03x} lies past the {} bytes read", offset, config.size()));
      break;
    }
    const std::uint64_t header = at(config, offset, 4);
    if (header == kAllOnes) {
      out.problems.push_back(fmt::format("extended capability at 0x{:03x} reads all ones", offset));
      break;
    }
    if (header == 0) {  // at 100h: none; later: a list that ends in an empty header
      if (offset != kStandardBytes) {
        out.problems.push_back(fmt::format("extended capability at 0x{:03x} is empty", offset));
      }
      break;
    }
    add_extended(config, offset, header, out);
    pointer = header >> 20;
  }
}

}  // namespace

Walk walk(base::ByteView config) {
  Walk out;
  if (config.size() < kHeaderBytes) {
    out.problems.push_back(
        fmt::format("only {} bytes of configuration space, the header has 64", config.size()));
  }
  const auto vendor = base::read_le(config, 0, 2);
  if (!vendor.has_value()) {
    return out;
  }
  // A virtual function reads FFFFh as vendor and device, but not as class and revision.
  if (*vendor == 0xFFFF && base::read_le(config, 8, 4).value_or(kAllOnes) == kAllOnes) {
    out.problems.emplace_back("device does not answer (all ones)");
    return out;
  }
  out.answers = true;
  out.header_type = static_cast<std::uint8_t>(at(config, 0x0E, 1) & 0x7F);
  if (config.size() < kHeaderBytes) {
    return out;
  }
  if (out.header_type > 2) {
    out.problems.push_back(fmt::format("header type 0x{:02x} is not known", out.header_type));
    return out;
  }
  out.capabilities.reserve(24);
  if (walk_standard(config, out) && config.size() > kStandardBytes) {
    walk_extended(config, out);
  }
  return out;
}

Context context_of(base::ByteView config, const Walk& walked, const CapabilityAt& where) {
  Context context{.config = config,
                  .base = where.offset,
                  .element = where.offset,
                  .version = where.version,
                  .header_type = walked.header_type};
  const auto express = std::find_if(
      walked.capabilities.begin(), walked.capabilities.end(),
      [](const CapabilityAt& one) { return one.kind == Kind::kStandard && one.id == kExpressId; });
  if (express != walked.capabilities.end()) {
    const std::uint64_t flags = at(config, express->offset + 2U, 2);
    context.port_type = static_cast<std::uint8_t>(flags >> 4 & 0xF);
    context.express_version = static_cast<std::uint16_t>(flags & 0xF);
    if (*context.port_type != 0x9 && *context.port_type != 0xA) {
      context.link_width_max =
          static_cast<std::uint16_t>(at(config, express->offset + 0x0CU, 4) >> 4 & 0x3F);
    }
  }
  return context;
}

}  // namespace weft::wire::pcie
