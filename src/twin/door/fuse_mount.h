// SPDX-License-Identifier: Apache-2.0
// A machine's files mounted as a file system, live: every read asks the twin, and writes to a
// function's config reach it, so that setpci and pcilmr work. Needs /dev/fuse, and libfuse3 at
// build time; where either is missing, open() says so and snapshot.h is the way. One thread per
// mount. It is unmounted when its object goes: a program catches SIGINT and SIGTERM to end well.
#pragma once

#include "base/result.h"
#include "twin/door/live_tree.h"

#include <memory>
#include <string>

namespace weft::twin::door {

class FuseMount {
 public:
  /// Mounts at `folder`, which is made where it is missing. `tree` must outlive the mount.
  /// kUnimplemented: built without libfuse3; kUnavailable: no /dev/fuse, or the kernel refused;
  /// kPermissionDenied.
  [[nodiscard]] static base::Result<std::unique_ptr<FuseMount>> open(LiveTree& tree,
                                                                     const std::string& folder);
  ~FuseMount();
  FuseMount(const FuseMount&) = delete;
  FuseMount& operator=(const FuseMount&) = delete;
  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  struct Session;
  FuseMount(std::string folder, std::unique_ptr<Session> session);
  std::string folder_;
  std::unique_ptr<Session> session_;
};

}  // namespace weft::twin::door
