// SPDX-License-Identifier: Apache-2.0
#include "cli/physics/com_report.h"

#include "cli/terminal.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::cli::com {
namespace {

using Json = nlohmann::ordered_json;
using phy::com::ComCase;

std::string painted(Verdict verdict, bool colour) {
  std::string word(key(verdict));
  std::transform(word.begin(), word.end(), word.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  switch (verdict) {
    case Verdict::kPass:
      return paint(word, Colour::kGreen, colour);
    case Verdict::kFail:
      return paint(word, Colour::kRed, colour);
    case Verdict::kUnknown:
    case Verdict::kNoLimit:
      break;
  }
  return paint(word, Colour::kYellow, colour);
}

double mv(double volts) {
  return volts * 1e3;
}

std::string case_name(const ComCase& one) {
  return one.link.package_case.empty() ? "none" : one.link.package_case;
}

/// Taps with the main one in brackets.
std::string taps_text(const std::vector<double>& taps, std::size_t main) {
  std::string out;
  for (std::size_t i = 0; i < taps.size(); ++i) {
    const auto tap = fmt::format("{:.3f}", taps[i]);
    out += (i == 0 ? "" : " ") + (i == main ? "[" + tap + "]" : tap);
  }
  return out;
}

std::string vec_text(const ComCase& one) {
  return one.vec_db ? fmt::format("{:.2f}", *one.vec_db) : std::string("closed");
}

std::string case_line(const ComCase& one) {
  return fmt::format("  {:<14} {:>7.3f} {:>7.3f} {:>7} {:>8.3f} {:>8.3f} {:>8.3f} {:>7.3f}\n",
                     case_name(one), one.com_db, one.com_dfe_db, vec_text(one), mv(one.veo_v),
                     mv(one.a_s_v), mv(one.a_ni_v), one.link.input.equaliser.fom_db);
}

std::string equaliser_text(const phy::link::LinkSetup& setup, const ComCase& one) {
  const auto& in = one.link.input;
  const auto& e = in.equaliser;
  std::string out = fmt::format("  Tx FFE          {}{}\n", taps_text(e.tx_taps, setup.tx.ffe.pre),
                                e.preset.empty() ? "" : "   preset " + e.preset);
  if (setup.rx.ctle.family != phy::link::Ctle::Family::kNone) {
    out += fmt::format("  CTLE            g_DC {:.1f} dB", e.ctle_gain_db);
    out += setup.rx.ctle.low_hz > 0
               ? fmt::format(", low-frequency gain {:.2f} dB\n", e.ctle_low_gain_db)
               : "\n";
  }
  if (!e.rx_taps.empty()) {
    out += fmt::format("  Rx FFE          {}\n", taps_text(e.rx_taps, setup.rx.ffe.pre));
    for (std::size_t i = 0; i < e.floating_taps.size(); ++i) {
      out += fmt::format("{}{}:{:.3f}", i == 0 ? "  floating taps   " : " ",
                         e.floating_positions[i], e.floating_taps[i]);
    }
    out += e.floating_taps.empty() ? "" : "   (UI after the main tap)\n";
  }
  const double cursor = in.pulse[in.cursor];
  std::size_t fixed = 0;
  std::string floating;
  for (std::size_t i = 0; i < in.dfe.size(); ++i) {
    if (i < setup.rx.dfe.max.size()) {
      out += fmt::format("{}{:.3f}", i == 0 ? "  DFE             " : " ", in.dfe[i] / cursor);
      ++fixed;
    } else if (in.dfe[i] != 0) {
      floating += fmt::format(" {}:{:.3f}", i + 1, in.dfe[i] / cursor);
    }
  }
  out += fixed > 0 ? "   (of the cursor)\n" : "";
  out += floating.empty() ? "" : fmt::format("  floating DFE   {}\n", floating);
  return out;
}

std::string voltages_text(const phy::link::LinkSetup& setup, const ComCase& one) {
  const auto& b = one.link.budget;
  std::string out = fmt::format(
      "  A_s {:.4f}   A_ni {:.4f}   VEO {:.4f}   peak of the unequalised pulse {:.2f}\n",
      mv(one.a_s_v), mv(one.a_ni_v), mv(one.veo_v), mv(one.link.pulse_peak_v));
  out += fmt::format(
      "  rms: ISI {:.4f}   crosstalk {:.4f}   both {:.4f}   transmitter {:.4f}   receiver {:.4f}\n",
      mv(b.sigma_isi_v), mv(b.sigma_xt_v), mv(one.sigma_isi_xt_v), mv(b.sigma_tx_v),
      mv(b.sigma_n_v));
  out += fmt::format(
      "       random jitter {:.4f}   dual-Dirac {:.4f}   Gaussian {:.4f}   quantiser {:.4f}   all "
      "{:.4f}\n",
      mv(b.sigma_rj_v), mv(one.sigma_dd_v), mv(one.sigma_g_v), mv(b.sigma_q_v),
      mv(one.sigma_all_v));
  out +=
      fmt::format("  exceeded with {:.0e}: ISI {:.4f}   crosstalk {:.4f}   both {:.4f}\n",
                  setup.target.der0, mv(one.peak_isi_v), mv(one.peak_xt_v), mv(one.peak_isi_xt_v));
  for (const auto& aggressor : one.link.aggressors) {
    out += fmt::format("  {} {:.4f} rms   {}\n", phy::channel::key(aggressor.role),
                       mv(aggressor.sigma_v), aggressor.name);
  }
  return out;
}

std::string errors_text(const ComCase& one, const Judged& judged) {
  std::string out = fmt::format("  symbol error ratio {:.2e}", one.der);
  if (one.mlse_gain_db > 0) {
    out += fmt::format("; behind the sequence detector {:.2e}, worth {:.2f} dB", one.der_mlse,
                       one.mlse_gain_db);
  }
  out += fmt::format("\n  an error is followed by another with probability {:.3f}\n",
                     one.error_propagation);
  if (judged.check) {
    const auto& c = *judged.check;
    out += fmt::format(
        "  time-domain check, {} symbols: slicer {:.2e} ({} errors, followed by another {:.3f})",
        c.symbols, c.ser(), c.slicer.symbol_errors, c.slicer.burst());
    if (one.mlse_gain_db > 0) {
      out += fmt::format("; sequence detector {} errors", c.mlse.symbol_errors);
    }
    out += '\n';
  }
  return out;
}

std::string detail(const Report& report, const Judged& judged, const ComCase& one, bool colour) {
  const auto head = [&](std::string_view words) {
    return paint(fmt::format("{}, package {}", words, case_name(one)), Colour::kBold, colour) +
           "\n";
  };
  std::string out = "\n" + head("Equaliser") + equaliser_text(report.setup, one);
  out += fmt::format("  {} settings looked at ({} search)\n", one.link.settings, report.search);
  out += "\n" + head("Voltages at the slicer, mV") + voltages_text(report.setup, one);
  out += "\n" + head("Errors") + errors_text(one, judged);
  return out;
}

std::string number(const std::optional<double>& value, int digits) {
  return value ? fmt::format("{:.{}f}", *value, digits) : std::string("-");
}

/// The channel by itself, without packages and equalisers.
std::string figures_text(const Judged& judged) {
  const auto& s = judged.figures.summary;
  std::string out = fmt::format(
      "  insertion loss {} dB at {:.3f} GHz (fitted {}), FOM ILD {} dB, return loss {} and {} dB\n",
      number(s.insertion_loss_db, 2), s.nyquist_hz * 1e-9, number(s.fitted_loss_db, 2),
      number(s.fom_ild_db, 3), number(s.near_return_loss_db, 2), number(s.far_return_loss_db, 2));
  out += fmt::format("  ERL {} and {} dB ({})\n", number(judged.figures.near_erl_db, 2),
                     number(judged.figures.far_erl_db, 2), judged.erl_terms);
  if (s.noise) {
    out += fmt::format("  ICN {:.3f} mV (NEXT {:.3f}, FEXT {:.3f})\n", mv(s.noise->icn_v),
                       mv(s.noise->next_v), mv(s.noise->fext_v));
  }
  return out;
}

Json number_or_null(bool is_known, double value) {
  return is_known && std::isfinite(value) ? Json(value) : Json(nullptr);
}

Json case_json(const phy::link::LinkSetup& setup, const ComCase& one) {
  const auto& b = one.link.budget;
  const auto& in = one.link.input;
  const auto& e = in.equaliser;
  const double cursor = in.pulse[in.cursor];
  Json dfe = Json::array();
  for (const double tap : in.dfe) {
    dfe.push_back(tap / cursor);
  }
  Json aggressors = Json::array();
  for (const auto& aggressor : one.link.aggressors) {
    aggressors.push_back({{"role", phy::channel::key(aggressor.role)},
                          {"name", aggressor.name},
                          {"sigma_v", aggressor.sigma_v}});
  }
  return {
      {"package", one.link.package_case.empty() ? Json(nullptr) : Json(one.link.package_case)},
      {"com_db", one.com_db},
      {"com_without_mlse_db", one.com_dfe_db},
      {"mlse_gain_db", number_or_null(setup.rx.mlse, one.mlse_gain_db)},
      {"vec_db", number_or_null(one.vec_db.has_value(), one.vec_db.value_or(0))},
      {"veo_v", one.veo_v},
      {"a_s_v", one.a_s_v},
      {"a_ni_v", one.a_ni_v},
      {"fom_db", e.fom_db},
      {"symbol_error_ratio", one.der},
      {"symbol_error_ratio_mlse", number_or_null(setup.rx.mlse, one.der_mlse)},
      {"error_propagation_probability", one.error_propagation},
      {"equaliser",
       {{"preset", e.preset.empty() ? Json(nullptr) : Json(e.preset)},
        {"tx_taps", e.tx_taps},
        {"tx_main", setup.tx.ffe.pre},
        {"ctle_gain_db", e.ctle_gain_db},
        {"ctle_low_gain_db", e.ctle_low_gain_db},
        {"rx_taps", e.rx_taps},
        {"rx_main", setup.rx.ffe.pre},
        {"floating_positions_ui", e.floating_positions},
        {"floating_taps", e.floating_taps},
        {"dfe_taps", dfe},
        {"settings_looked_at", one.link.settings}}},
      {"sigma_v",
       {{"isi", b.sigma_isi_v},
        {"crosstalk", b.sigma_xt_v},
        {"isi_and_crosstalk", one.sigma_isi_xt_v},
        {"transmitter", b.sigma_tx_v},
        {"receiver", b.sigma_n_v},
        {"random_jitter", b.sigma_rj_v},
        {"dual_dirac", one.sigma_dd_v},
        {"gaussian", one.sigma_g_v},
        {"quantiser", b.sigma_q_v},
        {"all", one.sigma_all_v}}},
      {"peak_v",
       {{"isi", one.peak_isi_v},
        {"crosstalk", one.peak_xt_v},
        {"isi_and_crosstalk", one.peak_isi_xt_v},
        {"unequalised_pulse", one.link.pulse_peak_v}}},
      {"aggressors", aggressors},
  };
}

Json maybe(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json figures_json(const ChannelFigures& figures) {
  const auto& s = figures.summary;
  const bool has_noise = s.noise.has_value();
  const auto noise = s.noise.value_or(phy::channel::CrosstalkNoise{});
  return {{"fitted_loss_db", maybe(s.fitted_loss_db)},
          {"fom_ild_db", maybe(s.fom_ild_db)},
          {"near_return_loss_db", maybe(s.near_return_loss_db)},
          {"far_return_loss_db", maybe(s.far_return_loss_db)},
          {"near_erl_db", maybe(figures.near_erl_db)},
          {"far_erl_db", maybe(figures.far_erl_db)},
          {"icn_v", number_or_null(has_noise, noise.icn_v)},
          {"icn_next_v", number_or_null(has_noise, noise.next_v)},
          {"icn_fext_v", number_or_null(has_noise, noise.fext_v)}};
}

Json check_json(const phy::eye::SimulationResult& check) {
  return {{"symbols", check.symbols},
          {"symbol_errors", check.slicer.symbol_errors},
          {"symbol_errors_mlse", check.mlse.symbol_errors},
          {"burst", check.slicer.burst()}};
}

std::string csv_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    out += c;
    out += c == '"' ? "\"" : "";
  }
  return out + "\"";
}

}  // namespace

std::string_view key(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return "pass";
    case Verdict::kFail:
      return "fail";
    case Verdict::kNoLimit:
      return "no limit";
    case Verdict::kUnknown:
      break;
  }
  return "unknown";
}

std::string text(const Report& report, const Judged& judged, bool all_cases, bool colour) {
  const auto& setup = report.setup;
  const auto& worst = judged.worst();
  std::string out =
      fmt::format("{}   {}\n", paint(judged.name, Colour::kBold, colour), setup.title);
  out += fmt::format("  {} far-end and {} near-end aggressors, measured to {:.2f} GHz",
                     judged.fexts, judged.nexts, worst.link.measured_to_hz * 1e-9);
  out += "\n" + figures_text(judged);
  out += fmt::format("\n{}   COM {:.3f} dB", painted(judged.verdict, colour), worst.com_db);
  if (setup.target.com_db) {
    out += fmt::format(", limit {:.2f} dB, margin {:+.3f} dB", *setup.target.com_db,
                       worst.com_db - *setup.target.com_db);
  }
  out += fmt::format(", at a detector error ratio of {:.0e}\n\n", setup.target.der0);
  out += fmt::format("  {:<14} {:>7} {:>7} {:>7} {:>8} {:>8} {:>8} {:>7}\n", "package", "COM dB",
                     "no MLSE", "VEC dB", "VEO mV", "A_s mV", "A_ni mV", "FOM dB");
  for (const auto& one : judged.result.cases) {
    out += case_line(one);
  }
  for (const auto& one : judged.result.cases) {
    if (all_cases || &one == &worst) {
      out += detail(report, judged, one, colour);
    }
  }
  for (const auto& note : judged.notes) {
    out += fmt::format("\nNote: {}.", note);
  }
  out += judged.notes.empty() ? "" : "\n";
  if (setup.is_modelled) {
    out += fmt::format("\nModelled, not confirmed by a public source: {}.\n",
                       fmt::join(setup.modelled, ", "));
  }
  return out;
}

std::string table(const Report& report, bool colour) {
  std::string out =
      fmt::format("{}\n{:>8} {:>8} {:>8} {:>8}  {:<14} {:<9} {}\n", report.setup.title, "COM dB",
                  "VEC dB", "IL dB", "FOM dB", "package", "verdict", "channel");
  for (const auto& judged : report.channels) {
    const auto& worst = judged.worst();
    const auto loss = number(judged.figures.summary.insertion_loss_db, 2);
    const auto verdict = painted(judged.verdict, colour);
    const std::size_t pad = 9 - std::min<std::size_t>(9, key(judged.verdict).size());
    out += fmt::format("{:>8.3f} {:>8} {:>8} {:>8.3f}  {:<14} {}{} {}\n", worst.com_db,
                       vec_text(worst), loss, worst.link.input.equaliser.fom_db, case_name(worst),
                       verdict, std::string(pad, ' '), judged.name);
  }
  return out;
}

std::string json(const Report& report) {
  const auto& setup = report.setup;
  Json channels = Json::array();
  for (const auto& judged : report.channels) {
    Json cases = Json::array();
    for (const auto& one : judged.result.cases) {
      cases.push_back(case_json(setup, one));
    }
    const auto& worst = judged.worst();
    Json channel = {
        {"name", judged.name},
        {"verdict", key(judged.verdict)},
        {"com_db", worst.com_db},
        {"margin_db", number_or_null(setup.target.com_db.has_value(),
                                     worst.com_db - setup.target.com_db.value_or(0))},
        {"worst_case", judged.result.worst},
        {"fexts", judged.fexts},
        {"nexts", judged.nexts},
        {"insertion_loss_db", maybe(judged.figures.summary.insertion_loss_db)},
        {"figures", figures_json(judged.figures)},
        {"measured_to_hz", worst.link.measured_to_hz},
        {"cases", cases},
        {"notes", judged.notes},
    };
    if (judged.check) {
      channel["check"] = check_json(*judged.check);
    }
    channels.push_back(std::move(channel));
  }
  const Json document = {
      {"schema", "weftline/com/1"},
      {"setup",
       {{"key", setup.key},
        {"title", setup.title},
        {"source", setup.source},
        {"modelled", setup.modelled},
        {"baud_hz", setup.signalling.baud_hz},
        {"levels", setup.signalling.levels},
        {"der0", setup.target.der0},
        {"limit_db",
         number_or_null(setup.target.com_db.has_value(), setup.target.com_db.value_or(0))}}},
      {"search", report.search},
      {"channels", channels},
  };
  return document.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string csv(const Report& report) {
  std::string out =
      "channel,verdict,package,com_db,com_without_mlse_db,vec_db,veo_mv,a_s_mv,a_ni_mv,fom_db,"
      "insertion_loss_db,ctle_gain_db,ctle_low_gain_db,tx_taps,symbol_error_ratio\n";
  for (const auto& judged : report.channels) {
    for (const auto& one : judged.result.cases) {
      const auto& e = one.link.input.equaliser;
      const auto& loss = judged.figures.summary.insertion_loss_db;
      out += fmt::format(
          "{},{},{},{:.6f},{:.6f},{},{:.6f},{:.6f},{:.6f},{:.6f},{},{},{},{:.4f},{:.6e}\n",
          csv_quoted(judged.name), key(judged.verdict), csv_quoted(case_name(one)), one.com_db,
          one.com_dfe_db, one.vec_db ? fmt::format("{:.6f}", *one.vec_db) : "", mv(one.veo_v),
          mv(one.a_s_v), mv(one.a_ni_v), e.fom_db, loss ? fmt::format("{:.6f}", *loss) : "",
          e.ctle_gain_db, e.ctle_low_gain_db, fmt::join(e.tx_taps, " "), one.der);
    }
  }
  return out;
}

}  // namespace weft::cli::com
