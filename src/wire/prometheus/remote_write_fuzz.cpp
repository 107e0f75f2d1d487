// SPDX-License-Identifier: Apache-2.0
// Any bytes as a remote_write body: no crash, and what was read can be written again unless its
// labels are none.
#include "wire/prometheus/remote_write.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace prometheus = weft::wire::prometheus;
  const auto series = prometheus::read_request({data, size});
  if (!series) {
    return 0;
  }
  if (const auto body = prometheus::write_request(*series)) {
    const auto again = prometheus::read_request(*body);
    if (!again || again->size() != series->size()) {
      std::abort();
    }
  }
  return 0;
}
