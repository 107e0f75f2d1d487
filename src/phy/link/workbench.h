// SPDX-License-Identifier: Apache-2.0
// What a search looks at: for each CTLE setting the victim's pulse by sampling phase, and by
// setting of the transmitter and the sampling instant a figure of merit. Everything that depends on
// the CTLE alone is made once and kept; power of long tails comes from autocorrelations, so that a
// setting of the transmitter costs some hundred multiplications (README.md). search.cpp drives it,
// equalise.cpp reads the winner from it.
#pragma once

#include "phy/link/equalise.h"
#include "phy/link/filters.h"
#include "phy/link/pulse.h"
#include "phy/link/spectra.h"

#include <cstddef>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace weft::phy::link {

/// Lags of Equalised::disturbance_v2.
inline constexpr std::size_t kDisturbanceLags = 32;

/// Transmitter taps with their main tap's place.
struct TxTaps {
  std::vector<double> c;
  std::size_t main = 0;
  /// sum_a c_a c_(a + lag)
  [[nodiscard]] double correlation(std::size_t lag) const;
};

/// Autocorrelations at one sampling phase, lags in UI.
struct PhaseLags {
  std::vector<double> pulse;   ///< of the victim without Tx FFE
  std::vector<double> jitter;  ///< of its h_J
};

/// Everything of one CTLE setting.
struct CtleState {
  double gain_db = 0;
  double low_gain_db = 0;
  std::vector<Complex> response;  ///< on the bins, and beyond as far as noise is counted
  std::vector<double> phases;     ///< of the victim's pulse, phase-major
  std::vector<double> window;     ///< of it in time order, around the peak
  std::size_t window_start = 0;   ///< time index of window[0]
  std::size_t peak = 0;           ///< time index
  std::vector<double> noise;      ///< receiver noise, lags
  std::vector<double> fext;       ///< power mean over phases of FEXTs, lags, without Tx FFE
  std::vector<double> next;       ///< of NEXTs
  std::vector<std::optional<PhaseLags>> lags;  ///< by phase, made when asked for
};

/// A sampling instant and what follows from it.
struct Score {
  double fom_db = -std::numeric_limits<double>::infinity();
  std::size_t instant = 0;  ///< time index, n M + m
  double cursor = 0;
  double isi2 = 0;                    ///< sum of squares, without sigma_X^2
  std::vector<double> dfe;            ///< relative to the cursor
  std::vector<double> rx;             ///< FFE taps by position: fixed ones, then floating ones
  std::vector<std::size_t> floating;  ///< positions of floating FFE taps, UI after the cursor
};

class Workbench {
 public:
  Workbench(const LinkSetup& setup, const EqualiseOptions& options, Spectra spectra);

  [[nodiscard]] const Spectra& spectra() const { return spectra_; }
  [[nodiscard]] const LinkSetup& setup() const { return setup_; }
  [[nodiscard]] const PulseTransform& transform() const { return transform_; }
  [[nodiscard]] double symbol_power() const { return symbol_power_; }
  [[nodiscard]] double a_dd_ui() const { return a_dd_ui_; }
  [[nodiscard]] bool has_ffe() const { return has_ffe_; }

  [[nodiscard]] CtleState& state(double gain_db, double low_gain_db);
  void forget();  ///< drops the states
  [[nodiscard]] const PhaseLags& lags(CtleState& state, std::size_t phase);

  /// The instant that Muller and Mueller's rule finds (93A-25): going back from the pulse's peak,
  /// the first at which h(t - T) = max(h(t + T) - b_max(1) h(t), 0).
  [[nodiscard]] std::size_t instant(const CtleState& state, const TxTaps& taps) const;
  /// The figure of merit at this instant. FFE taps are made unless the options give them.
  [[nodiscard]] Score score(CtleState& state, const TxTaps& taps, std::size_t instant);

  /// Samples one UI apart of the victim's pulse behind the Tx FFE: y(instant + k T), k from
  /// `first`, `count` of them.
  [[nodiscard]] std::vector<double> samples(const CtleState& state, const TxTaps& taps,
                                            std::size_t instant, std::ptrdiff_t first,
                                            std::size_t count) const;

 private:
  [[nodiscard]] Score score_dfe(CtleState& state, const TxTaps& taps, std::size_t instant);
  [[nodiscard]] Score score_ffe(CtleState& state, const TxTaps& taps, std::size_t instant);
  [[nodiscard]] double tail_after_dfe(std::span<const double> post, double cursor,
                                      std::vector<double>& taps) const;
  void add_floating(std::span<const double> post, double cursor, std::vector<double>& taps) const;
  void add_crosstalk(CtleState& state) const;
  void add_noise(CtleState& state) const;

  const LinkSetup& setup_;
  const EqualiseOptions& options_;
  Spectra spectra_;
  PulseTransform transform_;
  double symbol_power_ = 1;
  double a_dd_ui_ = 0;
  bool has_ffe_ = false;
  std::size_t lag_count_ = 0;
  std::size_t noise_lag_count_ = 0;
  std::size_t margin_ui_ = 0;
  std::vector<double> fext_power_, next_power_;  ///< |X|^2 by bin
  std::vector<double> noise_power_;              ///< by bin, without the CTLE, on a wider grid
  std::optional<CtleCurve> ctle_;                ///< on that grid
  std::map<std::pair<double, double>, std::unique_ptr<CtleState>> states_;
};

}  // namespace weft::phy::link
