// SPDX-License-Identifier: Apache-2.0
// Answers of network drivers and of the accelerators' library, out of a captured tree's `weft`
// folder (docs/formats/capture.md). recording.cpp writes what is read here. A question that was not
// asked when the capture was taken gives kNotFound, "not captured".
#pragma once

#include "bus/host.h"

#include <memory>
#include <string>
#include <string_view>

namespace weft::bus {

inline constexpr std::string_view kCaptureFile = "weft/capture.json";
inline constexpr std::string_view kAcceleratorsFile = "weft/accelerators.json";
/// "root" or "user": with whose rights the machine was read. A live tree answers it too.
inline constexpr std::string_view kRightsFile = "weft/rights";
/// When the capture was taken: nanoseconds since 1970, UTC.
inline constexpr std::string_view kTimeFile = "weft/time_ns";
inline constexpr std::string_view kSourceFile = "weft/source";  ///< "lspci-dump" for such a tree

/// Where the reply of one ethtool message stands: "weft/ethtool/eth0/8.bin".
[[nodiscard]] std::string reply_path(std::string_view interface, std::uint8_t message);
/// Where a piece of module memory stands: "weft/module/eth0/80-0-17-128.bin" (address, bank, page,
/// offset). The piece's length is the file's.
[[nodiscard]] std::string module_path(std::string_view interface, std::uint8_t i2c_address,
                                      std::uint8_t bank, std::uint8_t page, std::uint8_t offset);

/// The list as JSON text, and back; parse fails with kDataLoss.
[[nodiscard]] std::string accelerators_json(const std::vector<Accelerator>& accelerators);
[[nodiscard]] base::Result<std::vector<Accelerator>> parse_accelerators(std::string_view json);

/// `tree` must outlive them.
[[nodiscard]] std::unique_ptr<Netdev> replay_netdev(const HostTree& tree);
[[nodiscard]] std::unique_ptr<Accelerators> replay_accelerators(const HostTree& tree);

}  // namespace weft::bus
