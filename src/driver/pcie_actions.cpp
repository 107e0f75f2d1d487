// SPDX-License-Identifier: Apache-2.0
#include "driver/pcie_actions.h"

#include "wire/pcie/function.h"

#include <charconv>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace weft::driver {
namespace pcie_ends {

constexpr unsigned kStandardMax = 48;
constexpr unsigned kExtendedMax = 960;

/// Reads that fail leave the first error and give zero.
class Reader {
 public:
  explicit Reader(bus::ConfigSpace& config) : config_(config) {}
  std::uint32_t read(std::size_t offset, std::uint8_t width) {
    if (!problem_) {
      return 0;
    }
    auto value = config_.read(static_cast<std::uint16_t>(offset), width);
    if (!value) {
      problem_ = tl::unexpected(value.error());
      return 0;
    }
    return *value;
  }
  [[nodiscard]] const base::Result<void>& problem() const { return problem_; }

 private:
  bus::ConfigSpace& config_;
  base::Result<void> problem_;
};

/// "0000:3b:00.0" -> "0000:3b:"; empty for anything else.
std::string bus_of(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  return colon == std::string_view::npos ? "" : std::string(address.substr(0, colon + 1));
}
std::string domain_of(std::string_view address) {
  const std::size_t colon = address.find(':');
  return colon == std::string_view::npos ? "" : std::string(address.substr(0, colon + 1));
}

/// The bus below the bridge at `address`, if it is one.
std::optional<std::uint8_t> secondary_bus(bus::Devices& devices, const std::string& address) {
  auto config = devices.config_space(address);
  if (!config) {
    return std::nullopt;
  }
  const auto type = (*config)->read(0x0E, 1);
  const auto bus = (*config)->read(0x19, 1);
  if (!type || !bus || (*type & 0x7F) != 1) {
    return std::nullopt;
  }
  return static_cast<std::uint8_t>(*bus);
}

base::Result<PcieEnd> open_end(bus::Devices& devices, std::string_view address) {
  auto config = devices.config_space(address);
  if (!config) {
    return tl::unexpected(config.error());
  }
  return PcieEnd::open(std::move(*config));
}

base::Result<PcieEnd> bridge_above(bus::Devices& devices, std::string_view address) {
  std::uint32_t bus = 0;
  const std::string own = bus_of(address);
  const std::size_t from = own.size() < 3 ? 0 : own.size() - 3;
  std::from_chars(own.data() + from, own.data() + own.size() - 1, bus, 16);
  for (const std::string& name : devices.names(bus::DoorKind::kConfigSpace)) {
    if (domain_of(name) == domain_of(address) && secondary_bus(devices, name) == bus) {
      return open_end(devices, name);
    }
  }
  return base::fail(base::Code::kNotFound, "no bridge leads to this function", std::string(address),
                    "Name the port above it.");
}

}  // namespace pcie_ends

base::Result<PcieEnd> PcieEnd::open(std::unique_ptr<bus::ConfigSpace> config) {
  PcieEnd out;
  out.config_ = std::move(config);
  if (auto walked = out.walk(); !walked) {
    return tl::unexpected(walked.error());
  }
  return out;
}

base::Result<void> PcieEnd::walk() {
  pcie_ends::Reader reader(*config_);
  const std::uint32_t id = reader.read(0, 4);
  if (reader.problem() && id == 0xFFFFFFFF) {
    return base::fail(base::Code::kUnavailable, "the function does not answer", address(),
                      "Its link may be down: see weft scan.");
  }
  std::uint32_t at = reader.read(0x34, 1) & 0xFCU;
  for (unsigned i = 0; at >= 0x40 && i < pcie_ends::kStandardMax; ++i) {
    const std::uint32_t head = reader.read(at, 2);
    const std::uint32_t kind = head & 0xFF;
    if (kind == 0x10) {
      express_ = static_cast<std::uint16_t>(at);
    } else if (kind == 0x01) {
      power_ = static_cast<std::uint16_t>(at);
    }
    at = head >> 8 & 0xFCU;
  }
  at = express_ == 0 ? 0 : 0x100;
  for (unsigned i = 0; at >= 0x100 && i < pcie_ends::kExtendedMax; ++i) {
    const std::uint32_t head = reader.read(at, 4);
    if (head == 0 || head == 0xFFFFFFFF) {
      break;
    }
    const std::uint32_t kind = head & 0xFFFF;
    if (kind == 0x19) {
      secondary_ = static_cast<std::uint16_t>(at);
    } else if (kind == 0x2F) {
      device3_ = static_cast<std::uint16_t>(at);
    } else if (kind == 0x27) {
      margining_ = static_cast<std::uint16_t>(at);
    }
    at = head >> 20 & 0xFFCU;
  }
  if (!reader.problem()) {
    return reader.problem();
  }
  const std::uint32_t type = express_ == 0 ? 0 : reader.read(express_ + 2U, 2) >> 4 & 0xF;
  const std::uint32_t cap = express_ == 0 ? 0 : reader.read(express_ + 0xCU, 4);
  faces_down_ = type == 4 || type == 6;
  speed_max_ = static_cast<std::uint8_t>(cap & 0xF);
  width_max_ = base::LaneCount(cap >> 4 & 0x3F);
  reports_active_ = (cap & 1U << 20) != 0;
  if (!reader.problem()) {
    return reader.problem();
  }
  if (express_ == 0 || type == 0x9 || type == 0xA || width_max_.value() == 0) {
    return base::fail(base::Code::kFailedPrecondition, "the function has no PCI Express link",
                      address());
  }
  return {};
}

base::Result<PcieLinkView> PcieEnd::link() const {
  pcie_ends::Reader reader(*config_);
  const std::uint32_t status = reader.read(express_ + 0x12U, 2);
  const std::uint32_t status_2 = reader.read(express_ + 0x32U, 2);
  if (!reader.problem()) {
    return tl::unexpected(reader.problem().error());
  }
  PcieLinkView out;
  if (status == 0xFFFF) {
    return base::fail(base::Code::kUnavailable, "the function does not answer", address(),
                      "Its link may be down: see weft scan.");
  }
  out.speed = static_cast<std::uint8_t>(status & 0xF);
  out.rate = wire::pcie::rate_of_code(out.speed).value_or(base::TransferRate{});
  out.width = base::LaneCount(status >> 4 & 0x3F);
  out.is_training = (status & 1U << 11) != 0;
  out.is_active = (status & 1U << 13) != 0;
  out.retimers = static_cast<std::uint8_t>((status_2 >> 6 & 1U) + (status_2 >> 7 & 1U));
  out.is_flit = (status_2 & 1U << 10) != 0;
  return out;
}

base::Result<PciePair> open_pair(bus::Devices& devices, std::string_view address) {
  auto given = pcie_ends::open_end(devices, address);
  if (!given) {
    return tl::unexpected(given.error());
  }
  if (!given->faces_down()) {
    auto upper = pcie_ends::bridge_above(devices, address);
    if (!upper) {
      return tl::unexpected(upper.error());
    }
    return PciePair{std::move(*upper), std::move(*given)};
  }
  const auto below = pcie_ends::secondary_bus(devices, std::string(address));
  PciePair out{std::move(*given), std::nullopt};
  if (below && *below != 0) {
    const std::string prefix = fmt::format("{}{:02x}:", pcie_ends::domain_of(address), *below);
    for (const std::string& name : devices.names(bus::DoorKind::kConfigSpace)) {
      if (name.starts_with(prefix) && name.ends_with(".0")) {
        if (auto end = pcie_ends::open_end(devices, name)) {
          out.lower = std::move(*end);
          break;
        }
      }
    }
  }
  return out;
}

base::Result<void> write_noted(bus::ConfigSpace& config, Journal& journal, std::uint16_t offset,
                               std::uint8_t width, std::uint32_t value) {
  const auto old = config.read(offset, width);
  if (!old) {
    return tl::unexpected(old.error());
  }
  if (*old == value) {
    return {};
  }
  JournalEntry entry{.door = "config",
                     .device = config.description(),
                     .place = fmt::format("0x{:03x}", offset),
                     .old = {}};
  for (unsigned i = 0; i < width; ++i) {
    entry.old.push_back(static_cast<std::uint8_t>(*old >> (8 * i)));
  }
  if (auto noted = journal.note(entry); !noted) {
    return noted;
  }
  return config.write(offset, width, value);
}

Restore restore_config(bus::Devices& devices, const Wait& wait) {
  return [&devices, wait](const JournalEntry& entry) -> base::Result<void> {
    unsigned offset = 0;
    const bool is_margin = entry.door == "margin";
    const std::string_view place = entry.place;
    const bool is_hex = place.starts_with("0x");
    const auto [end, problem] =
        std::from_chars(place.data() + (is_hex ? 2 : 0), place.data() + place.size(), offset, 16);
    const std::size_t width = entry.old.size();
    if ((entry.door != "config" && !is_margin) || !is_hex || problem != std::errc() ||
        end != place.data() + place.size() || (width != 1 && width != 2 && width != 4) ||
        offset % width != 0 || offset + width > 4096) {
      return base::fail(base::Code::kInvalidArgument,
                        fmt::format("no register {} of the door {}", entry.place, entry.door),
                        entry.device, "Another version of this program may know it.");
    }
    auto config = devices.config_space(entry.device);
    if (!config) {
      return tl::unexpected(config.error());
    }
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < width; ++i) {
      value |= std::uint32_t{entry.old[i]} << (8 * i);
    }
    const auto at = static_cast<std::uint16_t>(offset);
    const auto bytes = static_cast<std::uint8_t>(width);
    if (is_margin) {  // every receiver that this lane's commands reached: Go to Normal Settings
      constexpr base::Duration kAnswer{10'000'000};
      for (const std::uint32_t command : {0x9C38U, 0x0F10U, 0x9C38U}) {
        if (auto done = (*config)->write(at, 2, command); !done) {
          return done;
        }
        wait(kAnswer);
      }
    }
    if (auto done = (*config)->write(at, bytes, value); !done) {
      return done;
    }
    const auto now = (*config)->read(at, bytes);
    if (now && *now != value) {
      return base::fail(base::Code::kFailedPrecondition,
                        fmt::format("register {} reads {:#x}, not {:#x}", entry.place, *now, value),
                        entry.device, "The function may have been reset: see weft scan.");
    }
    return now ? base::Result<void>() : tl::unexpected(now.error());
  };
}

}  // namespace weft::driver
