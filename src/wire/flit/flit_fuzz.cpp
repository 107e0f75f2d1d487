// SPDX-License-Identifier: Apache-2.0
// Feeds arbitrary bytes to every flit decoder and to the replay machine: as one flit of each kind,
// and as a row of commands from a peer that keeps no rule. What a decoder accepts must be what its
// encoder would send.
#include "base/bytes.h"
#include "wire/fec/line_code.h"
#include "wire/flit/cxl_flit.h"
#include "wire/flit/dlp.h"
#include "wire/flit/flit256.h"
#include "wire/flit/replay.h"
#include "wire/flit/ualink_flit.h"

#include <algorithm>
#include <cstdlib>

namespace {

namespace flit = weft::wire::flit;
using weft::base::ByteView;

void must(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void try_256(ByteView input) {
  static const auto kCodec = flit::Flit256Codec::create();
  static const auto kOptimised = flit::LatencyOptimisedCodec::create();
  flit::Flit256 bytes{};
  std::copy_n(input.begin(), std::min(input.size(), bytes.size()), bytes.begin());
  flit::Flit256 received = bytes;
  const auto found = kCodec->decode(received);
  if (found && found->is_accepted) {
    flit::Flit256 again = received;
    must(kCodec->encode(again).has_value() && again == received);
  }
  flit::Flit256 halves = bytes;
  must(kOptimised->decode(halves).has_value());
  (void)flit::is_flit68_right(input);
  const ByteView dlp = ByteView(bytes).subspan(flit::kTlpBytes, flit::kDlpBytes);
  if (const auto decoded = flit::decode_dlp(dlp)) {
    must(flit::decode_dlp(flit::encode_dlp(*decoded)) == decoded);
  }
}

void try_640(ByteView input) {
  auto symbols = weft::wire::fec::to_symbols(input, 10);
  (void)flit::decode_codeword(symbols);
  symbols.resize(544);
  const auto found = flit::decode_codeword(symbols);
  if (found && found->is_accepted) {
    (void)flit::read_header(found->flit);
  }
}

void try_replay(ByteView input) {
  flit::ReplayOptions options;
  options.timeout_flits = 16;
  options.nak_repeat_flits = 4;
  flit::ReplayPort port(options);
  for (std::size_t i = 0; i + 3 <= input.size(); i += 3) {
    if ((input[i] & 0x40U) != 0 && port.can_push()) {
      port.push({input[i]});
    }
    (void)port.next();
    if ((input[i] & 0x80U) != 0) {
      (void)port.receive(std::nullopt);
      continue;
    }
    flit::ReplayFrame frame;
    frame.command = static_cast<flit::ReplayCommand>(input[i] & 3U);
    frame.prior_was_payload = (input[i] & 4U) != 0;
    frame.number = static_cast<std::uint16_t>(input[i + 1] << 8U | input[i + 2]);
    if ((input[i] & 8U) != 0) {
      frame.payload = weft::base::Bytes{input[i]};
    }
    (void)port.receive(frame);
    must(port.unacknowledged() <= options.window);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  try_256(input);
  try_640(input);
  try_replay(input);
  return 0;
}
