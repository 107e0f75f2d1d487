// SPDX-License-Identifier: Apache-2.0
// Two clients on one segment, their bytes interleaved as the input says, with world time between.
// The retimer's identity and the ranges of its registers hold whatever they do.
#include "twin/retimer/test_link.h"

#include <algorithm>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace twin = weft::twin;
  weft::base::ByteView rest(data, std::min<std::size_t>(size, 4096));
  twin::retimer::test::Bench bench;
  std::vector<twin::smbus::Message> clients[2];
  const auto take = [&rest](std::size_t n) {
    n = std::min(n, rest.size());
    const weft::base::Bytes bytes(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(n));
    rest = rest.subspan(n);
    return bytes;
  };
  while (rest.size() >= 2) {
    // Head: [7] client [6] send now [5] time passes [4] ARP's address [3:0] bytes; then a count of
    // what is read.
    const std::uint8_t head = rest[0];
    const std::uint8_t reads = rest[1] % 40;
    rest = rest.subspan(2);
    auto& messages = clients[head >> 7U];
    const std::uint8_t address = (head & 0x10U) != 0 ? 0x61 : 0x24;
    messages.push_back({.address = address, .bytes = take(head & 0x0FU)});
    if (reads != 0) {
      messages.push_back({.address = address, .is_read = true, .bytes = weft::base::Bytes(reads)});
    }
    if ((head & 0x40U) != 0 || messages.size() > 6) {
      (void)bench.segment.transfer(messages);
      messages.clear();
    }
    if ((head & 0x20U) != 0) {
      bench.world.advance(weft::base::seconds(0.2));
    }
  }
  bench.world.advance(weft::base::seconds(3));
  const auto address = bench.device->front().address();
  if (address == 0x24 && bench.read(0x004, 4) != weft::base::Bytes{0x01, 0x00, 0xFA, 0x1D}) {
    std::abort();
  }
  const weft::base::Bytes saved = bench.world.checkpoint();
  if (saved.empty() || (address == 0x24 && (bench.read(0x605)[0] & 0xF1) != 0)) {
    std::abort();
  }
  return 0;
}
