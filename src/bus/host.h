// SPDX-License-Identifier: Apache-2.0
// One machine as the drivers see it: its files, its network devices' driver answers, its
// accelerators. bus/linux/open.h makes one from "/", a folder, a captured archive or an lspci dump.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "bus/devices.h"
#include "bus/host_tree.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::bus {

/// What a network device's driver answers over ethtool netlink. Replies are the raw netlink
/// attributes behind the genetlink header of one ETHTOOL_MSG_*_GET reply; wire/ethtool decodes
/// them.
class Netdev {
 public:
  virtual ~Netdev() = default;
  /// `message` is an ETHTOOL_MSG_*_GET number of linux/ethtool_netlink.h; statistics are asked for
  /// where the message has them. Errors: kUnimplemented (driver does not support it),
  /// kPermissionDenied, kNotFound (no such interface), kUnavailable.
  [[nodiscard]] virtual base::Result<base::Bytes> query(std::string_view interface,
                                                        std::uint8_t message) const = 0;
  /// 128 bytes (or fewer at a map's end) of the plugged module's memory.
  [[nodiscard]] virtual base::Result<base::Bytes> module_page(std::string_view interface,
                                                              std::uint8_t i2c_address,
                                                              std::uint8_t bank, std::uint8_t page,
                                                              std::uint8_t offset,
                                                              std::uint8_t length) const = 0;
};

/// One NVLink of an accelerator, as NVML gives it. A missing value was not given.
struct AcceleratorLink {
  std::uint32_t index = 0;
  std::optional<bool> is_active;
  std::optional<std::uint32_t> version;
  std::optional<double> speed_mbytes_per_s;      ///< NVML_FI_DEV_NVLINK_GET_SPEED's unit: MB/s
  std::optional<std::string> remote_bdf;         ///< "0000:1b:00.0"
  std::optional<std::uint64_t> crc_flit_errors;  ///< since driver load
  std::optional<std::uint64_t> crc_data_errors;
  std::optional<std::uint64_t> replay_errors;
  std::optional<std::uint64_t> recovery_errors;
};

struct Accelerator {
  std::string bdf;  ///< "0000:1b:00.0"
  std::string name;
  std::string uuid;
  std::string serial;
  std::string firmware;
  std::optional<std::uint32_t> utilization_percent;
  std::vector<AcceleratorLink> links;
};

/// Accelerators seen through their management library, where one is installed.
class Accelerators {
 public:
  virtual ~Accelerators() = default;
  /// kUnavailable with the reason where there is no library or no device.
  [[nodiscard]] virtual base::Result<std::vector<Accelerator>> list() const = 0;
};

struct Host {
  std::unique_ptr<HostTree> tree;
  std::unique_ptr<Netdev> netdev;
  std::unique_ptr<Accelerators> accelerators;
  std::unique_ptr<Devices> devices;  ///< null where nothing can be asked at run time
  /// Of the source as a whole: where an archive is cut off, which line of a dump is garbled.
  std::vector<std::string> problems;
};

}  // namespace weft::bus
