// SPDX-License-Identifier: Apache-2.0
// Ctrl-C for verbs that go on for a while: they end early and well, so that nothing stays mounted
// or switched over.
#pragma once

#include <array>
#include <csignal>

namespace weft::cli {

/// While one lives, SIGINT, SIGTERM and SIGHUP are noted and do nothing else; one at a time.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  /// One of them has come since the newest of these was made.
  [[nodiscard]] static bool asked();

 private:
  static constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP};
  std::array<void (*)(int), kSignals.size()> before_ = {};
};

}  // namespace weft::cli
