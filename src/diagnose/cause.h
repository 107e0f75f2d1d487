// SPDX-License-Identifier: Apache-2.0
// The table of causes: what can be wrong with a link, which part that is, how often it is the
// reason, how it shows and what mends it. belief.h multiplies. How a cause shows is a likelihood
// for each feature, never a branch; every row cites where it is from, or says "modelled". Adding
// one more: a row in cause.cpp and its signs in signature.cpp; cause_test.cpp checks both.
#pragma once

#include "diagnose/feature.h"

#include <span>
#include <string_view>

namespace weft::diagnose {

/// Which thing of a section a cause is about, in the direction of the bits.
enum class Role : std::uint8_t {
  kTransmitter,
  kReceiver,
  kMedium,  ///< cable, fibre or board of the section
  kConnector,
  kEither,  ///< the link as a whole, or not known which
  kShared,  ///< what several links have in common
};

/// Where a cause can be at all.
enum class Where : std::uint8_t {
  kAny,
  kOptical,    ///< fibre in the section
  kCopper,     ///< a cable of copper
  kElectric,   ///< copper of any kind: cable, board, backplane
  kPluggable,  ///< a connector in the section: card, cable, module
  kContact,    ///< contacts of metal in the section: a connector that is not the fibre's
  kActive,     ///< a retimer, or an active cable's or optics' module, at an end of the section
  kPcie,
};

struct Cause {
  std::string_view key;    ///< "contaminated_connector"
  std::string_view words;  ///< "a dirty connector"
  Role role = Role::kEither;
  Where where = Where::kAny;
  bool both_directions = false;
  bool is_fault = true;     ///< false: nothing is wrong with a link; no finding
  std::string_view family;  ///< findings of one root with the same family are one finding
  double prior = 0;         ///< share among the reasons for a link to behave oddly
  std::string_view repair;
  std::string_view source;
  std::string_view part_kind = {};  ///< shared causes: what of the shared thing it is ("fan")
  /// It is hardly ever there without this one; kCount_: none is so telling.
  Feature defining = Feature::kCount_;
  Feature or_defining = Feature::kCount_;  ///< or this one
};

[[nodiscard]] std::span<const Cause> causes();
/// nullptr where there is none.
[[nodiscard]] const Cause* cause(std::string_view key);

/// How one cause shows in one feature. What is left to 1 is "normal".
struct Sign {
  std::string_view cause;
  Feature feature{};
  double raised = 0;
  double lowered = 0;
};
[[nodiscard]] std::span<const Sign> signs();

/// Probability of having seen `move` of `feature` under a cause; 1 where it is absent. Features
/// without a sign are as on a healthy link. @pre cause is a row of causes()
[[nodiscard]] double likelihood(const Cause& cause, Feature feature, Move move);
/// The same of a healthy link.
[[nodiscard]] double likelihood_by_chance(Feature feature, Move move);
/// The same where the reason is nothing in the table.
[[nodiscard]] double likelihood_of_unknown(Feature feature, Move move);
inline constexpr double kUnknownPrior = 0.04;

}  // namespace weft::diagnose
