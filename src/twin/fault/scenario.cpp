// SPDX-License-Identifier: Apache-2.0
#include "twin/fault/scenario.h"

#include "base/text.h"
#include "fabric/nearest.h"
#include "fabric/yaml_tree.h"
#include "twin/fault/draw.h"
#include "twin/fault/scenario_keys.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace weft::twin {
namespace scenario_inner {

using fabric::Place;
using fabric::YamlEntry;
using fabric::YamlNode;
using Kind = YamlNode::Kind;

class Reader {
 public:
  explicit Reader(fabric::Problems& problems) : problems_(problems) {}

  void read(const YamlNode& root, Scenario& scenario) {
    if (root.kind != Kind::kMap) {
      problems_.error(root.place, "no-scenario", "the file is not a map of keys",
                      "Begin with: weftline: scenario/1");
      return;
    }
    check_keys(root, "a scenario", scenario_keys::kScenario);
    const auto version = required(root, "weftline");
    if (version && version->text != "scenario/1") {
      problems_.error(version->place, "version",
                      fmt::format("'{}' is no version that this program reads",
                                  base::printable(version->text, 40)),
                      "Write: weftline: scenario/1");
    }
    if (const auto name = required(root, "name")) {
      scenario.name = name->text;
    }
    if (const auto rack = required(root, "rack")) {
      scenario.rack = rack->text;
    }
    if (const auto description = scalar(root, "description")) {
      scenario.description = description->text;
    }
    if (const auto seed = scalar(root, "seed")) {
      const auto number = base::parse_unsigned(seed->text);
      scenario.seed = number.value_or(1);
      if (!number) {
        mistake(*seed, "seed", "is no seed", "Write a whole number from 0.");
      }
    }
    if (const auto length = span(root, "length")) {
      scenario.length = *length;
    }
    each(root, "ambient", [&](const YamlNode& node) { ambient(node, scenario); });
    each(root, "workload", [&](const YamlNode& node) { workload(node, scenario); });
    each(root, "faults", [&](const YamlNode& node) { fault(node, scenario); });
    each(root, "marks", [&](const YamlNode& node) { mark(node, scenario); });
    each(root, "restarts", [&](const YamlNode& node) { restart(node, scenario); });
    racks(root, scenario);
    if (const YamlNode* expect = find(root, "expect")) {
      if (expect->kind != Kind::kList) {
        problems_.error(expect->place, "type", "expect is not a list of sentences");
      }
      for (const YamlNode& item : expect->items) {
        scenario.expect.push_back(item.text);
      }
    }
  }

 private:
  // ---- values ----
  static const YamlNode* find(const YamlNode& map, std::string_view key) {
    for (const YamlEntry& entry : map.entries) {
      if (entry.key.text == key) {
        return &entry.value;
      }
    }
    return nullptr;
  }
  const YamlNode* scalar(const YamlNode& map, std::string_view key) {
    const YamlNode* node = find(map, key);
    if (node != nullptr && node->kind != Kind::kScalar) {
      problems_.error(node->place, "type", fmt::format("{} is not a word or number", key));
      return nullptr;
    }
    return node;
  }
  const YamlNode* required(const YamlNode& map, std::string_view key) {
    const YamlNode* node = scalar(map, key);
    if (find(map, key) == nullptr) {
      problems_.error(map.place, "missing-key", fmt::format("{} is missing", key));
    } else if (node != nullptr && node->text.empty()) {
      problems_.error(node->place, "empty", fmt::format("{} is empty", key));
    }
    return node;
  }
  void mistake(const YamlNode& node, std::string_view rule, std::string_view what,
               std::string hint) {
    problems_.error(node.place, rule, fmt::format("'{}' {}", base::printable(node.text, 60), what),
                    std::move(hint));
  }
  void mistake(const YamlNode& node, std::string_view rule, const base::Error& error) {
    problems_.error(node.place, rule, error.what, error.hint);
  }
  std::optional<Duration> span(const YamlNode& map, std::string_view key) {
    const YamlNode* node = scalar(map, key);
    if (node == nullptr) {
      return std::nullopt;
    }
    const auto value = parse_span(node->text);
    if (!value) {
      mistake(*node, "time", value.error());
      return std::nullopt;
    }
    return *value;
  }
  struct SpanRange {
    std::optional<Duration> low, high;
  };
  /// "5 min" or "5 min to 10 min".
  SpanRange span_range(const YamlNode& map, std::string_view key) {
    const YamlNode* node = scalar(map, key);
    SpanRange range;
    if (node == nullptr) {
      return range;
    }
    const auto [low, high] = ends(node->text);
    for (const auto& [text, to] : {std::pair(low, &range.low), std::pair(high, &range.high)}) {
      if (to == &range.high && high.empty()) {
        continue;
      }
      const auto value = parse_span(text);
      if (value) {
        *to = *value;
      } else {
        mistake(*node, "time", value.error());
      }
    }
    return range;
  }
  /// "3 dB to 5 dB" in two; the second is empty where there is no range.
  static std::pair<std::string, std::string> ends(const std::string& text) {
    constexpr std::string_view kTo = " to ";
    const auto at = text.find(kTo);
    return at == std::string::npos ? std::pair(text, std::string())
                                   : std::pair(text.substr(0, at), text.substr(at + kTo.size()));
  }
  std::optional<double> amplitude_of(const YamlNode& node, const FaultRow& row,
                                     std::string_view text) {
    const auto parsed = parse_amplitude(row, text);
    if (!parsed) {
      mistake(node, "amplitude", parsed.error());
      return std::nullopt;
    }
    return *parsed;
  }
  void check_keys(const YamlNode& map, std::string_view what,
                  std::span<const std::string_view> known) {
    for (std::size_t i = 0; i < map.entries.size(); ++i) {
      const YamlNode& key = map.entries[i].key;
      if (std::ranges::find(known, key.text) == known.end()) {
        const std::string_view near = fabric::nearest(key.text, known);
        problems_.error(key.place, "unknown-key",
                        fmt::format("{} has no key '{}'", what, base::printable(key.text, 40)),
                        near.empty() ? fmt::format("It has {}.", fmt::join(known, ", "))
                                     : fmt::format("Did you mean '{}'?", near));
      }
      for (std::size_t j = 0; j < i; ++j) {
        if (map.entries[j].key.text == key.text) {
          problems_.error(key.place, "duplicate-key",
                          fmt::format("'{}' stands twice", base::printable(key.text, 40)));
        }
      }
    }
  }
  template <class Read>
  void each(const YamlNode& root, std::string_view key, const Read& read) {
    const YamlNode* list = find(root, key);
    if (list == nullptr || list->kind == Kind::kNull) {
      return;
    }
    if (list->kind != Kind::kList) {
      problems_.error(list->place, "type", fmt::format("{} is not a list", key));
      return;
    }
    if (list->items.size() > kScenarioEntriesMax) {
      problems_.error(list->place, "too-many",
                      fmt::format("{} has more than {} entries", key, kScenarioEntriesMax));
      return;
    }
    for (const YamlNode& item : list->items) {
      if (item.kind == Kind::kMap) {
        read(item);
      } else {
        problems_.error(item.place, "type", fmt::format("an entry of {} is not a map", key));
      }
    }
  }

  // ---- entries ----
  /// What all three kinds of entry have: target, amplitude, shape, at, for.
  void common(const YamlNode& node, const FaultRow& row, std::string_view target,
              std::string_view amplitude, std::string_view shape, ScenarioOrder& made) {
    FaultOrder& order = made.order;
    order.fault = row.key;
    made.place = node.place;
    if (const YamlNode* name = required(node, target)) {
      made.target_place = name->place;
      if (is_choice(name->text)) {
        made.choice = name->text;
        if (const auto parsed = parse_choice(name->text); !parsed) {
          mistake(*name, "target", parsed.error());
        }
      } else {
        order.target = name->text;
        if (const auto parsed = parse_target(name->text); !parsed) {
          mistake(*name, "target", parsed.error());
        }
      }
    }
    if (const YamlNode* value = scalar(node, amplitude)) {
      const auto [low, high] = ends(value->text);
      order.amplitude = amplitude_of(*value, row, low);
      if (!high.empty()) {
        made.amplitude_most = amplitude_of(*value, row, high);
      }
    }
    if (const YamlNode* value = scalar(node, shape)) {
      if (const auto parsed = parse_shape(value->text)) {
        order.shape = *parsed;
      } else {
        mistake(*value, "shape", parsed.error());
      }
    }
    const SpanRange at = span_range(node, "at");
    if (at.low) {
      order.at = later({}, *at.low);
    }
    if (at.high) {
      made.at_most = later({}, *at.high);
    }
    const SpanRange length = span_range(node, "for");
    order.length = length.low;
    made.length_most = length.high;
  }
  void racks(const YamlNode& root, Scenario& scenario) {
    const YamlNode* list = find(root, "racks");
    if (list == nullptr) {
      return;
    }
    if (list->kind != Kind::kList || list->items.size() > kScenarioEntriesMax) {
      problems_.error(list->place, "type", "racks is not a list of paths");
      return;
    }
    for (const YamlNode& item : list->items) {
      if (item.kind != Kind::kScalar || item.text.empty()) {
        problems_.error(item.place, "type", "an entry of racks is not a path");
      } else {
        scenario.racks.push_back(item.text);
      }
    }
  }
  void mark(const YamlNode& node, Scenario& scenario) {
    check_keys(node, "a mark", scenario_keys::kMark);
    ScenarioMark made;
    if (const YamlNode* kind = required(node, "kind")) {
      made.kind = kind->text;
    }
    if (const YamlNode* subject = scalar(node, "subject")) {
      made.subject = subject->text;
    }
    if (const YamlNode* text = scalar(node, "text")) {
      made.text = text->text;
    }
    made.at = later({}, span(node, "at").value_or(Duration{}));
    made.length = span(node, "for");
    scenario.marks.push_back(std::move(made));
  }
  void restart(const YamlNode& node, Scenario& scenario) {
    check_keys(node, "a restart", scenario_keys::kRestart);
    ScenarioRestart made;
    if (const YamlNode* host = required(node, "host")) {
      made.host = host->text;
    }
    made.at = later({}, span(node, "at").value_or(Duration{}));
    made.length = span(node, "for").value_or(Duration{180'000'000'000});
    // Its links to others, for whom it is as if somebody had pulled them.
    if (find(node, "target") != nullptr) {
      ScenarioOrder links;
      links.order.fault = "restart";
      common(node, *find_row("restart"), "target", "", "", links);
      links.order.length = made.length;
      scenario.orders.push_back(std::move(links));
    }
    scenario.restarts.push_back(std::move(made));
  }
  void ambient(const YamlNode& node, Scenario& scenario) {
    check_keys(node, "an entry of ambient", scenario_keys::kAmbient);
    ScenarioOrder made;
    common(node, *find_row("inlet"), "target", "above", "shape", made);
    scenario.orders.push_back(std::move(made));
  }
  void workload(const YamlNode& node, Scenario& scenario) {
    check_keys(node, "an entry of workload", scenario_keys::kWorkload);
    ScenarioOrder made;
    common(node, *find_row("workload"), "target", "load", "shape", made);
    if (made.order.shape && made.order.shape->kind == ShapeKind::kLoad) {
      mistake(*find(node, "shape"), "shape", "cannot be the shape of a workload",
              "Workload cannot follow itself.");
    }
    scenario.orders.push_back(std::move(made));
  }
  void fault(const YamlNode& node, Scenario& scenario) {
    check_keys(node, "a fault", scenario_keys::kFault);
    const YamlNode* key = required(node, "fault");
    if (key == nullptr) {
      return;
    }
    const auto row = fault_named(key->text);
    if (!row) {
      mistake(*key, "unknown-fault", row.error());
      return;
    }
    ScenarioOrder made;
    common(node, **row, "target", "amplitude", "shape", made);
    if (const YamlNode* label = scalar(node, "label")) {
      made.order.label = label->text;
    }
    scenario.orders.push_back(std::move(made));
  }

  fabric::Problems& problems_;
};

base::Result<std::string> read_file(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    return base::fail(base::Code::kNotFound, "no such file", path);
  }
  std::ifstream file(path, std::ios::binary);
  std::string text(kScenarioBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.fail() && !file.eof())) {
    return base::fail(base::Code::kUnavailable, "cannot be read", path);
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

}  // namespace scenario_inner

bool LoadedScenario::ok() const {
  return std::ranges::none_of(problems, [](const fabric::RackProblem& problem) {
    return problem.severity == fabric::Severity::kError;
  });
}

std::string LoadedScenario::problem_text() const {
  std::string text;
  for (const fabric::RackProblem& problem : problems) {
    text += problem.text(scenario.file) + "\n";
  }
  return text;
}

LoadedScenario load_scenario_text(std::string_view yaml, std::string file) {
  LoadedScenario loaded;
  loaded.scenario.file = std::move(file);
  fabric::Problems problems;
  if (yaml.size() > kScenarioBytesMax) {
    problems.error({}, "too-long",
                   fmt::format("the file is longer than {} bytes", kScenarioBytesMax));
  } else if (const auto root = fabric::parse_yaml(yaml, kScenarioNodesMax)) {
    scenario_inner::Reader(problems).read(*root, loaded.scenario);
  } else {
    problems.error(root.error().place, "yaml", root.error().what, root.error().hint);
  }
  loaded.problems = problems.take();
  return loaded;
}

base::Result<Scenario> load_scenario(const std::string& path) {
  const auto text = scenario_inner::read_file(path);
  if (!text) {
    return tl::unexpected(text.error());
  }
  LoadedScenario loaded = load_scenario_text(*text, path);
  if (!loaded.ok()) {
    std::string mistakes = loaded.problem_text();
    mistakes.pop_back();
    return base::fail(base::Code::kInvalidArgument, mistakes);
  }
  return std::move(loaded.scenario);
}

std::string rack_path(const Scenario& scenario) {
  const std::filesystem::path rack(scenario.rack);
  return rack.is_absolute() ? rack.string()
                            : (std::filesystem::path(scenario.file).parent_path() / rack)
                                  .lexically_normal()
                                  .string();
}

base::Result<void> apply(const Scenario& scenario, FaultEngine& engine) {
  std::string mistakes;
  for (const ScenarioOrder& each : scenario.orders) {
    const auto id = engine.order(each.order);
    if (!id) {
      mistakes += fmt::format("{}{}:{}:{}: error: {}", mistakes.empty() ? "" : "\n", scenario.file,
                              each.target_place.line, each.target_place.column, id.error().text());
    }
  }
  if (!mistakes.empty()) {
    return base::fail(base::Code::kInvalidArgument, mistakes);
  }
  return {};
}

}  // namespace weft::twin
