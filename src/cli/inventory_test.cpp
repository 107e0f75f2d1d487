// SPDX-License-Identifier: Apache-2.0
// Every planned link of the reference racks that has a twin is found from both its ends through
// drivers and match tables alone; counts are worked out from the rack files. The families without a
// twin (memory controllers' own side, coherent spans' far routers) are named with each rack.
#include "cli/inventory.h"

#include "cli/test_shell.h"
#include "diagnose/joint.h"
#include "driver/collect.h"
#include "fabric/rack.h"
#include "twin/machine.h"
#include "twin/plan/inventory.h"

#include <fstream>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft::cli {
namespace {

std::string file_of(const std::string& rack) {
  return std::string(WEFT_SOURCE_DIR) + "/racks/" + rack + ".yaml";
}

std::string text_of(const std::string& file) {
  std::ifstream in(file);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

struct Found {
  std::size_t planned = 0;
  std::size_t from_both_ends = 0;
  std::size_t from_one_end = 0;
  std::size_t strangers = 0;  ///< live links that are not planned
  std::size_t unmatched = 0;
};

/// What a watcher finds who has the located rack file and nothing else of the twin.
Found found_on(const std::string& name) {
  Found out;
  auto fabric = fabric::rack_fabric(file_of(name));
  EXPECT_TRUE(fabric) << name;
  auto rack = twin::build_rack(std::move(*fabric), {});
  EXPECT_TRUE(rack) << name;
  (*rack)->world->advance(base::seconds(1));
  const auto text = located_text(text_of(file_of(name)), twin::located(*(*rack)->plan));
  EXPECT_TRUE(text) << text.error().text();
  const auto plan = fabric::load_rack_text(*text, "located").fabric;
  diagnose::Joint joint(&plan);
  for (std::size_t i = 0; i < (*rack)->machines.size(); ++i) {
    const auto host = twin::host_of(**rack, i);
    const auto snapshot = driver::collect(host, {.now = {1'700'000'000'000'000'000}});
    if (!snapshot) {
      continue;  // a machine without anything to see
    }
    joint.take(*snapshot);
    for (const auto& state : snapshot->links) {
      const auto link = joint.link(state.link);
      out.strangers += link && plan.link(link->link) != nullptr ? 0 : 1;
    }
    EXPECT_FALSE(joint.take(*snapshot));
  }
  out.planned = plan.links().size();
  for (const auto& link : plan.links()) {
    const bool at_a = joint.is_seen_at_a(link.id);
    const bool at_b = joint.is_seen_at_b(link.id);
    out.from_both_ends += at_a && at_b ? 1 : 0;
    out.from_one_end += at_a != at_b ? 1 : 0;
  }
  out.unmatched = joint.unmatched().size();
  return out;
}

}  // namespace
}  // namespace weft::cli
