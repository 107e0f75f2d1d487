// SPDX-License-Identifier: Apache-2.0
#include "twin/door/socket_server.h"

#include "base/bytes.h"
#include "twin/door/unix_socket.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace weft::twin::door {
namespace socket_server {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kReadBytes = 4096;
/// Of one client before the others have their turn.
constexpr int kLinesAtOnce = 32;

struct Listener {
  OwnedFd fd;
  std::string path;  // empty for TCP
  LineService service;
};

struct Client {
  OwnedFd fd;
  const LineService* service = nullptr;
  std::string in;
  std::string out;
  Clock::time_point since;  // of the last progress
  bool has_ended = false;   // nothing more comes; whole lines are still answered
  bool is_closing = false;  // when `out` is sent, whatever else came
  bool is_gone = false;

  [[nodiscard]] bool has_line() const { return in.find('\n') != std::string::npos; }
  [[nodiscard]] bool is_done() const {
    return is_gone || (out.empty() && (is_closing || (has_ended && !has_line())));
  }
};

constexpr int kBacklog = 16;

}  // namespace socket_server

using socket_server::Client;
using socket_server::Clock;

struct SocketServer::Loop {
  SocketLimits limits;
  std::vector<std::unique_ptr<socket_server::Listener>> listeners;
  std::vector<std::unique_ptr<Client>> clients;
  OwnedFd wake;
  std::thread thread;
  std::atomic<bool> stops{false};
  std::atomic<std::size_t> client_count{0};
  std::atomic<std::uint64_t> line_count{0};

  void run();
  void accept_from(const socket_server::Listener& listener);
  void receive(Client& client);
  void answer_lines(Client& client);
  void send(Client& client) const;
  void check_time(Client& client, Clock::time_point now) const;
  [[nodiscard]] bool can_answer(const Client& client) const {
    return !client.is_closing && client.out.size() < limits.unsent_bytes_max && client.has_line();
  }
  /// A line is answered before more is read, so that what waits stays small.
  [[nodiscard]] bool can_read(const Client& client) const {
    return !client.is_closing && !client.has_ended && !client.has_line() &&
           client.out.size() < limits.unsent_bytes_max;
  }
};

SocketServer::SocketServer(const SocketLimits& limits) : loop_(std::make_unique<Loop>()) {
  loop_->limits = limits;
}

SocketServer::~SocketServer() {
  stop();
  for (const auto& listener : loop_->listeners) {
    if (!listener->path.empty()) {
      ::unlink(listener->path.c_str());
    }
  }
}

base::Result<void> SocketServer::listen_unix(const std::string& path, LineService service) {
  auto fd = door::listen_unix(path, socket_server::kBacklog);
  if (!fd) {
    return tl::unexpected(fd.error());
  }
  loop_->listeners.push_back(std::make_unique<socket_server::Listener>(
      socket_server::Listener{std::move(*fd), path, std::move(service)}));
  return {};
}

base::Result<std::uint16_t> SocketServer::listen_tcp(std::uint16_t port, LineService service) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const std::string where = fmt::format("127.0.0.1:{}", port);
  OwnedFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.is_open()) {
    return tl::unexpected(socket_error("no socket", where));
  }
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return tl::unexpected(socket_error("cannot take the address", where));
  }
  if (::listen(fd.get(), socket_server::kBacklog) != 0) {
    return tl::unexpected(socket_error("cannot listen", where));
  }
  socklen_t length = sizeof address;
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length);
  loop_->listeners.push_back(std::make_unique<socket_server::Listener>(
      socket_server::Listener{std::move(fd), "", std::move(service)}));
  return ntohs(address.sin_port);
}

base::Result<void> SocketServer::start() {
  loop_->wake = OwnedFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!loop_->wake.is_open()) {
    return tl::unexpected(socket_error("no event descriptor", ""));
  }
  loop_->thread = std::thread([loop = loop_.get()] { loop->run(); });
  return {};
}

void SocketServer::stop() {
  if (!loop_->thread.joinable()) {
    return;
  }
  loop_->stops = true;
  const std::uint64_t one = 1;
  (void)!::write(loop_->wake.get(), &one, sizeof one);
  loop_->thread.join();
  loop_->clients.clear();
  loop_->client_count = 0;
}

std::size_t SocketServer::clients() const {
  return loop_->client_count;
}

std::uint64_t SocketServer::lines() const {
  return loop_->line_count;
}

void SocketServer::Loop::run() {
  constexpr int kTickMs = 500;
  std::vector<pollfd> polled;
  while (!stops) {
    polled.clear();
    polled.push_back({wake.get(), POLLIN, 0});
    for (const auto& listener : listeners) {
      polled.push_back({listener->fd.get(), POLLIN, 0});
    }
    bool is_busy = false;
    for (const auto& client : clients) {
      is_busy = is_busy || can_answer(*client);
      const auto events = (can_read(*client) ? POLLIN : 0) | (client->out.empty() ? 0 : POLLOUT);
      polled.push_back({client->fd.get(), static_cast<short>(events), 0});
    }
    if (::poll(polled.data(), polled.size(),
               is_busy           ? 0
               : clients.empty() ? -1
                                 : kTickMs) < 0 &&
        errno != EINTR) {
      return;
    }
    const auto now = Clock::now();
    const std::size_t first_client = 1 + listeners.size();
    for (std::size_t i = 0; i < clients.size(); ++i) {
      auto& client = *clients[i];
      const auto events = polled[first_client + i].revents;
      if ((events & (POLLIN | POLLHUP | POLLERR)) != 0 && can_read(client)) {
        receive(client);
      }
      answer_lines(client);
      send(client);
      check_time(client, now);
    }
    std::erase_if(clients, [](const auto& client) { return client->is_done(); });
    for (std::size_t i = 0; i < listeners.size(); ++i) {
      if ((polled[1 + i].revents & POLLIN) != 0) {
        accept_from(*listeners[i]);
      }
    }
    client_count = clients.size();
  }
}

void SocketServer::Loop::accept_from(const socket_server::Listener& listener) {
  OwnedFd fd(::accept4(listener.fd.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!fd.is_open()) {
    return;
  }
  auto client = std::make_unique<Client>();
  client->fd = std::move(fd);
  client->service = &listener.service;
  client->since = Clock::now();
  if (clients.size() >= limits.clients_max) {
    client->out = error_line({base::Code::kResourceExhausted,
                              fmt::format("{} clients are connected already", clients.size()),
                              {},
                              {}}) +
                  "\n";
    client->is_closing = true;
  } else {
    client->out = listener.service.greeting + "\n";
  }
  send(*client);
  if (!client->is_closing) {
    clients.push_back(std::move(client));
  }
}

void SocketServer::Loop::receive(Client& client) {
  std::array<char, socket_server::kReadBytes> buffer;
  const auto got = ::recv(client.fd.get(), buffer.data(), buffer.size(), 0);
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
    client.has_ended = true;  // `echo LINE | nc` still wants its answer
    client.is_gone = got < 0;
    return;
  }
  if (got > 0) {
    if (client.in.empty()) {
      client.since = Clock::now();
    }
    client.in.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

void SocketServer::Loop::answer_lines(Client& client) {
  std::size_t at = 0;
  for (int i = 0; i < socket_server::kLinesAtOnce; ++i) {
    const auto end = client.in.find('\n', at);
    const auto length = (end == std::string::npos ? client.in.size() : end) - at;
    if (length > limits.line_bytes_max) {
      client.out +=
          error_line({base::Code::kResourceExhausted,
                      fmt::format("a line is longer than {} bytes", limits.line_bytes_max),
                      {},
                      {}}) +
          "\n";
      client.is_closing = true;
      at = client.in.size();
      break;
    }
    if (end == std::string::npos || client.out.size() >= limits.unsent_bytes_max) {
      break;
    }
    std::string_view line(client.in.data() + at, length);
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    client.out += client.service->answer(line);
    if (!client.out.ends_with('\n')) {
      client.out += '\n';
    }
    client.since = Clock::now();
    ++line_count;
    at = end + 1;
  }
  client.in.erase(0, at);
}

void SocketServer::Loop::send(Client& client) const {
  while (!client.out.empty()) {
    const auto sent =
        ::send(client.fd.get(), client.out.data(), client.out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent <= 0) {
      client.is_gone = sent < 0 && errno != EAGAIN && errno != EINTR;
      return;
    }
    client.out.erase(0, static_cast<std::size_t>(sent));
    client.since = Clock::now();
  }
}

void SocketServer::Loop::check_time(Client& client, Clock::time_point now) const {
  const bool is_within = !client.in.empty() || !client.out.empty();
  const auto limit =
      std::chrono::seconds(is_within ? limits.line_seconds_max : limits.idle_seconds_max);
  client.is_gone = client.is_gone || now - client.since > limit;
}

std::string error_line(const base::Error& error) {
  std::string text = fmt::format("error {} {}", base::name(error.code), error.what);
  if (!error.where.empty()) {
    text += fmt::format(": {}", error.where);
  }
  if (!error.hint.empty()) {
    text += fmt::format(" ({})", error.hint);
  }
  std::ranges::replace(text, '\n', ' ');
  return text;
}

}  // namespace weft::twin::door
