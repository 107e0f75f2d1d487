// SPDX-License-Identifier: Apache-2.0
// A rack file as it is written: templates, patterns and expressions, not yet expanded, each with
// its place. rack_reader.cpp makes it from YAML; rack_expander.cpp makes a Fabric of it.
#pragma once

#include "base/units.h"
#include "fabric/model.h"
#include "fabric/pattern.h"
#include "fabric/rack_problem.h"
#include "fabric/yaml_tree.h"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weft::fabric::source {

/// A text with expressions in braces (or a path, with expressions in brackets).
struct Pattern {
  TextPattern pattern;
  Place place;  ///< of its first character
  std::string as_written;
};
using Field = std::optional<Pattern>;

struct Speed {
  ProtocolId protocol{};
  base::LaneCount lanes;
  Place place;
};

struct PortRule {
  NamePattern name;
  Place place;
  Speed speed;
};

struct SegmentRule {
  Medium medium = Medium::kUnknown;
  std::string part;
  base::Millimetres length;
  Field retimer;
  Place place;
};

struct LinkRule {
  Place place;
  Field name;
  Field from;
  Field to;
  std::vector<RangeVariable> variables;
  std::optional<Expression> where;
  Place where_place;
  std::optional<ProtocolId> protocol;
  std::optional<base::LaneCount> lanes;
  std::vector<SegmentRule> segments;
  std::optional<Speed> expect;
  bool is_half = false;  ///< without `to`, where that may be: its far end is not known
};

struct PartFields {
  Field vendor, number, serial, slot, firmware;
};
struct PositionFields {
  Field row, rack, unit, tray, slot;
};
/// What the machine calls ports: planned names, with ranges, to live ones.
struct MatchPort {
  NamePattern name;
  Place place;
  Field live;
};
struct MatchFields {
  Field host, bdf, serial, slot, part;
  Place place;
  std::vector<Field> addresses;
  std::vector<MatchPort> ports;
};

struct DeviceRule;

/// What templates and devices have in common.
struct Body {
  std::optional<DeviceKind> kind;
  PartFields part;
  PositionFields position;
  std::optional<base::LaneCount> lanes;
  std::vector<PortRule> ports;
  std::vector<DeviceRule> devices;
  std::vector<LinkRule> links;
};

struct DeviceRule {
  NamePattern name;
  Place place;
  std::string template_name;  ///< empty: none
  Place template_place;
  Body body;
  MatchFields match;
};

struct Template {
  Body body;
  Place place;
};

/// A line of the file's own `match`: device names, level by level, each with its ranges.
struct MatchRule {
  std::vector<NamePattern> path;
  MatchFields fields;
};

struct Rack {
  std::string name;
  std::string description;
  std::map<std::string, Template> templates;
  std::vector<DeviceRule> devices;
  std::vector<LinkRule> links;
  std::vector<MatchRule> match;
};

/// Reads what stands in the tree; each mistake goes to `problems`, and the rest is still read.
[[nodiscard]] Rack read(const YamlNode& root, Problems& problems);
/// The same of a rack's body inside another document: no version, no name, links may be half.
[[nodiscard]] Rack read_partial(const YamlNode& node, Problems& problems);

}  // namespace weft::fabric::source
