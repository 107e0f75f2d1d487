// SPDX-License-Identifier: Apache-2.0
#include "cli/place.h"

#include "base/text.h"
#include "bus/linux/devices.h"
#include "bus/linux/open.h"
#include "cli/door_devices.h"
#include "driver/collect.h"
#include "fabric/rack.h"
#include "twin/plan/inventory.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

namespace weft::cli {
namespace place_parts {

using base::Code;
using base::Result;

constexpr std::string_view kUpPrefix = "weft up ";

void sleep_for(base::Duration span) {
  timespec left{.tv_sec = span.ns / 1'000'000'000, .tv_nsec = span.ns % 1'000'000'000};
  while (nanosleep(&left, &left) != 0) {
  }
}

double steady_seconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

Result<observe::Snapshot> look_at(const std::string& root) {
  auto host = bus::linux_host::open_host(root);
  if (!host) {
    return tl::unexpected(host.error());
  }
  return driver::collect(*host, {.now = base::wall_now()});
}

/// "i2c-9/0x24", also with a machine before it.
std::optional<Target> retimer_named(std::string_view word) {
  const auto slash = word.rfind('/');
  if (slash == std::string_view::npos) {
    return std::nullopt;
  }
  const auto bus = word.substr(0, slash);
  auto digits = word.substr(slash + 1);
  const auto before = bus.rfind('/');
  const auto segment = before == std::string_view::npos ? bus : bus.substr(before + 1);
  if (!segment.starts_with("i2c-") || !digits.starts_with("0x")) {
    return std::nullopt;
  }
  digits.remove_prefix(2);
  const auto address = base::parse_unsigned(digits, 16);
  if (!address || *address > 0x7F) {
    return std::nullopt;
  }
  return Target{.kind = TargetKind::kRetimer,
                .name = fmt::format("{}/0x{:02x}", bus, *address),
                .segment = std::string(bus),
                .address = static_cast<std::uint8_t>(*address)};
}

bool has_name(const bus::Devices& devices, bus::DoorKind kind, std::string_view word) {
  const auto names = devices.names(kind);
  return std::ranges::find(names, word) != names.end();
}

/// What a machine's own names say; a word that is none of them is taken for a link's, whose driver
/// knows best what is wrong with it.
Target target_of(const bus::Devices& devices, std::string_view word) {
  if (auto retimer = retimer_named(word)) {
    return *retimer;
  }
  const bool is_module = !has_name(devices, bus::DoorKind::kConfigSpace, word) &&
                         has_name(devices, bus::DoorKind::kModuleMemory, word);
  return {.kind = is_module ? TargetKind::kModule : TargetKind::kLink, .name = std::string(word)};
}

Place this_machine(const std::string& root) {
  Place out;
  out.source = root == "/" ? std::string(kThisHost) : root;
  out.devices = bus::linux_host::live_devices(root);
  out.wait = sleep_for;
  out.clock = [] { return Result<double>(steady_seconds()); };
  out.look = [root] { return look_at(root); };
  return out;
}

/// A twin's machine as its files show it; snapshots may be some seconds old.
Result<Place> running_twin(const std::string& folder) {
  auto devices = DoorDevices::open(folder);
  if (!devices) {
    return tl::unexpected(devices.error());
  }
  Place out;
  out.source = std::string(kUpPrefix) + folder;
  out.is_simulated = true;
  DoorDevices& doors = **devices;
  out.devices = std::move(*devices);
  out.wait = [&doors](base::Duration span) { doors.wait(span); };
  out.clock = [&doors] { return doors.world_seconds(); };
  return out;
}

/// Names of a kind that are `word` or end in "/word": one, where it names one machine's.
void add_names(const bus::Devices& devices, bus::DoorKind kind, std::string_view word,
               std::vector<std::string>& out) {
  for (std::string& name : devices.names(kind)) {
    if (name == word || name.ends_with(fmt::format("/{}", word))) {
      out.push_back(std::move(name));
    }
  }
}

/// A machine that is not named is found where only one has the device.
Result<void> name_machine(Place& place, const std::string& folder) {
  Target& target = place.target;
  const bool is_retimer = target.kind == TargetKind::kRetimer;
  std::string& full = is_retimer ? target.segment : target.name;
  std::vector<std::string> names;
  std::size_t functions = 0;
  if (is_retimer) {
    add_names(*place.devices, bus::DoorKind::kSmbus, full, names);
  } else {
    add_names(*place.devices, bus::DoorKind::kConfigSpace, full, names);
    functions = names.size();
    add_names(*place.devices, bus::DoorKind::kModuleMemory, full, names);
  }
  if (names.size() > 1) {
    return base::fail(Code::kInvalidArgument, "several machines have one", full,
                      fmt::format("Name one: {}.", fmt::join(names, ", ")));
  }
  if (names.empty()) {
    return base::fail(Code::kNotFound, "the twin has no link, retimer bus or module of this name",
                      full, "Name it as MACHINE/0000:3b:00.0, MACHINE/i2c-9/0x24 or MACHINE/eth0.");
  }
  full = names.front();
  if (is_retimer) {
    target.name = fmt::format("{}/0x{:02x}", full, target.address);
  } else {
    target.kind = functions != 0 ? TargetKind::kLink : TargetKind::kModule;
  }
  place.machine = full.substr(0, full.rfind('/'));
  std::string files = place.machine;
  std::ranges::replace(files, '/', '-');
  place.look = [root = folder + "/" + files] { return look_at(root); };
  return {};
}

Result<std::unique_ptr<fabric::Fabric>> load_twin_plan(const std::string& file) {
  auto loaded = fabric::rack_fabric(file);
  if (!loaded) {
    return tl::unexpected(loaded.error());
  }
  return std::make_unique<fabric::Fabric>(std::move(*loaded));
}

std::optional<RackTarget> find_on(const twin::Rack& rack, std::size_t m, std::string_view word) {
  const twin::MachinePlan& plan = *rack.machines[m].plan;
  const auto device_name = [&](fabric::DeviceId id) {
    const auto* const device = rack.plan->fabric.device(id);
    return device == nullptr ? std::string_view() : std::string_view(device->name);
  };
  const auto is_named = [&](std::string_view own, fabric::DeviceId id) {
    return word == own || word == fmt::format("{}/{}", plan.name, own) ||
           (!device_name(id).empty() && word == device_name(id));
  };
  for (const twin::SmbusPlan& one : plan.retimers) {
    const auto name = fmt::format("{}/0x{:02x}", one.segment, one.address);
    if (is_named(name, one.retimer)) {
      return RackTarget{m, {TargetKind::kRetimer, name, one.segment, one.address}};
    }
  }
  for (const twin::FunctionPlan& one : plan.functions) {
    const bool is_link =
        one.link && *one.link < rack.plan->links.size() && rack.plan->links[*one.link].name == word;
    if (is_link || is_named(one.address, {})) {
      return RackTarget{m, {TargetKind::kLink, one.address}};
    }
  }
  for (const twin::ModulePlan& one : plan.modules) {
    const bool is_link =
        one.link < rack.plan->links.size() && rack.plan->links[one.link].name == word;
    if (is_link || is_named(one.interface, one.module)) {
      return RackTarget{m, {TargetKind::kModule, one.interface}};
    }
  }
  return std::nullopt;
}

std::string some_links(const twin::Rack& rack) {
  constexpr std::size_t kNamed = 3;
  std::vector<std::string> names;
  for (const twin::Machine& machine : rack.machines) {
    for (const twin::FunctionPlan& one : machine.plan->functions) {
      if (one.link && names.size() <= kNamed &&
          (names.empty() || names.back() != rack.plan->links[*one.link].name)) {
        names.push_back(rack.plan->links[*one.link].name);
      }
    }
  }
  if (names.empty()) {
    return "The rack has no PCIe link in a machine.";
  }
  const bool has_more = names.size() > kNamed;
  names.resize(std::min(names.size(), kNamed));
  return fmt::format("The rack has {}{}.", fmt::join(names, ", "), has_more ? " and more" : "");
}

Result<Place> twin_of(const Arguments& arguments, const std::string& file, std::string_view word) {
  const auto seed = number_option(arguments, "--seed", 1, 0, 9e15);
  const auto advance = number_option(arguments, "--advance", 5, 0, 86400);
  if (!seed || !advance) {
    return tl::unexpected((seed ? advance : seed).error());
  }
  auto fabric = load_twin_plan(file);
  if (!fabric) {
    return tl::unexpected(fabric.error());
  }
  auto built = twin::build_rack(std::move(**fabric), {.seed = static_cast<std::uint64_t>(*seed)});
  if (!built) {
    return tl::unexpected(built.error());
  }
  twin::Rack& rack = **built;
  rack.world->advance(base::seconds(*advance));
  std::optional<RackTarget> found;
  for (std::size_t m = 0; m < rack.machines.size() && !found; ++m) {
    found = find_on(rack, m, word);
  }
  if (!found) {
    return base::fail(Code::kNotFound, "no such link", std::string(word), some_links(rack));
  }
  Place out;
  out.source = "rack " + file;
  out.machine = rack.machines[found->machine].plan->name;
  out.is_simulated = true;
  out.target = found->target;
  out.devices = std::move(twin::host_of(rack, found->machine).devices);
  out.plan = twin::located(*rack.plan);
  out.look = [&rack, machine = found->machine] {
    return driver::collect(twin::host_of(rack, machine), {.now = base::wall_now()});
  };
  out.wait = [&world = *rack.world](base::Duration span) {
    const twin::Hold hold(world.mutex());
    world.advance(span);
  };
  out.clock = [&world = *rack.world] {
    const twin::Hold hold(world.mutex());
    return Result<double>(base::Duration{world.now().ns}.seconds());
  };
  out.rack = &rack;
  out.is_passing = true;
  out.owner = std::shared_ptr<twin::Rack>(std::move(*built));
  return out;
}

}  // namespace place_parts

base::Result<double> number_option(const Arguments& arguments, std::string_view name,
                                   double otherwise, double low, double high) {
  const auto text = arguments.value(name);
  if (!text) {
    return otherwise;
  }
  double value = 0;
  const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (problem != std::errc() || end != text->data() + text->size() || !(value >= low) ||
      !(value <= high)) {
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("{}: \"{}\" is not a number from {} to {}", name,
                                  base::printable(*text), low, high));
  }
  return value;
}

base::Result<RackTarget> find_in(const twin::Rack& rack, std::string_view word) {
  using namespace place_parts;
  std::vector<RackTarget> all;
  for (std::size_t m = 0; m < rack.machines.size(); ++m) {
    if (auto found = find_on(rack, m, word)) {
      all.push_back(*std::move(found));
    }
  }
  if (all.empty()) {
    return base::fail(Code::kNotFound, "no such link, retimer or module", base::printable(word, 80),
                      some_links(rack));
  }
  // A link's name is at both its ends; a machine's own name may be at several by chance.
  if (all.size() > 1 && all.front().target.name == word) {
    return base::fail(
        Code::kInvalidArgument, "several machines have one", base::printable(word, 80),
        fmt::format("Name one: {}/{}.", rack.machines[all.front().machine].plan->name, word));
  }
  return std::move(all.front());
}

Place place_here(const std::string& root) {
  return place_parts::this_machine(root);
}

void name_target(Place& place, std::string_view word) {
  place.target = place_parts::target_of(*place.devices, word);
}

std::string up_source(const std::string& folder) {
  return std::string(place_parts::kUpPrefix) +
         std::filesystem::absolute(folder).lexically_normal().string();
}

base::Result<Place> open_place(const Arguments& arguments, std::string_view word) {
  using namespace place_parts;
  const auto file = arguments.value("--rack");
  const auto folder = arguments.value("--folder");
  auto place = file     ? twin_of(arguments, *file, word)
               : folder ? running_twin(std::filesystem::absolute(*folder).lexically_normal())
                        : Result<Place>(this_machine(arguments.value("--root").value_or("/")));
  if (!place) {
    return place;
  }
  if (!file) {
    place->target = target_of(*place->devices, word);
  }
  if (folder && !file && !word.empty()) {
    if (auto named = name_machine(*place, place->source.substr(kUpPrefix.size())); !named) {
      return tl::unexpected(named.error());
    }
  }
  if (const auto inventory = arguments.value("--inventory")) {
    auto known = load_twin_plan(*inventory);
    if (!known) {
      return tl::unexpected(known.error());
    }
    place->plan = std::move(**known);
  }
  return place;
}

base::Result<FarModule> open_module_elsewhere(const Place& place, std::string_view word) {
  using namespace place_parts;
  FarModule out;
  if (place.rack == nullptr) {
    auto memory = place.devices->module_memory(word);
    if (!memory) {
      return tl::unexpected(memory.error());
    }
    out.memory = std::move(*memory);
    return out;
  }
  for (std::size_t m = 0; m < place.rack->machines.size(); ++m) {
    const auto found = find_on(*place.rack, m, word);
    if (found && found->target.kind == TargetKind::kModule) {
      out.devices = std::move(twin::host_of(*place.rack, m).devices);
      auto memory = out.devices->module_memory(found->target.name);
      if (!memory) {
        return tl::unexpected(memory.error());
      }
      out.memory = std::move(*memory);
      return out;
    }
  }
  return base::fail(Code::kNotFound, "the rack has no such module", std::string(word),
                    "Name it as MACHINE/eth0, or by its device.");
}

base::Result<std::optional<Place>> reopen_place(const std::string& source) {
  using namespace place_parts;
  if (source.starts_with("rack ")) {
    return std::optional<Place>();
  }
  if (source.starts_with(kUpPrefix)) {
    auto place = running_twin(source.substr(kUpPrefix.size()));
    return place ? Result<std::optional<Place>>(std::move(*place)) : tl::unexpected(place.error());
  }
  return std::optional<Place>(this_machine(source == kThisHost ? "/" : source));
}

}  // namespace weft::cli
