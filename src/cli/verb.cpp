// SPDX-License-Identifier: Apache-2.0
// The command line, over CLI11: the tables of verbs become its sub-commands and options, and what
// it finds becomes Arguments. CLI11 only takes the words apart; every message, the help and the
// did-you-mean are made here, so that all usage errors read alike and end in 64. The only file that
// includes CLI11.
#include "cli/verb.h"

#include "base/text.h"
#include "cli/completion.h"
#include "cli/help.h"
#include "cli/json_request.h"
#include "cli/man.h"
#include "cli/terminal.h"
#include "diagnose/judge.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>
#include <unistd.h>

namespace weft::cli {
namespace {

// More than any shell passes; a finite number keeps CLI11 from splitting "[a,b]" into two values.
constexpr int kValuesMax = 1'000'000;

/// Edits (insert, delete, replace, swap of neighbours) between two words.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      const std::size_t replace = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

/// "Did you mean --watch? " for the nearest candidate that is near enough, else nothing.
std::string did_you_mean(std::string_view given, const std::vector<std::string>& candidates) {
  constexpr std::size_t kWordMax = 64;
  if (given.size() > kWordMax) {
    return {};
  }
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(1, given.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(given, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best.empty() ? best : fmt::format("Did you mean {}? ", best);
}

// The verbs that every program has. They need the table itself, so they are not rows of it.
constexpr PositionalSpec kManPositionals[] = {
    {"VERB", "The verb; none for the program.", false, true}};
constexpr OptionSpec kManOptions[] = {
    {"--all", "DIRECTORY", "Write every page of the program as a file into this existing folder."}};
constexpr PositionalSpec kCompletionPositionals[] = {
    {"SHELL", "One of bash, zsh, fish.", true, false}};
constexpr PositionalSpec kHelpPositionals[] = {
    {"VERB", "The verb; none for the program.", false, true}};
constexpr ExampleSpec kCompletionExamples[] = {
    {"source <(weft completion bash)",
     "Completion in this shell; the Debian package installs it."}};

using Builtin = int (*)(const Program&, const Arguments&);

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

const VerbSpec* find_verb(std::span<const VerbSpec> verbs, std::string_view name) {
  const auto at = std::find_if(verbs.begin(), verbs.end(),
                               [&](const VerbSpec& verb) { return verb.name == name; });
  return at == verbs.end() ? nullptr : &*at;
}

std::vector<std::string> verb_names(const Program& program) {
  std::vector<std::string> names;
  for (const VerbSpec& verb : program.verbs) {
    names.emplace_back(verb.name);
  }
  return names;
}

std::size_t help_columns() {
  const Terminal out = terminal(STDOUT_FILENO);
  return static_cast<std::size_t>(std::clamp(out.columns - 1, 40, 100));
}

int unknown_verb(const Program& program, std::string_view given) {
  std::vector<std::string> candidates = verb_names(program);
  for (const VerbSpec& verb : program.verbs) {
    candidates.emplace_back(verb.name.substr(0, verb.name.find(' ')));
  }
  return report_usage(
      fmt::format("unknown verb \"{}\"", base::printable(given)),
      fmt::format("{}{} --help lists the verbs.", did_you_mean(given, candidates), program.name));
}

/// Help for the words after the program's name: a verb, a group of verbs, or nothing.
int print_help(const Program& program, const std::string& words) {
  const VerbSpec* verb = find_verb(program.verbs, words);
  if (words.empty()) {
    fmt::print("{}", program_help(program, help_columns()));
  } else if (verb != nullptr) {
    fmt::print("{}", verb_help(program, *verb, help_columns()));
  } else if (!verbs_of_group(program, words).empty()) {
    fmt::print("{}", group_help(program, words, help_columns()));
  } else {
    return unknown_verb(program, words);
  }
  return kOk;
}

int run_help(const Program& program, const Arguments& arguments) {
  return print_help(program, joined(arguments.values("VERB")));
}

int run_man(const Program& program, const Arguments& arguments) {
  if (const auto folder = arguments.value("--all")) {
    const auto written = write_man_pages(program, *folder);
    return written ? static_cast<int>(kOk) : report(written.error());
  }
  const std::string words = joined(arguments.values("VERB"));
  const VerbSpec* verb = find_verb(program.verbs, words);
  if (verb == nullptr && !words.empty()) {
    return unknown_verb(program, words);
  }
  fmt::print("{}", verb == nullptr ? program_man_page(program) : verb_man_page(program, *verb));
  return kOk;
}

int run_completion(const Program& program, const Arguments& arguments) {
  const std::string shell = arguments.value("SHELL").value_or("");
  const auto script = completion_script(program, shell);
  if (!script) {
    return report_usage(script.error().what, script.error().hint);
  }
  fmt::print("{}", *script);
  return kOk;
}

constexpr VerbSpec kBuiltinSpecs[] = {
    {"help", "Print help", "Prints the help of a verb, or of the program.", kHelpPositionals, {}},
    {"man", "Print the manual page",
     "Prints a manual page, as man(1) reads it: weft man scan | man -l -", kManPositionals,
     kManOptions},
    {"completion",
     "Print a shell's completion script",
     "Prints the completion script for a shell: bash, zsh or fish.",
     kCompletionPositionals,
     {},
     nullptr,
     false,
     kCompletionExamples},
};
constexpr Builtin kBuiltinRuns[] = {run_help, run_man, run_completion};

/// One word of a verb's name as a CLI11 sub-command, and the verb where the name is complete.
struct Command {
  CLI::App* app = nullptr;
  std::string words;               ///< "rack", "rack check"; empty for the program
  const VerbSpec* verb = nullptr;  ///< null for the program and for groups
  Builtin builtin = nullptr;
};

class Parser {
 public:
  explicit Parser(const Program& program) : program_(program), root_("", program.name) {
    commands_.push_back({&root_, "", nullptr, nullptr});
    prepare(root_);
    root_.add_flag("--version");
    for (const VerbSpec& verb : program.verbs) {
      add(verb, nullptr);
    }
    for (std::size_t i = 0; i < std::size(kBuiltinSpecs); ++i) {
      add(kBuiltinSpecs[i], kBuiltinRuns[i]);
    }
  }

  int run(int argc, const char* const* argv);

 private:
  static void prepare(CLI::App& app) {
    app.set_help_flag();
    app.add_flag("-h,--help");
    app.allow_extras();
    app.require_subcommand(0, 1);
  }
  void add(const VerbSpec& verb, Builtin builtin);
  CLI::App* child(CLI::App* parent, const std::string& words, const std::string& word);
  [[nodiscard]] const Command& chosen() const;
  [[nodiscard]] int refuse(const Command& command, std::string_view what) const;
  [[nodiscard]] int check_extras(const Command& command) const;
  [[nodiscard]] int collect(const Command& command, Arguments& arguments) const;
  [[nodiscard]] int unexpected_argument(const Command& command, std::string_view word) const {
    return report_usage(
        fmt::format("{}: unexpected argument \"{}\"", command.words, base::printable(word)),
        see_help(command));
  }
  [[nodiscard]] std::string see_help(const Command& command) const {
    return fmt::format("See: {} {}{}--help", program_.name, command.words,
                       command.words.empty() ? "" : " ");
  }

  const Program& program_;
  CLI::App root_;
  std::vector<Command> commands_;
  std::vector<std::string> literal_;  ///< the words after "--": arguments, whatever they look like
};

CLI::App* Parser::child(CLI::App* parent, const std::string& words, const std::string& word) {
  for (const Command& command : commands_) {
    if (command.words == words) {
      return command.app;
    }
  }
  CLI::App* app = parent->add_subcommand(word);
  prepare(*app);
  commands_.push_back({app, words, nullptr, nullptr});
  return app;
}

void Parser::add(const VerbSpec& verb, Builtin builtin) {
  CLI::App* app = &root_;
  std::string words;
  for (const std::string_view word : base::words(verb.name)) {
    words += words.empty() ? "" : " ";
    words += word;
    app = child(app, words, std::string(word));
  }
  for (Command& command : commands_) {
    if (command.app == app) {
      command.verb = &verb;
      command.builtin = builtin;
    }
  }
  for (const OptionSpec& option : verb.options) {
    if (option.value.empty()) {
      app->add_flag(std::string(option.name));
    } else {
      app->add_option(std::string(option.name))
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
          ->expected(1, option.repeats ? kValuesMax : 1)
          ->allow_extra_args(false);
    }
  }
  for (const PositionalSpec& positional : verb.positionals) {
    // Only with extra arguments allowed does CLI11 give one positional several words; it then takes
    // a word in brackets, "[a,b]", for two.
    app->add_option(std::string(positional.name))
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->expected(1, positional.repeats ? kValuesMax : 1)
        ->allow_extra_args(positional.repeats);
  }
}

/// The deepest sub-command that the user named.
const Command& Parser::chosen() const {
  const Command* found = &commands_.front();
  for (const Command& command : commands_) {
    if (command.app->parsed() && command.words.size() > found->words.size()) {
      found = &command;
    }
  }
  return *found;
}

/// The usage error for what CLI11 itself refused: in effect, an option at the end without its
/// value.
int Parser::refuse(const Command& command, std::string_view what) const {
  std::string text = base::printable(what);
  for (const OptionSpec& option :
       command.verb != nullptr ? command.verb->options : std::span<const OptionSpec>{}) {
    const std::string_view name = option_names(option).back();
    if (what.starts_with(std::string(name) + ":")) {
      text = fmt::format("{} needs a value, {}", name, option.value);
    }
  }
  return report_usage(fmt::format("{}{}{}", command.words, command.words.empty() ? "" : ": ", text),
                      see_help(command));
}

/// kOk, or the usage error for the first word that nothing took.
int Parser::check_extras(const Command& command) const {
  const std::vector<std::string> extras = root_.remaining(true);
  if (extras.empty()) {
    return kOk;
  }
  const auto dashed = std::find_if(extras.begin(), extras.end(),
                                   [](const std::string& word) { return word.starts_with("-"); });
  const std::string& word = dashed != extras.end() ? *dashed : extras.front();
  if (dashed == extras.end() && command.verb == nullptr) {
    return unknown_verb(program_, command.words.empty() ? word : command.words + " " + word);
  }
  if (dashed == extras.end()) {
    return unexpected_argument(command, word);
  }
  std::vector<std::string> candidates = {"--help"};
  for (const OptionSpec& option :
       command.verb != nullptr ? command.verb->options : std::span<const OptionSpec>{}) {
    for (const std::string_view name : option_names(option)) {
      candidates.emplace_back(name);
    }
  }
  const std::string name = word.substr(0, word.find('='));
  return report_usage(fmt::format("{}{}unknown option {}", command.words,
                                  command.words.empty() ? "" : ": ", base::printable(name)),
                      did_you_mean(name, candidates) + see_help(command));
}

/// Fills `arguments` from what CLI11 took; kOk or the usage error.
int Parser::collect(const Command& command, Arguments& arguments) const {
  const VerbSpec& verb = *command.verb;
  for (const OptionSpec& option : verb.options) {
    const std::vector<std::string_view> names = option_names(option);
    const auto values = command.app->get_option(std::string(names.back()))->results();
    if (!option.repeats && !option.value.empty() && values.size() > 1) {
      return report_usage(fmt::format("{}: {} is given more than once", verb.name, names.back()),
                          see_help(command));
    }
    for (const std::string& value : values) {
      if (option.value.empty() && value != "true") {
        return report_usage(fmt::format("{}: {} takes no value", verb.name, names.back()),
                            see_help(command));
      }
      for (const std::string_view name : names) {
        arguments.add(std::string(name), value);
      }
    }
  }
  std::size_t literals_used = 0;
  for (const PositionalSpec& positional : verb.positionals) {
    auto values = command.app->get_option(std::string(positional.name))->results();
    while (literals_used < literal_.size() && (positional.repeats || values.empty())) {
      values.push_back(literal_[literals_used++]);
    }
    if (values.empty() && positional.required) {
      return report_usage(fmt::format("{}: {} is missing", verb.name, positional.name),
                          see_help(command));
    }
    for (const std::string& value : values) {
      arguments.add(std::string(positional.name), value);
    }
  }
  if (literals_used < literal_.size()) {
    return unexpected_argument(command, literal_[literals_used]);
  }
  return kOk;
}

int Parser::run(int argc, const char* const* argv) {
  // CLI11 2.1 takes "--" inside a sub-command for an argument, so it never sees it.
  const char* const* const end = argv + argc;
  const char* const* const mark =
      std::find_if(argv, end, [](const char* word) { return std::string_view(word) == "--"; });
  if (mark != end) {
    literal_.assign(mark + 1, end);
  }
  try {
    root_.parse(static_cast<int>(mark - argv), argv);
  } catch (const CLI::ParseError& error) {
    return refuse(chosen(), error.what());
  }
  const Command& command = chosen();
  if (command.app->count("--help") > 0 || root_.count("--help") > 0) {
    return print_help(command.builtin == nullptr ? program_ : Program{program_.name, kBuiltinSpecs},
                      command.words);
  }
  if (root_.count("--version") > 0) {
    fmt::print("{} {}\n", program_.name, WEFT_VERSION);
    return kOk;
  }
  if (const int code = check_extras(command); code != kOk) {
    return code;
  }
  if (command.verb == nullptr) {
    fmt::print(stderr, "{}",
               command.words.empty() ? program_help(program_, help_columns())
                                     : group_help(program_, command.words, help_columns()));
    return kUsage;
  }
  Arguments arguments;
  if (const int code = collect(command, arguments); code != kOk) {
    return code;
  }
  if (command.builtin != nullptr) {
    return command.builtin(program_, arguments);
  }
  const auto asked = with_request(*command.verb, arguments);
  return asked ? command.verb->run(*asked) : report(asked.error());
}

std::string program_name(int argc, const char* const* argv) {
  const std::string_view called = argc > 0 && argv[0] != nullptr ? argv[0] : "";
  const std::string_view name = called.substr(called.find_last_of('/') + 1);
  return name.empty() ? "weft" : std::string(name);
}

}  // namespace

std::optional<std::string> Arguments::value(std::string_view name) const {
  const auto at = values_.find(std::string(name));
  return at == values_.end() || at->second.empty() ? std::nullopt
                                                   : std::optional(at->second.back());
}

std::vector<std::string> Arguments::values(std::string_view name) const {
  const auto at = values_.find(std::string(name));
  return at == values_.end() ? std::vector<std::string>{} : at->second;
}

int exit_code(diagnose::Level level) {
  using diagnose::Level;
  switch (level) {
    case Level::kCritical:
      return kCritical;
    case Level::kWarning:
      return kWarning;
    case Level::kUnknown:
      return kUnknown;
    case Level::kOk:
    case Level::kNote:
      return kOk;
  }
  return kInternal;
}

int exit_code(base::Code code) {
  using base::Code;
  switch (code) {
    // What was read cannot be used: it is garbled, or larger than Weftline accepts.
    case Code::kInvalidArgument:
    case Code::kOutOfRange:
    case Code::kDataLoss:
    case Code::kResourceExhausted:
      return kBadData;
    // What was asked for is not there, or the system did not give it.
    case Code::kNotFound:
    case Code::kAlreadyExists:
    case Code::kFailedPrecondition:
    case Code::kUnavailable:
    case Code::kUnimplemented:
    case Code::kDeadlineExceeded:
    case Code::kCancelled:
    case Code::kAborted:
      return kUnavailable;
    case Code::kPermissionDenied:
    case Code::kUnauthenticated:
      return kNoPermission;
    case Code::kUnknown:
    case Code::kInternal:
      return kInternal;
  }
  return kInternal;
}

int report(const base::Error& error) {
  fmt::print(stderr, "weft: {}\n", error.text());
  // A mistake in an option is wrong usage, whoever found it.
  const bool is_usage = error.code == base::Code::kInvalidArgument &&
                        (error.where.starts_with("--") || error.where == "arguments");
  return is_usage ? static_cast<int>(kUsage) : exit_code(error.code);
}

int report_usage(std::string_view what, std::string_view hint) {
  fmt::print(stderr, "weft: {}\n", what);
  if (!hint.empty()) {
    fmt::print(stderr, "{}\n", hint);
  }
  return kUsage;
}

int run_program(int argc, const char* const* argv, std::span<const VerbSpec> verbs) {
  // A reader that went away ("weft scan | head") ends the program without a word, as it ends
  // others, even where the parent had told the signal to be ignored.
  std::signal(SIGPIPE, SIG_DFL);
  try {
    const Program program{program_name(argc, argv), verbs};
    const int code = Parser(program).run(argc, argv);
    if (std::fflush(stdout) != 0) {
      return report({base::Code::kUnavailable, std::strerror(errno), "standard output", ""});
    }
    return code;
  } catch (const std::bad_alloc&) {
    return report({base::Code::kUnavailable, "out of memory", "", ""});
  } catch (const std::exception& error) {
    return report({base::Code::kInternal, base::printable(error.what()), "",
                   "This is a defect in weft; please report it with the command line."});
  } catch (...) {
    return report({base::Code::kInternal, "an unknown exception", "",
                   "This is a defect in weft; please report it with the command line."});
  }
}

}  // namespace weft::cli
