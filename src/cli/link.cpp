// SPDX-License-Identifier: Apache-2.0
#include "cli/link.h"

#include "cli/action_report.h"

#include <string>

namespace weft::cli {
namespace link_parts {

constexpr PositionalSpec kPositionals[] = {
    {"ACTION", "retrain, equalise, set-speed, set-width, disable, enable or reset."},
    {"TARGET",
     "A PCIe link by either end's address (0000:3b:00.0); of a twin also a link's name or "
     "MACHINE/ADDRESS."},
    {"VALUE",
     "Of set-speed: GT/s or generation, such as 16 or gen4. Of set-width: lanes, such as x8.",
     false},
};
constexpr OptionSpec kOptions[] = {kApplyOption,     kRootOption,      kRackOption,
                                   kSeedOption,      kAdvanceOption,   kUpFolderOption,
                                   kInventoryOption, kActionJsonOption};
constexpr ExampleSpec kExamples[] = {
    {"weft link retrain 0000:3b:00.0", "What retraining this link would write and disturb."},
    {"sudo weft link set-speed 0000:3b:00.0 gen4 --apply",
     "Hold the link to 16 GT/s, until weft undo."},
    {"weft link disable --rack racks/gpu-server-8.yaml server0/0000:01:00.0 --apply",
     "A link of a rack that one does not have."},
};
constexpr ExitSpec kExits[] = {{kOk, "it was done, or would be; the link is as asked"}};

int run(const Arguments& arguments) {
  serve::ActionRequest request{.action = "link " + arguments.value("ACTION").value_or(""),
                               .value = arguments.value("VALUE")};
  return run_action(arguments, request, kPositionals[0].help);
}

}  // namespace link_parts

VerbSpec link_verb() {
  return {.name = "link",
          .summary = "Retrain, slow, narrow, switch off or reset a link",
          .description =
              "Acts on a PCIe link through its upper port, by the registers that the PCI Express "
              "specification has for it. Without --apply it prints every write with the old value "
              "and the new one, the links, devices and machines that are disturbed, and how it is "
              "undone. With --apply each old value is in a journal before it changes, every "
              "register is read back, and where something fails all is put back. Changes that are "
              "meant to last (speed, width, disable) stay in the journal until weft undo. PCIe has "
              "no register that switches off one lane; set-width needs L0p, which flit mode has. "
              "On Linux it needs root.",
          .positionals = link_parts::kPositionals,
          .options = link_parts::kOptions,
          .run = link_parts::run,
          .examples = link_parts::kExamples,
          .exits = link_parts::kExits};
}

}  // namespace weft::cli
