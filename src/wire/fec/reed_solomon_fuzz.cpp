// SPDX-License-Identifier: Apache-2.0
// Feeds arbitrary words to the Reed-Solomon decoders: KP4, KR4 and a small code over GF(2^8), whose
// shape the first bytes choose. Whatever is called a codeword must be one, and must lie within t of
// what was received.
#include "base/bytes.h"
#include "wire/fec/hamming.h"
#include "wire/fec/line_code.h"
#include "wire/fec/prbs.h"
#include "wire/fec/reed_solomon.h"

#include <cstdlib>
#include <vector>

namespace {

namespace fec = weft::wire::fec;
using weft::base::ByteView;

void decode(const fec::ReedSolomon& code, std::vector<fec::Symbol> word) {
  word.resize(code.n());
  const std::vector<fec::Symbol> received = word;
  const auto outcome = code.decode(word);
  if (!outcome) {
    std::abort();
  }
  std::size_t changed = 0;
  for (std::size_t i = 0; i < word.size(); ++i) {
    changed += word[i] != received[i] ? 1 : 0;
  }
  if (changed != outcome->corrected || changed > code.t() ||
      outcome->is_codeword != code.is_codeword(word)) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  std::vector<fec::Symbol> of_any_length(size % 600);
  (void)fec::kp4().decode(of_any_length);
  decode(fec::kp4(), fec::to_symbols(input, 10));
  decode(fec::kr4(), fec::to_symbols(input, 10));
  decode(fec::kp4(), fec::to_symbols(input, 16));  // bits above the symbol's
  if (size >= 3) {
    static const auto kField = fec::GaloisField::create(8, 0x11D);
    const auto code = fec::ReedSolomon::create(*kField, {data[0], data[1], data[2]});
    if (code) {
      decode(*code, fec::to_symbols(input.subspan(3), 8));
    }
  }
  static const auto kInner = fec::InnerHamming::create();
  fec::InnerHamming::Block block = {weft::base::read_le(input, 0, 8).value_or(0),
                                    weft::base::read_le(input, 8, 8).value_or(0)};
  (void)kInner->decode(block);
  fec::PrbsChecker checker(*fec::prbs_pattern(13));
  checker.check_bytes(input);
  return 0;
}
