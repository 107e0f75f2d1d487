// SPDX-License-Identifier: Apache-2.0
// An n-port network as scattering matrices over frequency, and what one does with such networks:
// renormalise, reorder, cascade, combine single-ended ports into modes. Touchstone files become
// these (touchstone.h), segments of a path become these (media/), and a link is cut out of them
// (channel.h). Power waves with real reference impedances; what is complex is refused by the
// reader.
#pragma once

#include "base/result.h"

#include <complex>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace weft::phy::channel {

using Complex = std::complex<double>;

/// Scattering parameters: s(f, out, in) is the wave that leaves port `out` for a wave of 1 into
/// port `in`. Ports count from 0 here; files and people count from 1.
struct Network {
  std::size_t ports = 0;
  std::vector<double> frequency_hz;  ///< strictly ascending, the first may be 0
  std::vector<double> z0_ohm;        ///< reference impedance of each port, real, > 0
  std::vector<Complex> s;            ///< [frequency][out][in]: frequency_hz.size() * ports * ports
  std::vector<std::string> names = {};  ///< of the ports, where the file has them; else empty

  [[nodiscard]] std::size_t points() const { return frequency_hz.size(); }
  [[nodiscard]] Complex at(std::size_t point, std::size_t out, std::size_t in) const {
    return s[(point * ports + out) * ports + in];
  }
  [[nodiscard]] Complex& at(std::size_t point, std::size_t out, std::size_t in) {
    return s[(point * ports + out) * ports + in];
  }
  /// s(., out, in) over all frequencies.
  [[nodiscard]] std::vector<Complex> response(std::size_t out, std::size_t in) const;
};

/// An empty (all zero) network on these frequencies. @pre every z0 > 0
[[nodiscard]] Network make_network(std::size_t ports, std::vector<double> frequency_hz,
                                   double z0_ohm = 50);

/// The same network with other reference impedances (one for all, or one per port), exactly:
/// S' = D^-1 (S - G)(I - G S)^-1 D for power waves (Kurokawa 1965). kInvalidArgument for a count of
/// impedances that is neither 1 nor `ports`; kOutOfRange where the matrix is singular.
[[nodiscard]] base::Result<Network> renormalise(const Network& network,
                                                std::span<const double> z0_ohm);

/// The network of some of the ports, in the order given; the others are matched.
[[nodiscard]] Network select_ports(const Network& network, std::span<const std::size_t> ports);

/// Joins `a` and `b` end to end: the last half of a's ports to the first half of b's, in order.
/// Both have the same even number of ports and the same frequencies (resample() first); where the
/// impedances at the joint differ, b is renormalised. kInvalidArgument otherwise.
[[nodiscard]] base::Result<Network> cascade(const Network& a, const Network& b);

/// Two single-ended ports that form one differential port.
struct PortPair {
  std::size_t positive = 0;
  std::size_t negative = 0;
};

/// Mixed-mode parameters of 2n single-ended ports as n pairs: ports 0..n-1 of the answer are the
/// differential modes in the order of `pairs` (reference impedance: the pair's sum), ports n..2n-1
/// the common modes (the pair's parallel connection). Bockelman and Eisenstadt (1995).
/// kInvalidArgument where the pairs do not name each port once, or a pair's impedances differ.
[[nodiscard]] base::Result<Network> mixed_mode(const Network& network,
                                               std::span<const PortPair> pairs);

/// How values below the first measured frequency are made.
enum class DcRule : std::uint8_t {
  kExtrapolate,  ///< a transmission's ln|S| goes on over sqrt(f), others' real part over f^2
  kHold,         ///< the first point's magnitude, phase to 0
};

/// The delay that explains most of a response's phase, s: the mean phase step weighted by |S|^2, of
/// the range -1/4 to 3/4 of a turn in the finest frequency step. 0 where there is no response.
[[nodiscard]] double bulk_delay_s(std::span<const double> frequency_hz, std::span<const Complex> s);

/// The network on other frequencies: each response is turned back by its bulk delay (so that a long
/// channel with coarse steps keeps its phase), interpolated by cubics, extrapolated below by
/// `rule`, zero above the last measured frequency. The value at 0 Hz is real. kInvalidArgument
/// where frequencies do not ascend.
[[nodiscard]] base::Result<Network> resample(const Network& network,
                                             std::span<const double> frequency_hz,
                                             DcRule rule = DcRule::kExtrapolate);

}  // namespace weft::phy::channel
