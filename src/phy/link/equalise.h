// SPDX-License-Identifier: Apache-2.0
// From a channel and a set-up to what arrives at the slicer: packages and terminations around the
// channel, transmitter, receiver bandwidth, CTLE, and equalisers searched for or given. Two kinds
// of receiver: with a DFE whose sampling instant follows from the pulse (IEEE 802.3 annex 93A; also
// PCIe's reference receivers), and with an FFE by least mean squares, whose instant is searched for
// (P802.3dj annex 178A). eye/, com/ and lane/ read the answer; README.md has the method and its
// cost.
//
// Values at the slicer, with sigma_X^2 = (L^2 - 1) / (3 (L - 1)^2) (93A-29):
//   A_s = R_LM h(t_s) / (L - 1)                                                  (93A-27 ff.)
//   sigma_TX  = h(t_s) 10^(-SNR_TX/20); of a 178A receiver: of the pulse without Tx FFE
//   sigma_ISI^2 = sigma_X^2 sum of the squared pulse after the DFE, without cursor     (93A-31)
//   sigma_J^2 = (A_DD^2 + sigma_RJ^2) sigma_X^2 sum h_J(n)^2,
//     h_J(n) = (h(t_s + (n + 1/M) T) - h(t_s + (n - 1/M) T)) M / 2                (93A-28, -32)
//   sigma_XT^2 = sigma_X^2 sum over aggressors of their pulse's power at its worst phase (93A-33)
//   sigma_N^2 = eta_0 integral |H_r H_ctf|^2 df                                       (93A-35)
//   FOM = 10 log10(A_s^2 / (all of these))                                            (93A-36)
// While searching, crosstalk is its mean power over phases (Parseval), as the reference
// implementation has it; the answer's own values are of the worst phase.
#pragma once

#include "base/result.h"
#include "phy/channel/channel.h"
#include "phy/link/setup.h"
#include "phy/link/slicer_input.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace weft::phy::link {

enum class Search : std::uint8_t {
  kLocal,  ///< climbs from several starts; a test shows it to find what kFull finds
  kFull,   ///< every setting of the grid
};

struct EqualiseOptions {
  std::size_t package_case = 0;  ///< of LinkSetup::packages
  bool package = true;           ///< false: the channel reaches from die to die, terminated in R_0
  Search search = Search::kLocal;
  bool presets = true;  ///< where the set-up has presets, the transmitter chooses among them alone
  bool sris = false;    ///< separate reference clocks: sris_ui adds to A_DD
  std::string preset;   ///< this one only
  std::vector<double> tx_taps;  ///< these only: all of them, the main one too
  std::optional<double> ctle_gain_db;
  std::optional<double> ctle_low_gain_db;
  std::optional<std::vector<double>> rx_taps;  ///< fixed FFE taps, main at RxFfe::pre
  std::optional<std::vector<double>> dfe;      ///< taps relative to the cursor
  /// One-sided noise density at the receiver's input beside eta_0 (redrivers, linear optics).
  std::vector<double> noise_hz;
  std::vector<double> noise_v2_per_hz;
  std::size_t uis = 0;  ///< period of the pulse in unit intervals; 0: as long as it rings
  /// Told the finished share from 0 to 1; answers whether to go on.
  std::function<bool(double)> progress;
};

/// Rms voltages at the slicer, each as defined above; A_s for the decision's size.
struct Budget {
  double a_s_v = 0;
  double sigma_tx_v = 0;
  double sigma_isi_v = 0;
  double sigma_j_v = 0;   ///< dual-Dirac and random
  double sigma_rj_v = 0;  ///< random alone
  double sigma_xt_v = 0;
  double sigma_n_v = 0;
  double sigma_q_v = 0;  ///< quantiser, after the FFE
};

struct Aggressor {
  channel::Role role = channel::Role::kFext;
  std::string name;
  std::size_t worst_phase = 0;  ///< modulo M, in SlicerInput::aggressors
  double sigma_v = 0;           ///< at that phase
};

struct Equalised {
  SlicerInput input;
  Budget budget;
  std::vector<double> jitter_v_per_ui;  ///< h_J(n)
  std::vector<Aggressor> aggressors;    ///< in the order of SlicerInput::aggressors
  /// Autocorrelation, in UI, of all that disturbs the slicer (ISI, crosstalk, jitter, noise), V^2.
  std::vector<double> disturbance_v2;
  std::string package_case;     ///< its name; empty without package
  std::size_t settings = 0;     ///< looked at
  double pulse_peak_v = 0;      ///< of the unequalised pulse
  double measured_to_hz = 0;    ///< the channel's last frequency
  bool is_wide_enough = false;  ///< the channel reaches the receiver's bandwidth
  std::vector<std::string> notes;
};

/// Searches, and evaluates the winner. kInvalidArgument: a channel that is no pair of differential
/// ports, taps that do not fit the set-up. kOutOfRange: a channel through which nothing comes.
/// kCancelled: `progress` said so.
[[nodiscard]] base::Result<Equalised> analyse(const LinkSetup& setup,
                                              const channel::Channel& channel,
                                              const EqualiseOptions& options = {});

/// The slicer's input alone.
[[nodiscard]] base::Result<SlicerInput> equalise(const LinkSetup& setup,
                                                 const channel::Channel& channel,
                                                 const EqualiseOptions& options = {});

}  // namespace weft::phy::link
