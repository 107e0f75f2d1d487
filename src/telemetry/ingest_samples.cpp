// SPDX-License-Identifier: Apache-2.0
#include "telemetry/ingest_samples.h"

#include "telemetry/ingest.h"

#include <functional>

namespace weft::telemetry {

using observe::Metric;

std::size_t PlaceHash::operator()(const PlaceKey& key) const noexcept {
  std::uint64_t hash = key.subject ^ (std::uint64_t{key.metric} << 48) ^
                       (std::uint64_t{key.kind} << 40) ^ std::hash<std::string>{}(key.label);
  // Subjects of two hosts are different ids; only what has no subject needs the host.
  hash ^= key.kind == 0 ? std::uint64_t{key.host} << 8 : 0;
  hash *= 0x9e3779b97f4a7c15ULL;
  return hash ^ (hash >> 29);
}

void add_link_samples(const observe::Snapshot& snapshot, std::vector<observe::Sample>& out) {
  using observe::Reading;
  using observe::Value;
  const auto add = [&](fabric::LinkId link, Metric metric, auto reading, auto number) {
    using Read = Reading<Value>;
    out.push_back({link, metric, "",
                   reading ? Read(Value(number(*reading))) : tl::unexpected(reading.error())});
  };
  const auto flag = [](bool is) { return std::uint64_t{is ? 1U : 0U}; };
  for (const observe::LinkState& link : snapshot.links) {
    add(link.link, Metric::kLinkUp, link.up, flag);
    add(link.link, Metric::kLinkTraining, link.training, flag);
    if (link.family == fabric::ProtocolFamily::kEthernet ||
        link.family == fabric::ProtocolFamily::kInfiniband ||
        link.family == fabric::ProtocolFamily::kNvlink) {
      add(link.link, Metric::kLinkDataRate, link.data_rate,
          [](base::BitsPerSecond rate) { return rate.value(); });
    } else {
      add(link.link, Metric::kLinkRate, link.rate, base::as_giga);
      add(link.link, Metric::kLinkWidth, link.width,
          [](base::LaneCount lanes) { return std::uint64_t{lanes.value()}; });
    }
  }
  if (snapshot.host.uptime) {
    out.push_back({std::monostate{}, Metric::kHostUptime, snapshot.host.name,
                   Value(snapshot.host.uptime->seconds())});
  }
}

bool restarts_with_host(Metric metric) {
  const std::string_view since = observe::row(metric).since;
  return since == "boot" || since == "driver load";
}

CounterKind counter_kind(Metric metric, fabric::ProtocolFamily family) {
  const bool is_infiniband = family == fabric::ProtocolFamily::kInfiniband;
  const observe::SourceRow* best = nullptr;
  for (const observe::SourceRow& source : observe::sources_of(metric)) {
    const bool fits = (source.vocabulary == observe::Vocabulary::kInfiniband) == is_infiniband;
    if (source.bits > 0 && source.is_read && (best == nullptr || fits)) {
      best = &source;
    }
  }
  if (best == nullptr) {
    return {};
  }
  return {.bits = best->bits, .saturates = best->overflow == observe::Overflow::kSaturates};
}

CounterKind counter_kind(Metric metric) {
  return counter_kind(metric, fabric::ProtocolFamily::kUnknown);
}

}  // namespace weft::telemetry
