// SPDX-License-Identifier: Apache-2.0
// Asks this machine's network drivers over ethtool netlink: a raw generic-netlink socket, no
// library. Only the GET messages of wire/ethtool's Request are sent; any other is refused here, so
// nothing can be changed. One owner thread. The kernel answers within the send call, so a driver
// that is slow to read a module is waited for; a lost answer is given up after kAnswerMsMax.
// Source: Documentation/networking/ethtool-netlink.rst and linux/genetlink.h (uapi).
#pragma once

#include "bus/host.h"

#include <memory>

namespace weft::bus::linux_host {

inline constexpr int kAnswerMsMax = 200;

/// This machine's network devices. Made on any kernel: where there is no ethtool netlink
/// (before 5.6), every query says kUnavailable with the reason.
[[nodiscard]] std::unique_ptr<Netdev> live_netdev();

}  // namespace weft::bus::linux_host
