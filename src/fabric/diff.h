// SPDX-License-Identifier: Apache-2.0
// What differs between two fabrics: two plans, a plan and a machine, a machine then and now. A
// device is the same one where its name is the same; else, where its serial is (a part that moved).
// A link is the same one where it joins the same two ports. The order is deterministic: devices
// first, then links, in the first fabric's order, then the second's.
#pragma once

#include "fabric/model.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft::fabric {

enum class Change : std::uint8_t {
  kDeviceAdded,
  kDeviceRemoved,
  kDeviceMoved,
  kKindChanged,
  kPartChanged,
  kSerialChanged,
  kFirmwareChanged,
  kPositionChanged,
  kPortAdded,
  kPortRemoved,
  kPortChanged,
  kLinkAdded,
  kLinkRemoved,
  kLinkMoved,
  kProtocolChanged,
  kWidthChanged,
  kSegmentsChanged,
};
/// "device-added", …: what JSON says.
[[nodiscard]] std::string_view key(Change change);

struct Difference {
  Change change{};
  std::string subject;  ///< name of the device, port or link; of the first fabric where it has one
  std::string before;   ///< empty for what was added
  std::string after;    ///< empty for what was removed
  friend bool operator==(const Difference&, const Difference&) = default;
};

[[nodiscard]] std::vector<Difference> diff(const Fabric& before, const Fabric& after);

/// A plan against a machine, which shows a part of it only: planned devices that have `match` keys
/// and are not there, parts that are other parts (where both sides name them), and planned links
/// whose found end runs them slower, narrower, faster or not at all. Nothing is said about the
/// rest.
[[nodiscard]] std::vector<Difference> diff_with_machine(const Fabric& plan, const Fabric& live);

/// One line each, and a last line that counts; "no difference" where there is none.
[[nodiscard]] std::string diff_text(const std::vector<Difference>& differences);
/// {"schema": "weftline/rack-diff/1", "differences": [{change, subject, before, after}]}.
[[nodiscard]] std::string diff_json(const std::vector<Difference>& differences);

}  // namespace weft::fabric
