// SPDX-License-Identifier: Apache-2.0
// For tests and fuzzers of the API: a small plane whose contents are known, without machines.
#pragma once

#include "base/temp_folder.h"
#include "bus/linux/devices.h"
#include "fabric/rack.h"
#include "serve/acknowledge.h"
#include "serve/api/source.h"
#include "serve/marks.h"

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace weft::serve {

/// A world that does as it is told, and counts.
class TestWorld : public WorldControl {
 public:
  std::string answer(std::string_view line) override {
    const std::lock_guard hold(mutex_);
    lines.emplace_back(line);
    if (line.find("no such fault") != line.npos) {
      return R"({"ok":false,"error":{"code":"NOT_FOUND","what":"there is no such fault"}})";
    }
    if (line.starts_with(R"({"command":"faults")")) {
      return R"({"ok":true,"faults":[{"id":7,"fault":"fan-loss","target":"host:server0",)"
             R"("phase":"active","level":1}]})";
    }
    return R"({"ok":true,"rack":"pair","seed":1,"world_seconds":2.5,"links":1,"links_up":1,)"
           R"("id":8,"cleared":1})";
  }
  [[nodiscard]] std::string catalogue() const override {
    return R"({"schema":"weftline/faults/1","faults":[]})";
  }
  [[nodiscard]] double speed() const override { return speed_; }
  base::Result<void> set_speed(double speed) override {
    speed_ = speed;
    return {};
  }
  base::Result<void> skip(base::Duration span) override {
    skipped = span;
    return {};
  }
  [[nodiscard]] base::Duration skipping() const override { return {}; }

  std::vector<std::string> lines;  ///< to be read when nobody asks
  base::Duration skipped{};

 private:
  std::mutex mutex_;
  std::atomic<double> speed_{1};
};

/// A root port and a drive as files: registers keep what is written, which is all that a disabled
/// link needs.
inline void write_test_machine(const std::string& root) {
  const auto function = [&](const std::string& address, std::uint8_t type, std::uint8_t header) {
    std::string bytes(4096, '\0');
    const auto put = [&bytes](std::size_t at, std::uint32_t value, unsigned width) {
      for (unsigned i = 0; i < width; ++i) {
        bytes[at + i] = static_cast<char>(value >> (8 * i));
      }
    };
    put(0, 0x12345678, 4);
    put(0x0E, header, 1);
    put(0x19, header == 1 ? 1 : 0, 1);
    put(0x34, 0x40, 1);                                        // first capability
    put(0x40, 0x0010U | (2U | unsigned{type} << 4) << 16, 4);  // PCI Express
    put(0x4C, 0x00100000U | 4U << 4 | 5, 4);                   // Link Capabilities: x4, 32 GT/s
    put(0x52, 0x2045, 2);                                      // Link Status
    put(0x70, 0x0005, 2);                                      // Link Control 2
    const auto folder = root + "/sys/bus/pci/devices/" + address;
    std::filesystem::create_directories(folder);
    std::ofstream(folder + "/config") << bytes;
  };
  function("0000:00:01.0", 4, 1);
  function("0000:01:00.0", 0, 0);
}

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
    machine = folder_.at("m");
    write_test_machine(machine);
    desk.emplace(ActionDeskOptions{
        .source = machine,
        .refusal = {},
        .hint = {},
        .folder = folder_.at("state"),
        .open = [this](std::string_view word, const diagnose::Joint*) { return place(word); },
        .store = store_.get(),
        .changed = [this] { ++revision_; }});
  }

  [[nodiscard]] ApiSource source() {
    return {.revision = [this] { return revision_.load(); },
            .look =
                [this](const auto& see) {
                  const std::lock_guard hold(mutex_);
                  const QuerySource query = this->query();
                  see({.query = query,
                       .joint = &*joint_,
                       .answer =
                           [this, &query](std::string_view line) {
                             // What only a running program knows stands in for itself.
                             return line.starts_with(R"({"ask":"why")") ? std::string(kWhy)
                                    : line.find(R"("ask":"acknowledge")") != line.npos
                                        ? take_acknowledgement(line)
                                    : line.find(R"("ask":"mark")") != line.npos
                                        ? take_mark(line)
                                        : answer(query, line);
                           },
                       .world = world,
                       .actions = desk ? &*desk : nullptr});
                }};
  }
  [[nodiscard]] QuerySource query() const {
    return {.store = store_.get(), .findings = findings_, .now = kNow, .is_simulated = true};
  }
  [[nodiscard]] const fabric::Fabric& plan() const { return plan_; }
  TestWorld known_world;
  WorldControl* world = &known_world;
  std::string machine;             ///< folder of the machine that actions are on
  std::optional<ActionDesk> desk;  ///< to be changed when nobody asks
  /// The root port's Link Control as its file holds it.
  [[nodiscard]] unsigned link_control() const {
    std::ifstream in(machine + "/sys/bus/pci/devices/0000:00:01.0/config", std::ios::binary);
    in.seekg(0x50);
    const int low = in.get();
    const int high = in.get();
    return static_cast<unsigned>(low) | static_cast<unsigned>(high) << 8U;
  }
  /// From now on nothing may be done.
  void refuse(const std::string& why) {
    const std::lock_guard hold(mutex_);
    auto options = desk->options();
    options.refusal = why;
    desk.emplace(std::move(options));
  }
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
  [[nodiscard]] base::Result<ActionPlace> place(std::string_view word) const {
    if (!word.empty() && !word.ends_with("01:00.0") && !word.ends_with("00:01.0")) {
      return base::fail(base::Code::kNotFound, "there is no such link", std::string(word));
    }
    ActionPlace out;
    out.source = machine;
    out.target.name = word;
    out.devices = bus::linux_host::live_devices(machine);
    out.wait = [](base::Duration) {};
    return out;
  }
  std::string take_acknowledgement(std::string_view line) {
    const auto asked = asked_acknowledgement(line, findings_, kept_acknowledgements(*store_), kNow);
    if (asked && asked->applies) {
      const auto done = asked->drops ? drop_acknowledgement(*store_, asked->one.finding)
                                     : keep_acknowledgement(*store_, asked->one);
      if (!done || !store_->commit()) {
        std::abort();
      }
      ++revision_;
    }
    return acknowledgement_answer(asked, kNow, true);
  }
  std::string take_mark(std::string_view line) {
    const auto mark = asked_mark(line, kNow);
    if (mark && keep_mark(*store_, *mark)) {
      ++revision_;
    }
    return mark_answer(mark, kNow, true);
  }
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
    record.part.serial = "SN 7/1";
    record.part.part_number = "NVME-1";
    record.since = {kNow.ns - 3600 * kSecondNs};
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
