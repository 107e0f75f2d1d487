// SPDX-License-Identifier: Apache-2.0
// The complete decode of a configuration space: header, every capability of both lists, every field
// of every register that the bank knows, raw bytes for the rest. Callers: `weft scan --json` and
// tests. It refuses nothing: what cannot be read stands in `problems`, and unknown capabilities are
// kept as bytes.
#pragma once

#include "base/bytes.h"
#include "wire/pcie/registers.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft::wire::pcie {

struct FieldValue {
  std::string_view key;
  std::string_view name;
  std::uint64_t value = 0;
  std::string text;  ///< what the value means: "8 GT/s", "x16", "256 bytes", "+" or "-" for flags
};

/// One register as read. Its fields are decoded when asked for, so that a decode stays small.
struct DecodedRegister {
  const Register* spec = nullptr;
  const Group* group = nullptr;  ///< absent outside of groups
  std::uint16_t index = 0;       ///< the group's element
  std::uint16_t offset = 0;      ///< in configuration space
  std::uint64_t value = 0;
  std::string summary;  ///< what the register and its neighbours say together; often empty

  [[nodiscard]] std::string key() const;  ///< "LnkCap", "Lane3.Ctl", "BAR0"
  [[nodiscard]] std::vector<FieldValue> fields() const;
  /// The field of that key; nullptr where the register has none.
  [[nodiscard]] const Field* field(std::string_view key) const;
};

struct DecodedCapability {
  Kind kind = Kind::kStandard;
  std::uint16_t id = 0;
  std::uint16_t vendor = 0;  ///< kDvsec only
  std::uint16_t offset = 0;
  std::uint16_t length = 0;  ///< bytes; up to the next capability where the tables do not say
  std::uint8_t version = 0;  ///< extended: capability version; DVSEC: revision
  bool known = false;        ///< the bank has a table for it
  std::string_view key;      ///< "AER"; "?" where unknown
  std::string name;          ///< "Advanced Error Reporting"; "Extended Capability 0x7f"
  std::vector<DecodedRegister> registers;
  base::ByteView raw;  ///< its bytes, a view of the input

  [[nodiscard]] const DecodedRegister* find(std::string_view register_key) const;
};

/// @pre the decoded bytes outlive it.
struct Decoded {
  std::vector<DecodedCapability>
      capabilities;  ///< the header first, then both lists in their order
  std::vector<std::string> problems;

  [[nodiscard]] const DecodedCapability* find(Kind kind, std::uint16_t id,
                                              std::uint16_t vendor = 0) const;
};

[[nodiscard]] Decoded decode(base::ByteView config);

/// A plain tree that a caller can turn into JSON: objects keep the order of their members.
struct Node {
  enum class Type : std::uint8_t { kObject, kArray, kText, kNumber };
  Type type = Type::kObject;
  std::string name;            ///< the member's name; empty in arrays
  std::string text;            ///< kText
  std::uint64_t number = 0;    ///< kNumber
  std::vector<Node> children;  ///< kObject, kArray
};

/// {"capabilities": [{"kind", "id", "offset", "version", "key", "name", "registers": [{"key",
/// "offset", "value", "summary", "fields": {KEY: {"value", "text"}}}], "raw"}], "problems": [...]}.
/// `raw` (hexadecimal) is there for capabilities the bank does not know or does not cover to their
/// end.
[[nodiscard]] Node tree(const Decoded& decoded);

}  // namespace weft::wire::pcie
