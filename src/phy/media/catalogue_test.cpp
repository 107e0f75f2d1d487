// SPDX-License-Identifier: Apache-2.0
// The catalogue's files against the tables that their sources print, and the loader's refusals with
// their places.
#include "phy/media/catalogue.h"

#include "phy/embedded.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace weft::phy::media {
namespace {

TEST(MediaCatalogue, LoadsEveryFileThatComesWithTheProgram) {
  ASSERT_GE(embedded_media().size(), 6U);
  Catalogue all;
  for (const auto& file : embedded_media()) {
    const auto done = all.add(file.text, std::string(file.name) + ".yaml");
    EXPECT_TRUE(done) << done.error().text();
  }
  EXPECT_EQ(all.media().size(), catalogue().media().size());
}

TEST(MediaCatalogue, SaysOfEachConstantWhereItComesFrom) {
  for (const auto& medium : catalogue().media()) {
    for (const auto& constant : medium.constants) {
      EXPECT_GT(constant.source.size(), 5U) << medium.key << " " << constant.name;
    }
  }
  const auto* measured = catalogue().find("midloss");
  ASSERT_NE(measured, nullptr);
  EXPECT_FALSE(measured->find("k_c_db_per_in")->is_modelled);
  EXPECT_TRUE(catalogue().find("Megtron7")->find("k_c_db_per_in")->is_modelled);
  EXPECT_NE(
      catalogue().find("twinax30")->modelled().find("k_c_db_per_m, valid_max_ghz (modelled ±25 %"),
      std::string::npos);
}

fabric::Segment segment(fabric::Medium medium, std::string part = {}) {
  fabric::Segment out;
  out.medium = medium;
  out.part = std::move(part);
  return out;
}

TEST(MediaCatalogue, StandsForEveryMediumOfARackFileButCoherentOptics) {
  for (const auto word : fabric::medium_keys()) {
    const auto medium = fabric::medium(word);
    ASSERT_TRUE(medium);
    const bool is_none =
        *medium == fabric::Medium::kCoherent || *medium == fabric::Medium::kUnknown;
    EXPECT_EQ(catalogue().of(segment(*medium)) == nullptr, is_none) << word;
  }
  EXPECT_EQ(catalogue().of(segment(fabric::Medium::kBoard, "fr4"))->key, "fr4");
  EXPECT_EQ(catalogue().of(segment(fabric::Medium::kBoard, "no such"))->kind, Kind::kLaminate);
}

TEST(MediaCatalogue, NamesModulesAndFibresThatItHas) {
  for (const auto& medium : catalogue().media()) {
    if (medium.module) {
      const auto* module = catalogue().find(*medium.module);
      ASSERT_NE(module, nullptr) << medium.key;
      EXPECT_EQ(module->kind, Kind::kModule);
    }
    if (medium.fibre) {
      ASSERT_NE(catalogue().find(*medium.fibre), nullptr) << medium.key;
      EXPECT_EQ(catalogue().find(*medium.fibre)->kind, Kind::kFibre);
    }
  }
}

TEST(MediaCatalogue, NamesTheNearestOfAMistypedKey) {
  const auto got = catalogue().get("megtrom7");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, base::Code::kNotFound);
  EXPECT_EQ(got.error().hint, "Did you mean `megtron7`?");
  EXPECT_FALSE(catalogue().get("").has_value());
}

struct Wrong {
  const char* text;
  const char* where;
  const char* what;
};

class MediaCatalogueRefuses : public testing::TestWithParam<Wrong> {};

TEST_P(MediaCatalogueRefuses, WithThePlace) {
  Catalogue empty;
  const auto done = empty.add(GetParam().text, "x.yaml");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().where, GetParam().where) << done.error().text();
  EXPECT_NE(done.error().what.find(GetParam().what), std::string::npos) << done.error().text();
  EXPECT_FALSE(done.error().hint.empty());
  EXPECT_TRUE(empty.media().empty());
}

INSTANTIATE_TEST_SUITE_P(
    Files, MediaCatalogueRefuses,
    testing::Values(
        Wrong{"media: [", "x.yaml:1:1", "not valid YAML"},
        Wrong{"- 1\n", "x.yaml:1:1", "not a map"},
        Wrong{"media: []\n", "x.yaml:1:1", "`weftline` is missing"},
        Wrong{"weftline: media/9\n", "x.yaml:1:11", "version"},
        Wrong{"weftline: media/1\nmedium: []\n", "x.yaml:2:1", "`medium` is not known"},
        Wrong{"weftline: media/1\nmedia: 3\n", "x.yaml:2:8", "not a list"},
        Wrong{"weftline: media/1\nmedia:\n  - {key: a}\n", "x.yaml:3:5", "no `kind`"},
        Wrong{"weftline: media/1\nmedia:\n  - {key: a, kind: cabel}\n", "x.yaml:3:20",
              "`cabel` is not known"},
        Wrong{"weftline: media/1\nmedia:\n  - {key: A B, kind: fibre}\n", "x.yaml:3:11", "key is"},
        Wrong{"weftline: media/1\nmedia:\n  - {key: a, kind: fibre, key: b}\n", "x.yaml:3:27",
              "twice"},
        Wrong{"weftline: media/1\nmedia:\n  - {key: a, kind: fibre, title: t, loss: 3}\n",
              "x.yaml:3:37", "`loss` is not known"},
        Wrong{"weftline: media/1\nmedia:\n  - {key: a, kind: fibre, loss_db_per_km: 3}\n",
              "x.yaml:3:43", "not a number with its source"},
        Wrong{"weftline: media/1\nmedia:\n"
              "  - {key: a, kind: fibre, loss_db_per_km: {value: nan, source: s}}\n",
              "x.yaml:3:51", "`nan` is no value"},
        Wrong{"weftline: media/1\nmedia:\n"
              "  - {key: a, kind: fibre, loss_db_per_km: {value: -1, source: s}}\n",
              "x.yaml:3:51", "`-1` is no value"},
        Wrong{"weftline: media/1\nmedia:\n  - {key: a, kind: fibre, loss_db_per_km: {value: 1}}\n",
              "x.yaml:3:43", "no source"},
        Wrong{"weftline: media/1\nmedia:\n  - {key: a, title: t, kind: fibre}\n", "x.yaml:3:5",
              "has no `loss_db_per_km`"},
        Wrong{"weftline: media/1\nmedia:\n  - {key: a, title: t, kind: retimer, module: m}\n",
              "x.yaml:3:5", "`module` belongs"},
        Wrong{"weftline: media/1\nmedia:\n  - {key: a, title: t, kind: retimer}\n"
              "  - {key: b, title: t, kind: retimer, aliases: [A]}\n",
              "x.yaml:4:5", "taken"}));

TEST(MediaCatalogue, RefusesAFileThatIsTooLong) {
  Catalogue empty;
  const auto done = empty.add(std::string((1 << 20) + 1, '#'), "x.yaml");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, base::Code::kResourceExhausted);
}

TEST(MediaCatalogue, HasOneRuleForEachConstantAndKind) {
  std::set<std::pair<Kind, std::string_view>> seen;
  for (const auto& rule : constant_rules()) {
    EXPECT_TRUE(seen.emplace(rule.kind, rule.name).second) << rule.name;
    EXPECT_LT(rule.min, rule.max) << rule.name;
  }
}

TEST(MediaCatalogue, DocumentsEveryConstant) {
  std::ifstream in(WEFT_SOURCE_DIR "/docs/formats/media.md");
  const std::string text(std::istreambuf_iterator<char>(in), {});
  for (const auto& rule : constant_rules()) {
    EXPECT_NE(text.find("| `" + std::string(rule.name) + "`"), std::string::npos) << rule.name;
    EXPECT_NE(text.find(rule.help), std::string::npos) << rule.name << ": " << rule.help;
  }
}

}  // namespace
}  // namespace weft::phy::media
