// SPDX-License-Identifier: Apache-2.0
#include "net/gzip.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include <boost/beast/zlib/deflate_stream.hpp>

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

}  // namespace gzip_parts

std::optional<std::string> gzip(std::string_view text, int level) {
  namespace zlib = boost::beast::zlib;
  constexpr int kWindowBits = 15;
  constexpr int kMemoryLevel = 8;
  constexpr std::string_view kHead("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", 10);
  constexpr std::size_t kSlack = 64;  // the bound is of the deflate data alone
  try {
    zlib::deflate_stream deflate;
    deflate.reset(std::clamp(level, 1, 9), kWindowBits, kMemoryLevel, zlib::Strategy::normal);
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
