// SPDX-License-Identifier: Apache-2.0
#include "fabric/medium.h"

namespace weft::fabric {

bool is_plugged(Medium medium) {
  switch (medium) {
    case Medium::kDac:
    case Medium::kAcc:
    case Medium::kAec:
    case Medium::kAoc:
    case Medium::kDspOptics:
    case Medium::kLpo:
    case Medium::kCoherent:
      return true;
    default:
      return false;
  }
}

bool is_retimed(Medium medium) {
  return medium == Medium::kAec || medium == Medium::kAoc || medium == Medium::kDspOptics ||
         medium == Medium::kCoherent;
}

}  // namespace weft::fabric
