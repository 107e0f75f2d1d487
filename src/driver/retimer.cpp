// SPDX-License-Identifier: Apache-2.0
#include "driver/retimer.h"

#include "base/text.h"
#include "driver/read.h"
#include "wire/retimer/convert.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace weft::driver {
namespace retimer_driver {

namespace wr = wire::retimer;
using observe::Absence;
using observe::Metric;

constexpr int kHeartbeatReads = 100;
constexpr std::uint8_t kFirstStrap = 0x20;
constexpr std::uint8_t kLastStrap = 0x27;
constexpr unsigned kLinkNumbersMax = wr::kLinksMax;

/// One poll.
class Poll {
 public:
  Poll(RetimerBus& retimer, const RetimerOptions& options) : retimer_(retimer), options_(options) {}

  base::Result<RetimerReport> run() {
    const std::uint64_t before = retimer_.transactions();
    const auto identity = retimer_.read_word(wr::kGlobalParam1, 4);
    if (!identity) {
      return tl::unexpected(identity.error());
    }
    report_.vendor = static_cast<std::uint16_t>(*identity >> 16U);
    report_.device = static_cast<std::uint8_t>(*identity >> 8U);
    report_.revision = static_cast<std::uint8_t>(*identity);
    if (report_.vendor != wr::kVendorId) {
      return base::fail(base::Code::kNotFound,
                        fmt::format("vendor 0x{:04x} is not a retimer's", report_.vendor),
                        retimer_.description());
    }
    const auto beat = byte(wr::kHeartbeat);
    report_.code_load = byte(wr::kCodeLoad).value_or(0);
    report_.is_loaded = report_.code_load >= wr::kCodeLoaded;
    report_.had_bus_clear = (byte(wr::kStatus).value_or(0) & 1U) != 0;
    if (report_.is_loaded) {
      read_firmware();
    }
    report_.fuses = options_.fuses ? options_.fuses : taken(read_fuses(retimer_));
    read_temperatures();
    if (report_.is_loaded) {
      read_links();
    }
    report_.is_beating = beat && has_changed(*beat);
    report_.transactions = retimer_.transactions() - before;
    return std::move(report_);
  }

 private:
  template <class T>
  std::optional<T> taken(base::Result<T> result) {
    if (!result) {
      report_.problems.push_back(result.error().text());
      return std::nullopt;
    }
    return std::move(*result);
  }
  std::optional<std::uint8_t> byte(std::uint32_t address) {
    const auto word = taken(retimer_.read_word(address, 1));
    return word ? std::optional(static_cast<std::uint8_t>(*word)) : std::nullopt;
  }

  /// The heartbeat as read at the poll's start against now; standing still only after 100 reads.
  bool has_changed(std::uint8_t first) {
    for (int i = 0; i < kHeartbeatReads; ++i) {
      const auto now = byte(wr::kHeartbeat);
      if (!now || *now != first) {
        return now.has_value();
      }
    }
    return false;
  }

  void read_firmware() {
    if (const auto bytes = taken(retimer_.read_sram(wr::kFirmwareInfo, 4))) {
      report_.firmware = {(*bytes)[0], (*bytes)[1],
                          static_cast<std::uint16_t>((*bytes)[2] | unsigned{(*bytes)[3]} << 8U)};
    }
    if (report_.firmware >= wr::kOverTemperatureSince) {
      report_.is_over_temperature = (byte(wr::kGlobalErrorMask2).value_or(0) & 4U) != 0;
    }
  }

  observe::Reading<double> temperature(std::uint32_t address) {
    const auto bytes = retimer_.read_wide(address, 4, report_.firmware);
    if (!bytes) {
      return observe::absent(Absence::kUnreadable, bytes.error().text());
    }
    const auto code = static_cast<std::uint32_t>(base::read_le(*bytes, 0, 4).value_or(0));
    const auto cel = wr::temperature(
        code, report_.fuses ? report_.fuses->mean_calibration() : wr::kDefaultCalibration);
    if (!cel) {
      return observe::absent(Absence::kNotProvided,
                             code == 0 ? "the sensor is not ready" : "the code is no temperature");
    }
    return cel->value();
  }

  void read_temperatures() {
    report_.temperature = temperature(wr::kTemperatureAverage);
    report_.temperature_max = temperature(wr::kTemperatureMax);
    report_.temperature_all_time = temperature(wr::kTemperatureAllTimeMax);
  }

  void read_links() {
    const auto param = taken(retimer_.read_wide(wr::kGlobalParam0, 4, report_.firmware));
    const auto info = taken(retimer_.read_sram(wr::kFirmwareInfo + wr::kInfoPrint, 2));
    if (!param || !info) {
      return;
    }
    report_.bifurcation =
        wr::bifurcation_field(static_cast<std::uint32_t>(base::read_le(*param, 0, 4).value_or(0)));
    const auto groups = wr::bifurcation(report_.bifurcation);
    std::uint32_t path_size = wr::kPathSizeDefault;
    if (report_.firmware >= wr::kPathSizeSince) {
      const auto size = taken(retimer_.read_sram(wr::kFirmwareInfo + wr::kInfoPathSize, 1));
      path_size = size ? (*size)[0] : path_size;
    }
    const std::uint32_t print =
        wr::kMainSram + static_cast<std::uint32_t>((*info)[0] | unsigned{(*info)[1]} << 8U);
    // An x8 part has the lanes in the middle of a x16 one's.
    const std::uint8_t first = report_.fuses && report_.fuses->is_x8() ? 4 : 0;
    for (unsigned i = 0; i < groups.size() && i < kLinkNumbersMax; ++i) {
      const wr::LaneGroup group{static_cast<std::uint8_t>(groups[i].start + first),
                                groups[i].width};
      if (group.start + group.width <= wr::kPaths) {
        read_link(i, group, path_size, print);
      }
    }
  }

  void read_link(unsigned number, const wr::LaneGroup& group, std::uint32_t path_size,
                 std::uint32_t print) {
    const auto pointer =
        taken(retimer_.read_sram(wr::kFirmwareInfo + wr::kInfoLinks + 2 * number, 2));
    if (!pointer) {
      return;
    }
    const std::uint32_t at =
        wr::kMainSram + static_cast<std::uint32_t>((*pointer)[0] | unsigned{(*pointer)[1]} << 8U) +
        2 * path_size;
    const auto field = [this](std::uint32_t address) {
      const auto value = taken(retimer_.read_sram(address, 1));
      return value ? (*value)[0] : std::uint8_t{0};
    };
    RetimerLink link{.number = number, .start = group.start, .width = group.width};
    link.detected_width = field(at + wr::kLinkDetectedWidth);
    link.state = static_cast<wr::LinkState>(field(at + wr::kLinkState));
    link.generation = field(at + wr::kLinkRate) + 1U;
    link.recoveries = field(print + wr::kPrintRecoveries + number);
    // Figures of merit mean something from Gen3 on, while data flows.
    if (options_.with_lanes && link.state == wr::LinkState::kForwarding && link.generation >= 3) {
      for (unsigned lane = link.start; lane < link.start + link.width; ++lane) {
        read_lane(1, lane);
        read_lane(0, lane);
      }
    }
    report_.links.push_back(link);
  }

  void read_lane(unsigned side, unsigned lane) {
    RetimerLane out;
    out.side = side;
    out.lane = lane;
    const auto word = [this, side, lane](std::uint16_t reg) {
      return taken(retimer_.read_pma(side, lane, reg));
    };
    const auto fom = word(wr::kPmaFom);
    if (!fom) {
      return;
    }
    out.fom = static_cast<std::uint8_t>(*fom);
    if (options_.with_equaliser) {
      if (const auto att = word(wr::kPmaAttenuator)) {
        out.attenuator = wr::attenuator(*att);
      }
      if (const auto gain = word(wr::kPmaVga)) {
        out.vga = wr::vga(*gain);
      }
      if (const auto boost = word(wr::kPmaCtle)) {
        out.ctle = wr::ctle_boost(*boost);
      }
      for (unsigned tap = 1; tap <= wr::kDfeTaps; ++tap) {
        if (const auto code = word(wr::dfe_address(tap))) {
          out.dfe.push_back(wr::dfe(tap, *code));
        }
      }
    }
    report_.lanes.push_back(std::move(out));
  }

  RetimerBus& retimer_;
  RetimerOptions options_;
  RetimerReport report_;
};

/// Addresses on a segment at which retimers may be spoken to.
std::vector<std::uint8_t> addresses(const Collection& collection, std::string_view segment) {
  std::vector<std::uint8_t> out;
  const auto dash = segment.rfind('-');
  const std::string prefix =
      dash == std::string_view::npos ? "" : std::string(segment.substr(dash + 1)) + "-00";
  const std::string folder = "sys/bus/i2c/devices";
  for (const auto& entry :
       collection.host.tree->list(folder).value_or(std::vector<std::string>{})) {
    const std::string name =
        read_text(*collection.host.tree, fmt::format("{}/{}/name", folder, entry)).value_or("");
    if (!prefix.empty() && entry.starts_with(prefix) && entry.size() == prefix.size() + 2 &&
        (name.starts_with("pt5") || name.starts_with("pt4"))) {
      if (const auto value = base::parse_unsigned(entry.substr(prefix.size()), 16)) {
        out.push_back(static_cast<std::uint8_t>(*value & 0x7FU));
      }
    }
  }
  if (collection.snapshot.host.is_simulated) {
    for (std::uint8_t strap = kFirstStrap; strap <= kLastStrap; ++strap) {
      out.push_back(strap);
    }
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

void add_samples(Collection& collection, fabric::DeviceId device, const RetimerReport& report) {
  const auto add = [&](Metric metric, std::string label, observe::Reading<observe::Value> value) {
    collection.snapshot.samples.push_back({device, metric, std::move(label), std::move(value)});
  };
  const auto add_cel = [&](Metric metric, const char* label,
                           const observe::Reading<double>& reading) {
    add(metric, label,
        reading ? observe::Reading<observe::Value>(*reading) : tl::unexpected(reading.error()));
  };
  add_cel(Metric::kTemperature, "retimer mean", report.temperature);
  add_cel(Metric::kTemperature, "retimer hottest", report.temperature_max);
  add_cel(Metric::kTemperaturePeak, "retimer", report.temperature_all_time);
  add(Metric::kTemperatureLimit, "retimer mean",
      wr::kTemperatureAlert - wr::kTemperatureUncertainty);
  add(Metric::kTemperatureAlarm, "retimer mean",
      std::uint64_t{report.is_over_temperature ? 1U : 0U});
  for (const RetimerLink& link : report.links) {
    add(Metric::kL0ToRecovery, fmt::format("link {}", link.number), std::uint64_t{link.recoveries});
  }
  for (const RetimerLane& lane : report.lanes) {
    add(Metric::kLaneFigureOfMerit,
        fmt::format("{}{}", lane.side == 1 ? "upstream." : "downstream.", lane.lane),
        std::uint64_t{lane.fom});
  }
}

/// As the kernel knows the part, or as its fuses say.
std::string part_number(const Collection& collection, const RetimerBus& retimer,
                        const RetimerReport& report) {
  const std::string where = retimer.description();
  const auto dash = where.find('-');
  const auto slash = where.find('/');
  if (dash != std::string::npos && slash != std::string::npos && dash < slash) {
    const std::string place =
        fmt::format("sys/bus/i2c/devices/{}-{:04x}/name", where.substr(dash + 1, slash - dash - 1),
                    retimer.address());
    std::string name = read_text(*collection.host.tree, place).value_or("");
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    if (name.starts_with("PT")) {
      return name;
    }
  }
  return report.fuses ? std::string(report.fuses->part) : "";
}

void add_retimer(Collection& collection, const RetimerBus& retimer, const RetimerReport& report) {
  fabric::Device device;
  device.id = collection.id_of<fabric::DeviceId>("retimer/" + retimer.description());
  device.name = collection.snapshot.host.name + "/" + retimer.description();
  device.kind = fabric::DeviceKind::kRetimer;
  device.parent = collection.snapshot.host.name;
  device.part.vendor = "Astera Labs";
  device.part.part_number = part_number(collection, retimer, report);
  device.part.serial = report.fuses ? report.fuses->serial() : "";
  device.part.firmware = report.is_loaded ? report.firmware.text() : "";
  const auto id = device.id;
  if (!collection.snapshot.fabric.add(std::move(device))) {
    return;
  }
  observe::Attributes attributes{
      .device = id, .kind = "retimer", .name = retimer.description(), .values = {}};
  const auto put = [&attributes](const char* key, std::string value) {
    attributes.values.emplace_back(key, std::move(value));
  };
  put("vendor_id", fmt::format("0x{:04x}", report.vendor));
  put("revision", fmt::format("0x{:02x}", report.revision));
  put("code_load", fmt::format("0x{:02x}", report.code_load));
  put("firmware_loaded", report.is_loaded ? "yes" : "no");
  put("heartbeat", report.is_beating ? "yes" : "no");
  put("firmware", report.firmware.text());
  if (report.fuses) {
    const auto hex = [](const auto& bytes) { return fmt::format("{:02x}", fmt::join(bytes, "")); };
    put("lot", hex(report.fuses->lot));
    put("temperature_calibrated", report.fuses->is_calibrated ? "yes" : "no");
  }
  put("bifurcation", fmt::format("0x{:02x}", report.bifurcation));
  put("bus_clear_seen", report.had_bus_clear ? "yes" : "no");
  for (const RetimerLink& link : report.links) {
    attributes.values.emplace_back(
        fmt::format("link{}", link.number),
        fmt::format("{}, Gen{} x{} of x{} from lane {}", key(link.state), link.generation,
                    link.detected_width, link.width, link.start));
  }
  put("poll_transactions", fmt::format("{}", report.transactions));
  collection.snapshot.attributes.push_back(std::move(attributes));
  add_samples(collection, id, report);
  for (const auto& problem : report.problems) {
    collection.snapshot.problems.push_back(problem);
  }
}

}  // namespace retimer_driver

base::Result<RetimerReport> read_retimer(RetimerBus& retimer, const RetimerOptions& options) {
  return retimer_driver::Poll(retimer, options).run();
}

void collect_retimers(Collection& collection) {
  if (collection.host.devices == nullptr) {
    return;
  }
  bus::Devices& devices = *collection.host.devices;
  for (const auto& segment : devices.names(bus::DoorKind::kSmbus)) {
    const auto addresses = retimer_driver::addresses(collection, segment);
    if (addresses.empty()) {
      continue;
    }
    const auto bus = devices.smbus(segment);
    if (!bus) {
      collection.snapshot.problems.push_back(bus.error().text());
      continue;
    }
    for (const std::uint8_t address : addresses) {
      RetimerBus retimer(**bus, address);
      const auto report = read_retimer(retimer);
      if (report) {
        retimer_driver::add_retimer(collection, retimer, *report);
      } else if (report.error().code != base::Code::kUnavailable &&
                 report.error().code != base::Code::kNotFound) {
        collection.snapshot.problems.push_back(report.error().text());
      }
    }
  }
}

}  // namespace weft::driver
