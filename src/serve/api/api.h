// SPDX-License-Identifier: Apache-2.0
// The API as an HTTP handler: routes.h's answers with roles, ETags, gzip and problem reports, the
// stream of changes, and the page beside it. What writes needs its role, a request of no other
// origin's page, and leaves a line in the audit. What is known already is answered at once from a
// small cache; the rest by one thread of its own, so that a look at the machines never holds the
// server. docs/formats/api.md
#pragma once

#include "base/time.h"
#include "net/http_server.h"
#include "serve/api/access.h"
#include "serve/api/audit.h"
#include "serve/api/source.h"
#include "serve/page/pages.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace weft::serve {

struct ApiOptions {
  Access access = Access(ApiRole::kViewer);
  /// Gets what was written or refused, without its time; null: nobody is told.
  std::function<void(AuditEntry)> audit = {};
  const Pages* pages = nullptr;  ///< must outlive it; null: no page
  std::string epoch = "0";       ///< another for each start: letters and digits (changes.h)
  std::size_t streams_most = 256;
  std::size_t waiting_most = 1024;  ///< requests that wait for the thread
  /// Likewise, of routes that took long the last time: they get half of its time at most.
  std::size_t slow_waiting_most = 32;
  std::size_t cache_bytes_most = std::size_t{64} << 20;
  base::Duration tick{200LL * 1'000'000};          ///< between looks for changes
  base::Duration heartbeat{15LL * 1'000'000'000};  ///< of a stream without events
};

class Api {
 public:
  Api(ApiSource source, ApiOptions options);
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  /// For net::HttpServer, which must end first.
  [[nodiscard]] net::HttpHandler handler();
  /// For every answer: nothing is guessed, framed, or given to other origins.
  [[nodiscard]] static net::Headers headers();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weft::serve
