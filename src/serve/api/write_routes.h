// SPDX-License-Identifier: Apache-2.0
// Answers of the routes that change something, and of what they change: marks, and the simulated
// world's faults and time. Nothing happens unless the call says apply; a trial is checked as the
// real thing is. For routes.cpp; who may call them is checked before (api.cpp).
#pragma once

#include "base/result.h"
#include "serve/api/routes.h"

namespace weft::serve::writes {

[[nodiscard]] base::Result<ApiText> marks(const ApiState&, const ApiRoute&, const ApiCall&);
[[nodiscard]] base::Result<ApiText> mark(const ApiState&, const ApiRoute&, const ApiCall&);

[[nodiscard]] base::Result<ApiText> acknowledge(const ApiState&, const ApiRoute&, const ApiCall&);
/// Takes it back: the route's method is DELETE.
[[nodiscard]] base::Result<ApiText> unacknowledge(const ApiState&, const ApiRoute&, const ApiCall&);

// kNotFound where the host is real.
[[nodiscard]] base::Result<ApiText> world(const ApiState&, const ApiRoute&, const ApiCall&);
[[nodiscard]] base::Result<ApiText> catalogue(const ApiState&, const ApiRoute&, const ApiCall&);
[[nodiscard]] base::Result<ApiText> inject(const ApiState&, const ApiRoute&, const ApiCall&);
[[nodiscard]] base::Result<ApiText> clear(const ApiState&, const ApiRoute&, const ApiCall&);
[[nodiscard]] base::Result<ApiText> speed(const ApiState&, const ApiRoute&, const ApiCall&);
[[nodiscard]] base::Result<ApiText> skip(const ApiState&, const ApiRoute&, const ApiCall&);

}  // namespace weft::serve::writes
