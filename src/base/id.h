// SPDX-License-Identifier: Apache-2.0
// Ids that survive restarts: 64-bit hashes of an identity string (where a thing sits, or its
// serial), never of the order in which things were found. The identity string of each kind of thing
// is defined where that thing is made (fabric/rack.h, driver/).
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace weft::base {

/// FNV-1a, 64 bit (Fowler, Noll, Vo; parameters of draft-eastlake-fnv). Not for hostile keys.
[[nodiscard]] constexpr std::uint64_t fnv1a64(std::string_view text,
                                              std::uint64_t hash = 0xcbf29ce484222325ULL) {
  for (const char c : text) {
    hash ^= static_cast<std::uint8_t>(c);
    hash *= 0x100000001b3ULL;
  }
  return hash;
}

/// A 64-bit id that does not mix with other kinds. Tag has `static constexpr std::string_view
/// kPrefix`.
template <class Tag>
class StrongId {
 public:
  constexpr StrongId() = default;
  constexpr explicit StrongId(std::uint64_t value) : value_(value) {}

  /// The id of what `identity` names.
  [[nodiscard]] static constexpr StrongId of(std::string_view identity) {
    return StrongId(fnv1a64(identity, fnv1a64(Tag::kPrefix)));
  }
  [[nodiscard]] constexpr std::uint64_t value() const { return value_; }
  [[nodiscard]] constexpr bool is_null() const { return value_ == 0; }

  /// "lnk-00f3c2a1b4d5e697": prefix and 16 hexadecimal digits.
  [[nodiscard]] std::string text() const {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string out(Tag::kPrefix);
    out += '-';
    for (int shift = 60; shift >= 0; shift -= 4) {
      out += kDigits[(value_ >> shift) & 0xF];
    }
    return out;
  }
  friend constexpr auto operator<=>(StrongId, StrongId) = default;

 private:
  std::uint64_t value_ = 0;
};

}  // namespace weft::base

template <class Tag>
struct std::hash<weft::base::StrongId<Tag>> {
  std::size_t operator()(weft::base::StrongId<Tag> id) const noexcept {
    return static_cast<std::size_t>(id.value());
  }
};
