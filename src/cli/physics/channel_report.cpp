// SPDX-License-Identifier: Apache-2.0
#include "cli/physics/channel_report.h"

#include "cli/draw/terminal_plot.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace channel_report {
namespace {

namespace channel = phy::channel;
using Json = nlohmann::ordered_json;

std::string number(const std::optional<double>& value, int decimals, std::string_view unit) {
  return value ? fmt::format("{:.{}f} {}", *value, decimals, unit) : std::string("-");
}

Json maybe(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? Json(*value) : Json(nullptr);
}

/// What is known at one frequency.
struct At {
  double hz = 0;
  std::optional<double> insertion, near_return, far_return, next, fext, crosstalk;
};

At at(const ChannelShow& show, double hz) {
  using channel::Role;
  const auto& sdd = show.channel.thru.sdd;
  return {hz,
          channel::loss_at(sdd, 1, 0, hz),
          channel::loss_at(sdd, 0, 0, hz),
          channel::loss_at(sdd, 1, 1, hz),
          channel::power_sum_loss_db(show.channel, Role::kNext, hz),
          channel::power_sum_loss_db(show.channel, Role::kFext, hz),
          channel::power_sum_loss_db(show.channel, std::nullopt, hz)};
}

void row(std::string& out, std::string_view name, std::string_view value) {
  fmt::format_to(std::back_inserter(out), "  {:<26}{}\n", name, value);
}

void files_text(std::string& out, const std::vector<NetworkFacts>& files) {
  for (const auto& file : files) {
    fmt::format_to(std::back_inserter(out),
                   "{}: {}, {} ports, {} points from {:.6g} to {:.6g} GHz, steps of {:.6g} MHz, "
                   "{} ohm\n",
                   file.name, file.role, file.ports, file.points, file.first_hz * 1e-9,
                   file.last_hz * 1e-9, file.step_hz * 1e-6, file.z0_ohm.front());
  }
}

void losses_text(std::string& out, const ChannelShow& show) {
  const bool has_aggressors = !show.channel.aggressors.empty();
  fmt::format_to(std::back_inserter(out), "\n  {:>9}  {:>9}  {:>11}  {:>11}", "GHz", "loss dB",
                 "near RL dB", "far RL dB");
  if (has_aggressors) {
    fmt::format_to(std::back_inserter(out), "  {:>9}  {:>9}  {:>9}", "NEXT dB", "FEXT dB",
                   "all dB");
  }
  out += '\n';
  const auto cell = [](const std::optional<double>& value) {
    return value ? fmt::format("{:.2f}", *value) : std::string("-");
  };
  for (const double hz : show.at_hz) {
    const At values = at(show, hz);
    fmt::format_to(std::back_inserter(out), "  {:>9.4g}  {:>9}  {:>11}  {:>11}", hz * 1e-9,
                   cell(values.insertion), cell(values.near_return), cell(values.far_return));
    if (has_aggressors) {
      fmt::format_to(std::back_inserter(out), "  {:>9}  {:>9}  {:>9}", cell(values.next),
                     cell(values.fext), cell(values.crosstalk));
    }
    out += '\n';
  }
}

void summary_text(std::string& out, const ChannelShow& show) {
  out += '\n';
  row(out, "Delay", fmt::format("{:.4f} ns", show.delay_s * 1e9));
  row(out, "Intra-pair skew", show.skew_s ? fmt::format("{:+.3f} ps", *show.skew_s * 1e12) : "-");
  if (show.conversion) {
    const auto& c = *show.conversion;
    row(out, "Mode conversion, least",
        fmt::format("SCD21 {:.1f} dB at {:.4g} GHz, SDC21 {:.1f} dB at {:.4g} GHz", c.scd21_db,
                    c.scd21_hz * 1e-9, c.sdc21_db, c.sdc21_hz * 1e-9));
  }
  if (!show.figures) {
    row(out, "At the Nyquist frequency", "- (needs --protocol KEY or --baud GBD)");
    return;
  }
  const auto& s = show.figures->summary;
  row(out, "Nyquist frequency",
      fmt::format("{:.5g} GHz ({:.6g} GBd{}{})", s.nyquist_hz * 1e-9, *show.baud_hz * 1e-9,
                  show.protocol.empty() ? "" : ", ", show.protocol));
  row(out, "Insertion loss", number(s.insertion_loss_db, 2, "dB"));
  if (s.fit) {
    row(out, "Fitted loss",
        fmt::format("{} = {:.4f} {:+.4f} sqrt(f) {:+.5f} f {:+.6f} f^2, f in GHz",
                    number(s.fitted_loss_db, 2, "dB"), s.fit->a0_db, s.fit->a1_db, s.fit->a2_db,
                    s.fit->a4_db));
  }
  row(out, "FOM ILD", number(s.fom_ild_db, 3, "dB"));
  row(out, "Return loss",
      fmt::format("near {}, far {}", number(s.near_return_loss_db, 2, "dB"),
                  number(s.far_return_loss_db, 2, "dB")));
  row(out, "Effective return loss",
      fmt::format("near {}, far {} ({})", number(show.figures->near_erl_db, 2, "dB"),
                  number(show.figures->far_erl_db, 2, "dB"), show.erl_terms));
  if (s.noise) {
    row(out, "Crosstalk noise, ICN",
        fmt::format("{:.3f} mV (NEXT {:.3f}, FEXT {:.3f})", s.noise->icn_v * 1e3,
                    s.noise->next_v * 1e3, s.noise->fext_v * 1e3));
    row(out, "Loss to crosstalk, ICR", number(s.crosstalk_ratio_db, 2, "dB"));
  } else {
    row(out, "Crosstalk", "- (no aggressors were given)");
  }
}

draw::Series series(const ChannelShow& show, std::size_t out, draw::Role role, std::string legend,
                    char sign, double deepest_db) {
  draw::Series curve;
  const auto& sdd = show.channel.thru.sdd;
  for (std::size_t i = 0; i < sdd.points(); ++i) {
    const double loss = channel::loss_db(sdd.at(i, out, 0));
    curve.points.push_back({sdd.frequency_hz[i] * 1e-9, -std::min(loss, deepest_db)});
  }
  curve.stroke.role = role;
  curve.legend = std::move(legend);
  curve.sign = sign;
  return curve;
}

std::string plot_text(const ChannelShow& show, const Terminal& terminal) {
  constexpr double kDeepestDb = 80;
  constexpr std::size_t kRows = 14;
  const auto& sdd = show.channel.thru.sdd;
  if (sdd.points() < 2) {
    return {};
  }
  draw::Plot plot;
  plot.title = "Through and reflected (dB)";
  plot.x = draw::rounded_axis("Frequency (GHz)", 0, sdd.frequency_hz.back() * 1e-9);
  plot.series.push_back(series(show, 1, draw::Role::kSeries1, "SDD21", '*', kDeepestDb));
  plot.series.push_back(series(show, 0, draw::Role::kSeries2, "SDD11", '.', kDeepestDb));
  double low = -1;
  for (const auto& curve : plot.series) {
    for (const auto& point : curve.points) {
      low = std::min(low, point.y);
    }
  }
  plot.y = draw::rounded_axis("dB", low, 0);
  return "\n" + draw::series_text(plot, draw::form_of(terminal, kRows));
}

Json facts_json(const NetworkFacts& facts) {
  return {{"name", facts.name},       {"role", facts.role},         {"ports", facts.ports},
          {"points", facts.points},   {"first_hz", facts.first_hz}, {"last_hz", facts.last_hz},
          {"step_hz", facts.step_hz}, {"z0_ohm", facts.z0_ohm}};
}

Json summary_json(const ChannelShow& show) {
  if (!show.figures) {
    return nullptr;
  }
  const auto& s = show.figures->summary;
  Json out = {{"baud_hz", *show.baud_hz},
              {"protocol", show.protocol.empty() ? Json(nullptr) : Json(show.protocol)},
              {"nyquist_hz", s.nyquist_hz},
              {"insertion_loss_db", maybe(s.insertion_loss_db)},
              {"near_return_loss_db", maybe(s.near_return_loss_db)},
              {"far_return_loss_db", maybe(s.far_return_loss_db)},
              {"near_erl_db", maybe(show.figures->near_erl_db)},
              {"far_erl_db", maybe(show.figures->far_erl_db)},
              {"fitted_loss_db", maybe(s.fitted_loss_db)},
              {"fom_ild_db", maybe(s.fom_ild_db)},
              {"fit", nullptr},
              {"noise", nullptr},
              {"crosstalk_ratio_db", maybe(s.crosstalk_ratio_db)}};
  if (s.fit) {
    out["fit"] = {{"a0_db", s.fit->a0_db},       {"a1_db", s.fit->a1_db},
                  {"a2_db", s.fit->a2_db},       {"a4_db", s.fit->a4_db},
                  {"f_min_hz", s.fit->f_min_hz}, {"f_max_hz", s.fit->f_max_hz},
                  {"rms_db", s.fit->rms_db}};
  }
  if (s.noise) {
    out["noise"] = {
        {"icn_v", s.noise->icn_v}, {"next_v", s.noise->next_v}, {"fext_v", s.noise->fext_v}};
  }
  return out;
}

Json response_json(const channel::Network& sdd) {
  Json out = {{"frequency_hz", sdd.frequency_hz}};
  const auto add = [&](std::string_view name, std::size_t to, std::size_t from) {
    std::vector<double> real;
    std::vector<double> imaginary;
    for (const auto value : sdd.response(to, from)) {
      real.push_back(value.real());
      imaginary.push_back(value.imag());
    }
    out[std::string(name) + "_re"] = real;
    out[std::string(name) + "_im"] = imaginary;
  };
  add("sdd11", 0, 0);
  add("sdd21", 1, 0);
  add("sdd22", 1, 1);
  return out;
}

Json causality_json(const channel::CheckReport& report) {
  if (!report.causality) {
    return nullptr;
  }
  const auto& c = *report.causality;
  return {{"out", report.causality_out + 1}, {"in", report.causality_in + 1},
          {"early_energy", c.early_energy},  {"error", c.error},
          {"error_hz", c.error_hz},          {"delay_s", c.delay_s}};
}

}  // namespace
}  // namespace channel_report

NetworkFacts facts_of(const phy::channel::Network& network, std::string name, std::string role) {
  NetworkFacts facts;
  facts.name = std::move(name);
  facts.role = std::move(role);
  facts.ports = network.ports;
  facts.points = network.points();
  facts.z0_ohm = network.z0_ohm;
  const auto& f = network.frequency_hz;
  facts.first_hz = f.front();
  facts.last_hz = f.back();
  for (std::size_t i = 1; i < f.size(); ++i) {
    facts.step_hz = std::max(facts.step_hz, f[i] - f[i - 1]);
  }
  return facts;
}

std::string show_text(const ChannelShow& show, const Terminal& terminal) {
  using namespace channel_report;
  std::string out;
  files_text(out, show.files);
  for (const auto& note : show.channel.notes) {
    out += "note: " + note + "\n";
  }
  losses_text(out, show);
  summary_text(out, show);
  out += plot_text(show, terminal);
  return out;
}

std::string show_json(const ChannelShow& show) {
  using namespace channel_report;
  Json out = {{"schema", "weftline/channel/1"},
              {"report", "show"},
              {"files", Json::array()},
              {"notes", show.channel.notes},
              {"thru", show.channel.thru.name}};
  for (const auto& file : show.files) {
    out["files"].push_back(facts_json(file));
  }
  out["aggressors"] = Json::array();
  for (const auto& path : show.channel.aggressors) {
    out["aggressors"].push_back(
        {{"name", path.name}, {"role", std::string(channel::key(path.role))}});
  }
  out["at"] = Json::array();
  for (const double hz : show.at_hz) {
    const At values = at(show, hz);
    out["at"].push_back({{"hz", hz},
                         {"insertion_loss_db", maybe(values.insertion)},
                         {"near_return_loss_db", maybe(values.near_return)},
                         {"far_return_loss_db", maybe(values.far_return)},
                         {"next_loss_db", maybe(values.next)},
                         {"fext_loss_db", maybe(values.fext)},
                         {"crosstalk_loss_db", maybe(values.crosstalk)}});
  }
  out["delay_s"] = show.delay_s;
  out["skew_s"] = maybe(show.skew_s);
  out["conversion"] = nullptr;
  if (show.conversion) {
    const auto& c = *show.conversion;
    out["conversion"] = {{"scd21_db", c.scd21_db},
                         {"scd21_hz", c.scd21_hz},
                         {"sdc21_db", c.sdc21_db},
                         {"sdc21_hz", c.sdc21_hz}};
  }
  out["nyquist"] = summary_json(show);
  if (show.has_response) {
    out["response"] = response_json(show.channel.thru.sdd);
  }
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string show_csv(const ChannelShow& show) {
  using namespace channel_report;
  std::string out = "frequency_hz,insertion_loss_db,near_return_loss_db,far_return_loss_db";
  for (std::size_t i = 0; i < show.channel.aggressors.size(); ++i) {
    fmt::format_to(std::back_inserter(out), ",{}{}_loss_db",
                   channel::key(show.channel.aggressors[i].role), i + 1);
  }
  out += '\n';
  const auto& sdd = show.channel.thru.sdd;
  for (std::size_t i = 0; i < sdd.points(); ++i) {
    fmt::format_to(std::back_inserter(out), "{},{:.6f},{:.6f},{:.6f}", sdd.frequency_hz[i],
                   channel::loss_db(sdd.at(i, 1, 0)), channel::loss_db(sdd.at(i, 0, 0)),
                   channel::loss_db(sdd.at(i, 1, 1)));
    for (const auto& path : show.channel.aggressors) {
      fmt::format_to(std::back_inserter(out), ",{:.6f}", channel::loss_db(path.sdd.at(i, 1, 0)));
    }
    out += '\n';
  }
  return out;
}

std::string check_text(const std::vector<CheckedFile>& files) {
  std::string out;
  for (const auto& file : files) {
    const auto& r = file.report;
    fmt::format_to(std::back_inserter(out), "{}: {} ports, {} points\n", file.facts.name,
                   file.facts.ports, file.facts.points);
    for (const auto& note : file.notes) {
      out += "  note: " + note + "\n";
    }
    using channel_report::row;
    row(out, "Largest singular value",
        fmt::format("{:.6f} at {:.4g} GHz, above 1 at {} points", r.passivity.largest,
                    r.passivity.at_hz * 1e-9, r.passivity.points_above));
    row(out, "Reciprocity, worst",
        fmt::format("{:.3g} at {:.4g} GHz", r.reciprocity.largest, r.reciprocity.at_hz * 1e-9));
    row(out, "Causality",
        r.causality ? fmt::format("{:.3g} of the energy too early, {:.3g} lost without it (S{},{})",
                                  r.causality->early_energy, r.causality->error,
                                  r.causality_out + 1, r.causality_in + 1)
                    : std::string("- (needs two ports and 16 points)"));
    row(out, "Delay",
        fmt::format("{:.4g} ns, {:.3f} of a turn in a step", r.sampling.delay_s * 1e9,
                    r.sampling.turns_per_step));
    for (const auto& finding : r.findings) {
      fmt::format_to(std::back_inserter(out), "  {}: {}\n", phy::channel::key(finding.check),
                     finding.text);
    }
    if (r.findings.empty()) {
      out += "  in order\n";
    }
  }
  return out;
}

std::string check_json(const std::vector<CheckedFile>& files, int exit_code) {
  using namespace channel_report;
  Json out = {{"schema", "weftline/channel/1"},
              {"report", "check"},
              {"exit_code", exit_code},
              {"files", Json::array()}};
  for (const auto& file : files) {
    const auto& r = file.report;
    Json one = facts_json(file.facts);
    one["notes"] = file.notes;
    one["passivity"] = {{"largest", r.passivity.largest},
                        {"at_hz", r.passivity.at_hz},
                        {"points_above", r.passivity.points_above}};
    one["reciprocity"] = {{"largest", r.reciprocity.largest}, {"at_hz", r.reciprocity.at_hz}};
    one["causality"] = causality_json(r);
    one["sampling"] = {{"is_uniform", r.sampling.is_uniform},
                       {"delay_s", r.sampling.delay_s},
                       {"turns_per_step", r.sampling.turns_per_step},
                       {"first_point_error", r.sampling.first_point_error}};
    one["findings"] = Json::array();
    for (const auto& finding : r.findings) {
      one["findings"].push_back({{"check", std::string(phy::channel::key(finding.check))},
                                 {"value", finding.value},
                                 {"limit", finding.limit},
                                 {"at_hz", finding.at_hz},
                                 {"text", finding.text}});
    }
    out["files"].push_back(std::move(one));
  }
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string cascade_json(const NetworkFacts& facts, const std::string& touchstone) {
  using namespace channel_report;
  const Json out = {{"schema", "weftline/channel/1"},
                    {"report", "cascade"},
                    {"files", Json::array({facts_json(facts)})},
                    {"touchstone", touchstone.empty() ? Json(nullptr) : Json(touchstone)}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace weft::cli
