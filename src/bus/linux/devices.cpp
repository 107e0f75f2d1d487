// SPDX-License-Identifier: Apache-2.0
#include "bus/linux/devices.h"

#include "bus/linux/config_space.h"
#include "bus/linux/i2c_dev.h"
#include "bus/linux/module_memory.h"

#include <algorithm>
#include <utility>

#include <dirent.h>

namespace weft::bus::linux_host {
namespace devices_of_linux {

std::vector<std::string> entries(const std::string& folder, std::string_view prefix) {
  std::vector<std::string> out;
  DIR* listing = opendir(folder.c_str());
  if (listing == nullptr) {
    return out;
  }
  while (const dirent* one = readdir(listing)) {
    const std::string_view name = one->d_name;
    if (name != "." && name != ".." && name.starts_with(prefix)) {
      out.emplace_back(name);
    }
  }
  closedir(listing);
  std::sort(out.begin(), out.end());
  return out;
}

template <class T>
base::Result<std::unique_ptr<T>> has_none(std::string_view what, std::string_view name) {
  return base::fail(base::Code::kUnimplemented, "this machine has no " + std::string(what),
                    std::string(name));
}

class LinuxDevices final : public Devices {
 public:
  explicit LinuxDevices(std::string root) : root_(std::move(root)) {}

  [[nodiscard]] std::vector<std::string> names(DoorKind kind) const override {
    switch (kind) {
      case DoorKind::kConfigSpace:
        return entries(at("/sys/bus/pci/devices"), "");
      case DoorKind::kSmbus:
        return entries(at("/dev"), "i2c-");
      case DoorKind::kModuleMemory:
        return module_interfaces(root_);
      case DoorKind::kPortCounters:
        break;
    }
    return {};
  }
  [[nodiscard]] base::Result<std::unique_ptr<ConfigSpace>> config_space(
      std::string_view name) override {
    return open_config_space(root_, name);
  }
  [[nodiscard]] base::Result<std::unique_ptr<Smbus>> smbus(std::string_view name) override {
    return open_i2c(root_, name);
  }
  [[nodiscard]] base::Result<std::unique_ptr<ModuleMemory>> module_memory(
      std::string_view name) override {
    return open_module_memory(root_, name);
  }
  [[nodiscard]] base::Result<std::unique_ptr<PortCounters>> port_counters(
      std::string_view name) override {
    return has_none<PortCounters>("ports without a management interface", name);
  }

 private:
  [[nodiscard]] std::string at(std::string_view path) const {
    return (root_ == "/" ? std::string() : root_) + std::string(path);
  }
  std::string root_;
};

}  // namespace devices_of_linux

std::unique_ptr<Devices> live_devices(std::string root) {
  return std::make_unique<devices_of_linux::LinuxDevices>(std::move(root));
}

}  // namespace weft::bus::linux_host
