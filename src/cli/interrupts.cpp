// SPDX-License-Identifier: Apache-2.0
// A handler may do no more than set a flag; who loops asks for it.
#include "cli/interrupts.h"

#include <cstddef>

namespace weft::cli {

namespace interrupts {

volatile std::sig_atomic_t g_asked = 0;

}  // namespace interrupts

Interrupts::Interrupts() {
  interrupts::g_asked = 0;
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    before_[i] = std::signal(kSignals[i], [](int) { interrupts::g_asked = 1; });
  }
}

Interrupts::~Interrupts() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    std::signal(kSignals[i], before_[i]);
  }
}

bool Interrupts::asked() {
  return interrupts::g_asked != 0;
}

}  // namespace weft::cli
