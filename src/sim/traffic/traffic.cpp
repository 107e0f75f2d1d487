// SPDX-License-Identifier: Apache-2.0
#include "sim/traffic/traffic.h"

#include "sim/effective.h"
#include "sim/flow/way.h"
#include "sim/packet/run.h"
#include "sim/traffic/messages.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace weft::sim {
namespace {

/// Share of the arrivals that only fill the network.
constexpr double kWarmUp = 0.2;
/// Delivered less than this share of what was offered: saturated.
constexpr double kKeepsUp = 0.95;

/// Messages as a workload: a stream of delays until each one's time, one of sends, each issued when
/// its delay is over, and one of receives that are there from the beginning.
class TrafficWorkload final : public Workload {
 public:
  TrafficWorkload(const std::vector<TrafficMessage>& messages, std::uint32_t ranks)
      : messages_(messages), sends_(ranks), receives_(ranks) {
    for (std::uint32_t i = 0; i < messages.size(); ++i) {
      sends_[messages[i].from].push_back(i);
      receives_[messages[i].to].push_back(i);
    }
  }
  [[nodiscard]] std::uint32_t ranks() const override {
    return static_cast<std::uint32_t>(sends_.size());
  }
  [[nodiscard]] std::uint32_t streams(Rank) const override { return 3; }
  [[nodiscard]] std::uint64_t ops(Rank rank, std::uint32_t stream) const override {
    return stream == kReceives ? receives_[rank].size() : sends_[rank].size();
  }
  [[nodiscard]] Op op(Rank rank, std::uint32_t stream, std::uint64_t index) const override {
    Op out;
    out.wait = Wait::kNothing;
    const std::uint32_t message = message_of(rank, stream, index);
    const TrafficMessage& of = messages_[message];
    out.tag = message;
    out.bytes = of.bytes;
    switch (stream) {
      case kDelays:
        out.kind = OpKind::kCompute;
        out.wait = Wait::kPrevious;
        out.duration = of.at - (index == 0 ? 0 : messages_[sends_[rank][index - 1]].at);
        break;
      case kSends:
        out.kind = OpKind::kSend;
        out.peer = of.to;
        out.stream_after = kDelays;
        out.after = static_cast<std::uint32_t>(index);
        break;
      default:
        out.kind = OpKind::kReceive;
        out.peer = of.from;
    }
    return out;
  }
  [[nodiscard]] std::uint32_t message_of(Rank rank, std::uint32_t stream,
                                         std::uint64_t index) const {
    return (stream == kReceives ? receives_ : sends_)[rank][index];
  }

  static constexpr std::uint8_t kDelays = 0, kSends = 1, kReceives = 2;

 private:
  const std::vector<TrafficMessage>& messages_;
  std::vector<std::vector<std::uint32_t>> sends_, receives_;  ///< by rank, by time
};

/// When each message was there, and what the channels did.
struct Arrived {
  std::vector<Ps> at;
  std::vector<double> utilisation;
  Ps finish = 0;
};

base::Result<Arrived> by_flow(const Site& site, const std::vector<TrafficMessage>& messages,
                              Routing routing, std::uint64_t seed) {
  const TrafficWorkload workload(messages, site.network().ranks());
  Arrived out;
  out.at.assign(messages.size(), 0);
  FlowOptions options;
  options.routing = routing;
  options.seed = seed;
  options.trace = [&](const TraceSpan& span) {
    if (span.stream == TrafficWorkload::kReceives) {
      out.at[workload.message_of(span.rank, span.stream, span.index)] = span.end;
    }
  };
  const auto ran = run_flow(site.network(), site.routes(), workload, options);
  if (!ran) {
    return tl::unexpected(ran.error());
  }
  out.finish = ran->time;
  const auto rates = effective_rates(site.network());
  for (std::size_t i = 0; i < rates.size(); ++i) {
    const double most = rates[i] * as_seconds(std::max<Ps>(out.finish, 1));
    out.utilisation.push_back(most > 0 ? ran->channel_bytes[i] / most : 0);
  }
  return out;
}

base::Result<Arrived> by_packet(const Site& site, const std::vector<TrafficMessage>& messages,
                                Routing routing, std::uint64_t seed) {
  std::vector<packet::Flow> flows;
  flows.reserve(messages.size());
  for (const TrafficMessage& message : messages) {
    flows.push_back({message.from, message.to, message.bytes, message.at});
  }
  packet::Options options;
  options.route =
      routing == Routing::kEcmp
          ? packet::Route::kEcmp
          : (routing == Routing::kWeighted ? packet::Route::kAdaptive : packet::Route::kSpray);
  options.seed = seed;
  auto ran = packet::run_flows(site.network(), flows, options);
  if (!ran) {
    return tl::unexpected(ran.error());
  }
  if (!ran->standstill.empty()) {
    return base::fail(base::Code::kFailedPrecondition, ran->standstill, site.network().name);
  }
  Arrived out;
  out.at = std::move(ran->message_finish);
  out.utilisation = std::move(ran->utilisation);
  out.finish = ran->finish;
  return out;
}

base::Result<TrafficBound> traffic_bound(const std::vector<Demand>& all, double seconds_per_byte,
                                         const Site& site, Ways& ways) {
  std::vector<double> carries(site.network().channels().size(), 0);
  for (const Demand& demand : all) {
    const auto way = ways.between(demand.from, demand.to, 0);
    if (!way) {
      return tl::unexpected(way.error());
    }
    Ways::account(**way, demand.weight, carries);
  }
  TrafficBound out;
  double worst = 0;
  for (ChannelIndex i = 0; i < carries.size(); ++i) {
    // Seconds that this channel takes for a byte of all traffic.
    const double seconds = carries[i] > 0 ? carries[i] / ways.capacity()[i] : 0;
    if (seconds > worst * (1 + 1e-9)) {
      worst = seconds;
      out.what = site.network().channel_name(i);
    }
  }
  out.load = worst > 0 ? seconds_per_byte / worst : 0;
  out.bytes_per_second = worst > 0 ? 1 / worst : 0;
  return out;
}

/// Latencies of the messages that arrived from `from` on, and the parts of their mean.
base::Result<void> measure(const std::vector<TrafficMessage>& messages, const Arrived& arrived,
                           Ps from, Ways& ways, TrafficAnswer& out) {
  double count = 0;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const TrafficMessage& message = messages[i];
    if (message.at < from) {
      continue;
    }
    const auto way = ways.between(message.from, message.to, static_cast<std::uint32_t>(i));
    if (!way) {
      return tl::unexpected(way.error());
    }
    const Ps took = arrived.at[i] - message.at;
    out.latencies.push_back(took);
    const auto bytes = static_cast<double>(message.bytes);
    const double clean = bytes / (*way)->alone_clean;
    const double again = bytes / (*way)->alone - clean;
    count += 1;
    out.mean.total += as_seconds(took);
    out.mean.latency += as_seconds((*way)->latency);
    out.mean.serialisation += clean;
    out.mean.retry += again;
  }
  std::sort(out.latencies.begin(), out.latencies.end());
  for (double* part :
       {&out.mean.total, &out.mean.latency, &out.mean.serialisation, &out.mean.retry}) {
    *part /= std::max(count, 1.0);
  }
  out.mean.contention =
      std::max(0.0, out.mean.total - out.mean.latency - out.mean.serialisation - out.mean.retry);
  return {};
}

base::Result<void> check_traffic(const TrafficSpec& spec, std::uint32_t ranks) {
  std::vector<std::string> wrong;
  if (spec.given.empty() && (!(spec.load > 0) || spec.load > 2)) {
    wrong.push_back(fmt::format("a load of {} (above 0, at most 2)", spec.load));
  }
  if (spec.given.empty() && (spec.message_bytes < 1 || spec.message_bytes > (1ULL << 40))) {
    wrong.push_back(fmt::format("messages of {} bytes (1 to 1T)", spec.message_bytes));
  }
  if (spec.given.size() > kTrafficMessagesMax) {
    wrong.push_back(
        fmt::format("{} messages (at most {})", spec.given.size(), kTrafficMessagesMax));
  }
  for (const TrafficMessage& message : spec.given) {
    if ((message.from >= ranks || message.to >= ranks || message.from == message.to) &&
        wrong.size() < 20) {
      wrong.push_back(
          fmt::format("a message from {} to {} among {} ranks", message.from, message.to, ranks));
    }
  }
  if (!wrong.empty()) {
    return base::fail(base::Code::kInvalidArgument, fmt::format("{}", fmt::join(wrong, "; ")),
                      "traffic");
  }
  return {};
}

/// What is asked for as messages, with demands for the bound.
struct Offer {
  TrafficMessages messages;
  std::vector<Demand> all;
  double seconds_per_byte = 0;
};

base::Result<Offer> offer_of(const TrafficSpec& spec, const Network& network) {
  Offer out;
  if (!spec.given.empty()) {
    out.messages.list = spec.given;
    std::sort(out.messages.list.begin(), out.messages.list.end(), [](const auto& a, const auto& b) {
      return std::tie(a.at, a.from, a.to, a.bytes) < std::tie(b.at, b.from, b.to, b.bytes);
    });
    double sum = 0;
    for (const TrafficMessage& message : out.messages.list) {
      out.all.push_back({message.from, message.to, static_cast<double>(message.bytes)});
      sum += out.all.back().weight;
      out.messages.span = std::max(out.messages.span, message.at);
    }
    for (Demand& demand : out.all) {
      demand.weight /= std::max(sum, 1.0);
    }
    out.seconds_per_byte = busiest_end(out.all, network);
    return out;
  }
  auto all = demands(spec, network.ranks());
  if (!all) {
    return tl::unexpected(all.error());
  }
  out.all = std::move(*all);
  out.seconds_per_byte = busiest_end(out.all, network);
  if (!(out.seconds_per_byte > 0) || !std::isfinite(out.seconds_per_byte)) {
    return base::fail(base::Code::kFailedPrecondition, "an end that takes part has no bandwidth",
                      network.name);
  }
  auto messages = make_messages(spec, out.all, spec.load / out.seconds_per_byte, network.ranks());
  if (!messages) {
    return tl::unexpected(messages.error());
  }
  out.messages = std::move(*messages);
  return out;
}

}  // namespace

Ps TrafficAnswer::quantile(double share) const {
  if (latencies.empty()) {
    return 0;
  }
  const double rank = std::ceil(share * static_cast<double>(latencies.size()));
  const auto index = static_cast<std::size_t>(std::max(rank, 1.0)) - 1;
  return latencies[std::min(index, latencies.size() - 1)];
}

base::Result<TrafficAnswer> run_traffic(const Site& site, const TrafficSpec& spec,
                                        Fidelity fidelity, Routing routing) {
  const Network& network = site.network();
  if (auto ok = check_traffic(spec, network.ranks()); !ok) {
    return tl::unexpected(ok.error());
  }
  if (fidelity == Fidelity::kClosedForm) {
    return base::fail(base::Code::kInvalidArgument, "open-loop traffic has no closed form here",
                      "--fidelity", "flow or packet");
  }
  const auto offer = offer_of(spec, network);
  if (!offer) {
    return tl::unexpected(offer.error());
  }
  const std::vector<TrafficMessage>& messages = offer->messages.list;
  const auto arrived = fidelity == Fidelity::kPacket ? by_packet(site, messages, routing, spec.seed)
                                                     : by_flow(site, messages, routing, spec.seed);
  if (!arrived) {
    return tl::unexpected(arrived.error());
  }
  Ways ways(site.routes(), routing, spec.seed);
  auto bound = traffic_bound(offer->all, offer->seconds_per_byte, site, ways);
  if (!bound) {
    return tl::unexpected(bound.error());
  }
  TrafficAnswer out;
  out.bound = std::move(*bound);
  out.span = offer->messages.span;
  out.finish = arrived->finish;
  out.utilisation = arrived->utilisation;
  const bool is_open_loop = spec.given.empty();
  const Ps from = is_open_loop ? from_seconds(as_seconds(out.span) * kWarmUp) : 0;
  const Ps until = is_open_loop ? out.span : out.finish;
  double offered = 0, delivered = 0, whole = 0;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const auto bytes = static_cast<double>(messages[i].bytes);
    offered += messages[i].at >= from && messages[i].at <= until ? bytes : 0;
    delivered += arrived->at[i] >= from && arrived->at[i] <= until ? bytes : 0;
    whole += bytes;
  }
  const double seconds = as_seconds(std::max<Ps>(until - from, 1));
  out.offered_bytes_per_second = offered / seconds;
  // Where messages share links, few are whole when the arrivals end; the rate at which all of them
  // went is then nearer the truth. Both are never more than what was carried.
  out.bytes_per_second =
      std::max(delivered / seconds, whole / as_seconds(std::max<Ps>(out.finish, 1)));
  out.load = is_open_loop ? spec.load : 0;
  out.accepted = out.bytes_per_second * offer->seconds_per_byte;
  out.is_saturated = is_open_loop && out.bytes_per_second < kKeepsUp * out.offered_bytes_per_second;
  if (auto ok = measure(messages, *arrived, from, ways, out); !ok) {
    return tl::unexpected(ok.error());
  }
  return out;
}

}  // namespace weft::sim
