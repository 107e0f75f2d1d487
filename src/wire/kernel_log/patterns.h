// SPDX-License-Identifier: Apache-2.0
// The table of message forms and the matcher for them. Only message.cpp uses it. A pattern is
// literal text with captures: {name} takes up to the literal that follows, {name:num} digits,
// {name:hex} hex digits with or without 0x, {name:bdf} a PCI address, {name:rest} everything. A
// space matches one or more. Matching starts at the text's start, never goes back, and ignores what
// follows the pattern.
#pragma once

#include "wire/kernel_log/message.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::wire::kernel_log {

/// Where in the text a row's pattern applies.
enum class Scope : std::uint8_t {
  kAer,   ///< behind "driver BDF: ", with or without "AER: "
  kDpc,   ///< behind "driver BDF: DPC: " or "DPC "
  kSlot,  ///< behind "driver BDF: ", with or without "pciehp: "
  kPci,   ///< behind "driver BDF: "
  kMlx5,  ///< behind "mlx5_core BDF: ", without "function:line:(pid n): "
  kNvme,  ///< behind "nvme nvme0: " or "nvme BDF: "
  kAny,   ///< the whole text
};

struct Pattern {
  Scope scope;
  Kind kind;
  Severity severity;
  std::string_view form;
};
[[nodiscard]] std::span<const Pattern> patterns();

using Fields = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] std::optional<Fields> match(std::string_view form, std::string_view text);

}  // namespace weft::wire::kernel_log
