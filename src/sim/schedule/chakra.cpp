// SPDX-License-Identifier: Apache-2.0
#include "sim/schedule/chakra.h"

#include "base/text.h"
#include "wire/protobuf.h"

#include <array>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace weft::sim {
namespace {

namespace protobuf = wire::protobuf;
using protobuf::Field;
using protobuf::Type;

constexpr std::size_t kChakraMistakesMax = 20;
constexpr std::uint64_t kChakraTypesEnd = 11;
constexpr std::uint64_t kChakraDurationMax = 1'000'000'000'000;  // us: eleven days
constexpr std::uint64_t kChakraTagEnd = std::uint64_t{1} << 31;
constexpr std::array<std::string_view, 10> kChakraCollectives = {
    "all-reduce", "reduce",         "all-gather",           "gather", "scatter", "broadcast",
    "all-to-all", "reduce-scatter", "reduce-scatter-block", "barrier"};

/// An attribute's value: a whole number, a text, or one of the kinds that nothing here asks for.
struct ChakraValue {
  std::optional<std::uint64_t> number;
  bool is_negative = false;
  std::optional<std::string_view> text;

  void take_signed(std::int64_t value) {
    is_negative = value < 0;
    number = static_cast<std::uint64_t>(value);
  }

  /// Numbers of AttributeProto's oneof.
  void take(const Field& field) {
    *this = {};
    switch (field.number) {
      case 7:   // int32
      case 9:   // int64
      case 25:  // sfixed64
        take_signed(static_cast<std::int64_t>(field.value));
        break;
      case 23:  // sfixed32
        take_signed(static_cast<std::int32_t>(field.value));
        break;
      case 15:  // sint32
      case 17:  // sint64
        take_signed(protobuf::from_zigzag(field.value));
        break;
      case 11:  // uint32
      case 13:  // uint64
      case 19:  // fixed32
      case 21:  // fixed64
      case 27:  // bool
        number = field.value;
        break;
      case 29:
        text = base::as_text(field.bytes);
        break;
      default:
        break;
    }
    if ((field.type == Type::kBytes) == number.has_value()) {
      *this = {};  // the wire type of another kind
    }
  }
};

/// Attributes that are whole numbers, with what they may be at most.
struct ChakraNumber {
  std::string_view name;
  std::uint64_t most;
  void (*put)(ChakraNode& node, std::uint64_t value);
};
constexpr std::uint64_t kAny = ~std::uint64_t{0};
constexpr ChakraNumber kChakraNumbers[] = {
    {"is_cpu_op", 1, [](ChakraNode& node, std::uint64_t v) { node.is_on_processor = v != 0; }},
    {"num_ops", kAny, [](ChakraNode& node, std::uint64_t v) { node.operations = v; }},
    {"tensor_size", kChakraSizeMax,
     [](ChakraNode& node, std::uint64_t v) { node.tensor_bytes = v; }},
    {"comm_size", kChakraSizeMax, [](ChakraNode& node, std::uint64_t v) { node.comm_bytes = v; }},
    {"comm_type", kAny, [](ChakraNode& node, std::uint64_t v) { node.comm_type = v; }},
    {"comm_src", kAny, [](ChakraNode& node, std::uint64_t v) { node.source = v; }},
    {"comm_dst", kAny, [](ChakraNode& node, std::uint64_t v) { node.destination = v; }},
    {"comm_tag", kChakraTagEnd - 1, [](ChakraNode& node, std::uint64_t v) { node.tag = v; }},
};

class ChakraReader {
 public:
  ChakraTrace trace;
  std::vector<std::string> mistakes;

  void look(base::ByteView bytes) {
    protobuf::Reader file(bytes);
    for (std::uint64_t message = 0; !file.is_at_end(); ++message) {
      const std::size_t begin = file.offset();
      const auto body = file.delimited();
      const bool is_good = body && (message == 0 ? metadata(*body) : node(*body));
      if (!is_good) {
        say(body ? fmt::format("message {} (byte {}) is no {}", message, begin,
                               message == 0 ? "GlobalMetadata" : "Node")
                 : fmt::format("message {} (byte {}) is longer than the file: it ends early, or is "
                               "no Chakra trace",
                               message, begin));
        return;
      }
    }
    if (bytes.empty()) {
      say("the file is empty");
    }
  }

 private:
  void say(std::string text) {
    if (mistakes.size() < kChakraMistakesMax) {
      mistakes.push_back(std::move(text));
    }
  }

  bool metadata(base::ByteView bytes) {
    return protobuf::each_field(bytes, [&](const Field& field) {
      if (field.number == 1 && field.type == Type::kBytes) {
        trace.version = base::printable(base::as_text(field.bytes), 40);
      }
      return field.number > 2 || field.type == Type::kBytes;
    });
  }

  bool node(base::ByteView bytes) {
    ChakraNode out;
    std::vector<base::ByteView> attributes;
    std::string_view inputs;
    std::uint64_t type = 0;
    const auto need = [&](std::uint64_t id) {
      out.needs.push_back(id);
      return true;
    };
    const bool is_good = protobuf::each_field(bytes, [&](const Field& field) {
      const bool is_number = field.type == Type::kVarint;
      const bool is_bytes = field.type == Type::kBytes;
      switch (field.number) {
        case 1:
          out.id = field.value;
          return is_number;
        case 2:
          out.name = base::as_text(field.bytes);
          return is_bytes;
        case 3:
          type = field.value;
          return is_number;
        case 4:
        case 5:
          return protobuf::each_varint(field, need);
        case 7:
          out.duration_us = field.value;
          return is_number;
        case 8:
          return protobuf::each_field(field.bytes, [&](const Field& part) {
            inputs = part.number == 1 ? base::as_text(part.bytes) : inputs;
            return true;
          });
        case 10:
          attributes.push_back(field.bytes);
          return is_bytes;
        default:
          return true;
      }
    });
    if (!is_good) {
      return false;
    }
    if (type >= kChakraTypesEnd) {
      say(fmt::format("{}: type {} is none of the schema's", place_of(out), type));
    } else {
      out.type = static_cast<ChakraType>(type);
    }
    if (out.duration_us > kChakraDurationMax) {
      say(fmt::format("{}: a duration of {} us is over eleven days", place_of(out),
                      out.duration_us));
      out.duration_us = 0;
    }
    for (const base::ByteView attribute : attributes) {
      if (!take_attribute(attribute, out)) {
        return false;
      }
    }
    if (out.type == ChakraType::kMetadata &&
        out.name.find("process_group:init") != std::string::npos) {
      groups(inputs, out);
    }
    trace.nodes.push_back(std::move(out));
    return true;
  }

  bool take_attribute(base::ByteView bytes, ChakraNode& node) {
    std::string_view name;
    ChakraValue value;
    const bool is_good = protobuf::each_field(bytes, [&](const Field& field) {
      if (field.number == 1) {
        name = base::as_text(field.bytes);
      } else if (field.number >= 3 && field.number <= 32) {
        value.take(field);
      }
      return true;
    });
    if (name == "pg_name") {
      if (!value.text && !value.number) {
        say(fmt::format("{}: pg_name is no text", place_of(node)));
      }
      node.group =
          value.text ? std::string(*value.text) : fmt::format("{}", value.number.value_or(0));
    }
    for (const ChakraNumber& known : kChakraNumbers) {
      if (known.name != name) {
        continue;
      }
      if (!value.number) {
        say(fmt::format("{}: {} is no whole number", place_of(node), name));
      } else if (value.is_negative) {
        say(fmt::format("{}: {} is negative ({})", place_of(node), name,
                        static_cast<std::int64_t>(*value.number)));
      } else if (*value.number > known.most) {
        say(fmt::format("{}: {} is {}; at most {} is taken", place_of(node), name, *value.number,
                        known.most));
      } else {
        known.put(node, *value.number);
      }
    }
    return is_good;
  }

  /// What PyTorch records of its groups: a list of {"pg_name": ..., "ranks": [...]} as JSON, within
  /// the brackets and quotes of the converter's list of inputs.
  void groups(std::string_view inputs, const ChakraNode& node) {
    const std::size_t begin = inputs.find("[{"), end = inputs.rfind("}]");
    if (begin == inputs.npos || end == inputs.npos || end < begin) {
      return;
    }
    const auto json = nlohmann::json::parse(inputs.substr(begin, end + 2 - begin), nullptr, false);
    if (!json.is_array()) {
      say(fmt::format("{}: its groups are no JSON", place_of(node)));
      return;
    }
    for (const auto& group : json) {
      const auto name = group.is_object() ? group.find("pg_name") : group.end();
      const auto ranks = group.is_object() ? group.find("ranks") : group.end();
      if (name == group.end() || !name->is_string() || ranks == group.end()) {
        say(fmt::format("{}: a group without pg_name or ranks", place_of(node)));
        continue;
      }
      const std::string key = name->get<std::string>();
      auto list = ranks_of(*ranks);
      if (!list) {
        say(fmt::format("{}: group \"{}\": ranks is no list of ranks", place_of(node),
                        base::printable(key, 40)));
        continue;
      }
      const auto [at, is_new] = trace.groups.emplace(key, *list);
      if (!is_new && at->second != *list) {
        say(fmt::format("{}: group \"{}\" is there twice, with other ranks", place_of(node),
                        base::printable(key, 40)));
      }
    }
  }

 public:
  static std::optional<std::vector<std::uint64_t>> ranks_of(const nlohmann::json& json) {
    std::vector<std::uint64_t> out;
    for (const auto& rank : json) {
      if (!json.is_array() || !rank.is_number_unsigned()) {
        return std::nullopt;
      }
      out.push_back(rank.get<std::uint64_t>());
    }
    return json.is_array() ? std::optional(out) : std::nullopt;
  }
};

tl::unexpected<base::Error> chakra_refused(const std::vector<std::string>& mistakes,
                                           std::string_view file, std::string_view hint) {
  return base::fail(base::Code::kInvalidArgument, fmt::format("{}", fmt::join(mistakes, "; ")),
                    std::string(file), std::string(hint));
}

}  // namespace

std::string_view key(ChakraCollective collective) {
  return kChakraCollectives[static_cast<std::size_t>(collective)];
}

std::string place_of(const ChakraNode& node) {
  return fmt::format("node {} (\"{}\")", node.id, base::printable(node.name, 40));
}

base::Result<ChakraTrace> read_chakra(base::ByteView bytes, std::string_view file) {
  if (bytes.size() > kChakraBytesMax) {
    return chakra_refused({"larger than 256 MiB"}, file, "");
  }
  if (bytes.size() > 1 && bytes[0] == 0x1f && bytes[1] == 0x8b) {
    return chakra_refused({"the trace is compressed"}, file, "unpack it with gunzip");
  }
  ChakraReader reader;
  reader.look(bytes);
  if (!reader.mistakes.empty()) {
    return chakra_refused(reader.mistakes, file,
                          "weft reads Chakra's protobuf traces of schema 0.0.4");
  }
  return std::move(reader.trace);
}

base::Result<ChakraGroups> read_chakra_groups(std::string_view text, std::string_view file) {
  constexpr std::string_view kHint = "wanted is {\"NAME\": [RANK, ...], ...}";
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) {
    return chakra_refused({"no JSON object"}, file, kHint);
  }
  ChakraGroups out;
  std::vector<std::string> mistakes;
  for (const auto& [name, ranks] : json.items()) {
    const auto list = ChakraReader::ranks_of(ranks);
    if (!list && mistakes.size() < kChakraMistakesMax) {
      mistakes.push_back(
          fmt::format("group \"{}\" is no list of ranks", base::printable(name, 40)));
    }
    out.emplace(name, list.value_or(std::vector<std::uint64_t>()));
  }
  return mistakes.empty() ? base::Result<ChakraGroups>(std::move(out))
                          : chakra_refused(mistakes, file, kHint);
}

}  // namespace weft::sim
