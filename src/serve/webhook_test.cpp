// SPDX-License-Identifier: Apache-2.0
// Notices that nobody takes wait, in order, and hold nobody up.
#include "serve/webhook.h"

#include <chrono>
#include <functional>
#include <mutex>
#include <thread>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace weft::serve {
namespace {

/// A receiver of one connection at a time that answers with the next of its statuses.
class Receiver {
 public:
  explicit Receiver(std::vector<int> statuses) : statuses_(std::move(statuses)) {
    socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket_, 8), 0);
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port = std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this] { run(); });
  }
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;
  ~Receiver() {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
  }
  std::vector<std::string> requests() {
    const std::lock_guard hold(mutex_);
    return requests_;
  }
  std::string port;

 private:
  void run() {
    for (std::size_t i = 0;; ++i) {
      const int client = ::accept(socket_, nullptr, nullptr);
      if (client < 0) {
        return;
      }
      std::string text;
      char buffer[4096];
      while (text.find("END") == std::string::npos) {
        const auto got = ::read(client, buffer, sizeof buffer);
        if (got <= 0) {
          break;
        }
        text.append(buffer, static_cast<std::size_t>(got));
      }
      {
        const std::lock_guard hold(mutex_);
        requests_.push_back(text);
      }
      const int status = i < statuses_.size() ? statuses_[i] : 200;
      const std::string answer =
          "HTTP/1.1 " + std::to_string(status) + " x\r\nContent-Length: 0\r\n\r\n";
      (void)!::write(client, answer.data(), answer.size());
      ::close(client);
    }
  }
  int socket_ = -1;
  std::vector<int> statuses_;
  std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

bool waits_until(const std::function<bool()>& is_so) {
  for (int i = 0; i < 1000 && !is_so(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return is_so();
}

TEST(WebhookTest, TriesAgainInOrderUntilItIsTaken) {
  Receiver receiver({503, 500, 200});
  Webhook webhook({.url = *net::parse_url("http://127.0.0.1:" + receiver.port + "/hook"),
                   .token = "secret",
                   .first_retry = base::seconds(0.01)});
  webhook.post("one END");
  webhook.post("two END");
  ASSERT_TRUE(waits_until([&] { return webhook.status().sent == 2; }));
  const auto requests = receiver.requests();
  ASSERT_EQ(requests.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NE(requests[i].find(i < 3 ? "one END" : "two END"), std::string::npos) << i;
    EXPECT_NE(requests[i].find("Authorization: Bearer secret"), std::string::npos) << i;
  }
  EXPECT_EQ(webhook.status().failed, 2U);
  EXPECT_EQ(webhook.status().last_problem.find("secret"), std::string::npos);
  EXPECT_TRUE(webhook.waiting().empty());
}

TEST(WebhookTest, KeepsWhatNobodyTakesAndDropsTheOldest) {
  Webhook webhook({.url = *net::parse_url("http://127.0.0.1:1/"),
                   .first_retry = base::seconds(1000),
                   .kept_most = 2});
  for (const char* body : {"1", "2", "3"}) {
    webhook.post(body);
  }
  ASSERT_TRUE(waits_until([&] { return webhook.status().failed == 1; }));
  EXPECT_EQ(webhook.waiting(), (std::vector<std::string>{"2", "3"}));
  EXPECT_EQ(webhook.status().dropped, 1U);
}

}  // namespace
}  // namespace weft::serve
