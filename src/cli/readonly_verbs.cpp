// SPDX-License-Identifier: Apache-2.0
// The verbs of weft-readonly. A table of its own, so that the static program links only what these
// need; a test holds it equal to the verbs marked is_read_only in verbs.cpp.
#include "cli/capture.h"
#include "cli/rack.h"
#include "cli/scan.h"
#include "cli/verbs.h"

namespace weft::cli {

std::span<const VerbSpec> read_only_verbs() {
  static const std::vector<VerbSpec> kReadOnly = {scan_verb(), capture_verb()};
  return kReadOnly;
}

}  // namespace weft::cli
