// SPDX-License-Identifier: Apache-2.0
// weft mark over a store's folder: it is kept, events show it, mistakes are told.
#include "base/temp_folder.h"
#include "cli/test_shell.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::cli {
namespace {

using testing::HasSubstr;

TEST(MarkVerbTest, IsKeptAndShownAsAnEvent) {
  const base::TempFolder folder("weft-mark");
  const std::string store = " --store '" + folder.at("s") + "'";
  const base::Run made = shell(weft() +
                               "mark server3 repair --from 2026-11-22T19:14Z --for 2h "
                               "--note 'cable B is exchanged' --json" +
                               store);
  EXPECT_EQ(made.code, 0) << made.out;
  EXPECT_THAT(made.out, HasSubstr(R"("until":"2026-11-22T21:14:00.000Z")"));
  const base::Run events =
      shell(weft() + "events --since 2026-11-22 --until 2026-11-23 --kind 'mark_*'" + store);
  EXPECT_THAT(events.out, HasSubstr("mark_repair"));
  EXPECT_THAT(events.out, HasSubstr("cable B is exchanged"));
  EXPECT_THAT(shell(weft() + "mark '*'" + store).out, HasSubstr("maintenance of everything"));
}

TEST(MarkVerbTest, MistakesAreTold) {
  const base::TempFolder folder("weft-mark");
  const std::string store = " --store '" + folder.at("s") + "'";
  EXPECT_EQ(shell(weft() + "mark a party" + store).code, 64);
  EXPECT_EQ(shell(weft() + "mark a --from yesterday" + store).code, 64);
  EXPECT_EQ(shell(weft() + "mark a --to 2026-11-22 --for 2h" + store).code, 64);
  EXPECT_EQ(shell(weft() + "mark a --from 2026-11-22 --to 2026-11-21" + store).code, 65);
  EXPECT_EQ(shell(weft() + "mark a --folder /nowhere").code, 69);
}

}  // namespace
}  // namespace weft::cli
