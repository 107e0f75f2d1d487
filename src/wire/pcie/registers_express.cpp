// SPDX-License-Identifier: Apache-2.0
// The PCI Express capability (10h), versions 1 and 2: device, link, slot and root registers. PCIe
// Base 7.5.3; which registers are there follows from version, Device/Port Type and Slot
// Implemented, as table 7-26 and figure 7-22 say.
#include "wire/pcie/show.h"
#include "wire/pcie/tables.h"

#include <fmt/format.h>

namespace weft::wire::pcie::tables {
namespace express_tables {

constexpr Choice kPortType[] = {{0x0, "Endpoint"},
                                {0x1, "Legacy Endpoint"},
                                {0x4, "Root Port"},
                                {0x5, "Upstream Port"},
                                {0x6, "Downstream Port"},
                                {0x7, "PCI-Express to PCI/PCI-X Bridge"},
                                {0x8, "PCI/PCI-X to PCI-Express Bridge"},
                                {0x9, "Root Complex Integrated Endpoint"},
                                {0xA, "Root Complex Event Collector"}};
constexpr Choice kPhantom[] = {{0, "0"}, {1, "1"}, {2, "3"}, {3, "7"}};
constexpr Choice kAspmSupport[] = {{0, "not supported"}, {1, "L0s"}, {2, "L1"}, {3, "L0s L1"}};
constexpr Choice kAspmControl[] = {
    {0, "Disabled"}, {1, "L0s Enabled"}, {2, "L1 Enabled"}, {3, "L0s L1 Enabled"}};
constexpr Choice kRcb[] = {{0, "64 bytes"}, {1, "128 bytes"}};
constexpr Choice kIndicator[] = {{0, "Unknown"}, {1, "On"}, {2, "Blink"}, {3, "Off"}};
constexpr Choice kTimeoutRange[] = {{0, "Not Supported"}, {1, "Range A"},    {2, "Range B"},
                                    {3, "Range AB"},      {6, "Range BC"},   {7, "Range ABC"},
                                    {14, "Range BCD"},    {15, "Range ABCD"}};
constexpr Choice kTimeout[] = {{0, "50us to 50ms"}, {1, "50us to 100us"}, {2, "1ms to 10ms"},
                               {5, "16ms to 55ms"}, {6, "65ms to 210ms"}, {9, "260ms to 900ms"},
                               {10, "1s to 3.5s"},  {13, "4s to 13s"},    {14, "17s to 64s"}};
constexpr Choice kTph[] = {{0, "none"}, {1, "TPH"}, {3, "TPH and Extended TPH"}};
constexpr Choice kLnCls[] = {
    {0, "Not Supported"}, {1, "64byte cachelines"}, {2, "128byte cachelines"}, {3, "Reserved"}};
constexpr Choice kObff[] = {
    {0, "Not Supported"}, {1, "Via message"}, {2, "Via WAKE#"}, {3, "Via message/WAKE#"}};
constexpr Choice kObffControl[] = {
    {0, "Disabled"}, {1, "Via message A"}, {2, "Via message B"}, {3, "Via WAKE#"}};
constexpr Choice kPrefixes[] = {{0, "4"}, {1, "1"}, {2, "2"}, {3, "3"}};
constexpr Choice kEmergency[] = {
    {0, "Not Supported"}, {1, "Dev Specific"}, {2, "Form Factor Dev Specific"}, {3, "Reserved"}};
constexpr Choice kDmwrLength[] = {{0, "64 bytes"}, {1, "128 bytes"}};
constexpr Choice kDeemphasis[] = {{0, "-6dB"}, {1, "-3.5dB"}};
constexpr Choice kMargin[] = {{0, "Normal Operating Range"},
                              {1, "800-1200mV(full-swing)/400-700mV(half-swing)"},
                              {2, "200-400mV(full-swing)/100-200mV(half-swing)"},
                              {3, "200-400mV(full-swing)/100-200mV(half-swing)"},
                              {4, "200-400mV(full-swing)/100-200mV(half-swing)"},
                              {5, "200-400mV(full-swing)/100-200mV(half-swing)"}};
constexpr Choice kCompliancePreset[] = {
    {0, "-6dB de-emphasis, 0dB preshoot"},     {1, "-3.5dB de-emphasis, 0dB preshoot"},
    {2, "-4.4dB de-emphasis, 0dB preshoot"},   {3, "-2.5dB de-emphasis, 0dB preshoot"},
    {4, "0dB de-emphasis, 0dB preshoot"},      {5, "0dB de-emphasis, 1.9dB preshoot"},
    {6, "0dB de-emphasis, 2.5dB preshoot"},    {7, "-6.0dB de-emphasis, 3.5dB preshoot"},
    {8, "-3.5dB de-emphasis, 3.5dB preshoot"}, {9, "0dB de-emphasis, 3.5dB preshoot"}};
constexpr Choice kCrosslink[] = {
    {0, "unsupported"}, {1, "Upstream Port"}, {2, "Downstream Port"}, {3, "incomplete"}};
constexpr Choice kComponent[] = {{0, "Link Down - Not Determined"},
                                 {1, "Link Down - Not Present"},
                                 {2, "Link Down - Present"},
                                 {4, "Link Up - Present"},
                                 {5, "Link Up - Present and DRS Received"}};
constexpr Choice kDrsControl[] = {{0, "not reported"}, {1, "interrupt"}, {2, "DRS to FRS"}};

constexpr Field kFlags[] = {number(0, 4, "Version", "Capability Version"),
                            choice(4, 4, "Type", "Device/Port Type", kPortType),
                            flag(8, "Slot", "Slot Implemented", Access::kHwInit),
                            hex(9, 5, "MSI", "Interrupt Message Number"),
                            flag(15, "FlitMode", "Flit Mode Supported", Access::kHwInit)};

constexpr Field kDevCap[] = {
    shown(0, 3, "MaxPayload", "Max_Payload_Size Supported", show_payload),
    choice(3, 2, "PhantFunc", "Phantom Functions Supported", kPhantom),
    flag(5, "ExtTag", "Extended Tag Field Supported"),
    choice(6, 3, "LatencyL0s", "Endpoint L0s Acceptable Latency", kLatencyL0s),
    choice(9, 3, "LatencyL1", "Endpoint L1 Acceptable Latency", kLatencyL1),
    flag(12, "AttnBtn", "Attention Button Present (undefined since 1.1)"),
    flag(13, "AttnInd", "Attention Indicator Present (undefined since 1.1)"),
    flag(14, "PwrInd", "Power Indicator Present (undefined since 1.1)"),
    flag(15, "RBE", "Role-Based Error Reporting"),
    flag(16, "ErrCorSubclass", "ERR_COR Subclass Capable"),
    flag(17, "RxMPSFixed", "Rx_MPS_Fixed"),
    number(18, 8, "PowerLimitValue", "Captured Slot Power Limit Value"),
    number(26, 2, "PowerLimitScale", "Captured Slot Power Limit Scale"),
    shown(18, 10, "SlotPowerLimit", "Captured Slot Power Limit", show_power_limit, Access::kView),
    flag(28, "FLReset", "Function Level Reset Capability"),
    flag(29, "MixedMPS", "Mixed_MPS_Supported"),
    flag(30, "TEE-IO", "TEE-IO Supported", Access::kHwInit)};

constexpr Field kDevCtl[] = {
    flag(0, "CorrErr", "Correctable Error Reporting Enable", Access::kRw),
    flag(1, "NonFatalErr", "Non-Fatal Error Reporting Enable", Access::kRw),
    flag(2, "FatalErr", "Fatal Error Reporting Enable", Access::kRw),
    flag(3, "UnsupReq", "Unsupported Request Reporting Enable", Access::kRw),
    flag(4, "RlxdOrd", "Enable Relaxed Ordering", Access::kRw),
    shown(5, 3, "MaxPayload", "Max_Payload_Size", show_payload, Access::kRw),
    flag(8, "ExtTag", "Extended Tag Field Enable", Access::kRw),
    flag(9, "PhantFunc", "Phantom Functions Enable", Access::kRw),
    flag(10, "AuxPwr", "Aux Power PM Enable", Access::kRws),
    flag(11, "NoSnoop", "Enable No Snoop", Access::kRw),
    shown(12, 3, "MaxReadReq", "Max_Read_Request_Size", show_payload, Access::kRw),
    flag(15, "FLReset", "Initiate Function Level Reset / Bridge Configuration Retry Enable",
         Access::kRw)};

constexpr Field kDevSta[] = {
    flag(0, "CorrErr", "Correctable Error Detected", Access::kRw1c),
    flag(1, "NonFatalErr", "Non-Fatal Error Detected", Access::kRw1c),
    flag(2, "FatalErr", "Fatal Error Detected", Access::kRw1c),
    flag(3, "UnsupReq", "Unsupported Request Detected", Access::kRw1c),
    flag(4, "AuxPwr", "AUX Power Detected"),
    flag(5, "TransPend", "Transactions Pending"),
    flag(6, "EmergencyPower", "Emergency Power Reduction Detected", Access::kRw1c)};

constexpr Field kLnkCap[] = {
    shown(0, 4, "Speed", "Max Link Speed", show_speed),
    shown(4, 6, "Width", "Maximum Link Width", show_width),
    choice(10, 2, "ASPM", "Active State Power Management Support", kAspmSupport),
    choice(12, 3, "ExitLatencyL0s", "L0s Exit Latency", kLatencyL0s),
    choice(15, 3, "ExitLatencyL1", "L1 Exit Latency", kLatencyL1),
    flag(18, "ClockPM", "Clock Power Management"),
    flag(19, "Surprise", "Surprise Down Error Reporting Capable"),
    flag(20, "LLActRep", "Data Link Layer Link Active Reporting Capable"),
    flag(21, "BwNot", "Link Bandwidth Notification Capability"),
    flag(22, "ASPMOptComp", "ASPM Optionality Compliance", Access::kHwInit),
    number(24, 8, "Port", "Port Number", Access::kHwInit)};

constexpr Field kLnkCtl[] = {
    choice(0, 2, "ASPM", "Active State Power Management Control", kAspmControl, Access::kRw),
    flag(2, "PtmPropDelayAdapt", "PTM Propagation Delay Adaptation Interpretation B", Access::kRw),
    choice(3, 1, "RCB", "Read Completion Boundary", kRcb, Access::kRw),
    flag(4, "Disabled", "Link Disable", Access::kRw),
    flag(5, "Retrain", "Retrain Link", Access::kWo),
    flag(6, "CommClk", "Common Clock Configuration", Access::kRw),
    flag(7, "ExtSynch", "Extended Synch", Access::kRw),
    flag(8, "ClockPM", "Enable Clock Power Management", Access::kRw),
    flag(9, "AutWidDis", "Hardware Autonomous Width Disable", Access::kRw),
    flag(10, "BWInt", "Link Bandwidth Management Interrupt Enable", Access::kRw),
    flag(11, "AutBWInt", "Link Autonomous Bandwidth Interrupt Enable", Access::kRw),
    flag(12, "SRISClk", "SRIS Clocking", Access::kRw),
    flag(13, "FltModeDis", "Flit Mode Disable", Access::kRw),
    choice(14, 2, "DRSSignaling", "DRS Signaling Control", kDrsControl, Access::kRw)};

constexpr Field kLnkSta[] = {
    shown(0, 4, "Speed", "Current Link Speed", show_speed),
    shown(4, 6, "Width", "Negotiated Link Width", show_width),
    flag(10, "TrErr", "Training Error (undefined since 1.1)"),
    flag(11, "Train", "Link Training"),
    flag(12, "SlotClk", "Slot Clock Configuration", Access::kHwInit),
    flag(13, "DLActive", "Data Link Layer Link Active"),
    flag(14, "BWMgmt", "Link Bandwidth Management Status", Access::kRw1c),
    flag(15, "ABWMgmt", "Link Autonomous Bandwidth Status", Access::kRw1c)};

constexpr Field kSltCap[] = {
    flag(0, "AttnBtn", "Attention Button Present", Access::kHwInit),
    flag(1, "PwrCtrl", "Power Controller Present", Access::kHwInit),
    flag(2, "MRL", "MRL Sensor Present", Access::kHwInit),
    flag(3, "AttnInd", "Attention Indicator Present", Access::kHwInit),
    flag(4, "PwrInd", "Power Indicator Present", Access::kHwInit),
    flag(5, "Surprise", "Hot-Plug Surprise", Access::kHwInit),
    flag(6, "HotPlug", "Hot-Plug Capable", Access::kHwInit),
    number(7, 8, "PowerLimitValue", "Slot Power Limit Value", Access::kHwInit),
    number(15, 2, "PowerLimitScale", "Slot Power Limit Scale", Access::kHwInit),
    shown(7, 10, "PowerLimit", "Slot Power Limit", show_power_limit, Access::kView),
    flag(17, "Interlock", "Electromechanical Interlock Present", Access::kHwInit),
    flag(18, "NoCompl", "No Command Completed Support", Access::kHwInit),
    number(19, 13, "Slot", "Physical Slot Number", Access::kHwInit)};

constexpr Field kSltCtl[] = {
    flag(0, "AttnBtn", "Attention Button Pressed Enable", Access::kRw),
    flag(1, "PwrFlt", "Power Fault Detected Enable", Access::kRw),
    flag(2, "MRL", "MRL Sensor Changed Enable", Access::kRw),
    flag(3, "PresDet", "Presence Detect Changed Enable", Access::kRw),
    flag(4, "CmdCplt", "Command Completed Interrupt Enable", Access::kRw),
    flag(5, "HPIrq", "Hot-Plug Interrupt Enable", Access::kRw),
    choice(6, 2, "AttnInd", "Attention Indicator Control", kIndicator, Access::kRw),
    choice(8, 2, "PwrInd", "Power Indicator Control", kIndicator, Access::kRw),
    flag(10, "Power", "Power Controller Control (1 is power off)", Access::kRw),
    flag(11, "Interlock", "Electromechanical Interlock Control", Access::kRw),
    flag(12, "LinkChg", "Data Link Layer State Changed Enable", Access::kRw),
    flag(13, "AutoPowerLimitDis", "Auto Slot Power Limit Disable", Access::kRw),
    flag(14, "InBandPDDis", "In-Band PD Disable", Access::kRw)};

constexpr Field kSltSta[] = {
    flag(0, "AttnBtn", "Attention Button Pressed", Access::kRw1c),
    flag(1, "PowerFlt", "Power Fault Detected", Access::kRw1c),
    flag(2, "MRLChanged", "MRL Sensor Changed", Access::kRw1c),
    flag(3, "PresDetChanged", "Presence Detect Changed", Access::kRw1c),
    flag(4, "CmdCplt", "Command Completed", Access::kRw1c),
    flag(5, "MRL", "MRL Sensor State"),
    flag(6, "PresDet", "Presence Detect State"),
    flag(7, "Interlock", "Electromechanical Interlock Status"),
    flag(8, "LinkStateChanged", "Data Link Layer State Changed", Access::kRw1c)};

constexpr Field kRootCtl[] = {
    flag(0, "ErrCorrectable", "System Error on Correctable Error Enable", Access::kRw),
    flag(1, "ErrNon-Fatal", "System Error on Non-Fatal Error Enable", Access::kRw),
    flag(2, "ErrFatal", "System Error on Fatal Error Enable", Access::kRw),
    flag(3, "PMEIntEna", "PME Interrupt Enable", Access::kRw),
    flag(4, "CRSVisible", "Configuration RRS Software Visibility Enable", Access::kRw),
    flag(5, "NoNFMSubtree", "No NFM Subtree Below This Root Port", Access::kRw)};
constexpr Field kRootCap[] = {flag(0, "CRSVisible", "Configuration RRS Software Visibility")};
constexpr Field kRootSta[] = {hex(0, 16, "PME ReqID", "PME Requester ID"),
                              flag(16, "PMEStatus", "PME Status", Access::kRw1c),
                              flag(17, "PMEPending", "PME Pending")};

constexpr Field kDevCap2[] = {
    choice(0, 4, "Completion Timeout", "Completion Timeout Ranges Supported", kTimeoutRange,
           Access::kHwInit),
    flag(4, "TimeoutDis", "Completion Timeout Disable Supported"),
    flag(5, "ARIFwd", "ARI Forwarding Supported"),
    flag(6, "Routing", "AtomicOp Routing Supported"),
    flag(7, "32bit", "32-bit AtomicOp Completer Supported"),
    flag(8, "64bit", "64-bit AtomicOp Completer Supported"),
    flag(9, "128bitCAS", "128-bit CAS Completer Supported"),
    flag(10, "NROPrPrP", "No RO-enabled PR-PR Passing", Access::kHwInit),
    flag(11, "LTR", "LTR Mechanism Supported"),
    choice(12, 2, "TPH", "TPH Completer Supported", kTph),
    choice(14, 2, "LN System CLS", "LN System CLS", kLnCls, Access::kHwInit),
    flag(16, "10BitTagComp", "10-Bit Tag Completer Supported", Access::kHwInit),
    flag(17, "10BitTagReq", "10-Bit Tag Requester Supported", Access::kHwInit),
    choice(18, 2, "OBFF", "OBFF Supported", kObff, Access::kHwInit),
    flag(20, "ExtFmt", "Extended Fmt Field Supported"),
    flag(21, "EETLPPrefix", "End-End TLP Prefix Supported", Access::kHwInit),
    choice(22, 2, "MaxEETLPPrefixes", "Max End-End TLP Prefixes", kPrefixes, Access::kHwInit),
    choice(24, 2, "EmergencyPowerReduction", "Emergency Power Reduction Supported", kEmergency,
           Access::kHwInit),
    flag(26, "EmergencyPowerReductionInit", "Emergency Power Reduction Initialization Required",
         Access::kHwInit),
    flag(28, "DMWrComp", "DMWr Completer Supported"),
    choice(29, 2, "DMWrLen", "DMWr Lengths Supported", kDmwrLength),
    flag(31, "FRS", "FRS Supported", Access::kHwInit)};

constexpr Field kDevCtl2[] = {
    choice(0, 4, "Completion Timeout", "Completion Timeout Value", kTimeout, Access::kRw),
    flag(4, "TimeoutDis", "Completion Timeout Disable", Access::kRw),
    flag(5, "ARIFwd", "ARI Forwarding Enable", Access::kRw),
    flag(6, "ReqEn", "AtomicOp Requester Enable", Access::kRw),
    flag(7, "EgressBlck", "AtomicOp Egress Blocking", Access::kRw),
    flag(8, "IDOReq", "IDO Request Enable", Access::kRw),
    flag(9, "IDOCompl", "IDO Completion Enable", Access::kRw),
    flag(10, "LTR", "LTR Mechanism Enable", Access::kRw),
    flag(11, "EmergencyPowerReductionReq", "Emergency Power Reduction Request", Access::kRw),
    flag(12, "10BitTagReq", "10-Bit Tag Requester Enable", Access::kRw),
    choice(13, 2, "OBFF", "OBFF Enable", kObffControl, Access::kRw),
    flag(15, "EETLPPrefixBlk", "End-End TLP Prefix Blocking", Access::kRw)};

constexpr Field kLnkCap2[] = {
    shown(1, 7, "Supported Link Speeds", "Supported Link Speeds Vector", show_speed_vector,
          Access::kHwInit),
    flag(8, "Crosslink", "Crosslink Supported"),
    hex(9, 7, "LowerSKPGen", "Lower SKP OS Generation Supported Speeds Vector", Access::kHwInit),
    hex(16, 7, "LowerSKPRecv", "Lower SKP OS Reception Supported Speeds Vector", Access::kHwInit),
    flag(23, "Retimer", "Retimer Presence Detect Supported", Access::kHwInit),
    flag(24, "2Retimers", "Two Retimers Presence Detect Supported", Access::kHwInit),
    flag(31, "DRS", "DRS Supported", Access::kHwInit)};

constexpr Field kLnkCtl2[] = {
    shown(0, 4, "Target Link Speed", "Target Link Speed", show_target_speed, Access::kRws),
    flag(4, "EnterCompliance", "Enter Compliance", Access::kRws),
    flag(5, "SpeedDis", "Hardware Autonomous Speed Disable", Access::kRws),
    choice(6, 1, "Selectable De-emphasis", "Selectable De-emphasis", kDeemphasis, Access::kHwInit),
    choice(7, 3, "Transmit Margin", "Transmit Margin", kMargin, Access::kRws),
    flag(10, "EnterModifiedCompliance", "Enter Modified Compliance", Access::kRws),
    flag(11, "ComplianceSOS", "Compliance SOS", Access::kRws),
    choice(12, 4, "Compliance Preset/De-emphasis", "Compliance Preset/De-emphasis",
           kCompliancePreset, Access::kRws)};

constexpr Field kLnkSta2[] = {
    choice(0, 1, "Current De-emphasis Level", "Current De-emphasis Level", kDeemphasis),
    flag(1, "EqualizationComplete", "Equalization 8.0 GT/s Complete", Access::kRos),
    flag(2, "EqualizationPhase1", "Equalization 8.0 GT/s Phase 1 Successful", Access::kRos),
    flag(3, "EqualizationPhase2", "Equalization 8.0 GT/s Phase 2 Successful", Access::kRos),
    flag(4, "EqualizationPhase3", "Equalization 8.0 GT/s Phase 3 Successful", Access::kRos),
    flag(5, "LinkEqualizationRequest", "Link Equalization Request 8.0 GT/s", Access::kRw1cs),
    flag(6, "Retimer", "Retimer Presence Detected", Access::kRos),
    flag(7, "2Retimers", "Two Retimers Presence Detected", Access::kRos),
    choice(8, 2, "CrosslinkRes", "Crosslink Resolution", kCrosslink),
    flag(10, "FltMode", "Flit Mode Status"),
    choice(12, 3, "DownstreamComp", "Downstream Component Presence", kComponent),
    flag(15, "DRS", "DRS Message Received", Access::kRw1c)};

constexpr Field kSltCap2[] = {
    flag(0, "InBandPDDis", "In-Band PD Disable Supported", Access::kHwInit)};
constexpr Field kReserved16[] = {hex(0, 16, "Reserved", "Reserved")};

bool is_version_2(const Context& c) {
  return (c.read(2, 2) & 0xF) >= 2;
}
std::uint64_t port(const Context& c) {
  return c.read(2, 2) >> 4 & 0xF;
}
/// Root complex integrated endpoints and event collectors have no link.
bool has_link(const Context& c) {
  return port(c) != 0x9 && port(c) != 0xA;
}
bool has_slot(const Context& c) {
  return (c.read(2, 2) & 0x100) != 0 && (port(c) == 0x4 || port(c) == 0x6 || port(c) == 0x8);
}
bool has_root(const Context& c) {
  return port(c) == 0x4 || port(c) == 0xA;
}
bool has_link_2(const Context& c) {
  return is_version_2(c) && has_link(c);
}
bool has_slot_2(const Context& c) {
  return is_version_2(c) && has_slot(c);
}

constexpr Register kRegisters[] = {
    {0x02, 2, "ExpCap", "PCI Express Capabilities", kFlags},
    {0x04, 4, "DevCap", "Device Capabilities", kDevCap},
    {0x08, 2, "DevCtl", "Device Control", kDevCtl},
    {0x0A, 2, "DevSta", "Device Status", kDevSta},
    {0x0C, 4, "LnkCap", "Link Capabilities", kLnkCap, has_link},
    {0x10, 2, "LnkCtl", "Link Control", kLnkCtl, has_link},
    {0x12, 2, "LnkSta", "Link Status", kLnkSta, has_link},
    {0x14, 4, "SltCap", "Slot Capabilities", kSltCap, has_slot},
    {0x18, 2, "SltCtl", "Slot Control", kSltCtl, has_slot},
    {0x1A, 2, "SltSta", "Slot Status", kSltSta, has_slot},
    {0x1C, 2, "RootCtl", "Root Control", kRootCtl, has_root},
    {0x1E, 2, "RootCap", "Root Capabilities", kRootCap, has_root},
    {0x20, 4, "RootSta", "Root Status", kRootSta, has_root},
    {0x24, 4, "DevCap2", "Device Capabilities 2", kDevCap2, is_version_2},
    {0x28, 2, "DevCtl2", "Device Control 2", kDevCtl2, is_version_2},
    {0x2A, 2, "DevSta2", "Device Status 2", kReserved16, is_version_2},
    {0x2C, 4, "LnkCap2", "Link Capabilities 2", kLnkCap2, has_link_2},
    {0x30, 2, "LnkCtl2", "Link Control 2", kLnkCtl2, has_link_2},
    {0x32, 2, "LnkSta2", "Link Status 2", kLnkSta2, has_link_2},
    {0x34, 4, "SltCap2", "Slot Capabilities 2", kSltCap2, has_slot_2},
    {0x38, 2, "SltCtl2", "Slot Control 2", kReserved16, has_slot_2},
    {0x3A, 2, "SltSta2", "Slot Status 2", kReserved16, has_slot_2}};

/// Version 2 has all registers, reserved or not; version 1 ends after the last that it implements.
std::uint32_t length(const Context& c) {
  if (is_version_2(c)) {
    return 0x3C;
  }
  return has_root(c) ? 0x24 : has_slot(c) ? 0x1C : has_link(c) ? 0x14 : 0x0C;
}

constexpr Capability kCapabilities[] = {
    {Kind::kStandard, 0, 0x10, "Express", "PCI Express", kRegisters, {}, length}};

}  // namespace express_tables

std::span<const Capability> express() {
  return express_tables::kCapabilities;
}

}  // namespace weft::wire::pcie::tables
