// SPDX-License-Identifier: Apache-2.0
// That somebody has seen a finding and does not want to be told of it again for now. Kept in the
// store by the finding's id, and over by itself when the finding gets worse, comes back after
// closing, or closes, or when its time is over: what was not seen then is told again.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "diagnose/watch.h"
#include "telemetry/store.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace weft::serve {

struct Acknowledgement {
  std::string finding;  ///< id
  std::string by;
  std::string text;
  base::WallTime at;
  std::optional<base::WallTime> until;
  diagnose::Level level = diagnose::Level::kOk;  ///< of the finding as it was seen
  std::uint32_t recurrences = 0;                 ///< and how often it had come back
};

/// By the finding's id.
using Acknowledgements = std::map<std::string, Acknowledgement, std::less<>>;

[[nodiscard]] bool holds(const Acknowledgement& one, const diagnose::LivingFinding& finding,
                         base::WallTime now);

/// An earlier one of the same finding is replaced. The caller commits.
base::Result<void> keep_acknowledgement(telemetry::Store& store, const Acknowledgement& one);
base::Result<void> drop_acknowledgement(telemetry::Store& store, std::string_view finding);
/// All that are kept; records that are none of ours are left out.
[[nodiscard]] Acknowledgements kept_acknowledgements(const telemetry::Store& store);

/// What a question asks for: {"ask": "acknowledge", "finding": …} with `by`, `text`, `until` or
/// `for_s`; `drop` takes it back; nothing happens unless `apply` is true.
struct AskedAcknowledgement {
  Acknowledgement one;
  bool drops = false;
  bool applies = false;
};
/// kNotFound: there is no such finding, or none of it to take back; kFailedPrecondition: it is
/// closed; kInvalidArgument.
[[nodiscard]] base::Result<AskedAcknowledgement> asked_acknowledgement(
    std::string_view request, std::span<const diagnose::LivingFinding> findings,
    const Acknowledgements& known, base::WallTime now);
/// The answer to it, a line without its end.
[[nodiscard]] std::string acknowledgement_answer(const base::Result<AskedAcknowledgement>& asked,
                                                 base::WallTime now, bool is_simulated);

/// {"by": …, "text": …, "at": …, "until": …}: a finding's member "acknowledged".
[[nodiscard]] std::string acknowledgement_json(const Acknowledgement& one);
/// "acknowledged by anna at …, until …: cable is ordered"
[[nodiscard]] std::string acknowledgement_text(const Acknowledgement& one);

}  // namespace weft::serve
