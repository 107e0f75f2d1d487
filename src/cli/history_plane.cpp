// SPDX-License-Identifier: Apache-2.0
#include "cli/history_plane.h"

#include "base/span.h"
#include "base/text.h"
#include "cli/draw/axis.h"
#include "serve/control_plane.h"
#include "serve/query.h"
#include "telemetry/store.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

namespace weft::cli {

using base::Code;
using base::Result;

struct Plane::Impl {
  std::unique_ptr<telemetry::Store> store;
  std::vector<diagnose::LivingFinding> findings;  ///< that the store keeps
  std::optional<LineClient> client;               ///< where there is no store

  Result<std::string> ask(const std::string& line) {
    if (store) {
      return serve::answer({.store = store.get(), .findings = findings, .now = base::wall_now()},
                           line);
    }
    return client->ask(line);
  }
};

namespace history_plane {

constexpr LineService kService = {
    .name = "plane",
    .schema = serve::kPlaneSchema,
    .what = "control plane",
    .hint = "Start one with weft up, name its folder with --folder, or read a store with --store."};

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
    auto findings = serve::saved_findings(*impl->store);
    if (!findings) {
      return tl::unexpected(findings.error());
    }
    impl->findings = *std::move(findings);
    return Plane(std::move(impl));
  }
  auto client = LineClient::open(arguments, history_plane::kService);
  if (!client) {
    return tl::unexpected(client.error());
  }
  impl->client = *std::move(client);
  return Plane(std::move(impl));
}

Result<std::string> Plane::ask_line(const Json& request) {
  auto line = impl_->ask(request.dump(-1, ' ', false, Json::error_handler_t::replace));
  constexpr std::string_view kRefused = R"("ok":false)";
  constexpr std::size_t kHead = 200;  // "ok" stands before everything else
  if (line && line->substr(0, kHead).find(kRefused) != std::string::npos) {
    return tl::unexpected(error_of(Json::parse(*line, nullptr, false)));
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
    return tl::unexpected(error_of(Json::object()));
  }
  return json;
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
  const auto span = base::parse_span(*value);
  if (!span) {
    return base::fail(Code::kInvalidArgument,
                      "'" + base::printable(*value, 40) + "' is neither a time nor a span", option,
                      "Write it like 2h, or like 2026-11-22T19:14Z.");
  }
  request[member + "_s"] = span->seconds();
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
