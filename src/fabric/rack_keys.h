// SPDX-License-Identifier: Apache-2.0
// Every key that a rack file may hold, section by section. The reader takes no other, and
// rack_schema_test.cpp holds the checked-in JSON Schema (docs/formats/rack.schema.json) to this
// table, both ways. Adding one more key: here, in rack_reader.cpp, in the schema and in
// rack-file.md.
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace weft::fabric::keys {

using Text = std::string_view;

inline constexpr std::array kRack = {Text("weftline"), Text("name"),      Text("description"),
                                     Text("sources"),  Text("templates"), Text("devices"),
                                     Text("links"),    Text("match")};
/// What an incident file may tell of a rack.
inline constexpr std::array kTopology = {Text("templates"), Text("devices"), Text("links"),
                                         Text("match")};
inline constexpr std::array kTemplate = {Text("kind"),    Text("description"), Text("part"),
                                         Text("lanes"),   Text("position"),    Text("ports"),
                                         Text("devices"), Text("links")};
inline constexpr std::array kDevice = {
    Text("template"), Text("kind"),  Text("description"), Text("part"),  Text("lanes"),
    Text("position"), Text("ports"), Text("devices"),     Text("links"), Text("match")};
inline constexpr std::array kPart = {Text("vendor"), Text("number"), Text("serial"), Text("slot"),
                                     Text("firmware")};
inline constexpr std::array kPosition = {Text("row"), Text("rack"), Text("unit"), Text("tray"),
                                         Text("slot")};
inline constexpr std::array kSpeed = {Text("protocol"), Text("lanes")};
inline constexpr std::array kLink = {
    Text("name"),  Text("description"), Text("from"),  Text("to"),       Text("for"),
    Text("where"), Text("protocol"),    Text("lanes"), Text("segments"), Text("expect")};
inline constexpr std::array kSegment = {Text("medium"), Text("length"), Text("part"),
                                        Text("retimer")};
inline constexpr std::array kMatch = {Text("host"), Text("bdf"),     Text("serial"), Text("slot"),
                                      Text("part"), Text("address"), Text("ports")};

/// A section as the JSON Schema names it in "$defs" ("" is the top).
struct Section {
  Text name;
  std::span<const Text> keys;
};
inline constexpr std::array kSections = {
    Section{"", kRack},     Section{"template", kTemplate}, Section{"device", kDevice},
    Section{"part", kPart}, Section{"position", kPosition}, Section{"speed", kSpeed},
    Section{"link", kLink}, Section{"segment", kSegment},   Section{"match", kMatch},
};

}  // namespace weft::fabric::keys
