// SPDX-License-Identifier: Apache-2.0
#include "wire/fec/galois.h"

namespace weft::wire::fec {

base::Result<GaloisField> GaloisField::create(unsigned bits, std::uint32_t polynomial) {
  const auto refuse = [](const char* what) {
    return base::fail(base::Code::kInvalidArgument, what, "Galois field");
  };
  if (bits < 3 || bits > 10) {
    return refuse("symbols have 3 to 10 bits");
  }
  if (polynomial >> bits != 1) {
    return refuse("degree of the polynomial is not the bits of a symbol");
  }
  GaloisField field;
  field.bits_ = bits;
  field.polynomial_ = polynomial;
  field.order_ = (std::size_t{1} << bits) - 1;
  std::uint32_t element = 1;
  for (std::size_t i = 0; i < field.order_; ++i) {
    if (i > 0 && element == 1) {
      return refuse("polynomial is not primitive");
    }
    field.antilog_[i] = static_cast<Symbol>(element);
    field.antilog_[i + field.order_] = static_cast<Symbol>(element);
    field.log_[element] = static_cast<Symbol>(i);
    element <<= 1U;
    if (element >> bits != 0) {
      element ^= polynomial;
    }
  }
  if (element != 1) {
    return refuse("polynomial is not primitive");
  }
  field.log_[0] = static_cast<Symbol>(2 * field.order_);
  return field;
}

std::vector<Symbol> generator_polynomial(const GaloisField& field, std::size_t first,
                                         std::size_t count) {
  std::vector<Symbol> product = {1};
  for (std::size_t i = 0; i < count; ++i) {
    const Symbol root = field.alpha(first + i);
    product.push_back(0);
    for (std::size_t j = product.size() - 1; j > 0; --j) {
      product[j] = static_cast<Symbol>(product[j] ^ field.multiply(product[j - 1], root));
    }
  }
  return product;
}

}  // namespace weft::wire::fec
