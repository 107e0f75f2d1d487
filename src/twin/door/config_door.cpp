// SPDX-License-Identifier: Apache-2.0
#include "twin/door/config_door.h"

#include "base/text.h"
#include "twin/door/line_words.h"

#include <cstdint>
#include <vector>

#include <fmt/format.h>

namespace weft::twin::door {
namespace config_door_parts {

using base::Bytes;
using base::Code;
using base::Result;

constexpr std::uint32_t kConfigBytes = 4096;

bus::ConfigSpace* find_function(Rack& rack, std::string_view name) {
  const auto slash = name.rfind('/');
  if (slash == std::string_view::npos) {
    return nullptr;
  }
  for (auto& machine : rack.machines) {
    if (machine.plan->name != name.substr(0, slash)) {
      continue;
    }
    for (std::size_t i = 0; i < machine.functions.size(); ++i) {
      if (machine.plan->functions[i].address == name.substr(slash + 1)) {
        return machine.functions[i];
      }
    }
  }
  return nullptr;
}

std::string function_names(const Rack& rack) {
  std::string out = "ok";
  for (const auto& machine : rack.machines) {
    for (std::size_t i = 0; i < machine.functions.size(); ++i) {
      if (machine.functions[i] != nullptr) {
        out += fmt::format(" {}/{}", machine.plan->name, machine.plan->functions[i].address);
      }
    }
  }
  return out;
}

/// Offset and width of one access, naturally aligned.
Result<std::uint16_t> aligned(std::string_view word, std::size_t width) {
  const auto offset = bounded_number(word, "offset", kConfigBytes - 1);
  if (!offset) {
    return tl::unexpected(offset.error());
  }
  if ((width != 1 && width != 2 && width != 4) || *offset % width != 0) {
    return base::fail(Code::kInvalidArgument,
                      "a register has 1, 2 or 4 bytes at a multiple of that");
  }
  return static_cast<std::uint16_t>(*offset);
}

Result<Bytes> read(bus::ConfigSpace& function, std::string_view at, std::string_view length) {
  const auto width = bounded_number(length, "width", 4);
  const auto offset = width ? aligned(at, *width) : tl::unexpected(width.error());
  if (!offset) {
    return tl::unexpected(offset.error());
  }
  const auto value = function.read(*offset, static_cast<std::uint8_t>(*width));
  if (!value) {
    return tl::unexpected(value.error());
  }
  Bytes out;
  for (std::uint32_t i = 0; i < *width; ++i) {
    out.push_back(static_cast<std::uint8_t>(*value >> (8 * i)));
  }
  return out;
}

Result<Bytes> write(bus::ConfigSpace& function, std::string_view at, std::string_view word) {
  const auto bytes = hex_bytes(word, 4);
  const auto offset = bytes ? aligned(at, bytes->size()) : tl::unexpected(bytes.error());
  if (!offset) {
    return tl::unexpected(offset.error());
  }
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < bytes->size(); ++i) {
    value |= std::uint32_t{(*bytes)[i]} << (8 * i);
  }
  return function.write(*offset, static_cast<std::uint8_t>(bytes->size()), value).map([] {
    return Bytes{};
  });
}

Result<Bytes> run(Rack& rack, const std::vector<std::string_view>& words) {
  if (words.size() != 4 || (words[0] != "read" && words[0] != "write")) {
    return base::fail(Code::kInvalidArgument, "no such request", {},
                      "list, read FUNCTION OFFSET WIDTH, or write FUNCTION OFFSET BYTES");
  }
  const Hold hold(rack.world->mutex());
  auto* const function = find_function(rack, words[1]);
  if (function == nullptr) {
    return base::fail(Code::kNotFound,
                      fmt::format("there is no function '{}'", base::printable(words[1], 64)), {},
                      "Ask for list.");
  }
  return words[0] == "read" ? read(*function, words[2], words[3])
                            : write(*function, words[2], words[3]);
}

}  // namespace config_door_parts

std::string answer_config(Rack& rack, std::string_view line) {
  const auto words = base::words(line);
  if (words.size() == 1 && words[0] == "list") {
    return config_door_parts::function_names(rack);
  }
  return answer_line(config_door_parts::run(rack, words));
}

LineService config_door(Rack& rack) {
  return {fmt::format("weft-config {} simulated", kConfigDoorVersion),
          [&rack](std::string_view line) { return answer_config(rack, line); }};
}

}  // namespace weft::twin::door
