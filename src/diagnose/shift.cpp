// SPDX-License-Identifier: Apache-2.0
// A series against its past and its peers: what is left of a shift when that of all others of its
// kind is taken off.
#include "diagnose/evidence.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

namespace weft::diagnose {
namespace {

constexpr std::size_t kPeersMost = 48;
constexpr std::size_t kPeersLeast = 3;

/// What one peer did over the same stretches: decades, or difference; nullopt where not known.
std::optional<double> change_of(const Signal& peer, const Shift& shift) {
  const auto before = peer.past.until(shift.onset);
  const auto after = peer.past.since(shift.onset);
  if (before.weight <= 0 || after.weight <= 0) {
    return std::nullopt;
  }
  if (!peer.source->is_counter) {
    return after.mean() - before.mean();
  }
  // Half an event stands for none, so that still series say "no change" and not nothing.
  const double then = std::max(before.sum, 0.5) / before.weight;
  const double now = std::max(after.sum, 0.5) / after.weight;
  return before.sum < 1 && after.sum < 1 ? 0.0 : std::log10(now / then);
}

/// The middle of what the peers on other links did.
double common_change(const Sight& sight, const Signal& signal, const Shift& shift) {
  const auto& peers = sight.peers(signal);
  std::vector<double> changes;
  const std::size_t step = std::max<std::size_t>(1, peers.size() / kPeersMost);
  for (std::size_t i = 0; i < peers.size(); i += step) {
    const auto& peer = sight.signals()[peers[i]];
    const bool is_own = (signal.heard && peer.heard && peer.heard->link == signal.heard->link) ||
                        peer.subject == signal.subject;
    if (is_own) {
      continue;
    }
    if (const auto change = change_of(peer, shift)) {
      changes.push_back(*change);
    }
  }
  if (changes.size() < kPeersLeast) {
    return 0;
  }
  const auto middle = changes.begin() + static_cast<std::ptrdiff_t>(changes.size() / 2);
  std::nth_element(changes.begin(), middle, changes.end());
  return *middle;
}

bool is_pcie(const Sight& sight, fabric::LinkId id) {
  const auto* link = sight.joint().fabric().link(id);
  const auto family =
      fabric::protocol(link == nullptr ? fabric::ProtocolId{} : link->protocol).family;
  return family == fabric::ProtocolFamily::kPcie || family == fabric::ProtocolFamily::kCxl;
}

/// A counter that stands still on healthy links and moved without a past to hold it against: the
/// stretch with the highest proven rate.
Shift absolute_shift(const Sight& sight, const Signal& signal) {
  Shift out;
  if (signal.source->per_hour <= 0 || signal.bits != Signal::kNone) {
    return out;
  }
  // PCIe's flits are sent again when FEC fails, and are meant to be: at the bit error ratio that
  // the standard allows, 1e-6, some are every second. Only against its past does that say anything.
  if (signal.metric == observe::Metric::kFecUncorrectableBlocks && signal.heard &&
      is_pcie(sight, signal.heard->link)) {
    return out;
  }
  double best = signal.source->per_hour;
  double total = 0;
  const auto consider = [&](const Past::Sum& stretch) {
    if (stretch.sum < 3 || stretch.weight <= 0) {
      return;
    }
    const auto bounds = base::poisson_bounds(static_cast<std::uint64_t>(stretch.sum));
    const double per_hour = bounds.low / stretch.weight * 3600;
    if (per_hour <= best) {
      return;
    }
    best = per_hour;
    out.move = Move::kRaised;
    out.after = stretch.mean();
    out.after_bounds = {.low = bounds.low / stretch.weight, .high = bounds.high / stretch.weight};
  };
  for (const auto& stretch : signal.past.stretches()) {
    consider(stretch);
    total += stretch.sum;
    if (stretch.sum > 0 && out.onset.ns == 0) {
      out.onset = {stretch.from_ns};
    }
  }
  consider(signal.past.all());
  out.events = total;
  out.size = std::log10(best / signal.source->per_hour);
  return out;
}

/// Temperature and load move a healthy link's error ratio by less than a decade (source.cpp), on a
/// hot day by a little more: what all links did at once and beyond that is no weather, which comes
/// slowly. A house choice.
constexpr double kWeatherDecades = 1.5;
/// The same of margins, in sizes that count at all (source.cpp).
constexpr double kWeatherMargins = 2;

bool is_weather(const Signal& signal, const Shift& shift, double common) {
  if (common == 0 || shift.is_slow) {
    return common != 0;
  }
  if (signal.source->quantity == Quantity::kMargin) {
    return std::abs(common) <= kWeatherMargins * signal.source->least;
  }
  const bool is_in_decades =
      signal.source->is_counter || signal.source->quantity == Quantity::kErrorRatio;
  return !is_in_decades || std::abs(common) <= kWeatherDecades;
}

/// Sensors of one kind of part feel the same weather, the same warming up and the same load: where
/// there are others, less than a limit of its own tells that one part differs. A house choice.
constexpr double kOwnHeat = 5;

/// The past of a temperature with what the middle of its peers did meanwhile taken off, stretch by
/// stretch; nullopt where there are too few of them.
std::optional<Past> own_heat(const Sight& sight, const Signal& signal) {
  std::vector<const Past*> others;
  for (const auto index : sight.peers(signal)) {
    const auto& peer = sight.signals()[index];
    if (peer.subject != signal.subject && peer.past.stretches().size() > 1 &&
        others.size() < kPeersMost) {
      others.push_back(&peer.past);
    }
  }
  if (others.size() < kPeersLeast) {
    return std::nullopt;
  }
  return signal.past.less([&](const Past::Sum& stretch) -> std::optional<Past::Level> {
    std::vector<double> means;
    std::vector<double> variances;
    for (const auto* other : others) {
      if (const auto level = other->level(stretch.from_ns, stretch.to_ns)) {
        means.push_back(level->mean - other->all().mean());
        variances.push_back(level->variance);
      }
    }
    if (means.size() < kPeersLeast) {
      return std::nullopt;
    }
    const auto middle = [](std::vector<double>& values) {
      const auto at = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
      std::nth_element(values.begin(), at, values.end());
      return *at;
    };
    return Past::Level{.mean = middle(means), .variance = middle(variances)};
  });
}

}  // namespace

JudgedShift judged_shift(const Sight& sight, const Signal& signal) {
  JudgedShift out;
  if (signal.source->quantity == Quantity::kTemperature) {
    if (const auto own = own_heat(sight, signal)) {
      out.shift = own->value_shift(kOwnHeat);
      return out;
    }
  }
  if (signal.source->is_counter) {
    out.shift = signal.past.count_shift(signal.source->least);
    if (out.shift.move == Move::kNormal) {
      out.shift = absolute_shift(sight, signal);
    }
  } else {
    out.shift = signal.past.value_shift(signal.source->least);
  }
  if (out.shift.move == Move::kNormal) {
    return out;
  }
  out.common = common_change(sight, signal, out.shift);
  const double own = out.shift.move == Move::kLowered ? -std::abs(out.shift.size) : out.shift.size;
  const double left = own - out.common;
  const double least = out.shift.size == 0 ? 0 : signal.source->least;
  if (is_weather(signal, out.shift, out.common) &&
      std::abs(left) < std::min(least, std::abs(own))) {
    out.is_common = true;
    out.shift.move = Move::kNormal;
  }
  return out;
}

std::string value_text(const Signal& signal, double scale) {
  switch (signal.source->quantity) {
    case Quantity::kErrorRatio:
      return fmt::format("{:.1e}", std::pow(10.0, scale));
    case Quantity::kBias:
      return fmt::format("{:.2f} mA", std::exp(scale / 100));
    case Quantity::kVoltage:
      return fmt::format("{:.3f} V", std::exp(scale / 100));
    case Quantity::kReceivePower:
    case Quantity::kTransmitPower:
      return fmt::format("{:.2f} dBm", scale);
    case Quantity::kTemperature:
      return fmt::format("{:.1f} Cel", scale);
    case Quantity::kMargin:
      return signal.metric == observe::Metric::kLaneFigureOfMerit
                 ? fmt::format("{:.0f} of 255", scale)
                 : fmt::format("{:.1f} dB", scale);
    default:
      break;
  }
  return signal.bits != Signal::kNone ? fmt::format("{:.1e}", scale)
                                      : fmt::format("{:.3g} per hour", scale * 3600);
}

}  // namespace weft::diagnose
