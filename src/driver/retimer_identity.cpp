// SPDX-License-Identifier: Apache-2.0
#include "driver/retimer_identity.h"

#include "wire/retimer/convert.h"

#include <algorithm>

#include <fmt/format.h>

namespace weft::driver {
namespace retimer_identity {

namespace wr = wire::retimer;

constexpr std::size_t kControlBytes = 5;
constexpr std::size_t kControlByte = 3;    // of them: the one with bits 24 and 25
constexpr std::uint8_t kClock = 1U << 1U;  // bit 25: the fuses' clock from the reference clock
constexpr std::uint8_t kStart = 1U << 0U;  // bit 24: go
constexpr std::uint8_t kLoad = 1U << 7U;   // of the address register
constexpr unsigned kSecondPage = 64;
constexpr std::uint8_t kPageInvalid = 0x80;
constexpr std::uint8_t kHasCalibration = 0x04;

constexpr std::uint8_t kPrepareToArp = 0x01;
constexpr std::uint8_t kGetUdid = 0x03;
constexpr std::uint8_t kAssignAddress = 0x04;
constexpr std::size_t kUdidBytes = 16;

/// The eFuse's registers; the first failure ends the rest.
class Fuses {
 public:
  explicit Fuses(RetimerBus& retimer) : retimer_(retimer) {}

  /// Brings the fuses into their shadow registers, in the SDK's order.
  base::Result<void> load() {
    auto control = retimer_.read(wr::kEfuseControl, kControlBytes);
    const auto address = retimer_.read_word(wr::kEfuseAddress, 1);
    if (!control || !address) {
      return tl::unexpected((control ? address.error() : control.error()));
    }
    control_ = *control;
    address_ = static_cast<std::uint8_t>(*address);
    base::Bytes clocked = control_;
    clocked[kControlByte] |= kClock;
    base::Bytes started = clocked;
    started[kControlByte] |= kStart;
    const auto idle = static_cast<std::uint8_t>(address_ & 0x7FU);
    return retimer_.write(wr::kEfuseControl, clocked)
        .and_then([&] { return put_address(idle | kLoad); })
        .and_then([&] { return retimer_.write(wr::kEfuseControl, started); })
        .and_then([&] { return retimer_.write(wr::kEfuseControl, clocked); })
        .and_then([&] { return put_address(idle); });
  }
  base::Result<void> give_back() {
    return put_address(address_).and_then(
        [&] { return retimer_.write(wr::kEfuseControl, control_); });
  }
  std::uint8_t at(unsigned place) {
    if (!problem) {
      return 0;
    }
    problem = put_address(static_cast<std::uint8_t>(place));
    const auto byte = problem ? retimer_.read_word(wr::kEfuseData, 1)
                              : base::Result<std::uint32_t>(tl::unexpected(problem.error()));
    if (!byte) {
      problem = tl::unexpected(byte.error());
      return 0;
    }
    return static_cast<std::uint8_t>(*byte);
  }
  base::Result<void> problem;

 private:
  base::Result<void> put_address(unsigned value) {
    return retimer_.write(wr::kEfuseAddress,
                          std::array<std::uint8_t, 1>{static_cast<std::uint8_t>(value)});
  }
  RetimerBus& retimer_;
  base::Bytes control_;
  std::uint8_t address_ = 0;
};

RetimerFuses read_all(Fuses& fuses) {
  RetimerFuses out;
  const unsigned page = (fuses.at(wr::kEfusePageInvalid) & kPageInvalid) != 0 ? kSecondPage : 0;
  out.is_calibrated = (fuses.at(page + wr::kEfuseFlags) & kHasCalibration) != 0;
  const auto code = [&](unsigned place) {
    const std::uint8_t value = out.is_calibrated ? fuses.at(page + place) : std::uint8_t{0};
    return value == 0 ? wr::kDefaultCalibration : value;
  };
  for (unsigned slice = 0; slice < out.calibration_a.size(); ++slice) {
    out.calibration_a[slice] = code(wr::kEfuseCalibrationA + 4 * slice);
    out.calibration_b[slice] = code(wr::kEfuseCalibrationB + 4 * slice);
  }
  out.part = wr::part_name(fuses.at(page + wr::kEfusePart));
  for (unsigned i = 0; i < out.chip_id.size(); ++i) {
    out.chip_id[i] = fuses.at(page + wr::kEfuseChipId + i);
  }
  for (unsigned i = 0; i < out.lot.size(); ++i) {
    out.lot[i] = fuses.at(page + wr::kEfuseLot + i);
  }
  return out;
}

}  // namespace retimer_identity

std::uint8_t RetimerFuses::mean_calibration() const {
  const unsigned first = is_x8() ? 1 : 0;
  const unsigned end = is_x8() ? 3 : 4;
  unsigned sum = 0;
  for (unsigned slice = first; slice < end; ++slice) {
    sum += calibration_a[slice] + unsigned{calibration_b[slice]};
  }
  const unsigned count = 2 * (end - first);
  return static_cast<std::uint8_t>((sum + count / 2) / count);
}

std::string RetimerFuses::serial() const {
  return fmt::format("{:02x}", fmt::join(chip_id, ""));
}

base::Result<RetimerFuses> read_fuses(RetimerBus& retimer) {
  const SmbusLock lock(retimer.bus());
  retimer_identity::Fuses fuses(retimer);
  if (auto loaded = fuses.load(); !loaded) {
    return tl::unexpected(loaded.error());
  }
  RetimerFuses out = retimer_identity::read_all(fuses);
  const auto back = fuses.give_back();
  if (!fuses.problem || !back) {
    return tl::unexpected(fuses.problem ? back.error() : fuses.problem.error());
  }
  return out;
}

base::Result<RetimerUdid> find_by_arp(bus::Smbus& bus) {
  const SmbusLock lock(bus);
  const auto nobody = [&](const base::Error& error) {
    if (error.code != base::Code::kUnavailable) {
      return tl::unexpected(error);
    }
    return base::fail(base::Code::kNotFound, "nobody at 0x61 waits for an address",
                      bus.description(),
                      "A part whose firmware is loaded has its strapped address.");
  };
  const auto prepared = bus.run({.kind = bus::SmbusKind::kSendByte,
                                 .address = kArpDefaultAddress,
                                 .data = {retimer_identity::kPrepareToArp},
                                 .pec = true});
  if (!prepared) {
    return nobody(prepared.error());
  }
  const auto said = bus.run({.kind = bus::SmbusKind::kReadBlock,
                             .address = kArpDefaultAddress,
                             .command = retimer_identity::kGetUdid,
                             .pec = true});
  if (!said) {
    return nobody(said.error());
  }
  if (said->size() != retimer_identity::kUdidBytes + 1) {
    return base::fail(base::Code::kDataLoss, fmt::format("a UDID of {} bytes", said->size()),
                      bus.description(), "Try again.");
  }
  RetimerUdid out;
  std::copy_n(said->begin(), out.udid.size(), out.udid.begin());
  out.vendor = static_cast<std::uint16_t>(out.udid[2] << 8U | out.udid[3]);
  out.address = static_cast<std::uint8_t>(said->back() >> 1U);
  return out;
}

base::Result<void> assign_by_arp(bus::Smbus& bus, const RetimerUdid& who, std::uint8_t address) {
  constexpr std::uint8_t kFirstFree = 0x10;  // SMBus 3.2 appendix C: below and above are reserved
  constexpr std::uint8_t kLastFree = 0x77;
  if (address < kFirstFree || address > kLastFree || address == kArpDefaultAddress) {
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("0x{:02x} is no address to assign", address), bus.description(),
                      "Choose one of 0x20 to 0x27.");
  }
  base::Bytes data(who.udid.begin(), who.udid.end());
  data.push_back(static_cast<std::uint8_t>(address << 1U));
  const SmbusLock lock(bus);
  return bus
      .run({.kind = bus::SmbusKind::kWriteBlock,
            .address = kArpDefaultAddress,
            .command = retimer_identity::kAssignAddress,
            .data = std::move(data),
            .pec = true})
      .map([](const base::Bytes&) {});
}

}  // namespace weft::driver
