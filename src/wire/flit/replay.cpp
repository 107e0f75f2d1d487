// SPDX-License-Identifier: Apache-2.0
#include "wire/flit/replay.h"

#include <algorithm>
#include <utility>

namespace weft::wire::flit {

ReplayPort::ReplayPort(const ReplayOptions& options) : options_(options) {
  options_.numbers = std::max<std::uint16_t>(options_.numbers, 3);
  options_.window = std::clamp<std::size_t>(options_.window, 1, options_.numbers / 2U);
  options_.explicit_every = std::max<std::size_t>(options_.explicit_every, 1);
}

std::uint16_t ReplayPort::after(std::uint16_t number) const {
  return number >= options_.numbers ? std::uint16_t{1} : static_cast<std::uint16_t>(number + 1);
}

std::uint16_t ReplayPort::before(std::uint16_t number) const {
  return number <= 1 ? options_.numbers : static_cast<std::uint16_t>(number - 1);
}

std::uint16_t ReplayPort::distance(std::uint16_t from, std::uint16_t to) const {
  return static_cast<std::uint16_t>(to >= from ? to - from : to + options_.numbers - from);
}

bool ReplayPort::is_number(std::uint16_t number) const {
  return number >= 1 && number <= options_.numbers;
}

void ReplayPort::push(base::Bytes payload) {
  buffer_.push_back({next_number_, std::move(payload)});
  next_number_ = after(next_number_);
}

ReplayCommand ReplayPort::choose_command(bool has_payload) {
  const bool is_due = has_payload ? since_explicit_ + 1 >= options_.explicit_every : !owes_ack_;
  if (must_be_explicit_) {
    return ReplayCommand::kExplicit;
  }
  if (owes_nak_) {
    owes_nak_ = false;
    since_nak_ = 0;
    ++naks_;
    return ReplayCommand::kNak;
  }
  if (is_due || !owes_ack_) {
    return ReplayCommand::kExplicit;
  }
  return ReplayCommand::kAck;
}

ReplayFrame ReplayPort::next() {
  if (!buffer_.empty() && ++since_progress_ > options_.timeout_flits) {
    go_back();
  }
  ReplayFrame frame;
  frame.prior_was_payload = sent_payload_;
  // One flit asked for by itself goes out of turn; its number and that of the next are explicit.
  if (wanted_ && !buffer_.empty()) {
    const std::size_t index = distance(buffer_.front().number, *wanted_);
    wanted_.reset();
    if (index < cursor_) {
      frame.number = buffer_[index].number;
      frame.payload = buffer_[index].payload;
      must_be_explicit_ = true;
      sent_payload_ = true;
      return frame;
    }
  }
  const bool has_payload = cursor_ < buffer_.size();
  frame.command = choose_command(has_payload);
  if (has_payload) {
    frame.payload = buffer_[cursor_].payload;
  }
  if (frame.command == ReplayCommand::kExplicit) {
    frame.number = has_payload       ? buffer_[cursor_].number
                   : cursor_ > 0     ? buffer_[cursor_ - 1].number
                   : buffer_.empty() ? before(next_number_)
                                     : before(buffer_.front().number);
    since_explicit_ = 0;
    must_be_explicit_ = false;
  } else {
    frame.number = before(expected_);
    owes_ack_ = false;
    since_explicit_ += has_payload ? 1 : 0;
  }
  cursor_ += has_payload ? 1 : 0;
  sent_payload_ = has_payload;
  return frame;
}

void ReplayPort::acknowledge(std::uint16_t number) {
  if (buffer_.empty() || !is_number(number)) {
    return;
  }
  // The one before the oldest acknowledges nothing; what was never sent cannot be acknowledged.
  const std::size_t count = distance(before(buffer_.front().number), number);
  if (count > cursor_) {
    return;
  }
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(count));
  cursor_ -= count;
  since_progress_ = count > 0 ? 0 : since_progress_;
}

void ReplayPort::go_back() {
  replays_ += cursor_ > 0 ? 1 : 0;
  cursor_ = 0;
  since_progress_ = 0;
  must_be_explicit_ = true;
}

void ReplayPort::take_command(const ReplayFrame& frame) {
  switch (frame.command) {
    case ReplayCommand::kExplicit:
      return;
    case ReplayCommand::kAck:
      acknowledge(frame.number);
      return;
    case ReplayCommand::kNak:
      acknowledge(frame.number);
      go_back();
      return;
    case ReplayCommand::kNakSelective:
      if (is_number(frame.number)) {
        wanted_ = frame.number;
        ++replays_;
      }
      return;
  }
}

void ReplayPort::lose_track() {
  trust_ = Trust::kAwaiting;
  owes_nak_ = true;
}

/// Finds out which number the frame has, or that a flit is missing.
void ReplayPort::place(const ReplayFrame& frame) {
  if (trust_ == Trust::kUnsure) {
    if (frame.prior_was_payload) {
      lose_track();
    } else {
      trust_ = Trust::kInOrder;  // what was refused carried nothing
    }
  }
  if (frame.command != ReplayCommand::kExplicit || !is_number(frame.number)) {
    return;
  }
  const std::uint16_t coming = frame.payload ? frame.number : after(frame.number);
  const std::uint16_t ahead = distance(expected_, coming);
  if (ahead == 0) {
    trust_ = Trust::kInOrder;
    owes_nak_ = false;
    arriving_ = coming;
  } else if (ahead <= options_.numbers / 2U) {
    if (trust_ != Trust::kAwaiting) {
      lose_track();
    }
  } else if (trust_ != Trust::kAwaiting || frame.payload) {
    trust_ = Trust::kInOrder;  // sent again although it had arrived; numbers count on from here
    owes_nak_ = false;
    arriving_ = coming;
  }
}

std::optional<base::Bytes> ReplayPort::receive(const std::optional<ReplayFrame>& arrived) {
  if (trust_ == Trust::kAwaiting && ++since_nak_ >= options_.nak_repeat_flits) {
    owes_nak_ = true;
    since_nak_ = 0;
  }
  if (!arrived) {
    if (trust_ == Trust::kInOrder) {
      trust_ = Trust::kUnsure;
    } else if (trust_ == Trust::kUnsure) {
      lose_track();
    }
    return std::nullopt;
  }
  take_command(*arrived);
  place(*arrived);
  if (!arrived->payload || trust_ != Trust::kInOrder) {
    return std::nullopt;
  }
  const std::uint16_t number = arriving_;
  arriving_ = after(arriving_);
  owes_ack_ = true;
  if (number != expected_) {
    return std::nullopt;
  }
  expected_ = after(expected_);
  return arrived->payload;
}

}  // namespace weft::wire::flit
