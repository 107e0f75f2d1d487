// SPDX-License-Identifier: Apache-2.0
// Sequence numbers, Ack, Nak and replay of a flit link, one port: what it sends next and what it
// makes of what arrives. A state machine without time: one flit in and one flit out are its ticks.
// Public (Cadence's and Synopsys' articles on PCIe 6): numbers belong to flits and are mostly
// implicit, a flit carries either its own number (explicit) or an Ack or Nak of the other
// direction, a bit tells whether the flit before carried payload, standard Nak means go back.
// UALink: 9-bit numbers, go back N (public third-party endpoint model). Modelled: everything else
// here - how often numbers are explicit, when Naks are repeated, the replay timer, that number 0 is
// not used. Selective Nak: a sender answers it by the one flit; the receiver here never asks for
// it. Refuses nothing: numbers that make no sense, which only a broken peer sends, change nothing.
#pragma once

#include "base/bytes.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace weft::wire::flit {

enum class ReplayCommand : std::uint8_t {
  kExplicit = 0,      ///< number: of this flit, or without payload of the last one that had any
  kAck = 1,           ///< number: of the last flit that arrived in order
  kNak = 2,           ///< likewise; what came after it is wanted again
  kNakSelective = 3,  ///< number: of the one flit that is wanted again
};

/// A flit as the link layer sees it.
struct ReplayFrame {
  ReplayCommand command = ReplayCommand::kExplicit;
  std::uint16_t number = 0;
  bool prior_was_payload = false;  ///< the flit sent before this one carried payload
  std::optional<base::Bytes> payload;
};

struct ReplayOptions {
  std::uint16_t numbers = 1023;         ///< numbers in use: 1 to this; 511 for UALink
  std::size_t window = 511;             ///< flits sent and not acknowledged, at most numbers / 2
  std::size_t explicit_every = 8;       ///< payload flits between explicit numbers
  std::size_t nak_repeat_flits = 1024;  ///< flits received until a Nak is repeated
  std::size_t timeout_flits = 4096;     ///< flits sent without an Ack until all is sent again
};

class ReplayPort {
 public:
  explicit ReplayPort(const ReplayOptions& options);

  /// Whether the replay buffer has room.
  [[nodiscard]] bool can_push() const { return buffer_.size() < options_.window; }
  /// Takes payload to be sent. @pre can_push()
  void push(base::Bytes payload);
  /// What to send in this flit's time; without payload where there is none to send.
  [[nodiscard]] ReplayFrame next();
  /// A flit's time on the receiving side: what arrived, or nullopt for a flit that ECC and CRC
  /// refused. The payload if it is the next in order.
  [[nodiscard]] std::optional<base::Bytes> receive(const std::optional<ReplayFrame>& arrived);

  [[nodiscard]] std::size_t unacknowledged() const { return buffer_.size(); }
  [[nodiscard]] std::uint64_t replays() const { return replays_; }  ///< times gone back
  [[nodiscard]] std::uint64_t naks() const { return naks_; }        ///< Naks sent
  [[nodiscard]] bool is_receiving_in_order() const { return trust_ == Trust::kInOrder; }

 private:
  /// What the receiver knows of the numbers of coming flits.
  enum class Trust : std::uint8_t {
    kInOrder,   ///< the next payload's number
    kUnsure,    ///< one flit was refused; the next tells whether it carried payload
    kAwaiting,  ///< Nak is out: only explicit numbers count
  };
  struct Sent {
    std::uint16_t number = 0;
    base::Bytes payload;
  };

  [[nodiscard]] std::uint16_t after(std::uint16_t number) const;
  [[nodiscard]] std::uint16_t before(std::uint16_t number) const;
  /// Steps from `from` up to `to`, 0 to numbers - 1.
  [[nodiscard]] std::uint16_t distance(std::uint16_t from, std::uint16_t to) const;
  [[nodiscard]] bool is_number(std::uint16_t number) const;
  void acknowledge(std::uint16_t number);
  void go_back();
  void take_command(const ReplayFrame& frame);
  void lose_track();
  void place(const ReplayFrame& frame);
  [[nodiscard]] ReplayCommand choose_command(bool has_payload);

  ReplayOptions options_;
  // Sending.
  std::deque<Sent> buffer_;              // oldest first
  std::size_t cursor_ = 0;               // into buffer_, the next to send
  std::uint16_t next_number_ = 1;        // of the next push
  std::optional<std::uint16_t> wanted_;  // by a selective Nak
  bool must_be_explicit_ = true;
  bool sent_payload_ = false;  // in the flit before
  std::size_t since_explicit_ = 0;
  std::size_t since_progress_ = 0;
  std::uint64_t replays_ = 0;
  // Receiving.
  Trust trust_ = Trust::kInOrder;
  std::uint16_t expected_ = 1;  // the next number in order
  std::uint16_t arriving_ = 1;  // the number that the next payload flit has, if implicit
  bool owes_ack_ = false;
  bool owes_nak_ = false;
  std::size_t since_nak_ = 0;
  std::uint64_t naks_ = 0;
};

}  // namespace weft::wire::flit
