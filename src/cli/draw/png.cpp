// SPDX-License-Identifier: Apache-2.0
// libpng's simplified interface, which neither throws nor jumps; see png.h.
#include "cli/draw/png.h"

#include <array>
#include <cstdint>
#include <vector>

#include <png.h>

namespace weft::cli::draw {
namespace {

base::Result<std::string> written(png_image& image, const void* pixels, const void* colours) {
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::string bytes(size, '\0');
  const int is_done = png_image_write_to_memory(&image, bytes.data(), &size, 0, pixels, 0, colours);
  const std::string message = image.message;
  png_image_free(&image);
  if (is_done == 0) {
    return base::fail(base::Code::kInternal, "libpng: " + message, "PNG");
  }
  bytes.resize(size);
  return bytes;
}

png_image header(std::size_t width, std::size_t height, png_uint_32 format) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width);
  image.height = static_cast<png_uint_32>(height);
  image.format = format;
  return image;
}

}  // namespace

base::Result<std::string> png(const RasterCanvas& canvas) {
  png_image image = header(canvas.width(), canvas.height(), PNG_FORMAT_RGB);
  return written(image, canvas.rgb().data(), nullptr);
}

base::Result<std::string> png(const IndexedImage& source) {
  if (source.width == 0 || source.pixels.size() != source.width * source.height) {
    return base::fail(base::Code::kInvalidArgument, "an image without pixels", "PNG");
  }
  std::array<std::uint8_t, 768> colours{};
  const auto table = palette_table(source.palette);
  for (std::size_t i = 0; i < table.size(); ++i) {
    colours[3 * i] = table[i].r;
    colours[3 * i + 1] = table[i].g;
    colours[3 * i + 2] = table[i].b;
  }
  png_image image = header(source.width, source.height, PNG_FORMAT_RGB_COLORMAP);
  image.colormap_entries = 256;
  return written(image, source.pixels.data(), colours.data());
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kSigns =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t three = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      three = three << 8U |
              (i + k < bytes.size() ? static_cast<std::uint8_t>(bytes[i + k]) : std::uint8_t{0});
    }
    const std::size_t signs = std::min<std::size_t>(bytes.size() - i, 3) + 1;
    for (std::size_t k = 0; k < 4; ++k) {
      text += k < signs ? kSigns[three >> (18 - 6 * k) & 63U] : '=';
    }
  }
  return text;
}

}  // namespace weft::cli::draw
