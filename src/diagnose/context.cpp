// SPDX-License-Identifier: Apache-2.0
#include "diagnose/context.h"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

namespace weft::diagnose {
namespace {

std::optional<std::uint64_t> whole(const observe::Sample* sample) {
  if (sample == nullptr || !sample->value) {
    return std::nullopt;
  }
  const auto* number = std::get_if<std::uint64_t>(&*sample->value);
  return number ? std::optional(*number) : std::nullopt;
}

}  // namespace

std::string_view key(Stretch stretch) {
  static constexpr std::array<std::string_view, 12> kKeys = {
      "unknown", "serdes_a", "board_a",  "module_a", "retimer",  "connector",
      "cable",   "fibre",    "module_b", "board_b",  "serdes_b", "shared"};
  return kKeys.at(static_cast<std::size_t>(stretch));
}
std::string_view key(Level level) {
  static constexpr std::array<std::string_view, 5> kKeys = {"ok", "note", "unknown", "warning",
                                                            "critical"};
  return kKeys.at(static_cast<std::size_t>(level));
}

std::string CounterRate::text() const {
  if (over.ns <= 0) {
    return fmt::format("{} in an unknown time: no rate", events);
  }
  if (over_is_at_most) {
    return fmt::format("{} in at most {} (uptime): at least {:.3g} per hour (95 %)", events,
                       duration_text(over), per_hour.low);
  }
  return fmt::format(
      "{} {}: {:.3g} to {:.3g} per hour (95 %)", events,
      since_boot ? "since boot (" + duration_text(over) + ")" : "in " + duration_text(over),
      per_hour.low, per_hour.high);
}

int LinkHistory::rate_changes() const {
  int changes = 0;
  const observe::LinkState* before = nullptr;
  for (const auto* state : states) {
    if (!state->rate) {
      continue;
    }
    if (before != nullptr && *before->rate != *state->rate) {
      ++changes;
    }
    before = state;
  }
  return changes;
}

bool LinkHistory::came_back_to(base::TransferRate rate) const {
  bool was_low = false;
  for (const auto* state : states) {
    if (state->rate && *state->rate < rate) {
      was_low = true;
    } else if (state->rate && was_low) {
      return true;
    }
  }
  return false;
}

Context::Context(std::span<const HostHistory> hosts, const Expectation* expectation,
                 const Peers& peers, Report& report)
    : hosts_(hosts), expectation_(expectation), peers_(peers), report_(report) {
  const auto index = [](const observe::Snapshot& snapshot) {
    SampleIndex out;
    for (const auto& sample : snapshot.samples) {
      out[observe::number_of(sample.subject)].push_back(&sample);
    }
    return out;
  };
  for (const auto& host : hosts_) {
    last_.push_back(index(host.last()));
    first_.push_back(host.snapshots.size() > 1 ? index(*host.snapshots.front()) : SampleIndex{});
    auto& histories = histories_.emplace_back();
    for (const auto* snapshot : host.snapshots) {
      for (const auto& link : snapshot->links) {
        histories[link.link].states.push_back(&link);
      }
    }
  }
}

void Context::for_each_link(const LinkVisitor& visit) {
  for (auto& assessment : report_.links) {
    visit(snapshot(assessment.host).links[assessment.link], assessment);
  }
}

std::vector<const observe::Sample*> Context::samples(std::size_t host,
                                                     const observe::Subject& subject) const {
  const auto found = last_[host].find(observe::number_of(subject));
  return found == last_[host].end() ? std::vector<const observe::Sample*>{} : found->second;
}

const observe::Sample* Context::find(const SampleIndex& index, const observe::Subject& subject,
                                     observe::Metric metric, const std::string& label) const {
  const auto found = index.find(observe::number_of(subject));
  if (found == index.end()) {
    return nullptr;
  }
  for (const auto* sample : found->second) {
    if (sample->metric == metric && sample->label == label) {
      return sample;
    }
  }
  return nullptr;
}

std::optional<std::uint64_t> Context::number(std::size_t host, const observe::Subject& subject,
                                             observe::Metric metric,
                                             const std::string& label) const {
  return whole(find(last_[host], subject, metric, label));
}

std::optional<CounterRate> Context::rate(std::size_t host, const observe::Subject& subject,
                                         observe::Metric metric, const std::string& label) const {
  const auto now = whole(find(last_[host], subject, metric, label));
  if (!now) {
    return std::nullopt;
  }
  CounterRate out;
  const auto interval = was_watched(host);
  // A type that the first look left out stood at zero if its total was there; else nothing is
  // known.
  const auto before = whole(find(first_[host], subject, metric, label));
  const bool was_zero = !before && whole(find(first_[host], subject, metric, "total")).has_value();
  if (interval && (before || was_zero)) {
    if (*now < before.value_or(0)) {
      return std::nullopt;  // it was reset between the looks
    }
    out.events = *now - before.value_or(0);
    out.over = *interval;
  } else {
    out.events = *now;
    out.since_boot = true;
    // Nothing counts for longer than the machine is up, so the lower bound holds for every counter.
    const auto uptime = snapshot(host).host.uptime;
    out.over = uptime && uptime->ns > 0 ? *uptime : base::Duration{};
    out.over_is_at_most = observe::row(metric).since != "boot";
  }
  out.bound();
  return out;
}

std::optional<base::Duration> Context::was_watched(std::size_t host) const {
  const auto& looks = hosts_[host].snapshots;
  const auto interval = hosts_[host].interval();
  const auto uptime = snapshot(host).host.uptime;
  const bool has_times = looks.front()->taken.ns > 0 || looks.front()->host.is_live;
  const bool was_restarted = uptime && *uptime < interval;
  if (looks.size() < 2 || interval.ns <= 0 || !has_times || was_restarted) {
    return std::nullopt;
  }
  return interval;
}

bool CounterRate::is_proven_above(double events_per_hour) const {
  return per_hour.low > events_per_hour && (!since_boot || events >= kEventsMin);
}

void CounterRate::bound() {
  const double hours = over.seconds() / 3600.0;
  if (hours <= 0) {
    per_hour = {0, std::numeric_limits<double>::infinity()};
    return;
  }
  const auto bounds = base::poisson_bounds(events);
  per_hour = {
      .low = bounds.low / hours,
      .high = over_is_at_most ? std::numeric_limits<double>::infinity() : bounds.high / hours};
}

LinkHistory Context::history(std::size_t host, fabric::LinkId link) const {
  const auto found = histories_[host].find(link);
  return found == histories_[host].end() ? LinkHistory{} : found->second;
}

const fabric::Device* Context::device_of(std::size_t host, fabric::PortId port) const {
  const auto& fabric = snapshot(host).fabric;
  const auto* found = fabric.port(port);
  return found == nullptr ? nullptr : fabric.device(found->device);
}

std::optional<double> Context::utilization(std::size_t host, fabric::PortId port) const {
  const auto* device = device_of(host, port);
  if (device == nullptr) {
    return std::nullopt;
  }
  for (const auto* sample : samples(host, device->id)) {
    if (sample->metric != observe::Metric::kUtilization || !sample->value) {
      continue;
    }
    if (const auto* percent = std::get_if<std::uint64_t>(&*sample->value)) {
      return static_cast<double>(*percent);
    }
    if (const auto* percent = std::get_if<double>(&*sample->value)) {
      return *percent;
    }
  }
  return std::nullopt;
}

Finding& Context::add(LinkAssessment& assessment, const observe::LinkState& link, Level level,
                      std::string code, std::string sentence) {
  assessment.level = std::max(assessment.level, level);
  return add(assessment.host, link.link, link_place(link), level, std::move(code),
             std::move(sentence));
}

Finding& Context::add(std::size_t host, observe::Subject subject, std::string place, Level level,
                      std::string code, std::string sentence) {
  Finding finding;
  finding.level = level;
  finding.code = std::move(code);
  finding.subject = subject;
  finding.host = host;
  finding.place = std::move(place);
  finding.sentence = std::move(sentence);
  finding.order = report_.findings.size();
  report_.findings.push_back(std::move(finding));
  return report_.findings.back();
}

std::string rate_text(base::TransferRate rate) {
  return fmt::format("{:g} GT/s", as_giga(rate));
}

std::string data_rate_text(base::BitsPerSecond rate) {
  return rate.value() >= 1e9 ? fmt::format("{:g} Gb/s", rate.value() / 1e9)
                             : fmt::format("{:g} Mb/s", rate.value() / 1e6);
}

std::string width_text(base::LaneCount width) {
  return fmt::format("x{}", width.value());
}

std::string duration_text(base::Duration duration) {
  const double s = duration.seconds();
  if (s < 120) {
    return fmt::format("{:.3g} s", s);
  }
  if (s < 2 * 3600) {
    return fmt::format("{:.3g} min", s / 60);
  }
  return s < 48 * 3600 ? fmt::format("{:.3g} h", s / 3600) : fmt::format("{:.4g} d", s / 86400);
}

std::string link_place(const observe::LinkState& link) {
  if (link.a.address.empty() || link.b.address.empty()) {
    return link.a.address.empty() ? link.b.address : link.a.address;
  }
  return link.a.address + " - " + link.b.address;
}

}  // namespace weft::diagnose
