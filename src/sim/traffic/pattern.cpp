// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"
#include "base/text.h"
#include "sim/traffic/messages.h"
#include "sim/traffic/traffic.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace weft::sim {
namespace {

constexpr std::array<std::pair<std::string_view, Pattern>, 6> kPatterns = {{
    {"uniform", Pattern::kUniform},
    {"permutation", Pattern::kPermutation},
    {"incast", Pattern::kIncast},
    {"hotspot", Pattern::kHotspot},
    {"all-to-all", Pattern::kAllToAll},
    {"matrix", Pattern::kMatrix},
}};
constexpr std::uint64_t kPairsMax = 300'000;
constexpr std::uint32_t kPartners = 128;

/// Whom each rank sends to, so that nobody sends to itself and nobody is picked twice.
std::vector<Rank> derangement(std::uint32_t ranks, std::uint64_t seed) {
  base::Random random(seed, "traffic/permutation");
  std::vector<Rank> order(ranks);
  std::iota(order.begin(), order.end(), 0U);
  for (std::uint32_t i = ranks; i > 1; --i) {
    std::swap(order[i - 1], order[random.below(i)]);
  }
  // One ring through all of them in a drawn order.
  std::vector<Rank> to(ranks);
  for (std::uint32_t i = 0; i < ranks; ++i) {
    to[order[i]] = order[(i + 1) % ranks];
  }
  return to;
}

void uniform_from(Rank from, std::uint32_t ranks, double weight, std::vector<Demand>& out) {
  const bool is_all = std::uint64_t{ranks} * (ranks - 1) <= kPairsMax;
  const std::uint32_t partners = is_all ? ranks - 1 : std::min(kPartners, ranks - 1);
  for (std::uint32_t i = 0; i < partners; ++i) {
    const std::uint64_t step = 1 + std::uint64_t{i} * (ranks - 1) / partners;
    out.push_back({from, static_cast<Rank>((from + step) % ranks), weight / partners});
  }
}

base::Result<void> check_matrix(const TrafficSpec& spec, std::uint32_t ranks) {
  std::vector<std::string> wrong;
  for (const Demand& demand : spec.matrix) {
    const bool is_there = demand.from < ranks && demand.to < ranks;
    if ((!is_there || demand.from == demand.to || !(demand.weight >= 0) ||
         !std::isfinite(demand.weight)) &&
        wrong.size() < 20) {
      wrong.push_back(fmt::format("{} to {}: {}", demand.from, demand.to,
                                  !is_there ? fmt::format("there are {} ranks", ranks)
                                  : demand.from == demand.to ? "a rank does not send to itself"
                                                             : "its weight is no number from 0"));
    }
  }
  double sum = 0;
  for (const Demand& demand : spec.matrix) {
    sum += demand.weight;
  }
  if (wrong.empty() && !(sum > 0)) {
    wrong.emplace_back("nobody sends anything");
  }
  if (!wrong.empty()) {
    return base::fail(base::Code::kInvalidArgument, fmt::format("{}", fmt::join(wrong, "; ")),
                      "traffic matrix");
  }
  return {};
}

/// Who sends how much, by rank; and as a prefix sum over a rank's demands, for drawing.
class Destinations {
 public:
  Destinations(std::vector<Demand> demands, std::uint32_t ranks) : demands_(std::move(demands)) {
    std::sort(demands_.begin(), demands_.end(), [](const Demand& a, const Demand& b) {
      return std::tie(a.from, a.to, a.weight) < std::tie(b.from, b.to, b.weight);
    });
    first_.assign(std::size_t{ranks} + 1, 0);
    for (const Demand& demand : demands_) {
      ++first_[demand.from + 1];
    }
    std::partial_sum(first_.begin(), first_.end(), first_.begin());
    for (const Demand& demand : demands_) {
      total_ += demand.weight;
      upto_.push_back(total_);
    }
  }
  [[nodiscard]] double weight(Rank rank) const {
    return edge(first_[rank + 1]) - edge(first_[rank]);
  }
  [[nodiscard]] Rank draw(Rank rank, double u) const {
    const double at = edge(first_[rank]) + u * weight(rank);
    const auto begin = upto_.begin() + static_cast<std::ptrdiff_t>(first_[rank]);
    const auto end = upto_.begin() + static_cast<std::ptrdiff_t>(first_[rank + 1]);
    const auto found = std::min(std::upper_bound(begin, end, at), end - 1);
    return demands_[static_cast<std::size_t>(found - upto_.begin())].to;
  }

 private:
  [[nodiscard]] double edge(std::size_t index) const { return index == 0 ? 0 : upto_[index - 1]; }
  std::vector<Demand> demands_;
  std::vector<std::size_t> first_;
  std::vector<double> upto_;
  double total_ = 0;
};

}  // namespace

std::string_view key(Pattern pattern) {
  for (const auto& [name, value] : kPatterns) {
    if (value == pattern) {
      return name;
    }
  }
  return "?";
}

base::Result<TrafficSpec> parse_pattern(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  const std::string_view rest =
      colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  TrafficSpec out;
  const auto found = std::find_if(kPatterns.begin(), kPatterns.end(),
                                  [&](const auto& entry) { return entry.first == name; });
  bool is_good = found != kPatterns.end() && (rest.empty() || found->second == Pattern::kIncast ||
                                              found->second == Pattern::kHotspot);
  if (is_good) {
    out.pattern = found->second;
  }
  if (is_good && out.pattern == Pattern::kIncast) {
    const auto fan_in = base::parse_unsigned(rest);
    is_good = fan_in && *fan_in >= 1 && *fan_in < kNone;
    out.fan_in = static_cast<std::uint32_t>(fan_in.value_or(1));
  }
  if (is_good && out.pattern == Pattern::kHotspot && !rest.empty()) {
    out.hot_share = base::parse_double(rest).value_or(-1);
    is_good = out.hot_share > 0 && out.hot_share <= 1;
  }
  if (!is_good) {
    return base::fail(base::Code::kInvalidArgument, "no such pattern", base::printable(text, 60),
                      "uniform, permutation, incast:K, hotspot:SHARE, all-to-all or matrix");
  }
  return out;
}

base::Result<std::vector<Demand>> demands(const TrafficSpec& spec, std::uint32_t ranks) {
  if (ranks < 2) {
    return base::fail(base::Code::kInvalidArgument, "there are fewer than two ranks");
  }
  std::vector<Demand> out;
  switch (spec.pattern) {
    case Pattern::kUniform:
    case Pattern::kAllToAll:
      for (Rank rank = 0; rank < ranks; ++rank) {
        uniform_from(rank, ranks, 1.0 / ranks, out);
      }
      return out;
    case Pattern::kPermutation: {
      const auto to = derangement(ranks, spec.seed);
      for (Rank rank = 0; rank < ranks; ++rank) {
        out.push_back({rank, to[rank], 1.0 / ranks});
      }
      return out;
    }
    case Pattern::kIncast:
      if (spec.fan_in < 1 || spec.fan_in >= ranks) {
        return base::fail(base::Code::kInvalidArgument,
                          fmt::format("incast of {} among {} ranks", spec.fan_in, ranks), {},
                          fmt::format("1 to {} can send to rank 0", ranks - 1));
      }
      for (std::uint32_t i = 0; i < spec.fan_in; ++i) {
        out.push_back({ranks - 1 - i, 0, 1.0 / spec.fan_in});
      }
      return out;
    case Pattern::kHotspot:
      for (Rank rank = 0; rank < ranks; ++rank) {
        uniform_from(rank, ranks, (1 - (rank == 0 ? 0 : spec.hot_share)) / ranks, out);
        if (rank != 0) {
          out.push_back({rank, 0, spec.hot_share / ranks});
        }
      }
      return out;
    case Pattern::kMatrix:
      if (auto ok = check_matrix(spec, ranks); !ok) {
        return tl::unexpected(ok.error());
      }
      out = spec.matrix;
      double sum = 0;
      for (const Demand& demand : out) {
        sum += demand.weight;
      }
      for (Demand& demand : out) {
        demand.weight /= sum;
      }
      return out;
  }
  return out;
}

double busiest_end(const std::vector<Demand>& demands, const Network& network) {
  std::vector<double> sends(network.ranks(), 0), takes(network.ranks(), 0);
  for (const Demand& demand : demands) {
    sends[demand.from] += demand.weight;
    takes[demand.to] += demand.weight;
  }
  std::vector<double> out(network.ranks(), 0), in(network.ranks(), 0);
  for (const Channel& channel : network.channels()) {
    if (channel.from < network.ranks()) {
      out[channel.from] += channel.planned_bytes_per_second;
    }
    if (channel.to < network.ranks()) {
      in[channel.to] += channel.planned_bytes_per_second;
    }
  }
  double seconds = 0;
  for (Rank rank = 0; rank < network.ranks(); ++rank) {
    seconds = std::max({seconds, sends[rank] > 0 ? sends[rank] / out[rank] : 0,
                        takes[rank] > 0 ? takes[rank] / in[rank] : 0});
  }
  return seconds;
}

base::Result<TrafficMessages> make_messages(const TrafficSpec& spec,
                                            const std::vector<Demand>& demands,
                                            double bytes_per_second, std::uint32_t ranks) {
  constexpr std::uint32_t kUsual = 200, kUsualSum = 100'000, kFewest = 20;
  const Destinations destinations(demands, ranks);
  double senders = 0;
  for (Rank rank = 0; rank < ranks; ++rank) {
    senders += destinations.weight(rank) > 0 ? 1 : 0;
  }
  const std::uint32_t each =
      spec.messages != 0 ? spec.messages : std::clamp(kUsualSum / ranks, kFewest, kUsual);
  const double total = each * senders;
  if (total > static_cast<double>(kTrafficMessagesMax)) {
    return base::fail(base::Code::kResourceExhausted,
                      fmt::format("{:.0f} messages; at most {}", total, kTrafficMessagesMax),
                      "traffic", "give fewer ranks, or fewer messages a rank");
  }
  TrafficMessages out;
  const double rate = bytes_per_second / static_cast<double>(spec.message_bytes);  // of all
  out.span = from_seconds(total / rate);
  for (Rank rank = 0; rank < ranks; ++rank) {
    const double own = rate * destinations.weight(rank);
    if (!(own > 0)) {
      continue;
    }
    base::Random random(spec.seed, fmt::format("traffic/rank{}", rank));
    const bool is_even = spec.pattern == Pattern::kAllToAll;
    double at = is_even ? random.uniform() / own : 0;
    for (std::uint32_t i = 0;; ++i) {
      at += is_even ? (i == 0 ? 0 : 1 / own) : -std::log1p(-random.uniform()) / own;
      const Ps when = from_seconds(std::min(at, 1e6));
      if (when >= out.span || out.list.size() > 2 * kTrafficMessagesMax) {
        break;
      }
      Rank to = 0;
      if (spec.pattern == Pattern::kUniform) {
        // Drawn among all, also where demands() lists but some.
        to = static_cast<Rank>((rank + 1 + random.below(ranks - 1)) % ranks);
      } else if (is_even) {
        to = static_cast<Rank>((rank + 1 + i % (ranks - 1)) % ranks);
      } else {
        to = destinations.draw(rank, random.uniform());
      }
      out.list.push_back({rank, to, spec.message_bytes, when});
    }
  }
  return out;
}

}  // namespace weft::sim
