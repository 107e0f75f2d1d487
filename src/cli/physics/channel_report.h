// SPDX-License-Identifier: Apache-2.0
// The reports of `weft channel` as text, JSON (docs/formats/channel.md) and CSV. Values that the
// data does not have are "-" in text, null in JSON, empty in CSV.
#pragma once

#include "cli/physics/channel_figures.h"
#include "cli/terminal.h"
#include "phy/channel/checks.h"

#include <optional>
#include <string>
#include <vector>

namespace weft::cli {

/// A network as its file has it.
struct NetworkFacts {
  std::string name;
  std::string role;  ///< "thru", "fext", "next"
  std::size_t ports = 0, points = 0;
  double first_hz = 0, last_hz = 0, step_hz = 0;  ///< the widest step
  std::vector<double> z0_ohm;
};
[[nodiscard]] NetworkFacts facts_of(const phy::channel::Network& network, std::string name,
                                    std::string role);

struct ChannelShow {
  std::vector<NetworkFacts> files;
  phy::channel::Channel channel;
  std::vector<double> at_hz;
  std::optional<double> baud_hz;
  std::string protocol;                                    ///< key of the set-up; empty without
  std::optional<ChannelFigures> figures;                   ///< with a baud rate
  std::string erl_terms;                                   ///< what ERL was taken with
  std::optional<phy::channel::ModeConversion> conversion;  ///< of four and more ports
  std::optional<double> skew_s;
  double delay_s = 0;
  bool has_response = false;  ///< JSON holds the response over frequency
};
[[nodiscard]] std::string show_text(const ChannelShow& show, const Terminal& terminal);
[[nodiscard]] std::string show_json(const ChannelShow& show);
/// Frequency, insertion loss, return losses and each aggressor's loss, a line for each point.
[[nodiscard]] std::string show_csv(const ChannelShow& show);

struct CheckedFile {
  NetworkFacts facts;
  std::vector<std::string> notes;
  phy::channel::CheckReport report;
};
[[nodiscard]] std::string check_text(const std::vector<CheckedFile>& files);
[[nodiscard]] std::string check_json(const std::vector<CheckedFile>& files, int exit_code);

/// The joined network; its text where it was not written to a file.
[[nodiscard]] std::string cascade_json(const NetworkFacts& facts, const std::string& touchstone);

}  // namespace weft::cli
