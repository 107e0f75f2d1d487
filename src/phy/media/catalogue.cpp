// SPDX-License-Identifier: Apache-2.0
#include "phy/media/catalogue.h"

#include "base/text.h"
#include "fabric/nearest.h"
#include "fabric/yaml_tree.h"
#include "phy/embedded.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace weft::phy::media {
namespace catalogue_cpp {
namespace {

using base::Code;
using base::Result;
using fabric::Place;
using fabric::YamlNode;

constexpr std::size_t kNodesMax = 100'000;
constexpr std::size_t kTextMax = std::size_t{1} << 20;

constexpr std::array<std::pair<Kind, std::string_view>, 11> kKinds = {{
    {Kind::kLaminate, "laminate"},
    {Kind::kCable, "cable"},
    {Kind::kPackage, "package"},
    {Kind::kConnector, "connector"},
    {Kind::kVia, "via"},
    {Kind::kRedriver, "redriver"},
    {Kind::kLinearOptics, "linear-optics"},
    {Kind::kRetimer, "retimer"},
    {Kind::kRetimedOptics, "retimed-optics"},
    {Kind::kModule, "module"},
    {Kind::kFibre, "fibre"},
}};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

/// The whole of `text` as a finite number; exponents are welcome, as in 8.9e-4.
std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

/// A key that a path can hold: letters, digits, '-' and '.', a letter or digit first.
bool is_key(std::string_view text) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  return !text.empty() && text.size() <= 40 && text.front() != '-' && text.front() != '.' &&
         std::ranges::all_of(text, is_letter);
}

/// Reads one file into a list of media; stops at the first mistake.
class Reader {
 public:
  Reader(std::string_view file, std::vector<Medium>& out) : file_(file), media_(out) {}

  Result<void> read(const YamlNode& root) {
    if (root.kind != YamlNode::Kind::kMap) {
      return mistake(root.place, "the file is not a map", "Start it with `weftline: media/1`.");
    }
    bool has_version = false;
    for (const auto& entry : root.entries) {
      if (entry.key.text == "weftline") {
        has_version = true;
        if (entry.value.text != "media/1") {
          return mistake(entry.value.place, "this is not a media file of version media/1",
                         "Write `weftline: media/1`.");
        }
      } else if (entry.key.text == "media") {
        if (auto done = read_media(entry.value); !done) {
          return done;
        }
      } else if (entry.key.text != "sources" && entry.key.text != "description") {
        return unknown(entry.key, std::array<std::string_view, 4>{"weftline", "media", "sources",
                                                                  "description"});
      }
    }
    if (!has_version) {
      return mistake(root.place, "`weftline` is missing", "Start it with `weftline: media/1`.");
    }
    return {};
  }

 private:
  [[nodiscard]] std::string where(Place place) const {
    return fmt::format("{}:{}:{}", file_, place.line, place.column);
  }

  [[nodiscard]] tl::unexpected<base::Error> mistake(Place place, std::string what,
                                                    std::string hint) const {
    return base::fail(Code::kInvalidArgument, std::move(what), where(place), std::move(hint));
  }

  [[nodiscard]] tl::unexpected<base::Error> unknown(const YamlNode& at,
                                                    std::span<const std::string_view> known) const {
    const auto near = fabric::nearest(at.text, known);
    return mistake(at.place, fmt::format("`{}` is not known here", base::printable(at.text, 40)),
                   near.empty() ? fmt::format("Known are {}.", fmt::join(known, ", "))
                                : fmt::format("Did you mean `{}`?", near));
  }

  Result<void> read_media(const YamlNode& list) {
    if (list.kind != YamlNode::Kind::kList) {
      return mistake(list.place, "`media` is not a list", "Give one `- key: ...` a medium.");
    }
    for (const auto& item : list.items) {
      if (auto done = read_medium(item); !done) {
        return done;
      }
    }
    return {};
  }

  Result<std::string> text(const YamlNode& node, std::string_view name) const {
    if (node.kind != YamlNode::Kind::kScalar || node.text.empty()) {
      return mistake(node.place, fmt::format("`{}` is not a text", name), "Give it a value.");
    }
    return node.text;
  }

  Result<std::vector<std::string>> words(const YamlNode& node, std::string_view name) const {
    if (node.kind != YamlNode::Kind::kList) {
      return mistake(node.place, fmt::format("`{}` is not a list", name), "Write `[a, b]`.");
    }
    std::vector<std::string> out;
    for (const auto& item : node.items) {
      auto word = text(item, name);
      if (!word) {
        return tl::unexpected(word.error());
      }
      out.push_back(std::move(*word));
    }
    return out;
  }

  Result<void> read_kind(const YamlNode& item, Medium& medium) const {
    const auto at =
        std::ranges::find(item.entries, "kind", [](const auto& e) { return e.key.text; });
    if (at == item.entries.end()) {
      return mistake(item.place, "this medium has no `kind`", "Give it one.");
    }
    const auto* kind =
        std::ranges::find(kKinds, at->value.text, &std::pair<Kind, std::string_view>::second);
    if (kind == kKinds.end()) {
      std::vector<std::string_view> known;
      known.reserve(kKinds.size());
      for (const auto& [value, name] : kKinds) {
        known.push_back(name);
      }
      return unknown(at->value, known);
    }
    medium.kind = kind->first;
    return {};
  }

  Result<void> read_medium(const YamlNode& item) {
    if (item.kind != YamlNode::Kind::kMap) {
      return mistake(item.place, "this medium is not a map", "Give it `key`, `kind`, `title`.");
    }
    Medium medium;
    medium.origin = where(item.place);
    if (auto done = read_kind(item, medium); !done) {
      return done;
    }
    std::vector<std::string_view> seen;
    for (const auto& entry : item.entries) {
      if (std::ranges::find(seen, entry.key.text) != seen.end()) {
        return mistake(entry.key.place, fmt::format("`{}` stands here twice", entry.key.text),
                       "Remove one.");
      }
      seen.emplace_back(entry.key.text);
      if (auto done = read_entry(entry.key, entry.value, medium); !done) {
        return done;
      }
    }
    return finish(item, std::move(medium));
  }

  Result<void> read_entry(const YamlNode& key, const YamlNode& value, Medium& medium) const {
    const auto take = [&](std::string& into) -> Result<void> {
      return text(value, key.text).map([&](std::string&& word) { into = std::move(word); });
    };
    if (key.text == "kind") {
      return {};
    }
    if (key.text == "key") {
      if (!is_key(value.text)) {
        return mistake(value.place, "a medium's key is lower-case letters, digits, `-` and `.`",
                       "Choose another; `title` may be any text.");
      }
      return take(medium.key);
    }
    if (key.text == "title") {
      return take(medium.title);
    }
    if (key.text == "module") {
      return take(medium.module.emplace());
    }
    if (key.text == "fibre") {
      return take(medium.fibre.emplace());
    }
    if (key.text == "aliases") {
      auto list = words(value, key.text);
      if (!list) {
        return tl::unexpected(list.error());
      }
      medium.aliases = std::move(*list);
      return {};
    }
    if (key.text == "stands_for") {
      return read_stands_for(value, medium);
    }
    return read_constant(key, value, medium);
  }

  Result<void> read_stands_for(const YamlNode& value, Medium& medium) const {
    auto list = words(value, "stands_for");
    if (!list) {
      return tl::unexpected(list.error());
    }
    for (std::size_t i = 0; i < list->size(); ++i) {
      const auto known = fabric::medium((*list)[i]);
      if (!known) {
        return unknown(value.items[i], fabric::medium_keys());
      }
      medium.stands_for.push_back(*known);
    }
    return {};
  }

  Result<void> read_constant(const YamlNode& key, const YamlNode& value, Medium& medium) const {
    const auto rules = constant_rules();
    const auto rule = std::ranges::find_if(rules, [&](const ConstantRule& candidate) {
      return candidate.kind == medium.kind && candidate.name == key.text;
    });
    if (rule == rules.end()) {
      std::vector<std::string_view> known = {"key",     "kind",       "title", "module",
                                             "aliases", "stands_for", "fibre"};
      for (const auto& candidate : rules) {
        if (candidate.kind == medium.kind) {
          known.push_back(candidate.name);
        }
      }
      return unknown(key, known);
    }
    auto constant = number_with_source(value, *rule);
    if (!constant) {
      return tl::unexpected(constant.error());
    }
    medium.constants.push_back(std::move(*constant));
    return {};
  }

  Result<Constant> number_with_source(const YamlNode& value, const ConstantRule& rule) const {
    if (value.kind != YamlNode::Kind::kMap) {
      return mistake(value.place, fmt::format("`{}` is not a number with its source", rule.name),
                     "Write `{value: 1.5, source: \"...\"}`; start the source with `modelled` "
                     "where there is none.");
    }
    Constant out;
    out.name = rule.name;
    bool has_value = false;
    for (const auto& entry : value.entries) {
      if (entry.key.text == "value") {
        const auto number = parse_number(entry.value.text);
        if (!number || !std::isfinite(*number) || *number < rule.min || *number > rule.max) {
          return mistake(
              entry.value.place,
              fmt::format("`{}` is no value of `{}`", base::printable(entry.value.text, 40),
                          rule.name),
              fmt::format("It must lie in {} to {}: {}.", rule.min, rule.max, rule.help));
        }
        has_value = true;
        out.value = *number;
      } else if (entry.key.text == "source") {
        auto source = text(entry.value, "source");
        if (!source) {
          return tl::unexpected(source.error());
        }
        out.source = std::move(*source);
      } else {
        return unknown(entry.key, std::array<std::string_view, 2>{"value", "source"});
      }
    }
    if (!has_value || out.source.empty()) {
      return mistake(value.place,
                     fmt::format("`{}` has no {}", rule.name, has_value ? "source" : "value"),
                     "Write `{value: 1.5, source: \"...\"}`.");
    }
    out.is_modelled = out.source.find("modelled") != std::string::npos;
    return out;
  }

  Result<void> finish(const YamlNode& item, Medium medium) {
    if (medium.key.empty() || medium.title.empty()) {
      return mistake(item.place, "this medium has no `key` or no `title`", "Give it both.");
    }
    std::vector<Constant> ordered;
    for (const auto& rule : constant_rules()) {
      if (rule.kind != medium.kind) {
        continue;
      }
      if (const auto* constant = medium.find(rule.name)) {
        ordered.push_back(*constant);
      } else if (rule.is_required) {
        return mistake(item.place, fmt::format("`{}` has no `{}`", medium.key, rule.name),
                       fmt::format("Add it: {}.", rule.help));
      }
    }
    medium.constants = std::move(ordered);
    const bool has_optics =
        medium.kind == Kind::kLinearOptics || medium.kind == Kind::kRetimedOptics;
    if (has_optics != medium.module.has_value()) {
      return mistake(
          item.place,
          fmt::format("`module` belongs to optics, and `{}` is a {}", medium.key, key(medium.kind)),
          "Name the module of optics, of nothing else.");
    }
    if (medium.kind == Kind::kModule && !medium.fibre) {
      return mistake(item.place, fmt::format("`{}` names no fibre", medium.key), "Add `fibre`.");
    }
    if (medium.kind == Kind::kLaminate && medium.find("k_d_db_per_in") == nullptr &&
        medium.find("df") == nullptr) {
      return mistake(item.place,
                     fmt::format("`{}` has neither `k_d_db_per_in` nor `df`", medium.key),
                     "Add one of them.");
    }
    return add(item.place, std::move(medium));
  }

  Result<void> add(Place place, Medium medium) {
    auto names = medium.aliases;
    names.push_back(medium.key);
    for (const auto& other : media_) {
      const bool is_taken = std::ranges::any_of(names, [&](const std::string& name) {
        return same_word(other.key, name) ||
               std::ranges::any_of(other.aliases,
                                   [&](const auto& alias) { return same_word(alias, name); });
      });
      if (is_taken) {
        return base::fail(Code::kAlreadyExists,
                          fmt::format("`{}` or one of its aliases is taken", medium.key),
                          where(place), fmt::format("See {}.", other.origin));
      }
    }
    media_.push_back(std::move(medium));
    return {};
  }

  std::string_view file_;
  std::vector<Medium>& media_;
};

}  // namespace
}  // namespace catalogue_cpp

std::string_view key(Kind kind) {
  return catalogue_cpp::kKinds[static_cast<std::size_t>(kind)].second;
}

const Constant* Medium::find(std::string_view name) const {
  const auto at = std::ranges::find(constants, name, &Constant::name);
  return at == constants.end() ? nullptr : &*at;
}

double Medium::value(std::string_view name, double otherwise) const {
  const auto* constant = find(name);
  return constant == nullptr ? otherwise : constant->value;
}

std::string Medium::modelled() const {
  std::vector<std::pair<std::string_view, std::string>> by_source;
  for (const auto& constant : constants) {
    if (!constant.is_modelled) {
      continue;
    }
    const auto at = std::ranges::find(by_source, constant.source,
                                      &std::pair<std::string_view, std::string>::first);
    if (at == by_source.end()) {
      by_source.emplace_back(constant.source, constant.name);
    } else {
      at->second += ", " + constant.name;
    }
  }
  std::string out;
  for (const auto& [source, names] : by_source) {
    out += fmt::format("{}{} ({})", out.empty() ? "" : "; ", names, source);
  }
  return out;
}

base::Result<void> Catalogue::add(std::string_view text, std::string_view file) {
  if (text.size() > catalogue_cpp::kTextMax) {
    return base::fail(base::Code::kResourceExhausted, "a media file is 1 MiB at most",
                      std::string(file), "Divide it.");
  }
  const auto tree = fabric::parse_yaml(text, catalogue_cpp::kNodesMax);
  if (!tree) {
    const auto& mistake = tree.error();
    return base::fail(base::Code::kInvalidArgument, mistake.what,
                      fmt::format("{}:{}:{}", file, mistake.place.line, mistake.place.column),
                      mistake.hint);
  }
  auto media = media_;
  if (auto done = catalogue_cpp::Reader(file, media).read(*tree); !done) {
    return done;
  }
  media_ = std::move(media);
  return {};
}

const Medium* Catalogue::find(std::string_view key) const {
  for (const auto& medium : media_) {
    if (catalogue_cpp::same_word(medium.key, key) ||
        std::ranges::any_of(medium.aliases, [&](const auto& alias) {
          return catalogue_cpp::same_word(alias, key);
        })) {
      return &medium;
    }
  }
  return nullptr;
}

base::Result<const Medium*> Catalogue::get(std::string_view key) const {
  if (const auto* medium = find(key)) {
    return medium;
  }
  std::vector<std::string_view> known;
  for (const auto& medium : media_) {
    known.push_back(medium.key);
    known.insert(known.end(), medium.aliases.begin(), medium.aliases.end());
  }
  const auto near = fabric::nearest(key, known);
  return base::fail(
      base::Code::kNotFound, fmt::format("no medium is called `{}`", base::printable(key, 60)), {},
      near.empty() ? "Take a key of data/media, such as megtron7, twinax30, cem, osfp or pkg."
                   : fmt::format("Did you mean `{}`?", near));
}

const Medium* Catalogue::of(const fabric::Segment& segment) const {
  if (!segment.part.empty()) {
    if (const auto* medium = find(segment.part)) {
      return medium;
    }
  }
  const auto at = std::ranges::find_if(media_, [&](const Medium& medium) {
    return std::ranges::find(medium.stands_for, segment.medium) != medium.stands_for.end();
  });
  return at == media_.end() ? nullptr : &*at;
}

const Catalogue& catalogue() {
  static const Catalogue kCatalogue = [] {
    Catalogue out;
    for (const auto& file : embedded_media()) {
      // A test loads each file by itself: one with a mistake cannot be in a tested program.
      (void)out.add(file.text, fmt::format("data/media/{}.yaml", file.name));
    }
    return out;
  }();
  return kCatalogue;
}

}  // namespace weft::phy::media
