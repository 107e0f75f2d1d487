// SPDX-License-Identifier: Apache-2.0
// The text of targets; target_resolve.cpp finds what they name.
#include "twin/fault/target.h"

#include "base/text.h"
#include "fabric/nearest.h"
#include "fabric/pattern.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace weft::twin {
namespace target_text {

constexpr std::array<std::string_view, 4> kKinds = {"link", "device", "port", "host"};
constexpr std::array<std::string_view, 5> kWords = {"lane", "lanes", "section", "toward-device",
                                                    "toward-host"};
/// lane_sub() has eight bits for a lane, sixteen for a section.
constexpr std::int64_t kLaneMost = 255;
constexpr std::uint64_t kSectionMost = 0xFFFF;

base::Error mistake(std::string what, std::string hint = {}) {
  return {base::Code::kInvalidArgument, std::move(what), "", std::move(hint)};
}

/// The selectors' texts, parted at semicolons outside quotes; false where a quote stays open.
bool part(std::string_view text, std::vector<std::string_view>& parts) {
  bool is_quoted = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') {
      is_quoted = !is_quoted;
    } else if (text[i] == ';' && !is_quoted) {
      parts.push_back(base::trim(text.substr(begin, i - begin)));
      begin = i + 1;
    }
  }
  parts.push_back(base::trim(text.substr(begin)));
  return !is_quoted;
}

base::Result<Selector> parse_name(std::string_view& rest) {
  Selector selector;
  const std::size_t colon = rest.find(':');
  const std::string_view word = rest.substr(0, colon);
  const auto kind = std::ranges::find(kKinds, word);
  if (colon == std::string_view::npos || kind == kKinds.end()) {
    const std::string_view near = fabric::nearest(word, kKinds);
    return tl::unexpected(
        mistake(fmt::format("a target does not begin with '{}'", base::printable(word, 40)),
                near.empty() ? std::string("Write link:NAME, device:NAME, port:NAME or host:NAME.")
                             : fmt::format("Did you mean '{}:'?", near)));
  }
  selector.kind = static_cast<SelectorKind>(kind - kKinds.begin());
  rest.remove_prefix(colon + 1);
  if (rest.starts_with('"')) {
    const std::size_t end = rest.find('"', 1);
    selector.name = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    if (!rest.empty() && rest.front() != ' ' && rest.front() != '\t') {
      return tl::unexpected(mistake("text follows a closing quote without a space"));
    }
  } else {
    const std::size_t end = std::min(rest.find_first_of(" \t"), rest.size());
    selector.name = rest.substr(0, end);
    rest.remove_prefix(end);
  }
  const bool has_control = std::ranges::any_of(
      selector.name, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '"'; });
  if (selector.name.empty() || has_control) {
    return tl::unexpected(mistake(fmt::format("{}: has no name that can be", word),
                                  "Write a name of the rack file, or * for all."));
  }
  return selector;
}

base::Result<void> parse_word(Selector& selector, const std::vector<std::string_view>& words,
                              std::size_t& at) {
  const std::string_view word = words[at];
  if (word == "toward-device" || word == "toward-host") {
    if (selector.direction) {
      return tl::unexpected(mistake("a target names two directions", "Leave both out for both."));
    }
    selector.direction = word == "toward-device" ? fabric::LaneDirection::kTowardDevice
                                                 : fabric::LaneDirection::kTowardHost;
    return {};
  }
  if (std::ranges::find(kWords, word) == kWords.end()) {
    const std::string_view near = fabric::nearest(word, kWords);
    return tl::unexpected(
        mistake(fmt::format("a target does not know '{}'", base::printable(word, 40)),
                near.empty() ? fmt::format("It knows {}.", fmt::join(kWords, ", "))
                             : fmt::format("Did you mean '{}'?", near)));
  }
  if (++at == words.size()) {
    return tl::unexpected(mistake(fmt::format("'{}' stands without a number", word)));
  }
  if (word == "section") {
    const auto section = base::parse_unsigned(words[at]);
    if (!section || *section > kSectionMost || selector.section) {
      return tl::unexpected(
          mistake(fmt::format("'{}' is no section", base::printable(words[at], 40)),
                  "Sections count from 0 at the link's end a; a target names one."));
    }
    selector.section = static_cast<std::uint32_t>(*section);
    return {};
  }
  const auto lanes = fabric::parse_range(words[at]);
  if (!lanes || lanes->empty() || lanes->back() > kLaneMost || !selector.lanes.empty()) {
    return tl::unexpected(mistake(fmt::format("'{}' are no lanes", base::printable(words[at], 40)),
                                  "Lanes count from 0; write lane 3, or lanes 0-3,7."));
  }
  for (const std::int64_t lane : *lanes) {
    selector.lanes.push_back(static_cast<std::uint32_t>(lane));
  }
  return {};
}

base::Result<Selector> parse_selector(std::string_view text) {
  std::string_view rest = text;
  auto selector = parse_name(rest);
  if (!selector) {
    return selector;
  }
  const std::vector<std::string_view> words = base::words(rest);
  for (std::size_t at = 0; at < words.size(); ++at) {
    if (auto read = parse_word(*selector, words, at); !read) {
      return tl::unexpected(read.error());
    }
  }
  return selector;
}

std::string lanes_text(const std::vector<std::uint32_t>& lanes) {
  std::string text;
  for (std::size_t i = 0; i < lanes.size();) {
    std::size_t last = i;
    while (last + 1 < lanes.size() && lanes[last + 1] == lanes[last] + 1) {
      ++last;
    }
    text += fmt::format("{}{}", text.empty() ? "" : ",", lanes[i]);
    if (last > i) {
      text += fmt::format("-{}", lanes[last]);
    }
    i = last + 1;
  }
  return text;
}

}  // namespace target_text

base::Result<Target> parse_target(std::string_view text) {
  std::vector<std::string_view> parts;
  if (text.size() > kTargetBytesMax) {
    return tl::unexpected(
        target_text::mistake(fmt::format("a target is longer than {} bytes", kTargetBytesMax)));
  }
  if (!target_text::part(text, parts)) {
    return tl::unexpected(target_text::mistake("a quote of a target stays open"));
  }
  Target target;
  for (const std::string_view each : parts) {
    auto selector = target_text::parse_selector(each);
    if (!selector) {
      return tl::unexpected(selector.error());
    }
    target.selectors.push_back(std::move(*selector));
  }
  return target;
}

std::string text(const Target& target) {
  std::string written;
  for (const Selector& selector : target.selectors) {
    written += written.empty() ? "" : "; ";
    const bool is_quoted = selector.name.find_first_of(" ;") != std::string::npos;
    const std::string_view quote = is_quoted ? "\"" : "";
    written +=
        fmt::format("{}:{}{}{}", target_text::kKinds.at(static_cast<std::size_t>(selector.kind)),
                    quote, selector.name, quote);
    if (selector.lanes.size() == 1) {
      written += fmt::format(" lane {}", selector.lanes.front());
    } else if (!selector.lanes.empty()) {
      written += " lanes " + target_text::lanes_text(selector.lanes);
    }
    if (selector.section) {
      written += fmt::format(" section {}", *selector.section);
    }
    if (selector.direction) {
      written += *selector.direction == fabric::LaneDirection::kTowardDevice ? " toward-device"
                                                                             : " toward-host";
    }
  }
  return written;
}

}  // namespace weft::twin
