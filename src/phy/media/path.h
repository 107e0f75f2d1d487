// SPDX-License-Identifier: Apache-2.0
// A way from transmitter to receiver written as text, and the channels that it becomes:
//
//   pkg + megtron6:5in + cem + megtron6:3in@60C + pkg
//   twinax30:2m@45C
//   pkg + megtron7:4in | retimer | megtron7:6in + file:slot.s4p + pkg
//   pkg + megtron7:3in + osfp + dr8:500m + osfp + megtron7:3in + pkg
//
// Elements stand from transmitter to receiver, divided by `+` (or `|`, for the eye). An element is
// a key of the catalogue (catalogue.h), or `file:NAME` (in quotes where NAME holds + | or @), then
// `:LENGTH` (mm cm m km in mil ft) where it has one, `:GAIN` in dB for a redriver, and
// `@TEMPERATURE` in C. Retimers and retimed optics cut the path into sections; redrivers and linear
// optics do not: their noise is carried to the section's receiver. Verbs call parse_path(), then
// build(). Refused: unknown names (the nearest is named), lengths where they have no meaning,
// sections without an element, packages elsewhere than at the ends of a section.
#pragma once

#include "base/result.h"
#include "fabric/model.h"
#include "phy/channel/channel.h"
#include "phy/media/catalogue.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::phy::media {

inline constexpr std::size_t kPathTextMax = 4096;
inline constexpr std::size_t kElementsMax = 100;

struct Element {
  const Medium* medium = nullptr;       ///< null for a file
  std::string file = {};                ///< measured Touchstone file; empty for media
  std::optional<double> length_m = {};  ///< of a via: its stub
  std::optional<double> gain_db = {};   ///< of a redriver
  std::optional<double> celsius = {};
  std::string text;  ///< as written
};

struct PathSpec {
  std::vector<Element> elements;
  const Catalogue* media = &catalogue();  ///< that the elements are of
  std::vector<std::string> notes = {};    ///< what was assumed when it was made of a rack file
};

/// Media are those of `from`, which must outlive the answer. Mistakes: where = "path:COLUMN".
[[nodiscard]] base::Result<PathSpec> parse_path(std::string_view text,
                                                const Catalogue& from = catalogue());

/// The way of a rack file's link, retimers where the file has them. Segments without a length take
/// the medium's typical one, and a note says so; kNotFound where the catalogue has no such medium.
[[nodiscard]] base::Result<PathSpec> path_of(const fabric::Link& link,
                                             const Catalogue& from = catalogue());

/// The frequencies that paths are built at: 0 to 80 GHz by 10 MHz, which holds a response of 100
/// ns.
[[nodiscard]] std::span<const double> standard_grid_hz();

/// Reads a measured segment: a differential two-port, 100 ohm, port 0 toward the transmitter.
using LoadFile = std::function<base::Result<channel::Network>(std::string_view file)>;

struct BuildOptions {
  double celsius = 25;      ///< of elements that name none
  bool crosstalk = false;   ///< add modelled aggressors where connectors and packages couple
  LoadFile load_file = {};  ///< needed for `file:`
};

enum class SectionKind : std::uint8_t { kElectrical, kOptical };

/// What lies between two places that decide bits.
struct Section {
  SectionKind kind = SectionKind::kElectrical;
  std::string text;          ///< its part of the path
  channel::Channel channel;  ///< of electrical sections; notes name modelled constants
  /// One-sided noise density at the receiver's end from redrivers and linear optics, V^2/Hz across
  /// 100 ohm, at the channel's frequencies; empty where there are none.
  std::vector<double> noise_v2_per_hz = {};
  const Medium* module = nullptr;  ///< of optical sections; also where linear optics are in the way
  const Medium* fibre = nullptr;
  double fibre_m = 0;
  std::string ended_by;  ///< key of the retimer or optics that follows; empty for the last
};

struct BuiltPath {
  std::vector<Section> sections;  ///< from transmitter to receiver, at least one
};

/// @pre frequency_hz ascends, first >= 0. kInvalidArgument for what cannot be built, with the
/// element's text in `where`.
[[nodiscard]] base::Result<BuiltPath> build(const PathSpec& path,
                                            std::span<const double> frequency_hz,
                                            const BuildOptions& options = {});

}  // namespace weft::phy::media
