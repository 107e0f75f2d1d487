// SPDX-License-Identifier: Apache-2.0
#include "wire/ethtool/names.h"

#include <array>
#include <span>

namespace weft::wire::ethtool {
namespace name_tables {

using Names = std::span<const std::string_view>;

constexpr std::array<std::string_view, 5> kGroups = {"eth-phy", "eth-mac", "eth-ctrl", "rmon",
                                                     "phy"};
constexpr std::array<std::string_view, 1> kEthPhy = {"SymbolErrorDuringCarrier"};
constexpr std::array<std::string_view, 22> kEthMac = {"FramesTransmittedOK",
                                                      "SingleCollisionFrames",
                                                      "MultipleCollisionFrames",
                                                      "FramesReceivedOK",
                                                      "FrameCheckSequenceErrors",
                                                      "AlignmentErrors",
                                                      "OctetsTransmittedOK",
                                                      "FramesWithDeferredXmissions",
                                                      "LateCollisions",
                                                      "FramesAbortedDueToXSColls",
                                                      "FramesLostDueToIntMACXmitError",
                                                      "CarrierSenseErrors",
                                                      "OctetsReceivedOK",
                                                      "FramesLostDueToIntMACRcvError",
                                                      "MulticastFramesXmittedOK",
                                                      "BroadcastFramesXmittedOK",
                                                      "FramesWithExcessiveDeferral",
                                                      "MulticastFramesReceivedOK",
                                                      "BroadcastFramesReceivedOK",
                                                      "InRangeLengthErrors",
                                                      "OutOfRangeLengthField",
                                                      "FrameTooLongErrors"};
constexpr std::array<std::string_view, 3> kEthCtrl = {
    "MACControlFramesTransmitted", "MACControlFramesReceived", "UnsupportedOpcodesReceived"};
constexpr std::array<std::string_view, 4> kRmon = {"etherStatsUndersizePkts",
                                                   "etherStatsOversizePkts", "etherStatsFragments",
                                                   "etherStatsJabbers"};
constexpr std::array<std::string_view, 6> kPhy = {"RxPackets", "RxBytes", "RxErrors",
                                                  "TxPackets", "TxBytes", "TxErrors"};
constexpr std::array<Names, 5> kStatistics = {kEthPhy, kEthMac, kEthCtrl, kRmon, kPhy};

constexpr std::array<std::string_view, 11> kReasons = {"autonegotiation failure",
                                                       "link training failure",
                                                       "logical mismatch",
                                                       "bad signal integrity",
                                                       "no cable",
                                                       "cable issue",
                                                       "module EEPROM issue",
                                                       "calibration failure",
                                                       "power budget exceeded",
                                                       "overheat",
                                                       "module"};
// Details are numbered from 1.
constexpr std::array<std::string_view, 6> kAutonegotiation = {
    "no partner detected",          "acknowledgement not received",
    "next page exchange failed",    "no partner detected in force mode",
    "FEC mismatch during override", "no highest common denominator"};
constexpr std::array<std::string_view, 4> kTraining = {
    "frame lock not acquired", "link inhibit timeout", "partner did not set receiver ready",
    "remote fault"};
constexpr std::array<std::string_view, 5> kMismatch = {
    "no block lock", "no alignment marker lock", "no alignment status", "FC-FEC is not locked",
    "RS-FEC is not locked"};
constexpr std::array<std::string_view, 4> kSignal = {"many physical errors", "unsupported rate",
                                                     "SerDes reference clock lost",
                                                     "SerDes lost the signal"};
constexpr std::array<std::string_view, 2> kCable = {"unsupported cable", "cable test failure"};
constexpr std::array<std::string_view, 1> kModule = {"CMIS module is not ready"};
constexpr std::array<Names, 11> kDetails = {
    Names(kAutonegotiation), Names(kTraining), Names(kMismatch), Names(kSignal), Names(),
    Names(kCable),           Names(),          Names(),          Names(),        Names(),
    Names(kModule)};

std::string_view entry(Names names, std::size_t index) {
  return index < names.size() ? names[index] : std::string_view{};
}

}  // namespace name_tables

using name_tables::entry;

std::string_view statistics_group(std::uint32_t group) {
  return entry(name_tables::kGroups, group);
}

std::string_view statistic_name(std::uint32_t group, std::uint16_t id) {
  return group < name_tables::kStatistics.size() ? entry(name_tables::kStatistics[group], id)
                                                 : std::string_view{};
}

std::string_view down_reason_name(std::uint8_t reason) {
  return entry(name_tables::kReasons, reason);
}

std::string_view down_detail_name(std::uint8_t reason, std::uint8_t detail) {
  if (detail == 0 || reason >= name_tables::kDetails.size()) {
    return {};
  }
  return entry(name_tables::kDetails[reason], detail - std::size_t{1});
}

}  // namespace weft::wire::ethtool
