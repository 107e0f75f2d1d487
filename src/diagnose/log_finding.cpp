// SPDX-License-Identifier: Apache-2.0
#include "diagnose/log_finding.h"

#include "diagnose/next_step.h"

#include <algorithm>
#include <map>
#include <string_view>

#include <fmt/format.h>

namespace weft::diagnose {
namespace {

constexpr base::Duration kStatesGoOn{600LL * 1'000'000'000};

struct Phrase {
  std::string_view part;  ///< of the line's kind or text, lower case
  Says says;
};
// DCGM's health codes and NVIDIA's Xid sub-codes as public threads quote them (NVSentinel issue
// 1701, gpud pull requests 1160 and 1174); the first that fits decides.
constexpr Phrase kPhrases[] = {
    {"xid_victim", Says::kNothing},         {"caused by previous", Says::kNothing},
    {"nonfatal", Says::kNothing},           {"fatal xc", Says::kFailed},
    {"error_threshold", Says::kErrorRatio}, {"nvlink_down", Says::kDownNow},
    {"currently down", Says::kDownNow},     {"link_down", Says::kDownNow},
    {"aer_fatal", Says::kFailed},           {"fallen off the bus", Says::kFailed},
};

/// Kinds of observe/event_kind.h by which a device or the kernel says that a link or what hangs at
/// it has failed, whatever the words.
constexpr std::string_view kFailedKinds[] = {
    "dpc",      "aer_fatal",      "aer_recovery_failed", "pcie_inaccessible",
    "gpu_lost", "nvme_not_ready", "slot_power_fault",    "slot_no_link",
};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  });
  return out;
}

Verdict verdict_of(const Sight& sight, const observe::Subject& subject, const std::string& name,
                   Says what, const std::vector<const LogLine*>& lines) {
  Verdict verdict;
  auto& finding = verdict.finding;
  finding.level = what == Says::kErrorRatio ? Level::kWarning : Level::kCritical;
  finding.code = what == Says::kErrorRatio ? "log_error_ratio" : "log_failed";
  finding.subject = subject;
  finding.place = name;
  finding.sentence =
      fmt::format("{} {} time{}",
                  what == Says::kErrorRatio ? "logged errors beyond its threshold"
                  : what == Says::kDownNow  ? "logged for longer than a boot that links are down"
                                            : "logged that a link failed",
                  lines.size(), lines.size() == 1 ? "" : "s");
  finding.cause = "unknown which end: the log names the device only";
  finding.since = lines.front()->at;
  verdict.at = lines.back()->at;
  for (const auto* line : {lines.front(), lines.back()}) {
    Evidence evidence;
    evidence.text = line->host + ": " + line->text;
    evidence.subject = subject;
    evidence.at = line->at;
    finding.evidence.push_back(evidence.text);
    finding.cited.push_back(std::move(evidence));
    if (lines.size() == 1) {
      break;
    }
  }
  finding.tests = separating_tests(finding);
  finding.next_step = next_step(finding);
  verdict.key =
      (std::holds_alternative<std::monostate>(subject) ? "log of " + name
                                                       : "log of " + observe::text(subject));
  static_cast<void>(sight);
  return verdict;
}

void judge_lines(const Sight& sight, const observe::Subject& subject, const std::string& name,
                 const std::deque<LogLine>& log, base::WallTime now, std::vector<Verdict>& out) {
  std::map<Says, std::vector<const LogLine*>> by_kind;
  for (const auto& line : log) {
    if (now - line.at <= kClosedAfter && !sight.is_in_maintenance(subject, line.at)) {
      by_kind[says(line)].push_back(&line);
    }
  }
  for (const auto what : {Says::kFailed, Says::kErrorRatio, Says::kDownNow}) {
    const auto& lines = by_kind[what];
    if (lines.empty() || (what == Says::kDownNow && !goes_on(lines))) {
      continue;
    }
    out.push_back(verdict_of(sight, subject, name, what, lines));
    return;
  }
}

}  // namespace

Says says(const LogLine& line) {
  if (std::ranges::find(kFailedKinds, line.kind) != std::end(kFailedKinds)) {
    return Says::kFailed;
  }
  const auto text = lower(line.kind + " " + line.text);
  for (const auto& phrase : kPhrases) {
    if (text.find(phrase.part) != std::string::npos) {
      return phrase.says;
    }
  }
  return Says::kNothing;
}

bool goes_on(const std::vector<const LogLine*>& lines) {
  return !lines.empty() && lines.back()->at - lines.front()->at > kStatesGoOn;
}

std::vector<Verdict> log_findings(const Sight& sight, base::WallTime now) {
  std::vector<Verdict> out;
  for (const auto& [subject, part] : sight.parts()) {
    if (!part.log.empty()) {
      judge_lines(sight, subject, sight.place(subject), part.log, now, out);
    }
  }
  for (const auto& host : sight.hosts()) {
    if (!host.unplaced.empty()) {
      judge_lines(sight, std::monostate{}, host.name, host.unplaced, now, out);
    }
  }
  return out;
}

}  // namespace weft::diagnose
