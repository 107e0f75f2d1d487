// SPDX-License-Identifier: Apache-2.0
// The API from outside: every route of its document by a foreign client (api_judge.py), equality
// with the plane's answers, ETags, pages, tokens, the stream and its resumption.
#include "serve/api/api.h"

#include "base/test_shell.h"
#include "fabric/show.h"
#include "net/http_client.h"
#include "serve/api/changes.h"
#include "serve/api/routes.h"
#include "serve/api/test_plane.h"
#include "serve/api/token.h"

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weft::serve {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;
using testing::Not;

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

  TestPlane plane_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<net::HttpServer> server_;  // goes first
};

TEST_F(ApiTest, EveryRouteOfItsDocumentHolds) {
  const std::string python = base::python_with("jsonschema");
  if (python.empty()) {
    GTEST_SKIP() << base::no_python_with("jsonschema") << " (Debian: python3-jsonschema)";
  }
  start();
  const auto run = base::shell(python + " " + WEFT_SOURCE_DIR + "/src/serve/api/api_judge.py " +
                               "127.0.0.1 " + std::to_string(server_->port()));
  EXPECT_EQ(run.code, 0) << run.out;
  EXPECT_EQ(run.out, std::to_string(api_routes().size()) + " routes\n");
}

TEST_F(ApiTest, SaysWhatThePlaneSays) {
  start();
  const std::pair<const char*, const char*> cases[] = {
      {"/api/v1/findings", R"({"ask":"findings","phase":"living","offset":0,"count":1000})"},
      {"/api/v1/events?count=2", R"({"ask":"events","count":2})"},
      {"/api/v1/top", R"({"ask":"top","since_s":600,"count":20})"},
      {"/api/v1/last?metric=temperature",
       R"({"ask":"last","metric":"temperature","since_s":600,"offset":0,"count":1000})"},
      {"/api/v1/series?subject=server0/*",
       R"({"ask":"series","subject":"server0/*","offset":0,"count":1000})"},
      {"/api/v1/samples?metric=lane_bit_errors&label=2&since_s=3600&step_s=60&function=rate",
       R"({"ask":"history","metric":"lane_bit_errors","label":"2","since_s":3600,"step_s":60,
           "function":"rate"})"},
  };
  for (const auto& [target, question] : cases) {
    const auto said = get(target);
    EXPECT_EQ(said.status, 200U) << target;
    EXPECT_EQ(said.body, answer(plane_.query(), question)) << target;
  }
  EXPECT_EQ(get("/api/v1/fabric").body, fabric::fabric_json(plane_.plan()));
  const Json problem = Json::parse(get("/api/v1/samples?metric=temperatur").body);
  EXPECT_EQ(problem["code"], "INVALID_ARGUMENT");
  EXPECT_THAT(problem["hint"].get<std::string>(), HasSubstr("temperature_peak"));
}

TEST_F(ApiTest, KnowsLanesByTheirReceivers) {
  start();
  const Json said = Json::parse(get("/api/v1/lanes").body);
  ASSERT_EQ(said["count"], 8);  // four lanes, two directions
  std::uint64_t with_values = 0;
  for (const Json& lane : said["lanes"]) {
    with_values += lane["values"].empty() ? 0 : 1;
    if (lane["lane"] == 2 && !lane["values"].empty()) {
      EXPECT_EQ(lane["direction"], "toward_device") << "the drive's receiver counts";
      EXPECT_EQ(lane["values"][0]["value"], 9000);
    }
  }
  EXPECT_EQ(with_values, 4U);
}

TEST_F(ApiTest, PagesAreWholeAndInOrder) {
  start();
  std::vector<std::string> names;
  std::string target = "/api/v1/devices?count=1";
  while (!target.empty() && names.size() < 10) {
    const auto said = get(target);
    const Json page = Json::parse(said.body);
    ASSERT_EQ(page["devices"].size(), 1U);
    names.push_back(page["devices"][0]["name"]);
    const std::string link(net::header(said.headers, "Link"));
    EXPECT_EQ(link.empty(), page["is_more"] == false);
    target = link.empty() ? "" : link.substr(1, link.find('>') - 1);
  }
  EXPECT_THAT(names, testing::ElementsAre("server0", "server0/cpu0", "server0/nvme0"));
  const auto newest = get("/api/v1/events?count=1");
  EXPECT_EQ(net::header(newest.headers, "Link"), "") << "there is no way back from the newest";
  const std::uint64_t first = Json::parse(get("/api/v1/events").body)["events"][0]["sequence"];
  const auto next = get("/api/v1/events?count=1&after=" + std::to_string(first));
  EXPECT_THAT(std::string(net::header(next.headers, "Link")),
              HasSubstr("after=" + std::to_string(first + 1)));
}

TEST_F(ApiTest, EtagsChangeWithWhatIsSaid) {
  start();
  const auto before = get("/api/v1/findings");
  const std::string etag(net::header(before.headers, "ETag"));
  EXPECT_EQ(get("/api/v1/findings", {{"If-None-Match", etag}}).status, 304U);
  plane_.add("fnd-2");
  const auto after = get("/api/v1/findings", {{"If-None-Match", etag}});
  EXPECT_EQ(after.status, 200U);
  EXPECT_NE(net::header(after.headers, "ETag"), etag);
  EXPECT_EQ(Json::parse(after.body)["findings"].size(), 2U);
}

TEST_F(ApiTest, ATokenIsNeededWhereOneIsSet) {
  start({.token = "0123456789abcdef-secret"});
  for (const char* target : {"/api/v1", "/metrics", "/api/v1/stream", "/nowhere"}) {
    const auto refused = get(target);
    EXPECT_EQ(refused.status, 401U) << target;
    EXPECT_EQ(net::header(refused.headers, "WWW-Authenticate"), "Bearer");
    EXPECT_THAT(refused.body, Not(HasSubstr("secret")));
  }
  const net::Headers right = {{"Authorization", "bearer 0123456789abcdef-secret"}};
  EXPECT_EQ(get("/api/v1", right).status, 200U);
  for (const char* wrong : {"Bearer", "Bearer ", "Bearer 0123456789abcdef-secreT",
                            "Bearer 0123456789abcdef-secret0", "Basic 0123456789abcdef-secret",
                            "0123456789abcdef-secret", "Bearer 0123456789abcdef-secre"}) {
    EXPECT_EQ(get("/api/v1", {{"Authorization", wrong}}).status, 401U) << wrong;
  }
}

TEST(ApiTokenTest, FilesMustBeTheirOwnersAlone) {
  const base::TempFolder folder("weft-token");
  const std::string path = folder.at("token");
  EXPECT_EQ(read_token(path).error().code, base::Code::kNotFound);
  std::ofstream(path) << "0123456789abcdef\n";
  std::filesystem::permissions(path, std::filesystem::perms(0640));
  EXPECT_EQ(read_token(path).error().code, base::Code::kPermissionDenied);
  std::filesystem::permissions(path, std::filesystem::perms(0600));
  EXPECT_EQ(*read_token(path), "0123456789abcdef");
  for (const std::string& bad : {std::string("short"), std::string(300, 'a'),
                                 std::string("0123456789abcdef 0123456789abcdef")}) {
    std::ofstream(path) << bad;
    EXPECT_EQ(read_token(path).error().code, base::Code::kInvalidArgument) << bad;
    EXPECT_THAT(read_token(path).error().text(), Not(HasSubstr(bad)));
  }
}

TEST_F(ApiTest, PromtoolReadsItsMetrics) {
  if (!base::has_program("promtool") || !base::has_program("curl")) {
    GTEST_SKIP() << "promtool (Debian: prometheus) or curl is not installed";
  }
  start();
  const std::string url = server_->address() + "/metrics";
  const auto text = base::shell("curl -sS " + url).out;
  EXPECT_THAT(text, HasSubstr("weft_lane_bit_errors_total{"));
  EXPECT_THAT(text, HasSubstr("reason=\"needs_root\""));
  const auto judged = base::shell("curl -sS " + url + " | promtool check metrics");
  EXPECT_EQ(judged.code, 0) << judged.out;
}

TEST_F(ApiTest, StreamsChangesAsTheyCome) {
  if (!base::has_program("curl")) {
    GTEST_SKIP() << "curl is not installed";
  }
  start();
  std::FILE* pipe =
      ::popen(("curl -sN --max-time 20 " + server_->address() + "/api/v1/stream").c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::array<char, 4096> line{};
  std::string seen;
  bool is_added = false;
  while (seen.find("fnd-2") == std::string::npos &&
         std::fgets(line.data(), line.size(), pipe) != nullptr) {
    seen += line.data();
    if (!is_added && seen.find("event: hello\n") != std::string::npos) {
      is_added = true;
      plane_.add("fnd-2");
    }
  }
  EXPECT_THAT(seen, HasSubstr("retry: 2000\n\n"));
  EXPECT_THAT(seen, HasSubstr("event: finding\nid: e1-2\ndata: {\"id\":\"fnd-2\""));
  ::pclose(pipe);  // curl ends with the next heartbeat, which nobody reads
}

TEST(ApiChangesTest, NothingIsMissedOrSaidToBe) {
  std::vector<diagnose::LivingFinding> findings(1);
  findings[0].id = "fnd-a";
  Changes changes("x", 3);
  EXPECT_THAT(*changes.begin(""), HasSubstr("event: hello\nid: x-0\n"));
  EXPECT_THAT(*changes.take(findings), HasSubstr("event: finding\nid: x-1\ndata: {"));
  findings[0].updated = {1'000'000'000};
  EXPECT_EQ(changes.take(findings), nullptr) << "looked at again, and the same";
  findings[0].phase = diagnose::Phase::kQuiet;
  EXPECT_THAT(*changes.take(findings), HasSubstr("id: x-2\n"));
  EXPECT_THAT(*changes.take({}),
              HasSubstr("event: finding_gone\nid: x-3\ndata: {\"id\":\"fnd-a\"}"));
  const auto since_first = *changes.begin("x-1");
  EXPECT_THAT(since_first, HasSubstr("id: x-2\n"));
  EXPECT_THAT(since_first, HasSubstr("id: x-3\n"));
  EXPECT_THAT(since_first, Not(HasSubstr("id: x-1\n")));
  EXPECT_THAT(*changes.begin("x-3"), Not(HasSubstr("event:"))) << "nothing was missed";
  (void)changes.take(findings);  // x-4: the first one is no longer kept
  EXPECT_THAT(*changes.begin("x-1"), HasSubstr("id: x-2\n"));
  EXPECT_THAT(*changes.begin("x-0"), HasSubstr("event: reset\nid: x-4\n"));
  for (const char* foreign : {"y-1", "x-9", "x-", "x", "-1", "x-1x", "garbage"}) {
    EXPECT_THAT(*changes.begin(foreign), HasSubstr("event: reset\n")) << foreign;
  }
}

}  // namespace
}  // namespace weft::serve
