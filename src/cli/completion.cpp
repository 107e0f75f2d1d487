// SPDX-License-Identifier: Apache-2.0
// One function per shell, each writing a small script around the same table. See completion.h.
#include "cli/completion.h"

#include "base/text.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace weft::cli {
namespace {

/// What may follow the words given so far.
struct Choices {
  std::string path;                ///< "", "rack", "rack check"
  std::vector<std::string> words;  ///< the next verbs
  std::vector<std::string> options;
};

void add_once(std::vector<std::string>& words, std::string_view word) {
  if (std::find(words.begin(), words.end(), word) == words.end()) {
    words.emplace_back(word);
  }
}

Choices& at(std::vector<Choices>& table, std::string_view path) {
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const Choices& choices) { return choices.path == path; });
  if (found != table.end()) {
    return *found;
  }
  table.push_back({std::string(path), {}, {"--help"}});
  return table.back();
}

std::vector<Choices> choices_of(const Program& program) {
  std::vector<Choices> table;
  add_once(at(table, "").options, "--version");
  for (const VerbSpec& verb : program.verbs) {
    std::string path;
    for (const std::string_view word : base::words(verb.name)) {
      add_once(at(table, path).words, word);
      path += path.empty() ? "" : " ";
      path += word;
    }
    for (const OptionSpec& option : verb.options) {
      for (const std::string_view name : option_names(option)) {
        add_once(at(table, path).options, name);
      }
    }
    at(table, path);
  }
  for (const std::string_view word : {"help", "man", "completion"}) {
    add_once(at(table, "").words, word);
  }
  at(table, "completion").words = {"bash", "zsh", "fish"};
  return table;
}

/// A shell function's name can hold no '-'.
std::string function_name(const Program& program) {
  std::string name = "_" + program.name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

/// The case arms shared by bash and zsh: path -> the words that may follow and the options.
std::string case_arms(const Program& program) {
  std::string arms;
  for (const Choices& choices : choices_of(program)) {
    arms += fmt::format("    '{}') words='{}' options='{}' ;;\n", choices.path,
                        fmt::join(choices.words, " "), fmt::join(choices.options, " "));
  }
  return arms;
}

std::string paths_of(const Program& program) {
  std::string paths;
  for (const Choices& choices : choices_of(program)) {
    if (!choices.path.empty()) {
      paths += fmt::format("{}'{}'", paths.empty() ? "" : "|", choices.path);
    }
  }
  return paths;
}

std::string bash_script(const Program& program) {
  return fmt::format(R"(# SPDX-License-Identifier: Apache-2.0
# bash completion for {0}; written by `{0} completion bash`.
{1}() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} path='' word words='' options='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${{COMP_WORDS[i]}}
    case "${{path:+$path }}$word" in
      {2}) path="${{path:+$path }}$word" ;;
    esac
  done
  case $path in
{3}  esac
  COMPREPLY=()
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  elif [[ -n $words ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  else
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}}
complete -F {1} {0}
)",
                     program.name, function_name(program), paths_of(program), case_arms(program));
}

std::string zsh_script(const Program& program) {
  return fmt::format(R"(#compdef {0}
# SPDX-License-Identifier: Apache-2.0
# zsh completion for {0}; written by `{0} completion zsh`.
{1}() {{
  local current=$words[CURRENT] path_so_far='' next='' options='' i
  for ((i = 2; i < CURRENT; i++)); do
    case "${{path_so_far:+$path_so_far }}$words[i]" in
      ({2})) path_so_far="${{path_so_far:+$path_so_far }}$words[i]" ;;
    esac
  done
  {1}_choices "$path_so_far"
  if [[ $current == -* ]]; then
    compadd -- ${{=options}}
  elif [[ -n $next ]]; then
    compadd -- ${{=next}}
  else
    _files
  fi
}}
{1}_choices() {{
  local words=''
  case $1 in
{3}  esac
  next=$words
}}
if [[ $funcstack[1] == {1} ]]; then {1} "$@"; else compdef {1} {0}; fi
)",
                     program.name, function_name(program), paths_of(program), case_arms(program));
}

std::string fish_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') {
      out += '\\';
    }
    out += c;
  }
  return out + "'";
}

std::string fish_script(const Program& program) {
  std::string out = fmt::format(
      "# SPDX-License-Identifier: Apache-2.0\n"
      "# fish completion for {0}; written by `{0} completion fish`.\n",
      program.name);
  for (const Choices& choices : choices_of(program)) {
    std::string condition = choices.path.empty() ? "__fish_use_subcommand" : "true";
    for (const std::string_view word : base::words(choices.path)) {
      condition += fmt::format("; and __fish_seen_subcommand_from {}", word);
    }
    for (const std::string& word : choices.words) {
      out += fmt::format("complete -c {} -f -n {} -a {}\n", program.name, fish_quoted(condition),
                         word);
    }
    for (const std::string& option : choices.options) {
      const bool is_long = option.starts_with("--");
      out += fmt::format("complete -c {} -n {} -{} {}\n", program.name, fish_quoted(condition),
                         is_long ? "l" : "s", option.substr(is_long ? 2 : 1));
    }
  }
  return out;
}

}  // namespace

base::Result<std::string> completion_script(const Program& program, std::string_view shell) {
  if (shell == "bash") {
    return bash_script(program);
  }
  if (shell == "zsh") {
    return zsh_script(program);
  }
  if (shell == "fish") {
    return fish_script(program);
  }
  return base::fail(base::Code::kInvalidArgument,
                    fmt::format("no completion for the shell \"{}\"", base::printable(shell)), "",
                    "Known shells: bash, zsh, fish.");
}

}  // namespace weft::cli
