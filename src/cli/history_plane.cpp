// SPDX-License-Identifier: Apache-2.0
#include "cli/history_plane.h"

#include "base/text.h"
#include "cli/draw/axis.h"
#include "cli/up_services.h"
#include "serve/query.h"
#include "telemetry/store.h"
#include "twin/door/unix_socket.h"

#include <array>
#include <cmath>
#include <filesystem>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <sys/time.h>

namespace weft::cli {

using base::Code;
using base::Result;

struct Plane::Impl {
  std::unique_ptr<telemetry::Store> store;
  twin::door::OwnedFd socket;
  std::string path;
  std::string in;

  Result<std::string> receive() {
    constexpr std::size_t kAnswerMost = std::size_t{256} << 20;
    std::array<char, std::size_t{64} * 1024> part{};
    std::size_t searched = 0;
    std::size_t end = 0;
    while ((end = in.find('\n', searched)) == std::string::npos) {
      searched = in.size();
      const auto got = ::recv(socket.get(), part.data(), part.size(), 0);
      if (got <= 0 || in.size() > kAnswerMost) {
        return base::fail(Code::kUnavailable,
                          got < 0 ? "no answer within a minute" : "the weft up there has gone",
                          path);
      }
      in.append(part.data(), static_cast<std::size_t>(got));
    }
    std::string out = in.substr(0, end);
    in.erase(0, end + 1);
    return out;
  }

  Result<std::string> ask(const std::string& line) {
    if (store) {
      return serve::answer({.store = store.get(), .findings = {}, .now = base::wall_now()}, line);
    }
    const std::string out = line + "\n";
    for (std::size_t done = 0; done < out.size();) {
      const auto sent = ::send(socket.get(), out.data() + done, out.size() - done, MSG_NOSIGNAL);
      if (sent <= 0) {
        return base::fail(Code::kUnavailable, "the weft up there has gone", path);
      }
      done += static_cast<std::size_t>(sent);
    }
    return receive();
  }
};

namespace history_plane {

constexpr std::string_view kStartOne =
    "Start one with weft up, name its folder with --folder, or read a store with --store.";

Result<std::string> socket_path(const Arguments& arguments) {
  if (const auto socket = arguments.value("--socket")) {
    return *socket;
  }
  if (const auto folder = arguments.value("--folder")) {
    return *folder + "/plane.sock";
  }
  std::vector<std::string> living;
  for (const std::string& control : living_control_sockets()) {
    living.push_back((std::filesystem::path(control).parent_path() / "plane.sock").string());
  }
  if (living.empty()) {
    return base::fail(Code::kUnavailable, "no weft up is running", {}, std::string(kStartOne));
  }
  if (living.size() > 1) {
    return base::fail(Code::kInvalidArgument, "several weft up are running", {},
                      fmt::format("Name one with --socket: {}.", fmt::join(living, ", ")));
  }
  return living.front();
}

base::Error error_of(const Plane::Json& answer) {
  base::Error out{Code::kDataLoss, "what listens there is no control plane", {}, {}};
  const auto found = answer.find("error");
  if (found == answer.end() || !found->is_object()) {
    return out;
  }
  constexpr int kCodes = 16;
  for (int i = 1; i <= kCodes; ++i) {
    if (base::name(static_cast<Code>(i)) == said(*found, "code")) {
      out.code = static_cast<Code>(i);
    }
  }
  out.what = said(*found, "what");
  out.where = said(*found, "where");
  out.hint = said(*found, "hint");
  return out;
}

}  // namespace history_plane

Plane::Plane(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Plane::Plane(Plane&&) noexcept = default;
Plane& Plane::operator=(Plane&&) noexcept = default;
Plane::~Plane() = default;

Result<Plane> Plane::open(const Arguments& arguments) {
  auto impl = std::make_unique<Impl>();
  if (const auto folder = arguments.value("--store")) {
    std::error_code error;
    if (!std::filesystem::is_directory(*folder, error)) {
      return base::fail(Code::kNotFound, "there is no such folder", *folder,
                        "Name a store's folder with --store.");
    }
    telemetry::StoreOptions options;
    options.read_only = true;
    auto store = telemetry::Store::open(*folder, options);
    if (!store) {
      return tl::unexpected(store.error());
    }
    impl->store = *std::move(store);
    return Plane(std::move(impl));
  }
  const auto path = history_plane::socket_path(arguments);
  if (!path) {
    return tl::unexpected(path.error());
  }
  auto connected = twin::door::connect_unix(*path);
  if (!connected) {
    const bool is_denied = connected.error().code == Code::kPermissionDenied;
    return base::fail(connected.error().code,
                      is_denied ? "the socket is another user's" : "no control plane listens there",
                      *path, std::string(history_plane::kStartOne));
  }
  impl->socket = *std::move(connected);
  impl->path = *path;
  constexpr timeval kPatience{.tv_sec = 60, .tv_usec = 0};
  ::setsockopt(impl->socket.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  const auto greeting = impl->receive();
  if (!greeting) {
    return tl::unexpected(greeting.error());
  }
  const Json json = Json::parse(*greeting, nullptr, false);
  if (!json.is_object() || said(json, "schema") != serve::kPlaneSchema) {
    return base::fail(Code::kFailedPrecondition, "is no plane socket of this version", *path);
  }
  return Plane(std::move(impl));
}

Result<std::string> Plane::ask_line(const Json& request) {
  auto line = impl_->ask(request.dump(-1, ' ', false, Json::error_handler_t::replace));
  constexpr std::string_view kRefused = R"("ok":false)";
  constexpr std::size_t kHead = 200;  // "ok" stands before everything else
  if (line && line->substr(0, kHead).find(kRefused) != std::string::npos) {
    return tl::unexpected(history_plane::error_of(Json::parse(*line, nullptr, false)));
  }
  return line;
}

Result<Plane::Json> Plane::ask(const Json& request) {
  const auto line = ask_line(request);
  if (!line) {
    return tl::unexpected(line.error());
  }
  Json json = Json::parse(*line, nullptr, false);
  if (!json.is_object() || !json.value("ok", false)) {
    return tl::unexpected(history_plane::error_of(Json::object()));
  }
  return json;
}

Result<double> parse_span_s(std::string_view text) {
  struct Unit {
    std::string_view name;
    double seconds;
  };
  constexpr Unit kUnits[] = {{"", 1},     {"s", 1},     {"m", 60},    {"min", 60},
                             {"h", 3600}, {"d", 86400}, {"w", 604800}};
  const std::string_view all = base::trim(text);
  const std::size_t end = std::min(all.find_first_not_of("0123456789."), all.size());
  const auto number = base::parse_double(all.substr(0, end));
  for (const Unit& unit : kUnits) {
    if (number && unit.name == base::trim(all.substr(end))) {
      return *number * unit.seconds;
    }
  }
  return base::fail(Code::kInvalidArgument, "'" + base::printable(text, 40) + "' is no time span",
                    {}, "Write it like 30s, 10m, 2h or 1d.");
}

Result<void> ask_time(const Arguments& arguments, const char* option,
                      nlohmann::ordered_json& request) {
  const auto value = arguments.value(option);
  if (!value) {
    return {};
  }
  const std::string member = std::string(option).substr(2);
  if (const auto at = serve::parse_time(*value)) {
    request[member] = base::iso8601(*at);
    return {};
  }
  const auto span = parse_span_s(*value);
  if (!span) {
    return base::fail(Code::kInvalidArgument,
                      "'" + base::printable(*value, 40) + "' is neither a time nor a span", option,
                      "Write it like 2h, or like 2026-11-22T19:14Z.");
  }
  request[member + "_s"] = *span;
  return {};
}

std::string said(const nlohmann::ordered_json& answer, const char* name) {
  const auto at = answer.find(name);
  return at != answer.end() && at->is_string() ? base::printable(at->get<std::string>(), 400)
                                               : std::string();
}

std::string place_of(const nlohmann::ordered_json& row) {
  if (const std::string planned = said(row, "planned"); !planned.empty()) {
    return planned;
  }
  const std::string host = said(row, "host");
  const std::string name = said(row, "name");
  if (name.empty()) {
    return host.empty() || row.contains("subject") ? said(row, "subject") : host;
  }
  return host.empty() ? name : host + " " + name;
}

std::string number_text(const nlohmann::ordered_json& value) {
  if (value.is_number_integer()) {
    return value.dump();
  }
  if (value.is_number()) {
    return draw::figure_text(value.get<double>(), 4);
  }
  return value.is_string() ? base::printable(value.get<std::string>()) : value.dump();
}

}  // namespace weft::cli
