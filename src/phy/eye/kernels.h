// SPDX-License-Identifier: Apache-2.0
// The inner loops of the statistical eye: plain loops over restrict pointers that compilers
// vectorise, each compiled for AVX2 and for the baseline and picked when the program starts. No
// sum is reordered and nothing is fused, so both give the same bits. Called by column.cpp and
// eye.cpp only.
#pragma once

#include <cstddef>

namespace weft::phy::eye::kernel {

/// out[i] = near (in[i-m] + in[i+m]) + far (in[i-m-1] + in[i+m+1]) for i in [0, count).
/// @pre in[-(m+1)] .. in[count+m] can be read
void pair_set(double* out, const double* in, std::size_t count, std::size_t m, double near_weight,
              double far_weight);
/// Likewise, added to what is in `out`.
void pair_add(double* out, const double* in, std::size_t count, std::size_t m, double near_weight,
              double far_weight);
/// out[i] = weight in[i].
void scale(double* out, const double* in, std::size_t count, double weight);
/// out[i] += weight in[i].
void add_scaled(double* out, const double* in, std::size_t count, double weight);
/// out[i] += w[0] in[i] + w[1] in[i-1] + w[2] in[i-2] + w[3] in[i-3].
void add_four(double* out, const double* in, std::size_t count, const double* w);
/// out[i] = exp(in[i]), relative error below 1e-13; 0 below -700.
/// @pre in[i] <= 700
void exponential(double* out, const double* in, std::size_t count);

}  // namespace weft::phy::eye::kernel
