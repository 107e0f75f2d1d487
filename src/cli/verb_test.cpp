// SPDX-License-Identifier: Apache-2.0
// The command line from outside: what run_program() does with words, prints and returns. Exit codes
// are judged by sysexits.h, whose numbers they follow.
#include "cli/verb.h"

#include "base/text.h"
#include "cli/completion.h"
#include "cli/help.h"
#include "cli/man.h"
#include "cli/verbs.h"

#include <cstdio>
#include <new>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sysexits.h>

namespace weft::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

static_assert(kUsage == EX_USAGE && kBadData == EX_DATAERR && kUnavailable == EX_UNAVAILABLE &&
              kInternal == EX_SOFTWARE && kNoPermission == EX_NOPERM);

Arguments seen;

int record(const Arguments& arguments) {
  seen = arguments;
  return kWarning;
}
int throw_runtime_error(const Arguments&) {
  throw std::runtime_error("third\nparty");
}
int throw_number(const Arguments&) {
  throw 7;
}  // NOLINT: some libraries do
int throw_bad_alloc(const Arguments&) {
  throw std::bad_alloc();
}

constexpr OptionSpec kOptions[] = {
    {"--from", "SOURCE", "read this instead of the machine", true},
    {"-o,--output", "FILE", "write here", false},
    {"--watch", "DURATION", "sample for so long; a text that is long enough to need a second line",
     false},
    {"--json", "", "print JSON", false},
};
constexpr PositionalSpec kTwo[] = {{"A", "the first", true, false},
                                   {"B", "the second", false, false}};
constexpr PositionalSpec kMany[] = {{"FILE", "rack files", true, true}};
constexpr ExampleSpec kExamples[] = {{"weft scan --json", "All of it as JSON."}};
const VerbSpec kVerbs[] = {
    {"scan",
     "read the links",
     "Reads.\n\nSecond paragraph:\n  .indented -line\nThird.",
     {},
     kOptions,
     record,
     true,
     kExamples,
     kVerdictExits},
    {"rack check", "check files", "", kMany, {}, record},
    {"rack diff", "compare two", "", kTwo, kOptions, record},
    {"throw", "throws", "", {}, {}, throw_runtime_error},
    {"throw-number", "throws", "", {}, {}, throw_number},
    {"throw-memory", "throws", "", {}, {}, throw_bad_alloc},
};
const Program kProgram{"weft", kVerbs};

struct Outcome {
  int code = 0;
  std::string out;
  std::string err;
};

Outcome run(std::vector<const char*> words) {
  words.insert(words.begin(), "/usr/bin/weft");
  words.push_back(nullptr);
  seen = {};
  Outcome outcome;
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  outcome.code = run_program(static_cast<int>(words.size()) - 1, words.data(), kVerbs);
  outcome.out = ::testing::internal::GetCapturedStdout();
  outcome.err = ::testing::internal::GetCapturedStderr();
  return outcome;
}

TEST(Verb, ReturnsTheVerbsCode) {
  const Outcome outcome = run({"scan"});
  EXPECT_EQ(outcome.code, kWarning);
  EXPECT_THAT(outcome.out + outcome.err, IsEmpty());
}

TEST(Verb, OptionsAreFoundByEachOfTheirNames) {
  EXPECT_EQ(run({"scan", "--from", "a", "b", "--json", "-ox", "--watch=3s"}).code, kWarning);
  EXPECT_THAT(seen.values("--from"), ElementsAre("a", "b"));
  EXPECT_EQ(seen.value("--output"), "x");
  EXPECT_EQ(seen.value("-o"), "x");
  EXPECT_EQ(seen.value("--watch"), "3s");
  EXPECT_TRUE(seen.has("--json"));
  EXPECT_FALSE(seen.has("--verbose"));
  EXPECT_EQ(seen.value("--verbose"), std::nullopt);
  EXPECT_THAT(seen.values("--verbose"), IsEmpty());
}

TEST(Verb, RepeatedOptionsKeepOddValues) {
  run({"scan", "--from", "[a,b]", "--from", "scan", "--from", "c d"});
  EXPECT_THAT(seen.values("--from"), ElementsAre("[a,b]", "scan", "c d"));
}

TEST(Verb, PositionalsAreTakenInOrder) {
  run({"rack", "diff", "scan", "--json", "rack"});
  EXPECT_EQ(seen.value("A"), "scan");
  EXPECT_EQ(seen.value("B"), "rack");
  run({"rack", "check", "a", "b", "--", "-c"});
  EXPECT_THAT(seen.values("FILE"), ElementsAre("a", "b", "-c"));
  run({"rack", "diff", "only"});
  EXPECT_FALSE(seen.has("B"));
}

struct Misuse {
  std::vector<const char*> words;
  const char* says;
};

TEST(Verb, MisuseEndsIn64WithTheNearestName) {
  const Misuse table[] = {
      {{"scna"}, "weft: unknown verb \"scna\"\nDid you mean scan?"},
      {{"rakc"}, "Did you mean rack?"},
      {{"rack", "chekc", "x"}, "weft: unknown verb \"rack chekc\"\nDid you mean rack check?"},
      {{"zzzzzzzz"}, "weft: unknown verb \"zzzzzzzz\"\nweft --help lists the verbs."},
      {{"scan", "--jsno"}, "weft: scan: unknown option --jsno\nDid you mean --json?"},
      {{"scan", "--wtach=3"}, "unknown option --wtach\nDid you mean --watch?"},
      {{"--jsn"}, "weft: unknown option --jsn\nSee: weft --help"},
      {{"scan", "extra"}, "weft: scan: unexpected argument \"extra\""},
      {{"scan", "--watch"}, "weft: scan: --watch needs a value, DURATION"},
      {{"scan", "--watch", "1", "--watch", "2"}, "--watch is given more than once"},
      {{"scan", "--json=no"}, "--json takes no value"},
      {{"rack", "check"}, "weft: rack check: FILE is missing"},
      {{"rack", "diff"}, "weft: rack diff: A is missing"},
      {{"completion"}, "SHELL is missing"},
      {{"completion", "tcsh"}, "no completion for the shell \"tcsh\""},
      {{"help", "scna"}, "Did you mean scan?"},
      {{"man", "scna"}, "Did you mean scan?"},
      {{"\x1b[31m"}, "unknown verb \"?[31m\""},
  };
  for (const Misuse& misuse : table) {
    const Outcome outcome = run(misuse.words);
    EXPECT_EQ(outcome.code, kUsage) << misuse.says;
    EXPECT_THAT(outcome.err, HasSubstr(misuse.says));
    EXPECT_THAT(outcome.out, IsEmpty()) << misuse.says;
  }
}

TEST(Verb, NoVerbIsMisuseAndShowsTheHelp) {
  Outcome outcome = run({});
  EXPECT_EQ(outcome.code, kUsage);
  EXPECT_THAT(outcome.err, StartsWith("Usage: weft VERB"));
  outcome = run({"rack"});
  EXPECT_EQ(outcome.code, kUsage);
  EXPECT_THAT(outcome.err, HasSubstr("rack check"));
  EXPECT_THAT(outcome.err, Not(HasSubstr("scan")));
}

TEST(Verb, ExceptionsEndHere) {
  Outcome outcome = run({"throw"});
  EXPECT_EQ(outcome.code, kInternal);
  EXPECT_THAT(outcome.err, StartsWith("weft: third?party (This is a defect in weft"));
  EXPECT_EQ(run({"throw-number"}).code, kInternal);
  outcome = run({"throw-memory"});
  EXPECT_EQ(outcome.code, kUnavailable);
  EXPECT_EQ(outcome.err, "weft: out of memory\n");
}

TEST(Verb, HelpIsTheSameByEachWay) {
  const Outcome outcome = run({"scan", "--help"});
  EXPECT_EQ(outcome.code, kOk);
  EXPECT_EQ(run({"scan", "-h"}).out, outcome.out);
  EXPECT_EQ(run({"help", "scan"}).out, outcome.out);
  EXPECT_EQ(run({"scan", "--nonsense", "--help"}).out, outcome.out);
  EXPECT_THAT(outcome.out, HasSubstr("Usage: weft scan [OPTIONS]\n"));
  EXPECT_THAT(outcome.out, HasSubstr("\n  -o, --output FILE  "));
  EXPECT_THAT(outcome.out, HasSubstr("\n  .indented -line\n"));
  EXPECT_THAT(outcome.out, HasSubstr("\n  2   a link is down or badly degraded\n"));
  EXPECT_THAT(outcome.out, HasSubstr("weft scan --json\n      All of it as JSON.\n"));
  EXPECT_THAT(run({"help", "rack", "diff"}).out,
              StartsWith("Usage: weft rack diff [OPTIONS] A [B]\n"));
  EXPECT_THAT(run({"rack", "--help"}).out, HasSubstr("compare two"));
  EXPECT_THAT(run({"--help"}).out, HasSubstr("\n  rack check        check files\n"));
  EXPECT_THAT(run({"man", "--help"}).out, HasSubstr("--all DIRECTORY"));
}

TEST(Verb, VersionNamesTheProgram) {
  EXPECT_EQ(run({"--version"}).out, "weft " WEFT_VERSION "\n");
}

TEST(Verb, ExitCodesOfErrors) {
  using base::Code;
  EXPECT_EQ(exit_code(Code::kInvalidArgument), kBadData);
  EXPECT_EQ(exit_code(Code::kDataLoss), kBadData);
  EXPECT_EQ(exit_code(Code::kResourceExhausted), kBadData);
  EXPECT_EQ(exit_code(Code::kNotFound), kUnavailable);
  EXPECT_EQ(exit_code(Code::kUnavailable), kUnavailable);
  EXPECT_EQ(exit_code(Code::kPermissionDenied), kNoPermission);
  EXPECT_EQ(exit_code(Code::kInternal), kInternal);
  for (int code = 0; code < 32; ++code) {
    EXPECT_GE(exit_code(static_cast<Code>(code)), kUsage) << "0 to 3 are verdicts";
  }
}

TEST(Verb, ManPagesEscapeWhatRoffWouldTake) {
  const std::string page = verb_man_page(kProgram, kVerbs[0]);
  EXPECT_THAT(page, HasSubstr(".TH WEFT\\-SCAN 1 "));
  EXPECT_THAT(page, HasSubstr("\n.EX\n  .indented \\-line\n.EE\n"));
  EXPECT_THAT(page, HasSubstr("\\fB\\-o\\fR, \\fB\\-\\-output\\fR \\fIFILE\\fR"));
  EXPECT_THAT(page, HasSubstr(".BR weft\\-rack\\-diff (1)"));
  EXPECT_THAT(run({"man", "scan"}).out, page);
  EXPECT_THAT(run({"man"}).out, StartsWith(".\\\" SPDX"));
}

TEST(Verb, ManPagesAreNotWrittenWhereTheyCannotBe) {
  const Outcome outcome = run({"man", "--all", "/nonexistent/folder"});
  EXPECT_EQ(outcome.code, kUnavailable);
  EXPECT_THAT(outcome.err, HasSubstr("/nonexistent/folder/weft.1: cannot be written"));
}

TEST(Verb, CompletionKnowsEveryShellItSaysItKnows) {
  EXPECT_THAT(run({"completion", "bash"}).out, EndsWith("complete -F _weft weft\n"));
  EXPECT_THAT(run({"completion", "zsh"}).out, StartsWith("#compdef weft\n"));
  EXPECT_THAT(
      run({"completion", "fish"}).out,
      HasSubstr("complete -c weft -n 'true; and __fish_seen_subcommand_from scan' -l json"));
}

// A lint of the published text of the real table: what help, man pages and completion are made
// from.
TEST(Verbs, AreDescribedAlike) {
  for (const VerbSpec& verb : verbs()) {
    SCOPED_TRACE(std::string(verb.name));
    EXPECT_NE(verb.run, nullptr);
    EXPECT_LE(verb.summary.size(), 78U);
    EXPECT_FALSE(verb.summary.empty() || verb.summary.ends_with("."));
    EXPECT_GT(verb.description.size(), verb.summary.size());
    for (const OptionSpec& option : verb.options) {
      SCOPED_TRACE(std::string(option.name));
      for (const std::string_view name : option_names(option)) {
        EXPECT_TRUE(name.starts_with("--") ? name.size() > 3
                                           : name.starts_with("-") && name.size() == 2);
      }
      EXPECT_GT(option.help.size(), 8U);
      EXPECT_TRUE(option.help.ends_with(".")) << "options are described in sentences";
    }
    for (const ExampleSpec& example : verb.examples) {
      EXPECT_THAT(std::string(example.command), HasSubstr("weft " + std::string(verb.name)));
    }
    for (const std::string_view line : base::split(verb_help({"weft", verbs()}, verb, 100), '\n')) {
      EXPECT_LE(line.size(), 100U) << line;
    }
  }
}

TEST(Verbs, ReadOnlyOnesArePartOfAll) {
  std::vector<std::string_view> marked;
  for (const VerbSpec& verb : verbs()) {
    if (verb.is_read_only) {
      marked.push_back(verb.name);
    }
  }
  std::vector<std::string_view> listed;
  for (const VerbSpec& verb : read_only_verbs()) {
    listed.push_back(verb.name);
  }
  EXPECT_EQ(listed, marked);
}

}  // namespace
}  // namespace weft::cli
