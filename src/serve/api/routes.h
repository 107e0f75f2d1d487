// SPDX-License-Identifier: Apache-2.0
// The API's routes as one table: what is asked, with which parameters, who may, what comes back.
// Matching, checks of parameters and the OpenAPI document (openapi.h) all come from it. One more
// route: a row in routes.cpp and, for a new shape of answer, a schema in openapi.cpp. Routes that
// write (world_routes.h, mark_routes.h) only try unless `apply` is true.
#pragma once

#include "base/result.h"
#include "net/http_target.h"
#include "serve/api/access.h"
#include "serve/api/source.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::serve {

enum class ApiKind : std::uint8_t { kText, kCount, kSeconds, kChoice, kBool };

struct ApiParameter {
  std::string_view name;
  ApiKind kind = ApiKind::kText;
  std::string_view help;
  std::string_view fallback = "";  ///< what holds where it is absent
  std::string_view choices = "";   ///< of kChoice: "open closed"
  bool is_needed = false;
  bool is_of_path = false;
  std::string_view example = "";
};

/// A request that fits its route: every parameter that was given or has a fallback, checked.
struct ApiCall {
  struct Value {
    const ApiParameter* parameter = nullptr;
    std::string text;
  };
  std::string path;
  std::vector<Value> values;        ///< in the table's order
  ApiRole role = ApiRole::kViewer;  ///< of who asks
  std::string who;                  ///< asks for a write: the name of its token, or "local"

  [[nodiscard]] std::string_view text(std::string_view name) const;  ///< empty where absent
  [[nodiscard]] std::size_t count(std::string_view name) const;      ///< 0 where absent
  [[nodiscard]] bool is(std::string_view name) const { return text(name) == "true"; }
  /// The same call anywhere is the same text; `name` may stand for another value.
  [[nodiscard]] std::string target(std::string_view name = {}, std::string_view text = {}) const;
};

struct ApiText {
  std::string body;
  std::optional<std::string> next;  ///< target of the next page
};

struct ApiRoute {
  std::string_view path;  ///< "/api/v1/devices/{id}"
  std::string_view summary;
  ApiRole role = ApiRole::kViewer;
  std::span<const ApiParameter> parameters;
  std::string_view media;
  std::string_view schema;  ///< name in the document; empty for text
  /// Null for the stream of changes, which api.cpp keeps.
  base::Result<ApiText> (*run)(const ApiState& state, const ApiRoute& route, const ApiCall& call);
  std::string_view question = "";  ///< for the plane
  /// Others than GET write: parameters that are not of the path stand in a JSON body (POST) or in
  /// the query (DELETE); the answer is not kept.
  std::string_view method = "GET";
  bool is_fresh = false;  ///< its answer changes between looks, or by who asks: never kept
};

inline constexpr std::string_view kJsonMedia = "application/json";
inline constexpr std::string_view kMetricsMedia = "text/plain; version=0.0.4; charset=utf-8";
inline constexpr std::string_view kEventsMedia = "text/event-stream";
inline constexpr std::string_view kProblemMedia = "application/problem+json";

[[nodiscard]] std::span<const ApiRoute> api_routes();
/// nullptr where no route has that path and method.
[[nodiscard]] const ApiRoute* find_route(const net::Target& target,
                                         std::string_view method = "GET");
/// "GET, HEAD, POST" of a path; empty where there is no such path.
[[nodiscard]] std::string allowed_methods(const net::Target& target);
/// The members of a JSON object as fields of a query. kInvalidArgument: it is none, or holds
/// lists or objects.
[[nodiscard]] base::Result<std::vector<std::pair<std::string, std::string>>> body_fields(
    std::string_view body);
/// kInvalidArgument names the parameter and says what there is.
[[nodiscard]] base::Result<ApiCall> read_call(const ApiRoute& route, const net::Target& target);

/// RFC 9110's status for a mistake.
[[nodiscard]] unsigned status_of(base::Code code);
/// RFC 9457, with "code", "where" and "hint" of ours.
[[nodiscard]] std::string problem_json(unsigned status, std::string_view title,
                                       const base::Error& error);

}  // namespace weft::serve
