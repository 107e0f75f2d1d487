// SPDX-License-Identifier: Apache-2.0
#include "cli/live.h"

#include "base/time.h"
#include "bus/linux/open.h"
#include "driver/collect.h"

#include <utility>

namespace weft::cli {

base::Result<fabric::Fabric> live_fabric(const std::string& source) {
  auto host = bus::linux_host::open_host(source);
  if (!host) {
    return tl::unexpected(host.error());
  }
  driver::CollectOptions options;
  options.now = base::wall_now();
  auto snapshot = driver::collect(*host, options);
  if (!snapshot) {
    return tl::unexpected(snapshot.error());
  }
  return std::move(snapshot->fabric);
}

}  // namespace weft::cli
