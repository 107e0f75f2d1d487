// SPDX-License-Identifier: Apache-2.0
#include "fabric/model.h"

#include <array>
#include <utility>

namespace weft::fabric {
namespace {

using base::Code;

struct KindName {
  DeviceKind kind;
  std::string_view key;
};
constexpr std::array kDeviceKinds = {
    KindName{DeviceKind::kUnknown, "unknown"},
    KindName{DeviceKind::kHost, "host"},
    KindName{DeviceKind::kProcessor, "processor"},
    KindName{DeviceKind::kAccelerator, "accelerator"},
    KindName{DeviceKind::kNic, "nic"},
    KindName{DeviceKind::kSwitch, "switch"},
    KindName{DeviceKind::kBridge, "bridge"},
    KindName{DeviceKind::kRetimer, "retimer"},
    KindName{DeviceKind::kCableModule, "cable-module"},
    KindName{DeviceKind::kMemoryController, "memory-controller"},
    KindName{DeviceKind::kStorage, "storage"},
    KindName{DeviceKind::kMemory, "memory"},
    KindName{DeviceKind::kOther, "other"},
    KindName{DeviceKind::kEnclosure, "enclosure"},
};

struct MediumName {
  Medium medium;
  std::string_view key;
};
constexpr std::array kMedia = {
    MediumName{Medium::kUnknown, "unknown"},
    MediumName{Medium::kBoard, "board"},
    MediumName{Medium::kConnector, "connector"},
    MediumName{Medium::kPackage, "package"},
    MediumName{Medium::kBackplane, "backplane"},
    MediumName{Medium::kDac, "dac"},
    MediumName{Medium::kAcc, "acc"},
    MediumName{Medium::kAec, "aec"},
    MediumName{Medium::kAoc, "aoc"},
    MediumName{Medium::kDspOptics, "dsp-optics"},
    MediumName{Medium::kLpo, "lpo"},
    MediumName{Medium::kCpo, "cpo"},
    MediumName{Medium::kCoherent, "coherent"},
};

template <class Row, std::size_t N>
constexpr std::array<std::string_view, N> keys_of(const std::array<Row, N>& rows) {
  std::array<std::string_view, N> keys;
  for (std::size_t i = 0; i < N; ++i) {
    keys[i] = rows[i].key;
  }
  return keys;
}
constexpr auto kDeviceKindKeys = keys_of(kDeviceKinds);
constexpr auto kMediumKeys = keys_of(kMedia);

template <class Map, class Key>
const std::size_t* index_of(const Map& map, Key key) {
  const auto at = map.find(key);
  return at == map.end() ? nullptr : &at->second;
}

}  // namespace

std::string_view key(DeviceKind kind) {
  for (const auto& row : kDeviceKinds) {
    if (row.kind == kind) {
      return row.key;
    }
  }
  return "unknown";
}

std::optional<DeviceKind> device_kind(std::string_view key) {
  for (const auto& row : kDeviceKinds) {
    if (row.key == key) {
      return row.kind;
    }
  }
  return std::nullopt;
}

std::string_view key(Medium medium) {
  for (const auto& row : kMedia) {
    if (row.medium == medium) {
      return row.key;
    }
  }
  return "unknown";
}

std::optional<Medium> medium(std::string_view key) {
  for (const auto& row : kMedia) {
    if (row.key == key) {
      return row.medium;
    }
  }
  return std::nullopt;
}

std::span<const std::string_view> device_kind_keys() {
  return kDeviceKindKeys;
}

std::span<const std::string_view> medium_keys() {
  return kMediumKeys;
}

base::Result<DeviceId> Fabric::add(Device device) {
  if (device.name.empty()) {
    return base::fail(Code::kInvalidArgument, "a device has no name", name);
  }
  if (device.id.is_null()) {
    device.id = DeviceId::of(device.name);
  }
  device.ports.clear();
  if (device_names_.contains(device.name) || device_index_.contains(device.id)) {
    return base::fail(Code::kAlreadyExists, "a device with this name or id is there already",
                      device.name);
  }
  device_index_.emplace(device.id, devices_.size());
  device_names_.emplace(device.name, devices_.size());
  devices_.push_back(std::move(device));
  return devices_.back().id;
}

base::Result<PortId> Fabric::add(Port port) {
  Device* owner = device(port.device);
  if (owner == nullptr) {
    return base::fail(Code::kNotFound, "the port's device is not in the fabric", port.name);
  }
  if (port.name.empty()) {
    return base::fail(Code::kInvalidArgument, "a port has no name", owner->name);
  }
  std::string full = owner->name + '/' + port.name;
  if (port.id.is_null()) {
    port.id = PortId::of(full);
  }
  if (port_names_.contains(full) || port_index_.contains(port.id)) {
    return base::fail(Code::kAlreadyExists, "a port with this name or id is there already", full);
  }
  port_index_.emplace(port.id, ports_.size());
  port_names_.emplace(std::move(full), ports_.size());
  owner->ports.push_back(port.id);
  ports_.push_back(std::move(port));
  return ports_.back().id;
}

base::Result<LinkId> Fabric::add(Link link) {
  if (link.name.empty()) {
    return base::fail(Code::kInvalidArgument, "a link has no name", name);
  }
  for (const PortId end : {link.a, link.b}) {
    if (!end.is_null() && !port_index_.contains(end)) {
      return base::fail(Code::kNotFound, "the link ends at a port that is not in the fabric",
                        link.name);
    }
  }
  if (link.a == link.b) {
    return base::fail(Code::kInvalidArgument, "the link joins a port to itself", link.name);
  }
  if (link.id.is_null()) {
    link.id = LinkId::of(link.name);
  }
  if (link_names_.contains(link.name) || link_index_.contains(link.id)) {
    return base::fail(Code::kAlreadyExists, "a link with this name or id is there already",
                      link.name);
  }
  link_index_.emplace(link.id, links_.size());
  link_names_.emplace(link.name, links_.size());
  for (const PortId end : {link.a, link.b}) {
    if (!end.is_null()) {
      link_by_port_.emplace(end, links_.size());
    }
  }
  links_.push_back(std::move(link));
  return links_.back().id;
}

base::Result<void> Fabric::set_far_end(LinkId link_id, PortId b) {
  const auto at = link_index_.find(link_id);
  if (at == link_index_.end() || !port_index_.contains(b)) {
    return base::fail(Code::kNotFound, "the link or its far port is not in the fabric", name);
  }
  Link& link = links_[at->second];
  if (!link.b.is_null()) {
    return base::fail(Code::kAlreadyExists, "the link has both ends already", link.name);
  }
  if (link.a == b) {
    return base::fail(Code::kInvalidArgument, "the link joins a port to itself", link.name);
  }
  link.b = b;
  link_by_port_.emplace(b, at->second);
  return {};
}

const Device* Fabric::device(DeviceId id) const {
  const auto* index = index_of(device_index_, id);
  return index == nullptr ? nullptr : &devices_[*index];
}

Device* Fabric::device(DeviceId id) {
  const auto* index = index_of(device_index_, id);
  return index == nullptr ? nullptr : &devices_[*index];
}

const Port* Fabric::port(PortId id) const {
  const auto* index = index_of(port_index_, id);
  return index == nullptr ? nullptr : &ports_[*index];
}

const Link* Fabric::link(LinkId id) const {
  const auto* index = index_of(link_index_, id);
  return index == nullptr ? nullptr : &links_[*index];
}

const Device* Fabric::device_named(std::string_view device_name) const {
  const auto* index = index_of(device_names_, device_name);
  return index == nullptr ? nullptr : &devices_[*index];
}

const Port* Fabric::port_named(std::string_view full_name) const {
  const auto* index = index_of(port_names_, full_name);
  return index == nullptr ? nullptr : &ports_[*index];
}

const Link* Fabric::link_named(std::string_view link_name) const {
  const auto* index = index_of(link_names_, link_name);
  return index == nullptr ? nullptr : &links_[*index];
}

const Link* Fabric::link_at(PortId port) const {
  const auto* index = index_of(link_by_port_, port);
  return index == nullptr ? nullptr : &links_[*index];
}

DeviceId Fabric::owner(PortId id) const {
  const Port* found = port(id);
  return found == nullptr ? DeviceId{} : found->device;
}

std::string Fabric::port_name(PortId id) const {
  if (id.is_null()) {
    return "(unseen)";
  }
  const Port* found = port(id);
  const Device* owner = found == nullptr ? nullptr : device(found->device);
  return owner == nullptr ? id.text() : owner->name + '/' + found->name;
}

}  // namespace weft::fabric
