// SPDX-License-Identifier: Apache-2.0
#include "driver/module_control.h"

#include "base/text.h"
#include "wire/cmis/latched.h"
#include "wire/cmis/values.h"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

#include <fmt/format.h>

namespace weft::driver {
namespace module_control {

using wire::cmis::CdbCommand;
using wire::cmis::DataPathState;
using wire::cmis::kHalfPage;

constexpr base::Duration kPoll{10'000'000};
constexpr base::Duration kCommandMax{10'000'000'000};
constexpr base::Duration kRestartMax{30'000'000'000};
constexpr base::Duration kLeaveMax{2'000'000'000};  ///< from a reset's promise to the reset
constexpr std::size_t kBlock = 116;
constexpr unsigned kGenerators = 144;  ///< page 13h: of the host side, 8 on of the media side
constexpr unsigned kCheckers = 160;

const wire::cmis::Register& field_of(std::string_view name) {
  static const wire::cmis::Register kNone;
  const auto* const row = wire::cmis::find_register(name);
  return row == nullptr ? kNone : *row;
}

/// Reads a request, without the bytes that reading would clear unless they are asked for.
void read_into(bus::ModuleMemory& memory, const wire::cmis::PageRequest& request, bool clears_flags,
               wire::cmis::ModuleMemory& into, std::uint32_t& accesses,
               std::optional<base::Error>& failure) {
  const auto parts = clears_flags ? std::vector<wire::cmis::PageRequest>{request}
                                  : without_latched(request, wire::cmis::ModuleMap::kCmis);
  for (const auto& part : parts) {
    ++accesses;
    const auto bytes =
        memory.read({.bank = part.bank, .page = part.page, .offset = part.offset}, part.length);
    if (!bytes) {
      failure = bytes.error();
      return;
    }
    into.add(part, *bytes);
  }
}

std::vector<ModuleLane> lanes_of(const wire::cmis::ModuleMemory& memory) {
  std::vector<ModuleLane> lanes;
  for (unsigned i = 0; i < wire::cmis::kBankLanes; ++i) {
    const auto state = raw(memory, field_of("DPStateHostLane"), i);
    if (!state) {
      break;
    }
    ModuleLane lane;
    lane.state = static_cast<DataPathState>(*state);
    if (const auto status = raw(memory, field_of("ConfigStatusLane"), i)) {
      lane.configuration = static_cast<wire::cmis::ConfigStatus>(*status);
    }
    lane.application =
        static_cast<std::uint8_t>(raw(memory, field_of("ACSDPConfig"), i).value_or(0) >> 4);
    lane.is_init_pending = raw(memory, field_of("DPInitPendingLane"), i).value_or(0) != 0;
    lanes.push_back(lane);
  }
  return lanes;
}

std::string place_of(std::uint8_t page, std::uint8_t offset) {
  return fmt::format("0:0x{:02x}:0x{:02x}", page, offset);
}

base::Result<bus::ModuleAddress> address_of(const JournalEntry& entry) {
  std::array<std::uint8_t, 3> numbers = {};
  std::string_view rest = entry.place;
  for (auto& number : numbers) {
    const auto colon = rest.find(':');
    auto word = rest.substr(0, colon);
    if (word.starts_with("0x")) {
      word.remove_prefix(2);
    }
    const auto value = base::parse_unsigned(word, 16);
    if (!value || *value > 0xFF || entry.old.size() > kHalfPage) {
      return base::fail(base::Code::kDataLoss, "the journal names no place in a module's memory",
                        entry.place);
    }
    number = static_cast<std::uint8_t>(*value);
    rest = colon == std::string_view::npos ? std::string_view{} : rest.substr(colon + 1);
  }
  return bus::ModuleAddress{.bank = numbers[0], .page = numbers[1], .offset = numbers[2]};
}

base::Result<void> no_journal() {
  return base::fail(base::Code::kFailedPrecondition,
                    "an action that must be put back needs a journal");
}

base::Bytes words(std::uint64_t value, unsigned width) {
  base::Bytes out;
  for (unsigned i = width; i-- > 0;) {
    out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
  return out;
}

struct Disturbance {
  std::string_view action;
  std::string_view text;
};
constexpr auto kDisturbances = std::to_array<Disturbance>({
    {"restart", "The link goes down and comes up again: all traffic on these lanes stops."},
    {"low-power", "The link goes down until the module leaves low power."},
    {"reset", "The link goes down and comes up again; the module's settings are lost."},
    {"loopback", "The looped lanes carry no traffic until the loop is taken away."},
    {"soak", "The link carries no traffic while the pattern is sent."},
    {"output", "The far end loses the signal of these lanes, and with it the link."},
    {"firmware", "Traffic goes on unless the module has to restart to run the new image."},
});

}  // namespace module_control

base::Result<ModuleLook> look_at_module(bus::ModuleMemory& memory,
                                        const ModuleLookOptions& options) {
  using namespace module_control;
  wire::cmis::ModuleMemory known;
  ModuleLook look;
  std::optional<base::Error> failure;
  std::set<std::tuple<int, int, int>> asked;
  const auto read = [&](const wire::cmis::PageRequest& request) {
    if (request.i2c_address == wire::cmis::kLowI2cAddress &&
        asked.emplace(request.bank, request.page, request.offset).second) {
      read_into(memory, request, options.clears_flags, known, look.accesses, failure);
      return true;
    }
    return false;
  };
  for (bool is_new = true; is_new;) {
    is_new = false;
    for (const auto& request : wire::cmis::pages_wanted(known)) {
      is_new = read(request) || is_new;
      if (failure && asked.size() == 1) {
        return tl::unexpected(std::move(*failure));
      }
    }
  }
  if (raw(known, field_of("VDMPagesSupported")).value_or(0) != 0 &&
      raw(known, field_of("MemoryModel")).value_or(1) == 0) {
    read({.page = wire::cmis::kVdmControl, .offset = 128});
    for (unsigned group = 0; group < wire::cmis::vdm_groups(known).value_or(0); ++group) {
      for (const auto base :
           {wire::cmis::kVdmDescriptors, wire::cmis::kVdmSamples, wire::cmis::kVdmThresholds}) {
        read({.page = static_cast<std::uint8_t>(base + group), .offset = 128});
      }
    }
    if (options.clears_flags) {
      read({.page = wire::cmis::kVdmFlags, .offset = 128});
    }
  }
  auto info = wire::cmis::decode_module(known);
  if (!info) {
    return tl::unexpected(std::move(info.error()));
  }
  look.info = std::move(*info);
  if (look.info.map == wire::cmis::ModuleMap::kCmis) {
    if (const auto state = raw(known, field_of("ModuleState"))) {
      look.state = static_cast<wire::cmis::ModuleState>(*state);
    }
    look.is_interrupting = raw(known, field_of("InterruptDeasserted")).value_or(1) == 0;
    look.lanes = lanes_of(known);
    look.statistics = wire::cmis::decode_vdm(known);
  }
  return look;
}

void add_module_statistics(std::span<const wire::cmis::VdmReading> statistics, fabric::PortId port,
                           observe::Snapshot& snapshot) {
  using observe::Metric;
  using wire::cmis::VdmSide;
  using wire::cmis::VdmStatistic;
  static constexpr std::array<std::string_view, 5> kStatistics = {"current", "minimum", "maximum",
                                                                  "average", "total"};
  for (const auto& reading : statistics) {
    const auto& observable = *reading.observable;
    std::optional<Metric> metric;
    if (observable.type == 5 || observable.type == 6) {
      metric = Metric::kModuleSnr;
    } else if (observable.type == 7 || observable.type == 8) {
      metric = Metric::kModuleLevelTransition;
    } else if (observable.type >= 9 && observable.type <= 16) {
      metric = Metric::kModulePreFecBer;
    } else if (observable.type >= 17 && observable.type <= 24) {
      metric = Metric::kModuleErroredFrames;
    }
    if (!metric || !reading.value) {
      continue;
    }
    snapshot.samples.push_back(
        {port, *metric,
         fmt::format("{} {} {}", observable.side == VdmSide::kHost ? "host" : "media", reading.lane,
                     kStatistics.at(static_cast<std::size_t>(observable.statistic))),
         observe::Value(*reading.value)});
  }
}

base::Result<std::uint64_t> ModuleControl::get(std::string_view name, unsigned index) {
  using namespace module_control;
  const auto& field = field_of(name);
  const unsigned bit = field.bit + index * field.stride_bits;
  const unsigned width = std::max(1U, field.bits / 8U);
  const auto bytes = memory_.read(
      {.page = field.page, .offset = static_cast<std::uint8_t>(field.offset + bit / 8)},
      static_cast<std::uint8_t>(width));
  if (!bytes) {
    return tl::unexpected(bytes.error());
  }
  std::uint64_t value = 0;
  for (const std::uint8_t byte : *bytes) {
    value = value << 8 | byte;
  }
  return field.bits < 8 ? value >> bit % 8 & ((1U << field.bits) - 1U) : value;
}

base::Result<void> ModuleControl::put(std::uint8_t page, std::uint8_t offset, base::Bytes bytes,
                                      std::string_view what) {
  std::string hex;
  for (const std::uint8_t byte : bytes) {
    hex += fmt::format("{:02x}", byte);
  }
  steps_.push_back(fmt::format("{:02X}h:{} <- {} ({})", page, offset, hex, what));
  if (!options_.apply) {
    return {};
  }
  return memory_.write({.page = page, .offset = offset}, bytes);
}

base::Result<void> ModuleControl::put_back_later(std::uint8_t page, std::uint8_t offset,
                                                 std::uint8_t length) {
  if (!options_.apply) {
    return {};
  }
  if (options_.journal == nullptr) {
    return module_control::no_journal();
  }
  auto old = memory_.read({.page = page, .offset = offset}, length);
  if (!old) {
    return tl::unexpected(std::move(old.error()));
  }
  return options_.journal->note({.door = "module",
                                 .device = memory_.description(),
                                 .place = module_control::place_of(page, offset),
                                 .old = std::move(*old)});
}

base::Result<void> ModuleControl::undo() {
  if (options_.journal == nullptr || !options_.apply) {
    return {};
  }
  return options_.journal->undo(
      [this](const JournalEntry& entry) { return restore_module(memory_, entry); });
}

bool is_as_noted(bus::ModuleMemory& memory, const JournalEntry& entry) {
  const auto at = module_control::address_of(entry);
  const auto now = at ? memory.read(*at, static_cast<std::uint8_t>(entry.old.size()))
                      : base::Result<base::Bytes>(tl::unexpected(at.error()));
  return now && *now == entry.old;
}

base::Result<void> restore_module(bus::ModuleMemory& memory, const JournalEntry& entry) {
  const auto at = module_control::address_of(entry);
  if (!at) {
    return tl::unexpected(at.error());
  }
  if (is_as_noted(memory, entry)) {  // where nothing changed nothing is written
    return {};
  }
  if (auto put = memory.write(*at, entry.old); !put) {
    return put;
  }
  if (!is_as_noted(memory, entry)) {
    return base::fail(base::Code::kFailedPrecondition,
                      fmt::format("{} does not keep its old value", entry.place), entry.device,
                      "The module may have been reset or changed: see weft scan.");
  }
  return {};
}

base::Result<void> ModuleControl::wait_for_states(std::uint8_t lanes,
                                                  wire::cmis::DataPathState state,
                                                  base::Duration greatest) {
  using namespace module_control;
  if (!options_.apply) {
    return {};
  }
  for (base::Duration spent{}; spent <= greatest; spent.ns += kPoll.ns) {
    bool is_there = true;
    for (unsigned lane = 0; lane < wire::cmis::kBankLanes; ++lane) {
      const auto now = (lanes >> lane & 1) != 0 ? get("DPStateHostLane", lane)
                                                : static_cast<std::uint64_t>(state);
      if (!now) {
        return tl::unexpected(now.error());
      }
      is_there = is_there && *now == static_cast<std::uint64_t>(state);
    }
    if (is_there) {
      return {};
    }
    options_.wait(kPoll);
  }
  return base::fail(base::Code::kDeadlineExceeded,
                    fmt::format("the data path did not reach {}", name(state)),
                    memory_.description());
}

base::Result<void> ModuleControl::restart_data_paths(std::uint8_t lanes) {
  using namespace module_control;
  const auto deinit = memory_.read({.page = 0x10, .offset = 128}, 1);
  const auto down = get("MaxDurationDPDeinit");
  const auto up = get("MaxDurationDPInit");
  const auto on = get("MaxDurationDPTxTurnOn");
  const auto off = get("MaxDurationDPTxTurnOff");
  for (const auto* const value : {&down, &up, &on, &off}) {
    if (!*value) {
      return tl::unexpected(value->error());
    }
  }
  if (!deinit) {
    return tl::unexpected(deinit.error());
  }
  const auto limit = [](std::uint64_t code) {
    return std::min(wire::cmis::duration_limit(static_cast<std::uint8_t>(code)).ns, kRestartMax.ns);
  };
  const auto before = deinit->front();
  if (auto done = put_back_later(0x10, 128, 1); !done) {
    return done;
  }
  if (auto done = put(0x10, 128, {static_cast<std::uint8_t>(before | lanes)}, "DPDeinitLane");
      !done) {
    return done;
  }
  auto is_down = wait_for_states(lanes, DataPathState::kDeactivated,
                                 {2 * (limit(*down) + limit(*off)) + kPoll.ns});
  // Up again whatever came of it.
  const auto wanted = static_cast<std::uint8_t>(before & ~lanes);
  if (auto done = put(0x10, 128, {wanted}, "DPInit"); !done) {
    return done;
  }
  if (options_.journal != nullptr && options_.apply) {
    if (auto done = undo(); !done) {
      return done;
    }
    if (before != wanted) {
      return base::fail(base::Code::kFailedPrecondition,
                        "these lanes were held down before, and are again");
    }
  }
  if (!is_down) {
    return is_down;
  }
  return wait_for_states(lanes, DataPathState::kActivated,
                         {2 * (limit(*up) + limit(*on)) + kPoll.ns});
}

base::Result<void> ModuleControl::set_low_power(bool is_low) {
  const auto controls = memory_.read({.offset = 26}, 1);
  if (!controls) {
    return tl::unexpected(controls.error());
  }
  if (options_.journal != nullptr) {
    if (auto noted = put_back_later(0, 26, 1); !noted) {
      return noted;
    }
  }
  constexpr unsigned kLowPwrRequest = 0x10;
  const unsigned value =
      is_low ? controls->front() | kLowPwrRequest : controls->front() & ~kLowPwrRequest;
  return put(0, 26, {static_cast<std::uint8_t>(value)}, "LowPwrRequestSW");
}

base::Result<void> ModuleControl::reset() {
  using namespace module_control;
  if (auto done = put(0, 26, {0x08}, "SoftwareReset"); !done || !options_.apply) {
    return done;
  }
  return wait_until_ready();
}

/// A module that was told to reset may go on for a while first: Run Image succeeds before it acts.
void ModuleControl::wait_until_it_leaves() {
  using namespace module_control;
  for (base::Duration spent{}; spent <= kLeaveMax; spent.ns += kPoll.ns) {
    const auto state = get("ModuleState");
    if (!state || *state != static_cast<std::uint64_t>(wire::cmis::ModuleState::kReady)) {
      return;
    }
    options_.wait(kPoll);
  }
}

base::Result<void> ModuleControl::wait_until_ready() {
  using namespace module_control;
  for (base::Duration spent{}; spent <= kRestartMax; spent.ns += kPoll.ns) {
    options_.wait(kPoll);
    if (const auto state = get("ModuleState");
        state && *state == static_cast<std::uint64_t>(wire::cmis::ModuleState::kReady)) {
      return {};
    }
  }
  return base::fail(base::Code::kDeadlineExceeded, "the module did not become ready again",
                    memory_.description());
}

base::Result<void> ModuleControl::set_output(std::uint8_t lanes, bool is_on) {
  const auto disabled = memory_.read({.page = 0x10, .offset = 130}, 1);
  if (!disabled) {
    return tl::unexpected(disabled.error());
  }
  if (auto noted = put_back_later(0x10, 130, 1); !noted) {
    return noted;
  }
  const unsigned value = is_on ? disabled->front() & ~unsigned{lanes} : disabled->front() | lanes;
  if (auto done = put(0x10, 130, {static_cast<std::uint8_t>(value)}, "OutputDisableTx");
      !done || !options_.apply) {
    return done;
  }
  const auto now = memory_.read({.page = 0x10, .offset = 130}, 1);
  if (now && now->front() != value) {
    return base::fail(base::Code::kFailedPrecondition, "the module does not switch these outputs",
                      memory_.description(), "It may not implement OutputDisableTx.");
  }
  return now ? base::Result<void>() : tl::unexpected(now.error());
}

base::Result<void> ModuleControl::set_loopback(ModuleLoopback loop, std::uint8_t lanes) {
  return put(0x13, static_cast<std::uint8_t>(180 + static_cast<unsigned>(loop)), {lanes},
             "loopback enable");
}

base::Result<void> ModuleControl::start_pattern(std::uint8_t at, std::uint8_t lanes,
                                                std::uint8_t pattern) {
  const base::Bytes patterns(4, static_cast<std::uint8_t>((pattern & 0xF) * 0x11));
  return put_back_later(0x13, at, 8)
      .and_then(
          [&] { return put(0x13, static_cast<std::uint8_t>(at + 4), patterns, "pattern select"); })
      .and_then([&] { return put(0x13, at, {lanes}, "pattern enable"); });
}

base::Result<void> ModuleControl::generate(ModuleSide side, std::uint8_t lanes,
                                           std::uint8_t pattern) {
  const unsigned media = side == ModuleSide::kMedia ? 1 : 0;
  return start_pattern(static_cast<std::uint8_t>(module_control::kGenerators + 8 * media), lanes,
                       pattern);
}

base::Result<std::vector<ModuleLaneErrors>> ModuleControl::soak(ModuleSide side, std::uint8_t lanes,
                                                                std::uint8_t pattern,
                                                                base::Duration span,
                                                                bool generates) {
  using namespace module_control;
  const unsigned media = side == ModuleSide::kMedia ? 1 : 0;
  const auto generator = static_cast<std::uint8_t>(kGenerators + 8 * media);
  const auto checker = static_cast<std::uint8_t>(kCheckers + 8 * media);
  const auto run = [&]() -> base::Result<std::vector<ModuleLaneErrors>> {
    for (const auto at : {generator, checker}) {
      if (at == generator && !generates) {
        continue;
      }
      if (auto done = start_pattern(at, lanes, pattern); !done) {
        return tl::unexpected(std::move(done.error()));
      }
    }
    if (auto done = put_back_later(0x14, 128, 1); !done) {
      return tl::unexpected(std::move(done.error()));
    }
    std::vector<ModuleLaneErrors> found;
    const auto select = [&](unsigned half) {
      return put(0x14, 128, {static_cast<std::uint8_t>(2 + 2 * media + half)},
                 "DiagnosticsSelector");
    };
    if (!options_.apply) {
      static_cast<void>(select(0));
      static_cast<void>(select(1));
      return found;
    }
    const auto lol = [&] {
      return memory_.read({.page = 0x14, .offset = static_cast<std::uint8_t>(138 + media)}, 1);
    };
    static_cast<void>(lol());  // what latched before does not count
    options_.wait(span);
    const auto lost = lol();
    if (!lost) {
      return tl::unexpected(lost.error());
    }
    for (unsigned half = 0; half < 2; ++half) {
      if (auto done = select(half); !done) {
        return tl::unexpected(std::move(done.error()));
      }
      options_.wait(kPoll);
      const auto data = memory_.read({.page = 0x14, .offset = 192}, 64);
      if (!data) {
        return tl::unexpected(data.error());
      }
      for (unsigned i = 0; i < 4; ++i) {
        const unsigned lane = 4 * half + i;
        if ((lanes >> lane & 1) != 0) {
          found.push_back({.lane = static_cast<std::uint8_t>(lane),
                           .has_lock = (lost->front() >> lane & 1) == 0,
                           .bits = base::read_le(*data, std::size_t{16} * i + 8, 8).value_or(0),
                           .errors = base::read_le(*data, std::size_t{16} * i, 8).value_or(0)});
        }
      }
    }
    return found;
  };
  auto found = run();
  if (auto back = undo(); !back && found) {
    return tl::unexpected(std::move(back.error()));
  }
  return found;
}

base::Result<base::Bytes> ModuleControl::command(const wire::cmis::CdbMessage& message,
                                                 base::Duration greatest) {
  using namespace module_control;
  auto bytes = wire::cmis::encode(message);
  if (!bytes) {
    return tl::unexpected(std::move(bytes.error()));
  }
  const auto title = name(static_cast<CdbCommand>(message.command));
  if (auto done =
          put(wire::cmis::kCdbPage, 130, base::Bytes(bytes->begin() + 2, bytes->end()), title)
              .and_then([&] {
                return put(wire::cmis::kCdbPage, 128,
                           base::Bytes(bytes->begin(), bytes->begin() + 2), title);
              });
      !done) {
    return tl::unexpected(std::move(done.error()));
  }
  if (!options_.apply) {
    return base::Bytes{};
  }
  for (base::Duration spent{}; spent <= greatest; spent.ns += kPoll.ns) {
    const auto raw = get("CdbStatus1");
    if (raw) {  // a module that is busy may not answer at all
      const auto status = wire::cmis::decode_cdb_status(static_cast<std::uint8_t>(*raw));
      if (status.is_success()) {
        const auto page = memory_.read({.page = wire::cmis::kCdbPage, .offset = 128}, kHalfPage);
        return page ? wire::cmis::decode_cdb_reply(*page) : page;
      }
      if (!status.is_busy) {
        return base::fail(base::Code::kFailedPrecondition,
                          fmt::format("{}: {}", title, wire::cmis::failure(status)),
                          memory_.description());
      }
    }
    options_.wait(kPoll);
  }
  return base::fail(base::Code::kDeadlineExceeded, fmt::format("{} did not end", title),
                    memory_.description());
}

base::Result<wire::cmis::FirmwareInfo> ModuleControl::firmware() {
  using namespace module_control;
  const auto reply =
      command({.command = static_cast<std::uint16_t>(CdbCommand::kFirmwareInfo)}, kCommandMax);
  return reply ? wire::cmis::decode_firmware_info(*reply)
               : base::Result<wire::cmis::FirmwareInfo>(tl::unexpected(reply.error()));
}

base::Result<wire::cmis::FirmwareInfo> ModuleControl::update_firmware(
    base::ByteView image, const std::function<void(std::size_t, std::size_t)>& progress) {
  using namespace module_control;
  const auto send = [&](CdbCommand number, base::Bytes payload) {
    return command({.command = static_cast<std::uint16_t>(number), .payload = std::move(payload)},
                   kCommandMax);
  };
  if (!options_.apply) {
    steps_.push_back(fmt::format(
        "download {} bytes by CDB into the idle bank, check, run and commit them", image.size()));
    return wire::cmis::FirmwareInfo{};
  }
  const auto reply = send(CdbCommand::kFirmwareFeatures, {});
  if (!reply) {
    return tl::unexpected(reply.error());
  }
  const auto features = wire::cmis::decode_firmware_features(*reply);
  if (!features) {
    return tl::unexpected(features.error());
  }
  const std::size_t header = features->start_payload;
  if (!features->writes_local || image.size() <= header || image.size() > 0xFFFFFFFF) {
    return base::fail(base::Code::kInvalidArgument, "the image does not fit what this module takes",
                      memory_.description());
  }
  auto payload = words(image.size(), 4);
  payload.resize(8);
  payload.insert(payload.end(), image.begin(), image.begin() + static_cast<std::ptrdiff_t>(header));
  auto done = send(CdbCommand::kStartDownload, std::move(payload));
  const auto body = image.subspan(header);
  for (std::size_t at = 0; done && at < body.size(); at += kBlock) {
    const auto part = body.subspan(at, std::min(kBlock, body.size() - at));
    auto block = words(at, 4);
    block.insert(block.end(), part.begin(), part.end());
    done = send(CdbCommand::kWriteLocal, std::move(block));
    if (done && progress) {
      progress(header + at + part.size(), image.size());
    }
  }
  if (done) {
    done = send(CdbCommand::kCompleteDownload, {});
  }
  if (!done) {
    static_cast<void>(send(CdbCommand::kAbortDownload, {}));
    return tl::unexpected(std::move(done.error()));
  }
  const std::uint8_t mode = features->hitless_restart ? 1 : 0;
  done = send(CdbCommand::kRunImage, {0, mode, 0, 0});
  if (done && mode == 0) {
    wait_until_it_leaves();
    if (auto ready = wait_until_ready(); !ready) {
      return tl::unexpected(std::move(ready.error()));
    }
  }
  if (done) {
    done = send(CdbCommand::kCommitImage, {});
  }
  if (!done) {
    return tl::unexpected(std::move(done.error()));
  }
  return firmware();
}

std::string_view disturbs(std::string_view action) {
  using module_control::kDisturbances;
  const auto it = std::ranges::find(kDisturbances, action, &module_control::Disturbance::action);
  return it == kDisturbances.end() ? std::string_view{} : it->text;
}

}  // namespace weft::driver
