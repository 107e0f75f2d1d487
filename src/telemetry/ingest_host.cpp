// SPDX-License-Identifier: Apache-2.0
#include "telemetry/ingest_host.h"

#include "base/id.h"

#include <cstdlib>
#include <string_view>

namespace weft::telemetry {
namespace {

constexpr std::size_t kKnownMost = 100'000;
constexpr std::uint32_t kLooksKept = 4;
constexpr std::int64_t kStoredSlack_ns = 120'000'000'000;

std::uint64_t mix(std::uint64_t hash, std::int64_t number) {
  return base::fnv1a64(
      {reinterpret_cast<const char*>(&number), sizeof number},  // NOLINT(*-reinterpret-cast)
      hash);
}

/// What it says, without its time.
std::uint64_t words_of(const observe::Event& event) {
  return base::fnv1a64(event.text, base::fnv1a64(event.address, base::fnv1a64(event.kind)));
}

/// Whether `next` is another part than `now`: both say who they are and differ.
bool is_other_part(const fabric::PartIdentity& now, const fabric::PartIdentity& next) {
  const auto differ = [](const std::string& a, const std::string& b) {
    return !a.empty() && !b.empty() && a != b;
  };
  return differ(now.serial, next.serial) || differ(now.part_number, next.part_number) ||
         differ(now.vendor, next.vendor);
}

/// What is known of it, with what the new look adds.
fabric::PartIdentity joined(fabric::PartIdentity now, const fabric::PartIdentity& next) {
  const auto take = [](std::string& into, const std::string& from) {
    if (!from.empty()) {
      into = from;
    }
  };
  take(now.vendor, next.vendor);
  take(now.part_number, next.part_number);
  take(now.serial, next.serial);
  take(now.slot, next.slot);
  take(now.firmware, next.firmware);
  return now;
}

fabric::PartIdentity module_part(const observe::Attributes& attributes) {
  fabric::PartIdentity part;
  for (const auto& [name, value] : attributes.values) {
    if (!value) {
      continue;
    }
    if (name == "vendor") {
      part.vendor = *value;
    } else if (name == "part_number") {
      part.part_number = *value;
    } else if (name == "serial") {
      part.serial = *value;
    } else if (name == "firmware") {
      part.firmware = *value;
    }
  }
  return part;
}

}  // namespace

HostClock::Step HostClock::look(base::WallTime taken, std::optional<base::Duration> uptime,
                                base::Duration slack) {
  const base::WallTime boot = uptime ? base::WallTime{taken.ns - uptime->ns} : taken;
  Step step = Step::kOn;
  if (looks_ == 0) {
    step = Step::kFirst;
  } else if (taken == last_) {
    return Step::kDuplicate;
  } else if (uptime && uptime_) {
    const std::int64_t moved = boot.ns - boot_.ns;
    if (std::llabs(moved) <= slack.ns) {
      step = taken < last_ ? Step::kLate : Step::kOn;
    } else if (moved > 0 && taken > last_ &&
               (*uptime < *uptime_ || boot.ns >= last_.ns - slack.ns)) {
      step = Step::kRestarted;
    } else if (*uptime >= *uptime_) {
      step = Step::kClockSet;
    } else {
      step = Step::kLate;  // of an earlier boot, or of before the clock was set
    }
  } else if (taken < last_) {
    step = Step::kLate;
  }
  if (step == Step::kLate) {
    return step;
  }
  before_ = last_;
  last_ = taken;
  boot_ = boot;
  uptime_ = uptime ? uptime : uptime_;
  ++looks_;
  boots_ += step == Step::kRestarted ? 1 : 0;
  return step;
}

bool KnownEvents::is_new(const observe::Event& event, std::uint32_t boots) {
  if (in_this_look_.empty()) {
    ++look_;
  }
  const std::uint64_t words = words_of(event);
  const std::uint64_t timed = event.since_boot ? mix(mix(words, event.since_boot->ns), boots)
                              : event.at       ? mix(words, event.at->ns)
                                               : words;
  const std::uint32_t before = in_this_look_[timed]++;
  const std::uint64_t identity = mix(timed, before);
  const auto [it, is_first] = known_.try_emplace(identity, look_);
  it->second = look_;
  if (known_.size() > kKnownMost && look_ > kLooksKept) {
    // What the source no longer tells does not come back.
    std::erase_if(known_, [&](const auto& entry) { return entry.second + kLooksKept < look_; });
  }
  if (!is_first || !event.at) {
    return is_first;
  }
  const auto [begin, end] = stored_.equal_range(words);
  for (auto stored = begin; stored != end; ++stored) {
    if (std::llabs(stored->second.at - event.at->ns) <= (event.since_boot ? kStoredSlack_ns : 0)) {
      stored_.erase(stored);
      return false;
    }
  }
  return true;
}

void KnownEvents::remember(const observe::Event& event) {
  if (event.at) {
    stored_.emplace(words_of(event), Stored{event.at->ns});
  }
}

void HostSubjects::take(SubjectRecord record, Changes& changes) {
  const auto [it, is_first] = known_.try_emplace(record.subject, record);
  SubjectRecord& known = it->second;
  if (is_first) {
    changes.records.push_back(std::move(record));
    return;
  }
  if (is_other_part(known.part, record.part)) {
    known.until = record.since;
    changes.records.push_back(known);
    changes.records.push_back(record);
    changes.replaced.push_back({known, record});
    known = std::move(record);
    return;
  }
  fabric::PartIdentity part = joined(known.part, record.part);
  const auto is_other_name = [](const std::string& now, const std::string& before) {
    return !now.empty() && now != before;
  };
  if (part != known.part || is_other_name(record.name, known.name) ||
      is_other_name(record.planned, known.planned)) {
    known.part = std::move(part);
    known.name = record.name.empty() ? known.name : std::move(record.name);
    known.planned = record.planned.empty() ? known.planned : std::move(record.planned);
    changes.records.push_back(known);
  }
}

HostSubjects::Changes HostSubjects::look(
    const observe::Snapshot& snapshot,
    const std::function<std::string(const observe::Subject&)>& planned_name) {
  Changes changes;
  const auto record = [&](const observe::Subject& subject, const char* kind, std::string name,
                          fabric::PartIdentity part) {
    SubjectRecord out;
    out.subject = observe::text(subject);
    out.planned = planned_name ? planned_name(subject) : std::string{};
    out.kind = kind;
    out.host = snapshot.host.name;
    out.name = std::move(name);
    out.part = std::move(part);
    out.since = snapshot.taken;
    take(std::move(out), changes);
  };
  std::unordered_map<std::string_view, fabric::PortId> port_of;
  for (const observe::LinkState& link : snapshot.links) {
    const fabric::Link* known = snapshot.fabric.link(link.link);
    record(link.link, "link", known != nullptr ? known->name : link.a.address, {});
    port_of.emplace(link.a.address, link.a.port);
  }
  std::unordered_map<fabric::PortId, fabric::PartIdentity> modules;
  for (const observe::Attributes& attributes : snapshot.attributes) {
    const auto port = port_of.find(attributes.name);
    if (attributes.kind == "module" && port != port_of.end()) {
      modules.emplace(port->second, module_part(attributes));
    }
  }
  for (const fabric::Device& device : snapshot.fabric.devices()) {
    record(device.id, "device", device.name, device.part);
  }
  for (const fabric::Port& port : snapshot.fabric.ports()) {
    const auto module = modules.find(port.id);
    record(port.id, "port", snapshot.fabric.port_name(port.id),
           module == modules.end() ? fabric::PartIdentity{} : std::move(module->second));
  }
  return changes;
}

}  // namespace weft::telemetry
