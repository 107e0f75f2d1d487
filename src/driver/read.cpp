// SPDX-License-Identifier: Apache-2.0
#include "driver/read.h"

#include "base/text.h"

#include <cmath>

#include <fmt/format.h>

namespace weft::driver {

using observe::Absence;
using observe::absent;
using observe::Reading;

Reading<std::string> read_text(const bus::HostTree& tree, const std::string& path) {
  auto content = tree.read(path);
  if (!content) {
    return tl::unexpected(observe::not_measured(content.error()));
  }
  return std::string(base::trim(*content));
}

Reading<std::uint64_t> read_number(const bus::HostTree& tree, const std::string& path) {
  const auto content = read_text(tree, path);
  if (!content) {
    return tl::unexpected(content.error());
  }
  const bool is_hex = content->starts_with("0x");
  const auto number = base::parse_unsigned(*content, is_hex ? 16 : 10);
  if (!number) {
    return absent(Absence::kGarbled, path + " says '" + base::printable(*content, 40) + "'");
  }
  return *number;
}

std::optional<PciAddress> pci_address(std::string_view text) {
  const auto parts = base::split(text, ':');
  if (parts.size() != 2 && parts.size() != 3) {
    return std::nullopt;
  }
  const auto dot = base::split(parts.back(), '.');
  if (dot.size() != 2 || dot[0].size() != 2 || dot[1].size() != 1 ||
      parts[parts.size() - 2].size() != 2) {
    return std::nullopt;
  }
  const auto domain = parts.size() == 3 ? base::parse_unsigned(parts[0], 16) : 0;
  const auto bus = base::parse_unsigned(parts[parts.size() - 2], 16);
  const auto device = base::parse_unsigned(dot[0], 16);
  const auto function = base::parse_unsigned(dot[1], 16);
  if (!domain || !bus || !device || !function || *domain > 0xFFFFFFFF || *device > 31 ||
      *function > 7) {
    return std::nullopt;
  }
  return PciAddress{static_cast<std::uint32_t>(*domain), static_cast<std::uint8_t>(*bus),
                    static_cast<std::uint8_t>(*device), static_cast<std::uint8_t>(*function)};
}

std::string text(const PciAddress& address) {
  return fmt::format("{:04x}:{:02x}:{:02x}.{:x}", address.domain, address.bus, address.device,
                     address.function);
}

std::string last_pci_address(std::string_view path) {
  std::string last;
  for (const auto part : base::split(path, '/')) {
    if (part.size() >= 12 && pci_address(part)) {
      last = part;
    }
  }
  return last;
}

Reading<base::TransferRate> pcie_rate(std::string_view sysfs_text) {
  const auto parts = base::words(sysfs_text);
  if (!parts.empty() && parts[0] == "Unknown") {
    return absent(Absence::kNotSupported, "the kernel says 'Unknown'");
  }
  const auto giga = parts.empty() ? std::nullopt : base::parse_double(parts[0]);
  if (!giga || *giga <= 0 || *giga > 1000 || parts.size() < 2 || parts[1] != "GT/s") {
    return absent(Absence::kGarbled,
                  "'" + base::printable(sysfs_text, 40) + "' is not a link speed");
  }
  return base::mega_transfers(static_cast<std::uint64_t>(std::llround(*giga * 1000)));
}

}  // namespace weft::driver
