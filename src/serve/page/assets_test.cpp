// SPDX-License-Identifier: Apache-2.0
#include "serve/page/assets.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace weft::serve {
namespace {

const Asset* asset_at(std::string_view path) {
  const auto all = page_assets();
  const auto found = std::ranges::find(all, path, &Asset::path);
  return found == all.end() ? nullptr : &*found;
}

TEST(PageAssets, HoldTheFirstPage) {
  const Asset* index = asset_at("/index.html");
  ASSERT_NE(index, nullptr);
  EXPECT_EQ(index->content_type, "text/html; charset=utf-8");
  EXPECT_FALSE(index->immutable);
}

TEST(PageAssets, AreOrderedAndPacked) {
  const auto all = page_assets();
  EXPECT_TRUE(std::ranges::is_sorted(all, {}, &Asset::path));
  for (const Asset& asset : all) {
    EXPECT_TRUE(asset.path.starts_with('/')) << asset.path;
    EXPECT_EQ(asset.sha256.size(), 64U) << asset.path;
    EXPECT_FALSE(asset.content_type.empty()) << asset.path;
    ASSERT_GT(asset.gzip.size(), 18U) << asset.path;
    EXPECT_EQ(asset.gzip[0], std::byte{0x1f}) << "RFC 1952 section 2.3.1";
    EXPECT_EQ(asset.gzip[1], std::byte{0x8b}) << asset.path;
    EXPECT_EQ(asset.immutable, asset.path.starts_with("/assets/")) << asset.path;
  }
}

}  // namespace
}  // namespace weft::serve
