// SPDX-License-Identifier: Apache-2.0
// Where the readers of foreign formats put what they understood, and what they did not: it becomes
// a look at each machine at each time, as drivers would have made it, so that memory and judgement
// take imports like everything else. What was not taken is counted under its own name with the
// reason. Ids come from the machine's name and the names that the source gave to its parts.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "diagnose/watch.h"
#include "observe/snapshot.h"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::serve {

/// What a sample is about, in the source's names. Without a port the device is meant, without a
/// device the machine itself.
struct ImportPlace {
  std::string host;
  std::string device;
  fabric::DeviceKind kind = fabric::DeviceKind::kUnknown;
  std::string port;
  /// Of the link that ends at the port; unknown: none is made.
  fabric::ProtocolFamily family = fabric::ProtocolFamily::kUnknown;
};

struct ImportedEvent {
  observe::Event event;
  std::string host;
};

struct Imported {
  std::vector<observe::Snapshot> looks;  ///< by time, then host
  std::vector<ImportedEvent> events;     ///< in the source's order
  std::vector<diagnose::Mark> marks;
  std::size_t samples = 0;  ///< read, whatever became of them
  /// Counts: (their name, our metric), and (their name, why not).
  std::map<std::pair<std::string, std::string>, std::size_t> taken;
  std::map<std::pair<std::string, std::string>, std::size_t> left_out;  ///< by a rule that says why
  std::map<std::pair<std::string, std::string>, std::size_t> refused;   ///< values that cannot be
  std::map<std::string, std::size_t> unmapped;                          ///< no rule speaks of them
  std::size_t bad_lines = 0;
  std::vector<std::string> problems;  ///< "line 12: …"

  [[nodiscard]] std::size_t taken_count() const;
};

/// Looks are bounded, since a file may give each sample a time of its own.
inline constexpr std::size_t kImportLooksMost = 100'000;

class Intake {
 public:
  /// kResourceExhausted: more than kImportLooksMost times and machines.
  base::Result<void> take(base::WallTime at, const ImportPlace& place, observe::Metric metric,
                          std::string label, observe::Reading<observe::Value> value);
  base::Result<void> uptime(base::WallTime at, const std::string& host, base::Duration uptime);
  /// Of the module at the port, else of the device.
  base::Result<void> part(base::WallTime at, const ImportPlace& place,
                          const fabric::PartIdentity& part);
  /// The counts, for readers to add to.
  [[nodiscard]] Imported& counts() { return out_; }
  /// All of it; leaves this empty.
  [[nodiscard]] Imported finish();

 private:
  struct Places {
    fabric::DeviceId device;
    fabric::PortId port;
    std::optional<std::size_t> link;  ///< in the look's links
  };
  base::Result<observe::Snapshot*> look(base::WallTime at, const std::string& host);
  static Places place_in(observe::Snapshot& look, const ImportPlace& place);

  std::map<std::pair<base::WallTime, std::string>, observe::Snapshot> looks_;
  Imported out_;
};

/// A number of theirs as a value of this metric: counters and states are whole and not negative.
/// kGarbled says why not.
[[nodiscard]] observe::Reading<observe::Value> value_of(observe::Metric metric, double number);

}  // namespace weft::serve
