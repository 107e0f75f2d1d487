// SPDX-License-Identifier: Apache-2.0
// The options of `weft up` that open its API over HTTP (docs/formats/api.md), and the server while
// it lives. Off unless it is asked for.
#pragma once

#include "base/result.h"
#include "cli/up_plane.h"
#include "cli/verb.h"

#include <memory>
#include <string>

namespace weft::cli {

class UpHttp {
 public:
  virtual ~UpHttp() = default;
  /// "http://127.0.0.1:8088", or "unix:PATH".
  [[nodiscard]] virtual const std::string& address() const = 0;
};

/// By --http and --http-token; null where no API is asked for. `plane` may be null (nobody judges),
/// and must outlive what is given. kInvalidArgument: wrong options; the server's and the token
/// file's own errors.
[[nodiscard]] base::Result<std::unique_ptr<UpHttp>> open_http(const Arguments& arguments,
                                                              UpPlane* plane);

/// The line for people.
[[nodiscard]] std::string http_line(const UpHttp* http);

}  // namespace weft::cli
