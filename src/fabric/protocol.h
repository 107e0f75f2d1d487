// SPDX-License-Identifier: Apache-2.0
// The protocol table: one row for each generation that a link can run, with what a lane does on the
// wire. Each figure names its source, or says "modelled". Adding one more: a row in protocol.cpp
// and an enumerator here; protocol_test.cpp checks the arithmetic that ties the columns together.
#pragma once

#include "base/units.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace weft::fabric {

enum class ProtocolFamily : std::uint8_t {
  kUnknown,
  kPcie,
  kCxl,
  kEthernet,
  kUltraEthernet,
  kNvlink,
  kUalink,
  kInfiniband,
  kOther,  ///< one maker's own, with a row of its own: NeuronLink, TPU interconnect, C2C
};
[[nodiscard]] std::string_view key(ProtocolFamily family);

enum class Modulation : std::uint8_t { kUnknown, kNrz, kPam4 };
[[nodiscard]] std::string_view key(Modulation modulation);

/// What the link layer does beyond moving bits; a mask in Protocol::features.
enum class LinkFeature : std::uint8_t {
  kRetry = 1,   ///< the link layer replays what arrived damaged
  kCredit = 2,  ///< the receiver grants buffer space; nothing is dropped for want of it
  kFlit = 4,    ///< fixed-size units, each with its own check
};

/// A row of the protocol table, by its key: "pcie5", "cxl2", "eth-400g-100", "nvlink5".
/// Strong index into protocols(); 0 is "unknown".
enum class ProtocolId : std::uint16_t { kUnknown = 0 };

struct Protocol {
  ProtocolId id{};
  std::string_view key;    ///< as rack files write it
  std::string_view title;  ///< as people write it: "PCIe 5.0"
  ProtocolFamily family = ProtocolFamily::kUnknown;
  base::TransferRate lane_rate;   ///< line rate of one lane, one direction, with coding overhead;
                                  ///< to the nearest MT/s (10.3125 and 25.78125 Gb/s are not whole)
  base::BitsPerSecond line_rate;  ///< the same, exact
  Modulation modulation = Modulation::kUnknown;
  double nyquist_ghz = 0;          ///< line rate / bits per symbol / 2
  std::string_view encoding;       ///< "128b/130b", "256b/257b", "flit 1b/1b"
  double encoding_efficiency = 1;  ///< payload bits per line bit, before FEC and flit overhead
  std::string_view fec;            ///< "none", "RS(528,514)", "RS(544,514)", "flit ECC"
  double fec_efficiency = 1;       ///< message bits per codeword bit
  double flit_efficiency = 1;      ///< transaction bytes per flit byte that FEC leaves
  std::uint8_t features = 0;       ///< LinkFeature mask
  std::span<const std::uint16_t> widths;  ///< lanes that a link may have
  double error_target = 0;       ///< bit error ratio that the standard asks for, at `error_point`
  std::string_view error_point;  ///< where that holds: "after FEC", "before FEC", "raw"
  std::string_view source;       ///< the public source, or "modelled: ..." with why
  bool is_modelled = false;

  [[nodiscard]] constexpr bool has(LinkFeature feature) const {
    return (features & static_cast<std::uint8_t>(feature)) != 0;
  }
  [[nodiscard]] bool allows(base::LaneCount lanes) const;  ///< whether `widths` holds it
};

/// Bits in one symbol: NRZ 1, PAM4 2; 0 for unknown.
[[nodiscard]] unsigned bits_per_symbol(Modulation modulation);
/// Line rate times lanes, one direction, coding and all: what data sheets add up.
[[nodiscard]] base::BitsPerSecond raw_rate(const Protocol& protocol, base::LaneCount lanes);
/// What is left of it, one direction, after line coding, FEC and flit overhead.
[[nodiscard]] base::BitsPerSecond payload_rate(const Protocol& protocol, base::LaneCount lanes);
/// Whether a port that can run `port` at its fastest can run `link`: the same family (or PCIe on a
/// CXL port, Ethernet on an Ultra Ethernet port) at the same or a lower lane rate.
[[nodiscard]] bool can_run(const Protocol& port, const Protocol& link);

/// Every protocol, row 0 being "unknown".
[[nodiscard]] std::span<const Protocol> protocols();
[[nodiscard]] const Protocol& protocol(ProtocolId id);
/// The row with this key; nullopt where there is none.
[[nodiscard]] std::optional<ProtocolId> find_protocol(std::string_view key);
/// The PCIe row whose lane rate this is (2.5 to 128 GT/s); nullopt for others.
[[nodiscard]] std::optional<ProtocolId> pcie_of(base::TransferRate rate);
/// The Ethernet row of this MAC rate and lane count; without a lane count, the row with the fewest
/// lanes. nullopt where the table has none (1G and below).
[[nodiscard]] std::optional<ProtocolId> ethernet_of(base::BitsPerSecond rate,
                                                    std::optional<base::LaneCount> lanes);
/// The known key that is nearest to `key` (edit distance), for "did you mean"; empty for none.
[[nodiscard]] std::string_view nearest_protocol_key(std::string_view key);

}  // namespace weft::fabric
