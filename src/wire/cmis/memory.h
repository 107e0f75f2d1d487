// SPDX-License-Identifier: Apache-2.0
// A plugged module's management memory, as far as it was read: 256-byte windows addressed by I2C
// address, bank and page, of which bytes 0-127 are the same on every page. What was not read is
// absent, not zero. Clauses: CMIS 5.2 8.1 (SFF-8636 and SFF-8472 lay out theirs the same way).
#pragma once

#include "base/bytes.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace weft::wire::cmis {

inline constexpr std::uint8_t kLowI2cAddress = 0x50;   ///< A0h as 7 bits
inline constexpr std::uint8_t kHighI2cAddress = 0x51;  ///< A2h as 7 bits: SFF-8472 diagnostics

/// One read: `length` bytes (1 to 128) from `offset`, all in one half of a page.
struct PageRequest {
  std::uint8_t i2c_address = kLowI2cAddress;
  std::uint8_t bank = 0;
  std::uint8_t page = 0;
  std::uint8_t offset = 0;
  std::uint8_t length = 128;
  friend bool operator==(const PageRequest&, const PageRequest&) = default;
};

class ModuleMemory {
 public:
  /// Keeps what a read gave; bytes past the request's half page are dropped.
  void add(const PageRequest& request, base::ByteView bytes);

  /// One byte of the page (lower memory where offset < 128); nullopt where it was not read.
  [[nodiscard]] std::optional<std::uint8_t> byte(std::uint8_t page, std::uint8_t offset,
                                                 std::uint8_t i2c_address = kLowI2cAddress,
                                                 std::uint8_t bank = 0) const;
  /// Two bytes, most significant first.
  [[nodiscard]] std::optional<std::uint16_t> word(std::uint8_t page, std::uint8_t offset,
                                                  std::uint8_t i2c_address = kLowI2cAddress,
                                                  std::uint8_t bank = 0) const;
  /// ASCII, padding and unprintable bytes taken off; empty where it was not read.
  [[nodiscard]] std::string text(std::uint8_t page, std::uint8_t offset, std::uint8_t length) const;
  /// Low eight bits of the sum over [first, last]; nullopt where a byte was not read.
  [[nodiscard]] std::optional<std::uint8_t> sum(std::uint8_t page, std::uint8_t first,
                                                std::uint8_t last,
                                                std::uint8_t i2c_address = kLowI2cAddress) const;

 private:
  struct Half {
    std::vector<std::optional<std::uint8_t>> bytes;
  };
  // (i2c address, bank, page, upper half): lower memory always under bank 0, page 0.
  std::map<std::tuple<std::uint8_t, std::uint8_t, std::uint8_t, bool>, Half> halves_;
};

}  // namespace weft::wire::cmis
