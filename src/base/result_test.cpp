// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include <gtest/gtest.h>

namespace weft::base {
namespace {

TEST(Result, CodesHaveGrpcsNumbersAndNames) {
  // grpc/doc/statuscodes.md
  EXPECT_EQ(name(Code::kCancelled), "CANCELLED");
  EXPECT_EQ(name(Code::kInvalidArgument), "INVALID_ARGUMENT");
  EXPECT_EQ(name(Code::kPermissionDenied), "PERMISSION_DENIED");
  EXPECT_EQ(name(Code::kUnauthenticated), "UNAUTHENTICATED");
  EXPECT_EQ(static_cast<int>(Code::kNotFound), 5);
  EXPECT_EQ(static_cast<int>(Code::kUnavailable), 14);
  EXPECT_EQ(static_cast<int>(Code::kUnauthenticated), 16);
  EXPECT_EQ(name(static_cast<Code>(200)), "UNKNOWN");
}

TEST(Result, TextLeavesOutWhatIsNotThere) {
  EXPECT_EQ((Error{Code::kNotFound, "no such file", "/x", "Give a path."}).text(),
            "/x: no such file (Give a path.)");
  EXPECT_EQ((Error{Code::kNotFound, "no such file", "", ""}).text(), "no such file");
}

TEST(Result, FailFitsAnyResult) {
  const Result<int> number = fail(Code::kDataLoss, "truncated", "dump:3");
  ASSERT_FALSE(number);
  EXPECT_EQ(number.error().code, Code::kDataLoss);
  const Result<void> nothing = fail(Code::kInternal, "x");
  EXPECT_FALSE(nothing);
}

}  // namespace
}  // namespace weft::base
