// SPDX-License-Identifier: Apache-2.0
#include "driver/retimer_actions.h"

#include "base/text.h"
#include "wire/retimer/convert.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

namespace weft::driver {
namespace retimer_actions {

namespace wr = wire::retimer;
using base::Code;

constexpr std::uint16_t kOverride = 0x20;
constexpr std::uint16_t kRequest = 0x10;
constexpr std::uint16_t kTimingEnable = 1U << 12U;
constexpr std::uint16_t kVoltageEnable = 1U << 11U;
constexpr std::uint16_t kRunAndClear = 0x3003;
constexpr std::uint16_t kErrorField = 0x3F;
constexpr std::uint16_t kCheckerSync = 0x10;
constexpr int kAcknowledgeReads = 100;
constexpr base::Duration kResetHold{1'000'000};
constexpr base::Duration kLoadTime{1'900'000'000};
constexpr base::Duration kSettle{2'000'000};
constexpr base::Duration kPageTime{10'000'000};
constexpr int kBusyPolls = 30;

/// Words of a lane that are noted before they change and put back at the end.
class Borrowed {
 public:
  Borrowed(RetimerBus& retimer, Journal journal, unsigned side)
      : retimer_(retimer), journal_(std::move(journal)), side_(side) {}

  base::Result<void> note(unsigned lane, std::uint16_t word) {
    const auto old = retimer_.read_pma(side_, lane, word);
    if (!old) {
      return tl::unexpected(old.error());
    }
    return journal_.note(
        {.door = "smbus",
         .device = retimer_.description(),
         .place = fmt::format("pma/{}/{}/0x{:04x}", side_, lane, word),
         .old = {static_cast<std::uint8_t>(*old), static_cast<std::uint8_t>(*old >> 8U)}});
  }
  base::Result<void> give_back() {
    auto undone = journal_.undo(
        [this](const JournalEntry& entry) { return restore_retimer(retimer_, entry); });
    return undone ? journal_.close() : undone;
  }

 private:
  RetimerBus& retimer_;
  Journal journal_;
  unsigned side_;
};

base::Result<Journal> open_journal(const std::string& folder, std::string_view action,
                                   const std::string& machine, const RetimerBus& retimer) {
  return Journal::open(folder, action, machine.empty() ? retimer.description() : machine);
}

struct Margining {
  RetimerBus& retimer;
  const RetimerMarginOptions& options;
  const Wait& wait;

  base::Result<void> request(unsigned lane) {
    for (const std::uint16_t value : {kOverride, std::uint16_t{kOverride | kRequest}}) {
      if (auto put = retimer.write_pma(options.side, lane, wr::kPmaMarginRequest, value); !put) {
        return put;
      }
    }
    for (int i = 0; i < kAcknowledgeReads; ++i) {
      const auto seen = retimer.read_pma(options.side, lane, wr::kPmaRxPcsOut);
      if (!seen) {
        return tl::unexpected(seen.error());
      }
      if ((*seen & 1U) != 0) {
        return {};
      }
    }
    return base::fail(Code::kDeadlineExceeded,
                      fmt::format("lane {} does not take a margining request", lane),
                      retimer.description(), "margining needs a link in L0");
  }

  /// Whether the eye holds at this point.
  base::Result<bool> holds(unsigned lane, int left, int up) {
    const auto time = static_cast<std::uint16_t>(wr::with_timing_field(kTimingEnable, left));
    const auto voltage =
        static_cast<std::uint16_t>(wr::with_voltage_field(kRunAndClear | kVoltageEnable, up));
    auto done = retimer.write_pma(options.side, lane, wr::kPmaTimingOffset, time)
                    .and_then([&] {
                      return retimer.write_pma(options.side, lane, wr::kPmaVoltageOffset, voltage);
                    })
                    .and_then([&] { return request(lane); });
    if (!done) {
      return tl::unexpected(done.error());
    }
    wait(options.dwell);
    const auto errors = retimer.read_pma(options.side, lane, wr::kPmaMarginErrors);
    if (!errors) {
      return tl::unexpected(errors.error());
    }
    return (*errors & kErrorField) <= options.error_limit;
  }

  /// The most steps that hold, by bisection between 0 and `most`.
  base::Result<int> reach(unsigned lane, int most, int left_sign, int up_sign) {
    int good = 0;
    int bad = most + 1;
    while (bad - good > 1) {
      const int step = (good + bad) / 2;
      const auto is_open = holds(lane, left_sign * step, up_sign * step);
      if (!is_open) {
        return tl::unexpected(is_open.error());
      }
      (*is_open ? good : bad) = step;
    }
    return good;
  }

  base::Result<RetimerMargin> margin(unsigned lane) {
    RetimerMargin out;
    out.lane = lane;
    struct Way {
      int* into;
      int most;
      int left;
      int up;
    };
    const std::array<Way, 4> ways{{{&out.left_steps, wr::kTimingSteps, 1, 0},
                                   {&out.right_steps, wr::kTimingSteps, -1, 0},
                                   {&out.up_steps, wr::kVoltageSteps, 0, 1},
                                   {&out.down_steps, wr::kVoltageSteps, 0, -1}}};
    for (const Way& way : ways) {
      const auto steps = reach(lane, way.most, way.left, way.up);
      if (!steps) {
        return tl::unexpected(steps.error());
      }
      *way.into = *steps;
    }
    return out;
  }
};

/// The EEPROM through the retimer's I2C master.
struct Programmer {
  RetimerBus& retimer;
  const Wait& wait;
  bool is_assisted = false;
  std::size_t block = wr::kEepromBlockWideBytes;
  std::uint32_t block_at = wr::kEepromBlockWide;
  std::uint8_t modifier = 0;

  base::Result<void> byte(std::uint32_t address, std::uint8_t value) {
    return retimer.write(address, std::array<std::uint8_t, 1>{value});
  }
  base::Result<void> word(std::uint32_t address, std::uint16_t value) {
    return retimer.write(address,
                         std::array<std::uint8_t, 2>{static_cast<std::uint8_t>(value),
                                                     static_cast<std::uint8_t>(value >> 8U)});
  }
  /// One register of the master. 3 transactions.
  base::Result<void> master(std::uint8_t reg, std::uint8_t value, std::uint8_t flags) {
    return byte(wr::kMasterRegister, reg)
        .and_then([&] {
          return retimer.write(wr::kMasterData, std::array<std::uint8_t, 2>{value, flags});
        })
        .and_then([&] { return byte(wr::kMasterCommand, 1); });
  }
  base::Result<void> select_bank(std::size_t bank) {
    return master(0x6C, 0, 0)
        .and_then([&] { return master(0x04, static_cast<std::uint8_t>(0x50 + bank), 0); })
        .and_then([&] { return master(0x6C, 1, 0); });
  }
  base::Result<void> point_at(std::size_t address, bool stops) {
    return master(0x10, static_cast<std::uint8_t>(address >> 8U), stops ? 4 : 0).and_then([&] {
      return master(0x10, static_cast<std::uint8_t>(address), stops ? 2 : 0);
    });
  }
  base::Result<void> command(wr::EepromAssist what) {
    auto sent = byte(wr::kEepromAssistCommand,
                     static_cast<std::uint8_t>(static_cast<unsigned>(what) | modifier));
    for (int i = 0; sent && i < kBusyPolls; ++i) {
      const auto left = retimer.read_word(wr::kEepromAssistCommand, 1);
      if (!left) {
        return tl::unexpected(left.error());
      }
      if (*left == 0) {
        return {};
      }
      wait(kSettle);
    }
    return sent ? base::fail(Code::kDeadlineExceeded, "the firmware does not take EEPROM commands",
                             retimer.description())
                : sent;
  }

  base::Result<void> write_page(std::size_t at, base::ByteView page) {
    auto done = point_at(at % wr::kEepromBankBytes, false);
    if (!is_assisted) {
      for (std::size_t i = 0; done && i < page.size(); ++i) {
        done = master(0x10, page[i], i + 1 == page.size() ? 2 : 0);
      }
    } else {
      for (std::size_t i = 0; done && i < page.size(); i += block) {
        done = retimer.write(block_at, page.subspan(i, block)).and_then([&] {
          return command(i + block == page.size() ? wr::EepromAssist::kWriteEnd
                                                  : wr::EepromAssist::kWrite);
        });
      }
    }
    wait(kPageTime);
    return done;
  }

  base::Result<void> verify(base::ByteView image, std::size_t end) {
    for (std::size_t bank = 0; bank * wr::kEepromBankBytes < end; ++bank) {
      const std::size_t from = bank * wr::kEepromBankBytes;
      const std::size_t bytes = std::min(end - from, wr::kEepromBankBytes);
      auto done = select_bank(bank).and_then([&] { return point_at(0, true); });
      if (done && bytes < wr::kEepromBankBytes) {
        done = retimer.write(
            block_at, std::array<std::uint8_t, 4>{static_cast<std::uint8_t>(bytes),
                                                  static_cast<std::uint8_t>(bytes >> 8U), 0, 0});
      }
      if (done) {
        done = command(bytes < wr::kEepromBankBytes ? wr::EepromAssist::kChecksumPartial
                                                    : wr::EepromAssist::kChecksum);
      }
      if (!done) {
        return done;
      }
      const auto sum = retimer.read_word(block_at, 4);
      if (!sum) {
        return tl::unexpected(sum.error());
      }
      if (*sum != wr::checksum(image.subspan(from, bytes))) {
        return base::fail(Code::kDataLoss,
                          fmt::format("the checksum of EEPROM bank {} is wrong", bank),
                          retimer.description(), "run the update again before a reset");
      }
    }
    return {};
  }
};

base::Result<std::uint8_t> loaded(RetimerBus& retimer) {
  return retimer.read_word(wr::kCodeLoad, 1).map([](std::uint32_t value) {
    return static_cast<std::uint8_t>(value);
  });
}

base::Result<wr::FirmwareVersion> version_of(RetimerBus& retimer) {
  return retimer.read_sram(wr::kFirmwareInfo, 4).map([](const base::Bytes& bytes) {
    return wr::FirmwareVersion{bytes[0], bytes[1],
                               static_cast<std::uint16_t>(bytes[2] | unsigned{bytes[3]} << 8U)};
  });
}

}  // namespace retimer_actions

base::Result<std::vector<RetimerMargin>> margin_retimer(RetimerBus& retimer,
                                                        const RetimerMarginOptions& options,
                                                        const Wait& wait) {
  namespace wr = wire::retimer;
  if (const auto plan = plan_margin(retimer, options); !plan) {
    return tl::unexpected(plan.error());
  }
  auto journal = retimer_actions::open_journal(options.journal_folder, "retimer margin",
                                               options.machine, retimer);
  if (!journal) {
    return tl::unexpected(journal.error());
  }
  retimer_actions::Borrowed borrowed(retimer, std::move(*journal), options.side);
  retimer_actions::Margining margining{retimer, options, wait};
  std::vector<RetimerMargin> out;
  std::optional<base::Error> trouble;
  for (const unsigned lane : options.lanes) {
    base::Result<void> noted;
    // Put back in reverse: the request first, then the offsets.
    for (const std::uint16_t word :
         {wr::kPmaTimingOffset, wr::kPmaVoltageOffset, wr::kPmaMarginRequest}) {
      noted = noted ? borrowed.note(lane, word) : noted;
    }
    if (!noted) {
      trouble = noted.error();
      break;
    }
    auto margin = margining.margin(lane);
    if (!margin) {
      trouble = margin.error();
      break;
    }
    out.push_back(*margin);
  }
  const auto back = borrowed.give_back();
  if (trouble) {
    return tl::unexpected(*trouble);
  }
  if (!back) {
    return tl::unexpected(back.error());
  }
  return out;
}

base::Result<std::vector<RetimerSoak>> soak_retimer(RetimerBus& retimer,
                                                    const RetimerSoakOptions& options,
                                                    const Wait& wait) {
  namespace wr = wire::retimer;
  if (const auto plan = plan_soak(retimer, options); !plan) {
    return tl::unexpected(plan.error());
  }
  auto journal = retimer_actions::open_journal(options.journal_folder, "retimer soak",
                                               options.machine, retimer);
  if (!journal) {
    return tl::unexpected(journal.error());
  }
  retimer_actions::Borrowed borrowed(retimer, std::move(*journal), options.side);
  base::Result<void> done;
  for (const unsigned lane : options.lanes) {
    // Pattern on, then sync up and down, which clears the count.
    const auto pattern = static_cast<std::uint16_t>(options.pattern & 0xFU);
    done = done ? borrowed.note(lane, wr::kPmaRxBert) : done;
    for (const unsigned sync : {0U, unsigned{retimer_actions::kCheckerSync}, 0U}) {
      done = done ? retimer.write_pma(options.side, lane, wr::kPmaRxBert,
                                      static_cast<std::uint16_t>(pattern | sync))
                  : done;
    }
  }
  std::vector<RetimerSoak> out;
  if (done) {
    wait(options.span);
  }
  for (const unsigned lane : options.lanes) {
    // The checker latches its count at the first read.
    for (int i = 0; done && i < 2; ++i) {
      const auto word = retimer.read_pma(options.side, lane, wr::kPmaRxBertErrors);
      if (!word) {
        done = tl::unexpected(word.error());
      } else if (i == 1) {
        out.push_back({lane, wr::bert_errors(*word)});
      }
    }
  }
  const auto back = borrowed.give_back();
  if (!done) {
    return tl::unexpected(done.error());
  }
  if (!back) {
    return tl::unexpected(back.error());
  }
  return out;
}

base::Result<void> reset_retimer(RetimerBus& retimer, const Wait& wait) {
  namespace wr = wire::retimer;
  const SmbusLock lock(retimer.bus());
  const std::array<std::uint8_t, 2> on{wr::kHardwareResetAll & 0xFFU, wr::kHardwareResetAll >> 8U};
  const std::array<std::uint8_t, 2> off{0, 0};
  if (auto put = retimer.write(wr::kHardwareReset, on); !put) {
    return put;
  }
  wait(retimer_actions::kResetHold);
  if (auto put = retimer.write(wr::kHardwareReset, off); !put) {
    return put;
  }
  wait(retimer_actions::kLoadTime);
  const auto load = retimer_actions::loaded(retimer);
  if (!load) {
    return tl::unexpected(load.error());
  }
  if (*load < wr::kCodeLoaded) {
    return base::fail(base::Code::kDataLoss,
                      fmt::format("its firmware does not load (CODE_LOAD is 0x{:02x})", *load),
                      retimer.description(), "write a whole image to its EEPROM");
  }
  return {};
}

base::Result<wire::retimer::FirmwareVersion> update_retimer(
    RetimerBus& retimer, base::ByteView image, const std::function<void(double)>& progress,
    const Wait& wait) {
  namespace wr = wire::retimer;
  if (const auto plan = plan_update(retimer, image); !plan) {
    return tl::unexpected(plan.error());
  }
  const auto load = retimer_actions::loaded(retimer);
  if (!load) {
    return tl::unexpected(load.error());
  }
  retimer_actions::Programmer programmer{.retimer = retimer, .wait = wait};
  programmer.is_assisted = *load >= wr::kCodeLoaded;
  if (programmer.is_assisted) {
    const auto running = retimer_actions::version_of(retimer);
    if (!running) {
      return running;
    }
    if (*running >= wr::kEepromBlockSince) {
      programmer.block = wr::kEepromBlockBytes;
      programmer.block_at = wr::kEepromBlock;
      programmer.modifier = wr::kEepromAssistModifier;
    }
  }
  const SmbusLock lock(retimer.bus());
  // The main micro halts where it cannot help; the I2C master starts afresh.
  const std::uint16_t reset = programmer.is_assisted
                                  ? wr::kResetI2cMaster
                                  : std::uint16_t{wr::kResetMainMicro | wr::kResetI2cMaster};
  auto done = programmer.word(wr::kSoftwareReset, reset).and_then([&] {
    return programmer.word(wr::kSoftwareReset, reset & wr::kResetMainMicro);
  });
  const std::size_t page = wr::kEepromPageBytes;
  const std::size_t end = update_bytes(image);
  for (std::size_t at = 0; done && at < end; at += page) {
    if (at % wr::kEepromBankBytes == 0) {
      done = programmer.select_bank(at / wr::kEepromBankBytes);
    }
    if (done) {
      done = programmer.write_page(at, image.subspan(at, page));
    }
    if (progress) {
      progress(0.9 * static_cast<double>(at) / static_cast<double>(end));
    }
  }
  if (done && programmer.is_assisted) {
    done = programmer.verify(image, end);
  }
  if (!programmer.is_assisted) {
    auto released = programmer.word(wr::kSoftwareReset, 0);
    done = done ? released : done;
  }
  if (done) {
    done = reset_retimer(retimer, wait);
  }
  if (!done) {
    return tl::unexpected(done.error());
  }
  if (progress) {
    progress(1.0);
  }
  return retimer_actions::version_of(retimer);
}

base::Result<void> restore_retimer(RetimerBus& retimer, const JournalEntry& entry) {
  const auto parts = base::split(entry.place, '/');
  const auto number = [&parts](std::size_t i, int radix) -> std::optional<std::uint64_t> {
    if (i >= parts.size()) {
      return std::nullopt;
    }
    std::string_view text = parts[i];
    if (radix == 16 && text.starts_with("0x")) {
      text.remove_prefix(2);
    }
    return base::parse_unsigned(text, radix);
  };
  const auto side = number(1, 10);
  const auto lane = number(2, 10);
  const auto word = number(3, 16);
  if (parts.size() != 4 || parts[0] != "pma" || !side || !lane || !word || *side > 1 ||
      *lane > 15 || *word > 0xFFFF || entry.old.size() != 2) {
    return base::fail(base::Code::kInvalidArgument, "not a place of a retimer", entry.place);
  }
  const auto in_side = static_cast<unsigned>(*side);
  const auto in_lane = static_cast<unsigned>(*lane);
  const auto at = static_cast<std::uint16_t>(*word);
  const auto old = static_cast<std::uint16_t>(entry.old[0] | unsigned{entry.old[1]} << 8U);
  const auto before = retimer.read_pma(in_side, in_lane, at);
  if (!before) {
    return tl::unexpected(before.error());
  }
  if (*before == old) {
    return {};
  }
  if (auto put = retimer.write_pma(in_side, in_lane, at, old); !put) {
    return put;
  }
  const auto now = retimer.read_pma(in_side, in_lane, at);
  if (now && *now != old) {
    return base::fail(base::Code::kFailedPrecondition,
                      fmt::format("{} reads 0x{:04x}, not 0x{:04x}", entry.place, *now, old),
                      retimer.description(), "It may have been reset: look at its load status.");
  }
  return now ? base::Result<void>() : tl::unexpected(now.error());
}

}  // namespace weft::driver
