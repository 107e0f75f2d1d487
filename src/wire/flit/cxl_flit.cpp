// SPDX-License-Identifier: Apache-2.0
#include "wire/flit/cxl_flit.h"

#include "wire/flit/flit256.h"

#include <algorithm>
#include <vector>

namespace weft::wire::flit {

namespace cxl_impl {
namespace {

using fec::Symbol;

constexpr std::size_t kEccAtOptimised = 244;
constexpr std::size_t kSecondCrcAt = kEccAtOptimised + kEccBytes;

/// The bytes that a half's CRC covers, and where the CRC stands.
struct Half {
  std::size_t begin = 0;
  std::size_t covered = 0;
  std::size_t crc_at = 0;
};
constexpr std::array<Half, 2> kHalves = {
    {{0, kHalfBytes - kCxlCrcBytes, kHalfBytes - kCxlCrcBytes},
     {kHalfBytes, kEccAtOptimised - kHalfBytes, kSecondCrcAt}}};

/// ECC words run over all bytes but the ECC's own, which end them.
std::size_t place_of(std::size_t ordinal) {
  if (ordinal < kEccAtOptimised) {
    return ordinal;
  }
  return ordinal < kFlit256Bytes - kEccBytes ? ordinal + kEccBytes : ordinal - kCxlCrcBytes;
}
static_assert(kEccBytes == kCxlCrcBytes, "place_of() swaps two parts of equal length");

base::Result<void> check_size(std::span<const std::uint8_t> flit) {
  if (flit.size() != kFlit256Bytes) {
    return base::fail(base::Code::kInvalidArgument, "a flit has 256 bytes", "CXL flit codec");
  }
  return {};
}

std::vector<Symbol> gather_word(std::span<const std::uint8_t> flit, std::size_t word) {
  std::vector<Symbol> symbols;
  symbols.reserve(kFlit256Bytes / kEccWords + 1);
  for (std::size_t i = word; i < kFlit256Bytes; i += kEccWords) {
    symbols.push_back(flit[place_of(i)]);
  }
  return symbols;
}

void scatter_word(const std::vector<Symbol>& symbols, std::span<std::uint8_t> flit,
                  std::size_t word) {
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    flit[place_of(word + i * kEccWords)] = static_cast<std::uint8_t>(symbols[i]);
  }
}

std::vector<Symbol> gather_half(std::span<const std::uint8_t> flit, std::size_t half) {
  const Half& part = kHalves[half];
  std::vector<Symbol> symbols;
  symbols.reserve(part.covered + kCxlCrcBytes);
  for (std::size_t i = 0; i < part.covered; ++i) {
    symbols.push_back(flit[part.begin + i]);
  }
  for (std::size_t i = 0; i < kCxlCrcBytes; ++i) {
    symbols.push_back(flit[part.crc_at + i]);
  }
  return symbols;
}

constexpr std::uint32_t kCrc16 = 0x1F053;
constexpr std::size_t kSlotsAt = 2;
constexpr std::size_t kCrc68At = 66;

std::uint16_t crc68(std::span<const std::uint8_t> flit) {
  std::uint32_t rest = 0;
  for (const std::uint8_t byte : flit.subspan(kSlotsAt, kCrc68At - kSlotsAt)) {
    rest ^= std::uint32_t{byte} << 8U;
    for (int bit = 0; bit < 8; ++bit) {
      rest <<= 1U;
      rest ^= (rest & 0x10000U) != 0 ? kCrc16 : 0;
    }
  }
  return static_cast<std::uint16_t>(rest);
}

}  // namespace
}  // namespace cxl_impl

base::Result<LatencyOptimisedCodec> LatencyOptimisedCodec::create(std::uint32_t polynomial) {
  using namespace cxl_impl;
  const auto field = fec::GaloisField::create(8, polynomial);
  if (!field) {
    return base::fail(base::Code::kInvalidArgument, "not a primitive polynomial of degree 8",
                      "CXL flit codec", "Known ones are 0x12B and 0x11D.");
  }
  const auto crc = [&](const Half& half) {
    return *fec::ReedSolomon::create(*field, {half.covered + kCxlCrcBytes, half.covered, 1});
  };
  return LatencyOptimisedCodec(crc(kHalves[0]), crc(kHalves[1]),
                               *fec::ReedSolomon::create(*field, {86, 84, 0}),
                               *fec::ReedSolomon::create(*field, {85, 83, 0}));
}

bool LatencyOptimisedCodec::is_half_right(std::span<const std::uint8_t> flit,
                                          std::size_t half) const {
  return half_crc_[half].is_codeword(cxl_impl::gather_half(flit, half));
}

base::Result<void> LatencyOptimisedCodec::encode(std::span<std::uint8_t> flit) const {
  using namespace cxl_impl;
  if (auto ok = check_size(flit); !ok) {
    return ok;
  }
  for (std::size_t half = 0; half < 2; ++half) {
    auto symbols = gather_half(flit, half);
    (void)half_crc_[half].encode(symbols);  // sizes fit by construction, here and below
    for (std::size_t i = 0; i < kCxlCrcBytes; ++i) {
      flit[kHalves[half].crc_at + i] =
          static_cast<std::uint8_t>(symbols[kHalves[half].covered + i]);
    }
  }
  for (std::size_t word = 0; word < kEccWords; ++word) {
    auto symbols = gather_word(flit, word);
    (void)(word == 0 ? long_word_ : short_word_).encode(symbols);
    scatter_word(symbols, flit, word);
  }
  return {};
}

base::Result<LatencyOptimisedCheck> LatencyOptimisedCodec::decode(
    std::span<std::uint8_t> flit) const {
  using namespace cxl_impl;
  if (auto ok = check_size(flit); !ok) {
    return tl::unexpected(std::move(ok).error());
  }
  LatencyOptimisedCheck found;
  for (std::size_t half = 0; half < 2; ++half) {
    found.was_half_clean[half] = is_half_right(flit, half);
  }
  found.is_half_accepted = found.was_half_clean;
  if (found.was_half_clean[0] && found.was_half_clean[1]) {
    return found;
  }
  found.used_ecc = true;
  for (std::size_t word = 0; word < kEccWords; ++word) {
    auto symbols = gather_word(flit, word);
    const auto outcome = (word == 0 ? long_word_ : short_word_).decode(symbols);
    if (outcome && outcome->corrected > 0) {
      found.corrected_bytes += outcome->corrected;
      scatter_word(symbols, flit, word);
    }
  }
  for (std::size_t half = 0; half < 2; ++half) {
    found.is_half_accepted[half] = is_half_right(flit, half);
  }
  return found;
}

bool seal_flit68(std::span<std::uint8_t> flit) {
  if (flit.size() != kFlit68Bytes) {
    return false;
  }
  const std::uint16_t crc = cxl_impl::crc68(flit);
  flit[cxl_impl::kCrc68At] = static_cast<std::uint8_t>(crc >> 8U);
  flit[cxl_impl::kCrc68At + 1] = static_cast<std::uint8_t>(crc);
  return true;
}

bool is_flit68_right(std::span<const std::uint8_t> flit) {
  if (flit.size() != kFlit68Bytes) {
    return false;
  }
  const std::uint16_t crc = cxl_impl::crc68(flit);
  return flit[cxl_impl::kCrc68At] == crc >> 8U && flit[cxl_impl::kCrc68At + 1] == (crc & 0xFFU);
}

}  // namespace weft::wire::flit
