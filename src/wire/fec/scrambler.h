// SPDX-License-Identifier: Apache-2.0
// The scramblers of the links, both directions. PCIe at 8 GT/s and above: additive, Galois register
// x^23 + x^21 + x^16 + x^8 + x^5 + x^2 + 1, one seed for each lane modulo 8, restarted by the
// protocol (at which ordered sets is the caller's business). Ethernet 64b/66b and 256b/257b:
// self-synchronising, s(n) = d(n) + s(n - 39) + s(n - 58), 802.3 clause 49.2.6. Bits of a byte go
// least significant first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace weft::wire::fec {

/// The seed of a lane: PCIe 3.0 to 7.0 give eight, for lane number modulo 8.
[[nodiscard]] std::uint32_t pcie_scrambler_seed(std::size_t lane);

/// Scrambles and descrambles (the same operation), one lane.
class PcieScrambler {
 public:
  explicit PcieScrambler(std::size_t lane) : state_(pcie_scrambler_seed(lane)) {}
  void apply(std::span<std::uint8_t> bytes);
  /// Advances without data, as some ordered sets ask.
  void skip(std::size_t bytes);
  [[nodiscard]] std::uint32_t state() const { return state_; }

 private:
  std::uint8_t next_byte();
  std::uint32_t state_;
};

/// Ethernet's transmit side.
class EthernetScrambler {
 public:
  /// Any initial state will do; the standard asks only that it be any but fixed by no one.
  explicit EthernetScrambler(std::uint64_t state = ~std::uint64_t{0}) : state_(state) {}
  void apply(std::span<std::uint8_t> bytes);

 private:
  std::uint64_t state_;  // bit i: the bit sent i + 1 bits ago
};

/// Ethernet's receive side: right after 58 bits whatever its state was; each wrong line bit makes
/// three wrong bits.
class EthernetDescrambler {
 public:
  explicit EthernetDescrambler(std::uint64_t state = 0) : state_(state) {}
  void apply(std::span<std::uint8_t> bytes);

 private:
  std::uint64_t state_;  // bit i: the bit received i + 1 bits ago
};

}  // namespace weft::wire::fec
