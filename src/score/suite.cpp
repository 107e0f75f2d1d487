// SPDX-License-Identifier: Apache-2.0
#include "score/suite.h"

#include "score/stories.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <filesystem>
#include <mutex>
#include <numeric>
#include <thread>
#include <utility>

namespace weft::score {
namespace suite_cpp {
namespace {

namespace fs = std::filesystem;

/// Templates in one folder.
constexpr std::size_t kFilesMost = 2000;

void add_matrices(const RunResult& run, bool is_kept_out, Table& table) {
  auto& parts = is_kept_out ? table.parts_kept_out : table.parts;
  auto& causes = is_kept_out ? table.causes_kept_out : table.causes;
  for (const FaultResult& fault : run.faults) {
    if (fault.is_observable) {
      ++parts[fault.part][fault.said.said_part];
      const std::string& cause = fault.said.said_cause;
      const bool is_missed = fault.said.said_part == "none";
      ++causes[fault.fault][is_missed ? "none" : cause.empty() ? "unknown" : cause];
    }
  }
  for (const FalseFinding& each : run.false_findings) {
    ++table.false_codes[run.name][each.code + (each.cause.empty() ? "" : " (" + each.cause + ")")];
  }
}

/// A row with the faults of a run that have, or have not, a published signature.
RunResult only(const RunResult& run, bool has_signature) {
  RunResult out = run;
  std::erase_if(out.faults, [&](const FaultResult& f) { return f.has_signature != has_signature; });
  out.false_findings.clear();
  return out;
}

}  // namespace
}  // namespace suite_cpp

bool is_kept_out(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : name) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  }
  return hash % 3 == 0;
}

bool is_kept_out(const twin::Scenario& scenario) {
  const auto seed = drawn_seed(scenario);
  return seed ? is_judging_seed(*seed) : is_kept_out(std::string_view(scenario.name));
}

std::vector<RunResult> run_suite(const std::vector<twin::Scenario>& templates,
                                 const JudgementMaker& maker, const SuiteOptions& options) {
  std::vector<std::pair<const twin::Scenario*, std::uint64_t>> stories;
  for (const twin::Scenario& each : templates) {
    // What leaves nothing to the seed is told once, with its own.
    if (!twin::is_template(each)) {
      stories.emplace_back(&each, each.seed);
      continue;
    }
    for (std::uint64_t seed = 1; seed <= options.seeds; ++seed) {
      stories.emplace_back(&each, seed);
    }
  }
  const std::size_t count = stories.size();
  std::vector<RunResult> results(count);
  Racks racks(options.physics);
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::size_t done = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      results[i] = run(*stories[i].first, stories[i].second, racks, maker, options.run);
      results[i].is_kept_out = is_kept_out(*stories[i].first);
      const std::lock_guard hold(mutex);
      ++done;
      if (options.progress) {
        options.progress(results[i], done, count);
      }
    }
  };
  std::vector<std::thread> threads;
  for (unsigned t = 1; t < std::max(options.threads, 1U); ++t) {
    threads.emplace_back(work);
  }
  work();
  for (std::thread& thread : threads) {
    thread.join();
  }
  return results;
}

base::Result<std::vector<twin::Scenario>> load_templates(const std::string& path) {
  std::vector<std::string> files;
  std::error_code error;
  if (suite_cpp::fs::is_directory(path, error)) {
    for (const auto& entry : suite_cpp::fs::directory_iterator(path, error)) {
      if (entry.path().extension() == ".yaml" && files.size() < suite_cpp::kFilesMost) {
        files.push_back(entry.path().string());
      }
    }
    if (files.empty()) {
      return base::fail(base::Code::kNotFound, "no *.yaml in this folder", path,
                        "Name a folder of scenario files, or one of them.");
    }
  } else {
    files.push_back(path);
  }
  std::ranges::sort(files);
  std::vector<twin::Scenario> templates;
  std::string mistakes;
  for (const std::string& file : files) {
    auto loaded = twin::load_scenario(file);
    if (loaded) {
      templates.push_back(std::move(*loaded));
    } else if (files.size() == 1) {
      return tl::unexpected(loaded.error());
    } else {
      mistakes += (mistakes.empty() ? "" : "\n") + loaded.error().text();
    }
  }
  if (!mistakes.empty()) {
    return base::fail(base::Code::kInvalidArgument, mistakes);
  }
  return templates;
}

std::uint64_t Tally::asked() const {
  return std::accumulate(count.begin(), count.end(), std::uint64_t{0}) - of(Verdict::kNotAsked);
}

base::Interval Tally::bounds(Verdict verdict) const {
  return asked() == 0 ? base::Interval{0, 1} : base::binomial_bounds(of(verdict), asked());
}

Tally& Tally::operator+=(const Tally& other) {
  for (std::size_t i = 0; i < kVerdicts; ++i) {
    count[i] += other.count[i];
  }
  return *this;
}

void Row::add(const RunResult& run) {
  ++runs;
  if (!run.error.empty()) {
    ++failed;
    return;
  }
  for (const FaultResult& fault : run.faults) {
    if (!fault.is_observable) {
      ++invisible;
      continue;
    }
    ++faults;
    link.add(fault.said.link);
    part.add(fault.said.part);
    segment.add(fault.said.segment);
    direction.add(fault.said.direction);
    if (fault.said.seconds_to_detect) {
      detect_s.push_back(*fault.said.seconds_to_detect);
    }
  }
  std::ranges::sort(detect_s);
  false_findings += run.false_findings.size();
  noisy_runs += run.false_findings.empty() ? 0 : 1;
  link_weeks += static_cast<double>(run.links) * run.weeks;
}

void Row::add(const Row& other) {
  runs += other.runs;
  failed += other.failed;
  faults += other.faults;
  invisible += other.invisible;
  link += other.link;
  part += other.part;
  segment += other.segment;
  direction += other.direction;
  detect_s.insert(detect_s.end(), other.detect_s.begin(), other.detect_s.end());
  std::ranges::sort(detect_s);
  false_findings += other.false_findings;
  noisy_runs += other.noisy_runs;
  link_weeks += other.link_weeks;
}

double Row::detect_quantile(double share) const {
  if (detect_s.empty()) {
    return 0;
  }
  const auto at = static_cast<std::size_t>(std::ceil(share * static_cast<double>(detect_s.size())));
  return detect_s[std::clamp<std::size_t>(at, 1, detect_s.size()) - 1];
}

base::Interval Row::false_rate() const {
  if (link_weeks <= 0) {
    return {};
  }
  const base::Interval events = base::poisson_bounds(false_findings);
  return {events.low / link_weeks * 1000, events.high / link_weeks * 1000};
}

Table tabulate(const std::vector<RunResult>& results) {
  Table table;
  std::map<std::pair<bool, std::string>, Row> rows;
  for (const RunResult& run : results) {
    Row& row = rows[{run.is_kept_out, run.name}];
    row.name = run.name;
    row.add(run);
    const bool is_out = run.is_kept_out;
    if (run.error.empty() && std::ranges::none_of(run.faults, &FaultResult::is_observable)) {
      (is_out ? table.kept_out_quiet : table.tuning_quiet).add(run);
      table.quiet.add(run);
    }
    table.with_signature.add(suite_cpp::only(run, true));
    table.without_signature.add(suite_cpp::only(run, false));
    suite_cpp::add_matrices(run, is_out, table);
  }
  for (auto& [key, row] : rows) {
    const bool is_out = key.first;
    (is_out ? table.kept_out_sum : table.tuning_sum).add(row);
    table.all.add(row);
    (is_out ? table.kept_out : table.tuning).push_back(std::move(row));
  }
  return table;
}

}  // namespace weft::score
