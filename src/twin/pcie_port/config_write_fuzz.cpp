// SPDX-License-Identifier: Apache-2.0
// Random reads and writes over a hierarchy of functions by two interleaved clients, while links go
// up and down and errors come: no crash, and the invariants of invariants_of() hold after each.
#include "twin/pcie_port/test_hierarchy.h"
#include "wire/pcie/walk.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

using weft::twin::End;
using weft::twin::LinkCounter;
using weft::twin::MessageKind;
using weft::twin::pcie_port::Function;
using weft::twin::pcie_port::Semantics;
using weft::twin::pcie_port::SetMachine;

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

/// Read-only bits that no link drives keep their power-on value; the capability lists can be
/// walked; reads give no more than their width.
void invariants_of(SetMachine& machine, std::size_t i) {
  Function& function = machine.function(i);
  if (!function.answers()) {
    require(machine.read(i, 0) == 0xFFFFFFFF);
    return;
  }
  const auto& layout = function.layout();
  weft::base::Bytes bytes(4096);
  for (std::uint16_t at = 0; at < layout.power_on.size(); at += 4) {
    weft::base::write_le(bytes, at, 4, machine.read(i, at));
  }
  const auto walked = weft::wire::pcie::walk(bytes);
  require(walked.answers && walked.problems.empty());
  for (std::uint16_t at = 0x10; at < 0x40; at += 4) {
    const std::uint32_t fixed =
        ~Semantics::at(layout.semantics.writable, at) & ~Semantics::at(layout.semantics.clears, at);
    const auto power_on =
        static_cast<std::uint32_t>(weft::base::read_le(layout.power_on, at, 4).value_or(0));
    const bool is_bridge_status = layout.is_bridge() && at == 0x1C;
    require(is_bridge_status || at == 0x2C || (machine.read(i, at) & fixed) == (power_on & fixed));
  }
  require(machine.read(i, 2, 2) == machine.read(i, 0) >> 16);
}

void step(SetMachine& machine, const std::uint8_t* op) {
  const std::size_t i = op[0] & 7;
  if (i < 6) {
    const auto width = static_cast<std::uint8_t>(1U << (op[0] >> 3) % 3);
    const auto offset = static_cast<std::uint16_t>((op[1] | op[2] << 8) % 0x400 / width * width);
    const std::uint32_t value = static_cast<std::uint32_t>(op[3]) | std::uint32_t{op[4]} << 8 |
                                std::uint32_t{op[3]} << 16 | std::uint32_t{op[4]} << 24;
    if ((op[0] & 0x80) != 0) {
      machine.write(i, offset, value, width);
    } else {
      const std::uint32_t got = machine.read(i, offset, width);
      require(width == 4 || got >> (8 * width) == 0);
    }
    return;
  }
  auto& link = *machine.links[op[1] % 3];
  switch (op[2] % 8) {
    case 0:
      link.state.is_up = !link.state.is_up;
      link.tell(link.state.is_up ? MessageKind::kLinkUp : MessageKind::kLinkDown);
      break;
    case 1:
      link.count(static_cast<LinkCounter>(op[3] % 8), (op[4] & 1) != 0 ? End::kA : End::kB, op[4]);
      break;
    case 2:
      link.tell(MessageKind::kLinkError, op[3] % 4, op[4] & 1);
      break;
    case 3:
      link.tell(MessageKind::kHotReset);
      break;
    case 4:
      machine.function(op[3] % 6).report_uncorrectable(op[4] & 31);
      break;
    case 5:
      link.lane_bit_errors[op[3] & 31] += op[4];
      break;
    default:
      machine.rack->world->advance(weft::base::Duration{op[3] * 100'000});
      break;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kOp = 5;
  constexpr std::size_t kOpsMax = 2000;
  SetMachine machine;
  // The two halves are two clients that take turns.
  const std::size_t half = std::min(size / kOp / 2, kOpsMax);
  for (std::size_t n = 0; n < half; ++n) {
    step(machine, data + n * kOp);
    step(machine, data + (half + n) * kOp);
    if (n % 64 == 0) {
      for (std::size_t i = 0; i < 6; ++i) {
        invariants_of(machine, i);
      }
    }
  }
  for (std::size_t i = 0; i < 6; ++i) {
    invariants_of(machine, i);
  }
  return 0;
}
