// SPDX-License-Identifier: Apache-2.0
// See eye_input.h. Which files and paths there are is read by channel_input.h.
#include "cli/physics/eye_input.h"

#include "cli/json_request.h"
#include "cli/physics/channel_input.h"
#include "phy/media/path.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

namespace weft::cli {
namespace {

namespace media = phy::media;

base::Result<EyeInput> of_path(const Arguments& arguments) {
  auto sections = load_sections(arguments);
  if (!sections) {
    return tl::unexpected(sections.error());
  }
  EyeInput input;
  for (media::Section& section : *sections) {
    if (section.kind == media::SectionKind::kOptical) {
      input.notes.push_back(
          fmt::format("{} is optical and has no electrical eye; it is left out", section.text));
      continue;
    }
    EyeSection one;
    one.name = section.text;
    one.has_packages = path_has_package(section.text);
    one.channel = std::move(section.channel);
    one.noise_v2_per_hz = std::move(section.noise_v2_per_hz);
    input.sections.push_back(std::move(one));
  }
  if (const auto wanted = arguments.value("--section")) {
    // Its number is checked by whoever cuts one section out; here the whole path is looked at.
    input.notes.push_back("--section " + *wanted + " is not used: every section has its eye");
  }
  if (input.sections.empty()) {
    return base::fail(base::Code::kInvalidArgument, "the path has no electrical section", "--path");
  }
  return input;
}

}  // namespace

base::Result<EyeInput> eye_input(const Arguments& arguments) {
  if (is_path(arguments)) {
    return of_path(arguments);
  }
  auto channel = load_channel(arguments);
  if (!channel) {
    return tl::unexpected(channel.error());
  }
  EyeInput input;
  EyeSection section;
  section.name = channel->thru.name;
  section.channel = std::move(*channel);
  input.sections.push_back(std::move(section));
  return input;
}

Arguments with_channel(const Arguments& arguments, const std::string& word) {
  Arguments changed = arguments;
  for (const std::string_view name :
       {std::string_view("FILE"), std::string_view("--path"), kInlineChannels}) {
    changed.remove(name);
  }
  std::error_code error;
  const bool is_file = word == "-" || std::filesystem::exists(word, error);
  changed.add(!is_file && media::parse_path(word) ? "--path" : "FILE", word);
  return changed;
}

}  // namespace weft::cli
