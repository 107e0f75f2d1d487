// SPDX-License-Identifier: Apache-2.0
#include "cli/up_services.h"

#include "twin/door/unix_socket.h"
#include "twin/fault/control.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

namespace weft::cli {
namespace up_services_inner {

/// Nobody else can put another thing where our socket is.
base::Result<void> check_owner(const std::filesystem::path& folder) {
  struct stat own{};
  struct stat above{};
  const auto parent = std::filesystem::absolute(folder).parent_path();
  if (::lstat(folder.c_str(), &own) != 0 || !S_ISDIR(own.st_mode) || own.st_uid != ::getuid() ||
      ::stat(parent.c_str(), &above) != 0 || (above.st_uid != ::getuid() && above.st_uid != 0)) {
    return base::fail(base::Code::kPermissionDenied, "the folder is not this user's own",
                      folder.string(), "Name another with --folder.");
  }
  return {};
}

}  // namespace up_services_inner

std::string control_socket(const std::string& folder) {
  return folder + "/control.sock";
}

bool listens(const std::string& socket) {
  return twin::door::connect_unix(socket).has_value();
}

std::vector<std::string> living_control_sockets() {
  std::vector<std::string> out;
  const std::filesystem::path all =
      std::filesystem::path(twin::door::default_door_folder("any")).parent_path();
  std::error_code error;
  for (std::filesystem::directory_iterator at(all, error), end; !error && at != end;
       at.increment(error)) {
    const auto socket = control_socket(at->path().string());
    if (listens(socket)) {
      out.push_back(socket);
    }
  }
  std::ranges::sort(out);
  return out;
}

std::vector<twin::door::NamedService> up_services(twin::Rack& rack, UpPlane* plane) {
  std::vector<twin::door::NamedService> out;
  out.push_back({"control", twin::control_service(rack), "weft world status --socket {}"});
  if (plane != nullptr) {
    out.push_back(plane->service());
  }
  return out;
}

base::Result<void> check_folder_is_free(const std::string& folder) {
  if (listens(control_socket(folder))) {
    return base::fail(base::Code::kAlreadyExists, "another weft up serves there", folder,
                      "Stop it, or name another folder with --folder.");
  }
  return {};
}

base::Result<std::unique_ptr<OpenServices>> open_services(twin::Rack& rack, UpPlane* plane,
                                                          std::string folder) {
  if (folder.empty()) {
    folder = twin::door::default_door_folder(rack.plan->fabric.name);
  }
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return base::fail(base::Code::kPermissionDenied, error.message(), folder,
                      "Name a folder that can be written with --folder.");
  }
  if (auto owned = up_services_inner::check_owner(folder); !owned) {
    return tl::unexpected(owned.error());
  }
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  if (auto is_free = check_folder_is_free(folder); !is_free) {
    return tl::unexpected(is_free.error());
  }
  auto out = std::make_unique<OpenServices>();
  for (auto& service : up_services(rack, plane)) {
    const auto path = folder + "/" + service.name + ".sock";
    if (auto opened = out->server.listen_unix(path, std::move(service.service)); !opened) {
      return tl::unexpected(opened.error());
    }
    std::string how = service.how;
    if (const auto hole = how.find("{}"); hole != std::string::npos) {
      how.replace(hole, 2, path);
    }
    out->map.push_back({service.name, "", path, how});
  }
  if (auto started = out->server.start(); !started) {
    return tl::unexpected(started.error());
  }
  return out;
}

}  // namespace weft::cli
