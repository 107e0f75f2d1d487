// SPDX-License-Identifier: Apache-2.0
// `weft mark`: tells a control plane, or a store, what people do: maintenance, jobs, repairs.
#pragma once

#include "cli/verb.h"

namespace weft::cli {

[[nodiscard]] VerbSpec mark_verb();

}  // namespace weft::cli
