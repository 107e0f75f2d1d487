// SPDX-License-Identifier: Apache-2.0
// The words behind the numbers of ethtool replies: standard statistics and the reasons of a link
// that is down. Only replies.cpp uses it. Sources: linux/ethtool_netlink.h and linux/ethtool.h
// (uapi); the statistics are named as IEEE 802.3 clause 30 and RFC 2819 name them.
#pragma once

#include <cstdint>
#include <string_view>

namespace weft::wire::ethtool {

/// "eth-phy", "eth-mac", "eth-ctrl", "rmon", "phy"; empty where unknown.
[[nodiscard]] std::string_view statistics_group(std::uint32_t group);
/// The statistic's name; empty where unknown.
[[nodiscard]] std::string_view statistic_name(std::uint32_t group, std::uint16_t id);
/// Why the link is down; empty where unknown.
[[nodiscard]] std::string_view down_reason_name(std::uint8_t reason);
[[nodiscard]] std::string_view down_detail_name(std::uint8_t reason, std::uint8_t detail);

}  // namespace weft::wire::ethtool
