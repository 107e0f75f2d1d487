// SPDX-License-Identifier: Apache-2.0
// Two passes over the tree: the first learns the values to hide (from files whose name says what
// they hold, and from everything that looks like an address), the second writes the tree anew with
// each of them replaced, in every spelling, in texts, paths, link targets and module bytes. Field
// places: PCI Express base specification 7.9.3 (Device Serial Number), SFF-8472 table 5-1, SFF-8636
// table 6-15, CMIS 5.2 table 8-28.
#include "bus/redact.h"

#include "base/bytes.h"
#include "base/text.h"
#include "bus/redact_scan.h"
#include "bus/replay.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include <nlohmann/json.hpp>

namespace weft::bus {

namespace redaction {

constexpr std::array<std::string_view, 17> kSerialFiles = {"serial",
                                                           "serial_number",
                                                           "serialno",
                                                           "product_serial",
                                                           "board_serial",
                                                           "chassis_serial",
                                                           "wwid",
                                                           "eui",
                                                           "nguid",
                                                           "wwn",
                                                           "unique_id",
                                                           "asset_tag",
                                                           "board_asset_tag",
                                                           "product_asset_tag",
                                                           "chassis_asset_tag",
                                                           "dsn",
                                                           "sn"};
/// What follows one of these words in a kernel message is a serial number.
constexpr std::array<std::string_view, 5> kSerialWords = {
    "serialnumber:", "serial number:", "serial:", "serial=", "s/n:"};
/// Shorter ones are replaced where they stand, and not looked for elsewhere.
constexpr std::size_t kSoughtBytesMin = 6;
constexpr std::size_t kHostNameBytesMin = 2;

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         c == '-';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

std::string_view name_of(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

/// "000000", "ffff", "N/A": the same everywhere, so it names nobody.
bool says_nothing(std::string_view text) {
  const std::string known = lower(text);
  const std::string_view digits =
      known.starts_with("0x") ? std::string_view(known).substr(2) : known;
  return digits.find_first_not_of("0:-. ") == std::string_view::npos ||
         digits.find_first_not_of("f:-") == std::string_view::npos || known == "n/a" ||
         known == "none" || known == "unknown" || known == "not specified" ||
         known == "to be filled by o.e.m." || known == "default string";
}

/// Replaces literals, all in one pass: a table by their first four bytes.
class Literals {
 public:
  struct Literal {
    std::string replacement;
    bool is_whole_word = false;
    bool is_for_paths = true;
  };

  void add(const std::string& value, const Literal& literal) {
    if (value.size() >= kHeadBytes && all_.try_emplace(value, literal).second) {
      by_head_[value.substr(0, kHeadBytes)].push_back(value);
    } else if (value.size() < kHeadBytes) {
      short_.try_emplace(value, literal);
    }
  }

  [[nodiscard]] std::string replaced(std::string_view text, bool is_path) const {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
      const auto* found = match(text, at, is_path);
      if (found == nullptr) {
        out += text[at++];
      } else {
        out += found->second.replacement;
        at += found->first.size();
      }
    }
    return out;
  }

 private:
  static constexpr std::size_t kHeadBytes = 4;
  using Entry = std::pair<const std::string, Literal>;

  [[nodiscard]] static bool fits(const Entry& entry, std::string_view text, std::size_t at,
                                 bool is_path) {
    const auto& [value, literal] = entry;
    const std::size_t end = at + value.size();
    return text.substr(at, value.size()) == value && (literal.is_for_paths || !is_path) &&
           (!literal.is_whole_word ||
            ((at == 0 || !is_word(text[at - 1])) && (end == text.size() || !is_word(text[end]))));
  }
  [[nodiscard]] const Entry* match(std::string_view text, std::size_t at, bool is_path) const {
    const auto heads = by_head_.find(std::string(text.substr(at, kHeadBytes)));
    const Entry* best = nullptr;
    if (heads != by_head_.end()) {
      for (const std::string& value : heads->second) {
        const auto entry = all_.find(value);
        if (fits(*entry, text, at, is_path) &&
            (best == nullptr || best->first.size() < value.size())) {
          best = &*entry;
        }
      }
    }
    for (auto entry = short_.begin(); best == nullptr && entry != short_.end(); ++entry) {
      best = fits(*entry, text, at, is_path) ? &*entry : nullptr;
    }
    return best;
  }

  std::map<std::string, Literal> all_;
  std::map<std::string, Literal> short_;
  std::unordered_map<std::string, std::vector<std::string>> by_head_;
};

/// A module's serial number field and the checksum over the block that it stands in.
struct SerialField {
  std::size_t at, bytes;
  std::size_t sum_from, sum_at;
};
constexpr SerialField kSff8472{68, 16, 64, 95};
constexpr SerialField kSff8636{196, 16, 192, 223};
constexpr SerialField kCmis{166, 16, 128, 222};

class Redactor {
 public:
  Redactor(const HashKey& key, RedactionReport& report) : key_(key), report_(report) {}

  void learn(const TreeEntry& entry) {
    learn_patterns(entry.path);
    if (entry.kind == TreeEntry::Kind::kLink) {
      learn_patterns(entry.text);
    }
    if (entry.kind != TreeEntry::Kind::kFile) {
      return;
    }
    const std::string_view name = name_of(entry.path);
    const std::string_view value = base::trim(entry.text);
    if (entry.path.starts_with("weft/module/")) {
      learn_module(entry.path, entry.text);
    } else if (is_config(entry)) {
      learn_config(entry.text);
    } else if (entry.text.find('\0') != std::string_view::npos) {
      return;
    } else if (std::find(kSerialFiles.begin(), kSerialFiles.end(), name) != kSerialFiles.end()) {
      learn_serial(value);
    } else if (entry.path == "proc/sys/kernel/hostname" || entry.path == "etc/hostname") {
      learn_host_name(value);
    } else if (entry.path == kAcceleratorsFile) {
      learn_accelerators(entry.text);
    } else if (entry.path == kCaptureFile) {
      const auto json = nlohmann::json::parse(entry.text, nullptr, false);
      if (json.is_object() && json.contains("host") && json["host"].is_string()) {
        learn_host_name(json["host"].get<std::string>());
      }
    } else if (entry.path == "dev/kmsg") {
      learn_messages(entry.text);
    }
    learn_patterns(entry.text);
  }

  base::Result<void> write(const TreeEntry& entry, MemoryTree::Builder& to) {
    const std::string path = text_of(entry.path, true);
    base::Error error = entry.error;
    error.what = text_of(error.what, false);
    error.where = text_of(error.where, false);
    switch (entry.kind) {
      case TreeEntry::Kind::kDirectory:
        return to.add_directory(path);
      case TreeEntry::Kind::kUnlistedDirectory:
        return to.mark_unlisted(path, error);
      case TreeEntry::Kind::kLink:
        return to.add_link(path, text_of(entry.text, true));
      case TreeEntry::Kind::kUnreadable:
        return to.add_unreadable(path, error);
      case TreeEntry::Kind::kNameOnly:
        return to.add_name(path);
      case TreeEntry::Kind::kFile:
        break;
    }
    if (name_of(entry.path).starts_with("vpd")) {
      ++report_.files_left_out;
      return to.add_unreadable(path, base::Code::kUnavailable, "left out by --redact");
    }
    return to.add_file(path, content_of(entry));
  }

 private:
  [[nodiscard]] static bool is_config(const TreeEntry& entry) {
    return name_of(entry.path) == "config" && entry.text.size() > 0x100;
  }

  [[nodiscard]] std::string hex(std::string_view kind, std::string_view value,
                                std::size_t digits) const {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    for (int round = 0; out.size() < digits; ++round) {
      std::uint64_t bits =
          siphash(key_, std::string(kind) + static_cast<char>('0' + round) + std::string(value));
      for (int i = 0; i < 16 && out.size() < digits; ++i, bits >>= 4) {
        out += kDigits[bits & 15U];
      }
    }
    return out;
  }

  /// Same length, digit for digit and letter for letter, so that a field stays one.
  [[nodiscard]] std::string serial_pseudonym(std::string_view value) const {
    const std::size_t start = value.starts_with("0x") || value.starts_with("0X") ? 2 : 0;
    const bool is_hex =
        start == 2 || lower(value).find_first_not_of("0123456789abcdef-:.") == std::string::npos;
    std::string out(value.substr(0, start));
    for (std::size_t i = start; i < value.size(); ++i) {
      const std::uint64_t bits = siphash(key_, "serial" + std::to_string(i) + std::string(value));
      const char c = value[i];
      if (is_digit(c)) {
        out += static_cast<char>('0' + bits % 10);
      } else if (c >= 'a' && c <= 'z') {
        out += static_cast<char>('a' + bits % (is_hex ? 6 : 26));
      } else if (c >= 'A' && c <= 'Z') {
        out += static_cast<char>('A' + bits % (is_hex ? 6 : 26));
      } else {
        out += c;
      }
    }
    return out;
  }

  void learn_serial(std::string_view value) {
    if (value.empty() || says_nothing(value) || !serials_.insert(std::string(value)).second) {
      return;
    }
    ++report_.serials;
    const bool is_number = std::all_of(value.begin(), value.end(), is_digit);
    if (value.size() >= kSoughtBytesMin && std::any_of(value.begin(), value.end(), is_digit)) {
      literals_.add(std::string(value), {serial_pseudonym(value), is_number, true});
    }
  }

  void learn_host_name(std::string_view value) {
    const std::string_view first = value.substr(0, value.find('.'));
    if (value.empty() || value == "localhost" || value == "(none)" ||
        !host_names_.insert(std::string(value)).second) {
      return;
    }
    ++report_.host_names;
    if (first.size() >= kHostNameBytesMin && !std::all_of(first.begin(), first.end(), is_digit)) {
      literals_.add(std::string(value), {host_pseudonym(value), true, false});
      literals_.add(std::string(first), {host_pseudonym(first), true, false});
    }
  }
  [[nodiscard]] std::string host_pseudonym(std::string_view value) const {
    return "host-" + hex("host", value.substr(0, value.find('.')), 8);
  }

  void learn_accelerators(std::string_view json) {
    for (const Accelerator& accelerator :
         parse_accelerators(json).value_or(std::vector<Accelerator>{})) {
      learn_serial(accelerator.serial);
      if (redact_scan::find_patterns(accelerator.uuid).empty()) {
        learn_serial(accelerator.uuid);
      }
    }
  }

  void learn_messages(std::string_view log) {
    const std::string text = lower(log);
    for (const std::string_view word : kSerialWords) {
      for (std::size_t at = text.find(word); at != std::string::npos;
           at = text.find(word, at + word.size())) {
        std::string_view rest = log.substr(at + word.size());
        rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
        learn_serial(rest.substr(0, rest.find_first_of(" \n,;\"')")));
      }
    }
  }

  /// Addresses are replaced wherever their pattern stands; other spellings of theirs become
  /// literals.
  void learn_patterns(std::string_view text) {
    for (const redact_scan::Match& match : redact_scan::find_patterns(text)) {
      const std::string value = lower(text.substr(match.begin, match.bytes));
      if (says_nothing(value) || !patterns_.insert(value).second) {
        continue;
      }
      const std::string pseudonym = pattern_pseudonym(match.pattern, value);
      switch (match.pattern) {
        case redact_scan::Pattern::kAddress:
          ++report_.addresses;
          break;
        case redact_scan::Pattern::kUuid:
          ++report_.uuids;
          break;
        case redact_scan::Pattern::kGuid:
        case redact_scan::Pattern::kGid:
          ++report_.guids;
          break;
      }
      if (match.pattern == redact_scan::Pattern::kAddress ||
          match.pattern == redact_scan::Pattern::kGuid) {
        add_spellings(value, pseudonym);
      }
    }
  }

  void add_spellings(const std::string& value, const std::string& pseudonym) {
    const auto with = [](std::string_view text, std::string_view separator) {
      std::string out;
      for (const char c : text) {
        out += c == ':' ? separator : std::string_view(&c, 1);
      }
      return out;
    };
    for (const std::string_view separator : {"", "-"}) {
      literals_.add(with(value, separator), {with(pseudonym, separator), false, true});
      literals_.add(upper(with(value, separator)),
                    {upper(with(pseudonym, separator)), false, true});
    }
    raw_.add(bytes_of(with(value, "")), {bytes_of(with(pseudonym, "")), false, false});
  }
  static std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return text;
  }
  static std::string bytes_of(std::string_view digits) {
    std::string out;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
      out += static_cast<char>(base::parse_unsigned(digits.substr(i, 2), 16).value_or(0));
    }
    return out;
  }

  [[nodiscard]] std::string pattern_pseudonym(redact_scan::Pattern pattern,
                                              const std::string& value) const {
    std::size_t kept = 0;  // bytes at the front that stay
    std::string_view kind = "address";
    if (pattern == redact_scan::Pattern::kUuid) {
      kind = "uuid";
    } else if (pattern != redact_scan::Pattern::kAddress) {
      kind = "guid";
      // A GID is a subnet prefix and a GUID; the link-local prefix and zero tell nothing.
      const std::string_view prefix = std::string_view(value).substr(0, 20);
      kept = pattern == redact_scan::Pattern::kGid &&
                     (says_nothing(prefix) || prefix == "fe80:0000:0000:0000:")
                 ? 20
                 : 0;
    }
    const std::string_view hidden = std::string_view(value).substr(kept);
    if (says_nothing(hidden)) {
      return value;
    }
    const std::string digits = hex(kind, hidden, hidden.size());
    std::string out = value.substr(0, kept);
    std::size_t next = 0;
    for (const char c : hidden) {
      out += c == ':' || c == '-' ? c : digits[next++];
    }
    if (pattern == redact_scan::Pattern::kAddress && value.size() == 17) {
      out.replace(0, 2, "02");  // IEEE 802: locally administered, so that no maker is named
    }
    return out;
  }

  [[nodiscard]] std::string text_of(std::string_view text, bool is_path) const {
    std::string out;
    std::size_t at = 0;
    for (const redact_scan::Match& match : redact_scan::find_patterns(text)) {
      const std::string value = lower(text.substr(match.begin, match.bytes));
      out += literals_.replaced(text.substr(at, match.begin - at), is_path);
      out += says_nothing(value) ? value : pattern_pseudonym(match.pattern, value);
      at = match.begin + match.bytes;
    }
    return out + literals_.replaced(text.substr(at), is_path);
  }

  [[nodiscard]] std::string content_of(const TreeEntry& entry) {
    const std::string_view name = name_of(entry.path);
    if (entry.path.starts_with("weft/module/")) {
      return module_of(entry.path, entry.text);
    }
    if (is_config(entry)) {
      return config_of(entry.text);
    }
    if (entry.text.find('\0') != std::string_view::npos) {
      return raw_.replaced(literals_.replaced(entry.text, true), false);
    }
    const std::string_view value = base::trim(entry.text);
    const std::string_view tail =
        entry.text.substr(std::min(entry.text.size(), entry.text.find(value) + value.size()));
    if (serials_.contains(std::string(value)) &&
        std::find(kSerialFiles.begin(), kSerialFiles.end(), name) != kSerialFiles.end()) {
      return serial_pseudonym(value) + std::string(tail);
    }
    if (host_names_.contains(std::string(value)) && name == "hostname") {
      return host_pseudonym(value) + std::string(tail);
    }
    return text_of(entry.path == "dev/kmsg" ? kernel_records(entry.text) : std::string(entry.text),
                   false);
  }

  /// Records of facility 0, the kernel's (RFC 5424 6.2.1: priority is facility * 8 + severity),
  /// with their continuation lines, which start with a space.
  std::string kernel_records(std::string_view log) {
    std::string out;
    bool keeps = true;
    while (!log.empty()) {
      const std::size_t end = std::min(log.find('\n'), log.size() - 1);
      const std::string_view line = log.substr(0, end + 1);
      if (!line.starts_with(' ')) {
        const auto priority = base::parse_unsigned(line.substr(0, line.find(',')));
        keeps = !priority || *priority < 8;
        report_.log_records_left_out += keeps ? 0 : 1;
      }
      out += keeps ? line : std::string_view{};
      log.remove_prefix(end + 1);
    }
    return out;
  }

  /// Offsets of the Device Serial Number's eight bytes; the list may loop, so steps are counted.
  [[nodiscard]] static std::vector<std::size_t> serial_offsets(std::string_view config) {
    constexpr std::size_t kStepsMax = 960;  // 3840 bytes of dwords
    std::vector<std::size_t> out;
    std::set<std::size_t> seen;
    std::size_t at = 0x100;
    for (std::size_t step = 0; step < kStepsMax && at >= 0x100 && seen.insert(at).second; ++step) {
      const auto header = base::read_le(base::as_bytes(config), at, 4);
      if (!header || *header == 0 || *header == 0xFFFFFFFF) {
        break;
      }
      if ((*header & 0xFFFFU) == 0x0003 && at + 12 <= config.size()) {
        out.push_back(at + 4);
      }
      at = (*header >> 20) & 0xFFCU;
    }
    return out;
  }

  void learn_config(std::string_view config) {
    for (const std::size_t at : serial_offsets(config)) {
      const std::string value(config.substr(at, 8));
      if (value.find_first_not_of('\0') == std::string::npos ||
          value.find_first_not_of('\xFF') == std::string::npos ||
          !device_serials_.insert(value).second) {
        continue;
      }
      ++report_.device_serials;
      // How lspci spells it: most significant byte first, joined by dashes.
      std::string spelt;
      for (std::size_t i = 8; i-- > 0;) {
        static constexpr std::string_view kDigits = "0123456789abcdef";
        const auto byte = static_cast<std::uint8_t>(value[i]);
        spelt += {kDigits[byte >> 4], kDigits[byte & 15U]};
        spelt += i > 0 ? ":" : "";
      }
      add_spellings(spelt, dashed(bytes_backwards(device_serial_pseudonym(value))));
    }
  }
  static std::string bytes_backwards(std::string value) {
    std::reverse(value.begin(), value.end());
    return value;
  }
  static std::string dashed(std::string_view bytes) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    for (const char c : bytes) {
      const auto byte = static_cast<std::uint8_t>(c);
      out += out.empty() ? "" : ":";
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15U];
    }
    return out;
  }
  [[nodiscard]] std::string device_serial_pseudonym(const std::string& value) const {
    return bytes_of(hex("dsn", value, 16));
  }

  [[nodiscard]] std::string config_of(std::string_view config) const {
    std::string out(config);
    for (const std::size_t at : serial_offsets(config)) {
      const std::string value(config.substr(at, 8));
      if (device_serials_.contains(value)) {
        out.replace(at, 8, device_serial_pseudonym(value));
      }
    }
    return out;
  }

  /// Where the serial number stands in this piece of module memory; more than one place where the
  /// module's kind is not known.
  [[nodiscard]] static std::vector<SerialField> serial_fields(std::string_view path,
                                                              std::string_view bytes,
                                                              std::size_t& offset) {
    const std::string_view name = name_of(path);
    const auto parts = base::split(name.substr(0, name.find('.')), '-');
    if (parts.size() != 4 || bytes.empty() || parts[0] != "80" || parts[2] != "0") {
      return {};
    }
    offset = base::parse_unsigned(parts[3]).value_or(0);
    const auto kind = static_cast<std::uint8_t>(bytes[0]);  // SFF-8024 table 4-1
    if (offset == 0 && (kind == 0x03 || kind == 0x0B)) {
      return {kSff8472};
    }
    if (offset + bytes.size() <= 128) {
      return {};
    }
    const std::size_t id_at = offset == 0 ? 0 : 128 - offset;
    const auto id =
        id_at < bytes.size() ? static_cast<std::uint8_t>(bytes[id_at]) : std::uint8_t{0};
    switch (id) {
      case 0x0C:
      case 0x0D:
      case 0x11:
        return {kSff8636};
      case 0x18:
      case 0x19:
      case 0x1B:
      case 0x1E:
      case 0x1F:
      case 0x20:
      case 0x21:
      case 0x22:
      case 0x23:
      case 0x24:
      case 0x25:
        return {kCmis};
      default:
        return {kCmis, kSff8636};
    }
  }

  void learn_module(std::string_view path, std::string_view bytes) {
    std::size_t offset = 0;
    for (const SerialField& field : serial_fields(path, bytes, offset)) {
      if (field.at >= offset && field.at - offset + field.bytes <= bytes.size()) {
        learn_serial(module_serial(bytes, field.at - offset, field.bytes));
      }
    }
  }
  static std::string_view module_serial(std::string_view bytes, std::size_t at, std::size_t size) {
    std::string_view value = bytes.substr(at, size);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\0')) {
      value.remove_suffix(1);
    }
    return value;
  }

  [[nodiscard]] std::string module_of(std::string_view path, std::string_view bytes) const {
    std::string out = raw_.replaced(literals_.replaced(bytes, true), false);
    std::size_t offset = 0;
    for (const SerialField& field : serial_fields(path, bytes, offset)) {
      if (field.at < offset || field.at - offset + field.bytes > bytes.size()) {
        continue;
      }
      const std::string_view value = module_serial(bytes, field.at - offset, field.bytes);
      if (!serials_.contains(std::string(value))) {
        continue;
      }
      out.replace(field.at - offset, value.size(), serial_pseudonym(value));
      if (field.sum_from >= offset && field.sum_at - offset < out.size()) {
        unsigned sum = 0;
        for (std::size_t at = field.sum_from; at < field.sum_at; ++at) {
          sum += static_cast<std::uint8_t>(out[at - offset]);
        }
        out[field.sum_at - offset] = static_cast<char>(sum & 0xFFU);
      }
    }
    return out;
  }

  const HashKey& key_;
  RedactionReport& report_;
  Literals literals_;
  Literals raw_;  ///< addresses as bytes
  std::set<std::string> serials_;
  std::set<std::string> host_names_;
  std::set<std::string> patterns_;
  std::set<std::string> device_serials_;
};

}  // namespace redaction

std::string RedactionReport::text() const {
  const std::array<std::pair<std::size_t, const char*>, 8> counts = {{
      {addresses, "hardware addresses"},
      {guids, "GUIDs"},
      {uuids, "UUIDs"},
      {serials, "serial numbers"},
      {device_serials, "PCIe device serial numbers"},
      {host_names, "host names"},
      {files_left_out, "product data files"},
      {log_records_left_out, "log records not of the kernel"},
  }};
  std::string out;
  for (const auto& [count, what] : counts) {
    if (count > 0) {
      out += (out.empty() ? "" : ", ") + std::to_string(count) + " " + what;
    }
  }
  return out.empty() ? "nothing" : out;
}

base::Result<MemoryTree> redact(const MemoryTree& tree, const HashKey& key,
                                RedactionReport& report) {
  redaction::Redactor redactor(key, report);
  tree.visit([&redactor](const TreeEntry& entry) { redactor.learn(entry); });
  MemoryTree::Builder builder;
  base::Result<void> written;
  tree.visit([&](const TreeEntry& entry) {
    if (written) {
      written = redactor.write(entry, builder);
    }
  });
  if (!written) {
    return tl::unexpected(written.error());
  }
  return builder.freeze(tree.description());
}

}  // namespace weft::bus
