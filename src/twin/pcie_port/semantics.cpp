// SPDX-License-Identifier: Apache-2.0
#include "twin/pcie_port/semantics.h"

#include "wire/pcie/walk.h"

#include <span>

namespace weft::twin::pcie_port {
namespace semantics_from_bank {

namespace bank = wire::pcie;

void mark(base::Bytes& mask, std::size_t offset, std::size_t width, std::uint64_t bits,
          bool is_on) {
  const auto old = base::read_le(mask, offset, width);
  if (old) {
    base::write_le(mask, offset, width, is_on ? *old | bits : *old & ~bits);
  }
}

void add_field(Semantics& out, std::size_t offset, std::size_t width, const bank::Field& field) {
  const std::uint64_t ones = field.bits >= 64 ? ~0ULL : (1ULL << field.bits) - 1;
  const std::uint64_t bits = ones << field.lsb;
  switch (field.access) {
    case bank::Access::kRws:
      mark(out.sticky, offset, width, bits, true);
      [[fallthrough]];
    case bank::Access::kRw:
      mark(out.writable, offset, width, bits, true);
      break;
    case bank::Access::kRw1cs:
      mark(out.sticky, offset, width, bits, true);
      [[fallthrough]];
    case bank::Access::kRw1c:
      mark(out.clears, offset, width, bits, true);
      break;
    case bank::Access::kRos:
      mark(out.sticky, offset, width, bits, true);
      break;
    case bank::Access::kWo:
      mark(out.commands, offset, width, bits, true);
      break;
    case bank::Access::kRo:
    case bank::Access::kHwInit:
    case bank::Access::kView:
      break;
  }
}

void add_register(Semantics& out, const bank::Context& context, std::size_t start,
                  const bank::Register& one) {
  if (one.present != nullptr && !one.present(context)) {
    return;
  }
  for (const bank::Field& field : one.fields) {
    add_field(out, start + one.offset, one.width, field);
  }
}

void add_capability(Semantics& out, const bank::Capability& capability, bank::Context context) {
  for (const bank::Register& one : capability.registers) {
    add_register(out, context, context.base, one);
  }
  for (const bank::Group& group : capability.groups) {
    for (std::uint32_t i = 0; i < bank::kElementsMax; ++i) {
      const auto where = group.locate(context, i);
      if (!where) {
        break;
      }
      context.element = static_cast<std::uint16_t>(*where);
      context.index = static_cast<std::uint16_t>(i);
      for (const bank::Register& one : group.registers) {
        add_register(out, context, *where, one);
      }
    }
  }
}

// Device/Port Types, as bits of a mask.
constexpr unsigned kEndpoint = 1U << 0x0;
constexpr unsigned kRoot = 1U << 0x4;
constexpr unsigned kUp = 1U << 0x5;
constexpr unsigned kDown = 1U << 0x6;

/// Bits of the PCI Express capability that are reserved or hardwired at some port types: PCIe Base
/// 7.5.3, the notes of each field.
struct Exception {
  std::uint16_t offset;
  std::uint8_t width;
  std::uint32_t bits;
  unsigned port_types;
};
constexpr Exception kReserved[] = {
    {0x10, 2, 0xCC30, kEndpoint | kUp},      // link disable, retrain, bandwidth interrupts, DRS
    {0x10, 2, 0x0008, kRoot | kUp | kDown},  // Read Completion Boundary is the root's to say
    {0x12, 2, 0xC000, kEndpoint | kUp},      // LBMS, LABS
    {0x28, 2, 0x0020, kEndpoint | kUp},      // ARI forwarding
    {0x08, 2, 0x8000, kRoot | kUp | kDown},  // function level reset; bridge retry: PCI bridges only
    {0x08, 2, 0x0600, kRoot | kUp | kDown},  // phantom functions, auxiliary power
};

void apply_exceptions(Semantics& out, const bank::Context& express) {
  const unsigned type = 1U << *express.port_type;
  for (const Exception& one : kReserved) {
    if ((one.port_types & type) != 0) {
      for (base::Bytes* mask : {&out.writable, &out.clears, &out.commands}) {
        mark(*mask, express.base + one.offset, one.width, one.bits, false);
      }
    }
  }
  // Initiate Function Level Reset always reads zero: a command, where the function can.
  if ((type & kEndpoint) != 0) {
    const bool can = (express.read(0x04, 4) & 1U << 28) != 0;
    mark(out.writable, express.base + 0x08U, 2, 0x8000, false);
    mark(out.commands, express.base + 0x08U, 2, 0x8000, can);
  }
}

}  // namespace semantics_from_bank

Semantics semantics_of(base::ByteView image) {
  namespace bank = wire::pcie;
  Semantics out;
  for (base::Bytes* mask : {&out.writable, &out.clears, &out.sticky, &out.commands}) {
    mask->assign(image.size(), 0);
  }
  const bank::Walk walked = bank::walk(image);
  bank::CapabilityAt header{.kind = bank::Kind::kHeader, .id = walked.header_type};
  std::vector<bank::CapabilityAt> all{header};
  all.insert(all.end(), walked.capabilities.begin(), walked.capabilities.end());
  for (const bank::CapabilityAt& at : all) {
    const bank::Capability* capability = bank::find_capability(at.kind, at.id, at.vendor);
    if (capability == nullptr) {
      continue;
    }
    const bank::Context context = bank::context_of(image, walked, at);
    semantics_from_bank::add_capability(out, *capability, context);
    if (at.kind == bank::Kind::kStandard && at.id == 0x10) {
      semantics_from_bank::apply_exceptions(out, context);
    }
    if (at.kind == bank::Kind::kExtended && at.id == 0x0D) {  // ACS: only what is implemented
      semantics_from_bank::mark(out.writable, at.offset + 6U, 2, ~context.read(4, 2) & 0xFFFF,
                                false);
    }
    if (at.kind == bank::Kind::kStandard && at.id == 0x05) {  // MSI: dword aligned, one message
      semantics_from_bank::mark(out.writable, at.offset + 4U, 4, 0x3, false);
    }
  }
  return out;
}

}  // namespace weft::twin::pcie_port
