// SPDX-License-Identifier: Apache-2.0
#include "cli/up_http.h"

#include "base/temp_folder.h"
#include "base/text.h"
#include "base/time.h"
#include "net/http_server.h"
#include "net/tls_front.h"
#include "serve/api/api.h"
#include "serve/page/assets.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <malloc.h>

namespace weft::cli {
namespace up_http_parts {

using base::Code;

constexpr std::uint16_t kPort = 8088;

/// Answers of megabytes come and go in several threads. A mapping for each leaves no holes behind:
/// a rack with clients stays 70 MB smaller than where the C library may raise this limit by itself.
void return_large_blocks() {
#ifdef __GLIBC__
  ::mallopt(M_MMAP_THRESHOLD, 256 << 10);
#endif
}

struct Place {
  net::HttpServerOptions server;
  std::optional<net::TlsFrontOptions> tls;
};

class LivingHttp : public UpHttp {
 public:
  LivingHttp(serve::Pages pages, serve::AuditLog audit) : pages_(std::move(pages)) {
    audit_ = std::move(audit);
  }

  base::Result<void> listen(HttpParts parts, serve::ApiOptions options, Place where,
                            bool may_move) {
    net::HttpServerOptions place = std::move(where.server);
    if (where.tls) {
      place.unix_path = inner_.emplace("weft-tls").at("http.sock");
    }
    options.pages = &pages_;
    options.audit = [this](serve::AuditEntry entry) {
      entry.at = base::wall_now();
      if (const auto kept = audit_.add(entry); !kept) {
        report({Code::kUnavailable, kept.error().text(), {}, {}});
      }
    };
    api_ = std::make_unique<serve::Api>(std::move(parts.source), std::move(options));
    place.headers = serve::Api::headers();
    auto started = net::HttpServer::start(api_->handler(), place);
    if (!started && may_move && started.error().code == Code::kAlreadyExists) {
      place.port = 0;
      started = net::HttpServer::start(api_->handler(), place);
    }
    if (!started) {
      return tl::unexpected(started.error());
    }
    server_ = std::move(*started);
    if (!where.tls) {
      return {};
    }
    where.tls->unix_path = place.unix_path;
    auto front = net::TlsFront::start(*std::move(where.tls));
    if (!front) {
      return tl::unexpected(front.error());
    }
    front_ = std::move(*front);
    return {};
  }
  [[nodiscard]] const std::string& address() const override {
    return front_ ? front_->address() : server_->address();
  }

 private:
  serve::Pages pages_;
  serve::AuditLog audit_;
  std::unique_ptr<serve::Api> api_;
  std::optional<base::TempFolder> inner_;  // where the server is that TLS stands in front of
  std::unique_ptr<net::HttpServer> server_;
  std::unique_ptr<net::TlsFront> front_;  // goes first
};

/// What of the options TLS needs, and the token that a network needs beside it.
base::Result<net::TlsFrontOptions> read_tls(const Arguments& arguments, std::string_view address,
                                            std::uint16_t port) {
  net::TlsFrontOptions out;
  for (const char* name : {"--tls-cert", "--tls-key", "--http-token"}) {
    if (!arguments.has(name)) {
      return base::fail(
          Code::kInvalidArgument,
          fmt::format("--http {} is reached over a network, and needs {}", address, name), {},
          "Give --tls-cert, --tls-key and --http-token, or name only a port.");
    }
  }
  if (address.starts_with('[') && address.ends_with(']')) {
    address = address.substr(1, address.size() - 2);
  }
  out.address = address;
  out.port = port;
  out.certificate = *arguments.value("--tls-cert");
  out.key = *arguments.value("--tls-key");
  return out;
}

base::Result<Place> read_place(const Arguments& arguments, const std::string& text) {
  constexpr std::string_view kUnix = "unix:";
  constexpr std::uint64_t kPortMost = 65535;
  Place out;
  if (text.starts_with(kUnix) && text.size() > kUnix.size()) {
    out.server.unix_path = text.substr(kUnix.size());
    return out;
  }
  const std::size_t colon = text.rfind(':');
  const bool is_of_network = colon != text.npos && colon > 0;
  const auto port = base::parse_unsigned(is_of_network ? text.substr(colon + 1) : text);
  if (!port || *port > kPortMost) {
    return base::fail(Code::kInvalidArgument,
                      "--http: '" + base::printable(text, 60) + "' is no port of this machine", {},
                      "Write a port, 0 for a free one, unix:PATH, or ADDRESS:PORT.");
  }
  out.server.port = static_cast<std::uint16_t>(*port);
  if (!is_of_network) {
    return out;
  }
  auto tls = read_tls(arguments, std::string_view(text).substr(0, colon), out.server.port);
  if (!tls) {
    return tl::unexpected(tls.error());
  }
  out.tls = *std::move(tls);
  return out;
}

base::Result<serve::Pages> pages_of(const Arguments& arguments) {
  const auto folder = arguments.value("--ui-dir");
  if (!folder) {
    return serve::Pages(serve::page_assets());
  }
  std::error_code ignored;
  if (!std::filesystem::is_directory(*folder, ignored)) {
    return base::fail(Code::kNotFound, "--ui-dir: there is no such folder", *folder,
                      "Name what web/build.mjs wrote.");
  }
  return serve::Pages(*folder);
}

/// Without tokens: who can reach the socket is this user; who can reach the port is anybody on this
/// machine, and may change a simulation only.
base::Result<serve::Access> access_of(const Arguments& arguments, bool is_simulated,
                                      const net::HttpServerOptions& place) {
  if (const auto file = arguments.value("--http-token")) {
    return serve::Access::read(*file);
  }
  return serve::Access(is_simulated || !place.unix_path.empty() ? serve::ApiRole::kOperator
                                                                : serve::ApiRole::kViewer);
}

}  // namespace up_http_parts

base::Result<std::unique_ptr<UpHttp>> open_http(const Arguments& arguments, HttpParts parts) {
  if (arguments.has("--no-http")) {
    for (const char* name : {"--http", "--http-token", "--tls-cert", "--tls-key", "--ui-dir"}) {
      if (arguments.has(name)) {
        return base::fail(base::Code::kInvalidArgument,
                          std::string(name) + " has no use with --no-http", {},
                          "Leave one of them out.");
      }
    }
    return std::unique_ptr<UpHttp>();
  }
  const auto where = arguments.value("--http");
  auto place =
      up_http_parts::read_place(arguments, where.value_or(std::to_string(up_http_parts::kPort)));
  if (!place) {
    return tl::unexpected(place.error());
  }
  auto pages = up_http_parts::pages_of(arguments);
  if (!pages) {
    return tl::unexpected(pages.error());
  }
  auto access = up_http_parts::access_of(arguments, parts.is_simulated, place->server);
  if (!access) {
    return tl::unexpected(access.error());
  }
  auto audit = serve::AuditLog::open(parts.audit);
  if (!audit) {
    return tl::unexpected(audit.error());
  }
  up_http_parts::return_large_blocks();
  serve::ApiOptions options;
  options.epoch = fmt::format("{:x}", base::wall_now().ns);
  options.access = *std::move(access);
  auto out = std::make_unique<up_http_parts::LivingHttp>(*std::move(pages), *std::move(audit));
  if (auto listening = out->listen(std::move(parts), std::move(options), *std::move(place), !where);
      !listening) {
    return tl::unexpected(listening.error());
  }
  return out;
}

std::string http_line(const UpHttp* http) {
  if (http == nullptr) {
    return {};
  }
  const std::string& address = http->address();
  return address.starts_with("unix:")
             ? fmt::format("API: curl --unix-socket {} http://localhost/api/v1\n",
                           address.substr(address.find(':') + 1))
             : fmt::format("Open {}/ in a browser (API: {}/api/v1)\n", address, address);
}

}  // namespace weft::cli
