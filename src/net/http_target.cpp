// SPDX-License-Identifier: Apache-2.0
#include "net/http_target.h"

#include "base/text.h"
#include "net/headers.h"

#include <algorithm>

namespace weft::net {
namespace target_parts {

using base::Code;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_same(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, &lower, &lower);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char small = lower(c);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

/// The text without escapes: clean UTF-8 without control characters.
base::Result<std::string> decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low < 0) {
      return base::fail(Code::kInvalidArgument, "the target has an escape that is none",
                        base::printable(text, 80), "Write % and two hexadecimal digits.");
    }
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  if (base::printable(out, out.size()) != out) {
    return base::fail(Code::kInvalidArgument, "the target is not UTF-8, or has a control character",
                      base::printable(text, 80), "Escape UTF-8 text byte by byte.");
  }
  return out;
}

base::Result<void> read_path(std::string_view path, Target& out) {
  path.remove_suffix(path.ends_with('/') ? 1 : 0);  // "/a/" means "/a"
  if (path.empty()) {
    return {};
  }
  for (const std::string_view part : base::split(path.substr(1), '/')) {
    auto segment = decoded(part, false);
    if (!segment) {
      return tl::unexpected(segment.error());
    }
    if (segment->empty() || *segment == "." || *segment == "..") {
      return base::fail(Code::kInvalidArgument, "the path has an empty, . or .. segment",
                        base::printable(path, 80), "Write the path from / without them.");
    }
    out.segments.push_back(std::move(*segment));
  }
  return {};
}

base::Result<void> read_query(std::string_view query, Target& out) {
  if (query.empty()) {
    return {};
  }
  const auto fields = base::split(query, '&');
  if (fields.size() > kQueryFieldsMost) {
    return base::fail(Code::kResourceExhausted, "the query has more than 64 fields");
  }
  for (const std::string_view field : fields) {
    const std::size_t equals = std::min(field.find('='), field.size());
    auto name = decoded(field.substr(0, equals), true);
    auto value = decoded(field.substr(std::min(equals + 1, field.size())), true);
    if (!name || !value) {
      return tl::unexpected((name ? value : name).error());
    }
    out.query.emplace_back(std::move(*name), std::move(*value));
  }
  return {};
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace target_parts

std::string_view header(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (target_parts::is_same(key, name)) {
      return value;
    }
  }
  return {};
}

base::Result<Target> parse_target(std::string_view text) {
  using base::Code;
  if (text.size() > kTargetBytesMost) {
    return base::fail(Code::kResourceExhausted, "the target is longer than 8 KiB");
  }
  Target out;
  constexpr std::string_view kScheme = "http://";
  if (text.starts_with(kScheme)) {
    text.remove_prefix(kScheme.size());
    const std::size_t end = std::min(text.find_first_of("/?"), text.size());
    out.authority = base::printable(text.substr(0, end), 300);
    text.remove_prefix(end);
  }
  const std::size_t mark = std::min(text.find('?'), text.size());
  const std::string_view path =
      mark == 0 && !out.authority.empty() ? std::string_view("/") : text.substr(0, mark);
  if (!path.starts_with('/')) {
    return base::fail(Code::kInvalidArgument, "the target is no path", base::printable(text, 80),
                      "A path begins with /.");
  }
  if (text.find('#') != std::string_view::npos) {
    return base::fail(Code::kInvalidArgument, "the target has a fragment",
                      base::printable(text, 80), "Escape # as %23.");
  }
  if (auto read = target_parts::read_path(path, out); !read) {
    return tl::unexpected(read.error());
  }
  if (auto read = target_parts::read_query(text.substr(std::min(mark + 1, text.size())), out);
      !read) {
    return tl::unexpected(read.error());
  }
  return out;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  constexpr std::string_view kPlain = "-._~:*@";
  std::string out;
  for (const char c : text) {
    const char small = target_parts::lower(c);
    if ((small >= 'a' && small <= 'z') || (c >= '0' && c <= '9') ||
        kPlain.find(c) != std::string_view::npos) {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.push_back('%');
    out.push_back(kDigits[byte >> 4U]);
    out.push_back(kDigits[byte & 15U]);
  }
  return out;
}

bool is_own_host(std::string_view host, const std::vector<std::string>& names) {
  const std::size_t colon = host.rfind(':');
  const bool has_port = colon != std::string_view::npos && host.find(']', colon) == host.npos &&
                        target_parts::is_port(host.substr(colon + 1));
  const std::string_view name = has_port ? host.substr(0, colon) : host;
  for (const std::string_view own : {"localhost", "127.0.0.1", "[::1]"}) {
    if (target_parts::is_same(own, name)) {
      return true;
    }
  }
  return std::ranges::any_of(
      names, [name](const std::string& own) { return target_parts::is_same(own, name); });
}

}  // namespace weft::net
