// SPDX-License-Identifier: Apache-2.0
#include "wire/cmis/identity.h"

#include "wire/cmis/maps.h"

#include <algorithm>
#include <array>

namespace weft::wire::cmis {
namespace identity {

struct Form {
  std::uint8_t identifier;
  std::string_view name;
  ModuleMap map;
};

// SFF-8024 table 4-1, the identifiers of network modules.
constexpr auto kForms = std::to_array<Form>({
    {0x02, "module soldered to motherboard", ModuleMap::kSff8472},
    {0x03, "SFP/SFP+/SFP28", ModuleMap::kSff8472},
    {0x0B, "DWDM-SFP/SFP+", ModuleMap::kSff8472},
    {0x0C, "QSFP", ModuleMap::kSff8636},
    {0x0D, "QSFP+", ModuleMap::kSff8636},
    {0x11, "QSFP28", ModuleMap::kSff8636},
    {0x18, "QSFP-DD", ModuleMap::kCmis},
    {0x19, "OSFP 8X", ModuleMap::kCmis},
    {0x1A, "SFP-DD", ModuleMap::kCmis},
    {0x1B, "DSFP", ModuleMap::kCmis},
    {0x1E, "QSFP+ or later with CMIS", ModuleMap::kCmis},
    {0x1F, "SFP-DD with CMIS", ModuleMap::kCmis},
    {0x20, "SFP+ or later with CMIS", ModuleMap::kCmis},
    {0x21, "OSFP-XD with CMIS", ModuleMap::kCmis},
    {0x22, "OIF-ELSFP with CMIS", ModuleMap::kCmis},
});

struct Connector {
  std::uint8_t code;
  std::string_view name;
};
// SFF-8024 table 4-3.
constexpr auto kConnectors = std::to_array<Connector>({
    {0x01, "SC"},
    {0x07, "LC"},
    {0x0B, "optical pigtail"},
    {0x0C, "MPO 1x12"},
    {0x0D, "MPO 2x16"},
    {0x20, "HSSDC II"},
    {0x21, "copper pigtail"},
    {0x22, "RJ45"},
    {0x23, "no separable connector"},
    {0x24, "MXC 2x16"},
    {0x25, "CS"},
    {0x26, "SN"},
    {0x27, "MPO 2x12"},
    {0x28, "MPO 1x16"},
});

const Form* form_of(std::uint8_t identifier) {
  const auto* const it = std::ranges::find(kForms, identifier, &Form::identifier);
  return it == kForms.end() ? nullptr : &*it;
}

/// Whether the bytes that every map has say that nobody answered: 0x00 or 0xFF throughout.
bool is_blank(const ModuleMemory& memory) {
  const auto first = memory.byte(0, 0);
  if (!first || (*first != 0 && *first != 0xFF)) {
    return false;
  }
  for (unsigned offset = 0; offset < 128; ++offset) {
    const auto value = memory.byte(0, static_cast<std::uint8_t>(offset));
    if (value && *value != *first) {
      return false;
    }
  }
  return true;
}

void want(std::vector<PageRequest>& requests, const ModuleMemory& memory, PageRequest request) {
  if (!memory.byte(request.page, request.offset, request.i2c_address, request.bank)) {
    requests.push_back(request);
  }
}

}  // namespace identity

std::string_view key(ModuleMap map) {
  static constexpr std::array<std::string_view, 4> kKeys = {"unknown", "sff8472", "sff8636",
                                                            "cmis"};
  return kKeys.at(static_cast<std::size_t>(map));
}

std::string_view key(ModuleMedium medium) {
  static constexpr std::array<std::string_view, 8> kKeys = {
      "unknown",        "passive_copper", "linear_copper",   "active_copper",
      "active_optical", "optics",         "coherent_optics", "twisted_pair"};
  return kKeys.at(static_cast<std::size_t>(medium));
}

std::string_view form_name(std::uint8_t identifier) {
  const auto* const form = identity::form_of(identifier);
  return form == nullptr ? std::string_view{} : form->name;
}

ModuleMap map_of(std::uint8_t identifier) {
  const auto* const form = identity::form_of(identifier);
  return form == nullptr ? ModuleMap::kUnknown : form->map;
}

std::string_view ModuleInfo::state_name() const {
  // CMIS 5.2 table 8-5, module state encoding
  static constexpr std::array<std::string_view, 6> kStates = {
      "", "low power", "powering up", "ready", "powering down", "fault"};
  return state && *state < kStates.size() ? kStates.at(*state) : std::string_view{};
}

std::string_view ModuleInfo::connector_name() const {
  const auto* const it =
      std::ranges::find(identity::kConnectors, connector, &identity::Connector::code);
  return it == identity::kConnectors.end() ? std::string_view{} : it->name;
}

std::vector<PageRequest> pages_wanted(const ModuleMemory& memory) {
  using identity::want;
  std::vector<PageRequest> requests;
  want(requests, memory, {});
  const auto identifier = memory.byte(0, 0);
  if (!identifier) {
    return requests;
  }
  switch (map_of(*identifier)) {
    case ModuleMap::kSff8472:
      // Byte 92 bit 6: diagnostics, and with them the second address, are there.
      if (memory.byte(0, 92).value_or(0) & 0x40) {
        want(requests, memory, {.i2c_address = kHighI2cAddress});
      }
      break;
    case ModuleMap::kSff8636:
      want(requests, memory, {.offset = 128});
      break;
    case ModuleMap::kCmis:
      want(requests, memory, {.offset = 128});
      // Byte 2 bit 7: flat memory, there are no other pages.
      if ((memory.byte(0, 2).value_or(0x80) & 0x80) == 0) {
        want(requests, memory, {.page = 0x01, .offset = 128});
        want(requests, memory, {.page = 0x11, .offset = 128});
      }
      break;
    case ModuleMap::kUnknown:
      break;
  }
  return requests;
}

base::Result<ModuleInfo> decode_module(const ModuleMemory& memory) {
  const auto identifier = memory.byte(0, 0);
  if (!identifier) {
    return base::fail(base::Code::kInvalidArgument, "the module's lower memory was not read");
  }
  if (identity::is_blank(memory)) {
    return base::fail(base::Code::kDataLoss, "the module's memory reads as all zeros or all ones",
                      {}, "Check that a module is plugged and that it has power.");
  }
  const auto* const form = identity::form_of(*identifier);
  if (form == nullptr) {
    return base::fail(base::Code::kInvalidArgument,
                      "module identifier " + std::to_string(*identifier) + " is not known");
  }
  ModuleInfo info;
  info.map = form->map;
  info.identifier = *identifier;
  info.form = form->name;
  switch (form->map) {
    case ModuleMap::kSff8472:
      decode_sff8472(memory, info);
      break;
    case ModuleMap::kSff8636:
      decode_sff8636(memory, info);
      break;
    default:
      decode_cmis(memory, info);
      break;
  }
  return info;
}

}  // namespace weft::wire::cmis
