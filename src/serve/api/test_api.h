// SPDX-License-Identifier: Apache-2.0
// For tests of the API: a server over a plane whose contents are known (test_plane.h), and a client
// that reads, or writes as one of a role.
#pragma once

#include "net/http_client.h"
#include "net/http_server.h"
#include "serve/api/api.h"
#include "serve/api/test_plane.h"

#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace weft::serve {

class ApiTest : public testing::Test {
 protected:
  void start(ApiOptions options = {}) {
    options.epoch = "e1";
    options.tick = base::seconds(0.01);
    options.heartbeat = base::seconds(0.05);
    api_ = std::make_unique<Api>(plane_.source(), options);
    auto server = net::HttpServer::start(api_->handler(), {.headers = Api::headers()});
    ASSERT_TRUE(server) << server.error().text();
    server_ = std::move(*server);
  }
  net::Response get(const std::string& target, net::Headers headers = {}) {
    net::Request request;
    request.method = "GET";
    request.url = *net::parse_url(server_->address() + target);
    request.headers = std::move(headers);
    return net::send(request).value_or(net::Response{});
  }

  [[nodiscard]] std::string percent_encoded_link() const {
    return net::percent_encoded(plane_.plan().links().front().name);
  }

  TestPlane plane_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<net::HttpServer> server_;  // goes first
};

class ApiWriteTest : public ApiTest {
 protected:
  void open(ApiRole role) {
    start({.access = Access(role),
           .audit = [this](const AuditEntry& entry) { audit_ += audit_line(entry); }});
  }
  net::Response send(const std::string& method, const std::string& target, const std::string& body,
                     net::Headers headers = {{"Content-Type", "application/json"}}) {
    net::Request request;
    request.method = method;
    request.url = *net::parse_url(server_->address() + target);
    request.headers = std::move(headers);
    request.body = body;
    return net::send(request).value_or(net::Response{});
  }
  /// By the thread of the API alone, which has answered when it is read.
  std::string audit_;
};

}  // namespace weft::serve
