// SPDX-License-Identifier: Apache-2.0
#include "diagnose/one_look.h"

#include "diagnose/limits.h"
#include "diagnose/rules.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace weft::diagnose {
namespace {

using observe::Metric;

/// A state that came up while somebody watched must last. A house choice.
constexpr base::Duration kHoldsAfter{10LL * 1'000'000'000};
/// Restarts that were watched excuse for this long: a boot lasts no longer.
constexpr base::Duration kBootOfAHost{600LL * 1'000'000'000};

/// What rules about states read of the samples.
enum class Read : std::uint8_t { kNot, kAny, kBusy };
Read read_of(Metric metric) {
  switch (metric) {
    case Metric::kAerCorrectable:
    case Metric::kAerCorrectableStatus:
    case Metric::kLaneErrorStatus:
    case Metric::kTemperature:
    case Metric::kTemperatureLimit:
    case Metric::kTemperatureAlarm:
      return Read::kAny;
    case Metric::kUtilization:
      return Read::kBusy;
    default:
      return Read::kNot;
  }
}

bool works_hard(const observe::Sample& sample) {
  if (!sample.value) {
    return false;
  }
  if (const auto* whole = std::get_if<std::uint64_t>(&*sample.value)) {
    return static_cast<double>(*whole) >= kBusyPercent;
  }
  const auto* real = std::get_if<double>(&*sample.value);
  return real != nullptr && *real >= kBusyPercent;
}

/// The same for the rules.
bool reads_same(const observe::Sample& x, const observe::Sample& y) {
  if (x.metric != y.metric || x.subject != y.subject || x.label != y.label) {
    return false;
  }
  return read_of(x.metric) == Read::kBusy ? works_hard(x) == works_hard(y) : x.value == y.value;
}

bool reads_same(const fabric::Fabric& x, const fabric::Fabric& y) {
  const auto same_ids = [](const auto& one, const auto& other) {
    return std::ranges::equal(one, other,
                              [](const auto& a, const auto& b) { return a.id == b.id; });
  };
  return same_ids(x.ports(), y.ports()) && same_ids(x.links(), y.links()) &&
         std::ranges::equal(x.devices(), y.devices(), [](const auto& a, const auto& b) {
           return a.id == b.id && a.part == b.part;
         });
}

/// What a look at links only shows for the first time.
void add_new(const fabric::Fabric& from, fabric::Fabric& to) {
  for (const auto& device : from.devices()) {
    if (to.device(device.id) == nullptr) {
      static_cast<void>(to.add(device));
    }
  }
  for (const auto& port : from.ports()) {
    if (to.port(port.id) == nullptr) {
      static_cast<void>(to.add(port));
    }
  }
}

/// The ports at a link's ends, and the devices that have them.
void add_ends(const observe::LinkState& state, const fabric::Fabric& from, fabric::Fabric& to) {
  for (const auto id : {state.a.port, state.b.port}) {
    const auto* port = to.port(id) == nullptr ? from.port(id) : nullptr;
    const auto* device = port == nullptr ? nullptr : from.device(port->device);
    if (device == nullptr) {
      continue;
    }
    if (to.device(device->id) == nullptr) {
      static_cast<void>(to.add(*device));
    }
    static_cast<void>(to.add(*port));
  }
}

/// Lines of a boot are its own: links come up and complain.
bool is_of_boot(const observe::Event& event, const observe::Snapshot& look) {
  if (event.since_boot) {
    return *event.since_boot < kGrace;
  }
  return event.at && look.host.uptime && look.taken.ns > 0 &&
         *event.at < base::WallTime{look.taken.ns - look.host.uptime->ns} + kGrace;
}

/// The root that the finding is about: its link, where there is one.
std::optional<fabric::LinkId> root_link(const observe::Subject& subject, const Joint& joint) {
  if (const auto* id = std::get_if<fabric::LinkId>(&subject)) {
    return *id;
  }
  if (const auto* port = std::get_if<fabric::PortId>(&subject)) {
    const auto* link = joint.fabric().link_at(*port);
    return link == nullptr ? std::nullopt : std::optional(link->id);
  }
  return std::nullopt;
}

/// "runs x8 of x16: unknown which end"
std::string line_of(const Finding& finding) {
  return finding.cause.empty() ? finding.sentence : finding.sentence + ": " + finding.cause;
}

void cite_line(const std::string& text, const Finding& of, std::optional<base::WallTime> at,
               Finding& finding) {
  if (std::ranges::find(finding.evidence, text) != finding.evidence.end()) {
    return;
  }
  Evidence line;
  line.text = text;
  line.subject = of.subject;
  line.at = at;
  finding.evidence.push_back(text);
  finding.cited.push_back(std::move(line));
}

void add_finding(const Finding& other, std::optional<base::WallTime> at, Finding& finding) {
  cite_line(line_of(other), other, at, finding);
  for (const auto& text : other.evidence) {
    cite_line(text, other, at, finding);
  }
  finding.level = std::max(finding.level, other.level);
}

}  // namespace

void add_look(const Verdict& look, Verdict& verdict) {
  const auto& finding = verdict.finding;
  const bool is_root = verdict.key == look.key || finding.subject == look.finding.subject;
  const auto level = finding.level;
  add_finding(look.finding, look.at, verdict.finding);
  if (!is_root) {
    verdict.finding.level = level;  // what a victim suffers makes its root no worse
    return;
  }
  verdict.at = std::max(verdict.at, look.at);
}

OneLook::OneLook(const WatchOptions& options)
    : expectation_{.plan = options.plan, .source = options.plan_source} {}

OneLook::Host& OneLook::host_of(const observe::Snapshot& look, const Sight& sight) {
  const auto& name = look.host.identity.empty() ? look.host.name : look.host.identity;
  const auto [found, is_new] = index_.emplace(name, hosts_.size());
  if (is_new) {
    auto& host = hosts_.emplace_back();
    host.index = sight.host_index(look.host);
    host.first = look;
    host.first_at = look.taken;
    host.others_changed = look.taken;
    host.has_first = true;
    host.last.host = look.host;
    host.last.is_whole = false;
    std::erase_if(host.first.events,
                  [&](const observe::Event& event) { return is_of_boot(event, look); });
  }
  return hosts_[found->second];
}

void OneLook::touch(Host& host) {
  if (host.is_counted) {
    peers_.remove(host.last);
    host.is_counted = false;
  }
  host.is_dirty = true;
}

void OneLook::take(const observe::Snapshot& look, const Sight& sight) {
  auto& host = host_of(look, sight);
  if (look.taken < host.last.taken) {
    return;
  }
  if (look.is_whole) {
    take_whole(host, look, sight);
  }
  take_links(host, look, sight.joint());
  take_samples(host, look);
  host.last.taken = look.taken;
  host.last.host.uptime = look.host.uptime;
}

void OneLook::take_whole(Host& host, const observe::Snapshot& look, const Sight& sight) {
  host.is_whole = true;
  if (!reads_same(host.last.fabric, look.fabric) || host.last.damage != look.damage) {
    touch(host);
    host.others_changed = look.taken;
    host.last.fabric = look.fabric;
    host.last.damage = look.damage;
  }
  const bool is_same_list = std::ranges::equal(
      host.last.links, look.links, [](const auto& x, const auto& y) { return x.link == y.link; });
  if (is_same_list) {
    return;
  }
  touch(host);
  host.others_changed = look.taken;
  // What is gone is gone; what somebody takes out in a maintenance was not lost.
  std::set<fabric::LinkId> here;
  for (const auto& link : look.links) {
    here.insert(link.link);
  }
  for (std::size_t i = host.last.links.size(); i-- > 0;) {
    if (!here.contains(host.last.links[i].link)) {
      host.last.links.erase(host.last.links.begin() + static_cast<std::ptrdiff_t>(i));
      host.changed.erase(host.changed.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  std::erase_if(host.were_up.links, [&](const observe::LinkState& link) {
    const auto joined = sight.joint().link(link.link);
    const bool is_out =
        !here.contains(link.link) && joined && sight.is_in_maintenance(joined->link, look.taken);
    if (is_out) {
      host.up_once.erase(link.link);
    }
    return is_out;
  });
}

void OneLook::take_links(Host& host, const observe::Snapshot& look, const Joint& joint) {
  auto& kept = host.last.links;
  std::unordered_map<fabric::LinkId, std::size_t> places;
  for (std::size_t i = 0; i < look.links.size(); ++i) {
    const auto& state = look.links[i];
    std::size_t at = i;
    if (at >= kept.size() || kept[at].link != state.link) {
      if (places.empty()) {
        for (std::size_t k = 0; k < kept.size(); ++k) {
          places.emplace(kept[k].link, k);
        }
      }
      at = places.try_emplace(state.link, kept.size()).first->second;
    }
    if (at < kept.size() && kept[at] == state) {
      continue;
    }
    touch(host);
    if (at == kept.size()) {
      kept.push_back(state);
      host.changed.push_back(look.taken);
      add_new(look.fabric, host.last.fabric);
      add_ends(state, joint.fabric(), host.last.fabric);  // incident files tell of links only
    } else {
      kept[at] = state;
      host.changed[at] = look.taken;
    }
    if (state.up.value_or(false) && host.up_once.insert(state.link).second) {
      host.were_up.links.push_back(state);
      add_ends(state, host.last.fabric, host.were_up.fabric);
    }
  }
}

void OneLook::take_samples(Host& host, const observe::Snapshot& look) {
  std::array<bool, static_cast<std::size_t>(Metric::kCount_)> is_here{};
  auto& kept = host.last.samples;
  std::size_t at = 0;
  bool is_new = false;
  // The kept samples of the metrics that this look has, in its order, stand first.
  for (const auto& sample : look.samples) {
    if (read_of(sample.metric) == Read::kNot) {
      continue;
    }
    is_here.at(static_cast<std::size_t>(sample.metric)) = true;
    is_new = is_new || at >= kept.size() || !reads_same(kept[at], sample);
    ++at;
  }
  is_new = is_new || (at < kept.size() && is_here.at(static_cast<std::size_t>(kept[at].metric)));
  if (!is_new) {
    return;
  }
  host.is_dirty = true;
  host.others_changed = look.taken;
  std::vector<observe::Sample> next;
  for (const auto& sample : look.samples) {
    if (read_of(sample.metric) != Read::kNot) {
      next.push_back(sample);
    }
  }
  for (auto& sample : kept) {
    if (!is_here.at(static_cast<std::size_t>(sample.metric))) {
      next.push_back(std::move(sample));
    }
  }
  kept = std::move(next);
}

/// What holds now takes the place of what held; how long it has is kept.
void OneLook::keep(Host& host, std::vector<Finding> findings, bool is_total, const Sight& sight) {
  const auto& joint = sight.joint();
  std::vector<Held> next;
  for (auto& held : host.held) {
    if (held.is_total != is_total) {
      next.push_back(std::move(held));
    }
  }
  const auto& look = is_total ? host.first : host.last;
  for (auto& finding : findings) {
    if (finding.level < Level::kUnknown) {
      continue;
    }
    Held held;
    held.is_total = is_total;
    held.since = is_total ? host.first_at : host.others_changed;
    if (const auto* seen = std::get_if<fabric::LinkId>(&finding.subject)) {
      const auto at = std::ranges::find(look.links, *seen, &observe::LinkState::link);
      // Who is there and went down was seen to do so: the watch weighs that itself.
      if (finding.code == "link_lost" && at != look.links.end() && !at->up.value_or(true) &&
          at->family != fabric::ProtocolFamily::kPcie) {
        continue;
      }
      if (!is_total && at != look.links.end()) {
        held.since = host.changed[static_cast<std::size_t>(at - look.links.begin())];
      }
    }
    finding.subject = joint.subject(finding.subject);
    if (const auto link = root_link(finding.subject, joint);
        link && joint.fabric().link(*link) != nullptr) {
      finding.subject = *link;
      finding.link = *link;
      finding.place = sight.place(*link);
      held.key = "link " + link->text();
    } else if (!std::holds_alternative<std::monostate>(finding.subject)) {
      held.key = "part " + observe::text(finding.subject);
    } else {
      held.key = fmt::format("host {} {} {}", look.host.name, finding.place, finding.code);
    }
    for (const auto& before : host.held) {
      if (before.is_total == is_total && before.key == held.key &&
          before.finding.code == finding.code) {
        held.since = std::min(held.since, before.since);
      }
    }
    held.finding = std::move(finding);
    next.push_back(std::move(held));
  }
  host.held = std::move(next);
}

void OneLook::run(Host& host, const Sight& sight) {
  expectation_.joint = &sight.joint();
  const auto* expectation = expectation_.plan == nullptr ? nullptr : &expectation_;
  if (host.has_first) {
    const HostHistory look{{&host.first}};
    auto report = run_rules({&look, 1}, nullptr, peers_,
                            [](const Rule& rule) { return rule.basis == Basis::kTotals; });
    keep(host, std::move(report.findings), true, sight);
    host.first = {};
    host.has_first = false;
  }
  host.were_up.taken = host.first_at;
  host.were_up.host = host.last.host;
  const HostHistory looks =
      host.is_whole ? HostHistory{{&host.were_up, &host.last}} : HostHistory{{&host.last}};
  auto report = run_rules({&looks, 1}, expectation, peers_, [&](const Rule& rule) {
    return rule.basis == Basis::kState || (rule.basis == Basis::kWhole && host.is_whole);
  });
  keep(host, std::move(report.findings), false, sight);
  host.is_dirty = false;
}

bool OneLook::is_excused(const Host& host, const Held& held, const Sight& sight,
                         base::WallTime now) const {
  const auto at = held.is_total ? held.since : now;
  const auto booted_lately = [&](std::size_t index) {
    if (index >= sight.hosts().size()) {
      return false;
    }
    const auto& restarts = sight.hosts()[index].restarts;
    // The first of them was there when it was looked at first.
    return std::any_of(restarts.begin() + (restarts.empty() ? 0 : 1), restarts.end(),
                       [&](base::WallTime restart) {
                         return at.ns >= restart.ns && at < restart + kBootOfAHost;
                       }) ||
           (!restarts.empty() && at >= restarts.front() && at < restarts.front() + kGrace);
  };
  if (booted_lately(host.index) || sight.is_in_maintenance(held.finding.subject, at)) {
    return true;
  }
  if (!held.finding.link) {
    return false;
  }
  const auto link = sight.links().find(*held.finding.link);
  return sight.is_excused(*held.finding.link, at) ||
         (link != sight.links().end() &&
          (sight.silent_since(link->second, at) ||
           std::ranges::any_of(link->second.ends,
                               [&](const EndView& end) { return booted_lately(end.host); })));
}

OneLook::Judged OneLook::judge(const Sight& sight, base::WallTime now) {
  for (auto& host : hosts_) {
    if (!host.is_counted) {
      peers_.add(host.last);
      host.is_counted = true;
    }
  }
  const bool is_usual_new = peers_.usual() != usual_;
  usual_ = peers_.usual();
  std::map<std::string, std::vector<const Held*>> by_key;
  std::map<std::string, base::WallTime> at_of;
  std::set<std::string> still;
  for (auto& host : hosts_) {
    if (host.is_dirty || is_usual_new) {
      run(host, sight);
    }
    for (const auto& held : host.held) {
      const bool is_held = held.is_total || held.since == host.first_at ||
                           host.last.taken - held.since >= kHoldsAfter;
      if (!held.is_total) {
        still.insert(held.key);
      }
      if (!is_held || is_excused(host, held, sight, now)) {
        continue;
      }
      by_key[held.key].push_back(&held);
      auto& at = at_of[held.key];
      at = std::max(at, held.is_total ? held.since : host.last.taken);
    }
  }
  Judged out;
  for (auto& [key, all] : by_key) {
    std::sort(all.begin(), all.end(), [](const Held* x, const Held* y) {
      const auto rank = [](const Held* one) {
        return std::tuple(-static_cast<int>(one->finding.level), one->is_total, one->finding.order);
      };
      return rank(x) < rank(y);
    });
    Verdict verdict;
    verdict.key = key;
    verdict.at = at_of[key];
    verdict.reopens = std::ranges::any_of(all, [](const Held* one) { return !one->is_total; });
    verdict.began = all.front()->since;
    verdict.finding = all.front()->finding;
    const auto evidence = std::exchange(verdict.finding.evidence, {});
    for (const auto& text : evidence) {
      cite_line(text, all.front()->finding, all.front()->since, verdict.finding);
    }
    for (const auto* held : all) {
      if (held != all.front()) {
        add_finding(held->finding, held->since, verdict.finding);
      }
    }
    out.verdicts.push_back(std::move(verdict));
  }
  for (const auto& key : told_) {
    if (!still.contains(key)) {
      out.gone.push_back(key);
    }
  }
  std::set<std::string> told;
  for (const auto& key : still) {
    if (by_key.contains(key) || told_.contains(key)) {
      told.insert(key);
    }
  }
  told_ = std::move(told);
  return out;
}

}  // namespace weft::diagnose
