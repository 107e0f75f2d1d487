// SPDX-License-Identifier: Apache-2.0
// Brings the pieces together: sight.h keeps what was seen, evidence.h reads features from it,
// belief.h weighs causes, shared.h looks for one reason of many, life.h keeps the findings.
#include "diagnose/watch.h"

#include "diagnose/belief.h"
#include "diagnose/fabric_state.h"
#include "diagnose/life.h"
#include "diagnose/log_finding.h"
#include "diagnose/next_step.h"
#include "diagnose/one_look.h"
#include "diagnose/shared.h"
#include "diagnose/sight.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

namespace weft::diagnose {
namespace {

/// Lines of other machines within this of a fatal one, that say nothing worse, are its echo.
constexpr base::Duration kEcho{120LL * 1'000'000'000};
/// What has not moved for so long is known well enough.
constexpr base::Duration kFresh{600LL * 1'000'000'000};

/// Causes with their shares, those of several places together.
std::string words_of(const std::vector<Hypothesis>& hypotheses, double unknown) {
  std::string out;
  std::set<std::string> said;
  for (const auto& one : hypotheses) {
    if (said.size() >= 4 || !said.insert(one.cause).second) {
      continue;
    }
    double share = 0;
    for (const auto& other : hypotheses) {
      share += other.cause == one.cause ? other.probability : 0;
    }
    out += fmt::format("{}{} ({:.0f} %{}{})", out.empty() ? "" : "; ", one.words, share * 100,
                       one.part ? ", " : "",
                       one.part ? one.part->kind + " " + one.part->place : std::string{});
  }
  if (unknown > 0.02) {
    out += fmt::format("{}something else ({:.0f} %)", out.empty() ? "" : "; ", unknown * 100);
  }
  return out.empty() ? "unknown" : out;
}

void cite(const FeatureSet& features, std::set<std::string>& known, Finding& finding) {
  for (const auto& seen : features.seen) {
    const bool moved = seen.move == Move::kRaised || seen.move == Move::kLowered;
    if (!moved || seen.text.empty() || !known.insert(seen.text).second) {
      continue;
    }
    Evidence line;
    line.text = seen.text;
    line.subject = seen.subject;
    line.metric = seen.metric;
    line.at = seen.at.ns > 0 ? std::optional(seen.at) : std::nullopt;
    finding.evidence.push_back(line.text);
    finding.cited.push_back(std::move(line));
  }
}

/// A thing has one finding: what the rules say of what is judged already, or merely suffers from
/// it, is evidence there.
void merge(std::vector<Verdict> looks, std::vector<Verdict>& verdicts) {
  const auto judged = verdicts.size();
  for (auto& look : looks) {
    const auto is_about = [&](const Verdict& verdict) {
      const auto& finding = verdict.finding;
      return verdict.key == look.key ||
             (!std::holds_alternative<std::monostate>(look.finding.subject) &&
              (finding.subject == look.finding.subject ||
               std::ranges::find(finding.victim_subjects, look.finding.subject) !=
                   finding.victim_subjects.end()));
    };
    const auto end = verdicts.begin() + static_cast<std::ptrdiff_t>(judged);
    const auto found = std::find_if(verdicts.begin(), end, is_about);
    if (found != end) {
      add_look(look, *found);
    } else {
      verdicts.push_back(std::move(look));
    }
  }
}

}  // namespace

struct Watch::Impl {
  explicit Impl(const WatchOptions& options)
      : plan(options.plan), sight(options), one_look(options) {}

  const fabric::Fabric* plan;
  Sight sight;
  OneLook one_look;
  Ledger ledger;
  std::set<fabric::LinkId> suspects;  ///< looked at in every judgement until they are quiet
  /// Links whose trouble a shared cause explained last, and when.
  std::map<fabric::LinkId, base::WallTime> explained_at;
  std::set<std::size_t> close;  ///< hosts of those that moved lately, as Sight counts them

  std::vector<LinkEvidence> collect(base::WallTime now);
  void look_closely(const LinkSight& link) {
    close.insert(link.ends[0].host);
    close.insert(link.ends[1].host);
  }
  Verdict of_link(const LinkEvidence& evidence, Belief belief) const;
  Verdict of_shared(const SharedCause& shared, const std::vector<LinkEvidence>& evidences) const;
  void find_victims(const LinkEvidence& evidence, Finding& finding) const;
};

std::vector<LinkEvidence> Watch::Impl::collect(base::WallTime now) {
  close.clear();
  for (const auto link : sight.take_dirty()) {
    suspects.insert(link);
  }
  std::vector<LinkEvidence> out;
  for (auto it = suspects.begin(); it != suspects.end();) {
    if (sight.is_in_maintenance(*it, now)) {
      ++it;  // somebody works on it; it is looked at when that is over
      continue;
    }
    const auto found = sight.links().find(*it);
    auto evidence =
        found == sight.links().end() ? LinkEvidence{} : evidence_of(sight, found->second, now);
    if (evidence.level == Level::kOk) {
      const bool is_down = found != sight.links().end() &&
                           (found->second.ends[0].down_since || found->second.ends[1].down_since);
      if (found != sight.links().end()) {
        for (const auto index : found->second.signals) {
          auto& signal = sight.signals()[index];
          // A level that jumped is not proven by one look: the next ones tell.
          if (signal.is_moving && !signal.source->is_counter && signal.moved_at == signal.last_at) {
            look_closely(found->second);
          }
          signal.is_moving = false;
        }
      }
      it = is_down ? std::next(it) : suspects.erase(it);
      continue;
    }
    if (now - evidence.at <= kFresh) {
      look_closely(*evidence.sight);
    }
    out.push_back(std::move(evidence));
    ++it;
  }
  return out;
}

void Watch::Impl::find_victims(const LinkEvidence& evidence, Finding& finding) const {
  const auto& fatal = evidence.of[0][Feature::kFatalLog];
  if (fatal.move != Move::kRaised) {
    return;
  }
  std::set<std::string> names;
  for (const auto& host : sight.hosts()) {
    for (const auto& line : host.log) {
      const auto apart = line.at - fatal.onset;
      const bool is_root = "" + line.host + ": " + line.text == fatal.text;
      if (!is_root && apart.ns >= -kEcho.ns / 20 && apart <= kEcho) {
        names.insert(line.host);
      }
    }
  }
  for (const auto& [subject, part] : sight.parts()) {
    for (const auto& line : part.log) {
      if (line.at - fatal.onset <= kEcho && fatal.onset - line.at <= kEcho) {
        finding.victim_subjects.push_back(subject);
        names.insert(sight.place(subject));
        break;
      }
    }
  }
  finding.victims.assign(names.begin(), names.end());
}

Verdict Watch::Impl::of_link(const LinkEvidence& evidence, Belief belief) const {
  Verdict verdict;
  verdict.at = evidence.at;
  auto& finding = verdict.finding;
  finding.level = evidence.level;
  finding.code = evidence.code;
  finding.subject = evidence.sight->id;
  finding.link = evidence.sight->id;
  finding.place = sight.place(evidence.sight->id);
  finding.sentence = evidence.sentence;
  finding.since = evidence.since.ns > 0 ? std::optional(evidence.since) : std::nullopt;
  finding.hypotheses = std::move(belief.hypotheses);
  finding.cause = words_of(finding.hypotheses, belief.unknown);
  std::set<std::string> known;
  for (std::size_t d = 0; d < 2; ++d) {
    for (std::size_t s = 0; s < evidence.sections; ++s) {
      cite(evidence.features(static_cast<fabric::LaneDirection>(d), s), known, finding);
    }
  }
  find_victims(evidence, finding);
  const auto both = [&](Feature feature) {
    return evidence.of[0][feature].move != Move::kAbsent &&
           evidence.of[1][feature].move != Move::kAbsent;
  };
  finding.tests = separating_tests(
      finding, {.both_ends = both(Feature::kErrors), .light = both(Feature::kReceivePower)});
  finding.next_step = next_step(finding);
  verdict.key = "link " + evidence.sight->id.text();
  return verdict;
}

Verdict Watch::Impl::of_shared(const SharedCause& shared,
                               const std::vector<LinkEvidence>& evidences) const {
  Verdict verdict;
  auto& finding = verdict.finding;
  auto belief = belief_of_shared(shared.features, shared.part,
                                 sight.answers(shared.part.place, sight.newest()));
  finding.level = Level::kWarning;
  finding.subject = shared.subject;
  finding.code = "shared_cause";
  finding.place = shared.part.place;
  finding.sentence = fmt::format("{} links of {} {} are in trouble together", shared.members.size(),
                                 shared.part.kind, shared.part.place);
  finding.since = shared.since;
  finding.hypotheses = std::move(belief.hypotheses);
  std::erase_if(finding.hypotheses, [](const Hypothesis& one) { return one.probability < 0.02; });
  finding.cause = words_of(finding.hypotheses, belief.unknown);
  std::set<std::string> known;
  for (const auto member : shared.members) {
    const auto& evidence = evidences[member];
    finding.level = std::max(finding.level, evidence.level);
    verdict.at = std::max(verdict.at, evidence.at);
    finding.victims.push_back(sight.place(evidence.sight->id));
    finding.victim_subjects.emplace_back(evidence.sight->id);
    if (finding.cited.size() < 24) {
      cite(evidence.features(fabric::LaneDirection::kTowardDevice, 0), known, finding);
    }
  }
  finding.tests = separating_tests(finding);
  finding.next_step = next_step(finding);
  verdict.key = shared.key;
  return verdict;
}

Watch::Watch(const WatchOptions& options) : impl_(std::make_unique<Impl>(options)) {}
Watch::~Watch() = default;

void Watch::take(const observe::Snapshot& snapshot) {
  impl_->sight.take(snapshot);
  impl_->one_look.take(snapshot, impl_->sight);
}
void Watch::take(base::WallTime at, const observe::Sample& sample) {
  impl_->sight.take(at, sample);
}
void Watch::take(const observe::Event& event, std::string_view host) {
  impl_->sight.take(event, host);
}
void Watch::take(const Mark& mark) {
  impl_->sight.take(mark);
}
void Watch::take(const fabric::Fabric& known) {
  impl_->sight.take(known);
}

const std::vector<LivingFinding>& Watch::judge(base::WallTime now) {
  const auto evidences = impl_->collect(now);
  std::vector<LinkEvidence> faulty;
  std::vector<Belief> beliefs;
  for (const auto& evidence : evidences) {
    auto belief = belief_of(impl_->sight.joint(), evidence);
    if (belief.is_fault) {
      faulty.push_back(evidence);
      beliefs.push_back(std::move(belief));
    }
  }
  std::vector<Verdict> verdicts;
  std::set<std::size_t> explained;
  std::set<fabric::LinkId> explained_now;
  for (const auto& shared : shared_causes(impl_->sight, faulty)) {
    explained.insert(shared.members.begin(), shared.members.end());
    for (const auto member : shared.members) {
      impl_->explained_at[faulty[member].sight->id] = now;
      explained_now.insert(faulty[member].sight->id);
    }
    verdicts.push_back(impl_->of_shared(shared, faulty));
  }
  std::set<fabric::LinkId> held;
  for (const auto i : spreading(impl_->sight, faulty, now)) {
    if (!explained.contains(i)) {
      held.insert(faulty[i].sight->id);
    }
  }
  for (std::size_t i = 0; i < faulty.size(); ++i) {
    // What a shared cause explained stays explained while the others of it calm down before.
    const auto known = impl_->explained_at.find(faulty[i].sight->id);
    const bool is_old = known != impl_->explained_at.end() && faulty[i].since <= known->second;
    // A note by itself is no finding; with others of the same machine it is one.
    if (!explained.contains(i) && !is_old && faulty[i].level > Level::kNote &&
        !held.contains(faulty[i].sight->id)) {
      verdicts.push_back(impl_->of_link(faulty[i], std::move(beliefs[i])));
    }
  }
  for (auto& verdict : log_findings(impl_->sight, now)) {
    verdicts.push_back(std::move(verdict));
  }
  auto looked = impl_->one_look.judge(impl_->sight, now);
  std::erase_if(looked.verdicts, [&](const Verdict& look) {
    if (look.finding.link && held.contains(*look.finding.link)) {
      return true;
    }
    const auto known = look.finding.link ? impl_->explained_at.find(*look.finding.link)
                                         : impl_->explained_at.end();
    return known != impl_->explained_at.end() && look.began && *look.began <= known->second &&
           !explained_now.contains(known->first);
  });
  merge(std::move(looked.verdicts), verdicts);
  impl_->ledger.update(now, std::move(verdicts), looked.gone);
  return impl_->ledger.findings();
}

const std::vector<LivingFinding>& Watch::findings() const {
  return impl_->ledger.findings();
}
bool Watch::wants_a_close_look(const observe::HostInfo& host) const {
  return impl_->close.contains(impl_->sight.host_index(host));
}
std::size_t Watch::starting(base::WallTime now) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      impl_->sight.hosts(),
      [&](const HostSight& host) { return host.booted && now - *host.booted < kGrace; }));
}
const Joint& Watch::joint() const {
  return impl_->sight.joint();
}
std::optional<fabric::FabricState> Watch::fabric_state() const {
  if (impl_->plan == nullptr) {
    return std::nullopt;
  }
  return diagnose::fabric_state(impl_->sight, findings(), *impl_->plan);
}
std::string Watch::save() const {
  return impl_->ledger.save();
}
std::uint64_t Watch::revision() const {
  return impl_->ledger.revision();
}
base::Result<void> Watch::restore(std::string_view saved) {
  return impl_->ledger.restore(saved);
}

}  // namespace weft::diagnose
