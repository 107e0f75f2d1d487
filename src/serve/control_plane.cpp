// SPDX-License-Identifier: Apache-2.0
#include "serve/control_plane.h"

#include "driver/collect.h"
#include "serve/marks.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace weft::serve {
namespace plane {

// The records that outlive a restart.
constexpr std::string_view kStateKind = "state";
constexpr std::string_view kWatchKey = "watch";
constexpr std::string_view kNoticesKey = "notices";

/// A host that begins to look suspicious is asked for all it has after so long.
constexpr base::Duration kSoon{1'000'000'000};
/// Until so long after a boot modules, retimers and drivers still come up.
constexpr base::Duration kComesUp{180LL * 1'000'000'000};

/// Of the log this much is read again, so that a line's details are not torn from it.
constexpr base::Duration kLogAgain{60LL * 1'000'000'000};

struct Host {
  bus::Host bus;
  HostStatus status;
  observe::HostInfo info;              ///< as it said last
  base::WallTime due;                  ///< the next regular look
  std::optional<base::WallTime> soon;  ///< a look out of turn
  std::optional<telemetry::SourceId> whole;
  bool is_whole_due = true;
  bool is_suspect = false;
  bool comes_up = false;
  std::size_t measured = 0;  ///< samples with a value at the last whole look

  [[nodiscard]] base::WallTime next() const { return soon ? std::min(*soon, due) : due; }
};

std::size_t measured_in(const observe::Snapshot& look) {
  return static_cast<std::size_t>(std::ranges::count_if(
      look.samples, [](const observe::Sample& sample) { return sample.value.has_value(); }));
}

}  // namespace plane

struct ControlPlane::Impl {
  Impl(telemetry::Store* memory, ControlPlaneOptions how)
      : store(memory),
        options(std::move(how)),
        watch({.plan = options.plan, .plan_source = options.plan_source}),
        ingest(memory,
               {.keeps_tracks = false,  // the watch keeps its own
                .keeps_last = true,
                .planned_name =
                    [this](const observe::Subject& seen) {
                      return watch.joint().planned_name(seen);
                    }}),
        notices(options.notices),
        wholes(options.budget) {
    restore();
  }

  void restore() {
    if (store == nullptr) {
      return;
    }
    if (const auto saved = store->get(plane::kStateKind, plane::kWatchKey)) {
      note(watch.restore(base::as_text(*saved)));
      watch_saved = std::string(base::as_text(*saved));
    }
    if (const auto saved = store->get(plane::kStateKind, plane::kNoticesKey)) {
      note(notices.restore(base::as_text(*saved)));
      notices_saved = std::string(base::as_text(*saved));
    }
    findings = watch.findings();
    acknowledgements = kept_acknowledgements(*store);
    for (const diagnose::Mark& mark : kept_marks(*store)) {
      remember(mark);
    }
  }

  void remember(const diagnose::Mark& mark) {
    watch.take(mark);
    const auto known = std::ranges::find_if(
        marks, [&mark](const diagnose::Mark& one) { return is_same(one, mark); });
    if (known == marks.end()) {
      marks.push_back(mark);
    } else {
      *known = mark;
    }
  }

  void note(const base::Result<void>& result) {
    if (!result) {
      problems.push_back(result.error().text());
    }
  }

  /// Without the caller's lock where it lets go of that.
  [[nodiscard]] base::Result<observe::Snapshot> look_at(const bus::Host& host,
                                                        const driver::CollectOptions& how) const {
    std::optional<base::Result<observe::Snapshot>> out;
    const auto look = [&] { out = driver::collect(host, how); };
    if (options.unheld) {
      options.unheld(look);
    } else {
      look();
    }
    return *std::move(out);
  }

  void poll(plane::Host& host, base::WallTime now, Stepped& out) {
    HostStatus& status = host.status;
    const bool is_whole = std::exchange(host.is_whole_due, false);
    if (!host.whole) {
      host.whole = wholes.add({.name = status.name,
                               .host = status.name,
                               .device = {},
                               .fastest = options.poll_every,
                               .slowest = std::max(options.whole_at_least, options.poll_every)},
                              now);
    }
    const auto started = base::wall_now();
    driver::CollectOptions how{.now = now, .links_only = !is_whole};
    if (host.info.uptime) {
      how.log_since = base::Duration{host.info.uptime->ns - plane::kLogAgain.ns};
    }
    const auto snapshot = look_at(host.bus, how);
    status.poll_cost = base::wall_now() - started;
    ++status.polls;
    host.soon.reset();
    if (host.due <= now) {
      host.due = now + options.poll_every;
    }
    telemetry::PollResult result{.has_failed = !snapshot};
    if (options.is_cost_measured) {
      result.milliseconds = status.poll_cost.seconds() * 1000;
    }
    if (snapshot) {
      host.info = snapshot->host;
      status.last_poll = now;
      take(*snapshot, status.name, now, out);
      const auto& uptime = snapshot->host.uptime;
      if (const bool was_coming = std::exchange(host.comes_up, uptime && *uptime < plane::kComesUp);
          was_coming && !host.comes_up) {
        wholes.stir(*host.whole, now);  // what it has now is what it will be compared with
      }
    } else {
      ++status.failures;
      status.last_problem = snapshot.error().text();
      problems.push_back(status.name + ": " + status.last_problem);
    }
    if (is_whole) {
      ++status.whole_polls;
      result.has_moved = snapshot && has_moved(host, *snapshot);
      wholes.done(*host.whole, now, result);
    }
  }

  /// There is more to see, or less; or something is wrong here.
  static bool has_moved(plane::Host& host, const observe::Snapshot& look) {
    const std::size_t measured = plane::measured_in(look);
    return std::exchange(host.measured, measured) != measured || host.is_suspect;
  }

  /// Who is due for a whole look has it with the next look.
  void plan_wholes(base::WallTime now) {
    for (const telemetry::SourceId due : wholes.due(now)) {
      for (plane::Host& host : hosts) {
        host.is_whole_due = host.is_whole_due || host.whole == due;
      }
    }
  }

  /// Hosts that have begun to look suspicious are looked at closely without waiting for their turn.
  void stir(base::WallTime now) {
    for (plane::Host& host : hosts) {
      const bool was_suspect = host.is_suspect;
      host.is_suspect = watch.wants_a_close_look(host.info);
      if (host.is_suspect && !was_suspect && host.whole) {
        wholes.stir(*host.whole, now);
        host.soon = now + plane::kSoon;
      }
    }
  }

  void take(const observe::Snapshot& snapshot, const std::string& name,
            std::optional<base::WallTime> received, Stepped& out) {
    ++out.hosts;
    watch.take(snapshot);
    const auto taken = ingest.take(snapshot, received);
    if (!taken) {
      problems.push_back(name + ": " + taken.error().text());
      return;
    }
    out.points += taken->points;
    out.events += taken->events;
    for (const observe::Event& event : taken->noticed) {
      watch.take(event, name);
    }
  }

  void commit(base::WallTime now) {
    if (store == nullptr) {
      return;
    }
    note(store->commit());
    if (now - maintained >= options.maintain_every) {
      maintained = now;
      note(store->maintain(now));
    }
  }

  /// Puts a record only where it changed: most steps change none.
  void keep(std::string_view key, std::string text, std::string& saved) {
    if (store != nullptr && text != saved) {
      note(store->put(plane::kStateKind, key, base::as_bytes(text)));
      saved = std::move(text);
    }
  }

  void drop(std::string_view finding) {
    if (const auto known = acknowledgements.find(finding); known != acknowledgements.end()) {
      acknowledgements.erase(known);
      if (store != nullptr) {
        note(serve::drop_acknowledgement(*store, finding));
      }
    }
  }

  /// Those of findings that are over, worse, or back.
  void end_acknowledgements(base::WallTime now) {
    std::vector<std::string> over;
    for (const auto& [id, one] : acknowledgements) {
      const auto living = std::ranges::find(findings, id, &diagnose::LivingFinding::id);
      if (living == findings.end() || !holds(one, *living, now)) {
        over.push_back(id);
      }
    }
    for (const std::string& id : over) {
      drop(id);
    }
  }

  /// Findings that nobody has acknowledged.
  [[nodiscard]] std::vector<diagnose::LivingFinding> untold() const {
    std::vector<diagnose::LivingFinding> out;
    std::ranges::copy_if(findings, std::back_inserter(out), [this](const auto& living) {
      return !acknowledgements.contains(living.id);
    });
    return out;
  }

  void tell(base::WallTime now) {
    findings = watch.judge(now);
    end_acknowledgements(now);
    const auto told = notices.take(untold(), marks, now);
    if (watch.revision() != watch_revision) {
      watch_revision = watch.revision();
      keep(plane::kWatchKey, watch.save(), watch_saved);
    }
    keep(plane::kNoticesKey, notices.save(), notices_saved);
    if (options.tell && !told.empty()) {
      options.tell(told);
    }
  }

  telemetry::Store* store;
  ControlPlaneOptions options;
  diagnose::Watch watch;
  telemetry::Ingest ingest;
  Notices notices;
  telemetry::Schedule wholes;
  std::vector<diagnose::Mark> marks;
  Acknowledgements acknowledgements;
  std::vector<plane::Host> hosts;
  std::vector<diagnose::LivingFinding> findings;
  std::vector<std::string> problems;  // since the last step
  std::string watch_saved;
  std::uint64_t watch_revision = 0;
  std::string notices_saved;
  base::WallTime maintained;
  base::WallTime stepped_at;
};

ControlPlane::ControlPlane(telemetry::Store* store, ControlPlaneOptions options)
    : impl_(std::make_unique<Impl>(store, std::move(options))) {}
ControlPlane::~ControlPlane() = default;

void ControlPlane::add(std::string name, bus::Host host) {
  plane::Host& added = impl_->hosts.emplace_back();
  added.bus = std::move(host);
  added.status.name = std::move(name);
}

void ControlPlane::take(const diagnose::Mark& mark) {
  impl_->remember(mark);
  if (impl_->store != nullptr) {
    impl_->note(keep_mark(*impl_->store, mark));
    impl_->note(impl_->store->commit());
  }
}

void ControlPlane::take(const Acknowledgement& one) {
  impl_->acknowledgements.insert_or_assign(one.finding, one);
  if (impl_->store != nullptr) {
    impl_->note(keep_acknowledgement(*impl_->store, one));
    impl_->note(impl_->store->commit());
  }
}

void ControlPlane::drop_acknowledgement(std::string_view finding) {
  impl_->drop(finding);
  if (impl_->store != nullptr) {
    impl_->note(impl_->store->commit());
  }
}

const Acknowledgements& ControlPlane::acknowledgements() const {
  return impl_->acknowledgements;
}

Stepped ControlPlane::take(const observe::Snapshot& snapshot) {
  Stepped out;
  impl_->take(snapshot, snapshot.host.name, std::nullopt, out);
  out.problems = std::exchange(impl_->problems, {});
  return out;
}

void ControlPlane::take(const observe::Event& event, const std::string& host) {
  const auto taken = impl_->ingest.take(event, host);
  if (!taken) {
    impl_->problems.push_back(host + ": " + taken.error().text());
  } else if (*taken) {
    impl_->watch.take(event, host);
  }
}

Stepped ControlPlane::settle(base::WallTime now) {
  impl_->tell(now);
  impl_->commit(now);
  Stepped out;
  out.problems = std::exchange(impl_->problems, {});
  return out;
}

Stepped ControlPlane::step(base::WallTime now) {
  Stepped out;
  impl_->stepped_at = now;
  impl_->plan_wholes(now);
  for (plane::Host& host : impl_->hosts) {
    if (host.next() <= now) {
      impl_->poll(host, now, out);
    }
  }
  if (out.hosts > 0) {
    impl_->tell(now);
    impl_->stir(now);
    impl_->commit(now);
  }
  out.problems = std::exchange(impl_->problems, {});
  return out;
}

base::WallTime ControlPlane::next_due() const {
  const auto first = std::ranges::min_element(impl_->hosts, {}, &plane::Host::next);
  return first == impl_->hosts.end() ? base::WallTime{} : first->next();
}

const std::vector<diagnose::LivingFinding>& ControlPlane::findings() const {
  return impl_->findings;
}

const diagnose::Watch& ControlPlane::watch() const {
  return impl_->watch;
}

telemetry::Store* ControlPlane::store() const {
  return impl_->store;
}

base::Result<std::vector<diagnose::LivingFinding>> saved_findings(const telemetry::Store& store) {
  const auto saved = store.get(plane::kStateKind, plane::kWatchKey);
  if (!saved) {
    return std::vector<diagnose::LivingFinding>{};
  }
  diagnose::Watch watch;
  if (auto restored = watch.restore(base::as_text(*saved)); !restored) {
    return tl::unexpected(restored.error());
  }
  return watch.findings();
}

void ControlPlane::each_last(
    const std::function<void(const telemetry::SeriesKey&, const telemetry::Point&)>& see) const {
  impl_->ingest.each_last(see);
}

std::vector<HostStatus> ControlPlane::hosts() const {
  std::vector<HostStatus> out;
  out.reserve(impl_->hosts.size());
  for (const plane::Host& host : impl_->hosts) {
    out.push_back(host.status);
    if (host.whole) {
      out.back().whole_text = impl_->wholes.state(*host.whole, impl_->stepped_at).text;
    }
  }
  return out;
}

}  // namespace weft::serve
