// SPDX-License-Identifier: Apache-2.0
// What a Touchstone file says before its numbers: the option line of all versions and the keywords
// of version 2. touchstone.cpp hands in whole lines; touchstone_data.h reads by the result.
#pragma once

#include "base/result.h"
#include "phy/channel/parameters.h"
#include "phy/channel/touchstone.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::phy::channel::touchstone {

enum class MatrixFormat : std::uint8_t { kFull, kLower, kUpper };

/// One word of [Mixed-Mode Order]: D or C of two ports, or S of one; ports from 0.
struct ModePort {
  char mode = 'S';
  std::size_t first = 0;
  std::size_t second = 0;
};

struct Header {
  // The defaults are those of the specification for a missing option line: # GHz S MA R 50.
  double unit_hz = 1e9;
  Parameter parameter = Parameter::kS;
  NumberFormat format = NumberFormat::kMagnitudeAngle;
  std::vector<double> reference_ohm = {50};
  bool has_option_line = false;
  unsigned version = 1;
  std::optional<std::size_t> ports;
  std::optional<bool> is_21_12;  ///< two-ports: S21 stands before S12
  std::optional<std::size_t> points;
  MatrixFormat matrix = MatrixFormat::kFull;
  std::vector<ModePort> modes;
};

/// Takes the words after "#". `where` is FILE:LINE for errors.
[[nodiscard]] base::Result<void> parse_option_line(Header& header,
                                                   const std::vector<std::string>& words,
                                                   const std::string& where);

/// What the reader has to do after a keyword.
enum class Next : std::uint8_t {
  kHeader,
  kReference,    ///< numbers of [Reference] follow
  kData,         ///< the network's numbers follow
  kNoise,        ///< noise data follows: skip
  kInformation,  ///< text until [End Information]: skip
  kEnd,          ///< nothing counts any more
};

/// Takes a line "[Keyword] rest". Words of [Reference] after the keyword are left to the caller.
[[nodiscard]] base::Result<Next> parse_keyword(Header& header, std::string_view keyword,
                                               const std::vector<std::string>& words,
                                               const std::string& where);

/// A port's name from a comment, as HFSS ("Port[1] = name") writes it.
struct PortName {
  std::size_t port = 0;  ///< from 0
  std::string name;
};
[[nodiscard]] std::optional<PortName> port_name(std::string_view comment);

/// A finite number in any style met: "+1.5", "1.D-03", "2.5e+007", "1-300". What is too small is 0.
[[nodiscard]] std::optional<double> parse_number(std::string_view text);

}  // namespace weft::phy::channel::touchstone
