// SPDX-License-Identifier: Apache-2.0
// The firmware image in a retimer's EEPROM: 256 KiB in 4 banks of 64 KiB, blocks behind one
// another. A block is known from the vendor's SDK (aries_misc.c) as
//   +0 A5 5A A5 5A   +4 type (FF: the end)   +5 length, low byte first   +11 + length: CRC
// and the next at + length + 13. What is modelled, since nothing public says it: bytes 7 to 10
// (load address), the CRC's polynomial (that of SMBus, over type to the last byte of data), the
// byte behind it (its complement), the types, and that the first block's data begins with the
// version.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "wire/retimer/structures.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace weft::wire::retimer {

inline constexpr std::size_t kEepromBytes = 256 * 1024;
inline constexpr std::size_t kEepromBankBytes = 64 * 1024;
inline constexpr std::size_t kEepromPageBytes = 256;
inline constexpr std::size_t kCrcBlocksMax = 10;

enum class BlockType : std::uint8_t {
  kMainMicro = 1,
  kPathMicro = 2,
  kPma = 3,
  kEnd = 0xFF,
};

struct Block {
  std::size_t at = 0;
  std::uint8_t type = 0;
  std::size_t length = 0;  ///< of its data, at `at` + 11
  std::uint8_t crc = 0;
  bool is_good = false;  ///< the CRC is the data's
};

/// The blocks in order, without the end mark. kDataLoss where a block does not start or end in the
/// image, there are more than 10, or there is no end mark; says where.
[[nodiscard]] base::Result<std::vector<Block>> blocks(base::ByteView image);
/// The blocks before the first trouble: what a loader finds.
[[nodiscard]] std::vector<Block> blocks_before_trouble(base::ByteView image);
/// Of a whole image whose blocks are all good; kDataLoss says which is not.
[[nodiscard]] base::Result<FirmwareVersion> image_version(base::ByteView image);
/// Where what matters of an image ends: behind its end mark, or its size where it has none.
[[nodiscard]] std::size_t image_end(base::ByteView image);
/// The 32-bit sum of bytes that the main micro says of a bank.
[[nodiscard]] std::uint32_t checksum(base::ByteView bytes);

struct ImageBlock {
  BlockType type = BlockType::kMainMicro;
  base::Bytes data = {};
};
/// kEepromBytes long, the rest 0xFF. @pre it fits: a block at most 65535 bytes, 10 blocks
[[nodiscard]] base::Bytes make_image(std::span<const ImageBlock> blocks);
/// An image of the three parts that a device needs, of this version; 66 KiB of made-up code. It
/// ends in the second bank, as the vendor's tool wants it: that takes the sum of the first bank
/// over all of its bytes, and asks for the sum of a part only in the banks behind it.
[[nodiscard]] base::Bytes make_image(const FirmwareVersion& version);

}  // namespace weft::wire::retimer
