// SPDX-License-Identifier: Apache-2.0
// `weft ber`: what FEC leaves of an error ratio (phy/fec/analytic.h, concatenated.h), what a flit
// link makes of one (flit_retry.h), and how sure an error ratio is after so many bits (proof.h). No
// file is read, nothing is measured; docs/formats/ber.md describes the JSON.
#pragma once

#include "cli/verb.h"

namespace weft::cli {

[[nodiscard]] VerbSpec ber_verb();

}  // namespace weft::cli
