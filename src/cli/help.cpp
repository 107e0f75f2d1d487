// SPDX-License-Identifier: Apache-2.0
// Lays out --help: two aligned columns, wrapped to the terminal's width (at most 100). See help.h.
#include "cli/help.h"

#include "base/text.h"

#include <algorithm>

#include <fmt/format.h>

namespace weft::cli {
namespace {

constexpr ExitSpec kErrorExits[] = {
    {kUsage, "wrong usage: an unknown verb or option, a missing or malformed argument"},
    {kBadData, "bad input: truncated, garbled, contradictory or beyond a limit"},
    {kUnavailable, "not available: no such file or device, or the system refused"},
    {kInternal, "a defect in this program; please report it"},
    {kNoPermission, "no permission to read or write what was asked for"},
};

struct Row {
  std::string left;
  std::string_view right;
};

std::string heading(std::string_view text) {
  return fmt::format("\n{}:\n", text);
}

/// Rows as two columns; a long left part gets a line of its own.
std::string table(const std::vector<Row>& rows, std::size_t columns) {
  constexpr std::size_t kLeftMax = 26;
  std::size_t left = 0;
  for (const Row& row : rows) {
    if (row.left.size() <= kLeftMax) {
      left = std::max(left, row.left.size());
    }
  }
  const std::size_t indent = left + 4;
  std::string out;
  for (const Row& row : rows) {
    std::string text = wrap(row.right, indent, columns);
    const std::string head = "  " + row.left;
    if (head.size() + 2 > indent) {
      out.append(head).append("\n").append(text);
    } else {
      text.replace(0, std::min(head.size(), text.size()), head);
      out += text;
    }
  }
  return out;
}

std::string option_label(const OptionSpec& option) {
  std::string label;
  for (const std::string_view name : option_names(option)) {
    label += label.empty() ? "" : ", ";
    label += name;
  }
  if (!option.value.empty()) {
    label += fmt::format(" {}{}", option.value, option.repeats ? "..." : "");
  }
  return label;
}

std::string exits_table(const VerbSpec& verb, std::size_t columns) {
  std::vector<Row> rows;
  if (verb.exits.empty()) {
    rows.push_back({"0", "success"});
  }
  for (const auto& list : {verb.exits, error_exits()}) {
    for (const ExitSpec& exit : list) {
      rows.push_back({std::to_string(exit.code), exit.meaning});
    }
  }
  return table(rows, columns);
}

}  // namespace

std::span<const ExitSpec> error_exits() {
  return kErrorExits;
}

std::vector<std::string_view> option_names(const OptionSpec& option) {
  return base::split(option.name, ',');
}

std::string usage_line(const Program& program, const VerbSpec& verb) {
  std::string line = fmt::format("{} {}", program.name, verb.name);
  if (!verb.options.empty()) {
    line += " [OPTIONS]";
  }
  for (const PositionalSpec& positional : verb.positionals) {
    const std::string name = fmt::format("{}{}", positional.name, positional.repeats ? "..." : "");
    line += positional.required ? " " + name : " [" + name + "]";
  }
  return line;
}

std::vector<const VerbSpec*> verbs_of_group(const Program& program, std::string_view group) {
  std::vector<const VerbSpec*> found;
  const std::string prefix = std::string(group) + " ";
  for (const VerbSpec& verb : program.verbs) {
    if (verb.name.starts_with(prefix)) {
      found.push_back(&verb);
    }
  }
  return found;
}

std::string wrap(std::string_view text, std::size_t indent, std::size_t columns) {
  const std::string margin(indent, ' ');
  std::string out;
  std::string line;
  const auto flush = [&] {
    if (!line.empty()) {
      out += margin + line + "\n";
      line.clear();
    }
  };
  for (const std::string_view source : base::split(text, '\n')) {
    if (source.empty() || source.front() == ' ') {
      flush();
      out += source.empty() ? "\n" : margin + std::string(source) + "\n";
      continue;
    }
    for (const std::string_view word : base::words(source)) {
      if (!line.empty() && indent + line.size() + 1 + word.size() > columns) {
        flush();
      }
      line += line.empty() ? "" : " ";
      line += word;
    }
  }
  flush();
  return out;
}

std::string program_help(const Program& program, std::size_t columns) {
  std::string out = fmt::format("Usage: {} VERB [OPTIONS] [ARGUMENTS]\n\n", program.name);
  out +=
      wrap("Weftline knows every lane of every link of a rack and says which one is up but wrong.",
           0, columns);
  out += heading("Verbs");
  std::vector<Row> rows;
  for (const VerbSpec& verb : program.verbs) {
    rows.push_back({std::string(verb.name), verb.summary});
  }
  rows.push_back({"completion SHELL", "Print the completion script for bash, zsh or fish"});
  rows.push_back({"man [VERB]", "Print the manual page, as man(1) reads it"});
  out += table(rows, columns);
  out += heading("Options");
  out += table({{"-h, --help", "Print this help, or a verb's after its name."},
                {"--version", "Print the version."}},
               columns);
  out += fmt::format("\nNext: {} VERB --help\n", program.name);
  return out;
}

std::string group_help(const Program& program, std::string_view group, std::size_t columns) {
  std::string out = fmt::format("Usage: {} {} VERB [OPTIONS] [ARGUMENTS]\n", program.name, group);
  out += heading("Verbs");
  std::vector<Row> rows;
  for (const VerbSpec* verb : verbs_of_group(program, group)) {
    rows.push_back({std::string(verb->name), verb->summary});
  }
  out += table(rows, columns);
  out += fmt::format("\nNext: {} {} VERB --help\n", program.name, group);
  return out;
}

std::string verb_help(const Program& program, const VerbSpec& verb, std::size_t columns) {
  std::string out = wrap("Usage: " + usage_line(program, verb), 0, columns) + "\n";
  out += wrap(verb.description.empty() ? verb.summary : verb.description, 0, columns);
  if (!verb.positionals.empty()) {
    out += heading("Arguments");
    std::vector<Row> rows;
    for (const PositionalSpec& positional : verb.positionals) {
      rows.push_back({std::string(positional.name), positional.help});
    }
    out += table(rows, columns);
  }
  out += heading("Options");
  std::vector<Row> rows;
  for (const OptionSpec& option : verb.options) {
    rows.push_back({option_label(option), option.help});
  }
  rows.push_back({"-h, --help", "Print this help."});
  out += table(rows, columns);
  out += heading("Exit codes") + exits_table(verb, columns);
  if (!verb.examples.empty()) {
    out += heading("Examples");
    for (const ExampleSpec& example : verb.examples) {
      out += fmt::format("  {}\n{}", example.command, wrap(example.help, 6, columns));
    }
  }
  return out;
}

}  // namespace weft::cli
