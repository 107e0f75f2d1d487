// SPDX-License-Identifier: Apache-2.0
// Inner loops against the standard library, at lengths around the width of their lanes.
#include "phy/link/kernels.h"

#include <algorithm>
#include <complex>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace weft::phy::link {
namespace {

RC_GTEST_PROP(LinkKernels, LargestIsTheFirstOfTheLargest, ()) {
  const auto whole = *rc::gen::container<std::vector<int>>(*rc::gen::inRange<std::size_t>(1, 130),
                                                           rc::gen::inRange(-20, 20));
  const std::vector<double> in(whole.begin(), whole.end());
  RC_ASSERT(kernel::largest_at(in.data(), in.size()) ==
            static_cast<std::size_t>(std::max_element(in.begin(), in.end()) - in.begin()));
}

TEST(LinkKernels, LargestOfNothingIsTheFirstPlace) {
  EXPECT_EQ(kernel::largest_at(nullptr, 0), 0U);
}

TEST(LinkKernels, MultipliesComplexNumbers) {
  for (const std::size_t count : {0, 1, 3, 8, 33}) {
    std::vector<double> a;
    std::vector<double> b;
    for (std::size_t i = 0; i < 2 * count; ++i) {
      a.push_back(static_cast<double>(i) - 7.5);
      b.push_back(3.25 - static_cast<double>(i * i));
    }
    std::vector<double> out(2 * count);
    kernel::multiply(out.data(), a.data(), b.data(), count);
    for (std::size_t i = 0; i < count; ++i) {
      const auto product =
          std::complex(a[2 * i], a[2 * i + 1]) * std::complex(b[2 * i], b[2 * i + 1]);
      EXPECT_DOUBLE_EQ(out[2 * i], product.real());
      EXPECT_DOUBLE_EQ(out[2 * i + 1], product.imag());
    }
  }
}

}  // namespace
}  // namespace weft::phy::link
