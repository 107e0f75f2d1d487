// SPDX-License-Identifier: Apache-2.0
#include "telemetry/store/integers.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

namespace weft::telemetry::store_parts {

namespace {

// The form byte: coder in bits 0-1, transform in bits 2-3, bit 4: a common divisor was taken out.
constexpr std::uint8_t kConstant = 0;
constexpr std::uint8_t kRuns = 1;
constexpr std::uint8_t kPacked = 2;
constexpr std::uint8_t kRice = 3;
constexpr std::uint8_t kDivided = 0x10;
constexpr unsigned kTransforms = 3;  ///< values, differences, differences of differences
constexpr std::size_t kMiniBlock = 32;
constexpr unsigned kQuotientMost = 24;  ///< this many ones announce a residual of 64 plain bits

using Column = std::vector<std::uint64_t>;

void difference(Column& column, std::size_t from) {
  for (std::size_t i = column.size(); i-- > from;) {
    column[i] -= column[i - 1];
  }
}

std::uint64_t gcd_of_steps(std::span<const std::uint64_t> values) {
  std::uint64_t divisor = 0;
  for (const std::uint64_t value : values) {
    const auto step = static_cast<std::int64_t>(value - values[0]);
    divisor = std::gcd(divisor, step < 0 ? 0 - static_cast<std::uint64_t>(step)
                                         : static_cast<std::uint64_t>(step));
    if (divisor == 1) {
      break;
    }
  }
  return divisor;
}

std::uint64_t divide(std::uint64_t step, std::uint64_t divisor) {
  const bool negative = step >> 63 != 0;
  const std::uint64_t size = (negative ? 0 - step : step) / divisor;
  return negative ? 0 - size : size;
}

std::size_t runs_bytes(std::span<const std::uint64_t> values, std::size_t give_up) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < values.size() && bytes < give_up;) {
    std::size_t end = i + 1;
    while (end < values.size() && values[end] == values[i]) {
      ++end;
    }
    bytes += varint_size(zigzag(values[i])) + varint_size(end - i - 1);
    i = end;
  }
  return bytes;
}

void put_runs(std::span<const std::uint64_t> values, base::Bytes& out) {
  for (std::size_t i = 0; i < values.size();) {
    std::size_t end = i + 1;
    while (end < values.size() && values[end] == values[i]) {
      ++end;
    }
    put_varint(out, zigzag(values[i]));
    put_varint(out, end - i - 1);
    i = end;
  }
}

struct Frame {
  std::uint64_t least = 0;
  unsigned width = 0;
};

Frame frame_of(std::span<const std::uint64_t> block) {
  auto least = static_cast<std::int64_t>(block[0]);
  auto most = least;
  for (const std::uint64_t value : block) {
    least = std::min(least, static_cast<std::int64_t>(value));
    most = std::max(most, static_cast<std::int64_t>(value));
  }
  const auto base = static_cast<std::uint64_t>(least);
  return {base, static_cast<unsigned>(std::bit_width(static_cast<std::uint64_t>(most) - base))};
}

std::size_t packed_bytes(std::span<const std::uint64_t> values) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < values.size(); i += kMiniBlock) {
    const auto block = values.subspan(i, std::min(kMiniBlock, values.size() - i));
    const Frame frame = frame_of(block);
    bytes += varint_size(zigzag(frame.least)) + 1 + (block.size() * frame.width + 7) / 8;
  }
  return bytes;
}

void put_packed(std::span<const std::uint64_t> values, base::Bytes& out) {
  for (std::size_t i = 0; i < values.size(); i += kMiniBlock) {
    const auto block = values.subspan(i, std::min(kMiniBlock, values.size() - i));
    const Frame frame = frame_of(block);
    put_varint(out, zigzag(frame.least));
    out.push_back(static_cast<std::uint8_t>(frame.width));
    BitWriter bits(out);
    if (frame.width > 0) {
      for (const std::uint64_t value : block) {
        bits.put(value - frame.least, frame.width);
      }
    }
    bits.finish();
  }
}

struct RicePlan {
  std::uint64_t center = 0;
  unsigned low_bits = 0;
  std::size_t bytes = 0;
};

RicePlan rice_plan(std::span<const std::uint64_t> values) {
  double sum = 0;
  for (const std::uint64_t value : values) {
    sum += static_cast<double>(static_cast<std::int64_t>(value));
  }
  const double mean = std::clamp(sum / static_cast<double>(values.size()), -9e18, 9e18);
  RicePlan plan{static_cast<std::uint64_t>(std::llround(mean)), 0, 0};
  double spread = 0;
  for (const std::uint64_t value : values) {
    spread += static_cast<double>(zigzag(value - plan.center));
  }
  spread /= static_cast<double>(values.size());
  while (plan.low_bits < 56 && std::ldexp(1.0, static_cast<int>(plan.low_bits) + 1) < spread) {
    ++plan.low_bits;
  }
  std::size_t bits = 0;
  for (const std::uint64_t value : values) {
    const std::uint64_t quotient = zigzag(value - plan.center) >> plan.low_bits;
    bits += quotient < kQuotientMost ? quotient + 1 + plan.low_bits : kQuotientMost + 64;
  }
  plan.bytes = varint_size(zigzag(plan.center)) + 1 + (bits + 7) / 8;
  return plan;
}

void put_rice(std::span<const std::uint64_t> values, const RicePlan& plan, base::Bytes& out) {
  put_varint(out, zigzag(plan.center));
  out.push_back(static_cast<std::uint8_t>(plan.low_bits));
  BitWriter bits(out);
  for (const std::uint64_t value : values) {
    const std::uint64_t coded = zigzag(value - plan.center);
    const std::uint64_t quotient = coded >> plan.low_bits;
    if (quotient >= kQuotientMost) {
      bits.put((1ULL << kQuotientMost) - 1, kQuotientMost);
      bits.put(coded, 64);
      continue;
    }
    const auto ones = static_cast<unsigned>(quotient);
    bits.put((1ULL << ones) - 1, ones + 1);
    bits.put(coded & ((1ULL << plan.low_bits) - 1), plan.low_bits);
  }
  bits.finish();
}

struct Choice {
  std::uint8_t coder = kPacked;
  std::uint8_t transform = 0;
  std::size_t bytes = ~std::size_t{0};
};

/// The cheapest form; `column` is left as its last transform.
Choice choose(std::span<const std::uint64_t> values) {
  Choice best;
  Column column(values.begin(), values.end());
  std::size_t heads = 0;
  for (std::uint8_t t = 0; t < kTransforms && t < values.size(); ++t) {
    if (t > 0) {
      heads += varint_size(zigzag(column[t - 1U]));
      difference(column, t);
    }
    const auto rest = std::span<const std::uint64_t>(column).subspan(t);
    const std::size_t runs = heads + runs_bytes(rest, best.bytes);
    if (runs < best.bytes) {
      best = {kRuns, t, runs};
    }
    if (runs * 16 < values.size()) {
      break;  // next to nothing: no other form is worth the search
    }
    const std::size_t rice = heads + rice_plan(rest).bytes;
    if (rice < best.bytes) {
      best = {kRice, t, rice};
    }
    const std::size_t packed = heads + packed_bytes(rest);
    if (packed < best.bytes) {
      best = {kPacked, t, packed};
    }
  }
  return best;
}

void write(const Choice& choice, Column column, base::Bytes& out) {
  for (std::uint8_t t = 1; t <= choice.transform; ++t) {
    put_varint(out, zigzag(column[t - 1U]));
    difference(column, t);
  }
  const auto rest = std::span<const std::uint64_t>(column).subspan(choice.transform);
  if (choice.coder == kRuns) {
    put_runs(rest, out);
  } else if (choice.coder == kPacked) {
    put_packed(rest, out);
  } else {
    put_rice(rest, rice_plan(rest), out);
  }
}

bool read_runs(ByteReader& in, std::span<std::uint64_t> out) {
  for (std::size_t i = 0; i < out.size();) {
    const std::uint64_t value = unzigzag(in.varint());
    const std::uint64_t more = in.varint();
    if (in.failed() || more >= out.size() - i) {
      in.fail();
      return false;
    }
    std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(i), more + 1, value);
    i += static_cast<std::size_t>(more) + 1;
  }
  return true;
}

bool read_packed(ByteReader& in, std::span<std::uint64_t> out) {
  for (std::size_t i = 0; i < out.size(); i += kMiniBlock) {
    const std::size_t count = std::min(kMiniBlock, out.size() - i);
    const std::uint64_t least = unzigzag(in.varint());
    const unsigned width = in.byte();
    const base::ByteView bytes = width > 64 ? base::ByteView{} : in.take((count * width + 7) / 8);
    if (in.failed() || width > 64) {
      in.fail();
      return false;
    }
    BitReader bits(bytes);
    for (std::size_t k = 0; k < count; ++k) {
      out[i + k] = least + bits.get(width);
    }
  }
  return true;
}

bool read_rice(ByteReader& in, std::span<std::uint64_t> out) {
  const std::uint64_t center = unzigzag(in.varint());
  const unsigned low_bits = in.byte();
  if (in.failed() || low_bits > 56) {
    in.fail();
    return false;
  }
  BitReader bits(in.rest());
  for (std::uint64_t& value : out) {
    const std::uint64_t ahead = bits.peek();
    const auto ones = static_cast<unsigned>(std::countr_one(ahead));
    if (ones >= kQuotientMost) {
      bits.skip(kQuotientMost);
      value = center + unzigzag(bits.get(64));
      continue;
    }
    bits.skip(ones + 1);
    value = center + unzigzag(static_cast<std::uint64_t>(ones) << low_bits | bits.get(low_bits));
  }
  if (bits.failed()) {
    in.fail();
    return false;
  }
  static_cast<void>(in.take(bits.bytes_used()));
  return true;
}

void sum_up(std::span<std::uint64_t> column, std::size_t from) {
  for (std::size_t i = from; i < column.size(); ++i) {
    column[i] += column[i - 1];
  }
}

}  // namespace

void encode_integers(std::span<const std::uint64_t> values, base::Bytes& out) {
  if (values.empty()) {
    return;
  }
  const std::uint64_t divisor = gcd_of_steps(values);
  if (divisor == 0) {
    out.push_back(kConstant);
    put_varint(out, zigzag(values[0]));
    return;
  }
  Column column(values.begin(), values.end());
  if (divisor > 1) {
    for (std::uint64_t& value : column) {
      value = divide(value - values[0], divisor);
    }
  }
  const Choice choice = choose(column);
  const auto form = static_cast<std::uint8_t>(choice.coder | choice.transform << 2);
  out.push_back(divisor > 1 ? static_cast<std::uint8_t>(form | kDivided) : form);
  if (divisor > 1) {
    put_varint(out, divisor);
    put_varint(out, zigzag(values[0]));
  }
  write(choice, std::move(column), out);
}

bool decode_integers(ByteReader& in, std::size_t count, std::vector<std::uint64_t>& out) {
  out.assign(count, 0);
  if (count == 0) {
    return true;
  }
  const std::uint8_t form = in.byte();
  const std::uint8_t coder = form & 3;
  const std::size_t transform = form >> 2 & 3;
  if (in.failed() || form > (kDivided | 0xb) || transform >= kTransforms || transform > count) {
    in.fail();
    return false;
  }
  if (coder == kConstant) {
    out.assign(count, unzigzag(in.varint()));
    return !in.failed() && form == kConstant;
  }
  const std::uint64_t divisor = (form & kDivided) != 0 ? in.varint() : 1;
  const std::uint64_t first = (form & kDivided) != 0 ? unzigzag(in.varint()) : 0;
  for (std::size_t t = 0; t < transform; ++t) {
    out[t] = unzigzag(in.varint());
  }
  const std::span<std::uint64_t> rest = std::span<std::uint64_t>(out).subspan(transform);
  const bool good = !in.failed() && (coder == kRuns     ? read_runs(in, rest)
                                     : coder == kPacked ? read_packed(in, rest)
                                                        : read_rice(in, rest));
  if (!good) {
    in.fail();
    return false;
  }
  for (std::size_t t = transform; t > 0; --t) {
    sum_up(out, t);
  }
  if ((form & kDivided) != 0) {
    for (std::uint64_t& value : out) {
      value = first + value * divisor;
    }
  }
  return true;
}

}  // namespace weft::telemetry::store_parts
