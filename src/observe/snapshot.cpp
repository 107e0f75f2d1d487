// SPDX-License-Identifier: Apache-2.0
#include "observe/snapshot.h"

#include <array>
#include <type_traits>
#include <variant>

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

std::uint64_t number_of(const Subject& subject) {
  return std::visit(
      [](const auto& id) -> std::uint64_t {
        if constexpr (std::is_same_v<std::decay_t<decltype(id)>, std::monostate>) {
          return 0;
        } else {
          return id.value();
        }
      },
      subject);
}

std::string_view key(Severity severity) {
  static constexpr std::array<std::string_view, 3> kKeys = {"info", "warning", "critical"};
  return kKeys.at(static_cast<std::size_t>(severity));
}

}  // namespace weft::observe
