// SPDX-License-Identifier: Apache-2.0
// bus::Devices of a running twin: every function, bus and module of `weft up --doors` over its
// sockets (docs/formats/config-door.md, smbus-door.md, module-door.md). Names have their machine
// before them: "server0/0000:3b:00.0", "server0/i2c-9", "server0/eth0". What the doors answer is
// not trusted: a line that is none of theirs is kDataLoss.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "bus/devices.h"

#include <memory>
#include <string>

namespace weft::cli {

class DoorDevices final : public bus::Devices {
 public:
  /// kUnavailable where nobody has doors open in that folder.
  [[nodiscard]] static base::Result<std::unique_ptr<DoorDevices>> open(const std::string& folder);
  ~DoorDevices() override;

  [[nodiscard]] std::vector<std::string> names(bus::DoorKind kind) const override;
  [[nodiscard]] base::Result<std::unique_ptr<bus::ConfigSpace>> config_space(
      std::string_view name) override;
  [[nodiscard]] base::Result<std::unique_ptr<bus::Smbus>> smbus(std::string_view name) override;
  [[nodiscard]] base::Result<std::unique_ptr<bus::ModuleMemory>> module_memory(
      std::string_view name) override;
  [[nodiscard]] base::Result<std::unique_ptr<bus::PortCounters>> port_counters(
      std::string_view name) override;

  /// Sends what a locked bus holds back: to call before time is to pass. While a bus is locked its
  /// block writes are kept until the next read, and go out with it in one line, which no other
  /// client comes between.
  void flush();
  /// World time, by the control socket.
  [[nodiscard]] base::Result<double> world_seconds();
  /// Lets so much world time pass.
  void wait(base::Duration span);

 private:
  struct Doors;
  explicit DoorDevices(std::shared_ptr<Doors> doors);
  std::shared_ptr<Doors> doors_;
};

}  // namespace weft::cli
