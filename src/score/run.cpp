// SPDX-License-Identifier: Apache-2.0
#include "score/run.h"

#include "base/random.h"
#include "base/text.h"
#include "driver/collect.h"
#include "fabric/rack.h"
#include "score/effect.h"
#include "twin/plan/inventory.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include <fmt/format.h>

namespace weft::score {
namespace run_cpp {
namespace {

/// Stories begin on a Monday: 2026-11-02T00:00:00Z.
constexpr std::int64_t kEpochNs = 1'793'577'600LL * 1'000'000'000;
/// What a story without a length gets.
constexpr base::Duration kLengthStandard{1'800'000'000'000};

/// A story is polled at least so often, and months in so many polls.
constexpr base::Duration kRarestPoll{600'000'000'000};
constexpr std::int64_t kPollsOfMonths = 1008;

base::WallTime wall(base::WorldTime world) {
  return {kEpochNs + world.ns};
}

double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// Adds what it took to a sum.
class Stopwatch {
 public:
  explicit Stopwatch(double& sum) : sum_(sum), begin_(thread_seconds()) {}
  ~Stopwatch() { sum_ += thread_seconds() - begin_; }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  double& sum_;
  double begin_;
};

/// A factor of 1 - share to 1 + share.
double factor(base::Random& random, double share) {
  return 1 + share * (2 * random.uniform() - 1);
}

/// The world's constants, other than they were when the rules were written: what each link's jitter
/// and crosstalk are, how well heat leaves each device.
void perturb(twin::Rack& rack, double share, std::uint64_t seed) {
  constexpr std::uint32_t kSource = 0xFFFFFF00;  // no fault's number
  base::Random random(seed, "score/perturbed");
  for (const twin::Link* link : rack.links) {
    const double jitter = factor(random, share);
    const double crosstalk = factor(random, share);
    const auto lanes = static_cast<std::uint32_t>(link->plan().lanes.value());
    const auto sections = static_cast<std::uint32_t>(link->plan().sections.size());
    for (std::uint32_t section = 0; section < sections; ++section) {
      for (std::uint32_t lane = 0; lane < 2 * lanes; ++lane) {
        const std::uint32_t sub = twin::lane_sub(section, lane % 2, lane / 2);
        rack.world->set_quantity(link->id(), twin::Quantity::kJitter, sub, kSource, jitter);
        rack.world->set_quantity(link->id(), twin::Quantity::kCrosstalk, sub, kSource, crosstalk);
      }
    }
  }
  for (const fabric::Device& device : rack.plan->fabric.devices()) {
    const auto actors = rack.actors_of.find(device.id);
    const double heat = factor(random, share);
    if (actors != rack.actors_of.end()) {
      for (const twin::ActorId actor : actors->second) {
        rack.world->set_quantity(actor, twin::Quantity::kHeatSink, 0, kSource, heat);
      }
    }
  }
}

void perturb(twin::Scenario& story, double share) {
  base::Random random(story.seed, "score/amplitudes");
  for (twin::ScenarioOrder& each : story.orders) {
    const double by = factor(random, share);
    const twin::FaultRow* row = twin::find_fault(each.order.fault);
    if (row != nullptr && row->amplitude.min < row->amplitude.max) {
      const double of = each.order.amplitude.value_or(row->amplitude.standard);
      const double is = row->amplitude.is_factor ? 1 + (of - 1) * by : of * by;
      each.order.amplitude = std::clamp(is, row->amplitude.min, row->amplitude.max);
    }
  }
}

class Teller {
 public:
  Teller(twin::Rack& rack, twin::Scenario story, std::unique_ptr<Judgement> judgement,
         const RunOptions& options, RunResult& result)
      : rack_(rack),
        story_(std::move(story)),
        judgement_(std::move(judgement)),
        names_(*rack.plan),
        result_(result) {
    for (std::size_t m = 0; m < rack.machines.size(); ++m) {
      hosts_.push_back(twin::host_of(rack, m));
    }
    learned_.assign(hosts_.size(), false);
    length_ = story_.length.ns > 0 ? story_.length : kLengthStandard;
    // Short stories are polled often; a week every ten minutes, months as often as a week.
    const auto most = static_cast<std::int64_t>(std::max<std::size_t>(options.polls_most, 2));
    const std::int64_t rare = std::max(kRarestPoll.ns, length_.ns / kPollsOfMonths);
    poll_ = {std::max(options.poll.ns, std::min(length_.ns / most, rare))};
  }

  void tell() {
    std::vector<twin::InjectedFault> faults;
    for (twin::InjectedFault& fault : twin::ground_truth(rack_).faults) {
      if (!fault.is_background) {
        faults.push_back(std::move(fault));
      }
    }
    Effects effects(rack_, faults);
    for (base::WorldTime at{poll_.ns}; at.ns <= length_.ns; at = at + poll_) {
      {
        const Stopwatch watch(result_.world_s);
        rack_.world->advance_to(at);
      }
      tell_marks(at);
      {
        const Stopwatch watch(result_.effect_s);
        effects.look();
      }
      poll(at);
      ++result_.polls;
    }
    result_.links = rack_.plan->links.size();
    result_.weeks = length_.seconds() / (7 * 86400);
    conclude(faults, effects);
  }

 private:
  /// Those that have begun and were not told yet.
  void tell_marks(base::WorldTime at) {
    for (; marks_told_ < story_.marks.size(); ++marks_told_) {
      const twin::ScenarioMark& mark = story_.marks[marks_told_];
      if (at < mark.at) {
        break;
      }
      diagnose::Mark out{.kind = mark.kind,
                         .subject = mark.subject,
                         .from = wall(mark.at),
                         .until = {},
                         .text = mark.text};
      if (mark.length) {
        out.until = wall(mark.at + *mark.length);
      }
      judgement_->take(out);
    }
  }

  /// Restarting machines say nothing, and count their time anew after it.
  [[nodiscard]] bool is_silent(std::size_t machine, base::WorldTime at,
                               std::optional<base::Duration>& uptime) const {
    const fabric::Device* device = rack_.plan->fabric.device(rack_.plan->machines[machine].device);
    for (const twin::ScenarioRestart& restart : story_.restarts) {
      if (device == nullptr || !base::matches(restart.host, device->name) || at < restart.at) {
        continue;
      }
      if (at < restart.at + restart.length) {
        return true;
      }
      uptime = at - (restart.at + restart.length);
    }
    return false;
  }

  void poll(base::WorldTime at) {
    for (std::size_t m = 0; m < hosts_.size(); ++m) {
      std::optional<base::Duration> uptime;
      if (is_silent(m, at, uptime)) {
        continue;
      }
      const double begin = thread_seconds();
      auto snapshot = driver::collect(hosts_[m], {.now = wall(at)});
      result_.collect_s += thread_seconds() - begin;
      if (!snapshot) {
        continue;
      }
      if (uptime) {
        snapshot->host.uptime = uptime;
      }
      if (!learned_[m]) {
        names_.learn(*snapshot);
        learned_[m] = true;
      }
      const Stopwatch watch(result_.judge_s);
      judgement_->take(*snapshot);
    }
    const Stopwatch watch(result_.judge_s);
    records_.take(judgement_->judge(wall(at)), wall(at));
  }

  /// Begins and ends within somebody's window: that is his work, and silence is right.
  [[nodiscard]] bool is_work(const twin::InjectedFault& fault) const {
    const auto until = fault.cleared ? fault.cleared : fault.planned_end;
    const auto is_of = [&](const twin::ScenarioMark& mark) {
      return mark.subject.empty() || std::ranges::any_of(fault.links, [&](std::size_t link) {
               return base::matches(mark.subject, rack_.plan->links[link].name);
             });
    };
    return until && std::ranges::any_of(story_.marks, [&](const twin::ScenarioMark& mark) {
             return (mark.kind == "maintenance" || mark.kind == "repair") && mark.length &&
                    mark.at <= fault.begin && *until <= mark.at + *mark.length && is_of(mark);
           });
  }

  void conclude(const std::vector<twin::InjectedFault>& faults, const Effects& effects) {
    std::vector<Asked> asked;
    for (std::size_t i = 0; i < faults.size(); ++i) {
      const auto seen = is_work(faults[i]) ? std::nullopt : effects.seen(i);
      asked.push_back({.answer = answer_of(*rack_.plan, faults[i]),
                       .begin = wall(faults[i].begin),
                       .seen = seen ? std::optional(wall(*seen)) : std::nullopt});
    }
    Comparison compared = compare(records_.ranked(), asked, names_);
    for (std::size_t i = 0; i < faults.size(); ++i) {
      result_.faults.push_back({.fault = faults[i].fault,
                                .target = faults[i].target,
                                .part = asked[i].answer.part,
                                .is_observable = asked[i].seen.has_value(),
                                .has_signature = asked[i].answer.row->has_signature,
                                .said = std::move(compared.answers[i])});
    }
    result_.false_findings = std::move(compared.false_findings);
  }

  twin::Rack& rack_;
  twin::Scenario story_;
  std::unique_ptr<Judgement> judgement_;
  Names names_;
  RunResult& result_;
  std::vector<bus::Host> hosts_;
  std::vector<bool> learned_;
  base::Duration length_;
  base::Duration poll_;
  std::size_t marks_told_ = 0;
  Records records_;
};

base::Result<void> tell(const twin::Scenario& scenario, std::uint64_t seed, Racks& racks,
                        const JudgementMaker& maker, const RunOptions& options, RunResult& result) {
  twin::Scenario placed = scenario;
  placed.rack = twin::drawn_rack(scenario, seed);
  result.rack = placed.rack;
  auto known = racks.get(twin::rack_path(placed));
  if (!known) {
    return tl::unexpected(known.error());
  }
  auto rack = twin::build_rack((*known)->fabric, {.seed = seed},
                               {.starts = true, .physics = (*known)->physics});
  if (!rack) {
    return tl::unexpected(rack.error());
  }
  auto story = twin::drawn(scenario, *(*rack)->plan, seed);
  if (!story) {
    return tl::unexpected(story.error());
  }
  if (options.perturbed > 0) {
    perturb(**rack, options.perturbed, seed);
    perturb(*story, options.perturbed);
  }
  if (auto applied = twin::apply(*story, twin::fault_engine(**rack)); !applied) {
    return applied;
  }
  // The rack file as operators have it says where each machine's software finds a device.
  const fabric::Fabric located = twin::located(*(*rack)->plan);
  Teller teller(**rack, std::move(*story), maker(located, result.rack), options, result);
  teller.tell();
  return {};
}

}  // namespace
}  // namespace run_cpp

base::Result<std::shared_ptr<const Racks::Known>> Racks::get(const std::string& path) {
  const std::lock_guard hold(mutex_);
  const auto found = known_.find(path);
  if (found != known_.end()) {
    return found->second;
  }
  auto fabric = fabric::rack_fabric(path);
  if (!fabric) {
    return tl::unexpected(fabric.error());
  }
  auto known = std::make_shared<const Known>(Known{std::move(*fabric), physics_});
  known_.emplace(path, known);
  return known;
}

RunResult run(const twin::Scenario& scenario, std::uint64_t seed, Racks& racks,
              const JudgementMaker& maker, const RunOptions& options) {
  RunResult result;
  result.name = scenario.name;
  result.seed = seed;
  if (auto told = run_cpp::tell(scenario, seed, racks, maker, options, result); !told) {
    result.error = told.error().text();
  }
  return result;
}

}  // namespace weft::score
