// SPDX-License-Identifier: Apache-2.0
// For tests of what sends to others: an HTTP receiver on a free port of 127.0.0.1, one connection
// at a time, that answers with the statuses that it is given and keeps what it got.
#pragma once

#include <chrono>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace weft::serve::test {

class Receiver {
 public:
  /// Answers with these in turn, then with 200.
  explicit Receiver(std::vector<int> statuses = {}) : statuses_(std::move(statuses)) {
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
  /// Head and body of each request, in order.
  std::vector<std::string> requests() {
    const std::lock_guard hold(mutex_);
    return requests_;
  }
  std::vector<std::string> bodies() {
    std::vector<std::string> out;
    for (const std::string& one : requests()) {
      out.push_back(one.substr(one.find("\r\n\r\n") + 4));
    }
    return out;
  }
  std::string port;

 private:
  static bool is_whole(const std::string& text) {
    const auto head = text.find("\r\n\r\n");
    const auto length = text.find("Content-Length: ");
    return head != std::string::npos && length < head &&
           text.size() >= head + 4 + std::strtoul(text.c_str() + length + 16, nullptr, 10);
  }
  void run() {
    for (std::size_t i = 0;; ++i) {
      const int client = ::accept(socket_, nullptr, nullptr);
      if (client < 0) {
        return;
      }
      std::string text;
      char buffer[4096];
      while (!is_whole(text)) {
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

/// Whether it becomes so within five seconds.
inline bool waits_until(const std::function<bool()>& is_so) {
  for (int i = 0; i < 1000 && !is_so(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return is_so();
}

}  // namespace weft::serve::test
