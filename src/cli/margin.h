// SPDX-License-Identifier: Apache-2.0
// weft margin: how much room each receiver of a PCIe link has, by Lane Margining at the Receiver,
// on this machine or on a twin built from a rack file. Without --apply it says what it would write.
#pragma once

#include "cli/verb.h"

namespace weft::cli {

[[nodiscard]] VerbSpec margin_verb();

}  // namespace weft::cli
