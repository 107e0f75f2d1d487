// SPDX-License-Identifier: Apache-2.0
#include "cli/physics/progress.h"

#include "cli/terminal.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

namespace weft::cli {
namespace {

/// Nobody waits for less, and a line that flashes disturbs.
constexpr auto kPatience = std::chrono::milliseconds(400);

}  // namespace

Progress::Progress(std::string what, bool is_forced)
    : what_(std::move(what)),
      is_terminal_(terminal(STDERR_FILENO).is_terminal),
      is_on_(is_terminal_ || is_forced) {}

Progress::~Progress() {
  if (is_on_ && is_terminal_ && shown_ >= 0) {
    fmt::print(stderr, "\r\x1b[K");
  }
}

void Progress::at(double share) {
  const int step = is_terminal_ ? 1 : 10;
  const int percent = static_cast<int>(std::clamp(share, 0.0, 1.0) * 100) / step * step;
  const bool is_early = std::chrono::steady_clock::now() - start_ < kPatience;
  if (!is_on_ || percent <= shown_ || (is_terminal_ && is_early)) {
    return;
  }
  shown_ = percent;
  if (is_terminal_) {
    constexpr int kBar = 30;
    const auto filled = static_cast<std::size_t>(percent * kBar / 100);
    fmt::print(stderr, "\r{} [{}{}] {:3} %", what_, std::string(filled, '#'),
               std::string(kBar - filled, ' '), percent);
  } else {
    fmt::print(stderr, "{}: {} %\n", what_, percent);
  }
  std::fflush(stderr);
}

}  // namespace weft::cli
