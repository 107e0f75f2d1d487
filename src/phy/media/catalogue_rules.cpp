// SPDX-License-Identifier: Apache-2.0
// The constants that each kind of medium has: the loader's vocabulary and the ranges outside of
// which a number is a slip of the pen. docs/formats/media.md is checked against this table.
#include "phy/media/catalogue.h"

#include <array>

namespace weft::phy::media {
namespace {

using enum Kind;

constexpr std::array kRules = std::to_array<ConstantRule>({
    {kLaminate, "k_c_db_per_in", true, 0, 2, "conductor loss at 1 GHz; grows as sqrt(f)"},
    {kLaminate, "k_d_db_per_in", false, 0, 2,
     "dielectric loss at 1 GHz; grows as f; 2.3 sqrt(dk) df where left out"},
    {kLaminate, "dk", true, 1, 12, "relative permittivity at 1 GHz: the delay"},
    {kLaminate, "df", false, 0, 0.1, "loss tangent"},
    {kLaminate, "z0_ohm", true, 40, 200, "differential impedance"},
    {kLaminate, "typical_mm", true, 1, 2000, "length where none is named"},
    {kLaminate, "valid_max_ghz", false, 1, 200, "highest frequency that the constants are for"},

    {kCable, "k_c_db_per_m", true, 0, 20, "conductor loss at 1 GHz; grows as sqrt(f)"},
    {kCable, "k_d_db_per_m", true, 0, 5, "dielectric loss at 1 GHz; grows as f"},
    {kCable, "delay_ns_per_m", true, 3.3, 10, "delay at 1 GHz"},
    {kCable, "z0_ohm", true, 40, 200, "differential impedance"},
    {kCable, "conductor_mm", false, 0.02, 2, "diameter of the conductor"},
    {kCable, "ends_db", false, 0, 10, "loss of both ends together at ends_at_ghz; grows as f"},
    {kCable, "ends_at_ghz", false, 0.1, 100, "frequency of ends_db"},
    {kCable, "typical_mm", true, 1, 20000, "length where none is named"},
    {kCable, "valid_max_ghz", false, 1, 200, "highest frequency that the constants are for"},

    {kPackage, "gamma0_per_mm", true, 0, 0.1, "constant part of the attenuation, 1/mm"},
    {kPackage, "a1", true, 0, 0.1, "conductor part, ns^(1/2)/mm"},
    {kPackage, "a2", true, 0, 0.1, "dielectric part, ns/mm"},
    {kPackage, "tau_ns_per_mm", true, 0.003, 0.02, "delay"},
    {kPackage, "z_c_ohm", true, 40, 200, "differential impedance of the line at the die"},
    {kPackage, "z_p_tx_mm", true, 0, 100, "its length in a transmitter"},
    {kPackage, "z_p_rx_mm", true, 0, 100, "its length in a receiver"},
    {kPackage, "z_c2_ohm", false, 40, 200, "differential impedance of the line at the ball"},
    {kPackage, "z_p2_mm", false, 0, 20, "its length"},
    {kPackage, "c_d1_ff", false, 0, 500, "die capacitance at the termination, each leg"},
    {kPackage, "l_d1_ph", false, 0, 1000, "inductance after it, each leg"},
    {kPackage, "c_d2_ff", false, 0, 500, "second step's capacitance"},
    {kPackage, "l_d2_ph", false, 0, 1000, "second step's inductance"},
    {kPackage, "c_d3_ff", false, 0, 500, "third step's capacitance"},
    {kPackage, "l_d3_ph", false, 0, 1000, "third step's inductance"},
    {kPackage, "c_b_ff", false, 0, 500, "bump capacitance, each leg"},
    {kPackage, "c_p_ff", false, 0, 500, "ball capacitance, each leg"},
    {kPackage, "next_db", false, 10, 120, "near-end coupling of a neighbour at at_ghz"},
    {kPackage, "fext_db", false, 10, 120, "far-end coupling of a neighbour at at_ghz"},
    {kPackage, "at_ghz", false, 0.1, 100, "frequency of next_db and fext_db"},
    {kPackage, "neighbours", false, 0, 8, "pairs that couple"},
    {kPackage, "valid_max_ghz", false, 1, 200, "highest frequency that the constants are for"},

    {kConnector, "loss_db", true, 0, 20, "insertion loss at at_ghz"},
    {kConnector, "at_ghz", true, 0.1, 100, "frequency of loss_db, next_db and fext_db"},
    {kConnector, "linear_share", true, 0, 1, "part of the loss that grows as f, not as sqrt(f)"},
    {kConnector, "delay_ps", true, 1, 10000, "delay"},
    {kConnector, "z_ohm", true, 40, 200, "differential impedance"},
    {kConnector, "next_db", false, 10, 120, "near-end coupling of a neighbour at at_ghz"},
    {kConnector, "fext_db", false, 10, 120, "far-end coupling of a neighbour at at_ghz"},
    {kConnector, "neighbours", false, 0, 8, "pairs that couple"},
    {kConnector, "valid_max_ghz", false, 1, 200, "highest frequency that the constants are for"},

    {kVia, "stub_mm", true, 0, 10, "length of the open stub where a path names none"},
    {kVia, "dk", true, 1, 12, "relative permittivity around the stub"},
    {kVia, "df", true, 0, 0.1, "loss tangent around the stub"},
    {kVia, "z_ohm", true, 20, 200, "differential impedance of barrel and stub"},
    {kVia, "pad_c_ff", true, 0, 500, "capacitance of each pad, differential"},
    {kVia, "delay_ps", true, 0.1, 100, "delay of the barrel that is passed through"},
    {kVia, "valid_max_ghz", false, 1, 200, "highest frequency that the constants are for"},

    {kRedriver, "gain_db", true, -20, 40, "gain at the band's edge"},
    {kRedriver, "flat_db", true, -20, 20, "gain at 0 Hz"},
    {kRedriver, "pole_ghz", true, 0.1, 200, "first pole: the boost is reached there"},
    {kRedriver, "bandwidth_ghz", true, 0.1, 200, "second pole"},
    {kRedriver, "noise_figure_db", true, 0, 60, "noise figure at its input, 100 ohm, 290 K"},

    {kRetimer, "latency_ns", false, 0, 1000, "added latency"},

    {kLinearOptics, "gain_db", true, -20, 40, "electrical gain from end to end"},
    {kLinearOptics, "bandwidth_ghz", true, 0.1, 200, "3 dB point, fourth-order Bessel"},
    {kLinearOptics, "swing_v", true, 0.01, 2, "peak differential input that drives the full OMA"},
    {kLinearOptics, "typical_mm", true, 1, 1e8, "length of fibre where none is named"},

    {kRetimedOptics, "typical_mm", true, 1, 1e8, "length of fibre where none is named"},

    {kModule, "baud_gbd", true, 1, 300, "symbol rate of a lane"},
    {kModule, "levels", true, 2, 8, "levels of its PAM"},
    {kModule, "wavelength_nm", true, 600, 1700, "wavelength"},
    {kModule, "tx_oma_min_dbm", true, -30, 20, "least launched outer OMA"},
    {kModule, "tx_oma_max_dbm", false, -30, 20, "greatest launched outer OMA"},
    {kModule, "tx_average_min_dbm", false, -30, 20, "least launched average power"},
    {kModule, "tx_average_max_dbm", false, -30, 20, "greatest launched average power"},
    {kModule, "oma_less_tdecq_min_dbm", false, -30, 20, "least OMA less TDECQ"},
    {kModule, "tdecq_max_db", true, 0, 20, "greatest TDECQ"},
    {kModule, "er_min_db", true, 0.5, 30, "least extinction ratio"},
    {kModule, "rin_db_per_hz", true, -180, -90, "relative intensity noise (OMA)"},
    {kModule, "transition_ps", false, 0.1, 1000, "transition time, 20 to 80 %"},
    {kModule, "rx_sensitivity_dbm", true, -40, 20, "sensitivity, outer OMA, clean transmitter"},
    {kModule, "rx_stressed_dbm", false, -40, 20, "stressed sensitivity, outer OMA"},
    {kModule, "rx_average_min_dbm", false, -40, 20, "least received average power"},
    {kModule, "rx_average_max_dbm", false, -40, 20, "greatest received average power"},
    {kModule, "los_assert_dbm", false, -60, 20, "loss of signal is raised below"},
    {kModule, "los_deassert_dbm", false, -60, 20, "loss of signal is taken back above"},
    {kModule, "channel_loss_db", true, 0, 60, "loss of fibre and connectors that it is made for"},
    {kModule, "reach_m", true, 1, 200000, "length that it is made for"},
    {kModule, "reflectance_db", true, 5, 80, "return loss of each end and connector"},
    {kModule, "reflectance_tolerance_db", false, 5, 80, "optical return loss that it bears"},
    {kModule, "responsivity_a_per_w", true, 0.01, 2, "of the photodiode"},
    {kModule, "sensitivity_ber", true, 1e-15, 0.1, "bit error ratio at the sensitivity"},
    {kModule, "sensitivity_tdecq_db", true, 0, 10, "TDECQ of the transmitter at the sensitivity"},

    {kFibre, "loss_db_per_km", true, 0, 20, "attenuation"},
    {kFibre, "delay_ns_per_m", true, 3.3, 10, "delay"},
});

}  // namespace

std::span<const ConstantRule> constant_rules() {
  return kRules;
}

}  // namespace weft::phy::media
