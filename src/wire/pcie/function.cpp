// SPDX-License-Identifier: Apache-2.0
// Reads a function's typed registers through the register bank: the places of the fields are looked
// up once by their keys, so that no offset stands here twice.
#include "wire/pcie/function.h"

#include "wire/pcie/walk.h"

#include <array>

namespace weft::wire::pcie {
namespace {

/// A field of the bank, reduced to what a read needs. Width 0: the bank has no such field.
struct Place {
  std::uint16_t offset = 0;
  std::uint8_t width = 0;
  std::uint8_t lsb = 0;
  std::uint64_t mask = 0;
};

Place place(Kind kind, std::uint16_t id, std::string_view register_key,
            std::string_view field_key) {
  const FieldPlace found = find_field(kind, id, register_key, field_key);
  if (found.field == nullptr) {
    return {};
  }
  return {found.offset, found.width, found.field->lsb, (1ULL << found.field->bits) - 1};
}
Place whole(Kind kind, std::uint16_t id, std::string_view register_key) {
  return {find_register(kind, id, register_key).value_or(0), 4, 0, 0xFFFFFFFF};
}

struct HeaderPlaces {
  static Place in(std::uint16_t type, std::string_view reg, std::string_view field) {
    return place(Kind::kHeader, type, reg, field);
  }
  Place vendor = in(0, "Vendor", "VendorID"), device = in(0, "Device", "DeviceID"),
        revision = in(0, "Revision", "Rev"), class_code = in(0, "Class", "Class"),
        multifunction = in(0, "HeaderType", "MultiFunction"),
        subsystem_vendor = in(0, "SubsystemVendor", "VendorID"),
        subsystem_device = in(0, "SubsystemDevice", "DeviceID"),
        primary = in(1, "PrimaryBus", "Bus"), secondary = in(1, "SecondaryBus", "Bus"),
        subordinate = in(1, "SubordinateBus", "Bus");
};

struct ExpressPlaces {
  static Place in(std::string_view reg, std::string_view field) {
    return place(Kind::kStandard, 0x10, reg, field);
  }
  Place version = in("ExpCap", "Version"), type = in("ExpCap", "Type"), slot = in("ExpCap", "Slot"),
        cap_speed = in("LnkCap", "Speed"), cap_width = in("LnkCap", "Width"),
        cap_aspm = in("LnkCap", "ASPM"), surprise = in("LnkCap", "Surprise"),
        active_reporting = in("LnkCap", "LLActRep"), port = in("LnkCap", "Port"),
        aspm = in("LnkCtl", "ASPM"), disabled = in("LnkCtl", "Disabled"),
        clock_pm = in("LnkCtl", "ClockPM"), width_disabled = in("LnkCtl", "AutWidDis"),
        speed = in("LnkSta", "Speed"), width = in("LnkSta", "Width"),
        training = in("LnkSta", "Train"), active = in("LnkSta", "DLActive"),
        bandwidth = in("LnkSta", "BWMgmt"), autonomous = in("LnkSta", "ABWMgmt"),
        vector = in("LnkCap2", "Supported Link Speeds"), detects = in("LnkCap2", "Retimer"),
        target = in("LnkCtl2", "Target Link Speed"), speed_disabled = in("LnkCtl2", "SpeedDis"),
        equalised = in("LnkSta2", "EqualizationComplete"),
        equalise = in("LnkSta2", "LinkEqualizationRequest"), retimer = in("LnkSta2", "Retimer"),
        retimers = in("LnkSta2", "2Retimers"), flit = in("LnkSta2", "FltMode"),
        component = in("LnkSta2", "DownstreamComp"), hot_plug = in("SltCap", "HotPlug"),
        number = in("SltCap", "Slot"), controller = in("SltCap", "PwrCtrl"),
        power_off = in("SltCtl", "Power"), present = in("SltSta", "PresDet"),
        power_fault = in("SltSta", "PowerFlt");
};

/// Log2 of the lanes; 5 and 6 are reserved, 7 means "dynamic" where a target is asked for.
std::optional<base::LaneCount> width_of_code(std::uint32_t code) {
  return code <= 4 ? std::optional(base::LaneCount(1U << code)) : std::nullopt;
}

struct OtherPlaces {
  Place power_state = place(Kind::kStandard, 0x01, "Status", "PowerState");
  Place dpc_trigger = place(Kind::kExtended, 0x1D, "DpcSta", "Trigger"),
        dpc_reason = place(Kind::kExtended, 0x1D, "DpcSta", "Reason"),
        dpc_source = place(Kind::kExtended, 0x1D, "Source", "Source");
  Place ue_status = whole(Kind::kExtended, 0x01, "UESta"),
        ue_mask = whole(Kind::kExtended, 0x01, "UEMsk"),
        ue_severity = whole(Kind::kExtended, 0x01, "UESvrt"),
        ce_status = whole(Kind::kExtended, 0x01, "CESta"),
        ce_mask = whole(Kind::kExtended, 0x01, "CEMsk"),
        root_status = whole(Kind::kExtended, 0x01, "RootSta");
  Place serial_low = whole(Kind::kExtended, 0x03, "SerialLow"),
        serial_high = whole(Kind::kExtended, 0x03, "SerialHigh");
  Place l0p = place(Kind::kExtended, 0x2F, "DevCtl3", "L0p"),
        initial_width = place(Kind::kExtended, 0x2F, "DevSta3", "Initial Link Width");
  Place lane_errors = whole(Kind::kExtended, 0x19, "LaneErrStat");
};

struct Places {
  HeaderPlaces header;
  ExpressPlaces express;
  OtherPlaces other;
};
const Places& places() {
  static const Places kPlaces;
  return kPlaces;
}

class Reader {
 public:
  Reader(base::ByteView config, std::uint16_t base) : config_(config), base_(base) {}
  [[nodiscard]] bool has(const Place& p) const {
    return p.width != 0 && config_.size() >= std::size_t{base_} + p.offset + p.width;
  }
  template <class T = std::uint32_t>
  [[nodiscard]] T get(const Place& p) const {
    const auto value = base::read_le(config_, std::size_t{base_} + p.offset, p.width);
    return static_cast<T>(value.value_or(0) >> p.lsb & p.mask);
  }

 private:
  base::ByteView config_;
  std::uint16_t base_;
};

bool has_link(PortType type) {
  return type != PortType::kRootComplexIntegratedEndpoint &&
         type != PortType::kRootComplexEventCollector;
}
bool may_have_slot(PortType type) {
  return type == PortType::kRootPort || type == PortType::kDownstreamPort ||
         type == PortType::kPciPcieBridge;
}

/// 1: link down, not present; 2: link down, present; 4 and 5: link up; others say nothing.
std::optional<bool> component_of_code(std::uint32_t code) {
  switch (code) {
    case 1:
      return false;
    case 2:
    case 4:
    case 5:
      return true;
    default:
      return std::nullopt;
  }
}

LinkRegisters read_link(const Reader& in, bool version_2) {
  const ExpressPlaces& p = places().express;
  LinkRegisters link;
  link.max_rate = rate_of_code(in.get(p.cap_speed));
  link.max_width = base::LaneCount(in.get(p.cap_width));
  link.port_number = in.get<std::uint8_t>(p.port);
  link.aspm_support = in.get<std::uint8_t>(p.cap_aspm);
  link.surprise_down_reporting = in.get(p.surprise) != 0;
  link.active_reporting_capable = in.get(p.active_reporting) != 0;
  link.rate = rate_of_code(in.get(p.speed));
  link.width = base::LaneCount(in.get(p.width));
  link.training = in.get(p.training) != 0;
  link.active = in.get(p.active) != 0;
  link.bandwidth_management = in.get(p.bandwidth) != 0;
  link.autonomous_bandwidth = in.get(p.autonomous) != 0;
  link.aspm_control = in.get<std::uint8_t>(p.aspm);
  link.disabled = in.get(p.disabled) != 0;
  link.clock_power_management = in.get(p.clock_pm) != 0;
  link.autonomous_width_disabled = in.get(p.width_disabled) != 0;
  if (!version_2 || !in.has(p.flit)) {
    return link;
  }
  link.has_registers_2 = true;
  const std::uint32_t vector = in.get(p.vector);
  for (std::uint32_t code = 1; code <= 7; ++code) {
    if ((vector >> (code - 1) & 1) != 0) {
      link.supported_rates.push_back(*rate_of_code(code));
    }
  }
  link.target_rate = rate_of_code(in.get(p.target));
  link.autonomous_speed_disabled = in.get(p.speed_disabled) != 0;
  link.detects_retimers = in.get(p.detects) != 0;
  link.retimer_present = in.get(p.retimer) != 0;
  link.two_retimers_present = in.get(p.retimers) != 0;
  link.equalization_complete = in.get(p.equalised) != 0;
  link.equalization_requested = in.get(p.equalise) != 0;
  link.flit_mode = in.get(p.flit) != 0;
  link.component_present = component_of_code(in.get(p.component));
  return link;
}

void read_express(const Reader& in, Function& out) {
  const ExpressPlaces& p = places().express;
  out.port_type = static_cast<PortType>(in.get(p.type));
  if (has_link(*out.port_type) && in.has(p.speed)) {
    out.link = read_link(in, in.get(p.version) >= 2);
  }
  if (may_have_slot(*out.port_type) && in.get(p.slot) != 0 && in.has(p.present)) {
    out.slot = SlotRegisters{.hot_plug_capable = in.get(p.hot_plug) != 0,
                             .physical_number = in.get<std::uint16_t>(p.number),
                             .card_present = in.get(p.present) != 0,
                             .power_fault = in.get(p.power_fault) != 0,
                             .powered_off = in.get(p.controller) != 0 && in.get(p.power_off) != 0};
  }
}

void read_extended(const CapabilityAt& at, const Reader& in, Function& out) {
  const OtherPlaces& p = places().other;
  switch (at.id) {
    case 0x01:
      if (in.has(p.ce_mask)) {
        out.aer = AerRegisters{.uncorrectable_status = in.get(p.ue_status),
                               .uncorrectable_mask = in.get(p.ue_mask),
                               .uncorrectable_severity = in.get(p.ue_severity),
                               .correctable_status = in.get(p.ce_status),
                               .correctable_mask = in.get(p.ce_mask),
                               .root_status = {}};
        if ((out.port_type == PortType::kRootPort ||
             out.port_type == PortType::kRootComplexEventCollector) &&
            in.has(p.root_status)) {
          out.aer->root_status = in.get(p.root_status);
        }
      }
      break;
    case 0x03:
      if (in.has(p.serial_high)) {
        out.serial_number = in.get<std::uint64_t>(p.serial_high) << 32 | in.get(p.serial_low);
      }
      break;
    case 0x19:
      if (in.has(p.lane_errors)) {
        out.lane_error_status = in.get(p.lane_errors);
      }
      break;
    case 0x2F:
      if (in.has(p.initial_width)) {
        out.device_3 = Device3Registers{.l0p_enabled = in.get(p.l0p) != 0,
                                        .initial_width = width_of_code(in.get(p.initial_width))};
      }
      break;
    case 0x1D:
      if (in.has(p.dpc_source)) {
        out.dpc = DpcRegisters{.triggered = in.get(p.dpc_trigger) != 0,
                               .trigger_reason = in.get<std::uint8_t>(p.dpc_reason),
                               .source_id = in.get<std::uint16_t>(p.dpc_source)};
      }
      break;
    default:
      break;
  }
}

void read_header(const Reader& in, Function& out) {
  const HeaderPlaces& p = places().header;
  out.vendor = in.get<std::uint16_t>(p.vendor);
  out.device = in.get<std::uint16_t>(p.device);
  out.revision = in.get<std::uint8_t>(p.revision);
  out.class_code = in.get(p.class_code);
  out.multifunction = in.get(p.multifunction) != 0;
  if (out.header_type == 0) {
    out.subsystem_vendor = in.get<std::uint16_t>(p.subsystem_vendor);
    out.subsystem_device = in.get<std::uint16_t>(p.subsystem_device);
  } else {
    out.primary_bus = in.get<std::uint8_t>(p.primary);
    out.secondary_bus = in.get<std::uint8_t>(p.secondary);
    out.subordinate_bus = in.get<std::uint8_t>(p.subordinate);
  }
}

/// Bridges keep their subsystem ids in a capability (0Dh).
void read_bridge_subsystem(base::ByteView config, const CapabilityAt& at, Function& out) {
  static const Place kVendor = place(Kind::kStandard, 0x0D, "SubsystemVendor", "VendorID");
  static const Place kDevice = place(Kind::kStandard, 0x0D, "SubsystemDevice", "DeviceID");
  const Reader in(config, at.offset);
  out.subsystem_vendor = in.get<std::uint16_t>(kVendor);
  out.subsystem_device = in.get<std::uint16_t>(kDevice);
}

}  // namespace

std::optional<base::TransferRate> rate_of_code(std::uint32_t code) {
  static constexpr std::array<std::uint64_t, 8> kMegaTransfers = {0,     2500,  5000,  8000,
                                                                  16000, 32000, 64000, 128000};
  if (code == 0 || code >= kMegaTransfers.size()) {
    return std::nullopt;
  }
  return base::mega_transfers(kMegaTransfers[code]);
}

Function read_function(base::ByteView config) {
  Function out;
  Walk walked = walk(config);
  out.problems = std::move(walked.problems);
  out.has_capabilities = config.size() > kHeaderBytes;
  out.has_extended = config.size() > kStandardBytes;
  out.header_type = walked.header_type;
  out.answers = walked.answers;
  if (!walked.answers) {
    const auto vendor = base::read_le(config, 0, 2);
    out.vendor = static_cast<std::uint16_t>(vendor.value_or(0));
    out.device = static_cast<std::uint16_t>(base::read_le(config, 2, 2).value_or(0));
    return out;
  }
  read_header(Reader(config, 0), out);
  for (const CapabilityAt& at : walked.capabilities) {
    const Reader in(config, at.offset);
    if (at.kind == Kind::kExtended) {
      read_extended(at, in, out);
    } else if (at.kind == Kind::kDvsec) {
      out.cxl = out.cxl || at.vendor == kCxlVendor;
    } else if (at.id == 0x10) {
      read_express(in, out);
    } else if (at.id == 0x01 && in.has(places().other.power_state)) {
      out.power_state = in.get<std::uint8_t>(places().other.power_state);
    } else if (at.id == 0x0D) {
      read_bridge_subsystem(config, at, out);
    }
  }
  return out;
}

}  // namespace weft::wire::pcie
