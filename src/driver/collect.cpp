// SPDX-License-Identifier: Apache-2.0
#include "driver/collect.h"

#include "base/text.h"
#include "driver/port_counters.h"
#include "driver/read.h"

#include <algorithm>
#include <string>

namespace weft::driver {
namespace {

/// Uptime of /proc/uptime: seconds since boot with two decimals.
std::optional<base::Duration> uptime(const bus::HostTree& tree) {
  const auto content = read_text(tree, "proc/uptime");
  if (!content) {
    return std::nullopt;
  }
  const auto parts = base::words(*content);
  const auto value = parts.empty() ? std::nullopt : base::parse_double(parts[0]);
  return value && *value >= 0 ? std::optional(base::seconds(*value)) : std::nullopt;
}

observe::HostInfo host_info(const bus::Host& host) {
  const auto& tree = *host.tree;
  observe::HostInfo info;
  info.source = tree.description();
  info.is_live = tree.is_live();
  const auto text_or = [&](const char* path) { return read_text(tree, path).value_or(""); };
  info.name = base::printable(text_or("proc/sys/kernel/hostname"), 64);
  if (info.name.empty()) {
    info.name = base::printable(text_or("etc/hostname"), 64);
  }
  info.kernel = base::printable(text_or("proc/sys/kernel/osrelease"), 64);
  info.uptime = uptime(tree);
  info.is_root = text_or("weft/rights") == "root";
  info.is_simulated = tree.exists("weft/simulated");
  // Ids must not change with the name of a capture: the machine id is what stays. It is only
  // hashed, never printed (machine-id(5) asks for that). The host name stands beside it, since
  // cloned images share machine ids; without either, or a time to tell two looks apart, a source is
  // its own host.
  const auto machine_id = text_or("etc/machine-id");
  const bool can_be_told_apart = info.is_live || tree.exists("weft/time_ns");
  const bool is_named = !machine_id.empty() || !info.name.empty();
  info.identity = is_named ? "machine/" + machine_id + "/" + info.name : "source/" + info.source;
  info.is_one_of_several_looks = is_named && can_be_told_apart;
  if (info.name.empty()) {
    info.name = info.is_live ? "localhost" : info.source;
  }
  return info;
}

/// Adds what each table row's driver finds.
void run_drivers(Collection& collection, const CollectOptions& options) {
  collect_pcie(collection);
  collect_netdev(collection);
  collect_infiniband(collection);
  collect_accelerator(collection);
  collect_port_counters(collection);
  if (options.links_only) {
    if (options.log_since) {
      collect_kernel_log(collection, {}, *options.log_since);
    }
    return;
  }
  collect_cxl(collection);
  collect_retimers(collection);
  collect_hwmon(collection);
  collect_kernel_log(collection, options.kernel_log);
}

}  // namespace

base::Result<observe::Snapshot> collect(const bus::Host& host, const CollectOptions& options) {
  const auto& tree = *host.tree;
  if (!tree.exists("sys/bus/pci") && !tree.exists("sys/class") && !tree.exists("sys/bus/cxl")) {
    return base::fail(base::Code::kUnavailable, "no sysfs below it", tree.description(),
                      "name a machine's root folder, a capture or an lspci dump");
  }
  observe::Snapshot snapshot;
  snapshot.host = host_info(host);
  snapshot.fabric.name = snapshot.host.name;
  snapshot.taken = options.now;
  snapshot.is_whole = !options.links_only;
  if (const auto taken = read_number(tree, "weft/time_ns")) {
    snapshot.taken.ns = static_cast<std::int64_t>(*taken);
  }
  Collection collection{.host = host,
                        .snapshot = snapshot,
                        .device_of_function = {},
                        .path_of_function = {},
                        .links_only = options.links_only};
  snapshot.damage = host.problems;
  run_drivers(collection, options);
  return snapshot;
}

}  // namespace weft::driver
