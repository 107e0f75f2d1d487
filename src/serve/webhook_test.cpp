// SPDX-License-Identifier: Apache-2.0
// Notices that nobody takes wait, in order, and hold nobody up.
#include "serve/webhook.h"

#include "serve/test_receiver.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace weft::serve {
namespace {

using test::Receiver;
using test::waits_until;

TEST(WebhookTest, TriesAgainInOrderUntilItIsTaken) {
  Receiver receiver({503, 500, 200});
  Webhook webhook({.url = *net::parse_url("http://127.0.0.1:" + receiver.port + "/hook"),
                   .token = "secret",
                   .first_retry = base::seconds(0.01)});
  webhook.post("one END");
  webhook.post("two END");
  ASSERT_TRUE(waits_until([&] { return webhook.status().sent == 2; }));
  const auto requests = receiver.requests();
  ASSERT_EQ(requests.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NE(requests[i].find(i < 3 ? "one END" : "two END"), std::string::npos) << i;
    EXPECT_NE(requests[i].find("Authorization: Bearer secret"), std::string::npos) << i;
  }
  EXPECT_EQ(webhook.status().failed, 2U);
  EXPECT_EQ(webhook.status().last_problem.find("secret"), std::string::npos);
  EXPECT_TRUE(webhook.waiting().empty());
}

TEST(WebhookTest, KeepsWhatNobodyTakesAndDropsTheOldest) {
  Webhook webhook({.url = *net::parse_url("http://127.0.0.1:1/"),
                   .first_retry = base::seconds(1000),
                   .kept_most = 2});
  for (const char* body : {"1", "2", "3"}) {
    webhook.post(body);
  }
  ASSERT_TRUE(waits_until([&] { return webhook.status().failed == 1; }));
  EXPECT_EQ(webhook.waiting(), (std::vector<std::string>{"2", "3"}));
  EXPECT_EQ(webhook.status().dropped, 1U);
}

}  // namespace
}  // namespace weft::serve
