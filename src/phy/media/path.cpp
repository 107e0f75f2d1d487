// SPDX-License-Identifier: Apache-2.0
// Text to PathSpec; path_build.cpp makes channels of it.
#include "phy/media/path.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace weft::phy::media {
namespace path_cpp {
namespace {

using base::Code;
using base::Result;

struct Unit {
  std::string_view name;
  double metres;
};
constexpr std::array<Unit, 7> kUnits = {{{"mm", 1e-3},
                                         {"cm", 1e-2},
                                         {"km", 1e3},
                                         {"mil", 25.4e-6},
                                         {"in", 25.4e-3},
                                         {"ft", 304.8e-3},
                                         {"m", 1}}};

/// What an element of each kind takes after its colon.
enum class Takes : std::uint8_t { kNothing, kLength, kMaybeLength, kMaybeGain };
struct Form {
  Takes takes;
  double length_max_m;
};

Form form_of(Kind kind) {
  switch (kind) {
    case Kind::kLaminate:
      return {Takes::kLength, 5};
    case Kind::kCable:
      return {Takes::kLength, 100};
    case Kind::kVia:
      return {Takes::kMaybeLength, 0.01};
    case Kind::kLinearOptics:
    case Kind::kRetimedOptics:
      return {Takes::kMaybeLength, 200e3};
    case Kind::kRedriver:
      return {Takes::kMaybeGain, 0};
    case Kind::kPackage:
    case Kind::kConnector:
    case Kind::kRetimer:
    case Kind::kModule:
    case Kind::kFibre:
      break;
  }
  return {Takes::kNothing, 0};
}

std::optional<double> length_m(std::string_view text) {
  for (const auto& unit : kUnits) {
    if (text.ends_with(unit.name)) {
      const auto number =
          base::parse_double(base::trim(text.substr(0, text.size() - unit.name.size())));
      return number ? std::optional(*number * unit.metres) : std::nullopt;
    }
  }
  return std::nullopt;
}

/// A number with or without this ending: "45C", "45".
std::optional<double> number(std::string_view text, std::string_view unit) {
  if (text.ends_with(unit)) {
    text.remove_suffix(unit.size());
  }
  return base::parse_double(base::trim(text));
}

/// A piece of the path's text and the column that it starts in.
struct Piece {
  std::string_view text;
  std::size_t column = 1;
};

Piece trimmed(Piece piece) {
  const auto first = piece.text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) {
    return {{}, piece.column};
  }
  return {base::trim(piece.text), piece.column + first};
}

tl::unexpected<base::Error> mistake(std::size_t column, std::string what, std::string hint) {
  return base::fail(Code::kInvalidArgument, std::move(what), fmt::format("path:{}", column),
                    std::move(hint));
}

/// Cuts at `+` and `|` outside of quotes.
Result<std::vector<Piece>> divide(std::string_view text) {
  std::vector<Piece> out;
  std::size_t start = 0;
  bool is_quoted = false;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || (!is_quoted && (text[i] == '+' || text[i] == '|'))) {
      out.push_back(trimmed({text.substr(start, i - start), start + 1}));
      start = i + 1;
    } else if (text[i] == '"') {
      is_quoted = !is_quoted;
    }
  }
  if (is_quoted) {
    return mistake(text.rfind('"') + 1, "a quote is not closed", "Add the second `\"`.");
  }
  return out;
}

/// "NAME:ARGUMENT@TEMPERATURE" cut at the last `@` and the first `:` outside of quotes.
struct Parts {
  std::string_view name, argument, temperature;
  bool has_argument = false, has_temperature = false;
};

Parts parts_of(std::string_view text) {
  Parts out;
  const auto quote = text.rfind('"');
  const auto at = text.find('@', quote == std::string_view::npos ? 0 : quote);
  if (at != std::string_view::npos) {
    out.has_temperature = true;
    out.temperature = base::trim(text.substr(at + 1));
    text = text.substr(0, at);
  }
  const auto colon = text.find(':');
  if (colon != std::string_view::npos) {
    out.has_argument = true;
    out.argument = base::trim(text.substr(colon + 1));
    text = text.substr(0, colon);
  }
  out.name = base::trim(text);
  return out;
}

Result<void> read_argument(const Piece& piece, const Parts& parts, Element& element) {
  const auto form = form_of(element.medium->kind);
  const std::string shown = base::printable(parts.argument, 40);
  if (!parts.has_argument) {
    if (form.takes == Takes::kLength) {
      return mistake(piece.column, fmt::format("`{}` has no length", element.medium->key),
                     fmt::format("Write `{}:5in` or `{}:120mm`.", parts.name, parts.name));
    }
    return {};
  }
  switch (form.takes) {
    case Takes::kNothing:
      return mistake(piece.column,
                     fmt::format("`{}` is a {} and takes no `:{}`", element.medium->key,
                                 key(element.medium->kind), shown),
                     fmt::format("Write `{}` alone.", parts.name));
    case Takes::kMaybeGain:
      element.gain_db = number(parts.argument, "dB");
      if (!element.gain_db || *element.gain_db < -20 || *element.gain_db > 40) {
        return mistake(piece.column, fmt::format("`{}` is no gain", shown),
                       "Write -20dB to 40dB, as in `redriver:6dB`.");
      }
      return {};
    case Takes::kLength:
    case Takes::kMaybeLength:
      break;
  }
  element.length_m = length_m(parts.argument);
  if (!element.length_m || *element.length_m <= 0) {
    return mistake(piece.column, fmt::format("`{}` is no length", shown),
                   "Write a number above 0 and mm, cm, m, km, in, mil or ft.");
  }
  if (*element.length_m > form.length_max_m) {
    return base::fail(
        Code::kOutOfRange, fmt::format("{} of {} is too long", shown, element.medium->key),
        fmt::format("path:{}", piece.column), fmt::format("{} m is the most.", form.length_max_m));
  }
  return {};
}

Result<Element> read_element(const Piece& piece, const Catalogue& from) {
  Element out;
  out.text = piece.text;
  if (piece.text.empty()) {
    return mistake(piece.column, "an element is missing here",
                   "Write one between each `+` or `|`, as in `pkg + megtron7:5in + pkg`.");
  }
  const auto parts = parts_of(piece.text);
  if (parts.has_temperature) {
    out.celsius = number(parts.temperature, "C");
    if (!out.celsius || *out.celsius < -55 || *out.celsius > 150) {
      return mistake(piece.column,
                     fmt::format("`{}` is no temperature", base::printable(parts.temperature, 40)),
                     "Write -55C to 150C, as in `megtron7:5in@45C`.");
    }
  }
  if (parts.name == "file") {
    std::string_view file = parts.argument;
    if (file.size() >= 2 && file.front() == '"' && file.back() == '"') {
      file = file.substr(1, file.size() - 2);
    }
    if (file.empty()) {
      return mistake(piece.column, "`file:` names no file", "Write `file:connector.s4p`.");
    }
    out.file = file;
    return out;
  }
  auto medium = from.get(parts.name);
  if (!medium) {
    auto error = medium.error();
    error.where = fmt::format("path:{}", piece.column);
    return tl::unexpected(std::move(error));
  }
  out.medium = *medium;
  if (out.medium->kind == Kind::kModule || out.medium->kind == Kind::kFibre) {
    return mistake(piece.column,
                   fmt::format("`{}` is a {}, which a path reaches by its optics only",
                               out.medium->key, key(out.medium->kind)),
                   "Write retimed optics such as `dr8:500m`, or linear ones such as `lpo:100m`.");
  }
  return read_argument(piece, parts, out).map([&] { return std::move(out); });
}

bool is_cut(const Element& element) {
  return element.medium != nullptr &&
         (element.medium->kind == Kind::kRetimer || element.medium->kind == Kind::kRetimedOptics);
}

/// Packages hold the dies at a section's ends; a retimer stands between two of them.
Result<void> check_order(std::span<const Element> elements, std::span<const Piece> pieces) {
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const bool is_first = i == 0 || is_cut(elements[i - 1]);
    const bool is_last = i + 1 == elements.size() || is_cut(elements[i + 1]);
    if (is_cut(elements[i]) && elements[i].medium->kind == Kind::kRetimer &&
        (i == 0 || i + 1 == elements.size())) {
      return mistake(pieces[i].column, "a retimer has no way on one of its sides",
                     "Write what lies before and after it, as in `a:1in | retimer | b:1in`.");
    }
    if (elements[i].medium != nullptr && elements[i].medium->kind == Kind::kPackage && !is_first &&
        !is_last) {
      return mistake(pieces[i].column, "a package stands in the middle of a section",
                     "Packages hold transmitters and receivers: put it at an end, or add the "
                     "retimer that it belongs to.");
    }
  }
  return {};
}

}  // namespace
}  // namespace path_cpp

base::Result<PathSpec> parse_path(std::string_view text, const Catalogue& from) {
  using namespace path_cpp;  // NOLINT(google-build-using-namespace): this file's own helpers
  if (text.size() > kPathTextMax) {
    return base::fail(Code::kResourceExhausted,
                      fmt::format("a path has {} characters at most", kPathTextMax), "path",
                      "Join elements of one medium.");
  }
  const auto pieces = divide(text);
  if (!pieces) {
    return tl::unexpected(pieces.error());
  }
  if (pieces->size() > kElementsMax) {
    return base::fail(Code::kResourceExhausted,
                      fmt::format("a path has {} elements at most", kElementsMax), "path",
                      "Join elements of one medium.");
  }
  PathSpec out;
  out.media = &from;
  for (const auto& piece : *pieces) {
    auto element = read_element(piece, from);
    if (!element) {
      return tl::unexpected(element.error());
    }
    out.elements.push_back(std::move(*element));
  }
  return check_order(out.elements, *pieces).map([&] { return std::move(out); });
}

base::Result<PathSpec> path_of(const fabric::Link& link, const Catalogue& from) {
  PathSpec out;
  out.media = &from;
  for (const auto& segment : link.segments) {
    const auto* medium = from.of(segment);
    if (medium == nullptr) {
      return base::fail(
          base::Code::kNotFound,
          fmt::format("no medium of the catalogue stands for {}{}", fabric::key(segment.medium),
                      segment.part.empty() ? "" : " " + segment.part),
          link.name, "Name a key of data/media as the segment's part.");
    }
    Element element;
    element.medium = medium;
    element.text = medium->key;
    const bool has_length = path_cpp::form_of(medium->kind).takes == path_cpp::Takes::kLength ||
                            medium->find("typical_mm") != nullptr;
    if (medium->key != segment.part) {
      out.notes.push_back(fmt::format("{} is taken as {} ({})", fabric::key(segment.medium),
                                      medium->key, medium->title));
    }
    if (has_length) {
      const bool is_known = segment.length.value() > 0;
      const double mm = is_known ? segment.length.value() : medium->value("typical_mm");
      element.length_m = mm * 1e-3;
      element.text += fmt::format(":{}mm", mm);
      if (!is_known) {
        out.notes.push_back(
            fmt::format("the length of {} is not given: {} mm are assumed", medium->key, mm));
      }
    }
    out.elements.push_back(std::move(element));
    if (segment.retimer_after) {
      if (const auto* retimer = from.find("retimer")) {
        out.elements.push_back({.medium = retimer, .text = retimer->key});
      }
    }
  }
  if (out.elements.empty()) {
    return base::fail(base::Code::kFailedPrecondition, "the link has no segments", link.name,
                      "Add `segments` to it in the rack file.");
  }
  return out;
}

}  // namespace weft::phy::media
