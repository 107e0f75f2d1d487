// SPDX-License-Identifier: Apache-2.0
#include "score/answer.h"

#include "twin/fault/target.h"

#include <algorithm>
#include <array>

namespace weft::score {
namespace answer_cpp {
namespace {

using diagnose::Stretch;
using fabric::LaneDirection;
using fabric::Medium;

constexpr auto kRows = std::to_array<AnswerRow>({
    {"contaminated-connector", Where::kSeat, "connector", true},
    {"worn-connector", Where::kSeat, "connector", true},
    {"mis-seated-card", Where::kSeat, "connector", true},
    {"cold-solder", Where::kSeat, "card", false},
    {"open-lane", Where::kSeat, "card", false},
    {"bent-twinax", Where::kMedium, "cable", true},
    {"wrong-cable", Where::kMedium, "cable", false},
    {"broken-shield", Where::kMedium, "cable", true},
    {"lane-skew", Where::kPath, "path", true},
    {"moisture", Where::kPath, "path", false},
    {"loud-neighbour", Where::kPath, "path", true},
    {"low-swing", Where::kTransmitter, "transmitter", false},
    {"jittery-clock", Where::kTransmitter, "transmitter", true},
    {"marginal-eq", Where::kReceiver, "receiver", false},
    {"adapted-on-transient", Where::kReceiver, "receiver", true},
    {"esd-receiver", Where::kReceiver, "receiver", false},
    {"supply-noise", Where::kReceiver, "receiver", true},
    {"retimer-lane", Where::kReceiver, "receiver", true},
    {"dirty-fibre", Where::kFibre, "fibre", true},
    {"bent-fibre", Where::kFibre, "fibre", true},
    {"reflective-connector", Where::kFibre, "fibre", true},
    {"ageing-laser", Where::kTransmitter, "laser", true},
    {"dead-laser", Where::kTransmitter, "laser", false},
    {"clock-drift", Where::kLink, "link", false},
    {"vibration", Where::kLink, "link", true},
    {"link-flap", Where::kLink, "link", true},
    {"unplugged", Where::kLink, "link", true},
    {"hot-inlet", Where::kAir, "air", true},
    {"fan-loss", Where::kAir, "air", true},
    {"blocked-filter", Where::kAir, "air", true},
    {"rail-noise", Where::kSupply, "supply", true},
    {"brown-out", Where::kSupply, "supply", true},
    {"blocked-heat-sink", Where::kDevice, "device", true},
    {"leaky-die", Where::kDevice, "device", true},
    {"firmware-hang", Where::kDevice, "device", false},
    {"stuck-sensor", Where::kDevice, "device", false},
    {"sensor-offset", Where::kDevice, "device", false},
    {"lying-counter", Where::kDevice, "device", false},
    {"eeprom-corruption", Where::kDevice, "device", false},
});
constexpr AnswerRow kOther = {"", Where::kDevice, "device", false};

/// One section of a link, its lanes in one or both directions.
class Builder {
 public:
  Builder(const twin::WorldPlan& plan, Answer& answer) : plan_(plan), answer_(answer) {}

  void add(const twin::LinkPlan& link, std::size_t section, bool is_toward_device) {
    const std::size_t from = is_toward_device ? section : section + 1;
    const std::size_t to = is_toward_device ? section + 1 : section;
    switch (answer_.row->where) {
      case Where::kSeat:
        node(link, section + 1);
        seat(link, section);
        break;
      case Where::kMedium:
      case Where::kFibre:
        medium(link, section);
        break;
      case Where::kPath:
        medium(link, section);
        node(link, section);
        node(link, section + 1);
        break;
      case Where::kTransmitter:
        node(link, from);
        break;
      case Where::kReceiver:
        node(link, to);
        break;
      default:
        break;
    }
  }

  /// Both ends and everything between them.
  void add_all(const twin::LinkPlan& link) {
    for (std::size_t section = 0; section < link.sections.size(); ++section) {
      medium(link, section);
      node(link, section);
      node(link, section + 1);
    }
    answer_.kinds.insert("connector");
    answer_.stretches.insert(Stretch::kConnector);
  }

 private:
  static bool is_cable(Medium medium) {
    return medium == Medium::kDac || medium == Medium::kAcc || medium == Medium::kAec ||
           medium == Medium::kAoc || medium == Medium::kBackplane;
  }
  static bool is_fibre(Medium medium) {
    return medium == Medium::kAoc || medium == Medium::kDspOptics || medium == Medium::kLpo ||
           medium == Medium::kCpo || medium == Medium::kCoherent;
  }
  [[nodiscard]] bool has(const twin::LinkPlan& link, std::size_t section,
                         bool (*is)(Medium)) const {
    return std::ranges::any_of(link.sections[section].segments,
                               [&](const fabric::Segment& one) { return is(one.medium); });
  }
  /// Cable and both its ends are one part: nobody replaces one of them.
  [[nodiscard]] bool is_assembly(const twin::LinkPlan& link) const {
    for (std::size_t section = 0; section < link.sections.size(); ++section) {
      if (has(link, section, [](Medium m) { return m == Medium::kAec || m == Medium::kAoc; })) {
        return true;
      }
    }
    return false;
  }
  void assembly(const twin::LinkPlan& link) {
    answer_.kinds.insert({"cable", "module"});
    for (const fabric::DeviceId device : link.repeaters) {
      if (device != fabric::DeviceId{}) {
        answer_.devices.insert(device);
      }
    }
  }

  /// What decides bits at place `at`: 0 is end a, sections.size() is end b.
  void node(const twin::LinkPlan& link, std::size_t at) {
    if (at == 0 || at == link.sections.size()) {
      const fabric::PortId port = at == 0 ? link.a : link.b;
      answer_.stretches.insert(at == 0 ? Stretch::kSerdesA : Stretch::kSerdesB);
      answer_.devices.insert(plan_.fabric.owner(port));
      // Optics and cables that the rack file names as a segment only stand at the port.
      const std::size_t section = at == 0 ? 0 : at - 1;
      if (has(link, section, is_fibre)) {
        answer_.stretches.insert(at == 0 ? Stretch::kModuleA : Stretch::kModuleB);
        answer_.kinds.insert("module");
      }
      return;
    }
    const fabric::DeviceId device = link.repeaters[at - 1];
    const fabric::Device* known = plan_.fabric.device(device);
    if (known != nullptr && known->kind == fabric::DeviceKind::kRetimer) {
      answer_.stretches.insert(Stretch::kRetimer);
      answer_.devices.insert(device);
      return;
    }
    answer_.stretches.insert(at == 1 ? Stretch::kModuleA : Stretch::kModuleB);
    if (known != nullptr) {
      answer_.devices.insert(device);
    } else {
      answer_.kinds.insert("module");
    }
    if (is_assembly(link)) {
      assembly(link);
    }
  }

  void medium(const twin::LinkPlan& link, std::size_t section) {
    if (has(link, section, is_fibre)) {
      answer_.stretches.insert(Stretch::kFibre);
      answer_.stretches.insert(Stretch::kConnector);
      answer_.kinds.insert({"fibre", "connector"});
      if (is_assembly(link)) {
        answer_.stretches.insert(Stretch::kCable);
        assembly(link);
      }
      return;
    }
    if (has(link, section, is_cable)) {
      answer_.stretches.insert(Stretch::kCable);
      answer_.kinds.insert({"cable", "backplane"});
      if (is_assembly(link)) {
        assembly(link);
      }
      return;
    }
    board(link, section);
  }

  void board(const twin::LinkPlan& link, std::size_t section) {
    const std::size_t last = link.sections.size() - 1;
    if (section == 0) {
      answer_.stretches.insert(Stretch::kBoardA);
    }
    if (section == last) {
      answer_.stretches.insert(Stretch::kBoardB);
    }
    answer_.stretches.insert(Stretch::kConnector);
    answer_.kinds.insert({"board", "card", "connector"});
  }

  /// Contacts at a section's end toward the device.
  void seat(const twin::LinkPlan& link, std::size_t section) {
    const bool is_last = section + 1 == link.sections.size();
    answer_.stretches.insert(Stretch::kConnector);
    answer_.stretches.insert(is_last ? Stretch::kBoardB : Stretch::kBoardA);
    answer_.kinds.insert({"connector", "card", "slot"});
    if (has(link, section, is_cable)) {
      answer_.stretches.insert(Stretch::kCable);
      answer_.kinds.insert("cable");
    }
  }

  const twin::WorldPlan& plan_;
  Answer& answer_;
};

void shared(const twin::WorldPlan& plan, const twin::InjectedFault& fault, Answer& answer) {
  answer.links.clear();
  answer.machine = fault.machines.empty() ? 0 : fault.machines.front();
  answer.devices.insert(plan.machines[*answer.machine].device);
  answer.stretches.insert(diagnose::Stretch::kShared);
  if (answer.row->where == Where::kSupply) {
    answer.kinds.insert({"supply"});
  } else {
    answer.kinds.insert({"fan", "filter", "air", "inlet", "cooling"});
  }
}

void lanes(const twin::WorldPlan& plan, const twin::Sites& sites, Answer& answer) {
  Builder builder(plan, answer);
  std::set<std::tuple<std::size_t, std::size_t, bool>> seen;
  std::set<bool> directions;
  for (const twin::LaneSite& site : sites.lanes) {
    const std::size_t section = site.sub >> 16;
    const bool is_toward_device = (site.sub >> 8 & 0xFF) == 0;
    directions.insert(is_toward_device);
    if (seen.emplace(site.link, section, is_toward_device).second) {
      builder.add(plan.links[site.link], section, is_toward_device);
    }
  }
  if (directions.size() == 1) {
    answer.direction =
        *directions.begin() ? LaneDirection::kTowardDevice : LaneDirection::kTowardHost;
  }
}

}  // namespace
}  // namespace answer_cpp

const AnswerRow* answer_row(std::string_view fault) {
  const auto found = std::ranges::find(answer_cpp::kRows, fault, &AnswerRow::fault);
  return found == answer_cpp::kRows.end() ? nullptr : &*found;
}

twin::Sites sites_of(const twin::WorldPlan& plan, const twin::InjectedFault& fault) {
  const twin::FaultRow* row = twin::find_row(fault.fault);
  const auto target = twin::parse_target(fault.target);
  if (row == nullptr || !target) {
    return {};
  }
  auto sites = twin::resolve(plan, *row, *target);
  return sites ? std::move(*sites) : twin::Sites{};
}

Answer answer_of(const twin::WorldPlan& plan, const twin::InjectedFault& fault) {
  Answer answer;
  const AnswerRow* row = answer_row(fault.fault);
  answer.row = row != nullptr ? row : &answer_cpp::kOther;
  answer.part = answer.row->part;
  answer.links = fault.links;
  const twin::Sites sites = sites_of(plan, fault);
  switch (answer.row->where) {
    case Where::kAir:
    case Where::kSupply:
      answer_cpp::shared(plan, fault, answer);
      break;
    case Where::kDevice:
      answer.links.clear();
      for (const fabric::DeviceId device : sites.devices) {
        answer.devices.insert(device);
      }
      break;
    case Where::kLink: {
      answer_cpp::Builder builder(plan, answer);
      for (const std::size_t link : answer.links) {
        builder.add_all(plan.links[link]);
      }
      break;
    }
    default:
      answer_cpp::lanes(plan, sites, answer);
  }
  // Several links with one fault: it is right to name what they share instead of each of them.
  if (answer.links.size() > 1) {
    answer.stretches.insert(diagnose::Stretch::kShared);
    if (answer.row->where == Where::kMedium || answer.row->where == Where::kFibre) {
      answer.kinds.insert("batch");
    }
  }
  return answer;
}

}  // namespace weft::score
