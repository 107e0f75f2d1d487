// SPDX-License-Identifier: Apache-2.0
// A twin's SMBus segment: targets that see single bytes, as silicon does, and the two ways of
// driving them: SMBus transactions (bus::Smbus) and plain I2C messages with repeated starts, as
// i2c-dev's I2C_RDWR and vhost-user-i2c send them. The caller holds the world.
#pragma once

#include "bus/smbus.h"

#include <cstdint>
#include <mutex>
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
  virtual void stop() = 0;
};

struct Message {
  std::uint8_t address = 0;  ///< 7 bits
  bool is_read = false;
  base::Bytes bytes;  ///< to write, or as many as are to be read
};

class Segment final : public bus::Smbus {
 public:
  explicit Segment(std::string name) : name_(std::move(name)) {}
  /// The target must live as long as the segment is used.
  void attach(Target& target) { targets_.push_back(&target); }

  /// Plain I2C: messages joined by repeated starts, ended by a stop. kUnavailable names the message
  /// that nobody acknowledged; reads are filled in.
  base::Result<void> transfer(std::span<Message> messages);

  [[nodiscard]] base::Result<base::Bytes> run(const bus::SmbusTransaction& transaction) override;
  [[nodiscard]] std::uint64_t transactions() const override { return transactions_; }
  [[nodiscard]] std::string description() const override { return name_; }
  void lock() override { held_.lock(); }
  void unlock() override { held_.unlock(); }

 private:
  [[nodiscard]] Target* find(std::uint8_t address, bool is_read);

  std::string name_;
  std::vector<Target*> targets_;
  std::uint64_t transactions_ = 0;
  std::recursive_mutex held_;
};

}  // namespace weft::twin::smbus
