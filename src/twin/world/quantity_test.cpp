// SPDX-License-Identifier: Apache-2.0
// The table of quantities is complete and sane; contributions combine by their rules and leave no
// trace when they are taken away.
#include "twin/world/quantity.h"

#include <cmath>
#include <limits>
#include <set>

#include <gtest/gtest.h>

namespace weft::twin {
namespace {

TEST(TwinQuantity, TableIsCompleteAndInOrder) {
  ASSERT_EQ(quantities().size(), static_cast<std::size_t>(Quantity::kCount_));
  std::set<std::string_view> keys;
  for (std::size_t i = 0; i < quantities().size(); ++i) {
    const QuantityRow& each = quantities()[i];
    EXPECT_EQ(static_cast<std::size_t>(each.quantity), i) << each.key;
    EXPECT_TRUE(keys.insert(each.key).second) << each.key;
    EXPECT_EQ(find_quantity(each.key), each.quantity);
    EXPECT_LT(each.min, each.max) << each.key;
    EXPECT_FALSE(each.unit.empty()) << each.key;
    EXPECT_TRUE(each.help.ends_with('.')) << each.key;
    const double neutral = each.combine == Combine::kMultiply ? 1 : 0;
    EXPECT_GE(neutral, each.min) << each.key;
    EXPECT_LE(neutral, each.max) << each.key;
    EXPECT_EQ(Quantities().value(each.quantity), neutral) << each.key;
  }
  EXPECT_EQ(find_quantity("nonsense"), std::nullopt);
}

TEST(TwinQuantity, CombinesByItsRule) {
  Quantities all;
  EXPECT_TRUE(all.set(Quantity::kLoss, 5, 1, 2.0));
  EXPECT_TRUE(all.set(Quantity::kLoss, 5, 2, 3.0));
  EXPECT_EQ(all.value(Quantity::kLoss, 5), 5.0);
  EXPECT_EQ(all.value(Quantity::kLoss, 6), 0.0) << "another lane";
  EXPECT_TRUE(all.set(Quantity::kAirflow, 0, 1, 0.5));
  EXPECT_TRUE(all.set(Quantity::kAirflow, 0, 2, 0.5));
  EXPECT_EQ(all.value(Quantity::kAirflow), 0.25);
  EXPECT_TRUE(all.set(Quantity::kOpen, 0, 1, 1.0));
  EXPECT_FALSE(all.set(Quantity::kOpen, 0, 2, 1.0));
  EXPECT_TRUE(all.is_on(Quantity::kOpen));
  EXPECT_FALSE(all.set(Quantity::kOpen, 0, 1, std::nullopt)) << "the other still holds it";
  EXPECT_TRUE(all.set(Quantity::kOpen, 0, 2, std::nullopt));
  EXPECT_FALSE(all.is_on(Quantity::kOpen));
}

TEST(TwinQuantity, TakingAwayLeavesNothing) {
  Quantities all;
  EXPECT_TRUE(all.set(Quantity::kNoise, 1, 9, 0.1));
  EXPECT_TRUE(all.set(Quantity::kNoise, 1, 9, std::nullopt));
  EXPECT_FALSE(all.set(Quantity::kNoise, 1, 9, std::nullopt));
  EXPECT_TRUE(all.empty());
  EXPECT_EQ(all.value(Quantity::kNoise, 1), 0.0);
}

TEST(TwinQuantity, KeepsContributionsInRange) {
  Quantities all;
  EXPECT_TRUE(all.set(Quantity::kLoss, 0, 1, 1e9));
  EXPECT_EQ(all.value(Quantity::kLoss), row(Quantity::kLoss).max);
  EXPECT_FALSE(all.set(Quantity::kLoss, 0, 1, std::numeric_limits<double>::quiet_NaN()));
  EXPECT_TRUE(std::isfinite(all.value(Quantity::kLoss)));
  EXPECT_FALSE(all.set(Quantity::kCount_, 0, 1, 1.0));
  EXPECT_TRUE(all.is_plausible());
}

TEST(TwinQuantity, ReadsBackAndRefusesGarbledRows) {
  Quantities all;
  EXPECT_TRUE(all.set(Quantity::kLoss, 5, 1, 2.0));
  EXPECT_TRUE(all.set(Quantity::kQuirk, 3, 2, 1.0));
  Archive out;
  all.exchange(out);
  Quantities back;
  Archive in(out.bytes());
  back.exchange(in);
  EXPECT_FALSE(in.failed());
  EXPECT_EQ(in.left(), 0U);
  EXPECT_TRUE(back.is_plausible());
  EXPECT_EQ(back.value(Quantity::kLoss, 5), 2.0);
  EXPECT_TRUE(back.is_on(Quantity::kQuirk, 3));

  base::Bytes bytes = out.bytes();
  bytes[8] = 0xEE;  // the first row's quantity
  Archive garbled(bytes);
  Quantities wrong;
  wrong.exchange(garbled);
  EXPECT_FALSE(wrong.is_plausible());
}

}  // namespace
}  // namespace weft::twin
