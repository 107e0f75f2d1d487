// SPDX-License-Identifier: Apache-2.0
// Feeds arbitrary bytes to the decoders of VDM pages and command messages: each 128 bytes are one
// page, in the order in which a driver reads them.
#include "wire/cmis/cdb.h"
#include "wire/cmis/registers.h"
#include "wire/cmis/vdm.h"

#include <algorithm>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace cmis = weft::wire::cmis;
  weft::base::ByteView rest(data, size);
  cmis::ModuleMemory memory;
  for (const unsigned page :
       {0x20U, 0x24U, 0x28U, 0x2CU, 0x2FU, 0x11U, 0x13U, 0x14U, 0x21U, 0x25U}) {
    const auto length = std::min<std::size_t>(rest.size(), cmis::kHalfPage);
    memory.add({.page = static_cast<std::uint8_t>(page), .offset = 128}, rest.first(length));
    if (length == cmis::kHalfPage) {
      (void)cmis::decode_cdb_message(rest);
      if (const auto reply = cmis::decode_cdb_reply(rest)) {
        (void)cmis::decode_firmware_info(*reply);
        (void)cmis::decode_firmware_features(*reply);
      }
    }
    rest = rest.subspan(length);
  }
  for (const auto& reading : cmis::decode_vdm(memory)) {
    if (reading.observable == nullptr) {
      return 1;
    }
  }
  (void)cmis::vdm_groups(memory);
  for (const auto& row : cmis::registers()) {
    for (unsigned i = 0; i <= row.count; ++i) {
      (void)cmis::raw(memory, row, i);
    }
  }
  return 0;
}
