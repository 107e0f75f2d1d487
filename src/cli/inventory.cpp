// SPDX-License-Identifier: Apache-2.0
#include "cli/inventory.h"

#include "fabric/rack.h"
#include "fabric/yaml_tree.h"
#include "twin/plan/inventory.h"
#include "twin/plan/plan.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <vector>

#include <fmt/format.h>

namespace weft::cli {
namespace inventory {
namespace {

using base::Code;

/// `{host: "h", bdf: "0000:01:00.0", address: ["a"], ports: {eth0: "eth3"}}`
std::string keys_text(const fabric::Fabric& located, const fabric::Device& device) {
  std::vector<std::string> parts;
  const auto add = [&parts](std::string_view key, const std::string& value) {
    if (!value.empty()) {
      parts.push_back(fmt::format("{}: {}", key, fabric::double_quoted(value)));
    }
  };
  if (const auto at = located.match.find(device.id); at != located.match.end()) {
    const auto& keys = at->second;
    add("host", keys.host);
    add("bdf", keys.bdf);
    add("serial", keys.serial);
    add("slot", keys.slot);
    add("part", keys.part);
    std::vector<std::string> addresses;
    std::ranges::transform(keys.addresses, std::back_inserter(addresses), fabric::double_quoted);
    if (!addresses.empty()) {
      parts.push_back(fmt::format("address: [{}]", fmt::join(addresses, ", ")));
    }
  }
  std::vector<std::string> ports;
  for (const auto id : device.ports) {
    if (const auto at = located.match_port.find(id); at != located.match_port.end()) {
      ports.push_back(fmt::format("{}: {}", fabric::double_quoted(located.port(id)->name),
                                  fabric::double_quoted(at->second)));
    }
  }
  if (!ports.empty()) {
    parts.push_back(fmt::format("ports: {{{}}}", fmt::join(ports, ", ")));
  }
  return parts.empty() ? std::string{} : fmt::format("{{{}}}", fmt::join(parts, ", "));
}

std::string match_text(const fabric::Fabric& located) {
  std::string out = "match:\n  # Where each device and port is found on its machine.\n";
  for (const auto& device : located.devices()) {
    if (const auto keys = keys_text(located, device); !keys.empty()) {
      out += fmt::format("  {}: {}\n", fabric::double_quoted(device.name), keys);
    }
  }
  return out;
}

/// The lines of `text` without those of its top-level `match`.
base::Result<std::string> without_match(std::string_view text) {
  const auto tree = fabric::parse_yaml(text, fabric::RackLimits{}.yaml_nodes);
  if (!tree) {
    return base::fail(Code::kInvalidArgument, tree.error().what, {}, tree.error().hint);
  }
  int from = 0;
  int until = 0;
  for (const auto& entry : tree->entries) {
    if (entry.key.place.column != 1) {
      return base::fail(Code::kInvalidArgument, "the rack file's keys do not stand on own lines",
                        {}, "Write its top level in block style.");
    }
    if (from > 0 && until == 0) {
      until = entry.key.place.line;
    }
    from = entry.key.text == "match" ? entry.key.place.line : from;
  }
  std::istringstream lines{std::string(text)};
  std::string out;
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (from == 0 || number < from || (until > 0 && number >= until)) {
      out += line + '\n';
    }
  }
  return out;
}

constexpr PositionalSpec kPositionals[] = {
    {"RACK", "A rack file, or the name of a reference rack (`weft up --list`).", true, false},
};
constexpr OptionSpec kOptions[] = {
    {"-o,--output", "FILE", "Write it to FILE instead of standard output."},
};
constexpr ExampleSpec kExamples[] = {
    {"weft rack locate reference-pod -o pod.yaml", "The reference pod with every address."},
    {"weft rack locate racks/hgx-h100.yaml | less", "One server, to read."},
};
constexpr ExitSpec kExits[] = {{kOk, "the located rack file was written"}};

base::Result<std::string> locate(const std::string& name) {
  auto rack = fabric::rack_fabric(name);
  const auto file = fabric::read_rack(name);
  if (!rack || !file) {
    return tl::unexpected(rack ? file.error() : rack.error());
  }
  auto plan = twin::plan_world(std::move(*rack));
  if (!plan) {
    return tl::unexpected(plan.error());
  }
  return located_text(file->text, twin::located(*plan));
}

int run_locate(const Arguments& arguments) {
  const auto text = locate(arguments.value("RACK").value_or(""));
  if (!text) {
    return report(text.error());
  }
  const auto file = arguments.value("--output");
  if (!file) {
    std::fwrite(text->data(), 1, text->size(), stdout);
    return kOk;
  }
  std::ofstream out(*file, std::ios::binary);
  if (!(out << *text) || !out.flush()) {
    return report({Code::kPermissionDenied, "cannot write the located rack file", *file,
                   "Name a file in a folder that you may write to."});
  }
  return kOk;
}

}  // namespace
}  // namespace inventory

base::Result<std::string> located_text(std::string_view text, const fabric::Fabric& located) {
  auto out = inventory::without_match(text);
  if (!out) {
    return out;
  }
  *out += inventory::match_text(located);
  const auto again = fabric::load_rack_text(*out, "located");
  if (!again.ok() || again.fabric.match != located.match ||
      again.fabric.match_port != located.match_port) {
    return base::fail(base::Code::kInternal, "the located rack file does not read back as it was",
                      again.problem_text().substr(0, 400));
  }
  return out;
}

VerbSpec rack_locate_verb() {
  VerbSpec verb;
  verb.name = "rack locate";
  verb.summary = "Write a rack file with the addresses of its twin's machines";
  verb.description =
      "A plan names devices by where they stand; a machine names them by address, bus and "
      "interface. This writes the rack file with a `match` table that joins the two, for the "
      "machines that `weft up RACK` shows: then every planned link is found from both its ends. "
      "For a real rack, fill the same table from your inventory.";
  verb.positionals = inventory::kPositionals;
  verb.options = inventory::kOptions;
  verb.run = &inventory::run_locate;
  verb.examples = inventory::kExamples;
  verb.exits = inventory::kExits;
  return verb;
}

}  // namespace weft::cli
