// SPDX-License-Identifier: Apache-2.0
// FNV-1a against the test vectors that its authors publish (draft-eastlake-fnv, appendix).
#include "base/id.h"

#include <type_traits>
#include <unordered_set>

#include <gtest/gtest.h>

namespace weft::base {
namespace {

struct LinkTag {
  static constexpr std::string_view kPrefix = "lnk";
};
struct PortTag {
  static constexpr std::string_view kPrefix = "prt";
};
using LinkId = StrongId<LinkTag>;
using PortId = StrongId<PortTag>;

static_assert(fnv1a64("") == 0xcbf29ce484222325ULL);
static_assert(fnv1a64("a") == 0xaf63dc4c8601ec8cULL);
static_assert(fnv1a64("foobar") == 0x85944171f73967e8ULL);
static_assert(std::is_trivially_copyable_v<LinkId>);
static_assert(!std::is_convertible_v<LinkId, PortId>);
static_assert(!std::is_convertible_v<std::uint64_t, LinkId>);
static_assert(!std::equality_comparable_with<LinkId, PortId>);

TEST(Id, HashIsTheSameInParts) {
  EXPECT_EQ(fnv1a64("bar", fnv1a64("foo")), fnv1a64("foobar"));
}

TEST(Id, BytesAboveAsciiAreUnsigned) {
  // By hand: (offset basis ^ 0xFF) * prime, modulo 2^64.
  EXPECT_EQ(fnv1a64("\xFF"), (0xcbf29ce484222325ULL ^ 0xFFULL) * 0x100000001b3ULL);
}

TEST(Id, TextHasPrefixAndSixteenDigits) {
  EXPECT_EQ(LinkId(0x00f3c2a1b4d5e697ULL).text(), "lnk-00f3c2a1b4d5e697");
  EXPECT_EQ(LinkId().text(), "lnk-0000000000000000");
}

TEST(Id, SameIdentityGivesSameIdWithinAKindOnly) {
  EXPECT_EQ(LinkId::of("a"), LinkId::of("a"));
  EXPECT_NE(LinkId::of("a"), LinkId::of("b"));
  EXPECT_NE(LinkId::of("a").value(), PortId::of("a").value());
  EXPECT_TRUE(LinkId().is_null());
  EXPECT_FALSE(LinkId::of("").is_null());
  EXPECT_EQ((std::unordered_set<LinkId>{LinkId::of("a"), LinkId::of("b"), LinkId::of("a")}.size()),
            2U);
}

}  // namespace
}  // namespace weft::base
