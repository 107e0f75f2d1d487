// SPDX-License-Identifier: Apache-2.0
// `weft why`: one sentence that can be trusted (which link, which end, which part, how sure), then
// what it stands on. It judges this machine, captures of many machines, or an incident file, by
// diagnose/watch.h. Whoever has findings of its own (a live world, a store) prints them through
// WhyView; why.cpp gathers, why_text.cpp and why_json.cpp print.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "cli/verb.h"
#include "diagnose/joint.h"
#include "diagnose/watch.h"

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace weft::cli {

/// What was looked at, for the line that says that nothing is wrong.
struct WatchedSpan {
  std::string source;   ///< "this machine", "3 captures", "incidents/x.yaml"
  std::string subject;  ///< what was asked about; empty: all
  std::size_t machines = 0;
  std::size_t links = 0;
  std::size_t looks = 0;
  std::size_t starting = 0;  ///< machines that nothing is held against yet (Watch::starting)
  base::WallTime from;
  base::WallTime until;
  /// "nvlink_recovery_errors: not given by this source" -> how many values
  std::map<std::string, std::size_t> not_measured;
  std::vector<std::string> notes;  ///< "the kernel log needs root here"
};

struct WhyView {
  std::span<const diagnose::LivingFinding> findings;
  const diagnose::Joint* joint = nullptr;
  WatchedSpan watched;
};

/// The findings that are meant: by id, by the name of a link, port, device or part, by serial, or
/// by a pattern of those with `*`; empty: all. Those not updated since `since` are left out.
[[nodiscard]] std::vector<diagnose::LivingFinding> findings_about(
    std::span<const diagnose::LivingFinding> findings, const diagnose::Joint& joint,
    const std::string& subject, base::WallTime since = {});

/// Whether `subject` names anything at all, a finding or a link, port, device or machine: a
/// mistyped name must not look like a link without fault. kNotFound.
[[nodiscard]] base::Result<void> check_subject(std::span<const diagnose::LivingFinding> findings,
                                               const diagnose::Joint& joint,
                                               const std::string& subject);

/// For a person at night; ends with a line feed.
[[nodiscard]] std::string why_text(const WhyView& view);
/// docs/formats/why.md; ends with a line feed.
[[nodiscard]] std::string why_json(const WhyView& view);
/// The worst of the findings that are not closed, as `weft scan` has it.
[[nodiscard]] int why_exit(const WhyView& view);

[[nodiscard]] VerbSpec why_verb();

}  // namespace weft::cli
