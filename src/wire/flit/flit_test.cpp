// SPDX-License-Identifier: Apache-2.0
// Flits against what is public about them: the generator polynomials of their CRCs, one byte
// corrected in each of three words, CRC after ECC, a whole 640-byte flit in one KP4 codeword; and
// the replay machine over lossy lines, where everything must arrive once and in order.
#include "base/random.h"
#include "wire/flit/cxl_flit.h"
#include "wire/flit/dlp.h"
#include "wire/flit/flit256.h"
#include "wire/flit/replay.h"
#include "wire/flit/ualink_flit.h"

#include <algorithm>
#include <deque>
#include <set>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace weft::wire::flit {
namespace {

using ::testing::ElementsAre;

std::vector<std::size_t> exponents(std::uint32_t polynomial, std::size_t count) {
  const auto field = fec::GaloisField::create(8, polynomial);
  const auto generator = fec::generator_polynomial(*field, 1, count);
  std::vector<std::size_t> logs;
  for (std::size_t i = 1; i < generator.size(); ++i) {
    logs.push_back(field->log(generator[i]));
  }
  return logs;
}

TEST(FlitCrc, GeneratorsHaveThePublishedExponents) {
  EXPECT_THAT(exponents(0x12B, 6), ElementsAre(147, 107, 250, 114, 161, 21));
  EXPECT_THAT(exponents(0x12B, 8), ElementsAre(172, 116, 186, 172, 195, 134, 199, 36));
  EXPECT_THAT(exponents(0x11D, 8), ElementsAre(176, 240, 211, 253, 220, 3, 203, 36));
}

Flit256 random_flit(base::Random& random, const Flit256Codec& codec) {
  Flit256 flit{};
  for (std::size_t i = 0; i < kCrcAt; ++i) {
    flit[i] = static_cast<std::uint8_t>(random());
  }
  EXPECT_TRUE(codec.encode(flit));
  return flit;
}

TEST(Flit256, CrcVanishesAtItsRoots) {
  for (const std::uint32_t polynomial : {0x12Bu, 0x11Du}) {
    const auto codec = Flit256Codec::create({.crc = polynomial, .ecc = polynomial});
    ASSERT_TRUE(codec);
    base::Random random(polynomial, "crc");
    const Flit256 flit = random_flit(random, *codec);
    const auto field = fec::GaloisField::create(8, polynomial);
    for (std::size_t root = 1; root <= 8; ++root) {
      fec::Symbol value = 0;
      for (std::size_t i = 0; i < kEccAt; ++i) {
        value = static_cast<fec::Symbol>(field->multiply(value, field->alpha(root)) ^ flit[i]);
      }
      EXPECT_EQ(value, 0) << root;
    }
  }
}

TEST(Flit256, CorrectsOneByteInEachWordAtEveryPlace) {
  const auto codec = Flit256Codec::create();
  ASSERT_TRUE(codec);
  base::Random random(1, "flit");
  const Flit256 sent = random_flit(random, *codec);
  for (std::size_t at = 0; at < kFlit256Bytes; ++at) {
    Flit256 received = sent;
    // Three bytes in a row are in three words.
    for (std::size_t i = 0; i < 3; ++i) {
      received[(at + i) % 255] ^= static_cast<std::uint8_t>(1 + random.below(255));
    }
    const auto found = codec->decode(received);
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->is_accepted) << at;
    EXPECT_EQ(found->corrected_bytes, 3u);
    EXPECT_EQ(received, sent);
  }
}

TEST(Flit256, RefusesTwoWrongBytesInOneWord) {
  const auto codec = Flit256Codec::create();
  base::Random random(2, "flit");
  for (int i = 0; i < 2000; ++i) {
    const Flit256 sent = random_flit(random, *codec);
    Flit256 received = sent;
    const std::size_t word = random.below(3);
    const std::size_t first = random.below(85);
    const std::size_t second = (first + 1 + random.below(84)) % 85;
    received[word + 3 * first] ^= static_cast<std::uint8_t>(1 + random.below(255));
    received[word + 3 * second] ^= static_cast<std::uint8_t>(1 + random.below(255));
    const auto found = codec->decode(received);
    ASSERT_TRUE(found);
    EXPECT_FALSE(found->is_accepted) << "at most 3 wrong bytes: within the CRC's distance";
  }
}

RC_GTEST_PROP(Flit256Property, NeverAcceptsWhatItDidNotSend, ()) {
  static const auto kCodec = Flit256Codec::create();
  base::Random random(*rc::gen::arbitrary<std::uint64_t>(), "property");
  const Flit256 sent = random_flit(random, *kCodec);
  Flit256 received = sent;
  const auto wrong = *rc::gen::inRange(0, 40);
  for (int i = 0; i < wrong; ++i) {
    received[random.below(256)] ^= static_cast<std::uint8_t>(1 + random.below(255));
  }
  const auto found = kCodec->decode(received);
  RC_ASSERT(found.has_value());
  if (found->is_accepted) {
    RC_ASSERT(received == sent);
  }
}

TEST(Flit256, RefusesOtherLengthsAndPolynomials) {
  const auto codec = Flit256Codec::create();
  std::vector<std::uint8_t> bytes(255);
  EXPECT_FALSE(codec->decode(bytes));
  EXPECT_FALSE(codec->encode(bytes));
  EXPECT_FALSE(Flit256Codec::create({.crc = 0x11B, .ecc = 0x12B}));
}

RC_GTEST_PROP(DlpProperty, RoundTrips, ()) {
  Dlp dlp;
  dlp.usage = *rc::gen::element(FlitUsage::kIdle, FlitUsage::kNop, FlitUsage::kPayload);
  dlp.prior_was_payload = *rc::gen::arbitrary<bool>();
  dlp.is_optimised_update = *rc::gen::arbitrary<bool>();
  dlp.command = static_cast<ReplayCommand>(*rc::gen::inRange(0, 4));
  dlp.number = *rc::gen::inRange<std::uint16_t>(0, 1024);
  dlp.dllp = {1, 2, 3, *rc::gen::arbitrary<std::uint8_t>()};
  RC_ASSERT(decode_dlp(encode_dlp(dlp)) == dlp);
}

TEST(Dlp, RefusesReservedUsageAndOtherLengths) {
  EXPECT_FALSE(decode_dlp(std::vector<std::uint8_t>{0xC0, 0, 0, 0, 0, 0}));
  EXPECT_FALSE(decode_dlp(std::vector<std::uint8_t>{0, 0, 0, 0, 0}));
}

TEST(LatencyOptimised, TakesACleanHalfAtOnceAndMendsTheOther) {
  const auto codec = LatencyOptimisedCodec::create();
  ASSERT_TRUE(codec);
  base::Random random(3, "cxl");
  for (std::size_t at = 0; at < kFlit256Bytes; ++at) {
    Flit256 sent{};
    for (auto& byte : sent) {
      byte = static_cast<std::uint8_t>(random());
    }
    ASSERT_TRUE(codec->encode(sent));
    Flit256 received = sent;
    received[at] ^= static_cast<std::uint8_t>(1 + random.below(255));
    const auto found = codec->decode(received);
    ASSERT_TRUE(found);
    const bool in_ecc = at >= 244 && at < 250;  // no half's CRC covers it
    EXPECT_EQ(found->was_half_clean[0], at >= 128) << at;
    EXPECT_EQ(found->was_half_clean[1], at < 128 || in_ecc) << at;
    EXPECT_TRUE(found->is_half_accepted[0] && found->is_half_accepted[1]) << at;
    EXPECT_EQ(found->used_ecc, !in_ecc);
    if (!in_ecc) {
      EXPECT_EQ(received, sent);
      EXPECT_EQ(found->corrected_bytes, 1u);
    }
  }
}

TEST(Flit68, CrcFindsEveryBurstUpToItsLength) {
  Flit256 bytes{};
  const std::span<std::uint8_t> flit = std::span(bytes).first(kFlit68Bytes);
  base::Random random(4, "cxl68");
  for (std::size_t i = 2; i < 66; ++i) {
    flit[i] = static_cast<std::uint8_t>(random());
  }
  ASSERT_TRUE(seal_flit68(flit));
  ASSERT_TRUE(is_flit68_right(flit));
  for (std::size_t bit = 16; bit + 16 <= 68 * 8; ++bit) {
    const std::uint64_t burst = random.below(65535) + 1;
    for (unsigned i = 0; i < 16; ++i) {
      flit[(bit + i) / 8] ^= static_cast<std::uint8_t>((burst >> i & 1U) << (7 - (bit + i) % 8));
    }
    EXPECT_FALSE(is_flit68_right(flit)) << bit;
    for (unsigned i = 0; i < 16; ++i) {
      flit[(bit + i) / 8] ^= static_cast<std::uint8_t>((burst >> i & 1U) << (7 - (bit + i) % 8));
    }
  }
  EXPECT_FALSE(seal_flit68(std::span(bytes).first(67)));
}

Flit640 random_flit640(base::Random& random) {
  Flit640 flit{};
  for (auto& byte : flit) {
    byte = static_cast<std::uint8_t>(random());
  }
  write_header({.operation = 1, .sequence = 300, .has_payload = true, .acknowledged = 511}, flit);
  seal_flit640(flit);
  return flit;
}

TEST(Ualink, CrcIsThatOfZlib) {
  Flit640 flit{};
  EXPECT_FALSE(is_flit640_right(flit));
  seal_flit640(flit);
  EXPECT_TRUE(is_flit640_right(flit));
  // 636 zero bytes: zlib.crc32(bytes(636)) in Python.
  EXPECT_EQ(base::read_le(flit, 636, 4), 0x5CFF7486u);
}

TEST(Ualink, OneFlitIsOneCodewordAndSurvivesFifteenErrors) {
  base::Random random(5, "ualink");
  const Flit640 sent = random_flit640(random);
  EXPECT_EQ(read_header(sent), (UalinkHeader{1, 300, true, 511}));
  UalinkCodeword codeword = encode_codeword(sent);
  EXPECT_TRUE(fec::kp4().is_codeword(codeword));
  for (std::size_t i = 0; i < 15; ++i) {
    codeword[i * 36] = static_cast<fec::Symbol>(codeword[i * 36] ^ (1 + random.below(1023)));
  }
  const auto found = decode_codeword(codeword);
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->is_accepted);
  EXPECT_EQ(found->corrected_symbols, 15u);
  EXPECT_EQ(found->flit, sent);
  codeword[7] ^= 1;
  EXPECT_FALSE(decode_codeword(codeword)->is_accepted);
  EXPECT_FALSE(decode_codeword(std::span(codeword).first(543)));
}

/// A line of fixed delay, idle at first, that loses flits and says so (ECC or CRC refused them).
class Line {
 public:
  Line(std::size_t delay, std::uint16_t number_before_first) {
    flits_.resize(delay, ReplayFrame{ReplayCommand::kExplicit, number_before_first, false, {}});
  }
  std::optional<ReplayFrame> pass(ReplayFrame frame, bool loses) {
    flits_.push_back(loses ? std::nullopt : std::optional(std::move(frame)));
    auto out = std::move(flits_.front());
    flits_.pop_front();
    return out;
  }

 private:
  std::deque<std::optional<ReplayFrame>> flits_;
};

struct Sides {
  std::vector<base::Bytes> sent;
  std::vector<base::Bytes> got;
};

RC_GTEST_PROP(ReplayProperty, DeliversAllOnceAndInOrderOverLossyLines, ()) {
  ReplayOptions options;
  options.numbers = *rc::gen::element<std::uint16_t>(15, 511, 1023);
  options.window = *rc::gen::inRange<std::size_t>(1, 300);
  options.explicit_every = *rc::gen::inRange<std::size_t>(1, 20);
  options.nak_repeat_flits = 150;
  options.timeout_flits = 400;
  const auto delay = *rc::gen::inRange<std::size_t>(1, 40);
  const auto loss_permille = *rc::gen::element<std::uint64_t>(0, 1, 20, 100, 200);
  base::Random random(*rc::gen::arbitrary<std::uint64_t>(), "replay");
  ReplayPort left(options);
  ReplayPort right(options);
  Line to_right(delay, options.numbers);
  Line to_left(delay, options.numbers);
  Sides rightward;
  Sides leftward;
  const std::size_t flits = 300;
  const auto feed = [&](ReplayPort& port, Sides& sides) {
    if (sides.sent.size() < flits && port.can_push() && random.below(10) < 7) {
      const auto i = static_cast<std::uint8_t>(sides.sent.size());
      sides.sent.push_back({i, static_cast<std::uint8_t>(random())});
      port.push(sides.sent.back());
    }
  };
  const auto take = [](ReplayPort& port, const std::optional<ReplayFrame>& frame, Sides& sides) {
    if (auto payload = port.receive(frame)) {
      sides.got.push_back(std::move(*payload));
    }
  };
  const std::size_t ticks_max = 400'000;
  std::size_t ticks = 0;
  while (ticks++ < ticks_max && (rightward.got.size() < flits || leftward.got.size() < flits)) {
    feed(left, rightward);
    feed(right, leftward);
    const auto loses = [&] { return random.below(1000) < loss_permille; };
    take(right, to_right.pass(left.next(), loses()), rightward);
    take(left, to_left.pass(right.next(), loses()), leftward);
  }
  RC_ASSERT(rightward.got == rightward.sent);
  RC_ASSERT(leftward.got == leftward.sent);
  if (loss_permille == 0 && delay * 4 < options.timeout_flits) {
    RC_ASSERT(left.replays() == 0u);
    RC_ASSERT(left.naks() == 0u);
  }
}

TEST(Replay, ALostFlitWithoutPayloadAsksForNothing) {
  ReplayPort left{ReplayOptions{}};
  ReplayPort right{ReplayOptions{}};
  left.push({1});
  EXPECT_EQ(right.receive(left.next()), (base::Bytes{1}));
  (void)left.next();                          // nothing to send
  EXPECT_FALSE(right.receive(std::nullopt));  // and it is lost
  EXPECT_FALSE(right.is_receiving_in_order());
  left.push({2});
  EXPECT_EQ(right.receive(left.next()), (base::Bytes{2}));
  EXPECT_EQ(right.naks(), 0u);
}

TEST(Replay, AFlitThatVanishesSilentlyIsMissedAtTheNextExplicitNumber) {
  // A switch that drops a flit leaves no CRC error: only numbers tell.
  ReplayOptions options;
  options.explicit_every = 1;
  ReplayPort left(options);
  ReplayPort right(options);
  left.push({1});
  left.push({2});
  left.push({3});
  EXPECT_TRUE(right.receive(left.next()));
  (void)left.next();
  EXPECT_FALSE(right.receive(left.next()));
  const auto nak = right.next();
  EXPECT_EQ(nak.command, ReplayCommand::kExplicit) << "its own first flit is explicit";
  const auto second = right.next();
  EXPECT_EQ(second.command, ReplayCommand::kNak);
  EXPECT_EQ(second.number, 1);
  (void)left.receive(second);
  EXPECT_EQ(right.receive(left.next()), (base::Bytes{2}));
  EXPECT_EQ(right.receive(left.next()), (base::Bytes{3}));
  EXPECT_EQ(left.replays(), 1u);
}

TEST(Replay, ASelectiveNakSendsTheOneFlitAgain) {
  ReplayPort left{ReplayOptions{}};
  for (std::uint8_t i = 1; i <= 3; ++i) {
    left.push({i});
    (void)left.next();
  }
  (void)left.receive(ReplayFrame{ReplayCommand::kNakSelective, 2, false, std::nullopt});
  const auto again = left.next();
  EXPECT_EQ(again.number, 2);
  EXPECT_EQ(again.payload, (base::Bytes{2}));
  EXPECT_FALSE(left.next().payload);
}

TEST(Replay, NumbersThatMakeNoSenseChangeNothing) {
  ReplayPort left{ReplayOptions{}};
  left.push({1});
  (void)left.next();
  for (const std::uint16_t number : {0, 2, 500, 1022, 1024, 65535}) {
    for (const auto command : {ReplayCommand::kAck, ReplayCommand::kNakSelective}) {
      (void)left.receive(ReplayFrame{command, number, true, std::nullopt});
      (void)left.next();
      EXPECT_EQ(left.unacknowledged(), 1u) << number;
    }
  }
  (void)left.receive(ReplayFrame{ReplayCommand::kAck, 1, false, std::nullopt});
  EXPECT_EQ(left.unacknowledged(), 0u);
}

}  // namespace
}  // namespace weft::wire::flit
