// SPDX-License-Identifier: Apache-2.0
// The verb `up`: brings a rack file to life, paces it, opens its doors and says what goes on.
#pragma once

#include "base/result.h"
#include "cli/verb.h"
#include "fabric/model.h"

#include <string>

namespace weft::cli {

[[nodiscard]] VerbSpec up_verb();

/// `name` as a path of a rack file, else as the name of a reference rack that is part of the
/// program. kNotFound names what there is; mistakes of a file are told with their lines.
[[nodiscard]] base::Result<fabric::Fabric> find_rack(const std::string& name);

}  // namespace weft::cli
