// SPDX-License-Identifier: Apache-2.0
// Places plots and a table; see eye_figure.h.
#include "cli/physics/eye_figure.h"

#include "cli/physics/eye_plots.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace weft::cli {
namespace {

using draw::figure_text;
using draw::Role;
using draw::Table;
using phy::eye::EyeOpening;

constexpr std::size_t kContoursDrawn = 3;

/// The target's error ratio first, then the smallest ones.
std::vector<double> contours_of(const EyeReport& report) {
  std::vector<double> chosen = {report.setup.target.ber};
  for (const double ber : report.bers) {
    if (ber < report.setup.target.ber && chosen.size() < kContoursDrawn) {
      chosen.push_back(ber);
    }
  }
  for (const double ber : report.bers) {
    if (ber > report.setup.target.ber && chosen.size() < kContoursDrawn) {
      chosen.insert(chosen.begin(), ber);
    }
  }
  return chosen;
}

Role role_of(EyeVerdict verdict) {
  return verdict == EyeVerdict::kMeets   ? Role::kGood
         : verdict == EyeVerdict::kFails ? Role::kBad
                                         : Role::kMuted;
}

/// A title has no room for folders.
std::string short_name(const std::string& name) {
  const bool is_path_text = name.find(" + ") != std::string::npos;
  const auto slash = name.rfind('/');
  return is_path_text || slash == std::string::npos ? name : name.substr(slash + 1);
}

/// Taps that do not fit one line of a table are cut, and say so.
std::string short_taps(const std::vector<double>& taps, std::size_t count) {
  std::vector<double> first(
      taps.begin(), taps.begin() + static_cast<std::ptrdiff_t>(std::min(taps.size(), count)));
  return eye_taps_text(first) + (taps.size() > count ? " \u2026" : "");
}

void add_openings(const EyeReport& report, const EyeSegment& segment, Table& table) {
  const std::size_t eyes = segment.eye.levels - 1;
  table.rows.push_back({{"Eye openings"}});
  for (const double ber : report.bers) {
    const bool is_target = ber == report.setup.target.ber;
    for (std::size_t e = eyes; e-- > 0;) {
      for (const EyeOpening& opening : segment.eye.openings) {
        if (opening.ber != ber || opening.eye != e) {
          continue;
        }
        const std::string name =
            fmt::format("{}{}", figure_text(ber, 2), eyes > 1 ? ", " + eye_name(e, eyes) : "");
        const std::string value =
            opening.height_v > 0 || opening.width_ui > 0
                ? fmt::format("{}, {:.3f} UI", eye_mv_text(opening.height_v), opening.width_ui)
                : "closed";
        table.rows.push_back({{name, is_target ? Role::kInk : Role::kMuted},
                              {value, is_target ? Role::kInk : Role::kMuted, is_target}});
      }
    }
  }
}

Table numbers_table(const EyeReport& report) {
  const EyeSegment& segment = report.segments[report.worst];
  const auto& input = segment.link.input;
  Table table;
  table.columns = {0.36};
  const auto row = [&table](std::string name, std::string value) {
    table.rows.push_back({{std::move(name), Role::kMuted}, {std::move(value)}});
  };
  table.rows.push_back({{"Link"}});
  row("Insertion loss",
      segment.insertion_loss_db.has_value()
          ? fmt::format("{} dB at {} GHz", figure_text(*segment.insertion_loss_db),
                        figure_text(segment.nyquist_hz / 1e9, 4))
          : "not known at Nyquist");
  row("Transmitter", (input.equaliser.preset.empty() ? "" : input.equaliser.preset + ": ") +
                         short_taps(input.equaliser.tx_taps, 5));
  if (report.setup.rx.ctle.family != phy::link::Ctle::Family::kNone) {
    row("CTLE",
        fmt::format("{} dB{}", figure_text(input.equaliser.ctle_gain_db),
                    input.equaliser.ctle_low_gain_db != 0
                        ? fmt::format(", low {} dB", figure_text(input.equaliser.ctle_low_gain_db))
                        : ""));
  }
  if (!input.dfe.empty()) {
    const double cursor = input.pulse[input.cursor];
    std::vector<double> taps;
    for (std::size_t i = 0; i < std::min<std::size_t>(input.dfe.size(), 5); ++i) {
      taps.push_back(cursor != 0 ? input.dfe[i] / cursor : 0);
    }
    row("DFE", short_taps(taps, 4) + (input.dfe.size() > 4 && taps.size() < 5 ? " \u2026" : ""));
  }
  row("Peak distortion", eye_mv_text(segment.eye.pda_height_v));
  row("BER before FEC", eye_ber_text(segment.ber()));
  if (segment.fec.has_value()) {
    row(segment.fec->log10_ber.has_value() ? "BER after FEC" : "Flits sent again",
        eye_ratio_text(segment.fec->log10_ber.value_or(segment.fec->log10_failure)) + " (" +
            segment.fec->key + ")");
  }
  add_openings(report, segment, table);
  return table;
}

std::string footnote(const EyeReport& report) {
  return fmt::format(
      "weft eye \u00b7 set-up {}{}", report.setup.key,
      report.setup.is_modelled
          ? fmt::format(" \u00b7 {} groups of constants modelled", report.setup.modelled.size())
          : "");
}

}  // namespace

draw::Figure eye_figure(const EyeReport& report, EyePlotKind kind, draw::Palette palette) {
  const EyeSegment& segment = report.segments[report.worst];
  draw::Figure figure;
  figure.title = fmt::format("{}: {}", report.setup.title, short_name(segment.name));
  figure.subtitle = verdict_text(report);
  figure.subtitle_role = role_of(report.verdict());
  figure.footnote = footnote(report);
  const NamedEye named{"all eyes", &segment.eye};
  const auto contours = contours_of(report);
  const auto density = [&] { return eye_density_plot(segment.eye, "Eye", palette, contours); };
  const auto bathtub = [&] {
    return eye_bathtub_plot(std::span(&named, 1), report.setup.target.ber, "Bathtub");
  };
  const auto pulse = [&] { return eye_pulse_plot(segment.link.input, "Pulse response"); };
  if (kind == EyePlotKind::kAll) {
    figure.width = 1180;
    figure.height = 830;
    figure.items.push_back({{10, 66, 760, 440}, density()});
    figure.items.push_back({{806, 70, 360, 440}, numbers_table(report)});
    figure.items.push_back({{10, 518, 575, 280}, bathtub()});
    figure.items.push_back({{595, 518, 575, 280}, pulse()});
    return figure;
  }
  figure.width = 840;
  figure.height = 560;
  const draw::Box whole{10, 66, 815, 460};
  figure.items.push_back({whole, kind == EyePlotKind::kEye       ? density()
                                 : kind == EyePlotKind::kBathtub ? bathtub()
                                                                 : pulse()});
  return figure;
}

draw::Figure eye_compare_figure(const EyeReport& a, const EyeReport& b, draw::Palette palette) {
  draw::Figure figure;
  figure.width = 1240;
  figure.height = 830;
  const EyeReport* reports[] = {&a, &b};
  figure.title = fmt::format("A: {}   against   B: {}", short_name(a.segments[a.worst].name),
                             short_name(b.segments[b.worst].name));
  figure.subtitle = fmt::format("A, {}: {}   B, {}: {}", a.setup.key, key(a.verdict()), b.setup.key,
                                key(b.verdict()));
  figure.footnote = footnote(a) + (a.setup.key == b.setup.key ? "" : "; B: " + footnote(b));
  for (std::size_t i = 0; i < 2; ++i) {
    const EyeReport& report = *reports[i];
    figure.items.push_back(
        {{10 + 615 * static_cast<double>(i), 66, 605, 420},
         eye_density_plot(report.segments[report.worst].eye, i == 0 ? "Eye of A" : "Eye of B",
                          palette, contours_of(report))});
  }
  const NamedEye named[] = {{"A", &a.segments[a.worst].eye}, {"B", &b.segments[b.worst].eye}};
  figure.items.push_back(
      {{10, 500, 605, 300}, eye_bathtub_plot(named, a.setup.target.ber, "Bathtubs")});
  Table table;
  table.columns = {0.38, 0.55, 0.72};
  table.rows.push_back({{""},
                        {"A", Role::kSeries1, true},
                        {"B", Role::kSeries2, true},
                        {"B against A", Role::kMuted}});
  const auto of_b = eye_figures(b);
  for (const EyeFigure& one : eye_figures(a)) {
    const auto other = std::find_if(of_b.begin(), of_b.end(),
                                    [&](const EyeFigure& f) { return f.key == one.key; });
    if (other == of_b.end()) {
      continue;
    }
    const auto text = [](const EyeFigure& f) {
      return !f.value.has_value() ? std::string("not known")
             : f.is_ratio         ? eye_ratio_text(*f.value)
                                  : figure_text(*f.value) + " " + f.unit;
    };
    table.rows.push_back({{one.name, Role::kMuted},
                          {text(one)},
                          {text(*other)},
                          {eye_difference_text(one, *other), Role::kMuted}});
  }
  figure.items.push_back({{680, 515, 550, 280}, std::move(table)});
  return figure;
}

}  // namespace weft::cli
