// SPDX-License-Identifier: Apache-2.0
#include "diagnose/sight.h"

#include "base/text.h"
#include "observe/event_kind.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace weft::diagnose {
namespace {

constexpr std::size_t kChangesMost = 128;
constexpr std::size_t kLogMost = 256;
constexpr std::uint32_t kLookEvery = 64;  ///< points after which a past is looked at anyway
constexpr double kRestartSlackS = 20;
constexpr base::Duration kSilentLeast{5LL * 1'000'000'000};

double as_number(const observe::Value& value, bool& is_number) {
  is_number = true;
  if (const auto* whole = std::get_if<std::uint64_t>(&value)) {
    return static_cast<double>(*whole);
  }
  if (const auto* real = std::get_if<double>(&value)) {
    return *real;
  }
  is_number = false;
  return 0;
}

/// The lane that a label names: "3", "upstream.3", "media 3 current"; -1 for none.
int lane_in(std::string_view label) {
  int lane = -1;
  for (std::size_t i = 0; i < label.size(); ++i) {
    if (label[i] >= '0' && label[i] <= '9') {
      lane = 0;
      for (; i < label.size() && label[i] >= '0' && label[i] <= '9' && lane < 1000; ++i) {
        lane = lane * 10 + (label[i] - '0');
      }
      return lane;
    }
  }
  return lane;
}

/// As much noise as signal, or more: no PAM4 link carries data at that (half of all bits would be
/// wrong, OIF-CMIS 5.2 eSNR), so that a module whose link is up did not measure it.
constexpr double kSnrOfNothing = 0;

bool is_hung(observe::Metric metric, double value) {
  return metric == observe::Metric::kModuleSnr && value <= kSnrOfNothing;
}

/// Gauges whose past is kept on a scale where equal steps mean the same.
double scaled(Quantity quantity, double value) {
  switch (quantity) {
    case Quantity::kErrorRatio:
      return std::log10(std::max(value, 1e-15));
    case Quantity::kBias:
    case Quantity::kVoltage:
      return value > 0 ? 100 * std::log(value) : 0;
    default:
      return value;
  }
}

}  // namespace

Sight::Sight(const WatchOptions& options)
    : joint_(options.plan), is_planned_(options.plan != nullptr) {}

std::size_t Sight::host_of(const observe::HostInfo& host) {
  const auto& name = host.identity.empty() ? host.name : host.identity;
  const auto [found, is_new] = host_index_.emplace(name, hosts_.size());
  if (is_new) {
    HostSight sight;
    sight.name = host.name;
    hosts_.push_back(std::move(sight));
    slots_.emplace_back();
  }
  return found->second;
}

std::size_t Sight::host_index(const observe::HostInfo& host) const {
  const auto found = host_index_.find(host.identity.empty() ? host.name : host.identity);
  return found == host_index_.end() ? hosts_.size() : found->second;
}

void Sight::take_host(std::size_t index, const observe::Snapshot& snapshot) {
  auto& host = hosts_[index];
  // Looks that somebody told of come when they come: only a machine's own keep a rhythm.
  const bool is_own = snapshot.is_whole || snapshot.host.uptime.has_value();
  if (is_own && host.last.ns > 0 && snapshot.taken > host.last) {
    const auto gap = snapshot.taken - host.last;
    host.usual = host.usual.ns == 0 ? gap : base::Duration{(host.usual.ns * 7 + gap.ns) / 8};
  }
  host.last = std::max(host.last, snapshot.taken);
  newest_ = std::max(newest_, snapshot.taken);
  if (!snapshot.host.uptime) {
    return;
  }
  const base::WallTime booted{snapshot.taken.ns - snapshot.host.uptime->ns};
  if (!host.booted) {
    host.booted = booted;
    host.restarts.push_back(booted);
  } else if ((booted - *host.booted).seconds() > kRestartSlackS) {
    host.booted = booted;
    host.restarts.push_back(booted);
    ++host.epoch;
  }
}

void Sight::take(const observe::Snapshot& snapshot) {
  const auto host = host_of(snapshot.host);
  take_host(host, snapshot);
  joint_.take(snapshot);
  take_attributes(snapshot);
  for (const auto& state : snapshot.links) {
    take_state(host, snapshot.taken, state);
  }
  const bool is_settling = hosts_[host].booted && snapshot.taken - *hosts_[host].booted < kGrace;
  // Exposures first: an error ratio needs the bits of the same look.
  for (const bool of_bits : {true, false}) {
    for (std::size_t i = 0; i < snapshot.samples.size(); ++i) {
      const auto& sample = snapshot.samples[i];
      if ((sample.metric == observe::Metric::kLaneBits) != of_bits || !sample.value) {
        continue;
      }
      const auto signal = slot_of(host, i, sample);
      if (signal != Signal::kNone) {
        file(signal, hosts_[host].epoch, snapshot.taken, *sample.value, is_settling);
      }
    }
  }
  for (const auto& event : snapshot.events) {
    log(host, event.at.value_or(snapshot.taken), event);
  }
}

std::size_t Sight::slot_of(std::size_t host, std::size_t position, const observe::Sample& sample) {
  auto& slots = slots_[host];
  if (position < slots.size() && slots[position].metric == sample.metric &&
      slots[position].seen == sample.subject && slots[position].label == sample.label) {
    return slots[position].signal;
  }
  const auto signal = source(sample.metric, sample.label) == nullptr
                          ? Signal::kNone
                          : signal_of(joint_.subject(sample.subject), sample.metric, sample.label);
  if (position >= slots.size()) {
    slots.resize(position + 1);
  }
  slots[position] = {sample.subject, sample.metric, sample.label, signal};
  return signal;
}

std::string Sight::class_of(const Signal& signal) const {
  std::string out = fmt::format("{}|", static_cast<int>(signal.metric));
  if (signal.heard) {
    const auto* link = joint_.fabric().link(signal.heard->link);
    out += fmt::format("{}|{}|{}|{}", link == nullptr ? 0 : static_cast<int>(link->protocol),
                       link == nullptr ? 0 : link->lanes.value(), signal.heard->section,
                       link == nullptr || link->segments.empty()
                           ? 0
                           : static_cast<int>(link->segments.back().medium));
    return out;
  }
  if (const auto* id = std::get_if<fabric::DeviceId>(&signal.subject)) {
    const auto* device = joint_.fabric().device(*id);
    out += fmt::format("{}|{}", device == nullptr ? 0 : static_cast<int>(device->kind),
                       device == nullptr ? "" : device->part.part_number);
  }
  return out + "|" + signal.label;
}

std::size_t Sight::signal_of(const observe::Subject& subject, observe::Metric metric,
                             const std::string& label) {
  const auto name =
      fmt::format("{}|{}|{}", observe::text(subject), static_cast<int>(metric), label);
  const auto [found, is_new] = signal_index_.emplace(name, signals_.size());
  if (!is_new) {
    return found->second;
  }
  Signal signal;
  signal.source = source(metric, label);
  signal.subject = subject;
  signal.metric = metric;
  signal.label = label;
  signal.lane = lane_in(label);
  if (signal.source->whose != Whose::kPart) {
    signal.heard = joint_.heard(subject, metric, label);
    if (!signal.heard) {
      if (const auto* port = std::get_if<fabric::PortId>(&subject)) {
        const auto* link = joint_.fabric().link_at(*port);
        if (link != nullptr) {
          signal.heard = Heard{link->id, 0,
                               link->a == *port ? fabric::LaneDirection::kTowardHost
                                                : fabric::LaneDirection::kTowardDevice};
        }
      } else if (const auto* device = std::get_if<fabric::DeviceId>(&subject)) {
        if (const auto through = joint_.link_through(*device)) {
          signal.heard = Heard{*through, 0, fabric::LaneDirection::kTowardDevice};
        }
      } else if (const auto* whole = std::get_if<fabric::LinkId>(&subject)) {
        signal.heard = Heard{*whole, 0, fabric::LaneDirection::kTowardDevice};
      }
    }
    if (signal.heard && signal.source->whose == Whose::kTransmitter) {
      signal.heard->direction = signal.heard->direction == fabric::LaneDirection::kTowardHost
                                    ? fabric::LaneDirection::kTowardDevice
                                    : fabric::LaneDirection::kTowardHost;
    }
  }
  if (const auto* port = std::get_if<fabric::PortId>(&subject)) {
    const auto* link = joint_.fabric().link_at(*port);
    signal.near = link == nullptr ? fabric::LinkId{} : link->id;
  } else if (const auto* device = std::get_if<fabric::DeviceId>(&subject)) {
    signal.near = joint_.link_through(*device).value_or(fabric::LinkId{});
  }
  if (!signal.near.is_null()) {
    links_[signal.near].id = signal.near;  // nothing else may ever speak of it
  }
  if (metric == observe::Metric::kLaneBitErrors) {
    const auto bits = signal_index_.find(fmt::format(
        "{}|{}|{}", observe::text(subject), static_cast<int>(observe::Metric::kLaneBits), label));
    signal.bits = bits == signal_index_.end() ? Signal::kNone : bits->second;
  }
  begin_at_zero(signal);
  const auto index = signals_.size();
  if (signal.heard) {
    auto& link = links_[signal.heard->link];
    link.id = signal.heard->link;
    link.signals.push_back(index);
  } else if (!std::holds_alternative<std::monostate>(subject)) {
    auto& part = parts_[subject];
    part.id = subject;
    part.signals.push_back(index);
  }
  auto& peers = classes_[class_of(signal)];
  signals_.push_back(std::move(signal));
  // In an order that does not depend on who came first.
  const auto less = [this](std::size_t x, std::size_t y) {
    return std::tie(signals_[x].subject, signals_[x].label) <
           std::tie(signals_[y].subject, signals_[y].label);
  };
  peers.insert(std::upper_bound(peers.begin(), peers.end(), index, less), index);
  class_of_signal_.push_back(&peers);
  return index;
}

/// Kinds of errors appear in AER's lists with their first count: before, they stood at zero for as
/// long as their total was looked at.
void Sight::begin_at_zero(Signal& signal) {
  if (signal.metric != observe::Metric::kAerCorrectable || signal.label == "total") {
    return;
  }
  const auto found = signal_index_.find(
      fmt::format("{}|{}|total", observe::text(signal.subject), static_cast<int>(signal.metric)));
  if (found == signal_index_.end()) {
    return;
  }
  const auto& total = signals_[found->second];
  // The total may have been filed in this look already: then the look before counts.
  const auto until = total.last_at == newest_ ? total.before_at : total.last_at;
  if (total.points < 2 || until <= total.first_at) {
    return;
  }
  signal.last = 0;
  signal.last_at = until;
  signal.first_at = total.first_at;
  signal.epoch = total.epoch;
  signal.points = total.points;
  signal.past.add_still(total.first_at, until, total.points - 1);
}

const std::vector<std::size_t>& Sight::peers(const Signal& signal) const {
  return *class_of_signal_[static_cast<std::size_t>(&signal - signals_.data())];
}

void Sight::file(std::size_t index, std::uint32_t epoch, base::WallTime at,
                 const observe::Value& value, bool is_settling) {
  auto& signal = signals_[index];
  bool is_number = false;
  const double number = as_number(value, is_number);
  if (!is_number || !std::isfinite(number) || (signal.last && at <= signal.last_at)) {
    return;
  }
  const bool is_anew = signal.epoch != epoch;
  signal.epoch = epoch;
  if (signal.source->quantity == Quantity::kLaneStatus) {
    if (signal.points == 0) {
      signal.first_total = number;
      signal.first_at = at;
    }
    signal.last = number;
    signal.last_at = at;
    ++signal.points;
    return;
  }
  if (is_in_maintenance(signal.subject, at) ||
      (signal.heard && is_in_maintenance(signal.heard->link, at))) {
    signal.last.reset();  // what happens meanwhile is somebody's work
    signal.last_at = at;
    return;
  }
  const bool is_of_signal = signal.source->quantity == Quantity::kMargin ||
                            signal.source->quantity == Quantity::kErrorRatio;
  if (is_of_signal && signal.heard && is_down(signal.heard->link)) {
    signal.last_at = at;
    return;  // there is no signal to have a margin, and no bits to be wrong
  }
  if (is_hung(signal.metric, number)) {
    // Said before and measured no more: the monitor hangs. Never said: it has none.
    if (signal.points > 0 && !signal.hung_since) {
      signal.hung_since = at;
    }
    signal.last_at = at;
    if (signal.hung_since && signal.heard) {
      mark_dirty(signal.heard->link);
    }
    return;
  }
  signal.hung_since.reset();
  if (signal.source->is_counter) {
    add_counter(signal, at, number, is_anew);
  } else if (!is_settling) {
    add_gauge(signal, at, number);
  }
  signal.last = number;
  signal.before_at = signal.last_at;
  signal.last_at = at;
  if (signal.points == 0) {
    signal.first_at = at;
  }
  ++signal.points;
  newest_ = std::max(newest_, at);
  if (signal.is_moving && (signal.heard || !signal.near.is_null())) {
    mark_dirty(signal.heard ? signal.heard->link : signal.near);
  }
}

void Sight::add_counter(Signal& signal, base::WallTime at, double value, bool is_anew) {
  const auto* bits = signal.bits == Signal::kNone ? nullptr : &signals_[signal.bits];
  const double bits_now = bits != nullptr && bits->last ? *bits->last : 0;
  if (!signal.last || is_anew) {
    if (signal.points == 0) {
      signal.first_total = value;
    }
    signal.exposure_from = bits_now;
    return;
  }
  double events = value - *signal.last;
  const auto wrap = static_cast<double>(wraps_at(signal.metric));
  if (events < 0 && wrap > 0 && events < -wrap / 2) {
    events += wrap;
  }
  double exposure = (at - signal.last_at).seconds();
  if (bits != nullptr) {
    exposure = bits_now - signal.exposure_from;
    signal.exposure_from = bits_now;
  }
  if (events < 0 || exposure <= 0 || signal.source->quantity == Quantity::kBits ||
      signal.source->quantity == Quantity::kWatched) {
    return;  // began anew between the looks: what it had counted is lost
  }
  if (events == 0 && signal.heard && is_down(signal.heard->link)) {
    return;  // a link that is down makes no errors: that is no calm to hold others against
  }
  if (events > 0) {
    signal.moved_at = at;
    const auto all = signal.past.all();
    const double expected = all.mean() * exposure;
    if (events > 3 * expected + 5 * std::sqrt(expected) + 2 || signal.source->per_hour > 0) {
      signal.is_moving = true;
    }
    if (signal.source->quantity == Quantity::kDowns) {
      count_downs(signal, at, events);
    }
  }
  signal.past.add_count(at, events, exposure);
  if (signal.points % kLookEvery == kLookEvery - 1 && signal.past.stretches().size() > 1) {
    signal.is_moving = true;
  }
}

bool Sight::is_down(fabric::LinkId link) const {
  const auto found = links_.find(link);
  return found != links_.end() &&
         (found->second.ends[0].down_since || found->second.ends[1].down_since);
}

void Sight::add_gauge(Signal& signal, base::WallTime at, double value) {
  const double scale = scaled(signal.source->quantity, value);
  const auto all = signal.past.all();
  signal.past.add_value(at, scale);
  if (all.weight >= 3 && std::abs(scale - all.mean()) > 0.6 * signal.source->least) {
    signal.is_moving = true;
    signal.moved_at = at;
  }
  if (signal.points % kLookEvery == kLookEvery - 1) {
    signal.is_moving = true;
  }
}

void Sight::count_downs(const Signal& signal, base::WallTime at, double downs) {
  if (!signal.heard) {
    return;
  }
  auto& link = links_[signal.heard->link];
  // A port's own count speaks of the end where the port is.
  const std::size_t side = signal.heard->direction == fabric::LaneDirection::kTowardHost ? 0U : 1U;
  double seen = 0;
  for (const auto& one : link.changes) {
    seen += one.side == side && one.kind == StateChange::Kind::kDown && one.at > signal.last_at
                ? 1.0
                : 0.0;
  }
  for (; seen < std::min(downs, 16.0); seen += 1) {
    change(link, side, at, StateChange::Kind::kDown);
    change(link, side, at, StateChange::Kind::kUp);
  }
}

void Sight::change(LinkSight& link, std::size_t side, base::WallTime at, StateChange::Kind kind) {
  link.changes.push_back({at, kind, side});
  if (link.changes.size() > kChangesMost) {
    link.changes.pop_front();
  }
  mark_dirty(link.id);
}

void Sight::take_state(std::size_t host, base::WallTime at, const observe::LinkState& state) {
  const auto joined = joint_.link(state.link);
  if (!joined) {
    return;
  }
  auto& link = links_[joined->link];
  link.id = joined->link;
  const std::size_t side = joined->is_turned ? 1 : 0;
  auto& end = link.ends.at(side);
  if (end.state && at <= end.at) {
    return;
  }
  const bool is_full = !state.b.port.is_null();
  using Kind = StateChange::Kind;
  if (state.up) {
    if (!*state.up && !end.down_since) {
      end.down_since = at;
      if (end.was_up) {
        change(link, side, at, Kind::kDown);
      }
    } else if (*state.up && end.down_since) {
      if (end.was_up) {
        change(link, side, at, Kind::kUp);
      }
      end.down_since.reset();
    }
    end.was_up = end.was_up || *state.up;
  }
  if (end.state && state.up.value_or(true) && end.state->up.value_or(true)) {
    if (state.width && end.state->width && *state.width != *end.state->width) {
      change(link, side, at, *state.width < *end.state->width ? Kind::kNarrower : Kind::kWider);
    }
    if (state.rate && end.state->rate && *state.rate != *end.state->rate) {
      change(link, side, at, *state.rate < *end.state->rate ? Kind::kSlower : Kind::kFaster);
    }
  }
  if (const auto& width = state.trained_width ? state.trained_width : state.width;
      width && state.up.value_or(true)) {
    link.widest = std::max(link.widest.value_or(*width), *width);
    if (*width < *link.widest) {
      mark_dirty(link.id);
    }
  }
  end.host = host;
  end.state = state;
  end.at = at;
  if (is_full) {
    auto& other = link.ends.at(1 - side);
    other.host = host;  // one machine sees both ends
  }
  if (end.down_since) {
    mark_dirty(link.id);
  }
}

void Sight::take_attributes(const observe::Snapshot& snapshot) {
  for (const auto& attributes : snapshot.attributes) {
    observe::Subject subject;
    if (attributes.kind == "retimer") {
      subject = joint_.subject(attributes.device);
    } else if (attributes.kind == "module") {
      const auto* device = snapshot.fabric.device(attributes.device);
      for (const auto id : device == nullptr ? std::vector<fabric::PortId>{} : device->ports) {
        const auto* port = snapshot.fabric.port(id);
        if (port != nullptr && port->name == attributes.name) {
          subject = joint_.subject(id);
        }
      }
    }
    if (std::holds_alternative<std::monostate>(subject)) {
      continue;
    }
    auto& part = parts_[subject];
    part.id = subject;
    part.at = snapshot.taken;
    for (const auto& [name, value] : attributes.values) {
      const auto text = value ? *value : std::string("?");
      auto& said = part.said[name];
      if (said != text) {
        part.said_since[name] = snapshot.taken;
        said = text;
        const auto* port = std::get_if<fabric::PortId>(&subject);
        const auto* device = std::get_if<fabric::DeviceId>(&subject);
        const auto* plugged = port == nullptr ? nullptr : joint_.fabric().link_at(*port);
        const auto through = device == nullptr ? std::nullopt : joint_.link_through(*device);
        if (plugged != nullptr || through) {
          mark_dirty(plugged != nullptr ? plugged->id : *through);
        }
      }
    }
  }
}

fabric::LinkId Sight::link_named(const observe::Subject& subject,
                                 const observe::Event& event) const {
  const auto& fabric = joint_.fabric();
  if (const auto* id = std::get_if<fabric::LinkId>(&subject)) {
    return *id;
  }
  if (const auto* port = std::get_if<fabric::PortId>(&subject)) {
    const auto* link = fabric.link_at(*port);
    return link == nullptr ? fabric::LinkId{} : link->id;
  }
  const auto* id = std::get_if<fabric::DeviceId>(&subject);
  const auto* device = id == nullptr ? nullptr : fabric.device(*id);
  if (device == nullptr) {
    return {};
  }
  // A root or switch port that is a function of its own has one link, and speaks of that.
  const auto* kind = observe::find_event_kind(event.kind);
  const bool is_ports_own = kind != nullptr && kind->is_of_link &&
                            (event.kind == "dpc" || event.kind.starts_with("slot_") ||
                             event.kind == "pcie_retrain" || event.kind.starts_with("aer_"));
  if (is_ports_own) {
    fabric::LinkId only;
    std::size_t links = 0;
    for (const auto port_id : device->ports) {
      if (const auto* link = fabric.link_at(port_id)) {
        only = link->id;
        ++links;
      }
    }
    if (links == 1) {
      return only;
    }
  }
  // "Link 14" of a device is its port whose name ends with that number.
  for (const auto& [name, value] : event.fields) {
    const int number = name == "link" ? lane_in(value) : -1;
    for (const auto port_id : device->ports) {
      const auto* port = fabric.port(port_id);
      const auto digits = port->name.find_first_of("0123456789");
      const auto* link = fabric.link_at(port_id);
      if (number >= 0 && link != nullptr && digits != std::string::npos &&
          lane_in(
              std::string_view(port->name).substr(port->name.find_last_not_of("0123456789") + 1)) ==
              number) {
        return link->id;
      }
    }
  }
  return {};
}

void Sight::log(std::size_t host, base::WallTime at, const observe::Event& event) {
  const auto key = base::fnv1a64(
      fmt::format("{}|{}|{}|{}|{}|{}", host, event.since_boot ? event.since_boot->ns : at.ns,
                  event.kind, event.text, event.address, observe::text(event.subject)));
  if (event.severity == observe::Severity::kInfo || !seen_events_.insert(key).second) {
    return;
  }
  LogLine line{at, event.kind, event.text, hosts_[host].name, event.severity};
  newest_ = std::max(newest_, at);
  const auto subject = joint_.subject(event.subject);
  const auto link = link_named(subject, event);
  const auto keep = [&](std::deque<LogLine>& lines) {
    lines.push_back(line);
    if (lines.size() > kLogMost) {
      lines.pop_front();
    }
  };
  keep(hosts_[host].log);
  if (!link.is_null()) {
    auto& sight = links_[link];
    sight.id = link;
    keep(sight.log);
    mark_dirty(link);
  } else if (std::holds_alternative<fabric::DeviceId>(subject)) {
    auto& part = parts_[subject];
    part.id = subject;
    keep(part.log);
  } else {
    keep(hosts_[host].unplaced);
  }
}

void Sight::take(base::WallTime at, const observe::Sample& sample) {
  if (!sample.value || source(sample.metric, sample.label) == nullptr) {
    return;
  }
  const auto signal = signal_of(joint_.subject(sample.subject), sample.metric, sample.label);
  file(signal, signals_[signal].epoch, at, *sample.value, false);
}

void Sight::take(const observe::Event& event, std::string_view host) {
  observe::HostInfo info;
  info.name = std::string(host);
  const auto index = host_of(info);
  const auto at = event.at.value_or(newest_);
  hosts_[index].last = std::max(hosts_[index].last, at);
  log(index, at, event);
}

void Sight::take(const Mark& mark) {
  const auto known = std::find_if(marks_.begin(), marks_.end(), [&mark](const Mark& one) {
    return one.kind == mark.kind && one.subject == mark.subject && one.from == mark.from;
  });
  if (known == marks_.end()) {
    marks_.push_back(mark);
  } else {
    *known = mark;  // said again: it ends earlier, or later
  }
  newest_ = std::max(newest_, mark.from);
}

void Sight::take(const fabric::Fabric& known) {
  joint_.take(known);
}

void Sight::mark_dirty(fabric::LinkId link) {
  dirty_.insert(link);
}

std::vector<fabric::LinkId> Sight::take_dirty() {
  std::vector<fabric::LinkId> out(dirty_.begin(), dirty_.end());
  dirty_.clear();
  return out;
}

std::string Sight::place(const observe::Subject& subject) const {
  const auto& fabric = joint_.fabric();
  if (const auto* id = std::get_if<fabric::LinkId>(&subject)) {
    const auto* link = fabric.link(*id);
    return link == nullptr ? id->text() : link->name;
  }
  if (const auto* id = std::get_if<fabric::DeviceId>(&subject)) {
    const auto* device = fabric.device(*id);
    return device == nullptr ? id->text() : device->name;
  }
  const auto* port = std::get_if<fabric::PortId>(&subject);
  return port == nullptr ? std::string{} : fabric.port_name(*port);
}

bool Sight::covers(const Mark& mark, const observe::Subject& subject, base::WallTime at) const {
  if (at < mark.from || (mark.until && at > *mark.until)) {
    return false;
  }
  if (mark.subject.empty()) {
    return true;
  }
  const auto is_named = [&](const observe::Subject& one) {
    return base::matches(mark.subject, place(one)) ||
           base::matches(mark.subject, observe::text(one)) ||
           base::matches(mark.subject + "/*", place(one));
  };
  if (is_named(subject)) {
    return true;
  }
  const auto& fabric = joint_.fabric();
  const auto of_port = [&](fabric::PortId id) {
    const auto owner = fabric.owner(id);
    const auto* device = fabric.device(owner);
    return !owner.is_null() && (is_named(id) || is_named(owner) ||
                                (device != nullptr && base::matches(mark.subject, device->parent)));
  };
  if (const auto* id = std::get_if<fabric::LinkId>(&subject)) {
    const auto* link = fabric.link(*id);
    return link != nullptr && (of_port(link->a) || of_port(link->b));
  }
  const auto* port = std::get_if<fabric::PortId>(&subject);
  return port != nullptr && of_port(*port);
}

bool Sight::is_in_maintenance(const observe::Subject& subject, base::WallTime at) const {
  return std::any_of(marks_.begin(), marks_.end(), [&](const Mark& mark) {
    return (mark.kind == "maintenance" || mark.kind == "reboot" || mark.kind == "repair") &&
           covers(mark, subject, at);
  });
}

bool Sight::is_excused(fabric::LinkId link, base::WallTime at) const {
  if (!marks_.empty() && is_in_maintenance(link, at)) {
    return true;
  }
  const auto found = links_.find(link);
  if (found == links_.end()) {
    return false;
  }
  for (const auto index : hosts_at(found->second)) {
    for (const auto& restart : hosts_[index].restarts) {
      // Shutting down comes before the boot: links fall before the machine's clock starts anew.
      if (at.ns > restart.ns - 5 * kGrace.ns && at < restart + kGrace) {
        return true;
      }
    }
  }
  return false;
}

/// One look that did not come is enough: judgement waits, and loses a look at most.
bool Sight::is_silent(const HostSight& host, base::WallTime now) const {
  return host.usual.ns != 0 &&
         now.ns - host.last.ns > std::max<std::int64_t>(host.usual.ns * 3 / 2, kSilentLeast.ns);
}

/// Who sees the link, and the machines that hold its ends: one machine sees both ends of its PCIe
/// links, also where a box of its own holds the far one.
std::set<std::size_t> Sight::hosts_at(const LinkSight& link) const {
  std::set<std::size_t> out;
  for (const auto& end : link.ends) {
    if (end.host < hosts_.size()) {
      out.insert(end.host);
    }
  }
  const auto& fabric = joint_.fabric();
  const auto* known = fabric.link(link.id);
  if (known == nullptr) {
    return out;
  }
  for (const auto port : {known->a, known->b}) {
    const auto* device = fabric.device(fabric.owner(port));
    for (int depth = 0; device != nullptr && !device->parent.empty() && depth < 6; ++depth) {
      const auto* parent = fabric.device_named(device->parent);
      if (parent == nullptr) {
        break;
      }
      device = parent;
    }
    for (std::size_t i = 0; device != nullptr && i < hosts_.size(); ++i) {
      if (hosts_[i].name == device->name) {
        out.insert(i);
      }
    }
  }
  return out;
}

std::optional<base::WallTime> Sight::silent_since(const LinkSight& link, base::WallTime now) const {
  std::optional<base::WallTime> since;
  for (const auto index : hosts_at(link)) {
    const auto& host = hosts_[index];
    if (is_silent(host, now)) {
      since = std::min(since.value_or(host.last), host.last);
    }
  }
  return since;
}

bool Sight::answers(const std::string& machine, base::WallTime now) const {
  return std::ranges::any_of(hosts_, [&](const HostSight& host) {
    return host.name == machine && host.last.ns > 0 && !is_silent(host, now);
  });
}

const PartSight* Sight::part(const observe::Subject& subject) const {
  const auto found = parts_.find(subject);
  return found == parts_.end() ? nullptr : &found->second;
}

}  // namespace weft::diagnose
