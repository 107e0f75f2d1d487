// SPDX-License-Identifier: Apache-2.0
// The spectra of a link's pulses before CTLE and Tx FFE, on a grid of its own: A T sinc(fT) H_t H21
// H_r for the victim and each aggressor (93A-19, 93A-23). The transmitter of a NEXT sits in the
// victim's receiver, so its package is the receiver's. workbench.h takes them.
#pragma once

#include "base/result.h"
#include "phy/channel/channel.h"
#include "phy/link/equalise.h"
#include "phy/link/setup.h"

#include <complex>
#include <cstddef>
#include <string>
#include <vector>

namespace weft::phy::link {

using Complex = std::complex<double>;

struct PathSpectrum {
  channel::Role role = channel::Role::kThru;
  std::string name;
  std::vector<Complex> x;  ///< V s, turned back by a whole number of samples
};

struct Spectra {
  double baud_hz = 0;
  std::size_t uis = 0;              ///< N: the pulse's period; frequencies are k baud / N
  std::size_t per_ui = 0;           ///< M
  std::vector<PathSpectrum> paths;  ///< the victim first
  double measured_to_hz = 0;

  [[nodiscard]] double df_hz() const { return baud_hz / static_cast<double>(uis); }
  [[nodiscard]] std::size_t bins() const { return paths.front().x.size(); }
};

/// Where the victim's pulse has its peak, in UI from the start of the period.
inline constexpr std::size_t kPeakUi = 24;

[[nodiscard]] base::Result<Spectra> make_spectra(const LinkSetup& setup,
                                                 const channel::Channel& channel,
                                                 const EqualiseOptions& options);

/// Every stride-th frequency: the same pulses, folded into a period that is shorter by `stride`.
[[nodiscard]] Spectra thinned(const Spectra& spectra, std::size_t stride);

}  // namespace weft::phy::link
