// SPDX-License-Identifier: Apache-2.0
#include "base/fair_mutex.h"

#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace weft::base {
namespace {

void wait_until_taken(const FairMutex& mutex, std::size_t by) {
  while (mutex.taken() < by) {
    std::this_thread::yield();
  }
}

TEST(FairMutex, IsTakenInTheOrderOfAskingAlsoByWhoLetItGo) {
  FairMutex mutex;
  std::string order;
  const auto ask = [&](char name) {
    mutex.lock();
    order += name;
    mutex.unlock();
  };
  mutex.lock();
  std::thread first(ask, 'a');
  wait_until_taken(mutex, 2);
  std::thread second(ask, 'b');
  wait_until_taken(mutex, 3);
  mutex.unlock();
  ask('c');
  first.join();
  second.join();
  EXPECT_EQ(order, "abc");
  EXPECT_EQ(mutex.taken(), 0U);
}

}  // namespace
}  // namespace weft::base
