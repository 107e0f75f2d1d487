// SPDX-License-Identifier: Apache-2.0
// The eye that a link's way should have, computed by phy/ from the planned segments and the
// protocol's set-up: what stands beside the measured error ratios on the page. For routes.cpp. It
// is modelled and says so; light, media that the catalogue does not have and protocols whose
// signalling is not public have no eye, and the answer says why. One answer a kind of section is
// computed and kept.
#pragma once

#include "base/result.h"
#include "serve/api/routes.h"

namespace weft::serve {

[[nodiscard]] base::Result<ApiText> eye(const ApiState& state, const ApiRoute& route,
                                        const ApiCall& call);

}  // namespace weft::serve
