// SPDX-License-Identifier: Apache-2.0
// What a verb of the program is: its name, its help, its options and what runs it. verbs.cpp holds
// the one table; command line, --help, man pages and completion are all made from it, so an option
// is written down once.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::diagnose {
enum class Level : std::uint8_t;
}

namespace weft::cli {

/// Exit codes: 0 to 3 are verdicts, the rest follow sysexits.h.
enum Exit : int {
  kOk = 0,
  kWarning = 1,
  kCritical = 2,
  kUnknown = 3,
  kUsage = 64,
  kBadData = 65,
  kUnavailable = 69,
  kInternal = 70,
  kNoPermission = 77,
};
/// The one table from error code to exit code.
[[nodiscard]] int exit_code(base::Code code);
/// The one table from verdict to exit code.
[[nodiscard]] int exit_code(diagnose::Level level);
/// Prints "weft: " and the error on standard error; returns its exit code.
int report(const base::Error& error);
/// For what only the verb can see in its arguments ("--watch: not a number"): prints, returns
/// kUsage.
int report_usage(std::string_view what, std::string_view hint = {});

struct OptionSpec {
  std::string_view name;   ///< "--watch", or "-o,--output"
  std::string_view value;  ///< "SECONDS"; empty for a flag
  std::string_view help;   ///< effect, default, unit, range; published text
  bool repeats = false;    ///< may be given several times, or with several values
};

struct PositionalSpec {
  std::string_view name;  ///< "FILE"
  std::string_view help;
  bool required = true;
  bool repeats = false;
};

/// A line for the "Examples" of help and man page.
struct ExampleSpec {
  std::string_view command;  ///< "weft scan --from rack7.tar.zst"
  std::string_view help;     ///< what it does, one line
};

/// What an exit code means for one verb.
struct ExitSpec {
  int code = 0;
  std::string_view meaning;
};

/// What the user gave. Options are found by any of their names ("-o" or "--output").
class Arguments {
 public:
  [[nodiscard]] bool has(std::string_view name) const {
    return values_.contains(std::string(name));
  }
  [[nodiscard]] std::optional<std::string> value(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> values(std::string_view name) const;
  void add(std::string name, std::string value) {
    values_[std::move(name)].push_back(std::move(value));
  }
  void remove(std::string_view name) { values_.erase(std::string(name)); }

 private:
  std::map<std::string, std::vector<std::string>> values_;
};

struct VerbSpec {
  std::string_view name;         ///< "scan", or "rack check" for a verb with a sub-verb
  std::string_view summary;      ///< one line, for `weft --help`
  std::string_view description;  ///< paragraphs, for `weft VERB --help` and the man page
  std::span<const PositionalSpec> positionals;
  std::span<const OptionSpec> options;
  int (*run)(const Arguments&) = nullptr;
  bool is_read_only = false;  ///< part of the static read-only file
  std::span<const ExampleSpec> examples = {};
  std::span<const ExitSpec> exits = {};  ///< those below 64; empty: 0 is success
};

/// The verdicts' exit codes, for `VerbSpec::exits` of verbs that judge.
inline constexpr ExitSpec kVerdictExits[] = {
    {kOk, "nothing is wrong"},
    {kWarning, "a link is up but wrong"},
    {kCritical, "a link is down or badly degraded"},
    {kUnknown, "suspicious, and the evidence decides nothing"},
};

/// Parses and runs. `verbs` is the table that this program has. Unknown verbs and options end in
/// kUsage with the nearest name; exceptions of third-party code end here, in kInternal.
int run_program(int argc, const char* const* argv, std::span<const VerbSpec> verbs);

}  // namespace weft::cli
