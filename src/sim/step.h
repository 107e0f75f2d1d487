// SPDX-License-Identifier: Apache-2.0
// What a model's step costs: compute from counted operations and a fitted share of peak, tensor
// parallel collectives from plan_collective() on the real network, the pipeline's bubble, the data
// parallel all-reduce, expert parallel dispatch and combine. Sources: Korthikanti et al. (arXiv
// 2205.05198) for operation counts, bubble and interleaving; DeepSeek-V3 (arXiv 2505.09343) for
// expert parallelism. How well it fits: 5 % at the four training steps that two parameters were
// fitted to, 10 % at two larger models of the same paper, all on A100; elsewhere the error is not
// known. Prefill and decode are bounds (a roofline), not fitted. Parallel parts are not overlapped
// unless it is said.
#pragma once

#include "base/result.h"
#include "sim/study.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft::sim {

enum class Recompute : std::uint8_t { kFull, kSelective, kNothing };

struct Model {
  std::string name;
  std::uint32_t layers = 0, width = 0, sequence = 2048, vocabulary = 51200;
  std::uint32_t experts = 0, experts_per_token = 0;  ///< of a mixture of experts
};
/// gpt-22b, gpt-175b, gpt-530b, gpt-1t, llama-70b, deepseek-v3.
[[nodiscard]] const std::vector<Model>& models();
[[nodiscard]] const Model* find_model(std::string_view name);

enum class StepMode : std::uint8_t { kTrain, kPrefill, kDecode };

struct StepSpec {
  Model model;
  StepMode mode = StepMode::kTrain;
  std::uint32_t tensor = 1, pipeline = 1, data = 1, expert = 1;
  std::uint32_t batch = 1;        ///< sequences in all
  std::uint32_t micro_batch = 1;  ///< sequences at a time in a pipeline stage
  std::uint32_t interleave = 1;   ///< parts of the model in each stage
  Recompute recompute = Recompute::kSelective;
  double peak_flops = 312e12;                 ///< of one rank, dense, 16 bits
  double memory_bytes_per_second = 2e12;      ///< of one rank, for decode
  Fidelity fidelity = Fidelity::kClosedForm;  ///< of the collectives
  Routing routing = Routing::kSpray;
};

/// Seconds of one step by where they go; they add up to `time`.
struct StepParts {
  Ps compute = 0;
  Ps tensor = 0;    ///< collectives within tensor groups
  Ps bubble = 0;    ///< pipeline stages that wait
  Ps pipeline = 0;  ///< activations handed on
  Ps data = 0;      ///< gradients
  Ps expert = 0;    ///< dispatch and combine
  [[nodiscard]] Ps total() const { return compute + tensor + bubble + pipeline + data + expert; }
};

struct StepAnswer {
  StepParts parts;
  Ps time = 0;
  double flops = 0;            ///< of the model, per step
  double of_peak = 0;          ///< model's operations over peak times time
  Ps launch_and_software = 0;  ///< of the collectives in it; the rest of them is fabric
};

/// kInvalidArgument with all that does not fit: groups beyond ranks, layers that do not divide.
/// Tensor groups are the first ranks of the network, data groups stride over them.
[[nodiscard]] base::Result<StepAnswer> step_time(const Site& site, const StepSpec& spec,
                                                 Profile profile);

/// Low-latency dispatch or combine of a mixture of experts: tokens of `bytes_per_token` to
/// `experts_per_token` places spread over `ranks`, at a rank's usable rate.
[[nodiscard]] Ps moe_exchange(std::uint32_t tokens, std::uint64_t bytes_per_token,
                              std::uint32_t experts_per_token, std::uint32_t ranks,
                              double bytes_per_second);

}  // namespace weft::sim
