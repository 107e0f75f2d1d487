// SPDX-License-Identifier: Apache-2.0
// Errors are values: what failed, on what, what to do. Every folder's public functions that can
// fail return Result<T>; no exception crosses a folder's door. The codes are the 16 gRPC canonical
// ones, so that exit codes, HTTP status and gNMI status can come from one table each.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace weft::base {

/// gRPC canonical status codes (their numbers are gRPC's), without OK.
enum class Code : std::uint8_t {
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

/// The canonical name, as gRPC spells it: "NOT_FOUND".
[[nodiscard]] std::string_view name(Code code);

/// What failed, on what, and what to do about it.
struct Error {
  Code code = Code::kUnknown;
  std::string what;   ///< what failed, one clause, lower case: "capability list loops"
  std::string where;  ///< on what: a path, "FILE:LINE:COLUMN", a device; may be empty
  std::string hint;   ///< what to do, one sentence; may be empty

  /// "where: what (hint)", the parts that are there.
  [[nodiscard]] std::string text() const;
};

template <class T>
using Result = tl::expected<T, Error>;

/// An Error as the failing return value of any Result.
[[nodiscard]] inline tl::unexpected<Error> fail(Code code, std::string what, std::string where = {},
                                                std::string hint = {}) {
  return tl::unexpected<Error>(Error{code, std::move(what), std::move(where), std::move(hint)});
}

}  // namespace weft::base
