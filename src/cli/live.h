// SPDX-License-Identifier: Apache-2.0
// Where plans and machines meet: a machine's fabric for `rack diff`.
#pragma once

#include "base/result.h"
#include "fabric/model.h"

#include <string>

namespace weft::cli {

/// The fabric of what `source` names, as `scan --from` takes it ("/" is this machine).
[[nodiscard]] base::Result<fabric::Fabric> live_fabric(const std::string& source);

}  // namespace weft::cli
