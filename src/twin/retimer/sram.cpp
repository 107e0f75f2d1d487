// SPDX-License-Identifier: Apache-2.0
// What the micros' SRAM says: firmware information, link structures, recovery counts, the log,
// equalisation. Worked out byte by byte; bytes that a client wrote stand in front where nothing is
// worked out. The log's bytes are modelled (nothing public gives their format): entries of 8, kind
// 0x40 + state, state before, rate in GT/s, reason, time in ms (4 bytes).
#include "twin/retimer/device.h"
#include "wire/retimer/convert.h"

#include <algorithm>
#include <cmath>

namespace weft::twin::retimer {
namespace {

namespace wr = wire::retimer;
using wr::LinkState;

// Where this firmware keeps its structures, of the SRAM's start.
constexpr std::uint32_t kPrint = 0x2000;
constexpr std::uint32_t kControl = 0x1F00;
constexpr std::uint32_t kFirstLink = 0x669 - 2U * wr::kPathSizeDefault;
constexpr std::uint32_t kLinkStride = 2U * wr::kPathSizeDefault + wr::kLinkBytes;
constexpr std::uint32_t kLogEntry = 8;
constexpr std::uint32_t kLogEntries = 64;
constexpr std::uint32_t kPathPrint = 0x0400;
constexpr std::uint32_t kPathControl = 0x0100;

LinkState state_of(TrainingState state) {
  switch (state) {
    case TrainingState::kL0:
    case TrainingState::kL0s:
    case TrainingState::kL1:
      return LinkState::kForwarding;
    case TrainingState::kRecoveryPhase2:
      return LinkState::kPhase2;
    case TrainingState::kRecoveryPhase3:
      return LinkState::kPhase3;
    case TrainingState::kRecoveryLock:
    case TrainingState::kRecoveryConfiguration:
    case TrainingState::kRecoveryIdle:
    case TrainingState::kRecoveryPhase0:
    case TrainingState::kRecoveryPhase1:
      return LinkState::kForwarding;  // ordered sets are forwarded; only the ends are in Recovery
    case TrainingState::kHotReset:
    case TrainingState::kDisabled:
      return LinkState::kProtocolReset0;
    default:
      return LinkState::kDetectOrDeskew;
  }
}

std::uint8_t low(std::uint32_t value, std::uint32_t index) {
  return static_cast<std::uint8_t>(value >> (8U * index));
}

/// The link whose recovery count is there.
std::optional<std::size_t> recovery_count_at(std::uint32_t at) {
  constexpr std::uint32_t kFirst = kPrint + wr::kPrintRecoveries;
  return at >= kFirst && at < kFirst + wr::kLinksMax ? std::optional<std::size_t>(at - kFirst)
                                                     : std::nullopt;
}

}  // namespace

LinkState Device::link_state(std::size_t link) const {
  if (link >= options_.links.size() || !forwards(link)) {
    return LinkState::kReset;
  }
  return state_of(options_.links[link].link->status().state);
}

std::uint8_t Device::link_rate(std::size_t link) const {
  const std::uint64_t rate = options_.links[link].link->status().rate.value();
  constexpr std::array<std::uint64_t, 5> kBelow{2500, 5000, 8000, 16000, 32000};
  return static_cast<std::uint8_t>(
      std::count_if(kBelow.begin(), kBelow.end(), [rate](auto below) { return below < rate; }));
}

std::uint8_t Device::recoveries(std::size_t link) const {
  if (link >= options_.links.size()) {
    return shown_[link % shown_.size()].value_or(0);
  }
  if (shown_[link] && quantity(Quantity::kCounterStuck) >= 0.5) {
    return *shown_[link];
  }
  if (recovered_[link] == kAfresh) {
    return 0;
  }
  const std::uint64_t counted =
      options_.links[link].link->counter(LinkCounter::kRecoveries, End::kA);
  return static_cast<std::uint8_t>(counted - recovered_[link]);
}

std::optional<std::uint8_t> Device::firmware_info(std::uint32_t offset) const {
  if (offset >= wr::kInfoLinks && offset < wr::kInfoLinks + 2 * wr::kLinksMax) {
    const std::uint32_t at = offset - wr::kInfoLinks;
    return low(kFirstLink + at / 2 * kLinkStride, at % 2);
  }
  if (offset >= wr::kInfoPmaAdc && offset < wr::kInfoPmaAdc + 16) {
    const std::uint32_t at = offset - wr::kInfoPmaAdc;
    return low(adc(at / 8, at % 8 / 2), at % 2);
  }
  switch (offset) {
    case wr::kInfoMajor:
      return firmware_.major;
    case wr::kInfoMinor:
      return firmware_.minor;
    case wr::kInfoBuild:
    case wr::kInfoBuild + 1:
      return low(firmware_.build, offset - wr::kInfoBuild);
    case wr::kInfoPrint:
    case wr::kInfoPrint + 1:
      return low(kPrint, offset - wr::kInfoPrint);
    case wr::kInfoControl:
    case wr::kInfoControl + 1:
      return low(kControl, offset - wr::kInfoControl);
    case wr::kInfoPathSize:
      return wr::kPathSizeDefault;
    default:
      return std::nullopt;
  }
}

std::optional<std::uint8_t> Device::link_byte(std::size_t link, std::uint32_t offset) const {
  if (link >= options_.links.size()) {
    return std::nullopt;
  }
  const Through& through = options_.links[link];
  switch (offset) {
    case wr::kLinkWidth:
      return through.width;
    case wr::kLinkRate:
      return link_rate(link);
    case wr::kLinkState:
      return static_cast<std::uint8_t>(link_state(link));
    case wr::kLinkDetectedWidth:
      return static_cast<std::uint8_t>(through.link->status().trained_width.value());
    default:
      return std::nullopt;
  }
}

/// Of the print structure.
std::optional<std::uint8_t> Device::log_byte(std::uint32_t offset) const {
  if (options_.links.empty()) {
    return std::nullopt;
  }
  const auto log = options_.links.front().link->log();
  if (offset == wr::kPrintWriteOffset || offset == wr::kPrintWriteOffset + 1) {
    const auto end = static_cast<std::uint32_t>(log.size() % kLogEntries * kLogEntry);
    return low(end, offset - wr::kPrintWriteOffset);
  }
  if (offset < wr::kPrintBuffer || offset >= wr::kPrintBuffer + kLogEntries * kLogEntry) {
    return std::nullopt;
  }
  const std::uint32_t slot = (offset - wr::kPrintBuffer) / kLogEntry;
  // The newest entry that fell into this slot of the ring.
  if (slot >= log.size()) {
    return std::uint8_t{0};
  }
  const std::size_t newest = (log.size() - 1 - slot) / kLogEntries * kLogEntries + slot;
  const TrainingEvent& event = log[newest];
  const auto ms = static_cast<std::uint32_t>(event.at.ns / 1'000'000);
  const std::array<std::uint8_t, kLogEntry> entry{
      static_cast<std::uint8_t>(0x40U + static_cast<unsigned>(event.to)),
      static_cast<std::uint8_t>(event.from),
      static_cast<std::uint8_t>(event.rate.value() / 1000),
      static_cast<std::uint8_t>(event.reason),
      low(ms, 0),
      low(ms, 1),
      low(ms, 2),
      low(ms, 3)};
  return entry[(offset - wr::kPrintBuffer) % kLogEntry];
}

std::uint8_t Device::main_sram(std::uint32_t address) const {
  std::optional<std::uint8_t> value;
  const std::uint32_t at = address - wr::kMainSram;
  if (address >= wr::kFirmwareInfo) {
    value = firmware_info(address - wr::kFirmwareInfo);
  } else if (const auto link = recovery_count_at(at)) {
    value = recoveries(*link);
  } else if (at >= kPrint) {
    value = log_byte(at - kPrint);
  } else if (at >= kFirstLink && at < kFirstLink + wr::kLinksMax * kLinkStride) {
    const std::uint32_t in = at - kFirstLink;
    const std::uint32_t offset = in % kLinkStride;
    if (offset >= 2U * wr::kPathSizeDefault) {
      value = link_byte(in / kLinkStride, offset - 2U * wr::kPathSizeDefault);
    }
  }
  if (value) {
    return *value;
  }
  const auto it = sram_.find(address);
  return it == sram_.end() ? std::uint8_t{0} : it->second;
}

/// A client's read: a counter that is stuck stays at what was read last.
std::uint8_t Device::read_main_sram(std::uint32_t address) {
  const std::uint8_t value = main_sram(address);
  if (const auto link = recovery_count_at(address - wr::kMainSram)) {
    shown_[*link] = value;
  }
  return value;
}

void Device::write_main_sram(std::uint32_t address, std::uint8_t value) {
  const std::uint32_t at = address - wr::kMainSram;
  if (const auto link = recovery_count_at(at)) {
    shown_[*link] = value;
    if (*link < options_.links.size()) {
      recovered_[*link] =
          options_.links[*link].link->counter(LinkCounter::kRecoveries, End::kA) - value;
    }
    return;
  }
  if (at < wr::kMainSramBytes) {
    sram_[address] = value;
  }
}

std::optional<std::uint8_t> Device::control_byte(unsigned path, std::uint32_t offset) const {
  if (offset >= wr::kControlBytes) {
    return std::nullopt;
  }
  const unsigned side = path % 2 != 0 ? 0 : 1;
  const unsigned first = path / 2 * 2;
  const ReceiverAt at = receiver(side, first);
  if (at.through == nullptr) {
    return std::uint8_t{0};
  }
  const auto link = static_cast<std::size_t>(at.through - options_.links.data());
  if (offset == wr::kControlState) {
    return static_cast<std::uint8_t>(link_state(link));
  }
  if (offset == wr::kControlLastGen) {
    return static_cast<std::uint8_t>(link_rate(link) + 1);
  }
  if (offset < wr::kControlPresetCount) {
    return std::uint8_t{0};
  }
  // The receiver asked for three presets, the last of which it kept; the FoMs of the first two are
  // modelled from the last one's.
  constexpr std::uint32_t kRequests = 3;
  const auto lane_of = [first](std::uint32_t in, std::uint32_t stride) {
    return first + in / stride;
  };
  const auto request = [this, side](unsigned lane, std::uint32_t number, bool wants_fom) {
    const LaneReport here = report(side, lane);
    if (!here.is_active || number >= kRequests) {
      return std::uint8_t{0};
    }
    const unsigned back = kRequests - 1 - number;
    const unsigned value =
        wants_fom ? static_cast<unsigned>(fom(here)) - std::min<unsigned>(fom(here), 9 * back)
                  : (here.preset + 10U - back) % 10U;
    return static_cast<std::uint8_t>(back == 0 && !wants_fom ? here.preset : value);
  };
  if (offset < wr::kControlPresets) {
    const bool is_active = report(side, lane_of(offset - wr::kControlPresetCount, 1)).is_active;
    return static_cast<std::uint8_t>(is_active ? kRequests : 0);
  }
  if (offset < wr::kControlFinalPreset) {
    const bool wants_fom = offset >= wr::kControlFoms;
    const std::uint32_t in = offset - (wants_fom ? wr::kControlFoms : wr::kControlPresets);
    return request(lane_of(in, wr::kPresetRequestsMax), in % wr::kPresetRequestsMax, wants_fom);
  }
  if (offset < wr::kControlFinalPre) {
    return request(lane_of(offset - wr::kControlFinalPreset, 1), kRequests - 1, false);
  }
  return std::uint8_t{0};  // cursors: the final request was a preset
}

std::uint8_t Device::path_sram(unsigned path, std::uint32_t address) const {
  if (address < wr::kPathSramStart || address >= wr::kPathSramEnd) {
    return 0;
  }
  const std::uint32_t at = address - wr::kPathSramStart;
  if (address >= wr::kPathFirmwareInfo) {
    switch (address - wr::kPathFirmwareInfo) {
      case wr::kInfoMajor:
        return firmware_.major;
      case wr::kInfoMinor:
        return firmware_.minor;
      case wr::kInfoPrint:
      case wr::kInfoPrint + 1:
        return low(kPathPrint, address - wr::kPathFirmwareInfo - wr::kInfoPrint);
      case wr::kInfoControl:
      case wr::kInfoControl + 1:
        return low(kPathControl, address - wr::kPathFirmwareInfo - wr::kInfoControl);
      default:
        break;
    }
  }
  if (at >= kPathControl && at < kPathControl + wr::kControlBytes) {
    if (const auto value = control_byte(path, at - kPathControl)) {
      return *value;
    }
  }
  const auto it = sram_.find((path + 1) << 20U | address);
  return it == sram_.end() ? std::uint8_t{0} : it->second;
}

}  // namespace weft::twin::retimer
