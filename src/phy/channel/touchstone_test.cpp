// SPDX-License-Identifier: Apache-2.0
// Touchstone in and out: the styles that files come in, what the specification's rules say they
// mean (Touchstone 2.1, IBIS Open Forum), refusals with line and cause, and the round trip as a
// property. Files of the corpus are compared with what their README publishes.
#include "phy/channel/touchstone.h"

#include "phy/channel/parameters.h"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <unistd.h>

namespace weft::phy::channel {
namespace {

namespace fs = std::filesystem;
using base::Code;

fs::path corpus() {
  const char* named = std::getenv("WEFT_CORPUS");
  const fs::path root =
      named != nullptr ? fs::path(named) : fs::path(WEFT_SOURCE_DIR) / "../shared/corpus";
  return root / "channels";
}

/// The network of a text that must be in order.
Network good(std::string_view text, std::string_view name = "") {
  // Version 2 says its port count itself.
  const bool is_second = text.find("[Version]") != std::string_view::npos;
  auto file = parse_touchstone(text, !name.empty() ? name : is_second ? "x.ts" : "x.s1p");
  EXPECT_TRUE(file.has_value()) << file.error().text() << "\n" << text;
  return file ? std::move(file->network) : make_network(4, {0, 1});
}

base::Error bad(std::string_view text, std::string_view name = "x.s1p") {
  auto file = parse_touchstone(text, name);
  EXPECT_FALSE(file.has_value()) << text;
  return file ? base::Error{} : file.error();
}

void expect_near(Complex got, Complex want, double tolerance = 1e-12) {
  EXPECT_NEAR(std::abs(got - want), 0, tolerance) << got << " is not " << want;
}

TEST(Touchstone, TakesEveryOptionLineStyle) {
  struct Style {
    std::string_view line;
    double hz;  ///< of a frequency written 2
    Complex s;  ///< of a value written "0.5 90"
    double ohm;
  };
  const Complex ma(0, 0.5);
  const Complex ri(0.5, 90);
  const Complex db(0, std::pow(10, 0.5 / 20));
  const Style kStyles[] = {
      {"# GHz S MA R 50", 2e9, ma, 50},
      {"", 2e9, ma, 50},
      {"#", 2e9, ma, 50},
      {"# hz s ri r 75", 2, ri, 75},
      {"#Hz S RI R 50", 2, ri, 50},
      {"#\tHz\tS\tRI\tR\t50", 2, ri, 50},
      {"#        HZ        S              RI          R       50", 2, ri, 50},
      {"# R 42.5 DB S MHz", 2e6, db, 42.5},
      {"# kHz RI", 2e3, ri, 50},
      {"   # THZ S RI R50 ! comment", 2e12, ri, 50},
      {"# GHZ S RI R=100 ohm", 2e9, ri, 100},
      {"# MHz S DB R", 2e6, db, 50},
      {"!! first\n!\n# Hz S RI R 5.0D+01!x\n# GHz S MA R 1", 2, ri, 50},
  };
  for (const auto& style : kStyles) {
    SCOPED_TRACE(style.line);
    const Network network = good(fmt::format("{}\n2 0.5 90\n", style.line));
    ASSERT_EQ(network.points(), 1U);
    EXPECT_EQ(network.frequency_hz[0], style.hz);
    expect_near(network.at(0, 0, 0), style.s);
    EXPECT_EQ(network.z0_ohm[0], style.ohm);
  }
}

TEST(Touchstone, TakesEveryLineEndMarkAndNumberStyle) {
  for (const std::string_view end : {"\n", "\r\n", "\r", "  ! why\n", "\t!\r\n"}) {
    for (const std::string_view mark : {"", "\xEF\xBB\xBF"}) {
      const Network network =
          good(fmt::format("{}! head{}# Hz S RI R 50{}1.0D+03 +.5 -2.5e-001{}2d3 1.5-001 1e-999{}",
                           mark, end, end, end, end));
      ASSERT_EQ(network.points(), 2U);
      EXPECT_EQ(network.frequency_hz[1], 2000);
      expect_near(network.at(0, 0, 0), {0.5, -0.25});
      expect_near(network.at(1, 0, 0), {0.15, 0});
    }
  }
  EXPECT_EQ(good("# Hz S RI R 50\n1 2 3").points(), 1U) << "the last line may lack its end";
}

TEST(Touchstone, ReadsTwoPortsColumnByColumn) {
  const Network network = good("# Hz S RI R 50\n1 11 0 21 0 12 0 22 0\n", "x.s2p");
  expect_near(network.at(0, 0, 0), 11);
  expect_near(network.at(0, 1, 0), 21);
  expect_near(network.at(0, 0, 1), 12);
  expect_near(network.at(0, 1, 1), 22);
}

TEST(Touchstone, ReadsWrappedAndWideRows) {
  const std::string numbers = "11 0 12 0 13 0 21 0 22 0 23 0 31 0 32 0 33 0";
  std::string wrapped = "1 11 0 12 0 13 0\n 21 0 22 0 23 0\n\n! between\n 31 0 32 0 33 0\n";
  for (const auto& text : {"1 " + numbers + "\n", wrapped}) {
    for (const std::string_view name : {"x.s3p", "-"}) {
      const Network network = good("# Hz S RI R 50\n" + text + "2 " + numbers + "\n", name);
      ASSERT_EQ(network.ports, 3U);
      ASSERT_EQ(network.points(), 2U);
      for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t j = 0; j < 3; ++j) {
          expect_near(network.at(1, i, j), static_cast<double>(10 * (i + 1) + j + 1));
        }
      }
    }
  }
}

TEST(Touchstone, SkipsNoiseDataOfTwoPorts) {
  auto file = parse_touchstone(
      "# GHz S RI R 50\n2 1 0 2 0 3 0 4 0\n3 1 0 2 0 3 0 4 0\n1 0.7 0.5 30 0.4\n4 0.8 0.5 30 0.4\n",
      "amplifier.s2p");
  ASSERT_TRUE(file.has_value()) << file.error().text();
  EXPECT_EQ(file->network.points(), 2U);
  ASSERT_EQ(file->notes.size(), 1U);
  EXPECT_NE(file->notes[0].find("noise"), std::string::npos);
}

TEST(Touchstone, ReadsVersion2) {
  const std::string_view text =
      "! two\n[Version] 2.0\n# MHz S RI R 50\n[Number of Ports] 4\n"
      "[Reference] 50 75\n 0.01 ! of port 3\n 0.02\n[Number of Frequencies] 1\n"
      "[Begin Information]\nWritten by a tool, 1 2 3 [sic] # of it\n[Manufacturer] x\n"
      "[End Information]\n"
      "[Matrix Format] Lower\n[Network Data]\n5 11 1\n 21 0 22 0\n 31 0 32 0 33 0\n"
      " 41 0 42 0 43 0 44 0\n[Noise Data]\n4 .7 .64 69 19\n[End]\nrubbish";
  const Network network = good(text, "x.ts");
  ASSERT_EQ(network.ports, 4U);
  EXPECT_EQ(network.z0_ohm, (std::vector<double>{50, 75, 0.01, 0.02}));
  EXPECT_EQ(network.frequency_hz[0], 5e6);
  expect_near(network.at(0, 3, 1), 42);
  expect_near(network.at(0, 1, 3), 42);
  const Network upper = good(
      "[Version] 2.1\n# Hz S RI\n[Number of Ports] 2\n[Matrix Format] upper\n[Network Data]\n"
      "1 11 0 12 0\n22 0\n[End]\n");
  expect_near(upper.at(0, 1, 0), 12);
  const Network order = good(
      "[Version] 2.0\n# Hz S RI\n[Number of Ports] 2\n[Two-Port Data Order] 12_21\n"
      "[Network Data]\n1 11 0 12 0 21 0 22 0\n[End]\n");
  expect_near(order.at(0, 1, 0), 21);
}

TEST(Touchstone, MakesMixedModeDataSingleEnded) {
  // Sdd11 = 0.5 alone: each line reflects 0.25 and the other gets -0.25.
  const Network network = good(
      "[Version] 2.0\n# Hz S RI R 50\n[Number of Ports] 2\n[Two-Port Data Order] 12_21\n"
      "[Mixed-Mode Order] D1,2 C1,2\n[Network Data]\n1 0.5 0 0 0 0 0 0 0\n[End]\n");
  expect_near(network.at(0, 0, 0), 0.25);
  expect_near(network.at(0, 0, 1), -0.25);
  EXPECT_NE(bad("[Version] 2.0\n# Hz S RI\n[Number of Ports] 2\n[Mixed-Mode Order] D1,2 D1,2\n"
                "[Network Data]\n1 0 0 0 0 0 0 0 0\n",
                "x.ts")
                .what.find("Mixed-Mode"),
            std::string::npos);
}

TEST(Touchstone, ConvertsOtherParameters) {
  // A 75 ohm load: z = 1.5 normalised; in version 2 in ohms. Y is the inverse.
  expect_near(good("# Hz Z RI R 50\n1 1.5 0\n").at(0, 0, 0), 0.2);
  expect_near(good("# Hz Y RI R 50\n1 0.6666666666666667 0\n").at(0, 0, 0), 0.2, 1e-9);
  const std::string_view two =
      "[Version] 2.0\n# Hz {} RI R 50\n[Number of Ports] 1\n"
      "[Network Data]\n1 {} 0\n[End]\n";
  expect_near(good(fmt::format(fmt::runtime(two), "Z", 75)).at(0, 0, 0), 0.2);
  expect_near(good(fmt::format(fmt::runtime(two), "Y", 1 / 75.0)).at(0, 0, 0), 0.2);
  // A series resistance of 50 ohm: h11 = 1, h12 = 1, h21 = -1, h22 = 0; S11 = 1/3, S21 = 2/3.
  const Network h = good("# Hz H RI R 50\n1 1 0 -1 0 1 0 0 0\n", "x.s2p");
  expect_near(h.at(0, 0, 0), 1 / 3.0);
  expect_near(h.at(0, 1, 0), 2 / 3.0);
  expect_near(h.at(0, 0, 1), 2 / 3.0);
  expect_near(h.at(0, 1, 1), 1 / 3.0);
  // Its inverse hybrid: g11 = 0, g12 = -1, g21 = 1, g22 = 1.
  const Network g = good("# Hz G RI R 50\n1 0 0 1 0 -1 0 1 0\n", "x.s2p");
  expect_near(g.at(0, 0, 0), 1 / 3.0);
  expect_near(g.at(0, 1, 0), 2 / 3.0);
  expect_near(g.at(0, 0, 1), 2 / 3.0);
}

TEST(Touchstone, KeepsPortNames) {
  const Network network =
      good("! Port[1] = U1_TX_P\n!Port[2] = U1_TX_N\n# Hz S RI\n1 0 0 0 0 0 0 0 0\n", "x.s2p");
  EXPECT_EQ(network.names, (std::vector<std::string>{"U1_TX_P", "U1_TX_N"}));
}

TEST(Touchstone, RefusesWithLineAndCause) {
  struct Case {
    std::string_view name, text, where, what;
  };
  const Case kCases[] = {
      {"x.s1p", "# Hz S RI\n2 0 0\n1 0 0\n", "x.s1p:3", "ascend"},
      {"x.s1p", "# Hz S RI\n2 0 0\n2 0 0\n", "x.s1p:3", "twice"},
      {"x.s2p", "# Hz S RI\n2 1 0 2 0 3 0 4 0\n2 1 0 2 0 3 0 4 0\n", "x.s2p:3", "twice"},
      {"x.s1p", "# Hz S RI\n-1 0 0\n", "x.s1p:2", "absurd"},
      {"x.s1p", "# Hz S RI\n1 nan 0\n", "x.s1p:2", "not a finite number"},
      {"x.s1p", "# Hz S RI\n1 0 inf\n", "x.s1p:2", "not a finite number"},
      {"x.s1p", "# Hz S RI\n1 0 1e999\n", "x.s1p:2", "not a finite number"},
      {"x.s1p", "# Hz S DB\n1 1e7 0\n", "x.s1p:2", "too large"},
      {"x.s1p", "# Hz S RI\n1 0 1e300\n", "x.s1p:2", "too large"},
      {"x.s1p", "# Hz S RI\n1 0,5 0\n", "x.s1p:2", "not a finite number"},
      {"x.s1p", "# Hz S RI R 50 j5\n1 0 0\n", "x.s1p:1", "j5"},
      {"x.s1p", "# Hz S RI R -50\n1 0 0\n", "x.s1p:1", "reference"},
      {"x.s1p", "# Hz T RI R 50\n1 0 0\n", "x.s1p:1", "\"T\""},
      {"x.s1p", "# Hz S RI\n1 0\n", "x.s1p:2", "ends within"},
      {"x.s4p",
       "# Hz S RI\n1 1 0 2 0 3 0 4 0\n2 1 0 2 0 3 0 4 0\n3 1 0 2 0 3 0 4 0\n"
       "4 1 0 2 0 3 0 4 0\n",
       "x.s4p:3", "port count"},
      {"x.s2p", "# Hz S RI\n1 1 0 2 0 3 0 4\n2 1 0 2 0 3 0 4 0\n", "x.s2p:3", "missing"},
      {"x.txt", "# Hz S RI\n1 1 0 2 0 3 0\n", "x.txt:2", "7 numbers"},
      {"x.s1p", "", "x.s1p:1", "no data"},
      {"x.s1p", "# Hz S RI\n", "x.s1p:1", "no data"},
      {"x.s99p", "# Hz S RI\n1 0 0\n", "x.s99p:2", "99 ports"},
      {"x.s0p", "# Hz S RI\n1 0 0\n", "x.s0p:2", "0 ports"},
      {"x.s3p", "# Hz H RI\n1 0 0\n", "x.s3p:2", "two-ports"},
      {"x.s1p", "PK\x03\x04", "x.s1p:1", "not a finite number"},
      {"x.s1p", "\xFF\xFE#", "x.s1p:1", "UTF-16"},
      {"x", "[Version] 3.0\n", "x:1", "3.0"},
      {"x", "[Version] 2.0\n# Hz\n1 0 0\n", "x:3", "[Network Data]"},
      {"x",
       "[Version] 2.0\n# Hz S RI\n[Number of Ports] 1\n[Number of Frequencies] 2\n"
       "[Network Data]\n1 0 0\n[End]\n",
       "x:7", "[Number of Frequencies]"},
      {"x", "[Number of Ports] 1000000000000\n", "x:1", "most is 32"},
      {"x", "[Bogus] 1\n", "x:1", "[Bogus]"},
      {"x", "[Number of Ports 1\n", "x:1", "bracket"},
      {"x.s2p", "[Version] 2.0\n# Hz S RI\n[Number of Ports] 4\n[Network Data]\n1 0 0\n", "x.s2p:5",
       "name says 2"},
  };
  for (const auto& row : kCases) {
    SCOPED_TRACE(row.text);
    const auto error = bad(row.text, row.name);
    EXPECT_EQ(error.where, row.where);
    EXPECT_NE(error.what.find(row.what), std::string::npos) << error.text();
  }
}

TEST(Touchstone, SaysWhichPortCountTheFirstFrequencyHas) {
  const auto error = bad("# Hz S RI\n1 1 0 2 0 3 0 4 0\n2 1 0 2 0 3 0 4 0\n", "x.s1p");
  EXPECT_NE(error.hint.find("is 2 ports, not 1"), std::string::npos) << error.text();
}

TEST(Touchstone, BoundsWhatCarriesNoData) {
  const std::string comments(TouchstoneLimits::kCommentBytes + 2, '!');
  EXPECT_EQ(bad(comments).code, Code::kResourceExhausted);
  EXPECT_EQ(bad(std::string(10'000, '7')).where, "x.s1p:1");
}

TEST(Touchstone, NamesFilesThatCannotBeRead) {
  EXPECT_EQ(read_touchstone("/nonexistent/x.s4p").error().code, Code::kNotFound);
  EXPECT_FALSE(read_touchstone("/").has_value());
}

TEST(Touchstone, KnowsThePortCountOfANamesEnding) {
  EXPECT_EQ(ports_of_name("a.b/x.S12P"), 12U);
  EXPECT_EQ(ports_of_name("x.s4p"), 4U);
  EXPECT_EQ(ports_of_name("x.sp"), std::nullopt);
  EXPECT_EQ(ports_of_name("x.ts"), std::nullopt);
  EXPECT_EQ(ports_of_name("s4p"), std::nullopt);
}

TEST(Touchstone, ReadsBackWhatItWrote) {
  rc::check("parse(write(x)) == x", [] {
    const auto ports = *rc::gen::inRange<std::size_t>(1, 12);
    const auto points = *rc::gen::inRange<std::size_t>(1, 5);
    const bool is_second = *rc::gen::arbitrary<bool>();
    std::vector<double> f;
    double hz = *rc::gen::inRange(0, 1000) * 1e3;
    for (std::size_t i = 0; i < points; ++i) {
      f.push_back(hz);
      hz += *rc::gen::inRange(1, 1'000'000) * 1234.5;
    }
    Network network = make_network(ports, f, *rc::gen::inRange(1, 200));
    for (Complex& value : network.s) {
      value = {*rc::gen::inRange(-1000, 1000) / 777.0, *rc::gen::inRange(-1000, 1000) * 1e-9 / 3};
    }
    if (is_second) {
      for (double& z : network.z0_ohm) {
        z = *rc::gen::inRange(1, 200) / 3.0;
      }
    }
    if (*rc::gen::arbitrary<bool>()) {
      for (std::size_t i = 0; i < ports; ++i) {
        network.names.push_back(fmt::format("U{}", i));
      }
    }
    TouchstoneStyle style;
    style.version = is_second ? 2 : 1;
    const auto text = write_touchstone(network, style);
    RC_ASSERT(text.has_value());
    const auto again = parse_touchstone(*text, is_second ? "x.ts" : fmt::format("x.s{}p", ports));
    RC_ASSERT(again.has_value());
    RC_ASSERT(again->network.frequency_hz == network.frequency_hz);
    RC_ASSERT(again->network.z0_ohm == network.z0_ohm);
    RC_ASSERT(again->network.s == network.s);
    RC_ASSERT(again->network.names == network.names);
    const NumberFormat kFormats[] = {NumberFormat::kMagnitudeAngle, NumberFormat::kDecibelAngle};
    for (const auto format : kFormats) {
      style.format = format;
      const auto polar = parse_touchstone(*write_touchstone(network, style), "-", ports);
      RC_ASSERT(polar.has_value());
      for (std::size_t i = 0; i < network.s.size(); ++i) {
        RC_ASSERT(std::abs(polar->network.s[i] - network.s[i]) < 1e-13);
      }
    }
  });
}

TEST(Touchstone, FilesLongerThanAChunkReadAsOneText) {
  Network network = make_network(4, {});
  for (std::size_t i = 0; i < 1500; ++i) {
    network.frequency_hz.push_back(1e7 * static_cast<double>(i));
    for (std::size_t k = 0; k < 16; ++k) {
      network.s.emplace_back(std::sin(0.1 * static_cast<double>(i + k)), 1.0 / 3);
    }
  }
  const fs::path path = fs::temp_directory_path() / fmt::format("weft-chunk-{}.s4p", ::getpid());
  std::ofstream(path) << *write_touchstone(network);
  ASSERT_GT(fs::file_size(path), std::size_t{512} << 10);
  const auto read = read_touchstone(path.string());
  fs::remove(path);
  ASSERT_TRUE(read.has_value()) << read.error().text();
  EXPECT_EQ(read->network.s, network.s);
}

TEST(TouchstoneCorpus, MeetsThePublishedValues) {
  const fs::path folder = corpus() / "tec_smt_io";
  if (!fs::exists(folder)) {
    GTEST_SKIP() << "no corpus at " << folder;
  }
  struct Published {
    std::string_view name;
    double sdd21_db, sdd11_db;  ///< at 14 GHz
  };
  for (const auto& row : {Published{"4in", -4.67, -18.51}, Published{"10in", -9.37, -27.80}}) {
    const auto file = read_touchstone(
        (folder / fmt::format("TEC_SMT_IO_42GHz_Thru_B5B6_{}.s4p", row.name)).string());
    ASSERT_TRUE(file.has_value()) << file.error().text();
    ASSERT_EQ(file->network.points(), 4201U);
    const PortPair pairs[] = {{0, 2}, {1, 3}};
    const auto mixed = mixed_mode(file->network, pairs);
    ASSERT_TRUE(mixed.has_value());
    ASSERT_EQ(mixed->frequency_hz[1400], 14e9);
    EXPECT_NEAR(20 * std::log10(std::abs(mixed->at(1400, 1, 0))), row.sdd21_db, 0.006);
    EXPECT_NEAR(20 * std::log10(std::abs(mixed->at(1400, 0, 0))), row.sdd11_db, 0.006);
  }
}

}  // namespace
}  // namespace weft::phy::channel
