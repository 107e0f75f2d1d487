// SPDX-License-Identifier: Apache-2.0
// A twin's SMBus segment: targets that see single bytes, as silicon does, and the two ways of
// driving them: SMBus transactions (bus::Smbus) and plain I2C messages with repeated starts, as
// i2c-dev's I2C_RDWR and vhost-user-i2c send them. Several targets may answer one address (0x61
// during ARP): the wires carry the AND of what they say, and whoever said 1 where 0 was seen has
// lost and falls silent (SMBus 3.2 clause 6.6.2). The caller holds the world.
#pragma once

#include "bus/smbus.h"

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace weft::twin::smbus {

/// One device on the wires. A transfer is start, bytes one way, then a repeated start or stop.
class Target {
 public:
  virtual ~Target() = default;
  /// Whether it acknowledges this address now. SMBus devices under ARP also answer 0x61.
  [[nodiscard]] virtual bool start(std::uint8_t address, bool is_read) = 0;
  /// A byte from the controller; false: not acknowledged.
  virtual bool write(std::uint8_t byte) = 0;
  /// A byte to the controller. Past the end of what it has to say a target gives 0xFF.
  virtual std::uint8_t read() = 0;
  /// The end of the transfer; also told to one that has lost arbitration.
  virtual void stop() = 0;
  /// It pulls a wire down for ever: nobody can use the segment until bus_clear().
  [[nodiscard]] virtual bool holds_bus() const { return false; }
  /// The controller sent nine clock pulses (I2C specification clause 3.1.16).
  virtual void bus_clear() {}
};

struct Message {
  std::uint8_t address = 0;  ///< 7 bits
  bool is_read = false;
  base::Bytes bytes;  ///< to write, or as many as are to be read
};

/// What went wrong on a segment since it was made.
struct SegmentErrors {
  std::uint64_t address_nak = 0;
  std::uint64_t data_nak = 0;
  std::uint64_t pec = 0;
  std::uint64_t count = 0;  ///< a block's count byte that cannot be
  std::uint64_t stuck = 0;
};

class Segment final : public bus::Smbus {
 public:
  explicit Segment(std::string name) : name_(std::move(name)) {}
  /// The target must live as long as the segment is used.
  void attach(Target& target) { targets_.push_back(&target); }

  /// Plain I2C: messages joined by repeated starts, ended by a stop. kUnavailable names the message
  /// that nobody acknowledged; kDeadlineExceeded: the bus is stuck; reads are filled in.
  base::Result<void> transfer(std::span<Message> messages);

  /// kInvalidArgument where the data does not fit the kind.
  [[nodiscard]] base::Result<base::Bytes> run(const bus::SmbusTransaction& transaction) override;
  [[nodiscard]] std::uint64_t transactions() const override { return transactions_; }
  [[nodiscard]] std::string description() const override { return name_; }
  void lock() override { held_.lock(); }
  void unlock() override { held_.unlock(); }

  /// Nine clock pulses, which free a bus that a target holds.
  void bus_clear();
  [[nodiscard]] const SegmentErrors& errors() const { return errors_; }

 private:
  [[nodiscard]] base::Result<void> start(std::uint8_t address, bool is_read);
  [[nodiscard]] bool put(std::uint8_t byte);
  [[nodiscard]] std::uint8_t get();
  void stop();
  [[nodiscard]] base::Result<base::Bytes> send(const bus::SmbusTransaction& transaction);
  [[nodiscard]] base::Result<void> put_all(base::ByteView bytes);
  [[nodiscard]] base::Result<base::Bytes> receive(const bus::SmbusTransaction& transaction);

  std::string name_;
  std::vector<Target*> targets_;
  std::vector<Target*> listening_;  // addressed since the last start
  std::vector<Target*> touched_;    // addressed since the last stop
  std::uint8_t crc_ = 0;
  std::uint64_t transactions_ = 0;
  SegmentErrors errors_;
  std::recursive_mutex held_;
};

}  // namespace weft::twin::smbus
