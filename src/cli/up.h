// SPDX-License-Identifier: Apache-2.0
// The verb `up`: brings a rack file to life, paces it, opens its doors and says what goes on.
#pragma once

#include "base/result.h"
#include "cli/verb.h"
#include "fabric/model.h"
#include "twin/door/doors.h"
#include "twin/machine.h"

#include <functional>
#include <string>
#include <vector>

namespace weft::cli {

[[nodiscard]] VerbSpec up_verb();

/// What else happens to a rack that was just built, before its time goes by. The functions may keep
/// references: the rack lives until the verb ends.
struct UpHooks {
  /// Called once; faults of a scenario put in here.
  std::function<base::Result<void>(twin::Rack&, const Arguments&)> on_built;
  /// Line services to open beside the doors.
  std::function<std::vector<twin::door::NamedService>(twin::Rack&)> services;
};
[[nodiscard]] UpHooks& up_hooks();

/// `name` as a path of a rack file, else as the name of a reference rack that is part of the
/// program. kNotFound names what there is; mistakes of a file are told with their lines.
[[nodiscard]] base::Result<fabric::Fabric> find_rack(const std::string& name);

}  // namespace weft::cli
