// SPDX-License-Identifier: Apache-2.0
// What `weft com` says of a channel, in its three forms. com.cpp fills it.
#pragma once

#include "cli/physics/channel_figures.h"
#include "phy/channel/channel.h"
#include "phy/com/com.h"
#include "phy/eye/simulate.h"
#include "phy/link/setup.h"

#include <optional>
#include <string>
#include <vector>

namespace weft::cli::com {

enum class Verdict { kPass, kFail, kUnknown, kNoLimit };
[[nodiscard]] std::string_view key(Verdict verdict);  ///< "pass", "fail", "unknown", "no limit"

/// One channel, judged.
struct Judged {
  std::string name;
  std::size_t fexts = 0;
  std::size_t nexts = 0;
  ChannelFigures figures;  ///< without packages
  std::string erl_terms;   ///< what its ERL was taken with
  phy::com::ComResult result;
  Verdict verdict = Verdict::kUnknown;
  std::vector<std::string> notes;
  std::optional<phy::eye::SimulationResult> check;  ///< of the worst case, where asked for

  [[nodiscard]] const phy::com::ComCase& worst() const { return result.cases[result.worst]; }
};

struct Report {
  phy::link::LinkSetup setup;
  std::string search;  ///< "local" or "full"
  std::vector<Judged> channels;
};

/// The whole report of one channel; every case in full where `all_cases`.
[[nodiscard]] std::string text(const Report& report, const Judged& judged, bool all_cases,
                               bool colour);
/// A line for each channel.
[[nodiscard]] std::string table(const Report& report, bool colour);
[[nodiscard]] std::string json(const Report& report);
[[nodiscard]] std::string csv(const Report& report);

}  // namespace weft::cli::com
