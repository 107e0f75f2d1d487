// SPDX-License-Identifier: Apache-2.0
#include "cli/up_summary.h"

#include "base/text.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace up_summary {

using Ranked = std::vector<std::pair<std::string, double>>;
constexpr std::size_t kShown = 3;
/// Links looked at while the world is held once.
constexpr std::size_t kLinksAtOnce = 16;

void keep_greatest(Ranked& ranked) {
  std::ranges::sort(ranked, [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  ranked.resize(std::min(ranked.size(), kShown));
}

/// The worst lane of a link, both ends.
double worst_ratio(const twin::Link& link, const twin::LinkStatus& status) {
  double worst = 0;
  const auto sections = link.plan().sections.size();
  for (std::uint32_t section = 0; section < sections; ++section) {
    for (const auto direction :
         {fabric::LaneDirection::kTowardDevice, fabric::LaneDirection::kTowardHost}) {
      for (std::uint32_t lane = 0; lane < 32; ++lane) {
        if (status.lane_mask.has(lane)) {
          worst = std::max(worst, link.lane({section, direction, lane}).reading.ber);
        }
      }
    }
  }
  return worst;
}

void look_at_link(const twin::Link& link, UpSummary& out) {
  const auto status = link.status();
  using twin::LinkCounter;
  for (const auto end : {twin::End::kA, twin::End::kB}) {
    out.recoveries += link.counter(LinkCounter::kRecoveries, end);
    out.link_downs += link.counter(LinkCounter::kLinkDowns, end);
  }
  if (status.is_up) {
    ++out.up;
    if (const double ratio = worst_ratio(link, status); ratio > 0) {
      out.worst.emplace_back(link.plan().name, ratio);
    }
  } else if (status.state == twin::TrainingState::kDetectQuiet ||
             status.state == twin::TrainingState::kDisabled) {
    ++out.down;
  } else {
    ++out.training;
  }
}

/// Sensors of the kernel's hwmon class, and modules' own (CMIS 5.2 lower memory, bytes 14 and 15).
void look_at_parts(twin::Rack& rack, std::size_t machine, const twin::door::LiveTree& tree,
                   Ranked& hottest) {
  const auto& plan = *rack.machines[machine].plan;
  for (const auto& chip : tree.list("sys/class/hwmon").value_or(std::vector<std::string>{})) {
    const auto content = tree.read("sys/class/hwmon/" + chip + "/temp1_input");
    const auto value = content ? base::parse_signed(base::trim(*content)) : std::nullopt;
    if (value) {
      const auto place = tree.link("sys/class/hwmon/" + chip + "/device").value_or(chip);
      const auto folder = tree.link("sys/class/hwmon/" + chip).value_or(place);
      const auto parts = base::split(folder, '/');
      const auto name = parts.size() >= 3 ? parts[parts.size() - 3] : std::string_view(chip);
      hottest.emplace_back(fmt::format("{}/{}", plan.name, name),
                           static_cast<double>(*value) / 1000);
    }
  }
  for (const auto& [interface, module] : rack.machines[machine].modules) {
    const twin::Hold hold(rack.world->mutex());
    const auto bytes = module->read({0, 0, 14}, 2);
    if (bytes && bytes->size() == 2) {
      const auto raw = static_cast<std::int16_t>((*bytes)[0] << 8 | (*bytes)[1]);
      hottest.emplace_back(fmt::format("{}/{}", plan.name, interface), raw / 256.0);
    }
  }
}

}  // namespace up_summary

UpSummary look_at(twin::Rack& rack,
                  const std::vector<std::unique_ptr<twin::door::LiveTree>>& trees) {
  UpSummary out;
  for (std::size_t first = 0; first < rack.links.size(); first += up_summary::kLinksAtOnce) {
    const twin::Hold hold(rack.world->mutex());
    const auto last = std::min(rack.links.size(), first + up_summary::kLinksAtOnce);
    for (std::size_t i = first; i < last; ++i) {
      up_summary::look_at_link(*rack.links[i], out);
    }
  }
  for (std::size_t i = 0; i < trees.size(); ++i) {
    if (trees[i]) {
      up_summary::look_at_parts(rack, i, *trees[i], out.hottest);
    }
  }
  up_summary::keep_greatest(out.worst);
  up_summary::keep_greatest(out.hottest);
  return out;
}

std::string summary_line(const UpSummary& summary) {
  std::string out = fmt::format(
      "{:.1f} s  links up {} training {} down {}  {:.3g}x  {:.3g} events/s  findings {}",
      summary.world_seconds, summary.up, summary.training, summary.down, summary.factor,
      summary.events_per_s, summary.findings.size());
  for (const std::string& problem : summary.problems) {
    out += "\ncontrol plane: " + problem;
  }
  return out;
}

std::string summary_block(const UpSummary& summary) {
  std::string out = summary_line(summary) + "\n";
  if (summary.lag_seconds > 0.5) {
    out += fmt::format("behind its speed by {:.1f} s\n", summary.lag_seconds);
  }
  out += fmt::format("recoveries {}  link downs {}\n", summary.recoveries, summary.link_downs);
  constexpr std::size_t kFindingsShown = 3;
  for (std::size_t i = 0; i < std::min(summary.findings.size(), kFindingsShown); ++i) {
    const diagnose::Finding& finding = summary.findings[i].finding;
    out += fmt::format("{:<8} {}: {}\n", diagnose::key(finding.level), finding.place,
                       finding.sentence);
  }
  const auto add = [&](std::string_view title, const auto& rows, auto text) {
    for (const auto& [name, value] : rows) {
      out += fmt::format("{}  {}  {}\n", title, text(value), name);
    }
  };
  add("worst  ", summary.worst, [](double value) { return fmt::format("BER {:.1e}", value); });
  add("hottest", summary.hottest, [](double value) { return fmt::format("{:5.1f} Cel", value); });
  return out;
}

std::string summary_json(const UpSummary& summary) {
  using Object = nlohmann::ordered_json;
  const auto list = [](const auto& rows, const char* key, const char* unit) {
    Object out = Object::array();
    for (const auto& [name, value] : rows) {
      out.push_back({{key, name}, {unit, value}});
    }
    return out;
  };
  Object findings = Object::array();
  for (const diagnose::LivingFinding& living : summary.findings) {
    findings.push_back({{"id", living.id},
                        {"level", diagnose::key(living.finding.level)},
                        {"place", living.finding.place},
                        {"sentence", living.finding.sentence}});
  }
  const Object out = {
      {"schema", "weftline/up-summary/1"},
      {"simulated", true},
      {"world_seconds", summary.world_seconds},
      {"factor", summary.factor},
      {"lag_seconds", summary.lag_seconds},
      {"events_per_second", summary.events_per_s},
      {"links", {{"up", summary.up}, {"training", summary.training}, {"down", summary.down}}},
      {"recoveries", summary.recoveries},
      {"link_downs", summary.link_downs},
      {"worst", list(summary.worst, "link", "error_ratio")},
      {"hottest", list(summary.hottest, "part", "celsius")},
      {"findings", findings},
      {"problems", summary.problems}};
  return out.dump();
}

}  // namespace weft::cli
