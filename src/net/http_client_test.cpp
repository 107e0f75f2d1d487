// SPDX-License-Identifier: Apache-2.0
// The client against Python's http.server, plain and with a certificate of its own making.
#include "net/http_client.h"

#include "base/test_shell.h"

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace weft::net {
namespace {

/// http_judge.py for as long as it lives. `port` is empty where Python or openssl is missing.
class Judge {
 public:
  explicit Judge(const std::string& how) {
    folder = testing::TempDir() + "/weft_http_" + std::to_string(getpid()) + how;
    std::filesystem::create_directories(folder);
    const std::string python = base::python_with();
    if (python.empty() || (!how.empty() && !base::has_program("openssl"))) {
      return;
    }
    // The server ends with its standard input, which is a fifo that this test holds open.
    const std::string fifo = folder + "/end";
    const std::string command = "rm -f " + fifo + "; mkfifo " + fifo + "; " + python + " " +
                                WEFT_SOURCE_DIR + "/src/net/http_judge.py " + folder + " " + how +
                                " < " + fifo;
    pipe_ = ::popen(command.c_str(), "r");
    while (!std::filesystem::exists(fifo)) {
      ::usleep(1000);
    }
    hold_ = std::make_unique<std::ofstream>(fifo);
    std::array<char, 32> line{};
    if (pipe_ != nullptr && std::fgets(line.data(), line.size(), pipe_) != nullptr) {
      port = line.data();
      port.erase(port.find_last_not_of('\n') + 1);
    }
  }
  Judge(const Judge&) = delete;
  Judge& operator=(const Judge&) = delete;
  ~Judge() {
    hold_.reset();
    if (pipe_ != nullptr) {
      ::pclose(pipe_);
    }
    std::filesystem::remove_all(folder);
  }
  [[nodiscard]] std::string request() const {
    std::ifstream in(folder + "/request", std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::string folder;
  std::string port;

 private:
  std::FILE* pipe_ = nullptr;
  std::unique_ptr<std::ofstream> hold_;
};

TEST(HttpClientTest, TakesUrlsApart) {
  const auto plain = parse_url("http://10.0.0.1:9090/api/v1/write?x=1");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->host, "10.0.0.1");
  EXPECT_EQ(plain->port, "9090");
  EXPECT_EQ(plain->target, "/api/v1/write?x=1");
  EXPECT_FALSE(plain->is_tls);
  const auto six = parse_url("https://[::1]?q");
  ASSERT_TRUE(six);
  EXPECT_EQ(six->host, "::1");
  EXPECT_EQ(six->port, "443");
  EXPECT_EQ(six->target, "/?q");
  EXPECT_TRUE(six->is_tls);
  for (const char* bad : {"", "ftp://a", "http://", "http://a b", "http://u:p@host/", "http://h:0",
                          "http://h:99999", "http://h:x", "http://[::1", "http://a#b", "http://[]/",
                          "http://::1/", "http://h\r\nX: y/", "http://h\x7f/"}) {
    EXPECT_EQ(parse_url(bad).error().code, base::Code::kInvalidArgument) << bad;
  }
}

TEST(HttpClientTest, PostsAndReadsAnswers) {
  const Judge judge("");
  if (judge.port.empty()) {
    GTEST_SKIP() << base::no_python_with();
  }
  const auto to = [&judge](const std::string& path) {
    Request request;
    request.url = *parse_url("http://127.0.0.1:" + judge.port + path);
    request.headers = {{"Content-Type", "application/json"}};
    request.body = std::string("{\"a\": \"\0\"}", 10);
    return request;
  };
  const auto ok = send(to("/ok"));
  ASSERT_TRUE(ok) << ok.error().text();
  EXPECT_EQ(ok->status, 200U);
  EXPECT_TRUE(ok->is_success());
  EXPECT_EQ(ok->body, to("/ok").body);
  EXPECT_THAT(ok->headers, testing::Contains(testing::Pair("X-Judge", "here")));
  EXPECT_THAT(judge.request(), testing::StartsWith("POST /ok HTTP/1.1\nHost: 127.0.0.1:"));
  EXPECT_THAT(judge.request(), testing::HasSubstr("Content-Type: application/json"));
  EXPECT_FALSE(send(to("/nowhere"))->is_success());
  EXPECT_EQ(send(to("/long")).error().code, base::Code::kResourceExhausted);
  EXPECT_EQ(send(to("/garbage")).error().code, base::Code::kDataLoss);
  EXPECT_EQ(send(to("/slow"), {.timeout = base::seconds(0.2)}).error().code,
            base::Code::kDeadlineExceeded);
}

TEST(HttpClientTest, NobodyThereIsSaid) {
  Request request;
  request.url = *parse_url("http://127.0.0.1:1/");
  const auto refused = send(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::Code::kUnavailable);
  EXPECT_EQ(refused.error().where, "127.0.0.1:1");
}

TEST(HttpClientTest, ChecksCertificates) {
  const Judge judge("tls");
  if (judge.port.empty()) {
    GTEST_SKIP() << "python3 or openssl is not installed";
  }
  Request request;
  request.url = *parse_url("https://localhost:" + judge.port + "/ok");
  request.body = "x";
  const auto refused = send(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::Code::kPermissionDenied) << refused.error().text();
  const ClientOptions trusting{.ca_file = judge.folder + "/cert.pem"};
  const auto ok = send(request, trusting);
  ASSERT_TRUE(ok) << ok.error().text();
  EXPECT_EQ(ok->body, "x");
  request.url = *parse_url("https://127.0.0.1:" + judge.port + "/ok");
  EXPECT_EQ(send(request, trusting).error().code, base::Code::kPermissionDenied)
      << "the certificate is for another name";
  EXPECT_EQ(send(request, {.ca_file = "/absent.pem"}).error().code, base::Code::kInvalidArgument);
}

}  // namespace
}  // namespace weft::net
