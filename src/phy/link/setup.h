// SPDX-License-Identifier: Apache-2.0
// What stands at the two ends of a channel: signalling, transmitter, packages, receiver, jitter,
// noise and the error ratio they must reach. One file of data/links/ is one LinkSetup; eye, com and
// lane all read the same one, so there is one place for each constant. The vocabulary is that of
// IEEE 802.3 annex 93A and 178A; PCIe's set-ups are written in it as far as it goes.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::phy::link {

/// min, min + step, ..., max; step 0 means min alone.
struct Range {
  double min = 0;
  double max = 0;
  double step = 0;
  [[nodiscard]] std::vector<double> values() const;
};

struct Signalling {
  double baud_hz = 0;        ///< symbols per second; 1/UI
  unsigned levels = 2;       ///< of PAM: 2 NRZ, 4 PAM4
  double r_lm = 1;           ///< level separation mismatch ratio (802.3 120D.3.1.2)
  bool gray = true;          ///< Gray coded, so that one level's slip is one bit error
  bool precoding = false;    ///< 1/(1+D) mod L by default; the analysis may override it
  std::string fec = "none";  ///< "none", "kr4", "kp4", "hamming-kp4", "pcie6-flit", "cxl-flit"
};

/// Named transmitter taps: PCIe's P0 to P10, or Ethernet's initial conditions.
struct Preset {
  std::string name;
  std::vector<double> taps;  ///< pre-cursors first, main at index `pre` of TxFfe
};

struct TxFfe {
  std::size_t pre = 0;          ///< pre-cursor taps: index of the main tap
  std::vector<Range> taps;      ///< of all taps but the main one, pre-cursors first
  double main_min = 0.5;        ///< smallest main tap; main = 1 - sum |others|
  std::vector<Preset> presets;  ///< empty where the protocol has none
};

struct Transmitter {
  double a_thru_v = 0.4;   ///< A_v: peak differential of the victim's transmitter, volts
  double a_fext_v = 0.4;   ///< A_fe
  double a_next_v = 0.6;   ///< A_ne
  double rise_time_s = 0;  ///< T_r, 20-80 %; 0 for none
  double snr_db = std::numeric_limits<double>::infinity();  ///< SNR_TX
  TxFfe ffe;
};

/// One capacitance-inductance step of a die model (178A); 93A has C_d alone.
struct LcSection {
  double c_f = 0;
  double l_h = 0;
};

/// A device's package between die and board (93A.1.2, 178A): die capacitance ladder, bump, two
/// transmission lines, ball.
struct Package {
  std::vector<LcSection> die;  ///< from the termination outward; empty: no die model
  double c_bump_f = 0;
  double c_ball_f = 0;          ///< C_p
  double r_d_ohm = 50;          ///< single-ended termination
  double r_0_ohm = 50;          ///< reference impedance, single-ended
  std::vector<double> z_p_mm;   ///< lengths of the lines, die side first
  std::vector<double> z_c_ohm;  ///< differential characteristic impedance of each
  double gamma0_per_mm = 0;     ///< 1/mm
  double a1 = 0;                ///< ns^(1/2)/mm
  double a2 = 0;                ///< ns/mm
  double tau_ns_per_mm = 0;
};

/// A package case of COM: what stands at the transmitter's and the receiver's side.
struct PackageCase {
  std::string name;
  Package tx;
  Package rx;
};

/// A continuous-time equaliser family: gain 10^(g/20) at DC and poles and a zero as 93A (93A-22),
/// or PCIe's, or any list of poles and zeros.
struct Ctle {
  enum class Family : std::uint8_t {
    kNone,
    kAnnex93a,  ///< g_DC, f_z, f_p1, f_p2 and the low-frequency stage g_DC2, f_LF of 93A.1.4.3
    kPcie,      ///< PCIe: wp2 (s + wp1 A_DC) / ((s + wp1)(s + wp2)), and its PCIe 5/6 extensions
  };
  Family family = Family::kNone;
  Range gain_db;      ///< g_DC
  Range low_gain_db;  ///< g_DC2 or g_DC_HP; {0,0,0} for none
  double zero_hz = 0;
  double pole1_hz = 0;
  double pole2_hz = 0;
  double pole3_hz = 0;  ///< further real poles, 0 for none (PCIe 5 and later)
  double pole4_hz = 0;
  double low_hz = 0;  ///< f_LF or f_HP
};

struct RxFfe {
  std::size_t pre = 0;  ///< taps before the cursor; 0 with post 0: no Rx FFE
  std::size_t post = 0;
  std::size_t floating_groups = 0;
  std::size_t floating_taps = 0;  ///< in each group
  std::size_t floating_span = 0;  ///< the last tap's distance from the cursor, UI
  double tap_max = 1;             ///< limit of |tap| relative to the main tap
  double floating_max = 1;        ///< likewise of floating taps
};

struct Dfe {
  std::vector<double> max;  ///< limit of each tap relative to the cursor; size is the tap count
  std::vector<double> min;
  std::size_t floating_groups = 0;
  std::size_t floating_taps = 0;
  std::size_t floating_span = 0;
  double floating_max = 0;
};

struct Jitter {
  double sigma_rj_ui = 0;  ///< random, rms
  double a_dd_ui = 0;      ///< dual-Dirac, peak (half of peak to peak)
  double sris_ui = 0;      ///< extra dual-Dirac peak with separate reference clocks, when asked for
};

struct Receiver {
  double bandwidth_ratio = 0.75;  ///< f_r / f_b of the 4th-order Butterworth; 0 for none
  double eta0_v2_per_ghz = 0;     ///< one-sided noise density at the receiver's input
  double adc_bits = 0;            ///< effective quantiser of 178A; 0 for none
  Ctle ctle;
  RxFfe ffe;
  Dfe dfe;
  bool mlse = false;  ///< a 1 + alpha D sequence detector follows
};

struct Target {
  double der0 = 1e-12;                 ///< detector error ratio before FEC (COM), symbols
  double ber = 1e-12;                  ///< bit error ratio where eye openings are read
  std::optional<double> com_db;        ///< smallest COM that passes
  std::optional<double> eye_height_v;  ///< smallest eye at `ber`
  std::optional<double> eye_width_ui;
};

struct LinkSetup {
  std::string key;       ///< "pcie6", "eth-100g"
  std::string title;     ///< "PCIe 6.0, 64 GT/s PAM4"
  std::string protocol;  ///< a key of fabric's protocol table, for what else is known of it
  std::vector<std::string> protocols;  ///< every such key that this serves; `protocol` is the first
  std::string source;                  ///< public source of the constants
  bool is_modelled = false;           ///< at least one constant is not confirmed by a public source
  std::vector<std::string> modelled;  ///< which, by their key in the file
  Signalling signalling;
  Transmitter tx;
  std::vector<PackageCase> packages;
  Receiver rx;
  Jitter jitter;
  Target target;
  unsigned samples_per_ui = 32;  ///< M
};

/// A set-up from the text of a file of data/links/; problems name `file`, line and column. A file
/// may say `extends: KEY` and then gives only what differs. kInvalidArgument.
[[nodiscard]] base::Result<LinkSetup> parse_setup(std::string_view text, std::string_view file);

/// The set-up with one value changed: `path` is the keys of the file joined by full stops
/// ("receiver.eta0_v2_per_ghz"), `value` what would stand behind the colon. kInvalidArgument.
[[nodiscard]] base::Result<LinkSetup> override_setup(LinkSetup setup, std::string_view path,
                                                     std::string_view value);

/// Every set-up that comes with the program, by key. They are parsed once; a test parses them all.
[[nodiscard]] std::span<const LinkSetup> setups();
/// The one with this key, or one that serves this protocol ("pcie6", "eth-800g-100"); kNotFound
/// names the nearest.
[[nodiscard]] base::Result<LinkSetup> find_setup(std::string_view key);

}  // namespace weft::phy::link
