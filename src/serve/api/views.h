// SPDX-License-Identifier: Apache-2.0
// Answers that the plane's questions do not have: the joint fabric, its devices, links and lanes,
// and last values as Prometheus text. For routes.cpp.
#pragma once

#include "base/result.h"
#include "serve/api/routes.h"

namespace weft::serve::views {

/// Equal to `weft rack show --json` of the same fabric.
[[nodiscard]] base::Result<ApiText> fabric(const ApiState&, const ApiRoute&, const ApiCall&);
[[nodiscard]] base::Result<ApiText> devices(const ApiState&, const ApiRoute&, const ApiCall&);
[[nodiscard]] base::Result<ApiText> device(const ApiState&, const ApiRoute&, const ApiCall&);
[[nodiscard]] base::Result<ApiText> links(const ApiState&, const ApiRoute&, const ApiCall&);
[[nodiscard]] base::Result<ApiText> link(const ApiState&, const ApiRoute&, const ApiCall&);
/// Each receiver of each lane: link, section, direction, number, and its last values.
[[nodiscard]] base::Result<ApiText> lanes(const ApiState&, const ApiRoute&, const ApiCall&);
/// The same receivers as columns of numbers, in the order of links, sections, directions and lanes:
/// what a heat map of 100,000 lanes is drawn from.
[[nodiscard]] base::Result<ApiText> lane_table(const ApiState&, const ApiRoute&, const ApiCall&);
/// Equal to `weft export --prometheus`.
[[nodiscard]] base::Result<ApiText> metrics(const ApiState&, const ApiRoute&, const ApiCall&);

}  // namespace weft::serve::views
