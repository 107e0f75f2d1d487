// SPDX-License-Identifier: Apache-2.0
// Look-ups and arithmetic over the protocol table; the rows themselves stand in protocol_table.cpp.
#include "fabric/protocol.h"

#include "fabric/nearest.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace weft::fabric {
namespace {

struct FamilyName {
  ProtocolFamily family;
  std::string_view key;
};
constexpr std::array kFamilies = {
    FamilyName{ProtocolFamily::kUnknown, "unknown"},
    FamilyName{ProtocolFamily::kPcie, "pcie"},
    FamilyName{ProtocolFamily::kCxl, "cxl"},
    FamilyName{ProtocolFamily::kEthernet, "ethernet"},
    FamilyName{ProtocolFamily::kUltraEthernet, "ultra-ethernet"},
    FamilyName{ProtocolFamily::kNvlink, "nvlink"},
    FamilyName{ProtocolFamily::kUalink, "ualink"},
    FamilyName{ProtocolFamily::kInfiniband, "infiniband"},
    FamilyName{ProtocolFamily::kOther, "other"},
};

/// Families whose links a port of another family can also run.
struct Fallback {
  ProtocolFamily port;
  ProtocolFamily link;
};
constexpr std::array kFallbacks = {
    Fallback{ProtocolFamily::kCxl, ProtocolFamily::kPcie},
    Fallback{ProtocolFamily::kUltraEthernet, ProtocolFamily::kEthernet},
};

}  // namespace

std::string_view key(ProtocolFamily family) {
  for (const auto& row : kFamilies) {
    if (row.family == family) {
      return row.key;
    }
  }
  return "unknown";
}

std::string_view key(Modulation modulation) {
  switch (modulation) {
    case Modulation::kNrz:
      return "nrz";
    case Modulation::kPam4:
      return "pam4";
    case Modulation::kUnknown:
      break;
  }
  return "unknown";
}

unsigned bits_per_symbol(Modulation modulation) {
  switch (modulation) {
    case Modulation::kNrz:
      return 1;
    case Modulation::kPam4:
      return 2;
    case Modulation::kUnknown:
      break;
  }
  return 0;
}

bool Protocol::allows(base::LaneCount lanes) const {
  return std::find(widths.begin(), widths.end(), lanes.value()) != widths.end();
}

const Protocol& protocol(ProtocolId id) {
  const auto rows = protocols();
  const auto index = static_cast<std::size_t>(id);
  return index < rows.size() ? rows[index] : rows[0];
}

std::optional<ProtocolId> find_protocol(std::string_view key) {
  for (const auto& row : protocols().subspan(1)) {
    if (row.key == key) {
      return row.id;
    }
  }
  return std::nullopt;
}

std::optional<ProtocolId> pcie_of(base::TransferRate rate) {
  for (const auto& row : protocols()) {
    if (row.family == ProtocolFamily::kPcie && row.lane_rate == rate) {
      return row.id;
    }
  }
  return std::nullopt;
}

base::BitsPerSecond raw_rate(const Protocol& protocol, base::LaneCount lanes) {
  return protocol.line_rate * static_cast<double>(lanes.value());
}

base::BitsPerSecond payload_rate(const Protocol& protocol, base::LaneCount lanes) {
  return raw_rate(protocol, lanes) *
         (protocol.encoding_efficiency * protocol.fec_efficiency * protocol.flit_efficiency);
}

std::optional<ProtocolId> ethernet_of(base::BitsPerSecond rate,
                                      std::optional<base::LaneCount> lanes) {
  const Protocol* best = nullptr;
  for (const auto& row : protocols()) {
    if (row.family != ProtocolFamily::kEthernet || (lanes && !row.allows(*lanes))) {
      continue;
    }
    const double mac = payload_rate(row, base::LaneCount(row.widths.front())).value();
    const bool is_same = std::abs(mac - rate.value()) < 1e-6 * rate.value();
    if (is_same && (best == nullptr || row.widths.front() < best->widths.front())) {
      best = &row;
    }
  }
  return best == nullptr ? std::nullopt : std::optional(best->id);
}

bool can_run(const Protocol& port, const Protocol& link) {
  const bool is_same_family = port.family == link.family && port.family != ProtocolFamily::kUnknown;
  const bool falls_back = std::any_of(
      kFallbacks.begin(), kFallbacks.end(),
      [&](const Fallback& row) { return row.port == port.family && row.link == link.family; });
  // The makers' own protocols share a family key only; each runs with itself.
  if (is_same_family && port.family == ProtocolFamily::kOther && port.id != link.id) {
    return false;
  }
  return (is_same_family || falls_back) && link.line_rate <= port.line_rate;
}

std::string_view nearest_protocol_key(std::string_view key) {
  std::vector<std::string_view> keys;
  for (const auto& row : protocols().subspan(1)) {
    keys.push_back(row.key);
  }
  return nearest(key, keys);
}

}  // namespace weft::fabric
