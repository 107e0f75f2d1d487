// SPDX-License-Identifier: Apache-2.0
// The API from outside: every route of its document by a foreign client (api_judge.py), equality
// with the plane's answers, ETags, pages, tokens, the stream and its resumption.
#include "serve/api/api.h"

#include "base/test_shell.h"
#include "base/text.h"
#include "fabric/show.h"
#include "net/http_client.h"
#include "serve/api/changes.h"
#include "serve/api/routes.h"
#include "serve/api/test_api.h"
#include "serve/export/values.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <mutex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace weft::serve {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;
using testing::Not;

TEST_F(ApiTest, EveryRouteOfItsDocumentHolds) {
  const std::string python = base::python_with("jsonschema");
  if (python.empty()) {
    GTEST_SKIP() << base::no_python_with("jsonschema") << " (Debian: python3-jsonschema)";
  }
  start({.access = Access(ApiRole::kOperator)});
  const auto run = base::shell(python + " " + WEFT_SOURCE_DIR + "/src/serve/api/api_judge.py " +
                               "127.0.0.1 " + std::to_string(server_->port()));
  EXPECT_EQ(run.code, 0) << run.out;
  EXPECT_EQ(run.out, std::to_string(api_routes().size()) + " routes\n") << "each route was walked";
}

/// A second of what load_judge.py does for a simulated day; memory is that one's to judge.
TEST_F(ApiTest, ClientsComeAndGo) {
  const std::string python = base::python_with();
  if (python.empty()) {
    GTEST_SKIP() << base::no_python_with();
  }
  start({.access = Access(ApiRole::kOperator)});
  const auto run =
      base::shell(python + " " + WEFT_SOURCE_DIR + "/src/serve/api/load_judge.py " +
                  server_->address() + " " + std::to_string(::getpid()) + " 1 --answers-only");
  EXPECT_EQ(run.code, 0) << run.out;
  EXPECT_THAT(run.out, HasSubstr(R"("wrong": 0)"));
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

TEST_F(ApiTest, TellsLanesAsColumns) {
  start();
  const Json said = Json::parse(get("/api/v1/lane-table").body);
  ASSERT_EQ(said["count"], 8);
  std::uint64_t receivers = 0;
  for (const Json& link : said["links"]) {
    receivers += link["lanes"].get<std::uint64_t>() * link["sections"].get<std::uint64_t>() * 2;
  }
  EXPECT_EQ(receivers, 8U);
  for (const Json& column : said["columns"]) {
    EXPECT_EQ(column["values"].size(), 8U) << column["key"];
    // Errors of no known number of bits are no ratio, and nothing here is a zero.
    EXPECT_TRUE(std::ranges::all_of(column["values"], &Json::is_null)) << column["key"];
  }
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

/// An Access from a file of these lines.
Access access_of(const std::string& lines) {
  const base::TempFolder folder("weft-token");
  std::ofstream(folder.at("token")) << lines;
  std::filesystem::permissions(folder.at("token"), std::filesystem::perms(0600));
  auto out = Access::read(folder.at("token"));
  EXPECT_TRUE(out) << out.error().text();
  return *std::move(out);
}

TEST_F(ApiTest, ATokenIsNeededWhereOneIsSet) {
  start({.access = access_of("0123456789abcdef-secret\n")});
  for (const char* target : {"/api/v1", "/metrics", "/api/v1/stream", "/nowhere"}) {
    const auto refused = get(target);
    EXPECT_EQ(refused.status, 401U) << target;
    EXPECT_EQ(net::header(refused.headers, "WWW-Authenticate"), "Bearer");
    EXPECT_THAT(refused.body, Not(HasSubstr("secret")));
  }
  const net::Headers right = {{"Authorization", "bearer 0123456789abcdef-secret"}};
  EXPECT_EQ(get("/api/v1", right).status, 200U);
  EXPECT_EQ(Json::parse(get("/api/v1", right).body)["role"], "viewer");
  for (const char* wrong : {"Bearer", "Bearer ", "Bearer 0123456789abcdef-secreT",
                            "Bearer 0123456789abcdef-secret0", "Basic 0123456789abcdef-secret",
                            "0123456789abcdef-secret", "Bearer 0123456789abcdef-secre"}) {
    EXPECT_EQ(get("/api/v1", {{"Authorization", wrong}}).status, 401U) << wrong;
  }
}

TEST(ApiAccessTest, FilesMustBeTheirOwnersAlone) {
  const base::TempFolder folder("weft-token");
  const std::string path = folder.at("token");
  EXPECT_EQ(Access::read(path).error().code, base::Code::kNotFound);
  std::ofstream(path) << "0123456789abcdef\n";
  std::filesystem::permissions(path, std::filesystem::perms(0640));
  EXPECT_EQ(Access::read(path).error().code, base::Code::kPermissionDenied);
  std::filesystem::permissions(path, std::filesystem::perms(0600));
  EXPECT_TRUE(Access::read(path)->caller("Bearer 0123456789abcdef"));
  for (const std::string& bad :
       {std::string("short"), std::string(300, 'a'),
        std::string("0123456789abcdef 0123456789abcdef"), std::string("root 0123456789abcdef"),
        std::string("viewer sha256:12"), std::string("# nothing\n\n"),
        std::string("viewer 0123456789abcdef a b"),
        std::string("viewer 0123456789abcdef\nadmin 0123456789abcdef")}) {
    std::ofstream(path) << bad;
    EXPECT_EQ(Access::read(path).error().code, base::Code::kInvalidArgument) << bad;
    EXPECT_THAT(Access::read(path).error().text(), Not(HasSubstr("0123456789abcdef")));
  }
}

TEST(ApiAccessTest, EachTokenHasItsRole) {
  // printf %s abcdefghijklmnop | sha256sum
  const Access access = access_of(
      "# who\nviewer 0123456789abcdef grafana\n"
      "operator sha256:f39dac6cbaba535e2c207cd0cd8f154974223c848f727f98b3564cea569b41cf\n"
      "admin zyxwvutsrqponmlk anna # of the night shift\n");
  EXPECT_EQ(access.caller("Bearer 0123456789abcdef")->who, "grafana");
  EXPECT_EQ(access.caller("Bearer abcdefghijklmnop")->role, ApiRole::kOperator);
  EXPECT_EQ(access.caller("Bearer abcdefghijklmnop")->who, "operator 3");
  EXPECT_EQ(access.caller("Bearer zyxwvutsrqponmlk")->role, ApiRole::kAdmin);
  EXPECT_FALSE(access.caller("Bearer "));
  EXPECT_FALSE(
      access.caller("Bearer f39dac6cbaba535e2c207cd0cd8f154974223c848f727f98b3564cea569b41cf"))
      << "the hash is no token";
  EXPECT_EQ(Access(ApiRole::kOperator).caller("")->who, "local");
}

constexpr const char* kDirt =
    R"({"fault":"fan-loss","target":"host:server0","apply":true,"amplitude":"50 %"})";

TEST_F(ApiWriteTest, OnlyTriesUnlessToldToApply) {
  open(ApiRole::kOperator);
  const auto trial =
      send("POST", "/api/v1/world/faults", R"({"fault":"fan-loss","target":"host:server0"})");
  EXPECT_EQ(trial.status, 200U) << trial.body;
  EXPECT_EQ(Json::parse(trial.body)["applied"], false);
  EXPECT_THAT(plane_.known_world.lines.back(), HasSubstr(R"("dry_run":true)"));
  const auto done = send("POST", "/api/v1/world/faults", kDirt);
  EXPECT_EQ(Json::parse(done.body)["id"], 8);
  EXPECT_EQ(plane_.known_world.lines.back(),
            R"({"command":"inject","dry_run":false,"fault":"fan-loss","target":"host:server0",)"
            R"("amplitude":"50 %"})");
  EXPECT_EQ(send("POST", "/api/v1/world/speed", R"({"speed":60})").status, 200U);
  EXPECT_EQ(plane_.known_world.speed(), 1);
  EXPECT_EQ(send("POST", "/api/v1/world/speed", R"({"speed":60,"apply":true})").status, 200U);
  EXPECT_EQ(plane_.known_world.speed(), 60);
  EXPECT_EQ(send("POST", "/api/v1/world/skip", R"({"for":"30 min","apply":true})").status, 200U);
  EXPECT_EQ(plane_.known_world.skipped.seconds(), 1800);
  EXPECT_EQ(send("DELETE", "/api/v1/world/faults/7?apply=true", "").status, 200U);
  EXPECT_THAT(plane_.known_world.lines.back(), HasSubstr(R"("command":"clear","id":7)"));
  EXPECT_EQ(send("DELETE", "/api/v1/world/faults/9", "").status, 404U);
  EXPECT_THAT(audit_, HasSubstr(R"("path":"/api/v1/world/faults","values":{"fault":"fan-loss")"));
  EXPECT_THAT(audit_, HasSubstr(R"("applied":true,"status":200)"));
  EXPECT_THAT(audit_, HasSubstr(R"("applied":false,"status":404)"));
  plane_.world = nullptr;
  EXPECT_EQ(send("POST", "/api/v1/world/faults", kDirt).status, 404U) << "a real host";
  EXPECT_EQ(get("/api/v1/world").status, 404U);
}

TEST_F(ApiWriteTest, IsForOperatorsAndTheirOwnPages) {
  open(ApiRole::kOperator);
  const std::string host = server_->address().substr(std::string("http://").size());
  const std::pair<const char*, std::string> json = {"Content-Type", "application/json"};
  EXPECT_EQ(send("POST", "/api/v1/world/faults", kDirt,
                 {{json.first, json.second},
                  {"Origin", "http://" + host},
                  {"Sec-Fetch-Site", "same-origin"}})
                .status,
            200U);
  const std::size_t seen = plane_.known_world.lines.size();
  for (const net::Headers& wrong : std::vector<net::Headers>{
           {{json.first, json.second}, {"Origin", "http://evil.example"}},
           {{json.first, json.second}, {"Origin", "null"}},
           {{json.first, json.second}, {"Origin", "http://localhost:1"}},
           {{json.first, json.second}, {"Sec-Fetch-Site", "cross-site"}},
           {{json.first, json.second}, {"Sec-Fetch-Site", "same-site"}},
       }) {
    EXPECT_EQ(send("POST", "/api/v1/world/faults", kDirt, wrong).status, 403U);
    EXPECT_EQ(send("DELETE", "/api/v1/world/faults/7?apply=true", "", wrong).status, 403U);
  }
  for (const char* type : {"text/plain", "application/x-www-form-urlencoded", ""}) {
    EXPECT_EQ(send("POST", "/api/v1/world/faults", kDirt, {{"Content-Type", type}}).status, 415U);
  }
  for (const char* body : {"", "[]", "{", R"({"fault":{}})", R"({"fault":null})", R"({"fault":1})",
                           R"({"fault":"fan-loss","target":"host:a","apply":"yes"})",
                           R"({"fault":"fan-loss","target":"host:a","more":1})"}) {
    EXPECT_EQ(send("POST", "/api/v1/world/faults", body).status, 400U) << body;
  }
  EXPECT_EQ(send("POST", "/api/v1/world/faults?apply=true", kDirt).status, 400U);
  EXPECT_EQ(plane_.known_world.lines.size(), seen) << "nothing of that reached the world";
}

TEST_F(ApiWriteTest, ViewersOnlyLook) {
  open(ApiRole::kViewer);
  const auto refused = send("POST", "/api/v1/world/faults", kDirt);
  EXPECT_EQ(refused.status, 403U);
  EXPECT_THAT(refused.body, HasSubstr("operator"));
  EXPECT_EQ(send("POST", "/api/v1/marks", R"({"mark":"job","apply":true})").status, 403U);
  EXPECT_EQ(Json::parse(get("/api/v1/marks").body)["count"], 0);
  EXPECT_EQ(get("/api/v1/world").status, 200U);
  EXPECT_THAT(audit_, HasSubstr(R"("detail":"not allowed")"));
}

TEST_F(ApiWriteTest, MarksAreKeptAsTheyWereAnswered) {
  open(ApiRole::kOperator);
  const char* mark = R"({"mark":"maintenance","subject":"server0/*","for_s":600,"text":"new fan"})";
  EXPECT_EQ(Json::parse(send("POST", "/api/v1/marks", mark).body)["applied"], false);
  EXPECT_EQ(Json::parse(get("/api/v1/marks").body)["count"], 0);
  std::string applied = mark;
  applied.insert(1, R"("apply":true,)");
  const Json said = Json::parse(send("POST", "/api/v1/marks", applied).body);
  const Json kept = Json::parse(get("/api/v1/marks").body);
  ASSERT_EQ(kept["count"], 1);
  EXPECT_EQ(kept["marks"][0], said["mark"]);
  EXPECT_EQ(send("POST", "/api/v1/marks", R"({"mark":"party"})").status, 400U);
  const Json axis = Json::parse(get("/api/v1/timeline?subject=server0/nvme0/pcie0").body);
  EXPECT_EQ(axis["marks"].size(), 1U);
  const char* machine = R"({"mark":"repair","subject":"server0","for_s":600,"apply":true})";
  EXPECT_EQ(send("POST", "/api/v1/marks", machine).status, 200U);
  const Json after = Json::parse(get("/api/v1/timeline?subject=server0/nvme0/pcie0").body);
  EXPECT_EQ(after["marks"].size(), 2U) << "a machine's mark is of what is in it";
}

TEST_F(ApiTest, TellsOneThingsStory) {
  start();
  const std::string link = percent_encoded_link();
  const Json axis = Json::parse(get("/api/v1/timeline?since_s=3600&subject=" + link).body);
  EXPECT_EQ(axis["events"].size(), 3U);
  ASSERT_EQ(axis["findings"].size(), 1U);
  EXPECT_EQ(axis["findings"][0]["id"], "fnd-1");
  const Json parts = Json::parse(get("/api/v1/parts").body);
  ASSERT_EQ(parts["count"], 1);
  EXPECT_EQ(parts["parts"][0]["serial"], "SN 7/1");
  const Json part = Json::parse(get("/api/v1/parts/SN%207%2F1").body);
  EXPECT_EQ(part["places"][0]["planned"], "server0/nvme0/pcie0");
  // Of lane 2: 1000 errors each 30 s; from 300 s to 30 s before now.
  const std::string at = base::iso8601({TestPlane::kNow.ns - 120 * TestPlane::kSecondNs});
  const Json both = Json::parse(
      get("/api/v1/compare?metric=lane_bit_errors&window_s=120&subject=" + link + "&at=" + at)
          .body);
  ASSERT_EQ(both["series"].size(), 4U) << both.dump();
  const Json& lane = both["series"][2];
  EXPECT_EQ(lane["label"], "2");
  EXPECT_NEAR(lane["before"]["per_s"].get<double>(), 1000 / 30.0, 0.5);
  EXPECT_LT(lane["before"]["low"], lane["before"]["per_s"]);
  EXPECT_EQ(lane["told"], "not_told_apart") << both.dump();
}

TEST_F(ApiTest, TakesTheLongestTimesAndNoLonger) {
  const ApiSource source = plane_.source();
  int asked = 0;
  for (const ApiRoute& route : api_routes()) {
    for (const ApiParameter& parameter : route.parameters) {
      if (parameter.kind != ApiKind::kSeconds || route.run == nullptr) {
        continue;
      }
      net::Target target;
      for (const std::string_view part : base::split(route.path.substr(1), '/')) {
        target.segments.emplace_back(part.starts_with('{') ? "fnd-1" : part);
      }
      // Beside the last time that there is.
      for (const ApiParameter& other : route.parameters) {
        const bool is_time = other.name == "at" || other.name == "from" ||
                             (other.name == "until" && parameter.name == "since_s");
        if (is_time || (other.is_needed && !other.is_of_path && other.name != parameter.name)) {
          target.query.emplace_back(other.name, is_time ? "2199-12-31T23:59:60Z" : other.example);
        }
      }
      target.query.emplace_back(parameter.name, "1000000001");
      EXPECT_FALSE(read_call(route, target)) << route.path << " " << parameter.name;
      target.query.back().second = "1000000000";
      const auto call = read_call(route, target);
      ASSERT_TRUE(call) << route.path << ": " << call.error().text();
      source.look([&](const ApiState& state) {
        const auto said = route.run(state, route, *call);  // sanitizers see a sum that is too large
        EXPECT_TRUE(said ? !said->body.empty() : status_of(said.error().code) >= 400);
      });
      ++asked;
    }
  }
  EXPECT_GE(asked, 10);
}

TEST_F(ApiTest, MetricsAreTheLastValues) {
  start();
  const auto values = values_of(get("/api/v1/last?since_s=600&count=100000").body);
  ASSERT_TRUE(values);
  ASSERT_EQ(values->size(), 6U);
  EXPECT_EQ(get("/metrics").body, exposition(*values));
  EXPECT_EQ(get("/metrics?since_s=0").body.find("lane_bit_errors"), std::string::npos);
}

TEST_F(ApiTest, BoundsWhatMayBeAsked) {
  start();
  const std::string text(1025, '*');
  EXPECT_EQ(get("/api/v1/links?name=" + text).status, 400U);
  EXPECT_EQ(get("/api/v1/links?name=" + text.substr(1)).status, 200U);
  // The longest times, which the store need not be read for from end to end.
  for (const char* target :
       {"/metrics?since_s=1000000000", "/api/v1/last?since_s=1000000000",
        "/api/v1/lane-table?since_s=1000000000", "/api/v1/top?since_s=1000000000",
        "/api/v1/timeline?subject=*&since_s=1000000000",
        "/api/v1/compare?metric=temperature&window_s=1000000000&at=2023-11-15T00:00:00Z"}) {
    EXPECT_EQ(get(target).status, 200U) << target;
  }
}

/// Each of its answers takes the thread 30 ms, for the same question or another.
TEST_F(ApiTest, SlowQuestionsLeaveTimeToQuickOnes) {
  ApiSource source = plane_.source();
  const auto look = source.look;
  source.look = [look](const auto& see) {
    look([&see](const ApiState& state) {
      ApiState slow = state;
      slow.answer = [&state](std::string_view line) {
        timespec begin{};
        timespec now{};
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
        while (line.find(R"("ask":"series")") != line.npos &&
               (now.tv_sec - begin.tv_sec) * 1'000'000'000 + now.tv_nsec - begin.tv_nsec <
                   30'000'000) {
          ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
        }
        return state.answer(line);
      };
      see(slow);
    });
  };
  Api api(source, {.waiting_most = 100, .slow_waiting_most = 3});
  const auto handler = api.handler();
  std::mutex mutex;
  std::condition_variable told;
  std::vector<std::string> order;
  const auto ask = [&](const std::string& name, const std::string& target) {
    net::HttpRequest request{
        .method = "GET", .target = *net::parse_target(target), .headers = {}, .body = {}};
    handler(request, [&, name](const net::HttpAnswer& answer) {
      const std::lock_guard hold(mutex);
      order.push_back(name + " " + std::to_string(answer.status));
      told.notify_all();
    });
  };
  const auto wait = [&](std::size_t count) {
    std::unique_lock hold(mutex);
    return told.wait_for(hold, std::chrono::seconds(20), [&] { return order.size() >= count; });
  };
  ask("first", "/api/v1/series?count=1");
  ASSERT_TRUE(wait(1));  // now it is known what such a question costs
  for (int i = 2; i <= 6; ++i) {
    ask("slow", "/api/v1/series?count=" + std::to_string(i));
  }
  ask("quick", "/api/v1/findings");
  ASSERT_TRUE(wait(7));
  EXPECT_EQ(std::ranges::count(order, "slow 503"), 2) << "three may wait";
  EXPECT_EQ(std::ranges::count(order, "slow 200"), 3);
  const auto quick = std::ranges::find(order, "quick 200");
  ASSERT_NE(quick, order.end());
  EXPECT_GE(std::count(quick, order.end(), "slow 200"), 2) << "at most one went before it";
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

TEST(ApiChangesTest, TellsThatAFindingIsAcknowledgedAndNoLonger) {
  std::vector<diagnose::LivingFinding> findings(1);
  findings[0].id = "fnd-a";
  Acknowledgements known;
  Tellable all{.findings = findings, .acknowledgements = &known, .now = {5}};
  Changes changes("x");
  EXPECT_THAT(*changes.take(all), Not(HasSubstr("acknowledged")));
  Acknowledgement& one = known["fnd-a"];
  one.by = "anna";
  one.text = "cable";
  one.level = findings[0].finding.level;
  one.until = base::WallTime{10};
  const auto told = changes.take(all);
  ASSERT_NE(told, nullptr);
  EXPECT_THAT(*told, HasSubstr(R"("acknowledged":{"by":"anna")"));
  EXPECT_EQ(changes.take(all), nullptr);
  all.now = {11};
  const auto over = changes.take(all);
  ASSERT_NE(over, nullptr) << "its time is over";
  EXPECT_THAT(*over, Not(HasSubstr("acknowledged")));
}

TEST(ApiChangesTest, NothingIsMissedOrSaidToBe) {
  std::vector<diagnose::LivingFinding> findings(1);
  findings[0].id = "fnd-a";
  Changes changes("x", 3);
  EXPECT_THAT(*changes.begin(""), HasSubstr("event: hello\nid: x-0\n"));
  const Tellable all{.findings = findings};
  EXPECT_THAT(*changes.take(all), HasSubstr("event: finding\nid: x-1\ndata: {"));
  findings[0].updated = {1'000'000'000};
  EXPECT_EQ(changes.take(all), nullptr) << "looked at again, and the same";
  findings[0].phase = diagnose::Phase::kQuiet;
  EXPECT_THAT(*changes.take(all), HasSubstr("id: x-2\n"));
  EXPECT_THAT(*changes.take({}),
              HasSubstr("event: finding_gone\nid: x-3\ndata: {\"id\":\"fnd-a\"}"));
  const auto since_first = *changes.begin("x-1");
  EXPECT_THAT(since_first, HasSubstr("id: x-2\n"));
  EXPECT_THAT(since_first, HasSubstr("id: x-3\n"));
  EXPECT_THAT(since_first, Not(HasSubstr("id: x-1\n")));
  EXPECT_THAT(*changes.begin("x-3"), Not(HasSubstr("event:"))) << "nothing was missed";
  (void)changes.take(all);  // x-4: the first one is no longer kept
  EXPECT_THAT(*changes.begin("x-1"), HasSubstr("id: x-2\n"));
  EXPECT_THAT(*changes.begin("x-0"), HasSubstr("event: reset\nid: x-4\n"));
  for (const char* foreign : {"y-1", "x-9", "x-", "x", "-1", "x-1x", "garbage"}) {
    EXPECT_THAT(*changes.begin(foreign), HasSubstr("event: reset\n")) << foreign;
  }
}

}  // namespace
}  // namespace weft::serve
