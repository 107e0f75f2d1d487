// SPDX-License-Identifier: Apache-2.0
// Where plans and machines meet: a machine's fabric for `rack diff`, a rack file as what `scan --rack`
// expects.
#pragma once

#include <string>

#include "base/result.h"
#include "diagnose/judge.h"
#include "fabric/model.h"

namespace weft::cli {

/// The fabric of what `source` names, as `scan --from` takes it ("/" is this machine).
[[nodiscard]] base::Result<fabric::Fabric> live_fabric(const std::string& source);

/// A rack file and the expectation made from it.
struct RackExpectation {
  fabric::Fabric plan;
  diagnose::Expectation expectation;  ///< its `plan` is set where it is used
};
/// The rack file's `match` keys tell which planned device is which live one. The error's text lists
/// every mistake of the file.
[[nodiscard]] base::Result<RackExpectation> load_expectation(const std::string& file);

}  // namespace weft::cli
