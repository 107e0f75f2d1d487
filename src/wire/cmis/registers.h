// SPDX-License-Identifier: Apache-2.0
// The register bank of CMIS 5 as tables: where each field stands, who may write it, what reading
// does to it, how its number is coded. The twin's modules enforce access by these tables, drivers
// read fields by name, so both sides speak of one map. Clauses of OIF-CMIS-05.2, chapter 8;
// Versatile Diagnostics pages 20h-2Dh repeat by rule and stand in vdm.h, command messages (9Fh) in
// cdb.h.
#pragma once

#include "base/bytes.h"
#include "wire/cmis/memory.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace weft::wire::cmis {

/// 8.1.3: what a host may do with a field and what the module does by itself.
enum class Access : std::uint8_t {
  kReadOnly,
  kReadWrite,
  kWriteOnly,    ///< reads as zero
  kClearOnRead,  ///< a latched flag: reading it takes it away
  kSelfClears,   ///< a command bit: the module takes it away once it acted
};

/// How the number of a field becomes a value.
enum class Coding : std::uint8_t {
  kCode,        ///< a number of a table, a count, or bits with their own meaning
  kText,        ///< ASCII, padded
  kCelsius,     ///< S16, 1/256 degree
  kCelsius8,    ///< S8, degrees
  kVolts,       ///< U16, 100 uV
  kMilliwatts,  ///< U16, 0.1 uW
  kMilliamps,   ///< U16, 2 uA times 01h:160.4-3's factor
  kQuarterWatts,
  kDuration,   ///< 4 bits, duration_limit()
  kF16,        ///< ratio
  kDecibel256  ///< U16, 1/256 dB
};

/// A field, or the same field of several lanes: element i begins i * stride_bits after the first.
/// Fields shorter than a byte count their bit from the least significant; longer ones are most
/// significant byte first.
struct Register {
  std::string_view name;  ///< as CMIS spells it, lane numbers left out
  std::uint8_t page = 0;
  std::uint8_t offset = 0;
  std::uint8_t bit = 0;
  std::uint16_t bits = 8;
  std::uint8_t count = 1;
  std::uint16_t stride_bits = 0;
  Access access = Access::kReadOnly;
  Coding coding = Coding::kCode;
};

/// Every field of the pages 00h to 03h, 10h, 11h, 13h, 14h and 2Fh, lower memory first.
[[nodiscard]] std::span<const Register> registers();
/// The row of this name; nullptr where there is none. Names are unique.
[[nodiscard]] const Register* find_register(std::string_view name);

/// Bits of one byte by what may be done to them; lower memory has page 0.
struct ByteAccess {
  std::uint8_t writable = 0;  ///< a host's write changes these
  std::uint8_t clears_on_read = 0;
  std::uint8_t self_clears = 0;
  std::uint8_t hidden = 0;  ///< read as zero
};
/// Of any page, VDM pages and the command pages 9Fh to AFh included.
[[nodiscard]] ByteAccess byte_access(std::uint8_t page, std::uint8_t offset);

/// Element `index` of a field; nullopt where it was not read, is longer than 64 bits or has no such
/// element.
[[nodiscard]] std::optional<std::uint64_t> raw(const ModuleMemory& memory, const Register& field,
                                               unsigned index = 0, std::uint8_t bank = 0);
/// The same of one half page's 128 bytes, which must be the field's own half.
[[nodiscard]] std::optional<std::uint64_t> raw(base::ByteView half, const Register& field,
                                               unsigned index = 0);
/// Puts a number into a half page; bits beyond the field's are cut off. False where it does not
/// fit.
bool set_raw(std::span<std::uint8_t> half, const Register& field, unsigned index,
             std::uint64_t value);

inline constexpr unsigned kHalfPage = 128;
inline constexpr unsigned kBankLanes = 8;

}  // namespace weft::wire::cmis
