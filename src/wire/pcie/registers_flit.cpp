// SPDX-License-Identifier: Apache-2.0
// What PCIe 6 adds for flit mode: flit logging (with the per-lane correctable counters of the FBER
// measurement), flit performance measurement, flit error injection. PCIe
// Base 6.x 7.7.8, 7.8.13, 7.8.14.
#include "wire/pcie/show.h"
#include "wire/pcie/tables.h"

#include <array>

namespace weft::wire::pcie::tables {
namespace flit_tables {

constexpr Field kDword[] = {hex(0, 32, "Value", "Value")};

// ---- 32h flit logging ----
constexpr Field kLog1[] = {
    flag(0, "Valid", "Flit Error Log Valid", Access::kRw1cs),
    shown(1, 3, "Link Width", "Flit Error Link Width", show_width_code, Access::kRos),
    number(4, 4, "Offset", "Flit Offset from the Last Logged Flit in Error", Access::kRos),
    number(8, 5, "Consecutive", "Consecutive Flit Error after the Last Flit Error", Access::kRos),
    flag(13, "More entries", "More Entries for Flit Error Log are Valid", Access::kRos),
    flag(14, "Unrecognized flit", "Unrecognized Flit", Access::kRos),
    flag(15, "FEC uncorrectable", "FEC Uncorrectable Error in Flit", Access::kRos),
    hex(16, 8, "SyndParityGrp0", "Syndrome Parity for ECC Group 0", Access::kRos),
    hex(24, 8, "SyndCheckGrp0", "Syndrome Check for ECC Group 0", Access::kRos)};
constexpr Field kLog2[] = {
    hex(0, 8, "SyndParityGrp1", "Syndrome Parity for ECC Group 1", Access::kRos),
    hex(8, 8, "SyndCheckGrp1", "Syndrome Check for ECC Group 1", Access::kRos),
    hex(16, 8, "SyndParityGrp2", "Syndrome Parity for ECC Group 2", Access::kRos),
    hex(24, 8, "SyndCheckGrp2", "Syndrome Check for ECC Group 2", Access::kRos)};
constexpr Field kCountCtl[] = {
    flag(0, "Flit Error Counter En", "Flit Error Counter Enable", Access::kRw),
    flag(1, "Flit Error Counter Interrupt En", "Flit Error Counter Interrupt Enable", Access::kRw),
    number(2, 2, "Events to count", "Events to count", Access::kRw),
    hex(4, 8, "Trigger Event on Error Count", "Trigger Event on Error Count", Access::kRw)};
constexpr Field kCountSta[] = {
    shown(0, 3, "Link Width when Error Counter Started", "Link Width when Error Counter Started",
          show_width_code),
    flag(3, "InterruptGenerated", "Interrupt Generated based on Trigger Event Count",
         Access::kRw1c),
    number(8, 8, "FlitErr", "Flit Error Counter")};
constexpr Choice kGranularity[] = {{0, "all"}, {1, "even"}, {2, "odd"}, {3, "mismatch"}};
constexpr Field kMeasCtl[] = {flag(0, "En", "FBER Measurement Enable", Access::kRw),
                              flag(1, "Clear", "Clear FBER Counters", Access::kWo),
                              choice(2, 2, "Granularity", "Granularity of per-Lane Error reported",
                                     kGranularity, Access::kRw)};
constexpr Field kMeas1[] = {number(0, 32, "Flit Counter", "Flit Counter")};
constexpr Field kMeas2[] = {number(0, 16, "Invalid Flit Counter", "Invalid Flit Counter")};
constexpr Register kLog[] = {{0x04, 4, "Log1", "Flit Error Log 1", kLog1},
                             {0x08, 4, "Log2", "Flit Error Log 2", kLog2},
                             {0x0C, 2, "CntCtl", "Flit Error Counter Control", kCountCtl},
                             {0x0E, 2, "CntSts", "Flit Error Counter Status", kCountSta},
                             {0x10, 4, "MeasCtl", "FBER Measurement Control", kMeasCtl},
                             {0x14, 4, "MeasSts1", "FBER Measurement Status 1", kMeas1},
                             {0x18, 4, "MeasSts2", "FBER Measurement Status 2", kMeas2}};
std::uint32_t sixteen(const Context&) {
  return 16;
}
constexpr Field kLaneCounter[] = {number(0, 16, "Correctable", "Lane Correctable Counter")};
constexpr Register kLaneCounterRegister[] = {{0, 2, "", "Lane Correctable Counter", kLaneCounter}};
constexpr Group kLaneCounters[] = {{"Lane", locate_every<sixteen, 0x1C, 2>, kLaneCounterRegister}};

// ---- 33h flit performance measurement: frame only ----
constexpr Register kPerformance[] = {
    {4, 4, "FlitPerfCap", "Flit Performance Measurement Capability", kDword},
    {8, 4, "FlitPerfCtl", "Flit Performance Measurement Control", kDword},
    {0xC, 4, "FlitPerfSta", "Flit Performance Measurement Status", kDword}};

// ---- 34h flit error injection ----
constexpr Choice kFlitType[] = {
    {0, "any"},       {1, "any non-IDLE"},     {2, "only payload"},     {3, "only NOP"},
    {4, "only IDLE"}, {5, "only payload+seq"}, {6, "only payload+1seq"}};
constexpr Choice kConsecutive[] = {{0, "none"}, {1, "1"}, {2, "2"}, {3, "3"},
                                   {4, "4"},    {5, "5"}, {6, "6"}, {7, "pseudo-random"}};
constexpr Choice kErrorType[] = {{0, "random"},
                                 {1, "correctable single group"},
                                 {2, "correctable three groups"},
                                 {3, "uncorrectable"}};
constexpr Choice kInjection[] = {
    {0, "not started"}, {1, "started"}, {2, "completed"}, {3, "error"}};
constexpr Field kEiCtl1[] = {
    flag(0, "En", "Flit Error Injection Enable", Access::kRw),
    flag(1, "Tx", "Inject Errors on Transmitted Flits", Access::kRw),
    flag(2, "Rx", "Inject Errors on Received Flits", Access::kRw),
    flag(6, "2.5GT/s", "Enable at 2.5 GT/s", Access::kRw),
    flag(7, "5.0GT/s", "Enable at 5.0 GT/s", Access::kRw),
    flag(8, "8.0GT/s", "Enable at 8.0 GT/s", Access::kRw),
    flag(9, "16.0GT/s", "Enable at 16.0 GT/s", Access::kRw),
    flag(10, "32.0GT/s", "Enable at 32.0 GT/s", Access::kRw),
    flag(11, "64.0GT/s", "Enable at 64.0 GT/s", Access::kRw),
    number(16, 5, "Number of errors", "Number of Errors Injected", Access::kRw),
    number(21, 8, "Spacing between errors", "Spacing Between Injected Errors", Access::kRw),
    choice(29, 3, "Flit Type", "Injection on Flit Type", kFlitType, Access::kRw)};
constexpr Field kEiCtl2[] = {
    choice(0, 3, "Consecutive", "Consecutive Error Injection", kConsecutive, Access::kRw),
    choice(3, 2, "Type", "Error Type Being Injected", kErrorType, Access::kRw),
    number(5, 7, "Offset", "Error Offset within Flit", Access::kRw),
    number(12, 8, "Magnitude", "Error Magnitude", Access::kRw)};
constexpr Field kEiSta[] = {choice(0, 2, "Tx", "Flit Error Tx Injection Status", kInjection),
                            choice(2, 2, "Rx", "Flit Error Rx Injection Status", kInjection)};
constexpr Field kOsCtl1[] = {
    flag(0, "En", "Ordered Set Error Injection Enable", Access::kRw),
    flag(1, "Tx", "Inject Errors on Transmitted Ordered Sets", Access::kRw),
    flag(2, "Rx", "Inject Errors on Received Ordered Sets", Access::kRw),
    number(3, 5, "Number of errors", "Number of Errors Injected", Access::kRw),
    number(8, 8, "Spacing between errors", "Spacing Between Injected Errors", Access::kRw),
    flag(16, "TS0", "TS0 ordered sets", Access::kRw),
    flag(17, "TS1", "TS1 ordered sets", Access::kRw),
    flag(18, "TS2", "TS2 ordered sets", Access::kRw),
    flag(19, "SKP", "SKP ordered sets", Access::kRw),
    flag(20, "EIEOS", "EIEOS ordered sets", Access::kRw),
    flag(21, "EIOS", "EIOS ordered sets", Access::kRw),
    flag(22, "SDS", "SDS ordered sets", Access::kRw),
    flag(23, "Poll", "In Polling", Access::kRw),
    flag(24, "Conf", "In Configuration", Access::kRw),
    flag(25, "L0", "In L0", Access::kRw),
    flag(26, "NoEq", "In Recovery without equalisation", Access::kRw),
    flag(27, "Eq01", "In Recovery.Equalization phases 0 and 1", Access::kRw),
    flag(28, "Eq2", "In Recovery.Equalization phase 2", Access::kRw),
    flag(29, "Eq3", "In Recovery.Equalization phase 3", Access::kRw)};
constexpr Field kOsCtl2[] = {hex(0, 16, "Bytes", "Error Injection Bytes", Access::kRw),
                             hex(16, 16, "Lanes", "Lane Number for Error Injection", Access::kRw)};
constexpr std::array<Field, 14> kOsSta = {
    choice(0, 2, "TS0", "TS0", kInjection),
    choice(2, 2, "TS1", "TS1", kInjection),
    choice(4, 2, "TS2", "TS2", kInjection),
    choice(6, 2, "SKP", "SKP", kInjection),
    choice(8, 2, "EIEOS", "EIEOS", kInjection),
    choice(10, 2, "EIOS", "EIOS", kInjection),
    choice(12, 2, "SDS", "SDS", kInjection),
    choice(14, 2, "Polling", "Polling", kInjection),
    choice(16, 2, "Configuration", "Configuration", kInjection),
    choice(18, 2, "L0", "L0", kInjection),
    choice(20, 2, "non-EQ recovery", "Recovery without equalisation", kInjection),
    choice(22, 2, "Eq01", "Recovery.Equalization phases 0 and 1", kInjection),
    choice(24, 2, "Eq2", "Recovery.Equalization phase 2", kInjection),
    choice(26, 2, "Eq3", "Recovery.Equalization phase 3", kInjection)};
constexpr Register kInjectionRegisters[] = {
    {0x04, 4, "FlitEiCap", "Error Injection Capability", kDword},
    {0x08, 4, "FlitEiCtl1", "Flit Error Injection Control 1", kEiCtl1},
    {0x0C, 4, "FlitEiCtl2", "Flit Error Injection Control 2", kEiCtl2},
    {0x10, 4, "FlitEiSts", "Flit Error Injection Status", kEiSta},
    {0x14, 4, "FlitEiOsCtl1", "Ordered Set Error Injection Control 1", kOsCtl1},
    {0x18, 4, "FlitEiOsCtl2", "Ordered Set Error Injection Control 2", kOsCtl2},
    {0x1C, 4, "FlitEiOsTx", "Ordered Set Tx Error Injection Status", kOsSta},
    {0x20, 4, "FlitEiOsRx", "Ordered Set Rx Error Injection Status", kOsSta}};

constexpr Capability kCapabilities[] = {
    {Kind::kExtended, 0, 0x32, "FlitLog", "Flit Logging", kLog, kLaneCounters, fixed_length<0x3C>},
    {Kind::kExtended, 0, 0x33, "FlitPerformance", "Flit Performance Measurement", kPerformance},
    {Kind::kExtended,
     0,
     0x34,
     "FlitInjection",
     "Flit Error Injection",
     kInjectionRegisters,
     {},
     fixed_length<0x24>}};

}  // namespace flit_tables

std::span<const Capability> flit() {
  return flit_tables::kCapabilities;
}

}  // namespace weft::wire::pcie::tables
