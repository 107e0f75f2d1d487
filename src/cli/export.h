// SPDX-License-Identifier: Apache-2.0
// `weft export`: last values for others: Prometheus text, JSON lines, CSV, remote_write; alert
// rules.
#pragma once

#include "cli/verb.h"

namespace weft::cli {

[[nodiscard]] VerbSpec export_verb();

}  // namespace weft::cli
