// SPDX-License-Identifier: Apache-2.0
// Reed-Solomon against published generator polynomials (802.3 clause 91's construction) and the
// parity vector that other encoders give for message 0...01; then its contract: every pattern of up
// to t errors is corrected, at every position, and t + 1 are detected.
#include "wire/fec/reed_solomon.h"

#include "base/random.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <set>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace weft::wire::fec {
namespace {

using Word = std::vector<Symbol>;

const Word kKp4Generator = {1,   575, 552, 187, 230, 552, 1,   108, 565, 282, 249,
                            593, 132, 94,  720, 495, 385, 942, 503, 883, 361, 788,
                            610, 193, 392, 127, 185, 158, 128, 834, 523};
const Word kKr4Generator = {1, 904, 6, 701, 32, 656, 925, 900, 614, 391, 592, 265, 945, 290, 432};

Word random_codeword(const ReedSolomon& code, base::Random& random) {
  Word word(code.n());
  for (std::size_t i = 0; i < code.k(); ++i) {
    word[i] = static_cast<Symbol>(random.below(code.field().order() + 1));
  }
  EXPECT_TRUE(code.encode(word));
  return word;
}

/// Changes `count` symbols at distinct random positions.
Word with_errors(const ReedSolomon& code, Word word, std::size_t count, base::Random& random) {
  std::set<std::size_t> hit;
  while (hit.size() < count) {
    const std::size_t at = random.below(word.size());
    if (hit.insert(at).second) {
      word[at] = static_cast<Symbol>(word[at] ^ (1 + random.below(code.field().order())));
    }
  }
  return word;
}

TEST(ReedSolomon, HasThePublishedGeneratorPolynomials) {
  const auto field = GaloisField::create(10, 0x409);
  ASSERT_TRUE(field);
  EXPECT_EQ(generator_polynomial(*field, 0, 30), kKp4Generator);
  EXPECT_EQ(generator_polynomial(*field, 0, 14), kKr4Generator);
}

TEST(ReedSolomon, GivesTheParityOfMessageOne) {
  // x^(2t) mod g is g without its leading term, in characteristic 2.
  for (const auto& [code, generator] :
       {std::pair{&kp4(), kKp4Generator}, std::pair{&kr4(), kKr4Generator}}) {
    Word word(code->n(), 0);
    word[code->k() - 1] = 1;
    ASSERT_TRUE(code->encode(word));
    EXPECT_TRUE(std::equal(generator.begin() + 1, generator.end(),
                           word.begin() + static_cast<std::ptrdiff_t>(code->k())));
  }
}

TEST(ReedSolomon, CodewordsVanishAtEveryRoot) {
  base::Random random(1, "roots");
  for (const ReedSolomon* code : {&kp4(), &kr4()}) {
    const Word word = random_codeword(*code, random);
    for (std::size_t root = 0; root < code->parity_symbols(); ++root) {
      Symbol value = 0;
      for (const Symbol symbol : word) {
        value =
            static_cast<Symbol>(code->field().multiply(value, code->field().alpha(root)) ^ symbol);
      }
      EXPECT_EQ(value, 0) << root;
    }
  }
}

TEST(ReedSolomon, CorrectsExactlyTAtEveryPosition) {
  base::Random random(2, "positions");
  for (const ReedSolomon* code : {&kp4(), &kr4()}) {
    const Word sent = random_codeword(*code, random);
    for (std::size_t first = 0; first < code->n(); ++first) {
      Word word = sent;
      for (std::size_t i = 0; i < code->t(); ++i) {  // a window that wraps round
        Symbol& hit = word[(first + i) % code->n()];
        hit = static_cast<Symbol>(hit ^ (1 + random.below(1023)));
      }
      const auto outcome = code->decode(word);
      ASSERT_TRUE(outcome);
      ASSERT_TRUE(outcome->is_codeword) << first;
      ASSERT_EQ(outcome->corrected, code->t());
      ASSERT_EQ(word, sent);
    }
  }
}

TEST(ReedSolomon, SaysThatTPlusOneAreUncorrectableAndTouchesNothing) {
  base::Random random(3, "beyond");
  for (const ReedSolomon* code : {&kp4(), &kr4()}) {
    // Of words at distance t + 1, a share below 1 / t! lies within t of another codeword.
    const int trials = 400;
    int detected = 0;
    for (int i = 0; i < trials; ++i) {
      const Word sent = random_codeword(*code, random);
      Word word = with_errors(*code, sent, code->t() + 1, random);
      const Word received = word;
      const auto outcome = code->decode(word);
      ASSERT_TRUE(outcome);
      if (!outcome->is_codeword) {
        ++detected;
        ASSERT_EQ(word, received);
      } else {
        ASSERT_NE(word, sent);
        ASSERT_TRUE(code->is_codeword(word));
      }
    }
    EXPECT_GE(detected, code == &kp4() ? trials : trials - 2);
  }
}

TEST(ReedSolomon, RefusesWordsOfAWrongLength) {
  Word word(543);
  EXPECT_FALSE(kp4().decode(word));
  EXPECT_FALSE(kp4().encode(word));
  EXPECT_FALSE(kp4().is_codeword(word));
}

TEST(ReedSolomon, RefusesShapesAndPolynomialsThatMakeNoCode) {
  EXPECT_FALSE(GaloisField::create(8, 0x11B)) << "AES's polynomial is irreducible, not primitive";
  EXPECT_FALSE(GaloisField::create(8, 0x1D));
  EXPECT_FALSE(GaloisField::create(11, 0x805));
  const auto field = GaloisField::create(8, 0x11D);
  ASSERT_TRUE(field);
  for (const RsShape& shape :
       {RsShape{256, 250, 0}, RsShape{10, 10, 0}, RsShape{10, 0, 0}, RsShape{255, 150, 0}}) {
    EXPECT_FALSE(ReedSolomon::create(*field, shape));
  }
}

struct FieldChoice {
  unsigned bits;
  std::uint32_t polynomial;
};
constexpr FieldChoice kFields[] = {{3, 0xB},   {4, 0x13},  {5, 0x25},  {8, 0x11D},
                                   {8, 0x12B}, {9, 0x211}, {10, 0x409}};

RC_GTEST_PROP(ReedSolomonProperty, CorrectsUpToTOfAnyCode, ()) {
  const auto choice = kFields[*rc::gen::inRange<std::size_t>(0, std::size(kFields))];
  const auto field = GaloisField::create(choice.bits, choice.polynomial);
  RC_ASSERT(field.has_value());
  const std::size_t parity =
      *rc::gen::inRange<std::size_t>(1, std::min<std::size_t>(64, field->order() - 1) + 1);
  const std::size_t n = *rc::gen::inRange(parity + 1, field->order() + 1);
  const std::size_t first = *rc::gen::inRange<std::size_t>(0, field->order() + 3);
  const auto code = ReedSolomon::create(*field, {n, n - parity, first});
  RC_ASSERT(code.has_value());
  base::Random random(*rc::gen::arbitrary<std::uint64_t>(), "code");
  const Word sent = random_codeword(*code, random);
  RC_ASSERT(code->is_codeword(sent));
  const std::size_t errors = *rc::gen::inRange<std::size_t>(0, code->t() + 1);
  Word word = with_errors(*code, sent, errors, random);
  const auto outcome = code->decode(word);
  RC_ASSERT(outcome.has_value());
  RC_ASSERT(outcome->is_codeword);
  RC_ASSERT(outcome->corrected == errors);
  RC_ASSERT(word == sent);
}

RC_GTEST_PROP(ReedSolomonProperty, NeverCallsAWordCorrectedThatIsNoCodeword, ()) {
  const auto field = GaloisField::create(4, 0x13);
  const auto code = ReedSolomon::create(*field, {15, 9, 0});
  Word word = *rc::gen::container<Word>(15, rc::gen::inRange<Symbol>(0, 16));
  const Word received = word;
  const auto outcome = code->decode(word);
  RC_ASSERT(outcome.has_value());
  const auto changed = static_cast<std::size_t>(std::inner_product(
      word.begin(), word.end(), received.begin(), 0, std::plus<>(), std::not_equal_to<>()));
  RC_ASSERT(changed == outcome->corrected);
  RC_ASSERT(outcome->corrected <= 3);
  RC_ASSERT(code->is_codeword(word) == outcome->is_codeword);
}

RC_GTEST_PROP(GaloisProperty, IsAField, ()) {
  const auto choice = kFields[*rc::gen::inRange<std::size_t>(0, std::size(kFields))];
  const auto field = GaloisField::create(choice.bits, choice.polynomial);
  const auto element = rc::gen::inRange<Symbol>(0, static_cast<Symbol>(field->order() + 1));
  const Symbol a = *element;
  const Symbol b = *element;
  const Symbol c = *element;
  // Multiplication as carry-less product and reduction, bit by bit.
  std::uint32_t product = 0;
  for (unsigned bit = 0; bit < choice.bits; ++bit) {
    product ^= (b >> bit & 1U) != 0 ? std::uint32_t{a} << bit : 0;
  }
  for (unsigned bit = 2 * choice.bits; bit-- > choice.bits;) {
    product ^= (product >> bit & 1U) != 0 ? choice.polynomial << (bit - choice.bits) : 0;
  }
  RC_ASSERT(field->multiply(a, b) == product);
  RC_ASSERT(field->multiply(a, static_cast<Symbol>(b ^ c)) ==
            (field->multiply(a, b) ^ field->multiply(a, c)));
  if (b != 0) {
    RC_ASSERT(field->multiply(field->divide(a, b), b) == a);
  }
}

}  // namespace
}  // namespace weft::wire::fec
