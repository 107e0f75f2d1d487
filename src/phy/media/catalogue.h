// SPDX-License-Identifier: Apache-2.0
// The media catalogue: what boards, cables, connectors, packages, fibres, optical modules and
// repeaters are made of, as numbers that each carry their source. data/media/*.yaml holds them
// (docs/formats/media.md states keys and units); path.h builds channels from them, optics/ budgets.
// A number whose source starts with "modelled" is no measurement, and reports must say so. The
// loader refuses unknown keys, missing constants and values out of range, each with line and
// column.
#pragma once

#include "base/result.h"
#include "fabric/model.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::phy::media {

enum class Kind : std::uint8_t {
  kLaminate,       ///< board trace: loss per inch
  kCable,          ///< twinax: loss per metre, and its two ends
  kPackage,        ///< device package: line, die and ball capacitance
  kConnector,      ///< mated connector or slot
  kVia,            ///< plated hole with a stub
  kRedriver,       ///< linear repeater: gain and noise; noise is not reset
  kLinearOptics,   ///< linear pluggable: one electrical-optical-electrical hop, noise not reset
  kRetimer,        ///< decides bits anew: cuts a path
  kRetimedOptics,  ///< optical hop between two DSPs: cuts a path at both ends
  kModule,         ///< optical module: the transmitter and receiver of optics/link.h
  kFibre,
};
[[nodiscard]] std::string_view key(Kind kind);  ///< "laminate", ...

/// A number and where it comes from.
struct Constant {
  std::string name;  ///< its key in the file, which ends in its unit: "k_c_db_per_in"
  double value = 0;
  std::string source;
  bool is_modelled = false;  ///< not confirmed by a measurement or a public source
};

struct Medium {
  std::string key;  ///< "megtron6"
  std::string title;
  Kind kind = Kind::kLaminate;
  std::vector<std::string> aliases;
  std::vector<Constant> constants;         ///< in the order of the kind's table
  std::optional<std::string> module;       ///< of optics kinds: the module it uses
  std::optional<std::string> fibre;        ///< of optics kinds and modules: the fibre it uses
  std::vector<fabric::Medium> stands_for;  ///< rack-file media that it is the default of
  std::string origin;                      ///< "FILE:LINE:COLUMN"

  [[nodiscard]] const Constant* find(std::string_view name) const;
  /// The constant's value, `otherwise` where the file does not give it.
  [[nodiscard]] double value(std::string_view name, double otherwise = 0) const;
  /// Names and sources of its modelled constants, one line; empty where every number has a source.
  [[nodiscard]] std::string modelled() const;
};

/// What a kind's constant is: every row is a key that data/media/*.yaml may hold.
struct ConstantRule {
  Kind kind;
  std::string_view name;
  bool is_required;
  double min, max;
  std::string_view help;
};
[[nodiscard]] std::span<const ConstantRule> constant_rules();

class Catalogue {
 public:
  /// Adds the media of one file; all or nothing. kInvalidArgument with "FILE:LINE:COLUMN" for each
  /// mistake (the first of them); kAlreadyExists where a key or alias is taken.
  [[nodiscard]] base::Result<void> add(std::string_view text, std::string_view file);

  [[nodiscard]] std::span<const Medium> media() const { return media_; }
  /// By key or alias, in any case; null where there is none.
  [[nodiscard]] const Medium* find(std::string_view key) const;
  /// The same; kNotFound names the nearest.
  [[nodiscard]] base::Result<const Medium*> get(std::string_view key) const;
  /// What a segment of a rack file is made of: its part where the catalogue knows it, else the
  /// default of its medium; null where there is none (coherent optics).
  [[nodiscard]] const Medium* of(const fabric::Segment& segment) const;

 private:
  std::vector<Medium> media_;
};

/// The catalogue that comes with the program; a test loads every file of it.
[[nodiscard]] const Catalogue& catalogue();

}  // namespace weft::phy::media
