// SPDX-License-Identifier: Apache-2.0
#include "serve/webhook.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include <fmt/format.h>

namespace weft::serve {

struct Webhook::Sender {
  explicit Sender(WebhookOptions how) : options(std::move(how)), thread([this] { run(); }) {}
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;
  ~Sender() {
    {
      const std::lock_guard hold(mutex);
      stops = true;
    }
    woken.notify_all();
    thread.join();
  }

  void run() {
    base::Duration wait = options.first_retry;
    std::unique_lock hold(mutex);
    for (;;) {
      woken.wait(hold, [this] { return stops || !bodies.empty(); });
      if (stops) {
        return;
      }
      const std::string body = bodies.front();
      const std::uint64_t number = first;
      hold.unlock();
      const std::string problem = send(body);
      hold.lock();
      if (problem.empty()) {
        ++counts.sent;
        if (first == number) {  // it may have been dropped meanwhile
          bodies.pop_front();
          ++first;
        }
        wait = options.first_retry;
        continue;
      }
      ++counts.failed;
      counts.last_problem = problem;
      woken.wait_for(hold, std::chrono::nanoseconds(wait.ns), [this] { return stops; });
      wait.ns = std::min(wait.ns * 2, options.last_retry.ns);
    }
  }

  /// Empty where it was taken.
  [[nodiscard]] std::string send(const std::string& body) const {
    net::Request request;
    request.url = options.url;
    request.headers = {{"Content-Type", "application/json"}};
    if (!options.token.empty()) {
      request.headers.emplace_back("Authorization", "Bearer " + options.token);
    }
    request.body = body;
    const auto answer =
        net::send(request, {.timeout = options.timeout, .ca_file = options.ca_file});
    if (!answer) {
      return answer.error().text();
    }
    return answer->is_success() ? std::string()
                                : fmt::format("{}:{} answered {}", options.url.host,
                                              options.url.port, answer->status);
  }

  WebhookOptions options;
  mutable std::mutex mutex;
  std::condition_variable woken;
  std::deque<std::string> bodies;
  std::uint64_t first = 0;  // number of bodies.front()
  WebhookStatus counts;
  bool stops = false;
  std::thread thread;  // last: it uses all of the above
};

base::Result<WebhookOptions> webhook_to(std::string_view url) {
  auto read = net::parse_url(url);
  if (!read) {
    return tl::unexpected(read.error());
  }
  return WebhookOptions{.url = *std::move(read)};
}

Webhook::Webhook(WebhookOptions options) : sender_(std::make_unique<Sender>(std::move(options))) {}
Webhook::~Webhook() = default;

void Webhook::post(std::string body) {
  {
    const std::lock_guard hold(sender_->mutex);
    sender_->bodies.push_back(std::move(body));
    if (sender_->bodies.size() > sender_->options.kept_most) {
      sender_->bodies.pop_front();
      ++sender_->first;
      ++sender_->counts.dropped;
    }
  }
  sender_->woken.notify_all();
}

WebhookStatus Webhook::status() const {
  const std::lock_guard hold(sender_->mutex);
  WebhookStatus out = sender_->counts;
  out.waiting = sender_->bodies.size();
  return out;
}

std::vector<std::string> Webhook::waiting() const {
  const std::lock_guard hold(sender_->mutex);
  return {sender_->bodies.begin(), sender_->bodies.end()};
}

}  // namespace weft::serve
