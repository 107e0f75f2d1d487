// SPDX-License-Identifier: Apache-2.0
#include "telemetry/ingest.h"

#include "telemetry/ingest_host.h"
#include "telemetry/ingest_samples.h"
#include "telemetry/series_order.h"

#include <algorithm>
#include <array>
#include <deque>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

namespace weft::telemetry {
namespace {

using observe::Metric;

struct IngestSeries {
  PlaceKey key;
  observe::Subject subject;
  std::string text;                 ///< of the subject, where it was given as a text
  const SeriesKey* full = nullptr;  ///< in by_key
  SeriesId id = 0;
  std::uint32_t seen_in = 0;  ///< number of the host's last look that had it
  std::optional<Track> track;
  std::optional<Point> last;
};

struct IngestHost {
  std::uint32_t number = 0;
  HostClock clock;
  HostSubjects subjects;
  KnownEvents events;
  std::vector<std::uint32_t> order;   ///< series by their place in the last look
  std::vector<std::uint32_t> all;     ///< every series of it
  std::vector<std::uint32_t> silent;  ///< those that are left out at zero
};

}  // namespace

struct Ingest::Impl {
  Store* store = nullptr;
  IngestOptions options;
  std::unordered_map<std::string, IngestHost> hosts;
  std::deque<IngestSeries> series;
  std::vector<SeriesPlace> ordered;  // as each_last() shows them; made anew where there are more
  std::unordered_map<PlaceKey, std::uint32_t, PlaceHash> index;
  std::unordered_map<SeriesKey, std::uint32_t> by_key;
  std::vector<StorePoint> batch;
  std::vector<observe::Sample> states;

  /// One look while it is taken.
  struct Look {
    const observe::Snapshot& snapshot;
    IngestHost& host;
    HostClock::Step step;
    Ingested out;
    std::vector<StoredEvent> events;
    std::unordered_set<std::uint64_t> infiniband;  ///< ports; filled when first asked
    bool has_infiniband = false;
  };

  IngestHost& host_of(const observe::HostInfo& info);
  base::Result<std::uint32_t> place(Look& look, const observe::Sample& sample, std::size_t at);
  base::Result<std::uint32_t> add_series(SeriesKey full, IngestSeries one,
                                         fabric::ProtocolFamily family);
  base::Result<std::uint32_t> add_placed(Look& look, PlaceKey key, const observe::Sample& sample);
  static fabric::ProtocolFamily family_of(Look& look, const observe::Subject& subject);
  base::Result<void> take_sample(Look& look, const observe::Sample& sample, std::size_t at);
  void add_point(IngestSeries& one, const Point& point, Ingested& out);
  void fill_first_zero(Look& look, IngestSeries& one);
  void fill_silent(Look& look);
  void restart_tracks(IngestHost& host, base::WallTime at, Discontinuity why);
  void take_subjects(Look& look);
  void notice(Look& look, base::WallTime at, std::string kind, std::string text,
              const std::string& subject,
              std::vector<std::pair<std::string, std::string>> fields = {});
  void take_events(Look& look);
  base::Result<void> flush(Look& look);
};

IngestHost& Ingest::Impl::host_of(const observe::HostInfo& info) {
  const std::string& identity = info.identity.empty() ? info.name : info.identity;
  const auto [it, is_new] = hosts.try_emplace(identity);
  if (is_new) {
    it->second.number = static_cast<std::uint32_t>(hosts.size());
  }
  return it->second;
}

fabric::ProtocolFamily Ingest::Impl::family_of(Look& look, const observe::Subject& subject) {
  if (!look.has_infiniband) {
    look.has_infiniband = true;
    for (const observe::LinkState& link : look.snapshot.links) {
      if (link.family == fabric::ProtocolFamily::kInfiniband) {
        look.infiniband.insert(link.a.port.value());
      }
    }
  }
  return look.infiniband.contains(observe::number_of(subject)) ? fabric::ProtocolFamily::kInfiniband
                                                               : fabric::ProtocolFamily::kUnknown;
}

base::Result<std::uint32_t> Ingest::Impl::add_series(SeriesKey full, IngestSeries one,
                                                     fabric::ProtocolFamily family) {
  if (series.size() >= options.series_most) {
    return base::fail(base::Code::kResourceExhausted,
                      fmt::format("more than {} series", options.series_most), "",
                      "raise the limit or name fewer sources");
  }
  if (store != nullptr) {
    const auto id = store->series(full);
    if (!id) {
      return tl::unexpected(id.error());
    }
    one.id = *id;
  }
  // An uptime only says what time it is.
  if (options.keeps_tracks && full.metric != Metric::kHostUptime) {
    one.track.emplace(observe::row(full.metric).kind, counter_kind(full.metric, family));
  }
  const auto number = static_cast<std::uint32_t>(series.size());
  series.push_back(std::move(one));
  series.back().full = &by_key.emplace(std::move(full), number).first->first;
  return number;
}

/// The series of a sample that its host has not had before.
base::Result<std::uint32_t> Ingest::Impl::add_placed(Look& look, PlaceKey key,
                                                     const observe::Sample& sample) {
  SeriesKey full{
      .subject = observe::text(sample.subject), .metric = sample.metric, .label = sample.label};
  const auto known = by_key.find(full);
  base::Result<std::uint32_t> number = known == by_key.end() ? 0 : known->second;
  if (known == by_key.end()) {
    IngestSeries one;
    one.key = key;
    one.subject = sample.subject;
    number = add_series(std::move(full), std::move(one), family_of(look, sample.subject));
    if (!number) {
      return number;
    }
    ++look.out.new_series;
  }
  index.emplace(std::move(key), *number);
  look.host.all.push_back(*number);
  if (observe::row(sample.metric).is_silent_at_zero) {
    look.host.silent.push_back(*number);
    fill_first_zero(look, series[*number]);
  }
  return number;
}

/// The series of a sample: most looks bring the same ones in the same order as the look before.
base::Result<std::uint32_t> Ingest::Impl::place(Look& look, const observe::Sample& sample,
                                                std::size_t at) {
  IngestHost& host = look.host;
  if (at < host.order.size()) {
    const IngestSeries& guess = series[host.order[at]];
    if (guess.key.metric == static_cast<std::uint16_t>(sample.metric) &&
        guess.subject == sample.subject && guess.key.label == sample.label) {
      return host.order[at];
    }
  }
  PlaceKey key{.subject = observe::number_of(sample.subject),
               .host = host.number,
               .metric = static_cast<std::uint16_t>(sample.metric),
               .kind = static_cast<std::uint8_t>(sample.subject.index()),
               .label = sample.label};
  const auto known = index.find(key);
  base::Result<std::uint32_t> number = known != index.end()
                                           ? base::Result<std::uint32_t>(known->second)
                                           : add_placed(look, std::move(key), sample);
  if (!number) {
    return number;
  }
  if (look.step != HostClock::Step::kLate) {
    if (at >= host.order.size()) {
      host.order.resize(at + 1, *number);
    }
    host.order[at] = *number;
  }
  return number;
}

void Ingest::Impl::add_point(IngestSeries& one, const Point& point, Ingested& out) {
  if (one.track) {
    const auto what = one.track->add(point);
    if (!what && what.error().code == base::Code::kFailedPrecondition) {
      ++out.late;
    }
  }
  if (options.keeps_last && (!one.last || one.last->at <= point.at)) {
    one.last = point;
  }
  ++out.points;
  if (store != nullptr) {
    batch.push_back({one.id, point});
  }
}

base::Result<void> Ingest::Impl::take_sample(Look& look, const observe::Sample& sample,
                                             std::size_t at) {
  const auto number = place(look, sample, at);
  if (!number) {
    return tl::unexpected(number.error());
  }
  IngestSeries& one = series[*number];
  one.seen_in = look.host.clock.looks();
  add_point(one, {look.snapshot.taken, sample.value}, look.out);
  return {};
}

/// A value that drivers leave out at zero and that is there for the first time was zero at the look
/// before, or when the host booted since: else its first events would be taken for old ones.
void Ingest::Impl::fill_first_zero(Look& look, IngestSeries& one) {
  if (look.step == HostClock::Step::kLate || look.step == HostClock::Step::kFirst) {
    return;
  }
  PlaceKey total = one.key;
  total.label = "total";
  if (const auto it = index.find(total); it != index.end() && one.key.label != "total") {
    if (series[it->second].seen_in + 1 < look.host.clock.looks()) {
      return;  // nobody looked there at the look before
    }
  }
  const base::WallTime zero_at =
      look.step == HostClock::Step::kRestarted ? look.host.clock.boot() : look.host.clock.before();
  if (zero_at < look.snapshot.taken) {
    add_point(one, {zero_at, observe::Value(std::uint64_t{0})}, look.out);
  }
}

/// And one that was there and is not, while its subject is, is zero now.
void Ingest::Impl::fill_silent(Look& look) {
  const std::uint32_t now = look.host.clock.looks();
  for (const std::uint32_t number : look.host.silent) {
    IngestSeries& one = series[number];
    if (one.seen_in + 1 != now) {
      continue;
    }
    const auto* port = std::get_if<fabric::PortId>(&one.subject);
    if (port == nullptr || look.snapshot.fabric.port(*port) == nullptr) {
      continue;
    }
    PlaceKey total = one.key;
    total.label = "total";
    const auto it = index.find(total);
    if (it != index.end() && it->second != number && series[it->second].seen_in != now) {
      continue;  // its file was not read
    }
    one.seen_in = now;
    add_point(one, {look.snapshot.taken, observe::Value(std::uint64_t{0})}, look.out);
  }
}

void Ingest::Impl::restart_tracks(IngestHost& host, base::WallTime at, Discontinuity why) {
  for (const std::uint32_t number : host.all) {
    IngestSeries& one = series[number];
    if (one.track &&
        (why == Discontinuity::kClock || restarts_with_host(static_cast<Metric>(one.key.metric)))) {
      one.track->restart(at, why);
    }
  }
}

void Ingest::Impl::notice(Look& look, base::WallTime at, std::string kind, std::string text,
                          const std::string& subject,
                          std::vector<std::pair<std::string, std::string>> fields) {
  observe::Event event;
  event.at = at;
  event.kind = std::move(kind);
  event.address = look.snapshot.host.name;
  event.text = std::move(text);
  event.fields = std::move(fields);
  look.events.push_back(
      {.sequence = 0, .event = event, .subject = subject, .host = look.snapshot.host.name});
  look.out.noticed.push_back(std::move(event));
}

void Ingest::Impl::take_subjects(Look& look) {
  HostSubjects::Changes changes = look.host.subjects.look(look.snapshot, options.planned_name);
  for (const HostSubjects::Replaced& part : changes.replaced) {
    const bool is_port = part.now.kind == "port";
    notice(look, look.snapshot.taken, "part_replaced",
           fmt::format("{}: {} {} {} instead of {} {} {}", part.now.name, part.now.part.vendor,
                       part.now.part.part_number, part.now.part.serial, part.before.part.vendor,
                       part.before.part.part_number, part.before.part.serial),
           part.now.subject,
           {{"old_serial", part.before.part.serial}, {"new_serial", part.now.part.serial}});
    for (const std::uint32_t number : look.host.all) {
      IngestSeries& one = series[number];
      if (!one.track) {
        continue;
      }
      // Of a port only what its module measures is the module's; a device's ports go with it.
      const auto* port_id = std::get_if<fabric::PortId>(&one.subject);
      const fabric::Port* port = port_id == nullptr ? nullptr : look.snapshot.fabric.port(*port_id);
      const auto sources = observe::sources_of(static_cast<Metric>(one.key.metric));
      const bool is_of_module = std::ranges::any_of(sources, [](const observe::SourceRow& row) {
        return row.vocabulary == observe::Vocabulary::kCmis && row.is_read;
      });
      const bool is_its_own = observe::text(one.subject) == part.now.subject;
      const bool is_below =
          !is_port && port != nullptr && port->device.text() == part.now.subject && !is_of_module;
      if ((is_its_own && (!is_port || is_of_module)) || is_below) {
        one.track->restart(look.snapshot.taken, Discontinuity::kReplaced);
      }
    }
  }
  look.out.subjects = std::move(changes.records);
}

void Ingest::Impl::take_events(Look& look) {
  look.host.events.begin_look();
  if (look.step == HostClock::Step::kFirst && store != nullptr && !look.snapshot.events.empty()) {
    // After a restart of this program the log still holds what was told before.
    const base::WallTime from{std::min(look.host.clock.boot().ns, look.snapshot.taken.ns) -
                              options.known_events.ns};
    if (const auto stored = store->events("*", "*", from, look.snapshot.taken + base::seconds(1))) {
      for (const StoredEvent& event : *stored) {
        if (event.host == look.snapshot.host.name) {
          look.host.events.remember(event.event);
        }
      }
    }
  }
  for (const observe::Event& event : look.snapshot.events) {
    if (!look.host.events.is_new(event, look.host.clock.boots())) {
      ++look.out.events_known;
      continue;
    }
    ++look.out.events;
    look.events.push_back({.sequence = 0,
                           .event = event,
                           .subject = observe::text(event.subject),
                           .host = look.snapshot.host.name});
  }
}

base::Result<void> Ingest::Impl::flush(Look& look) {
  if (store == nullptr) {
    return {};
  }
  for (const SubjectRecord& record : look.out.subjects) {
    if (auto done = store->put_subject(record); !done) {
      return done;
    }
  }
  if (auto done = store->append(std::span<const StorePoint>(batch)); !done) {
    return done;
  }
  if (!look.events.empty()) {
    return store->append(std::span<StoredEvent>(look.events));
  }
  return {};
}

Ingest::Ingest(Store* store, IngestOptions options) : impl_(std::make_unique<Impl>()) {
  impl_->store = store;
  impl_->options = std::move(options);
}
Ingest::~Ingest() = default;
Ingest::Ingest(Ingest&&) noexcept = default;
Ingest& Ingest::operator=(Ingest&&) noexcept = default;

base::Result<Ingested> Ingest::take(const observe::Snapshot& snapshot,
                                    std::optional<base::WallTime> received) {
  Impl& self = *impl_;
  if (snapshot.taken.ns <= 0) {
    return base::fail(base::Code::kInvalidArgument, "the snapshot has no time",
                      snapshot.host.source, "capture it with `weft capture`, which keeps the time");
  }
  if (received && snapshot.taken.ns > received->ns + self.options.ahead_most.ns) {
    return base::fail(base::Code::kOutOfRange,
                      fmt::format("its clock is {:.0f} s ahead",
                                  static_cast<double>(snapshot.taken.ns - received->ns) * 1e-9),
                      snapshot.host.name, "set that host's clock");
  }
  IngestHost& host = self.host_of(snapshot.host);
  Impl::Look look{
      .snapshot = snapshot,
      .host = host,
      .step = host.clock.look(snapshot.taken, snapshot.host.uptime, self.options.clock_slack),
      .out = {},
      .events = {},
      .infiniband = {}};
  using Step = HostClock::Step;
  if (look.step == Step::kDuplicate) {
    look.out.is_duplicate = true;
    return std::move(look.out);
  }
  look.out.is_late = look.step == Step::kLate;
  self.batch.clear();
  if (look.step == Step::kRestarted) {
    look.out.has_restarted = true;
    self.restart_tracks(host, host.clock.boot(), Discontinuity::kReset);
    self.notice(look, host.clock.boot(), "reboot", "the host restarted", "");
  } else if (look.step == Step::kClockSet) {
    look.out.clock_was_set = true;
    self.restart_tracks(host, snapshot.taken, Discontinuity::kClock);
    self.notice(look, snapshot.taken, "clock_set", "the host's clock moved against its uptime", "");
  }
  if (!look.out.is_late) {
    self.take_subjects(look);
  }
  self.states.clear();
  add_link_samples(snapshot, self.states);
  std::size_t at = 0;
  for (const std::vector<observe::Sample>* samples :
       {&snapshot.samples, &std::as_const(self.states)}) {
    for (const observe::Sample& sample : *samples) {
      if (auto done = self.take_sample(look, sample, at++); !done) {
        return tl::unexpected(done.error());
      }
    }
  }
  if (!look.out.is_late) {
    self.fill_silent(look);
  }
  self.take_events(look);
  if (auto done = self.flush(look); !done) {
    return tl::unexpected(done.error());
  }
  return std::move(look.out);
}

base::Result<void> Ingest::take(const KeyedPoint& point) {
  Impl& self = *impl_;
  std::uint32_t number = 0;
  if (const auto known = self.by_key.find(point.key); known != self.by_key.end()) {
    number = known->second;
  } else {
    IngestSeries one;
    one.key.metric = static_cast<std::uint16_t>(point.key.metric);
    one.key.label = point.key.label;
    one.text = point.key.subject;
    const auto added = self.add_series(point.key, std::move(one), fabric::ProtocolFamily::kUnknown);
    if (!added) {
      return tl::unexpected(added.error());
    }
    number = *added;
  }
  Ingested out;
  self.batch.clear();
  self.add_point(self.series[number], point.point, out);
  return self.store == nullptr ? base::Result<void>{}
                               : self.store->append(std::span<const StorePoint>(self.batch));
}

base::Result<bool> Ingest::take(const observe::Event& event, const std::string& host) {
  Impl& self = *impl_;
  observe::HostInfo info;
  info.identity = "events/" + host;
  IngestHost& of = self.host_of(info);
  of.events.begin_look();
  if (!of.events.is_new(event, 0)) {
    return false;
  }
  std::array<StoredEvent, 1> one = {StoredEvent{
      .sequence = 0, .event = event, .subject = observe::text(event.subject), .host = host}};
  if (self.store != nullptr) {
    if (auto done = self.store->append(std::span<StoredEvent>(one)); !done) {
      return tl::unexpected(done.error());
    }
  }
  return true;
}

const Track* Ingest::track(const SeriesKey& key) const {
  const auto it = impl_->by_key.find(key);
  if (it == impl_->by_key.end() || !impl_->series[it->second].track) {
    return nullptr;
  }
  return &*impl_->series[it->second].track;
}

void Ingest::each_track(
    const std::function<void(const SeriesKey& key, const Track& track)>& see) const {
  for (const IngestSeries& one : impl_->series) {
    if (one.track) {
      see({one.text.empty() ? observe::text(one.subject) : one.text,
           static_cast<Metric>(one.key.metric), one.key.label},
          *one.track);
    }
  }
}

void Ingest::each_last(
    const std::function<void(const SeriesKey& key, const Point& point)>& see) const {
  std::vector<SeriesPlace>& ordered = impl_->ordered;
  if (ordered.size() != impl_->series.size()) {
    ordered.clear();
    for (const IngestSeries& one : impl_->series) {
      ordered.push_back({one.full, &one.last});
    }
    put_in_order(ordered);
  }
  constexpr std::size_t kAhead = 8;
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    if (i + kAhead < ordered.size()) {  // series lie elsewhere than in this order
      __builtin_prefetch(ordered[i + kAhead].key);
      __builtin_prefetch(ordered[i + kAhead].last);
    }
    if (const auto& last = *ordered[i].last) {
      see(*ordered[i].key, *last);
    }
  }
}

std::size_t Ingest::series_count() const {
  return impl_->series.size();
}

}  // namespace weft::telemetry
