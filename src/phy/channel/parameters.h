// SPDX-License-Identifier: Apache-2.0
// Other network parameters as scattering parameters, one frequency at a time. Matrices are
// normalised: voltages by sqrt(z0) and currents by 1/sqrt(z0) of their port, so that z0 is 1.
#pragma once

#include "phy/channel/network.h"

#include <cstdint>
#include <span>

namespace weft::phy::channel {

enum class Parameter : std::uint8_t { kS, kY, kZ, kG, kH };

/// Replaces a normalised matrix (n x n, row by row) by its scattering matrix; G and H need n = 2.
/// False where the network has none (a singular matrix).
[[nodiscard]] bool to_scattering(Parameter from, std::span<Complex> matrix, std::size_t n);

/// Divides out the ports' impedances, as to_scattering() wants it: Y_ij sqrt(z_i z_j),
/// Z_ij / sqrt(z_i z_j), and the hybrid forms of two-ports likewise.
void normalise(Parameter of, std::span<Complex> matrix, std::span<const double> z0_ohm);

}  // namespace weft::phy::channel
