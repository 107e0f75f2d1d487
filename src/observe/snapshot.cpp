// SPDX-License-Identifier: Apache-2.0
#include "observe/snapshot.h"

#include <array>

namespace weft::observe {

std::string text(const Subject& subject) {
  return std::visit(
      [](const auto& id) -> std::string {
        if constexpr (std::is_same_v<std::decay_t<decltype(id)>, std::monostate>) {
          return {};
        } else {
          return id.text();
        }
      },
      subject);
}

std::string_view key(Severity severity) {
  static constexpr std::array<std::string_view, 3> kKeys = {"info", "warning", "critical"};
  return kKeys.at(static_cast<std::size_t>(severity));
}

}  // namespace weft::observe
