// SPDX-License-Identifier: Apache-2.0
// What we use of NVML's interface: types and numbers as the public NVML API reference gives them,
// in our own words. nvml.cpp includes it, and its test, which stands in for the library. All of it
// reads.
#pragma once

#include "bus/host.h"

#include <functional>
#include <vector>

namespace weft::bus::linux_host::nvml_api {

using Device = void*;
using Return = int;
inline constexpr Return kSuccess = 0;
inline constexpr Return kNotSupported = 3;
inline constexpr Return kNoPermission = 4;
inline constexpr Return kDriverNotLoaded = 9;

/// nvmlPciInfo_t, version 3.
struct PciInfo {
  char bus_id_legacy[16];
  unsigned domain;
  unsigned bus;
  unsigned device;
  unsigned pci_device_id;
  unsigned pci_subsystem_id;
  char bus_id[32];
};

/// nvmlUtilization_t, in percent.
struct Utilization {
  unsigned gpu;
  unsigned memory;
};

/// nvmlValue_t: the type of the field says which member holds.
union Value {
  double d;
  unsigned ui;
  unsigned long ul;
  unsigned long long ull;
  long long sll;
};
inline constexpr unsigned kTypeDouble = 0;
inline constexpr unsigned kTypeUnsigned = 1;
inline constexpr unsigned kTypeUnsignedLong = 2;
inline constexpr unsigned kTypeUnsignedLongLong = 3;
inline constexpr unsigned kTypeSignedLongLong = 4;

/// nvmlFieldValue_t.
struct FieldValue {
  unsigned field_id;
  unsigned scope_id;  ///< for NVLink fields: the link's number
  long long timestamp_us;
  long long latency_us;
  unsigned value_type;
  Return result;
  Value value;
};

inline constexpr unsigned kFieldNvlinkLinkCount = 91;  ///< NVML_FI_DEV_NVLINK_LINK_COUNT
inline constexpr unsigned kFieldNvlinkReplay = 161;    ///< NVML_FI_DEV_NVLINK_ERROR_DL_REPLAY
inline constexpr unsigned kFieldNvlinkRecovery = 162;  ///< NVML_FI_DEV_NVLINK_ERROR_DL_RECOVERY
inline constexpr unsigned kFieldNvlinkCrc = 163;       ///< NVML_FI_DEV_NVLINK_ERROR_DL_CRC
inline constexpr unsigned kFieldNvlinkSpeed = 164;     ///< NVML_FI_DEV_NVLINK_GET_SPEED, MB/s
inline constexpr unsigned kLinksMax = 18;              ///< NVML_NVLINK_MAX_LINKS

// nvmlNvLinkErrorCounter_t
inline constexpr unsigned kErrorReplay = 0;
inline constexpr unsigned kErrorRecovery = 1;
inline constexpr unsigned kErrorCrcFlit = 2;
inline constexpr unsigned kErrorCrcData = 3;

/// Where a function of the library is; nullptr where this version has none of that name.
using FindFunction = std::function<void*(const char*)>;

/// The devices of a library whose functions `find` gives.
[[nodiscard]] base::Result<std::vector<Accelerator>> list_accelerators(const FindFunction& find);

}  // namespace weft::bus::linux_host::nvml_api
