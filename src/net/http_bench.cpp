// SPDX-License-Identifier: Apache-2.0
// Small answers over kept connections: what the server costs beside the handler. The client's own
// share is in it, on the same cores.
#include "net/http_server.h"

#include <array>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <sys/socket.h>
#include <unistd.h>

namespace weft::net {
namespace {

constexpr std::string_view kRequest =
    "GET /api/v1/findings HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\r\n";

int dial(std::uint16_t port) {
  const int out = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in place{};
  place.sin_family = AF_INET;
  place.sin_port = htons(port);
  place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(out, reinterpret_cast<const sockaddr*>(&place), sizeof place) != 0) {
    std::abort();
  }
  return out;
}

/// Each of so many clients asks once and gets its answer.
void small_get(benchmark::State& state) {
  const auto body = std::make_shared<const std::string>(500, 'x');
  const auto server = HttpServer::start(
      [&body](const HttpRequest&, const HttpReply& reply) {
        reply({.headers = {{"Content-Type", "application/json"}}, .body = body});
      },
      {});
  if (!server) {
    state.SkipWithError("the server does not start");
    return;
  }
  std::vector<int> clients;
  clients.reserve(static_cast<std::size_t>(state.range(0)));
  for (int i = 0; i < state.range(0); ++i) {
    clients.push_back(dial((*server)->port()));
  }
  std::array<char, 4096> answer{};
  for (auto _ : state) {
    for (const int client : clients) {
      if (::send(client, kRequest.data(), kRequest.size(), 0) < 0) {
        state.SkipWithError("the server has gone");
      }
    }
    for (const int client : clients) {
      if (::recv(client, answer.data(), answer.size(), 0) < 500) {
        state.SkipWithError("no whole answer");
      }
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  for (const int client : clients) {
    ::close(client);
  }
}
BENCHMARK(small_get)->Name("small_get")->Arg(1)->Arg(16)->Arg(200)->UseRealTime();

}  // namespace
}  // namespace weft::net
