// SPDX-License-Identifier: Apache-2.0
// What `weft ber` was asked and what it found, and both as text and JSON (schema weftline/ber/1,
// docs/formats/ber.md). ber.cpp fills it.
#pragma once

#include "fabric/protocol.h"
#include "phy/fec/analytic.h"
#include "phy/fec/concatenated.h"
#include "phy/fec/flit_retry.h"
#include "phy/fec/proof.h"
#include "phy/fec/simulate.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weft::cli {

/// The options, read and checked one by one.
struct BerQuestion {
  std::optional<double> pre;
  std::string fec;  ///< key: "kp4"; chosen by the protocol where not given
  phy::fec::ErrorProcess errors;
  const fabric::Protocol* protocol = nullptr;
  std::optional<std::uint32_t> width;
  std::optional<double> lane_bits_per_second;  ///< of the protocol or --rate
  std::optional<std::uint64_t> seen_errors;
  std::optional<double> seen_bits;
  double target = 1e-15;
  bool has_target = false;
  double confidence = 0.95;
  std::uint64_t simulate = 0;
  std::uint64_t seed = 1;
  double round_trip_s = 0;
  bool is_round_trip_modelled = true;  ///< not given
  bool is_selective = false;

  [[nodiscard]] std::optional<double> port_bits_per_second() const {
    return lane_bits_per_second
               ? std::optional(*lane_bits_per_second * static_cast<double>(width.value_or(1)))
               : std::nullopt;
  }
};

/// What was found; those parts that were asked for.
struct BerAnswer {
  BerQuestion question;
  std::optional<phy::fec::PostFec> post;     ///< block codes
  std::optional<double> inner;               ///< bit error ratio after the inner code
  std::optional<phy::fec::FlitRetry> retry;  ///< flits
  std::optional<phy::fec::FlitService> service;
  std::optional<phy::fec::Proof> proof;
  std::optional<phy::fec::CodewordTrial> codewords;  ///< --simulate, block codes
  std::optional<phy::fec::FlitTrial> flits;          ///< --simulate, flits

  /// Seconds between uncorrectable codewords at the port's rate; absent without a rate or a ratio.
  [[nodiscard]] std::optional<double> between_failures_s() const;
  /// Whether the target holds; absent where nothing was computed that it could apply to.
  [[nodiscard]] std::optional<bool> meets_target() const;
};

/// "8.2e-13"; "4.0e-413" where only the logarithm is left; "0" where the ratio is truly 0.
[[nodiscard]] std::string ratio_text(double ratio, double log10_ratio);
/// "3.2 s", "12 days", "4.1e9 years".
[[nodiscard]] std::string duration_text(double seconds);

[[nodiscard]] std::string ber_text(const BerAnswer& answer, bool utf8);
[[nodiscard]] std::string ber_json(const BerAnswer& answer);

}  // namespace weft::cli
