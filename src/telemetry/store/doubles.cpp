// SPDX-License-Identifier: Apache-2.0
#include "telemetry/store/doubles.h"

#include "telemetry/store/integers.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace weft::telemetry::store_parts {

namespace {

// The form byte.
constexpr std::uint8_t kXor = 0;
constexpr std::uint8_t kScaled = 1;  ///< then the scale's number, then a column of integers

/// What a value is multiplied by to be whole. Powers of two come first: their integers are smaller
/// where both fit (0.0625 is 1/16 and 625/10000).
constexpr std::array<double, 16> kScales = {1.0,   2.0,  4.0,   8.0, 16.0, 32.0, 64.0, 128.0,
                                            256.0, 10.0, 100.0, 1e3, 1e4,  1e5,  1e6,  1e9};
constexpr double kWholeMost = 9007199254740992.0;  ///< 2^53

bool whole(std::uint64_t bits, double scale, std::uint64_t& out) {
  const double value = std::bit_cast<double>(bits);
  const double scaled = value * scale;
  if (!(std::fabs(scaled) < kWholeMost)) {
    return false;
  }
  const auto integer = static_cast<std::int64_t>(std::nearbyint(scaled));
  out = static_cast<std::uint64_t>(integer);
  return std::bit_cast<std::uint64_t>(static_cast<double>(integer) / scale) == bits;
}

bool all_whole(std::span<const std::uint64_t> bits, double scale, std::vector<std::uint64_t>& out) {
  for (std::size_t i = 0; i < bits.size(); ++i) {
    if (!whole(bits[i], scale, out[i])) {
      return false;
    }
  }
  return true;
}

/// Each value is one bit (same as before), or "10" and the meaningful bits in the window of the one
/// before, or "11", 5 bits of leading zeros, 6 bits of length less one, and the bits.
void put_xor(std::span<const std::uint64_t> values, base::Bytes& out) {
  BitWriter bits(out);
  bits.put(values[0], 64);
  unsigned leading = 64;
  unsigned length = 0;
  for (std::size_t i = 1; i < values.size(); ++i) {
    const std::uint64_t change = values[i] ^ values[i - 1];
    if (change == 0) {
      bits.put(0, 1);
      continue;
    }
    const unsigned zeros = std::min(31U, static_cast<unsigned>(std::countl_zero(change)));
    const auto trailing = static_cast<unsigned>(std::countr_zero(change));
    const unsigned needed = 64 - zeros - trailing;
    const bool fits = leading < 64 && zeros >= leading && 64 - leading - length <= trailing;
    if (fits && length < needed + 11) {
      bits.put(1, 2);
      bits.put(change >> (64 - leading - length), length);
      continue;
    }
    leading = zeros;
    length = needed;
    bits.put(3, 2);
    bits.put(leading, 5);
    bits.put(length - 1, 6);
    bits.put(change >> trailing, length);
  }
  bits.finish();
}

bool read_xor(ByteReader& in, std::span<std::uint64_t> out) {
  BitReader bits(in.rest());
  out[0] = bits.get(64);
  unsigned leading = 64;
  unsigned length = 0;
  for (std::size_t i = 1; i < out.size(); ++i) {
    out[i] = out[i - 1];
    if (bits.get(1) == 0) {
      continue;
    }
    if (bits.get(1) == 1) {
      leading = static_cast<unsigned>(bits.get(5));
      length = static_cast<unsigned>(bits.get(6)) + 1;
    }
    if (leading + length > 64 || length == 0) {
      in.fail();
      return false;
    }
    out[i] ^= bits.get(length) << (64 - leading - length);
  }
  if (bits.failed()) {
    in.fail();
    return false;
  }
  static_cast<void>(in.take(bits.bytes_used()));
  return true;
}

}  // namespace

void encode_doubles(std::span<const std::uint64_t> bits, base::Bytes& out) {
  if (bits.empty()) {
    return;
  }
  const std::size_t start = out.size();
  std::vector<std::uint64_t> integers(bits.size());
  for (std::size_t i = 0; i < kScales.size(); ++i) {
    if (!all_whole(bits, kScales[i], integers)) {
      continue;
    }
    out.push_back(kScaled);
    out.push_back(static_cast<std::uint8_t>(i));
    encode_integers(integers, out);
    // XOR takes a bit a value at the least: only where it could be smaller is it tried.
    if (out.size() - start <= 9 + bits.size() / 8) {
      return;
    }
    break;
  }
  base::Bytes by_xor;
  by_xor.push_back(kXor);
  put_xor(bits, by_xor);
  if (out.size() == start || by_xor.size() < out.size() - start) {
    out.resize(start);
    out.insert(out.end(), by_xor.begin(), by_xor.end());
  }
}

bool decode_doubles(ByteReader& in, std::size_t count, std::vector<std::uint64_t>& out) {
  out.assign(count, 0);
  if (count == 0) {
    return true;
  }
  const std::uint8_t form = in.byte();
  if (form == kXor && !in.failed()) {
    return read_xor(in, out);
  }
  const std::size_t scale = in.byte();
  if (in.failed() || form != kScaled || scale >= kScales.size()) {
    in.fail();
    return false;
  }
  if (!decode_integers(in, count, out)) {
    return false;
  }
  for (std::uint64_t& value : out) {
    value = std::bit_cast<std::uint64_t>(static_cast<double>(static_cast<std::int64_t>(value)) /
                                         kScales[scale]);
  }
  return true;
}

}  // namespace weft::telemetry::store_parts
