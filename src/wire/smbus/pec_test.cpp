// SPDX-License-Identifier: Apache-2.0
// The code against published values: CRC-8/SMBUS has check value 0xF4 over "123456789", and the
// retimer's ARP sequence is documented with the bytes 0xC9 and 0xC0.
#include "wire/smbus/pec.h"

#include <array>

#include <gtest/gtest.h>

namespace weft::wire::smbus {
namespace {

TEST(SmbusPec, CheckValueOfTheCatalogueOfCrcs) {
  EXPECT_EQ(pec(base::as_bytes("123456789")), 0xF4);
}

TEST(SmbusPec, CodesOfPrepareToArpAndReset) {
  EXPECT_EQ(pec(std::array<std::uint8_t, 2>{0xC2, 0x02}), 0xC9);
  EXPECT_EQ(pec(std::array<std::uint8_t, 2>{0xC2, 0x01}), 0xC0);
}

TEST(SmbusPec, ZeroBehindItsOwnCode) {
  std::array<std::uint8_t, 4> bytes{0x40, 0x8A, 0x55, 0};
  bytes[3] = pec(base::ByteView(bytes).first(3));
  EXPECT_EQ(pec(bytes), 0);
  EXPECT_EQ(address_byte(0x61, true), 0xC3);
}

}  // namespace
}  // namespace weft::wire::smbus
