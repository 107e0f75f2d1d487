// SPDX-License-Identifier: Apache-2.0
// Cuts a link's channel out of Touchstone networks: which ports form the pairs of transmitter and
// receiver, by a pair map or by looking at what passes at low frequency, then differential
// two-ports of 100 ohm on the victim's frequencies, 0 Hz included. Verbs and media/ (measured
// segments) call it. Refused: no thru path or two, ports that are not there, networks of more than
// four ports without a map.
#pragma once

#include "phy/channel/channel.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::phy::channel {

/// Where a path begins and ends in a network; ports from 0.
struct PathPorts {
  PortPair from;  ///< of the transmitter
  PortPair to;    ///< of the victim's receiver
};

/// One entry of a pair map. Without a role it is that of the file.
struct MappedPath {
  std::optional<Role> role;
  PathPorts ports;
};

/// A pair map, ports from 1 as in the file, positive before negative:
///   "1,3:2,4"                          from ports 1 and 3 to 2 and 4
///   "tx=1,3 rx=2,4"                    the same
///   "thru=1,3:2,4 fext=5,7:2,4 next=10,12:2,4"   several paths of one file
/// Entries are divided by spaces or ';', and '>' or '->' may stand for ':'. where = "pairs:COLUMN".
[[nodiscard]] base::Result<std::vector<MappedPath>> parse_pairs(std::string_view text);

/// A role's key; nothing for other words. Case does not matter.
[[nodiscard]] std::optional<Role> find_role(std::string_view word);

/// A network and what is taken from it.
struct Source {
  Network network;
  std::string name;
  Role role = Role::kThru;              ///< of paths whose map entry has none
  std::vector<MappedPath> paths = {};   ///< empty: four ports by looking, two ports as they are
  std::vector<std::string> notes = {};  ///< of the reader; they go on into the channel's
};

/// Which ports of a four-port belong together: the port that port 1 reaches best below
/// `below_hz` is the other end of its line.
struct DetectedPorts {
  PathPorts ports;
  double through_db = 0;  ///< best transmission from port 1
  double next_db = 0;     ///< second best
  double at_hz = 0;       ///< median of the frequencies that were looked at
};
[[nodiscard]] DetectedPorts detect_ports(const Network& network, double below_hz = 1e9);

/// The four ports of a path in modes: 0 and 1 the differential, 2 and 3 the common mode of
/// transmitter and receiver. Differential 100 ohm, common 25 ohm.
[[nodiscard]] base::Result<Network> path_modes(const Network& network, const PathPorts& ports);

/// The differential two-port of a path, 100 ohm.
[[nodiscard]] base::Result<Network> path_differential(const Network& network,
                                                      const PathPorts& ports);

/// What a source stands for when nothing is said: its map, or what detect_ports() finds. Two-ports
/// have none and give an empty answer. `like`: the ports of the thru file, which aggressors share.
[[nodiscard]] base::Result<std::vector<MappedPath>> paths_of(const Source& source,
                                                             const PathPorts* like,
                                                             std::vector<std::string>& notes);

/// The channel of these sources, on the thru path's frequencies. Where these do not begin at 0 Hz
/// they are continued to it in the first step's width, and a note says so.
[[nodiscard]] base::Result<Channel> cut_channel(std::span<const Source> sources);

/// Frequencies continued down to 0 Hz, which is then the first.
[[nodiscard]] std::vector<double> with_dc(std::span<const double> frequency_hz);

}  // namespace weft::phy::channel
