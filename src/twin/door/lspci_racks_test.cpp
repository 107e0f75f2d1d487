// SPDX-License-Identifier: Apache-2.0
// Debian's lspci over a snapshot of the files of every machine of every reference rack, with errors
// and containment in it: each function's link speed and width are the world's, its AER and DPC
// states those of its registers; and they move while it watches. Lane models are made up; nothing
// here depends on them.
#include "base/test_shell.h"
#include "bus/test_folder.h"
#include "twin/door/snapshot.h"
#include "twin/door/sysfs_tree.h"
#include "twin/link/fake_physics.h"
#include "twin/pcie_port/function.h"
#include "twin/test_rack.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <regex>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <linux/pci_regs.h>
#include <unistd.h>

namespace weft::twin::door {
namespace {

/// One bit of a status register by lspci's word for it (lspci 3.9, ls-ecaps.c).
struct StatusBit {
  std::string_view word;
  std::uint32_t bit;
};
constexpr auto kCorrectable = std::to_array<StatusBit>({
    {"RxErr", PCI_ERR_COR_RCVR},
    {"BadTLP", PCI_ERR_COR_BAD_TLP},
    {"BadDLLP", PCI_ERR_COR_BAD_DLLP},
    {"Rollover", PCI_ERR_COR_REP_ROLL},
    {"Timeout", PCI_ERR_COR_REP_TIMER},
    {"AdvNonFatalErr", PCI_ERR_COR_ADV_NFAT},
});
constexpr auto kUncorrectable = std::to_array<StatusBit>({
    {"DLP", PCI_ERR_UNC_DLP},
    {"SDES", PCI_ERR_UNC_SURPDN},
    {"TLP", PCI_ERR_UNC_POISON_TLP},
    {"FCP", PCI_ERR_UNC_FCP},
    {"CmpltTO", PCI_ERR_UNC_COMP_TIME},
    {"MalfTLP", PCI_ERR_UNC_MALF_TLP},
    {"UnsupReq", PCI_ERR_UNC_UNSUP},
});

std::uint16_t extended(bus::ConfigSpace& config, std::uint32_t id) {
  for (std::uint32_t at = 0x100; at != 0;) {
    const std::uint32_t head = config.read(static_cast<std::uint16_t>(at), 4).value_or(0);
    if ((head & 0xFFFF) == id) {
      return static_cast<std::uint16_t>(at);
    }
    at = head >> 20;
  }
  return 0;
}

/// What lspci says of each function, by address.
std::map<std::string, std::string> blocks_of(const std::string& text) {
  std::map<std::string, std::string> out;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find("\n\n", from), text.size());
    out.emplace(text.substr(from, text.find(' ', from) - from), text.substr(from, end - from));
    from = end + 2;
  }
  return out;
}

std::string line_of(const std::string& block, const std::string& name) {
  const std::size_t from = block.find(name + ":\t");
  return from == std::string::npos ? "" : block.substr(from, block.find('\n', from) - from) + " ";
}

// Of many equal machines a few are enough where everything is several times slower.
constexpr std::size_t kMachinesMost = base::kIsSanitized ? 3 : 1000;

/// Tens of thousands of files: in memory where the machine has a place for that.
std::string roomy_folder() {
  const std::filesystem::path memory("/dev/shm");
  return ::access(memory.c_str(), W_OK) == 0 ? memory.string()
                                             : std::filesystem::temp_directory_path().string();
}

std::map<std::string, std::string> lspci(Rack& rack, std::size_t machine,
                                         const bus::TestFolder& folder) {
  const auto written = write_snapshot(*sysfs_tree(rack, machine), folder.at("twin"));
  EXPECT_TRUE(written) << (written ? "" : written.error().text());
  return blocks_of(base::shell_output("lspci -D -n -vvv -O sysfs.path=" +
                                      folder.at("twin/sys/bus/pci") + " 2>/dev/null")
                       .out);
}

class Judged {
 public:
  explicit Judged(const std::string& name) {
    RackOptions options;
    options.physics = std::make_shared<FakePhysics>();
    rack_ = std::move(*build_rack(test::reference_rack(name), {}, options));
    rack_->world->advance(base::seconds(30));
    trouble();
  }

  void judge(std::size_t index) {
    const bus::TestFolder folder(roomy_folder());
    const Machine& machine = rack_->machines[index];
    const auto blocks = lspci(*rack_, index, folder);
    for (std::size_t i = 0; i < machine.functions.size(); ++i) {
      const FunctionPlan& plan = machine.plan->functions[i];
      const auto found = blocks.find(plan.address);
      const bool is_there = machine.functions[i]->read(0, 2).value_or(0xFFFF) != 0xFFFF;
      if (!is_there) {
        ++absent;  // below a link that is down
        continue;
      }
      ASSERT_NE(found, blocks.end()) << machine.plan->name << " " << plan.address;
      SCOPED_TRACE(machine.plan->name + "\n" + found->second);
      link(plan, found->second);
      errors(*machine.functions[i], found->second);
      ++functions;
    }
  }

  [[nodiscard]] const Rack& rack() const { return *rack_; }
  std::size_t functions = 0, absent = 0, links = 0, with_errors = 0, contained = 0;

 private:
  /// Correctable errors on every third link, and in each machine one endpoint with a fatal error.
  /// Wrong bits show in AER without flits; with them FEC mends them, and clocks that are a little
  /// too far apart make elastic buffers slip.
  void trouble() {
    constexpr double kJustTooFarPpm = 600.01;
    const auto set_clocks = [&](std::optional<double> ppm) {
      for (std::size_t i = 0; i < rack_->links.size(); i += 3) {
        if (rack_->links[i]->status().is_flit) {
          rack_->world->set_quantity(rack_->links[i]->id(), Quantity::kClockOffset, 0, 1, ppm);
        }
      }
    };
    for (std::size_t i = 0; i < rack_->links.size(); i += 3) {
      Link& link = *rack_->links[i];
      if (link.plan().role == LinkRole::kPcie) {
        link.inject_errors({.section = 0, .direction = fabric::LaneDirection::kTowardHost}, 40);
      }
    }
    set_clocks(kJustTooFarPpm);
    rack_->world->advance(base::seconds(1));
    set_clocks(std::nullopt);
    for (const Machine& machine : rack_->machines) {
      for (std::size_t i = machine.functions.size(); i-- > 0;) {
        const FunctionPlan& plan = machine.plan->functions[i];
        if (plan.role == FunctionPlan::Role::kEndpoint && plan.link) {
          dynamic_cast<pcie_port::Function&>(*machine.functions[i]).report_uncorrectable(18);
          break;
        }
      }
    }
    rack_->world->advance(base::seconds(1));
  }

  void link(const FunctionPlan& plan, const std::string& block) {
    if (!plan.link || !rack_->links[*plan.link]->status().is_up) {
      return;
    }
    const LinkStatus status = rack_->links[*plan.link]->status();
    const std::regex form(R"(LnkSta:\tSpeed ([0-9.]+)GT/s[^,]*, Width x([0-9]+))");
    std::smatch match;
    ASSERT_TRUE(std::regex_search(block, match, form));
    EXPECT_EQ(std::stod(match[1]) * 1000, static_cast<double>(status.rate.value()));
    EXPECT_EQ(std::stoul(match[2]), status.width.value());
    ++links;
  }

  void errors(bus::ConfigSpace& config, const std::string& block) {
    const std::uint16_t aer = extended(config, PCI_EXT_CAP_ID_ERR);
    if (aer != 0) {
      const auto cor = config.read(static_cast<std::uint16_t>(aer + PCI_ERR_COR_STATUS), 4);
      const auto unc = config.read(static_cast<std::uint16_t>(aer + PCI_ERR_UNCOR_STATUS), 4);
      bits(line_of(block, "CESta"), kCorrectable, cor.value_or(0));
      bits(line_of(block, "UESta"), kUncorrectable, unc.value_or(0));
      with_errors += cor.value_or(0) != 0 ? 1 : 0;
    }
    if (const std::uint16_t dpc = extended(config, PCI_EXT_CAP_ID_DPC); dpc != 0) {
      const auto status =
          config.read(static_cast<std::uint16_t>(dpc + PCI_EXP_DPC_STATUS), 2).value_or(0);
      const bool is_triggered = (status & PCI_EXP_DPC_STATUS_TRIGGER) != 0;
      EXPECT_NE(line_of(block, "DpcSta").find(is_triggered ? "Trigger+" : "Trigger-"),
                std::string::npos);
      contained += is_triggered ? 1 : 0;
    }
  }

  template <class Bits>
  static void bits(const std::string& line, const Bits& table, std::uint32_t value) {
    ASSERT_FALSE(line.empty());
    for (const StatusBit& one : table) {
      const std::string word = fmt::format("{}{}", one.word, (value & one.bit) != 0 ? "+" : "-");
      EXPECT_TRUE(line.find(" " + word + " ") != std::string::npos ||
                  line.find("\t" + word + " ") != std::string::npos)
          << word << " is not in " << line;
    }
  }

  std::unique_ptr<Rack> rack_;
};

class LspciOnRack : public testing::TestWithParam<std::string> {};

TEST_P(LspciOnRack, AgreesWithTheWorldOnEveryFunction) {
  if (!base::has_program("lspci")) {
    GTEST_SKIP() << "lspci is not installed (Debian: pciutils)";
  }
  Judged judged(GetParam());
  std::size_t machines = 0;
  for (std::size_t i = 0; i < judged.rack().machines.size() && machines < kMachinesMost; ++i) {
    if (!judged.rack().machines[i].functions.empty()) {
      judged.judge(i);
      ++machines;
    }
  }
  RecordProperty("functions", static_cast<int>(judged.functions));
  if (judged.functions > 0) {
    EXPECT_GT(judged.links, 0U);
    EXPECT_GT(judged.with_errors, 0U);
    EXPECT_GT(judged.contained, 0U);
  }
}

std::vector<std::string> reference_racks() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(WEFT_SOURCE_DIR "/racks")) {
    if (entry.path().extension() == ".yaml") {
      names.push_back(entry.path().stem().string());
    }
  }
  std::ranges::sort(names);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Racks, LspciOnRack, testing::ValuesIn(reference_racks()),
                         [](const testing::TestParamInfo<std::string>& info) {
                           std::string name = info.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

/// Between two looks a link recovers from errors and another trains slower.
TEST(LspciOnRack, SeesValuesMove) {
  if (!base::has_program("lspci")) {
    GTEST_SKIP() << "lspci is not installed (Debian: pciutils)";
  }
  RackOptions options;
  options.physics = std::make_shared<FakePhysics>();
  const auto rack = std::move(*build_rack(test::reference_rack("gpu-server-8"), {}, options));
  rack->world->advance(base::seconds(30));
  const Machine& machine = rack->machines.front();
  std::vector<const FunctionPlan*> ends;
  for (const FunctionPlan& plan : machine.plan->functions) {
    if (plan.role == FunctionPlan::Role::kEndpoint && plan.link) {
      ends.push_back(&plan);
    }
  }
  ASSERT_GE(ends.size(), 2U);
  Link& hurt = *rack->links[*ends.front()->link];
  Link& slowed = *rack->links[*ends.back()->link];
  const bus::TestFolder folder(roomy_folder());
  const auto before = lspci(*rack, 0, folder);
  EXPECT_EQ(line_of(before.at(ends.front()->address), "CESta").find('+'), std::string::npos);
  hurt.inject_errors({.section = static_cast<std::uint32_t>(hurt.plan().sections.size() - 1)}, 200);
  slowed.set_target_rate(End::kA, base::giga_transfers(8));
  slowed.retrain(End::kA);
  rack->world->advance(base::seconds(1));
  const auto after = lspci(*rack, 0, folder);
  EXPECT_NE(line_of(after.at(ends.front()->address), "CESta").find('+'), std::string::npos);
  EXPECT_NE(line_of(before.at(ends.back()->address), "LnkSta"),
            line_of(after.at(ends.back()->address), "LnkSta"));
  EXPECT_NE(line_of(after.at(ends.back()->address), "LnkSta").find("Speed 8GT/s"),
            std::string::npos);
  // What nobody touched says what it said.
  std::size_t same = 0;
  for (const auto& [address, block] : before) {
    same += after.at(address) == block ? 1 : 0;
  }
  EXPECT_GE(same + 6, before.size());
}

}  // namespace
}  // namespace weft::twin::door
