// SPDX-License-Identifier: Apache-2.0
#include "serve/api/token.h"

#include "base/text.h"

#include <algorithm>
#include <cstdint>
#include <fstream>

#include <sys/stat.h>

namespace weft::serve {
namespace token_parts {

constexpr std::size_t kLengthLeast = 16;
constexpr std::size_t kLengthMost = 256;

bool is_token_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~+/=").find(c) != std::string_view::npos;
}

}  // namespace token_parts

base::Result<std::string> read_token(const std::string& path) {
  using base::Code;
  struct stat seen{};
  if (::stat(path.c_str(), &seen) != 0 || !S_ISREG(seen.st_mode)) {
    return base::fail(Code::kNotFound, "there is no such token file", path,
                      "Make one: umask 077; openssl rand -hex 32 > FILE");
  }
  if ((seen.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return base::fail(Code::kPermissionDenied, "others than its owner can use the token file", path,
                      "Say chmod 600.");
  }
  std::ifstream file(path, std::ios::binary);
  std::string text(token_parts::kLengthMost + 4, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || file.gcount() == 0) {
    return base::fail(Code::kPermissionDenied, "the token file cannot be read, or is empty", path);
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  std::string token(base::trim(text));
  if (token.size() < token_parts::kLengthLeast || token.size() > token_parts::kLengthMost ||
      !std::ranges::all_of(token, &token_parts::is_token_character)) {
    return base::fail(Code::kInvalidArgument,
                      "the token is not 16 to 256 letters, digits and -._~+/=", path,
                      "Make one: openssl rand -hex 32");
  }
  return token;
}

bool carries_token(std::string_view authorization, std::string_view token) {
  constexpr std::string_view kScheme = "bearer ";
  const bool is_bearer =
      authorization.size() > kScheme.size() &&
      std::ranges::equal(authorization.substr(0, kScheme.size()), kScheme, {}, [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      });
  const std::string_view given =
      is_bearer ? base::trim(authorization.substr(kScheme.size())) : std::string_view();
  // Every byte is looked at, whatever the first difference; volatile keeps it so.
  volatile std::uint8_t difference = given.size() == token.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const char expected = token.empty() ? '\0' : token[i % token.size()];
    const auto differs = static_cast<std::uint8_t>(given[i] ^ expected);
    difference = static_cast<std::uint8_t>(difference | differs);
  }
  return difference == 0 && !token.empty();
}

}  // namespace weft::serve
