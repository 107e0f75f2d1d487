// SPDX-License-Identifier: Apache-2.0
// The reverse of replies.h: ethtool replies as a network driver of a twin gives them. What is
// nullopt or empty is left out, as a kernel leaves out what its driver does not support. Source:
// linux/ethtool_netlink.h (uapi); bit sets in their compact form.
#pragma once

#include "wire/ethtool/replies.h"

namespace weft::wire::ethtool {

[[nodiscard]] base::Bytes encode(const LinkModesReply& reply);
[[nodiscard]] base::Bytes encode(const LinkInfoReply& reply);
[[nodiscard]] base::Bytes encode(const LinkStateReply& reply);
[[nodiscard]] base::Bytes encode(const FecReply& reply);
/// Statistics by the names of names.h; unknown names are left out. Length bins are not written.
[[nodiscard]] base::Bytes encode(const StatsReply& reply);
[[nodiscard]] base::Bytes encode(const ModuleReply& reply);

}  // namespace weft::wire::ethtool
