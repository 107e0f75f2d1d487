// SPDX-License-Identifier: Apache-2.0
// Touchstone files, versions 1.x, 2.0 and 2.1 (IBIS Open Forum), 1 to 32 ports, in and out. The
// reader takes what tools write, not only what the specification allows: option words in any order
// and case or none at all, rows wrapped anywhere, Fortran exponents, any line ends, noise data,
// mixed-mode data. Bytes are hostile: text is taken in chunks and never kept, values and comments
// have limits, and each refusal names the line and the cause. Noise parameters are skipped.
#pragma once

#include "base/result.h"
#include "phy/channel/network.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::phy::channel {

struct TouchstoneLimits {
  static constexpr std::size_t kPorts = 32;
  static constexpr std::size_t kPoints = 1'000'000;
  static constexpr std::size_t kEntries = 24'000'000;  ///< complex numbers: 384 MB
  static constexpr std::size_t kCommentBytes = std::size_t{64} << 20;
  static constexpr std::size_t kSpaceBytes = std::size_t{1} << 30;
};

/// A file's network, single-ended, as S-parameters; Y, Z, G and H data is converted.
struct TouchstoneFile {
  Network network;
  unsigned version = 1;            ///< 1 or 2
  std::vector<std::string> notes;  ///< what was assumed or left out, for the user
};

/// The port count that a name's ending says (".s4p", ".S12P"); nothing for other endings.
[[nodiscard]] std::optional<std::size_t> ports_of_name(std::string_view path);

/// Reads a file, or standard input for "-". `ports` overrides the name's ending; without either,
/// the count is taken from the file itself. kNotFound and kPermissionDenied for the file,
/// kInvalidArgument and kDataLoss with FILE:LINE for its contents, kResourceExhausted beyond the
/// limits.
[[nodiscard]] base::Result<TouchstoneFile> read_touchstone(const std::string& path,
                                                           std::optional<std::size_t> ports = {});

/// The same for a text; `name` stands in errors, and gives the port count where it ends in .sNp.
[[nodiscard]] base::Result<TouchstoneFile> parse_touchstone(std::string_view text,
                                                            std::string_view name,
                                                            std::optional<std::size_t> ports = {});

enum class NumberFormat : std::uint8_t { kRealImaginary, kMagnitudeAngle, kDecibelAngle };

struct TouchstoneStyle {
  unsigned version = 1;  ///< 1 or 2
  NumberFormat format = NumberFormat::kRealImaginary;
  std::string comment = {};  ///< first line, without "!"; no line breaks
};

/// The network as a Touchstone text, frequencies in Hz. In version 1 all ports need the same
/// reference impedance: kInvalidArgument otherwise. Read again, real-imaginary text gives the same
/// bits.
[[nodiscard]] base::Result<std::string> write_touchstone(const Network& network,
                                                         const TouchstoneStyle& style = {});

}  // namespace weft::phy::channel
