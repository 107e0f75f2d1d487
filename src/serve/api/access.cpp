// SPDX-License-Identifier: Apache-2.0
#include "serve/api/access.h"

#include "base/text.h"
#include "net/digest.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>

namespace weft::serve {
namespace access_parts {

using base::Code;

constexpr std::size_t kLengthLeast = 16;
constexpr std::size_t kLengthMost = 256;
constexpr std::size_t kFileBytesMost = std::size_t{64} * 1024;
constexpr std::size_t kNameMost = 60;
constexpr std::string_view kHash = "sha256:";
constexpr std::array kRoles = {ApiRole::kViewer, ApiRole::kOperator, ApiRole::kAdmin};

bool is_token_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~+/=").find(c) != std::string_view::npos;
}

bool is_digest(std::string_view text) {
  constexpr std::size_t kDigits = 64;
  return text.size() == kDigits && text.find_first_not_of("0123456789abcdef") == text.npos;
}

/// The digest of a token, or of what stands there as one; nullopt where it is neither.
std::optional<std::string> digest_of(std::string_view secret) {
  if (secret.starts_with(kHash)) {
    secret.remove_prefix(kHash.size());
    return is_digest(secret) ? std::optional(std::string(secret)) : std::nullopt;
  }
  if (secret.size() < kLengthLeast || secret.size() > kLengthMost ||
      !std::ranges::all_of(secret, &is_token_character)) {
    return std::nullopt;
  }
  std::string out = net::sha256_hex(secret);
  return is_digest(out) ? std::optional(std::move(out)) : std::nullopt;
}

base::Result<std::string> text_of(const std::string& path) {
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
  std::string text(kFileBytesMost + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  if (file.bad() || text.empty() || text.size() > kFileBytesMost) {
    return base::fail(Code::kPermissionDenied,
                      "the token file cannot be read, is empty, or is longer than 64 KiB", path);
  }
  return text;
}

}  // namespace access_parts

std::string_view key(ApiRole role) {
  switch (role) {
    case ApiRole::kViewer:
      return "viewer";
    case ApiRole::kOperator:
      return "operator";
    case ApiRole::kAdmin:
      return "admin";
  }
  return "viewer";
}

base::Result<Access::Token> Access::read_line(std::string_view line, std::size_t number,
                                              const std::string& path) {
  const auto words = base::words(line);
  const auto wrong = [&](std::string what) {
    return base::fail(access_parts::Code::kInvalidArgument, std::move(what),
                      fmt::format("{}:{}", path, number),
                      "A line is ROLE SECRET [NAME]: viewer, operator or admin, and 16 to 256 "
                      "letters, digits and -._~+/= (openssl rand -hex 32), or sha256: and its "
                      "SHA-256.");
  };
  constexpr std::size_t kWordsMost = 3;
  if (words.size() > kWordsMost) {
    return wrong("the line has more than three words");
  }
  Token out;
  std::string_view secret = words.front();
  if (words.size() > 1) {
    const auto role = std::ranges::find(access_parts::kRoles, words.front(),
                                        [](ApiRole each) { return key(each); });
    if (role == access_parts::kRoles.end()) {
      return wrong("there is no such role");
    }
    out.caller.role = *role;
    secret = words[1];
  }
  out.caller.who = words.size() > 2 ? base::printable(words[2], access_parts::kNameMost)
                                    : fmt::format("{} {}", key(out.caller.role), number);
  auto digest = access_parts::digest_of(secret);
  if (!digest) {
    return wrong("the token cannot be one");
  }
  out.sha256 = *std::move(digest);
  return out;
}

base::Result<Access> Access::read(const std::string& path) {
  const auto text = access_parts::text_of(path);
  if (!text) {
    return tl::unexpected(text.error());
  }
  Access out;
  std::size_t number = 0;
  for (std::string_view line : base::split(*text, '\n')) {
    ++number;
    line = base::trim(line.substr(0, line.find('#')));
    if (line.empty()) {
      continue;
    }
    auto token = read_line(line, number, path);
    if (!token) {
      return tl::unexpected(token.error());
    }
    if (std::ranges::find(out.tokens_, token->sha256, &Token::sha256) != out.tokens_.end()) {
      return base::fail(access_parts::Code::kInvalidArgument, "the token stands there twice",
                        fmt::format("{}:{}", path, number), "Give each its own.");
    }
    out.tokens_.push_back(*std::move(token));
  }
  if (out.tokens_.empty()) {
    return base::fail(access_parts::Code::kInvalidArgument, "the token file holds no token", path,
                      "Make one: umask 077; openssl rand -hex 32 > FILE");
  }
  return out;
}

std::optional<Caller> Access::caller(std::string_view authorization) const {
  if (tokens_.empty()) {
    return Caller{everybody_, "local"};
  }
  constexpr std::string_view kScheme = "bearer ";
  const bool is_bearer =
      authorization.size() > kScheme.size() &&
      std::ranges::equal(authorization.substr(0, kScheme.size()), kScheme, {}, [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      });
  const std::string digest = net::sha256_hex(
      is_bearer ? base::trim(authorization.substr(kScheme.size())) : std::string_view());
  std::optional<Caller> out;
  for (const Token& token : tokens_) {  // all of them, whichever it is
    if (net::is_equal_secret(token.sha256, digest)) {
      out = token.caller;
    }
  }
  return out;
}

}  // namespace weft::serve
