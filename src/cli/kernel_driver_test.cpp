// SPDX-License-Identifier: Apache-2.0
// Linux's own retimer driver, compiled unmodified from Debian's linux-source (kernel_driver_judge.c
// stands for the kernel), looks through the SMBus door of a running `weft up --doors`: what it says
// must be what the twin is, and must follow what `weft world inject` does to it. Skipped where the
// kernel's source or a C compiler is missing: WEFT_LINUX_SOURCE names a source tree or tarball.
#include "base/test_shell.h"
#include "bus/test_folder.h"
#include "twin/test_rack.h"

#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace weft::cli {
namespace {

const std::string kWeft = std::string(WEFT_BINARY_DIR) + "/bin/weft";
const std::string kDriver = "drivers/hwmon/pt5161l.c";

/// A source tree or tarball; empty: none.
std::string linux_source() {
  if (const char* named = std::getenv("WEFT_LINUX_SOURCE"); named != nullptr && *named != '\0') {
    return named;
  }
  auto found = base::shell_output("ls /usr/src/linux-source-6.*.tar.xz 2>/dev/null | sort -V");
  while (found.out.ends_with('\n')) {
    found.out.pop_back();
  }
  const auto last = found.out.rfind('\n');
  return last == std::string::npos ? found.out : found.out.substr(last + 1);
}

/// What the driver's files said at one look.
using Look = std::map<std::string, std::string>;

std::vector<Look> looks_in(const std::string& out) {
  std::vector<Look> looks;
  std::istringstream lines(out);
  for (std::string line; std::getline(lines, line);) {
    const auto space = line.find(' ');
    if (line.starts_with("temp1_input ")) {
      looks.emplace_back();
    }
    if (space != std::string::npos && !looks.empty()) {
      looks.back()[line.substr(0, space)] = line.substr(space + 1);
    }
  }
  return looks;
}

class KernelDriver : public testing::Test {
 protected:
  void SetUp() override {
    const std::string source = linux_source();
    if (source.empty()) {
      GTEST_SKIP() << "no Linux source: install linux-source-6.12 or set WEFT_LINUX_SOURCE";
    }
    if (!base::has_program("cc")) {
      GTEST_SKIP() << "cc is not installed";
    }
    std::string driver = source + "/" + kDriver;
    if (!std::filesystem::is_directory(source)) {
      driver = folder_.at("pt5161l.c");
      base::shell("tar -xOf '" + source + "' --wildcards --occurrence=1 '*/" + kDriver + "' >'" +
                  driver + "'");
    }
    std::error_code none;
    if (!std::filesystem::exists(driver, none) || std::filesystem::file_size(driver, none) == 0) {
      GTEST_SKIP() << source << " has no " << kDriver << ": it came with Linux 6.9";
    }
    for (const char* name :
         {"debugfs", "delay", "err", "i2c", "init", "hwmon", "module", "mutex"}) {
      folder_.file(std::string("linux/") + name + ".h", "");
    }
    const auto built = base::shell("cc -std=gnu11 -O1 -Wall -I'" + folder_.at(".") +
                                   "' -DDRIVER='\"" + driver + "\"' -o '" + folder_.at("judge") +
                                   "' '" WEFT_SOURCE_DIR "/src/cli/kernel_driver_judge.c'");
    ASSERT_EQ(built.code, 0) << built.out;
    ASSERT_EQ(built.out, "");
    folder_.file("pair.yaml", std::string(twin::test::kPairRack));
    const auto run = base::shell_output(
        kWeft + " up " + folder_.at("pair.yaml") + " --doors --no-mount --speed 600 --for 10h" +
        " --folder " + folder_.at("run") + " >" + folder_.at("log") +
        " 2>&1 & echo $!; for i in $(seq 200); do [ -S " + folder_.at("run/smbus.sock") +
        " ] && [ -S " + folder_.at("run/control.sock") + " ] && break; sleep 0.05; done");
    pid_ = run.out.substr(0, run.out.find('\n'));
  }
  void TearDown() override {
    if (!pid_.empty()) {
      base::shell("kill -TERM " + pid_ + "; for i in $(seq 100); do [ -S " +
                  folder_.at("run/control.sock") + " ] || break; sleep 0.05; done");
    }
  }
  /// Commands for the shell, in which `look` is one look by the same driver, `cel` what it gave in
  /// thousandths, and `world` is weft world.
  [[nodiscard]] std::vector<Look> watch(const std::string& script) const {
    const std::string out = folder_.at("looks");
    const auto run = base::shell_output(
        ": >" + out + "; n=0; look() { echo; n=$((n+4)); for i in $(seq 400); do [ $(wc -l <" +
        out + ") -ge $n ] && break; sleep 0.01; done; }; " + "cel() { tail -4 " + out +
        " | sed -n 's/temp1_input \\([0-9]\\)/\\1/p'; }; world() { " + kWeft +
        " world \"$@\" --folder " + folder_.at("run") + " >&2; }; { " + script + "; } | " +
        folder_.at("judge") + " " + folder_.at("run/smbus.sock") + " host0/i2c-9 20 >" + out +
        " 2>/dev/null; code=$?; cat " + out + "; exit $code");
    EXPECT_EQ(run.code, 0) << run.out;
    return looks_in(run.out);
  }
  bus::TestFolder folder_;
  std::string pid_;
};

double cel(const Look& look) {
  const auto it = look.find("temp1_input");
  return it == look.end() || it->second.empty() || it->second.starts_with("error")
             ? -1000
             : std::stod(it->second) / 1000;
}

TEST_F(KernelDriver, SaysWhatTheTwinIsAndFollowsItsFaults) {
  // The world begins before its links are up: they warm the part first.
  static_cast<void>(
      watch("for k in $(seq 100); do look; [ $(cel) -gt 41000 ] && break; sleep 0.05; done"));
  const auto looks = watch(
      "look; before=$(cel); world inject leaky-die --target device:host0/retimer0 --amplitude '8 W'"
      " --shape step; for k in $(seq 100); do look; [ $(cel) -gt $((before+34000)) ] && break;"
      " sleep 0.05; done; world inject firmware-hang --target device:host0/retimer0; sleep 0.1;"
      " look");
  ASSERT_GE(looks.size(), 3U);
  Look well = looks[0];
  // Air at 25 Cel, 2 W and 4 lanes of 0.45 W at 4.5 K/W (modelled), read by the default code.
  EXPECT_NEAR(cel(well), 25 + 4.5 * (2 + 4 * 0.45), 5);
  EXPECT_EQ(well["fw_ver"], "2.8.14");
  EXPECT_EQ(well["fw_load_status"], "normal");
  EXPECT_EQ(well["heartbeat_status"], "normal");
  // 8 W more at 4.5 K/W.
  EXPECT_NEAR(cel(looks[looks.size() - 2]) - cel(well), 36, 2.5);
  Look hung = looks.back();
  EXPECT_EQ(hung["heartbeat_status"], "abnormal");
  EXPECT_EQ(hung["fw_load_status"], "normal") << "what is loaded stays loaded";
  EXPECT_EQ(hung["fw_ver"], "0.0.0") << "the driver reads it only where the heart beats";
  EXPECT_EQ(hung["temp1_input"], "error -110") << "nobody serves the mailbox";
  // A driver that binds now finds no firmware to ask and reads the register itself.
  const auto late = watch("look");
  ASSERT_EQ(late.size(), 1U);
  EXPECT_GT(cel(late[0]), cel(well) + 30);
}

}  // namespace
}  // namespace weft::cli
