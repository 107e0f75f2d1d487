// SPDX-License-Identifier: Apache-2.0
// Every number of the simulator that neither the rack file nor the protocol table gives, with its
// source and how far it is to be trusted (data/sim/parameters.yaml). A key that is not there is a
// defect of the program, found by the tests.
#pragma once

#include "sim/units.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::sim {

enum class Trust : std::uint8_t { kPublished, kFitted, kModelled };
[[nodiscard]] std::string_view key(Trust trust);

struct Parameter {
  std::string name;
  std::string text;  ///< the value as the file writes it
  double value = 0;  ///< picoseconds where it is a time
  bool is_time = false;
  Trust trust = Trust::kModelled;
  std::string source;
};

/// All of them, in the file's order.
[[nodiscard]] const std::vector<Parameter>& parameters();
/// 0 and a failed assertion in tests (parameter_test.cpp asks for all that code names).
[[nodiscard]] double parameter(std::string_view name);
[[nodiscard]] Ps parameter_time(std::string_view name);
[[nodiscard]] bool has_parameter(std::string_view name);

}  // namespace weft::sim
