// SPDX-License-Identifier: Apache-2.0
// VDM (20h-2Fh) and diagnostics (13h, 14h): what the receivers of a retimed module count, over a
// statistics interval that ends by freezing, or since a checker was started.
//
// Average ratios come from the link's own integer counts; current values from the lane's state now;
// least and greatest from what was seen at looks, at least the average (modelled: a module samples
// each fine interval). eSNR from the lane's figure of merit q: a PAM4 signal of four equal levels
// has 5 times the power of its half level step, so eSNR = q + 7 dB; the level transition parameter
// is peak over valley of two Gaussian neighbours, 10 log10(exp(q^2 / 2) / 2).
#include "fabric/protocol.h"
#include "twin/cable_module/module.h"
#include "wire/cmis/values.h"
#include "wire/cmis/vdm.h"

#include <algorithm>
#include <cmath>

namespace weft::twin {
namespace module_statistics {

using cable_module::reg;
using wire::cmis::kBankLanes;
using wire::cmis::VdmStatistic;

constexpr double kPam4PowerDb = 6.99;  // 10 log10(5)

double ratio(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

/// What a look finds of a counter that may have begun anew with the link.
phy::lane::Counts since(const phy::lane::Counts& now, const phy::lane::Counts& start) {
  if (now.bits < start.bits || now.codewords < start.codewords) {
    return now;
  }
  phy::lane::Counts out;
  out.bits = now.bits - start.bits;
  out.bit_errors = now.bit_errors - std::min(now.bit_errors, start.bit_errors);
  out.codewords = now.codewords - start.codewords;
  out.uncorrectable = now.uncorrectable - std::min(now.uncorrectable, start.uncorrectable);
  return out;
}

void put_le(cable_module::Half& page, std::size_t at, unsigned width, std::uint64_t value) {
  base::write_le(page, at, width, value);
}

void put_be16(cable_module::Half& page, std::size_t at, std::uint16_t value) {
  page.at(at) = static_cast<std::uint8_t>(value >> 8);
  page.at(at + 1) = static_cast<std::uint8_t>(value);
}

constexpr std::string_view kGenerator[] = {"HostSideGenerator", "MediaSideGenerator"};

}  // namespace module_statistics

phy::lane::Counts CableModule::counts(Side side, unsigned lane) const {
  if (lane >= setup_.link->plan().lanes.value() || (side == kHost && !setup_.repeater)) {
    return {};
  }
  return setup_.link->lane_counts(receiver(side, lane));
}

/// What every bank's 2Fh:145 says of the module's one freeze.
void CableModule::show_freeze(bool is_done) {
  static const auto& done = cable_module::reg("VDMFreezeDone");
  static const auto& undone = cable_module::reg("VDMUnfreezeDone");
  for (std::uint8_t bank = 0; memory_.has(bank, wire::cmis::kVdmControl); ++bank) {
    memory_.set(done, is_done && is_frozen_ ? 1 : 0, 0, bank);
    memory_.set(undone, is_done && !is_frozen_ ? 1 : 0, 0, bank);
  }
}

/// A new interval on every receiver: after unfreezing and after a reset. In the event loop the link
/// may not be asked; the next look then takes its counts as the start.
void CableModule::restart_statistics() {
  for (auto& side : intervals_) {
    for (auto& interval : side) {
      interval = {};
    }
  }
}

void CableModule::freeze_step() {
  show_freeze(true);
  if (!is_frozen_) {
    restart_statistics();
  }
}

CableModule::Look CableModule::look(Side side, unsigned lane) const {
  return {setup_.link->lane(receiver(side, lane)), counts(side, lane)};
}

double CableModule::statistic(std::uint8_t type, Side side, unsigned lane, const Look& look) {
  using namespace module_statistics;
  const auto& observable = *wire::cmis::find_vdm(type);
  const auto& report = look.report;
  const auto& reading = report.reading;
  auto& interval = intervals_.at(side).at(lane);
  const auto& total = look.total;
  if (interval.looks == 0) {
    interval = {.start = total, .least = reading.ber, .most = reading.ber, .looks = 1};
  }
  const auto span = since(total, interval.start);
  const double average = span.bits == 0 ? reading.ber : ratio(span.bit_errors, span.bits);
  interval.least = std::min({interval.least, reading.ber, average});
  interval.most = std::max({interval.most, reading.ber, average});
  const auto kind = static_cast<std::uint8_t>((type - 1) / 2 * 2 + 1);  // the media input's number
  const bool is_known = report.is_modelled && report.has_lock;
  switch (kind) {
    case 1:
      // Age by what efficiency is left: end of life where bias has used its reserve.
      return std::clamp(
          (1 -
           setup_.link->own_quantities().value(
               Quantity::kLaserBias,
               lane_sub(far_receiver(side, lane).section,
                        static_cast<std::uint32_t>(far_receiver(side, lane).direction), lane))) *
              300,
          0.0, 100.0);
    case 3:
      return laser_temperature().value();
    case 5: {
      const bool is_pam4 =
          fabric::protocol(setup_.link->plan().protocol).modulation == fabric::Modulation::kPam4;
      return is_known ? std::max(0.0, reading.fom.value() + (is_pam4 ? kPam4PowerDb : 0)) : 0;
    }
    case 7: {
      const double q = std::pow(10.0, reading.fom.value() / 20);
      return is_known ? std::clamp(10 * (q * q / 2 * std::log10(std::exp(1.0)) - std::log10(2.0)),
                                   0.0, 255.0)
                      : 0;
    }
    case 9:
      return interval.least;
    case 11:
      return interval.most;
    case 13:
      return average;
    case 15:
      return is_known ? reading.ber : 0;
    default:
      break;
  }
  // Errored frames: the share of codewords that FEC could not mend.
  const double share = ratio(span.uncorrectable, span.codewords);
  return observable.statistic == VdmStatistic::kTotal ? static_cast<double>(total.uncorrectable)
                                                      : share;
}

void CableModule::refresh_statistics() {
  using namespace module_statistics;
  std::array<std::vector<Look>, 2> looks;
  for (const auto side : {kHost, kMedia}) {
    for (unsigned lane = 0; lane < lanes_.size(); ++lane) {
      looks.at(side).push_back(look(side, lane));
    }
  }
  for (std::uint8_t bank = 0; memory_.has(bank, wire::cmis::kVdmControl); ++bank) {
    for (unsigned instance = 0; instance < wire::cmis::kVdmGroups * wire::cmis::kVdmPerGroup;
         ++instance) {
      const auto group = static_cast<std::uint8_t>(instance / wire::cmis::kVdmPerGroup);
      const std::size_t at = 2 * std::size_t{instance % wire::cmis::kVdmPerGroup};
      const auto* const descriptors =
          memory_.find(bank, static_cast<std::uint8_t>(wire::cmis::kVdmDescriptors + group));
      if (descriptors == nullptr) {
        break;
      }
      const auto descriptor =
          wire::cmis::decode_vdm_descriptor(descriptors->at(at), descriptors->at(at + 1));
      const auto* const observable = wire::cmis::find_vdm(descriptor.type);
      const unsigned lane = bank * kBankLanes + descriptor.lane;
      if (observable == nullptr || lane >= setup_.link->plan().lanes.value() ||
          lane >= lanes_.size()) {
        continue;
      }
      const auto side = observable->side == wire::cmis::VdmSide::kHost ? kHost : kMedia;
      const auto raw = wire::cmis::encode_vdm(
          *observable, statistic(descriptor.type, side, lane, looks.at(side).at(lane)));
      put_be16(memory_.page(static_cast<std::uint8_t>(wire::cmis::kVdmSamples + group), bank), at,
               raw);
      if (lanes_[lane].state != DataPathState::kActivated) {
        continue;
      }
      const auto& limits =
          memory_.page(static_cast<std::uint8_t>(wire::cmis::kVdmThresholds + group), bank);
      const double value = wire::cmis::decode_vdm(*observable, raw);
      unsigned flags = 0;
      for (unsigned i = 0; i < 4; ++i) {
        const auto place = std::size_t{8} * descriptor.thresholds + 2 * std::size_t{i};
        const double limit = wire::cmis::decode_vdm(
            *observable, static_cast<std::uint16_t>(limits.at(place) << 8 | limits.at(place + 1)));
        flags |= (i % 2 == 0 ? value > limit : value < limit) ? 1U << i : 0U;
      }
      auto& byte = memory_.page(wire::cmis::kVdmFlags, bank).at(instance / 2);
      byte = static_cast<std::uint8_t>(byte | flags << (4 * (instance % 2)));
    }
  }
}

/// The pattern that this module sends on a side's lane, if any.
std::optional<std::uint8_t> CableModule::generated(Side side, unsigned lane) const {
  using namespace module_statistics;
  const auto bank = static_cast<std::uint8_t>(lane / kBankLanes);
  const std::string name(kGenerator[side]);
  if (!memory_.has(bank, 0x13) || memory_.get(reg(name + "Enable"), lane % kBankLanes, bank) == 0) {
    return std::nullopt;
  }
  return static_cast<std::uint8_t>(memory_.get(reg(name + "Pattern"), lane % kBankLanes, bank));
}

/// Whether what this module sends on a side comes straight back into its receiver there.
bool CableModule::is_looped(Side side, unsigned lane) const {
  using namespace module_statistics;
  const auto bank = static_cast<std::uint8_t>(lane / kBankLanes);
  return memory_.has(bank, 0x13) &&
         memory_.get(
             reg(side == kMedia ? "MediaSideOutputLoopbackEnable" : "HostSideOutputLoopbackEnable"),
             lane % kBankLanes, bank) != 0;
}

/// A checker locks on its own side's generator where that is looped back, or on the far module's.
bool CableModule::is_pattern_locked(Side side, unsigned lane) const {
  using namespace module_statistics;
  const auto bank = static_cast<std::uint8_t>(lane / kBankLanes);
  if (!memory_.has(bank, 0x13)) {
    return false;
  }
  const auto wanted =
      memory_.get(reg(side == kMedia ? "MediaSideCheckerPattern" : "HostSideCheckerPattern"),
                  lane % kBankLanes, bank);
  if (is_looped(side, lane)) {
    return generated(side, lane) == wanted;
  }
  return side == kMedia && peer_ != nullptr && lane < peer_->lanes_.size() &&
         peer_->is_transmitting(lane) && peer_->generated(kMedia, lane) == wanted;
}

/// Generators begin or end: the link carries no data on those lanes meanwhile.
void CableModule::patterns_changed(std::uint8_t bank) {
  using namespace module_statistics;
  if (!setup_.repeater) {
    return;
  }
  for (unsigned i = 0; i < kBankLanes; ++i) {
    const unsigned lane = bank * kBankLanes + i;
    if (lane >= lanes_.size() || lane >= setup_.link->plan().lanes.value()) {
      break;
    }
    for (const auto side : {kHost, kMedia}) {
      auto& told = checkers_.at(side).at(lane).is_sending;
      const bool is_sending = generated(side, lane).has_value();
      if (told != is_sending) {
        told = is_sending;
        setup_.link->set_test_pattern(far_receiver(side, lane), is_sending);
      }
    }
  }
}

void CableModule::checkers_changed(std::uint8_t bank) {
  using namespace module_statistics;
  static const auto& reset = reg("ResetErrorInformation");
  const bool is_reset = memory_.get(reset, 0, bank) != 0;
  for (unsigned i = 0; i < kBankLanes; ++i) {
    const unsigned lane = bank * kBankLanes + i;
    if (lane >= lanes_.size()) {
      break;
    }
    for (const auto side : {kHost, kMedia}) {
      auto& checker = checkers_.at(side).at(lane);
      const bool is_on =
          memory_.get(reg(side == kMedia ? "MediaSideCheckerEnable" : "HostSideCheckerEnable"), i,
                      bank) != 0;
      if (is_on && (!checker.is_on || is_reset)) {
        checker.start = counts(side, lane);
        checker.since = now();
        checker.stopped = {};
      } else if (!is_on && checker.is_on) {
        checker.stopped = checked(side, lane);
      }
      checker.is_on = is_on;
    }
  }
}

/// What a checker counted. Looped back inside the module there is nothing to make errors.
phy::lane::Counts CableModule::checked(Side side, unsigned lane) const {
  using namespace module_statistics;
  const auto& checker = checkers_.at(side).at(lane);
  if (!checker.is_on) {
    return checker.stopped;
  }
  if (!is_pattern_locked(side, lane)) {
    return {};
  }
  if (is_looped(side, lane)) {
    phy::lane::Counts out;
    out.bits = static_cast<std::uint64_t>(
        (now() - checker.since).seconds() *
        fabric::protocol(setup_.link->plan().protocol).line_rate.value());
    return out;
  }
  return since(counts(side, lane), checker.start);
}

/// 14h: what the selector asks for, and the checkers' loss of lock.
void CableModule::refresh_diagnostics(std::uint8_t bank) {
  using namespace module_statistics;
  constexpr std::size_t kData = 192 - wire::cmis::kHalfPage;
  auto& page = memory_.page(0x14, bank);
  const auto selector = page.at(0);
  std::fill(page.begin() + kData, page.end(), std::uint8_t{0});
  for (unsigned i = 0; i < kBankLanes; ++i) {
    const unsigned lane = bank * kBankLanes + i;
    if (lane >= lanes_.size() || lane >= setup_.link->plan().lanes.value()) {
      break;
    }
    for (const auto side : {kHost, kMedia}) {
      const std::size_t media = side == kMedia ? 1 : 0;
      const auto& checker = checkers_.at(side).at(lane);
      latch(reg(side == kMedia ? "MediaPatternCheckerLOLFlag" : "HostPatternCheckerLOLFlag"),
            checker.is_on && !is_pattern_locked(side, lane), i, bank);
      switch (selector & 0x0F) {
        case 1: {
          const auto count = checked(side, lane);
          put_be16(page, kData + 16 * media + std::size_t{2} * i,
                   wire::cmis::encode_f16(ratio(count.bit_errors, count.bits)));
          break;
        }
        case 2:
        case 3:
        case 4:
        case 5:
          if (std::size_t{selector & 0x0FU} - 2 == 2 * media + i / 4) {
            const auto count = checked(side, lane);
            put_le(page, kData + std::size_t{16} * (i % 4), 8, count.bit_errors);
            put_le(page, kData + std::size_t{16} * (i % 4) + 8, 8, count.bits);
          }
          break;
        case 6:
          if (side == kMedia || setup_.repeater) {
            // Host inputs at 208, media inputs at 240.
            put_le(page, kData + 16 + 32 * media + std::size_t{2} * i, 2,
                   wire::cmis::encode_decibel(
                       base::Decibel(statistic(static_cast<std::uint8_t>(side == kMedia ? 5 : 6),
                                               side, lane, look(side, lane)))));
          }
          break;
        default:
          break;
      }
    }
  }
}

}  // namespace weft::twin
