// SPDX-License-Identifier: Apache-2.0
// Every key that an incident file may hold, section by section. The reader takes no other, and
// incident_test.cpp holds docs/formats/incident.schema.json to this table.
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace weft::diagnose::incident_keys {

using Text = std::string_view;

inline constexpr std::array kRoot = {Text("weftline"), Text("name"),     Text("description"),
                                     Text("sources"),  Text("topology"), Text("samples"),
                                     Text("links"),    Text("log"),      Text("marks"),
                                     Text("judge"),    Text("expect")};
inline constexpr std::array kSample = {Text("at"),      Text("about"),        Text("for"),
                                       Text("where"),   Text("every"),        Text("times"),
                                       Text("subject"), Text("metric"),       Text("label"),
                                       Text("value"),   Text("not_measured"), Text("detail")};
inline constexpr std::array kLink = {
    Text("at"),        Text("about"),    Text("for"), Text("where"), Text("every"),
    Text("times"),     Text("link"),     Text("up"),  Text("rate"),  Text("width"),
    Text("data_rate"), Text("training"), Text("a"),   Text("b")};
inline constexpr std::array kEnd = {Text("max_rate"), Text("max_width"), Text("target_rate"),
                                    Text("autonomous_speed_disabled")};
inline constexpr std::array kLog = {Text("at"),    Text("about"),    Text("for"),  Text("where"),
                                    Text("every"), Text("times"),    Text("host"), Text("subject"),
                                    Text("kind"),  Text("severity"), Text("text"), Text("fields")};
inline constexpr std::array kMark = {Text("at"),    Text("about"), Text("for"),  Text("where"),
                                     Text("every"), Text("times"), Text("kind"), Text("subject"),
                                     Text("until"), Text("text")};
inline constexpr std::array kExpect = {Text("at"), Text("findings")};
inline constexpr std::array kFinding = {Text("for"),           Text("where"),   Text("about"),
                                        Text("level"),         Text("cause"),   Text("part"),
                                        Text("toward"),        Text("says"),    Text("next_step"),
                                        Text("not_next_step"), Text("victims"), Text("phase")};

struct Section {
  Text name;  ///< in "$defs"; "" is the top
  std::span<const Text> keys;
};
inline constexpr std::array kSections = {
    Section{"", kRoot},         Section{"sample", kSample},   Section{"link", kLink},
    Section{"end", kEnd},       Section{"log", kLog},         Section{"mark", kMark},
    Section{"expect", kExpect}, Section{"finding", kFinding},
};

}  // namespace weft::diagnose::incident_keys
