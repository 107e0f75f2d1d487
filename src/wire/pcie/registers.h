// SPDX-License-Identifier: Apache-2.0
// The register bank of PCI and PCIe configuration space as data: for each capability its registers,
// for each register its fields with the name the specification uses, the short key that lspci
// prints, place, access attribute and meaning of its codes. decode.h prints from it, function.cpp
// reads through it, a device model can take its write semantics from it. Sources: PCI Local
// Bus 3.0, PCIe Base 6.x, CXL 3.x; offsets and bits as in linux/pci_regs.h (uapi). The tables stand
// in registers_*.cpp, one per group.
#pragma once

#include "base/bytes.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace weft::wire::pcie {

inline constexpr std::size_t kHeaderBytes = 64;
inline constexpr std::size_t kStandardBytes = 256;
inline constexpr std::size_t kConfigBytes = 4096;
inline constexpr std::uint16_t kCxlVendor = 0x1E98;

/// Where a capability is listed, and so what its id means.
enum class Kind : std::uint8_t {
  kHeader,    ///< the first 64 bytes; id is the header type
  kStandard,  ///< list from 34h; 8-bit id
  kExtended,  ///< list from 100h; 16-bit id
  kDvsec,     ///< extended capability 23h; vendor and 16-bit DVSEC id
};

/// PCIe Base 7.4, Configuration Register Types. kView is another reading of bits that other fields
/// of the same register own: shown, never written.
enum class Access : std::uint8_t {
  kRo,
  kRos,
  kRw,
  kRws,
  kRw1c,
  kRw1cs,
  kHwInit,
  kWo,
  kView,
};

struct Choice {
  std::uint32_t value;
  std::string_view text;
};

enum class Show : std::uint8_t { kFlag, kNumber, kHex, kChoice, kCall };

struct Field {
  std::string_view key;   ///< short, as lspci prints it where lspci knows the field
  std::string_view name;  ///< as the specification spells it
  std::uint8_t lsb = 0;
  std::uint8_t bits = 1;
  Access access = Access::kRo;
  Show show = Show::kFlag;
  std::span<const Choice> choices = {};          ///< kChoice
  std::string (*call)(std::uint64_t) = nullptr;  ///< kCall: the text of the field's value
  std::string_view unit = {};                    ///< kNumber: appended
  std::uint32_t bias = 0;  ///< kNumber: added before printing ("number - 1" codes)

  /// The field's bits out of its register's value.
  [[nodiscard]] constexpr std::uint64_t of(std::uint64_t register_value) const {
    const std::uint64_t mask = bits >= 64 ? ~0ULL : (1ULL << bits) - 1;
    return register_value >> lsb & mask;
  }
  /// What a value of this field means: "8 GT/s", "x16", "256 bytes", "+".
  [[nodiscard]] std::string text(std::uint64_t value) const;
};

/// Where a register stands and what stands around it. Reads past the end give 0: what is not there
/// is never decoded, see walk.h.
struct Context {
  base::ByteView config;
  std::uint16_t base = 0;     ///< offset of the capability
  std::uint16_t element = 0;  ///< offset of the repeated element; `base` outside of groups
  std::uint16_t index = 0;    ///< which of the repeated elements
  std::uint8_t version = 0;   ///< of the capability (extended: header bits 19:16; DVSEC: revision)
  std::uint8_t header_type = 0;  ///< 7 bits
  std::optional<std::uint8_t> port_type =
      std::nullopt;                   ///< Device/Port Type, where a PCI Express capability is
  std::uint16_t link_width_max = 0;   ///< Maximum Link Width, 0 where unknown
  std::uint16_t express_version = 0;  ///< 0 where no PCI Express capability is

  [[nodiscard]] std::uint64_t read(std::size_t offset, std::size_t width) const {
    return base::read_le(config, base + offset, width).value_or(0);
  }
  [[nodiscard]] std::uint64_t read_element(std::size_t offset, std::size_t width) const {
    return base::read_le(config, element + offset, width).value_or(0);
  }
};

struct Register {
  std::uint16_t offset;  ///< from the capability's start, or the element's in a group
  std::uint8_t width;    ///< bytes: 1, 2, 4 or 8
  std::string_view key;
  std::string_view name;
  std::span<const Field> fields = {};
  bool (*present)(const Context&) = nullptr;         ///< absent: always there
  std::string (*summary)(const Context&) = nullptr;  ///< what this and its neighbours say together
};

/// Registers that repeat: lanes, entries, virtual channels.
struct Group {
  std::string_view key;  ///< "Lane", "VC": the element's index follows
  /// Offset of element `index` in configuration space, or nullopt after the last.
  std::optional<std::uint32_t> (*locate)(const Context&, std::uint32_t index);
  std::span<const Register> registers;
};

struct Capability {
  Kind kind;
  std::uint16_t vendor;  ///< kDvsec only
  std::uint16_t id;
  std::string_view key;   ///< "Express", "AER"
  std::string_view name;  ///< "Advanced Error Reporting"
  std::span<const Register> registers = {};
  std::span<const Group> groups = {};
  /// Bytes that the capability takes, where that is known; 0 lets the walker take all up to the
  /// next.
  std::uint32_t (*length)(const Context&) = nullptr;
};

/// More repeated elements than this are not decoded: 32 lanes, 255 streams and 256 entries all fit.
inline constexpr std::uint32_t kElementsMax = 512;

/// The capability's table, or nullptr where the id is not in the bank. Header types are 0, 1 and 2.
[[nodiscard]] const Capability* find_capability(Kind kind, std::uint16_t id,
                                                std::uint16_t vendor = 0);

/// All tables, for tests and models.
[[nodiscard]] std::span<const std::span<const Capability>> all_capabilities();

/// One field of the bank, resolved: what function.cpp reads through.
struct FieldPlace {
  std::uint16_t offset = 0;  ///< of the register, from the capability's start
  std::uint8_t width = 0;
  const Field* field = nullptr;
};
/// The place of `field_key` in `register_key` outside of groups; `field` is nullptr where there is
/// none.
[[nodiscard]] FieldPlace find_field(Kind kind, std::uint16_t id, std::string_view register_key,
                                    std::string_view field_key);
/// Offset of a register from its capability's start; nullopt where the bank has none of that key.
[[nodiscard]] std::optional<std::uint16_t> find_register(Kind kind, std::uint16_t id,
                                                         std::string_view register_key);

// ---- how the tables are written ----------------------------------------------------------------

constexpr Field flag(std::uint8_t lsb, std::string_view key, std::string_view name,
                     Access access = Access::kRo) {
  return {.key = key, .name = name, .lsb = lsb, .bits = 1, .access = access};
}
constexpr Field number(std::uint8_t lsb, std::uint8_t bits, std::string_view key,
                       std::string_view name, Access access = Access::kRo,
                       std::string_view unit = {}, std::uint32_t bias = 0) {
  return {.key = key,
          .name = name,
          .lsb = lsb,
          .bits = bits,
          .access = access,
          .show = Show::kNumber,
          .unit = unit,
          .bias = bias};
}
constexpr Field hex(std::uint8_t lsb, std::uint8_t bits, std::string_view key,
                    std::string_view name, Access access = Access::kRo) {
  return {.key = key, .name = name, .lsb = lsb, .bits = bits, .access = access, .show = Show::kHex};
}
constexpr Field choice(std::uint8_t lsb, std::uint8_t bits, std::string_view key,
                       std::string_view name, std::span<const Choice> choices,
                       Access access = Access::kRo) {
  return {.key = key,
          .name = name,
          .lsb = lsb,
          .bits = bits,
          .access = access,
          .show = Show::kChoice,
          .choices = choices};
}
constexpr Field shown(std::uint8_t lsb, std::uint8_t bits, std::string_view key,
                      std::string_view name, std::string (*call)(std::uint64_t),
                      Access access = Access::kRo) {
  return {.key = key,
          .name = name,
          .lsb = lsb,
          .bits = bits,
          .access = access,
          .show = Show::kCall,
          .call = call};
}

/// A group whose elements stand `stride` apart from `first` on, `Count(context)` of them.
template <std::uint32_t (*Count)(const Context&), std::uint16_t first, std::uint16_t stride>
std::optional<std::uint32_t> locate_every(const Context& context, std::uint32_t index) {
  if (index >= Count(context)) {
    return std::nullopt;
  }
  return context.base + first + index * stride;
}
/// A capability of fixed length.
template <std::uint32_t bytes>
std::uint32_t fixed_length(const Context&) {
  return bytes;
}

}  // namespace weft::wire::pcie
