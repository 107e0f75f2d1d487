// SPDX-License-Identifier: Apache-2.0
// The plugged module behind a network interface: reads the memory pages that wire/cmis wants and
// turns what they say into attributes, samples and the link's segment. driver/netdev calls it. By
// default no byte is read that reading would clear.
// Reading a module's memory needs root on Linux; then every value says so.
#pragma once

#include "driver/collect.h"
#include "wire/cmis/identity.h"
#include "wire/cmis/vdm.h"

#include <string>
#include <vector>

namespace weft::driver {

/// 0.1 uW, the least that a module's power monitor can say: what it shows in place of no light.
inline constexpr double kDarkDbm = -40.0;

struct ModuleReadOptions {
  bool clears_flags = false;  ///< read latched flags too; reading takes them from who watches them
};
/// What the module says of itself; the error's code tells "needs root" from "no module memory".
[[nodiscard]] base::Result<wire::cmis::ModuleInfo> read_module(
    const bus::Netdev& netdev, const std::string& interface, const ModuleReadOptions& options = {});

/// What it says of itself, and what it measures by the way (CMIS VDM): samples only, never flags.
struct ModuleReading {
  wire::cmis::ModuleInfo info;
  std::vector<wire::cmis::VdmReading> statistics;
};
[[nodiscard]] base::Result<ModuleReading> read_module_and_statistics(const bus::Netdev& netdev,
                                                                     const std::string& interface);

/// Adds the module's attributes (kind "module") to the device, and samples of its monitors to the
/// port.
void add_module(Collection& collection, fabric::DeviceId device, fabric::PortId port,
                const std::string& interface, const base::Result<ModuleReading>& module);

/// The cable or optics as a segment of the link; medium unknown where the module does not say.
[[nodiscard]] fabric::Segment segment_of(const wire::cmis::ModuleInfo& module);

}  // namespace weft::driver
