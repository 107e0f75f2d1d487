// SPDX-License-Identifier: Apache-2.0
// Any bytes as a Touchstone file: the reader answers with a network or an error and never crashes,
// and what it took can be written and read again as the same numbers. The first byte chooses the
// port count that is told, if any.
#include "phy/channel/cut.h"
#include "phy/channel/touchstone.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weft::phy::channel;
  if (size == 0) {
    return 0;
  }
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::optional<std::size_t> ports =
      data[0] >= '1' && data[0] <= '8' ? std::optional<std::size_t>(data[0] - '0') : std::nullopt;
  const auto file = parse_touchstone(text, "fuzz", ports);
  static_cast<void>(parse_pairs(text));
  if (!file) {
    return 0;
  }
  TouchstoneStyle style;
  style.version = 2;
  const auto written = write_touchstone(file->network, style);
  if (!written) {
    return 0;
  }
  const auto again = parse_touchstone(*written, "again");
  if (!again || again->network.s != file->network.s ||
      again->network.frequency_hz != file->network.frequency_hz) {
    std::abort();
  }
  return 0;
}
