// SPDX-License-Identifier: Apache-2.0
#include "sim/engine/budget.h"

#include <array>

#include <fmt/format.h>

namespace weft::sim {

namespace {

std::string count_text(std::uint64_t count) {
  if (count >= 1'000'000'000) {
    return fmt::format("{:.1f} G", static_cast<double>(count) * 1e-9);
  }
  if (count >= 1'000'000) {
    return fmt::format("{:.1f} M", static_cast<double>(count) * 1e-6);
  }
  return fmt::format("{}", count);
}

}  // namespace

std::string bytes_text(std::uint64_t bytes) {
  static constexpr std::array<const char*, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", value, unit == 0 || value >= 100 ? 0 : 1, kUnits.at(unit));
}

std::string Cost::text() const {
  return fmt::format("{} packet hops, about {:.1f} s on one core, {}", count_text(hops), seconds(),
                     bytes_text(memory_bytes));
}

base::Result<void> check_budget(const Cost& cost, const Budget& budget, const std::string& what) {
  if (cost.memory_bytes > budget.memory_bytes) {
    return base::fail(base::Code::kResourceExhausted,
                      fmt::format("the run needs {} of memory and may use {}",
                                  bytes_text(cost.memory_bytes), bytes_text(budget.memory_bytes)),
                      what, "Use the flow model, fewer ends, or allow more memory.");
  }
  if (budget.hops != 0 && cost.hops > budget.hops) {
    return base::fail(base::Code::kResourceExhausted,
                      fmt::format("the run needs {} packet hops and may use {}",
                                  count_text(cost.hops), count_text(budget.hops)),
                      what, "Use the flow model, a smaller size, or allow more.");
  }
  return {};
}

}  // namespace weft::sim
