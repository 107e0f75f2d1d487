// SPDX-License-Identifier: Apache-2.0
#include "twin/door/guest/guest_doors.h"

#include "fabric/nearest.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace weft::twin::door {
namespace guest_doors {

bool has_devices(const Machine& machine) {
  return !machine.segments.empty() ||
         std::ranges::any_of(machine.functions, [](const auto* each) { return each != nullptr; });
}

/// As one name of a folder, without colons: User-Mode Linux parts its device option at them.
std::string file_name(std::string_view kind, std::string_view of) {
  std::string out = fmt::format("{}-{}.sock", kind, of);
  std::ranges::replace(out, '/', '-');
  std::ranges::replace(out, ':', '-');
  return out;
}

base::Result<Machine*> choose(Rack& rack, const std::string& name) {
  std::vector<Machine*> able;
  std::vector<std::string_view> names;
  for (Machine& machine : rack.machines) {
    if (has_devices(machine)) {
      able.push_back(&machine);
      names.push_back(machine.plan->name);
    }
  }
  if (able.empty()) {
    return base::fail(base::Code::kNotFound, "no machine has devices for a guest");
  }
  if (name.empty() && able.size() > 1) {
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("{} machines have devices for a guest", able.size()), {},
                      fmt::format("Name one with --machine, as {}.", names.front()));
  }
  const auto found = name.empty() ? names.begin() : std::ranges::find(names, name);
  if (found == names.end()) {
    const auto near = fabric::nearest(name, names);
    return base::fail(base::Code::kNotFound, "no machine of this name has devices for a guest",
                      name,
                      fmt::format("{} '{}'.", near.empty() ? "The first is" : "Did you mean",
                                  near.empty() ? names.front() : near));
  }
  return able[static_cast<std::size_t>(found - names.begin())];
}

}  // namespace guest_doors

base::Result<void> GuestDoors::add(DoorRow row, std::function<void(Peer&)> serve) {
  auto server = GuestServer::open(row.address, std::move(serve));
  if (!server) {
    return tl::unexpected(server.error());
  }
  servers_.push_back(std::move(*server));
  map_.push_back(std::move(row));
  return {};
}

base::Result<void> GuestDoors::add_segment(Rack& rack, const std::string& folder,
                                           const Machine& machine, smbus::Segment& segment) {
  const auto path = folder + "/" + guest_doors::file_name("guest-i2c", segment.description());
  auto device = std::make_unique<I2cDevice>(segment, rack.world->mutex());
  VirtioDevice& served = *device;
  devices_.push_back(std::move(device));
  return add({"guest-i2c", machine.plan->name, path,
              fmt::format("linux virtio_uml.device={}:{}, or qemu-system-x86_64 -chardev "
                          "socket,id=c,path={} -device vhost-user-i2c-pci,chardev=c",
                          path, kVirtioI2cId, path)},
             [&served](Peer& peer) { serve_vhost_user(peer, served); });
}

base::Result<void> GuestDoors::add_function(Rack& rack, const std::string& folder,
                                            const Machine& machine, std::size_t function) {
  const std::string& address = machine.plan->functions[function].address;
  bus::ConfigSpace& space = *machine.functions[function];
  std::recursive_mutex& world = rack.world->mutex();
  const auto vfio = folder + "/" + guest_doors::file_name("vfio", address);
  if (auto added =
          add({"vfio-user", machine.plan->name, vfio,
               fmt::format(R"(qemu-system-x86_64 -device pcie-root-port,id=rp,slot=1 -device )"
                           R"('{{"driver":"vfio-user-pci","bus":"rp","socket":)"
                           R"({{"type":"unix","path":"{}"}}}}')",
                           vfio)},
              [&space, &world](Peer& peer) { serve_vfio_user(peer, space, world); });
      !added) {
    return added;
  }
  const auto pcidev = folder + "/" + guest_doors::file_name("pcidev", address);
  auto device = std::make_unique<PcidevDevice>(space, world);
  VirtioDevice& served = *device;
  devices_.push_back(std::move(device));
  return add({"pcidev", machine.plan->name, pcidev,
              fmt::format("linux virtio_uml.device={}:{}", pcidev, kPcidevId)},
             [&served](Peer& peer) { serve_vhost_user(peer, served); });
}

base::Result<std::unique_ptr<GuestDoors>> GuestDoors::open(Rack& rack, const std::string& folder,
                                                           const std::string& machine) {
  const auto chosen = guest_doors::choose(rack, machine);
  if (!chosen) {
    return tl::unexpected(chosen.error());
  }
  const Machine& of = **chosen;
  std::unique_ptr<GuestDoors> doors(new GuestDoors);
  for (const auto& [name, segment] : of.segments) {
    if (auto added = doors->add_segment(rack, folder, of, *segment); !added) {
      return tl::unexpected(added.error());
    }
  }
  std::size_t count = 0;
  for (std::size_t i = 0; i < of.functions.size(); ++i) {
    if (of.functions[i] == nullptr || count++ >= kGuestFunctionsMost) {
      continue;
    }
    if (auto added = doors->add_function(rack, folder, of, i); !added) {
      return tl::unexpected(added.error());
    }
  }
  if (count > kGuestFunctionsMost) {
    doors->notes_.push_back(
        fmt::format("guests: {} has {} PCI functions; the first {} have sockets, since each needs "
                    "threads",
                    of.plan->name, count, kGuestFunctionsMost));
  }
  return doors;
}

}  // namespace weft::twin::door
