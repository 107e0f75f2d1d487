// SPDX-License-Identifier: Apache-2.0
// The verbs `world status`, `world inject`, `world clear`, `world state` and `world checkpoint`:
// clients of the control socket of a running `weft up` (docs/formats/world-control.md).
#pragma once

#include "cli/verb.h"

namespace weft::cli {

[[nodiscard]] VerbSpec world_status_verb();
[[nodiscard]] VerbSpec world_inject_verb();
[[nodiscard]] VerbSpec world_clear_verb();
[[nodiscard]] VerbSpec world_state_verb();
[[nodiscard]] VerbSpec world_checkpoint_verb();

}  // namespace weft::cli
