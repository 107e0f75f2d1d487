// SPDX-License-Identifier: Apache-2.0
// The verb `world faults`: the catalogue of faults that a twin can have, as a table or as JSON.
#pragma once

#include "cli/verb.h"

#include <string>

namespace weft::cli {

[[nodiscard]] VerbSpec world_faults_verb();

/// What it prints with --json.
[[nodiscard]] std::string world_faults_json();

}  // namespace weft::cli
