// SPDX-License-Identifier: Apache-2.0
#include "cli/sim/step.h"

#include "base/text.h"
#include "cli/sim/schedule.h"
#include "cli/sim/step_options.h"
#include "sim/amount.h"
#include "sim/parameter.h"

#include <array>
#include <cstdio>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace sim_step_impl {
namespace {

using Json = nlohmann::ordered_json;

constexpr PositionalSpec kPositionals[] = {kSimRack};
constexpr OptionSpec kOptions[] = {
    kStepModel,
    {"--mode", "NAME", "train (default), prefill or decode."},
    kStepTensor,
    kStepPipeline,
    kStepData,
    {"--expert", "N", "Expert parallel ranks, for mixtures of experts. Default 1."},
    kStepBatch,
    {"--micro-batch", "N", "Sequences at a time in a stage. Default 1."},
    {"--interleave", "N", "Parts of the model in each pipeline stage. Default 1."},
    {"--recompute", "NAME", "full, selective (default) or none."},
    kStepPeak,
    {"--memory", "RATE", "Memory bandwidth of one rank, for decode. Default 2000GB/s."},
    kSimSchedule,
    kSimGroups,
    kSimTrace,
    {"--parameters", "", "Also print every parameter with its source and trust."},
    {"--json", "", "The result as JSON, schema weftline/sim-step/1 or weftline/sim-schedule/1."},
    kSimState,
    kSimDegrade,
    kSimRanks,
    kSimSoftware,
    kSimRouting,
    kSimFidelity,
    kSimInSwitch,
};
constexpr ExampleSpec kExamples[] = {
    {"weft sim step racks/hgx-h100.yaml --model gpt-22b --tensor 8 --batch 4 --micro-batch 4 "
     "--peak 989",
     "A training step of 22 billion parameters on 8 GPUs."},
    {"weft sim step nvl72 --model deepseek-v3 --mode decode --tensor 1 --expert 64 --batch 2048",
     "Decoding with experts spread over a rack."},
    {"weft sim step racks/hgx-h100.yaml --schedule llama.0.et",
     "The step that a Chakra trace has recorded, on this rack."},
    {"weft sim step star:16 --schedule allreduce.goal",
     "A schedule that another program has written."},
};
constexpr ExitSpec kExits[] = {{kOk, "computed"}};

std::array<std::pair<std::string_view, sim::Ps>, 6> parts_of(const sim::StepParts& parts) {
  return {{{"compute", parts.compute},
           {"tensor", parts.tensor},
           {"bubble", parts.bubble},
           {"pipeline", parts.pipeline},
           {"data", parts.data},
           {"expert", parts.expert}}};
}

std::string text_of(const sim::StepSpec& spec, const sim::StepAnswer& step, const SimInput& input) {
  std::string out = fmt::format(
      "{} on {}: tensor {} x pipeline {} x data {}, expert {}, batch {}\nstep {}, {:.1f} % of "
      "peak\n",
      spec.model.name, input.network.name, spec.tensor, spec.pipeline, spec.data, spec.expert,
      spec.batch, sim::time_text(step.time), 100 * step.of_peak);
  for (const auto& [name, time] : parts_of(step.parts)) {
    if (time > 0) {
      out += fmt::format("  {:<10} {:>12} {:>6.1f} %\n", name, sim::time_text(time),
                         100 * sim::as_seconds(time) / sim::as_seconds(step.time));
    }
  }
  return out + fmt::format("  of the collectives, {} is launch and software, the rest fabric\n",
                           sim::time_text(step.launch_and_software));
}

std::string parameter_table() {
  std::string out = "\n";
  for (const sim::Parameter& p : sim::parameters()) {
    out += fmt::format("{:<24} {:>10}  {:<9}  {}\n", p.name, p.text, sim::key(p.trust), p.source);
  }
  return out;
}

Json json_of(const sim::StepSpec& spec, const sim::StepAnswer& step, const SimInput& input) {
  Json out = {{"schema", "weftline/sim-step/1"},
              {"network", input.network.name},
              {"model", spec.model.name},
              {"tensor", spec.tensor},
              {"pipeline", spec.pipeline},
              {"data", spec.data},
              {"expert", spec.expert},
              {"batch", spec.batch},
              {"step_s", sim::as_seconds(step.time)},
              {"flops", step.flops},
              {"of_peak", step.of_peak},
              {"launch_and_software_s", sim::as_seconds(step.launch_and_software)},
              {"parts_s", Json::object()},
              {"parameters", Json::array()}};
  for (const auto& [name, time] : parts_of(step.parts)) {
    out["parts_s"][std::string(name)] = sim::as_seconds(time);
  }
  for (const sim::Parameter& p : sim::parameters()) {
    out["parameters"].push_back(
        {{"name", p.name}, {"value", p.text}, {"trust", sim::key(p.trust)}, {"source", p.source}});
  }
  return out;
}

int run(const Arguments& arguments) {
  const auto input = read_sim_input(arguments);
  if (!input) {
    return report(input.error());
  }
  SimMistakes mistakes;
  sim::StepSpec spec = read_step(arguments, mistakes);
  if (arguments.has("--model") == arguments.has("--schedule")) {
    mistakes.add("--model", arguments.value("--model").value_or(""),
                 "given, or --schedule instead of it");
  }
  if (auto ok = mistakes.result(); !ok) {
    return report(ok.error());
  }
  spec.fidelity =
      input->fidelity == sim::Fidelity::kAuto ? sim::Fidelity::kClosedForm : input->fidelity;
  spec.routing = input->routing;
  const auto site = sim::Site::make(input->network, input->state);
  if (!site) {
    return report(site.error());
  }
  if (arguments.has("--schedule")) {
    return run_sim_schedule(arguments, *input, **site, spec);
  }
  const auto step = sim::step_time(**site, spec, input->profile);
  if (!step) {
    return report(step.error());
  }
  std::string text = arguments.has("--json") ? json_of(spec, *step, *input).dump(2) + "\n"
                                             : text_of(spec, *step, *input);
  if (arguments.has("--parameters") && !arguments.has("--json")) {
    text += parameter_table();
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kOk;
}

}  // namespace
}  // namespace sim_step_impl

sim::StepSpec read_step(const Arguments& arguments, SimMistakes& mistakes) {
  sim::StepSpec out;
  const auto count = [&](std::string_view name, std::uint32_t otherwise) {
    const auto text = arguments.value(name);
    const auto value = text ? base::parse_unsigned(*text) : std::optional<std::uint64_t>(otherwise);
    if (!value || *value == 0 || *value > 10'000'000) {
      mistakes.add(name, *text, "a whole number from 1 to 10,000,000");
      return std::uint32_t{1};
    }
    return static_cast<std::uint32_t>(*value);
  };
  if (const auto name = arguments.value("--model")) {
    const sim::Model* model = sim::find_model(*name);
    if (model == nullptr) {
      mistakes.add("--model", *name, "a model that is known; see --help");
    } else {
      out.model = *model;
    }
  }
  out.tensor = count("--tensor", 8);
  out.pipeline = count("--pipeline", 1);
  out.data = count("--data", 1);
  out.expert = count("--expert", 1);
  out.batch = count("--batch", 4 * out.data);
  out.micro_batch = count("--micro-batch", 1);
  out.interleave = count("--interleave", 1);
  const std::string mode = arguments.value("--mode").value_or("train");
  if (mode == "prefill" || mode == "decode") {
    out.mode = mode == "prefill" ? sim::StepMode::kPrefill : sim::StepMode::kDecode;
  } else if (mode != "train") {
    mistakes.add("--mode", mode, "train, prefill or decode");
  }
  const std::string recompute = arguments.value("--recompute").value_or("selective");
  if (recompute == "full" || recompute == "none") {
    out.recompute = recompute == "full" ? sim::Recompute::kFull : sim::Recompute::kNothing;
  } else if (recompute != "selective") {
    mistakes.add("--recompute", recompute, "full, selective or none");
  }
  const std::string peak = arguments.value("--peak").value_or("312");
  out.peak_flops = base::parse_double(peak).value_or(0) * 1e12;
  if (!(out.peak_flops > 0)) {
    mistakes.add("--peak", peak, "a number of 1e12 operations a second");
  }
  const std::string memory = arguments.value("--memory").value_or("2000GB/s");
  out.memory_bytes_per_second = sim::parse_rate(memory).value_or(0);
  if (!(out.memory_bytes_per_second > 0)) {
    mistakes.add("--memory", memory, "a rate such as 2000GB/s");
  }
  return out;
}

VerbSpec sim_step_verb() {
  namespace impl = sim_step_impl;
  return {"sim step",
          "what a training or inference step costs on a rack, and where it goes",
          "Counts a model's operations and collectives, runs the collectives on the rack's "
          "network, and adds the pipeline's bubble, gradients and expert exchanges. Nothing is "
          "overlapped unless it is said. Two parameters are fitted to four published training "
          "steps of A100 within 5 %; elsewhere the error is not known. Prefill and decode are "
          "rooflines: bounds, not measurements. With --schedule it runs what another program has "
          "written instead, a Chakra execution trace or a GOAL schedule: its compute, messages and "
          "collectives with their dependencies, and says how much communication nothing hid.",
          impl::kPositionals,
          impl::kOptions,
          impl::run,
          false,
          impl::kExamples,
          impl::kExits};
}

}  // namespace weft::cli
