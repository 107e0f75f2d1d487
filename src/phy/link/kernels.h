// SPDX-License-Identifier: Apache-2.0
// The inner loops of the equaliser search. Sums run in eight lanes in a fixed order, so that every
// machine gives the same bits. Called from this folder only.
#pragma once

#include <cstddef>

namespace weft::phy::link::kernel {

/// sum a[i] b[i]
[[nodiscard]] double dot(const double* a, const double* b, std::size_t count);
/// out[i] += weight in[i]
void add_scaled(double* out, const double* in, std::size_t count, double weight);
/// Rows `from` to `to` of the lower triangle of a positive definite matrix (rows `stride` apart),
/// factored in place behind the rows before them. False where it is not positive definite.
[[nodiscard]] bool factor_rows(double* a, std::size_t stride, std::size_t from, std::size_t to);

}  // namespace weft::phy::link::kernel
