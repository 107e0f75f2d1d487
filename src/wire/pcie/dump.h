// SPDX-License-Identifier: Apache-2.0
// Reads and writes the text of `lspci -x`, `-xxx` and `-xxxx`: device lines ("0000:01:00.0 Ethernet
// …"), hexadecimal lines ("00: 86 80 …") and, between them, whatever -v printed, which is passed
// over. Callers: `weft scan --from dump.txt` and tests, which hand the written text to `lspci -F`.
// A garbled function is told with its line and does not cost the others; a text without any device
// is an error.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft::wire::pcie {

inline constexpr std::size_t kDumpFunctionsMax = 1 << 17;  ///< more functions than a rack has
inline constexpr std::size_t kDumpProblemsMax = 1000;      ///< further ones are counted, not kept
inline constexpr std::size_t kDumpDescriptionMax = 512;    ///< bytes; the rest of the line is cut

struct DumpedFunction {
  std::uint32_t domain = 0;  ///< VMD and Hyper-V give more than 16 bits
  std::uint8_t bus = 0;
  std::uint8_t device = 0;    ///< 5 bits
  std::uint8_t function = 0;  ///< 3 bits
  std::string description;    ///< the rest of the device line, made printable
  base::Bytes config;         ///< 0, 64, 128, 256 or 4096 bytes; what was not dumped is not there
  std::size_t line = 0;       ///< of the device line, from 1

  [[nodiscard]] std::string address() const;  ///< "0000:01:00.0"
};

struct DumpProblem {
  std::size_t line = 0;
  std::string what;
};

struct Dump {
  std::vector<DumpedFunction> functions;  ///< in the text's order
  std::vector<DumpProblem> problems;
  std::size_t problems_dropped = 0;  ///< past kDumpProblemsMax
};

/// kDataLoss where no device with bytes is found: with the line and what to do. kResourceExhausted
/// past kDumpFunctionsMax. `name` stands in errors as the place ("dump.txt").
[[nodiscard]] base::Result<Dump> parse_dump(std::string_view text, std::string_view name);

/// One function as lspci -xxxx prints it, ready for `lspci -F`.
[[nodiscard]] std::string write_dump(const DumpedFunction& function);

}  // namespace weft::wire::pcie
