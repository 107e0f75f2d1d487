// SPDX-License-Identifier: Apache-2.0
#include "cli/score.h"

#include "base/text.h"
#include "cli/terminal.h"
#include "score/report.h"
#include "score/stories.h"
#include "score/watch_judgement.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace weft::cli {
namespace score_impl {
namespace {

constexpr std::uint64_t kSeedsFew = 3;
constexpr std::uint64_t kSeedsAll = 20;
/// Drawn stories are many, and each lives once.
constexpr std::size_t kPollsOfDrawn = 72;

constexpr PositionalSpec kPositionals[] = {
    {"PATH", "A folder of scenario files, or one of them. Default: scenarios.", false, true},
};
constexpr OptionSpec kOptions[] = {
    {"--all", "",
     "20 seeds a template, and the stories that leave nothing to the seed. Takes tens of minutes."},
    {"--seeds", "N", "Seeds a template, 1 to 10000. Default 3."},
    {"--template", "NAME", "Only templates of this name; * and ? are patterns.", true},
    {"--draw", "N",
     "Instead of templates: N stories of each half, of random faults at random places, 1 to 10000. "
     "PATH is then the folder of racks. Default: racks."},
    {"--seed", "S",
     "With --draw: seed 2S - 1 draws those to tune with, 2S those that judge. Default 1."},
    {"--only", "WHICH", "tuning or kept-out: only those, by the rule of scenarios/SPLIT.md."},
    {"--perturb", "PERCENT",
     "Change amplitudes, jitter, crosstalk and heat flow by up to this, 0 to 90, by the seed."},
    {"--poll", "SECONDS", "World time between polls of a short story, 1 to 600. Default 20."},
    {"--threads", "N", "1 to 256. Default: as many as the machine runs at once."},
    {"--json", "", "The result as JSON, schema weftline/score/1."},
    {"--markdown", "", "The tables of docs/DIAGNOSIS.md."},
    {"--update", "FILE",
     "Put the Markdown into this file, between the lines <!-- score begins --> and <!-- score ends "
     "--> (with --draw: score drawn; with --perturb: score perturbed)."},
    {"--verbose", "", "Say on standard error what each run asked and what was answered."},
};
constexpr ExampleSpec kExamples[] = {
    {"weft score", "Every template of scenarios/ with 3 seeds."},
    {"weft score --template 'dirty-*' --seeds 10 --verbose", "One kind of fault, run by run."},
    {"weft score --all --update docs/DIAGNOSIS.md", "Write the tables anew."},
    {"weft score --draw 100 --seed 7 --only kept-out", "A hundred stories that nobody wrote."},
};
constexpr ExitSpec kExits[] = {
    {kOk, "every story was told"},
    {kUnknown, "a story could not be told: its rack or target is not there"},
};

base::Result<std::uint64_t> whole(const Arguments& arguments, std::string_view name,
                                  std::uint64_t otherwise, std::uint64_t low, std::uint64_t high) {
  const auto text = arguments.value(name);
  if (!text) {
    return otherwise;
  }
  const auto value = base::parse_unsigned(*text);
  if (!value || *value < low || *value > high) {
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("{}: \"{}\" is not a whole number from {} to {}", name,
                                  base::printable(*text, 40), low, high));
  }
  return *value;
}

base::Result<score::SuiteOptions> options_of(const Arguments& arguments) {
  score::SuiteOptions options;
  const auto seeds =
      whole(arguments, "--seeds", arguments.has("--all") ? kSeedsAll : kSeedsFew, 1, 10000);
  const auto perturb = whole(arguments, "--perturb", 0, 0, 90);
  const auto poll = whole(arguments, "--poll", 20, 1, 600);
  const auto threads =
      whole(arguments, "--threads", std::max(1U, std::thread::hardware_concurrency()), 1, 256);
  for (const auto* each : {&seeds, &perturb, &poll, &threads}) {
    if (!*each) {
      return tl::unexpected(each->error());
    }
  }
  options.seeds = *seeds;
  options.threads = static_cast<unsigned>(*threads);
  options.run.perturbed = static_cast<double>(*perturb) / 100;
  options.run.poll = base::seconds(static_cast<double>(*poll));
  return options;
}

base::Result<std::vector<twin::Scenario>> templates_of(const Arguments& arguments) {
  auto paths = arguments.values("PATH");
  if (paths.empty()) {
    paths.emplace_back("scenarios");
  }
  const auto names = arguments.values("--template");
  const std::string only = arguments.value("--only").value_or("");
  if (!only.empty() && only != "tuning" && only != "kept-out") {
    return base::fail(base::Code::kInvalidArgument, "--only is tuning or kept-out");
  }
  std::vector<twin::Scenario> chosen;
  for (const std::string& path : paths) {
    auto loaded = score::load_templates(path);
    if (!loaded) {
      return loaded;
    }
    for (twin::Scenario& each : *loaded) {
      const bool is_named = std::ranges::any_of(
          names, [&](const std::string& name) { return base::matches(name, each.name); });
      const bool is_wanted =
          names.empty() ? twin::is_template(each) || arguments.has("--all") : is_named;
      const bool is_half = only.empty() || (only == "kept-out") == score::is_kept_out(each.name);
      if (is_wanted && is_half) {
        chosen.push_back(std::move(each));
      }
    }
  }
  if (chosen.empty()) {
    return base::fail(base::Code::kNotFound, "no template is left to tell", "",
                      "weft score without --template and --only tells all.");
  }
  return chosen;
}

/// Both halves of a pair of seeds, or one of them.
base::Result<std::vector<twin::Scenario>> drawn_of(const Arguments& arguments, std::uint64_t count,
                                                   std::uint64_t pair) {
  const auto paths = arguments.values("PATH");
  const std::string only = arguments.value("--only").value_or("");
  if (paths.size() > 1 || (!only.empty() && only != "tuning" && only != "kept-out")) {
    return base::fail(base::Code::kInvalidArgument,
                      "--only is tuning or kept-out; --draw takes one "
                      "folder of racks");
  }
  std::vector<twin::Scenario> chosen;
  for (const std::uint64_t seed : {2 * pair - 1, 2 * pair}) {
    if (!only.empty() && (only == "kept-out") != score::is_judging_seed(seed)) {
      continue;
    }
    auto drawn =
        score::drawn_stories(paths.empty() ? "racks" : std::string(paths.front()), count, seed);
    if (!drawn) {
      return drawn;
    }
    std::ranges::move(*drawn, std::back_inserter(chosen));
  }
  return chosen;
}

void print_run(const score::RunResult& run) {
  fmt::print(stderr, "{} seed {} on {}{}{}\n", run.name, run.seed, run.rack,
             run.error.empty() ? "" : ": ", run.error);
  for (const auto& each : run.faults) {
    fmt::print(stderr,
               "  {} {}{}: link {}, part {} ({} for {}), segment {}, direction {}, cause {}\n",
               each.fault, each.target, each.is_observable ? "" : ", not observable",
               score::key(each.said.link), score::key(each.said.part), each.said.said_part,
               each.part, score::key(each.said.segment), score::key(each.said.direction),
               each.said.said_cause.empty() ? "-" : each.said.said_cause);
  }
  for (const auto& each : run.false_findings) {
    fmt::print(stderr, "  false: {} {} at {}: {}\n", each.code, each.cause, each.place,
               each.sentence);
  }
  fmt::print(stderr, "  {} polls; processor: world {:.1f} s, reading {:.1f} s, judging {:.1f} s\n",
             run.polls, run.world_s, run.collect_s, run.judge_s);
}

base::Result<void> update(const std::string& path, const std::string& text,
                          std::string_view section) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    return base::fail(base::Code::kNotFound, "cannot be read", path);
  }
  const std::string before(std::istreambuf_iterator<char>(in), {});
  const auto after = score::with_section(before, section, text);
  if (!after) {
    return tl::unexpected(after.error());
  }
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << *after;
  out.flush();
  return out ? base::Result<void>() : base::fail(base::Code::kUnavailable, "cannot write", path);
}

int run_score(const Arguments& arguments) {
  if (arguments.has("--json") && arguments.has("--markdown")) {
    return report_usage("--json and --markdown do not go together");
  }
  auto options = options_of(arguments);
  if (!options) {
    return report_usage(options.error().what);
  }
  const auto drawn = whole(arguments, "--draw", 0, 1, 10000);
  const auto pair = whole(arguments, "--seed", 1, 1, 1'000'000);
  for (const auto* each : {&drawn, &pair}) {
    if (!*each) {
      return report_usage(each->error().what);
    }
  }
  if (arguments.has("--update") && *drawn > 0 && options->run.perturbed > 0) {
    return report_usage("--update has no section for --draw with --perturb; use --markdown");
  }
  const auto templates = *drawn > 0 ? drawn_of(arguments, *drawn, *pair) : templates_of(arguments);
  if (!templates) {
    return report(templates.error());
  }
  const bool is_verbose = arguments.has("--verbose");
  const bool shows_progress = !is_verbose && isatty(STDERR_FILENO) == 1;
  if (*drawn > 0) {
    options->run.polls_most = kPollsOfDrawn;
  }
  options->progress = [&](const score::RunResult& run, std::size_t done, std::size_t all) {
    if (is_verbose) {
      print_run(run);
    } else if (shows_progress) {
      fmt::print(stderr, "\r{} of {} stories told: {:<40.40}{}", done, all, run.name,
                 done == all ? "\n" : "");
      std::fflush(stderr);
    }
  };
  const auto results = score::run_suite(*templates, score::watch_judgement, *options);
  const auto table = score::tabulate(results);
  const score::ReportHead head{.seeds = *drawn > 0 ? *pair : options->seeds,
                               .drawn = *drawn,
                               .perturbed = options->run.perturbed};
  if (arguments.has("--json")) {
    fmt::print("{}\n", score::table_json(table, results, head).dump(2));
  } else if (arguments.has("--markdown")) {
    fmt::print("{}", score::table_markdown(table, head));
  } else {
    fmt::print("{}", score::table_text(table, head));
  }
  if (const auto file = arguments.value("--update")) {
    const auto done = update(*file, score::table_markdown(table, head),
                             *drawn > 0                   ? "score drawn"
                             : options->run.perturbed > 0 ? "score perturbed"
                                                          : "score");
    if (!done) {
      return report(done.error());
    }
  }
  for (const score::RunResult& each : results) {
    if (!each.error.empty()) {
      fmt::print(stderr, "weft: {} seed {}: {}\n", each.name, each.seed, each.error);
    }
  }
  return table.all.failed > 0 ? kUnknown : kOk;
}

}  // namespace
}  // namespace score_impl

VerbSpec score_verb() {
  return {.name = "score",
          .summary = "Say how often the judgement is right, on stories whose truth is known",
          .description =
              "Tells each scenario template with many seeds: a twin of a rack lives, faults are "
              "injected, its machines are read as machines are, and what weft would say of them is "
              "compared with what was done. Prints per template and in all how often link, part, "
              "segment and direction were right, wrong or unknown, how long it took, and what was "
              "said falsely, with exact 95 % bounds. Templates that are kept out of tuning "
              "(scenarios/SPLIT.md) are counted apart. Everything is simulated.",
          .positionals = score_impl::kPositionals,
          .options = score_impl::kOptions,
          .run = score_impl::run_score,
          .examples = score_impl::kExamples,
          .exits = score_impl::kExits};
}

}  // namespace weft::cli
