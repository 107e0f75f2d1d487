// SPDX-License-Identifier: Apache-2.0
// How the registers of an Aries-class PCIe retimer are reached in SMBus block transactions: the
// command byte, the two block formats, and both directions of each, so that a driver and a twin
// share nothing but these facts (vendor SDK aries_i2c.c, mainline hwmon driver pt5161l). Pure.
//
//   command byte   [7] PEC  [4:2] function  [1] start  [0] end
//   Intel format   16-bit address, at most 4 bytes
//     write  function 1 start end   block: address low, high, data
//     read   function 0 start       block: address low, high
//            function 0 end         answer: address low, high, 4 data bytes, whatever was wanted
//   Astera format  17-bit address, 4 bytes a write, 16 a read
//     config byte    [6] write  [4:1] length - 1  [0] address bit 16
//     write  function 3 start end   block: config, address [15:8], [7:0], data
//     read   function 2 start       block: config, address [15:8], [7:0]
//            function 2 end         answer: data
//     call   function 2 start end   both in one block process call
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <cstdint>

namespace weft::wire::retimer {

enum class Format : std::uint8_t { kIntel, kAstera };

inline constexpr std::uint32_t kAddressMax = 0x1FFFF;
inline constexpr std::size_t kWriteMax = 4;  ///< bytes a write, both formats
inline constexpr std::size_t kIntelReadMax = 4;
inline constexpr std::size_t kAsteraReadMax = 16;
[[nodiscard]] constexpr std::size_t read_max(Format format) {
  return format == Format::kIntel ? kIntelReadMax : kAsteraReadMax;
}

/// What a transaction is for.
enum class Step : std::uint8_t {
  kWrite,      ///< a whole write
  kReadSetup,  ///< says what the next kReadData gives
  kReadData,   ///< fetches it
  kReadCall,   ///< both in a block process call
};

struct Command {
  Format format = Format::kIntel;
  Step step = Step::kWrite;
  bool has_pec = false;
  friend bool operator==(const Command&, const Command&) = default;
};
[[nodiscard]] std::uint8_t encode(const Command& command);
/// kInvalidArgument where the byte is none of the above.
[[nodiscard]] base::Result<Command> decode_command(std::uint8_t byte);

/// A read or write as a controller asks for it.
struct Access {
  Format format = Format::kAstera;
  bool is_write = false;
  std::uint32_t address = 0;
  std::size_t length = 1;  ///< of what is read; of a write data.size() counts
  base::Bytes data = {};
  friend bool operator==(const Access&, const Access&) = default;
};

/// The bytes behind the count of a write or read set-up. kInvalidArgument where the address or the
/// length does not go into the format.
[[nodiscard]] base::Result<base::Bytes> encode_block(const Access& access);
/// What such a block asks for: of a target. kInvalidArgument where it is too short, too long, or
/// says something else than its command. Intel reads ask for 4 bytes.
[[nodiscard]] base::Result<Access> decode_block(const Command& command, base::ByteView block);

/// The bytes behind the count of an answer. @pre data has access.length bytes, 4 in Intel format
[[nodiscard]] base::Bytes encode_answer(const Access& access, base::ByteView data);
/// The wanted bytes of an answer. kDataLoss where it is of another length or of another address:
/// somebody else came between.
[[nodiscard]] base::Result<base::Bytes> decode_answer(const Access& access, base::ByteView block);

}  // namespace weft::wire::retimer
