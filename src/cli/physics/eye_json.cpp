// SPDX-License-Identifier: Apache-2.0
// See eye_json.h. Numbers that cannot be given stand as {"not_measured": reason}; an error ratio so
// small that a double cannot hold it is 0 beside its logarithm.
#include "cli/physics/eye_json.h"

#include "cli/physics/eye_text.h"
#include "cli/verb.h"

#include <cmath>
#include <iterator>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace {

using Json = nlohmann::ordered_json;

Json logarithm(double log10_ratio) {
  return std::isfinite(log10_ratio) ? Json(log10_ratio) : Json(nullptr);
}

Json setup_json(const phy::link::LinkSetup& setup) {
  Json json;
  json["key"] = setup.key;
  json["title"] = setup.title;
  json["source"] = setup.source;
  json["modelled"] = setup.modelled;
  json["baud_hz"] = setup.signalling.baud_hz;
  json["levels"] = setup.signalling.levels;
  json["fec"] = setup.signalling.fec;
  Json& target = json["target"];
  target["ber"] = setup.target.ber;
  if (setup.target.eye_height_v.has_value()) {
    target["eye_height_v"] = *setup.target.eye_height_v;
  }
  if (setup.target.eye_width_ui.has_value()) {
    target["eye_width_ui"] = *setup.target.eye_width_ui;
  }
  return json;
}

Json channel_json(const EyeSegment& segment) {
  Json json;
  json["nyquist_hz"] = segment.nyquist_hz;
  json["insertion_loss_db"] =
      segment.insertion_loss_db.has_value()
          ? Json(*segment.insertion_loss_db)
          : Json{{"not_measured", "the channel is not known at the Nyquist frequency"}};
  json["measured_to_hz"] = segment.measured_to_hz;
  json["is_wide_enough"] = segment.link.is_wide_enough;
  json["aggressors"] = segment.aggressors;
  json["package_case"] = segment.link.package_case;
  json["notes"] = segment.notes;
  return json;
}

Json equaliser_json(const EyeSegment& segment) {
  const auto& input = segment.link.input;
  const auto& equaliser = input.equaliser;
  Json json;
  json["preset"] = equaliser.preset;
  json["tx_taps"] = equaliser.tx_taps;
  json["ctle_gain_db"] = equaliser.ctle_gain_db;
  json["ctle_low_gain_db"] = equaliser.ctle_low_gain_db;
  json["rx_taps"] = equaliser.rx_taps;
  json["floating_positions_ui"] = equaliser.floating_positions;
  json["floating_taps"] = equaliser.floating_taps;
  json["dfe_v"] = input.dfe;
  json["cursor_v"] = input.cursor < input.pulse.size() ? input.pulse[input.cursor] : 0;
  json["fom_db"] = equaliser.fom_db;
  json["settings_searched"] = segment.link.settings;
  return json;
}

Json budget_json(const phy::link::Budget& budget) {
  return {{"a_s_v", budget.a_s_v},
          {"isi_rms_v", budget.sigma_isi_v},
          {"crosstalk_rms_v", budget.sigma_xt_v},
          {"jitter_rms_v", budget.sigma_j_v},
          {"tx_rms_v", budget.sigma_tx_v},
          {"rx_rms_v", budget.sigma_n_v},
          {"quantiser_rms_v", budget.sigma_q_v}};
}

Json eye_part_json(const phy::eye::EyeResult& eye) {
  Json json;
  json["level_v"] = eye.level_v;
  json["threshold_v"] = eye.threshold_v;
  json["ser"] = eye.ser;
  json["ber"] = eye.ber;
  if (eye.mlse_ser.has_value() && eye.mlse_ber.has_value()) {
    json["mlse"] = {{"ser", *eye.mlse_ser}, {"ber", *eye.mlse_ber}};
  }
  json["peak_distortion_v"] = eye.pda_height_v;
  Json& openings = json["openings"] = Json::array();
  for (const auto& o : eye.openings) {
    openings.push_back({{"ber", o.ber},
                        {"eye", o.eye},
                        {"height_v", o.height_v},
                        {"width_ui", o.width_ui},
                        {"low_v", o.low_v},
                        {"high_v", o.high_v},
                        {"left_ui", o.left_ui},
                        {"right_ui", o.right_ui}});
  }
  Json& bathtub = json["bathtub"] = Json::array();
  for (const auto& point : eye.bathtub) {
    bathtub.push_back(Json::array({point.phase_ui, point.ber}));
  }
  Json& contours = json["contours"] = Json::array();
  for (const auto& c : eye.contours) {
    contours.push_back({{"ber", c.ber},
                        {"eye", c.eye},
                        {"phase_ui", c.phase_ui},
                        {"low_v", c.low_v},
                        {"high_v", c.high_v}});
  }
  return json;
}

Json fec_json(const EyeSegment& segment) {
  if (!segment.fec.has_value()) {
    return segment.fec_missing.empty() ? Json(nullptr)
                                       : Json{{"not_measured", segment.fec_missing}};
  }
  const EyeFec& fec = *segment.fec;
  Json json;
  json["key"] = fec.key;
  json["errors"] = fec.burst;
  json["unit"] = fec.unit_name;
  json["failure"] = std::pow(10, fec.log10_failure);
  json["log10_failure"] = logarithm(fec.log10_failure);
  if (fec.log10_ber.has_value()) {
    json["ber"] = std::pow(10, *fec.log10_ber);
    json["log10_ber"] = logarithm(*fec.log10_ber);
  }
  return json;
}

Json criteria_json(const std::vector<EyeCriterion>& criteria) {
  Json json = Json::array();
  for (const EyeCriterion& c : criteria) {
    json.push_back({{"key", c.key},
                    {"name", c.name},
                    {"value", c.value},
                    {"limit", c.limit},
                    {"unit", c.unit},
                    {"rule", c.is_at_most ? "at_most" : "at_least"},
                    {"passes", c.passes()},
                    {"margin", c.margin},
                    {"margin_unit", c.margin_unit}});
  }
  return json;
}

Json segment_json(const EyeSegment& segment) {
  Json json;
  json["name"] = segment.name;
  json["verdict"] = key(segment.verdict);
  json["reason"] = segment.reason;
  json["channel"] = channel_json(segment);
  json["equaliser"] = equaliser_json(segment);
  json["budget"] = budget_json(segment.link.budget);
  json["eye"] = eye_part_json(segment.eye);
  json["ber"] = segment.ber();
  json["fec"] = fec_json(segment);
  json["criteria"] = criteria_json(segment.criteria);
  if (segment.simulation.has_value()) {
    const EyeSimulation& run = *segment.simulation;
    Json& simulation = json["simulation"];
    simulation = {{"seed", run.seed},
                  {"bits", run.bits},
                  {"errors", run.errors},
                  {"ber", run.ber},
                  {"ber_low", run.ber_low},
                  {"ber_high", run.ber_high},
                  {"confidence", 0.95},
                  {"expected_ber", run.expected_ber},
                  {"feedback_errors", run.feedback_errors},
                  {"feedback_ber", run.feedback_ber}};
    if (run.burst.has_value()) {
      simulation["burst"] = *run.burst;
    }
    if (run.mlse_ber.has_value()) {
      simulation["mlse_ber"] = *run.mlse_ber;
    }
  }
  return json;
}

Json report_json(const EyeReport& report) {
  Json json;
  json["schema"] = "weftline/eye/1";
  json["verdict"] = key(report.verdict());
  json["exit_code"] = eye_exit(report.verdict());
  json["setup"] = setup_json(report.setup);
  json["worst"] = report.worst;
  json["notes"] = report.notes;
  Json& segments = json["segments"] = Json::array();
  for (const EyeSegment& segment : report.segments) {
    segments.push_back(segment_json(segment));
  }
  return json;
}

std::string eye_dumped(const Json& json) {
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

void add_row(std::string& csv, std::size_t segment, std::string_view kind, std::string_view series,
             double x, double y) {
  fmt::format_to(std::back_inserter(csv), "{},{},{},{},{},\n", segment + 1, kind, series, x, y);
}

}  // namespace

std::string eye_json(const EyeReport& report) {
  return eye_dumped(report_json(report));
}

std::string eye_compare_json(const EyeReport& a, const EyeReport& b) {
  Json json;
  json["schema"] = "weftline/eye-compare/1";
  json["exit_code"] = std::max(eye_exit(a.verdict()), eye_exit(b.verdict()));
  json["a"] = report_json(a);
  json["b"] = report_json(b);
  Json& differences = json["differences"] = Json::array();
  const auto of_b = eye_figures(b);
  for (const EyeFigure& one : eye_figures(a)) {
    for (const EyeFigure& other : of_b) {
      if (other.key != one.key) {
        continue;
      }
      const auto value = [](const std::optional<double>& v) {
        return v.has_value() && std::isfinite(*v) ? Json(*v) : Json(nullptr);
      };
      const bool has_both = one.value.has_value() && other.value.has_value();
      differences.push_back(
          {{"key", one.key},
           {"name", one.name},
           {"unit", one.is_ratio ? "decades" : one.unit},
           {"a", value(one.value)},
           {"b", value(other.value)},
           {"b_minus_a", has_both ? value(*other.value - *one.value) : Json(nullptr)}});
    }
  }
  return eye_dumped(json);
}

std::string eye_csv(const EyeReport& report) {
  std::string csv = "segment,kind,series,x,y,y2\n";
  for (std::size_t i = 0; i < report.segments.size(); ++i) {
    const EyeSegment& segment = report.segments[i];
    for (const auto& point : segment.eye.bathtub) {
      add_row(csv, i, "bathtub_ui_ber", "worst", point.phase_ui, point.ber);
    }
    for (const auto& contour : segment.eye.contours) {
      for (std::size_t k = 0; k < contour.phase_ui.size(); ++k) {
        fmt::format_to(std::back_inserter(csv), "{},contour_ui_v,{} eye {},{},{},{}\n", i + 1,
                       contour.ber, contour.eye + 1, contour.phase_ui[k], contour.low_v[k],
                       contour.high_v[k]);
      }
    }
    const auto& input = segment.link.input;
    for (std::size_t k = 0; k < input.pulse.size(); ++k) {
      add_row(csv, i, "pulse_ui_v", "thru",
              (static_cast<double>(k) - static_cast<double>(input.cursor)) / input.samples_per_ui,
              input.pulse[k]);
    }
  }
  return csv;
}

}  // namespace weft::cli
