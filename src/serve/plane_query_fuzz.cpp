// SPDX-License-Identifier: Apache-2.0
// Any bytes as a question: no crash, and always an answer of one line.
#include "base/temp_folder.h"
#include "serve/query.h"

#include <cstdint>
#include <cstdlib>
#include <memory>

namespace {

std::unique_ptr<weft::telemetry::Store> small_store() {
  namespace telemetry = weft::telemetry;
  static const weft::base::TempFolder folder("weft-plane-fuzz");
  auto store = telemetry::Store::open(folder.at("s"));
  if (!store) {
    std::abort();
  }
  const auto series = (*store)->series({"prt-1", weft::observe::Metric::kTemperature, "core"});
  const telemetry::StorePoint point{*series, {{1'000'000'000'000}, weft::observe::Value(41.5)}};
  (void)(*store)->append({&point, 1});
  return std::move(*store);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto kStore = small_store();
  const std::string said =
      weft::serve::answer({.store = kStore.get(), .findings = {}, .now = {1'000'060'000'000}},
                          {reinterpret_cast<const char*>(data), size});
  if (said.empty() || said.front() != '{' || said.find('\n') != std::string::npos) {
    std::abort();
  }
  return 0;
}
