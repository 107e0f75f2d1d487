// SPDX-License-Identifier: Apache-2.0
// Any bytes as Prometheus text and as JSON lines, through the program's own mappings: no crash,
// nothing dropped without a count, looks in order of time with links of their own fabric.
#include "serve/import/exposition.h"
#include "serve/import/json_lines.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <string_view>

namespace {

template <class Counts>
std::size_t total(const Counts& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::size_t{0},
                         [](std::size_t sum, const auto& one) { return sum + one.second; });
}

void check(const weft::serve::Imported& got, bool counts_all) {
  const std::size_t counted =
      got.taken_count() + total(got.left_out) + total(got.refused) + total(got.unmapped);
  if (counts_all && counted != got.samples) {
    std::abort();
  }
  if (!std::ranges::is_sorted(got.looks, {}, &weft::observe::Snapshot::taken)) {
    std::abort();
  }
  for (const auto& look : got.looks) {
    for (const auto& state : look.links) {
      if (look.fabric.link(state.link) == nullptr) {
        std::abort();
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weft::serve;
  static const auto kMappings = find_mappings("");
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr weft::base::WallTime kAt{1'700'000'000LL * 1'000'000'000};
  if (const auto got = import_exposition(text, *kMappings, {.host = "h", .at = kAt})) {
    check(*got, true);
  }
  if (const auto got = import_json_lines(text, {.host = "h", .at = kAt})) {
    check(*got, false);
  }
  return 0;
}
