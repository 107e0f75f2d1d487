// SPDX-License-Identifier: Apache-2.0
#include "cli/action_report.h"

#include "base/text.h"
#include "driver/journal.h"

#include <algorithm>
#include <cstdio>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::cli {

std::string dry_run_text(const Outline& outline) {
  return outline_text(outline) + "Nothing was written. Add --apply to do it.\n";
}

void print_text(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

int run_action(const Arguments& arguments, const serve::ActionRequest& request,
               std::string_view actions) {
  const auto kinds = serve::action_kinds();
  if (std::ranges::find(kinds, request.action, &serve::ActionKind::name) == kinds.end()) {
    const auto name = request.action.substr(request.action.find(' ') + 1);
    return report_usage(fmt::format("there is no action \"{}\"", base::printable(name, 40)),
                        std::string(actions));
  }
  if (const auto fits = serve::check_request(request); !fits) {
    return report_usage(fits.error().what, fits.error().hint);
  }
  auto place = open_place(arguments, arguments.value("TARGET").value_or(""));
  if (!place) {
    return report(place.error());
  }
  const auto planned = serve::plan_action(*place, request);
  if (!planned) {
    return report(planned.error());
  }
  const bool is_json = arguments.has("--json");
  if (!arguments.has("--apply")) {
    print_text(is_json ? serve::action_json(*planned, nullptr).dump(2) + "\n"
                       : dry_run_text(planned->outline));
    return kOk;
  }
  const auto folder = driver::state_folder();
  if (!folder) {
    return report(folder.error());
  }
  const auto done = planned->act(*folder);
  if (!done) {
    return report(done.error());
  }
  print_text(is_json ? serve::action_json(*planned, &*done).dump(2) + "\n"
                     : outline_text(planned->outline) + done->text + "\n");
  return kOk;
}

}  // namespace weft::cli
