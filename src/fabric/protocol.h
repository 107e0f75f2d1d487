// SPDX-License-Identifier: Apache-2.0
// The protocol table: one row for each generation that a link can run, with what a lane does on the
// wire. Each figure names its source, or says "modelled". Adding one more: a row in protocol.cpp and
// an enumerator here; protocol_test.cpp checks the arithmetic that ties the columns together.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/units.h"

namespace weft::fabric {

enum class ProtocolFamily : std::uint8_t {
  kUnknown, kPcie, kCxl, kEthernet, kUltraEthernet, kNvlink, kUalink, kInfiniband,
};
[[nodiscard]] std::string_view key(ProtocolFamily family);

enum class Modulation : std::uint8_t { kUnknown, kNrz, kPam4 };
[[nodiscard]] std::string_view key(Modulation modulation);

/// A row of the protocol table, by its key: "pcie5", "cxl2", "eth-400g-100", "nvlink5".
/// Strong index into protocols(); 0 is "unknown".
enum class ProtocolId : std::uint16_t { kUnknown = 0 };

struct Protocol {
  ProtocolId id{};
  std::string_view key;        ///< as rack files write it
  std::string_view title;      ///< as people write it: "PCIe 5.0"
  ProtocolFamily family = ProtocolFamily::kUnknown;
  base::TransferRate lane_rate;   ///< line rate of one lane, one direction, with coding overhead
  Modulation modulation = Modulation::kUnknown;
  double nyquist_ghz = 0;         ///< symbol rate / 2
  std::string_view encoding;      ///< "128b/130b", "256b/257b", "flit 1b/1b"
  double encoding_efficiency = 1; ///< payload bits per line bit, before FEC and flit overhead
  std::string_view fec;           ///< "none", "RS(528,514)", "RS(544,514)", "flit ECC"
  std::span<const std::uint16_t> widths;  ///< lanes that a link may have
  double error_target = 0;        ///< bit error ratio that the standard asks for, at `error_point`
  std::string_view error_point;   ///< where that holds: "after FEC", "before FEC", "raw"
  std::string_view source;        ///< the public source, or "modelled: ..." with why
  bool is_modelled = false;
};

/// Every protocol, row 0 being "unknown".
[[nodiscard]] std::span<const Protocol> protocols();
[[nodiscard]] const Protocol& protocol(ProtocolId id);
/// The row with this key; nullopt where there is none.
[[nodiscard]] std::optional<ProtocolId> find_protocol(std::string_view key);
/// The PCIe row whose lane rate this is (2.5 to 128 GT/s); nullopt for others.
[[nodiscard]] std::optional<ProtocolId> pcie_of(base::TransferRate rate);

}  // namespace weft::fabric
