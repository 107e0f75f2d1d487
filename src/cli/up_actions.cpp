// SPDX-License-Identifier: Apache-2.0
#include "cli/up_actions.h"

#include "cli/place.h"
#include "driver/collect.h"
#include "driver/journal.h"
#include "twin/plan/inventory.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace weft::cli {
namespace up_actions_parts {

using base::Code;
using base::Result;

class NamedConfig final : public bus::ConfigSpace {
 public:
  NamedConfig(std::unique_ptr<bus::ConfigSpace> inner, std::string name)
      : inner_(std::move(inner)), name_(std::move(name)) {}
  [[nodiscard]] Result<std::uint32_t> read(std::uint16_t offset, std::uint8_t width) override {
    return inner_->read(offset, width);
  }
  Result<void> write(std::uint16_t offset, std::uint8_t width, std::uint32_t value) override {
    return inner_->write(offset, width, value);
  }
  [[nodiscard]] std::string description() const override { return name_; }

 private:
  std::unique_ptr<bus::ConfigSpace> inner_;
  std::string name_;
};

class NamedSmbus final : public bus::Smbus {
 public:
  NamedSmbus(std::unique_ptr<bus::Smbus> inner, std::string name)
      : inner_(std::move(inner)), name_(std::move(name)) {}
  [[nodiscard]] Result<base::Bytes> run(const bus::SmbusTransaction& transaction) override {
    return inner_->run(transaction);
  }
  [[nodiscard]] std::uint64_t transactions() const override { return inner_->transactions(); }
  [[nodiscard]] std::string description() const override { return name_; }
  void lock() override { inner_->lock(); }
  void unlock() override { inner_->unlock(); }

 private:
  std::unique_ptr<bus::Smbus> inner_;
  std::string name_;
};

class NamedModule final : public bus::ModuleMemory {
 public:
  NamedModule(std::unique_ptr<bus::ModuleMemory> inner, std::string name)
      : inner_(std::move(inner)), name_(std::move(name)) {}
  [[nodiscard]] Result<base::Bytes> read(bus::ModuleAddress from, std::uint8_t length) override {
    return inner_->read(from, length);
  }
  Result<void> write(bus::ModuleAddress to, base::ByteView bytes) override {
    return inner_->write(to, bytes);
  }
  [[nodiscard]] std::string description() const override { return name_; }

 private:
  std::unique_ptr<bus::ModuleMemory> inner_;
  std::string name_;
};

/// Devices of a rack's machines, with their machine before their name, as its doors name them.
class RackDevices final : public bus::Devices {
 public:
  explicit RackDevices(twin::Rack& rack) : rack_(rack) {}

  [[nodiscard]] std::vector<std::string> names(bus::DoorKind kind) const override {
    std::vector<std::string> out;
    for (std::size_t m = 0; m < rack_.machines.size(); ++m) {
      if (!only_ || *only_ == m) {
        for (const std::string& name : devices(m).names(kind)) {
          out.push_back(rack_.machines[m].plan->name + "/" + name);
        }
      }
    }
    return out;
  }
  [[nodiscard]] Result<std::unique_ptr<bus::ConfigSpace>> config_space(
      std::string_view name) override {
    return named<NamedConfig>(name, &bus::Devices::config_space);
  }
  [[nodiscard]] Result<std::unique_ptr<bus::Smbus>> smbus(std::string_view name) override {
    return named<NamedSmbus>(name, &bus::Devices::smbus);
  }
  [[nodiscard]] Result<std::unique_ptr<bus::ModuleMemory>> module_memory(
      std::string_view name) override {
    return named<NamedModule>(name, &bus::Devices::module_memory);
  }
  [[nodiscard]] Result<std::unique_ptr<bus::PortCounters>> port_counters(
      std::string_view name) override {
    return base::fail(Code::kUnimplemented, "port counters have no door", std::string(name));
  }
  /// Names are those of this machine alone: what an action there needs, and less to look through.
  void only(std::size_t machine) { only_ = machine; }

 private:
  bus::Devices& devices(std::size_t machine) const {
    auto& one = opened_[machine];
    if (!one) {
      one = std::move(twin::host_of(rack_, machine).devices);
    }
    return *one;
  }

  template <class Named, class Door>
  Result<std::unique_ptr<Door>> named(
      std::string_view name,
      Result<std::unique_ptr<Door>> (bus::Devices::*open)(std::string_view)) {
    for (std::size_t m = 0; m < rack_.machines.size(); ++m) {
      const std::string prefix = rack_.machines[m].plan->name + "/";
      if (!name.starts_with(prefix) || name.substr(prefix.size()).find('/') != name.npos) {
        continue;
      }
      auto door = (devices(m).*open)(name.substr(prefix.size()));
      if (!door) {
        return door;
      }
      return std::make_unique<Named>(*std::move(door), std::string(name));
    }
    return base::fail(Code::kNotFound, "the twin has none of this name", std::string(name),
                      "Name its machine first: server0/0000:3b:00.0.");
  }

  twin::Rack& rack_;
  std::optional<std::size_t> only_;
  mutable std::map<std::size_t, std::unique_ptr<bus::Devices>> opened_;
};

Result<serve::ActionPlace> open_twin(twin::Rack& rack, const std::string& source,
                                     std::string_view word) {
  serve::ActionPlace out;
  out.source = source;
  out.is_simulated = true;
  auto devices = std::make_unique<RackDevices>(rack);
  // Not by waiting for the pacer, which may rest.
  out.wait = [&world = *rack.world](base::Duration span) {
    const twin::Hold hold(world.mutex());
    world.advance(span);
  };
  if (!word.empty()) {
    auto found = find_in(rack, word);
    if (!found) {
      return tl::unexpected(found.error());
    }
    out.machine = rack.machines[found->machine].plan->name;
    out.target = std::move(found->target);
    const std::string prefix = out.machine + "/";
    out.target.name.insert(0, prefix);
    if (out.target.kind == TargetKind::kRetimer) {
      out.target.segment.insert(0, prefix);
    }
    devices->only(found->machine);
    out.plan = twin::located(*rack.plan);
    out.look = [&rack, machine = found->machine] {
      return driver::collect(twin::host_of(rack, machine), {.now = base::wall_now()});
    };
  }
  out.devices = std::move(devices);
  return out;
}

/// What this machine calls an end of a link of the joint fabric; the word itself where it is none.
std::string word_here(const serve::ActionPlace& place, const diagnose::Joint& joint,
                      std::string_view word) {
  const auto look = place.look();
  if (!look) {
    return std::string(word);
  }
  for (const observe::LinkState& one : look->links) {
    const auto known = joint.link(one.link);
    const auto* const link = known ? joint.fabric().link(known->link) : nullptr;
    if (link != nullptr && link->name == word) {
      return one.a.address.empty() ? one.b.address : one.a.address;
    }
  }
  return std::string(word);
}

serve::ActionDeskOptions options_of(std::string source) {
  serve::ActionDeskOptions out;
  out.source = std::move(source);
  if (const auto folder = driver::state_folder()) {
    out.folder = *folder;
  } else {
    out.refusal = folder.error().what;
    out.hint = folder.error().hint;
  }
  return out;
}

}  // namespace up_actions_parts

serve::ActionDeskOptions twin_actions(twin::Rack& rack, const std::string& folder) {
  const auto source = up_source(folder);
  auto out = up_actions_parts::options_of(source);
  out.open = [&rack, source](std::string_view word, const diagnose::Joint*) {
    return up_actions_parts::open_twin(rack, source, word);
  };
  return out;
}

serve::ActionDeskOptions host_actions(bool allows) {
  auto out = up_actions_parts::options_of(std::string(kThisHost));
  if (!allows) {
    out.refusal = "actions on this machine are switched off";
    out.hint =
        "Start weft serve with --allow-actions; the verbs (weft link, weft device) do "
        "without.";
  }
  out.open = [](std::string_view word,
                const diagnose::Joint* joint) -> base::Result<serve::ActionPlace> {
    Place place = place_here("/");
    if (!word.empty()) {
      name_target(place, joint == nullptr ? std::string(word)
                                          : up_actions_parts::word_here(place, *joint, word));
    }
    return serve::ActionPlace(std::move(place));
  };
  return out;
}

}  // namespace weft::cli
