// SPDX-License-Identifier: Apache-2.0
#include "serve/import/mapping.h"

#include "base/text.h"
#include "fabric/yaml_tree.h"
#include "serve/embedded.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fstream>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace weft::serve {
namespace mapping {

using base::Code;
using base::Result;
using fabric::YamlNode;
using Kind = YamlNode::Kind;

struct FactName {
  std::string_view name;
  MappingFact fact;
};
constexpr std::array kFacts = std::to_array<FactName>({
    {"host_name", MappingFact::kHostName},
    {"boot_time", MappingFact::kBootTime},
    {"uptime", MappingFact::kUptime},
    {"part", MappingFact::kPart},
});

constexpr std::array kFamilies = std::to_array<fabric::ProtocolFamily>({
    fabric::ProtocolFamily::kPcie,
    fabric::ProtocolFamily::kEthernet,
    fabric::ProtocolFamily::kNvlink,
    fabric::ProtocolFamily::kInfiniband,
    fabric::ProtocolFamily::kUalink,
});

std::optional<double> number_of(const std::string& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(number)
             ? std::optional(number)
             : std::nullopt;
}

/// Reads a file's tree; the first mistake ends it.
class Reader {
 public:
  explicit Reader(const std::string& file) : file_(file) {}

  Result<Mapping> read(const YamlNode& root) {
    Mapping out;
    if (root.kind != Kind::kMap) {
      return wrong(root.place, "a mapping file is a mapping (key: value)");
    }
    bool is_ours = false;
    for (const auto& [key, value] : root.entries) {
      Result<void> done{};
      if (key.text == "weftline") {
        is_ours = value.text == "mapping/1";
      } else if (key.text == "name") {
        out.name = value.text;
      } else if (key.text == "description") {
        out.description = value.text;
      } else if (key.text == "host") {
        done = hosts(value, out.host);
      } else if (key.text == "rules") {
        done = rules(value, out.rules);
      } else if (key.text != "sources") {
        done = wrong(key.place, fmt::format("there is no key '{}' here", show(key.text)),
                     "There are weftline, name, description, sources, host and rules.");
      }
      if (!done) {
        return tl::unexpected(done.error());
      }
    }
    if (!is_ours) {
      return wrong(root.place, "the file does not say that it is a mapping",
                   "Start it with `weftline: mapping/1`.");
    }
    if (out.name.empty() || out.rules.empty()) {
      return wrong(root.place, "a mapping has a name and rules");
    }
    return out;
  }

 private:
  static std::string show(std::string_view text) { return base::printable(text, 60); }

  [[nodiscard]] tl::unexpected<base::Error> wrong(fabric::Place place, std::string what,
                                                  std::string hint = {}) const {
    return base::fail(Code::kInvalidArgument, std::move(what),
                      fmt::format("{}:{}:{}", file_, place.line, place.column), std::move(hint));
  }

  Result<void> text_of(const YamlNode& node, LabelText& out) const {
    if (node.kind != Kind::kScalar) {
      return wrong(node.place, "here must be a text, as \"{device}\"");
    }
    auto read = LabelText::parse(node.text);
    if (!read) {
      return wrong(node.place, read.error().what, read.error().hint);
    }
    out = *std::move(read);
    return {};
  }

  Result<void> hosts(const YamlNode& node, std::vector<LabelText>& out) const {
    const bool is_list = node.kind == Kind::kList;
    for (const YamlNode& one : is_list ? std::span(node.items) : std::span(&node, 1)) {
      if (auto done = text_of(one, out.emplace_back()); !done) {
        return done;
      }
    }
    return {};
  }

  Result<void> patterns(const YamlNode& node,
                        std::vector<std::pair<std::string, std::string>>& out) const {
    if (node.kind != Kind::kMap) {
      return wrong(node.place, "here must be labels with their patterns, as {device: \"eth*\"}");
    }
    for (const auto& [key, value] : node.entries) {
      if (!wire::prometheus::is_label_name(key.text) || value.kind != Kind::kScalar) {
        return wrong(key.place, fmt::format("'{}' is no label with a pattern", show(key.text)));
      }
      out.emplace_back(key.text, value.text);
    }
    return {};
  }

  Result<void> rules(const YamlNode& node, std::vector<MappingRule>& out) const {
    if (node.kind != Kind::kList || node.items.size() > kMappingRulesMost) {
      return wrong(node.place, fmt::format("rules are a list of at most {}", kMappingRulesMost));
    }
    for (const YamlNode& item : node.items) {
      if (auto done = rule(item, out); !done) {
        return done;
      }
    }
    return {};
  }

  /// A rule may name several metrics: then it is as many rules.
  Result<void> rule(const YamlNode& node, std::vector<MappingRule>& out) const {
    if (node.kind != Kind::kMap) {
      return wrong(node.place, "a rule is a mapping (key: value)");
    }
    MappingRule made;
    std::vector<std::string> names;
    for (const auto& [key, value] : node.entries) {
      if (auto done = member(key, value, made, names); !done) {
        return done;
      }
    }
    if (names.empty()) {
      return wrong(node.place, "the rule names no metric");
    }
    if (auto done = check(node, made); !done) {
      return done;
    }
    for (std::string& name : names) {
      made.metric = std::move(name);
      out.push_back(made);
    }
    return {};
  }

  Result<void> member(const YamlNode& key, const YamlNode& value, MappingRule& out,
                      std::vector<std::string>& names) const {
    struct TextMember {
      std::string_view key;
      LabelText MappingRule::* member;
    };
    constexpr std::array kTexts = std::to_array<TextMember>({
        {"device", &MappingRule::device},
        {"port", &MappingRule::port},
        {"label", &MappingRule::label},
        {"serial", &MappingRule::serial},
        {"part_number", &MappingRule::part_number},
        {"vendor", &MappingRule::vendor},
    });
    for (const TextMember& one : kTexts) {
      if (key.text == one.key) {
        return text_of(value, out.*one.member);
      }
    }
    if (key.text == "metric") {
      const bool is_list = value.kind == Kind::kList;
      for (const YamlNode& name : is_list ? std::span(value.items) : std::span(&value, 1)) {
        names.push_back(name.text);
        if (name.text.empty() || names.size() > kMappingRulesMost) {
          return wrong(name.place, "here must be the name of a metric, or a list of names");
        }
      }
      return {};
    }
    if (key.text == "when" || key.text == "unless") {
      return patterns(value, key.text == "when" ? out.when : out.unless);
    }
    return value.kind == Kind::kScalar
               ? word(key, value, out)
               : wrong(value.place, fmt::format("'{}' takes one word", show(key.text)));
  }

  Result<void> word(const YamlNode& key, const YamlNode& value, MappingRule& out) const {
    const auto unknown = [&](std::string_view what, auto&& there_are) {
      return wrong(value.place, fmt::format("there is no {} '{}'", what, show(value.text)),
                   fmt::format("There are {}.", fmt::join(there_are, ", ")));
    };
    if (key.text == "to") {
      out.to = observe::find_metric(value.text);
      return out.to ? Result<void>{}
                    : wrong(value.place, fmt::format("there is no metric '{}'", show(value.text)),
                            "docs/METRICS.md lists them.");
    }
    if (key.text == "kind") {
      const auto kind = fabric::device_kind(value.text);
      out.kind = kind.value_or(out.kind);
      return kind ? Result<void>{} : unknown("kind of device", fabric::device_kind_keys());
    }
    if (key.text == "link") {
      std::vector<std::string_view> keys;
      for (const fabric::ProtocolFamily family : kFamilies) {
        keys.push_back(fabric::key(family));
        out.family = fabric::key(family) == value.text ? family : out.family;
      }
      return out.family != fabric::ProtocolFamily::kUnknown ? Result<void>{}
                                                            : unknown("kind of link", keys);
    }
    if (key.text == "sets") {
      std::vector<std::string_view> names;
      for (const FactName& fact : kFacts) {
        names.push_back(fact.name);
        out.fact = fact.name == value.text ? fact.fact : out.fact;
      }
      return out.fact != MappingFact::kNone ? Result<void>{} : unknown("fact", names);
    }
    if (key.text == "factor" || key.text == "is") {
      const auto number = number_of(value.text);
      if (!number || (key.text == "factor" && *number == 0)) {
        return wrong(value.place, fmt::format("'{}' is no number", show(value.text)));
      }
      (key.text == "is" ? out.is.emplace() : out.factor) = *number;
      return {};
    }
    if (key.text == "left_out") {
      out.left_out = value.text;
      return {};
    }
    return wrong(key.place, fmt::format("a rule has no key '{}'", show(key.text)),
                 "There are metric, when, unless, device, kind, port, link, to, label, factor, is, "
                 "sets, serial, part_number, vendor and left_out.");
  }

  Result<void> check(const YamlNode& node, const MappingRule& rule) const {
    const int does = (rule.to ? 1 : 0) + (rule.fact != MappingFact::kNone ? 1 : 0) +
                     (rule.left_out.empty() ? 0 : 1);
    if (does != 1) {
      return wrong(node.place, "a rule has one of to, sets and left_out");
    }
    if (rule.to && is_link_state(*rule.to) &&
        (rule.port.empty() || rule.family == fabric::ProtocolFamily::kUnknown)) {
      return wrong(node.place, "a link's state needs port and link",
                   "Say which port it ends at, and link: ethernet or another kind.");
    }
    if (rule.to && observe::row(*rule.to).kind == observe::MetricKind::kHistogram) {
      return wrong(node.place, "a histogram cannot be made of single samples");
    }
    return {};
  }

  const std::string& file_;
};

Result<std::string> text_of_file(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in.is_open() || in.bad()) {
    std::vector<std::string_view> names;
    for (const base::EmbeddedFile& one : embedded_mappings()) {
      names.push_back(one.name);
    }
    return base::fail(Code::kNotFound, "is neither a mapping of the program nor a file", file,
                      fmt::format("There are {}.", fmt::join(names, ", ")));
  }
  return text;
}

}  // namespace mapping

base::Result<LabelText> LabelText::parse(std::string_view text) {
  LabelText out;
  while (!text.empty()) {
    const std::size_t open = text.find_first_of("{}");
    if (open != 0) {
      out.parts_.push_back({.text = std::string(text.substr(0, open))});
      text.remove_prefix(std::min(open, text.size()));
      continue;
    }
    const std::size_t close = text.find('}');
    if (text.front() == '}' || close == std::string_view::npos) {
      return base::fail(base::Code::kInvalidArgument, "a brace stands alone", {},
                        "Write a label as {name}.");
    }
    std::string_view name = text.substr(1, close - 1);
    const std::size_t bar = std::min(name.find('|'), name.size());
    const std::string_view form = name.substr(bar);
    name = name.substr(0, bar);
    if (!wire::prometheus::is_label_name(name) || (!form.empty() && form != "|bdf")) {
      return base::fail(base::Code::kInvalidArgument,
                        "'" + base::printable(text.substr(0, close + 1), 60) + "' is no label", {},
                        "Write it as {name}, or {name|bdf} for a PCI address.");
    }
    out.parts_.push_back({.text = std::string(name), .is_label = true, .is_bdf = !form.empty()});
    text.remove_prefix(close + 1);
  }
  return out;
}

std::optional<std::string> LabelText::of(const wire::prometheus::Labels& labels) const {
  std::string out;
  for (const Part& part : parts_) {
    if (!part.is_label) {
      out += part.text;
      continue;
    }
    const auto found = std::ranges::find(labels, part.text,
                                         [](const auto& one) -> const auto& { return one.first; });
    if (found == labels.end() || found->second.empty()) {
      return std::nullopt;
    }
    out += part.is_bdf ? linux_bdf(found->second) : found->second;
  }
  return out;
}

std::string linux_bdf(std::string_view text) {
  constexpr std::size_t kDomain = 4;
  std::string out(text);
  const std::size_t colon = out.find(':');
  if (colon == std::string::npos || out.find(':', colon + 1) == std::string::npos) {
    return out;
  }
  if (colon > kDomain && out.find_first_not_of('0') >= colon - kDomain) {
    out.erase(0, colon - kDomain);
  }
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

base::Result<Mapping> parse_mapping(std::string_view yaml, const std::string& file) {
  constexpr std::size_t kNodesMost = 200'000;
  if (yaml.size() > kMappingBytesMost) {
    return base::fail(base::Code::kResourceExhausted,
                      fmt::format("more than {} bytes", kMappingBytesMost), file);
  }
  const auto root = fabric::parse_yaml(yaml, kNodesMost);
  if (!root) {
    return base::fail(
        base::Code::kInvalidArgument, root.error().what,
        fmt::format("{}:{}:{}", file, root.error().place.line, root.error().place.column),
        root.error().hint);
  }
  return mapping::Reader(file).read(*root);
}

base::Result<std::vector<Mapping>> find_mappings(const std::string& name_or_file) {
  std::vector<Mapping> out;
  for (const base::EmbeddedFile& one : embedded_mappings()) {
    if (name_or_file.empty() || name_or_file == one.name) {
      auto read = parse_mapping(one.text, std::string(one.name));
      if (!read) {
        return tl::unexpected(read.error());
      }
      out.push_back(*std::move(read));
    }
  }
  if (out.empty()) {
    const auto text = mapping::text_of_file(name_or_file);
    if (!text) {
      return tl::unexpected(text.error());
    }
    auto read = parse_mapping(*text, name_or_file);
    if (!read) {
      return tl::unexpected(read.error());
    }
    out.push_back(*std::move(read));
  }
  return out;
}

bool is_link_state(observe::Metric metric) {
  using enum observe::Metric;
  return metric == kLinkUp || metric == kLinkTraining || metric == kLinkRate ||
         metric == kLinkWidth || metric == kLinkDataRate;
}

}  // namespace weft::serve
