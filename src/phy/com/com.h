// SPDX-License-Identifier: Apache-2.0
// Channel operating margin: how far a channel is from failing behind the reference transmitter and
// receiver of its standard. IEEE 802.3 annex 93A.1.7 on a link that phy/link has equalised:
//   p(y) of ISI behind the DFE, of each aggressor at its worst phase, of dual-Dirac jitter A_DD h_J
//     (93A-39 to -43), each by shifting and adding; a Gaussian of sigma_G^2 = sigma_RJ^2 sigma_X^2
//     sum h_J^2 + sigma_TX^2 + sigma_N^2 (+ sigma_Q^2 of P802.3dj 178A)          (93A-41)
//   A_ni: P(y < -A_ni) = DER_0                                                   (93A-44)
//   COM = 20 log10(A_s / A_ni)                                                    (93A-1)
//   VEO = 2 (A_s - A_ni) of the slicer, VEC = -20 log10(1 - 10^(-COM/20))
// For set-ups with a sequence detector COM holds the gain of mlse.h, and the value without it
// stands beside. cli/physics/com prints it; lane/ takes its error propagation.
#pragma once

#include "base/result.h"
#include "phy/channel/channel.h"
#include "phy/link/equalise.h"
#include "phy/link/setup.h"

#include <optional>
#include <string>
#include <vector>

namespace weft::phy::com {

struct ComOptions {
  link::EqualiseOptions equalise;
  double bin_v = 0;  ///< of densities; 0: A_s / 1000, as the reference implementation
};

/// COM with one package case.
struct ComCase {
  link::Equalised link;
  double a_s_v = 0;
  double a_ni_v = 0;
  double com_db = 0;             ///< with the sequence detector where the set-up has one
  double com_dfe_db = 0;         ///< without
  double veo_v = 0;              ///< negative where the eye is closed
  std::optional<double> vec_db;  ///< absent where COM is not positive
  double sigma_g_v = 0;          ///< Gaussian: random jitter, transmitter, receiver
  double sigma_dd_v = 0;         ///< dual-Dirac jitter
  double sigma_noise_v = 0;      ///< both of these
  double sigma_isi_xt_v = 0;
  double sigma_all_v = 0;  ///< of everything, quantiser included
  double peak_isi_v = 0;   ///< exceeded with probability DER_0
  double peak_xt_v = 0;
  double peak_isi_xt_v = 0;
  double der = 0;       ///< symbol error ratio at this channel's margin, of the slicer
  double der_mlse = 0;  ///< of the sequence detector; that of the slicer where there is none
  double mlse_gain_db = 0;
  /// Probability that a wrong decision in the first DFE tap makes the next one wrong.
  double error_propagation = 0;
};

struct ComResult {
  std::vector<ComCase> cases;  ///< in the order of the set-up's packages
  std::size_t worst = 0;       ///< the case of least COM
};

/// One package case (options.equalise.package_case, or none). Errors as link::analyse.
[[nodiscard]] base::Result<ComCase> com_case(const link::LinkSetup& setup,
                                             const channel::Channel& channel,
                                             const ComOptions& options = {});

/// Every package case of the set-up; one where the options go without package.
[[nodiscard]] base::Result<ComResult> com(const link::LinkSetup& setup,
                                          const channel::Channel& channel,
                                          const ComOptions& options = {});

/// The second half of com_case: from an equalised link. kOutOfRange where der0 or A_s make no
/// sense.
[[nodiscard]] base::Result<ComCase> judge(const link::LinkSetup& setup, link::Equalised link,
                                          double bin_v = 0);

}  // namespace weft::phy::com
