// SPDX-License-Identifier: Apache-2.0
// From YAML to rules: which keys there are, which type each value has, which words it may be. What
// the rules mean together (ports that exist, lanes that fit) is rack_expander.cpp's.
#include "base/text.h"
#include "fabric/nearest.h"
#include "fabric/rack_keys.h"
#include "fabric/rack_source.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include <fmt/format.h>

namespace weft::fabric::source {
namespace {

/// Lanes of one port or link; more is a mistake of the file.
constexpr std::uint64_t kLanesMax = 1024;
/// The longest span that a length may give: 100 km of fibre.
constexpr double kLengthMaxMm = 1e8;

struct LengthUnit {
  std::string_view name;
  double millimetres;
};
constexpr std::array kLengthUnits = {LengthUnit{"mm", 1}, LengthUnit{"cm", 10},
                                     LengthUnit{"m", 1000}, LengthUnit{"km", 1e6},
                                     LengthUnit{"in", 25.4}};

std::string_view kind_words(YamlNode::Kind kind) {
  switch (kind) {
    case YamlNode::Kind::kNull:
      return "nothing";
    case YamlNode::Kind::kScalar:
      return "a plain value";
    case YamlNode::Kind::kList:
      return "a list";
    case YamlNode::Kind::kMap:
      break;
  }
  return "a mapping";
}

std::string quoted(std::string_view text) {
  return '\'' + base::printable(text, 60) + '\'';
}

/// The column of a scalar's first character, behind an opening quote.
Place text_place(const YamlNode& node, std::size_t offset = 0) {
  return {node.place.line, node.place.column + (node.is_quoted ? 1 : 0) + static_cast<int>(offset)};
}

class Reader {
 public:
  explicit Reader(Problems& problems) : problems_(problems) {}

  Rack rack(const YamlNode& root) {
    Rack out;
    if (!expect_map(root, "a rack file")) {
      return out;
    }
    check_keys(root, "a rack file", keys::kRack);
    version(root);
    out.name = plain(root, "name").value_or("");
    if (out.name.empty() &&
        (find(root, "name") == nullptr || find(root, "name")->kind == YamlNode::Kind::kScalar)) {
      problems_.error(root.place, "missing-key", "the rack has no `name`", "Add `name: my-rack`.");
    }
    out.description = plain(root, "description").value_or("");
    if (const auto* list = find(root, "sources")) {
      for (const auto& item : list_items(*list, "`sources`")) {
        scalar(item, "a source");
      }
    }
    body_of(root, out);
    if (out.devices.empty() && find(root, "devices") == nullptr) {
      problems_.error(root.place, "missing-key", "the rack has no `devices`",
                      "Add a `devices` mapping of names to templates.");
    }
    return out;
  }

  /// What an incident file knows of a rack: the same keys, and links may lack their far end.
  Rack partial(const YamlNode& node) {
    Rack out;
    may_lack_ends_ = true;
    if (expect_map(node, "a topology")) {
      check_keys(node, "a topology", keys::kTopology);
      body_of(node, out);
    }
    return out;
  }

 private:
  void body_of(const YamlNode& root, Rack& out) {
    if (const auto* map = find(root, "templates");
        map != nullptr && expect_map(*map, "`templates`")) {
      for (const auto& entry : map->entries) {
        add_template(out, entry);
      }
    }
    out.devices = devices(find(root, "devices"));
    out.links = links(find(root, "links"));
    if (const auto* map = find(root, "match"); map != nullptr && expect_map(*map, "`match`")) {
      for (const auto& entry : map->entries) {
        add_match(out, entry);
      }
    }
  }

  // --- what a node is ---

  bool expect_map(const YamlNode& node, std::string_view what) {
    if (node.kind == YamlNode::Kind::kMap) {
      return true;
    }
    problems_.error(node.place, "wrong-type",
                    fmt::format("{} must be a mapping (key: value), but here stands {}", what,
                                kind_words(node.kind)));
    return false;
  }

  std::vector<YamlNode> list_items(const YamlNode& node, std::string_view what) {
    if (node.kind != YamlNode::Kind::kList) {
      problems_.error(node.place, "wrong-type",
                      fmt::format("{} must be a list (lines with a leading -), but here stands {}",
                                  what, kind_words(node.kind)));
      return {};
    }
    return node.items;
  }

  std::optional<std::string> scalar(const YamlNode& node, std::string_view what) {
    if (node.kind != YamlNode::Kind::kScalar) {
      problems_.error(node.place, "wrong-type",
                      fmt::format("{} must be a single value, but here stands {}", what,
                                  kind_words(node.kind)));
      return std::nullopt;
    }
    return node.text;
  }

  static const YamlNode* find(const YamlNode& map, std::string_view key) {
    for (const auto& entry : map.entries) {
      if (entry.key.text == key) {
        return &entry.value;
      }
    }
    return nullptr;
  }

  void check_keys(const YamlNode& map, std::string_view what, std::span<const keys::Text> known) {
    for (std::size_t i = 0; i < map.entries.size(); ++i) {
      const auto& key = map.entries[i].key;
      if (key.kind != YamlNode::Kind::kScalar ||
          std::find(known.begin(), known.end(), key.text) == known.end()) {
        const auto near = nearest(key.text, known);
        problems_.error(key.place, "unknown-key",
                        fmt::format("{} has no key {}", what, quoted(key.text)),
                        near.empty() ? fmt::format("Known keys: {}.", fmt::join(known, ", "))
                                     : fmt::format("Did you mean '{}'?", near));
      }
      check_duplicate(map, i);
    }
  }

  void check_duplicate(const YamlNode& map, std::size_t index) {
    const auto& key = map.entries[index].key;
    const auto begin = map.entries.begin();
    const auto at =
        std::find_if(begin, begin + static_cast<std::ptrdiff_t>(index),
                     [&](const YamlEntry& entry) { return entry.key.text == key.text; });
    if (at != begin + static_cast<std::ptrdiff_t>(index)) {
      problems_.error(key.place, "duplicate-key",
                      fmt::format("the key {} stands here a second time (first in line {})",
                                  quoted(key.text), at->key.place.line),
                      "Keep one of them.");
    }
  }

  std::optional<std::string> plain(const YamlNode& map, std::string_view key) {
    const auto* node = find(map, key);
    return node == nullptr ? std::nullopt : scalar(*node, fmt::format("`{}`", key));
  }

  void mistake(const YamlNode& node, const TextMistake& why) {
    problems_.error(text_place(node, why.offset), "bad-text", why.what, why.hint);
  }

  // --- fields ---

  void version(const YamlNode& root) {
    const auto* node = find(root, "weftline");
    if (node == nullptr) {
      problems_.error(root.place, "version", "the version key is missing",
                      "Start the file with `weftline: rack/1`.");
    } else if (node->text != "rack/1") {
      problems_.error(
          node->place, "version",
          fmt::format("{} is not a version that this program reads", quoted(node->text)),
          "Write `weftline: rack/1`.");
    }
  }

  Field text(const YamlNode& map, std::string_view key) {
    const auto* node = find(map, key);
    if (node == nullptr || !scalar(*node, fmt::format("`{}`", key))) {
      return std::nullopt;
    }
    return pattern(*node, TextPattern::parse_text(node->text));
  }

  Field path(const YamlNode& map, std::string_view key) {
    const auto* node = find(map, key);
    if (node == nullptr || !scalar(*node, fmt::format("`{}`", key))) {
      return std::nullopt;
    }
    return pattern(*node, TextPattern::parse_path(node->text));
  }

  Field pattern(const YamlNode& node, tl::expected<TextPattern, TextMistake> parsed) {
    if (!parsed) {
      mistake(node, parsed.error());
      return std::nullopt;
    }
    return Pattern{std::move(*parsed), text_place(node), node.text};
  }

  std::optional<base::LaneCount> lanes(const YamlNode& node, std::string_view digits,
                                       std::size_t offset = 0) {
    const auto number = base::parse_unsigned(digits);
    if (!number || *number == 0 || *number > kLanesMax) {
      problems_.error(text_place(node, offset), "bad-lanes",
                      fmt::format("{} is not a number of lanes", quoted(digits)),
                      fmt::format("Lanes are 1 to {}.", kLanesMax));
      return std::nullopt;
    }
    return base::LaneCount(static_cast<std::uint32_t>(*number));
  }

  std::optional<base::LaneCount> lanes(const YamlNode& map) {
    const auto* node = find(map, "lanes");
    if (node == nullptr || !scalar(*node, "`lanes`")) {
      return std::nullopt;
    }
    return lanes(*node, node->text);
  }

  std::optional<ProtocolId> protocol(const YamlNode& node, std::string_view key) {
    if (const auto id = find_protocol(key)) {
      return id;
    }
    const auto near = nearest_protocol_key(key);
    problems_.error(text_place(node), "unknown-protocol",
                    fmt::format("there is no protocol {}", quoted(key)),
                    near.empty() ? "docs/formats/rack-file.md lists the protocols."
                                 : fmt::format("Did you mean '{}'?", near));
    return std::nullopt;
  }

  std::optional<ProtocolId> protocol(const YamlNode& map) {
    const auto* node = find(map, "protocol");
    if (node == nullptr || !scalar(*node, "`protocol`")) {
      return std::nullopt;
    }
    return protocol(*node, node->text);
  }

  /// "pcie5 x16", or {protocol: pcie5, lanes: 16}.
  std::optional<Speed> speed(const YamlNode& node, std::string_view what) {
    if (node.kind == YamlNode::Kind::kMap) {
      check_keys(node, what, keys::kSpeed);
      for (const auto key : keys::kSpeed) {
        if (find(node, key) == nullptr) {
          problems_.error(node.place, "missing-key", fmt::format("{} has no `{}`", what, key));
        }
      }
      const auto id = protocol(node);
      const auto count = lanes(node);
      return id && count ? width_checked({*id, *count, node.place}, node.place) : std::nullopt;
    }
    if (!scalar(node, what)) {
      return std::nullopt;
    }
    const auto words = base::words(node.text);
    if (words.size() != 2 || words[1].size() < 2 || words[1][0] != 'x') {
      problems_.error(text_place(node), "bad-speed",
                      fmt::format("{} is not a protocol and a width", quoted(node.text)),
                      "Write for example `pcie5 x16`.");
      return std::nullopt;
    }
    const auto id = protocol(node, words[0]);
    const auto offset = static_cast<std::size_t>(words[1].data() + 1 - node.text.data());
    const auto count = lanes(node, words[1].substr(1), offset);
    if (!id || !count) {
      return std::nullopt;
    }
    return width_checked({*id, *count, node.place}, text_place(node, offset));
  }

  std::optional<Speed> width_checked(const Speed& speed, Place place) {
    if (fabric::protocol(speed.protocol).allows(speed.lanes)) {
      return speed;
    }
    problems_.error(place, "bad-width", width_words(speed.protocol, speed.lanes));
    return std::nullopt;
  }

  static std::string width_words(ProtocolId id, base::LaneCount count) {
    const auto& row = fabric::protocol(id);
    return fmt::format("{} has no width x{}; its widths are {}", row.title, count.value(),
                       fmt::join(row.widths, ", "));
  }

  std::optional<base::Millimetres> length(const YamlNode& node) {
    if (!scalar(node, "`length`")) {
      return std::nullopt;
    }
    const std::string_view text = node.text;
    const auto digits = std::min(text.find_first_not_of("0123456789."), text.size());
    const auto number = base::parse_double(text.substr(0, digits));
    const auto unit = base::trim(text.substr(digits));
    for (const auto& row : kLengthUnits) {
      if (number && unit == row.name && *number * row.millimetres <= kLengthMaxMm) {
        return base::Millimetres(*number * row.millimetres);
      }
    }
    problems_.error(text_place(node), "bad-length", fmt::format("{} is not a length", quoted(text)),
                    "Write a number and mm, cm, m, km or in, up to 100 km: `2.5 m`.");
    return std::nullopt;
  }

  PartFields part(const YamlNode* node) {
    PartFields out;
    if (node != nullptr && expect_map(*node, "`part`")) {
      check_keys(*node, "`part`", keys::kPart);
      out = {text(*node, "vendor"), text(*node, "number"), text(*node, "serial"),
             text(*node, "slot"), text(*node, "firmware")};
    }
    return out;
  }

  PositionFields position(const YamlNode* node) {
    PositionFields out;
    if (node != nullptr && expect_map(*node, "`position`")) {
      check_keys(*node, "`position`", keys::kPosition);
      out = {text(*node, "row"), text(*node, "rack"), text(*node, "unit"), text(*node, "tray"),
             text(*node, "slot")};
    }
    return out;
  }

  MatchFields match(const YamlNode* node) {
    MatchFields out;
    if (node != nullptr && expect_map(*node, "`match`")) {
      check_keys(*node, "`match`", keys::kMatch);
      out = {text(*node, "host"),
             text(*node, "bdf"),
             text(*node, "serial"),
             text(*node, "slot"),
             text(*node, "part"),
             node->place,
             addresses(find(*node, "address")),
             match_ports(find(*node, "ports"))};
    }
    return out;
  }

  /// One address, or a list of them.
  std::vector<Field> addresses(const YamlNode* node) {
    std::vector<Field> out;
    if (node == nullptr) {
      return out;
    }
    const std::span<const YamlNode> items =
        node->kind == YamlNode::Kind::kList ? std::span(node->items) : std::span(node, 1);
    for (const auto& item : items) {
      if (scalar(item, "an address")) {
        out.push_back(pattern(item, TextPattern::parse_text(item.text)));
      }
    }
    return out;
  }

  std::vector<MatchPort> match_ports(const YamlNode* map) {
    std::vector<MatchPort> out;
    if (map == nullptr || !expect_map(*map, "`ports`")) {
      return out;
    }
    for (std::size_t i = 0; i < map->entries.size(); ++i) {
      check_duplicate(*map, i);
      const auto& [key, value] = map->entries[i];
      auto name = name_pattern(key, "a port");
      if (name && scalar(value, "the machine's name of a port")) {
        out.push_back(
            {std::move(*name), key.place, pattern(value, TextPattern::parse_text(value.text))});
      }
    }
    return out;
  }

  // --- bodies ---

  Body body(const YamlNode& node) {
    Body out;
    if (const auto* kind = find(node, "kind"); kind != nullptr && scalar(*kind, "`kind`")) {
      out.kind = device_kind(kind->text);
      if (!out.kind) {
        unknown_word(*kind, "kind of device", device_kind_keys());
        out.kind = DeviceKind::kUnknown;  // one mistake is enough
      }
    }
    plain(node, "description");
    out.part = part(find(node, "part"));
    out.position = position(find(node, "position"));
    out.lanes = lanes(node);
    if (const auto* map = find(node, "ports"); map != nullptr && expect_map(*map, "`ports`")) {
      for (std::size_t i = 0; i < map->entries.size(); ++i) {
        check_duplicate(*map, i);
        const auto& entry = map->entries[i];
        auto name = name_pattern(entry.key, "a port");
        const auto runs = speed(entry.value, "a port");
        if (name) {
          // A port whose speed is a mistake stays, so that its links are not mistakes too.
          out.ports.push_back({std::move(*name), entry.key.place, runs.value_or(Speed{})});
        }
      }
    }
    out.devices = devices(find(node, "devices"));
    out.links = links(find(node, "links"));
    return out;
  }

  void unknown_word(const YamlNode& node, std::string_view what,
                    std::span<const std::string_view> known) {
    const auto near = nearest(node.text, known);
    problems_.error(text_place(node), "unknown-word",
                    fmt::format("{} is not a {}", quoted(node.text), what),
                    near.empty() ? fmt::format("Known: {}.", fmt::join(known, ", "))
                                 : fmt::format("Did you mean '{}'?", near));
  }

  std::optional<NamePattern> name_pattern(const YamlNode& key, std::string_view what) {
    if (!scalar(key, fmt::format("the name of {}", what))) {
      return std::nullopt;
    }
    auto parsed = NamePattern::parse(key.text);
    if (!parsed) {
      mistake(key, parsed.error());
      return std::nullopt;
    }
    return std::move(*parsed);
  }

  void add_template(Rack& rack, const YamlEntry& entry) {
    if (!scalar(entry.key, "the name of a template") ||
        !expect_map(entry.value, fmt::format("the template {}", quoted(entry.key.text)))) {
      return;
    }
    check_keys(entry.value, "a template", keys::kTemplate);
    const auto [at, is_new] =
        rack.templates.try_emplace(entry.key.text, Template{body(entry.value), entry.key.place});
    if (!is_new) {
      problems_.error(entry.key.place, "duplicate-key",
                      fmt::format("the template {} stands here a second time (first in line {})",
                                  quoted(entry.key.text), at->second.place.line),
                      "Keep one of them.");
    }
  }

  std::vector<DeviceRule> devices(const YamlNode* map) {
    std::vector<DeviceRule> out;
    if (map == nullptr || !expect_map(*map, "`devices`")) {
      return out;
    }
    for (std::size_t i = 0; i < map->entries.size(); ++i) {
      check_duplicate(*map, i);
      const auto& entry = map->entries[i];
      auto name = name_pattern(entry.key, "a device");
      DeviceRule rule;
      rule.place = entry.key.place;
      if (entry.value.kind == YamlNode::Kind::kScalar) {
        rule.template_name = entry.value.text;
        rule.template_place = entry.value.place;
      } else if (expect_map(entry.value, "a device (or the name of its template)")) {
        check_keys(entry.value, "a device", keys::kDevice);
        rule.template_name = plain(entry.value, "template").value_or("");
        if (const auto* node = find(entry.value, "template")) {
          rule.template_place = node->place;
        }
        rule.body = body(entry.value);
        rule.match = match(find(entry.value, "match"));
      }
      if (name) {
        rule.name = std::move(*name);
        out.push_back(std::move(rule));
      }
    }
    return out;
  }

  // --- links ---

  std::vector<LinkRule> links(const YamlNode* node) {
    std::vector<LinkRule> out;
    if (node == nullptr) {
      return out;
    }
    for (const auto& item : list_items(*node, "`links`")) {
      if (expect_map(item, "a link")) {
        out.push_back(link(item));
      }
    }
    return out;
  }

  LinkRule link(const YamlNode& node) {
    check_keys(node, "a link", keys::kLink);
    for (const std::string_view key : {"from", "to"}) {
      if (find(node, key) == nullptr && !(may_lack_ends_ && key == "to")) {
        problems_.error(node.place, "missing-key", fmt::format("the link has no `{}`", key),
                        "A link joins two ports: from: DEVICE/PORT, to: DEVICE/PORT.");
      }
    }
    LinkRule out;
    out.place = node.place;
    plain(node, "description");
    out.name = text(node, "name");
    out.from = path(node, "from");
    out.to = path(node, "to");
    out.is_half = may_lack_ends_ && find(node, "to") == nullptr;
    out.protocol = protocol(node);
    out.lanes = lanes(node);
    if (const auto* map = find(node, "for"); map != nullptr && expect_map(*map, "`for`")) {
      out.variables = variables(*map);
    }
    if (const auto* where = find(node, "where"); where != nullptr && scalar(*where, "`where`")) {
      auto parsed = Expression::parse(where->text);
      if (parsed) {
        out.where = std::move(*parsed);
        out.where_place = text_place(*where);
      } else {
        mistake(*where, parsed.error());
      }
    }
    if (const auto* list = find(node, "segments")) {
      for (const auto& item : list_items(*list, "`segments`")) {
        if (expect_map(item, "a segment")) {
          out.segments.push_back(segment(item));
        }
      }
    }
    if (const auto* expected = find(node, "expect")) {
      out.expect = speed(*expected, "`expect`");
    }
    return out;
  }

  std::vector<RangeVariable> variables(const YamlNode& map) {
    std::vector<RangeVariable> out;
    for (std::size_t i = 0; i < map.entries.size(); ++i) {
      check_duplicate(map, i);
      const auto& [key, value] = map.entries[i];
      // A variable is what NamePattern takes before '=' in a range: parse it as one.
      const auto as_range = NamePattern::parse("[" + key.text + "=0]");
      if (!as_range || as_range->ranges().size() != 1) {
        problems_.error(key.place, "bad-variable",
                        fmt::format("{} is not the name of a variable", quoted(key.text)),
                        "Variables are letters, digits and _, and do not start with a digit.");
        continue;
      }
      if (!scalar(value, "a range")) {
        continue;
      }
      auto values = parse_range(value.text);
      if (!values) {
        mistake(value, values.error());
        continue;
      }
      out.push_back({key.text, std::move(*values)});
    }
    return out;
  }

  SegmentRule segment(const YamlNode& node) {
    check_keys(node, "a segment", keys::kSegment);
    SegmentRule out;
    out.place = node.place;
    if (const auto* word = find(node, "medium"); word != nullptr && scalar(*word, "`medium`")) {
      if (const auto found = medium(word->text)) {
        out.medium = *found;
      } else {
        unknown_word(*word, "medium", medium_keys());
      }
    }
    out.part = plain(node, "part").value_or("");
    if (const auto* value = find(node, "length")) {
      out.length = length(*value).value_or(base::Millimetres(0));
    }
    out.retimer = path(node, "retimer");
    return out;
  }

  // --- the file's own match table ---

  void add_match(Rack& rack, const YamlEntry& entry) {
    if (!scalar(entry.key, "the name of a device")) {
      return;
    }
    MatchRule rule;
    std::size_t offset = 0;
    for (const auto part : base::split(entry.key.text, '/')) {
      auto parsed = NamePattern::parse(part);
      if (!parsed) {
        parsed.error().offset += offset;
        mistake(entry.key, parsed.error());
        return;
      }
      rule.path.push_back(std::move(*parsed));
      offset += part.size() + 1;
    }
    rule.fields = match(&entry.value);
    rule.fields.place = entry.key.place;
    rack.match.push_back(std::move(rule));
  }

  Problems& problems_;
  bool may_lack_ends_ = false;
};

}  // namespace

Rack read_partial(const YamlNode& node, Problems& problems) {
  return Reader(problems).partial(node);
}

Rack read(const YamlNode& root, Problems& problems) {
  return Reader(problems).rack(root);
}

}  // namespace weft::fabric::source
