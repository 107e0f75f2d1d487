// SPDX-License-Identifier: Apache-2.0
// Any bytes as a request's target and body, through routes, parameters and answers: no crash, and
// an answer or a mistake that says something.
#include "serve/api/routes.h"
#include "serve/api/test_plane.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace {

using weft::serve::ApiRoute;

void ask(weft::serve::TestPlane& plane, const ApiRoute& route, const weft::net::Target& target) {
  namespace serve = weft::serve;
  const auto call = serve::read_call(route, target);
  if (!call) {
    if (serve::problem_json(400, "Bad Request", call.error()).front() != '{') {
      std::abort();
    }
    return;
  }
  const auto again = weft::net::parse_target(call->target());
  if (again && serve::find_route(*again, route.method) != &route) {
    std::abort();
  }
  if (route.run == nullptr) {
    return;
  }
  plane.source().look([&](const serve::ApiState& state) {
    const auto said = route.run(state, route, *call);
    if (said ? said->body.empty() : serve::status_of(said.error().code) < 400) {
      std::abort();
    }
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace serve = weft::serve;
  static serve::TestPlane plane;
  plane.known_world.lines.clear();
  // A target, and after a line's end the body of a POST.
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(text.find('\n'), text.size());
  auto target = weft::net::parse_target(text.substr(0, end));
  if (!target) {
    return 0;
  }
  for (const std::string_view method : {"GET", "DELETE"}) {
    if (const ApiRoute* route = serve::find_route(*target, method)) {
      ask(plane, *route, *target);
    }
  }
  const auto fields = serve::body_fields(text.substr(std::min(end + 1, text.size())));
  const ApiRoute* post = serve::find_route(*target, "POST");
  if (post != nullptr && fields) {
    target->query = *fields;
    ask(plane, *post, *target);
  }
  return 0;
}
