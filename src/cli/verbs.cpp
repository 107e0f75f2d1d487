// SPDX-License-Identifier: Apache-2.0
// The table: one line per verb. tools/check fails when a verb's file is here without a line.
#include "cli/verbs.h"

#include "cli/capture.h"
#include "cli/device.h"
#include "cli/events.h"
#include "cli/export.h"
#include "cli/firmware.h"
#include "cli/history.h"
#include "cli/import.h"
#include "cli/inventory.h"
#include "cli/link.h"
#include "cli/margin.h"
#include "cli/mark.h"
#include "cli/physics/ber.h"
#include "cli/physics/channel.h"
#include "cli/physics/com.h"
#include "cli/physics/eye.h"
#include "cli/rack.h"
#include "cli/scan.h"
#include "cli/score.h"
#include "cli/serve.h"
#include "cli/sim/collective.h"
#include "cli/sim/compare.h"
#include "cli/sim/fault.h"
#include "cli/sim/step.h"
#include "cli/sim/traffic.h"
#include "cli/soak.h"
#include "cli/top.h"
#include "cli/undo.h"
#include "cli/up.h"
#include "cli/why.h"
#include "cli/world.h"
#include "cli/world_control.h"

namespace weft::cli {

std::span<const VerbSpec> verbs() {
  static const std::vector<VerbSpec> kVerbs = {
      scan_verb(),
      why_verb(),
      capture_verb(),
      rack_check_verb(),
      rack_show_verb(),
      rack_diff_verb(),
      rack_locate_verb(),
      eye_verb(),
      ber_verb(),
      com_verb(),
      channel_show_verb(),
      channel_check_verb(),
      channel_cascade_verb(),
      channel_fit_verb(),
      world_faults_verb(),
      world_status_verb(),
      world_inject_verb(),
      world_clear_verb(),
      world_state_verb(),
      world_checkpoint_verb(),
      margin_verb(),
      link_verb(),
      soak_verb(),
      device_verb(),
      firmware_show_verb(),
      firmware_update_verb(),
      undo_verb(),
      score_verb(),
      sim_collective_verb(),
      sim_step_verb(),
      sim_fault_verb(),
      sim_traffic_verb(),
      sim_compare_verb(),
      up_verb(),
      serve_verb(),
      import_verb(),
      mark_verb(),
      history_verb(),
      events_verb(),
      top_verb(),
      export_verb(),
  };
  return kVerbs;
}

}  // namespace weft::cli
