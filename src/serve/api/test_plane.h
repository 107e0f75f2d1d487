// SPDX-License-Identifier: Apache-2.0
// For tests and fuzzers of the API: a small plane whose contents are known, without machines.
#pragma once

#include "base/temp_folder.h"
#include "fabric/rack.h"
#include "serve/api/source.h"

#include <atomic>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace weft::serve {

class TestPlane {
 public:
  static constexpr std::int64_t kSecondNs = 1'000'000'000;
  static constexpr base::WallTime kNow{1'700'006'400 * kSecondNs};

  static constexpr std::string_view kWhy = R"({"schema":"weftline/plane/1","ok":true,"ask":"why",)"
                                           R"("text":"{\"schema\":\"weftline/why/1\"}"})";

  TestPlane() : folder_("weft-api") {
    auto loaded = fabric::load_rack_text(R"(
weftline: rack/1
name: pair
devices:
  server0:
    kind: host
    devices:
      cpu0: {kind: processor, ports: {pcie0: pcie5 x4}}
      nvme0: {kind: storage, ports: {pcie0: pcie5 x4}}
    links:
      - {from: cpu0/pcie0, to: nvme0/pcie0, segments: [{medium: board, length: 150 mm}]}
)",
                                         "pair.yaml", {});
    auto opened = telemetry::Store::open(folder_.at("s"));
    if (!loaded.ok() || !opened) {
      std::abort();
    }
    plan_ = std::move(loaded.fabric);
    joint_.emplace(&plan_);
    store_ = std::move(*opened);
    fill();
  }

  [[nodiscard]] ApiSource source() {
    return {
        .revision = [this] { return revision_.load(); },
        .look =
            [this](const auto& see) {
              const std::lock_guard hold(mutex_);
              const QuerySource query = this->query();
              see({.query = query, .joint = &*joint_, .answer = [&query](std::string_view line) {
                     // What only a running program knows stands in for itself.
                     return line.starts_with(R"({"ask":"why")") ? std::string(kWhy)
                                                                : answer(query, line);
                   }});
            }};
  }
  [[nodiscard]] QuerySource query() const {
    return {.store = store_.get(), .findings = findings_, .now = kNow, .is_simulated = true};
  }
  [[nodiscard]] const fabric::Fabric& plan() const { return plan_; }
  /// One more finding; the revision grows.
  void add(const std::string& id) {
    const std::lock_guard hold(mutex_);
    diagnose::LivingFinding living;
    living.id = id;
    living.finding.level = diagnose::Level::kWarning;
    living.finding.code = "lane-weak";
    living.finding.place = "server0/nvme0/pcie0";
    living.finding.subject = plan_.port_named("server0/nvme0/pcie0")->id;
    living.finding.sentence = "lane 2 makes errors \"often\"\nand again";
    living.opened = {kNow.ns - 60 * kSecondNs};
    findings_.push_back(std::move(living));
    ++revision_;
  }

 private:
  void fill() {
    const std::string subject = plan_.port_named("server0/nvme0/pcie0")->id.text();
    std::vector<telemetry::StorePoint> points;
    for (int lane = 0; lane < 4; ++lane) {
      const auto errors =
          store_->series({subject, observe::Metric::kLaneBitErrors, std::to_string(lane)});
      for (std::uint64_t i = 0; i < 10; ++i) {
        points.push_back({*errors,
                          {.at = {kNow.ns - static_cast<std::int64_t>(300 - 30 * i) * kSecondNs},
                           .value = observe::Value(i * (lane == 2 ? 1000 : 1))}});
      }
    }
    const auto heat = store_->series({subject, observe::Metric::kTemperature, "Composite"});
    points.push_back({*heat, {.at = kNow, .value = observe::Value(41.5)}});
    const auto peak = store_->series({subject, observe::Metric::kTemperaturePeak, "Composite"});
    points.push_back({*peak, {.at = kNow, .value = observe::absent(observe::Absence::kNeedsRoot)}});
    std::vector<telemetry::StoredEvent> events(3);
    for (std::size_t i = 0; i < events.size(); ++i) {
      events[i].event.at = base::WallTime{kNow.ns - static_cast<std::int64_t>(i + 1) * kSecondNs};
      events[i].event.kind = "link_down";
      events[i].event.text = "nvme0: down";
      events[i].subject = subject;
      events[i].host = "server0";
    }
    telemetry::SubjectRecord record;
    record.subject = subject;
    record.kind = "port";
    record.host = "server0";
    record.name = "0000:01:00.0";
    record.planned = "server0/nvme0/pcie0";
    if (!store_->append(points) || !store_->append(events) || !store_->put_subject(record) ||
        !store_->commit()) {
      std::abort();
    }
    add("fnd-1");
  }

  base::TempFolder folder_;
  fabric::Fabric plan_;
  std::optional<diagnose::Joint> joint_;
  std::unique_ptr<telemetry::Store> store_;
  std::vector<diagnose::LivingFinding> findings_;
  std::mutex mutex_;
  std::atomic<std::uint64_t> revision_{1};
};

}  // namespace weft::serve
