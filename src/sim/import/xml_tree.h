// SPDX-License-Identifier: Apache-2.0
// As much of XML 1.0 (W3C, fifth edition) as topology files need: elements, attributes, comments,
// processing instructions and character data, which is skipped. No document type, no entities but
// the five of XML itself and no namespaces, so that nothing grows beyond the file. Elements lie in
// one list, each after its parent.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::sim {

inline constexpr std::size_t kXmlBytesMax = std::size_t{16} << 20;
inline constexpr std::size_t kXmlElementsMax = 200'000;
inline constexpr std::size_t kXmlDepthMax = 64;
inline constexpr std::size_t kXmlAttributesMax = 64;  ///< of one element

struct XmlElement {
  std::string name;
  std::size_t line = 0;    ///< where it begins, from 1
  std::size_t parent = 0;  ///< index in the list; its own where it is the root
  std::vector<std::pair<std::string, std::string>> attributes = {};  ///< in the file's order

  /// Empty where it is not there.
  [[nodiscard]] std::string_view attribute(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const;
};

/// Elements in the file's order, the root first. kInvalidArgument with the line of the first thing
/// that is not XML as above, and for files beyond the limits.
[[nodiscard]] base::Result<std::vector<XmlElement>> parse_xml(std::string_view text,
                                                              std::string_view file);

}  // namespace weft::sim
