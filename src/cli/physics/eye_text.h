// SPDX-License-Identifier: Apache-2.0
// `weft eye` for people: the report as text around a picture of the eye, at the terminal's width.
#pragma once

#include "cli/physics/eye_report.h"
#include "cli/terminal.h"

#include <string>
#include <vector>

namespace weft::cli {

enum class EyePlotKind : std::uint8_t { kEye, kBathtub, kPulse, kAll };

[[nodiscard]] std::string eye_text(const EyeReport& report, EyePlotKind plot,
                                   const Terminal& terminal);

/// Two reports side by side, the differences stated.
[[nodiscard]] std::string eye_compare_text(const EyeReport& a, const EyeReport& b,
                                           const Terminal& terminal);

/// What can be compared about two links, in the order of the report.
struct EyeFigure {
  std::string name;
  std::string key;
  std::string unit;             ///< of the text, may be empty
  std::optional<double> value;  ///< absent: not known
  bool is_ratio = false;        ///< an error ratio: differences in decades
};
[[nodiscard]] std::vector<EyeFigure> eye_figures(const EyeReport& report);

/// How b differs from a: "+1.2 dB", "-3.91 decades"; empty where one is not known.
[[nodiscard]] std::string eye_difference_text(const EyeFigure& a, const EyeFigure& b);

/// "12.3 mV"
[[nodiscard]] std::string eye_mv_text(double volts);
/// The program's exit code for a verdict.
[[nodiscard]] int eye_exit(EyeVerdict verdict);
/// "0.042 -0.208 0.75", three decimals.
[[nodiscard]] std::string eye_taps_text(const std::vector<double>& taps);
/// "lower", "middle", "upper"; "" for the only one.
[[nodiscard]] std::string eye_name(std::size_t eye, std::size_t count);
/// "1.2e-16" of a logarithm, also where the ratio itself underflows.
[[nodiscard]] std::string eye_ratio_text(double log10_ratio);
/// An error ratio of the eye: below kEyeRatioLeast only that it is.
[[nodiscard]] std::string eye_ber_text(double ratio);
/// "the eye fails the target: ..."
[[nodiscard]] std::string verdict_text(const EyeReport& report);
/// A criterion with value, limit and margin.
[[nodiscard]] std::string criterion_text(const EyeCriterion& criterion);

}  // namespace weft::cli
