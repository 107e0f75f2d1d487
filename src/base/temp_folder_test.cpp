// SPDX-License-Identifier: Apache-2.0
#include "base/temp_folder.h"

#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

#include <gtest/gtest.h>

namespace weft::base {
namespace {

TEST(TempFolder, IsGoneWithItsOwner) {
  std::string path;
  {
    TempFolder first("weft-test");
    path = first.path();
    ASSERT_TRUE(std::filesystem::is_directory(path));
    std::ofstream(first.at("file")) << "x";
    const TempFolder second(std::move(first));
    EXPECT_EQ(second.path(), path);
    EXPECT_TRUE(std::filesystem::exists(second.at("file")));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(TempFolder, TwoAreTwo) {
  EXPECT_NE(TempFolder().path(), TempFolder().path());
}

}  // namespace
}  // namespace weft::base
