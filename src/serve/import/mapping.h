// SPDX-License-Identifier: Apache-2.0
// How somebody else's metrics become ours: which device, port or link of which machine a sample
// speaks of, as which metric of the catalogue, in which unit. A mapping is a small YAML file
// (docs/formats/mapping.md); those of known exporters are part of the program (data/mappings).
// Files come from outside: what is not understood is refused with its line, nothing is guessed.
#pragma once

#include "base/result.h"
#include "fabric/model.h"
#include "observe/metric.h"
#include "wire/prometheus/text.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::serve {

/// Text with labels in it: "{device}/{port}"; "{pci_bus_id|bdf}" is written as Linux does.
class LabelText {
 public:
  /// kInvalidArgument: a brace without its other, or a form that there is not.
  [[nodiscard]] static base::Result<LabelText> parse(std::string_view text);
  [[nodiscard]] bool empty() const { return parts_.empty(); }
  /// nullopt where a label is not there or is empty.
  [[nodiscard]] std::optional<std::string> of(const wire::prometheus::Labels& labels) const;

 private:
  struct Part {
    std::string text;  ///< of itself, or the label's name
    bool is_label = false;
    bool is_bdf = false;
  };
  std::vector<Part> parts_;
};

/// "00000000:1B:00.0" as "0000:1b:00.0"; other texts as they are.
[[nodiscard]] std::string linux_bdf(std::string_view text);

/// What a sample says of the machine or of a part, instead of being a measurement.
enum class MappingFact : std::uint8_t { kNone, kHostName, kBootTime, kUptime, kPart };

struct MappingRule {
  std::string metric;                                       ///< a name, or a pattern with * and ?
  std::vector<std::pair<std::string, std::string>> when;    ///< labels and their patterns
  std::vector<std::pair<std::string, std::string>> unless;  ///< none of these may fit
  LabelText device;                                         ///< empty: the machine itself
  fabric::DeviceKind kind = fabric::DeviceKind::kUnknown;   ///< of the device
  LabelText port;                                           ///< empty: the device is meant
  fabric::ProtocolFamily family = fabric::ProtocolFamily::kUnknown;  ///< of the link at the port
  std::optional<observe::Metric> to;
  LabelText label;
  double factor = 1;         ///< their value times this is ours
  std::optional<double> is;  ///< of a state: 1 where the value is this, else 0
  MappingFact fact = MappingFact::kNone;
  LabelText serial;  ///< of facts "part"
  LabelText part_number;
  LabelText vendor;
  std::string left_out;  ///< why it is not taken, where that is so
};

struct Mapping {
  std::string name;
  std::string description;
  std::vector<LabelText> host;  ///< the first that is there names the machine
  std::vector<MappingRule> rules;
};

inline constexpr std::size_t kMappingBytesMost = std::size_t{1} << 20;
inline constexpr std::size_t kMappingRulesMost = 10'000;

/// kInvalidArgument with "FILE:LINE:COLUMN".
[[nodiscard]] base::Result<Mapping> parse_mapping(std::string_view yaml, const std::string& file);
/// By the name of one that is part of the program, else from a file; "" for all that are part of
/// it. kNotFound says which there are.
[[nodiscard]] base::Result<std::vector<Mapping>> find_mappings(const std::string& name_or_file);

/// Whether the metric is one of those that tell a link's state, which only a link can have.
[[nodiscard]] bool is_link_state(observe::Metric metric);

}  // namespace weft::serve
