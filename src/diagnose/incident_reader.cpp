// SPDX-License-Identifier: Apache-2.0
// From the YAML of an incident file to entries in order of time. Paths, texts and `for` are those
// of the rack file (fabric/pattern.h); the topology is a rack file's body. What log lines mean is
// wire/kernel_log's.
#include "base/text.h"
#include "diagnose/incident.h"
#include "diagnose/incident_keys.h"
#include "fabric/nearest.h"
#include "fabric/pattern.h"
#include "observe/event_kind.h"
#include "wire/kernel_log/message.h"
#include "wire/kernel_log/record.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>

#include <fmt/format.h>

namespace weft::diagnose {
namespace incident_reader {
namespace {

using fabric::NamePattern;
using fabric::Place;
using fabric::Scope;
using fabric::TextPattern;
using fabric::YamlNode;
using Kind = fabric::YamlNode::Kind;

constexpr std::size_t kTextBytesMax = 4096;
constexpr double kSecondsMax = 400.0 * 86'400;

const YamlNode* find(const YamlNode& map, std::string_view key) {
  const auto at = std::ranges::find(
      map.entries, key, [](const auto& entry) -> const auto& { return entry.key.text; });
  return at == map.entries.end() ? nullptr : &at->value;
}

std::string shown(std::string_view text) {
  return '\'' + base::printable(text, 60) + '\'';
}

/// "21 min", "10 s": a number and a unit.
std::optional<base::Duration> duration_of(std::string_view text) {
  struct Unit {
    std::string_view name;
    double seconds;
  };
  constexpr std::array kUnits = {Unit{"ms", 1e-3}, Unit{"s", 1}, Unit{"min", 60}, Unit{"h", 3600},
                                 Unit{"d", 86'400}};
  const auto digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto number = base::parse_double(text.substr(0, digits));
  for (const auto& unit : kUnits) {
    if (number && base::trim(text.substr(digits)) == unit.name &&
        *number * unit.seconds <= kSecondsMax) {
      return base::seconds(*number * unit.seconds);
    }
  }
  return std::nullopt;
}

/// A whole number or a decimal one; nullopt where the text is neither.
std::optional<observe::Value> number_of(const std::string& text) {
  if (const auto whole = base::parse_unsigned(text)) {
    return *whole;
  }
  double number = 0;  // base::parse_double takes no exponent, and error ratios need one
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(number)
             ? std::optional<observe::Value>(number)
             : std::nullopt;
}

std::optional<observe::Absence> absence_of(std::string_view text) {
  using observe::Absence;
  for (const auto one :
       {Absence::kNeedsRoot, Absence::kNotProvided, Absence::kNotSupported, Absence::kUnreadable,
        Absence::kGarbled, Absence::kNotApplicable, Absence::kNotModelled, Absence::kAsleep}) {
    if (observe::key(one) == text) {
      return one;
    }
  }
  return std::nullopt;
}

/// Equal times stay in the file's order.
template <class Timed>
void sort_by_time(std::vector<Timed>& list) {
  std::vector<std::pair<base::WallTime, std::size_t>> order;
  for (std::size_t i = 0; i < list.size(); ++i) {
    order.emplace_back(list[i].at, i);
  }
  std::ranges::sort(order);
  std::vector<Timed> sorted;
  sorted.reserve(list.size());
  for (const auto& [at, index] : order) {
    sorted.push_back(std::move(list[index]));
  }
  list = std::move(sorted);
}

/// 32 of "32 GT/s".
base::TransferRate lane_rate(double gigatransfers) {
  return base::mega_transfers(static_cast<std::uint64_t>(gigatransfers * 1000 + 0.5));
}

class Reader {
 public:
  Reader(Incident& out, fabric::Problems& problems, const IncidentLimits& limits)
      : out_(out), problems_(problems), limits_(limits) {}

  void read(const YamlNode& root) {
    if (!is(root, Kind::kMap, "an incident file")) {
      return;
    }
    check_keys(root, "an incident file", incident_keys::kRoot);
    const auto* version = find(root, "weftline");
    if (version == nullptr || version->text != "incident/1") {
      problems_.error(version == nullptr ? root.place : version->place, "version",
                      "the file does not say that it is an incident file",
                      "Start it with `weftline: incident/1`.");
    }
    out_.name = plain(root, "name");
    out_.description = plain(root, "description");
    each(root, "sources", [this](const YamlNode& item) {
      if (is(item, Kind::kScalar, "a source")) {
        out_.sources.push_back(item.text);
      }
    });
    if (const auto* topology = find(root, "topology")) {
      out_.fabric = fabric::load_rack_body(*topology, problems_, limits_.rack).fabric;
    }
    out_.fabric.name = out_.name;
    index_machines();
    each(root, "samples", [this](const YamlNode& item) { samples(item); });
    each(root, "links", [this](const YamlNode& item) { links(item); });
    each(root, "log", [this](const YamlNode& item) { log(item); });
    each(root, "marks", [this](const YamlNode& item) { marks(item); });
    sort_by_time(out_.entries);
    judge(root);
    each(root, "expect", [this](const YamlNode& item) { expect(item); });
    sort_by_time(out_.expected);
    for (const auto& expected : out_.expected) {
      out_.judge.push_back(expected.at);
    }
    if (out_.judge.empty() && !out_.entries.empty()) {
      out_.judge.push_back(out_.entries.back().at);
    }
    std::ranges::sort(out_.judge);
    out_.judge.erase(std::unique(out_.judge.begin(), out_.judge.end()), out_.judge.end());
  }

 private:
  // --- what a node is ---

  bool is(const YamlNode& node, Kind kind, std::string_view what) {
    if (node.kind == kind) {
      return true;
    }
    problems_.error(node.place, "wrong-type",
                    fmt::format("{} must be {}", what,
                                kind == Kind::kMap    ? "a mapping (key: value)"
                                : kind == Kind::kList ? "a list (lines with a leading -)"
                                                      : "a single value"));
    return false;
  }
  void check_keys(const YamlNode& map, std::string_view what,
                  std::span<const std::string_view> known) {
    for (const auto& [key, value] : map.entries) {
      if (std::ranges::find(known, key.text) == known.end()) {
        const auto near = fabric::nearest(key.text, known);
        problems_.error(key.place, "unknown-key",
                        fmt::format("{} has no key {}", what, shown(key.text)),
                        near.empty() ? fmt::format("Known keys: {}.", fmt::join(known, ", "))
                                     : fmt::format("Did you mean '{}'?", near));
      } else if (find(map, key.text) != &value) {
        problems_.error(key.place, "duplicate-key",
                        fmt::format("the key {} stands here a second time", shown(key.text)),
                        "Keep one of them.");
      }
    }
  }
  void each(const YamlNode& map, std::string_view key,
            const std::function<void(const YamlNode&)>& take) {
    const auto* list = find(map, key);
    if (list != nullptr && list->kind != Kind::kNull &&
        is(*list, Kind::kList, fmt::format("`{}`", key))) {
      std::ranges::for_each(list->items, take);
    }
  }
  std::string plain(const YamlNode& map, std::string_view key) {
    const auto* node = find(map, key);
    return node != nullptr && is(*node, Kind::kScalar, fmt::format("`{}`", key))
               ? base::printable(node->text, kTextBytesMax)
               : std::string{};
  }
  void mistake(const YamlNode& node, const fabric::TextMistake& why) {
    problems_.error({node.place.line,
                     node.place.column + (node.is_quoted ? 1 : 0) + static_cast<int>(why.offset)},
                    "bad-text", why.what, why.hint);
  }
  void wrong(const YamlNode& node, std::string_view rule, std::string what, std::string hint) {
    problems_.error(node.place, rule, std::move(what), std::move(hint));
  }
  /// A required key's node; reports where it is missing.
  const YamlNode* need(const YamlNode& map, std::string_view key, std::string_view what) {
    const auto* node = find(map, key);
    if (node == nullptr) {
      problems_.error(map.place, "missing-key", fmt::format("{} has no `{}`", what, key));
    }
    return node;
  }

  // --- texts with ranges ---

  std::optional<std::string> text(const YamlNode* node, const Scope& scope, bool is_path = false) {
    if (node == nullptr || !is(*node, Kind::kScalar, "this")) {
      return std::nullopt;
    }
    auto pattern =
        is_path ? TextPattern::parse_path(node->text) : TextPattern::parse_text(node->text);
    auto value =
        pattern ? pattern->evaluate(scope)
                : tl::expected<std::string, fabric::TextMistake>(tl::unexpected(pattern.error()));
    if (!value) {
      mistake(*node, value.error());
      return std::nullopt;
    }
    return std::move(*value);
  }
  /// Kernel lines hold braces and percent signs that mean nothing here: taken as they are, unless
  /// the entry has ranges.
  std::string words(const YamlNode& map, std::string_view key, const Scope& scope) {
    const auto* node = find(map, key);
    if (node == nullptr) {
      return {};
    }
    if (find(map, "for") == nullptr && node->kind == Kind::kScalar) {
      return base::printable(node->text, kTextBytesMax);
    }
    return base::printable(text(node, scope).value_or(""), kTextBytesMax);
  }
  std::optional<base::WallTime> time(const YamlNode* node, const Scope& scope) {
    const auto value = text(node, scope);
    if (!value) {
      return std::nullopt;
    }
    const auto at = parse_time(*value);
    if (!at) {
      wrong(*node, "bad-time", fmt::format("{} is not a time", shown(*value)),
            "Write 2026-09-10T08:08:46Z, or a day alone.");
    }
    return at;
  }
  std::optional<bool> flag(const YamlNode* node) {
    if (node == nullptr || !is(*node, Kind::kScalar, "this")) {
      return std::nullopt;
    }
    if (node->text != "true" && node->text != "false") {
      wrong(*node, "bad-flag", fmt::format("{} is neither true nor false", shown(node->text)), {});
      return std::nullopt;
    }
    return node->text == "true";
  }

  std::vector<fabric::RangeVariable> variables(const YamlNode& entry) {
    std::vector<fabric::RangeVariable> out;
    const auto* map = find(entry, "for");
    if (map == nullptr || !is(*map, Kind::kMap, "`for`")) {
      return out;
    }
    for (const auto& [key, value] : map->entries) {
      if (!NamePattern::parse("[" + key.text + "=0]")) {
        wrong(key, "bad-variable", fmt::format("{} is not the name of a variable", shown(key.text)),
              "Variables are letters, digits and _, and do not start with a digit.");
        continue;
      }
      if (!is(value, Kind::kScalar, "a range")) {
        continue;
      }
      auto values = fabric::parse_range(value.text);
      if (!values) {
        mistake(value, values.error());
        continue;
      }
      out.push_back({key.text, std::move(*values)});
    }
    return out;
  }

  using Body = std::function<bool(const Scope&, base::Duration)>;

  /// Calls `body` for each combination of `for`, where `where` holds, and each repetition.
  void expand(const YamlNode& entry, const Body& body) {
    auto ranges = variables(entry);
    base::Duration every{0};
    std::int64_t times = 1;
    if (const auto* node = find(entry, "every"); node != nullptr) {
      const auto step = duration_of(node->text);
      const auto* count = find(entry, "times");
      const auto number = count == nullptr ? std::nullopt : base::parse_unsigned(count->text);
      if (!step || !number || *number == 0 || *number > limits_.entries) {
        wrong(*node, "bad-repeat", "`every` needs a length and `times` a number",
              "Write every: 10 s, times: 60.");
        return;
      }
      every = *step;
      times = static_cast<std::int64_t>(*number);
    }
    const auto count = fabric::combinations(ranges);
    steps_ += std::min<std::uint64_t>(count, limits_.steps + 1) * static_cast<std::uint64_t>(times);
    if (steps_ > limits_.steps) {
      wrong(entry, "limit-steps",
            fmt::format("the file stands for more than {} combinations", limits_.steps),
            "Narrow the ranges in `for`.");
      return;
    }
    std::optional<fabric::Expression> condition;
    if (const auto* where = find(entry, "where"); where != nullptr) {
      auto parsed = fabric::Expression::parse(where->text);
      if (!parsed) {
        mistake(*where, parsed.error());
        return;
      }
      condition = std::move(*parsed);
    }
    Scope scope;
    fabric::for_each_combination(ranges, scope, [&](const std::vector<std::int64_t>&) {
      if (condition) {
        const auto holds = condition->evaluate(scope);
        if (!holds) {
          mistake(*find(entry, "where"), holds.error());
          return false;
        }
        if (*holds == 0) {
          return true;
        }
      }
      bool goes_on = true;
      for (std::int64_t i = 0; i < times && goes_on; ++i) {
        scope.push("i", i);
        goes_on = body(scope, base::Duration{every.ns * i});
        scope.pop();
      }
      return goes_on;
    });
  }

  /// The same at each of the entry's times: `at` is one, or a list of them.
  void expand_at(const YamlNode& entry, const YamlNode& at,
                 const std::function<bool(const YamlNode&, const Scope&, base::Duration)>& body) {
    const std::span<const YamlNode> moments =
        at.kind == Kind::kList ? std::span(at.items) : std::span(&at, 1);
    for (const auto& moment : moments) {
      expand(entry,
             [&](const Scope& scope, base::Duration later) { return body(moment, scope, later); });
    }
  }

  bool add(const YamlNode& entry, base::WallTime at, decltype(IncidentEntry::what) what) {
    if (out_.entries.size() >= limits_.entries) {
      wrong(entry, "limit-entries",
            fmt::format("the file stands for more than {} entries", limits_.entries),
            "Leave out what does not bear on the incident.");
      return false;
    }
    out_.entries.push_back({at, flag(find(entry, "about")).value_or(false), std::move(what)});
    return true;
  }

  // --- subjects ---

  observe::Subject subject_named(const std::string& name) const {
    if (const auto* port = out_.fabric.port_named(name)) {
      return port->id;
    }
    if (const auto* link = out_.fabric.link_named(name)) {
      return link->id;
    }
    const auto* device = out_.fabric.device_named(name);
    return device == nullptr ? observe::Subject{} : observe::Subject{device->id};
  }
  std::optional<observe::Subject> subject(const YamlNode* node, const Scope& scope) {
    const auto name = text(node, scope, true);
    if (!name) {
      return std::nullopt;
    }
    auto found = subject_named(*name);
    if (std::holds_alternative<std::monostate>(found)) {
      wrong(*node, "no-such-subject",
            fmt::format("the topology has no device, port or link {}", shown(*name)),
            "Name it as `topology` does.");
      return std::nullopt;
    }
    return found;
  }
  const fabric::Link* link_of(const observe::Subject& subject) const {
    if (const auto* port = std::get_if<fabric::PortId>(&subject)) {
      return out_.fabric.link_at(*port);
    }
    const auto* link = std::get_if<fabric::LinkId>(&subject);
    return link == nullptr ? nullptr : out_.fabric.link(*link);
  }

  // --- sections ---

  void samples(const YamlNode& entry) {
    if (!is(entry, Kind::kMap, "a sample")) {
      return;
    }
    check_keys(entry, "a sample", incident_keys::kSample);
    const auto* name = need(entry, "metric", "the sample");
    const auto* about = need(entry, "subject", "the sample");
    const auto* at = need(entry, "at", "the sample");
    if (name == nullptr || about == nullptr || at == nullptr) {
      return;
    }
    const auto metric = observe::find_metric(name->text);
    if (!metric) {
      wrong(*name, "unknown-metric", fmt::format("there is no metric {}", shown(name->text)),
            "docs/METRICS.md lists them.");
      return;
    }
    expand_at(entry, *at, [&](const YamlNode& moment, const Scope& scope, base::Duration later) {
      const auto when = time(&moment, scope);
      const auto of = subject(about, scope);
      auto reading = value(entry, scope);
      if (!when || !of || !reading) {
        return false;
      }
      observe::Sample sample{*of, *metric, text_or_empty(entry, "label", scope),
                             std::move(*reading)};
      return add(entry, *when + later, IncidentEntry::Timed{std::move(sample)});
    });
  }

  std::string text_or_empty(const YamlNode& entry, std::string_view key, const Scope& scope) {
    const auto* node = find(entry, key);
    return node == nullptr ? std::string{} : text(node, scope).value_or("");
  }

  std::optional<observe::Reading<observe::Value>> value(const YamlNode& entry, const Scope& scope) {
    if (const auto* why = find(entry, "not_measured")) {
      const auto absence = absence_of(why->text);
      if (!absence || find(entry, "value") != nullptr) {
        wrong(*why, "bad-absence",
              absence ? "a sample has a value or a reason why there is none, not both"
                      : fmt::format("{} is no reason", shown(why->text)),
              "Reasons: needs_root, not_provided, not_supported, unreadable, garbled, "
              "not_applicable, not_modelled, asleep.");
        return std::nullopt;
      }
      return observe::Reading<observe::Value>(
          observe::absent(*absence, words(entry, "detail", scope)));
    }
    const auto* node = need(entry, "value", "the sample");
    if (node == nullptr) {
      return std::nullopt;
    }
    if (node->kind == Kind::kList) {
      observe::Histogram histogram;
      for (const auto& item : node->items) {
        const auto count = base::parse_unsigned(item.text);
        if (!count) {
          wrong(item, "bad-value", fmt::format("{} is not a count", shown(item.text)), {});
          return std::nullopt;
        }
        histogram.counts.push_back(*count);
      }
      return observe::Reading<observe::Value>(std::move(histogram));
    }
    const auto written = text(node, scope);
    const auto number = written ? number_of(*written) : std::nullopt;
    if (written && !number) {
      wrong(*node, "bad-value", fmt::format("{} is not a number", shown(*written)),
            "Where nothing was measured write `not_measured: REASON`.");
    }
    return number ? std::optional(observe::Reading<observe::Value>(*number)) : std::nullopt;
  }

  /// "32 GT/s", "x16", "400 Gb/s" without their units, times `scale`; absent where not given.
  std::optional<double> quantity(const YamlNode& map, std::string_view key, std::string_view unit,
                                 const Scope& scope) {
    const auto* node = find(map, key);
    if (node == nullptr) {
      return std::nullopt;
    }
    auto written = text(node, scope);
    if (!written) {
      return std::nullopt;
    }
    std::string_view digits = *written;
    const bool is_width = unit == "x";
    const bool fits = is_width ? digits.starts_with(unit) : digits.ends_with(unit);
    if (fits) {
      digits = is_width ? digits.substr(1) : digits.substr(0, digits.size() - unit.size());
    }
    const auto number = fits ? base::parse_double(base::trim(digits)) : std::nullopt;
    if (!number || *number <= 0 || *number > 1e6) {
      wrong(*node, "bad-quantity", fmt::format("{} is not right here", shown(*written)),
            fmt::format("Write for example `{}`.", is_width ? "x16" : fmt::format("32 {}", unit)));
      return std::nullopt;
    }
    return number;
  }

  void end(const YamlNode& entry, std::string_view key, const Scope& scope, observe::LinkEnd& out) {
    const auto* map = find(entry, key);
    if (map == nullptr || !is(*map, Kind::kMap, "a link's end")) {
      return;
    }
    check_keys(*map, "a link's end", incident_keys::kEnd);
    if (const auto rate = quantity(*map, "max_rate", "GT/s", scope)) {
      out.max_rate = lane_rate(*rate);
    }
    if (const auto width = quantity(*map, "max_width", "x", scope)) {
      out.max_width = base::LaneCount(static_cast<std::uint32_t>(*width));
    }
    if (const auto rate = quantity(*map, "target_rate", "GT/s", scope)) {
      out.target_rate = lane_rate(*rate);
    }
    if (const auto held = flag(find(*map, "autonomous_speed_disabled"))) {
      out.autonomous_speed_disabled = *held;
    }
  }

  void links(const YamlNode& entry) {
    if (!is(entry, Kind::kMap, "a link's state")) {
      return;
    }
    check_keys(entry, "a link's state", incident_keys::kLink);
    const auto* name = need(entry, "link", "the link's state");
    const auto* at = need(entry, "at", "the link's state");
    if (name == nullptr || at == nullptr) {
      return;
    }
    expand_at(entry, *at, [&](const YamlNode& moment, const Scope& scope, base::Duration later) {
      const auto when = time(&moment, scope);
      const auto of = subject(name, scope);
      const auto* link = of ? link_of(*of) : nullptr;
      if (of && link == nullptr) {
        wrong(*name, "no-such-link", "no link ends here", "Give the link in `topology` first.");
      }
      if (!when || link == nullptr) {
        return false;
      }
      observe::LinkState state;
      state.link = link->id;
      state.family = fabric::protocol(link->protocol).family;
      state.a.port = link->a;
      state.b.port = link->b;
      state.a.address = out_.fabric.port_name(link->a);
      state.b.address = link->b.is_null() ? std::string{} : out_.fabric.port_name(link->b);
      if (const auto up = flag(find(entry, "up"))) {
        state.up = *up;
      }
      if (const auto training = flag(find(entry, "training"))) {
        state.training = *training;
      }
      if (const auto rate = quantity(entry, "rate", "GT/s", scope)) {
        state.rate = lane_rate(*rate);
      }
      if (const auto width = quantity(entry, "width", "x", scope)) {
        state.width = base::LaneCount(static_cast<std::uint32_t>(*width));
      }
      if (const auto rate = quantity(entry, "data_rate", "Gb/s", scope)) {
        state.data_rate = base::BitsPerSecond(*rate * 1e9);
      }
      end(entry, "a", scope, state.a);
      end(entry, "b", scope, state.b);
      return add(entry, *when + later, std::move(state));
    });
  }

  /// Which machine has what at which PCI address, from the topology's match keys.
  void index_machines() {
    for (const auto& [device, keys] : out_.fabric.match) {
      if (!keys.bdf.empty()) {
        const auto address = wire::kernel_log::pci_address(keys.bdf).value_or(keys.bdf);
        by_address_[keys.host + ' ' + address] = device;
      }
    }
  }

  /// The port that a line's "Link 14" means on this device: the one whose name ends so.
  const fabric::Port* numbered_port(fabric::DeviceId device, std::string_view number) const {
    const auto* owner = out_.fabric.device(device);
    const auto wanted = base::parse_unsigned(number);
    const fabric::Port* found = nullptr;
    for (const auto id : owner == nullptr ? std::vector<fabric::PortId>{} : owner->ports) {
      const auto* port = out_.fabric.port(id);
      const auto digits = port->name.find_last_not_of("0123456789") + 1;
      const bool is_nvlink =
          fabric::protocol(port->protocol).family == fabric::ProtocolFamily::kNvlink;
      if (is_nvlink && wanted && base::parse_unsigned(port->name.substr(digits)) == wanted) {
        if (found != nullptr) {
          return nullptr;
        }
        found = port;
      }
    }
    return found;
  }

  void log(const YamlNode& entry) {
    if (!is(entry, Kind::kMap, "a log line")) {
      return;
    }
    check_keys(entry, "a log line", incident_keys::kLog);
    const auto* at = need(entry, "at", "the log line");
    const auto* line = need(entry, "text", "the log line");
    if (at == nullptr || line == nullptr) {
      return;
    }
    expand_at(entry, *at, [&](const YamlNode& moment, const Scope& scope, base::Duration later) {
      const auto when = time(&moment, scope);
      if (!when) {
        return false;
      }
      observe::Event event;
      event.at = *when + later;
      event.text = words(entry, "text", scope);
      const auto host = text_or_empty(entry, "host", scope);
      if (const auto* about = find(entry, "subject")) {
        const auto of = subject(about, scope);
        if (!of) {
          return false;
        }
        event.subject = *of;
      }
      if (!classify(entry, host, event)) {
        return false;
      }
      const auto logged = *event.at;
      return add(entry, logged, IncidentEntry::Logged{std::move(event), host});
    });
  }

  /// Kind, severity, fields and subject: those that the file gives, else what the text says.
  bool classify(const YamlNode& entry, const std::string& host, observe::Event& event) {
    const auto record = wire::kernel_log::parse_line(event.text);
    const auto message = wire::kernel_log::classify(record.text);
    if (message) {
      event.kind = message->is_victim && message->kind == wire::kernel_log::Kind::kXid
                       ? "xid_victim"
                       : std::string(wire::kernel_log::key(message->kind));
      event.severity = static_cast<observe::Severity>(message->severity);
      event.address = message->bdf;
      event.fields = message->fields;
      if (std::holds_alternative<std::monostate>(event.subject)) {
        const auto found = by_address_.find(host + ' ' + message->bdf);
        if (found != by_address_.end()) {
          event.subject = found->second;
        }
      }
      if (const auto* device = std::get_if<fabric::DeviceId>(&event.subject)) {
        if (const auto* port = numbered_port(*device, message->field("link"))) {
          event.subject = port->id;
        }
      }
    }
    if (const auto* kind = find(entry, "kind")) {
      if (observe::find_event_kind(kind->text) == nullptr) {
        wrong(*kind, "unknown-kind", fmt::format("there is no kind of event {}", shown(kind->text)),
              "docs/METRICS.md lists them.");
        return false;
      }
      event.kind = kind->text;
    }
    if (const auto* fields = find(entry, "fields");
        fields != nullptr && is(*fields, Kind::kMap, "`fields`")) {
      for (const auto& [name, field] : fields->entries) {
        event.fields.emplace_back(base::printable(name.text, 60),
                                  base::printable(field.text, kTextBytesMax));
      }
    }
    if (event.kind.empty()) {
      wrong(entry, "unknown-line", "this is no kernel message that we know, and it has no `kind`",
            "Give its `kind`; docs/METRICS.md lists them.");
      return false;
    }
    if (const auto* severity = find(entry, "severity")) {
      const std::array<std::string_view, 3> kWords = {"info", "warning", "critical"};
      const auto at = std::ranges::find(kWords, severity->text);
      if (at == kWords.end()) {
        wrong(*severity, "bad-severity", fmt::format("{} is no severity", shown(severity->text)),
              "Write info, warning or critical.");
        return false;
      }
      event.severity = static_cast<observe::Severity>(at - kWords.begin());
    } else if (!message) {
      event.severity = observe::Severity::kWarning;
    }
    return true;
  }

  void marks(const YamlNode& entry) {
    if (!is(entry, Kind::kMap, "a mark")) {
      return;
    }
    check_keys(entry, "a mark", incident_keys::kMark);
    const auto* at = need(entry, "at", "the mark");
    if (at == nullptr || need(entry, "kind", "the mark") == nullptr) {
      return;
    }
    expand_at(entry, *at, [&](const YamlNode& moment, const Scope& scope, base::Duration later) {
      const auto from = time(&moment, scope);
      if (!from) {
        return false;
      }
      Mark mark;
      mark.kind = plain(entry, "kind");
      mark.subject = text_or_empty(entry, "subject", scope);
      mark.from = *from + later;
      if (const auto* until = find(entry, "until")) {
        const auto end_time = time(until, scope);
        if (!end_time) {
          return false;
        }
        mark.until = *end_time + later;
      }
      mark.text = words(entry, "text", scope);
      const auto begin = mark.from;
      return add(entry, begin, std::move(mark));
    });
  }

  void judge(const YamlNode& root) {
    each(root, "judge", [this](const YamlNode& item) {
      if (const auto at = time(&item, Scope())) {
        out_.judge.push_back(*at);
      }
    });
  }

  void expect(const YamlNode& entry) {
    if (!is(entry, Kind::kMap, "an expectation")) {
      return;
    }
    check_keys(entry, "an expectation", incident_keys::kExpect);
    const auto* at = need(entry, "at", "the expectation");
    const auto* list = need(entry, "findings", "the expectation");
    const auto when = at == nullptr ? std::nullopt : time(at, Scope());
    if (!when || list == nullptr) {
      return;
    }
    Expected expected{*when, entry.place.line, {}};
    if (list->kind == Kind::kScalar && list->text == "none") {
      out_.expected.push_back(std::move(expected));
      return;
    }
    if (!is(*list, Kind::kList, "`findings` (or the word none)")) {
      return;
    }
    for (const auto& item : list->items) {
      finding(item, expected);
    }
    out_.expected.push_back(std::move(expected));
  }

  void finding(const YamlNode& item, Expected& expected) {
    if (!is(item, Kind::kMap, "a finding")) {
      return;
    }
    check_keys(item, "a finding", incident_keys::kFinding);
    const auto* about = need(item, "about", "the finding");
    if (about == nullptr) {
      return;
    }
    expand(item, [&](const Scope& scope, base::Duration) {
      const auto of = subject(about, scope);
      if (!of || expected.findings.size() >= limits_.rack.links) {
        return false;
      }
      ExpectedFinding out;
      out.about = text(about, scope, true).value_or("");
      out.subject = *of;
      out.cause = plain(item, "cause");
      out.part = plain(item, "part");
      out.says = plain(item, "says");
      out.next_step = plain(item, "next_step");
      out.not_next_step = plain(item, "not_next_step");
      if (const auto* toward = find(item, "toward")) {
        if (!subject(toward, scope)) {
          return false;
        }
        out.toward = text(toward, scope, true).value_or("");
      }
      return words_of(item, out) && (expected.findings.push_back(std::move(out)), true);
    });
  }

  bool words_of(const YamlNode& item, ExpectedFinding& out) {
    if (const auto* level = find(item, "level")) {
      for (const auto one : {Level::kNote, Level::kUnknown, Level::kWarning, Level::kCritical}) {
        out.level = key(one) == level->text ? one : out.level;
      }
      if (!out.level) {
        wrong(*level, "bad-level", fmt::format("{} is no level", shown(level->text)),
              "Write note, unknown, warning or critical.");
        return false;
      }
    }
    if (const auto* phase = find(item, "phase")) {
      constexpr std::array<std::string_view, 3> kWords = {"open", "quiet", "closed"};
      const auto at = std::ranges::find(kWords, phase->text);
      if (at == kWords.end()) {
        wrong(*phase, "bad-phase", fmt::format("{} is no phase", shown(phase->text)),
              "Write open, quiet or closed.");
        return false;
      }
      out.phase = static_cast<Phase>(at - kWords.begin());
    }
    if (const auto* victims = find(item, "victims")) {
      const auto count = base::parse_unsigned(victims->text);
      if (!count) {
        wrong(*victims, "bad-count", fmt::format("{} is no count", shown(victims->text)), {});
        return false;
      }
      out.victims = static_cast<std::size_t>(*count);
    }
    return true;
  }

  Incident& out_;
  fabric::Problems& problems_;
  const IncidentLimits& limits_;
  std::uint64_t steps_ = 0;
  std::map<std::string, fabric::DeviceId> by_address_;
};

}  // namespace
}  // namespace incident_reader

Incident load_incident_text(std::string_view yaml, std::string file, const IncidentLimits& limits) {
  Incident out;
  out.file = std::move(file);
  fabric::Problems problems;
  if (yaml.size() > limits.bytes) {
    problems.error({}, "limit-bytes", fmt::format("the file has more than {} bytes", limits.bytes),
                   "Use `for` and `every` for what repeats.");
  } else if (auto tree = fabric::parse_yaml(yaml, limits.yaml_nodes); !tree) {
    problems.error(tree.error().place, "yaml", tree.error().what, tree.error().hint);
  } else {
    incident_reader::Reader(out, problems, limits).read(*tree);
  }
  out.problems = problems.take();
  return out;
}

}  // namespace weft::diagnose
