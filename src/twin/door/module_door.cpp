// SPDX-License-Identifier: Apache-2.0
#include "twin/door/module_door.h"

#include "base/text.h"
#include "twin/door/line_words.h"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

namespace weft::twin::door {
namespace module_door_parts {

using base::Bytes;
using base::Result;
using Words = std::vector<std::string_view>;

constexpr std::uint32_t kHalf = 128;

struct Where {
  std::uint32_t bank = 0;
  std::uint32_t page = 0;
  std::uint32_t offset = 0;
};

Result<Where> parse_place(const Words& words) {
  Where where;
  struct Row {
    std::uint32_t Where::* field;
    std::string_view name;
  };
  static constexpr std::array kRows = {Row{&Where::bank, "bank"}, Row{&Where::page, "page"},
                                       Row{&Where::offset, "offset"}};
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    const auto value = bounded_number(words[2 + i], kRows.at(i).name, 0xFF);
    if (!value) {
      return tl::unexpected(value.error());
    }
    where.*kRows.at(i).field = *value;
  }
  return where;
}

/// Bytes that are left in the half that an offset lies in.
std::uint32_t room(std::uint32_t offset) {
  return kHalf - offset % kHalf;
}

tl::unexpected<base::Error> past_half(const Where& where, std::size_t length) {
  return base::fail(
      base::Code::kOutOfRange,
      fmt::format("{} bytes from offset {} leave the half page", length, where.offset), {},
      "Cut it at 128, or use linear offsets.");
}

bus::ModuleAddress address(const Where& where) {
  return {static_cast<std::uint8_t>(where.bank), static_cast<std::uint8_t>(where.page),
          static_cast<std::uint8_t>(where.offset)};
}

Result<Bytes> read_page(bus::ModuleMemory& module, const Words& words) {
  const auto where = parse_place(words);
  if (!where) {
    return tl::unexpected(where.error());
  }
  const auto length = bounded_number(words[5], "length", kHalf);
  if (!length || *length == 0 || *length > room(where->offset)) {
    return length ? past_half(*where, *length) : tl::unexpected(length.error());
  }
  return module.read(address(*where), static_cast<std::uint8_t>(*length));
}

Result<Bytes> write_page(bus::ModuleMemory& module, const Words& words) {
  const auto where = parse_place(words);
  const auto bytes = hex_bytes(words[5], kHalf);
  if (!where || !bytes) {
    return tl::unexpected(where ? bytes.error() : where.error());
  }
  if (bytes->empty() || bytes->size() > room(where->offset)) {
    return past_half(*where, bytes->size());
  }
  return module.write(address(*where), *bytes).map([] { return Bytes{}; });
}

Result<std::uint32_t> parse_linear(std::string_view word, std::size_t length) {
  auto offset = bounded_number(word, "offset", kLinearBytes - 1);
  if (offset && (length == 0 || length > kLinearBytes - *offset)) {
    return base::fail(base::Code::kOutOfRange, "no bytes, or past the last page of the last bank");
  }
  return offset;
}

Result<Bytes> read_linear(bus::ModuleMemory& module, const Words& words) {
  const auto length = bounded_number(words[3], "length", kModuleBytesMax);
  const auto offset = length ? parse_linear(words[2], *length) : length;
  if (!offset) {
    return tl::unexpected(offset.error());
  }
  Bytes out;
  while (out.size() < *length) {
    const auto at = *offset + static_cast<std::uint32_t>(out.size());
    const auto count = std::min(room(at), *length - static_cast<std::uint32_t>(out.size()));
    const auto part = module.read(linear_address(at), static_cast<std::uint8_t>(count));
    if (!part || part->size() != count) {
      return part ? base::fail(base::Code::kDataLoss, "the module gave another length") : part;
    }
    out.insert(out.end(), part->begin(), part->end());
  }
  return out;
}

Result<Bytes> write_linear(bus::ModuleMemory& module, const Words& words) {
  const auto bytes = hex_bytes(words[3], kModuleBytesMax);
  if (!bytes) {
    return bytes;
  }
  const auto offset = parse_linear(words[2], bytes->size());
  if (!offset) {
    return tl::unexpected(offset.error());
  }
  std::size_t done = 0;
  while (done < bytes->size()) {
    const auto at = *offset + static_cast<std::uint32_t>(done);
    const auto count = std::min<std::size_t>(room(at), bytes->size() - done);
    const auto written =
        module.write(linear_address(at), base::ByteView(*bytes).subspan(done, count));
    if (!written) {
      return tl::unexpected(written.error());
    }
    done += count;
  }
  return Bytes{};
}

struct Operation {
  std::string_view word;
  std::size_t words;
  std::string_view usage;
  Result<Bytes> (*run)(bus::ModuleMemory&, const Words&);
};
constexpr std::array kOperations = {
    Operation{"read", 6, "read MODULE BANK PAGE OFFSET LENGTH", &read_page},
    Operation{"write", 6, "write MODULE BANK PAGE OFFSET BYTES", &write_page},
    Operation{"read-linear", 4, "read-linear MODULE OFFSET LENGTH", &read_linear},
    Operation{"write-linear", 4, "write-linear MODULE OFFSET BYTES", &write_linear},
};

bus::ModuleMemory* find_module(Rack& rack, std::string_view name) {
  const auto slash = name.find('/');
  if (slash == std::string_view::npos) {
    return nullptr;
  }
  for (auto& machine : rack.machines) {
    if (machine.plan->name == name.substr(0, slash)) {
      const auto found = machine.modules.find(std::string(name.substr(slash + 1)));
      return found == machine.modules.end() ? nullptr : found->second;
    }
  }
  return nullptr;
}

std::string module_names(const Rack& rack) {
  std::string out = "ok";
  for (const auto& machine : rack.machines) {
    for (const auto& [name, module] : machine.modules) {
      out += fmt::format(" {}/{}", machine.plan->name, name);
    }
  }
  return out;
}

Result<Bytes> run(Rack& rack, const Words& words) {
  const auto wanted = words.empty() ? std::string_view{} : words[0];
  const auto* const operation =
      std::ranges::find(kOperations, wanted, [](const Operation& each) { return each.word; });
  if (operation == kOperations.end()) {
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("there is no request '{}'", base::printable(wanted, 24)), {},
                      "list, read, write, read-linear, write-linear");
  }
  if (words.size() != operation->words) {
    return base::fail(
        base::Code::kInvalidArgument,
        fmt::format("{} has {} words, not {}", operation->word, operation->words, words.size()), {},
        std::string(operation->usage));
  }
  const Hold hold(rack.world->mutex());
  auto* const module = find_module(rack, words[1]);
  if (module == nullptr) {
    return base::fail(base::Code::kNotFound,
                      fmt::format("there is no module '{}'", base::printable(words[1], 64)), {},
                      "Ask for list.");
  }
  return operation->run(*module, words);
}

}  // namespace module_door_parts

bus::ModuleAddress linear_address(std::uint32_t offset) {
  constexpr std::uint32_t kHalf = module_door_parts::kHalf;
  if (offset < kHalf) {
    return {0, 0, static_cast<std::uint8_t>(offset)};
  }
  const auto half = offset / kHalf - 1;
  return {static_cast<std::uint8_t>(half >> 8), static_cast<std::uint8_t>(half),
          static_cast<std::uint8_t>(kHalf + offset % kHalf)};
}

std::string answer_module(Rack& rack, std::string_view line) {
  const auto words = base::words(line);
  if (words.size() == 1 && words[0] == "list") {
    return module_door_parts::module_names(rack);
  }
  return answer_line(module_door_parts::run(rack, words));
}

LineService module_door(Rack& rack) {
  return {fmt::format("weft-module {} simulated", kModuleDoorVersion),
          [&rack](std::string_view line) { return answer_module(rack, line); }};
}

}  // namespace weft::twin::door
