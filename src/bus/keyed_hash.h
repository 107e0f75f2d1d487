// SPDX-License-Identifier: Apache-2.0
// SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012): a hash that nobody
// can guess without its 128-bit key. redact.cpp makes pseudonyms of it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace weft::bus {

using HashKey = std::array<std::uint64_t, 2>;

[[nodiscard]] std::uint64_t siphash(const HashKey& key, std::string_view text);

/// A key that nobody has seen, from the kernel; for one capture, and then forgotten.
[[nodiscard]] HashKey random_key();

}  // namespace weft::bus
