// SPDX-License-Identifier: Apache-2.0
// Any bytes as a path and as a media file: each is taken or refused with a hint, and what is taken
// can be built.
#include "phy/media/path.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weft::phy;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto path = media::parse_path(text)) {
    constexpr std::array<double, 3> kGrid = {0, 1e9, 53e9};
    const auto built = media::build(*path, kGrid, {.crosstalk = true});
    if (!built && built.error().what.empty()) {
      std::abort();
    }
  } else if (path.error().hint.empty()) {
    std::abort();
  }
  media::Catalogue catalogue;
  if (const auto done = catalogue.add(text, "x.yaml"); !done && !catalogue.media().empty()) {
    std::abort();
  }
  return 0;
}
