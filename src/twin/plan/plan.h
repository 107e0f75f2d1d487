// SPDX-License-Identifier: Apache-2.0
// What a world is made of, before anything lives: a rack file's fabric sorted into machines, links
// and their sections, with the names by which clients know them. Made once by plan(); everything
// that is built from it refers to it.
#pragma once

#include "base/result.h"
#include "fabric/model.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weft::twin {

/// Which machinery drives a link.
enum class LinkRole : std::uint8_t {
  kPcie,      ///< in the PCIe hierarchy of a machine, CXL links included: configuration space
  kEthernet,  ///< Ethernet and Ultra Ethernet: network interface, module
  kGeneric,   ///< no public management interface, or outside any hierarchy: PortCounters, modelled
};

/// What lies between two places that decide bits, in order from end a to end b.
struct SectionPlan {
  std::vector<fabric::Segment> segments;
  std::string text;         ///< the path as phy::media::parse_path() reads it, packages included
  bool is_optical = false;  ///< its middle is light
};

struct LinkPlan {
  fabric::LinkId id;
  std::string name;
  LinkRole role = LinkRole::kGeneric;
  fabric::ProtocolId protocol{};
  base::LaneCount lanes;
  fabric::PortId a;                   ///< toward the host
  fabric::PortId b;                   ///< null: not part of this rack; the link never trains
  std::vector<SectionPlan> sections;  ///< one more than repeaters
  /// Retimers or cable modules, from a to b. Null: an end of a retimed cable or of optics that the
  /// rack file names as a segment only; no device speaks for it, so it is always ready (its module,
  /// if any, is the ModulePlan of that link end).
  std::vector<fabric::DeviceId> repeaters;
};

/// One PCI function, in a machine's numbering.
struct FunctionPlan {
  fabric::DeviceId device;
  /// Whose link this function stands at; null for an accelerator's inner bridge and what is behind.
  fabric::PortId port;
  std::string address;                ///< "0000:3b:00.0"
  std::optional<std::size_t> parent;  ///< index of the bridge above; absent: root port
  std::optional<std::size_t> link;    ///< index in WorldPlan::links of the link at `port`
  enum class Role : std::uint8_t { kRootPort, kUpstream, kDownstream, kEndpoint } role{};
  std::uint8_t secondary = 0;    ///< bridges: bus below
  std::uint8_t subordinate = 0;  ///< bridges: last bus below
};

struct SmbusPlan {
  fabric::DeviceId retimer;
  std::string segment;  ///< "i2c-9"
  std::uint8_t address = 0;
};

struct ModulePlan {
  fabric::DeviceId module;  ///< null: optics or cable that the rack file names as a segment only
  std::string interface;    ///< "eth0"; "cage0" where no network interface has it
  std::size_t link = 0;
  bool is_end_a = true;
};

struct NetdevPlan {
  std::string interface;
  fabric::PortId port;
  std::optional<std::size_t> link;
  std::optional<std::size_t> function;  ///< its PCI function, where it has one
};

struct CounterPlan {
  std::string name;  ///< "switch0/port3"
  std::optional<std::size_t> link;
  bool is_end_a = true;
};

/// What one operating system, BMC or switch controller sees: a rack's top-level device.
struct MachinePlan {
  std::string name;  ///< host name: the rack file's match.host, or the device's name with '-'
  fabric::DeviceId device;
  std::vector<FunctionPlan> functions;  ///< parents before children
  std::vector<SmbusPlan> retimers;
  std::vector<ModulePlan> modules;
  std::vector<NetdevPlan> netdevs;
  std::vector<CounterPlan> counters;
  std::vector<fabric::DeviceId> members;       ///< every device inside, itself included
  std::vector<fabric::DeviceId> not_modelled;  ///< families that have no twin yet
};

struct WorldPlan {
  fabric::Fabric fabric;
  std::vector<LinkPlan> links;
  std::vector<MachinePlan> machines;
  std::vector<std::string> notes;  ///< what was assumed: lengths, packages, addresses
};

/// kInvalidArgument where the rack cannot live: a link without a path that phy knows, more
/// retimers than addresses, ...
[[nodiscard]] base::Result<WorldPlan> plan_world(fabric::Fabric rack);

}  // namespace weft::twin
