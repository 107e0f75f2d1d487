// SPDX-License-Identifier: Apache-2.0
#include "cli/line_client.h"

#include "base/text.h"
#include "cli/up_services.h"

#include <array>
#include <filesystem>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <sys/time.h>

namespace weft::cli {

using base::Code;
using base::Result;

namespace line_client {

Result<std::string> socket_of(const Arguments& arguments, const LineService& service) {
  const std::string file = std::string(service.name) + ".sock";
  if (const auto socket = arguments.value("--socket")) {
    return *socket;
  }
  if (const auto folder = arguments.value("--folder")) {
    return *folder + "/" + file;
  }
  std::vector<std::string> living;
  for (const std::string& control : living_control_sockets()) {
    living.push_back((std::filesystem::path(control).parent_path() / file).string());
  }
  if (living.empty()) {
    return base::fail(Code::kUnavailable, "no weft up is running", {}, std::string(service.hint));
  }
  if (living.size() > 1) {
    return base::fail(Code::kInvalidArgument, "several weft up are running", {},
                      fmt::format("Name one with --socket: {}.", fmt::join(living, ", ")));
  }
  return living.front();
}

std::string text_in(const nlohmann::ordered_json& object, const char* name) {
  const auto at = object.find(name);
  return at != object.end() && at->is_string() ? base::printable(at->get<std::string>(), 400)
                                               : std::string();
}

}  // namespace line_client

Result<LineClient> LineClient::open(const Arguments& arguments, const LineService& service) {
  const auto path = line_client::socket_of(arguments, service);
  if (!path) {
    return tl::unexpected(path.error());
  }
  auto connected = twin::door::connect_unix(*path);
  if (!connected && connected.error().code == Code::kInvalidArgument) {
    return tl::unexpected(connected.error());
  }
  if (!connected) {
    const bool is_denied = connected.error().code == Code::kPermissionDenied;
    return base::fail(connected.error().code,
                      is_denied ? "the socket is another user's"
                                : fmt::format("no {} listens there", service.what),
                      *path, std::string(service.hint));
  }
  LineClient out;
  out.socket_ = *std::move(connected);
  out.path_ = *path;
  constexpr timeval kPatience{.tv_sec = 60, .tv_usec = 0};
  ::setsockopt(out.socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  if (auto greeted = out.greet(service); !greeted) {
    return tl::unexpected(greeted.error());
  }
  return out;
}

Result<void> LineClient::greet(const LineService& service) {
  const auto greeting = receive();
  if (!greeting) {
    return tl::unexpected(greeting.error());
  }
  const auto json = nlohmann::ordered_json::parse(*greeting, nullptr, false);
  if (!json.is_object() || line_client::text_in(json, "schema") != service.schema) {
    return base::fail(Code::kFailedPrecondition,
                      fmt::format("is no {} socket of this version", service.name), path_);
  }
  return {};
}

Result<std::string> LineClient::ask(std::string line) {
  line += '\n';
  for (std::size_t done = 0; done < line.size();) {
    const auto sent = ::send(socket_.get(), line.data() + done, line.size() - done, MSG_NOSIGNAL);
    if (sent <= 0) {
      return base::fail(Code::kUnavailable, "the weft up there has gone", path_);
    }
    done += static_cast<std::size_t>(sent);
  }
  return receive();
}

Result<std::string> LineClient::receive() {
  constexpr std::size_t kAnswerMost = std::size_t{256} << 20;
  std::array<char, std::size_t{64} * 1024> part{};
  std::size_t searched = 0;
  std::size_t end = 0;
  while ((end = in_.find('\n', searched)) == std::string::npos) {
    searched = in_.size();
    const auto got = ::recv(socket_.get(), part.data(), part.size(), 0);
    if (got <= 0 || in_.size() > kAnswerMost) {
      return base::fail(Code::kUnavailable,
                        got < 0 ? "no answer within a minute" : "the weft up there has gone",
                        path_);
    }
    in_.append(part.data(), static_cast<std::size_t>(got));
  }
  std::string out = in_.substr(0, end);
  in_.erase(0, end + 1);
  return out;
}

base::Error error_of(const nlohmann::ordered_json& answer) {
  base::Error out{Code::kDataLoss, "what listens there gives no answer that weft knows", {}, {}};
  if (!answer.is_object()) {
    return out;
  }
  const auto found = answer.find("error");
  if (found == answer.end() || !found->is_object()) {
    return out;
  }
  constexpr int kCodes = 16;
  for (int i = 1; i <= kCodes; ++i) {
    if (base::name(static_cast<Code>(i)) == line_client::text_in(*found, "code")) {
      out.code = static_cast<Code>(i);
    }
  }
  out.what = line_client::text_in(*found, "what");
  out.where = line_client::text_in(*found, "where");
  out.hint = line_client::text_in(*found, "hint");
  return out;
}

}  // namespace weft::cli
