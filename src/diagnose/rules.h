// SPDX-License-Identifier: Apache-2.0
// The table of rules. Adding one more: a file under rules/, its declaration here and its row in
// rules.cpp. A rule reads the context and adds findings; it never removes another's. Order matters
// only where a rule says so: the expectation rule comes last, to see what was found already.
#pragma once

#include "diagnose/context.h"

#include <span>
#include <string_view>

namespace weft::diagnose {

struct Rule {
  std::string_view name;
  std::string_view summary;
  void (*run)(Context&);
};

[[nodiscard]] std::span<const Rule> rules();

void find_source_problems(Context& context);
void assess_pcie_links(Context& context);
void find_dead_links(Context& context);
void find_unseen_links(Context& context);
void find_slow_pcie_links(Context& context);
void find_pcie_errors(Context& context);
void find_ethernet(Context& context);
void find_infiniband(Context& context);
void find_nvlink(Context& context);
void find_hot_parts(Context& context);
void find_events(Context& context);
void find_unexpected(Context& context);

}  // namespace weft::diagnose
