// SPDX-License-Identifier: Apache-2.0
// See eye_text.h. Labels stand in one column, values are wrapped beside it.
#include "cli/physics/eye_text.h"

#include "base/text.h"
#include "cli/draw/terminal_plot.h"
#include "cli/help.h"
#include "cli/physics/eye_plots.h"
#include "cli/verb.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace weft::cli {
namespace {

using draw::figure_text;
using phy::eye::EyeOpening;

constexpr std::size_t kLabel = 14;

std::string ghz(double hertz) {
  return figure_text(hertz / 1e9, 4) + " GHz";
}

/// "Label         text that is wrapped under itself".
std::string field(std::string_view label, std::string_view text, std::size_t columns) {
  std::string body = wrap(text, kLabel, std::max<std::size_t>(columns, 40));
  if (body.size() < kLabel) {
    return "";
  }
  return fmt::format("{:<{}}", label, kLabel) + body.substr(kLabel);
}

Colour colour_of(EyeVerdict verdict) {
  return verdict == EyeVerdict::kMeets   ? Colour::kGreen
         : verdict == EyeVerdict::kFails ? Colour::kRed
                                         : Colour::kYellow;
}

std::string channel_text(const EyeSegment& segment) {
  std::string text =
      segment.insertion_loss_db.has_value()
          ? fmt::format("{} dB insertion loss at {} (Nyquist)",
                        figure_text(*segment.insertion_loss_db), ghz(segment.nyquist_hz))
          : fmt::format("insertion loss at {} (Nyquist) not known", ghz(segment.nyquist_hz));
  text += fmt::format(", known to {}", ghz(segment.measured_to_hz));
  text += segment.aggressors == 0   ? ", no aggressors"
          : segment.aggressors == 1 ? ", 1 aggressor"
                                    : fmt::format(", {} aggressors", segment.aggressors);
  text += segment.link.package_case.empty()
              ? ", without packages"
              : fmt::format(", packages \"{}\"{}", segment.link.package_case,
                            segment.package_cases > 1
                                ? fmt::format(", the worst of {}", segment.package_cases)
                                : "");
  return text;
}

std::string transmitter_text(const phy::link::Equaliser& equaliser) {
  if (equaliser.tx_taps.empty()) {
    return "no taps";
  }
  const std::string taps = "taps " + eye_taps_text(equaliser.tx_taps);
  return equaliser.preset.empty() ? taps : fmt::format("preset {}, {}", equaliser.preset, taps);
}

std::string receiver_text(const EyeReport& report, const phy::link::Equaliser& equaliser) {
  if (report.setup.rx.ctle.family == phy::link::Ctle::Family::kNone) {
    return "no CTLE";
  }
  std::string text = fmt::format("CTLE {} dB", figure_text(equaliser.ctle_gain_db));
  if (equaliser.ctle_low_gain_db != 0) {
    text += fmt::format(" and {} dB at low frequency", figure_text(equaliser.ctle_low_gain_db));
  }
  return text;
}

std::string ffe_text(const phy::link::Equaliser& equaliser) {
  std::string text = eye_taps_text(equaliser.rx_taps);
  for (std::size_t i = 0; i < equaliser.floating_taps.size(); ++i) {
    text +=
        fmt::format("{} {:.3f} at {} UI", i == 0 ? "; floating" : ",", equaliser.floating_taps[i],
                    i < equaliser.floating_positions.size() ? equaliser.floating_positions[i] : 0);
  }
  return text;
}

std::string dfe_text(const phy::link::SlicerInput& input) {
  const double cursor = input.cursor < input.pulse.size() ? input.pulse[input.cursor] : 0;
  std::vector<double> relative(input.dfe.size());
  std::transform(input.dfe.begin(), input.dfe.end(), relative.begin(),
                 [cursor](double tap) { return cursor != 0 ? tap / cursor : 0; });
  std::size_t shown = relative.size();
  while (shown > 1 && std::abs(relative[shown - 1]) < 0.0005) {
    --shown;
  }
  const std::size_t rest = relative.size() - shown;
  relative.resize(shown);
  return fmt::format("taps {} of the cursor{}", eye_taps_text(relative),
                     rest > 0 ? fmt::format("; the other {} are 0", rest) : "");
}

std::string budget_text(const EyeSegment& segment) {
  const auto& budget = segment.link.budget;
  return fmt::format(
      "{} from the middle of an eye to a level; rms: ISI {}, crosstalk {}, jitter {}, transmitter "
      "{}, receiver {}",
      eye_mv_text(budget.a_s_v), eye_mv_text(budget.sigma_isi_v), eye_mv_text(budget.sigma_xt_v),
      eye_mv_text(budget.sigma_j_v), eye_mv_text(budget.sigma_tx_v), eye_mv_text(budget.sigma_n_v));
}

/// One row for each error ratio, one column for each eye.
std::string openings_text(const EyeReport& report, const EyeSegment& segment) {
  const std::size_t eyes = segment.eye.levels - 1;
  std::string text = fmt::format("{:<{}}", eyes == 1 ? "Eye" : "Eyes", kLabel);
  for (std::size_t e = eyes; eyes > 1 && e-- > 0;) {
    text += fmt::format("{:<21}", eye_name(e, eyes));
  }
  text += eyes == 1 ? fmt::format("{:<11}{}", "height", "width") : "";
  text += '\n';
  for (const double ber : report.bers) {
    const bool is_target = ber == report.setup.target.ber;
    text += fmt::format("  {:<{}}", figure_text(ber, 2) + (is_target ? " *" : ""), kLabel - 2);
    for (std::size_t e = eyes; e-- > 0;) {
      for (const EyeOpening& opening : segment.eye.openings) {
        if (opening.ber == ber && opening.eye == e) {
          text += opening.height_v > 0 || opening.width_ui > 0
                      ? fmt::format("{:<21}",
                                    fmt::format("{:<11}{:.3f} UI", eye_mv_text(opening.height_v),
                                                opening.width_ui))
                      : fmt::format("{:<21}", "closed");
        }
      }
    }
    text += '\n';
  }
  std::string trimmed;
  for (const std::string_view line : base::split(text, '\n')) {
    const auto end = line.find_last_not_of(' ');
    if (end != std::string_view::npos) {
      trimmed += std::string(line.substr(0, end + 1)) + '\n';
    }
  }
  return trimmed;
}

std::string error_ratio_text(const EyeSegment& segment) {
  const auto& eye = segment.eye;
  std::string text = fmt::format("before FEC: {} of bits, {} of symbols at the sampling instant",
                                 eye_ber_text(eye.ber), eye_ber_text(eye.ser));
  if (eye.mlse_ber.has_value()) {
    text += fmt::format("; {} of bits behind the sequence detector (an estimate)",
                        eye_ber_text(*eye.mlse_ber));
  }
  return text;
}

std::string fec_text(const EyeSegment& segment) {
  if (!segment.fec.has_value()) {
    return segment.fec_missing.empty() ? "none in this set-up" : segment.fec_missing;
  }
  const EyeFec& fec = *segment.fec;
  const std::string most = segment.ber() < kEyeRatioLeast ? "at most " : "";
  const std::string ratio = eye_ratio_text(fec.log10_failure);
  std::string text = fec.log10_ber.has_value()
                         ? fmt::format("{}: leaves {}{} of bits, {} of codewords not corrected",
                                       fec.key, most, eye_ratio_text(*fec.log10_ber), ratio)
                         : fmt::format("{}: {}{} of flits are sent again", fec.key, most, ratio);
  return text + "; " + fec.burst;
}

std::string simulation_text(const EyeSimulation& run) {
  const bool agrees = run.expected_ber >= run.ber_low && run.expected_ber <= run.ber_high;
  std::string text = fmt::format(
      "{} bits, seed {}: {} wrong, ratio {} (95 %: {} to {}); that of the statistical eye, {}, {}",
      run.bits, run.seed, run.errors, figure_text(run.ber, 2), figure_text(run.ber_low, 2),
      figure_text(run.ber_high, 2), eye_ber_text(run.expected_ber),
      agrees ? "lies within" : "lies OUTSIDE");
  text += fmt::format(". With the slicer's own decisions in the DFE: {} wrong, ratio {}",
                      run.feedback_errors, figure_text(run.feedback_ber, 2));
  text += run.burst.has_value() ? fmt::format(", an error is followed by another with a = {}",
                                              figure_text(*run.burst, 2))
                                : std::string(", too few for a burst parameter");
  if (run.mlse_ber.has_value()) {
    text += fmt::format("; behind the sequence detector {}", figure_text(*run.mlse_ber, 2));
  }
  return text;
}

std::string numbers_text(const EyeReport& report, const EyeSegment& segment, std::size_t columns) {
  const auto& input = segment.link.input;
  std::string text = field("Channel", channel_text(segment), columns);
  text += field("Transmitter", transmitter_text(input.equaliser), columns);
  text += field("Receiver", receiver_text(report, input.equaliser), columns);
  if (!input.equaliser.rx_taps.empty()) {
    text += field("FFE", ffe_text(input.equaliser), columns);
  }
  if (!input.dfe.empty()) {
    text += field("DFE", dfe_text(input), columns);
  }
  text += field("Signal", budget_text(segment), columns);
  text += openings_text(report, segment);
  text += field("Worst case",
                segment.eye.pda_height_v > 0
                    ? fmt::format("{} stay open whatever is sent (peak distortion, without noise)",
                                  eye_mv_text(segment.eye.pda_height_v))
                    : fmt::format("closed by {} for the worst pattern (peak distortion, without "
                                  "noise)",
                                  eye_mv_text(-segment.eye.pda_height_v)),
                columns);
  text += field("Error ratio", error_ratio_text(segment), columns);
  text += field("FEC", fec_text(segment), columns);
  if (segment.simulation.has_value()) {
    text += field("Simulation", simulation_text(*segment.simulation), columns);
  }
  std::string criteria;
  for (const EyeCriterion& criterion : segment.criteria) {
    criteria += (criteria.empty() ? "" : "; ") + criterion_text(criterion);
  }
  text += field("Target (*)", criteria, columns);
  return text;
}

/// Each note once, whichever segments it belongs to.
std::string notes_text(const EyeReport& report, std::size_t columns) {
  std::vector<std::string> told;
  const auto tell = [&told](const std::vector<std::string>& notes) {
    for (const std::string& note : notes) {
      if (std::find(told.begin(), told.end(), note) == told.end()) {
        told.push_back(note);
      }
    }
  };
  for (const EyeSegment& segment : report.segments) {
    tell(segment.notes);
  }
  tell(report.notes);
  std::string text;
  for (const std::string& note : told) {
    text += field(text.empty() ? "Notes" : "", note, columns);
  }
  return text;
}

std::string modelled_text(const EyeReport& report, std::size_t columns) {
  if (!report.setup.is_modelled) {
    return "";
  }
  std::string names;
  for (const std::string& name : report.setup.modelled) {
    names += (names.empty() ? "" : ", ") + name;
  }
  return field("Modelled",
               names.empty() ? "constants of the set-up that no public source confirms"
                             : "no public source confirms " + names,
               columns);
}

std::string pictures(const EyeReport& report, const EyeSegment& segment, EyePlotKind kind,
                     const draw::TerminalForm& form) {
  const std::vector<double> contour = {report.setup.target.ber};
  std::string text;
  if (kind == EyePlotKind::kEye || kind == EyePlotKind::kAll) {
    text += draw::density_text(eye_density_plot(segment.eye, "", draw::Palette::kViridis, contour),
                               form);
  }
  draw::TerminalForm low = form;
  low.rows = std::max<std::size_t>(form.rows / 2, 10);
  if (kind == EyePlotKind::kBathtub || kind == EyePlotKind::kAll) {
    const NamedEye named{"bathtub", &segment.eye};
    text +=
        draw::series_text(eye_bathtub_plot(std::span(&named, 1), report.setup.target.ber, ""), low);
  }
  if (kind == EyePlotKind::kPulse || kind == EyePlotKind::kAll) {
    text += draw::series_text(eye_pulse_plot(segment.link.input, ""), low);
  }
  return text;
}

std::string value_text(const EyeFigure& figure) {
  if (!figure.value.has_value()) {
    return "not known";
  }
  return figure.is_ratio ? eye_ratio_text(*figure.value)
                         : fmt::format("{} {}", figure_text(*figure.value), figure.unit);
}

std::string title_text(const EyeReport& report) {
  return fmt::format("{}: {}", report.setup.title, report.segments[report.worst].name);
}

std::size_t page_columns(const Terminal& terminal) {
  return static_cast<std::size_t>(std::clamp(terminal.columns, 60, 140));
}

}  // namespace

std::string eye_mv_text(double volts) {
  return figure_text(volts * 1e3) + " mV";
}

int eye_exit(EyeVerdict verdict) {
  return verdict == EyeVerdict::kMeets ? kOk : verdict == EyeVerdict::kFails ? kWarning : kUnknown;
}

std::string eye_taps_text(const std::vector<double>& taps) {
  std::string text;
  for (const double tap : taps) {
    const std::string number = fmt::format("{:.3f}", tap);
    text += (text.empty() ? "" : " ") + (number == "-0.000" ? "0.000" : number);
  }
  return text;
}

std::string eye_name(std::size_t eye, std::size_t count) {
  if (count <= 1) {
    return "";
  }
  if (count == 3) {
    constexpr std::string_view kNames[] = {"lower", "middle", "upper"};
    return std::string(kNames[eye]);
  }
  return fmt::format("eye {}", eye + 1);
}

std::string eye_ratio_text(double log10_ratio) {
  if (!std::isfinite(log10_ratio)) {
    return log10_ratio < 0 ? "0" : "not known";
  }
  const double exponent = std::floor(log10_ratio);
  const double mantissa = std::pow(10, log10_ratio - exponent);
  return exponent < -300 ? fmt::format("{:.1f}e{}", mantissa, static_cast<int>(exponent))
                         : figure_text(std::pow(10, log10_ratio), 2);
}

std::string eye_ber_text(double ratio) {
  return ratio < kEyeRatioLeast ? "less than " + figure_text(kEyeRatioLeast, 2)
                                : figure_text(ratio, 2);
}

std::string criterion_text(const EyeCriterion& criterion) {
  const auto value = [&](double v) {
    return criterion.unit == "V"    ? eye_mv_text(v)
           : criterion.unit == "UI" ? figure_text(v) + " UI"
                                    : eye_ber_text(v);
  };
  const std::string margin = std::abs(criterion.margin) >= 99
                                 ? std::string(criterion.margin > 0 ? "far better" : "closed")
                                 : fmt::format("{:+.{}f} {}", criterion.margin,
                                               criterion.margin_unit == "dB"   ? 1
                                               : criterion.margin_unit == "UI" ? 3
                                                                               : 2,
                                               criterion.margin_unit);
  return fmt::format("{} {}, {} {} asked ({})", criterion.name, value(criterion.value),
                     criterion.is_at_most ? "at most" : "at least", value(criterion.limit), margin);
}

std::string verdict_text(const EyeReport& report) {
  const EyeSegment& worst = report.segments[report.worst];
  const std::string which =
      report.segments.size() > 1
          ? fmt::format(" in segment {} of {}", report.worst + 1, report.segments.size())
          : "";
  switch (worst.verdict) {
    case EyeVerdict::kMeets: {
      const auto least = std::min_element(worst.criteria.begin(), worst.criteria.end(),
                                          [](const EyeCriterion& a, const EyeCriterion& b) {
                                            return a.weighed_margin() < b.weighed_margin();
                                          });
      return fmt::format("MEETS the target{}{}.", which,
                         least == worst.criteria.end() ? "" : ": " + criterion_text(*least));
    }
    case EyeVerdict::kFails:
      for (const EyeCriterion& criterion : worst.criteria) {
        if (!criterion.passes()) {
          return fmt::format("MISSES the target{}: {}.", which, criterion_text(criterion));
        }
      }
      return fmt::format("MISSES the target{}.", which);
    case EyeVerdict::kUnknown:
      break;
  }
  return fmt::format("NOT KNOWN{}: {}.", which, worst.reason);
}

std::string eye_text(const EyeReport& report, EyePlotKind plot, const Terminal& terminal) {
  const std::size_t columns = page_columns(terminal);
  const EyeSegment& worst = report.segments[report.worst];
  std::string text = paint(title_text(report), Colour::kBold, terminal.colour) + "\n";
  text += paint(wrap(verdict_text(report), 0, columns), colour_of(worst.verdict), terminal.colour);
  text += "\n" + pictures(report, worst, plot, draw::form_of(terminal, 24)) + "\n";
  for (std::size_t i = 0; i < report.segments.size(); ++i) {
    const EyeSegment& segment = report.segments[i];
    if (report.segments.size() > 1) {
      text += fmt::format("{}Segment {} of {}: {} ({}{})\n", i == 0 ? "" : "\n", i + 1,
                          report.segments.size(), segment.name, key(segment.verdict),
                          i == report.worst ? ", the worst, drawn above" : "");
    }
    text += numbers_text(report, segment, columns);
  }
  text += report.segments.size() > 1 ? "\n" : "";
  text += notes_text(report, columns);
  return text + modelled_text(report, columns);
}

std::vector<EyeFigure> eye_figures(const EyeReport& report) {
  const EyeSegment& segment = report.segments[report.worst];
  const double ber = report.setup.target.ber;
  const EyeOpening* height = smallest_height(segment.eye, ber);
  const EyeOpening* width = smallest_width(segment.eye, ber);
  const auto log10_of = [](double v) { return std::log10(v); };
  const auto& budget = segment.link.budget;
  std::vector<EyeFigure> figures = {
      {"Insertion loss at Nyquist", "insertion_loss_db", "dB", segment.insertion_loss_db},
      {"Cursor (level to middle)", "a_s_mv", "mV", budget.a_s_v * 1e3},
      {"ISI, rms", "isi_mv", "mV", budget.sigma_isi_v * 1e3},
      {"Crosstalk, rms", "crosstalk_mv", "mV", budget.sigma_xt_v * 1e3},
      {"Figure of merit", "fom_db", "dB", segment.link.input.equaliser.fom_db},
      {"Eye height at target", "eye_height_mv", "mV",
       height == nullptr ? std::nullopt : std::optional(height->height_v * 1e3)},
      {"Eye width at target", "eye_width_ui", "UI",
       width == nullptr ? std::nullopt : std::optional(width->width_ui)},
      {"Peak-distortion eye", "pda_mv", "mV", segment.eye.pda_height_v * 1e3},
      {"BER before FEC", "log10_ber", "", log10_of(segment.ber()), true},
  };
  if (segment.fec.has_value()) {
    figures.push_back({segment.fec->log10_ber.has_value() ? "BER after FEC" : "Flits sent again",
                       "log10_after_fec", "",
                       segment.fec->log10_ber.value_or(segment.fec->log10_failure), true});
  }
  return figures;
}

std::string eye_difference_text(const EyeFigure& a, const EyeFigure& b) {
  if (!a.value.has_value() || !b.value.has_value()) {
    return "";
  }
  if (a.is_ratio) {
    const double decades = *b.value - *a.value;
    return std::isfinite(decades) ? fmt::format("{:+.2f} decades", decades) : "";
  }
  return fmt::format("{}{} {}", *b.value >= *a.value ? "+" : "-",
                     figure_text(std::abs(*b.value - *a.value)), a.unit);
}

std::string eye_compare_text(const EyeReport& a, const EyeReport& b, const Terminal& terminal) {
  const std::size_t columns = page_columns(terminal);
  const auto heading = [&](char letter, const EyeReport& report) {
    return paint(fmt::format("{}  {}", letter, title_text(report)), Colour::kBold,
                 terminal.colour) +
           "\n" +
           paint(wrap(verdict_text(report), 3, columns), colour_of(report.verdict()),
                 terminal.colour);
  };
  std::string text = heading('A', a) + heading('B', b) + "\n";
  const NamedEye named[] = {{"A", &a.segments[a.worst].eye}, {"B", &b.segments[b.worst].eye}};
  text += draw::series_text(eye_bathtub_plot(named, a.setup.target.ber, ""),
                            draw::form_of(terminal, 12));
  text += fmt::format("\n{:<28}{:<16}{:<16}{}\n", "", "A", "B", "B against A");
  const auto of_a = eye_figures(a);
  const auto of_b = eye_figures(b);
  for (const EyeFigure& figure : of_a) {
    const auto other = std::find_if(of_b.begin(), of_b.end(),
                                    [&](const EyeFigure& f) { return f.key == figure.key; });
    if (other != of_b.end()) {
      text += fmt::format("{:<28}{:<16}{:<16}{}\n", figure.name, value_text(figure),
                          value_text(*other), eye_difference_text(figure, *other));
    }
  }
  return text;
}

}  // namespace weft::cli
