// SPDX-License-Identifier: Apache-2.0
// Roff is written with few macros (TH SH PP TP EX), so that man-db and mandoc read it alike. Text
// from the tables is escaped: a backslash, a leading dot or quote, and '-' (which roff may turn
// into a hyphen).
#include "cli/man.h"

#include "base/text.h"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>

namespace weft::cli {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  if (!out.empty() && (out.front() == '.' || out.front() == '\'')) {
    out.insert(0, "\\&");
  }
  return out;
}

std::string page_name(const Program& program, const VerbSpec& verb) {
  std::string name = fmt::format("{}-{}", program.name, verb.name);
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

/// TH takes the title, section, date (none: pages must not differ from build to build), source,
/// manual.
std::string title(std::string_view name) {
  std::string upper(name);
  std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return fmt::format(
      ".\\\" SPDX-License-Identifier: Apache-2.0\n.TH {} 1 \"\" \"Weftline {}\" \"Weftline "
      "manual\"\n",
      escaped(upper), WEFT_VERSION);
}

std::string section(std::string_view name) {
  return fmt::format(".SH {}\n", name);
}

/// Paragraphs; lines that start with a space are shown as they are.
std::string paragraphs(std::string_view text) {
  std::string out;
  bool is_example = false;
  bool is_break_due = false;
  for (const std::string_view line : base::split(text, '\n')) {
    const bool is_indented = !line.empty() && line.front() == ' ';
    if (is_indented != is_example && (is_indented || !line.empty())) {
      out += is_indented ? ".PP\n.EX\n" : ".EE\n.PP\n";
      is_example = is_indented;
      is_break_due = false;
    }
    if (line.empty()) {
      is_break_due = !out.empty();
      continue;
    }
    if (is_break_due) {
      out += is_example ? "\n" : ".PP\n";
      is_break_due = false;
    }
    out += escaped(line) + "\n";
  }
  return out + (is_example ? ".EE\n" : "");
}

std::string item(const std::string& head, std::string_view text) {
  return fmt::format(".TP\n{}\n{}", head, paragraphs(text));
}

std::string bold(std::string_view text) {
  return fmt::format("\\fB{}\\fR", escaped(text));
}
std::string italic(std::string_view text) {
  return fmt::format("\\fI{}\\fR", escaped(text));
}

std::string option_head(const OptionSpec& option) {
  std::string head;
  for (const std::string_view name : option_names(option)) {
    head += head.empty() ? "" : ", ";
    head += bold(name);
  }
  if (!option.value.empty()) {
    head += " " + italic(option.value) + (option.repeats ? " ..." : "");
  }
  return head;
}

std::string exit_items(std::span<const ExitSpec> exits) {
  std::string out;
  for (const ExitSpec& exit : exits) {
    out += item(bold(std::to_string(exit.code)), exit.meaning);
  }
  return out;
}

std::string see_also(const Program& program, std::string_view self) {
  std::vector<std::string> names = {program.name};
  for (const VerbSpec& verb : program.verbs) {
    names.push_back(page_name(program, verb));
  }
  std::string out = section("SEE ALSO");
  std::string separator;
  for (const std::string& name : names) {
    if (name != self) {
      out += separator + fmt::format(".BR {} (1)", escaped(name));
      separator = ",\n";
    }
  }
  return out + "\n";
}

std::string synopsis(const Program& program, const VerbSpec& verb) {
  std::string out = bold(fmt::format("{} {}", program.name, verb.name));
  if (!verb.options.empty()) {
    out += " [" + italic("OPTIONS") + "]";
  }
  for (const PositionalSpec& positional : verb.positionals) {
    const std::string name = italic(positional.name) + (positional.repeats ? "..." : "");
    out += positional.required ? " " + name : " [" + name + "]";
  }
  return out + "\n";
}

}  // namespace

std::string program_man_page(const Program& program) {
  std::string out = title(program.name);
  out += section("NAME") +
         fmt::format("{} \\- the links of a rack: what runs, and what is up but wrong\n",
                     escaped(program.name));
  out += section("SYNOPSIS") + bold(program.name) + " " + italic("VERB") + " [" +
         italic("OPTIONS") + "] [" + italic("ARGUMENTS") + "]\n";
  out += section("DESCRIPTION");
  out += paragraphs(
      "Weftline knows every lane of every link between processors, accelerators, network cards, "
      "memory "
      "and switches as one fabric, and says which link is up but wrong.");
  out += section("VERBS");
  for (const VerbSpec& verb : program.verbs) {
    out += item(bold(verb.name), verb.summary);
  }
  out += section("OPTIONS") + item(bold("-h") + ", " + bold("--help"), "Print help.") +
         item(bold("--version"), "Print the version.");
  out += section("EXIT STATUS") + exit_items(kVerdictExits) + exit_items(error_exits());
  out +=
      section("ENVIRONMENT") + item(bold("NO_COLOR"), "Any value turns colour off on terminals.");
  return out + see_also(program, program.name);
}

std::string verb_man_page(const Program& program, const VerbSpec& verb) {
  const std::string name = page_name(program, verb);
  std::string out = title(name);
  out += section("NAME") + fmt::format("{} \\- {}\n", escaped(name), escaped(verb.summary));
  out += section("SYNOPSIS") + synopsis(program, verb);
  out += section("DESCRIPTION") +
         paragraphs(verb.description.empty() ? verb.summary : verb.description);
  if (!verb.positionals.empty()) {
    out += section("ARGUMENTS");
    for (const PositionalSpec& positional : verb.positionals) {
      out += item(italic(positional.name), positional.help);
    }
  }
  out += section("OPTIONS");
  for (const OptionSpec& option : verb.options) {
    out += item(option_head(option), option.help);
  }
  out += item(bold("-h") + ", " + bold("--help"), "Print help.");
  static constexpr ExitSpec kSuccess[] = {{kOk, "success"}};
  out += section("EXIT STATUS");
  out += exit_items(verb.exits.empty() ? std::span<const ExitSpec>(kSuccess) : verb.exits);
  out += exit_items(error_exits());
  if (!verb.examples.empty()) {
    out += section("EXAMPLES");
    for (const ExampleSpec& example : verb.examples) {
      out += item(bold(example.command), example.help);
    }
  }
  return out + see_also(program, name);
}

base::Result<void> write_man_pages(const Program& program, const std::string& folder) {
  const auto write = [&](const std::string& name, const std::string& page) -> base::Result<void> {
    const std::string path = folder + "/" + name + ".1";
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << page;
    file.close();
    if (!file) {
      return base::fail(base::Code::kUnavailable, "cannot be written", path);
    }
    return {};
  };
  auto result = write(program.name, program_man_page(program));
  for (const VerbSpec& verb : program.verbs) {
    if (!result) {
      break;
    }
    result = write(page_name(program, verb), verb_man_page(program, verb));
  }
  return result;
}

}  // namespace weft::cli
