// SPDX-License-Identifier: Apache-2.0
// Feeds arbitrary bytes to every decoder of retimer traffic: as a command with its block, as an
// answer, and as a firmware image. What decodes must encode to the same bytes, but for the two bits
// of a configuration byte that mean nothing and are not kept.
#include "wire/retimer/access.h"
#include "wire/retimer/image.h"
#include "wire/retimer/structures.h"

#include <algorithm>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace retimer = weft::wire::retimer;
  const weft::base::ByteView input(data, size);
  if (!input.empty()) {
    if (const auto command = retimer::decode_command(input[0])) {
      if (retimer::encode(*command) != input[0]) {
        std::abort();
      }
      const weft::base::ByteView block = input.subspan(1);
      if (const auto access = retimer::decode_block(*command, block)) {
        const auto again = retimer::encode_block(*access);
        weft::base::Bytes kept(block.begin(), block.end());
        if (access->format == retimer::Format::kAstera) {
          kept[0] &= 0x5F;
        }
        if (!again || *again != kept) {
          std::abort();
        }
        (void)retimer::decode_answer(*access, block);
      }
    }
  }
  (void)retimer::blocks(input);
  (void)retimer::image_version(input);
  if (retimer::blocks_before_trouble(input).size() > retimer::kCrcBlocksMax ||
      retimer::image_end(input) > size) {
    std::abort();
  }
  return 0;
}
