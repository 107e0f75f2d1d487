// SPDX-License-Identifier: Apache-2.0
// Lines as kernels and drivers printed them in public threads and vendors' pages, and what they
// mean.
#include "wire/kernel_log/message.h"

#include "wire/kernel_log/patterns.h"

#include <set>

#include <gtest/gtest.h>

namespace weft::wire::kernel_log {
namespace {

struct Case {
  const char* line;
  Kind kind;
  Severity severity;
  const char* bdf;
  const char* netdev;
  const char* device;
  std::vector<std::pair<std::string, std::string>> fields;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.line;
}

class KernelMessageForms : public testing::TestWithParam<Case> {};

TEST_P(KernelMessageForms, MeanWhatTheySay) {
  const auto& expected = GetParam();
  const auto message = classify(expected.line);
  ASSERT_TRUE(message) << expected.line;
  EXPECT_EQ(key(message->kind), key(expected.kind)) << expected.line;
  EXPECT_EQ(message->severity, expected.severity) << expected.line;
  EXPECT_EQ(message->bdf, expected.bdf) << expected.line;
  EXPECT_EQ(message->netdev, expected.netdev) << expected.line;
  EXPECT_EQ(message->device, expected.device) << expected.line;
  for (const auto& [name, value] : expected.fields) {
    EXPECT_EQ(message->field(name), value) << expected.line << " field " << name;
  }
}

constexpr auto kI = Severity::kInfo;
constexpr auto kW = Severity::kWarning;
constexpr auto kC = Severity::kCritical;

INSTANTIATE_TEST_SUITE_P(
    Aer, KernelMessageForms,
    testing::Values(
        Case{"pcieport 0000:00:01.0: AER: Corrected error received: id=0008",
             Kind::kAerReceived,
             kI,
             "0000:00:01.0",
             "",
             "",
             {{"severity", "Corrected"}, {"id", "0008"}}},
        Case{"pcieport 10003:00:00.0: AER: Multiple Corrected error received: id=ae00",
             Kind::kAerReceived,
             kI,
             "10003:00:00.0",
             "",
             "",
             {{"severity", "Corrected"}, {"multiple", "1"}}},
        Case{"pcieport 0000:00:1c.4: AER: Multiple Corrected error received: 0000:00:1c.4",
             Kind::kAerReceived,
             kI,
             "0000:00:1c.4",
             "",
             "",
             {{"source", "0000:00:1c.4"}}},
        Case{"pcieport 0000:00:1b.2: AER: Correctable error received from 0000:03:04.0",
             Kind::kAerReceived,
             kI,
             "0000:00:1b.2",
             "",
             "",
             {{"source", "0000:03:04.0"}}},
        Case{"pcieport 0000:00:1b.2: AER: Uncorrectable (Fatal) error message received from "
             "0000:03:04.0",
             Kind::kAerReceived,
             kC,
             "0000:00:1b.2",
             "",
             "",
             {{"severity", "Uncorrectable (Fatal)"}, {"source", "0000:03:04.0"}}},
        Case{"pcieport 0000:00:1c.0: AER: Uncorrected (Non-Fatal) error received: 0000:01:00.0",
             Kind::kAerReceived,
             kW,
             "0000:00:1c.0",
             "",
             "",
             {{"source", "0000:01:00.0"}}},
        Case{"hpsa 0000:04:00.0: PCIe Bus Error: severity=Corrected, type=Physical Layer, "
             "id=0400(Transmitter ID)",
             Kind::kAerError,
             kI,
             "0000:04:00.0",
             "",
             "",
             {{"layer", "Physical Layer"}, {"agent", "Transmitter ID"}, {"id", "0400"}}},
        Case{"pcieport 0000:03:04.0: PCIe Bus Error: severity=Correctable, type=Physical Layer, "
             "(Receiver ID)",
             Kind::kAerError,
             kI,
             "0000:03:04.0",
             "",
             "",
             {{"agent", "Receiver ID"}}},
        Case{"pcieport 0000:00:1c.4: AER: PCIe Bus Error: severity=Corrected, type=Physical Layer, "
             "(Receiver ID)",
             Kind::kAerError,
             kI,
             "0000:00:1c.4",
             "",
             "",
             {{"layer", "Physical Layer"}}},
        Case{"pcieport 0000:03:04.0: PCIe Bus Error: severity=Uncorrectable (Fatal), "
             "type=Transaction Layer, (Receiver ID)",
             Kind::kAerError,
             kC,
             "0000:03:04.0",
             "",
             "",
             {{"layer", "Transaction Layer"}}},
        Case{
            "pcieport 0000:03:04.0:   device [111d:8063] error status/mask=00000001/00002000",
            Kind::kAerStatus,
            kI,
            "0000:03:04.0",
            "",
            "",
            {{"vendor", "111d"}, {"device", "8063"}, {"status", "00000001"}, {"mask", "00002000"}}},
        Case{"pcieport 0000:03:04.0:    [ 0] RxErr                  (First)",
             Kind::kAerBit,
             kI,
             "0000:03:04.0",
             "",
             "",
             {{"bit", "0"}, {"error", "RxErr"}, {"first", "1"}}},
        Case{"hpsa 0000:04:00.0:    [12] Replay Timer Timeout",
             Kind::kAerBit,
             kI,
             "0000:04:00.0",
             "",
             "",
             {{"bit", "12"}, {"error", "Replay Timer Timeout"}}},
        Case{"pcieport 0000:00:1c.4: AER: [ 0] RxErr",
             Kind::kAerBit,
             kI,
             "0000:00:1c.4",
             "",
             "",
             {{"error", "RxErr"}}},
        Case{"pcieport 0000:00:1c.4: AER: can't find device of ID00e4",
             Kind::kAerSourceUnknown,
             kW,
             "0000:00:1c.4",
             "",
             "",
             {{"id", "00e4"}}},
        Case{"pci 0000:05:00.0: AER: can't recover (no error_detected callback)",
             Kind::kAerRecoveryFailed,
             kW,
             "0000:05:00.0",
             "",
             "",
             {{"reason", "no error_detected callback"}}},
        Case{"pcieport 0000:03:04.0: AER: Downstream Port link has been reset (0)",
             Kind::kAerLinkReset,
             kW,
             "0000:03:04.0",
             "",
             "",
             {{"port", "Downstream Port"}}},
        Case{"pcieport 0000:03:04.0: AER: device recovery failed",
             Kind::kAerRecoveryFailed,
             kC,
             "0000:03:04.0",
             "",
             "",
             {}},
        Case{"aer_event: 0000:02:01.0 PCIe Bus Error: severity=Corrected, Bad DLLP, TLP Header=Not "
             "available",
             Kind::kAerError,
             kI,
             "0000:02:01.0",
             "",
             "",
             {{"error", "Bad DLLP"}}},
        Case{"aer_event: 0000:05:00.0 PCIe Bus Error: severity=Uncorrected, non-fatal, Unsupported "
             "Request Error, TLP Header={0x1000040,0x0}",
             Kind::kAerError,
             kW,
             "0000:05:00.0",
             "",
             "",
             {{"error", "Unsupported Request Error"}}}));

INSTANTIATE_TEST_SUITE_P(
    PortsAndSlots, KernelMessageForms,
    testing::Values(
        Case{"pcieport 0000:00:1c.0: DPC: containment event, status:0x1f01 source:0x0000",
             Kind::kDpc,
             kC,
             "0000:00:1c.0",
             "",
             "",
             {{"status", "0x1f01"}, {"source_id", "0x0000"}}},
        Case{"pcieport 0000:00:1c.0: DPC: unmasked uncorrectable error detected",
             Kind::kDpcReason,
             kC,
             "0000:00:1c.0",
             "",
             "",
             {{"reason", "unmasked uncorrectable error"}}},
        Case{"dpc 0000:10:01.2:pcie010: DPC containment event, status:0x1f09 source:0x0000",
             Kind::kDpc,
             kC,
             "0000:10:01.2",
             "",
             "",
             {{"status", "0x1f09"}}},
        Case{"pcieport 0000:10:01.2: DPC: containment event, status:0x1f05, ERR_FATAL received "
             "from 0000:11:00.0",
             Kind::kDpc,
             kC,
             "0000:10:01.2",
             "",
             "",
             {{"reason", "ERR_FATAL"}, {"source", "0000:11:00.0"}}},
        Case{"pcieport 0000:10:01.2: DPC: containment event, status:0x1f01: unmasked uncorrectable "
             "error detected",
             Kind::kDpc,
             kC,
             "0000:10:01.2",
             "",
             "",
             {{"reason", "unmasked uncorrectable error"}}},
        Case{"pcieport 0000:00:1c.0: pciehp: Slot(3): Link Down",
             Kind::kSlotLinkDown,
             kW,
             "0000:00:1c.0",
             "",
             "",
             {{"slot", "3"}}},
        Case{"pciehp 0000:3c:0b.0:pcie204: Slot(180): Card not present",
             Kind::kSlotCardAbsent,
             kW,
             "0000:3c:0b.0",
             "",
             "",
             {{"slot", "180"}}},
        Case{"pcieport 0000:00:03.0: pciehp: Slot(0-1): Card present",
             Kind::kSlotCardPresent,
             kI,
             "0000:00:03.0",
             "",
             "",
             {{"slot", "0-1"}}},
        Case{"pcieport 0000:00:03.0: pciehp: Slot(3): Link Down/Up ignored (recovered by DPC)",
             Kind::kSlotLinkIgnored,
             kW,
             "0000:00:03.0",
             "",
             "",
             {{"slot", "3"}}},
        Case{"pcieport 0000:00:03.0: pciehp: Slot(3): Button press: will power off in 5 sec",
             Kind::kSlotButton,
             kI,
             "0000:00:03.0",
             "",
             "",
             {{"slot", "3"}}},
        Case{"pcieport 0000:00:03.0: pciehp: Slot(3): Power fault",
             Kind::kSlotPowerFault,
             kC,
             "0000:00:03.0",
             "",
             "",
             {{"slot", "3"}}},
        Case{"pci 0000:02:00.0: 4.000 Gb/s available PCIe bandwidth, limited by 5 GT/s x1 link at "
             "0000:00:01.0 (capable of 15.752 Gb/s with 8 GT/s x2 link)",
             Kind::kPcieBandwidthLimited,
             kI,
             "0000:02:00.0",
             "",
             "",
             {{"available", "4.000"},
              {"rate", "5 GT/s"},
              {"width", "1"},
              {"at", "0000:00:01.0"},
              {"capable", "15.752"},
              {"max_rate", "8 GT/s"},
              {"max_width", "2"}}},
        Case{"mlx5_core 0000:05:00.0: 63.008 Gb/s available PCIe bandwidth, limited by 8.0 GT/s "
             "PCIe x8 link at 0000:00:02.0 (capable of 126.016 Gb/s with 8.0 GT/s PCIe x16 link)",
             Kind::kPcieBandwidthLimited,
             kI,
             "0000:05:00.0",
             "",
             "",
             {{"rate", "8.0 GT/s PCIe"}, {"width", "8"}, {"max_width", "16"}}},
        Case{"mlx5_core 0000:05:00.0: 126.016 Gb/s available PCIe bandwidth (8.0 GT/s PCIe x16 "
             "link)",
             Kind::kPcieBandwidth,
             kI,
             "0000:05:00.0",
             "",
             "",
             {{"width", "16"}}},
        Case{
            "pci 0000:02:03.0: broken device, retraining non-functional downstream link at 2.5GT/s",
            Kind::kPcieRetrain,
            kW,
            "0000:02:03.0",
            "",
            "",
            {{"rate", "2.5GT/s"}}},
        Case{"pci 0000:02:03.0: retraining failed",
             Kind::kPcieRetrain,
             kC,
             "0000:02:03.0",
             "",
             "",
             {}},
        Case{"nvme 0000:01:00.0: Unable to change power state from D3cold to D0, device "
             "inaccessible",
             Kind::kPcieInaccessible,
             kC,
             "0000:01:00.0",
             "",
             "",
             {{"from", "D3cold"}, {"to", "D0"}}}));

INSTANTIATE_TEST_SUITE_P(
    Accelerators, KernelMessageForms,
    testing::Values(
        Case{"NVRM: Xid (PCI:0000:01:00): 79, pid=1122, GPU has fallen off the bus.",
             Kind::kXid,
             kC,
             "0000:01:00.0",
             "",
             "",
             {{"code", "79"}}},
        Case{"NVRM: Xid (PCI:0000:00:00): 149, NETIR_LINK_EVT Fatal XC0 i0 Link 00 (0x025001c6 "
             "0x00000000 0x00000000)",
             Kind::kXid,
             kC,
             "0000:00:00.0",
             "",
             "",
             {{"code", "149"},
              {"unit", "NETIR_LINK_EVT"},
              {"link", "0"},
              {"subcode", "37"},
              {"status", "0x00000000"}}},
        Case{"NVRM: Xid (PCI:0018:01:00): 145, RLW_RXPIPE Nonfatal XC0 i0 Link 13 (0x0409a0c2 "
             "0x00000008 0x00000001)",
             Kind::kXid,
             kW,
             "0018:01:00.0",
             "",
             "",
             {{"code", "145"}, {"link", "13"}, {"subcode", "0"}, {"status", "0x00000008"}}},
        Case{"NVRM: Xid (PCI:0000:01:00): 144, SAW_MVB Nonfatal XC0 i0 Link 0 (0x0 0x0)",
             Kind::kXid,
             kW,
             "0000:01:00.0",
             "",
             "",
             {{"unit", "SAW_MVB"}, {"link", "0"}}},
        Case{"NVRM: Xid (PCI:0019:01:00): 149, NETIR Fatal XC0 i0 Link -1 (0x000fe406 0x00000000 "
             "0x00000000)",
             Kind::kXid,
             kC,
             "0019:01:00.0",
             "",
             "",
             {{"link", ""}, {"subcode", "0"}}},
        Case{"NVRM: Xid (PCI:0000:9b:00): 94, pid=1234, name=python3, Contained ECC error",
             Kind::kXid,
             kW,
             "0000:9b:00.0",
             "",
             "",
             {{"code", "94"}, {"link", ""}}},
        Case{"NVRM: GPU 0000:01:00.0: GPU has fallen off the bus.",
             Kind::kGpuLost,
             kC,
             "0000:01:00.0",
             "",
             "",
             {}},
        Case{"nvidia-nvswitch3: SXid (PCI:0000:05:00.0): 12028, Non-fatal, Link 32 egress "
             "non-posted PRIV error (First)",
             Kind::kSxid,
             kW,
             "0000:05:00.0",
             "",
             "nvidia-nvswitch3",
             {{"code", "12028"}, {"link", "32"}}},
        Case{"nvidia-nvswitch0: SXid (PCI:0000:00:00.0): 20034, Fatal, Link 30 LTSSM Fault Up",
             Kind::kSxid,
             kC,
             "0000:00:00.0",
             "",
             "nvidia-nvswitch0",
             {{"code", "20034"}, {"link", "30"}}},
        Case{"nvidia-nvswitch0: SXid (PCI:0000:06:00.0): 20009, Non-fatal, Link 04 RX Short Error "
             "Rate",
             Kind::kSxid,
             kW,
             "0000:06:00.0",
             "",
             "nvidia-nvswitch0",
             {{"link", "4"}}}));

INSTANTIATE_TEST_SUITE_P(
    NetworkAndStorage, KernelMessageForms,
    testing::Values(
        Case{
            "mlx5_core 0000:3b:00.0: Port module event[error]: module 0, Cable error, Bad or "
            "shorted cable/module",
            Kind::kModuleError,
            kC,
            "0000:3b:00.0",
            "",
            "",
            {{"module", "0"}, {"status", "Cable error"}, {"error", "Bad or shorted cable/module"}}},
        Case{"mlx5_core 0000:04:00.0: Port module event: module 0, Cable plugged",
             Kind::kModuleEvent,
             kI,
             "0000:04:00.0",
             "",
             "",
             {{"module", "0"}, {"status", "Cable plugged"}}},
        Case{"mlx5_core 0000:04:00.0: port_module:252:(pid 0): Port module event: module 1, Cable "
             "unplugged",
             Kind::kModuleEvent,
             kI,
             "0000:04:00.0",
             "",
             "",
             {{"module", "1"}}},
        Case{"mlx5_core 0000:04:00.1: mlx5_pcie_event:294:(pid 1022): Detected insufficient power "
             "on the PCIe slot (27W).",
             Kind::kNicPower,
             kW,
             "0000:04:00.1",
             "",
             "",
             {{"watts", "27"}}},
        Case{"mlx5_core 0000:5e:00.0: poll_health:739:(pid 0): device's health compromised - "
             "reached miss count",
             Kind::kNicHealth,
             kC,
             "0000:5e:00.0",
             "",
             "",
             {{"reason", "reached miss count"}}},
        Case{"mlx5_core 0000:31:00.0 ens1f0np0: Link up",
             Kind::kNetLinkUp,
             kI,
             "0000:31:00.0",
             "ens1f0np0",
             "",
             {}},
        Case{"mlx5_core 0000:31:00.0 ens1f0np0: Link down",
             Kind::kNetLinkDown,
             kI,
             "0000:31:00.0",
             "ens1f0np0",
             "",
             {}},
        Case{"bnxt_en 0000:3b:00.0 ens1f0np0: NIC Link is Up, 25000 Mbps full duplex, Flow "
             "control: none",
             Kind::kNetLinkUp,
             kI,
             "0000:3b:00.0",
             "ens1f0np0",
             "",
             {{"speed_mbps", "25000"}}},
        Case{"ice 0000:18:00.0 ens785f0: NIC Link is up 100 Gbps Full Duplex, Requested FEC: "
             "RS-FEC, Negotiated FEC: RS-FEC, Autoneg Advertised: On, Autoneg Negotiated: True, "
             "Flow Control: None",
             Kind::kNetLinkUp,
             kI,
             "0000:18:00.0",
             "ens785f0",
             "",
             {{"speed_mbps", "100000"}, {"fec", "RS-FEC"}}},
        Case{"i40e 0000:3d:00.0 eno1: NIC Link is Down",
             Kind::kNetLinkDown,
             kI,
             "0000:3d:00.0",
             "eno1",
             "",
             {}},
        Case{"i40e 0000:3d:00.0 eno1: NIC Link is Up, 10 Gbps Full Duplex, Flow Control: None",
             Kind::kNetLinkUp,
             kI,
             "0000:3d:00.0",
             "eno1",
             "",
             {{"speed_mbps", "10000"}}},
        Case{"igb 0000:01:00.0 eth0: igb: eth0 NIC Link is Up 1000 Mbps Full Duplex, Flow Control: "
             "RX",
             Kind::kNetLinkUp,
             kI,
             "0000:01:00.0",
             "eth0",
             "",
             {{"speed_mbps", "1000"}}},
        Case{"e1000e: eth0 NIC Link is Down", Kind::kNetLinkDown, kI, "", "eth0", "", {}},
        Case{"r8169 0000:03:00.1 eth0: Link is Down",
             Kind::kNetLinkDown,
             kI,
             "0000:03:00.1",
             "eth0",
             "",
             {}},
        Case{"r8169 0000:02:00.0 enp2s0: Link is Up - 1Gbps/Full - flow control rx/tx",
             Kind::kNetLinkUp,
             kI,
             "0000:02:00.0",
             "enp2s0",
             "",
             {{"speed_mbps", "1000"}}},
        Case{"tg3 0000:02:00.0 eth0: Link is up at 1000 Mbps, full duplex",
             Kind::kNetLinkUp,
             kI,
             "0000:02:00.0",
             "eth0",
             "",
             {{"speed_mbps", "1000"}}},
        Case{"nvme nvme0: I/O 12 QID 3 timeout, reset controller",
             Kind::kNvmeTimeout,
             kW,
             "",
             "",
             "nvme0",
             {{"tag", "12"}, {"qid", "3"}, {"action", "reset controller"}}},
        Case{"nvme nvme0: I/O 41 QID 0 timeout, disable controller",
             Kind::kNvmeTimeout,
             kW,
             "",
             "",
             "nvme0",
             {{"qid", "0"}}},
        Case{"nvme nvme1: I/O tag 12 (1234) opcode 0x2 (I/O Cmd) QID 3 timeout, aborting "
             "req_op:READ(0) size:4096",
             Kind::kNvmeTimeout,
             kW,
             "",
             "",
             "nvme1",
             {{"qid", "3"}}},
        Case{"nvme nvme0: controller is down; will reset: CSTS=0xffffffff, PCI_STATUS=0x10",
             Kind::kNvmeDown,
             kC,
             "",
             "",
             "nvme0",
             {{"csts", "0xffffffff"}, {"pci_status", "0x10"}}},
        Case{"nvme nvme0: Removing after probe failure status: -5",
             Kind::kNvmeRemoved,
             kC,
             "",
             "",
             "nvme0",
             {{"status", "-5"}}},
        Case{"nvme nvme0: Device not ready; aborting reset, CSTS=0x1",
             Kind::kNvmeNotReady,
             kC,
             "",
             "",
             "nvme0",
             {{"csts", "0x1"}}},
        Case{"cxl_general_media: memdev=mem1 host=0000:35:00.0 serial=3237998081 log=Failure : "
             "time=0 uuid=x len=128 dpa=1000 type='ECC Error' transaction_type='Host Read' "
             "hpa=120001000 region=region1",
             Kind::kCxlEvent,
             kW,
             "0000:35:00.0",
             "",
             "mem1",
             {{"event", "cxl_general_media"},
              {"type", "ECC Error"},
              {"dpa", "1000"},
              {"transaction_type", "Host Read"},
              {"serial", "3237998081"}}},
        Case{"cxl_aer_uncorrectable_error: memdev=mem2 host=0000:38:00.0 serial=5: status: 'Cache "
             "Address Parity Error' first_error: 'Cache Address Parity Error'",
             Kind::kCxlAer,
             kC,
             "0000:38:00.0",
             "",
             "mem2",
             {{"status", "Cache Address Parity Error"}}},
        Case{"EDAC MC0: 1 CE memory read error on CPU_SrcID#0_MC#0_Chan#0_DIMM#0",
             Kind::kMemoryError,
             kW,
             "",
             "",
             "MC0",
             {{"count", "1"}}}));

TEST(KernelMessage, AVictimSaysSo) {
  const auto message = classify(
      "NVRM: Xid (PCI:0000:dc:00): 45, pid=1818990, name=python3, Ch 00000001 caused by previous "
      "Xid 149");
  ASSERT_TRUE(message);
  EXPECT_TRUE(message->is_victim);
  EXPECT_EQ(message->field("cause"), "149");
  EXPECT_EQ(message->severity, Severity::kInfo);
  EXPECT_FALSE(classify("NVRM: Xid (PCI:0000:01:00): 45, pid=1, Ch 00000001")->is_victim);
}

TEST(KernelMessage, OtherTextIsNone) {
  for (const auto* line :
       {"", " ", ":", "pci 0000:00:00.0: [8086:3e30] type 00 class 0x060000",
        "ata1: SATA link up 6.0 Gbps (SStatus 133 SControl 300)",
        "usb 1-1: new high-speed USB device",
        "bond0: (slave eth0): link status definitely up, 25000 Mbps full duplex",
        "br0: port 1(eth0) entered forwarding state", "nvme nvme0: pci function 0000:0b:00.0",
        "NVRM: loading NVIDIA UNIX x86_64 Kernel Module  570.86.15", "Link is Up",
        "ata1: link is slow to respond, please be patient (ready=0)",
        "nvidia-nvswitch0: SXid (PCI:0000:00:00.0): 20034, Data {0x1, 0x2}",
        "nvidia-nvswitch0: SXid (PCI:0000:00:00.0): 20034, Severity 1 Engine instance 30",
        "systemd[1]: Started Link up notification.",
        "EDAC MC0: Giving out device to module skx_edac",
        "IPv6: ADDRCONF(NETDEV_CHANGE): eth0: link becomes ready"}) {
    const auto message = classify(line);
    EXPECT_FALSE(message) << line << " taken as " << (message ? key(message->kind) : "");
  }
}

TEST(KernelMessage, FieldsAreFitForATerminal) {
  const auto message = classify("NVRM: Xid (PCI:0000:01:00): 31, \x1b[31m red \x07");
  ASSERT_TRUE(message);
  EXPECT_EQ(message->field("detail").find('\x1b'), std::string_view::npos);
}

TEST(KernelMessage, EveryKindHasItsOwnKey) {
  std::set<std::string_view> keys;
  for (int i = 0; i < static_cast<int>(Kind::kCount_); ++i) {
    EXPECT_TRUE(keys.insert(key(static_cast<Kind>(i))).second);
    EXPECT_FALSE(key(static_cast<Kind>(i)).empty());
  }
}

TEST(PciAddress, TakesTheFormsOfLogs) {
  EXPECT_EQ(pci_address("0000:3b:00.0"), "0000:3b:00.0");
  EXPECT_EQ(pci_address("PCI:0000:3B:00"), "0000:3b:00.0");
  EXPECT_EQ(pci_address("10003:00:1f.7"), "10003:00:1f.7");
  for (const auto* text : {"", "3b:00.0", "0000:3b:00.8", "0000:3b:20.0", "0000:3b:0", "a:b:c",
                           "0000:3b:00.0:1", "zzzz:3b:00.0"}) {
    EXPECT_FALSE(pci_address(text)) << text;
  }
}

TEST(Pattern, CapturesByType) {
  EXPECT_EQ(match("a {x} c", "a  bb c")->at(0).second, "bb");
  EXPECT_FALSE(match("a {x} c", "a bb d"));
  EXPECT_FALSE(match("{n:num}", "x"));
  EXPECT_FALSE(match("{n:hex}", "0x"));
  EXPECT_EQ(match("{n:hex},", "0x1F,")->at(0).second, "0x1F");
}

}  // namespace
}  // namespace weft::wire::kernel_log
