// SPDX-License-Identifier: Apache-2.0
// PNG files (ISO/IEC 15948) through libpng, the only place that includes it. Nothing of time or
// machine is written, so the same pixels are the same bytes with the same libpng.
#pragma once

#include "base/result.h"
#include "cli/draw/raster.h"

#include <string>

namespace weft::cli::draw {

/// 24 bits a pixel. kInternal where libpng refuses.
[[nodiscard]] base::Result<std::string> png(const RasterCanvas& canvas);

/// 8 bits a pixel with a palette: what SVG embeds.
[[nodiscard]] base::Result<std::string> png(const IndexedImage& image);

/// RFC 4648 section 4, with padding.
[[nodiscard]] std::string base64(std::string_view bytes);

}  // namespace weft::cli::draw
