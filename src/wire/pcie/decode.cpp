// SPDX-License-Identifier: Apache-2.0
#include "wire/pcie/decode.h"

#include "wire/pcie/walk.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace weft::wire::pcie {
namespace {

std::uint32_t end_of_list(Kind kind) {
  return static_cast<std::uint32_t>(kind == Kind::kStandard ? kStandardBytes : kConfigBytes);
}

/// First capability after `offset`, or the end of its space.
std::uint32_t next_start(const Walk& walked, const CapabilityAt& at, std::size_t size) {
  std::uint32_t end =
      std::min<std::uint32_t>(end_of_list(at.kind), static_cast<std::uint32_t>(size));
  for (const CapabilityAt& other : walked.capabilities) {
    if (other.offset > at.offset) {
      end = std::min<std::uint32_t>(end, other.offset);
    }
  }
  return end;
}

class Decoder {
 public:
  Decoder(base::ByteView config, Decoded& out) : config_(config), out_(out) {}

  void add(const Capability* spec, const Context& context, DecodedCapability found) {
    if (spec != nullptr) {
      found.key = spec->key;
      if (found.name.empty()) {
        found.name = spec->name;
      }
      add_registers(spec->registers, nullptr, context, found);
      for (const Group& group : spec->groups) {
        add_group(group, context, found);
      }
    }
    if (truncated_) {
      out_.problems.push_back(fmt::format("{} at 0x{:02x} is cut off after {} bytes", found.name,
                                          found.offset, config_.size() - found.offset));
      truncated_ = false;
    }
    out_.capabilities.push_back(std::move(found));
  }

 private:
  void add_group(const Group& group, const Context& context, DecodedCapability& found) {
    for (std::uint32_t index = 0; index < kElementsMax; ++index) {
      const auto element = group.locate(context, index);
      if (!element.has_value()) {
        return;
      }
      if (*element >= config_.size()) {
        truncated_ = true;
        return;
      }
      Context inner = context;
      inner.element = static_cast<std::uint16_t>(*element);
      inner.index = static_cast<std::uint16_t>(index);
      add_registers(group.registers, &group, inner, found);
    }
  }

  void add_registers(std::span<const Register> registers, const Group* group,
                     const Context& context, DecodedCapability& found) {
    for (const Register& spec : registers) {
      const std::size_t offset = std::size_t{context.element} + spec.offset;
      if (spec.present != nullptr && !spec.present(context)) {
        continue;
      }
      const auto value = base::read_le(config_, offset, spec.width);
      if (!value.has_value()) {
        truncated_ = true;
        continue;
      }
      found.registers.push_back(
          {.spec = &spec,
           .group = group,
           .index = context.index,
           .offset = static_cast<std::uint16_t>(offset),
           .value = *value,
           .summary = spec.summary == nullptr ? std::string() : spec.summary(context)});
    }
  }

  base::ByteView config_;
  Decoded& out_;
  bool truncated_ = false;
};

std::string unknown_name(const CapabilityAt& at) {
  switch (at.kind) {
    case Kind::kDvsec:
      return fmt::format("Designated Vendor-Specific, vendor {:04x} id {:04x}", at.vendor, at.id);
    case Kind::kExtended:
      return fmt::format("Extended Capability 0x{:02x}", at.id);
    default:
      return fmt::format("Capability 0x{:02x}", at.id);
  }
}

void decode_one(base::ByteView config, const Walk& walked, const CapabilityAt& at,
                Decoder& decoder) {
  const Context context = context_of(config, walked, at);
  const Capability* spec = find_capability(at.kind, at.id, at.vendor);
  const bool is_known = spec != nullptr;
  if (!is_known && at.kind == Kind::kDvsec) {  // the frame that every DVSEC has
    spec = find_capability(Kind::kExtended, 0x23);
  }
  const std::uint32_t next = next_start(walked, at, config.size());
  const std::uint32_t stated =
      spec != nullptr && spec->length != nullptr ? spec->length(context) : 0;
  const std::uint32_t end =
      stated == 0
          ? next
          : std::min<std::uint32_t>(at.offset + stated, static_cast<std::uint32_t>(config.size()));
  DecodedCapability found{.kind = at.kind,
                          .id = at.id,
                          .vendor = at.vendor,
                          .offset = at.offset,
                          .length = static_cast<std::uint16_t>(end - at.offset),
                          .version = at.version,
                          .known = is_known,
                          .key = "?",
                          .name = is_known ? std::string() : unknown_name(at),
                          .registers = {},
                          .raw = config.subspan(at.offset, end - at.offset)};
  decoder.add(spec, context, std::move(found));
}

Node text_node(std::string name, std::string text) {
  return {
      .type = Node::Type::kText, .name = std::move(name), .text = std::move(text), .children = {}};
}
Node number_node(std::string name, std::uint64_t number) {
  return {.type = Node::Type::kNumber,
          .name = std::move(name),
          .text = {},
          .number = number,
          .children = {}};
}
Node branch(Node::Type type, std::string name) {
  return {.type = type, .name = std::move(name), .text = {}, .children = {}};
}

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::kHeader:
      return "header";
    case Kind::kStandard:
      return "standard";
    case Kind::kExtended:
      return "extended";
    case Kind::kDvsec:
      return "dvsec";
  }
  return "";
}

std::string hex_of(base::ByteView bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 0xF];
  }
  return out;
}

Node register_node(const DecodedRegister& one) {
  Node node = branch(Node::Type::kObject, {});
  node.children.push_back(text_node("key", one.key()));
  node.children.push_back(text_node("name", std::string(one.spec->name)));
  node.children.push_back(number_node("offset", one.offset));
  node.children.push_back(number_node("value", one.value));
  if (!one.summary.empty()) {
    node.children.push_back(text_node("summary", one.summary));
  }
  Node fields = branch(Node::Type::kObject, "fields");
  for (FieldValue& field : one.fields()) {
    Node entry = branch(Node::Type::kObject, std::string(field.key));
    entry.children.push_back(number_node("value", field.value));
    entry.children.push_back(text_node("text", std::move(field.text)));
    fields.children.push_back(std::move(entry));
  }
  node.children.push_back(std::move(fields));
  return node;
}

/// Whether the decoded registers reach the capability's last dword; else its bytes are given too.
bool is_covered(const DecodedCapability& one) {
  std::size_t end = one.kind == Kind::kStandard ? 2 : 4;
  for (const DecodedRegister& reg : one.registers) {
    end = std::max<std::size_t>(end, reg.offset + std::size_t{reg.spec->width} - one.offset);
  }
  return one.known && end + 3 >= one.length;
}

Node capability_node(const DecodedCapability& one) {
  Node node = branch(Node::Type::kObject, {});
  node.children.push_back(text_node("kind", std::string(kind_name(one.kind))));
  node.children.push_back(number_node("id", one.id));
  if (one.kind == Kind::kDvsec) {
    node.children.push_back(number_node("vendor", one.vendor));
  }
  node.children.push_back(number_node("offset", one.offset));
  node.children.push_back(number_node("length", one.length));
  if (one.kind == Kind::kExtended || one.kind == Kind::kDvsec) {
    node.children.push_back(number_node("version", one.version));
  }
  node.children.push_back(text_node("key", std::string(one.key)));
  node.children.push_back(text_node("name", one.name));
  Node registers = branch(Node::Type::kArray, "registers");
  for (const DecodedRegister& reg : one.registers) {
    registers.children.push_back(register_node(reg));
  }
  node.children.push_back(std::move(registers));
  if (!is_covered(one)) {
    node.children.push_back(text_node("raw", hex_of(one.raw)));
  }
  return node;
}

}  // namespace

std::string DecodedRegister::key() const {
  if (group == nullptr) {
    return std::string(spec->key);
  }
  std::string out = fmt::format("{}{}", group->key, index);
  if (!spec->key.empty()) {
    out += '.';
    out += spec->key;
  }
  return out;
}

std::vector<FieldValue> DecodedRegister::fields() const {
  std::vector<FieldValue> out;
  out.reserve(spec->fields.size());
  for (const Field& one : spec->fields) {
    const std::uint64_t bits = one.of(value);
    out.push_back({.key = one.key, .name = one.name, .value = bits, .text = one.text(bits)});
  }
  return out;
}

const Field* DecodedRegister::field(std::string_view key) const {
  const auto found = std::find_if(spec->fields.begin(), spec->fields.end(),
                                  [&](const Field& one) { return one.key == key; });
  return found == spec->fields.end() ? nullptr : &*found;
}

const DecodedRegister* DecodedCapability::find(std::string_view register_key) const {
  for (const DecodedRegister& one : registers) {
    if (one.group == nullptr ? one.spec->key == register_key : one.key() == register_key) {
      return &one;
    }
  }
  return nullptr;
}

const DecodedCapability* Decoded::find(Kind kind, std::uint16_t id, std::uint16_t vendor) const {
  for (const DecodedCapability& one : capabilities) {
    if (one.kind == kind && one.id == id && one.vendor == vendor) {
      return &one;
    }
  }
  return nullptr;
}

Decoded decode(base::ByteView config) {
  config = config.first(std::min(config.size(), kConfigBytes));
  Decoded out;
  Walk walked = walk(config);
  out.problems = std::move(walked.problems);
  if (!walked.answers) {
    return out;
  }
  Decoder decoder(config, out);
  const Capability* header = find_capability(Kind::kHeader, walked.header_type);
  const std::size_t header_bytes = std::min(config.size(), kHeaderBytes);
  decoder.add(header, {.config = config, .header_type = walked.header_type},
              {.kind = Kind::kHeader,
               .id = walked.header_type,
               .length = static_cast<std::uint16_t>(header_bytes),
               .known = header != nullptr,
               .key = "Header",
               .name = header == nullptr ? "Header of unknown type" : std::string(),
               .registers = {},
               .raw = config.first(header_bytes)});
  for (const CapabilityAt& at : walked.capabilities) {
    decode_one(config, walked, at, decoder);
  }
  return out;
}

Node tree(const Decoded& decoded) {
  Node root = branch(Node::Type::kObject, {});
  Node capabilities = branch(Node::Type::kArray, "capabilities");
  for (const DecodedCapability& one : decoded.capabilities) {
    capabilities.children.push_back(capability_node(one));
  }
  Node problems = branch(Node::Type::kArray, "problems");
  for (const std::string& one : decoded.problems) {
    problems.children.push_back(text_node({}, one));
  }
  root.children.push_back(std::move(capabilities));
  root.children.push_back(std::move(problems));
  return root;
}

}  // namespace weft::wire::pcie
