// SPDX-License-Identifier: Apache-2.0
// Notices on their way to one receiver: what could not be sent is kept, in order, and tried again
// later, through restarts too. A thread of its own, so that a receiver which does not answer holds
// nobody up. What a notice says goes to the receiver and nowhere else; a token is never logged.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "net/http_client.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weft::serve {

struct WebhookOptions {
  net::Url url;
  std::string token = {};    ///< sent as "Authorization: Bearer …"; empty: none
  std::string ca_file = {};  ///< PEM; empty: the system's
  base::Duration timeout{10LL * 1'000'000'000};
  base::Duration first_retry{10LL * 1'000'000'000};  ///< doubled each time
  base::Duration last_retry{600LL * 1'000'000'000};
  std::size_t kept_most = 1000;  ///< the oldest is dropped, and counted
};

/// With the rest as it stands above. kInvalidArgument: the address is none.
[[nodiscard]] base::Result<WebhookOptions> webhook_to(std::string_view url);

struct WebhookStatus {
  std::uint64_t sent = 0;
  std::uint64_t failed = 0;   ///< tries that were not taken
  std::uint64_t dropped = 0;  ///< never sent
  std::size_t waiting = 0;
  std::string last_problem;
};

class Webhook {
 public:
  explicit Webhook(WebhookOptions options);
  /// Gives up what waits; save it by waiting().
  ~Webhook();
  Webhook(const Webhook&) = delete;
  Webhook& operator=(const Webhook&) = delete;

  void post(std::string body);
  [[nodiscard]] WebhookStatus status() const;
  /// Bodies not sent yet, oldest first.
  [[nodiscard]] std::vector<std::string> waiting() const;

 private:
  struct Sender;
  std::unique_ptr<Sender> sender_;
};

}  // namespace weft::serve
