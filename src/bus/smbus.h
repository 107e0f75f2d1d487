// SPDX-License-Identifier: Apache-2.0
// One SMBus segment as a driver sees it: transactions of System Management Bus 3.x, by their kind.
// A twin's segment answers them byte by byte; bus/linux/i2c_dev.h sends them through /dev/i2c-N.
// Whoever reads and then must write (or the reverse) without others between holds the segment by
// SmbusLock.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <cstdint>
#include <string>

namespace weft::bus {

/// SMBus 3.2 clause 6.5. The name says what goes over the wire; data does not count the command.
enum class SmbusKind : std::uint8_t {
  kQuickWrite,
  kQuickRead,
  kSendByte,          ///< data: 1 byte, no command
  kReceiveByte,       ///< answer: 1 byte, no command
  kWriteByte,         ///< command, 1 byte
  kReadByte,          ///< command; answer: 1 byte
  kWriteWord,         ///< command, 2 bytes, least significant first
  kReadWord,          ///< command; answer: 2 bytes
  kProcessCall,       ///< command, 2 bytes; answer: 2 bytes
  kWriteBlock,        ///< command, count (put in by the bus), 1 to 32 bytes (255 from SMBus 3.0 on)
  kReadBlock,         ///< command; answer: the bytes behind the count
  kBlockProcessCall,  ///< command, count, bytes; answer: the bytes behind the count
};

struct SmbusTransaction {
  SmbusKind kind = SmbusKind::kReadBlock;
  std::uint8_t address = 0;  ///< 7 bits
  std::uint8_t command = 0;
  base::Bytes data = {};
  bool pec = false;  ///< a packet error code ends the transaction and is checked
};

class Smbus {
 public:
  virtual ~Smbus() = default;
  /// The answer's bytes; empty for writes. kUnavailable: nobody acknowledged (address or data);
  /// kDataLoss: the packet error code or the count is wrong; kUnimplemented: this adapter has no
  /// such transaction; kDeadlineExceeded: the bus is stuck.
  [[nodiscard]] virtual base::Result<base::Bytes> run(const SmbusTransaction& transaction) = 0;
  /// Transactions sent so far: what a poll costs on the wire.
  [[nodiscard]] virtual std::uint64_t transactions() const = 0;
  /// "i2c-9", or the twin's name of it.
  [[nodiscard]] virtual std::string description() const = 0;
  /// Keeps others off the segment between lock() and unlock(); recursive.
  virtual void lock() = 0;
  virtual void unlock() = 0;
};

}  // namespace weft::bus
