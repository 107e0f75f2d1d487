// SPDX-License-Identifier: Apache-2.0
// The rack file: what a rack should be, in a page of YAML (docs/formats/rack-file.md), made into a
// Fabric. One file is read by all: as plan, as blueprint of a twin, as expectation of a live
// machine. Loading reports every mistake at once with its line and column, checks the port
// arithmetic (ports used once, lanes that fit, protocols that both ends speak) and is bounded in
// time and memory. Ids are those of the names, so they are the same on each load and in each
// process.
#pragma once

#include "base/result.h"
#include "fabric/model.h"
#include "fabric/rack_problem.h"
#include "fabric/yaml_tree.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weft::fabric {

/// What one rack file may stand for; each limit that is reached is a mistake in the list.
struct RackLimits {
  std::size_t bytes = 4 * 1024 * 1024;
  std::size_t yaml_nodes = 200'000;  ///< after aliases are expanded
  std::size_t devices = 100'000;
  std::size_t ports = 500'000;
  std::size_t links = 250'000;
  std::size_t steps = 2'000'000;    ///< combinations of `for` values tried, over all links
  std::size_t template_depth = 12;  ///< templates within templates
};

/// A PCIe link has at most two retimers (PCIe 4.0 and later).
inline constexpr std::size_t kPcieRetimersMax = 2;
/// Beyond about 50 m of fibre the round trip outgrows a PCIe replay buffer
/// (asteralabs.com/?p=30180).
inline constexpr base::Millimetres kPcieFibreLengthMax{50'000};

struct LoadedRack {
  Fabric fabric;  ///< as much as could be read; complete and consistent where ok()
  std::string file;
  std::vector<RackProblem> problems;  ///< sorted by place
  std::unordered_map<DeviceId, Place> device_places;
  std::unordered_map<LinkId, Place> link_places;

  /// No errors; there may be warnings.
  [[nodiscard]] bool ok() const;
  /// Each problem on its own line, as RackProblem::text gives it.
  [[nodiscard]] std::string problem_text() const;
};

/// `file` is for messages only.
[[nodiscard]] LoadedRack load_rack_text(std::string_view yaml, std::string file,
                                        const RackLimits& limits = {});

/// A rack's body (`templates`, `devices`, `links`, `match`) inside another document. Links may lack
/// `to`: such a link's far end is not known. Mistakes go to `problems`, the result's own list stays
/// empty.
[[nodiscard]] LoadedRack load_rack_body(const YamlNode& body, Problems& problems,
                                        const RackLimits& limits = {});

/// What stands in the rack file of this path or, where there is none, in the reference rack of this
/// name ("reference-pod"); not much more of it than the limit.
struct RackText {
  std::string file;  ///< for messages
  std::string text;
};
[[nodiscard]] base::Result<RackText> read_rack(const std::string& path,
                                               const RackLimits& limits = {});

/// Such a rack, read. Fails only where the file cannot be read (kNotFound, kPermissionDenied,
/// kUnavailable); what is wrong inside it, its size included, is in LoadedRack::problems.
[[nodiscard]] base::Result<LoadedRack> load_rack(const std::string& path,
                                                 const RackLimits& limits = {});

/// The fabric of such a rack without mistakes; else kInvalidArgument with the first of them and how
/// many.
[[nodiscard]] base::Result<Fabric> rack_fabric(const std::string& path);

}  // namespace weft::fabric
