// SPDX-License-Identifier: Apache-2.0
// The verb `serve`: this machine, or captures, watched and judged, with the page and the API of
// `weft up` and without its world.
#pragma once

#include "cli/verb.h"

namespace weft::cli {

[[nodiscard]] VerbSpec serve_verb();

}  // namespace weft::cli
