// SPDX-License-Identifier: Apache-2.0
// Kernel log lines become events on the devices and links they name.
#include "driver/test_host.h"
#include "observe/event_kind.h"
#include "wire/kernel_log/message.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace weft::driver {
namespace {

using test::TestHost;

constexpr auto kOwnLog = [](Collection& collection) { collect_kernel_log(collection, ""); };

std::string field(const observe::Event& event, const std::string& name) {
  const auto it =
      std::ranges::find_if(event.fields, [&](const auto& f) { return f.first == name; });
  return it == event.fields.end() ? "" : it->second;
}

TEST(KernelLogDriver, FoldsAerDetailsIntoTheErrorOnItsDevice) {
  TestHost host;
  host.function("0000:00:1c.0", "a").function("0000:01:00.0", "b");
  host.file("dev/kmsg",
            "6,1,100000000,-;pcieport 0000:00:1c.0: AER: Corrected error received: 0000:01:00.0\n"
            "4,2,100000001,-;nvme 0000:01:00.0: PCIe Bus Error: severity=Corrected, type=Physical "
            "Layer, (Receiver ID)\n SUBSYSTEM=pci\n DEVICE=+pci:0000:01:00.0\n"
            "4,3,100000002,-;nvme 0000:01:00.0:   device [144d:a808] error "
            "status/mask=00000041/0000e000\n"
            "4,4,100000003,-;nvme 0000:01:00.0:    [ 0] RxErr                  (First)\n"
            "4,5,100000004,-;nvme 0000:01:00.0:    [ 6] BadTLP                \n"
            "6,6,100000005,-;something else entirely\n");
  const auto snapshot = host.collect_with(kOwnLog);
  ASSERT_EQ(snapshot.events.size(), 2U);
  const auto& received = snapshot.events[0];
  EXPECT_EQ(received.kind, "aer_received");
  EXPECT_EQ(received.severity, observe::Severity::kInfo);
  EXPECT_EQ(received.address, "0000:00:1c.0");
  const auto& error = snapshot.events[1];
  EXPECT_EQ(error.kind, "aer_correctable");
  EXPECT_EQ(error.address, "0000:01:00.0");
  EXPECT_EQ(error.subject, observe::Subject(snapshot.fabric.devices()[1].id));
  EXPECT_EQ(field(error, "error"), "RxErr, BadTLP");
  EXPECT_EQ(field(error, "status"), "00000041");
  EXPECT_EQ(field(error, "layer"), "Physical Layer");
  // Taken at 5000 s with 1000 s of uptime: 100.000001 s after boot is at 4100.000001 s.
  EXPECT_EQ(error.since_boot->ns, 100'000'001'000);
  EXPECT_EQ(error.at->ns, 4'100'000'001'000);
}

TEST(KernelLogDriver, NamesVictimsLinksAndControllers) {
  TestHost host;
  host.function("0018:01:00.0", "gpu").function("0000:02:00.0", "ssd");
  host.link("sys/class/nvme/nvme0",
            "../../devices/pci0000:00/0000:00:1d.0/0000:02:00.0/nvme/nvme0");
  host.file(
      "dev/kmsg",
      "3,1,1,-;NVRM: Xid (PCI:0018:01:00): 145, RLW_RXPIPE Nonfatal XC0 i0 Link 13 (0x0409a0c2 "
      "0x00000008)\n"
      "3,2,2,-;NVRM: Xid (PCI:0018:01:00): 45, pid=1, name=python3, Ch 00000001 caused by "
      "previous Xid 145\n"
      "4,3,3,-;nvme nvme0: I/O 12 QID 3 timeout, reset controller\n"
      "6,4,4,-;mlx5_core 0000:09:00.0 ens9: Link down\n");
  bus::Accelerator gpu;
  gpu.bdf = "0018:01:00.0";
  bus::AcceleratorLink link;
  link.index = 13;
  link.is_active = true;
  gpu.links.push_back(link);
  host.accelerators().found = std::vector{gpu};
  const auto snapshot = host.collect_with([](Collection& collection) {
    collect_accelerator(collection);
    collect_kernel_log(collection, "");
  });
  ASSERT_EQ(snapshot.events.size(), 4U);
  EXPECT_EQ(snapshot.events[0].kind, "xid");
  EXPECT_EQ(snapshot.events[0].subject, observe::Subject(snapshot.links.at(0).link));
  EXPECT_EQ(snapshot.events[1].kind, "xid_victim");
  EXPECT_EQ(field(snapshot.events[1], "cause"), "145");
  EXPECT_EQ(snapshot.events[2].kind, "nvme_timeout");
  EXPECT_EQ(snapshot.events[2].address, "nvme0");
  EXPECT_EQ(snapshot.events[2].subject, observe::Subject(snapshot.fabric.devices()[1].id));
  EXPECT_EQ(snapshot.events[3].kind, "link_down");
  EXPECT_EQ(snapshot.events[3].address, "ens9");
  EXPECT_EQ(snapshot.events[3].subject,
            observe::Subject());  // no such device here: none is guessed
  EXPECT_EQ(snapshot.events[3].severity, observe::Severity::kInfo);
}

// The lines are ras events as include/ras/ras_event.h of the kernel prints them.
TEST(KernelLogDriver, ReadsTraceEventsThatTheLogLeftOut) {
  TestHost host;
  host.function("0000:02:01.0", "switch");
  host.file("dev/kmsg",
            "4,1,100500000,-;pcieport 0000:02:01.0: PCIe Bus Error: severity=Corrected, type=Data "
            "Link Layer, (Receiver ID)\n");
  host.file(
      "sys/kernel/tracing/instances/weft/trace",
      "# tracer: nop\n#\n"
      "   irq/24-aerdrv-76   [000] .....   100.400000: aer_event: 0000:02:01.0 PCIe Bus Error: "
      "severity=Corrected, Bad DLLP, TLP Header=Not available\n"
      "   irq/24-aerdrv-76   [000] .....   200.000000: aer_event: 0000:02:01.0 PCIe Bus Error: "
      "severity=Corrected, Bad DLLP, TLP Header=Not available\n"
      "   kworker/1:2-90     [001] .....   300.250000: mc_event: 1 Corrected error: memory "
      "read error on DIMM_A1 (mc:0 location:0:1:-1 address:0x00001000 grain:8 "
      "syndrome:0x00000000 )\n"
      "   python3-1234       [001] .....   301.000000: memory_failure_event: pfn 0x1234: "
      "recovery action for dirty LRU page: Failed\n");
  const auto snapshot = host.collect_with(kOwnLog);
  ASSERT_EQ(snapshot.events.size(), 4U) << "the first is the log's own";
  EXPECT_EQ(snapshot.events[1].kind, "aer_correctable");
  EXPECT_EQ(snapshot.events[1].since_boot->ns, 200'000'000'000);
  EXPECT_EQ(snapshot.events[1].subject, snapshot.events[0].subject);
  EXPECT_EQ(field(snapshot.events[1], "error"), "Bad DLLP");
  EXPECT_EQ(snapshot.events[2].kind, "memory_error");
  EXPECT_EQ(snapshot.events[2].address, "MC0");
  EXPECT_EQ(snapshot.events[2].severity, observe::Severity::kWarning);
  EXPECT_EQ(snapshot.events[3].severity, observe::Severity::kCritical);
  EXPECT_EQ(field(snapshot.events[3], "page"), "dirty LRU page");
}

TEST(KernelLogDriver, SaysWhyThereIsNone) {
  TestHost denied;
  denied.unreadable("dev/kmsg", base::Code::kPermissionDenied, "Operation not permitted");
  EXPECT_THAT(denied.collect_with(kOwnLog).notes,
              testing::ElementsAre(testing::HasSubstr("needs root")));
  TestHost none;
  none.file("sys/class/net/x", "");
  EXPECT_THAT(none.collect_with(kOwnLog).notes,
              testing::ElementsAre(testing::HasSubstr("not given")));
}

TEST(KernelLogDriver, ReadsAFileThatTheUserNames) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("weft-kernel-log-" + std::to_string(::getpid()) + ".txt");
  std::ofstream(path)
      << "2026-11-22T19:14:23+0000 rack7 kernel: NVRM: Xid (PCI:0000:01:00): 79, GPU "
         "has fallen off the bus.\n"
         "Nov 22 19:14:24 rack7 kernel: NVRM: Xid (PCI:0000:01:00): 79, again\n";
  TestHost host;
  host.file("sys/class/net/x", "");
  const auto snapshot = host.collect_with(
      [&](Collection& collection) { collect_kernel_log(collection, path.string()); });
  std::filesystem::remove(path);
  ASSERT_EQ(snapshot.events.size(), 2U) << (snapshot.problems.empty() ? "" : snapshot.problems[0]);
  EXPECT_EQ(snapshot.events[0].severity, observe::Severity::kCritical);
  EXPECT_EQ(base::iso8601(snapshot.events[0].at.value()), "2026-11-22T19:14:23.000Z");
  EXPECT_FALSE(snapshot.events[1].at);  // no year and no zone: not guessed
  EXPECT_EQ(field(snapshot.events[1], "logged"), "Nov 22 19:14:24");

  TestHost other;
  other.file("sys/class/net/x", "");
  const auto missing = other.collect_with(
      [](Collection& collection) { collect_kernel_log(collection, "/nonexistent/kern.log"); });
  EXPECT_EQ(missing.problems.size(), 1U);
}

// What the classifier calls otherwise than its events do is written out here; the rest must be in
// the catalogue under its own name.
TEST(KernelLogDriver, EveryKindOfEventIsInTheCatalogue) {
  using wire::kernel_log::Kind;
  for (int i = 0; i < static_cast<int>(Kind::kCount_); ++i) {
    const auto kind = static_cast<Kind>(i);
    const bool is_renamed =
        kind == Kind::kAerError || kind == Kind::kNetLinkUp || kind == Kind::kNetLinkDown;
    if (!is_renamed && !wire::kernel_log::is_detail(kind)) {
      EXPECT_NE(observe::find_event_kind(wire::kernel_log::key(kind)), nullptr)
          << wire::kernel_log::key(kind);
    }
  }
  for (const char* kind : {"aer_correctable", "aer_nonfatal", "aer_fatal", "link_up", "link_down",
                           "xid", "xid_victim"}) {
    EXPECT_NE(observe::find_event_kind(kind), nullptr) << kind;
  }
}

}  // namespace
}  // namespace weft::driver
