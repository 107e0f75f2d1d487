// SPDX-License-Identifier: Apache-2.0
#include "wire/kernel_log/record.h"

#include "base/text.h"

#include <algorithm>
#include <array>

namespace weft::wire::kernel_log {
namespace record_parser {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Takes `prefix` off the front of `text`.
bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) {
    return false;
  }
  text.remove_prefix(prefix.size());
  return true;
}

/// Takes exactly `digits` decimal digits.
std::optional<std::int64_t> take_digits(std::string_view& text, std::size_t digits) {
  if (text.size() < digits ||
      !std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(digits), is_digit)) {
    return std::nullopt;
  }
  const auto value = base::parse_signed(text.substr(0, digits));
  text.remove_prefix(digits);
  return value;
}

/// "123.456789": seconds and a fraction, into nanoseconds.
std::optional<base::Duration> seconds_of(std::string_view text) {
  const auto dot = text.find('.');
  const auto whole = base::parse_unsigned(text.substr(0, dot));
  if (!whole || *whole > 10'000'000'000ULL) {
    return std::nullopt;
  }
  std::int64_t ns = static_cast<std::int64_t>(*whole) * kNsPerSecond;
  if (dot != std::string_view::npos) {
    const auto fraction = text.substr(dot + 1);
    const auto value = base::parse_unsigned(fraction);
    if (!value || fraction.size() > 9) {
      return std::nullopt;
    }
    std::int64_t scale = kNsPerSecond;
    for (std::size_t i = 0; i < fraction.size(); ++i) {
      scale /= 10;
    }
    ns += static_cast<std::int64_t>(*value) * scale;
  }
  return base::Duration{ns};
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar (H. Hinnant's formula).
std::int64_t days_from_civil(std::int64_t year, std::int64_t month, std::int64_t day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = year / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
         719468;
}

/// "2026-11-22T19:14:23[.,]123456+00:00", with Z, +0000 or +00:00: taken off the front.
std::optional<base::WallTime> take_iso(std::string_view& text) {
  std::string_view rest = text;
  const auto year = take_digits(rest, 4);
  if (!year || *year < 1970 || !take(rest, "-")) {
    return std::nullopt;
  }
  const auto month = take_digits(rest, 2);
  if (!month || *month < 1 || *month > 12 || !take(rest, "-")) {
    return std::nullopt;
  }
  const auto day = take_digits(rest, 2);
  if (!day || *day < 1 || *day > 31 || (!take(rest, "T") && !take(rest, " "))) {
    return std::nullopt;
  }
  const auto hour = take_digits(rest, 2);
  const bool colon = take(rest, ":");
  const auto minute = take_digits(rest, 2);
  const bool colon_2 = take(rest, ":");
  const auto second = take_digits(rest, 2);
  if (!hour || !colon || !minute || !colon_2 || !second) {
    return std::nullopt;
  }
  std::int64_t fraction_ns = 0;
  if (take(rest, ".") || take(rest, ",")) {
    std::int64_t scale = kNsPerSecond / 10;
    while (!rest.empty() && is_digit(rest[0])) {
      fraction_ns += (rest[0] - '0') * scale;
      scale /= 10;
      rest.remove_prefix(1);
    }
  }
  std::int64_t offset_s = 0;
  if (!take(rest, "Z")) {
    const bool is_east = take(rest, "+");
    if (!is_east && !take(rest, "-")) {
      return std::nullopt;  // local time of an unknown zone
    }
    const auto offset_h = take_digits(rest, 2);
    (void)take(rest, ":");
    const auto offset_m = take_digits(rest, 2);
    if (!offset_h || !offset_m) {
      return std::nullopt;
    }
    offset_s = (*offset_h * 60 + *offset_m) * 60 * (is_east ? 1 : -1);
  }
  text = rest;
  const std::int64_t s = days_from_civil(*year, *month, *day) * 86400 + *hour * 3600 +
                         *minute * 60 + *second - offset_s;
  return s > 9'000'000'000 ? std::nullopt
                           : std::optional(base::WallTime{s * kNsPerSecond + fraction_ns});
}

/// "Nov 22 19:14:23" with an optional fraction: syslog's date, which lacks year and zone.
std::optional<std::string_view> take_syslog_date(std::string_view& text) {
  static constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const auto month = text.substr(0, 3);
  const auto at = kMonths.find(month);
  if (month.size() < 3 || at == std::string_view::npos || at % 3 != 0 || text.size() < 15 ||
      text[3] != ' ' || text[6] != ' ' || text[9] != ':' || text[12] != ':') {
    return std::nullopt;
  }
  auto end = text.find(' ', 13);
  end = end == std::string_view::npos ? text.size() : end;
  const auto date = text.substr(0, end);
  text.remove_prefix(end);
  return date;
}

/// "[  123.456789] ", "[Sun Nov 22 19:14:23 2026] ", "[    1.0][    T5] ", "[   1.0 <    0.1>] ".
void take_bracket(std::string_view& text, Record& record) {
  if (!text.starts_with("[")) {
    return;
  }
  const auto close = text.find(']');
  if (close > 64) {
    return;
  }
  auto inside = base::trim(text.substr(1, close - 1));
  if (const auto delta = inside.find('<'); delta != std::string_view::npos) {
    inside = base::trim(inside.substr(0, delta));
  }
  static constexpr std::array<std::string_view, 7> kDays = {"Mon", "Tue", "Wed", "Thu",
                                                            "Fri", "Sat", "Sun"};
  if (const auto time = seconds_of(inside); time && inside.find('.') != std::string_view::npos) {
    record.since_boot = time;
  } else if (std::ranges::find(kDays, inside.substr(0, 3)) != kDays.end()) {
    record.time_text = base::printable(inside);
  } else {
    return;  // "[Hardware Error]" and its like belong to the text
  }
  text.remove_prefix(close + 1);
  if (text.starts_with("[")) {  // CONFIG_PRINTK_CALLER: "[    T5]", "[   C12]"
    const auto caller_close = text.find(']');
    if (caller_close <= 16) {
      const auto caller = base::trim(text.substr(1, caller_close - 1));
      if (caller.size() > 1 && (caller[0] == 'T' || caller[0] == 'C') &&
          base::parse_unsigned(caller.substr(1))) {
        text.remove_prefix(caller_close + 1);
      }
    }
  }
  (void)take(text, " ");
}

/// " HOST kernel: ", behind a date; false where the text is something else's.
bool take_host_and_kernel(std::string_view& text) {
  std::string_view rest = text;
  (void)take(rest, " ");
  const auto space = rest.find(' ');
  if (space > 255) {
    return false;
  }
  rest.remove_prefix(space + 1);
  if (!take(rest, "kernel:")) {
    return false;
  }
  (void)take(rest, " ");
  text = rest;
  return true;
}

/// "<6>": a level before the text, as /proc/kmsg and `dmesg -r` have it.
void take_level(std::string_view& text, Record& record) {
  if (!text.starts_with("<")) {
    return;
  }
  const auto close = text.find('>');
  const auto value = close > 5 ? std::nullopt : base::parse_unsigned(text.substr(1, close - 1));
  if (value) {
    record.priority = static_cast<std::uint8_t>(*value & 7);
    text.remove_prefix(close + 1);
  }
}

/// "kern  :info  : ", as `dmesg -x` has it.
void take_decoded_level(std::string_view& text, Record& record) {
  static constexpr std::array<std::string_view, 8> kLevels = {"emerg", "alert",  "crit", "err",
                                                              "warn",  "notice", "info", "debug"};
  if (!text.starts_with("kern")) {
    return;
  }
  const auto first = text.find(':');
  const auto second = first == std::string_view::npos ? first : text.find(':', first + 1);
  if (second > 24) {
    return;
  }
  const auto level = base::trim(text.substr(first + 1, second - first - 1));
  const auto it = std::ranges::find(kLevels, level);
  if (it != kLevels.end()) {
    record.priority = static_cast<std::uint8_t>(it - kLevels.begin());
    text.remove_prefix(second + 1);
    (void)take(text, " ");
  }
}

/// "   irq/24-aerdrv-76      [000] .....   123.456789: ", before an event in tracefs' `trace`:
/// task, its number, perhaps its group's in parentheses, processor, flags (some kernels have none),
/// time.
void take_trace_head(std::string_view& text, Record& record) {
  constexpr std::size_t kFlagsMost = 8;
  const auto open = text.find(" [");
  const auto close = text.find("] ");
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
    return;
  }
  auto task = base::trim(text.substr(0, open));
  if (task.ends_with(')')) {
    task = base::trim(task.substr(0, task.rfind('(')));
  }
  const auto dash = task.rfind('-');
  if (dash == std::string_view::npos || !base::parse_unsigned(task.substr(dash + 1)) ||
      !base::parse_unsigned(text.substr(open + 2, close - open - 2))) {
    return;
  }
  auto rest = base::trim(text.substr(close + 2));
  auto colon = rest.find(": ");
  if (const auto space = rest.find(' '); space < colon) {
    if (space > kFlagsMost) {
      return;
    }
    rest = base::trim(rest.substr(space));
    colon = rest.find(": ");
  }
  const auto time = colon > 24 ? std::nullopt : seconds_of(rest.substr(0, colon));
  if (time) {
    record.since_boot = time;
    text = rest.substr(colon + 2);
  }
}

/// \xNN of /dev/kmsg undone; anything else stays.
std::string unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && text.size() - i >= 4 && text[i + 1] == 'x') {
      const auto digits = text.substr(i + 2, 2);
      if (const auto value = base::parse_unsigned(digits, 16)) {
        out += static_cast<char>(*value);
        i += 3;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

/// "prio,seq,usec,flags" before the semicolon.
bool parse_kmsg_prefix(std::string_view prefix, Record& record) {
  const auto parts = base::split(prefix, ',');
  if (parts.size() < 3) {
    return false;
  }
  const auto priority = base::parse_unsigned(parts[0]);
  const auto sequence = base::parse_unsigned(parts[1]);
  const auto us = base::parse_unsigned(parts[2]);
  if (!priority || !sequence || !us || *us > 9'000'000'000'000'000ULL) {
    return false;
  }
  record.priority = static_cast<std::uint8_t>(*priority & 7);
  record.sequence = sequence;
  record.since_boot = base::Duration{static_cast<std::int64_t>(*us) * 1000};
  return true;
}

}  // namespace record_parser

base::Result<Record> parse_kmsg(std::string_view record_text) {
  using namespace record_parser;
  record_text = record_text.substr(0, kRecordBytesMax);
  Record record;
  const auto semicolon = record_text.find(';');
  if (semicolon > 128 || !parse_kmsg_prefix(record_text.substr(0, semicolon), record)) {
    return base::fail(base::Code::kDataLoss, "not a /dev/kmsg record",
                      base::printable(record_text, 60));
  }
  auto lines = base::split(record_text.substr(semicolon + 1), '\n');
  record.text = unescape(lines[0]);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto equals = lines[i].find('=');
    if (lines[i].starts_with(" ") && equals != std::string_view::npos) {
      record.keys.emplace_back(unescape(lines[i].substr(1, equals - 1)),
                               unescape(lines[i].substr(equals + 1)));
    }
  }
  return record;
}

Record parse_line(std::string_view line) {
  using namespace record_parser;
  line = line.substr(0, kRecordBytesMax);
  while (line.ends_with('\n') || line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  Record record;
  take_level(line, record);
  take_decoded_level(line, record);
  std::string_view rest = line;
  if (const auto at = take_iso(rest)) {
    record.at = at;
    if (!take_host_and_kernel(rest)) {
      (void)take(rest, " ");  // dmesg --time-format iso names no host
    }
    line = rest;
  } else if (const auto date = take_syslog_date(rest)) {
    if (!take_host_and_kernel(rest)) {
      return record;  // another program's line
    }
    record.time_text = base::printable(*date);
    line = rest;
  }
  take_bracket(line, record);
  if (!record.since_boot && !record.at) {
    take_trace_head(line, record);
  } else if (!record.at) {
    (void)take_host_and_kernel(line);  // journalctl -o short-monotonic
  }
  record.text = line;
  return record;
}

std::vector<Record> parse_log(std::string_view text, std::size_t records_max) {
  std::vector<Record> records;
  const auto first = text.substr(0, text.find('\n'));
  const bool is_kmsg = parse_kmsg(first).has_value();
  const auto keep = [&](Record record) {
    if (records.size() >= 2 * records_max) {  // drops in blocks: each record moves at most once
      records.erase(records.begin(), records.end() - static_cast<std::ptrdiff_t>(records_max));
    }
    records.push_back(std::move(record));
  };
  while (!text.empty() && records_max > 0) {
    auto end = text.find('\n');
    if (is_kmsg) {
      while (end != std::string_view::npos && end + 1 < text.size() && text[end + 1] == ' ') {
        end = text.find('\n', end + 1);
      }
    }
    const auto one = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (is_kmsg) {
      if (auto record = parse_kmsg(one)) {
        keep(std::move(*record));
      }
    } else if (auto record = parse_line(one); !base::trim(record.text).empty()) {
      keep(std::move(record));
    }
  }
  if (records.size() > records_max) {
    records.erase(records.begin(), records.end() - static_cast<std::ptrdiff_t>(records_max));
  }
  return records;
}

}  // namespace weft::wire::kernel_log
