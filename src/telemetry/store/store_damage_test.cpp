// SPDX-License-Identifier: Apache-2.0
// Broken files: the store opens, says what is gone, and serves the rest. The files are taken from
// snapshots, in which all points stand in tables.
#include "base/random.h"
#include "telemetry/store/test_store.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace weft::telemetry {
namespace {

namespace fs = std::filesystem;

constexpr int kSeriesCount = 60;
constexpr int kPolls = 700;

/// Points that hardly compress, so that the tables have many blocks.
void fill(Store& store) {
  base::Random random(5, "damage");
  std::vector<SeriesId> series;
  for (int i = 0; i < kSeriesCount; ++i) {
    series.push_back(store.series(test_key(i)).value());
  }
  for (int poll = 0; poll < kPolls; ++poll) {
    std::vector<StorePoint> points;
    for (const SeriesId s : series) {
      points.push_back(real(s, kStart + poll * 10 * kSecond, random.uniform()));
    }
    ASSERT_TRUE(store.append(points));
    if (poll % 25 == 24) {
      ASSERT_TRUE(store.commit());
    }
  }
}

class StoreDamage : public testing::Test {
 protected:
  void SetUp() override {
    auto store = Store::open(live());
    ASSERT_TRUE(store);
    fill(**store);
    ASSERT_TRUE((*store)->snapshot(at("snapshot")));
  }
  [[nodiscard]] std::string at(const std::string& name) const {
    return folder_.path() + "/" + name;
  }
  [[nodiscard]] std::string live() const { return at("live"); }
  /// A fresh copy of the snapshot (or of the store with its log).
  std::string copy(const std::string& of) {
    const std::string to = at("copy" + std::to_string(copies_++));
    fs::copy(of, to, fs::copy_options::recursive);
    return to;
  }
  static fs::path largest(const std::string& folder, const std::string& extension) {
    fs::path found;
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().extension() == extension &&
          (found.empty() || entry.file_size() > fs::file_size(found))) {
        found = entry.path();
      }
    }
    return found;
  }
  static void flip(const fs::path& file, std::uintmax_t offset) {
    std::fstream io(file, std::ios::in | std::ios::out | std::ios::binary);
    io.seekg(static_cast<std::streamoff>(offset));
    const int was = io.get();
    io.seekp(static_cast<std::streamoff>(offset));
    io.put(static_cast<char>(was ^ 0x40));
  }
  struct Found {
    std::size_t whole = 0;  ///< series with all points
    std::size_t points = 0;
    std::vector<std::string> damage;
  };
  static Found ask(const std::string& folder) {
    Found found;
    const auto store = Store::open(folder);
    EXPECT_TRUE(store) << store.error().text();
    if (!store) {
      return found;
    }
    (*store)->check();
    const auto all = (*store)->points({}, {0}, {INT64_MAX});
    for (const SeriesPoints& series : *all) {
      found.points += series.points.size();
      found.whole += series.points.size() == kPolls ? 1 : 0;
    }
    found.damage = (*store)->damage();
    // It goes on: a new point is taken and acknowledged.
    const auto id = (*store)->series(test_key(1000));
    EXPECT_TRUE(id && (*store)->append(std::vector{real(*id, kStart, 1)}) && (*store)->commit());
    return found;
  }

  StoreFolder folder_;
  int copies_ = 0;
};

TEST_F(StoreDamage, a_snapshot_opens_with_everything) {
  const Found found = ask(copy(at("snapshot")));
  EXPECT_EQ(found.whole, static_cast<std::size_t>(kSeriesCount));
  EXPECT_TRUE(found.damage.empty()) << found.damage.front();
}

TEST_F(StoreDamage, a_broken_block_costs_its_series_and_is_named) {
  const fs::path table = largest(at("snapshot"), ".sst");
  const std::uintmax_t size = fs::file_size(table);
  ASSERT_GT(size, 100'000U);
  for (const std::uintmax_t part : {1U, 4U, 7U}) {
    const std::string folder = copy(at("snapshot"));
    flip(fs::path(folder) / table.filename(), size * part / 9);
    const Found found = ask(folder);
    ASSERT_FALSE(found.damage.empty());
    EXPECT_GT(found.points, static_cast<std::size_t>(kSeriesCount * kPolls * 7 / 10));
    EXPECT_LT(found.points, static_cast<std::size_t>(kSeriesCount * kPolls));
    EXPECT_TRUE(std::any_of(found.damage.begin(), found.damage.end(), [](const std::string& text) {
      return text.find("prt-") != std::string::npos || text.find("group") != std::string::npos;
    })) << found.damage.front();
  }
}

TEST_F(StoreDamage, broken_tables_of_any_kind_let_it_open) {
  const fs::path table = largest(at("snapshot"), ".sst");
  for (int way = 0; way < 4; ++way) {
    const std::string folder = copy(at("snapshot"));
    const fs::path victim = fs::path(folder) / table.filename();
    const std::uintmax_t size = fs::file_size(victim);
    if (way == 0) {
      fs::remove(victim);
    } else if (way == 1) {
      fs::resize_file(victim, size / 2);
    } else if (way == 2) {
      flip(victim, size - 4);  // the footer
    } else {
      flip(largest(folder, ".sst").parent_path() / "CURRENT", 2);
    }
    EXPECT_FALSE(ask(folder).damage.empty()) << way;
  }
}

TEST_F(StoreDamage, a_broken_log_costs_its_groups_and_is_named) {
  const StoreFolder other;
  const std::string made = other.path() + "/store";
  {
    auto store = Store::open(made);
    ASSERT_TRUE(store);
    fill(**store);
  }
  const fs::path file = largest(made, ".log");
  ASSERT_FALSE(file.empty());
  for (const std::uintmax_t part : {1U, 3U}) {
    const std::string folder = copy(made);
    flip(fs::path(folder) / file.filename(), fs::file_size(file) * part / 4);
    const Found found = ask(folder);
    EXPECT_FALSE(found.damage.empty());
    EXPECT_GT(found.points, static_cast<std::size_t>(kSeriesCount * kPolls / 2));
  }
}

}  // namespace
}  // namespace weft::telemetry
