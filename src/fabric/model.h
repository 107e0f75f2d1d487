// SPDX-License-Identifier: Apache-2.0
// The model that everything shares: a device has ports; a link joins two ports; a link runs over
// segments; retimers divide it; a port has lanes. It is made from a rack file (rack.h: the plan) or
// from a machine (driver/: what is there), so that the two can be compared (diff.h). Values only:
// no clock, no measurement; what is measured is in observe/.
#pragma once

#include "base/id.h"
#include "base/result.h"
#include "base/units.h"
#include "fabric/protocol.h"

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weft::fabric {

struct DeviceTag {
  static constexpr std::string_view kPrefix = "dev";
};
struct PortTag {
  static constexpr std::string_view kPrefix = "prt";
};
struct LinkTag {
  static constexpr std::string_view kPrefix = "lnk";
};
using DeviceId = base::StrongId<DeviceTag>;
using PortId = base::StrongId<PortTag>;
using LinkId = base::StrongId<LinkTag>;

/// What a device is for. `kUnknown` is a value, not an error.
enum class DeviceKind : std::uint8_t {
  kUnknown,
  kHost,
  kProcessor,
  kAccelerator,
  kNic,
  kSwitch,
  kBridge,
  kRetimer,
  kCableModule,
  kMemoryController,
  kStorage,
  kMemory,
  kOther,
  kEnclosure,  ///< what holds others: a tray, a chassis, a baseboard
};
[[nodiscard]] std::string_view key(DeviceKind kind);
[[nodiscard]] std::optional<DeviceKind> device_kind(std::string_view key);
/// Every key of the above, for help and for "did you mean".
[[nodiscard]] std::span<const std::string_view> device_kind_keys();

/// Which part this is: what one orders, and which one it is. Empty is unknown.
struct PartIdentity {
  std::string vendor;
  std::string part_number;
  std::string serial;
  std::string slot;
  std::string firmware;
  friend bool operator==(const PartIdentity&, const PartIdentity&) = default;
};

/// Where a device stands. Unset is unknown.
struct ChassisPosition {
  std::optional<int> row;
  std::string rack;
  std::optional<int> unit;  ///< rack unit of its lowest edge, 1 at the bottom
  std::string tray;
  std::string slot;
  friend bool operator==(const ChassisPosition&, const ChassisPosition&) = default;
};

struct Port {
  PortId id;
  DeviceId device;
  std::string name;       ///< unique in its device: "nvl3", "pcie0", "00:1c.0"
  ProtocolId protocol{};  ///< the fastest it can run; protocol.h
  base::LaneCount lanes;  ///< the widest it can run
};

/// Which way bits go on a lane; "host" is the link's end `a`.
enum class LaneDirection : std::uint8_t { kTowardDevice, kTowardHost };

/// One lane of a port, one direction: what an eye, a margin or an error ratio belongs to.
struct Lane {
  PortId port;
  std::uint32_t index = 0;  ///< 0 to the port's lanes - 1
  LaneDirection direction = LaneDirection::kTowardDevice;
  friend constexpr auto operator<=>(const Lane&, const Lane&) = default;
};

struct Device {
  DeviceId id;
  std::string name;  ///< unique in its fabric: "server3/gpu5", "host-a/0000:1b:00.0"
  DeviceKind kind = DeviceKind::kUnknown;
  PartIdentity part;
  ChassisPosition position;
  std::string parent;     ///< name of the device that holds it (a tray, a host), or empty
  base::LaneCount lanes;  ///< lanes it has in all (switch) or repeats (retimer); 0 where unknown
  std::vector<PortId> ports;
};

/// Copper by cable kind, fibre by optics kind, and what lies on boards.
enum class Medium : std::uint8_t {
  kUnknown,
  kBoard,
  kConnector,
  kPackage,
  kBackplane,
  kDac,        ///< passive copper
  kAcc,        ///< redriven copper
  kAec,        ///< retimed copper
  kAoc,        ///< active optical cable, both ends fixed
  kDspOptics,  ///< retimed pluggable optics
  kLpo,        ///< linear pluggable optics
  kCpo,        ///< co-packaged optics
  kCoherent,   ///< coherent optics, campus spans
};
[[nodiscard]] std::string_view key(Medium medium);
[[nodiscard]] std::optional<Medium> medium(std::string_view key);
[[nodiscard]] std::span<const std::string_view> medium_keys();

/// One stretch of a link's path, in order from port `a` to port `b`.
struct Segment {
  Medium medium = Medium::kUnknown;
  std::string part;                       ///< part name in data/media, or free text; may be empty
  base::Millimetres length;               ///< 0 where unknown
  std::optional<DeviceId> retimer_after;  ///< the retimer that ends this segment, if one does
};

struct Link {
  LinkId id;
  std::string name;       ///< unique in its fabric
  PortId a;               ///< upstream (toward host) end where the protocol has one
  PortId b;               ///< one end may be null: a port that is not seen (another machine's)
  ProtocolId protocol{};  ///< what it is meant to run
  base::LaneCount lanes;
  std::vector<Segment> segments;
};

/// How a planned device is recognised on a machine; empty keys ask nothing. match.h does the work.
struct MatchKeys {
  std::string host = {};  ///< host name of the machine that sees it
  std::string bdf = {};   ///< "0000:1b:00.0"
  std::string serial = {};
  std::string slot = {};
  std::string part = {};  ///< part number, as the machine gives it
  /// Other names under which its machine has it or parts of it: "i2c-9/0x20", "pci0000:80";
  /// "HOST ADDRESS" where another machine has that part.
  std::vector<std::string> addresses = {};
  [[nodiscard]] bool empty() const { return host.empty() && !names_a_device(); }
  /// A host alone says where to look, not what to find.
  [[nodiscard]] bool names_a_device() const {
    return !(bdf.empty() && serial.empty() && slot.empty() && part.empty() && addresses.empty());
  }
  friend bool operator==(const MatchKeys&, const MatchKeys&) = default;
};

/// What a live link must run at, where that is less than the link's own protocol and lanes.
struct LinkExpectation {
  ProtocolId protocol{};
  base::LaneCount lanes;
  friend bool operator==(const LinkExpectation&, const LinkExpectation&) = default;
};

/// A set of devices, ports and links with look-up by id and name. Order is insertion order.
class Fabric {
 public:
  std::string name;
  std::string description;
  /// Side tables of a plan, filled by the rack file; empty for what was found on a machine.
  std::map<DeviceId, MatchKeys> match;
  std::map<LinkId, LinkExpectation> expect;
  /// What a machine calls a planned port ("0000:02:01.0", "eth3"), where that is another name.
  std::map<PortId, std::string> match_port;

  /// Adds. A null id is derived from the names: a device's from its name, a port's from
  /// "device/port", a link's from its name; an id that is set is kept (a machine's ids come from
  /// where things sit). kAlreadyExists when the name or the id is taken; kNotFound where a port's
  /// device or a link's port is not there; kInvalidArgument for an empty name or a link from a port
  /// to itself. Device::ports is filled by add(Port) only.
  base::Result<DeviceId> add(Device device);
  base::Result<PortId> add(Port port);
  base::Result<LinkId> add(Link link);
  /// Gives a link whose far end was not seen that end. kNotFound for an unknown link or port,
  /// kAlreadyExists where it has one, kInvalidArgument where both ends would be one port.
  base::Result<void> set_far_end(LinkId link, PortId b);

  [[nodiscard]] const std::vector<Device>& devices() const { return devices_; }
  [[nodiscard]] const std::vector<Port>& ports() const { return ports_; }
  [[nodiscard]] const std::vector<Link>& links() const { return links_; }

  /// nullptr where there is none.
  [[nodiscard]] const Device* device(DeviceId id) const;
  [[nodiscard]] const Port* port(PortId id) const;
  [[nodiscard]] const Link* link(LinkId id) const;
  [[nodiscard]] Device* device(DeviceId id);
  /// By "device/port".
  [[nodiscard]] const Port* port_named(std::string_view full_name) const;
  [[nodiscard]] const Device* device_named(std::string_view name) const;
  [[nodiscard]] const Link* link_named(std::string_view name) const;
  /// The first link that ends at this port.
  [[nodiscard]] const Link* link_at(PortId port) const;
  /// The device whose port this is; the null id where the port is unknown or null.
  [[nodiscard]] DeviceId owner(PortId id) const;
  /// "device/port", or the id's text where the port is unknown.
  [[nodiscard]] std::string port_name(PortId id) const;

 private:
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  using NameIndex = std::unordered_map<std::string, std::size_t, NameHash, std::equal_to<>>;

  std::vector<Device> devices_;
  std::vector<Port> ports_;
  std::vector<Link> links_;
  std::unordered_map<DeviceId, std::size_t> device_index_;
  std::unordered_map<PortId, std::size_t> port_index_;
  std::unordered_map<LinkId, std::size_t> link_index_;
  std::unordered_map<PortId, std::size_t> link_by_port_;
  NameIndex device_names_;
  NameIndex port_names_;
  NameIndex link_names_;
};

}  // namespace weft::fabric
