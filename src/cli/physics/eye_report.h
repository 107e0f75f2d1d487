// SPDX-License-Identifier: Apache-2.0
// What `weft eye` finds out about one link: each electrical segment's equaliser, eye and error
// ratios, what the set-up's FEC leaves, and the verdict against its target. The engine is phy/link,
// phy/eye and phy/fec; this file asks them in order and judges. eye_text.h, eye_json.h and
// eye_figure.h show it.
#pragma once

#include "base/result.h"
#include "phy/channel/channel.h"
#include "phy/eye/eye.h"
#include "phy/link/equalise.h"
#include "phy/link/setup.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace weft::cli {

enum class EyeVerdict : std::uint8_t { kMeets, kFails, kUnknown };
[[nodiscard]] std::string_view key(EyeVerdict verdict);  ///< "meets", "fails", "unknown"

/// One thing that the target asks for.
struct EyeCriterion {
  std::string key;   ///< "eye_height"
  std::string name;  ///< "eye height at 1e-6"
  double value = 0;
  double limit = 0;
  std::string unit;         ///< "V", "UI", "1"
  bool is_at_most = false;  ///< value <= limit passes; else value >= limit
  double margin = 0;        ///< positive passes
  std::string margin_unit;  ///< "dB", "UI", "decades"
  /// Margins of different units made comparable: 6 dB, 0.1 UI and a decade weigh the same.
  [[nodiscard]] double weighed_margin() const;
  [[nodiscard]] bool passes() const { return is_at_most ? value <= limit : value >= limit; }
};

/// What FEC leaves of the errors before it.
struct EyeFec {
  std::string key;                  ///< of Signalling::fec
  std::string burst;                ///< how errors follow each other, and whence
  std::string unit_name;            ///< "codewords", "flits"
  double log10_failure = 0;         ///< ratio of codewords not corrected, or of flits sent again
  std::optional<double> log10_ber;  ///< after FEC; absent for flits, which are sent again
};

/// A simulation in the time domain. Errors are bits; the interval is of 95 %.
struct EyeSimulation {
  std::uint64_t seed = 0;
  std::uint64_t bits = 0;
  std::uint64_t errors = 0;  ///< with right decisions fed to the DFE, as the statistical eye has it
  double ber = 0, ber_low = 0, ber_high = 0;
  double expected_ber = 0;            ///< the statistical eye's
  std::uint64_t feedback_errors = 0;  ///< with the slicer's own decisions fed to the DFE
  double feedback_ber = 0;
  std::optional<double> burst;     ///< a of that run; absent where it had too few errors
  std::optional<double> mlse_ber;  ///< behind the sequence detector, its own decisions fed back
};

/// Error ratios of the statistical eye below this are not told apart: noise is kept to 12.5 sigmas
/// (eye/column.h), beyond which what is left is rounding and not the link.
inline constexpr double kEyeRatioLeast = 1e-30;

struct EyeSegment {
  std::string name;
  std::vector<std::string> notes;
  double nyquist_hz = 0;
  std::optional<double> insertion_loss_db;  ///< at Nyquist; absent where not measured so high
  double measured_to_hz = 0;
  std::size_t aggressors = 0;
  std::size_t package_cases = 1;  ///< looked at; this one is the worst
  phy::link::Equalised link;
  phy::eye::EyeResult eye;
  std::optional<EyeFec> fec;  ///< absent where the set-up has none
  std::string fec_missing;    ///< why it is absent although the set-up has one
  std::vector<EyeCriterion> criteria;
  std::optional<EyeSimulation> simulation;
  EyeVerdict verdict = EyeVerdict::kUnknown;
  std::string reason;  ///< of the verdict, one clause
  /// Pre-FEC bit error ratio: behind the sequence detector where the set-up has one.
  [[nodiscard]] double ber() const { return eye.mlse_ber.value_or(eye.ber); }
};

struct EyeReport {
  phy::link::LinkSetup setup;
  std::vector<double> bers;  ///< error ratios at which openings were read; the target's is one
  std::vector<EyeSegment> segments;
  std::vector<std::string> notes;  ///< of the path: optical segments left out
  std::size_t worst = 0;           ///< index of the segment that decides
  [[nodiscard]] EyeVerdict verdict() const { return segments[worst].verdict; }
};

struct EyeJob {
  phy::link::LinkSetup setup;
  phy::link::EqualiseOptions equalise;
  std::vector<double> bers = {1e-6, 1e-12, 1e-15};
  std::size_t phases = 64;
  std::optional<double> burst;  ///< of FEC analysis; absent: simulated or estimated
  bool package_given = false;   ///< the user said which; else a channel with packages gets none
  std::uint64_t simulate_bits = 0;
  std::uint64_t seed = 1;
};

/// One electrical stretch between two places that decide bits.
struct EyeSection {
  std::string name;
  phy::channel::Channel channel;
  std::vector<double> noise_v2_per_hz = {};  ///< media::Section's
  bool has_packages = false;                 ///< in the channel already
};

/// @pre at least one section. `progress` hears the finished share of the whole.
[[nodiscard]] base::Result<EyeReport> eye_report(const EyeJob& job,
                                                 const std::vector<EyeSection>& sections,
                                                 const std::function<void(double)>& progress = {});

/// The smallest opening of all eyes at one error ratio; null where none was read.
[[nodiscard]] const phy::eye::EyeOpening* smallest_height(const phy::eye::EyeResult& eye,
                                                          double ber);
[[nodiscard]] const phy::eye::EyeOpening* smallest_width(const phy::eye::EyeResult& eye,
                                                         double ber);

}  // namespace weft::cli
