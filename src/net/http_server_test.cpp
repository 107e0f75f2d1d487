// SPDX-License-Identifier: Apache-2.0
// The server against Python's http.client, bare sockets and curl (http_server_judge.py), its
// streams against readers that do not read, and its pure parts against the RFCs' rules.
#include "net/http_server.h"

#include "base/temp_folder.h"
#include "base/test_shell.h"
#include "net/gzip.h"
#include "net/http_client.h"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace weft::net {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::shared_ptr<const std::string> text(std::string said) {
  return std::make_shared<const std::string>(std::move(said));
}

/// What http_server_judge.py asks for.
class Judged {
 public:
  void operator()(const HttpRequest& request, const HttpReply& reply) {
    const auto& segments = request.target.segments;
    const std::string what = segments.empty() ? "" : segments[0];
    if (what == "echo") {
      nlohmann::json said = {{"segments", segments}, {"body", request.body.size()}};
      said["query"] = nlohmann::json::array();
      for (const auto& [name, value] : request.target.query) {
        said["query"].push_back({name, value});
      }
      reply({.headers = {{"Content-Type", "application/json"}}, .body = text(said.dump())});
    } else if (what == "later") {
      *late_ = std::async(std::launch::async, [reply] {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        reply({.body = text("later")});
        reply({.body = text("twice")});
      });
    } else if (what == "big") {
      static const auto kBig = text(std::string(std::size_t{8} << 20, 'x'));
      reply({.body = kBig});
    } else if (what == "throws") {
      throw std::runtime_error("a mistake");
    } else if (what == "none") {
      reply({.status = 304, .body = text("no")});
    } else if (what == "stream") {
      reply({.headers = {{"Content-Type", "text/event-stream"}},
             .start = [](const std::shared_ptr<HttpStream>& stream) {
               stream->send(text("one\n\n"));
               stream->send(text("two\n\n"));
               stream->close();
             }});
    } else if (what != "dropped") {
      reply(http_problem(404, "nothing is there"));
    }
  }

 private:
  std::shared_ptr<std::future<void>> late_ = std::make_shared<std::future<void>>();
};

TEST(HttpServerTest, StandsAgainstForeignClients) {
  const std::string python = base::python_with();
  if (python.empty()) {
    GTEST_SKIP() << base::no_python_with();
  }
  HttpServerOptions options;
  options.headers = {{"X-Content-Type-Options", "nosniff"}};
  options.connections_most = 150;
  options.threads = 2;
  const auto server = HttpServer::start(Judged(), options);
  ASSERT_TRUE(server) << server.error().text();
  const auto span = base::seconds(0.3);
  options.idle_most = options.header_most = options.body_most = options.write_most = span;
  options.bytes_per_second_least = std::size_t{100} << 20;
  const auto hasty = HttpServer::start(Judged(), options);
  ASSERT_TRUE(hasty) << hasty.error().text();
  const auto run =
      base::shell(python + " " + WEFT_SOURCE_DIR + "/src/net/http_server_judge.py " +
                  std::to_string((*server)->port()) + " " + std::to_string((*hasty)->port()));
  EXPECT_EQ(run.code, 0) << run.out;
  EXPECT_GE((*server)->counts().too_many, 50U);
  EXPECT_GE((*server)->counts().malformed, 30U);
  EXPECT_EQ((*server)->counts().timed_out, 0U);
  EXPECT_GE((*hasty)->counts().timed_out, 4U);
}

TEST(HttpServerTest, CurlIsAnsweredOnPortAndSocket) {
  if (!base::has_program("curl")) {
    GTEST_SKIP() << "curl is not installed";
  }
  const base::TempFolder folder("weft-http");
  const std::string path = folder.at("api.sock");
  const auto by_port = HttpServer::start(Judged(), {.address = "localhost"});
  const auto by_path = HttpServer::start(Judged(), {.unix_path = path});
  ASSERT_TRUE(by_port) << by_port.error().text();
  ASSERT_TRUE(by_path) << by_path.error().text();
  EXPECT_THAT((*by_port)->address(), StartsWith("http://127.0.0.1:"));
  const auto one = base::shell("curl -sS " + (*by_port)->address() + "/echo/a");
  EXPECT_EQ(one.code, 0);
  EXPECT_THAT(one.out, HasSubstr(R"(["echo","a"])"));
  const auto other = base::shell("curl -sS --unix-socket " + path + " http://any.name/echo");
  EXPECT_THAT(other.out, HasSubstr("echo"));
  EXPECT_THAT(base::shell("curl -sSi " + (*by_port)->address() + "/nowhere").out,
              HasSubstr(R"("title":"Not Found")"));
  EXPECT_EQ(base::shell("curl -sS " + (*by_port)->address() + "/dropped").code, 52)
      << "curl's number for an empty reply";
  EXPECT_EQ(base::shell("curl -sSN " + (*by_port)->address() + "/stream").out, "one\n\ntwo\n\n");
}

TEST(HttpServerTest, ListensOnlyWhereItIsSafe) {
  for (const char* open_to_all : {"0.0.0.0", "::", "192.0.2.1", "example.org", ""}) {
    const auto refused = HttpServer::start(Judged(), {.address = open_to_all});
    ASSERT_FALSE(refused) << open_to_all;
    EXPECT_EQ(refused.error().code, base::Code::kInvalidArgument);
    EXPECT_THAT(refused.error().what, HasSubstr("TLS"));
  }
  const auto first = HttpServer::start(Judged(), {});
  ASSERT_TRUE(first);
  EXPECT_EQ(HttpServer::start(Judged(), {.port = (*first)->port()}).error().code,
            base::Code::kAlreadyExists);
  const base::TempFolder folder("weft-http");
  const std::string path = folder.at("api.sock");
  {
    const auto socket = HttpServer::start(Judged(), {.unix_path = path});
    ASSERT_TRUE(socket);
    struct stat seen{};
    ASSERT_EQ(::stat(path.c_str(), &seen), 0);
    EXPECT_EQ(seen.st_mode & 0777U, 0600U);
    EXPECT_EQ(HttpServer::start(Judged(), {.unix_path = path}).error().code,
              base::Code::kAlreadyExists);
  }
  EXPECT_FALSE(std::filesystem::exists(path)) << "it is gone with the server";
  const int stale = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un place{};
  place.sun_family = AF_UNIX;
  path.copy(place.sun_path, sizeof place.sun_path - 1);
  ASSERT_EQ(::bind(stale, reinterpret_cast<const sockaddr*>(&place), sizeof place), 0);
  ::close(stale);
  EXPECT_TRUE(HttpServer::start(Judged(), {.unix_path = path})) << "nobody serves there";
  std::ofstream(folder.at("file")) << "kept";
  EXPECT_FALSE(HttpServer::start(Judged(), {.unix_path = folder.at("file")}));
  EXPECT_TRUE(std::filesystem::exists(folder.at("file")));
  EXPECT_FALSE(HttpServer::start(Judged(), {.unix_path = "/" + std::string(200, 'a')}));
}

/// A client of the project's own, blocking.
base::Result<Response> get(const HttpServer& server, const std::string& target) {
  Request request;
  request.method = "GET";
  request.url = *parse_url(server.address() + target);
  return send(request, {.timeout = base::seconds(3), .answer_bytes_max = std::size_t{32} << 20});
}

TEST(HttpServerTest, StopsWhileClientsWait) {
  HttpReply kept;
  std::promise<void> asked;
  auto server = HttpServer::start(
      [&](const HttpRequest&, HttpReply reply) {
        kept = std::move(reply);
        asked.set_value();
      },
      {});
  ASSERT_TRUE(server);
  auto answer = std::async(std::launch::async, [&] { return get(**server, "/"); });
  asked.get_future().wait();
  server->reset();
  EXPECT_FALSE(answer.get());
  kept({.body = text("too late")});
}

TEST(HttpServerTest, DropsStreamsThatNobodyReads) {
  std::promise<std::shared_ptr<HttpStream>> opened;
  auto server = HttpServer::start(
      [&](const HttpRequest&, const HttpReply& reply) {
        reply({.start = [&](std::shared_ptr<HttpStream> stream) {
          opened.set_value(std::move(stream));
        }});
      },
      {.stream_bytes_most = 100'000});
  ASSERT_TRUE(server);
  const auto client = ::popen(("exec 3<>/dev/tcp/127.0.0.1/" + std::to_string((*server)->port()) +
                               "; printf 'GET / HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n' >&3; "
                               "read line")
                                  .insert(0, "bash -c \"")
                                  .append("\"")
                                  .c_str(),
                              "w");
  ASSERT_NE(client, nullptr);
  const auto stream = opened.get_future().get();
  const auto piece = text(std::string(10'000, 'x'));
  std::size_t sent = 0;
  while (sent < 10'000 && stream->send(piece)) {  // the kernel takes some megabytes
    ++sent;
    std::this_thread::yield();
  }
  EXPECT_LT(sent, 10'000U);
  EXPECT_FALSE(stream->send(piece));
  EXPECT_EQ((*server)->counts().too_slow, 1U);
  ::pclose(client);
}

TEST(HttpServerTest, SeesThatAStreamsClientHasGone) {
  std::promise<std::shared_ptr<HttpStream>> opened;
  auto server = HttpServer::start(
      [&](const HttpRequest&, const HttpReply& reply) {
        reply({.start = [&](std::shared_ptr<HttpStream> stream) {
          opened.set_value(std::move(stream));
        }});
      },
      {});
  ASSERT_TRUE(server);
  Request request;
  request.url = *parse_url((*server)->address());
  EXPECT_FALSE(send(request, {.timeout = base::seconds(0.1)}));  // there is no end to wait for
  const auto stream = opened.get_future().get();
  for (int i = 0; i < 1000 && stream->send(text("x")); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_FALSE(stream->send(text("x")));
  EXPECT_EQ((*server)->counts().streams, 0U);
}

/// Both happen on the server's thread before it comes back to its queue: a piece goes out whole,
/// and the connection ends. The write's success then comes for a session that is over.
TEST(HttpServerTest, TakesNoStepForAStreamThatEndedWhileItWrote) {
  const auto piece = text("data: x\n\n");
  std::promise<void> tried;
  auto server = HttpServer::start(
      [&](const HttpRequest&, const HttpReply& reply) {
        reply({.start = [&](const std::shared_ptr<HttpStream>& stream) {
          EXPECT_TRUE(stream->send(piece));
          EXPECT_FALSE(stream->send(text(std::string(1000, 'x')))) << "more than may wait";
          tried.set_value();
        }});
      },
      {.stream_bytes_most = 500});
  ASSERT_TRUE(server);
  Request request;
  request.url = *parse_url((*server)->address());
  const auto answer = send(request, {.timeout = base::seconds(3)});
  EXPECT_FALSE(answer && answer->body.find("xxxx") != std::string::npos);
  tried.get_future().wait();
  server->reset();
  EXPECT_EQ(piece.use_count(), 1) << "neither kept nor given up twice";
}

TEST(HttpTargetTest, TakesTargetsApart) {
  const auto plain = parse_target("/api/v1/links/a%2Fb?x=1&y=%C3%A9+z&&k");
  ASSERT_TRUE(plain) << plain.error().text();
  EXPECT_THAT(plain->segments, testing::ElementsAre("api", "v1", "links", "a/b"));
  EXPECT_THAT(plain->query, testing::ElementsAre(testing::Pair("x", "1"), testing::Pair("y", "é z"),
                                                 testing::Pair("", ""), testing::Pair("k", "")));
  EXPECT_TRUE(parse_target("/")->segments.empty());
  EXPECT_THAT(parse_target("/a/")->segments, testing::ElementsAre("a"));
  EXPECT_EQ(parse_target("http://h:1?x")->authority, "h:1");
  for (const char* bad :
       {"", "a", "/a//b", "/a//", "//", "/.", "/..", "/%2e%2e/a", "/%", "/%4", "/%g0", "/%80",
        "/%c0%80", "/\x01", "/a\x7f", "/?%ff", "*", "https://h/", "/#"}) {
    EXPECT_FALSE(parse_target(bad)) << bad;
  }
  const std::string odd = "server0/gpu5 100%\xc3\xa9?#&+";
  EXPECT_EQ(parse_target("/" + percent_encoded(odd))->segments.at(0), odd);
  EXPECT_EQ(parse_target("/?" + percent_encoded(odd))->query.at(0).first, odd);
}

TEST(HttpTargetTest, KnowsItsOwnNames) {
  for (const char* own :
       {"localhost", "LOCALHOST:80", "127.0.0.1:8088", "[::1]", "[::1]:9", "rack7", "Rack7:1"}) {
    EXPECT_TRUE(is_own_host(own, {"rack7"})) << own;
  }
  for (const char* other :
       {"", "example.org", "localhost.example.org", "127.0.0.1.example.org:80", "localhost:x",
        "localhost:", "::1", "[::1", "127.0.0.1:123456", "rack70"}) {
    EXPECT_FALSE(is_own_host(other, {"rack7"})) << other;
  }
}

TEST(GzipTest, GzipReadsIt) {
  std::string long_text;
  for (int i = 0; i < 20'000; ++i) {
    long_text += std::to_string(i * i) + ",";
  }
  EXPECT_LT(gzip(long_text)->size(), long_text.size() / 2);
  EXPECT_EQ(gzip(long_text), gzip(long_text));
  if (!base::has_program("gzip")) {
    GTEST_SKIP() << "gzip is not installed";
  }
  const base::TempFolder folder("weft-gzip");
  std::size_t file = 0;
  for (const std::string& said : {std::string(), std::string("a"), long_text}) {
    const std::string path = folder.at(std::to_string(file++));
    std::ofstream(path, std::ios::binary) << *gzip(said, 6);
    const auto read = base::shell_output("gzip -dc " + path);
    EXPECT_EQ(read.code, 0);
    EXPECT_EQ(read.out, said);
  }
}

TEST(GzipTest, IsGivenToThoseWhoTakeIt) {
  for (const char* yes : {"gzip", "deflate, gzip;q=1.0, *;q=0.5", "*", "br,gzip;q=0.1", "x-gzip"}) {
    EXPECT_TRUE(accepts_gzip(yes)) << yes;
  }
  for (const char* no : {"", "br", "gzip;q=0", "identity", "*;q=0", "*, gzip;q=0.000", "gzipped"}) {
    EXPECT_FALSE(accepts_gzip(no)) << no;
  }
}

}  // namespace
}  // namespace weft::net
