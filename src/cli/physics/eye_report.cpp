// SPDX-License-Identifier: Apache-2.0
// See eye_report.h. A verdict is "unknown" where the channel was not measured as far as the
// receiver listens: what is missing is taken as zero, which may flatter or slander the eye.
#include "cli/physics/eye_report.h"

#include "base/stats.h"
#include "cli/draw/axis.h"
#include "phy/channel/metrics.h"
#include "phy/eye/burst.h"
#include "phy/eye/simulate.h"
#include "phy/fec/analytic.h"
#include "phy/fec/concatenated.h"
#include "phy/fec/flit_retry.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <thread>

#include <fmt/format.h>

namespace weft::cli {
namespace {

using draw::figure_text;
using phy::eye::EyeOpening;
using phy::eye::EyeResult;
using phy::link::LinkSetup;

unsigned bits_per_symbol(unsigned levels) {
  return std::max(static_cast<unsigned>(std::bit_width(levels)), 2U) - 1;
}

double log10_ratio(double value) {
  return value > 0 ? std::log10(value) : -std::numeric_limits<double>::infinity();
}

/// What the target asks of one segment.
std::vector<EyeCriterion> criteria_of(const LinkSetup& setup, const EyeSegment& segment) {
  const auto& target = setup.target;
  const std::string at = figure_text(target.ber, 2);
  std::vector<EyeCriterion> criteria;
  EyeCriterion ber{"ber",    "bit error ratio before FEC", segment.ber(), target.ber, "1", true, 0,
                   "decades"};
  ber.margin = log10_ratio(target.ber) - log10_ratio(std::max(ber.value, kEyeRatioLeast));
  criteria.push_back(ber);
  const EyeOpening* height = smallest_height(segment.eye, target.ber);
  if (target.eye_height_v.has_value() && height != nullptr) {
    EyeCriterion row{
        "eye_height", "eye height at " + at, height->height_v, *target.eye_height_v, "V", false, 0,
        "dB"};
    row.margin = std::max(20 * log10_ratio(row.value / row.limit), -99.0);
    criteria.push_back(row);
  }
  const EyeOpening* width = smallest_width(segment.eye, target.ber);
  if (target.eye_width_ui.has_value() && width != nullptr) {
    EyeCriterion row{
        "eye_width", "eye width at " + at, width->width_ui, *target.eye_width_ui, "UI", false, 0,
        "UI"};
    row.margin = row.value - row.limit;
    criteria.push_back(row);
  }
  return criteria;
}

/// The criterion that decides: the first that fails, else the one with the least margin.
void judge(EyeSegment& segment) {
  if (!segment.link.is_wide_enough) {
    segment.verdict = EyeVerdict::kUnknown;
    segment.reason =
        fmt::format("the channel is known to {} GHz, and the receiver listens beyond it",
                    figure_text(segment.measured_to_hz / 1e9));
    return;
  }
  std::string failed;
  for (const EyeCriterion& criterion : segment.criteria) {
    if (!criterion.passes()) {
      failed += fmt::format("{}{}", failed.empty() ? "" : ", ", criterion.name);
    }
  }
  segment.verdict = failed.empty() ? EyeVerdict::kMeets : EyeVerdict::kFails;
  segment.reason = failed.empty() ? "everything that the target asks for" : failed;
}

/// Beyond it a receiver has lost its signal.
constexpr double kBurstMax = 0.95;

bool is_flit(std::string_view fec) {
  return fec == "pcie6-flit" || fec == "cxl-flit";
}

/// How errors follow each other, and where that is known from.
struct ErrorRuns {
  std::optional<double> a;  ///< absent: independent errors
  std::string text;
};

ErrorRuns error_runs(std::optional<double> given, const EyeSegment& segment) {
  if (given.has_value()) {
    return {given, fmt::format("bursts of a = {} as given", figure_text(*given))};
  }
  if (segment.simulation.has_value() && segment.simulation->burst.has_value()) {
    const double a = std::min(*segment.simulation->burst, kBurstMax);
    return {a, fmt::format("bursts of a = {} as simulated", figure_text(a, 2))};
  }
  if (segment.link.input.dfe.empty()) {
    return {std::nullopt, "errors taken as independent"};
  }
  const double a = std::min(phy::eye::estimate_burst(segment.link.input).a, kBurstMax);
  if (a < 1e-3) {
    return {std::nullopt, "errors taken as independent; the DFE makes no bursts"};
  }
  return {a, fmt::format("bursts of a = {} as the DFE's taps make them", figure_text(a, 2))};
}

void add_fec(const LinkSetup& setup, std::optional<double> burst, EyeSegment& segment) {
  const auto& signalling = setup.signalling;
  if (signalling.fec == "none" || signalling.fec.empty()) {
    return;
  }
  EyeFec left;
  left.key = signalling.fec;
  const ErrorRuns runs = error_runs(burst, segment);
  burst = runs.a;
  left.burst = runs.text;
  // The eye counts first errors; those that the DFE makes of them come on top.
  const double first = std::clamp(segment.ber(), kEyeRatioLeast, 0.5);
  const double ber = std::min(first / (1 - burst.value_or(0)), 0.5);
  if (is_flit(signalling.fec)) {
    phy::fec::FlitErrors errors;
    errors.first_bit_error_ratio = std::min(first, 0.499);
    errors.burst = burst;
    errors.bits_per_symbol = bits_per_symbol(signalling.levels);
    errors.precoding = signalling.precoding;
    const auto retry = phy::fec::flit_retry(phy::fec::FlitFec::kPcie6, errors);
    if (!retry) {
      segment.fec_missing = retry.error().what;
      return;
    }
    left.unit_name = "flits";
    left.burst += fmt::format(", x{}", errors.lanes);
    left.log10_failure = std::min(retry->log10_retry, 0.0);
    segment.fec = left;
    return;
  }
  if (signalling.fec == "hamming-kp4") {
    const auto post = phy::fec::post_concatenated(first);
    if (!post) {
      segment.fec_missing = post.error().what;
      return;
    }
    left.burst = "modelled: hard decisions, independent errors";
    left.unit_name = "codewords";
    left.log10_failure = std::min(post->outer.log10_codeword_failure, 0.0);
    left.log10_ber = std::min(post->outer.log10_bit_error_ratio, 0.0);
    segment.fec = left;
    return;
  }
  if (signalling.fec != "kp4" && signalling.fec != "kr4") {
    segment.fec_missing = "what this code leaves is not computed here; see `weft ber`";
    return;
  }
  const phy::fec::ErrorProcess errors{
      ber, burst, bits_per_symbol(signalling.levels), signalling.precoding, 1, 1};
  const auto post =
      phy::fec::post_fec(signalling.fec == "kr4" ? phy::fec::kKr4 : phy::fec::kKp4, errors);
  if (!post) {
    segment.fec_missing = post.error().what;
    return;
  }
  left.unit_name = "codewords";
  left.log10_failure = std::min(post->log10_codeword_failure, 0.0);
  left.log10_ber = std::min(post->log10_bit_error_ratio, 0.0);
  segment.fec = left;
}

/// Errors from which a run's burst parameter is taken at its word.
constexpr std::uint64_t kBurstErrorsMin = 200;

/// Runs of one simulation. Errors of a channel with a long memory come in clusters, so an interval
/// that takes them as independent would be too narrow; that of the runs' means is not.
constexpr std::size_t kRuns = 16;
constexpr double kStudent15 = 2.131;  ///< t of 15 degrees of freedom, 95 % two-sided

struct Runs {
  phy::eye::SimulationResult sum;
  std::vector<double> ber;  ///< of each run
};

base::Result<Runs> simulate_runs(const EyeJob& job, const EyeSegment& segment,
                                 bool dfe_error_free) {
  const auto& input = segment.link.input;
  phy::eye::SimulationOptions options;
  options.threshold_v = segment.eye.threshold_v;
  const std::uint64_t symbols = job.simulate_bits / bits_per_symbol(input.levels);
  options.symbols = std::max<std::uint64_t>(symbols / kRuns, 1);
  options.threads = std::clamp(std::thread::hardware_concurrency(), 1U, 64U);
  options.gray = job.setup.signalling.gray;
  options.dfe_error_free = dfe_error_free;
  Runs runs;
  for (std::size_t i = 0; i < kRuns; ++i) {
    options.seed = job.seed * kRuns + i;
    const auto run = phy::eye::simulate(input, options);
    if (!run) {
      return tl::unexpected(run.error());
    }
    runs.ber.push_back(run->ber());
    runs.sum.symbols += run->symbols;
    runs.sum.bits += run->bits;
    runs.sum.slicer.symbol_errors += run->slicer.symbol_errors;
    runs.sum.slicer.bit_errors += run->slicer.bit_errors;
    runs.sum.mlse.bit_errors += run->mlse.bit_errors;
    for (std::size_t n = 0; n < run->slicer.runs.size(); ++n) {
      runs.sum.slicer.runs[n] += run->slicer.runs[n];
    }
  }
  return runs;
}

/// The wider of what independent errors and what the runs' scatter would say.
base::Interval interval_of(const Runs& runs) {
  auto bounds = base::binomial_bounds(runs.sum.slicer.bit_errors, runs.sum.bits);
  const double mean = runs.sum.ber();
  double squares = 0;
  for (const double ber : runs.ber) {
    squares += (ber - mean) * (ber - mean);
  }
  const double half = kStudent15 * std::sqrt(squares / (kRuns * (kRuns - 1.0)));
  return {std::clamp(mean - half, 0.0, bounds.low), std::max(mean + half, bounds.high)};
}

base::Result<void> simulate_into(const EyeJob& job, EyeSegment& segment) {
  const auto& input = segment.link.input;
  const auto fair = simulate_runs(job, segment, true);
  if (!fair) {
    return tl::unexpected(fair.error());
  }
  const auto real = input.dfe.empty() ? fair : simulate_runs(job, segment, false);
  if (!real) {
    return tl::unexpected(real.error());
  }
  EyeSimulation run;
  run.seed = job.seed;
  run.bits = fair->sum.bits;
  run.errors = fair->sum.slicer.bit_errors;
  run.ber = fair->sum.ber();
  const auto bounds = interval_of(*fair);
  run.ber_low = bounds.low;
  run.ber_high = bounds.high;
  run.expected_ber = segment.eye.ber;
  run.feedback_errors = real->sum.slicer.bit_errors;
  run.feedback_ber = real->sum.ber();
  if (run.feedback_errors >= kBurstErrorsMin) {
    run.burst = real->sum.slicer.burst();
  }
  if (input.mlse_alpha != 0) {
    run.mlse_ber =
        static_cast<double>(real->sum.mlse.bit_errors) / static_cast<double>(real->sum.bits);
  }
  segment.simulation = run;
  return {};
}

/// Smaller is worse: unknown counts between failing and passing.
double rank(const EyeSegment& segment) {
  double least = std::numeric_limits<double>::infinity();
  for (const EyeCriterion& criterion : segment.criteria) {
    least = std::min(least, criterion.weighed_margin());
  }
  const double order = segment.verdict == EyeVerdict::kFails     ? 0
                       : segment.verdict == EyeVerdict::kUnknown ? 1
                                                                 : 2;
  return order * 1e6 + least;
}

/// The segment's eye with one package case, or with none.
base::Result<EyeSegment> eye_with_package(const EyeJob& job, const EyeSection& section,
                                          const std::vector<double>& bers,
                                          std::optional<std::size_t> package_case,
                                          const std::function<void(double)>& progress) {
  EyeSegment segment;
  segment.name = section.name;
  segment.notes = section.channel.notes;
  segment.aggressors = section.channel.aggressors.size();
  segment.nyquist_hz = job.setup.signalling.baud_hz / 2;
  segment.insertion_loss_db =
      phy::channel::loss_at(section.channel.thru.sdd, 1, 0, segment.nyquist_hz);
  auto options = job.equalise;
  options.package = package_case.has_value();
  options.package_case = package_case.value_or(0);
  if (!section.noise_v2_per_hz.empty()) {
    options.noise_hz = section.channel.thru.sdd.frequency_hz;
    options.noise_v2_per_hz = section.noise_v2_per_hz;
  }
  if (progress) {
    options.progress = [&progress](double part) {
      progress(part);
      return true;
    };
  }
  auto link = phy::link::analyse(job.setup, section.channel, options);
  if (!link) {
    return tl::unexpected(link.error());
  }
  segment.link = std::move(*link);
  segment.measured_to_hz = segment.link.measured_to_hz;
  segment.notes.insert(segment.notes.end(), segment.link.notes.begin(), segment.link.notes.end());
  phy::eye::EyeOptions eye;
  eye.phases = job.phases;
  eye.contours = bers;
  eye.gray = job.setup.signalling.gray;
  auto result = phy::eye::statistical_eye(segment.link.input, eye);
  if (!result) {
    return tl::unexpected(result.error());
  }
  segment.eye = std::move(*result);
  segment.criteria = criteria_of(job.setup, segment);
  judge(segment);
  return segment;
}

/// The package cases to look at: the one that was asked for, none, or all.
std::vector<std::optional<std::size_t>> cases_of(const EyeJob& job, const EyeSection& section) {
  if (job.package_given) {
    return {job.equalise.package ? std::optional(job.equalise.package_case) : std::nullopt};
  }
  if (section.has_packages || job.setup.packages.empty()) {
    return {std::nullopt};
  }
  std::vector<std::optional<std::size_t>> cases(job.setup.packages.size());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    cases[i] = i;
  }
  return cases;
}

/// The segment's eye, with the worst of its package cases, as COM has it.
base::Result<EyeSegment> segment_of(const EyeJob& job, const EyeSection& section,
                                    const std::vector<double>& bers,
                                    const std::function<void(double)>& progress) {
  const auto cases = cases_of(job, section);
  std::optional<EyeSegment> worst;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    std::function<void(double)> part;
    if (progress) {
      part = [&](double share) {
        progress(0.7 * (static_cast<double>(i) + share) / static_cast<double>(cases.size()));
      };
    }
    auto one = eye_with_package(job, section, bers, cases[i], part);
    if (!one) {
      return one;
    }
    if (!worst.has_value() || rank(*one) < rank(*worst)) {
      worst = std::move(*one);
    }
  }
  if (section.has_packages && !job.package_given) {
    worst->notes.emplace_back("the path has its own packages; those of the set-up are left out");
  }
  worst->package_cases = cases.size();
  if (job.simulate_bits > 0) {
    if (auto done = simulate_into(job, *worst); !done) {
      return tl::unexpected(done.error());
    }
  }
  add_fec(job.setup, job.burst, *worst);
  if (progress) {
    progress(1);
  }
  return std::move(*worst);
}

const EyeOpening* smallest(const EyeResult& eye, double ber, double EyeOpening::* what) {
  const EyeOpening* found = nullptr;
  for (const EyeOpening& opening : eye.openings) {
    if (opening.ber == ber && (found == nullptr || opening.*what < found->*what)) {
      found = &opening;
    }
  }
  return found;
}

}  // namespace

double EyeCriterion::weighed_margin() const {
  return margin_unit == "dB" ? margin / 6 : margin_unit == "UI" ? margin / 0.1 : margin;
}

std::string_view key(EyeVerdict verdict) {
  return verdict == EyeVerdict::kMeets   ? "meets"
         : verdict == EyeVerdict::kFails ? "fails"
                                         : "unknown";
}

const EyeOpening* smallest_height(const EyeResult& eye, double ber) {
  return smallest(eye, ber, &EyeOpening::height_v);
}

const EyeOpening* smallest_width(const EyeResult& eye, double ber) {
  return smallest(eye, ber, &EyeOpening::width_ui);
}

base::Result<EyeReport> eye_report(const EyeJob& job, const std::vector<EyeSection>& sections,
                                   const std::function<void(double)>& progress) {
  EyeReport report;
  report.setup = job.setup;
  report.bers = job.bers;
  report.bers.push_back(job.setup.target.ber);
  std::sort(report.bers.begin(), report.bers.end(), std::greater<>());
  report.bers.erase(std::unique(report.bers.begin(), report.bers.end()), report.bers.end());
  for (std::size_t i = 0; i < sections.size(); ++i) {
    std::function<void(double)> part;
    if (progress) {
      part = [&](double share) {
        progress((static_cast<double>(i) + share) / static_cast<double>(sections.size()));
      };
    }
    auto segment = segment_of(job, sections[i], report.bers, part);
    if (!segment) {
      base::Error error = segment.error();
      if (error.where.empty()) {
        error.where = sections[i].name;
      }
      return tl::unexpected(error);
    }
    report.segments.push_back(std::move(*segment));
    if (rank(report.segments.back()) < rank(report.segments[report.worst])) {
      report.worst = report.segments.size() - 1;
    }
  }
  return report;
}

}  // namespace weft::cli
