// SPDX-License-Identifier: Apache-2.0
#include "sim/step.h"

#include "sim/parameter.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace weft::sim {
namespace {

/// Bytes of an activation or a gradient in 16 bits.
constexpr double kWord = 2;

std::vector<std::string> step_mistakes(const Site& site, const StepSpec& spec) {
  std::vector<std::string> out;
  const Model& model = spec.model;
  if (model.layers == 0 || model.width == 0 || model.sequence == 0) {
    out.emplace_back("the model has no layers, no width or no sequence");
  }
  if (spec.tensor == 0 || spec.pipeline == 0 || spec.data == 0 || spec.expert == 0 ||
      spec.batch == 0 || spec.micro_batch == 0 || spec.interleave == 0) {
    out.emplace_back("a parallel group, the batch or its parts are zero");
    return out;
  }
  if (spec.tensor > site.network().ranks()) {
    out.push_back(fmt::format("{} tensor parallel ranks, the network has {}", spec.tensor,
                              site.network().ranks()));
  }
  if (spec.expert > 1 && spec.expert > site.network().ranks()) {
    out.push_back(fmt::format("{} expert parallel ranks, the network has {}", spec.expert,
                              site.network().ranks()));
  }
  if (model.layers != 0 && model.layers % spec.pipeline != 0) {
    out.push_back(
        fmt::format("{} layers do not divide by {} pipeline stages", model.layers, spec.pipeline));
  }
  if (std::uint64_t{spec.data} * spec.micro_batch > spec.batch ||
      spec.batch % (std::uint64_t{spec.data} * spec.micro_batch) != 0) {
    out.push_back(fmt::format("a batch of {} does not divide by {} data parallel groups of {}",
                              spec.batch, spec.data, spec.micro_batch));
  }
  if (!(spec.peak_flops > 0) || !(spec.memory_bytes_per_second > 0)) {
    out.emplace_back("peak operations and memory bandwidth must be above zero");
  }
  return out;
}

/// One forward pass of `sequences` through all layers and the output, in operations
/// (2205.05198, equation 7 without its factor 3 for the backward pass).
double forward_flops(const Model& model, double sequences) {
  const double b = sequences, s = model.sequence, l = model.layers, h = model.width,
               v = model.vocabulary;
  return 24 * b * s * l * h * h * (1 + s / (6 * h) + v / (12 * l * h));
}

/// What is computed again in the backward pass, as part of a forward pass.
double recomputed(const StepSpec& spec) {
  const double s = spec.model.sequence, h = spec.model.width;
  switch (spec.recompute) {
    case Recompute::kFull:
      return 1;
    case Recompute::kSelective:
      return s / (6 * h) / (1 + s / (6 * h));
    case Recompute::kNothing:
      return 0;
  }
  return 0;
}

double peak_share(const Model& model) {
  return parameter("step.peak-share") / (1 + parameter("step.width-half") / model.width);
}

struct Collected {
  Ps time = 0, software = 0;
};

base::Result<Collected> group_all_reduce(const Site& site, const StepSpec& spec,
                                         std::uint32_t ranks, double bytes, Profile profile) {
  if (ranks < 2) {
    return Collected{};
  }
  Study study;
  study.spec.ranks = ranks;
  study.spec.collective = Collective::kAllReduce;
  study.spec.algorithm = Algorithm::kAuto;
  study.spec.bytes = static_cast<std::uint64_t>(std::llround(bytes));
  study.fidelity = spec.fidelity;
  study.routing = spec.routing;
  study.profile = profile;
  const auto found = answer(site, study);
  if (!found) {
    return tl::unexpected(found.error());
  }
  // Launches of the steady step are queued ahead of the work; what stays is the collective itself.
  const Ps launch =
      profile == Profile::kIdeal ? 0 : parameter_time(fmt::format("{}.launch", key(profile)));
  return Collected{found->time - launch, found->path.software - launch};
}

Ps multiple(Ps each, double count) {
  return static_cast<Ps>(std::llround(static_cast<double>(each) * count));
}

base::Result<StepAnswer> train(const Site& site, const StepSpec& spec, Profile profile) {
  const Model& m = spec.model;
  const double per_group = static_cast<double>(spec.batch) / spec.data;
  const double micro_batches = per_group / spec.micro_batch;
  const double stage_layers = static_cast<double>(m.layers) / spec.pipeline;
  StepAnswer out;
  out.flops = 3 * forward_flops(m, spec.batch);
  const double done = forward_flops(m, per_group) * (3 + recomputed(spec));
  const double rate = spec.peak_flops * peak_share(m) * spec.tensor * spec.pipeline;
  out.parts.compute = from_seconds(done / rate);
  const double activation = kWord * spec.micro_batch * m.sequence * m.width;
  const auto tensor = group_all_reduce(site, spec, spec.tensor, activation, profile);
  if (!tensor) {
    return tl::unexpected(tensor.error());
  }
  // Two all-reduces a layer forward, two backward, two more where the forward pass is repeated.
  const double all_reduces =
      (spec.recompute == Recompute::kFull ? 6 : 4) * stage_layers * micro_batches;
  out.parts.tensor = multiple(tensor->time, all_reduces);
  out.launch_and_software = multiple(tensor->software, all_reduces);
  out.parts.bubble = multiple(out.parts.compute + out.parts.tensor,
                              (spec.pipeline - 1) / (micro_batches * spec.interleave));
  const double egress = site.network().egress(0);
  if (spec.pipeline > 1) {
    out.parts.pipeline =
        multiple(transfer_time(activation / spec.tensor, egress), 2.0 * (spec.pipeline - 1));
  }
  if (spec.data > 1) {
    // Gradients of a rank's parameters: 12 l h^2 and the embedding, over tensor and pipeline.
    const double weights =
        (12.0 * m.layers * m.width * m.width + static_cast<double>(m.vocabulary) * m.width) /
        (static_cast<double>(spec.tensor) * spec.pipeline);
    const std::uint32_t ranks = std::min(spec.data, site.network().ranks());
    const auto data = group_all_reduce(site, spec, ranks, kWord * weights, profile);
    if (!data) {
      return tl::unexpected(data.error());
    }
    out.parts.data = data->time;
    out.launch_and_software += data->software;
  }
  return out;
}

/// Roofline: the larger of operations and bytes of weights, and the tensor collectives.
base::Result<StepAnswer> infer(const Site& site, const StepSpec& spec, Profile profile) {
  const Model& m = spec.model;
  const bool is_decode = spec.mode == StepMode::kDecode;
  const double tokens = static_cast<double>(spec.batch) / spec.data * (is_decode ? 1 : m.sequence);
  StepAnswer out;
  out.flops = forward_flops(m, spec.batch) / (is_decode ? m.sequence : 1);
  const double ranks = static_cast<double>(spec.tensor) * spec.pipeline;
  const double weights = 12.0 * m.layers * m.width * m.width * kWord;
  const double by_operations = out.flops / spec.data / (spec.peak_flops * peak_share(m) * ranks);
  out.parts.compute =
      from_seconds(std::max(by_operations, weights / ranks / spec.memory_bytes_per_second));
  const auto tensor = group_all_reduce(site, spec, spec.tensor, kWord * tokens * m.width, profile);
  if (!tensor) {
    return tl::unexpected(tensor.error());
  }
  out.parts.tensor = multiple(tensor->time, 2.0 * m.layers);
  out.launch_and_software = multiple(tensor->software, 2.0 * m.layers);
  if (spec.pipeline > 1) {
    out.parts.pipeline =
        multiple(transfer_time(kWord * tokens * m.width / spec.tensor, site.network().egress(0)),
                 spec.pipeline - 1.0);
  }
  return out;
}

void add_experts(const Site& site, const StepSpec& spec, StepAnswer& out) {
  if (spec.model.experts == 0 || spec.expert < 2) {
    return;
  }
  const double sequence = spec.mode == StepMode::kDecode ? 1 : spec.model.sequence;
  const auto tokens =
      static_cast<std::uint32_t>(std::max(1.0, spec.batch * sequence / spec.data / spec.expert));
  const double rate = site.network().egress(0) * parameter("moe.nvlink-share");
  const Ps dispatch =
      moe_exchange(tokens, spec.model.width, spec.model.experts_per_token, spec.expert, rate);
  const Ps combine = moe_exchange(tokens, std::uint64_t{2} * spec.model.width,
                                  spec.model.experts_per_token, spec.expert, rate);
  const double passes = spec.mode == StepMode::kTrain ? 2 : 1;
  out.parts.expert = multiple(dispatch + combine, passes * spec.model.layers);
  out.launch_and_software +=
      multiple(parameter_time("moe.software"), 2 * passes * spec.model.layers);
}

}  // namespace

const std::vector<Model>& models() {
  static const std::vector<Model> kModels = {
      {"gpt-22b", 48, 6144, 2048, 51200, 0, 0},    {"gpt-175b", 96, 12288, 2048, 51200, 0, 0},
      {"gpt-530b", 105, 20480, 2048, 51200, 0, 0}, {"gpt-1t", 128, 25600, 2048, 51200, 0, 0},
      {"llama-70b", 80, 8192, 4096, 32000, 0, 0},  {"deepseek-v3", 61, 7168, 4096, 129280, 256, 8},
  };
  return kModels;
}

const Model* find_model(std::string_view name) {
  const auto at = std::find_if(models().begin(), models().end(),
                               [&](const Model& model) { return model.name == name; });
  return at == models().end() ? nullptr : &*at;
}

Ps moe_exchange(std::uint32_t tokens, std::uint64_t bytes_per_token,
                std::uint32_t experts_per_token, std::uint32_t ranks, double bytes_per_second) {
  const double bytes = static_cast<double>(tokens) * static_cast<double>(bytes_per_token) *
                       experts_per_token * (ranks - 1) / ranks;
  return later(parameter_time("moe.software"), transfer_time(bytes, bytes_per_second));
}

base::Result<StepAnswer> step_time(const Site& site, const StepSpec& spec, Profile profile) {
  if (const auto wrong = step_mistakes(site, spec); !wrong.empty()) {
    return base::fail(base::Code::kInvalidArgument, fmt::format("{}", fmt::join(wrong, "; ")),
                      spec.model.name);
  }
  auto out =
      spec.mode == StepMode::kTrain ? train(site, spec, profile) : infer(site, spec, profile);
  if (!out) {
    return out;
  }
  add_experts(site, spec, *out);
  out->time = out->parts.total();
  out->of_peak = out->flops / (spec.peak_flops * spec.tensor * spec.pipeline * spec.data *
                               as_seconds(std::max<Ps>(out->time, 1)));
  return out;
}

}  // namespace weft::sim
