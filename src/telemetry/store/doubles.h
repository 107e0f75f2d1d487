// SPDX-License-Identifier: Apache-2.0
// A column of doubles, given as their bits. Sensors give decimals or binary fractions: where all
// values are integers over one power of ten or two, those integers are written (integers.h), else
// the bits by XOR with the value before, after Pelkonen et al., "Gorilla" (VLDB 2015), whichever is
// smaller. Every bit pattern comes back: NaN payloads, -0, infinities.
#pragma once

#include "telemetry/store/bits.h"

#include <span>
#include <vector>

namespace weft::telemetry::store_parts {

/// Appends the column; its length is not written.
void encode_doubles(std::span<const std::uint64_t> bits, base::Bytes& out);

/// As decode_integers().
bool decode_doubles(ByteReader& in, std::size_t count, std::vector<std::uint64_t>& out);

}  // namespace weft::telemetry::store_parts
