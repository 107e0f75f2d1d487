// SPDX-License-Identifier: Apache-2.0
#include "serve/control_plane.h"

#include "driver/collect.h"
#include "serve/marks.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace weft::serve {
namespace plane {

// The records that outlive a restart.
constexpr std::string_view kStateKind = "state";
constexpr std::string_view kWatchKey = "watch";
constexpr std::string_view kNoticesKey = "notices";

struct Host {
  bus::Host bus;
  HostStatus status;
  base::WallTime due;
};

}  // namespace plane

struct ControlPlane::Impl {
  Impl(telemetry::Store* memory, ControlPlaneOptions how)
      : store(memory),
        options(std::move(how)),
        watch({.plan = options.plan, .plan_source = options.plan_source}),
        ingest(memory,
               {.keeps_tracks = false,  // the watch keeps its own
                .planned_name =
                    [this](const observe::Subject& seen) {
                      return watch.joint().planned_name(seen);
                    }}),
        notices(options.notices) {
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

  void poll(plane::Host& host, base::WallTime now, Stepped& out) {
    HostStatus& status = host.status;
    const bool is_whole = status.polls % std::max(options.whole_every, 1U) == 0;
    const auto started = base::wall_now();
    const auto snapshot =
        driver::collect(host.bus, {.now = now, .links_only = !is_whole, .kernel_log = {}});
    status.poll_cost = base::wall_now() - started;
    ++status.polls;
    host.due = now + options.poll_every;
    if (!snapshot) {
      ++status.failures;
      status.last_problem = snapshot.error().text();
      problems.push_back(status.name + ": " + status.last_problem);
      return;
    }
    status.last_poll = now;
    take(*snapshot, status.name, now, out);
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

  void tell(base::WallTime now) {
    findings = watch.judge(now);
    const auto told = notices.take(findings, marks, now);
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
  std::vector<diagnose::Mark> marks;
  std::vector<plane::Host> hosts;
  std::vector<diagnose::LivingFinding> findings;
  std::vector<std::string> problems;  // since the last step
  std::string watch_saved;
  std::uint64_t watch_revision = 0;
  std::string notices_saved;
  base::WallTime maintained;
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
  for (plane::Host& host : impl_->hosts) {
    if (host.due <= now) {
      impl_->poll(host, now, out);
    }
  }
  if (out.hosts > 0) {
    impl_->tell(now);
    impl_->commit(now);
  }
  out.problems = std::exchange(impl_->problems, {});
  return out;
}

base::WallTime ControlPlane::next_due() const {
  const auto first = std::ranges::min_element(impl_->hosts, {}, &plane::Host::due);
  return first == impl_->hosts.end() ? base::WallTime{} : first->due;
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

std::vector<HostStatus> ControlPlane::hosts() const {
  std::vector<HostStatus> out;
  out.reserve(impl_->hosts.size());
  std::ranges::transform(impl_->hosts, std::back_inserter(out), &plane::Host::status);
  return out;
}

}  // namespace weft::serve
