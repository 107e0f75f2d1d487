// SPDX-License-Identifier: Apache-2.0
#include "cli/device.h"

#include "base/text.h"
#include "cli/action_report.h"

#include <string>
#include <utility>
#include <vector>

namespace weft::cli {
namespace device_parts {

using base::Code;
using base::Result;

constexpr PositionalSpec kPositionals[] = {
    {"ACTION",
     "reset; of a module also restart, low-power, full-power, disable-lane, enable-lane."},
    {"TARGET",
     "A retimer by bus and address (i2c-9/0x24), or a module by its interface (eth0); of a twin "
     "also a device's or link's name, and with MACHINE/ before it."},
};
constexpr OptionSpec kOptions[] = {
    {"--lane", "N",
     "Of restart, disable-lane and enable-lane: these lanes, 0 to 7. Default for restart: those in "
     "use.",
     true},
    kApplyOption,
    kRootOption,
    kRackOption,
    kSeedOption,
    kAdvanceOption,
    kUpFolderOption,
    kInventoryOption,
    kActionJsonOption,
};
constexpr ExampleSpec kExamples[] = {
    {"weft device reset i2c-9/0x24", "What resetting this retimer would write and disturb."},
    {"weft device disable-lane pod-server0/eth0 --lane 2 --folder /tmp/weft-0/reference-pod "
     "--apply",
     "Switch one output of a running twin's module off, until weft undo."},
};
constexpr ExitSpec kExits[] = {{kOk, "it was done, or would be"}};

Result<std::vector<unsigned>> lanes_of(const Arguments& arguments) {
  std::vector<unsigned> out;
  for (const std::string& text : arguments.values("--lane")) {
    const auto lane = base::parse_unsigned(text);
    if (!lane || *lane > 7) {
      return base::fail(Code::kInvalidArgument, "--lane: give a lane from 0 to 7");
    }
    out.push_back(static_cast<unsigned>(*lane));
  }
  return out;
}

int run(const Arguments& arguments) {
  auto lanes = lanes_of(arguments);
  if (!lanes) {
    return report_usage(lanes.error().what);
  }
  const serve::ActionRequest request{.action = "device " + arguments.value("ACTION").value_or(""),
                                     .lanes = *std::move(lanes)};
  return run_action(arguments, request, kPositionals[0].help);
}

}  // namespace device_parts

VerbSpec device_verb() {
  return {.name = "device",
          .summary = "Reset or switch a retimer or a module",
          .description =
              "Acts on a retimer over its SMBus or on a cable module through its memory. Without "
              "--apply it prints every write with what stands there now, the links, devices and "
              "machines that are disturbed, and how it is undone. With --apply old values are in a "
              "journal before they change; what is meant to last (lanes switched off, low power) "
              "stays there until weft undo. Linux gives no way to write a module's memory by its "
              "network interface; a retimer needs /dev/i2c-N and root.",
          .positionals = device_parts::kPositionals,
          .options = device_parts::kOptions,
          .run = device_parts::run,
          .examples = device_parts::kExamples,
          .exits = device_parts::kExits};
}

}  // namespace weft::cli
