// SPDX-License-Identifier: Apache-2.0
#include "twin/door/doors.h"

#include "twin/door/config_door.h"
#include "twin/door/fuse_mount.h"
#include "twin/door/guest/guest_doors.h"
#include "twin/door/module_door.h"
#include "twin/door/smbus_door.h"
#include "twin/door/snapshot.h"
#include "twin/door/sysfs_tree.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

namespace weft::twin::door {
namespace door_map {

/// A machine's name as one name of a folder.
std::string folder_name(std::string_view name) {
  std::string out(name);
  std::ranges::replace(out, '/', '-');
  return out.empty() || out.starts_with('.') ? "machine" + out : out;
}

bool has_files(const MachinePlan& plan) {
  return !plan.functions.empty() || !plan.netdevs.empty() || !plan.retimers.empty();
}

std::string replaced(std::string how, const std::string& address) {
  const auto at = how.find("{}");
  return at == std::string::npos ? how : how.replace(at, 2, address);
}

}  // namespace door_map

struct Doors::Opened {
  struct Files {
    std::unique_ptr<LiveTree> tree;
    std::unique_ptr<FuseMount> mount;
    std::string folder;
  };

  explicit Opened(Rack& of) : rack(of) {}
  base::Result<void> add_files(std::size_t machine, bool mounts);
  base::Result<void> add_service(const std::string& name, LineService service,
                                 const std::string& how, bool has_tcp);

  Rack& rack;
  std::string folder;
  std::vector<Files> files;
  SocketServer server;
  std::unique_ptr<GuestDoors> guests;
  std::vector<DoorRow> map;
  std::vector<std::string> notes;
};

std::string default_door_folder(const std::string& rack) {
  const char* const runtime = std::getenv("XDG_RUNTIME_DIR");
  const auto base_folder = runtime != nullptr && *runtime != '\0'
                               ? fmt::format("{}/weft", runtime)
                               : fmt::format("/tmp/weft-{}", ::getuid());
  return base_folder + "/" + door_map::folder_name(rack);
}

base::Result<void> Doors::Opened::add_files(std::size_t machine, bool mounts) {
  const auto& plan = *rack.machines[machine].plan;
  Files made;
  made.tree = sysfs_tree(rack, machine);
  made.folder = folder + "/" + door_map::folder_name(plan.name);
  if (mounts) {
    auto mount = FuseMount::open(*made.tree, made.folder);
    if (mount) {
      made.mount = std::move(*mount);
    } else {
      notes.push_back("files are snapshots: " + mount.error().text());
    }
  }
  if (!made.mount) {
    if (auto written = write_snapshot(*made.tree, made.folder); !written) {
      return tl::unexpected(written.error());
    }
  }
  map.push_back({made.mount ? "files" : "snapshot", plan.name, made.folder,
                 plan.functions.empty()
                     ? fmt::format("weft scan --from {}", made.folder)
                     : fmt::format("lspci -O sysfs.path={}/sys/bus/pci -vvv", made.folder)});
  files.push_back(std::move(made));
  return {};
}

base::Result<void> Doors::Opened::add_service(const std::string& name, LineService service,
                                              const std::string& how, bool has_tcp) {
  const auto path = fmt::format("{}/{}.sock", folder, name);
  if (has_tcp) {
    const auto port = server.listen_tcp(0, service);
    if (!port) {
      return tl::unexpected(port.error());
    }
    map.push_back({name, "", fmt::format("127.0.0.1:{}", *port),
                   fmt::format("echo list | socat - TCP:127.0.0.1:{}", *port)});
  }
  if (auto listens = server.listen_unix(path, std::move(service)); !listens) {
    return listens;
  }
  map.push_back({name, "", path, door_map::replaced(how, path)});
  return {};
}

Doors::Doors(std::unique_ptr<Opened> opened) : opened_(std::move(opened)) {}

Doors::~Doors() {
  opened_->server.stop();
  std::error_code ignored;
  for (auto& files : opened_->files) {
    if (std::exchange(files.mount, nullptr)) {
      std::filesystem::remove(files.folder, ignored);  // only where it is empty
    } else {
      std::filesystem::remove_all(files.folder, ignored);  // our own snapshot
    }
  }
}

base::Result<std::unique_ptr<Doors>> Doors::open(Rack& rack, DoorsOptions options) {
  auto opened = std::make_unique<Opened>(rack);
  opened->folder = options.folder.empty() ? default_door_folder(rack.plan->fabric.name)
                                          : std::move(options.folder);
  std::error_code error;
  std::filesystem::create_directories(opened->folder, error);
  if (error) {
    return base::fail(base::Code::kPermissionDenied, error.message(), opened->folder,
                      "Name a folder that can be written.");
  }
  std::filesystem::permissions(opened->folder, std::filesystem::perms::owner_all, error);
  // From here on what was opened is closed again on any error.
  std::unique_ptr<Doors> doors(new Doors(std::move(opened)));
  auto& all = *doors->opened_;
  bool mounts = options.mounts;
  for (std::size_t i = 0; i < rack.machines.size(); ++i) {
    if (!door_map::has_files(*rack.machines[i].plan)) {
      continue;
    }
    if (auto added = all.add_files(i, mounts); !added) {
      return tl::unexpected(added.error());
    }
    mounts = mounts && all.files.back().mount != nullptr;  // one reason is enough
  }
  options.services.push_back({"smbus", smbus_door(rack), "echo list | socat - UNIX-CONNECT:{}"});
  options.services.push_back({"module", module_door(rack), "echo list | socat - UNIX-CONNECT:{}"});
  options.services.push_back({"config", config_door(rack), "echo list | socat - UNIX-CONNECT:{}"});
  for (auto& service : options.services) {
    const bool has_tcp = options.has_tcp && (service.name == "smbus" || service.name == "module");
    if (auto added =
            all.add_service(service.name, std::move(service.service), service.how, has_tcp);
        !added) {
      return tl::unexpected(added.error());
    }
  }
  if (options.has_guests) {
    auto guests = GuestDoors::open(rack, all.folder, options.guest_machine);
    if (!guests) {
      return tl::unexpected(guests.error());
    }
    all.guests = std::move(*guests);
    std::ranges::copy(all.guests->map(), std::back_inserter(all.map));
    std::ranges::copy(all.guests->notes(), std::back_inserter(all.notes));
  }
  if (auto started = all.server.start(); !started) {
    return tl::unexpected(started.error());
  }
  return doors;
}

const std::vector<DoorRow>& Doors::map() const {
  return opened_->map;
}

const std::vector<std::string>& Doors::notes() const {
  return opened_->notes;
}

std::string Doors::map_text() const {
  std::size_t machine_width = 7;
  std::size_t address_width = 7;
  for (const auto& row : opened_->map) {
    machine_width = std::max(machine_width, row.machine.size());
    address_width = std::max(address_width, row.address.size());
  }
  std::string out = fmt::format("{:<9} {:<{}} {:<{}} {}\n", "DOOR", "MACHINE", machine_width,
                                "ADDRESS", address_width, "TRY");
  for (const auto& row : opened_->map) {
    out +=
        fmt::format("{:<9} {:<{}} {:<{}} {}\n", row.door, row.machine.empty() ? "all" : row.machine,
                    machine_width, row.address, address_width, row.how);
  }
  for (const auto& note : opened_->notes) {
    out += note + "\n";
  }
  return out;
}

base::Result<void> Doors::refresh() {
  for (const auto& files : opened_->files) {
    if (!files.mount) {
      if (auto written = write_snapshot(*files.tree, files.folder); !written) {
        return tl::unexpected(written.error());
      }
    }
  }
  return {};
}

}  // namespace weft::twin::door
