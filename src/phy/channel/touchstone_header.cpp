// SPDX-License-Identifier: Apache-2.0
#include "phy/channel/touchstone_header.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

namespace weft::phy::channel::touchstone {
namespace {

using base::Code;
using Status = base::Result<void>;

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  });
  return out;
}

struct Unit {
  std::string_view word;
  double hz;
};
constexpr Unit kUnits[] = {{"HZ", 1}, {"KHZ", 1e3}, {"MHZ", 1e6}, {"GHZ", 1e9}, {"THZ", 1e12}};

struct ParameterWord {
  std::string_view word;
  Parameter parameter;
};
constexpr ParameterWord kParameters[] = {{"S", Parameter::kS},
                                         {"Y", Parameter::kY},
                                         {"Z", Parameter::kZ},
                                         {"G", Parameter::kG},
                                         {"H", Parameter::kH}};

struct FormatWord {
  std::string_view word;
  NumberFormat format;
};
constexpr FormatWord kFormats[] = {{"RI", NumberFormat::kRealImaginary},
                                   {"MA", NumberFormat::kMagnitudeAngle},
                                   {"DB", NumberFormat::kDecibelAngle}};

/// A word that sets unit, parameter or format; false where it is none of them.
bool take_word(Header& header, std::string_view word) {
  for (const auto& unit : kUnits) {
    if (unit.word == word) {
      header.unit_hz = unit.hz;
      return true;
    }
  }
  for (const auto& row : kParameters) {
    if (row.word == word) {
      header.parameter = row.parameter;
      return true;
    }
  }
  for (const auto& row : kFormats) {
    if (row.word == word) {
      header.format = row.format;
      return true;
    }
  }
  return word == "OHM" || word == "OHMS";
}

base::Result<double> impedance(std::string_view word, const std::string& where) {
  const auto value = parse_number(word);
  if (!value || !(*value > 0) || *value > 1e9) {
    return base::fail(Code::kInvalidArgument,
                      fmt::format("\"{}\" is no reference impedance", base::printable(word, 40)),
                      where, "Real, positive ohms are understood; renormalise complex ones first.");
  }
  return *value;
}

base::Result<std::size_t> count(const std::vector<std::string>& words, std::string_view keyword,
                                std::size_t most, const std::string& where) {
  const auto value = words.size() == 1 ? base::parse_unsigned(words[0]) : std::nullopt;
  if (!value) {
    return base::fail(Code::kInvalidArgument, fmt::format("[{}] needs one whole number", keyword),
                      where);
  }
  if (*value > most) {
    return base::fail(Code::kResourceExhausted,
                      fmt::format("[{}] is {}; the most is {}", keyword, *value, most), where);
  }
  return static_cast<std::size_t>(*value);
}

base::Result<ModePort> mode_port(std::string_view word, const std::string& where) {
  const auto bad = [&] {
    return base::fail(Code::kInvalidArgument,
                      fmt::format("\"{}\" is no mixed-mode port", base::printable(word, 40)), where,
                      "Write D1,2 or C1,2 for a pair and S3 for a single port.");
  };
  if (word.size() < 2) {
    return bad();
  }
  ModePort port;
  port.mode = static_cast<char>(std::toupper(static_cast<unsigned char>(word[0])));
  const auto parts = base::split(word.substr(1), ',');
  const std::size_t want = port.mode == 'S' ? 1 : 2;
  if ((port.mode != 'S' && port.mode != 'D' && port.mode != 'C') || parts.size() != want) {
    return bad();
  }
  std::array<std::size_t, 2> numbers{};
  for (std::size_t i = 0; i < want; ++i) {
    const auto number = base::parse_unsigned(parts[i]);
    if (!number || *number < 1 || *number > TouchstoneLimits::kPorts) {
      return bad();
    }
    numbers[i] = static_cast<std::size_t>(*number) - 1;
  }
  port.first = numbers[0];
  port.second = want == 2 ? numbers[1] : numbers[0];
  return port;
}

// One function per keyword that carries a value, so that the table below is the whole grammar.
using Words = const std::vector<std::string>&;

Status take_version(Header& header, Words words, const std::string& where) {
  if (words.size() == 1 && (words[0].starts_with("2.") || words[0] == "2")) {
    header.version = 2;
    return {};
  }
  if (words.size() == 1 && words[0].starts_with("1")) {
    return {};
  }
  return base::fail(Code::kUnimplemented,
                    fmt::format("Touchstone version \"{}\" is not known",
                                words.empty() ? "" : base::printable(words[0], 20)),
                    where, "Versions 1.x, 2.0 and 2.1 are read.");
}

Status take_ports(Header& header, Words words, const std::string& where) {
  const auto ports = count(words, "Number of Ports", TouchstoneLimits::kPorts, where);
  if (!ports) {
    return tl::unexpected(ports.error());
  }
  if (*ports == 0) {
    return base::fail(Code::kInvalidArgument, "[Number of Ports] is 0", where);
  }
  header.ports = *ports;
  return {};
}

Status take_order(Header& header, Words words, const std::string& where) {
  if (words.size() == 1 && (words[0] == "12_21" || words[0] == "21_12")) {
    header.is_21_12 = words[0] == "21_12";
    return {};
  }
  return base::fail(Code::kInvalidArgument, "[Two-Port Data Order] is neither 12_21 nor 21_12",
                    where);
}

Status take_points(Header& header, Words words, const std::string& where) {
  const auto points = count(words, "Number of Frequencies", TouchstoneLimits::kPoints, where);
  if (!points) {
    return tl::unexpected(points.error());
  }
  header.points = *points;
  return {};
}

Status take_matrix(Header& header, Words words, const std::string& where) {
  const std::string word = words.size() == 1 ? upper(words[0]) : "";
  if (word == "FULL") {
    header.matrix = MatrixFormat::kFull;
  } else if (word == "LOWER") {
    header.matrix = MatrixFormat::kLower;
  } else if (word == "UPPER") {
    header.matrix = MatrixFormat::kUpper;
  } else {
    return base::fail(Code::kInvalidArgument, "[Matrix Format] is not Full, Lower or Upper", where);
  }
  return {};
}

Status take_modes(Header& header, Words words, const std::string& where) {
  header.modes.clear();
  for (const auto& word : words) {
    const auto port = mode_port(word, where);
    if (!port) {
      return tl::unexpected(port.error());
    }
    header.modes.push_back(*port);
  }
  return {};
}

Status take_nothing(Header&, Words, const std::string&) {
  return {};
}

struct Keyword {
  std::string_view name;
  Next next;
  Status (*take)(Header&, Words, const std::string&);
};
constexpr Keyword kKeywords[] = {
    {"VERSION", Next::kHeader, take_version},
    {"NUMBER OF PORTS", Next::kHeader, take_ports},
    {"TWO-PORT DATA ORDER", Next::kHeader, take_order},
    {"TWO-PORT ORDER", Next::kHeader, take_order},
    {"NUMBER OF FREQUENCIES", Next::kHeader, take_points},
    {"NUMBER OF NOISE FREQUENCIES", Next::kHeader, take_nothing},
    {"REFERENCE", Next::kReference, take_nothing},
    {"MATRIX FORMAT", Next::kHeader, take_matrix},
    {"MIXED-MODE ORDER", Next::kHeader, take_modes},
    {"BEGIN INFORMATION", Next::kInformation, take_nothing},
    {"END INFORMATION", Next::kHeader, take_nothing},
    {"NETWORK DATA", Next::kData, take_nothing},
    {"NOISE DATA", Next::kNoise, take_nothing},
    {"END", Next::kEnd, take_nothing},
};

/// from_chars over the whole text; what is too small to hold is 0, what is too large nothing.
std::optional<double> plain_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size()) {
    return std::nullopt;
  }
  if (error == std::errc::result_out_of_range) {
    const auto exponent = text.find_first_of("eE");
    const bool is_small = exponent != std::string_view::npos && text.substr(exponent + 1, 1) == "-";
    return is_small ? std::optional(0.0) : std::nullopt;
  }
  return error == std::errc{} && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

}  // namespace

std::optional<double> parse_number(std::string_view text) {
  constexpr std::size_t kLongest = 400;
  if (text.starts_with('+') && !text.substr(1).starts_with('-')) {
    text.remove_prefix(1);
  }
  if (auto value = plain_number(text); value || text.empty() || text.size() > kLongest) {
    return value;
  }
  // Fortran: D for E, or three digits of exponent without a letter.
  std::string again(text);
  if (const auto letter = again.find_first_of("dD"); letter != std::string::npos) {
    again[letter] = 'e';
  } else if (const auto sign = again.find_first_of("+-", 1);
             sign != std::string::npos && again[sign - 1] != 'e' && again[sign - 1] != 'E') {
    again.insert(sign, 1, 'e');
  } else {
    return std::nullopt;
  }
  return plain_number(again);
}

Status parse_option_line(Header& header, const std::vector<std::string>& words,
                         const std::string& where) {
  header.has_option_line = true;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string word = upper(words[i]);
    if (take_word(header, word)) {
      continue;
    }
    if (!word.starts_with('R')) {
      return base::fail(
          Code::kInvalidArgument,
          fmt::format("\"{}\" in the option line is not known", base::printable(words[i], 40)),
          where, "An option line looks like: # GHz S MA R 50");
    }
    // "R 50", "R50", "R=50", "R 50 75": every number that follows.
    std::vector<std::string> values;
    if (const auto rest = word.find_first_not_of('=', 1); rest != std::string::npos) {
      values.push_back(word.substr(rest));
    }
    while (i + 1 < words.size() && !words[i + 1].empty() &&
           std::isalpha(static_cast<unsigned char>(words[i + 1][0])) == 0) {
      values.push_back(words[++i]);
    }
    if (!values.empty()) {
      header.reference_ohm.clear();
    }
    for (const auto& value : values) {
      const auto ohm = impedance(value, where);
      if (!ohm) {
        return tl::unexpected(ohm.error());
      }
      header.reference_ohm.push_back(*ohm);
    }
  }
  return {};
}

base::Result<Next> parse_keyword(Header& header, std::string_view keyword,
                                 const std::vector<std::string>& words, const std::string& where) {
  std::string name;
  for (const auto word : base::words(keyword)) {
    name += (name.empty() ? "" : " ") + upper(word);
  }
  for (const auto& row : kKeywords) {
    if (row.name == name) {
      if (auto taken = row.take(header, words, where); !taken) {
        return tl::unexpected(taken.error());
      }
      return row.next;
    }
  }
  return base::fail(Code::kInvalidArgument,
                    fmt::format("keyword [{}] is not known", base::printable(keyword, 60)), where);
}

std::optional<PortName> port_name(std::string_view comment) {
  constexpr std::size_t kNameMax = 64;
  comment = comment.substr(std::min(comment.find_first_not_of("! \t"), comment.size()));
  if (comment.size() < 5 || upper(comment.substr(0, 5)) != "PORT[") {
    return std::nullopt;
  }
  const auto close = comment.find(']');
  const auto equal = comment.find('=', close == std::string_view::npos ? 0 : close);
  if (close == std::string_view::npos || equal == std::string_view::npos) {
    return std::nullopt;
  }
  const auto number = base::parse_unsigned(base::trim(comment.substr(5, close - 5)));
  const auto name = base::trim(comment.substr(equal + 1));
  if (!number || *number < 1 || *number > TouchstoneLimits::kPorts || name.empty()) {
    return std::nullopt;
  }
  return PortName{static_cast<std::size_t>(*number) - 1, base::printable(name, kNameMax)};
}

}  // namespace weft::phy::channel::touchstone
