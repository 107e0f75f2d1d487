// SPDX-License-Identifier: Apache-2.0
// The question "top": what is worst now. Findings first, as the judgement ordered them; then the
// error counters that are proven to move most (lower bound of their rate), which need not be wrong.
#include "base/stats.h"
#include "serve/query_parts.h"

#include <algorithm>
#include <array>
#include <utility>

#include <nlohmann/json.hpp>

namespace weft::serve::query_parts {

using base::Code;
using base::Result;
using enum observe::Metric;

// Counters of things that a quiet link does not do. Corrected bits and codewords are left out: a
// PAM4 link makes them always.
constexpr std::array kMovingMetrics = std::to_array<observe::Metric>({kAerCorrectable,
                                                                      kAerNonfatal,
                                                                      kAerFatal,
                                                                      kCarrierDown,
                                                                      kReceiveCrcErrors,
                                                                      kSymbolErrors,
                                                                      kFecUncorrectableBlocks,
                                                                      kLinkDowned,
                                                                      kLinkErrorRecovery,
                                                                      kPortReceiveErrors,
                                                                      kLocalLinkIntegrity,
                                                                      kNvlinkReplay,
                                                                      kNvlinkRecovery,
                                                                      kNvlinkCrcFlit,
                                                                      kNvlinkCrcData,
                                                                      kL0ToRecovery,
                                                                      kPortRetries,
                                                                      kPortRecoveries,
                                                                      kPortLinkDowns,
                                                                      kPcieReplay,
                                                                      kPcieReplayRollover,
                                                                      kPcieNakReceived,
                                                                      kPcieNakSent});

struct Mover {
  telemetry::SeriesKey key;
  std::uint64_t events = 0;
  double covered_s = 0;
  base::Interval per_s;
};

void add_mover(std::vector<Mover>& movers, const telemetry::SeriesKey& key, std::uint64_t events,
               double covered_s) {
  if (events == 0 || covered_s <= 0) {
    return;
  }
  const base::Interval bounds = base::poisson_bounds(events);
  movers.push_back({key, events, covered_s, {bounds.low / covered_s, bounds.high / covered_s}});
}

Result<std::vector<Mover>> movers_of(const QuerySource& source, const Ask& ask) {
  std::vector<Mover> out;
  if (source.each_track) {
    source.each_track([&](const telemetry::SeriesKey& key, const telemetry::Track& track) {
      if (std::ranges::find(kMovingMetrics, key.metric) == kMovingMetrics.end()) {
        return;
      }
      if (const auto rate = track.rate(telemetry::Window::kTenMinutes)) {
        add_mover(out, key, rate->events, rate->over.seconds());
      }
    });
    return out;
  }
  // A hundred and some buckets of each series, however long the time is.
  constexpr std::int64_t kMinuteNs = 60'000'000'000;
  constexpr std::int64_t kHourNs = 60 * kMinuteNs;
  constexpr std::int64_t kDayNs = 24 * kHourNs;
  constexpr std::int64_t kOfOneMost = 120;
  const std::int64_t span = (ask.until - ask.from).ns;
  const auto [roll, length] =
      span <= kOfOneMost * kMinuteNs ? std::pair(telemetry::Roll::kMinute, kMinuteNs)
      : span <= kOfOneMost * kHourNs ? std::pair(telemetry::Roll::kHour, kHourNs)
                                     : std::pair(telemetry::Roll::kDay, kDayNs);
  const base::WallTime from{ask.from.ns - ask.from.ns % length};
  for (const observe::Metric metric : kMovingMetrics) {
    const auto found = source.store->buckets({.subject = "", .metric = metric, .label = ""}, from,
                                             ask.until, roll);
    if (!found) {
      return tl::unexpected(found.error());
    }
    for (const telemetry::SeriesBuckets& series : *found) {
      std::uint64_t events = 0;
      double covered_s = 0;
      for (const telemetry::Bucket& bucket : series.buckets) {
        events += bucket.increase;
        covered_s += bucket.covered.seconds();
      }
      add_mover(out, series.key, events, covered_s);
    }
  }
  return out;
}

Result<Json> top(const QuerySource& source, const Ask& ask) {
  constexpr std::size_t kTopMost = 1000;
  const std::size_t count = std::min(ask.count.value_or(20), kTopMost);
  Json list = Json::array();
  std::size_t open = 0;
  const Acknowledgements known = acknowledgements_of(source);
  for (const diagnose::LivingFinding& living : source.findings) {
    if (living.phase == diagnose::Phase::kClosed) {
      continue;
    }
    ++open;
    if (list.size() < count) {
      list.push_back(finding_json(living, known, source.now));
    }
  }
  Json moving = Json::array();
  std::size_t series_count = 0;
  if (source.store != nullptr) {
    auto movers = movers_of(source, ask);
    if (!movers) {
      return tl::unexpected(movers.error());
    }
    std::ranges::sort(*movers, [](const Mover& a, const Mover& b) {
      return a.per_s.low != b.per_s.low ? a.per_s.low > b.per_s.low : a.key < b.key;
    });
    const Names names(*source.store);
    for (std::size_t i = 0; i < std::min(count, movers->size()); ++i) {
      const Mover& mover = (*movers)[i];
      Json one = Json::object();
      names.tell(mover.key.subject, one);
      one["metric"] = observe::row(mover.key.metric).key;
      one["label"] = mover.key.label;
      one["events"] = mover.events;
      one["covered_s"] = mover.covered_s;
      one["per_s"] = static_cast<double>(mover.events) / mover.covered_s;
      one["low"] = mover.per_s.low;
      one["high"] = mover.per_s.high;
      moving.push_back(std::move(one));
    }
    series_count = source.store->counts().series;
  }
  return Json{{"open", open},
              {"series", series_count},
              {"findings", std::move(list)},
              {"moving", std::move(moving)}};
}

}  // namespace weft::serve::query_parts
