// SPDX-License-Identifier: Apache-2.0
#include "diagnose/context.h"

#include <algorithm>

#include <fmt/format.h>

namespace weft::diagnose {
namespace {

std::uint64_t subject_key(const observe::Subject& subject) {
  return std::visit(
      [](const auto& id) -> std::uint64_t {
        if constexpr (std::is_same_v<std::decay_t<decltype(id)>, std::monostate>) {
          return 0;
        } else {
          return id.value();
        }
      },
      subject);
}

std::optional<std::uint64_t> whole(const observe::Sample* sample) {
  if (sample == nullptr || !sample->value) {
    return std::nullopt;
  }
  const auto* number = std::get_if<std::uint64_t>(&*sample->value);
  return number ? std::optional(*number) : std::nullopt;
}

}  // namespace

std::string_view key(Level level) {
  static constexpr std::array<std::string_view, 5> kKeys = {"ok", "note", "unknown", "warning",
                                                            "critical"};
  return kKeys.at(static_cast<std::size_t>(level));
}

std::string CounterRate::text() const {
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

bool LinkHistory::ever_ran_at(base::TransferRate rate) const {
  return std::any_of(states.begin(), states.end(), [&](const observe::LinkState* state) {
    return state->rate && *state->rate >= rate;
  });
}

Context::Context(std::span<const HostHistory> hosts, const Expectation* expectation, Report& report)
    : hosts_(hosts), expectation_(expectation), report_(report) {
  const auto index = [](const observe::Snapshot& snapshot) {
    SampleIndex out;
    for (const auto& sample : snapshot.samples) {
      out[subject_key(sample.subject)].push_back(&sample);
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
  const auto found = last_[host].find(subject_key(subject));
  return found == last_[host].end() ? std::vector<const observe::Sample*>{} : found->second;
}

const observe::Sample* Context::find(const SampleIndex& index, const observe::Subject& subject,
                                     observe::Metric metric, const std::string& label) const {
  const auto found = index.find(subject_key(subject));
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
  if (hosts_[host].snapshots.size() > 1) {
    // A type that the first look left out stood at zero; a total that went back was reset.
    const auto before = whole(find(first_[host], subject, metric, label)).value_or(0);
    if (*now < before) {
      return std::nullopt;
    }
    out.events = *now - before;
    out.over = hosts_[host].interval();
  } else {
    const auto uptime = snapshot(host).host.uptime;
    if (!uptime) {
      return std::nullopt;
    }
    out.events = *now;
    out.over = *uptime;
    out.since_boot = true;
  }
  const double hours = out.over.seconds() / 3600.0;
  if (hours <= 0) {
    return std::nullopt;
  }
  const auto bounds = base::poisson_bounds(out.events);
  out.per_hour = {.low = bounds.low / hours, .high = bounds.high / hours};
  return out;
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
