// SPDX-License-Identifier: Apache-2.0
// Every door of a rack opened at once below one folder, and the map that says where they are: files
// of each machine (mounted, or as a snapshot where nothing can be mounted), the SMBus and module
// sockets, and services that others bring. All of it closes when the object goes.
#pragma once

#include "base/result.h"
#include "twin/door/socket_server.h"
#include "twin/machine.h"

#include <memory>
#include <string>
#include <vector>

namespace weft::twin::door {

/// One more line service beside the doors' own: "control" becomes FOLDER/control.sock.
struct NamedService {
  std::string name;
  LineService service;
  std::string how;  ///< an example command; "{}" becomes the socket
};

struct DoorsOptions {
  std::string folder;    ///< made where it is missing; empty: default_door_folder()
  bool mounts = true;    ///< false: snapshots also where a file system could be mounted
  bool has_tcp = false;  ///< SMBus and module doors also on ports of 127.0.0.1
  std::vector<NamedService> services = {};
  bool has_guests = false;         ///< sockets for guests too (guest/guest_doors.h)
  std::string guest_machine = {};  ///< whose devices; may be empty where one machine has any
};

struct DoorRow {
  std::string door;     ///< "files", "smbus", "module", "vfio-user", a service's name
  std::string machine;  ///< empty: all
  std::string address;  ///< a folder, a socket, 127.0.0.1:PORT
  std::string how;      ///< a command to try
};

/// $XDG_RUNTIME_DIR/weft/RACK, else /tmp/weft-UID/RACK.
[[nodiscard]] std::string default_door_folder(const std::string& rack);

class Doors {
 public:
  /// The rack must outlive them. Sockets that cannot be opened are errors; where nothing can be
  /// mounted, notes() says why.
  [[nodiscard]] static base::Result<std::unique_ptr<Doors>> open(Rack& rack, DoorsOptions options);
  ~Doors();
  Doors(const Doors&) = delete;
  Doors& operator=(const Doors&) = delete;

  [[nodiscard]] const std::vector<DoorRow>& map() const;
  [[nodiscard]] const std::vector<std::string>& notes() const;
  /// The map as a table for people.
  [[nodiscard]] std::string map_text() const;
  /// Writes the snapshots anew; nothing where the files are mounted.
  base::Result<void> refresh();

 private:
  struct Opened;
  explicit Doors(std::unique_ptr<Opened> opened);
  std::unique_ptr<Opened> opened_;
};

}  // namespace weft::twin::door
