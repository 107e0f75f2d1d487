// SPDX-License-Identifier: Apache-2.0
#include "diagnose/life.h"

#include "diagnose/finding_json.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::diagnose {
namespace {

std::string id_of(const std::string& key) {
  return fmt::format("fnd-{:016x}", base::fnv1a64(key));
}

/// The serial of the part that the first explanation names; empty where none is known.
std::string serial_of(const Finding& finding) {
  if (finding.hypotheses.empty() || !finding.hypotheses.front().part) {
    return {};
  }
  return finding.hypotheses.front().part->identity.serial;
}

}  // namespace

std::string_view key(Phase phase) {
  static constexpr std::array<std::string_view, 3> kKeys = {"open", "quiet", "closed"};
  return kKeys.at(static_cast<std::size_t>(phase));
}

void Ledger::remember_part(const std::string& key, LivingFinding& living) {
  const auto serial = serial_of(living.finding);
  if (serial.empty()) {
    return;
  }
  auto& keys = keys_of_serial_[serial];
  for (const auto& other : keys) {
    const auto found = entries_.find(other);
    if (other == key || found == entries_.end()) {
      continue;
    }
    Evidence evidence;
    evidence.text = fmt::format("part {} was in trouble before, at {} ({})", serial,
                                found->second.living.finding.place, found->second.living.id);
    evidence.subject = found->second.living.finding.subject;
    evidence.at = found->second.living.updated;
    living.finding.cited.push_back(std::move(evidence));
  }
  if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
    keys.push_back(key);
  }
}

void Ledger::take(base::WallTime now, Verdict verdict) {
  const auto found = entries_.find(verdict.key);
  if (found == entries_.end()) {
    Entry entry;
    entry.living.id = id_of(verdict.key);
    entry.living.finding = std::move(verdict.finding);
    entry.living.opened = now;
    entry.living.updated = now;
    entry.evidence_at = verdict.at;
    entry.saved_at = verdict.at;
    remember_part(verdict.key, entry.living);
    entries_.emplace(verdict.key, std::move(entry));
    change();
    return;
  }
  auto& entry = found->second;
  auto& living = entry.living;
  if (living.phase == Phase::kClosed) {
    if (verdict.at <= entry.evidence_at || !verdict.reopens) {
      return;  // nothing new: the old evidence alone does not bring it back
    }
    ++living.recurrences;
    living.closed.reset();
  }
  const auto before = serial_of(living.finding);
  const auto after = serial_of(verdict.finding);
  if (!before.empty() && !after.empty() && before != after) {
    living.earlier_serials.push_back(before);
  }
  if (living.finding.since && (!verdict.finding.since || living.phase != Phase::kClosed)) {
    verdict.finding.since =
        std::min(*living.finding.since, verdict.finding.since.value_or(*living.finding.since));
  }
  const bool is_new = verdict.at > entry.evidence_at;
  const auto phase = now - verdict.at > kQuietAfter ? Phase::kQuiet : Phase::kOpen;
  const auto known = std::exchange(living.finding, std::move(verdict.finding));
  entry.evidence_at = std::max(entry.evidence_at, verdict.at);
  remember_part(verdict.key, living);
  is_listed_ = is_listed_ && !is_new;
  if (phase != living.phase || known != living.finding ||
      entry.evidence_at - entry.saved_at >= kSavedEvery) {
    entry.saved_at = entry.evidence_at;
    change();
  }
  living.phase = phase;
  if (is_new) {
    living.updated = now;
  }
}

void Ledger::update(base::WallTime now, std::vector<Verdict> verdicts,
                    const std::vector<std::string>& gone) {
  for (const auto& key : gone) {
    const auto found = entries_.find(key);
    const bool is_said = std::ranges::find(verdicts, key, &Verdict::key) != verdicts.end();
    if (found != entries_.end() && !is_said && found->second.living.phase == Phase::kOpen) {
      found->second.living.phase = Phase::kQuiet;
      change();
    }
  }
  for (auto& verdict : verdicts) {
    take(now, std::move(verdict));
  }
  for (auto& [key, entry] : entries_) {
    const auto silent = now - entry.evidence_at;
    if (entry.living.phase == Phase::kOpen && silent > kQuietAfter) {
      entry.living.phase = Phase::kQuiet;
      change();
    }
    if (entry.living.phase == Phase::kQuiet && silent > kClosedAfter) {
      entry.living.phase = Phase::kClosed;
      entry.living.closed = now;
      change();
    }
  }
  if (!is_listed_) {
    list();
  }
}

void Ledger::list() {
  listed_.clear();
  for (const auto& [key, entry] : entries_) {
    listed_.push_back(entry.living);
  }
  std::sort(listed_.begin(), listed_.end(), [](const LivingFinding& x, const LivingFinding& y) {
    const auto rank = [](const LivingFinding& one) {
      return std::make_tuple(one.phase == Phase::kClosed, -static_cast<int>(one.finding.level),
                             one.opened.ns, std::string_view(one.id));
    };
    return rank(x) < rank(y);
  });
  is_listed_ = true;
}

std::string Ledger::save() const {
  nlohmann::ordered_json out;
  out["weftline"] = "findings/1";
  out["findings"] = nlohmann::ordered_json::array();
  for (const auto& [key, entry] : entries_) {
    auto row = living_json(entry.living);
    row["key"] = key;
    row["evidence_at_ns"] = entry.evidence_at.ns;
    out["findings"].push_back(std::move(row));
  }
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

base::Result<void> Ledger::restore(std::string_view saved) {
  const auto in = nlohmann::json::parse(saved, nullptr, false);
  if (in.is_discarded() || !in.is_object() || text_in(in, "weftline") != "findings/1" ||
      !in.contains("findings") || !in["findings"].is_array()) {
    return base::fail(base::Code::kDataLoss, "the saved findings are not findings/1", "",
                      "start without them, or restore an older copy");
  }
  std::map<std::string, Entry> entries;
  for (const auto& row : in["findings"]) {
    auto living = living_of(row);
    const auto key = row.is_object() ? text_in(row, "key") : std::string{};
    if (!living || key.empty()) {
      return base::fail(base::Code::kDataLoss, "a saved finding is garbled", key,
                        "start without them, or restore an older copy");
    }
    Entry entry;
    entry.living = std::move(*living);
    entry.evidence_at = time_in(row, "evidence_at_ns");
    entry.saved_at = entry.evidence_at;
    entries.emplace(key, std::move(entry));
  }
  entries_ = std::move(entries);
  keys_of_serial_.clear();
  for (const auto& [key, entry] : entries_) {
    if (const auto serial = serial_of(entry.living.finding); !serial.empty()) {
      keys_of_serial_[serial].push_back(key);
    }
    for (const auto& serial : entry.living.earlier_serials) {
      keys_of_serial_[serial].push_back(key);
    }
  }
  change();
  list();
  return {};
}

}  // namespace weft::diagnose
