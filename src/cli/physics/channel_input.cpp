// SPDX-License-Identifier: Apache-2.0
#include "cli/physics/channel_input.h"

#include "base/text.h"
#include "cli/json_request.h"
#include "phy/channel/touchstone.h"
#include "phy/channel/touchstone_header.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace channel_input {
namespace {

namespace channel = phy::channel;
using base::Code;
using Json = nlohmann::json;

constexpr OptionSpec kShared[] = {
    {"--fext", "FILE", "A far-end aggressor: from its transmitter to the victim's receiver.", true},
    {"--next", "FILE", "A near-end aggressor, likewise.", true},
    {"--pairs", "MAP",
     "Which ports form the pairs, positive first: FROM:TO as 1,3:2,4 (or tx=1,3 rx=2,4), for every "
     "file. For one file with several paths, roles stand before: \"thru=1,3:2,4 fext=5,7:2,4\". "
     "Default: found for four ports by what passes at low frequency."},
    {"--ports", "N", "Port count of what comes on standard input. Default: found in the data."},
    {"--path", "SEGMENTS",
     "A channel from segments instead of files: \"pkg + megtron6:5in + cem + megtron6:3in + pkg\"; "
     "a measured segment is file:NAME. Media are those of data/media."},
    {"--temperature", "C", "Temperature of segments that name none; default 25."},
    {"--section", "N", "Which section of --path, from 1, where retimers cut it."},
    kRequestOption,
};

/// One file or inline channel that was named, before it is read.
struct Named {
  std::string path;
  std::optional<std::string> text;  ///< of an inline channel
  std::optional<channel::Role> role;
  std::string pairs;
  std::optional<std::size_t> ports;
};

/// "fext:FILE" and the like.
Named named_file(std::string_view word) {
  Named named;
  const auto colon = word.find(':');
  if (colon != std::string_view::npos) {
    if (const auto role = channel::find_role(word.substr(0, colon))) {
      named.role = role;
      word.remove_prefix(colon + 1);
    }
  }
  named.path = word;
  return named;
}

base::Result<Named> inline_channel(const std::string& text) {
  const Json object = Json::parse(text, nullptr, false);
  const auto wrong = [](std::string what, std::string hint = {}) {
    return base::fail(Code::kInvalidArgument, std::move(what), "request: files", std::move(hint));
  };
  Named named;
  for (const auto& [key, value] : object.items()) {
    if (key == "ports" && value.is_number_unsigned()) {
      named.ports = value.get<std::size_t>();
      continue;
    }
    if (!value.is_string()) {
      return wrong(fmt::format("\"{}\" is {}", base::printable(key, 40), value.type_name()),
                   "It is a string; ports is a whole number.");
    }
    const auto string = value.get<std::string>();
    if (key == "touchstone") {
      named.text = string;
    } else if (key == "file" || key == "name") {
      named.path = string;
    } else if (key == "pairs") {
      named.pairs = string;
    } else if (key == "role") {
      named.role = channel::find_role(string);
      if (!named.role) {
        return wrong(fmt::format("\"{}\" is no role", base::printable(string, 40)),
                     "Roles are thru, fext and next.");
      }
    } else {
      return wrong(fmt::format("a channel has no \"{}\"", base::printable(key, 40)),
                   "It has touchstone or file, name, role, pairs and ports.");
    }
  }
  if (!named.text && !object.contains("file")) {
    return wrong("a channel has neither \"touchstone\" nor \"file\"");
  }
  if (named.path.empty()) {
    named.path = "inline";
  }
  return named;
}

/// A role in a file's name, as "Pair_2_to_Pair_9_FEXT.s4p".
std::optional<channel::Role> role_in_name(std::string_view path) {
  std::string upper(path.substr(path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/')));
  std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) {
    return static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  });
  const bool is_fext = upper.find("FEXT") != std::string::npos;
  const bool is_next = upper.find("NEXT") != std::string::npos;
  if (is_fext == is_next) {
    return std::nullopt;
  }
  return is_fext ? channel::Role::kFext : channel::Role::kNext;
}

base::Result<std::vector<Named>> all_named(const Arguments& arguments) {
  std::vector<Named> all;
  for (const auto& word : arguments.values("FILE")) {
    all.push_back(named_file(word));
  }
  for (const auto& text : arguments.values(std::string(kInlineChannels))) {
    auto named = inline_channel(text);
    if (!named) {
      return tl::unexpected(named.error());
    }
    all.push_back(std::move(*named));
  }
  for (const auto role : {channel::Role::kFext, channel::Role::kNext}) {
    for (const auto& path : arguments.values(role == channel::Role::kFext ? "--fext" : "--next")) {
      Named named;
      named.path = path;
      named.role = role;
      all.push_back(std::move(named));
    }
  }
  return all;
}

/// The first without a role is the victim's where none is said to be; names tell the others'.
base::Result<void> settle_roles(std::vector<Named>& all, std::vector<std::string>& notes) {
  const auto is_thru = [](const Named& named) { return named.role == channel::Role::kThru; };
  bool has_thru = std::any_of(all.begin(), all.end(), is_thru);
  for (Named& named : all) {
    if (named.role) {
      continue;
    }
    if (!has_thru) {
      named.role = channel::Role::kThru;
      has_thru = true;
      continue;
    }
    named.role = role_in_name(named.path);
    if (!named.role) {
      return base::fail(Code::kInvalidArgument, "is it a far-end or a near-end aggressor?",
                        named.path,
                        "Write --fext FILE or --next FILE; thru:FILE if it is the victim's path.");
    }
    notes.push_back(fmt::format("{}: {} by its name", named.path, channel::key(*named.role)));
  }
  return {};
}

base::Result<channel::Source> read_source(const Named& named, std::string_view pairs,
                                          std::optional<std::size_t> ports) {
  const auto count = named.ports ? named.ports : named.path == "-" ? ports : std::nullopt;
  auto file = named.text ? channel::parse_touchstone(*named.text, named.path, count)
                         : channel::read_touchstone(named.path, count);
  if (!file) {
    return tl::unexpected(file.error());
  }
  channel::Source source;
  source.network = std::move(file->network);
  source.name = named.path == "-" ? "standard input" : named.path;
  source.role = named.role.value_or(channel::Role::kThru);
  source.notes = std::move(file->notes);
  if (!named.pairs.empty()) {
    pairs = named.pairs;
  }
  if (!pairs.empty() && source.network.ports > 2) {
    auto map = channel::parse_pairs(pairs);
    if (!map) {
      return tl::unexpected(map.error());
    }
    // Roles in the map are those of one file's paths: the victim's. Others take its plain entry.
    const bool has_roles = std::any_of(map->begin(), map->end(),
                                       [](const auto& path) { return path.role.has_value(); });
    if (!has_roles || source.role == channel::Role::kThru || !named.pairs.empty()) {
      source.paths = std::move(*map);
    }
  }
  return source;
}

base::Result<channel::Network> load_segment(std::string_view file, std::string_view pairs) {
  Named named;
  named.path = file;
  named.role = channel::Role::kThru;
  auto source = read_source(named, pairs, std::nullopt);
  if (!source) {
    return tl::unexpected(source.error());
  }
  auto cut = channel::cut_channel(std::span(&*source, 1));
  if (!cut) {
    return tl::unexpected(cut.error());
  }
  return std::move(cut->thru.sdd);
}

}  // namespace
}  // namespace channel_input

std::vector<OptionSpec> channel_options(std::span<const OptionSpec> own) {
  std::vector<OptionSpec> options(own.begin(), own.end());
  options.insert(options.end(), std::begin(channel_input::kShared),
                 std::end(channel_input::kShared));
  return options;
}

base::Result<std::optional<double>> number_option(const Arguments& arguments,
                                                  const std::string& name) {
  const auto text = arguments.value(name);
  if (!text) {
    return std::optional<double>{};
  }
  const auto value = phy::channel::touchstone::parse_number(*text);
  if (!value) {
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("\"{}\" is not a number", base::printable(*text, 40)), name);
  }
  return value;
}

base::Result<std::vector<phy::channel::Source>> load_sources(const Arguments& arguments) {
  using namespace channel_input;
  auto all = all_named(arguments);
  if (!all) {
    return tl::unexpected(all.error());
  }
  if (all->empty()) {
    return base::fail(base::Code::kInvalidArgument, "no channel was given", "arguments",
                      "Name a Touchstone file, or give --path \"SEGMENT + SEGMENT\".");
  }
  std::optional<std::size_t> ports;
  if (const auto text = arguments.value("--ports")) {
    const auto number = base::parse_unsigned(*text);
    if (!number) {
      return base::fail(base::Code::kInvalidArgument,
                        fmt::format("\"{}\" is not a count", base::printable(*text, 40)),
                        "--ports");
    }
    ports = static_cast<std::size_t>(*number);
  }
  std::vector<std::string> notes;
  if (auto settled = settle_roles(*all, notes); !settled) {
    return tl::unexpected(settled.error());
  }
  const std::string pairs = arguments.value("--pairs").value_or("");
  std::vector<phy::channel::Source> sources;
  for (const Named& named : *all) {
    auto source = read_source(named, pairs, ports);
    if (!source) {
      return tl::unexpected(source.error());
    }
    sources.push_back(std::move(*source));
  }
  sources.front().notes.insert(sources.front().notes.end(), notes.begin(), notes.end());
  return sources;
}

bool is_path(const Arguments& arguments) {
  return arguments.has("--path");
}

base::Result<std::vector<phy::media::Section>> load_sections(const Arguments& arguments) {
  using namespace channel_input;
  if (arguments.has("FILE") || arguments.has(std::string(kInlineChannels))) {
    return base::fail(base::Code::kInvalidArgument, "--path and files exclude each other", "--path",
                      "A measured segment stands in the path as file:NAME.");
  }
  const auto celsius = number_option(arguments, "--temperature");
  if (!celsius) {
    return tl::unexpected(celsius.error());
  }
  const auto path = phy::media::parse_path(arguments.value("--path").value_or(""));
  if (!path) {
    return tl::unexpected(path.error());
  }
  phy::media::BuildOptions options;
  options.celsius = celsius->value_or(options.celsius);
  options.crosstalk = true;
  options.load_file = [pairs = arguments.value("--pairs").value_or("")](std::string_view file) {
    return load_segment(file, pairs);
  };
  auto built = phy::media::build(*path, phy::media::standard_grid_hz(), options);
  if (!built) {
    return tl::unexpected(built.error());
  }
  return std::move(built->sections);
}

bool path_has_package(std::string_view path) {
  const auto spec = phy::media::parse_path(path);
  return spec && std::any_of(spec->elements.begin(), spec->elements.end(), [](const auto& element) {
           return element.medium != nullptr && element.medium->kind == phy::media::Kind::kPackage;
         });
}

base::Result<phy::channel::Channel> load_channel(const Arguments& arguments) {
  return load_one(arguments).map([](LoadedChannel&& one) { return std::move(one.channel); });
}

base::Result<LoadedChannel> load_one(const Arguments& arguments) {
  if (!is_path(arguments)) {
    const auto sources = load_sources(arguments);
    if (!sources) {
      return tl::unexpected(sources.error());
    }
    return phy::channel::cut_channel(*sources).map([](phy::channel::Channel&& channel) {
      return LoadedChannel{std::move(channel), {}, false};
    });
  }
  auto sections = load_sections(arguments);
  if (!sections) {
    return tl::unexpected(sections.error());
  }
  const auto wanted = number_option(arguments, "--section");
  if (!wanted) {
    return tl::unexpected(wanted.error());
  }
  const auto count = static_cast<double>(sections->size());
  if (!wanted->has_value() && sections->size() > 1) {
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("the path has {} sections", sections->size()), "--path",
                      fmt::format("Choose one with --section 1 to --section {}.", count));
  }
  const double number = wanted->value_or(1);
  if (number < 1 || number > count || number != std::floor(number)) {
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("there is no section {}; the path has {}", number, count),
                      "--section");
  }
  auto& section = (*sections)[static_cast<std::size_t>(number) - 1];
  if (section.kind == phy::media::SectionKind::kOptical) {
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("section {} is optical and has no electrical channel", number),
                      "--section");
  }
  const bool has_packages = path_has_package(section.text);
  return LoadedChannel{std::move(section.channel), std::move(section.noise_v2_per_hz),
                       has_packages};
}

}  // namespace weft::cli
