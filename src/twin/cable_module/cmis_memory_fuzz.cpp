// SPDX-License-Identifier: Apache-2.0
// Two hosts, one at each end of a cable, read and write whatever the input says, and time goes on
// between. No crash; and after each step what must always hold: states are of the specification,
// identity does not change, triggers have cleared themselves, lanes of one data path agree.
#include "twin/cable_module/test_link.h"
#include "twin/world/quantity.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace {

using weft::twin::CableModule;
using weft::twin::cable_module::TestCable;

void must(bool holds, const char* what) {
  if (!holds) {
    std::fprintf(stderr, "does not hold: %s\n", what);
    std::abort();
  }
}

void check(TestCable& cable, CableModule* module, const weft::base::Bytes& identity) {
  const auto state = cable.byte(0, 3, module);
  if (state > 0xFF) {
    return;  // it is in reset
  }
  must((state >> 1 & 7) >= 1 && (state >> 1 & 7) <= 5, "module state");
  if (cable.byte(0, 64, module) == 0) {
    must(cable.read(0, 128, 94, module) == identity, "identity");
  }
  must(cable.byte(0x10, 143, module) == 0 && cable.byte(0x10, 144, module) == 0, "triggers");
  const auto states = cable.read(0x11, 128, 4, module);
  const auto status = cable.read(0x11, 202, 4, module);
  const auto active = cable.read(0x11, 206, 8, module);
  const auto nibble = [](const weft::base::Bytes& bytes, unsigned lane) {
    return bytes.at(lane / 2) >> (4 * (lane % 2)) & 0xF;
  };
  for (unsigned lane = 0; lane < 8; ++lane) {
    must(nibble(states, lane) >= 1 && nibble(states, lane) <= 7, "data path state");
    must(nibble(status, lane) <= 7 || nibble(status, lane) == 12, "configuration status");
    const unsigned application = active.at(lane) >> 4;
    must(application <= 4, "application");
    if (application != 0) {
      const unsigned first = active.at(lane) >> 1 & 7;
      must(first <= lane && nibble(states, first) == nibble(states, lane),
           "one state of a data path");
    } else {
      must(nibble(states, lane) == 1, "an unused lane is deactivated");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  TestCable cable;
  cable.bring_up();
  const weft::base::Bytes identity[] = {cable.read(0, 128, 94, cable.a),
                                        cable.read(0, 128, 94, cable.b)};
  std::size_t at = 0;
  const auto next = [&] { return at < size ? data[at++] : std::uint8_t{0}; };
  for (unsigned step = 0; at < size && step < 64; ++step) {
    const auto what = next();
    auto* const module = (what & 1) == 0 ? cable.a : cable.b;
    const weft::bus::ModuleAddress address{static_cast<std::uint8_t>(what >> 6), next(), next()};
    const auto length = static_cast<std::uint8_t>(next() % 130);
    switch (what >> 1 & 3) {
      case 0:
        (void)module->read(address, length);
        break;
      case 1:
      case 2: {
        weft::base::Bytes bytes(std::min<std::size_t>(length, 16));
        for (auto& byte : bytes) {
          byte = next();
        }
        (void)module->write(address, bytes);
        break;
      }
      default:
        if ((what & 0x08) != 0) {
          cable.world.set_quantity(module->id(), weft::twin::Quantity::kQuirk, address.page % 10, 0,
                                   (what & 0x10) != 0 ? std::optional(1.0) : std::nullopt);
        }
        cable.world.advance(weft::base::seconds(address.offset * 0.01));
        break;
    }
    check(cable, cable.a, identity[0]);
    check(cable, cable.b, identity[1]);
  }
  return 0;
}
