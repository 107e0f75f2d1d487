// SPDX-License-Identifier: Apache-2.0
#include "wire/cmis/state.h"

#include <algorithm>
#include <array>
#include <span>

namespace weft::wire::cmis {
namespace cmis_states {

struct Named {
  std::uint8_t code;
  std::string_view name;
};

std::string_view find(std::span<const Named> rows, std::uint8_t code) {
  const auto it = std::ranges::find(rows, code, &Named::code);
  return it == rows.end() ? std::string_view{} : it->name;
}

constexpr auto kModuleStates = std::to_array<Named>({{1, "ModuleLowPwr"},
                                                     {2, "ModulePwrUp"},
                                                     {3, "ModuleReady"},
                                                     {4, "ModulePwrDn"},
                                                     {5, "ModuleFault"}});
constexpr auto kDataPathStates = std::to_array<Named>({{1, "DPDeactivated"},
                                                       {2, "DPInit"},
                                                       {3, "DPDeinit"},
                                                       {4, "DPActivated"},
                                                       {5, "DPTxTurnOn"},
                                                       {6, "DPTxTurnOff"},
                                                       {7, "DPInitialized"}});
constexpr auto kConfigStatus = std::to_array<Named>({{0, "ConfigUndefined"},
                                                     {1, "ConfigSuccess"},
                                                     {2, "ConfigRejected"},
                                                     {3, "ConfigRejectedInvalidAppSel"},
                                                     {4, "ConfigRejectedInvalidDataPath"},
                                                     {5, "ConfigRejectedInvalidSI"},
                                                     {6, "ConfigRejectedLanesInUse"},
                                                     {7, "ConfigRejectedPartialDataPath"},
                                                     {12, "ConfigInProgress"}});

constexpr auto kHostInterfaces = std::to_array<Named>({{0x0A, "50GAUI-1 C2M"},
                                                       {0x0B, "CAUI-4 C2M"},
                                                       {0x0D, "100GAUI-2 C2M"},
                                                       {0x0F, "200GAUI-4 C2M"},
                                                       {0x11, "400GAUI-8 C2M"},
                                                       {0x1A, "100GBASE-CR4"},
                                                       {0x1B, "100GBASE-CR2"},
                                                       {0x1C, "200GBASE-CR4"},
                                                       {0x41, "CAUI-4 C2M without FEC"},
                                                       {0x42, "CAUI-4 C2M with RS(528,514) FEC"},
                                                       {0x46, "100GBASE-CR1"},
                                                       {0x47, "200GBASE-CR2"},
                                                       {0x48, "400GBASE-CR4"},
                                                       {0x49, "800GBASE-CR8"},
                                                       {0x4B, "100GAUI-1-S C2M"},
                                                       {0x4C, "100GAUI-1-L C2M"},
                                                       {0x4D, "200GAUI-2-S C2M"},
                                                       {0x4E, "200GAUI-2-L C2M"},
                                                       {0x4F, "400GAUI-4-S C2M"},
                                                       {0x50, "400GAUI-4-L C2M"},
                                                       {0x51, "800GAUI-8-S C2M"},
                                                       {0x52, "800GAUI-8-L C2M"},
                                                       {0x57, "800GBASE-CR4"},
                                                       {0x58, "1.6TBASE-CR8"},
                                                       {0x70, "PCIe 4.0"},
                                                       {0x71, "PCIe 5.0"},
                                                       {0x72, "PCIe 6.0"},
                                                       {0x73, "PCIe 7.0"},
                                                       {0x80, "200GAUI-1 C2M"},
                                                       {0x81, "400GAUI-2 C2M"},
                                                       {0x82, "800GAUI-4 C2M"},
                                                       {0x83, "1.6TAUI-8 C2M"}});
constexpr auto kMultimode = std::to_array<Named>({{0x09, "100GBASE-SR4"},
                                                  {0x0D, "100GBASE-SR1"},
                                                  {0x0E, "200GBASE-SR4"},
                                                  {0x10, "400GBASE-SR8"},
                                                  {0x11, "400GBASE-SR4"},
                                                  {0x12, "800GBASE-SR8"}});
constexpr auto kSinglemode = std::to_array<Named>({{0x0D, "100GBASE-LR4"},
                                                   {0x10, "100G CWDM4"},
                                                   {0x14, "100GBASE-DR"},
                                                   {0x15, "100GBASE-FR1"},
                                                   {0x17, "200GBASE-DR4"},
                                                   {0x18, "200GBASE-FR4"},
                                                   {0x19, "200GBASE-LR4"},
                                                   {0x1C, "400GBASE-DR4"},
                                                   {0x1D, "400GBASE-FR4"},
                                                   {0x3E, "400ZR, DWDM, amplified"},
                                                   {0x3F, "400ZR, unamplified"},
                                                   {0x56, "800GBASE-DR8"},
                                                   {0x7F, "1.6TBASE-DR8"},
                                                   {0xE0, "vendor specific"}});
constexpr auto kPassive =
    std::to_array<Named>({{0x01, "copper cable"}, {0x02, "passive loopback module"}});
constexpr auto kActive = std::to_array<Named>({{0x01, "active cable, BER below 1e-12"},
                                               {0x02, "active cable, BER below 5e-5"},
                                               {0x03, "active cable, BER below 2.6e-4"},
                                               {0x04, "active cable, BER below 1e-6"},
                                               {0xBF, "active loopback module"}});

struct HostRow {
  std::uint64_t mega_transfers;
  std::uint32_t lanes;
  std::uint8_t code;
};
constexpr auto kHostRows = std::to_array<HostRow>({
    {25781, 4, 0x42},
    {53125, 1, 0x0A},
    {53125, 2, 0x0D},
    {53125, 4, 0x0F},
    {53125, 8, 0x11},
    {106250, 1, 0x4B},
    {106250, 2, 0x4D},
    {106250, 4, 0x4F},
    {106250, 8, 0x51},
    {212500, 1, 0x80},
    {212500, 2, 0x81},
    {212500, 4, 0x82},
    {212500, 8, 0x83},
});

}  // namespace cmis_states

std::string_view name(ModuleState state) {
  return cmis_states::find(cmis_states::kModuleStates, static_cast<std::uint8_t>(state));
}
std::string_view name(DataPathState state) {
  return cmis_states::find(cmis_states::kDataPathStates, static_cast<std::uint8_t>(state));
}
std::string_view name(ConfigStatus status) {
  return cmis_states::find(cmis_states::kConfigStatus, static_cast<std::uint8_t>(status));
}

std::string_view host_interface_name(std::uint8_t code) {
  return cmis_states::find(cmis_states::kHostInterfaces, code);
}

std::string_view media_interface_name(MediaType type, std::uint8_t code) {
  using namespace cmis_states;
  switch (type) {
    case MediaType::kMultimode:
      return find(kMultimode, code);
    case MediaType::kSinglemode:
      return find(kSinglemode, code);
    case MediaType::kPassiveCopper:
      return find(kPassive, code);
    case MediaType::kActiveCable:
      return find(kActive, code);
    case MediaType::kUndefined:
    case MediaType::kBaseT:
      break;
  }
  return {};
}

std::uint8_t host_interface_of(base::TransferRate lane, base::LaneCount lanes) {
  for (const auto& row : cmis_states::kHostRows) {
    if (row.lanes == lanes.value() && row.mega_transfers == lane.value()) {
      return row.code;
    }
  }
  return 0;
}

}  // namespace weft::wire::cmis
