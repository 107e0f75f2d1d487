// SPDX-License-Identifier: Apache-2.0
// The options that say which model step is meant; `weft sim step` and `weft sim fault` share them.
#pragma once

#include "cli/sim/input.h"
#include "sim/step.h"

namespace weft::cli {

inline constexpr OptionSpec kStepModel = {
    "--model", "NAME", "gpt-22b, gpt-175b, gpt-530b, gpt-1t, llama-70b or deepseek-v3."};
inline constexpr OptionSpec kStepTensor = {"--tensor", "N", "Tensor parallel ranks. Default 8."};
inline constexpr OptionSpec kStepPipeline = {"--pipeline", "N", "Pipeline stages. Default 1."};
inline constexpr OptionSpec kStepData = {"--data", "N", "Data parallel groups. Default 1."};
inline constexpr OptionSpec kStepBatch = {"--batch", "N",
                                          "Sequences a step, in all. Default 4 a data group."};
inline constexpr OptionSpec kStepPeak = {
    "--peak", "TFLOPS", "Peak of one rank, dense, 16 bits, in 1e12 a second. Default 312."};

[[nodiscard]] sim::StepSpec read_step(const Arguments& arguments, SimMistakes& mistakes);

}  // namespace weft::cli
