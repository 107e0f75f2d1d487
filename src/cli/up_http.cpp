// SPDX-License-Identifier: Apache-2.0
#include "cli/up_http.h"

#include "base/text.h"
#include "net/http_server.h"
#include "serve/api/api.h"
#include "serve/api/token.h"

#include <cstdint>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace weft::cli {
namespace up_http_parts {

using base::Code;

class LivingHttp : public UpHttp {
 public:
  LivingHttp(UpPlane& plane, serve::ApiOptions options) : api_(plane.api(), std::move(options)) {}
  base::Result<void> listen(net::HttpServerOptions options) {
    options.headers = serve::Api::headers();
    auto started = net::HttpServer::start(api_.handler(), std::move(options));
    if (!started) {
      return tl::unexpected(started.error());
    }
    server_ = std::move(*started);
    return {};
  }
  [[nodiscard]] const std::string& address() const override { return server_->address(); }

 private:
  serve::Api api_;
  std::unique_ptr<net::HttpServer> server_;  // goes first
};

base::Result<net::HttpServerOptions> read_place(const std::string& text) {
  constexpr std::string_view kUnix = "unix:";
  constexpr std::uint64_t kPortMost = 65535;
  net::HttpServerOptions out;
  if (text.starts_with(kUnix) && text.size() > kUnix.size()) {
    out.unix_path = text.substr(kUnix.size());
    return out;
  }
  const auto port = base::parse_unsigned(text);
  if (!port || *port > kPortMost) {
    return base::fail(Code::kInvalidArgument,
                      "--http: '" + base::printable(text, 60) + "' is no port of this machine", {},
                      "Write a port, 0 for a free one, unix:PATH, or off. Other addresses are not "
                      "served: there is no TLS yet.");
  }
  out.port = static_cast<std::uint16_t>(*port);
  return out;
}

}  // namespace up_http_parts

base::Result<std::unique_ptr<UpHttp>> open_http(const Arguments& arguments, UpPlane* plane) {
  using base::Code;
  const std::string where = arguments.value("--http").value_or("off");
  if (where == "off") {
    if (arguments.has("--http-token")) {
      return base::fail(Code::kInvalidArgument, "--http-token needs --http", {}, "Give both.");
    }
    return std::unique_ptr<UpHttp>();
  }
  auto place = up_http_parts::read_place(where);
  if (!place) {
    return tl::unexpected(place.error());
  }
  if (plane == nullptr) {
    return base::fail(Code::kInvalidArgument, "--http has nothing to tell with --no-plane", {},
                      "Leave one of them out.");
  }
  serve::ApiOptions options;
  options.epoch = fmt::format("{:x}", base::wall_now().ns);
  if (const auto file = arguments.value("--http-token")) {
    auto token = serve::read_token(*file);
    if (!token) {
      return tl::unexpected(token.error());
    }
    options.token = *std::move(token);
  }
  auto out = std::make_unique<up_http_parts::LivingHttp>(*plane, std::move(options));
  if (auto listening = out->listen(*std::move(place)); !listening) {
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
             : fmt::format("API: {}/api/v1\n", address);
}

}  // namespace weft::cli
