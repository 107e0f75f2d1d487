// SPDX-License-Identifier: Apache-2.0
#include "phy/channel/cut.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include <fmt/format.h>

namespace weft::phy::channel {
namespace cutting {
namespace {

using base::Code;

constexpr std::size_t kMapMax = 64;

base::Result<PortPair> parse_pair(std::string_view text, const std::string& where) {
  const auto parts = base::split(text, ',');
  std::array<std::size_t, 2> ports{};
  for (std::size_t i = 0; i < 2; ++i) {
    const auto number = parts.size() == 2 ? base::parse_unsigned(parts[i]) : std::nullopt;
    if (!number || *number < 1 || *number > 1000) {
      return base::fail(Code::kInvalidArgument,
                        fmt::format("\"{}\" is no pair of ports", base::printable(text, 40)), where,
                        "Write a pair as 1,3: positive, negative, counted from 1.");
    }
    ports[i] = static_cast<std::size_t>(*number) - 1;
  }
  return PortPair{ports[0], ports[1]};
}

base::Result<PathPorts> parse_path_ports(std::string_view text, const std::string& where) {
  const auto at = text.find_first_of(":>");
  if (at == std::string_view::npos) {
    return base::fail(
        Code::kInvalidArgument,
        fmt::format("\"{}\" does not say where the path ends", base::printable(text, 40)), where,
        "Write FROM:TO, as 1,3:2,4.");
  }
  auto left = text.substr(0, at);
  if (text[at] == '>' && left.ends_with('-')) {
    left.remove_suffix(1);
  }
  const auto from = parse_pair(left, where);
  if (!from) {
    return tl::unexpected(from.error());
  }
  const auto to = parse_pair(text.substr(at + 1), where);
  if (!to) {
    return tl::unexpected(to.error());
  }
  return PathPorts{*from, *to};
}

std::string ports_text(const PathPorts& ports) {
  return fmt::format("{},{}:{},{}", ports.from.positive + 1, ports.from.negative + 1,
                     ports.to.positive + 1, ports.to.negative + 1);
}

base::Result<void> check_ports(const Network& network, const PathPorts& ports,
                               const std::string& where) {
  const std::array<std::size_t, 4> all = {ports.from.positive, ports.from.negative,
                                          ports.to.positive, ports.to.negative};
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i] >= network.ports) {
      return base::fail(Code::kInvalidArgument,
                        fmt::format("the pair map names port {} of {}", all[i] + 1, network.ports),
                        where);
    }
    if (std::count(all.begin(), all.end(), all[i]) != 1) {
      return base::fail(Code::kInvalidArgument,
                        fmt::format("port {} stands twice in {}", all[i] + 1, ports_text(ports)),
                        where);
    }
  }
  return {};
}

/// A path before it is on the victim's frequencies.
struct Cut {
  Path path;
  PathPorts ports;
};

base::Result<std::vector<Cut>> cut_source(const Source& source, const PathPorts* like,
                                          std::vector<std::string>& notes) {
  std::vector<Cut> cuts;
  if (source.network.ports == 2 && source.paths.empty()) {
    const double hundred[] = {100};
    auto network = renormalise(source.network, hundred);
    if (!network) {
      return tl::unexpected(network.error());
    }
    notes.push_back(fmt::format("{}: two ports of {} ohm, taken as a differential pair",
                                source.name, source.network.z0_ohm.front()));
    cuts.push_back({{source.role, source.name, std::move(*network)}, {}});
    return cuts;
  }
  const auto paths = paths_of(source, like, notes);
  if (!paths) {
    return tl::unexpected(paths.error());
  }
  for (const MappedPath& path : *paths) {
    if (auto checked = check_ports(source.network, path.ports, source.name); !checked) {
      return tl::unexpected(checked.error());
    }
    auto network = path_differential(source.network, path.ports);
    if (!network) {
      return tl::unexpected(network.error());
    }
    cuts.push_back(
        {{path.role.value_or(source.role),
          fmt::format("{} {}", source.name, ports_text(path.ports)), std::move(*network)},
         path.ports});
  }
  return cuts;
}

bool is_thru(const Source& source) {
  const auto thru = [&](const MappedPath& path) {
    return path.role.value_or(source.role) == Role::kThru;
  };
  return source.paths.empty() ? source.role == Role::kThru
                              : std::any_of(source.paths.begin(), source.paths.end(), thru);
}

}  // namespace
}  // namespace cutting

std::string_view key(Role role) {
  constexpr std::array<std::string_view, 3> kKeys = {"thru", "fext", "next"};
  return kKeys[static_cast<std::size_t>(role)];
}

std::optional<Role> find_role(std::string_view word) {
  std::string lower(word);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  for (const Role role : {Role::kThru, Role::kFext, Role::kNext}) {
    if (key(role) == lower) {
      return role;
    }
  }
  return std::nullopt;
}

base::Result<std::vector<MappedPath>> parse_pairs(std::string_view text) {
  using namespace cutting;
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), ';', ' ');
  std::vector<MappedPath> paths;
  std::optional<PortPair> transmitter;
  std::optional<PortPair> receiver;
  std::string last_where = "pairs:1";
  for (const auto word : base::words(spaced)) {
    const auto column = static_cast<std::size_t>(word.data() - spaced.data()) + 1;
    const std::string where = last_where = fmt::format("pairs:{}", column);
    const auto equal = word.find('=');
    const std::string_view head = equal == std::string_view::npos ? "" : word.substr(0, equal);
    const std::string_view body = equal == std::string_view::npos ? word : word.substr(equal + 1);
    if (head == "tx" || head == "rx") {
      const auto pair = parse_pair(body, where);
      if (!pair) {
        return tl::unexpected(pair.error());
      }
      (head == "tx" ? transmitter : receiver) = *pair;
      if (transmitter && receiver) {
        paths.push_back({std::nullopt, {*transmitter, *receiver}});
        transmitter.reset();
        receiver.reset();
      }
      continue;
    }
    MappedPath path;
    if (!head.empty()) {
      path.role = find_role(head);
      if (!path.role) {
        return base::fail(Code::kInvalidArgument,
                          fmt::format("\"{}\" is no role", base::printable(head, 40)), where,
                          "Roles are thru, fext and next.");
      }
    }
    const auto ports = parse_path_ports(body, where);
    if (!ports) {
      return tl::unexpected(ports.error());
    }
    path.ports = *ports;
    paths.push_back(path);
    if (paths.size() > kMapMax) {
      return base::fail(Code::kResourceExhausted,
                        fmt::format("more than {} paths in the pair map", kMapMax), where);
    }
  }
  if (transmitter || receiver || paths.empty()) {
    return base::fail(Code::kInvalidArgument,
                      paths.empty() && !transmitter && !receiver ? "the pair map is empty"
                                                                 : "tx= and rx= come in twos",
                      last_where, "Write tx=1,3 rx=2,4 or 1,3:2,4.");
  }
  return paths;
}

DetectedPorts detect_ports(const Network& network, double below_hz) {
  // A few points above 0 Hz: at 0 Hz itself a coupled pair can look as well joined as a line.
  std::size_t first = 0;
  while (first < network.points() && network.frequency_hz[first] <= 0) {
    ++first;
  }
  std::size_t last = first;
  constexpr std::size_t kPointsMax = 100;
  while (last < network.points() && last - first < kPointsMax &&
         (last == first || network.frequency_hz[last] <= below_hz)) {
    ++last;
  }
  if (first == last) {
    first = 0;
    last = network.points();
  }
  std::array<double, 3> power{};
  for (std::size_t point = first; point < last; ++point) {
    for (std::size_t k = 0; k < power.size(); ++k) {
      power[k] += std::norm(network.at(point, k + 1, 0));
    }
  }
  const auto best =
      static_cast<std::size_t>(std::max_element(power.begin(), power.end()) - power.begin());
  constexpr std::array<PathPorts, 3> kOrders = {
      PathPorts{{0, 2}, {1, 3}},  // 1 -> 2, 3 -> 4
      PathPorts{{0, 1}, {2, 3}},  // 1 -> 3, 2 -> 4
      PathPorts{{0, 1}, {3, 2}},  // 1 -> 4, 2 -> 3
  };
  DetectedPorts found;
  found.ports = kOrders[best];
  const double count = std::max(1.0, static_cast<double>(last - first));
  const auto db = [&](double sum) { return 10 * std::log10(std::max(sum / count, 1e-30)); };
  found.through_db = db(power[best]);
  power[best] = 0;
  found.next_db = db(*std::max_element(power.begin(), power.end()));
  found.at_hz = network.points() > 0 ? network.frequency_hz[(first + last - 1) / 2] : 0;
  return found;
}

base::Result<Network> path_modes(const Network& network, const PathPorts& ports) {
  const double fifty[] = {50};
  const bool is_fifty = std::all_of(network.z0_ohm.begin(), network.z0_ohm.end(),
                                    [](double ohm) { return ohm == 50; });
  const std::size_t order[] = {ports.from.positive, ports.from.negative, ports.to.positive,
                               ports.to.negative};
  constexpr PortPair kPairs[] = {{0, 1}, {2, 3}};
  if (is_fifty) {
    return mixed_mode(select_ports(network, order), kPairs);
  }
  // Ports beside the path are matched: to 50 ohm as well.
  const auto changed = renormalise(network, fifty);
  return changed ? mixed_mode(select_ports(*changed, order), kPairs) : changed;
}

base::Result<Network> path_differential(const Network& network, const PathPorts& ports) {
  const auto modes = path_modes(network, ports);
  constexpr std::size_t kDifferential[] = {0, 1};
  return modes ? select_ports(*modes, kDifferential) : modes;
}

base::Result<std::vector<MappedPath>> paths_of(const Source& source, const PathPorts* like,
                                               std::vector<std::string>& notes) {
  using namespace cutting;
  if (!source.paths.empty() || source.network.ports == 2) {
    return source.paths;
  }
  if (source.network.ports != 4) {
    return base::fail(Code::kInvalidArgument,
                      fmt::format("{} ports need a pair map", source.network.ports), source.name,
                      "Say which ports form the pairs, as --pairs \"thru=1,3:2,4 fext=5,7:2,4\".");
  }
  MappedPath path;
  if (like != nullptr) {
    path.ports = *like;
  } else {
    constexpr double kSureDb = 6;
    const DetectedPorts found = detect_ports(source.network);
    path.ports = found.ports;
    notes.push_back(fmt::format(
        "{}: port order {} found: {:.1f} dB from port 1 to {}, {:.1f} dB to the next best, about "
        "{:.3g} GHz{}",
        source.name, ports_text(found.ports), found.through_db, found.ports.to.positive + 1,
        found.next_db, found.at_hz * 1e-9,
        found.through_db - found.next_db < kSureDb ? "; not sure, say it with --pairs" : ""));
  }
  return std::vector{path};
}

std::vector<double> with_dc(std::span<const double> frequency_hz) {
  std::vector<double> out;
  if (!frequency_hz.empty() && frequency_hz[0] > 0) {
    constexpr std::size_t kPointsMax = 100'000;
    const double step = frequency_hz.size() > 1 ? frequency_hz[1] - frequency_hz[0] : 0;
    // As many equal steps as bring the first point to 0 Hz; one step where that does not come out.
    const double steps = step > 0 ? std::max(1.0, std::round(frequency_hz[0] / step)) : 1;
    const auto count =
        steps < static_cast<double>(kPointsMax) ? static_cast<std::size_t>(steps) : 1;
    for (std::size_t i = 0; i < count; ++i) {
      out.push_back(frequency_hz[0] * static_cast<double>(i) / static_cast<double>(count));
    }
  }
  out.insert(out.end(), frequency_hz.begin(), frequency_hz.end());
  return out;
}

base::Result<Channel> cut_channel(std::span<const Source> sources) {
  using namespace cutting;
  Channel channel;
  std::vector<Cut> cuts;
  std::optional<PathPorts> thru_ports;
  // The thru file first: aggressors' files share its port order.
  for (const bool want_thru : {true, false}) {
    for (const Source& source : sources) {
      if (is_thru(source) != want_thru) {
        continue;
      }
      channel.notes.insert(channel.notes.end(), source.notes.begin(), source.notes.end());
      auto found = cut_source(source, thru_ports ? &*thru_ports : nullptr, channel.notes);
      if (!found) {
        return tl::unexpected(found.error());
      }
      for (Cut& cut : *found) {
        if (cut.path.role == Role::kThru && source.network.ports == 4) {
          thru_ports = cut.ports;
        }
        cuts.push_back(std::move(cut));
      }
    }
  }
  const auto is_thru_cut = [](const Cut& cut) { return cut.path.role == Role::kThru; };
  const auto thrus = std::count_if(cuts.begin(), cuts.end(), is_thru_cut);
  if (thrus != 1) {
    return base::fail(Code::kInvalidArgument,
                      thrus == 0 ? "there is no thru path"
                                 : fmt::format("there are {} thru paths; one is needed", thrus),
                      {}, "Give aggressors as --fext FILE and --next FILE, or a role in --pairs.");
  }
  const auto thru = std::find_if(cuts.begin(), cuts.end(), is_thru_cut);
  const auto grid = with_dc(thru->path.sdd.frequency_hz);
  if (grid.size() != thru->path.sdd.points()) {
    channel.notes.push_back(fmt::format("{}: no point at 0 Hz; {} made by extrapolation",
                                        thru->path.name, grid.size() - thru->path.sdd.points()));
  }
  for (Cut& cut : cuts) {
    if (cut.path.sdd.frequency_hz.back() < grid.back()) {
      channel.notes.push_back(fmt::format("{}: ends at {:.4g} GHz, taken as 0 above", cut.path.name,
                                          cut.path.sdd.frequency_hz.back() * 1e-9));
    }
    auto resampled = resample(cut.path.sdd, grid);
    if (!resampled) {
      return tl::unexpected(resampled.error());
    }
    cut.path.sdd = std::move(*resampled);
    if (is_thru_cut(cut)) {
      channel.thru = std::move(cut.path);
    } else {
      channel.aggressors.push_back(std::move(cut.path));
    }
  }
  return channel;
}

}  // namespace weft::phy::channel
