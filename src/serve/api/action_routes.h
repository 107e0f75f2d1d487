// SPDX-License-Identifier: Apache-2.0
// Answers of the routes of actions on links, retimers and modules (serve/action/desk.h): what there
// is to do, what was done, doing and undoing it. Nothing is written to a device unless the call
// says apply. For routes.cpp; who may call them is checked before (api.cpp).
#pragma once

#include "base/result.h"
#include "serve/api/routes.h"

namespace weft::serve::action_routes {

[[nodiscard]] base::Result<ApiText> actions(const ApiState&, const ApiRoute&, const ApiCall&);
[[nodiscard]] base::Result<ApiText> action(const ApiState&, const ApiRoute&, const ApiCall&);
[[nodiscard]] base::Result<ApiText> act(const ApiState&, const ApiRoute&, const ApiCall&);
[[nodiscard]] base::Result<ApiText> undo(const ApiState&, const ApiRoute&, const ApiCall&);

}  // namespace weft::serve::action_routes
