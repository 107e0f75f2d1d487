// SPDX-License-Identifier: Apache-2.0
// TLS in front of the server, against curl, openssl s_client, our own client and bare sockets.
#include "net/tls_front.h"

#include "base/temp_folder.h"
#include "base/test_shell.h"
#include "net/http_client.h"
#include "net/http_server.h"

#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::net {
namespace {

using testing::HasSubstr;

class TlsFrontTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!base::has_program("openssl") || !base::has_program("curl")) {
      GTEST_SKIP() << "openssl or curl is not installed";
    }
    const auto made = base::shell("cd " + folder_.at("") +
                                  " && umask 077 && openssl req -x509 -newkey ec -pkeyopt "
                                  "ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem "
                                  "-days 2 -subj /CN=localhost -addext "
                                  "subjectAltName=DNS:localhost,IP:127.0.0.1 2>/dev/null");
    ASSERT_EQ(made.code, 0) << made.out;
    auto server = HttpServer::start(
        [this](const HttpRequest& request, const HttpReply& reply) {
          HttpAnswer out;
          const bool is_long = !request.target.segments.empty();
          out.body = std::make_shared<const std::string>(
              is_long ? long_ : request.method + " " + request.body);
          reply(out);
        },
        {.unix_path = folder_.at("inner.sock")});
    ASSERT_TRUE(server) << server.error().text();
    server_ = std::move(*server);
  }
  [[nodiscard]] TlsFrontOptions options() const {
    return {.address = "127.0.0.1",
            .certificate = folder_.at("cert.pem"),
            .key = folder_.at("key.pem"),
            .unix_path = folder_.at("inner.sock"),
            .handshake_most = base::seconds(0.3)};
  }

  const base::TempFolder folder_{"weft-tls"};
  const std::string long_ = std::string(3'000'000, 'x');
  std::unique_ptr<HttpServer> server_;
};

TEST_F(TlsFrontTest, CarriesRequestsBothWays) {
  const auto front = TlsFront::start(options());
  ASSERT_TRUE(front) << front.error().text();
  const std::string url = "https://localhost:" + std::to_string((*front)->port());
  const std::string curl = "curl -sS --max-time 10 --cacert " + folder_.at("cert.pem") + " ";
  EXPECT_EQ(base::shell(curl + "-d hello " + url).out, "POST hello");
  EXPECT_EQ(base::shell(curl + url + "/long | wc -c").out, "3000000\n");
  EXPECT_EQ(base::shell(curl + url + " " + url + " " + url).out, "GET GET GET ");
  EXPECT_NE(base::shell("curl -sS --max-time 10 " + url).code, 0) << "nobody vouches for it";
  Request request;
  request.url = *parse_url(url);
  request.body = "x";
  const auto said = send(request, {.ca_file = folder_.at("cert.pem")});
  ASSERT_TRUE(said) << said.error().text();
  EXPECT_EQ(said->body, "POST x");
  const auto old = base::shell("openssl s_client -tls1_1 -connect 127.0.0.1:" +
                               std::to_string((*front)->port()) + " </dev/null 2>&1 | tail -40");
  EXPECT_THAT(old.out, testing::Not(HasSubstr("Protocol  : TLSv1.1\n    Cipher    : E")));
  const auto recent = base::shell("openssl s_client -tls1_2 -connect 127.0.0.1:" +
                                  std::to_string((*front)->port()) + " </dev/null 2>&1");
  EXPECT_THAT(recent.out, HasSubstr("Cipher is ECDHE"));
}

TEST_F(TlsFrontTest, WhoSaysNothingOrNoTlsIsDropped) {
  const auto front = TlsFront::start(options());
  ASSERT_TRUE(front) << front.error().text();
  const std::string port = std::to_string((*front)->port());
  const std::string python = base::python_with();
  if (python.empty()) {
    GTEST_SKIP() << "python3 is not installed";
  }
  // Silence, plain HTTP and half a hello end within the handshake's time.
  const auto run = base::shell(
      python +
      " -c \"import socket\nfor say in (b'', b'GET / HTTP/1.1\\r\\n\\r\\n', b'\\x16\\x03\\x01'):\n"
      "  s = socket.create_connection(('127.0.0.1', " +
      port +
      ")); s.settimeout(5)\n"
      "  s.sendall(say)\n  try:\n    while s.recv(4096): pass\n"
      "  except ConnectionError: pass\n  print('closed')\"");
  EXPECT_EQ(run.out, "closed\nclosed\nclosed\n");
  EXPECT_EQ(base::shell("curl -sSk https://127.0.0.1:" + port).out, "GET ") << "it lives on";
}

TEST_F(TlsFrontTest, MistakesAreTold) {
  auto wrong = options();
  wrong.address = "nowhere";
  EXPECT_EQ(TlsFront::start(wrong).error().code, base::Code::kInvalidArgument);
  wrong = options();
  wrong.certificate = folder_.at("key.pem");
  EXPECT_EQ(TlsFront::start(wrong).error().code, base::Code::kInvalidArgument);
  wrong = options();
  wrong.key = folder_.at("none.pem");
  EXPECT_EQ(TlsFront::start(wrong).error().code, base::Code::kNotFound);
  std::filesystem::permissions(folder_.at("key.pem"), std::filesystem::perms(0644));
  EXPECT_EQ(TlsFront::start(options()).error().code, base::Code::kPermissionDenied);
}

}  // namespace
}  // namespace weft::net
