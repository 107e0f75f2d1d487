// SPDX-License-Identifier: Apache-2.0
// Any bytes as a request's target: no crash; what is taken has no segment that climbs, no control
// character, and means the same when it is written anew.
#include "net/http_target.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace net = weft::net;
  const auto target = net::parse_target({reinterpret_cast<const char*>(data), size});
  if (!target) {
    return 0;
  }
  std::string anew;
  for (const std::string& segment : target->segments) {
    for (const char c : segment) {
      if (static_cast<unsigned char>(c) < ' ') {
        std::abort();
      }
    }
    if (segment.empty() || segment == "." || segment == "..") {
      std::abort();
    }
    anew += "/" + net::percent_encoded(segment);
  }
  anew = anew.empty() ? "/" : anew;
  for (std::size_t i = 0; i < target->query.size(); ++i) {
    anew += (i == 0 ? "?" : "&") + net::percent_encoded(target->query[i].first) + "=" +
            net::percent_encoded(target->query[i].second);
  }
  if (anew.size() > net::kTargetBytesMost) {
    return 0;
  }
  const auto again = net::parse_target(anew);
  if (!again || again->segments != target->segments || again->query != target->query) {
    std::abort();
  }
  (void)net::is_own_host(target->authority, {"rack7"});
  return 0;
}
