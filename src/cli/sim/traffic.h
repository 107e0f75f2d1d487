// SPDX-License-Identifier: Apache-2.0
// `weft sim traffic`: what a rack's network makes of open-loop traffic: throughput and latency over
// load, with the bound and where the gap goes. This file and traffic_report.cpp are options and
// printing; sim/traffic/traffic.h answers.
#pragma once

#include "cli/draw/scene.h"
#include "cli/sim/input.h"
#include "cli/verb.h"
#include "sim/traffic/traffic.h"

#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace weft::cli {

[[nodiscard]] VerbSpec sim_traffic_verb();

/// What was asked and found, for printing.
struct TrafficReport {
  std::string network;
  std::uint32_t ranks = 0;
  sim::TrafficSpec spec;
  std::string fidelity, routing;
  std::size_t links_not_as_planned = 0;
  std::vector<sim::TrafficAnswer> rows;
};

[[nodiscard]] std::string traffic_text(const TrafficReport& report);
[[nodiscard]] nlohmann::ordered_json traffic_json(const TrafficReport& report,
                                                  const sim::Network& network);
[[nodiscard]] std::string traffic_csv(const TrafficReport& report);
/// Mean and tail latency over load; for given messages, the distribution.
[[nodiscard]] draw::Plot traffic_plot(const TrafficReport& report);
/// Latency over load, the distribution of latency, and the utilisation of the busiest links.
[[nodiscard]] std::string traffic_svg(const TrafficReport& report, const sim::Network& network);

}  // namespace weft::cli
