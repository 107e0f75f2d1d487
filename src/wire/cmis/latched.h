// SPDX-License-Identifier: Apache-2.0
// Which bytes of a module latch flags until somebody reads them, so that one who only looks can
// leave them to whoever watches them. CMIS by the register tables; SFF-8636 6.2 for lower memory's
// interrupt flags (bytes 3 to 21). SFF-8472 has none that reading clears.
#pragma once

#include "wire/cmis/identity.h"

#include <vector>

namespace weft::wire::cmis {

[[nodiscard]] bool clears_on_read(ModuleMap map, std::uint8_t page, std::uint8_t offset);
/// The request in parts that reading does not clear: what latches is left out.
[[nodiscard]] std::vector<PageRequest> without_latched(const PageRequest& request, ModuleMap map);

}  // namespace weft::wire::cmis
