// SPDX-License-Identifier: Apache-2.0
// The EEPROM beside a retimer and the I2C master by which the retimer reaches it: 256 KiB as four
// 64 KiB targets at 0x50 to 0x53, 256-byte pages that wrap, writes kept in a page buffer until the
// stop (what is in the buffer when power goes is lost), reads that go on from where the last access
// ended. The master is of the DesignWare kind: register 0x04 is the target's address, 0x10 takes a
// byte with flags (bit 0 read, bit 1 stop, bit 2 repeated start), 0x6C enables.
#pragma once

#include "base/bytes.h"
#include "twin/world/archive.h"
#include "wire/retimer/image.h"

#include <array>
#include <cstdint>
#include <map>
#include <memory>

namespace weft::twin::retimer {

/// An image that many devices share until one of them is written to.
class Eeprom {
 public:
  explicit Eeprom(std::shared_ptr<const base::Bytes> factory) : factory_(std::move(factory)) {}

  /// As cells hold it, with `flips` bits read back wrong, the same ones every time.
  [[nodiscard]] std::uint8_t read(std::uint32_t address) const;
  void write(std::uint32_t address, std::uint8_t byte);
  void set_flips(std::uint32_t flips, std::uint64_t seed);
  [[nodiscard]] base::Bytes image() const;
  /// Nothing was written and no bit flips: it is the shared image.
  [[nodiscard]] bool is_factory() const { return pages_.empty() && flipped_.empty(); }
  [[nodiscard]] const base::Bytes& factory() const { return *factory_; }
  void exchange(Archive& archive);

 private:
  using Page = std::array<std::uint8_t, wire::retimer::kEepromPageBytes>;
  [[nodiscard]] std::uint8_t cell(std::uint32_t address) const;

  std::shared_ptr<const base::Bytes> factory_;
  std::map<std::uint32_t, Page> pages_;            // written ones, by address / page size
  std::map<std::uint32_t, std::uint8_t> flipped_;  // bits, by address
  std::uint32_t flips_ = 0;
  std::uint64_t seed_ = 0;
};

class I2cMaster {
 public:
  /// A write to register `number` of the master.
  void command(std::uint8_t number, std::array<std::uint8_t, 4> data, Eeprom& eeprom);
  /// The byte that the last read fetched.
  [[nodiscard]] std::uint8_t received() const { return received_; }
  /// Bytes that go on a transfer which command() began; used by the main micro's assistance.
  void put(std::uint8_t byte, bool stops, Eeprom& eeprom);
  [[nodiscard]] std::uint8_t get(const Eeprom& eeprom);
  /// Where the next byte is, in the whole EEPROM.
  [[nodiscard]] std::uint32_t position() const;
  /// In reset, or the wires were bit-banged free: the transfer is given up.
  void reset();
  void exchange(Archive& archive);

 private:
  void stop(Eeprom& eeprom);

  std::uint8_t target_ = 0x50;
  bool is_enabled_ = true;
  std::uint8_t address_bytes_ = 0;  // of this transfer, 2 when whole
  std::uint16_t pointer_ = 0;
  std::uint8_t received_ = 0xFF;
  std::map<std::uint32_t, std::uint8_t> buffer_;  // written, not yet stopped
};

}  // namespace weft::twin::retimer
