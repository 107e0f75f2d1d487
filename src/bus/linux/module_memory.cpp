// SPDX-License-Identifier: Apache-2.0
#include "bus/linux/module_memory.h"

#include "bus/host.h"
#include "bus/linux/ethtool_netlink.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

namespace weft::bus::linux_host {
namespace linux_module_memory {

constexpr std::uint8_t kAddress = 0x50;  // A0h as 7 bits
constexpr std::size_t kHalf = 128;

class EthtoolModuleMemory final : public ModuleMemory {
 public:
  EthtoolModuleMemory(std::string interface, std::unique_ptr<Netdev> netdev)
      : interface_(std::move(interface)), netdev_(std::move(netdev)) {}

  [[nodiscard]] base::Result<base::Bytes> read(ModuleAddress from, std::uint8_t length) override {
    if (length == 0 || from.offset % kHalf + length > kHalf) {
      return base::fail(base::Code::kInvalidArgument,
                        "an access has 1 to 128 bytes and stays in lower memory or in one page",
                        interface_);
    }
    return netdev_->module_page(interface_, kAddress, from.bank, from.page, from.offset, length);
  }
  base::Result<void> write(ModuleAddress, base::ByteView) override {
    return base::fail(base::Code::kUnimplemented,
                      "Linux cannot write a module's memory by its network interface", interface_,
                      "Use the cage's own i2c bus, where this platform shows it.");
  }
  [[nodiscard]] std::string description() const override { return interface_; }

 private:
  std::string interface_;
  std::unique_ptr<Netdev> netdev_;
};

std::filesystem::path folder_of(const std::string& root) {
  return std::filesystem::path(root) / "sys/class/net";
}

}  // namespace linux_module_memory

std::vector<std::string> module_interfaces(const std::string& root) {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator entries(linux_module_memory::folder_of(root), error);
  for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    std::error_code missing;
    if (std::filesystem::exists(entries->path() / "device", missing)) {
      names.push_back(entries->path().filename().string());
    }
  }
  std::ranges::sort(names);
  return names;
}

base::Result<std::unique_ptr<ModuleMemory>> open_module_memory(const std::string& root,
                                                               std::string_view interface) {
  std::error_code error;
  if (interface.empty() || interface.find('/') != std::string_view::npos ||
      !std::filesystem::exists(linux_module_memory::folder_of(root) / interface, error)) {
    return base::fail(base::Code::kNotFound, "there is no such network interface",
                      std::string(interface));
  }
  if (root != "/") {
    return base::fail(base::Code::kUnimplemented,
                      "network drivers can be asked only on the machine itself",
                      std::string(interface));
  }
  return std::make_unique<linux_module_memory::EthtoolModuleMemory>(std::string(interface),
                                                                    live_netdev());
}

}  // namespace weft::bus::linux_host
