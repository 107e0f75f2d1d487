// SPDX-License-Identifier: Apache-2.0
// A set of a link's lanes: which are in use, have a signal, are disabled. Links of LinkBase and who
// reads LinkStatus use it. It holds as many lanes as a quantity's sub can name (world/quantity.h),
// far beyond the widest known link (NVLink-C2C, 90). A lane past the last is in no set, and
// setting it changes nothing.
#pragma once

#include <bitset>
#include <cstdint>

namespace weft::twin {

class LaneMask {
 public:
  static constexpr std::uint32_t kMost = 256;

  LaneMask() = default;
  /// Lanes 0 to 63 by bit, for the many links that have no more.
  explicit LaneMask(std::uint64_t low) : bits_(low) {}
  /// `count` lanes from `first` on, as far as there are any.
  [[nodiscard]] static LaneMask range(std::uint32_t first, std::uint32_t count) {
    LaneMask out;
    if (first < kMost && count > 0) {
      out.bits_.set();
      out.bits_ >>= count < kMost ? kMost - count : 0;
      out.bits_ <<= first;
    }
    return out;
  }

  [[nodiscard]] bool has(std::uint32_t lane) const { return lane < kMost && bits_[lane]; }
  void set(std::uint32_t lane, bool is_in = true) {
    if (lane < kMost) {
      bits_[lane] = is_in;
    }
  }
  [[nodiscard]] bool empty() const { return bits_.none(); }
  [[nodiscard]] std::uint32_t count() const { return static_cast<std::uint32_t>(bits_.count()); }
  /// Every lane of `other` is in this set.
  [[nodiscard]] bool includes(const LaneMask& other) const { return (other.bits_ & ~bits_).none(); }
  /// Lanes 0 to 63 by bit.
  [[nodiscard]] std::uint64_t low() const {
    return (bits_ & std::bitset<kMost>(~std::uint64_t{0})).to_ullong();
  }
  friend bool operator==(const LaneMask& a, const LaneMask& b) { return a.bits_ == b.bits_; }

  /// In an archive: words of 64 lanes, lane 0 in bit 0 of the first.
  template <class AnyArchive>
  void exchange(AnyArchive& archive) {
    LaneMask read;
    for (std::uint32_t word = 0; word < kMost / 64; ++word) {
      std::uint64_t raw = LaneMask(bits_ >> (64 * word)).low();
      archive.field(raw);
      read.bits_ |= std::bitset<kMost>(raw) << (64 * word);
    }
    bits_ = read.bits_;
  }

 private:
  explicit LaneMask(const std::bitset<kMost>& bits) : bits_(bits) {}
  std::bitset<kMost> bits_;
};

}  // namespace weft::twin
