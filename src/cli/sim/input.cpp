// SPDX-License-Identifier: Apache-2.0
#include "cli/sim/input.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace weft::cli {

void SimMistakes::add(std::string_view option, std::string_view given, std::string_view wanted) {
  list_.push_back(fmt::format("{}: \"{}\" is not {}", option, base::printable(given, 60), wanted));
}

base::Result<void> SimMistakes::result() const {
  if (list_.empty()) {
    return {};
  }
  return base::fail(base::Code::kInvalidArgument, fmt::format("{}", fmt::join(list_, "; ")));
}

namespace sim_input_impl {
namespace {

std::optional<sim::Routing> find_routing(std::string_view name) {
  for (const sim::Routing routing :
       {sim::Routing::kEcmp, sim::Routing::kSpray, sim::Routing::kWeighted}) {
    if (sim::key(routing) == name) {
      return routing;
    }
  }
  return std::nullopt;
}

base::Result<void> read_words(const Arguments& arguments, SimInput& input, sim::RackOptions& rack) {
  SimMistakes mistakes;
  if (const auto text = arguments.value("--ranks")) {
    const auto ranks = base::parse_unsigned(*text);
    if (!ranks || *ranks < 2 || *ranks > 1'000'000) {
      mistakes.add("--ranks", *text, "a number of ranks, at least 2");
    }
    rack.ranks = static_cast<std::uint32_t>(ranks.value_or(0));
  }
  if (const auto text = arguments.value("--routing")) {
    const auto routing = find_routing(*text);
    if (!routing) {
      mistakes.add("--routing", *text, "spray, weighted or ecmp");
    }
    input.routing = routing.value_or(input.routing);
  }
  if (const auto text = arguments.value("--fidelity")) {
    const auto fidelity = sim::find_fidelity(*text);
    if (!fidelity) {
      mistakes.add("--fidelity", *text, "auto, closed-form, flow or packet");
    }
    input.fidelity = fidelity.value_or(input.fidelity);
  }
  if (const auto text = arguments.value("--software")) {
    const auto profile = sim::find_profile(*text);
    if (!profile) {
      mistakes.add("--software", *text, "ideal, nvlink4, nvlink5 or other");
    }
  }
  return mistakes.result();
}

base::Result<void> read_state(const Arguments& arguments, SimInput& input) {
  if (const auto file = arguments.value("--state")) {
    auto state = fabric::load_fabric_state(*file);
    if (!state) {
      return tl::unexpected(state.error());
    }
    input.state = sim::part_of(*state, input.network);
    input.links_elsewhere = state->links.size() - input.state.links.size();
  }
  for (const std::string& text : arguments.values("--degrade")) {
    const auto links = sim::parse_degrade(text, input.network);
    if (!links) {
      return tl::unexpected(links.error());
    }
    input.state.links.insert(input.state.links.end(), links->begin(), links->end());
  }
  return {};
}

}  // namespace
}  // namespace sim_input_impl

base::Result<SimInput> read_sim_input(const Arguments& arguments) {
  SimInput input;
  sim::RackOptions rack;
  if (auto ok = sim_input_impl::read_words(arguments, input, rack); !ok) {
    return tl::unexpected(ok.error());
  }
  auto network = sim::load_network(arguments.value("RACK").value_or(""), rack);
  if (!network) {
    return tl::unexpected(network.error());
  }
  input.network = std::move(*network);
  if (arguments.has("--in-switch")) {
    for (sim::NodeIndex i = 0; i < input.network.nodes().size(); ++i) {
      input.network.node(i).can_reduce = input.network.node(i).can_multicast = true;
    }
  }
  const auto named = arguments.value("--software");
  input.profile = named ? sim::find_profile(*named).value_or(sim::Profile::kIdeal)
                        : sim::profile_of(input.network);
  if (auto ok = sim_input_impl::read_state(arguments, input); !ok) {
    return tl::unexpected(ok.error());
  }
  return input;
}

std::string breakdown_text(const sim::Breakdown& path) {
  std::array<std::pair<std::string_view, sim::Ps>, 7> parts = {
      {{"software", path.software},
       {"skew", path.skew},
       {"compute", path.compute},
       {"latency", path.latency},
       {"serialisation", path.serialisation},
       {"contention", path.contention},
       {"retry", path.retry}}};
  std::sort(parts.begin(), parts.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  std::vector<std::string> out;
  const auto total = static_cast<double>(std::max<sim::Ps>(path.total(), 1));
  for (const auto& [name, time] : parts) {
    const double share = 100 * static_cast<double>(time) / total;
    if (share >= 0.5) {
      out.push_back(fmt::format("{} {:.0f} %", name, share));
    }
  }
  return fmt::format("{}", fmt::join(out, ", "));
}

}  // namespace weft::cli
