// SPDX-License-Identifier: Apache-2.0
#include "driver/retimer_bus.h"

#include "wire/retimer/access.h"

#include <algorithm>

#include <fmt/format.h>

namespace weft::driver {
namespace {

constexpr int kRetimerTries = 3;
constexpr int kRetimerPolls = 100;
constexpr std::uint8_t kRetimerPmaLanes = 4;

bool retimer_all_ones(base::ByteView bytes) {
  return bytes.size() > 1 &&
         std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0xFF; });
}

base::Bytes retimer_address_bytes(std::uint32_t value) {
  return {static_cast<std::uint8_t>(value), static_cast<std::uint8_t>(value >> 8U),
          static_cast<std::uint8_t>(value >> 16U)};
}

}  // namespace

std::string RetimerBus::description() const {
  return fmt::format("{}/0x{:02x}", bus_.description(), address_);
}

base::Result<base::Bytes> RetimerBus::read_once(std::uint32_t address, std::size_t length) {
  const wire::retimer::Access access{.address = address, .length = length};
  auto block = wire::retimer::encode_block(access);
  if (!block) {
    return block;
  }
  const wire::retimer::Command setup{wire::retimer::Format::kAstera,
                                     wire::retimer::Step::kReadSetup, false};
  const wire::retimer::Command fetch{wire::retimer::Format::kAstera, wire::retimer::Step::kReadData,
                                     false};
  const SmbusLock lock(bus_);
  auto sent = bus_.run({.kind = bus::SmbusKind::kWriteBlock,
                        .address = address_,
                        .command = wire::retimer::encode(setup),
                        .data = std::move(*block)});
  if (!sent) {
    return sent;
  }
  return bus_
      .run({.kind = bus::SmbusKind::kReadBlock,
            .address = address_,
            .command = wire::retimer::encode(fetch)})
      .and_then([&access](const base::Bytes& answer) {
        return wire::retimer::decode_answer(access, answer);
      });
}

base::Result<base::Bytes> RetimerBus::read(std::uint32_t address, std::size_t length) {
  base::Bytes all;
  while (all.size() < length) {
    const std::size_t now = std::min(length - all.size(), wire::retimer::kAsteraReadMax);
    const auto at = static_cast<std::uint32_t>(address + all.size());
    base::Result<base::Bytes> part;
    for (int i = 0; i < kRetimerTries; ++i) {
      part = read_once(at, now);
      if (part && retimer_all_ones(*part)) {
        part = base::fail(base::Code::kUnavailable, "every bit reads as one", description(),
                          "another controller may be using the bus: try again");
        continue;
      }
      if (part || part.error().code != base::Code::kDataLoss) {
        break;
      }
    }
    if (!part) {
      return part;
    }
    all.insert(all.end(), part->begin(), part->end());
  }
  return all;
}

base::Result<std::uint32_t> RetimerBus::read_word(std::uint32_t address, std::size_t length) {
  return read(address, length).map([](const base::Bytes& bytes) {
    return static_cast<std::uint32_t>(
        base::read_le(bytes, 0, std::min<std::size_t>(bytes.size(), 4)).value_or(0));
  });
}

base::Result<void> RetimerBus::write(std::uint32_t address, base::ByteView bytes) {
  const wire::retimer::Command command{wire::retimer::Format::kAstera, wire::retimer::Step::kWrite,
                                       false};
  for (std::size_t done = 0; done < bytes.size(); done += wire::retimer::kWriteMax) {
    const base::ByteView part =
        bytes.subspan(done, std::min(wire::retimer::kWriteMax, bytes.size() - done));
    auto block = wire::retimer::encode_block({.is_write = true,
                                              .address = static_cast<std::uint32_t>(address + done),
                                              .data = base::Bytes(part.begin(), part.end())});
    if (!block) {
      return tl::unexpected(block.error());
    }
    const auto sent = bus_.run({.kind = bus::SmbusKind::kWriteBlock,
                                .address = address_,
                                .command = wire::retimer::encode(command),
                                .data = std::move(*block)});
    if (!sent) {
      return tl::unexpected(sent.error());
    }
  }
  return {};
}

base::Result<base::Bytes> RetimerBus::assist(std::uint8_t command) {
  const std::uint8_t byte[] = {command};
  if (auto sent = write(wire::retimer::kAssistCommand, byte); !sent) {
    return tl::unexpected(sent.error());
  }
  // Data, command and status stand side by side: one read both polls and fetches.
  for (int i = 0; i < kRetimerPolls; ++i) {
    auto bytes = read(wire::retimer::kAssistData, 3);
    if (!bytes) {
      return bytes;
    }
    if ((*bytes)[1] == 0) {
      return base::Bytes{(*bytes)[0], (*bytes)[2]};
    }
  }
  return base::fail(base::Code::kDeadlineExceeded, "the firmware does not take a command",
                    description(), "look at its load status and heartbeat; reset it");
}

base::Result<base::Bytes> RetimerBus::read_wide(std::uint32_t address, std::size_t length,
                                                const wire::retimer::FirmwareVersion& version) {
  if (version < wire::retimer::kWideAssistSince || length < 2 || length > 5) {
    return read(address, length);
  }
  const SmbusLock lock(bus_);
  if (auto sent = write(wire::retimer::kSpare0, retimer_address_bytes(address)); !sent) {
    return tl::unexpected(sent.error());
  }
  const auto command = static_cast<std::uint8_t>(
      static_cast<std::size_t>(wire::retimer::Assist::kReadWide2) + length - 2);
  if (auto done = assist(command); !done) {
    return done;
  }
  return read(wire::retimer::kSpare3, length);
}

base::Result<base::Bytes> RetimerBus::read_sram(std::uint32_t address, std::size_t length) {
  base::Bytes all;
  const SmbusLock lock(bus_);
  for (std::size_t i = 0; i < length; ++i) {
    const auto at = static_cast<std::uint32_t>(address - wire::retimer::kMainSram + i);
    if (auto sent = write(wire::retimer::kAssistAddress, retimer_address_bytes(at)); !sent) {
      return tl::unexpected(sent.error());
    }
    const auto byte = assist(static_cast<std::uint8_t>(wire::retimer::Assist::kReadSram));
    if (!byte) {
      return byte;
    }
    all.push_back((*byte)[0]);
  }
  return all;
}

base::Result<void> RetimerBus::write_sram(std::uint32_t address, std::uint8_t value) {
  const SmbusLock lock(bus_);
  // Address and data are one write of 4 bytes.
  base::Bytes bytes = retimer_address_bytes(address - wire::retimer::kMainSram);
  bytes.push_back(value);
  if (auto sent = write(wire::retimer::kAssistAddress, bytes); !sent) {
    return sent;
  }
  return assist(static_cast<std::uint8_t>(wire::retimer::Assist::kWriteSram))
      .map([](const base::Bytes&) {});
}

base::Result<void> RetimerBus::point_at_pma(unsigned lane, std::uint16_t reg) {
  const std::uint32_t path = lane / kRetimerPmaLanes * kRetimerPmaLanes;
  const std::uint32_t word = reg + lane % kRetimerPmaLanes * wire::retimer::kPmaLaneStride;
  return write(wire::retimer::kAssistAddress, retimer_address_bytes(path << 20U | word));
}

base::Result<std::uint16_t> RetimerBus::read_pma(unsigned side, unsigned lane, std::uint16_t reg) {
  const SmbusLock lock(bus_);
  if (auto sent = point_at_pma(lane, reg); !sent) {
    return tl::unexpected(sent.error());
  }
  const auto command =
      side == 1 ? wire::retimer::Assist::kReadPma1 : wire::retimer::Assist::kReadPma0;
  return assist(static_cast<std::uint8_t>(command)).map([](const base::Bytes& bytes) {
    return static_cast<std::uint16_t>(bytes[0] | unsigned{bytes[1]} << 8U);
  });
}

base::Result<void> RetimerBus::write_pma(unsigned side, unsigned lane, std::uint16_t reg,
                                         std::uint16_t value) {
  const SmbusLock lock(bus_);
  const std::uint8_t low[] = {static_cast<std::uint8_t>(value)};
  const std::uint8_t high[] = {static_cast<std::uint8_t>(value >> 8U)};
  const auto command =
      side == 1 ? wire::retimer::Assist::kWritePma1 : wire::retimer::Assist::kWritePma0;
  return point_at_pma(lane, reg)
      .and_then([&] { return write(wire::retimer::kAssistData, low); })
      .and_then([&] { return write(wire::retimer::kAssistStatus, high); })
      .and_then([&] { return assist(static_cast<std::uint8_t>(command)); })
      .map([](const base::Bytes&) {});
}

}  // namespace weft::driver
