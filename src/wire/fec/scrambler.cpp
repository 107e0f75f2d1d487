// SPDX-License-Identifier: Apache-2.0
#include "wire/fec/scrambler.h"

#include <array>

namespace weft::wire::fec {

namespace scrambler_impl {
namespace {

constexpr std::uint32_t kPcieTaps = 0x210125;  // x^21 + x^16 + x^8 + x^5 + x^2 + 1
constexpr std::uint32_t kPcieMask = 0x7FFFFF;

/// What eight steps do to a register whose top eight bits are the index: the bits that leave, and
/// what they leave behind.
struct EightSteps {
  std::uint8_t out = 0;
  std::uint32_t state = 0;
};

constexpr std::array<EightSteps, 256> make_steps() {
  std::array<EightSteps, 256> table{};
  for (std::uint32_t top = 0; top < 256; ++top) {
    std::uint32_t state = top << 15U;
    std::uint8_t out = 0;
    for (unsigned bit = 0; bit < 8; ++bit) {
      const std::uint32_t leaves = state >> 22U & 1U;
      out = static_cast<std::uint8_t>(out | leaves << bit);
      state = (state << 1U & kPcieMask) ^ (leaves != 0 ? kPcieTaps : 0);
    }
    table[top] = {out, state};
  }
  return table;
}

constexpr std::array<EightSteps, 256> kSteps = make_steps();

}  // namespace
}  // namespace scrambler_impl

std::uint32_t pcie_scrambler_seed(std::size_t lane) {
  // PCI Express Base Specification 3.0, 4.2.2.4; the same numbers stand in open RTL (UCIe).
  static constexpr std::uint32_t kSeeds[8] = {0x1DBFBC, 0x0607BB, 0x1EC760, 0x18C0DB,
                                              0x010F12, 0x19CFC9, 0x0277CE, 0x1BB807};
  return kSeeds[lane % 8];
}

std::uint8_t PcieScrambler::next_byte() {
  using scrambler_impl::kPcieMask;
  const scrambler_impl::EightSteps& steps = scrambler_impl::kSteps[state_ >> 15U & 0xFFU];
  state_ = (state_ << 8U & kPcieMask) ^ steps.state;
  return steps.out;
}

void PcieScrambler::apply(std::span<std::uint8_t> bytes) {
  for (std::uint8_t& byte : bytes) {
    byte = static_cast<std::uint8_t>(byte ^ next_byte());
  }
}

void PcieScrambler::skip(std::size_t bytes) {
  while (bytes-- > 0) {
    (void)next_byte();
  }
}

namespace scrambler_impl {
namespace {

/// The eight bits that the taps at 39 and 58 give for the next eight bits, least significant first.
std::uint8_t taps(std::uint64_t state) {
  std::uint8_t byte = 0;
  for (unsigned bit = 0; bit < 8; ++bit) {
    const std::uint64_t tap = (state >> (38 - bit) ^ state >> (57 - bit)) & 1U;
    byte = static_cast<std::uint8_t>(byte | tap << bit);
  }
  return byte;
}

/// `state` after the eight bits of `byte`, the least significant being the oldest.
std::uint64_t push(std::uint64_t state, std::uint8_t byte) {
  for (unsigned bit = 0; bit < 8; ++bit) {
    state = state << 1U | (byte >> bit & 1U);
  }
  return state;
}

}  // namespace
}  // namespace scrambler_impl

void EthernetScrambler::apply(std::span<std::uint8_t> bytes) {
  for (std::uint8_t& byte : bytes) {
    byte = static_cast<std::uint8_t>(byte ^ scrambler_impl::taps(state_));
    state_ = scrambler_impl::push(state_, byte);
  }
}

void EthernetDescrambler::apply(std::span<std::uint8_t> bytes) {
  for (std::uint8_t& byte : bytes) {
    const std::uint8_t received = byte;
    byte = static_cast<std::uint8_t>(byte ^ scrambler_impl::taps(state_));
    state_ = scrambler_impl::push(state_, received);
  }
}

}  // namespace weft::wire::fec
