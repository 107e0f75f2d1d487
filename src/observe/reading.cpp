// SPDX-License-Identifier: Apache-2.0
#include "observe/reading.h"

#include <array>

namespace weft::observe {
namespace {

struct AbsenceName {
  std::string_view key;
  std::string_view words;
};

const AbsenceName& entry(Absence why) {
  static constexpr std::array<AbsenceName, 8> kNames = {{
      {"needs_root", "needs root"},
      {"not_provided", "not given by this source"},
      {"not_supported", "not supported by the device"},
      {"unreadable", "could not be read"},
      {"garbled", "garbled"},
      {"not_applicable", "does not apply"},
      {"not_modelled", "not modelled yet"},
      {"asleep", "asleep; reading it would wake it"},
  }};
  return kNames.at(static_cast<std::size_t>(why));
}

}  // namespace

std::string_view words(Absence why) {
  return entry(why).words;
}
std::string_view key(Absence why) {
  return entry(why).key;
}

std::string NotMeasured::text() const {
  std::string out(words(why));
  if (!detail.empty()) {
    out += ": " + detail;
  }
  return out;
}

NotMeasured not_measured(const base::Error& error) {
  using base::Code;
  Absence why = Absence::kUnreadable;
  switch (error.code) {
    case Code::kPermissionDenied:
      why = Absence::kNeedsRoot;
      break;
    case Code::kNotFound:
      why = Absence::kNotProvided;
      break;
    case Code::kUnimplemented:
      why = Absence::kNotSupported;
      break;
    case Code::kInvalidArgument:
    case Code::kDataLoss:
      why = Absence::kGarbled;
      break;
    default:
      break;
  }
  return {why, error.where.empty() ? error.what : error.where};
}

}  // namespace weft::observe
