// SPDX-License-Identifier: Apache-2.0
#include "twin/pcie_port/identity.h"

#include <algorithm>
#include <cctype>
#include <string>

namespace weft::twin::pcie_port {
namespace identity_tables {

using fabric::DeviceKind;
using Role = FunctionPlan::Role;

/// Assigned by the PCI SIG, as pci.ids lists them.
struct Vendor {
  std::string_view word;  ///< in the part's vendor, lower case
  std::uint16_t number;
};
constexpr Vendor kVendors[] = {
    {"nvidia", 0x10DE},   {"mellanox", 0x15B3}, {"amd", 0x1002},       {"intel", 0x8086},
    {"broadcom", 0x1000}, {"plx", 0x10B5},      {"microchip", 0x11F8}, {"astera", 0x1DFA},
    {"samsung", 0x144D},  {"micron", 0x1344},   {"solidigm", 0x025E},  {"marvell", 0x1B4B},
    {"amazon", 0x1D0F},   {"google", 0x1AE0},   {"xconn", 0x20ED},     {"montage", 0x1B00}};

struct Row {
  DeviceKind kind;
  Identity identity;
};
/// Modelled, each on a part that is common in its class.
constexpr Row kEndpoints[] = {
    {DeviceKind::kAccelerator, {0x10DE, 0x2330, 0x030200, 0xA1, 24, 37}},
    {DeviceKind::kNic, {0x15B3, 0x1021, 0x020000, 0x00, 20, 25}},
    {DeviceKind::kStorage, {0x144D, 0xA824, 0x010802, 0x00, 14, 0}},
    {DeviceKind::kMemoryController, {0x1DFA, 0x01E2, 0x050210, 0x00, 17, 0}},
    {DeviceKind::kMemory, {0x1344, 0x6400, 0x050210, 0x00, 17, 0}},
    {DeviceKind::kProcessor, {0x8086, 0x0B25, 0x088000, 0x00, 16, 0}}};
constexpr Identity kOther = {0x1B36, 0x0005, 0x00FF00, 0x00, 12, 0};
constexpr Identity kRootPort = {0x8086, 0x352A, 0x060400, 0x04, 0, 0};
constexpr Identity kSwitchPort = {0x1000, 0xC030, 0x060400, 0xB0, 0, 0};

}  // namespace identity_tables

Identity identity_of(const fabric::Device& device, FunctionPlan::Role role) {
  namespace tables = identity_tables;
  Identity out = tables::kOther;
  if (role == FunctionPlan::Role::kRootPort) {
    out = tables::kRootPort;
  } else if (role != FunctionPlan::Role::kEndpoint) {
    out = tables::kSwitchPort;
  } else {
    for (const tables::Row& row : tables::kEndpoints) {
      if (row.kind == device.kind) {
        out = row.identity;
      }
    }
  }
  std::string vendor = device.part.vendor;
  std::transform(vendor.begin(), vendor.end(), vendor.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const tables::Vendor& one : tables::kVendors) {
    if (vendor.find(one.word) != std::string::npos) {
      out.vendor = one.number;
      break;
    }
  }
  return out;
}

}  // namespace weft::twin::pcie_port
