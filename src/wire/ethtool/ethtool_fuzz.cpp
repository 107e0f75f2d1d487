// SPDX-License-Identifier: Apache-2.0
// Feeds arbitrary bytes to every decoder of ethtool replies. The first byte is not special: each
// decoder sees the whole input, as each must stand any bytes.
#include "wire/ethtool/replies.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace ethtool = weft::wire::ethtool;
  const weft::base::ByteView bytes(data, size);
  (void)ethtool::decode_bit_set(bytes);
  (void)ethtool::decode_link_modes(bytes);
  (void)ethtool::decode_link_info(bytes).port_name();
  (void)ethtool::decode_link_state(bytes).down_text();
  (void)ethtool::decode_fec(bytes);
  (void)ethtool::decode_stats(bytes).value("rmon", "etherStatsJabbers");
  (void)ethtool::decode_module(bytes);
  (void)ethtool::decode_module_eeprom(bytes);
  return 0;
}
