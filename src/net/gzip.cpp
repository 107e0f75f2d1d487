// SPDX-License-Identifier: Apache-2.0
#include "net/gzip.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include <boost/beast/zlib/deflate_stream.hpp>
#include <boost/beast/zlib/inflate_stream.hpp>

namespace weft::net {
namespace gzip_parts {

/// CRC-32 of RFC 1952 section 8.
std::uint32_t crc32(std::string_view text) {
  static const auto kTable = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
      std::uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) {
        value = (value & 1U) != 0 ? value >> 1U ^ 0xEDB88320U : value >> 1U;
      }
      table.at(i) = value;
    }
    return table;
  }();
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char c : text) {
    crc = crc >> 8U ^ kTable[(crc ^ static_cast<unsigned char>(c)) & 0xFFU];
  }
  return ~crc;
}

void put_le(std::string& out, std::uint32_t value) {
  for (unsigned shift = 0; shift < 32; shift += 8) {
    out.push_back(static_cast<char>(value >> shift & 0xFFU));
  }
}

std::uint32_t get_le(std::string_view at) {
  std::uint32_t out = 0;
  for (std::size_t i = 4; i-- > 0;) {
    out = out << 8U | static_cast<unsigned char>(at[i]);
  }
  return out;
}

constexpr int kWindowBits = 15;
constexpr std::size_t kHeadBytes = 10;  // RFC 1952 section 2.3, without optional fields
constexpr std::size_t kTailBytes = 8;

}  // namespace gzip_parts

std::optional<std::string> gzip(std::string_view text, int level) {
  namespace zlib = boost::beast::zlib;
  constexpr int kMemoryLevel = 8;
  constexpr std::string_view kHead("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", 10);
  constexpr std::size_t kSlack = 64;  // the bound is of the deflate data alone
  try {
    zlib::deflate_stream deflate;
    deflate.reset(std::clamp(level, 1, 9), gzip_parts::kWindowBits, kMemoryLevel,
                  zlib::Strategy::normal);
    std::string out(kHead);
    out.resize(kHead.size() + deflate.upper_bound(text.size()) + kSlack);
    zlib::z_params params;
    params.next_in = text.data();
    params.avail_in = text.size();
    params.next_out = out.data() + kHead.size();
    params.avail_out = out.size() - kHead.size();
    boost::system::error_code error;
    deflate.write(params, zlib::Flush::finish, error);
    if (error != zlib::error::end_of_stream) {
      return std::nullopt;
    }
    out.resize(kHead.size() + params.total_out);
    gzip_parts::put_le(out, gzip_parts::crc32(text));
    gzip_parts::put_le(out, static_cast<std::uint32_t>(text.size()));
    return out;
  } catch (const std::exception&) {  // its constructors report by throwing
    return std::nullopt;
  }
}

std::optional<std::string> gunzip(std::string_view packed, std::size_t most) {
  namespace zlib = boost::beast::zlib;
  constexpr std::string_view kMagic("\x1f\x8b\x08\x00", 4);  // deflate, no optional fields
  if (!packed.starts_with(kMagic) ||
      packed.size() < gzip_parts::kHeadBytes + gzip_parts::kTailBytes) {
    return std::nullopt;
  }
  const std::string_view tail = packed.substr(packed.size() - gzip_parts::kTailBytes);
  const std::uint32_t length = gzip_parts::get_le(tail.substr(4));
  if (length > most) {
    return std::nullopt;
  }
  try {
    zlib::inflate_stream inflate;
    inflate.reset(gzip_parts::kWindowBits);
    std::string out(std::size_t{length} + 1, '\0');  // one more, to see what is too long
    zlib::z_params params;
    params.next_in = packed.data() + gzip_parts::kHeadBytes;
    params.avail_in = packed.size() - gzip_parts::kHeadBytes;  // it looks beyond the end
    params.next_out = out.data();
    params.avail_out = out.size();
    boost::system::error_code error;
    inflate.write(params, zlib::Flush::finish, error);
    out.resize(length);
    if (error != zlib::error::end_of_stream || params.total_out != length ||
        gzip_parts::crc32(out) != gzip_parts::get_le(tail)) {
      return std::nullopt;
    }
    return out;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

bool accepts_gzip(std::string_view accept_encoding) {
  std::optional<bool> by_name;
  bool by_star = false;
  for (const std::string_view item : base::split(accept_encoding, ',')) {
    const std::size_t semicolon = std::min(item.find(';'), item.size());
    const std::string_view coding = base::trim(item.substr(0, semicolon));
    const std::string_view weight = base::trim(item.substr(std::min(semicolon + 1, item.size())));
    const bool is_wanted =
        !weight.starts_with("q=") || base::parse_double(weight.substr(2)).value_or(0) > 0;
    if (coding == "gzip" || coding == "x-gzip") {
      by_name = is_wanted;
    } else if (coding == "*") {
      by_star = is_wanted;
    }
  }
  return by_name.value_or(by_star);
}

}  // namespace weft::net
