// SPDX-License-Identifier: Apache-2.0
// Any bytes as a request's target, through routes, parameters and answers: no crash, and an answer
// or a mistake that says something.
#include "serve/api/routes.h"
#include "serve/api/test_plane.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace serve = weft::serve;
  static serve::TestPlane plane;
  const auto target = weft::net::parse_target({reinterpret_cast<const char*>(data), size});
  const serve::ApiRoute* route = target ? serve::find_route(*target) : nullptr;
  if (route == nullptr) {
    return 0;
  }
  const auto call = serve::read_call(*route, *target);
  if (!call) {
    if (serve::problem_json(400, "Bad Request", call.error()).front() != '{') {
      std::abort();
    }
    return 0;
  }
  const auto again = weft::net::parse_target(call->target());
  if (again && serve::find_route(*again) != route) {
    std::abort();
  }
  if (route->run != nullptr) {
    plane.source().look([&](const serve::ApiState& state) {
      const auto said = route->run(state, *route, *call);
      if (said ? said->body.empty() : serve::status_of(said.error().code) < 400) {
        std::abort();
      }
    });
  }
  return 0;
}
