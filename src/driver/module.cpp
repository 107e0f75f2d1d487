// SPDX-License-Identifier: Apache-2.0
#include "driver/module.h"

#include "driver/module_control.h"
#include "wire/cmis/latched.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

namespace weft::driver {
namespace module_reader {

using observe::Absence;
using observe::absent;
using observe::Metric;
using observe::Reading;
using wire::cmis::ModuleInfo;
using wire::cmis::ModuleMedium;

fabric::Medium medium_of(const ModuleInfo& module) {
  switch (module.medium) {
    case ModuleMedium::kPassiveCopper:
      return fabric::Medium::kDac;
    case ModuleMedium::kLinearCopper:
      return fabric::Medium::kAcc;
    case ModuleMedium::kActiveCopper:
      return fabric::Medium::kAec;
    case ModuleMedium::kActiveOptical:
      return fabric::Medium::kAoc;
    case ModuleMedium::kOptics:
      return fabric::Medium::kDspOptics;
    case ModuleMedium::kCoherentOptics:
      return fabric::Medium::kCoherent;
    case ModuleMedium::kTwistedPair:
    case ModuleMedium::kUnknown:
      break;
  }
  return fabric::Medium::kUnknown;
}

Reading<std::string> text_or_absent(const std::string& text) {
  return text.empty() ? Reading<std::string>(absent(Absence::kNotSupported)) : text;
}

Reading<std::string> lanes_where(const ModuleInfo& module,
                                 std::optional<bool> wire::cmis::ModuleLane::* flag) {
  std::string lanes;
  bool is_known = false;
  for (std::size_t i = 0; i < module.lanes.size(); ++i) {
    const auto& value = module.lanes[i].*flag;
    is_known = is_known || value.has_value();
    if (value.value_or(false)) {
      lanes += (lanes.empty() ? "" : ",") + std::to_string(i);
    }
  }
  if (!is_known) {
    // Flags that a look does not clear were not read (ModuleReadOptions).
    return absent(Absence::kNotProvided);
  }
  return lanes.empty() ? "none" : lanes;
}

Reading<std::string> checksums(const ModuleInfo& module) {
  if (module.checksums.empty()) {
    return absent(Absence::kNotProvided);
  }
  std::string bad;
  for (const auto& sum : module.checksums) {
    if (!sum.is_good()) {
      bad += fmt::format("{}{}: stored {:02x}, computed {:02x}", bad.empty() ? "" : "; ", sum.name,
                         sum.stored, sum.computed);
    }
  }
  return bad.empty() ? "good" : bad;
}

void add_values(const ModuleInfo& module, observe::Attributes& attributes) {
  auto& values = attributes.values;
  const auto add = [&](const char* key, Reading<std::string> value) {
    values.emplace_back(key, std::move(value));
  };
  add("form", module.form);
  add("memory_map", std::string(wire::cmis::key(module.map)));
  add("revision", text_or_absent(module.revision));
  add("vendor", text_or_absent(module.vendor));
  add("oui", text_or_absent(module.oui));
  add("part_number", text_or_absent(module.part_number));
  add("part_revision", text_or_absent(module.part_revision));
  add("serial", text_or_absent(module.serial));
  add("date_code", text_or_absent(module.date_code));
  add("firmware", text_or_absent(module.firmware));
  add("medium", std::string(wire::cmis::key(module.medium)));
  add("technology", text_or_absent(module.technology));
  add("connector", text_or_absent(std::string(module.connector_name())));
  add("length_m", text_or_absent(module.length_m ? fmt::format("{:g}", *module.length_m) : ""));
  add("state", text_or_absent(std::string(module.state_name())));
  add("checksums", checksums(module));
  add("receive_loss_of_signal_lanes",
      lanes_where(module, &wire::cmis::ModuleLane::receive_loss_of_signal));
  add("receive_loss_of_lock_lanes",
      lanes_where(module, &wire::cmis::ModuleLane::receive_loss_of_lock));
  add("transmit_fault_lanes", lanes_where(module, &wire::cmis::ModuleLane::transmit_fault));
  std::string attenuation;
  for (const auto& [frequency, loss] : module.attenuation) {
    attenuation += fmt::format("{}{:g} dB at {:g} GHz", attenuation.empty() ? "" : ", ",
                               loss.value(), frequency.value() / 1e9);
  }
  add("attenuation", text_or_absent(attenuation));
}

void add_monitors(const ModuleInfo& module, fabric::PortId port, observe::Snapshot& snapshot) {
  const auto add = [&](Metric metric, std::string label, std::optional<double> value) {
    if (value) {
      snapshot.samples.push_back({port, metric, std::move(label), observe::Value(*value)});
    }
  };
  const auto dbm = [](std::optional<double> milliwatts) {
    return milliwatts ? std::optional(*milliwatts > 1e-4 ? 10 * std::log10(*milliwatts) : kDarkDbm)
                      : std::nullopt;
  };
  if (module.temperature) {
    add(Metric::kModuleTemperature, "", module.temperature->value());
  }
  add(Metric::kModuleVoltage, "", module.voltage_v);
  for (std::size_t i = 0; i < module.lanes.size(); ++i) {
    const auto& lane = module.lanes[i];
    add(Metric::kLaneReceivePower, std::to_string(i), dbm(lane.receive_power_mw));
    add(Metric::kLaneTransmitPower, std::to_string(i), dbm(lane.transmit_power_mw));
    if (lane.bias) {
      add(Metric::kLaneBias, std::to_string(i), lane.bias->value());
    }
  }
}

}  // namespace module_reader

namespace module_reader {

/// Every page that identity and monitors need.
base::Result<wire::cmis::ModuleMemory> read_pages(const bus::Netdev& netdev,
                                                  const std::string& interface,
                                                  const ModuleReadOptions& options) {
  using wire::cmis::PageRequest;
  wire::cmis::ModuleMemory memory;
  const auto read = [&](const PageRequest& part) -> base::Result<void> {
    const auto bytes = netdev.module_page(interface, part.i2c_address, part.bank, part.page,
                                          part.offset, part.length);
    if (!bytes) {
      return tl::unexpected(bytes.error());
    }
    memory.add(part, *bytes);
    return {};
  };
  // What the module is comes first: it tells which bytes are latched flags.
  constexpr PageRequest kBeginning{.length = 3};
  constexpr PageRequest kRest{.offset = kBeginning.length, .length = 128 - kBeginning.length};
  if (auto begun = read(kBeginning); !begun) {
    return tl::unexpected(std::move(begun.error()));
  }
  const auto map = wire::cmis::map_of(memory.byte(0, 0).value_or(0));
  std::set<std::tuple<int, int, int, int>> asked;
  const auto ask = [&](const PageRequest& request) {
    if (!asked.emplace(request.i2c_address, request.bank, request.page, request.offset).second) {
      return false;
    }
    const auto parts = options.clears_flags ? std::vector<PageRequest>{request}
                                            : wire::cmis::without_latched(request, map);
    bool is_any = false;
    for (const auto& part : parts) {
      // A module may lack a page; what was read is still worth having.
      is_any = read(part).has_value() || is_any;
    }
    return is_any;
  };
  for (bool is_new = ask(kRest); is_new;) {
    is_new = false;
    for (const auto& request : wire::cmis::pages_wanted(memory)) {
      is_new = ask(request) || is_new;
    }
  }
  return memory;
}

/// Pages of the module's statistics, where it has some: OIF-CMIS-05.2 00h:2.7 (flat memory has no
/// pages), 01h:142.6 (VDM), 2Fh:128 (groups).
void read_statistics(const bus::Netdev& netdev, const std::string& interface,
                     wire::cmis::ModuleMemory& memory) {
  constexpr std::uint8_t kFlat = 0x80;
  constexpr std::uint8_t kHasVdm = 0x40;
  if ((memory.byte(0, 2).value_or(kFlat) & kFlat) != 0 ||
      (memory.byte(1, 142).value_or(0) & kHasVdm) == 0) {
    return;
  }
  const auto read = [&](unsigned page, std::uint8_t length) {
    const wire::cmis::PageRequest request{
        .page = static_cast<std::uint8_t>(page), .offset = 128, .length = length};
    if (const auto bytes = netdev.module_page(interface, request.i2c_address, request.bank,
                                              request.page, request.offset, request.length)) {
      memory.add(request, *bytes);
    }
  };
  read(wire::cmis::kVdmControl, 1);
  for (unsigned group = 0; group < wire::cmis::vdm_groups(memory).value_or(0); ++group) {
    read(wire::cmis::kVdmDescriptors + group, 128);
    read(wire::cmis::kVdmSamples + group, 128);
  }
}

}  // namespace module_reader

base::Result<wire::cmis::ModuleInfo> read_module(const bus::Netdev& netdev,
                                                 const std::string& interface,
                                                 const ModuleReadOptions& options) {
  const auto memory = module_reader::read_pages(netdev, interface, options);
  if (!memory) {
    return tl::unexpected(memory.error());
  }
  return wire::cmis::decode_module(*memory);
}

base::Result<ModuleReading> read_module_and_statistics(const bus::Netdev& netdev,
                                                       const std::string& interface) {
  auto memory = module_reader::read_pages(netdev, interface, {});
  if (!memory) {
    return tl::unexpected(std::move(memory.error()));
  }
  auto info = wire::cmis::decode_module(*memory);
  if (!info) {
    return tl::unexpected(std::move(info.error()));
  }
  ModuleReading reading{std::move(*info), {}};
  if (reading.info.map == wire::cmis::ModuleMap::kCmis) {
    module_reader::read_statistics(netdev, interface, *memory);
    reading.statistics = wire::cmis::decode_vdm(*memory);
  }
  return reading;
}

void add_module(Collection& collection, fabric::DeviceId device, fabric::PortId port,
                const std::string& interface, const base::Result<ModuleReading>& module) {
  observe::Attributes attributes{
      .device = device, .kind = "module", .name = interface, .values = {}};
  if (module) {
    module_reader::add_values(module->info, attributes);
    module_reader::add_monitors(module->info, port, collection.snapshot);
    add_module_statistics(module->statistics, port, collection.snapshot);
  } else {
    attributes.values.emplace_back("form", tl::unexpected(observe::not_measured(module.error())));
  }
  collection.snapshot.attributes.push_back(std::move(attributes));
}

fabric::Segment segment_of(const wire::cmis::ModuleInfo& module) {
  fabric::Segment segment;
  segment.medium = module_reader::medium_of(module);
  segment.part = module.part_number;
  // A transceiver states how far its fibre may reach, which is not how long the fibre is.
  if (!module.is_separable && module.length_m) {
    segment.length = base::Millimetres(*module.length_m * 1000);
  }
  return segment;
}

}  // namespace weft::driver
