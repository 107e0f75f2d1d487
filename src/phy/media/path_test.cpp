// SPDX-License-Identifier: Apache-2.0
// Paths from text: what is taken, what is refused and where; losses of every medium against the
// tables of their sources; sections, noise and aggressors.
#include "phy/media/path.h"

#include "phy/channel/touchstone.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace weft::phy::media {
namespace {

using channel::Complex;

std::vector<double> grid(double step_hz, double last_hz) {
  std::vector<double> out;
  for (double f = 0; f <= last_hz; f += step_hz) {
    out.push_back(f);
  }
  return out;
}

base::Result<BuiltPath> built(std::string_view text, std::vector<double> frequency_hz,
                              const BuildOptions& options = {}) {
  const auto path = parse_path(text);
  if (!path) {
    return tl::unexpected(path.error());
  }
  return build(*path, frequency_hz, options);
}

double loss_db(std::string_view text, double hz, const BuildOptions& options = {}) {
  const auto path = built(text, {hz}, options);
  EXPECT_TRUE(path) << path.error().text();
  return path ? -20 * std::log10(std::abs(path->sections.front().channel.thru.sdd.at(0, 1, 0)))
              : -1;
}

struct Loss {
  const char* path;  ///< of length 1 in the table's unit
  std::array<double, 5> db;
};

// Tables of dB per inch and per metre as the sources give them, to their two (one) digits.
constexpr std::array<double, 5> kBoardGhz = {8, 16, 26.56, 32, 53.1};
constexpr std::array<Loss, 5> kBoards = {{{"fr4:1in", {1.02, 1.89, 2.99, 3.55, 5.70}},
                                          {"midloss:1in", {0.51, 0.87, 1.30, 1.51, 2.31}},
                                          {"megtron6:1in", {0.38, 0.61, 0.89, 1.02, 1.52}},
                                          {"megtron7:1in", {0.31, 0.47, 0.66, 0.75, 1.07}},
                                          {"megtron8:1in", {0.27, 0.40, 0.54, 0.61, 0.84}}}};

TEST(MediaPath, BoardsLoseWhatTheTableSays) {
  for (const auto& row : kBoards) {
    for (std::size_t i = 0; i < kBoardGhz.size(); ++i) {
      // 20 in, so that the least mismatch from the line's own losses does not count.
      const std::string text = std::string(row.path).replace(std::string_view(row.path).find(':'),
                                                             std::string::npos, ":20in");
      EXPECT_NEAR(loss_db(text, kBoardGhz[i] * 1e9) / 20, row.db[i], 0.0055)
          << row.path << " at " << kBoardGhz[i];
    }
  }
}

/// k_c and k_d of a loss per inch over 0.5 to 30 GHz, by least squares.
std::pair<double, double> slope(const std::vector<double>& hz,
                                const std::vector<double>& db_per_in) {
  double aa = 0;
  double ab = 0;
  double bb = 0;
  double ay = 0;
  double by = 0;
  for (std::size_t i = 0; i < hz.size(); ++i) {
    if (hz[i] < 0.5e9 || hz[i] > 30e9) {
      continue;
    }
    const double a = std::sqrt(hz[i] * 1e-9);
    const double b = hz[i] * 1e-9;
    aa += a * a;
    ab += a * b;
    bb += b * b;
    ay += a * db_per_in[i];
    by += b * db_per_in[i];
  }
  const double det = aa * bb - ab * ab;
  return {(ay * bb - by * ab) / det, (aa * by - ab * ay) / det};
}

std::vector<double> difference_per_inch(const channel::Network& longer,
                                        const channel::Network& shorter) {
  std::vector<double> out;
  out.reserve(longer.points());
  for (std::size_t i = 0; i < longer.points(); ++i) {
    out.push_back(-20 * std::log10(std::abs(longer.at(i, 1, 0) / shorter.at(i, 1, 0))) / 6);
  }
  return out;
}

TEST(MediaPath, TheMeasuredSlopeComesBack) {
  const auto f = grid(50e6, 30e9);
  const auto longer = built("midloss:10in", f)->sections[0].channel.thru.sdd;
  const auto shorter = built("midloss:4in", f)->sections[0].channel.thru.sdd;
  const auto [k_c, k_d] = slope(f, difference_per_inch(longer, shorter));
  EXPECT_NEAR(k_c, 0.0950, 0.0001);
  EXPECT_NEAR(k_d, 0.03047, 0.00003);
}

TEST(MediaPath, TheMeasuredSlopeIsThatOfTheFiles) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): tests run in one thread
  const char* named = std::getenv("WEFT_CORPUS");
  const std::filesystem::path folder =
      (named != nullptr ? std::filesystem::path(named)
                        : std::filesystem::path(WEFT_SOURCE_DIR) / "../shared/corpus") /
      "channels/tec_smt_io";
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << "no corpus at " << folder;
  }
  const auto differential = [&](const char* name) {
    const auto file = channel::read_touchstone((folder / name).string());
    EXPECT_TRUE(file) << file.error().text();
    const std::array<channel::PortPair, 2> pairs = {{{0, 2}, {1, 3}}};
    return *channel::mixed_mode(file->network, pairs);
  };
  const auto longer = differential("TEC_SMT_IO_42GHz_Thru_B5B6_10in.s4p");
  const auto shorter = differential("TEC_SMT_IO_42GHz_Thru_B5B6_4in.s4p");
  const auto [k_c, k_d] = slope(longer.frequency_hz, difference_per_inch(longer, shorter));
  const auto* midloss = catalogue().find("midloss");
  EXPECT_NEAR(k_c, midloss->value("k_c_db_per_in"), 0.0005);
  EXPECT_NEAR(k_d, midloss->value("k_d_db_per_in"), 0.0001);
}

TEST(MediaPath, TwinaxLosesWhatTheTableSays) {
  constexpr std::array<double, 4> kGhz = {12.9, 16, 26.56, 53.1};
  constexpr std::array<std::pair<const char*, std::array<double, 4>>, 5> kTable = {
      {{"twinax26:10m", {3.5, 4.0, 5.5, 8.5}},
       {"twinax28:10m", {4.3, 4.8, 6.5, 10.0}},
       {"twinax30:10m", {5.2, 5.9, 7.9, 11.9}},
       {"twinax32:10m", {6.4, 7.2, 9.6, 14.3}},
       {"twinax34:10m", {7.9, 8.9, 11.7, 17.4}}}};
  for (const auto& [text, row] : kTable) {
    for (std::size_t i = 0; i < kGhz.size(); ++i) {
      EXPECT_NEAR(loss_db(text, kGhz[i] * 1e9) / 10, row[i], 0.055) << text << " at " << kGhz[i];
    }
  }
}

TEST(MediaPath, FixedPartsLoseWhatTheirSourcesSay) {
  // Harness of 15, 35 and 55 cm with connectors at 16 GHz (BlueField-3 manual, 11.2).
  EXPECT_NEAR(loss_db("cabline-ca2:15cm", 16e9), 3.8, 0.06);
  EXPECT_NEAR(loss_db("cabline-ca2:35cm", 16e9), 7.6, 0.06);
  EXPECT_NEAR(loss_db("cabline-ca2:55cm", 16e9), 11.4, 0.06);
  // Mismatch adds a little to the absorptive part.
  EXPECT_NEAR(loss_db("cem", 16e9), 1.5, 0.25);
  EXPECT_NEAR(loss_db("mcio-harness", 16e9), 3.5, 0.05);
  EXPECT_NEAR(loss_db("osfp", 26.56e9), 1.25, 0.05);
  EXPECT_GT(loss_db("qsfp-dd", 53.1e9), 2);
  EXPECT_LT(loss_db("qsfp-dd", 53.1e9), 3);
}

TEST(MediaPath, ThePackagesLineHasTheLossOfCom) {
  // loss = 8.686 (5e-4 + 8.9e-4 sqrt(f) + 2e-4 f) dB/mm: 0.063 at 16, 0.090 at 26.56 GHz. 34 + 1.8
  // mm, beside them the die's and the ball's capacitance: the whole is 3 to 4.5 dB, 5 to 7 dB.
  EXPECT_GT(loss_db("pkg", 26.56e9), 35.8 * 0.0895);
  EXPECT_LT(loss_db("pkg", 26.56e9), 4.6);
  EXPECT_GT(loss_db("pkg", 53.1e9), 5);
  EXPECT_LT(loss_db("pkg", 53.1e9), 9);
}

TEST(MediaPath, APathLosesAboutTheSumOfItsParts) {
  const double whole = loss_db("megtron6:5in + cem + megtron6:3in", 16e9);
  const double parts =
      loss_db("megtron6:5in", 16e9) + loss_db("cem", 16e9) + loss_db("megtron6:3in", 16e9);
  EXPECT_NEAR(whole, parts, 0.4);
  EXPECT_NEAR(loss_db("midloss:4in + midloss:6in", 14e9), loss_db("midloss:10in", 14e9), 1e-9);
}

TEST(MediaPath, WarmthCostsLoss) {
  const double cold = loss_db("megtron6:10in", 16e9);
  EXPECT_DOUBLE_EQ(loss_db("megtron6:10in@25C", 16e9), cold);
  const double warm = loss_db("megtron6:10in@75C", 16e9);
  EXPECT_NEAR(warm / cold, 1 + 50 * (0.002 * 0.34 + 0.003 * 0.2714) / (0.34 + 0.2714), 0.002);
  EXPECT_DOUBLE_EQ(loss_db("megtron6:10in", 16e9, {.celsius = 75}), warm);
  EXPECT_GT(loss_db("twinax30:2m@45C", 26.56e9), loss_db("twinax30:2m", 26.56e9));
}

TEST(MediaPath, AStubResonatesAtAQuarterWave) {
  // 1 mm at Dk 3.8: c/(4 l sqrt(Dk)) = 38.4 GHz.
  EXPECT_GT(loss_db("via:1mm", 38.4e9), 20);
  EXPECT_LT(loss_db("via:1mm", 5e9), 1);
  EXPECT_LT(loss_db("via:0.1mm", 38.4e9), 2);
}

/// Largest singular value squared of a two-port of the network.
double gain(const channel::Network& n, std::size_t i) {
  const double a = std::norm(n.at(i, 0, 0)) + std::norm(n.at(i, 1, 0));
  const double d = std::norm(n.at(i, 0, 1)) + std::norm(n.at(i, 1, 1));
  const double b = std::norm(std::conj(n.at(i, 0, 0)) * n.at(i, 0, 1) +
                             std::conj(n.at(i, 1, 0)) * n.at(i, 1, 1));
  return (a + d) / 2 + std::sqrt((a - d) * (a - d) / 4 + b);
}

TEST(MediaPath, EveryPassiveMediumIsPassiveAndReciprocal) {
  const auto f = grid(250e6, 80e9);
  for (const auto& medium : catalogue().media()) {
    std::string text = medium.key;
    switch (medium.kind) {
      case Kind::kLaminate:
      case Kind::kCable:
        text += ":0.2m";
        break;
      case Kind::kConnector:
      case Kind::kPackage:
      case Kind::kVia:
        break;
      default:
        continue;
    }
    const auto path = built(text, f);
    ASSERT_TRUE(path) << path.error().text();
    const auto& network = path->sections.front().channel.thru.sdd;
    for (std::size_t i = 0; i < f.size(); ++i) {
      ASSERT_LE(gain(network, i), 1 + 1e-9) << text << " at " << f[i];
      ASSERT_NEAR(std::abs(network.at(i, 0, 1) - network.at(i, 1, 0)), 0, 1e-12) << text;
    }
    EXPECT_NEAR(std::abs(network.at(0, 1, 0)), 1, 0.02) << text;
  }
}

TEST(MediaPath, RetimersCutAndRedriversDoNot) {
  const auto path =
      built("pkg + megtron7:4in | retimer | megtron7:3in + redriver:6dB + twinax30:1m + pkg",
            grid(1e9, 40e9));
  ASSERT_TRUE(path) << path.error().text();
  ASSERT_EQ(path->sections.size(), 2U);
  EXPECT_EQ(path->sections[0].text, "pkg + megtron7:4in");
  EXPECT_EQ(path->sections[0].ended_by, "retimer");
  EXPECT_TRUE(path->sections[0].noise_v2_per_hz.empty());
  EXPECT_EQ(path->sections[1].ended_by, "");
  EXPECT_EQ(path->sections[1].noise_v2_per_hz.size(), 41U);
}

TEST(MediaPath, ARedriverAddsGainAndItsNoiseReachesTheReceiver) {
  const auto path = built("redriver:10dB + twinax30:1m", grid(1e9, 40e9));
  ASSERT_TRUE(path);
  const auto& section = path->sections.front();
  // At 0 Hz the gain is -1 dB (flat_db) and the cable loses nothing: 4e-19 V^2/Hz (k 290 K 100 ohm)
  // times F - 1 at 14 dB, times -1 dB.
  EXPECT_NEAR(section.noise_v2_per_hz[0], 4.004e-19 * (25.119 - 1) * 0.7943, 2e-20);
  // Behind it the loss takes the noise down with the signal.
  const auto alone = built("redriver:10dB", grid(1e9, 40e9));
  const double loss = loss_db("twinax30:1m", 20e9);
  EXPECT_NEAR(10 * std::log10(alone->sections[0].noise_v2_per_hz[20] / section.noise_v2_per_hz[20]),
              loss, 0.1);
  EXPECT_GT(loss_db("twinax30:1m", 12e9), loss_db("redriver:10dB + twinax30:1m", 12e9) + 4);
}

TEST(MediaPath, LinearOpticsStayInTheSectionAndRetimedOnesCutIt) {
  const auto linear = built("pkg + megtron7:3in + lpo:100m + megtron7:3in + pkg", grid(1e9, 50e9));
  ASSERT_TRUE(linear) << linear.error().text();
  ASSERT_EQ(linear->sections.size(), 1U);
  EXPECT_EQ(linear->sections[0].module->key, "dr8-module");
  EXPECT_DOUBLE_EQ(linear->sections[0].fibre_m, 100);
  EXPECT_GT(linear->sections[0].noise_v2_per_hz[10], 0);
  const auto longer = built("pkg + megtron7:3in + lpo:2km + megtron7:3in + pkg", grid(1e9, 50e9));
  EXPECT_GT(longer->sections[0].noise_v2_per_hz[10], linear->sections[0].noise_v2_per_hz[10]);

  const auto retimed = built("megtron7:3in | dr8:500m | megtron7:3in", grid(1e9, 50e9));
  ASSERT_TRUE(retimed) << retimed.error().text();
  ASSERT_EQ(retimed->sections.size(), 3U);
  EXPECT_EQ(retimed->sections[1].kind, SectionKind::kOptical);
  EXPECT_EQ(retimed->sections[1].module->key, "dr8-module");
  EXPECT_EQ(retimed->sections[1].fibre->key, "smf");
  EXPECT_DOUBLE_EQ(retimed->sections[1].fibre_m, 500);
  EXPECT_EQ(retimed->sections[0].ended_by, "dr8");
}

TEST(MediaPath, ModelsAggressorsWhereElementsCouple) {
  const auto path =
      built("megtron7:4in + cem + megtron7:6in", grid(1e9, 32e9), {.crosstalk = true});
  ASSERT_TRUE(path);
  const auto& channel = path->sections.front().channel;
  ASSERT_EQ(channel.aggressors.size(), 3U);  // two neighbours' FEXT, one's NEXT
  const auto level_db = [&](std::size_t k) {
    return 20 * std::log10(std::abs(channel.aggressors[k].sdd.at(16, 1, 0)));
  };
  const double thru_db = 20 * std::log10(std::abs(channel.thru.sdd.at(16, 1, 0)));
  EXPECT_EQ(channel.aggressors[0].role, channel::Role::kFext);
  EXPECT_NEAR(level_db(0), thru_db - 42 - 0.97, 0.02);
  EXPECT_EQ(channel.aggressors[1].role, channel::Role::kNext);
  // There and back over the 6 in to the receiver.
  EXPECT_NEAR(level_db(1), -2 * 6 * 0.47 - 44 - 0.97, 0.1);
  EXPECT_NE(channel.aggressors[0].name.find("modelled"), std::string::npos);
  EXPECT_TRUE(built("megtron7:4in + cem", grid(1e9, 9e9))->sections[0].channel.aggressors.empty());
}

TEST(MediaPath, SaysWhatIsModelledAndWhatIsExtrapolated) {
  const auto path = built("fr4:2in + midloss:2in", grid(1e9, 40e9));
  ASSERT_TRUE(path);
  const auto& notes = path->sections[0].channel.notes;
  const auto has = [&](std::string_view part) {
    return std::ranges::any_of(notes,
                               [&](const auto& note) { return note.find(part) != note.npos; });
  };
  EXPECT_TRUE(has("fr4: k_c_db_per_in"));
  EXPECT_TRUE(has("±25 %"));
  EXPECT_TRUE(has("fr4: extrapolated above 16 GHz"));
  EXPECT_FALSE(has("midloss: k_c"));
}

TEST(MediaPath, MixesInMeasuredFiles) {
  std::string asked;
  BuildOptions options;
  options.load_file = [&](std::string_view file) -> base::Result<channel::Network> {
    asked = file;
    auto flat = channel::make_network(2, {0, 10e9, 20e9}, 100);
    for (std::size_t i = 0; i < 3; ++i) {
      flat.at(i, 1, 0) = flat.at(i, 0, 1) = 0.5;
    }
    return flat;
  };
  EXPECT_NEAR(loss_db("megtron7:2in + file:\"a+b.s4p\" + megtron7:2in", 10e9, options),
              loss_db("megtron7:4in", 10e9) + 6.0206, 1e-3);
  EXPECT_EQ(asked, "a+b.s4p");
  EXPECT_FALSE(built("file:x.s4p", {1e9}));
  options.load_file = [](std::string_view) -> base::Result<channel::Network> {
    return channel::make_network(4, {1e9}, 50);
  };
  const auto wrong = built("file:x.s4p", {1e9}, options);
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().what.find("4 ports"), std::string::npos);
}

TEST(MediaPath, ComesFromALinkOfARackFile) {
  fabric::Link link;
  link.name = "gpu0--switch0";
  fabric::Segment board;
  board.medium = fabric::Medium::kBoard;
  board.length = base::Millimetres(200);
  board.retimer_after = fabric::DeviceId{};
  fabric::Segment cable;
  cable.medium = fabric::Medium::kDac;
  link.segments = {board, cable};
  const auto path = path_of(link);
  ASSERT_TRUE(path) << path.error().text();
  ASSERT_EQ(path->elements.size(), 3U);
  EXPECT_EQ(path->elements[0].text, "megtron7:200mm");
  EXPECT_EQ(path->elements[1].medium->kind, Kind::kRetimer);
  EXPECT_EQ(path->elements[2].medium->key, "twinax26");
  EXPECT_DOUBLE_EQ(*path->elements[2].length_m, 1);
  ASSERT_EQ(path->notes.size(), 3U);  // two defaults taken, one length assumed
  EXPECT_TRUE(build(*path, grid(1e9, 20e9)));

  link.segments[0].medium = fabric::Medium::kCoherent;
  EXPECT_EQ(path_of(link).error().code, base::Code::kNotFound);
  link.segments.clear();
  EXPECT_FALSE(path_of(link));
}

struct Wrong {
  const char* text;
  const char* where;
  const char* what;
};

class MediaPathRefuses : public testing::TestWithParam<Wrong> {};

TEST_P(MediaPathRefuses, WithTheColumn) {
  const auto path = parse_path(GetParam().text);
  ASSERT_FALSE(path);
  EXPECT_EQ(path.error().where, GetParam().where) << path.error().text();
  EXPECT_NE(path.error().what.find(GetParam().what), std::string::npos) << path.error().text();
  EXPECT_FALSE(path.error().hint.empty());
}

INSTANTIATE_TEST_SUITE_P(Texts, MediaPathRefuses,
                         testing::Values(Wrong{"", "path:1", "missing"},
                                         Wrong{"pkg + + pkg", "path:6", "missing"},
                                         Wrong{"pkg + megtron6", "path:7", "no length"},
                                         Wrong{"megtron6:5", "path:1", "`5` is no length"},
                                         Wrong{"megtron6:-5in", "path:1", "no length"},
                                         Wrong{"megtron6:1e9in", "path:1", "no length"},
                                         Wrong{"megtron6:nanin", "path:1", "no length"},
                                         Wrong{"megtron6:900in", "path:1", "too long"},
                                         Wrong{"pkg + megtrom6:5in", "path:7", "megtrom6"},
                                         Wrong{"cem:5in", "path:1", "takes no"},
                                         Wrong{"redriver:xdB", "path:1", "no gain"},
                                         Wrong{"twinax30:2m@900C", "path:1", "no temperature"},
                                         Wrong{"twinax30:2m@hot", "path:1", "no temperature"},
                                         Wrong{"file:", "path:1", "no file"},
                                         Wrong{"pkg + file:\"a + b", "path:12", "not closed"},
                                         Wrong{"fr4:1in + pkg + fr4:1in", "path:11", "middle"},
                                         Wrong{"retimer | fr4:1in", "path:1", "retimer"},
                                         Wrong{"fr4:1in | retimer", "path:11", "retimer"},
                                         Wrong{"smf", "path:1", "fibre"},
                                         Wrong{"dr4-module", "path:1", "module"}));

TEST(MediaPath, HasLimits) {
  std::string many = "cem";
  for (std::size_t i = 0; i < kElementsMax; ++i) {
    many += "+cem";
  }
  EXPECT_EQ(parse_path(many).error().code, base::Code::kResourceExhausted);
  EXPECT_EQ(parse_path(std::string(kPathTextMax + 1, 'a')).error().code,
            base::Code::kResourceExhausted);
  const auto path = parse_path("cem");
  EXPECT_FALSE(build(*path, {}));
  EXPECT_FALSE(build(*path, std::vector<double>{1e9, 1e9}));
  EXPECT_FALSE(build(*path, std::vector<double>{-1, 1e9}));
  EXPECT_FALSE(build(PathSpec{}, std::vector<double>{1e9}));
}

}  // namespace
}  // namespace weft::phy::media
