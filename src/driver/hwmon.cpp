// SPDX-License-Identifier: Apache-2.0
// Temperatures that the kernel's hwmon chips give, with their limits and alarms, put on the device
// that the chip belongs to: by its PCI function where it has one (NICs, NVMe, GPUs), else on a
// device named after the chip's own (coretemp.0). Source: Documentation/hwmon/sysfs-interface of
// the kernel.
#include "base/text.h"
#include "driver/collect.h"
#include "driver/read.h"

#include <fmt/format.h>

namespace weft::driver {
namespace hwmon {

using observe::Absence;
using observe::absent;
using observe::Metric;
using observe::Reading;

constexpr std::string_view kClass = "sys/class/hwmon";
constexpr int kSensorsMax = 128;
/// Limits beyond this are what a chip says that has none (NVMe drives say 65261.85).
constexpr double kLimitMaxCelsius = 250;

/// Thousandths of a degree, with a sign.
Reading<double> celsius(const bus::HostTree& tree, const std::string& path) {
  const auto content = read_text(tree, path);
  if (!content) {
    return tl::unexpected(content.error());
  }
  const auto value = base::parse_signed(*content);
  if (!value) {
    return absent(Absence::kGarbled, path + " says '" + base::printable(*content, 40) + "'");
  }
  return static_cast<double>(*value) / 1000.0;
}

class ChipReader {
 public:
  ChipReader(Collection& collection, const std::string& chip)
      : collection_(collection),
        tree_(*collection.host.tree),
        path_(fmt::format("{}/{}", kClass, chip)),
        name_(base::printable(read_text(tree_, path_ + "/name").value_or(chip), 32)) {}

  void read() {
    for (int i = 1; i <= kSensorsMax; ++i) {
      const auto sensor = fmt::format("{}/temp{}", path_, i);
      if (!tree_.exists(sensor + "_input")) {
        misses_ = misses_ + 1;
        if (misses_ > 16) {
          return;  // numbering has gaps, but not wide ones
        }
        continue;
      }
      misses_ = 0;
      add_sensor(sensor, fmt::format("temp{}", i));
    }
  }

 private:
  void add_sensor(const std::string& sensor, const std::string& fallback) {
    const auto subject = device();
    const auto label =
        name_ + " " + base::printable(read_text(tree_, sensor + "_label").value_or(fallback), 40);
    const auto add = [&](Metric metric, Reading<observe::Value> value) {
      collection_.snapshot.samples.push_back({subject, metric, label, std::move(value)});
    };
    const auto now = celsius(tree_, sensor + "_input");
    add(Metric::kTemperature, now ? Reading<observe::Value>(*now) : tl::unexpected(now.error()));
    const auto limit = limit_of(sensor);
    add(Metric::kTemperatureLimit,
        limit ? Reading<observe::Value>(*limit) : tl::unexpected(limit.error()));
    const auto alarm = alarm_of(sensor);
    add(Metric::kTemperatureAlarm,
        alarm ? Reading<observe::Value>(*alarm) : tl::unexpected(alarm.error()));
  }

  /// The critical limit, else the maximum; absurd ones are none.
  [[nodiscard]] Reading<double> limit_of(const std::string& sensor) const {
    Reading<double> first = absent(Absence::kNotSupported, "the chip states no limit");
    for (const char* leaf : {"_crit", "_max"}) {
      const auto limit = celsius(tree_, sensor + leaf);
      if (limit && *limit > 0 && *limit < kLimitMaxCelsius) {
        return limit;
      }
      if (!limit && limit.error().why != Absence::kNotProvided) {
        first = limit;
      }
    }
    return first;
  }

  /// 1 where any of the sensor's too-hot alarms is raised; absent where it has none.
  [[nodiscard]] Reading<std::uint64_t> alarm_of(const std::string& sensor) const {
    Reading<std::uint64_t> alarm = absent(Absence::kNotSupported, "the chip has no alarm");
    for (const char* leaf : {"_alarm", "_crit_alarm", "_max_alarm", "_emergency_alarm"}) {
      const auto value = read_number(tree_, sensor + leaf);
      if (value) {
        alarm = std::uint64_t{alarm.value_or(0) != 0 || *value != 0 ? 1U : 0U};
      } else if (!alarm && value.error().why != Absence::kNotProvided) {
        alarm = tl::unexpected(value.error());
      }
    }
    return alarm;
  }

  /// The device that the chip sits on, made where no other driver knows it.
  fabric::DeviceId device() {
    if (!device_.is_null()) {
      return device_;
    }
    const auto place = tree_.link(path_).value_or("");
    auto address = last_pci_address(place);
    if (address.empty()) {
      address = last_pci_address(tree_.link(path_ + "/device").value_or(""));
    }
    const auto found = collection_.device_of_function.find(address);
    if (found != collection_.device_of_function.end()) {
      device_ = found->second;
      return device_;
    }
    // ".../platform/coretemp.0/hwmon/hwmon3": hwmon3 may be another number after the next boot.
    const auto end = place.rfind("/hwmon/");
    const auto holder = end == std::string::npos ? std::string{} : place.substr(0, end);
    const auto holder_name = base::split(holder, '/').back();
    const std::string name(holder_name.empty() ? name_ : std::string(holder_name));
    const auto id =
        collection_.id_of<fabric::DeviceId>("hwmon/" + (holder.empty() ? name : holder));
    if (collection_.snapshot.fabric.device(id) == nullptr) {
      fabric::Device device;
      device.id = id;
      device.name = name;
      device.kind = name_ == "coretemp" || name_ == "k10temp" ? fabric::DeviceKind::kProcessor
                                                              : fabric::DeviceKind::kOther;
      device.parent = collection_.snapshot.host.name;
      if (!collection_.snapshot.fabric.add(std::move(device))) {
        return {};
      }
    }
    device_ = id;
    return device_;
  }

  Collection& collection_;
  const bus::HostTree& tree_;
  std::string path_;
  std::string name_;
  fabric::DeviceId device_;
  int misses_ = 0;
};

}  // namespace hwmon

void collect_hwmon(Collection& collection) {
  const auto chips = collection.host.tree->list(std::string(hwmon::kClass));
  if (!chips) {
    if (chips.error().code != base::Code::kNotFound) {
      collection.snapshot.problems.push_back(chips.error().text());
    }
    return;
  }
  for (const auto& chip : *chips) {
    hwmon::ChipReader(collection, chip).read();
  }
}

}  // namespace weft::driver
