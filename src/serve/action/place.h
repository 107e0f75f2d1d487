// SPDX-License-Identifier: Apache-2.0
// What an action acts on: a link, retimer or module, and the doors of the machine that has it.
// cli/ fills this in for this machine, a folder that stands for one, the doors of a running twin,
// or a twin of this program; planning and doing (actions.h) cannot tell which.
#pragma once

#include "base/result.h"
#include "bus/devices.h"
#include "driver/pcie_actions.h"
#include "fabric/model.h"
#include "observe/snapshot.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace weft::serve {

enum class TargetKind : std::uint8_t { kLink, kRetimer, kModule };
[[nodiscard]] std::string_view key(TargetKind kind);  ///< "link", "retimer", "module"

struct Target {
  TargetKind kind = TargetKind::kLink;
  std::string name;          ///< as its door knows it: "0000:3b:00.0", "i2c-9/0x24", "eth0"
  std::string segment = {};  ///< a retimer's: "i2c-9"
  std::uint8_t address = 0;  ///< and its 7-bit address there
};

struct ActionPlace {
  std::shared_ptr<void> owner = {};  ///< of a twin that lives here; outlives what stands below
  /// "this host", a folder, "rack FILE", "weft up FOLDER": a journal's machine.
  std::string source = {};
  std::string machine = {};  ///< whose target it is, where several are there
  bool is_simulated = false;
  /// Its devices are gone with this program: nothing is noted for later.
  bool is_passing = false;
  Target target = {};
  std::unique_ptr<bus::Devices> devices = {};
  driver::Wait wait = {};
  /// The machine as a scan sees it, for the names of what an action disturbs; may be null.
  std::function<base::Result<observe::Snapshot>()> look = {};
  std::optional<fabric::Fabric> plan = std::nullopt;  ///< with the addresses of its devices
};

}  // namespace weft::serve
