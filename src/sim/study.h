// SPDX-License-Identifier: Apache-2.0
// A question about a network answered at one of three fidelities: the closed form, max-min flows,
// packets. What verbs print comes from here: the time, the bound that nothing can beat, and where
// the gap between them went. Also the way to read a verb's RACK with its state.
#pragma once

#include "base/result.h"
#include "sim/closed_form.h"
#include "sim/fabric_state.h"
#include "sim/flow/flow.h"
#include "sim/rack_network.h"
#include "sim/software.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::sim {

enum class Fidelity : std::uint8_t {
  kAuto,  ///< flows where they are cheap, else the closed form
  kClosedForm,
  kFlow,
  kPacket,
};
[[nodiscard]] std::string_view key(Fidelity fidelity);
[[nodiscard]] std::optional<Fidelity> find_fidelity(std::string_view key);

/// A network with its routes; the routes point into it, so it does not move.
class Site {
 public:
  /// `state` is applied before routes are made, so that they go around what is down.
  [[nodiscard]] static base::Result<std::unique_ptr<Site>> make(Network network,
                                                                const FabricState& state = {});
  [[nodiscard]] const Network& network() const { return network_; }
  [[nodiscard]] const Routes& routes() const { return *routes_; }
  /// Changes links and keeps the routes as they are: what a fault is before anybody reroutes.
  [[nodiscard]] base::Result<void> degrade(const FabricState& state) {
    return apply(state, network_);
  }

 private:
  explicit Site(Network network) : network_(std::move(network)) {}
  Network network_;
  std::optional<Routes> routes_;
};

struct Study {
  CollectiveSpec spec;  ///< algorithm may be kAuto; `bytes` as the user sees them
  Fidelity fidelity = Fidelity::kAuto;
  Routing routing = Routing::kSpray;
  Profile profile = Profile::kIdeal;
  Stragglers stragglers;
  std::uint64_t seed = 1;
  std::function<void(const TraceSpan&)> trace = {};  ///< of flow runs
};

struct Answer {
  Plan plan;
  Fidelity fidelity = Fidelity::kClosedForm;
  Ps time = 0;
  Breakdown path;  ///< of closed form and flows; of packets only software and the rest as one
  Bound bound;
  double algbw = 0, busbw = 0;        ///< bytes per second
  std::vector<double> channel_bytes;  ///< of flows
  /// Bound's time over time: 1 is the best that is possible.
  [[nodiscard]] double of_bound() const {
    return time > 0 ? as_seconds(bound.time) / as_seconds(time) : 0;
  }
};

[[nodiscard]] base::Result<Answer> answer(const Site& site, const Study& study);

/// Any workload as flows or packets; kClosedForm is refused.
[[nodiscard]] base::Result<RunResult> run_workload(const Site& site, const Workload& workload,
                                                   Fidelity fidelity, const FlowOptions& options);

}  // namespace weft::sim
