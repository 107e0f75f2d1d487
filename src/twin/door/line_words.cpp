// SPDX-License-Identifier: Apache-2.0
#include "twin/door/line_words.h"

#include "base/text.h"
#include "twin/door/socket_server.h"

#include <fmt/format.h>

namespace weft::twin::door {
namespace line_words {

int digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

tl::unexpected<base::Error> wrong(std::string_view what, std::string_view word,
                                  std::string_view wanted) {
  return base::fail(base::Code::kInvalidArgument,
                    fmt::format("{} '{}' is not {}", what, base::printable(word, 24), wanted));
}

}  // namespace line_words

base::Result<base::Bytes> hex_bytes(std::string_view word, std::size_t bytes_max) {
  if (word == "-") {
    return base::Bytes{};
  }
  if (word.empty() || word.size() % 2 != 0 || word.size() / 2 > bytes_max) {
    return line_words::wrong("data", word,
                             fmt::format("1 to {} bytes of two hexadecimal digits", bytes_max));
  }
  base::Bytes out(word.size() / 2);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = line_words::digit(word[2 * i]);
    const int low = line_words::digit(word[2 * i + 1]);
    if (high < 0 || low < 0) {
      return line_words::wrong("data", word, "hexadecimal");
    }
    out[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return out;
}

std::string hex_text(base::ByteView bytes) {
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

base::Result<std::uint8_t> hex_byte(std::string_view word, std::string_view what,
                                    std::uint8_t max) {
  const auto value = word.size() <= 2 ? base::parse_unsigned(word, 16) : std::nullopt;
  if (!value || *value > max || word.empty()) {
    return line_words::wrong(what, word, fmt::format("a hexadecimal number up to {:02x}", max));
  }
  return static_cast<std::uint8_t>(*value);
}

base::Result<std::uint32_t> bounded_number(std::string_view word, std::string_view what,
                                           std::uint32_t max) {
  const auto value =
      word.starts_with("0x") ? base::parse_unsigned(word, 16) : base::parse_unsigned(word);
  if (!value || *value > max) {
    return line_words::wrong(what, word, fmt::format("a number up to {}", max));
  }
  return static_cast<std::uint32_t>(*value);
}

std::string answer_line(const base::Result<base::Bytes>& result) {
  if (!result) {
    return error_line(result.error());
  }
  return result->empty() ? "ok" : "ok " + hex_text(*result);
}

}  // namespace weft::twin::door
