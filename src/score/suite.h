// SPDX-License-Identifier: Apache-2.0
// All templates with many seeds, and the table of it: per template, for the templates that tune the
// rules and for those that are kept out (scenarios/SPLIT.md), with exact bounds. Runs go to as many
// threads as asked for, each with its own world; the table is the same for any number.
#pragma once

#include "base/stats.h"
#include "score/run.h"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace weft::score {

/// Whether this template judges the rules instead of tuning them: scenarios/SPLIT.md's rule.
[[nodiscard]] bool is_kept_out(std::string_view name);
/// The same of a story: of a drawn one, its draw's seed decides (stories.h).
[[nodiscard]] bool is_kept_out(const twin::Scenario& scenario);

struct SuiteOptions {
  std::uint64_t seeds = 20;  ///< 1 to this
  unsigned threads = 1;
  RunOptions run;
  std::shared_ptr<twin::Physics> physics = std::make_shared<twin::Physics>();
  /// After each run, from any thread, one at a time.
  std::function<void(const RunResult&, std::size_t done, std::size_t all)> progress = {};
};

/// Results by template, then seed.
[[nodiscard]] std::vector<RunResult> run_suite(const std::vector<twin::Scenario>& templates,
                                               const JudgementMaker& maker,
                                               const SuiteOptions& options);

/// Every *.yaml of a folder, or the one file, by name. Mistakes of all files in one error.
[[nodiscard]] base::Result<std::vector<twin::Scenario>> load_templates(const std::string& path);

/// How often each verdict was given of one question.
struct Tally {
  std::array<std::uint64_t, kVerdicts> count{};
  void add(Verdict verdict) { ++count[static_cast<std::size_t>(verdict)]; }
  [[nodiscard]] std::uint64_t of(Verdict verdict) const {
    return count[static_cast<std::size_t>(verdict)];
  }
  /// Times that there was something to say.
  [[nodiscard]] std::uint64_t asked() const;
  /// Share of `verdict` among those asked, exact 95 % bounds; 0 to 1 where nothing was asked.
  [[nodiscard]] base::Interval bounds(Verdict verdict) const;
  Tally& operator+=(const Tally& other);
};

/// One row of the table.
struct Row {
  std::string name;
  std::uint64_t runs = 0;
  std::uint64_t failed = 0;     ///< that could not be told at all
  std::uint64_t faults = 0;     ///< injected and observable
  std::uint64_t invisible = 0;  ///< injected and not observable
  Tally link, part, segment, direction;
  std::vector<double> detect_s;  ///< of faults that were found, ascending
  std::uint64_t false_findings = 0;
  std::uint64_t noisy_runs = 0;  ///< with at least one of them
  double link_weeks = 0;         ///< links times simulated weeks

  void add(const RunResult& run);
  void add(const Row& other);
  /// Share of `detect_s` below it; 0 where there is none.
  [[nodiscard]] double detect_quantile(double share) const;
  /// False findings per 1,000 links and week, exact 95 % bounds.
  [[nodiscard]] base::Interval false_rate() const;
};

struct Table {
  std::vector<Row> tuning;  ///< per template, by name
  std::vector<Row> kept_out;
  Row tuning_sum, kept_out_sum, all;
  Row quiet;  ///< runs without an observable fault: tuning and kept out
  Row tuning_quiet, kept_out_quiet;
  Row with_signature, without_signature;  ///< faults; false findings are not divided
  using Matrix = std::map<std::string, std::map<std::string, std::uint64_t>>;
  Matrix parts;   ///< what is wrong -> the kind of part that was named, tuning templates
  Matrix causes;  ///< fault -> the cause that was named
  Matrix parts_kept_out, causes_kept_out;
  Matrix false_codes;  ///< template -> code and cause of what was said falsely
};
[[nodiscard]] Table tabulate(const std::vector<RunResult>& results);

}  // namespace weft::score
