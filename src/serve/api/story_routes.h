// SPDX-License-Identifier: Apache-2.0
// Answers that put together what else is asked for piece by piece: everything about one thing on
// one axis of time, a part by its serial number wherever it was, and two windows of the same series
// beside each other, before and after a repair. For routes.cpp.
#pragma once

#include "base/result.h"
#include "serve/api/routes.h"

namespace weft::serve::stories {

/// Events, states, marks and findings of a link, device, port or pattern, in a span of time.
[[nodiscard]] base::Result<ApiText> timeline(const ApiState&, const ApiRoute&, const ApiCall&);
/// Every part that has told a serial number, by it.
[[nodiscard]] base::Result<ApiText> parts(const ApiState&, const ApiRoute&, const ApiCall&);
/// One: where it was from when to when, and what was found about it.
[[nodiscard]] base::Result<ApiText> part(const ApiState&, const ApiRoute&, const ApiCall&);
/// The same series before and after a moment, each with its bounds.
[[nodiscard]] base::Result<ApiText> compare(const ApiState&, const ApiRoute&, const ApiCall&);

}  // namespace weft::serve::stories
