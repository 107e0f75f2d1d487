// SPDX-License-Identifier: Apache-2.0
// What links like this one run at: the same part under the same class of port, over all machines
// that are judged together. Counts come and go with looks, so that a machine that is looked at
// again does not make the others be counted anew. judge() fills it at once, the watch bit by bit.
#pragma once

#include "base/units.h"
#include "observe/snapshot.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace weft::diagnose {

/// PCIe links of one part under one class of port.
struct PeerGroup {
  using Running = std::pair<base::TransferRate, base::LaneCount>;
  std::map<Running, int> running;
  int links = 0;
  /// What two thirds of at least three run. Speed and width are counted apart: idling links differ
  /// in speed and not in width.
  std::optional<base::TransferRate> usual_rate;
  std::optional<base::LaneCount> usual_width;
  /// "7 of 8 like it run 32 GT/s x16"
  [[nodiscard]] std::string text() const;
};

class Peers {
 public:
  /// Counts a machine's look in, or the same look out again.
  void add(const observe::Snapshot& look);
  void remove(const observe::Snapshot& look);
  /// Another number when something else is usual.
  [[nodiscard]] std::uint64_t usual() const;
  /// Machines that are counted in.
  [[nodiscard]] std::size_t hosts() const { return hosts_; }
  /// nullptr where the link has no peers, or it is not known which.
  [[nodiscard]] const PeerGroup* of(const observe::Snapshot& look,
                                    const observe::LinkState& link) const;
  /// InfiniBand: sysfs does not say what a port could run, so that ports of the same part are the
  /// reference.
  [[nodiscard]] std::optional<base::BitsPerSecond> usual_rate(const std::string& part) const;

 private:
  void count(const observe::Snapshot& look, int by);

  std::map<std::string, PeerGroup> groups_;
  struct Ports {
    std::map<base::BitsPerSecond, int> rates;
    std::optional<base::BitsPerSecond> usual;
  };
  std::map<std::string, Ports> infiniband_;
  std::size_t hosts_ = 0;
};

}  // namespace weft::diagnose
