// SPDX-License-Identifier: Apache-2.0
// Line codes, scramblers, test patterns and the inner Hamming code against their definitions,
// written down here a second time bit by bit, and against the PRBS13Q sequence that the IEEE 802.3
// COM script prints in Octave (public oracle values of its ports).
#include "base/random.h"
#include "wire/fec/hamming.h"
#include "wire/fec/line_code.h"
#include "wire/fec/prbs.h"
#include "wire/fec/scrambler.h"

#include <array>
#include <deque>
#include <numeric>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace weft::wire::fec {
namespace {

using ::testing::ElementsAre;

TEST(LineCode, GrayLevelsAreThoseOfPam4) {
  EXPECT_EQ(gray_to_level(0b00), 0);
  EXPECT_EQ(gray_to_level(0b01), 1);
  EXPECT_EQ(gray_to_level(0b11), 2);
  EXPECT_EQ(gray_to_level(0b10), 3);
  // Bits 1,0 0,1 1,1 0,0 in sending order, least significant first: 0b00'11'10'01.
  EXPECT_THAT(to_pam4(base::Bytes{0b00111001}), ElementsAre(3, 1, 2, 0));
}

RC_GTEST_PROP(LineCodeProperty, GrayNeighboursDifferInOneBit, ()) {
  const auto level = *rc::gen::inRange<Level>(0, 63);
  const unsigned differ = level_to_gray(level) ^ level_to_gray(static_cast<Level>(level + 1));
  RC_ASSERT((differ & (differ - 1)) == 0u);
  RC_ASSERT(gray_to_level(level_to_gray(level)) == level);
}

RC_GTEST_PROP(LineCodeProperty, BitsAndSymbolsRoundTrip, (const base::Bytes& bytes)) {
  RC_ASSERT(from_pam4(to_pam4(bytes)) == bytes);
  const auto bits = *rc::gen::inRange(1u, 17u);
  const auto symbols = to_symbols(bytes, bits);
  const auto back = to_bytes(symbols, bits);
  RC_ASSERT(to_symbols(back, bits) == symbols);
  RC_ASSERT(symbols.size() == bytes.size() * 8 / bits);
}

RC_GTEST_PROP(LineCodeProperty, PrecodingRoundTripsAndTurnsABurstIntoItsEnds, ()) {
  const auto levels = *rc::gen::element(2u, 4u, 6u, 8u);
  const auto data = *rc::gen::container<std::vector<Level>>(
      64, rc::gen::inRange<Level>(0, static_cast<Level>(levels)));
  std::vector<Level> sent = data;
  Level state = 0;
  precode(std::span(sent).first(10), levels, state);
  precode(std::span(sent).subspan(10), levels, state);
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const unsigned before = i == 0 ? 0 : sent[i - 1];
    RC_ASSERT((sent[i] + before) % levels == data[i]);
  }
  // A burst as a DFE makes it: errors of +1 and -1 in turn.
  const auto first = *rc::gen::inRange<std::size_t>(0, 40);
  const auto length = *rc::gen::inRange<std::size_t>(1, 20);
  std::vector<Level> received = sent;
  for (std::size_t i = 0; i < length; ++i) {
    received[first + i] =
        static_cast<Level>((received[first + i] + (i % 2 == 0 ? 1 : levels - 1)) % levels);
  }
  state = 0;
  decode_precoding(received, levels, state);
  std::vector<std::size_t> wrong;
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (received[i] != data[i]) {
      wrong.push_back(i);
    }
  }
  RC_ASSERT(wrong == (std::vector<std::size_t>{first, first + length}));
}

RC_GTEST_PROP(LineCodeProperty, InterleavingRoundTrips, ()) {
  const auto ways = *rc::gen::element<std::size_t>(1, 2, 4);
  const auto length = *rc::gen::inRange<std::size_t>(1, 40);
  const auto codewords = *rc::gen::container<std::vector<std::vector<Symbol>>>(
      ways, rc::gen::container<std::vector<Symbol>>(length, rc::gen::inRange<Symbol>(0, 1024)));
  const auto line = interleave(codewords);
  RC_ASSERT(line.has_value());
  RC_ASSERT((*line)[ways - 1] == codewords[ways - 1][0]);
  RC_ASSERT(deinterleave(*line, ways) == codewords);
}

TEST(LineCode, RefusesUnequalCodewordsAndLinesThatDoNotDivide) {
  EXPECT_FALSE(interleave(std::vector<std::vector<Symbol>>{{1, 2}, {3}}));
  EXPECT_FALSE(deinterleave(std::vector<Symbol>{1, 2, 3}, 2));
  EXPECT_FALSE(deinterleave(std::vector<Symbol>{1, 2, 3}, 0));
}

std::vector<unsigned> bits_of(const base::Bytes& bytes) {
  std::vector<unsigned> bits;
  for (const std::uint8_t byte : bytes) {
    for (unsigned i = 0; i < 8; ++i) {
      bits.push_back(byte >> i & 1U);
    }
  }
  return bits;
}

TEST(PcieScrambler, FollowsItsPolynomialFromItsSeeds) {
  for (std::size_t lane = 0; lane < 16; ++lane) {
    base::Bytes bytes(64, 0);
    PcieScrambler scrambler(lane);
    scrambler.apply(bytes);
    const auto bits = bits_of(bytes);
    // A Galois register shifted up sends its top bit, and what it sends obeys its polynomial.
    EXPECT_EQ(bits[0], pcie_scrambler_seed(lane) >> 22U & 1U);
    for (std::size_t n = 0; n + 23 < bits.size(); ++n) {
      ASSERT_EQ(bits[n + 23],
                bits[n + 21] ^ bits[n + 16] ^ bits[n + 8] ^ bits[n + 5] ^ bits[n + 2] ^ bits[n]);
    }
    EXPECT_EQ(pcie_scrambler_seed(lane), pcie_scrambler_seed(lane % 8));
  }
  EXPECT_EQ(pcie_scrambler_seed(0), 0x1DBFBCu);
  EXPECT_EQ(pcie_scrambler_seed(7), 0x1BB807u);
}

RC_GTEST_PROP(PcieScramblerProperty, DescramblesWhatItScrambled, (base::Bytes bytes)) {
  const auto lane = *rc::gen::inRange<std::size_t>(0, 16);
  const base::Bytes data = bytes;
  PcieScrambler sender(lane);
  PcieScrambler receiver(lane);
  sender.skip(3);
  receiver.skip(3);
  sender.apply(bytes);
  receiver.apply(bytes);
  RC_ASSERT(bytes == data);
  RC_ASSERT(sender.state() == receiver.state());
}

TEST(EthernetScrambler, IsOnePlusX39PlusX58) {
  base::Random random(1, "ethernet");
  base::Bytes data(200);
  for (auto& byte : data) {
    byte = static_cast<std::uint8_t>(random.below(256));
  }
  base::Bytes line = data;
  EthernetScrambler scrambler(0);
  scrambler.apply(line);
  std::deque<unsigned> last(58, 0);  // front: one bit ago
  const auto in = bits_of(data);
  const auto out = bits_of(line);
  for (std::size_t n = 0; n < in.size(); ++n) {
    ASSERT_EQ(out[n], in[n] ^ last[38] ^ last[57]) << n;
    last.push_front(out[n]);
    last.pop_back();
  }
}

TEST(EthernetScrambler, SynchronisesItselfAndTriplesErrors) {
  base::Bytes data(64, 0x5A);
  base::Bytes line = data;
  EthernetScrambler(0x123456789ABCDEF).apply(line);
  base::Bytes received = line;
  EthernetDescrambler(~std::uint64_t{0}).apply(received);
  EXPECT_TRUE(std::equal(data.begin() + 8, data.end(), received.begin() + 8));  // 58 bits
  received = line;
  received[20] ^= 1;
  EthernetDescrambler().apply(received);
  const auto got = bits_of(received);
  const auto sent = bits_of(data);
  std::vector<std::size_t> wrong;
  for (std::size_t i = 64; i < sent.size(); ++i) {
    if (got[i] != sent[i]) {
      wrong.push_back(i);
    }
  }
  EXPECT_THAT(wrong, ElementsAre(160, 160 + 39, 160 + 58));
}

TEST(Prbs, HasFullPeriodBalanceAndRecurrence) {
  struct Row {
    unsigned order;
    std::vector<unsigned> taps;
  };
  for (const Row& row : {Row{7, {7, 6}}, Row{9, {9, 5}}, Row{11, {11, 9}}, Row{13, {13, 12, 2, 1}},
                         Row{15, {15, 14}}}) {
    const auto pattern = prbs_pattern(row.order);
    ASSERT_TRUE(pattern);
    PrbsGenerator generator(*pattern, 1);
    const std::size_t period = (std::size_t{1} << row.order) - 1;
    std::vector<unsigned> bits(2 * period);
    for (auto& bit : bits) {
      bit = generator.next();
    }
    EXPECT_EQ(std::accumulate(bits.begin(), bits.begin() + static_cast<std::ptrdiff_t>(period), 0u),
              (period + 1) / 2);
    for (std::size_t n = 0; n < period; ++n) {
      ASSERT_EQ(bits[n], bits[n + period]);
    }
    for (std::size_t n = row.order; n < bits.size(); ++n) {
      unsigned sum = 0;
      for (const unsigned tap : row.taps) {
        sum ^= bits[n - tap];
      }
      ASSERT_EQ(bits[n], sum);
    }
    // The seed is what comes first, most significant bit first.
    for (std::size_t i = 0; i < row.order; ++i) {
      EXPECT_EQ(bits[i], i + 1 == row.order ? 1u : 0u);
    }
  }
  EXPECT_FALSE(prbs_pattern(8));
}

TEST(Prbs, LongOnesObeyTheirRecurrence) {
  for (const auto& [order, tap] : {std::pair{23u, 18u}, std::pair{31u, 28u}}) {
    PrbsGenerator generator(*prbs_pattern(order, true), 0xFFFFFFFF);
    std::vector<unsigned> bits(500);
    for (auto& bit : bits) {
      bit = generator.next() ^ 1U;
    }
    for (std::size_t n = order; n < bits.size(); ++n) {
      ASSERT_EQ(bits[n], bits[n - order] ^ bits[n - tap]);
    }
    EXPECT_EQ(bits[0], 1u);
  }
}

TEST(Prbs, Prbs13QIsThatOfTheComScript) {
  // The first 13 bits sent are 1101010100000.
  PrbsGenerator generator(*prbs_pattern(13), 0b1101010100000);
  std::string symbols;
  std::array<int, 4> counts{};
  for (int i = 0; i < 4095; ++i) {
    const Level level = generator.next_pam4();
    symbols += static_cast<char>('0' + level);
    ++counts[level];
  }
  EXPECT_EQ(symbols.substr(0, 32), "21110003102131230333200310232202");
  EXPECT_EQ(symbols.substr(4095 - 32), "22131021012303013322120300323132");
  EXPECT_THAT(counts, ElementsAre(1014, 1002, 1014, 1065));
}

TEST(Prbs, CheckerLocksCountsEachErrorOnceAndLetsGo) {
  for (const unsigned order : {7u, 9u, 11u, 13u, 15u, 23u, 31u}) {
    const auto pattern = prbs_pattern(order, true);
    PrbsGenerator generator(*pattern, 12345);
    for (int i = 0; i < 100; ++i) {
      (void)generator.next();  // the checker comes in the middle
    }
    PrbsChecker checker(*pattern);
    for (int i = 0; i < 5000; ++i) {
      const bool wrong = i >= 200 && i % 97 == 0;
      checker.check(generator.next() ^ (wrong ? 1 : 0));
    }
    EXPECT_TRUE(checker.is_locked());
    EXPECT_EQ(checker.errors(), 49u) << order;  // multiples of 97 from 291 to 4947
    EXPECT_EQ(checker.locks(), 1u);
    base::Random random(order, "noise");
    for (int i = 0; i < 200; ++i) {
      checker.check(static_cast<std::uint8_t>(random.below(2)));
    }
    EXPECT_FALSE(checker.is_locked());
    for (int i = 0; i < 200; ++i) {
      checker.check(generator.next());
    }
    EXPECT_TRUE(checker.is_locked());
    EXPECT_EQ(checker.locks(), 2u);
  }
}

TEST(Prbs, CheckerDoesNotLockToAllZeros) {
  PrbsChecker checker(*prbs_pattern(31));
  for (int i = 0; i < 1000; ++i) {
    checker.check(0);
  }
  EXPECT_FALSE(checker.is_locked());
}

RC_GTEST_PROP(InnerHammingProperty, CorrectsOneAndDetectsTwoOfAnyWord, ()) {
  const auto polynomial = *rc::gen::element<std::uint32_t>(0x83, 0x89, 0x8F, 0xF1);
  const auto code = InnerHamming::create(polynomial);
  RC_ASSERT(code.has_value());
  const InnerHamming::Block message = {*rc::gen::arbitrary<std::uint64_t>(),
                                       *rc::gen::arbitrary<std::uint64_t>()};
  const InnerHamming::Block sent = code->encode(message);
  RC_ASSERT(sent[0] == message[0]);
  RC_ASSERT((sent[1] & 0x00FFFFFFFFFFFFFF) == (message[1] & 0x00FFFFFFFFFFFFFF));
  InnerHamming::Block word = sent;
  RC_ASSERT(code->decode(word).is_codeword);
  RC_ASSERT(word == sent);
  const auto first = *rc::gen::inRange<std::size_t>(0, 128);
  const auto second = *rc::gen::inRange<std::size_t>(0, 128);
  word[first / 64] ^= std::uint64_t{1} << (first % 64);
  const InnerHamming::Block one_wrong = word;
  const auto outcome = code->decode(word);
  RC_ASSERT(outcome.is_codeword);
  RC_ASSERT(outcome.corrected == 1u);
  RC_ASSERT(word == sent);
  if (second != first) {
    word = one_wrong;
    word[second / 64] ^= std::uint64_t{1} << (second % 64);
    const InnerHamming::Block two_wrong = word;
    RC_ASSERT(!code->decode(word).is_codeword);
    RC_ASSERT(word == two_wrong);
  }
}

TEST(InnerHamming, RefusesGeneratorsThatMakeNoHammingCode) {
  EXPECT_FALSE(InnerHamming::create(0x81));
  EXPECT_FALSE(InnerHamming::create(0x11D));
}

}  // namespace
}  // namespace weft::wire::fec
