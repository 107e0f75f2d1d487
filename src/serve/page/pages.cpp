// SPDX-License-Identifier: Apache-2.0
#include "serve/page/pages.h"

#include "base/text.h"
#include "net/digest.h"
#include "net/gzip.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace weft::serve {
namespace page_parts {

constexpr std::size_t kFileBytesMost = std::size_t{16} << 20;
constexpr std::string_view kIndex = "/index.html";

/// Scripts, styles and questions of this origin alone; nothing in a frame, nothing inline.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data: blob:; font-src 'self'; manifest-src 'self'; worker-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

struct TypeRow {
  std::string_view ending;
  std::string_view type;
};
constexpr std::array kTypes = std::to_array<TypeRow>({
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".webmanifest", "application/manifest+json"},
    {".txt", "text/plain; charset=utf-8"},
});

std::string type_of(std::string_view path) {
  for (const TypeRow& row : kTypes) {
    if (path.ends_with(row.ending)) {
      return std::string(row.type);
    }
  }
  return "application/octet-stream";
}

/// RFC 9110 section 13.1.2, each tag with quotes.
bool is_known(std::string_view if_none_match, std::string_view tag) {
  for (std::string_view each : base::split(if_none_match, ',')) {
    each = base::trim(each);
    each.remove_prefix(each.starts_with("W/") ? 2 : 0);
    if (each == "*" || each == tag) {
      return true;
    }
  }
  return false;
}

/// What the API answers for is never a page.
bool is_of_api(const std::vector<std::string>& segments) {
  return !segments.empty() && (segments[0] == "api" || segments[0] == "metrics");
}

std::string path_of(const std::vector<std::string>& segments) {
  std::string out;
  for (const std::string& segment : segments) {
    out += "/" + segment;
  }
  return out.empty() ? std::string(kIndex) : out;
}

}  // namespace page_parts

Pages::Pages(std::span<const Asset> assets) {
  for (const Asset& asset : assets) {
    File& file = files_.emplace_back();
    file.path = asset.path;
    file.type = asset.content_type;
    file.tag = asset.sha256;
    file.immutable = asset.immutable;
    std::string packed(reinterpret_cast<const char*>(asset.gzip.data()), asset.gzip.size());
    if (auto plain = net::gunzip(packed, page_parts::kFileBytesMost)) {
      file.plain = std::make_shared<const std::string>(*std::move(plain));
    }
    file.packed = std::make_shared<const std::string>(std::move(packed));
  }
  std::ranges::sort(files_, {}, &File::path);
}

Pages::Pages(std::string folder) : folder_(std::move(folder)) {}

net::HttpAnswer Pages::say(const File& file, const net::HttpRequest& request) {
  const bool is_packed =
      file.packed &&
      (!file.plain || net::accepts_gzip(net::header(request.headers, "Accept-Encoding")));
  const std::string tag = fmt::format("\"{}{}\"", file.tag, is_packed ? "-gzip" : "");
  net::HttpAnswer out;
  out.headers = {
      {"ETag", tag},
      {"Cache-Control", file.immutable ? "public, max-age=31536000, immutable" : "no-cache"},
      {"Vary", "Accept-Encoding"},
      {"Content-Security-Policy", std::string(page_parts::kPolicy)}};
  if (page_parts::is_known(net::header(request.headers, "If-None-Match"), tag)) {
    out.status = 304;
    return out;
  }
  out.headers.emplace_back("Content-Type", file.type);
  if (is_packed) {
    out.headers.emplace_back("Content-Encoding", "gzip");
  }
  out.body = is_packed ? file.packed : file.plain;
  return out;
}

std::optional<Pages::File> Pages::read(const std::string& path) const {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path root = fs::canonical(folder_, error);
  const fs::path place = error ? fs::path() : fs::canonical(folder_ + path, error);
  if (error || !place.native().starts_with(root.native() + "/") ||
      !fs::is_regular_file(place, error) ||
      fs::file_size(place, error) > page_parts::kFileBytesMost || error) {
    return std::nullopt;
  }
  std::ifstream stream(place, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  if (stream.bad()) {
    return std::nullopt;
  }
  File out;
  out.path = path;
  out.type = page_parts::type_of(path);
  out.tag = net::sha256_hex(text);
  out.plain = std::make_shared<const std::string>(std::move(text));
  return out;
}

std::optional<net::HttpAnswer> Pages::find(const std::string& path,
                                           const net::HttpRequest& request) const {
  if (!folder_.empty()) {
    const auto file = read(path);
    return file ? std::optional(say(*file, request)) : std::nullopt;
  }
  const auto found = std::ranges::lower_bound(files_, path, {}, &File::path);
  return found != files_.end() && found->path == path ? std::optional(say(*found, request))
                                                      : std::nullopt;
}

std::optional<net::HttpAnswer> Pages::answer(const net::HttpRequest& request) const {
  const auto& segments = request.target.segments;
  if (request.method != "GET" || page_parts::is_of_api(segments)) {
    return std::nullopt;
  }
  // A segment may hold "/" (an id, percent-encoded): that is no folder.
  const bool is_plain = std::ranges::none_of(
      segments, [](const std::string& each) { return each.find('/') != each.npos; });
  if (is_plain) {
    if (auto out = find(page_parts::path_of(segments), request)) {
      return out;
    }
  }
  const bool is_opened =
      net::header(request.headers, "Accept").find("text/html") != std::string_view::npos;
  return is_opened ? find(std::string(page_parts::kIndex), request) : std::nullopt;
}

}  // namespace weft::serve
