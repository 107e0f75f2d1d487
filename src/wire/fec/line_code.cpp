// SPDX-License-Identifier: Apache-2.0
#include "wire/fec/line_code.h"

namespace weft::wire::fec {

void precode(std::span<Level> symbols, unsigned levels, Level& state) {
  for (Level& symbol : symbols) {
    symbol = static_cast<Level>((symbol + levels - state) % levels);
    state = symbol;
  }
}

void decode_precoding(std::span<Level> symbols, unsigned levels, Level& state) {
  for (Level& symbol : symbols) {
    const Level received = symbol;
    symbol = static_cast<Level>((received + state) % levels);
    state = received;
  }
}

std::vector<Level> to_pam4(base::ByteView bytes) {
  std::vector<Level> levels;
  levels.reserve(bytes.size() * 4);
  for (const std::uint8_t byte : bytes) {
    for (unsigned bit = 0; bit < 8; bit += 2) {
      const unsigned first = byte >> bit & 1U;
      const unsigned second = byte >> (bit + 1) & 1U;
      levels.push_back(gray_to_level(static_cast<std::uint8_t>(first << 1U | second)));
    }
  }
  return levels;
}

base::Bytes from_pam4(std::span<const Level> levels) {
  base::Bytes bytes(levels.size() / 4, 0);
  for (std::size_t i = 0; i < bytes.size() * 4; ++i) {
    const unsigned gray = level_to_gray(levels[i]);
    const unsigned pair = gray >> 1U | (gray & 1U) << 1U;
    bytes[i / 4] = static_cast<std::uint8_t>(bytes[i / 4] | pair << (i % 4 * 2));
  }
  return bytes;
}

base::Bytes to_bytes(std::span<const Symbol> symbols, unsigned symbol_bits) {
  base::Bytes bytes;
  bytes.reserve((symbols.size() * symbol_bits + 7) / 8);
  std::uint64_t waiting = 0;
  unsigned count = 0;
  const std::uint64_t mask = (std::uint64_t{1} << symbol_bits) - 1;
  for (const Symbol symbol : symbols) {
    waiting |= (symbol & mask) << count;
    for (count += symbol_bits; count >= 8; count -= 8, waiting >>= 8U) {
      bytes.push_back(static_cast<std::uint8_t>(waiting));
    }
  }
  if (count > 0) {
    bytes.push_back(static_cast<std::uint8_t>(waiting));
  }
  return bytes;
}

std::vector<Symbol> to_symbols(base::ByteView bytes, unsigned symbol_bits) {
  std::vector<Symbol> symbols;
  symbols.reserve(bytes.size() * 8 / symbol_bits);
  std::uint64_t waiting = 0;
  unsigned count = 0;
  const std::uint64_t mask = (std::uint64_t{1} << symbol_bits) - 1;
  for (const std::uint8_t byte : bytes) {
    waiting |= std::uint64_t{byte} << count;
    for (count += 8; count >= symbol_bits; count -= symbol_bits, waiting >>= symbol_bits) {
      symbols.push_back(static_cast<Symbol>(waiting & mask));
    }
  }
  return symbols;
}

base::Result<std::vector<Symbol>> interleave(std::span<const std::vector<Symbol>> codewords) {
  std::vector<Symbol> line;
  const std::size_t length = codewords.empty() ? 0 : codewords.front().size();
  for (const auto& codeword : codewords) {
    if (codeword.size() != length) {
      return base::fail(base::Code::kInvalidArgument, "codewords differ in length", "interleaver");
    }
  }
  line.reserve(length * codewords.size());
  for (std::size_t i = 0; i < length; ++i) {
    for (const auto& codeword : codewords) {
      line.push_back(codeword[i]);
    }
  }
  return line;
}

base::Result<std::vector<std::vector<Symbol>>> deinterleave(std::span<const Symbol> line,
                                                            std::size_t ways) {
  if (ways == 0 || line.size() % ways != 0) {
    return base::fail(base::Code::kInvalidArgument, "ways do not divide the line", "deinterleaver");
  }
  std::vector<std::vector<Symbol>> codewords(ways);
  for (std::size_t i = 0; i < line.size(); ++i) {
    codewords[i % ways].push_back(line[i]);
  }
  return codewords;
}

}  // namespace weft::wire::fec
