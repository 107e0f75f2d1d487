// SPDX-License-Identifier: Apache-2.0
// A YAML document as plain values, each with its place in the file. The one door to yaml-cpp: its
// exceptions end here, aliases are expanded against a limit (a few lines of YAML can stand for
// billions of nodes), and a document deeper than kYamlDepthMax is refused. YAML 1.2 block and flow;
// tags are ignored: every scalar is text, and the reader of it says what it must be.
#pragma once

#include "fabric/rack_problem.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace weft::fabric {

inline constexpr std::size_t kYamlDepthMax = 40;

struct YamlEntry;

struct YamlNode {
  enum class Kind : std::uint8_t { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  std::string text;        ///< of a scalar
  bool is_quoted = false;  ///< its text starts one column after `place`
  Place place;
  std::vector<YamlNode> items;     ///< of a list
  std::vector<YamlEntry> entries;  ///< of a map, in the file's order, duplicates kept
};

struct YamlEntry {
  YamlNode key;
  YamlNode value;
};

/// Why a text is not a YAML document that we take.
struct YamlMistake {
  Place place;
  std::string what;
  std::string hint;
};

/// The first document of `text`; at most `nodes_max` nodes after aliases are expanded.
[[nodiscard]] tl::expected<YamlNode, YamlMistake> parse_yaml(std::string_view text,
                                                             std::size_t nodes_max);

/// Between double quotes, with " and \ escaped: a scalar of YAML, and a name of DOT.
[[nodiscard]] std::string double_quoted(std::string_view text);

}  // namespace weft::fabric
