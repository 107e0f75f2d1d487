// SPDX-License-Identifier: Apache-2.0
// Amounts as people write them on a command line or in a file: sizes ("64M", "1KiB", "8GB"), rates
// ("50GB/s", "400Gb/s") and times ("936.25ns", "1.5us"). Sizes without "B" or with "iB" are powers
// of 1,024, as nccl-tests has them; "KB", "MB", "GB" are powers of 1,000. Nothing is guessed: a
// rate without a unit is refused.
#pragma once

#include "sim/units.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::sim {

[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);
/// Bytes per second.
[[nodiscard]] std::optional<double> parse_rate(std::string_view text);
[[nodiscard]] std::optional<Ps> parse_time(std::string_view text);
/// "1K", or a range "1K:8G" that doubles; nullopt for nonsense or beyond 64 steps.
[[nodiscard]] std::optional<std::vector<std::uint64_t>> parse_sizes(std::string_view text);

/// "64 MiB" where it is whole, else bytes.
[[nodiscard]] std::string size_text(std::uint64_t bytes);
/// Three or four digits and the unit that fits: "1.234 us".
[[nodiscard]] std::string time_text(Ps time);

}  // namespace weft::sim
