// SPDX-License-Identifier: Apache-2.0
#include "cli/up_plane.h"

#include "base/fair_mutex.h"
#include "base/temp_folder.h"
#include "cli/up_actions.h"
#include "cli/why.h"
#include "serve/marks.h"
#include "serve/query.h"
#include "twin/plan/inventory.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <nlohmann/json.hpp>

namespace weft::cli {

struct UpPlane::Loop {
  // A record of the store beside the control plane's own.
  static constexpr std::string_view kStateKind = "state";
  static constexpr std::string_view kWebhookKey = "webhook";

  Loop(PlaneParts whom, const UpPlaneOptions& how) : parts(std::move(whom)), options(how) {}
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop() {
    stop();
    plane.reset();
    if (webhook) {
      keep_waiting();
    }
    store.reset();
  }

  void stop() {
    stops = true;
    if (thread.joinable()) {
      thread.join();
    }
  }

  base::Result<void> open() {
    folder = options.store;
    if (folder.empty()) {
      folder = temporary.emplace("weft-store").path();
      if (folder.empty()) {
        return base::fail(base::Code::kPermissionDenied, "no folder for the history can be made",
                          {}, "Name one with --store.");
      }
    }
    auto opened = telemetry::Store::open(folder);
    if (!opened) {
      return tl::unexpected(opened.error());
    }
    store = std::move(*opened);
    problems = store->damage();
    serve::ControlPlaneOptions how;
    how.plan = parts.plan ? &*parts.plan : nullptr;
    how.plan_source = parts.plan ? parts.name : "";
    how.poll_every = options.poll_every;
    how.notices = options.notices;
    if (options.webhook) {
      webhook.emplace(*options.webhook);
      take_waiting();
      how.tell = [this](const std::vector<serve::Notice>& notices) {
        webhook->post(serve::notice_json(notices, source_name()));
      };
    }
    how.unheld = [this](const std::function<void()>& look) {
      ++revision;  // what the hosts before have said may be seen now
      mutex.unlock();
      look();
      mutex.lock();
    };
    plane = std::make_unique<serve::ControlPlane>(store.get(), how);
    if (parts.actions) {
      parts.actions->store = store.get();
      parts.actions->changed = [this] { ++revision; };
      actions.emplace(*std::move(parts.actions));
    }
    started_at = now();
    for (const observe::Snapshot& look : std::exchange(parts.looks, {})) {
      started_at = std::min(started_at, look.taken);
      note(plane->take(look));
      note(plane->settle(look.taken));
    }
    for (auto& [name, host] : std::exchange(parts.hosts, {})) {
      plane->add(name, std::move(host));
      has_hosts = true;
    }
    thread = std::thread([this] { run(); });
    return {};
  }

  /// What nobody took before the last end is sent first; what nobody takes now waits for the next.
  void take_waiting() {
    const auto kept = store->get(kStateKind, kWebhookKey);
    const auto bodies = kept ? nlohmann::json::parse(base::as_text(*kept), nullptr, false)
                             : nlohmann::json::array();
    for (const auto& body : bodies.is_array() ? bodies : nlohmann::json::array()) {
      if (body.is_string()) {
        webhook->post(body.get<std::string>());
      }
    }
  }
  void keep_waiting() {
    const std::string text = nlohmann::json(webhook->waiting())
                                 .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    (void)store->put(kStateKind, kWebhookKey, base::as_bytes(text));
    (void)store->commit();
  }
  /// Once for each thing that goes wrong there.
  void note_webhook() {
    const serve::WebhookStatus status = webhook ? webhook->status() : serve::WebhookStatus{};
    if (!status.last_problem.empty() && status.last_problem != webhook_problem) {
      webhook_problem = status.last_problem;
      problems.push_back("notices: " + webhook_problem);
    }
  }

  [[nodiscard]] base::WallTime now() const { return parts.now(); }
  [[nodiscard]] std::string source_name() const {
    return parts.name + (parts.is_simulated ? " (simulated)" : "");
  }
  void note(serve::Stepped stepped) {
    std::ranges::move(stepped.problems, std::back_inserter(problems));
  }

  void step(base::WallTime at) {
    const std::lock_guard hold(mutex);
    note(plane->step(at));
    note_webhook();
    ++revision;
  }

  /// The world's life until now, as fast as it goes, looked at as a patient operator would.
  void prepare() {
    constexpr base::Duration kEvery{60LL * 1'000'000'000};
    for (base::Duration done; done < options.history && !stops && parts.advance;) {
      const base::Duration more{std::min(kEvery.ns, options.history.ns - done.ns)};
      done.ns += more.ns;
      parts.advance(more);
      step(now());
      if (options.prepared) {
        options.prepared(done.seconds() / options.history.seconds());
      }
    }
    is_prepared = true;
  }

  void run() {
    prepare();
    using Clock = std::chrono::steady_clock;
    constexpr auto kTick = std::chrono::milliseconds(50);
    auto rested = Clock::now();
    while (!stops && has_hosts) {
      const base::WallTime at = now();
      if (Clock::now() >= rested && at >= plane->next_due()) {
        const auto began = Clock::now();
        step(at);
        rested = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                    (Clock::now() - began) * (1 / options.share_most - 1));
      }
      std::this_thread::sleep_for(kTick);
    }
  }

  /// The answer to {"ask":"mark"}, which writes; nullopt for any other question.
  [[nodiscard]] std::optional<std::string> mark(std::string_view line) {
    const auto asked = nlohmann::json::parse(line, nullptr, false);
    if (!asked.is_object() || !asked.contains("ask") || asked["ask"] != "mark") {
      return std::nullopt;
    }
    const base::WallTime at = now();
    const auto mark = serve::asked_mark(line, at);
    if (mark) {
      plane->take(*mark);
      ++revision;
    }
    return serve::mark_answer(mark, at, parts.is_simulated);
  }

  /// The answer to {"ask":"acknowledge"}, which writes; nullopt for any other question.
  [[nodiscard]] std::optional<std::string> acknowledge(std::string_view line) {
    const auto asked = nlohmann::json::parse(line, nullptr, false);
    if (!asked.is_object() || !asked.contains("ask") || asked["ask"] != "acknowledge") {
      return std::nullopt;
    }
    const base::WallTime at = now();
    const auto meant =
        serve::asked_acknowledgement(line, plane->findings(), plane->acknowledgements(), at);
    if (meant && meant->applies) {
      if (meant->drops) {
        plane->drop_acknowledgement(meant->one.finding);
      } else {
        plane->take(meant->one);
      }
      ++revision;
    }
    return serve::acknowledgement_answer(meant, at, parts.is_simulated);
  }

  /// The answer to {"ask":"why"}, which needs the joint fabric; nullopt for any other question.
  [[nodiscard]] std::optional<std::string> why(std::string_view line) const {
    const auto asked = nlohmann::json::parse(line, nullptr, false);
    if (!asked.is_object() || !asked.contains("ask") || asked["ask"] != "why") {
      return std::nullopt;
    }
    const auto text_of = [&asked](const char* name) {
      const auto found = asked.find(name);
      return found != asked.end() && found->is_string() ? found->get<std::string>() : "";
    };
    const auto since = asked.find("since_s");
    const auto json = asked.find("json");
    const base::WallTime at = now();
    const auto meant = findings_about(
        plane->findings(), plane->watch().joint(), text_of("subject"),
        since != asked.end() && since->is_number()
            ? base::WallTime{at.ns - base::seconds(std::clamp(since->get<double>(), 0.0, 1e9)).ns}
            : base::WallTime{});
    if (const auto known =
            check_subject(plane->findings(), plane->watch().joint(), text_of("subject"));
        !known) {
      return serve::refusal(parts.is_simulated, known.error());
    }
    WatchedSpan watched;
    watched.subject = text_of("subject");
    watched.source = source_name();
    watched.machines = parts.machines;
    watched.links = parts.links > 0 ? parts.links : plane->watch().joint().fabric().links().size();
    for (const serve::HostStatus& host : plane->hosts()) {
      watched.looks = std::max(watched.looks, static_cast<std::size_t>(host.polls));
    }
    watched.from = parts.is_simulated ? options.world_at : started_at;
    watched.until = at;
    watched.starting = plane->watch().starting(at);
    for (const auto& living : meant) {
      const auto known = plane->acknowledgements().find(living.id);
      if (known != plane->acknowledgements().end() && serve::holds(known->second, living, at)) {
        watched.notes.push_back(living.id + " is " + serve::acknowledgement_text(known->second));
      }
    }
    const WhyView view{meant, &plane->watch().joint(), watched};
    const bool wants_json = json != asked.end() && json->is_boolean() && json->get<bool>();
    nlohmann::ordered_json out = {{"schema", serve::kPlaneSchema}};
    if (parts.is_simulated) {
      out["simulated"] = true;
    }
    out.update({{"ok", true},
                {"ask", "why"},
                {"text", wants_json ? why_json(view) : why_text(view)},
                {"exit", why_exit(view)}});
    return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }

  /// The answer to {"ask":"state"}: what the plan's links do; nullopt for any other question.
  [[nodiscard]] std::optional<std::string> state(std::string_view line) const {
    const auto asked = nlohmann::json::parse(line, nullptr, false);
    if (!asked.is_object() || !asked.contains("ask") || asked["ask"] != "state") {
      return std::nullopt;
    }
    const auto found = plane->watch().fabric_state();
    if (!found) {
      return serve::refusal(parts.is_simulated,
                            {base::Code::kFailedPrecondition, "it has no rack file", parts.name,
                             "Start it with one: the links are named as that names them."});
    }
    nlohmann::ordered_json out = {{"schema", serve::kPlaneSchema}};
    if (parts.is_simulated) {
      out["simulated"] = true;
    }
    out.update({{"ok", true},
                {"ask", "state"},
                {"state", nlohmann::ordered_json::parse(fabric::fabric_state_json(*found), nullptr,
                                                        false)}});
    return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }

  /// An answer to a line; with the mutex held.
  [[nodiscard]] std::string answer_line(std::string_view line, const serve::QuerySource& source) {
    if (auto text = why(line)) {
      return *text;
    }
    if (auto text = state(line)) {
      return *text;
    }
    if (auto text = mark(line)) {
      return *text;
    }
    if (auto text = acknowledge(line)) {
      return *text;
    }
    return serve::answer(source, line);
  }
  [[nodiscard]] serve::QuerySource source() const {
    return {.store = store.get(),
            .findings = plane->findings(),
            .now = now(),
            .is_simulated = parts.is_simulated,
            .each_last = [this](const serve::SeeLast& see) { plane->each_last(see); },
            .last_from = started_at};
  }

  PlaneParts parts;
  UpPlaneOptions options;
  bool has_hosts = false;
  base::WallTime started_at;
  std::string folder;
  std::optional<base::TempFolder> temporary;  // where no folder was named
  std::unique_ptr<telemetry::Store> store;
  std::optional<serve::Webhook> webhook;  // told by the plane, which goes first
  std::string webhook_problem;
  std::unique_ptr<serve::ControlPlane> plane;
  std::optional<serve::ActionDesk> actions;
  mutable base::FairMutex mutex;  // of plane, store, problems
  std::vector<std::string> problems;
  std::atomic<std::uint64_t> revision{0};  // grows with every look and mark
  std::atomic<bool> stops{false};
  std::atomic<bool> is_prepared{false};
  std::thread thread;
};

base::Result<std::unique_ptr<UpPlane>> UpPlane::start(twin::Rack& rack,
                                                      const UpPlaneOptions& options) {
  PlaneParts parts;
  parts.name = rack.plan->fabric.name;
  parts.is_simulated = true;
  parts.plan = twin::located(*rack.plan);
  parts.machines = rack.machines.size();
  parts.links = rack.links.size();
  for (std::size_t i = 0; i < rack.machines.size(); ++i) {
    parts.hosts.emplace_back(rack.machines[i].plan->name, twin::host_of(rack, i));
  }
  if (!options.door_folder.empty()) {
    parts.actions = twin_actions(rack, options.door_folder);
  }
  parts.now = [&rack, from = options.world_at] {
    return from + base::Duration{rack.world->rested_at().ns};
  };
  parts.advance = [&rack](base::Duration span) {
    const twin::Hold hold(rack.world->mutex());
    rack.world->advance_to(rack.world->now() + span);
  };
  return start(std::move(parts), options);
}

base::Result<std::unique_ptr<UpPlane>> UpPlane::start(PlaneParts parts,
                                                      const UpPlaneOptions& options) {
  std::unique_ptr<UpPlane> out(new UpPlane());
  out->loop_ = std::make_unique<Loop>(std::move(parts), options);
  if (auto opened = out->loop_->open(); !opened) {
    return tl::unexpected(opened.error());
  }
  return out;
}

UpPlane::~UpPlane() = default;

twin::door::NamedService UpPlane::service() {
  return {"plane",
          {.greeting = serve::greeting(loop_->parts.is_simulated),
           .answer =
               [loop = loop_.get()](std::string_view line) {
                 const std::lock_guard hold(loop->mutex);
                 return loop->answer_line(line, loop->source());
               }},
          "weft why --socket {}"};
}

serve::ApiSource UpPlane::api() {
  return {
      .revision = [loop = loop_.get()] { return loop->revision.load(); },
      .look =
          [loop = loop_.get()](const std::function<void(const serve::ApiState&)>& see) {
            const std::lock_guard hold(loop->mutex);
            const serve::QuerySource source = loop->source();
            see({.query = source,
                 .joint = &loop->plane->watch().joint(),
                 .answer = [loop, &source](
                               std::string_view line) { return loop->answer_line(line, source); },
                 .world = loop->options.world,
                 .actions = loop->actions ? &*loop->actions : nullptr});
          }};
}

bool UpPlane::is_prepared() const {
  return loop_->is_prepared;
}

const std::string& UpPlane::folder() const {
  return loop_->folder;
}

void UpPlane::stop() {
  loop_->stop();
}

std::vector<diagnose::LivingFinding> UpPlane::open_findings() const {
  const std::lock_guard hold(loop_->mutex);
  std::vector<diagnose::LivingFinding> out;
  std::ranges::copy_if(loop_->plane->findings(), std::back_inserter(out),
                       [](const auto& living) { return living.phase != diagnose::Phase::kClosed; });
  return out;
}

std::vector<std::string> UpPlane::take_problems() {
  const std::lock_guard hold(loop_->mutex);
  return std::exchange(loop_->problems, {});
}

}  // namespace weft::cli
