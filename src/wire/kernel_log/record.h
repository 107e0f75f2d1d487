// SPDX-License-Identifier: Apache-2.0
// One record of the kernel's log, taken out of the form in which it came: /dev/kmsg records,
// dmesg's text (with or without -T, -x, -d, --time-format), `journalctl -k` (short, short-iso,
// short-precise, short-monotonic), syslog files, tracefs' `trace` of events. What the text means is
// message.h's. Sources: Documentation/ABI/testing/dev-kmsg and Documentation/trace/ftrace.rst of
// the kernel; dmesg(1), journalctl(1), RFC 3164.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::wire::kernel_log {

/// Longer records are cut here; the kernel's own limit is about 1 KiB a line.
inline constexpr std::size_t kRecordBytesMax = 8192;

struct Record {
  std::optional<std::uint64_t> sequence;  ///< /dev/kmsg only
  std::optional<std::uint8_t> priority;   ///< syslog level, 0 emergency to 7 debug
  std::optional<base::Duration> since_boot;
  std::optional<base::WallTime> at;  ///< only where the form gives a full date with its zone
  std::string time_text;  ///< the date as printed, where it has no zone or no year; may be empty
  std::string text;       ///< the message, bytes as the kernel gave them
  std::vector<std::pair<std::string, std::string>>
      keys;  ///< SUBSYSTEM, DEVICE: "+pci:0000:00:1c.0"
};

/// One read(2) of /dev/kmsg: "prio,seq,usec,flags[,…];text\n" and " KEY=value\n" lines, with \xNN
/// undone. kDataLoss where it is no such record.
[[nodiscard]] base::Result<Record> parse_kmsg(std::string_view record);

/// One line of text in any of the other forms. A line in none of them is taken as bare message
/// text.
[[nodiscard]] Record parse_line(std::string_view line);

/// A whole log: /dev/kmsg records (as `cat /dev/kmsg` prints them) or lines of text, decided by the
/// first line. Lines that hold nothing are left out. At most `records_max` of the last are kept.
[[nodiscard]] std::vector<Record> parse_log(std::string_view text, std::size_t records_max);

}  // namespace weft::wire::kernel_log
