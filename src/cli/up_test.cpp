// SPDX-License-Identifier: Apache-2.0
// `weft up` from outside: what it prints, that it ends well, and that other programs (weft scan,
// lspci, node_exporter) look through its doors.
#include "cli/up.h"

#include "base/test_shell.h"
#include "bus/test_folder.h"
#include "cli/test_schema.h"
#include "twin/test_rack.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace weft::cli {
namespace {

using testing::HasSubstr;

const std::string kWeft = std::string(WEFT_BINARY_DIR) + "/bin/weft";

class UpTest : public testing::Test {
 protected:
  void SetUp() override { folder_.file("pair.yaml", std::string(twin::test::kOneLinkRack)); }
  [[nodiscard]] std::string at(const std::string& name) const { return folder_.at(name); }
  bus::TestFolder folder_;
};

TEST_F(UpTest, SaysThatItIsSimulatedAndEndsAtItsTime) {
  const auto run = base::shell(kWeft + " up " + at("pair.yaml") + " --speed max --for 20s");
  EXPECT_EQ(run.code, 0) << run.out;
  EXPECT_THAT(run.out, HasSubstr("SIMULATED: rack pair"));
  EXPECT_THAT(run.out, HasSubstr("20.0 s  links up 1 training 0 down 0"));
}

TEST_F(UpTest, JsonFollowsItsSchema) {
  const auto run =
      base::shell_output(kWeft + " up " + at("pair.yaml") +
                         " --speed max --for 5s --json --doors --no-mount --folder " + at("doors"));
  EXPECT_EQ(run.code, 0);
  std::vector<std::string> files;
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = run.out.find('\n', begin)) != std::string::npos;
       begin = end + 1) {
    files.push_back(at("line" + std::to_string(files.size()) + ".json"));
    std::ofstream(files.back()) << run.out.substr(begin, end - begin);
  }
  EXPECT_GE(files.size(), 2U);
  expect_follows_schema("up", files);
}

TEST_F(UpTest, ScanAndLspciLookThroughTheDoorsAndCtrlCClosesThem) {
  const auto script = kWeft + " up " + at("pair.yaml") + " --doors --folder " + at("doors") + " >" +
                      at("log") + " & pid=$!; for i in $(seq 100); do grep -q module.sock " +
                      at("log") + " && break; sleep 0.1; done; sleep 2; " + kWeft +
                      " scan --from " + at("doors/server0") +
                      "; lspci -O sysfs.path=" + at("doors/server0/sys/bus/pci") +
                      " -vvv; kill -INT $pid; wait $pid; "
                      "echo ended $?; ls " +
                      at("doors") + " | wc -l";
  const auto run = base::shell(script);
  EXPECT_THAT(run.out, HasSubstr("1 x 32 GT/s x4"));
  if (base::has_program("lspci")) {
    EXPECT_THAT(run.out, HasSubstr("LnkSta:\tSpeed 32GT/s"));
  }
  EXPECT_THAT(run.out, HasSubstr("ended 0\n0\n")) << "nothing is left";
}

TEST_F(UpTest, ItsApiHoldsWhatItsDocumentSays) {
  const std::string python = base::python_with("jsonschema");
  if (python.empty() || !base::has_program("curl")) {
    GTEST_SKIP() << base::no_python_with("jsonschema") << " (Debian: python3-jsonschema), or curl";
  }
  const auto script =
      "cd " + at("") + "; " + kWeft +
      " up pair.yaml --http 0 --json --folder d --speed 10 >log & "
      "pid=$!; for i in $(seq 100); do grep -q '\"http\"' log && break; sleep 0.1; done; "
      "url=$(sed -n 's/.*\"http\":\"\\([^\"]*\\)\".*/\\1/p' log | head -1); port=${url##*:}; "
      "for i in $(seq 100); do curl -s $url/api/v1/series | grep -q subject && break; sleep 0.1; "
      "done; curl -s $url/api/v1/why; " +
      python + " " + WEFT_SOURCE_DIR +
      "/src/serve/api/api_judge.py 127.0.0.1 $port --live; "
      "kill -INT $pid; wait $pid; echo ended $?";
  const auto run = base::shell(script);
  EXPECT_THAT(run.out, HasSubstr("\"schema\": \"weftline/why/"));
  EXPECT_THAT(run.out, HasSubstr(" routes\nended 0\n"));
}

TEST_F(UpTest, ItsApiIsForThisMachineOnly) {
  for (const char* wrong : {"0.0.0.0:80", "example.org", "70000", "unix:", ""}) {
    EXPECT_NE(
        base::shell(kWeft + " up " + at("pair.yaml") + " --for 1s --http '" + wrong + "'").code, 0)
        << wrong;
  }
  EXPECT_THAT(base::shell(kWeft + " up " + at("pair.yaml") + " --http 0 --no-plane").out,
              HasSubstr("--no-plane"));
  std::ofstream(at("token")) << "0123456789abcdef0123";
  std::filesystem::permissions(at("token"), std::filesystem::perms(0644));
  const auto run =
      base::shell(kWeft + " up " + at("pair.yaml") + " --http 0 --http-token " + at("token"));
  EXPECT_THAT(run.out, HasSubstr("chmod 600"));
  EXPECT_THAT(run.out, testing::Not(HasSubstr("0123456789abcdef")));
}

TEST(Up, RacksAreFoundByNameAndMistakesAreTold) {
  const auto missing = base::shell(kWeft + " up referense-pod");
  EXPECT_NE(missing.code, 0);
  EXPECT_THAT(missing.out, HasSubstr("reference-pod"));
  EXPECT_NE(base::shell(kWeft + " up --speed 0").code, 0);
  EXPECT_EQ(base::shell(kWeft + " up --for never").code, int{kUsage});
}

}  // namespace
}  // namespace weft::cli
