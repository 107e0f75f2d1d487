// SPDX-License-Identifier: Apache-2.0
#include "wire/kernel_log/message.h"

#include "base/text.h"
#include "wire/kernel_log/patterns.h"

#include <algorithm>
#include <array>

namespace weft::wire::kernel_log {
namespace classifier {

constexpr std::size_t kTextBytesMax = 4096;

constexpr std::array<std::string_view, static_cast<std::size_t>(Kind::kCount_)> kKeys = {
    "aer_received",
    "aer_error",
    "aer_status",
    "aer_bit",
    "aer_header",
    "aer_source_unknown",
    "aer_recovered",
    "aer_recovery_failed",
    "aer_link_reset",
    "dpc",
    "dpc_reason",
    "slot_link_down",
    "slot_link_up",
    "slot_link_ignored",
    "slot_card_present",
    "slot_card_absent",
    "slot_button",
    "slot_power_fault",
    "slot_no_link",
    "pcie_bandwidth",
    "pcie_bandwidth_limited",
    "pcie_retrain",
    "pcie_inaccessible",
    "xid",
    "sxid",
    "gpu_lost",
    "module_event",
    "module_error",
    "nic_health",
    "nic_power",
    "nic_temperature",
    "net_link_up",
    "net_link_down",
    "nvme_timeout",
    "nvme_down",
    "nvme_removed",
    "nvme_not_ready",
    "cxl_event",
    "cxl_aer",
    "memory_error",
};

/// "driver BDF[ name]: rest" taken apart; `bdf` is empty where the text has no such start.
struct Prefix {
  std::string_view driver;
  std::string bdf;
  std::string_view netdev;
  std::string_view rest;
};

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) {
    return false;
  }
  text.remove_prefix(prefix.size());
  return true;
}

Prefix split_prefix(std::string_view text) {
  Prefix prefix;
  const auto space = text.find(' ');
  if (space == std::string_view::npos || space == 0 || text.substr(0, space).ends_with(':')) {
    return prefix;
  }
  auto rest = text.substr(space + 1);
  const auto end = rest.find_first_not_of("0123456789abcdefABCDEF:.");
  auto address = rest.substr(0, end);
  while (address.ends_with(':')) {
    address.remove_suffix(1);
  }
  auto bdf = pci_address(address);
  if (!bdf || address.find('.') == std::string_view::npos) {
    return prefix;
  }
  rest.remove_prefix(address.size());
  const auto colon = rest.find(": ");
  if (colon > 64) {
    return prefix;
  }
  // Between address and colon stands nothing, ":pcie004" (a port service), or " eth0".
  const auto between = base::trim(rest.substr(0, colon));
  if (!between.starts_with(":") && between.find(' ') == std::string_view::npos) {
    prefix.netdev = between;
  }
  prefix.driver = text.substr(0, space);
  prefix.bdf = std::move(*bdf);
  prefix.rest = base::trim(rest.substr(colon + 2));
  return prefix;
}

/// mlx5's "port_module:252:(pid 0): " taken off.
std::string_view without_function(std::string_view text) {
  const auto pid = text.find(":(pid ");
  const auto end = text.find("): ");
  if (pid != std::string_view::npos && end != std::string_view::npos && pid < end &&
      text.substr(0, pid).find(' ') == std::string_view::npos) {
    return text.substr(end + 3);
  }
  return text;
}

/// The text that a scope's patterns see; nullopt where the scope does not apply.
std::optional<std::string_view> scoped(Scope scope, std::string_view text, const Prefix& prefix) {
  std::string_view rest = prefix.rest;
  if (scope == Scope::kAny) {
    return text;
  }
  if (scope == Scope::kNvme) {
    if (!take(text, "nvme ")) {
      return std::nullopt;
    }
    const auto colon = text.find(": ");
    return colon > 32 ? std::nullopt : std::optional(text.substr(colon + 2));
  }
  if (prefix.bdf.empty()) {
    return std::nullopt;
  }
  switch (scope) {
    case Scope::kAer:
      (void)take(rest, "AER: ");
      return base::trim(rest);
    case Scope::kDpc:
      return take(rest, "DPC: ") || take(rest, "DPC ") ? std::optional(rest) : std::nullopt;
    case Scope::kSlot:
      (void)take(rest, "pciehp: ");
      return rest;
    case Scope::kMlx5:
      return prefix.driver == "mlx5_core" ? std::optional(without_function(rest)) : std::nullopt;
    default:
      return rest;
  }
}

Severity severity_of_aer(std::string_view words) {
  if (words.find("Non-Fatal") != std::string_view::npos ||
      words.find("non-fatal") != std::string_view::npos) {
    return Severity::kWarning;
  }
  return words.find("Fatal") != std::string_view::npos ? Severity::kCritical : Severity::kInfo;
}

/// AER: the severity by its words, "Multiple " and " (First)" as fields of their own.
void refine_aer(KernelMessage& message) {
  bool is_multiple = false;
  bool is_first = false;
  for (auto& [name, value] : message.fields) {
    if (name == "severity") {
      message.severity = severity_of_aer(value);
      if (value.starts_with("Multiple ")) {
        value.erase(0, 9);
        is_multiple = true;
      }
    } else if (name == "error" && value.ends_with("(First)")) {
      value = base::trim(std::string_view(value).substr(0, value.size() - 7));
      is_first = true;
    }
  }
  if (is_multiple) {
    message.fields.emplace_back("multiple", "1");
  }
  if (is_first) {
    message.fields.emplace_back("first", "1");
  }
}

/// "Link 13", "link 3(0x…": the number behind the word; -1 (none named) is left out.
void add_link(std::string_view detail, KernelMessage& message) {
  for (const std::string_view word : {"Link ", "link "}) {
    const auto at = detail.find(word);
    if (at == std::string_view::npos) {
      continue;
    }
    const auto digits = detail.substr(at + word.size());
    const auto end = std::min(digits.find_first_not_of("0123456789"), digits.size());
    if (const auto number = base::parse_unsigned(digits.substr(0, end)); number && *number < 1024) {
      message.fields.emplace_back("link", std::to_string(*number));
      return;
    }
  }
}

/// The NVLink 5 forms, Xid 144 to 150: "UNIT Fatal XC0 i0 Link 13 (0x0409a0c2 0x00000008 …)". The
/// sub-code is bits 25:20 of the first word; the second is the unit's error status.
void refine_nvlink_xid(std::string_view detail, KernelMessage& message) {
  const auto parts = base::words(detail);
  if (parts.size() < 2) {
    return;
  }
  message.fields.emplace_back("unit", base::printable(parts[0]));
  if (parts[1] == "Fatal" || parts[1] == "Nonfatal") {
    message.severity = parts[1] == "Fatal" ? Severity::kCritical : Severity::kWarning;
    message.fields.emplace_back("fatality", parts[1]);
  }
  const auto open = detail.find("(0x");
  if (open == std::string_view::npos) {
    return;
  }
  const auto registers = base::words(detail.substr(open + 1));
  const auto info = base::parse_unsigned(registers[0], 16);
  if (info) {
    message.fields.emplace_back("info", base::printable(registers[0]));
    message.fields.emplace_back("subcode", std::to_string(*info >> 20 & 0x3F));
  }
  if (registers.size() > 1 && base::parse_unsigned(registers[1], 16)) {
    message.fields.emplace_back("status", base::printable(registers[1]));
  }
}

Severity severity_of_xid(std::uint64_t code) {
  // NVIDIA's Xid catalogue: 13, 31, 43, 45 come from the application or follow another error;
  // 48 double-bit ECC, 79 fallen off the bus, 95 uncontained ECC, 119/120 GSP time-out.
  static constexpr std::array<std::uint64_t, 4> kApplication = {13, 31, 43, 45};
  static constexpr std::array<std::uint64_t, 5> kCriticalCodes = {48, 79, 95, 119, 120};
  if (std::ranges::find(kApplication, code) != kApplication.end()) {
    return Severity::kInfo;
  }
  return std::ranges::find(kCriticalCodes, code) != kCriticalCodes.end() ? Severity::kCritical
                                                                         : Severity::kWarning;
}

void refine_xid(KernelMessage& message) {
  static constexpr std::string_view kCausedBy = "caused by previous Xid ";
  const auto code = base::parse_unsigned(message.field("code")).value_or(0);
  const std::string detail(message.field("detail"));
  message.severity = severity_of_xid(code);
  if (const auto at = detail.find(kCausedBy); at != std::string::npos) {
    message.is_victim = true;
    message.severity = Severity::kInfo;
    const auto digits = std::string_view(detail).substr(at + kCausedBy.size());
    const auto end = std::min(digits.find_first_not_of("0123456789"), digits.size());
    message.fields.emplace_back("cause", digits.substr(0, end));
    return;
  }
  if (code >= 144 && code <= 150) {
    refine_nvlink_xid(detail, message);
  }
  if (code == 74 || (code >= 144 && code <= 150)) {
    add_link(detail, message);
  }
}

/// A field that names the subject moves to its place.
void settle_subject(KernelMessage& message) {
  std::erase_if(message.fields, [&](auto& field) {
    if (field.first == "bdf") {
      message.bdf = std::move(field.second);
      return true;
    }
    if (field.first == "pci") {
      if (auto address = pci_address(field.second)) {
        message.bdf = std::move(*address);
      }
      return true;
    }
    if (field.first == "device" && message.kind != Kind::kAerStatus) {
      message.device = std::move(field.second);
      return true;
    }
    return false;
  });
}

void refine(std::string_view text, KernelMessage& message) {
  settle_subject(message);
  switch (message.kind) {
    case Kind::kAerReceived:
    case Kind::kAerError:
    case Kind::kAerBit:
      refine_aer(message);
      if (message.kind == Kind::kAerError && text.find("Uncorrected, non-fatal") != text.npos) {
        message.severity = Severity::kWarning;
        message.fields.emplace_back("severity", "Uncorrected (Non-Fatal)");
      }
      break;
    case Kind::kXid:
      refine_xid(message);
      break;
    case Kind::kMemoryError:
      if (const auto controller = message.field("mc"); !controller.empty()) {
        message.device = "MC" + std::string(controller);
      }
      break;
    case Kind::kSxid:
      add_link(message.field("detail"), message);
      break;
    case Kind::kNvmeTimeout:
    case Kind::kNvmeDown:
    case Kind::kNvmeRemoved:
    case Kind::kNvmeNotReady: {
      const auto name = text.substr(5, text.find(':', 5) - 5);
      if (name.starts_with("nvme")) {
        message.device = base::printable(name);
      }
      break;
    }
    default:
      break;
  }
}

std::optional<KernelMessage> classify_pattern(std::string_view text, const Prefix& prefix) {
  for (const auto& pattern : patterns()) {
    const auto part = scoped(pattern.scope, text, prefix);
    if (!part) {
      continue;
    }
    if (auto fields = match(pattern.form, *part)) {
      KernelMessage message{
          pattern.kind, pattern.severity,   prefix.bdf, base::printable(prefix.netdev),
          {},           std::move(*fields), false};
      refine(text, message);
      return message;
    }
  }
  return std::nullopt;
}

/// "100 Gbps", "25000 Mbps", "1Gbps/Full": megabits a second; nullopt where there is no such word.
std::optional<std::uint64_t> speed_mbps(std::string_view text) {
  for (const auto& [unit, scale] : {std::pair<std::string_view, std::uint64_t>{"Gbps", 1000},
                                    std::pair<std::string_view, std::uint64_t>{"Mbps", 1}}) {
    const auto at = text.find(unit);
    if (at == std::string_view::npos) {
      continue;
    }
    const auto before = base::trim(text.substr(0, at));
    const auto start = before.find_last_not_of("0123456789");
    const auto digits = start == std::string_view::npos ? before : before.substr(start + 1);
    if (const auto number = base::parse_unsigned(digits); number && *number < 100'000'000) {
      return *number * scale;
    }
  }
  return std::nullopt;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

bool is_interface_name(std::string_view name) {
  return !name.empty() && name.size() <= 15 &&
         name.find_first_of(" \t:/()[]") == std::string_view::npos;
}

/// What network drivers say of their carrier: "[NIC ]Link is Up …", "Link up", "Link is down".
std::optional<KernelMessage> classify_net_link(std::string_view text, const Prefix& prefix) {
  static constexpr std::array<std::string_view, 3> kUp = {"nic link is up", "link is up",
                                                          "link up"};
  static constexpr std::array<std::string_view, 3> kDown = {"nic link is down", "link is down",
                                                            "link down"};
  std::string_view rest = prefix.bdf.empty() ? text : prefix.rest;
  std::string_view netdev = prefix.netdev;
  // "igb: eth0 NIC Link", "eth0: Link is up", "mlx4_en: eth0: Link Up": names before the words.
  for (int names = 0; names < 2; ++names) {
    const auto end = rest.find_first_of(" :");
    if (end > 32 || lower(rest.substr(0, 4)) == "link" || rest.starts_with("NIC Link")) {
      break;
    }
    const auto behind = base::trim(rest.substr(end + 1));
    if (rest[end] == ' ' && !behind.starts_with("NIC Link")) {
      return std::nullopt;  // "SATA link up" is another kind of link
    }
    netdev = rest.substr(0, end);
    rest = behind;
  }
  const auto words = lower(rest.substr(0, 32));
  const auto starts = [&](std::string_view form) {
    return words.starts_with(form) &&
           (words.size() == form.size() ||
            std::string_view(" ,.-\n").find(words[form.size()]) != std::string_view::npos);
  };
  const bool is_up = std::ranges::any_of(kUp, starts);
  if ((!is_up && !std::ranges::any_of(kDown, starts)) || !is_interface_name(netdev)) {
    return std::nullopt;
  }
  // A carrier that goes is not wrong by itself: interfaces are taken down on purpose, and at every
  // boot.
  KernelMessage message{is_up ? Kind::kNetLinkUp : Kind::kNetLinkDown,
                        Severity::kInfo,
                        prefix.bdf,
                        base::printable(netdev),
                        {},
                        {},
                        false};
  if (const auto speed = is_up ? speed_mbps(rest) : std::nullopt) {
    message.fields.emplace_back("speed_mbps", std::to_string(*speed));
  }
  static constexpr std::string_view kFec = "Negotiated FEC: ";
  if (const auto at = rest.find(kFec); at != std::string_view::npos) {
    const auto value = rest.substr(at + kFec.size());
    message.fields.emplace_back("fec", base::printable(value.substr(0, value.find(','))));
  }
  return message;
}

/// The value behind "name=" or "name: ", in quotes or up to white space.
std::optional<std::string> trace_value(std::string_view text, std::string_view name) {
  std::size_t at = 0;
  while ((at = text.find(name, at)) != std::string_view::npos) {
    auto rest = text.substr(at + name.size());
    const bool is_start = at == 0 || text[at - 1] == ' ';
    at += name.size();
    if (!is_start || (!take(rest, "=") && !take(rest, ": "))) {
      continue;
    }
    if (take(rest, "'")) {
      return base::printable(rest.substr(0, rest.find('\'')));
    }
    auto value = rest.substr(0, rest.find(' '));
    while (value.ends_with(':') || value.ends_with(',')) {
      value.remove_suffix(1);
    }
    return base::printable(value);
  }
  return std::nullopt;
}

/// CXL trace events, as tracefs prints them, with whatever stands before the event's name.
std::optional<KernelMessage> classify_cxl(std::string_view text) {
  static constexpr std::array<std::string_view, 10> kEvents = {"cxl_general_media:",
                                                               "cxl_dram:",
                                                               "cxl_memory_module:",
                                                               "cxl_generic_event:",
                                                               "cxl_poison:",
                                                               "cxl_overflow:",
                                                               "cxl_aer_correctable_error:",
                                                               "cxl_aer_uncorrectable_error:",
                                                               "cxl_port_aer_correctable_error:",
                                                               "cxl_port_aer_uncorrectable_error:"};
  for (const auto event : kEvents) {
    const auto at = text.find(event);
    if (at > 128 || (at > 0 && text[at - 1] != ' ')) {
      continue;
    }
    const auto rest = text.substr(at + event.size());
    const auto name = event.substr(0, event.size() - 1);
    const bool is_aer = name.find("aer") != std::string_view::npos;
    KernelMessage message;
    message.kind = is_aer ? Kind::kCxlAer : Kind::kCxlEvent;
    message.fields.emplace_back("event", name);
    if (auto memdev = trace_value(rest, "memdev")) {
      message.device = std::move(*memdev);
    }
    for (const std::string_view place : {"host", "device"}) {
      const auto value = trace_value(rest, place);
      if (auto address = value ? pci_address(*value) : std::nullopt;
          address && message.bdf.empty()) {
        message.bdf = std::move(*address);
      }
    }
    for (const std::string_view field :
         {"serial", "log", "type", "transaction_type", "dpa", "status", "first_error",
          "health_status", "life_used", "device_temp", "source"}) {
      if (auto value = trace_value(rest, field)) {
        message.fields.emplace_back(field, std::move(*value));
      }
    }
    const auto log = message.field("log");
    if (log == "Fatal" || name.find("uncorrectable") != std::string_view::npos) {
      message.severity = Severity::kCritical;
    } else if (log == "Failure" || log == "Warning" || name == "cxl_poison") {
      message.severity = Severity::kWarning;
    }
    return message;
  }
  return std::nullopt;
}

}  // namespace classifier

std::string_view key(Kind kind) {
  return classifier::kKeys.at(static_cast<std::size_t>(kind));
}

bool is_detail(Kind kind) {
  return kind == Kind::kAerStatus || kind == Kind::kAerBit || kind == Kind::kAerHeader ||
         kind == Kind::kDpcReason;
}

std::string_view KernelMessage::field(std::string_view name) const {
  const auto it = std::ranges::find_if(fields, [&](const auto& f) { return f.first == name; });
  return it == fields.end() ? std::string_view{} : std::string_view(it->second);
}

std::optional<KernelMessage> classify(std::string_view text) {
  text = base::trim(text.substr(0, classifier::kTextBytesMax));
  const auto prefix = classifier::split_prefix(text);
  if (auto message = classifier::classify_pattern(text, prefix)) {
    return message;
  }
  if (auto message = classifier::classify_net_link(text, prefix)) {
    return message;
  }
  return classifier::classify_cxl(text);
}

std::optional<std::string> pci_address(std::string_view text) {
  (void)classifier::take(text, "PCI:");
  const auto parts = base::split(text, ':');
  if (parts.size() != 3 || parts[0].size() < 4 || parts[0].size() > 8 || parts[1].size() != 2) {
    return std::nullopt;
  }
  auto device = parts[2];
  std::string_view function = "0";
  if (const auto dot = device.find('.'); dot != std::string_view::npos) {
    function = device.substr(dot + 1);
    device = device.substr(0, dot);
  }
  const auto device_number = base::parse_unsigned(device, 16);
  const auto function_number = base::parse_unsigned(function, 16);
  if (!base::parse_unsigned(parts[0], 16) || !base::parse_unsigned(parts[1], 16) ||
      device.size() != 2 || function.size() != 1 || !device_number || *device_number > 31 ||
      !function_number || *function_number > 7) {
    return std::nullopt;
  }
  return classifier::lower(std::string(parts[0]) + ":" + std::string(parts[1]) + ":" +
                           std::string(device) + "." + std::string(function));
}

}  // namespace weft::wire::kernel_log
