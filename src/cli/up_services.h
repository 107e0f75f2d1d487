// SPDX-License-Identifier: Apache-2.0
// The line services of `weft up` beside its doors: the control socket, which is open with and
// without --doors, and the control plane's. Its clients (`weft world`) find the socket by the
// same rules, which stand here too.
#pragma once

#include "base/result.h"
#include "cli/up_plane.h"
#include "twin/door/doors.h"

#include <memory>
#include <string>
#include <vector>

namespace weft::cli {

/// "FOLDER/control.sock"
[[nodiscard]] std::string control_socket(const std::string& folder);
/// Whether somebody accepts connections there.
[[nodiscard]] bool listens(const std::string& socket);
/// Control sockets with a listener below the folder where racks are by default.
[[nodiscard]] std::vector<std::string> living_control_sockets();

/// `plane` may be null: nobody judges then.
[[nodiscard]] std::vector<twin::door::NamedService> up_services(twin::Rack& rack, UpPlane* plane);

/// The services alone, without doors. The sockets close with it.
struct OpenServices {
  twin::door::SocketServer server;
  std::vector<twin::door::DoorRow> map;
};
/// kAlreadyExists where another program serves in that folder; kPermissionDenied where the folder
/// is somebody else's.
[[nodiscard]] base::Result<std::unique_ptr<OpenServices>> open_services(twin::Rack& rack,
                                                                        UpPlane* plane,
                                                                        std::string folder);
/// kAlreadyExists where somebody serves in that folder already.
[[nodiscard]] base::Result<void> check_folder_is_free(const std::string& folder);

}  // namespace weft::cli
