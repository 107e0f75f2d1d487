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
/// out[i] = a[i] b[i] of complex numbers as pairs; `count` pairs.
void multiply(double* out, const double* a, const double* b, std::size_t count);
/// Where the first of the largest numbers is; 0 for none.
[[nodiscard]] std::size_t largest_at(const double* in, std::size_t count);
/// Rows `from` to `to` of the lower triangle of a positive definite matrix (rows `stride` apart),
/// factored in place behind the rows before them. False where it is not positive definite.
[[nodiscard]] bool factor_rows(double* a, std::size_t stride, std::size_t from, std::size_t to);

}  // namespace weft::phy::link::kernel
