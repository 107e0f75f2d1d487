// SPDX-License-Identifier: Apache-2.0
// Prometheus text of other people's exporters as looks at machines, by mappings. `weft import`
// calls it. A sample that no rule knows is counted by its name; a value that its metric cannot have
// is counted with the reason and becomes "not measured", never 0.
#pragma once

#include "serve/import/intake.h"
#include "serve/import/mapping.h"

#include <span>
#include <string>
#include <string_view>

namespace weft::serve {

struct ExpositionOptions {
  std::string host;   ///< whose it is; empty: as the text says
  base::WallTime at;  ///< for samples without a time of their own
  bool is_open_metrics = false;
};

/// kInvalidArgument: nothing says whose samples these are; kResourceExhausted: too large.
[[nodiscard]] base::Result<Imported> import_exposition(std::string_view text,
                                                       std::span<const Mapping> mappings,
                                                       const ExpositionOptions& options);

}  // namespace weft::serve
