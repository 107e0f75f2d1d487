// SPDX-License-Identifier: Apache-2.0
// A column of 64-bit integers: times, counters, scaled gauges, indices. Of several forms (constant,
// runs, packed, Rice codes; of values, of differences, of differences' differences) the smallest is
// written. Arithmetic is modulo 2^64, so every column comes back bit by bit. After Pelkonen et al.,
// "Gorilla" (VLDB 2015) for the differences and Rice (1979) for the codes.
#pragma once

#include "telemetry/store/bits.h"

#include <span>
#include <vector>

namespace weft::telemetry::store_parts {

/// Appends the column; its length is not written.
void encode_integers(std::span<const std::uint64_t> values, base::Bytes& out);

/// Reads `count` values that encode_integers() wrote; false (and the reader failed) where the bytes
/// are not such a column. Memory: 8 bytes a value, whatever the bytes say.
bool decode_integers(ByteReader& in, std::size_t count, std::vector<std::uint64_t>& out);

}  // namespace weft::telemetry::store_parts
