// SPDX-License-Identifier: Apache-2.0
// The foreign judge: Debian's lspci (and a newer one, where tools/newer_lspci has fetched it)
// prints the same bytes; every flag and value it prints must be ours too. Dumps: the third-party
// corpus where it is, and synthetic ones, one function per capability and port type, filled with
// seeded noise.
#include "base/test_shell.h"
#include "wire/pcie/config_builder.h"
#include "wire/pcie/decode.h"
#include "wire/pcie/dump.h"
#include "wire/pcie/test_lspci_judge.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <span>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::wire::pcie {
namespace {

namespace fs = std::filesystem;
using testing::Comparison;
using testing::ConfigBuilder;
using testing::LspciJudge;

std::string debian_lspci() {
  return base::has_program("lspci") ? "lspci" : "";
}

/// WEFT_NEWER_LSPCI, or what tools/newer_lspci left in build/cache.
std::string newer_lspci() {
  if (const char* named = std::getenv("WEFT_NEWER_LSPCI"); named != nullptr) {
    return named;
  }
  const fs::path cached = fs::path(WEFT_SOURCE_DIR) / "build/cache/newer_lspci/lspci";
  return fs::exists(cached) ? cached.string() : "";
}

fs::path corpus() {
  const char* named = std::getenv("WEFT_CORPUS");
  return (named != nullptr ? fs::path(named) : fs::path(WEFT_SOURCE_DIR) / "../shared/corpus") /
         "lspci";
}

/// lspci's text of each function, in the order of the dump, by address as lspci prints it.
std::map<std::string, std::string> blocks_of(const std::string& text) {
  std::map<std::string, std::string> out;
  std::string* block = nullptr;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line[0] != '\t') {
      block = &out[line.substr(0, line.find(' '))];
    } else if (block != nullptr) {
      *block += line + "\n";
    }
  }
  return out;
}

/// What the judge did not survive: lspci reads past its tables on some reserved codes.
struct Verdict {
  Comparison all;
  std::size_t judge_died = 0;
};

void add(const Comparison& one, Verdict& verdict) {
  verdict.all.values += one.values;
  verdict.all.differences.insert(verdict.all.differences.end(), one.differences.begin(),
                                 one.differences.end());
  verdict.all.left_over.insert(verdict.all.left_over.end(), one.left_over.begin(),
                               one.left_over.end());
}

std::map<std::string, std::string> lspci_text(const std::string& lspci,
                                              std::span<const DumpedFunction> functions) {
  const fs::path file =
      fs::temp_directory_path() / ("weft_lspci_" + std::to_string(getpid()) + ".txt");
  std::ofstream out(file);
  for (const DumpedFunction& one : functions) {
    out << write_dump(one);
  }
  out.close();
  auto blocks = blocks_of(
      base::shell_output(lspci + " -n -D -F '" + file.string() + "' -vvv 2>/dev/null").out);
  fs::remove(file);
  return blocks;
}

void compare(const std::string& lspci, std::span<const DumpedFunction> functions,
             Verdict& verdict) {
  const auto blocks = lspci_text(lspci, functions);
  if (blocks.size() != functions.size() &&
      functions.size() > 1) {  // it died on one of them: which?
    for (const DumpedFunction& one : functions) {
      compare(lspci, {&one, 1}, verdict);
    }
    return;
  }
  for (const DumpedFunction& one : functions) {
    const auto block = blocks.find(one.address());
    if (block == blocks.end()) {
      ++verdict.judge_died;
      continue;
    }
    const Decoded ours = decode(one.config);
    add(LspciJudge(one.address(), ours).compare(block->second), verdict);
  }
}

void expect_equal(const Verdict& verdict, std::size_t values_min) {
  const Comparison& result = verdict.all;
  std::cout << result.values << " values met, lspci died on " << verdict.judge_died
            << " functions\n";
  EXPECT_LE(verdict.judge_died, 40U);
  EXPECT_GE(result.values, values_min);
  constexpr std::size_t kShown = 40;
  for (std::size_t i = 0; i < std::min(result.differences.size(), kShown); ++i) {
    ADD_FAILURE() << "differs: " << result.differences[i];
  }
  for (std::size_t i = 0; i < std::min(result.left_over.size(), kShown); ++i) {
    ADD_FAILURE() << "not compared: " << result.left_over[i];
  }
  EXPECT_EQ(result.differences.size(), 0U);
  EXPECT_EQ(result.left_over.size(), 0U);
}

/// One function per capability (and per port type, for those whose layout follows it), with noise.
std::vector<DumpedFunction> synthetic() {
  std::mt19937_64 random(20260101);
  std::vector<DumpedFunction> out;
  const auto add = [&](ConfigBuilder& b) {
    const auto n = static_cast<std::uint32_t>(out.size());
    out.push_back({.domain = n >> 8,
                   .bus = static_cast<std::uint8_t>(n),
                   .device = 0,
                   .function = 0,
                   .description = "synthetic",
                   .config = b.bytes(),
                   .line = 1});
  };
  const std::array<int, 6> ports = {0, 4, 5, 6, 7, 9};
  for (const auto& table : all_capabilities()) {
    for (const Capability& one : table) {
      if (one.kind == Kind::kHeader || one.id == 0x23 || one.id == 0) {
        continue;
      }
      for (std::size_t round = 0; round < 6; ++round) {
        const int port = ports[round % ports.size()];
        ConfigBuilder b;
        const bool bridge = port >= 4 && port <= 8;
        b.header(bridge ? 1 : 0, 0x1AF4, static_cast<std::uint16_t>(0x1000 + one.id),
                 bridge ? 0x060400 : 0x088000);
        for (const std::size_t at : {0x04, 0x1E, 0x3E}) {
          b.put(at, 2, bridge || at == 4 ? random() & 0x7FF : 0);
        }
        b.capability(0x40, PCI_CAP_ID_EXP);
        for (std::size_t at = 0x44; at < 0x7C; ++at) {
          b.put(at, 1, random());
        }
        b.put(0x42, 2, 2U | static_cast<unsigned>(port) << 4 | (random() & 1) << 8);
        // A port supports all speeds up to its highest (7.5.3.18); lspci 3.9 knows five of them.
        b.put(0x40 + PCI_EXP_LNKCAP2, 1, ((1ULL << random() % 6) - 1) << 1);
        std::size_t at = 0x100;
        if (one.kind == Kind::kStandard) {
          if (one.id == PCI_CAP_ID_EXP) {
            add(b);
            continue;
          }
          at = 0x90;
          b.capability(at, static_cast<std::uint8_t>(one.id));
          at += 2;
        } else if (one.kind == Kind::kExtended) {
          b.extended(at, one.id, static_cast<std::uint8_t>(1 + round % 2));
          at += 4;
        } else {
          b.dvsec(at, one.vendor, one.id, static_cast<std::uint8_t>(round % 3),
                  round % 3 == 2 ? 0x3C : 0x38);
          at += 10;
        }
        for (const std::size_t end = at + 0x34; at < end; ++at) {
          b.put(at, 1, random());
        }
        add(b);
      }
    }
  }
  return out;
}

class LspciTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const bool newer = std::string(GetParam()) == "newer";
    lspci_ = newer ? newer_lspci() : debian_lspci();
    if (lspci_.empty()) {
      GTEST_SKIP() << (newer ? "no newer lspci: run tools/newer_lspci"
                             : "lspci is not installed (package pciutils)");
    }
  }
  std::string lspci_;
};

TEST_P(LspciTest, SyntheticFunctions) {
  const std::vector<DumpedFunction> functions = synthetic();
  constexpr std::size_t kBatch = 54;
  Verdict verdict;
  for (std::size_t at = 0; at < functions.size(); at += kBatch) {
    compare(lspci_, std::span(functions).subspan(at, std::min(kBatch, functions.size() - at)),
            verdict);
  }
  expect_equal(verdict, 60'000);
}

TEST_P(LspciTest, Corpus) {
  if (!fs::exists(corpus())) {
    GTEST_SKIP() << "no dumps at " << corpus();
  }
  Verdict all;
  for (const auto& entry : fs::directory_iterator(corpus())) {
    std::ifstream in(entry.path());
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const auto dump = parse_dump(text, entry.path().filename().string());
    if (!dump.has_value()) {
      continue;  // the folder's README
    }
    EXPECT_THAT(dump->problems, ::testing::IsEmpty()) << entry.path();
    // One at a time: the same address may come from two machines.
    for (const DumpedFunction& one : dump->functions) {
      compare(lspci_, {&one, 1}, all);
    }
  }
  expect_equal(all, 1500);
}

INSTANTIATE_TEST_SUITE_P(Pcie, LspciTest, ::testing::Values("debian", "newer"),
                         [](const auto& one) { return std::string(one.param); });

}  // namespace
}  // namespace weft::wire::pcie
