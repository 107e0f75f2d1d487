// SPDX-License-Identifier: Apache-2.0
// One lane as the digital twin ticks it: from the physical state of the lane (loss, noise, jitter,
// temperature, crosstalk, supply, equaliser, burst parameter) to error ratio, eye, figure of merit
// and the counts that its FEC reports over any span. Built once per equalised link from the full
// engine (eye/), evaluated in some 100 ns. Rebuild it on a structural change: retrain, swap.
//
// The state acts on the slicer's input thus (input_at() makes exactly that input, so that the full
// engine can be asked too):
//   extra loss d = loss_delta + IL f_T (T - T_ref),  IL the channel's loss, f_T = 0.002 / K
//     (copper: resistivity 0.39 %/K, skin effect halves it in dB; modelled)
//   signal, ISI, DFE taps and transmitter noise fall by g = 10^(-d/20); crosstalk and receiver
//     noise do not (flat attenuation at fixed equalisers: crosstalk taken as coupled behind it)
//   receiver noise power grows with absolute temperature; noise_extra adds to it in power
//   residual ISI e = misadaptation + isi_per_db max(0, d): one more cursor, relative to the main
//   one jitter, random and dual-Dirac, times j = jitter_scale + supply_noise / supply_per_jitter
//   crosstalk voltages times crosstalk_scale
//   error ratio times 1 / (1 - a): wrong decisions that feedback makes out of one
//
// So four numbers matter: noise / signal, j, crosstalk / signal, e. The table holds ln z, z the
// Gaussian quantile of the error ratio, which is nearly linear in them, computed by the full engine
// on a grid, refined by monotone cubics (Fritsch and Carlson 1980) along noise and crosstalk, read
// multilinearly. z never rises along any axis, so that no state gets better by more noise, loss,
// jitter or crosstalk. Within 0.1 decade of the engine from 1e-12 to 1e-2; outside the grid the
// edge counts and Reading::is_clamped says so.
#pragma once

#include "base/random.h"
#include "base/result.h"
#include "base/units.h"
#include "phy/fec/analytic.h"
#include "phy/link/slicer_input.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace weft::phy::lane {

/// Plain numbers, so that a checkpoint is the struct itself; pack() names their order.
struct LaneState {
  base::Decibel loss_delta{0};       ///< at the Nyquist frequency, above the built channel's
  base::Millivolts noise_extra{0};   ///< rms at the slicer
  double jitter_scale = 1;           ///< of the built link's jitter
  base::Celsius temperature{25};     ///< of the channel
  double crosstalk_scale = 1;        ///< of the built link's aggressors, in voltage
  base::Millivolts supply_noise{0};  ///< rms on the receiver's supply; becomes jitter
  double misadaptation = 0;          ///< residual ISI relative to the main cursor, 0 adapted
  std::optional<double> burst = {};  ///< a; absent: the link's own, estimated from its DFE
};
inline constexpr std::size_t kStateFields = 8;
/// The fields in order of declaration; an absent burst is -1.
[[nodiscard]] std::array<double, kStateFields> pack(const LaneState& state);
[[nodiscard]] LaneState unpack(const std::array<double, kStateFields>& fields);

struct LaneOptions {
  base::Decibel channel_loss{20};          ///< at Nyquist and T_ref; what temperature scales
  base::Celsius reference{25};             ///< T_ref
  double loss_per_kelvin = 0.002;          ///< f_T; modelled
  double isi_per_db = 0;                   ///< residual ISI per dB of extra loss; 0: flat loss
  base::Millivolts supply_per_jitter{20};  ///< supply noise that doubles the jitter; modelled
  double eye_ber = 1e-12;                  ///< at which eye height and width are read
  fec::CodeParameters code = fec::kKp4;    ///< n = 0: no FEC
  bool precoding = false;
  std::size_t interleave = 1;
  bool gray = true;
  /// The table takes the aggressors as Gaussian noise, of the power that gives the engine's own
  /// error ratio at the neutral state; six times quicker to build. Exact there; beside it
  /// crosstalk, which is bounded in truth, has tails that are too long or, nearer, too short
  /// (lane_test.cpp says by how much on one channel).
  bool crosstalk_as_noise = false;
};

/// What the lane does in one state.
struct Reading {
  double ber = 0;  ///< at the slicer, with feedback's errors
  double log10_ber = 0;
  double burst = 0;                  ///< a
  base::Millivolts eye_height{0};    ///< of the smallest eye at LaneOptions::eye_ber; 0 closed
  base::UnitIntervals eye_width{0};  ///< likewise
  base::Decibel fom{0};              ///< 20 log10(A_s / rms of all that disturbs)
  bool is_clamped = false;           ///< outside the table: true values are beyond what is said
};

/// Codewords by their number of symbol errors: [0 .. t], and [16] those with more than t.
inline constexpr std::size_t kFecBins = 17;
using FecHistogram = std::array<std::uint64_t, kFecBins>;
using FecProbabilities = std::array<double, kFecBins>;

struct Counts {
  std::uint64_t bits = 0;
  std::uint64_t bit_errors = 0;  ///< before FEC
  std::uint64_t codewords = 0;
  std::uint64_t uncorrectable = 0;
  FecHistogram histogram = {};
  Counts& operator+=(const Counts& other);
};

/// What may happen next, per second: for event-driven time.
struct Rates {
  double error_events_per_s = 0;   ///< bursts, single errors among them
  double uncorrectable_per_s = 0;  ///< codewords
};

class LaneModel {
 public:
  /// Some 0.1 s for a long PAM4 channel with aggressors. kInvalidArgument as eye::check() says, and
  /// for options out of range.
  [[nodiscard]] static base::Result<LaneModel> build(const link::SlicerInput& input,
                                                     const LaneOptions& options = {});

  [[nodiscard]] Reading at(const LaneState& state) const;
  /// The slicer's input in this state: what the full engine sees.
  [[nodiscard]] link::SlicerInput input_at(const LaneState& state) const;

  /// Extra loss until the error ratio reaches `ber`; negative when it is already worse. Bounded to
  /// +-30 dB.
  [[nodiscard]] base::Decibel loss_margin(const LaneState& state, double ber) const;
  /// Extra noise power, as a ratio to what there is, until the error ratio reaches `ber`; 0 dB when
  /// it is already worse, at most 40 dB.
  [[nodiscard]] base::Decibel noise_margin(const LaneState& state, double ber) const;

  /// Share of codewords with so many symbol errors.
  [[nodiscard]] FecProbabilities fec(const Reading& reading) const;
  /// Counts over a span of `bits`. Codewords are independent given the state, so that counts over a
  /// span are distributed as the sum of counts over its parts (cut at codewords; a part of a
  /// codeword counts as one with its share as probability): how often one looks changes nothing
  /// but the drawn numbers. A twin whose results shall not depend on its ticks at all draws
  /// seconds_to_next() instead, from a stream of the lane's own.
  [[nodiscard]] Counts draw(const Reading& reading, std::uint64_t bits, base::Random& random) const;
  [[nodiscard]] Counts draw(const LaneState& state, std::uint64_t bits, base::Random& random) const;

  [[nodiscard]] Rates rates(const Reading& reading) const;
  /// Exponential waiting time of an event of this rate; infinity for rate 0. Being without memory,
  /// it may be drawn anew whenever the state changes.
  [[nodiscard]] static double seconds_to_next(double rate_per_s, base::Random& random);

  [[nodiscard]] double bits_per_second() const;
  [[nodiscard]] const LaneOptions& options() const;
  [[nodiscard]] double own_burst() const;  ///< a, estimated from the DFE

 private:
  struct Tables;
  explicit LaneModel(std::shared_ptr<const Tables> tables) : tables_(std::move(tables)) {}
  std::shared_ptr<const Tables> tables_;  // shared by all lanes of one kind
};

}  // namespace weft::phy::lane
