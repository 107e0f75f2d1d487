// SPDX-License-Identifier: Apache-2.0
// The hold model: take the next event, put one in an exponential span later, at a steady number of
// pending events. std::multimap beside it is the peer.
#include "sim/engine/draw.h"
#include "sim/engine/event_queue.h"

#include <cmath>
#include <map>
#include <vector>

#include <benchmark/benchmark.h>

namespace weft::sim {
namespace {

std::vector<Ps> exponential_spans(double mean) {
  Draw draw(7);
  std::vector<Ps> spans(1 << 16);
  for (Ps& span : spans) {
    span = static_cast<Ps>(-mean * std::log(1 - draw.uniform()));
  }
  return spans;
}

void event_hold(benchmark::State& state) {
  const std::vector<Ps> spans = exponential_spans(1e6);
  const auto pending = static_cast<std::uint32_t>(state.range(0));
  EventQueue queue;
  std::uint32_t at = 0;
  for (; at < pending; ++at) {
    queue.push({spans[at & 0xFFFF], event_order(1, at), at});
  }
  Event event;
  for (std::uint32_t i = 0; i < 4 * pending; ++i) {
    queue.pop(event);
    event.time += spans[at++ & 0xFFFF];
    queue.push(event);
  }
  for (auto _ : state) {
    queue.pop(event);
    event.time += spans[at++ & 0xFFFF];
    queue.push(event);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(event_hold)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);

void event_hold_multimap(benchmark::State& state) {
  const std::vector<Ps> spans = exponential_spans(1e6);
  const auto pending = static_cast<std::uint32_t>(state.range(0));
  std::multimap<Ps, Event> queue;
  std::uint32_t at = 0;
  for (; at < pending; ++at) {
    queue.emplace(spans[at & 0xFFFF], Event{});
  }
  for (auto _ : state) {
    Event event = queue.begin()->second;
    event.time = queue.begin()->first + spans[at++ & 0xFFFF];
    queue.erase(queue.begin());
    queue.emplace(event.time, event);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(event_hold_multimap)->Arg(100'000);

}  // namespace
}  // namespace weft::sim
