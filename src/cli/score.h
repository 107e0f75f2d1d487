// SPDX-License-Identifier: Apache-2.0
// weft score: tells scenario templates with many seeds and says how often the judgement is right.
#pragma once

#include "cli/verb.h"

namespace weft::cli {

[[nodiscard]] VerbSpec score_verb();

}  // namespace weft::cli
