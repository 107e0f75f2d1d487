// SPDX-License-Identifier: Apache-2.0
#include "cli/margin_report.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace margin_output {

using driver::LaneMargin;
using driver::MarginEnd;
using driver::MarginGrade;
using driver::MarginReceiver;
using driver::MarginReport;
using driver::MarginResult;

constexpr const char* kWays[] = {"left", "right", "up", "down"};
constexpr int kHalf = 16;  // characters from the middle to half a UI

const char* key(MarginEnd end) {
  switch (end) {
    case MarginEnd::kErrors:
      return "errors";
    case MarginEnd::kEndOfRange:
      return "end-of-range";
    case MarginEnd::kRefused:
      break;
  }
  return "refused";
}

std::string receiver_name(std::uint8_t number) {
  const char letter = static_cast<char>('A' + number - 1);
  const char* const where = number == 1   ? "upper port"
                            : number == 6 ? "lower port"
                            : number <= 3 ? "first retimer"
                                          : "second retimer";
  return fmt::format("{} ({}, {})", number, letter, where);
}

const MarginReceiver* find(const MarginReport& report, std::uint8_t number) {
  const auto at = std::find_if(report.receivers.begin(), report.receivers.end(),
                               [&](const auto& one) { return one.number == number; });
  return at == report.receivers.end() ? nullptr : &*at;
}

/// From half a UI early to half a UI late; the sampling point in the middle.
std::string bar(const LaneMargin& lane, bool utf8) {
  const auto reach = [](const std::optional<MarginResult>& way) {
    return way ? std::clamp(static_cast<int>(std::lround(way->offset * 2 * kHalf)), 0, kHalf) : 0;
  };
  const int left = reach(lane.ways[0]);
  const int right = lane.width_is_one_sided ? left : reach(lane.ways[1]);
  std::string out = utf8 ? "▕" : "[";
  for (int i = -kHalf; i <= kHalf; ++i) {
    const bool is_open = i >= -left && i <= right;
    out += i == 0 ? (utf8 ? "┃" : "|") : is_open ? (utf8 ? "━" : "=") : (utf8 ? "·" : ".");
  }
  return out + (utf8 ? "▏" : "]");
}

std::string figure(const std::optional<double>& value, bool is_at_least, bool is_one_sided,
                   int digits) {
  if (!value) {
    return "-";
  }
  return fmt::format("{}{:.{}f}{}", is_at_least ? ">=" : "", *value, digits,
                     is_one_sided ? "*" : "");
}

std::string way_text(const LaneMargin& lane, std::size_t way, int digits) {
  const auto& one = lane.ways[way];
  return !one                              ? "-"
         : one->end == MarginEnd::kRefused ? "refused"
                                           : fmt::format("{:.{}f}", one->offset, digits);
}

std::string_view verdict(const LaneMargin& lane) {
  if (lane.width_grade == MarginGrade::kBelow || lane.height_grade == MarginGrade::kBelow) {
    return "below the minimum";
  }
  if (lane.width_grade == MarginGrade::kNotGraded && lane.height_grade == MarginGrade::kNotGraded) {
    return "not graded";
  }
  const auto holds = [](MarginGrade grade) {
    return grade == MarginGrade::kRecommended || grade == MarginGrade::kNotGraded;
  };
  return holds(lane.width_grade) && holds(lane.height_grade) ? "as recommended" : "above minimum";
}

nlohmann::ordered_json link_json(const driver::PcieLinkView& link, const std::string& upper,
                                 const std::string& lower) {
  return {{"upper", upper},
          {"lower", lower},
          {"rate_gts", base::as_giga(link.rate)},
          {"width", link.width.value()},
          {"retimers", link.retimers}};
}

nlohmann::ordered_json lane_json(const LaneMargin& lane, double ui_ps) {
  nlohmann::ordered_json out = {{"lane", lane.lane}, {"receiver", lane.receiver}};
  for (std::size_t way = 0; way < driver::kMarginWays; ++way) {
    if (const auto& one = lane.ways[way]) {
      out[kWays[way]] = {{"steps", one->steps},
                         {way < 2 ? "offset_ui" : "offset_mv", one->offset},
                         {"end", key(one->end)}};
    }
  }
  if (lane.width_ui) {
    out["width"] = {{"ui", *lane.width_ui},
                    {"ps", *lane.width_ui * ui_ps},
                    {"one_sided", lane.width_is_one_sided},
                    {"at_least", lane.width_is_at_least},
                    {"grade", driver::key(lane.width_grade)}};
  }
  if (lane.height_mv) {
    out["height"] = {{"mv", *lane.height_mv},
                     {"one_sided", lane.height_is_one_sided},
                     {"at_least", lane.height_is_at_least},
                     {"grade", driver::key(lane.height_grade)}};
  }
  return out;
}

}  // namespace margin_output

std::string margin_text(const driver::MarginReport& report, const Terminal& to) {
  namespace own = margin_output;
  std::string out =
      fmt::format("{} - {}: {} GT/s x{}, 1 UI = {} ps{}\n", report.upper, report.lower,
                  base::as_giga(report.link.rate), report.link.width.value(), report.ui_ps,
                  report.link.speed >= 6 ? " (four levels)" : "");
  if (const auto minima = driver::margin_minima(report.link.speed)) {
    out += fmt::format(
        "Minimum of the specification: {:.2f} UI and {} mV; recommended {:.2f} UI "
        "and {} mV.\n",
        minima->width_ui, minima->height_mv, minima->recommended_width_ps / report.ui_ps,
        minima->recommended_height_mv);
  } else {
    out += "No minimum is public for this rate.\n";
  }
  bool has_one_sided = false;
  std::uint8_t last = 0;
  for (const driver::LaneMargin& lane : report.lanes) {
    if (lane.receiver != last) {
      last = lane.receiver;
      const driver::MarginReceiver* receiver = own::find(report, lane.receiver);
      out += fmt::format("\nReceiver {}", own::receiver_name(lane.receiver));
      if (receiver != nullptr) {
        out += fmt::format(", {} steps to {:.2f} UI{}", receiver->timing_steps,
                           receiver->timing_offset_ui,
                           receiver->timing_offset_assumed ? " (assumed)" : "");
        if (receiver->has_voltage) {
          out += fmt::format(", {} steps to {:.0f} mV{}", receiver->voltage_steps,
                             receiver->voltage_offset_mv,
                             receiver->voltage_offset_assumed ? " (assumed)" : "");
        }
      }
      out += fmt::format("\nlane  left   right  {:^{}}  width    up     down   height   result\n",
                         "-0.5 UI .. +0.5 UI", 2 * own::kHalf + 3);
    }
    has_one_sided = has_one_sided || lane.width_is_one_sided || lane.height_is_one_sided;
    const std::string_view verdict = own::verdict(lane);
    const bool is_bad = verdict.starts_with("below");
    out += fmt::format(
        "{:>4}  {:<5}  {:<5}  {}  {:<7}  {:<5}  {:<5}  {:<7}  {}\n", lane.lane,
        own::way_text(lane, 0, 3), own::way_text(lane, 1, 3), own::bar(lane, to.utf8),
        own::figure(lane.width_ui, lane.width_is_at_least, lane.width_is_one_sided, 3),
        own::way_text(lane, 2, 1), own::way_text(lane, 3, 1),
        own::figure(lane.height_mv, lane.height_is_at_least, lane.height_is_one_sided, 1),
        paint(verdict, is_bad ? Colour::kRed : Colour::kGreen, to.colour && is_bad));
  }
  if (has_one_sided) {
    out += "\n* one-sided: the receiver knows no sides; the worse one counts twice.\n";
  }
  for (const std::string& problem : report.problems) {
    out += fmt::format("Note: {}.\n", problem);
  }
  return out;
}

std::string margin_json(const driver::MarginReport& report, const std::string& source) {
  namespace own = margin_output;
  nlohmann::ordered_json out = {{"schema", "weftline/margin/1"},
                                {"source", source},
                                {"applied", true},
                                {"link", own::link_json(report.link, report.upper, report.lower)}};
  out["ui_ps"] = report.ui_ps;
  if (const auto minima = driver::margin_minima(report.link.speed)) {
    out["minima"] = {{"width_ui", minima->width_ui},
                     {"height_mv", minima->height_mv},
                     {"recommended_width_ps", minima->recommended_width_ps},
                     {"recommended_height_mv", minima->recommended_height_mv}};
  }
  out["receivers"] = nlohmann::ordered_json::array();
  for (const driver::MarginReceiver& one : report.receivers) {
    out["receivers"].push_back({{"receiver", one.number},
                                {"timing_steps", one.timing_steps},
                                {"timing_offset_ui", one.timing_offset_ui},
                                {"timing_offset_assumed", one.timing_offset_assumed},
                                {"voltage", one.has_voltage},
                                {"voltage_steps", one.voltage_steps},
                                {"voltage_offset_mv", one.voltage_offset_mv},
                                {"voltage_offset_assumed", one.voltage_offset_assumed},
                                {"independent_left_right", one.is_left_right},
                                {"independent_up_down", one.is_up_down},
                                {"independent_sampler", one.has_independent_sampler},
                                {"lanes_at_once", one.lanes_at_once}});
  }
  out["lanes"] = nlohmann::ordered_json::array();
  for (const driver::LaneMargin& lane : report.lanes) {
    out["lanes"].push_back(own::lane_json(lane, report.ui_ps));
  }
  out["problems"] = report.problems;
  return out.dump(2) + "\n";
}

std::string margin_plan_text(const driver::MarginPlan& plan) {
  std::string out =
      fmt::format("{} - {}: {} GT/s x{}\nWould write, and put back at the end:\n", plan.upper,
                  plan.lower, base::as_giga(plan.link.rate), plan.link.width.value());
  for (const std::string& write : plan.writes) {
    out += "  " + write + "\n";
  }
  return out +
         "Traffic goes on; a receiver without a sampler of its own disturbs it with errors that "
         "the link mends by retries.\nNothing was written. Add --apply to margin.\n";
}

std::string margin_plan_json(const driver::MarginPlan& plan, const std::string& source) {
  nlohmann::ordered_json out = {
      {"schema", "weftline/margin/1"},
      {"source", source},
      {"applied", false},
      {"link", margin_output::link_json(plan.link, plan.upper, plan.lower)}};
  out["plan"] = {{"lanes", plan.lanes}, {"receivers", plan.receivers}, {"writes", plan.writes}};
  return out.dump(2) + "\n";
}

bool is_below_minimum(const driver::MarginReport& report) {
  return std::any_of(report.lanes.begin(), report.lanes.end(), [](const auto& lane) {
    return lane.width_grade == driver::MarginGrade::kBelow ||
           lane.height_grade == driver::MarginGrade::kBelow;
  });
}

}  // namespace weft::cli
