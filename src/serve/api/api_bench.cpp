// SPDX-License-Identifier: Apache-2.0
// What the API costs its clients, over HTTP on this machine: a scrape of /metrics with 10,000 links
// of eight lanes after every look, whole and from one client; small questions whose answer is
// known, from 16 kept connections. The client's share is in the times, on the same cores.
#include "base/temp_folder.h"
#include "net/http_server.h"
#include "serve/api/api.h"
#include "serve/control_plane.h"

#include <array>
#include <atomic>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <sys/socket.h>
#include <unistd.h>

namespace weft::serve {
namespace {

constexpr int kMachines = 125;
constexpr int kLinksOfOne = 80;
constexpr int kLanesOfLink = 8;
constexpr base::WallTime kNow{1'700'000'000LL * 1'000'000'000};

double processor_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double wall_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

void add_link(observe::Snapshot& out, int number) {
  using observe::Metric;
  const std::string place = "0000:" + std::to_string(number) + ":00.0";
  fabric::Device near;
  near.name = out.host.name + "/" + place;
  fabric::Device far;
  far.name = near.name + "-partner";
  fabric::Port a;
  a.device = out.fabric.add(near).value();
  a.name = "p";
  fabric::Port b;
  b.device = out.fabric.add(far).value();
  b.name = "p";
  fabric::Link link;
  link.name = near.name + " - " + far.name;
  link.a = out.fabric.add(a).value();
  link.b = out.fabric.add(b).value();
  link.lanes = base::LaneCount(kLanesOfLink);
  observe::LinkState state;
  state.family = fabric::ProtocolFamily::kEthernet;
  state.up = true;
  state.data_rate = base::BitsPerSecond(400'000'000'000);
  state.a.port = link.a;
  state.b.port = link.b;
  state.a.address = near.name;
  state.link = out.fabric.add(link).value();
  out.links.push_back(state);
  const auto count = [&](Metric metric, const std::string& label, std::uint64_t value) {
    out.samples.push_back({state.a.port, metric, label, observe::Value(value)});
  };
  for (int lane = 0; lane < kLanesOfLink; ++lane) {
    const std::string label = std::to_string(lane);
    const auto some = static_cast<std::uint64_t>(number * 8 + lane);
    count(Metric::kLaneBits, label, 5'123'456'789'000 + some);
    count(Metric::kLaneBitErrors, label, 1'234 + some);
    out.samples.push_back({state.a.port, Metric::kPortFigureOfMerit, label,
                           observe::Value(21.0 + static_cast<double>(some) / 1024)});
    out.samples.push_back(
        {state.a.port, Metric::kLaneReceivePower, label,
         observe::Reading<observe::Value>(observe::absent(observe::Absence::kNotProvided))});
    out.samples.push_back({state.a.port, Metric::kModulePreFecBer, "media " + label + " current",
                           observe::Value(1.234e-9 * static_cast<double>(some))});
  }
  for (const Metric metric : {Metric::kPortRetries, Metric::kPortRecoveries, Metric::kPortLinkDowns,
                              Metric::kFecCorrectedBlocks, Metric::kFecUncorrectableBlocks}) {
    count(metric, "", 7);
  }
}

/// 10,000 links, one look at each of their machines; serves itself.
class LargePlane {
 public:
  LargePlane() : folder_("weft-api-bench"), store_(*telemetry::Store::open(folder_.at("s"))) {
    plane_ = std::make_unique<ControlPlane>(store_.get());
    for (int m = 0; m < kMachines; ++m) {
      observe::Snapshot look;
      look.host.name = look.host.identity = "machine" + std::to_string(m);
      look.host.uptime = base::seconds(864'000);
      look.taken = kNow;
      for (int n = 0; n < kLinksOfOne; ++n) {
        add_link(look, n);
      }
      plane_->take(look);
    }
    plane_->settle(kNow);
    api_ = std::make_unique<Api>(ApiSource{.revision = [this] { return revision_.load(); },
                                           .look = [this](const auto& see) { look(see); }},
                                 ApiOptions{});
    auto started = net::HttpServer::start(api_->handler(), {.headers = Api::headers()});
    if (!started) {
      std::abort();
    }
    server_ = std::move(*started);
  }

  void change() { ++revision_; }
  [[nodiscard]] int dial() const {
    const int out = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_port = htons(server_->port());
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(out, reinterpret_cast<const sockaddr*>(&place), sizeof place) != 0) {
      std::abort();
    }
    return out;
  }

 private:
  void look(const std::function<void(const ApiState&)>& see) {
    const std::lock_guard hold(mutex_);
    const QuerySource source{.store = store_.get(),
                             .findings = plane_->findings(),
                             .now = kNow,
                             .each_last = [this](const SeeLast& each) { plane_->each_last(each); },
                             .last_from = {}};
    see({.query = source,
         .joint = &plane_->watch().joint(),
         .answer = [&source](std::string_view line) { return answer(source, line); }});
  }

  base::TempFolder folder_;
  std::unique_ptr<telemetry::Store> store_;
  std::unique_ptr<ControlPlane> plane_;
  std::mutex mutex_;
  std::atomic<std::uint64_t> revision_{1};
  std::unique_ptr<Api> api_;
  std::unique_ptr<net::HttpServer> server_;
};

LargePlane& large_plane() {
  static LargePlane plane;
  return plane;
}

void say(int client, std::string_view request) {
  if (::send(client, request.data(), request.size(), 0) < 0) {
    std::abort();
  }
}

/// Reads an answer with its Content-Length; gives its body's length.
std::size_t hear(int client, std::vector<char>& room) {
  constexpr std::string_view kLength = "Content-Length: ";
  std::string head;
  std::size_t got = 0;
  std::size_t wanted = std::string::npos;
  while (wanted == std::string::npos || got < wanted) {
    const auto some = ::recv(client, room.data(), room.size(), 0);
    if (some <= 0) {
      return 0;
    }
    got += static_cast<std::size_t>(some);
    if (wanted == std::string::npos) {
      head.append(room.data(), static_cast<std::size_t>(some));
      const auto end = head.find("\r\n\r\n");
      const auto length = head.find(kLength);
      if (end != std::string::npos && length != std::string::npos) {
        wanted = end + 4 + std::strtoull(head.c_str() + length + kLength.size(), nullptr, 10);
        head = head.substr(0, end);
      }
    }
  }
  return wanted - head.size() - 4;
}

/// Everything has changed since the last scrape, which was a while ago: a slow answer rests for as
/// long as it took, and no scraper asks again at once. "cpu_ms": of this program's threads, the
/// client's share included.
void scrape(benchmark::State& state) {
  LargePlane& plane = large_plane();
  const bool takes_gzip = state.range(0) != 0;
  const std::string request = std::string("GET /metrics HTTP/1.1\r\nHost: localhost\r\n") +
                              (takes_gzip ? "Accept-Encoding: gzip\r\n\r\n" : "\r\n");
  const int client = plane.dial();
  std::vector<char> room(std::size_t{1} << 20);
  std::size_t bytes = 0;
  double processor = 0;
  for (auto _ : state) {
    plane.change();
    ::sleep(1);
    const double began = wall_seconds();
    const double spent = processor_seconds();
    say(client, request);
    bytes = hear(client, room);
    processor += processor_seconds() - spent;
    state.SetIterationTime(wall_seconds() - began);
  }
  ::close(client);
  state.counters["mb"] = static_cast<double>(bytes) / 1e6;
  state.counters["cpu_ms"] = processor * 1e3 / static_cast<double>(state.iterations());
}
BENCHMARK(scrape)
    ->Name("scrape_10000_links")
    ->ArgName("gzip")
    ->Arg(0)
    ->Arg(1)
    ->Iterations(10)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

/// Each of 16 clients asks once and gets its answer, which is known, whole or as 304.
void known_get(benchmark::State& state) {
  LargePlane& plane = large_plane();
  const std::string request =
      std::string("GET /api/v1/findings HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n") +
      (state.range(0) != 0 ? "If-None-Match: *\r\n\r\n" : "\r\n");
  std::array<int, 16> clients{};
  for (int& client : clients) {
    client = plane.dial();
  }
  std::vector<char> room(std::size_t{1} << 16);
  for (auto _ : state) {
    for (const int client : clients) {
      say(client, request);
    }
    for (const int client : clients) {
      if (::recv(client, room.data(), room.size(), 0) < 100) {
        state.SkipWithError("no answer");
      }
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(clients.size()));
  for (const int client : clients) {
    ::close(client);
  }
}
BENCHMARK(known_get)->Name("known_get")->ArgName("not_modified")->Arg(0)->Arg(1)->UseRealTime();

}  // namespace
}  // namespace weft::serve
