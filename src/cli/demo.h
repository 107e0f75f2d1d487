// SPDX-License-Identifier: Apache-2.0
// The captured tree that the program carries for `weft scan --demo`: a simulated 8-GPU server.
#pragma once

#include "bus/host.h"

namespace weft::cli {

[[nodiscard]] base::Result<bus::Host> demo_host();

}  // namespace weft::cli
