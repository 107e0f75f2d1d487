// SPDX-License-Identifier: Apache-2.0
// The OpenAPI 3.1 document of the routes (routes.h), made from their table once. Served at
// /api/v1/openapi.json; a test walks it against the server.
#pragma once

#include <string>

namespace weft::serve {

[[nodiscard]] const std::string& openapi_document();

}  // namespace weft::serve
