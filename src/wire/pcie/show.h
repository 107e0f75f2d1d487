// SPDX-License-Identifier: Apache-2.0
// How values of configuration registers read: the texts that several tables share (speeds, widths,
// latencies, sizes, power). Called through Field::call; each takes the field's raw bits.
#pragma once

#include "wire/pcie/registers.h"

#include <cstdint>
#include <string>

namespace weft::wire::pcie {

std::string show_speed(std::uint64_t code);           ///< "8 GT/s"; "unknown (12)"
std::string show_target_speed(std::uint64_t code);    ///< as above; 0 is hardwired 2.5 GT/s
std::string show_speed_vector(std::uint64_t vector);  ///< "2.5-16 GT/s"
std::string show_width(std::uint64_t lanes);          ///< "x16"
std::string show_width_code(std::uint64_t code);      ///< log2 code of Device 3: "x8", "dynamic"
std::string show_payload(std::uint64_t code);         ///< "256 bytes"
std::string show_power_limit(std::uint64_t bits);     ///< 8-bit value under 2-bit scale: "75 W"
std::string show_ltr(std::uint64_t bits);         ///< 10-bit value under 3-bit scale: "3145728 ns"
std::string show_power_on(std::uint64_t bits);    ///< 2-bit scale, 1 reserved, 5-bit value: "44 us"
std::string show_lanes(std::uint64_t vector);     ///< "lanes 0, 3"; "none"
std::string show_function(std::uint64_t id);      ///< requester id: "02:00.0"
std::string show_rebar_size(std::uint64_t code);  ///< 2^(code + 20) bytes: "256 MB"
std::string show_rebar_sizes(std::uint64_t vector);  ///< bit n: 2^(n + 20) bytes
std::string show_page_sizes(std::uint64_t vector);   ///< bit n: 2^(n + 12) bytes
std::string show_power_of_two(std::uint64_t code);   ///< 1 << code
std::string show_granularity(std::uint64_t ns);      ///< PTM: "10 ns", "greater than 254 ns"
std::string show_bytes(std::uint64_t bytes);         ///< "16 MB"
std::string show_duration(std::uint64_t bits);       ///< CXL: value 3:0, scale 11:8: "100 ms"

inline constexpr Choice kSupportedOrNot[] = {{0, "not supported"}, {1, "supported"}};
/// Encodings of the L0s and L1 latency fields (PCIe Base 7.5.3.3 and 7.5.3.6).
inline constexpr Choice kLatencyL0s[] = {{0, "<64ns"},  {1, "<128ns"},   {2, "<256ns"},
                                         {3, "<512ns"}, {4, "<1us"},     {5, "<2us"},
                                         {6, "<4us"},   {7, "unlimited"}};
inline constexpr Choice kLatencyL1[] = {{0, "<1us"},  {1, "<2us"},  {2, "<4us"},  {3, "<8us"},
                                        {4, "<16us"}, {5, "<32us"}, {6, "<64us"}, {7, "unlimited"}};
/// Transmitter presets of 8 GT/s and above, without their dB: P0 … P10.
inline constexpr Choice kTransmitterPreset[] = {
    {0, "P0"}, {1, "P1"}, {2, "P2"}, {3, "P3"}, {4, "P4"},   {5, "P5"},
    {6, "P6"}, {7, "P7"}, {8, "P8"}, {9, "P9"}, {10, "P10"}, {15, "reserved"}};

}  // namespace weft::wire::pcie
