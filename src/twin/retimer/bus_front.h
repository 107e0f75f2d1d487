// SPDX-License-Identifier: Apache-2.0
// The SMBus target of a retimer, byte by byte: both block formats with and without PEC, block
// process calls, and the Address Resolution Protocol at 0x61 (SMBus 3.2 clause 6.6) with the UDID
// that the vendor's SDK assigns by. It knows no register: the device behind gives and takes bytes.
// What is malformed is not acknowledged from the byte on that shows it, and changes nothing.
#pragma once

#include "twin/smbus/segment.h"
#include "twin/world/archive.h"
#include "wire/retimer/access.h"

#include <array>
#include <cstdint>
#include <optional>

namespace weft::twin::retimer {

inline constexpr std::uint8_t kArpAddress = 0x61;
inline constexpr std::size_t kUdidBytes = 16;
/// Capabilities 01, version 09, vendor 1DFA, device 0001, interface 0015, no subsystem, number 1:
/// all parts have the same, as the SDK expects it.
inline constexpr std::array<std::uint8_t, kUdidBytes> kUdid{
    0x01, 0x09, 0x1D, 0xFA, 0x00, 0x01, 0x00, 0x15, 0, 0, 0, 0, 0, 0, 0, 0x01};

/// What the target asks of the device behind it.
class RegisterBank {
 public:
  virtual ~RegisterBank() = default;
  [[nodiscard]] virtual base::Bytes read_registers(std::uint32_t address, std::size_t length) = 0;
  virtual void write_registers(std::uint32_t address, base::ByteView bytes) = 0;
  [[nodiscard]] virtual bool is_powered() const = 0;
  /// It takes part in ARP: before firmware is loaded, or for good.
  [[nodiscard]] virtual bool wants_arp() const = 0;
  /// The strapped address counts.
  [[nodiscard]] virtual bool has_fixed_address() const = 0;
  /// One byte went over the wires to or from it.
  virtual void spent_byte() = 0;
  /// The answer that goes out, so that field quirks can spoil it.
  virtual void spoil(base::Bytes& answer) = 0;
  /// A transfer came between a read's set-up and its data.
  virtual void intervened() = 0;
  [[nodiscard]] virtual bool holds_bus() const = 0;
  virtual void bus_clear() = 0;
};

class BusFront final : public smbus::Target {
 public:
  BusFront(RegisterBank& bank, std::uint8_t strapped) : bank_(bank), strapped_(strapped) {}

  [[nodiscard]] bool start(std::uint8_t address, bool is_read) override;
  bool write(std::uint8_t byte) override;
  std::uint8_t read() override;
  void stop() override;
  [[nodiscard]] bool holds_bus() const override { return bank_.holds_bus(); }
  void bus_clear() override;

  /// What it answers to besides 0x61; nullopt while it waits for ARP.
  [[nodiscard]] std::optional<std::uint8_t> address() const;
  /// Power went or came: forgets the assigned address and whatever was under way.
  void reset();
  void exchange(Archive& archive);

 private:
  [[nodiscard]] bool accept();
  [[nodiscard]] bool accept_arp();
  void finish();
  void finish_arp();
  void execute(const wire::retimer::Command& command, base::ByteView block);
  void prepare_answer();
  void prepare_arp_answer();
  void answer_with(base::Bytes block, bool has_pec);
  [[nodiscard]] std::optional<base::ByteView> whole_block(
      const wire::retimer::Command& command) const;

  RegisterBank& bank_;
  std::uint8_t strapped_;
  std::optional<std::uint8_t> assigned_;
  bool is_resolved_ = false;  // ARP's flag: gives its UDID no more
  // Of the read that was set up last.
  bool is_set_up_ = false;
  bool is_setup_intel_ = false;
  std::uint32_t setup_address_ = 0;
  std::uint32_t setup_length_ = 0;  // 0: none yet
  // Of the transfer under way.
  bool is_arp_ = false;
  bool is_refused_ = false;
  bool is_finished_ = true;
  bool was_read_ = false;
  std::uint8_t crc_ = 0;
  base::Bytes in_;
  base::Bytes out_;
  std::uint32_t out_at_ = 0;
};

}  // namespace weft::twin::retimer
