// SPDX-License-Identifier: Apache-2.0
// The PCI part of a machine's files: /sys/devices/pciDDDD:BB, /sys/bus/pci. Texts as the kernel's
// ABI document sysfs-bus-pci gives them; registers from linux/pci_regs.h. What a file says is read
// from the live configuration space, as the kernel does, not from the world behind it.
#include "twin/door/config_file.h"
#include "twin/door/sysfs_parts.h"
#include "twin/pcie_port/function.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>
#include <linux/pci_regs.h>

namespace weft::twin::door {
namespace sysfs_pci {

using base::Result;

constexpr std::array<std::string_view, 8> kSpeedTexts = {
    "Unknown",        "2.5 GT/s PCIe",  "5.0 GT/s PCIe",  "8.0 GT/s PCIe",
    "16.0 GT/s PCIe", "32.0 GT/s PCIe", "64.0 GT/s PCIe", "128.0 GT/s PCIe"};

std::string_view speed_text(std::uint32_t code) {
  return code < kSpeedTexts.size() ? kSpeedTexts.at(code) : kSpeedTexts[0];
}

/// The driver that Linux would bind, by class and maker; empty for none.
std::string_view driver_of(std::uint32_t class_code, std::uint32_t vendor) {
  struct Row {
    std::uint32_t class_code;  ///< base and sub-class
    std::uint32_t vendor;      ///< 0: any
    std::string_view driver;
  };
  static constexpr std::array kRows = {
      Row{0x0604, 0, "pcieport"},       Row{0x0108, 0, "nvme"},
      Row{0x0502, 0, "cxl_pci"},        Row{0x0200, 0x15B3, "mlx5_core"},
      Row{0x0207, 0x15B3, "mlx5_core"}, Row{0x0200, 0x14E4, "bnxt_en"},
      Row{0x0200, 0x8086, "ice"},       Row{0x0302, 0x10DE, "nvidia"},
  };
  const auto* const row = std::ranges::find_if(kRows, [&](const Row& each) {
    return each.class_code == class_code >> 8 && (each.vendor == 0 || each.vendor == vendor);
  });
  return row == kRows.end() ? std::string_view{} : row->driver;
}

/// Highest bit set of the supported speeds vector, whose bit 1 is 2.5 GT/s; where there is none (a
/// version 1 capability), the maximum that Link Capabilities names.
std::uint32_t fastest(std::uint32_t capabilities, std::uint32_t capabilities_2) {
  for (std::uint32_t code = 7; code >= 1; --code) {
    if ((capabilities_2 >> code & 1) != 0) {
      return code;
    }
  }
  return capabilities & PCI_EXP_LNKCAP_SLS;
}

class FunctionFiles {
 public:
  FunctionFiles(SysfsParts& parts, std::size_t index)
      : tree_(parts.tree),
        plan_(parts.machine.plan->functions[index]),
        config_(*parts.machine.functions[index]),
        image_(config_),
        path_(parts.function_paths[index]),
        express_(image_.capability(PCI_CAP_ID_EXP)),
        class_code_(image_.number(PCI_CLASS_REVISION, 4) >> 8),
        vendor_(image_.number(PCI_VENDOR_ID, 2)) {}

  void add(std::size_t numa_node) {
    tree_.add_file(path_ + "/config", std::make_unique<ConfigFile>(config_));
    add_identity();
    add_text("numa_node", fmt::format("{}", numa_node));
    add_text("enable", "1");
    add_text("irq", "0");
    add_text("power/runtime_status", "active");
    add_text("power/control", "on");
    tree_.add_file(path_ + "/resource", image_.resources());
    add_power_state();
    if (express_ != 0) {
      add_link_state();
    }
    add_error_counts();
    if (image_.is_bridge()) {
      add_bus_number("secondary_bus_number", PCI_SECONDARY_BUS);
      add_bus_number("subordinate_bus_number", PCI_SUBORDINATE_BUS);
      add_slot();
    }
    tree_.link_to("sys/bus/pci/devices/" + plan_.address, path_);
    tree_.link_to(path_ + "/subsystem", "sys/bus/pci");
    add_driver();
  }

 private:
  void add_text(std::string_view file, std::string text) {
    tree_.add_file(fmt::format("{}/{}", path_, file), line(std::move(text)));
  }
  void add_live(std::string_view file, LiveTree::Text text) {
    tree_.add_file(fmt::format("{}/{}", path_, file), std::move(text));
  }

  /// What the kernel read at enumeration and keeps, also when the device falls silent.
  void add_identity() {
    const auto device = image_.number(PCI_DEVICE_ID, 2);
    const auto subsystem_vendor =
        image_.is_bridge() ? 0 : image_.number(PCI_SUBSYSTEM_VENDOR_ID, 2);
    const auto subsystem_device = image_.is_bridge() ? 0 : image_.number(PCI_SUBSYSTEM_ID, 2);
    const auto modalias =
        fmt::format("pci:v{:08X}d{:08X}sv{:08X}sd{:08X}bc{:02X}sc{:02X}i{:02X}", vendor_, device,
                    subsystem_vendor, subsystem_device, class_code_ >> 16, class_code_ >> 8 & 0xFF,
                    class_code_ & 0xFF);
    add_text("vendor", fmt::format("0x{:04x}", vendor_));
    add_text("device", fmt::format("0x{:04x}", device));
    add_text("subsystem_vendor", fmt::format("0x{:04x}", subsystem_vendor));
    add_text("subsystem_device", fmt::format("0x{:04x}", subsystem_device));
    add_text("class", fmt::format("0x{:06x}", class_code_));
    add_text("revision", fmt::format("0x{:02x}", image_.number(PCI_REVISION_ID, 1)));
    add_text("modalias", modalias);
    const auto driver = driver_of(class_code_, vendor_);
    add_text(
        "uevent",
        fmt::format("{}PCI_CLASS={:X}\nPCI_ID={:04X}:{:04X}\nPCI_SUBSYS_ID={:04X}:{:04X}\n"
                    "PCI_SLOT_NAME={}\nMODALIAS={}",
                    driver.empty() ? "" : fmt::format("DRIVER={}\n", driver), class_code_, vendor_,
                    device, subsystem_vendor, subsystem_device, plan_.address, modalias));
  }

  void add_power_state() {
    const auto power = image_.capability(PCI_CAP_ID_PM);
    if (power == 0) {
      add_text("power_state", "D0");
      return;
    }
    add_live("power_state", [&config = config_, power]() -> Result<std::string> {
      static constexpr std::array<std::string_view, 4> kStates = {"D0", "D1", "D2", "D3hot"};
      if (read_config(config, PCI_VENDOR_ID, 2) == 0xFFFF) {
        return line("D0");  // the kernel does not learn that a device is gone by reading this
      }
      const auto state = read_config(config, power + std::size_t{PCI_PM_CTRL}, 2);
      return line(std::string(kStates.at(state & PCI_PM_CTRL_STATE_MASK)));
    });
  }

  void add_link_state() {
    const auto number = [&config = config_, at = express_](std::size_t offset, std::uint8_t width) {
      return read_config(config, at + offset, width);
    };
    const auto seen = [&](std::size_t offset, std::size_t width) {
      return image_.number(express_ + offset, width);
    };
    const auto capabilities = seen(PCI_EXP_LNKCAP, 4);
    const bool has_second = (seen(PCI_EXP_FLAGS, 2) & PCI_EXP_FLAGS_VERS) >= 2;
    const auto best = fastest(capabilities, has_second ? seen(PCI_EXP_LNKCAP2, 4) : 0);
    add_text("max_link_speed", std::string(speed_text(best)));
    add_text("max_link_width", fmt::format("{}", capabilities >> 4 & 0x3F));
    add_live("current_link_speed", [number]() -> Result<std::string> {
      return line(std::string(speed_text(number(PCI_EXP_LNKSTA, 2) & PCI_EXP_LNKSTA_CLS)));
    });
    add_live("current_link_width", [number]() -> Result<std::string> {
      return line(fmt::format("{}", number(PCI_EXP_LNKSTA, 2) >> PCI_EXP_LNKSTA_NLW_SHIFT & 0x3F));
    });
  }

  /// Linux counts errors where the function has Advanced Error Reporting; root ports also count the
  /// messages that came up to them.
  void add_error_counts() {
    const auto* const function = dynamic_cast<const pcie_port::Function*>(&config_);
    if (function == nullptr || image_.extended(PCI_EXT_CAP_ID_ERR) == 0) {
      return;
    }
    using pcie_port::AerCounts;
    struct Row {
      std::string_view file;
      std::string (AerCounts::*text)() const;
    };
    for (const auto& [file, text] : {Row{"aer_dev_correctable", &AerCounts::correctable_text},
                                     Row{"aer_dev_nonfatal", &AerCounts::nonfatal_text},
                                     Row{"aer_dev_fatal", &AerCounts::fatal_text}}) {
      add_live(file, [function, text]() -> Result<std::string> {
        return (function->aer_counts().*text)();
      });
    }
    struct RootRow {
      std::string_view file;
      std::uint64_t AerCounts::Root::* count;
    };
    for (const auto& [file, count] :
         {RootRow{"aer_rootport_total_err_cor", &AerCounts::Root::correctable},
          RootRow{"aer_rootport_total_err_nonfatal", &AerCounts::Root::nonfatal},
          RootRow{"aer_rootport_total_err_fatal", &AerCounts::Root::fatal}}) {
      if (function->aer_counts().root) {
        add_live(file, [function, count]() -> Result<std::string> {
          return line(fmt::format("{}", (*function->aer_counts().root).*count));
        });
      }
    }
  }

  void add_bus_number(std::string_view file, std::size_t offset) {
    add_live(file, [&config = config_, offset]() -> Result<std::string> {
      return line(fmt::format("{}", read_config(config, offset, 1)));
    });
  }

  /// Ports with a slot: pciehp names it by the Physical Slot Number and gives the address below.
  void add_slot() {
    if (express_ == 0 ||
        (image_.number(express_ + std::size_t{PCI_EXP_FLAGS}, 2) & PCI_EXP_FLAGS_SLOT) == 0) {
      return;
    }
    const auto number = image_.number(express_ + std::size_t{PCI_EXP_SLTCAP}, 4) >> 19;
    auto slot = fmt::format("sys/bus/pci/slots/{}", number);
    for (int again = 1; tree_.exists(slot); ++again) {
      slot = fmt::format("sys/bus/pci/slots/{}-{}", number, again);
    }
    const auto domain = plan_.address.substr(0, plan_.address.find(':'));
    tree_.add_file(slot + "/address",
                   line(fmt::format("{}:{:02x}:00", domain, image_.number(PCI_SECONDARY_BUS, 1))));
    tree_.add_file(slot + "/adapter", [&config = config_, at = express_]() -> Result<std::string> {
      const auto status = read_config(config, at + std::size_t{PCI_EXP_SLTSTA}, 2);
      return line((status & PCI_EXP_SLTSTA_PDS) != 0 ? "1" : "0");
    });
    tree_.add_file(slot + "/power", [&config = config_, at = express_]() -> Result<std::string> {
      const auto control = read_config(config, at + std::size_t{PCI_EXP_SLTCTL}, 2);
      return line((control & PCI_EXP_SLTCTL_PCC) != 0 ? "0" : "1");
    });
  }

  void add_driver() {
    const auto driver = driver_of(class_code_, vendor_);
    if (driver.empty()) {
      return;
    }
    const auto folder = fmt::format("sys/bus/pci/drivers/{}", driver);
    tree_.link_to(fmt::format("{}/{}", folder, plan_.address), path_);
    tree_.link_to(path_ + "/driver", folder);
  }

  LiveTree& tree_;
  const FunctionPlan& plan_;
  bus::ConfigSpace& config_;
  ConfigImage image_;
  std::string path_;
  std::uint16_t express_;
  std::uint32_t class_code_;
  std::uint32_t vendor_;
};

/// Sockets in the order in which their root ports come.
std::vector<std::size_t> numa_nodes(const MachinePlan& plan) {
  std::vector<fabric::DeviceId> sockets;
  std::vector<std::size_t> nodes;
  for (const auto& function : plan.functions) {
    if (function.parent) {
      nodes.push_back(nodes[*function.parent]);
      continue;
    }
    const auto found = std::ranges::find(sockets, function.device);
    nodes.push_back(static_cast<std::size_t>(found - sockets.begin()));
    if (found == sockets.end()) {
      sockets.push_back(function.device);
    }
  }
  return nodes;
}

}  // namespace sysfs_pci

void add_pci_files(SysfsParts& parts) {
  const auto& functions = parts.machine.plan->functions;
  for (const auto& function : functions) {  // parents come first
    const auto above = function.parent ? parts.function_paths[*function.parent]
                                       : "sys/devices/pci" + function.address.substr(0, 7);
    parts.function_paths.push_back(above + "/" + function.address);
  }
  const auto nodes = sysfs_pci::numa_nodes(*parts.machine.plan);
  for (std::size_t i = 0; i < functions.size() && i < parts.machine.functions.size(); ++i) {
    if (parts.machine.functions[i] != nullptr) {
      sysfs_pci::FunctionFiles(parts, i).add(nodes[i]);
    }
  }
}

}  // namespace weft::twin::door
