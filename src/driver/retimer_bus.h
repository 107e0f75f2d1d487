// SPDX-License-Identifier: Apache-2.0
// One retimer of the PT4/PT5 kind as a client on its SMBus: direct registers, wide registers, the
// firmware's SRAM, path micros and PMA words, in the 17-bit block format. It does what users of
// these parts learnt to do: holds the segment from set-up to data, reads a short answer up to three
// times, takes answers of nothing but ones for a bus that is shared and reads again. Each function
// says what it costs in transactions.
#pragma once

#include "base/result.h"
#include "bus/smbus.h"
#include "wire/retimer/registers.h"
#include "wire/retimer/structures.h"

#include <cstdint>
#include <string>

namespace weft::driver {

class RetimerBus {
 public:
  /// The bus must outlive it.
  RetimerBus(bus::Smbus& bus, std::uint8_t address) : bus_(bus), address_(address) {}

  /// 2 transactions each 16 bytes. kDataLoss after three short answers; kUnavailable where 2 bytes
  /// or more read as ones three times.
  [[nodiscard]] base::Result<base::Bytes> read(std::uint32_t address, std::size_t length);
  /// 1 transaction each 4 bytes.
  base::Result<void> write(std::uint32_t address, base::ByteView bytes);
  [[nodiscard]] base::Result<std::uint32_t> read_word(std::uint32_t address, std::size_t length);

  /// Through the mailbox from firmware 2.2.0 on (5 transactions), direct before (2). 2 to 5 bytes.
  [[nodiscard]] base::Result<base::Bytes> read_wide(std::uint32_t address, std::size_t length,
                                                    const wire::retimer::FirmwareVersion& version);
  /// 4 transactions each byte. kDeadlineExceeded where the firmware does not take the command.
  [[nodiscard]] base::Result<base::Bytes> read_sram(std::uint32_t address, std::size_t length);
  base::Result<void> write_sram(std::uint32_t address, std::uint8_t value);
  /// A 16-bit word of a lane's receiver or transmitter; side 1 faces the host. 4 transactions.
  [[nodiscard]] base::Result<std::uint16_t> read_pma(unsigned side, unsigned lane,
                                                     std::uint16_t reg);
  base::Result<void> write_pma(unsigned side, unsigned lane, std::uint16_t reg,
                               std::uint16_t value);

  [[nodiscard]] std::uint64_t transactions() const { return bus_.transactions(); }
  [[nodiscard]] std::string description() const;  ///< "i2c-9/0x24"
  [[nodiscard]] std::uint8_t address() const { return address_; }
  [[nodiscard]] bus::Smbus& bus() { return bus_; }

 private:
  [[nodiscard]] base::Result<base::Bytes> read_once(std::uint32_t address, std::size_t length);
  /// Writes the command and waits until it reads 0; gives data and status bytes.
  [[nodiscard]] base::Result<base::Bytes> assist(std::uint8_t command);
  base::Result<void> point_at_pma(unsigned lane, std::uint16_t reg);

  bus::Smbus& bus_;
  std::uint8_t address_;
};

/// Keeps others off a segment while it lives.
class SmbusLock {
 public:
  explicit SmbusLock(bus::Smbus& bus) : bus_(bus) { bus_.lock(); }
  ~SmbusLock() { bus_.unlock(); }
  SmbusLock(const SmbusLock&) = delete;
  SmbusLock& operator=(const SmbusLock&) = delete;

 private:
  bus::Smbus& bus_;
};

}  // namespace weft::driver
