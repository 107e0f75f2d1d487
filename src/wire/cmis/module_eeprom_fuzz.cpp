// SPDX-License-Identifier: Apache-2.0
// Feeds arbitrary bytes to the module decoders as memory: the first 128 bytes are lower memory,
// then page 00h, 01h, 11h and A2h as far as the input reaches.
#include "wire/cmis/identity.h"

#include <algorithm>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace cmis = weft::wire::cmis;
  weft::base::ByteView rest(data, size);
  cmis::ModuleMemory memory;
  for (const auto& request : {cmis::PageRequest{}, cmis::PageRequest{.offset = 128},
                              cmis::PageRequest{.page = 0x01, .offset = 128},
                              cmis::PageRequest{.page = 0x11, .offset = 128},
                              cmis::PageRequest{.i2c_address = cmis::kHighI2cAddress}}) {
    const auto length = std::min<std::size_t>(rest.size(), 128);
    memory.add(request, rest.first(length));
    rest = rest.subspan(length);
    (void)cmis::pages_wanted(memory);
    if (const auto info = cmis::decode_module(memory)) {
      (void)info->state_name();
      (void)info->connector_name();
    }
  }
  return 0;
}
