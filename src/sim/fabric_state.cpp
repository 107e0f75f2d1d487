// SPDX-License-Identifier: Apache-2.0
#include "sim/fabric_state.h"

#include "base/text.h"
#include "fabric/nearest.h"
#include "fabric/protocol.h"
#include "sim/effective.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace weft::sim {
namespace {

constexpr std::size_t kStateMistakesMax = 50;

/// What a link with this state is worth, as a part of its plan; or what is wrong.
base::Result<void> change_channel(const LinkState& state, Channel& channel) {
  const fabric::Protocol& planned = fabric::protocol(channel.protocol);
  double rate = channel.planned_bytes_per_second;
  if (state.lanes) {
    if (*state.lanes > channel.planned_lanes) {
      return base::fail(
          base::Code::kInvalidArgument,
          fmt::format("{} lanes, {} are planned", *state.lanes, channel.planned_lanes), state.link);
    }
    rate *= static_cast<double>(*state.lanes) / channel.planned_lanes;
    channel.lanes = static_cast<std::uint16_t>(*state.lanes);
  }
  if (!state.protocol.empty()) {
    const auto found = fabric::find_protocol(state.protocol);
    if (!found) {
      return base::fail(
          base::Code::kInvalidArgument,
          fmt::format("unknown protocol \"{}\"", base::printable(state.protocol, 40)), state.link,
          fmt::format("did you mean {}?", fabric::nearest_protocol_key(state.protocol)));
    }
    const double before = fabric::payload_rate(planned, base::LaneCount(1)).value();
    const double after = fabric::payload_rate(fabric::protocol(*found), base::LaneCount(1)).value();
    if (!(before > 0) || after > before) {
      return base::fail(base::Code::kInvalidArgument,
                        fmt::format("{} is not slower than what is planned", state.protocol),
                        state.link);
    }
    rate *= after / before;
    channel.protocol = *found;
  }
  channel.bytes_per_second = state.is_down ? 0 : rate;
  if (state.flit_error_ratio) {
    channel.flit_error_ratio = *state.flit_error_ratio;
  } else if (state.bit_error_ratio) {
    const double bits = flit_bytes(channel.protocol) * 8;
    channel.flit_error_ratio = -std::expm1(bits * std::log1p(-*state.bit_error_ratio));
  }
  return {};
}

/// One word after "LINK=".
bool set_word(LinkState& link, std::string_view word) {
  if (word == "down") {
    link.is_down = true;
    return true;
  }
  if (word.starts_with("ber:")) {
    double ratio = -1;
    const std::string_view digits = word.substr(4);
    const auto [end, problem] =
        std::from_chars(digits.data(), digits.data() + digits.size(), ratio);
    link.bit_error_ratio = ratio;
    return problem == std::errc() && end == digits.data() + digits.size() && ratio >= 0 &&
           ratio < 1;
  }
  if (word.size() > 1 && word[0] == 'x') {
    const auto lanes = base::parse_unsigned(word.substr(1));
    link.lanes = static_cast<std::uint32_t>(lanes.value_or(0));
    return lanes && *lanes >= 1 && *lanes <= 512;
  }
  link.protocol = word;
  return fabric::find_protocol(word).has_value();
}

}  // namespace

base::Result<std::vector<LinkState>> parse_degrade(std::string_view text, const Network& network) {
  const std::size_t equals = text.rfind('=');
  const std::string_view pattern = text.substr(0, equals);
  LinkState like;
  bool is_good = equals != std::string_view::npos;
  for (const std::string_view word :
       base::split(is_good ? text.substr(equals + 1) : std::string_view(), ',')) {
    is_good = is_good && set_word(like, word);
  }
  if (!is_good) {
    return base::fail(base::Code::kInvalidArgument, "not LINK=WHAT", base::printable(text, 120),
                      "WHAT is x8, down, a slower protocol such as pcie4, or ber:1e-9");
  }
  std::vector<LinkState> out;
  for (std::uint32_t link = 0; link < network.links(); ++link) {
    if (base::matches(pattern, network.link_name(link))) {
      out.push_back(like);
      out.back().link = network.link_name(link);
    }
  }
  if (out.empty()) {
    return base::fail(base::Code::kNotFound, "no link of this name", base::printable(pattern, 120),
                      network.links() == 0
                          ? std::string()
                          : fmt::format("links are named like {}", network.link_name(0)));
  }
  return out;
}

FabricState part_of(const FabricState& state, const Network& network) {
  FabricState out;
  out.rack = state.rack;
  for (const LinkState& link : state.links) {
    if (!network.left_out.contains(link.link)) {
      out.links.push_back(link);
    }
  }
  return out;
}

base::Result<void> apply(const FabricState& state, Network& network) {
  std::unordered_map<std::string_view, std::uint32_t> links;
  for (std::uint32_t link = 0; link < network.links(); ++link) {
    links.emplace(network.link_name(link), link);
  }
  std::vector<std::string> wrong;
  for (const LinkState& link : state.links) {
    const auto at = links.find(link.link);
    if (at == links.end() && network.left_out.contains(link.link)) {
      continue;
    }
    if (at == links.end()) {
      wrong.push_back(
          fmt::format("{}: no such link in {}", base::printable(link.link, 120), network.name));
      continue;
    }
    for (const ChannelIndex channel : network.channels_of(at->second)) {
      const auto changed = change_channel(link, network.channel(channel));
      if (!changed) {
        wrong.push_back(changed.error().text());
        break;
      }
    }
  }
  if (!wrong.empty()) {
    wrong.resize(std::min(wrong.size(), kStateMistakesMax));
    return base::fail(base::Code::kInvalidArgument, fmt::format("{}", fmt::join(wrong, "; ")),
                      "fabric state");
  }
  return {};
}

}  // namespace weft::sim
