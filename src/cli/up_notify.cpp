// SPDX-License-Identifier: Apache-2.0
#include "cli/up_notify.h"

#include "base/text.h"

#include <algorithm>
#include <fstream>
#include <string>

namespace weft::cli {

using base::Code;

base::Result<std::string> read_token(const std::string& file) {
  constexpr std::size_t kBytesMost = 4096;
  std::ifstream in(file);
  std::string line;
  if (!std::getline(in, line) && line.empty()) {
    return base::fail(Code::kNotFound, "no token can be read there", file,
                      "Write it on the first line of the file.");
  }
  std::string token(base::trim(line));
  const bool is_plain = std::ranges::all_of(token, [](char c) { return c > ' ' && c < '\x7f'; });
  if (token.empty() || token.size() > kBytesMost || !is_plain) {
    return base::fail(Code::kInvalidArgument, "the first line is no token", file,
                      "It may have letters, digits and punctuation, no spaces.");
  }
  return token;
}

base::Result<void> read_notify_options(const Arguments& arguments, UpPlaneOptions& out) {
  const auto address = arguments.value("--notify");
  for (const char* const other :
       {"--notify-token", "--notify-ca", "--notify-level", "--quiet-hours"}) {
    if (!address && arguments.has(other)) {
      return base::fail(Code::kInvalidArgument, "nobody is told", other,
                        "Say who by --notify URL.");
    }
  }
  if (!address) {
    return {};
  }
  auto made = serve::webhook_to(*address);
  if (!made) {
    return tl::unexpected(made.error());
  }
  serve::WebhookOptions webhook = *std::move(made);
  webhook.ca_file = arguments.value("--notify-ca").value_or("");
  if (const auto file = arguments.value("--notify-token")) {
    auto token = read_token(*file);
    if (!token) {
      return tl::unexpected(token.error());
    }
    webhook.token = *std::move(token);
  }
  out.webhook = std::move(webhook);
  if (const auto text = arguments.value("--notify-level")) {
    bool is_known = false;
    for (const auto level :
         {diagnose::Level::kUnknown, diagnose::Level::kWarning, diagnose::Level::kCritical}) {
      if (diagnose::key(level) == *text) {
        out.notices.least = level;
        is_known = true;
      }
    }
    if (!is_known) {
      return base::fail(Code::kInvalidArgument,
                        "there is no level '" + base::printable(*text, 40) + "'", "--notify-level",
                        "There are unknown, warning and critical.");
    }
  }
  for (const std::string& text : arguments.values("--quiet-hours")) {
    const auto hours = serve::parse_quiet_hours(text);
    if (!hours) {
      return tl::unexpected(hours.error());
    }
    out.notices.quiet.push_back(*hours);
  }
  return {};
}

}  // namespace weft::cli
