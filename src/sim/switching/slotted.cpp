// SPDX-License-Identifier: Apache-2.0
#include "sim/switching/slotted.h"

#include "sim/engine/draw.h"
#include "sim/switching/voq_switch.h"

#include <array>
#include <cmath>
#include <vector>

#include <fmt/format.h>

namespace weft::sim::switching {

namespace {

/// Means of successive thirtieths of a run: their spread bounds the mean of all.
class BatchMeans {
 public:
  explicit BatchMeans(std::uint64_t units) : units_(units) {}
  void add(std::uint64_t unit, double value) {
    const std::uint64_t batch = unit * kBatches / units_;
    sum_[batch] += value;
    count_[batch] += 1;
  }
  void finish(SlottedResult& result) const {
    double total = 0;
    double samples = 0;
    for (std::size_t i = 0; i < kBatches; ++i) {
      total += sum_[i];
      samples += count_[i];
    }
    if (samples == 0) {
      return;
    }
    result.wait = total / samples;
    double squares = 0;
    for (std::size_t i = 0; i < kBatches; ++i) {
      const double off = (count_[i] > 0 ? sum_[i] / count_[i] : 0) - result.wait;
      squares += off * off;
    }
    constexpr double kStudent29 = 2.045;  // 97.5 % of Student's t with 29 degrees
    result.wait_95 = kStudent29 * std::sqrt(squares / (kBatches * (kBatches - 1.0)));
  }

 private:
  static constexpr std::size_t kBatches = 30;
  std::uint64_t units_;
  std::array<double, kBatches> sum_{};
  std::array<double, kBatches> count_{};
};

base::Result<void> check(const SlottedLoad& load, std::uint32_t most_ports) {
  if (load.ports == 0 || load.ports > most_ports || !(load.rate > 0) || !(load.rate <= 1) ||
      load.slots == 0) {
    return base::fail(
        base::Code::kInvalidArgument,
        fmt::format("{} ports at {} cells a slot for {} slots", load.ports, load.rate, load.slots),
        "slotted switch",
        fmt::format("Give 1 to {} ports, a rate above 0 and at most 1, and slots.", most_ports));
  }
  return {};
}

std::uint32_t output_for(const SlottedLoad& load, std::uint32_t input, Draw& draw) {
  return load.pattern == Pattern::kPermutation ? (input + 1) % load.ports : draw.below(load.ports);
}

constexpr std::uint32_t kManyPorts = 1 << 16;

}  // namespace

base::Result<SlottedResult> input_queued(const SlottedLoad& load) {
  if (auto fine = check(load, kManyPorts); !fine) {
    return tl::unexpected(fine.error());
  }
  Draw draw(draw_seed(load.seed, 1));
  std::vector<std::uint32_t> wanted(load.ports);
  std::vector<std::uint32_t> winner(load.ports);
  std::vector<std::uint32_t> asking(load.ports);
  for (std::uint32_t& output : wanted) {
    output = draw.below(load.ports);
  }
  SlottedResult result;
  std::uint64_t counted = 0;
  for (std::uint64_t slot = 0; slot < load.warm_up + load.slots; ++slot) {
    asking.assign(load.ports, 0);
    for (std::uint32_t input = 0; input < load.ports; ++input) {
      // The k-th that asks takes the place with probability 1 / k: each is as likely as any other.
      const std::uint32_t output = wanted[input];
      if (draw.below(++asking[output]) == 0) {
        winner[output] = input;
      }
    }
    for (std::uint32_t output = 0; output < load.ports; ++output) {
      if (asking[output] != 0) {
        wanted[winner[output]] = draw.below(load.ports);
        ++result.served;
        counted += slot >= load.warm_up ? 1 : 0;
      }
    }
  }
  result.queued = load.ports;
  result.arrived = result.served + result.queued;
  result.throughput = static_cast<double>(counted) / static_cast<double>(load.slots) /
                      static_cast<double>(load.ports);
  return result;
}

base::Result<SlottedResult> output_queued(const SlottedLoad& load) {
  if (auto fine = check(load, kManyPorts); !fine) {
    return tl::unexpected(fine.error());
  }
  Draw draw(draw_seed(load.seed, 2));
  std::vector<std::uint32_t> queued(load.ports, 0);
  BatchMeans waits(load.slots);
  SlottedResult result;
  std::uint64_t counted = 0;
  for (std::uint64_t slot = 0; slot < load.warm_up + load.slots; ++slot) {
    const bool counts = slot >= load.warm_up;
    for (std::uint32_t input = 0; input < load.ports; ++input) {
      if (draw.chance(load.rate)) {
        // First come first served: a cell waits for those that it finds.
        std::uint32_t& queue = queued[output_for(load, input, draw)];
        if (counts) {
          waits.add(slot - load.warm_up, queue);
        }
        ++queue;
        ++result.arrived;
      }
    }
    for (std::uint32_t& queue : queued) {
      if (queue != 0) {
        --queue;
        ++result.served;
        counted += counts ? 1 : 0;
      }
    }
  }
  for (const std::uint32_t queue : queued) {
    result.queued += queue;
  }
  waits.finish(result);
  result.throughput = static_cast<double>(counted) / static_cast<double>(load.slots) /
                      static_cast<double>(load.ports);
  return result;
}

base::Result<SlottedResult> voq_islip(const SlottedLoad& load, std::uint32_t iterations) {
  if (auto fine = check(load, kMaxPorts); !fine) {
    return tl::unexpected(fine.error());
  }
  auto made = VoqSwitch::make(load.ports, iterations);
  if (!made) {
    return tl::unexpected(made.error());
  }
  Draw draw(draw_seed(load.seed, 3));
  BatchMeans waits(load.slots);
  SlottedResult result;
  std::uint64_t counted = 0;
  for (std::uint64_t slot = 0; slot < load.warm_up + load.slots; ++slot) {
    for (std::uint32_t input = 0; input < load.ports; ++input) {
      if (load.rate >= 1 || draw.chance(load.rate)) {
        made->offer(input, output_for(load, input, draw), static_cast<std::uint32_t>(slot));
        ++result.arrived;
      }
    }
    made->step([&](std::uint32_t, std::uint32_t, std::uint32_t arrived) {
      ++result.served;
      if (slot >= load.warm_up) {
        ++counted;
        waits.add(slot - load.warm_up,
                  static_cast<double>(static_cast<std::uint32_t>(slot) - arrived));
      }
    });
  }
  result.queued = made->cells();
  waits.finish(result);
  result.throughput = static_cast<double>(counted) / static_cast<double>(load.slots) /
                      static_cast<double>(load.ports);
  return result;
}

base::Result<SlottedResult> md1(double load, std::uint64_t customers, std::uint64_t seed) {
  if (!(load > 0) || !(load < 1) || customers == 0) {
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("load {} with {} customers", load, customers), "M/D/1",
                      "Give a load between 0 and 1 and at least one customer.");
  }
  Draw draw(draw_seed(seed, 4));
  BatchMeans waits(customers);
  SlottedResult result;
  double wait = load / (2 * (1 - load));  // no warm-up: starts at the mean
  double span = 0;
  for (std::uint64_t i = 0; i < customers; ++i) {
    waits.add(i, wait);
    const double gap = -std::log(1 - draw.uniform()) / load;
    span += gap;
    wait = std::max(0.0, wait + 1 - gap);
  }
  waits.finish(result);
  result.arrived = result.served = customers;
  result.throughput = static_cast<double>(customers) / span;
  return result;
}

}  // namespace weft::sim::switching
