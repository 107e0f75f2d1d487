// SPDX-License-Identifier: Apache-2.0
#include "cli/up_plane.h"

#include "base/temp_folder.h"
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

  Loop(twin::Rack& living, const UpPlaneOptions& how)
      : rack(living), options(how), expectation(twin::located(*living.plan)) {}
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop() {
    stops = true;
    if (thread.joinable()) {
      thread.join();
    }
    plane.reset();
    if (webhook) {
      keep_waiting();
    }
    store.reset();
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
    how.plan = &expectation;
    how.plan_source = rack.plan->fabric.name;
    how.poll_every = options.poll_every;
    how.notices = options.notices;
    if (options.webhook) {
      webhook.emplace(*options.webhook);
      take_waiting();
      how.tell = [this](const std::vector<serve::Notice>& notices) {
        webhook->post(serve::notice_json(notices, rack.plan->fabric.name + " (simulated)"));
      };
    }
    plane = std::make_unique<serve::ControlPlane>(store.get(), how);
    for (std::size_t i = 0; i < rack.machines.size(); ++i) {
      plane->add(rack.machines[i].plan->name, twin::host_of(rack, i));
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

  [[nodiscard]] base::WallTime now() const {
    const twin::Hold hold(rack.world->mutex());
    return options.world_at + base::Duration{rack.world->now().ns};
  }

  void run() {
    using Clock = std::chrono::steady_clock;
    constexpr auto kTick = std::chrono::milliseconds(50);
    auto rested = Clock::now();
    while (!stops) {
      const base::WallTime at = now();
      if (Clock::now() >= rested && at >= plane->next_due()) {
        const auto began = Clock::now();
        {
          const std::lock_guard hold(mutex);
          serve::Stepped stepped = plane->step(at);
          std::ranges::move(stepped.problems, std::back_inserter(problems));
          note_webhook();
          ++revision;
        }
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
    return serve::mark_answer(mark, at, true);
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
      return serve::refusal(true, known.error());
    }
    WatchedSpan watched;
    watched.subject = text_of("subject");
    watched.source = rack.plan->fabric.name + " (simulated)";
    watched.machines = rack.machines.size();
    watched.links = rack.links.size();
    for (const serve::HostStatus& host : plane->hosts()) {
      watched.looks = std::max(watched.looks, static_cast<std::size_t>(host.polls));
    }
    watched.from = options.world_at;
    watched.until = at;
    watched.starting = plane->watch().starting(at);
    const WhyView view{meant, &plane->watch().joint(), watched};
    const bool wants_json = json != asked.end() && json->is_boolean() && json->get<bool>();
    return nlohmann::ordered_json({{"schema", serve::kPlaneSchema},
                                   {"simulated", true},
                                   {"ok", true},
                                   {"ask", "why"},
                                   {"text", wants_json ? why_json(view) : why_text(view)},
                                   {"exit", why_exit(view)}})
        .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }

  /// An answer to a line; with the mutex held.
  [[nodiscard]] std::string answer_line(std::string_view line, const serve::QuerySource& source) {
    if (auto text = why(line)) {
      return *text;
    }
    if (auto text = mark(line)) {
      return *text;
    }
    return serve::answer(source, line);
  }
  [[nodiscard]] serve::QuerySource source() const {
    return {
        .store = store.get(), .findings = plane->findings(), .now = now(), .is_simulated = true};
  }

  twin::Rack& rack;
  UpPlaneOptions options;
  fabric::Fabric expectation;
  std::string folder;
  std::optional<base::TempFolder> temporary;  // where no folder was named
  std::unique_ptr<telemetry::Store> store;
  std::optional<serve::Webhook> webhook;  // told by the plane, which goes first
  std::string webhook_problem;
  std::unique_ptr<serve::ControlPlane> plane;
  mutable std::mutex mutex;  // of plane, store, problems
  std::vector<std::string> problems;
  std::atomic<std::uint64_t> revision{0};  // grows with every look and mark
  std::atomic<bool> stops{false};
  std::thread thread;
};

base::Result<std::unique_ptr<UpPlane>> UpPlane::start(twin::Rack& rack,
                                                      const UpPlaneOptions& options) {
  std::unique_ptr<UpPlane> out(new UpPlane());
  out->loop_ = std::make_unique<Loop>(rack, options);
  if (auto opened = out->loop_->open(); !opened) {
    return tl::unexpected(opened.error());
  }
  return out;
}

UpPlane::~UpPlane() = default;

twin::door::NamedService UpPlane::service() {
  return {"plane",
          {.greeting = serve::greeting(true),
           .answer =
               [loop = loop_.get()](std::string_view line) {
                 const std::lock_guard hold(loop->mutex);
                 return loop->answer_line(line, loop->source());
               }},
          "weft why --socket {}"};
}

serve::ApiSource UpPlane::api() {
  return {.revision = [loop = loop_.get()] { return loop->revision.load(); },
          .look =
              [loop = loop_.get()](const std::function<void(const serve::ApiState&)>& see) {
                const std::lock_guard hold(loop->mutex);
                const serve::QuerySource source = loop->source();
                see({.query = source,
                     .joint = &loop->plane->watch().joint(),
                     .answer = [loop, &source](std::string_view line) {
                       return loop->answer_line(line, source);
                     }});
              }};
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
