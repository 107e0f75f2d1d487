// SPDX-License-Identifier: Apache-2.0
// `weft com`: channel operating margin of channels from files or segments, with the equaliser
// settings that won, as a report for people, a table over many channels, JSON or CSV.
// docs/formats/com.md describes the JSON.
#pragma once

#include "cli/verb.h"

namespace weft::cli {

[[nodiscard]] VerbSpec com_verb();

}  // namespace weft::cli
