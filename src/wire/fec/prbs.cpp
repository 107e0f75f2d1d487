// SPDX-License-Identifier: Apache-2.0
#include "wire/fec/prbs.h"

#include <bit>

namespace weft::wire::fec {

namespace prbs_impl {
namespace {

constexpr unsigned kFitBits = 32;
constexpr int kLetGo = 20;

constexpr std::uint32_t ago(unsigned bits) {
  return std::uint32_t{1} << (bits - 1);
}

constexpr PrbsPattern kPatterns[] = {
    {7, ago(7) | ago(6)},    {9, ago(9) | ago(5)},
    {11, ago(11) | ago(9)},  {13, ago(13) | ago(12) | ago(2) | ago(1)},
    {15, ago(15) | ago(14)}, {23, ago(23) | ago(18)},
    {31, ago(31) | ago(28)},
};

std::uint32_t mask_of(const PrbsPattern& pattern) {
  return static_cast<std::uint32_t>((std::uint64_t{1} << pattern.order) - 1);
}

std::uint8_t parity(std::uint32_t bits) {
  return static_cast<std::uint8_t>(std::popcount(bits) & 1);
}

}  // namespace
}  // namespace prbs_impl

std::optional<PrbsPattern> prbs_pattern(unsigned order, bool inverted) {
  for (PrbsPattern pattern : prbs_impl::kPatterns) {
    if (pattern.order == order) {
      pattern.inverted = inverted;
      return pattern;
    }
  }
  return std::nullopt;
}

PrbsGenerator::PrbsGenerator(const PrbsPattern& pattern, std::uint32_t seed)
    : pattern_(pattern), mask_(prbs_impl::mask_of(pattern)), state_(seed & mask_) {
  if (state_ == 0) {
    state_ = mask_;
  }
}

std::uint8_t PrbsGenerator::next() {
  // The most significant bit is sent now and is `order` bits old when its successor is made, so
  // state_'s bit i is i + 1 bits before the new one.
  const auto sent = static_cast<std::uint8_t>(state_ >> (pattern_.order - 1));
  state_ = (state_ << 1U | prbs_impl::parity(state_ & pattern_.taps)) & mask_;
  return static_cast<std::uint8_t>(sent ^ (pattern_.inverted ? 1U : 0U));
}

void PrbsGenerator::fill(std::span<std::uint8_t> bytes) {
  for (std::uint8_t& byte : bytes) {
    byte = 0;
    for (unsigned bit = 0; bit < 8; ++bit) {
      byte = static_cast<std::uint8_t>(byte | next() << bit);
    }
  }
}

Level PrbsGenerator::next_pam4() {
  const unsigned first = next();
  const unsigned second = next();
  return gray_to_level(static_cast<std::uint8_t>(first << 1U | second));
}

PrbsChecker::PrbsChecker(const PrbsPattern& pattern)
    : pattern_(pattern), mask_(prbs_impl::mask_of(pattern)) {}

std::uint8_t PrbsChecker::predicted() const {
  return prbs_impl::parity(history_ & pattern_.taps);
}

void PrbsChecker::search(std::uint8_t bit) {
  const bool fits = run_ < pattern_.order || predicted() == bit;
  history_ = (history_ << 1U | bit) & mask_;
  run_ = fits ? run_ + 1 : pattern_.order;  // after a misfit the last `order` bits are a new guess
  if (run_ >= pattern_.order + prbs_impl::kFitBits && history_ != 0) {
    is_locked_ = true;
    recent_ = 0;
    ++locks_;
  }
}

void PrbsChecker::check(std::uint8_t bit) {
  bit = static_cast<std::uint8_t>((bit & 1U) ^ (pattern_.inverted ? 1U : 0U));
  if (!is_locked_) {
    search(bit);
    return;
  }
  const std::uint8_t expected = predicted();
  history_ = (history_ << 1U | expected) & mask_;
  recent_ = recent_ << 1U | (bit != expected ? 1U : 0U);
  ++bits_;
  errors_ += bit != expected ? 1 : 0;
  if (std::popcount(recent_) > prbs_impl::kLetGo) {
    is_locked_ = false;
    run_ = 0;
  }
}

void PrbsChecker::check_bytes(std::span<const std::uint8_t> bytes) {
  for (const std::uint8_t byte : bytes) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      check(static_cast<std::uint8_t>(byte >> bit & 1U));
    }
  }
}

}  // namespace weft::wire::fec
