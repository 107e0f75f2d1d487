// SPDX-License-Identifier: Apache-2.0
#include "cli/rack.h"

#include "cli/live.h"
#include "fabric/diff.h"
#include "fabric/rack.h"
#include "fabric/show.h"

#include <algorithm>
#include <cstdio>
#include <string_view>

#include <fmt/format.h>

namespace weft::cli {
namespace {

constexpr std::string_view kThis = "this";
constexpr std::string_view kHostPrefix = "host:";

constexpr PositionalSpec kCheckPositionals[] = {
    {"FILE", "Rack files, or names of reference racks, to check.", true, true},
};
constexpr OptionSpec kCheckOptions[] = {
    {"--quiet", "", "Print mistakes and warnings only, not the line for a file that is in order."},
};
constexpr ExampleSpec kCheckExamples[] = {
    {"weft rack check racks/*.yaml", "Check every reference rack."},
};
constexpr ExitSpec kCheckExits[] = {
    {kOk, "every file is in order; there may be warnings"},
};

constexpr PositionalSpec kShowPositionals[] = {
    {"FILE", "The rack file to show, or the name of a reference rack.", true, false},
};
constexpr OptionSpec kShowOptions[] = {
    {"--tree", "", "A tree for people, equal devices on one line, totals by protocol (default)."},
    {"--json", "", "Every device, port and link as JSON, schema weftline/fabric/1."},
    {"--dot", "", "A Graphviz graph of devices and the links between them."},
};
constexpr ExampleSpec kShowExamples[] = {
    {"weft rack show nvl72", "The tree of a 72-GPU rack."},
    {"weft rack show hgx-h100 --dot | dot -Tsvg > hgx.svg", "A drawing of it."},
};
constexpr ExitSpec kShowExits[] = {{kOk, "the file is in order and was shown"}};

constexpr PositionalSpec kDiffPositionals[] = {
    {"A", "A rack file, or the name of a reference rack.", true, false},
    {"B",
     "A rack file; `this` for this machine; host:SOURCE for what `weft scan --from SOURCE` reads.",
     true, false},
};
constexpr OptionSpec kDiffOptions[] = {
    {"--json", "", "The differences as JSON, schema weftline/rack-diff/1."},
};
constexpr ExampleSpec kDiffExamples[] = {
    {"weft rack diff plan.yaml as-built.yaml", "What was built otherwise than planned."},
    {"weft rack diff server.yaml this", "What this machine lacks of its plan."},
};
constexpr ExitSpec kDiffExits[] = {
    {kOk, "no difference"},
    {kWarning, "there are differences"},
};

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

/// The file's fabric; prints every mistake, and leaves the exit code in `exit` where there is one.
struct Loaded {
  fabric::Fabric fabric;
  int exit = kOk;
};
Loaded load(const std::string& path) {
  auto rack = fabric::load_rack(path);
  if (!rack) {
    return {{}, report(rack.error())};
  }
  const std::string mistakes = rack->problem_text();
  std::fwrite(mistakes.data(), 1, mistakes.size(), stderr);
  return {std::move(rack->fabric), rack->ok() ? kOk : kBadData};
}

int check(const Arguments& arguments) {
  int exit = kOk;
  for (const auto& path : arguments.values("FILE")) {
    const auto loaded = load(path);
    exit = std::max(exit, loaded.exit);
    if (loaded.exit == kOk && !arguments.has("--quiet")) {
      print(fmt::format("{}: in order: {} devices, {} ports, {} links\n", path,
                        loaded.fabric.devices().size(), loaded.fabric.ports().size(),
                        loaded.fabric.links().size()));
    }
  }
  return exit;
}

int show(const Arguments& arguments) {
  struct Form {
    std::string_view option;
    std::string (*print)(const fabric::Fabric&);
  };
  constexpr Form kForms[] = {{"--tree", &fabric::tree_text},
                             {"--json", &fabric::fabric_json},
                             {"--dot", &fabric::dot_text}};
  const Form* chosen = nullptr;
  for (const auto& form : kForms) {
    if (!arguments.has(form.option)) {
      continue;
    }
    if (chosen != nullptr) {
      return report_usage(fmt::format("{} and {} exclude each other", chosen->option, form.option),
                          "Give one of --tree, --json and --dot.");
    }
    chosen = &form;
  }
  const auto loaded = load(arguments.value("FILE").value_or(""));
  if (loaded.exit == kOk) {
    print((chosen == nullptr ? kForms[0] : *chosen).print(loaded.fabric));
  }
  return loaded.exit;
}

int compare(const Arguments& arguments) {
  const std::string first = arguments.value("A").value_or("");
  const std::string second = arguments.value("B").value_or("");
  const auto is_machine = [](std::string_view name) {
    return name == kThis || name.starts_with(kHostPrefix);
  };
  if (is_machine(first)) {
    return report_usage("the machine stands second", "Write: weft rack diff FILE this.");
  }
  const auto plan = load(first);
  if (plan.exit != kOk) {
    return plan.exit;
  }
  std::vector<fabric::Difference> differences;
  if (is_machine(second)) {
    const auto live =
        live_fabric(second == kThis ? std::string("/") : second.substr(kHostPrefix.size()));
    if (!live) {
      return report(live.error());
    }
    differences = fabric::diff_with_machine(plan.fabric, *live);
  } else {
    const auto other = load(second);
    if (other.exit != kOk) {
      return other.exit;
    }
    differences = fabric::diff(plan.fabric, other.fabric);
  }
  print(arguments.has("--json") ? fabric::diff_json(differences) : fabric::diff_text(differences));
  return differences.empty() ? kOk : kWarning;
}

}  // namespace

VerbSpec rack_check_verb() {
  VerbSpec verb;
  verb.name = "rack check";
  verb.summary = "Check rack files; print every mistake with its line and column";
  verb.description =
      "Reads rack files and checks them: YAML, keys and words, then the port arithmetic: each port "
      "is "
      "used once, no link is wider or faster than its ports, retimers exist and repeat enough "
      "lanes, "
      "switches have the lanes that their links use.\n\n"
      "All mistakes of a file are printed at once on standard error, each as "
      "FILE:LINE:COLUMN: error: what is wrong, and what to do.";
  verb.positionals = kCheckPositionals;
  verb.options = kCheckOptions;
  verb.run = &check;
  verb.examples = kCheckExamples;
  verb.exits = kCheckExits;
  return verb;
}

VerbSpec rack_show_verb() {
  VerbSpec verb;
  verb.name = "rack show";
  verb.summary = "Show what a rack file stands for: a tree, JSON or a graph";
  verb.description =
      "Expands a rack file's templates and ranges and shows the result. Ids in the JSON are made "
      "from "
      "the names, so they are the same on every run.";
  verb.positionals = kShowPositionals;
  verb.options = kShowOptions;
  verb.run = &show;
  verb.examples = kShowExamples;
  verb.exits = kShowExits;
  return verb;
}

VerbSpec rack_diff_verb() {
  VerbSpec verb;
  verb.name = "rack diff";
  verb.summary = "Compare two rack files, or a rack file and a machine";
  verb.description =
      "Between two files: devices added, removed, moved (same serial, other name) or changed in "
      "part, "
      "serial, firmware or position; ports; links added, removed, moved, or changed in protocol, "
      "width "
      "or segments.\n\n"
      "Against a machine, only what the plan can be held to is compared: devices with `match` "
      "keys, "
      "and their links.";
  verb.positionals = kDiffPositionals;
  verb.options = kDiffOptions;
  verb.run = &compare;
  verb.examples = kDiffExamples;
  verb.exits = kDiffExits;
  return verb;
}

}  // namespace weft::cli
