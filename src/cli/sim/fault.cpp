// SPDX-License-Identifier: Apache-2.0
#include "cli/sim/fault.h"

#include "base/text.h"
#include "cli/sim/input.h"
#include "cli/sim/step_options.h"
#include "sim/amount.h"
#include "sim/step.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace sim_fault_impl {
namespace {

using Json = nlohmann::ordered_json;

constexpr PositionalSpec kPositionals[] = {kSimRack};
constexpr OptionSpec kOptions[] = {
    kSimDegrade,
    kSimState,
    {"--op", "NAME", "The collective that is watched. Default allreduce."},
    {"--size", "SIZE", "Its size. Default 1G."},
    {"--algo", "NAME", "Its algorithm. Default auto."},
    kStepModel,
    kStepTensor,
    kStepPipeline,
    kStepData,
    kStepBatch,
    kStepPeak,
    {"--json", "", "The result as JSON, schema weftline/sim-fault/1."},
    kSimRanks,
    kSimSoftware,
    kSimInSwitch,
};
constexpr ExampleSpec kExamples[] = {
    {"weft sim fault racks/hgx-h100.yaml --degrade '*gpu0/nvl0*=x1'",
     "One of a GPU's 18 links at half width."},
    {"weft sim fault racks/nvl72.yaml --degrade 'compute1/gpu0/nvl3*=down' --model gpt-175b "
     "--tensor 8",
     "A link that is down, and the training step that waits for it."},
};
constexpr ExitSpec kExits[] = {
    {kOk, "computed; the collective does not slow down by more than 1 %"},
    {kWarning, "it does"},
    {kCritical, "it stalls until it is rerouted, or ranks are cut off"},
};

/// One of the three looks. No time: it stalls, and why.
struct Look {
  std::string name;
  std::optional<sim::Answer> collective;
  std::optional<sim::StepAnswer> step;
  std::string stalled;
};

struct Question {
  sim::Study study;
  std::optional<sim::StepSpec> step;
};

base::Result<Question> read(const Arguments& arguments, const SimInput& input) {
  Question out;
  SimMistakes mistakes;
  const std::string op = arguments.value("--op").value_or("allreduce");
  const std::string algorithm = arguments.value("--algo").value_or("auto");
  const std::string size = arguments.value("--size").value_or("1G");
  const auto collective = sim::find_collective(op);
  const auto found = sim::find_algorithm(algorithm);
  const auto bytes = sim::parse_size(size);
  if (!collective) {
    mistakes.add("--op", op, "a collective");
  }
  if (!found) {
    mistakes.add("--algo", algorithm, "an algorithm");
  }
  if (!bytes || *bytes == 0 || *bytes > (std::uint64_t{1} << 44)) {
    mistakes.add("--size", size, "a size of 1 byte to 16T");
  }
  if (arguments.has("--model")) {
    out.step = read_step(arguments, mistakes);
  }
  if (auto ok = mistakes.result(); !ok) {
    return tl::unexpected(ok.error());
  }
  if (input.state.links.empty() && !arguments.has("--state")) {
    return base::fail(base::Code::kInvalidArgument, "no fault is given", {},
                      "give --degrade LINK=x8, LINK=down or LINK=ber:1e-9, or --state FILE");
  }
  out.study.spec.collective = *collective;
  out.study.spec.algorithm = *found;
  out.study.spec.bytes = *bytes;
  out.study.spec.ranks = input.network.ranks();
  out.study.profile = input.profile;
  out.study.fidelity = sim::Fidelity::kFlow;
  return out;
}

Look look(std::string name, const sim::Site& site, const Question& question, sim::Routing routing) {
  Look out;
  out.name = std::move(name);
  sim::Study study = question.study;
  study.routing = routing;
  auto collective = sim::answer(site, study);
  if (collective) {
    out.collective = std::move(*collective);
  } else {
    out.stalled = collective.error().text();
  }
  if (question.step) {
    sim::StepSpec step = *question.step;
    step.fidelity = sim::Fidelity::kFlow;
    step.routing = routing;
    auto answer = sim::step_time(site, step, study.profile);
    if (answer) {
      out.step = *answer;
    } else {
      out.stalled = answer.error().text();
    }
  }
  return out;
}

/// Ranks whose own links lost bandwidth.
std::vector<sim::Rank> touched(const sim::Network& before, const sim::Network& after) {
  std::vector<sim::Rank> out;
  for (sim::Rank rank = 0; rank < before.ranks(); ++rank) {
    const auto first = before.first_out(rank), last = before.last_out(rank);
    bool is_touched = false;
    for (auto i = first; i < last; ++i) {
      is_touched = is_touched ||
                   after.channel(i).bytes_per_second < before.channel(i).bytes_per_second ||
                   after.channel(i).flit_error_ratio > before.channel(i).flit_error_ratio;
    }
    if (is_touched) {
      out.push_back(rank);
    }
  }
  return out;
}

double slowdown(const Look& before, const Look& after) {
  return after.collective
             ? sim::as_seconds(after.collective->time) / sim::as_seconds(before.collective->time) -
                   1
             : 0;
}

std::string text_of(const Question& question, const SimInput& input, const std::vector<Look>& looks,
                    const std::vector<sim::Rank>& ranks) {
  std::string out =
      fmt::format("{}: {} links are not as planned{}; they end at {} of {} ranks",
                  input.network.name, input.state.links.size(),
                  input.links_elsewhere == 0
                      ? std::string()
                      : fmt::format(" ({} more carry nothing of this)", input.links_elsewhere),
                  ranks.size(), input.network.ranks());
  for (std::size_t i = 0; i < std::min<std::size_t>(ranks.size(), 4); ++i) {
    out += (i == 0 ? ": " : ", ") + input.network.node(ranks[i]).name;
  }
  out += fmt::format(
      "{}\nAll {} ranks of the collective wait for them.\n\n{:<26} {:>12} {:>10} {:>9}{}\n",
      ranks.size() > 4 ? ", ..." : "", input.network.ranks(),
      fmt::format("{} {}", sim::key(question.study.spec.collective),
                  sim::size_text(question.study.spec.bytes)),
      "time", "busbw", "slower",
      question.step ? fmt::format("{:>14} {:>9}", "step", "slower") : std::string());
  const auto slower = [](double now, double then) {
    return fmt::format("{:.1f} %", 100 * (now / then - 1));
  };
  for (const Look& look : looks) {
    if (!look.collective) {
      out += fmt::format("  {:<24} stalls: {}\n", look.name, look.stalled);
      continue;
    }
    out += fmt::format(
        "  {:<24} {:>12} {:>5.4g} GB/s {:>9}", look.name, sim::time_text(look.collective->time),
        look.collective->busbw / 1e9,
        slower(sim::as_seconds(look.collective->time), sim::as_seconds(looks[0].collective->time)));
    if (look.step && looks[0].step) {
      out += fmt::format(
          "{:>14} {:>9}", sim::time_text(look.step->time),
          slower(sim::as_seconds(look.step->time), sim::as_seconds(looks[0].step->time)));
    }
    out += fmt::format("   {}\n", breakdown_text(look.collective->path));
  }
  return out +
         "\nA prediction: no public measurement of such a fault was found to hold it against.\n";
}

Json json_of(const Question& question, const SimInput& input, const std::vector<Look>& looks,
             const std::vector<sim::Rank>& ranks) {
  Json out = {
      {"schema", "weftline/sim-fault/1"},       {"network", input.network.name},
      {"ranks", input.network.ranks()},         {"op", sim::key(question.study.spec.collective)},
      {"bytes", question.study.spec.bytes},     {"faulty_links", Json::array()},
      {"ranks_at_faulty_links", Json::array()}, {"looks", Json::array()}};
  for (const sim::LinkState& link : input.state.links) {
    out["faulty_links"].push_back(link.link);
  }
  for (const sim::Rank rank : ranks) {
    out["ranks_at_faulty_links"].push_back(input.network.node(rank).name);
  }
  for (const Look& look : looks) {
    Json entry = {{"name", look.name}};
    if (look.collective) {
      entry["time_us"] = sim::as_seconds(look.collective->time) * 1e6;
      entry["busbw_bytes_per_s"] = look.collective->busbw;
      entry["algorithm"] = sim::key(look.collective->plan.spec.algorithm);
    } else {
      entry["stalled"] = look.stalled;
    }
    if (look.step) {
      entry["step_s"] = sim::as_seconds(look.step->time);
    }
    out["looks"].push_back(std::move(entry));
  }
  return out;
}

int run(const Arguments& arguments) {
  auto input = read_sim_input(arguments);
  if (!input) {
    return report(input.error());
  }
  auto question = read(arguments, *input);
  if (!question) {
    return report(question.error());
  }
  auto site = sim::Site::make(input->network);
  if (!site) {
    return report(site.error());
  }
  std::vector<Look> looks;
  looks.push_back(look("as planned", **site, *question, sim::Routing::kSpray));
  if (!looks[0].collective) {
    return report({base::Code::kInvalidArgument, looks[0].stalled, input->network.name, {}});
  }
  // The same algorithm afterwards: what runs does not choose again in the middle.
  question->study.spec.algorithm = looks[0].collective->plan.spec.algorithm;
  if (auto ok = (*site)->degrade(input->state); !ok) {
    return report(ok.error());
  }
  const auto ranks = touched(input->network, (*site)->network());
  looks.push_back(look("with the fault", **site, *question, sim::Routing::kSpray));
  const auto rerouted = sim::Site::make(input->network, input->state);
  if (!rerouted) {
    return report(rerouted.error());
  }
  looks.push_back(look("after rerouting", **rerouted, *question, sim::Routing::kWeighted));
  const std::string text = arguments.has("--json")
                               ? json_of(*question, *input, looks, ranks).dump(2) + "\n"
                               : text_of(*question, *input, looks, ranks);
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (!looks[1].collective) {
    return kCritical;
  }
  return slowdown(looks[0], looks[1]) > 0.01 ? kWarning : kOk;
}

}  // namespace
}  // namespace sim_fault_impl

VerbSpec sim_fault_verb() {
  namespace impl = sim_fault_impl;
  return {"sim fault",
          "what a degraded link costs: before, after, and after rerouting",
          "Runs a collective, and with --model a training step, on the rack as planned, with the "
          "fault while traffic is still spread as before, and after routes and shares follow what "
          "the links carry now. A link that is down stalls what is spread over it until it is "
          "rerouted. Flows with max-min fair rates; a prediction, since no public measurement of "
          "such faults is known to us.",
          impl::kPositionals,
          impl::kOptions,
          impl::run,
          false,
          impl::kExamples,
          impl::kExits};
}

}  // namespace weft::cli
