// SPDX-License-Identifier: Apache-2.0
// Zero is not "not measured". A Reading is a value or the reason why there is none, and the reason
// goes all the way to the screen.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace weft::observe {

/// Why a value is absent.
enum class Absence : std::uint8_t {
  kNeedsRoot,      ///< the kernel gives it to root only
  kNotProvided,    ///< this source has no such value (an lspci dump has no counters)
  kNotSupported,   ///< the device or driver does not have it
  kUnreadable,     ///< the read failed
  kGarbled,        ///< read, but it cannot be true (all ones, not a number)
  kNotApplicable,  ///< the question does not arise here (a link's partner is not a PCIe port)
  kNotModelled,    ///< Weftline does not know this family yet
  kAsleep,         ///< reading it would wake the device
};

/// "needs root", "not provided by this source", …: what a person reads in place of the value.
[[nodiscard]] std::string_view words(Absence why);
/// "needs_root", …: what JSON says.
[[nodiscard]] std::string_view key(Absence why);

struct NotMeasured {
  Absence why = Absence::kNotProvided;
  std::string detail;  ///< the path or register, the kernel's word; may be empty

  [[nodiscard]] std::string text() const;
  friend bool operator==(const NotMeasured&, const NotMeasured&) = default;
};

template <class T>
using Reading = tl::expected<T, NotMeasured>;

[[nodiscard]] inline tl::unexpected<NotMeasured> absent(Absence why, std::string detail = {}) {
  return tl::unexpected<NotMeasured>(NotMeasured{why, std::move(detail)});
}

/// The reason that stands for a failed read: kPermissionDenied is kNeedsRoot, kNotFound is
/// kNotProvided, kUnimplemented is kNotSupported, kInvalidArgument and kDataLoss are kGarbled.
[[nodiscard]] NotMeasured not_measured(const base::Error& error);

}  // namespace weft::observe
