// SPDX-License-Identifier: Apache-2.0
// What the main micro does for clients: SRAM bytes, PMA words, wide registers, the EEPROM; and the
// windows into the path micros' SRAM. Done at once; the command register reads 0 from then on. A
// main micro that does not run leaves the command where it is, so that clients time out.
#include "twin/retimer/device.h"

namespace weft::twin::retimer {

namespace wr = wire::retimer;
using wr::Assist;
using wr::EepromAssist;

void Device::assist(std::uint8_t command) {
  if (command == 0 || !main_micro_runs()) {
    return;
  }
  const std::uint32_t address = stored_word(wr::kAssistAddress, 3);
  const auto first = static_cast<std::uint8_t>(Assist::kReadWide2);
  if (command >= first && command < first + 8) {
    if (firmware_ < wr::kWideAssistSince) {
      return;  // this firmware does not know it
    }
    const bool is_write = command >= static_cast<std::uint8_t>(Assist::kWriteWide2);
    store(wr::kAssistCommand, 0);
    assist_wide((command - first) % 4U + 2U, is_write);
    return;
  }
  switch (static_cast<Assist>(command)) {
    case Assist::kReadSram:
      store(wr::kAssistData, read_main_sram(wr::kMainSram + (address & 0xFFFFU)));
      break;
    case Assist::kWriteSram:
      write_main_sram(wr::kMainSram + (address & 0xFFFFU), stored(wr::kAssistData));
      break;
    case Assist::kReadPma0:
    case Assist::kReadPma1:
    case Assist::kWritePma0:
    case Assist::kWritePma1:
    case Assist::kWritePmaBoth:
      assist_pma(static_cast<Assist>(command));
      break;
    default:
      return;
  }
  store(wr::kAssistCommand, 0);
}

void Device::assist_pma(Assist command) {
  const auto address = static_cast<std::uint16_t>(stored_word(wr::kAssistAddress, 2));
  const unsigned slice = stored(wr::kAssistPath) >> 4U >> 2U;  // the path's number / 4
  if (command == Assist::kReadPma0 || command == Assist::kReadPma1) {
    const std::uint16_t word = pma_word(command == Assist::kReadPma1 ? 1 : 0, slice, address);
    store(wr::kAssistData, static_cast<std::uint8_t>(word));
    store(wr::kAssistStatus, static_cast<std::uint8_t>(word >> 8U));
    return;
  }
  const auto word =
      static_cast<std::uint16_t>(stored(wr::kAssistData) | stored(wr::kAssistStatus) << 8U);
  if (command != Assist::kWritePma1) {
    write_pma(0, slice, address, word);
  }
  if (command != Assist::kWritePma0) {
    write_pma(1, slice, address, word);
  }
}

void Device::assist_wide(unsigned width, bool is_write) {
  const std::uint32_t address = stored_word(wr::kSpare0, 3) & wr::kAddressMax;
  if (address >= wr::kAssistAddress - 4 && address <= wr::kSpare3 + 4) {
    return;  // the mailbox does not reach itself
  }
  base::Bytes bytes(width);
  for (unsigned i = 0; i < width; ++i) {
    if (is_write) {
      bytes[i] = stored(wr::kSpare3 + i);
    } else {
      store(wr::kSpare3 + i, byte_at((address + i) & wr::kAddressMax));
    }
  }
  if (is_write) {
    write_registers(address, bytes);
  }
}

void Device::assist_eeprom(std::uint8_t command) {
  if (command == 0 || !main_micro_runs()) {
    return;
  }
  const bool is_new = (command & wr::kEepromAssistModifier) != 0;
  if (is_new && firmware_ < wr::kEepromBlockSince) {
    return;
  }
  const std::uint32_t block = is_new ? wr::kEepromBlock : wr::kEepromBlockWide;
  const auto bytes =
      static_cast<std::uint32_t>(is_new ? wr::kEepromBlockBytes : wr::kEepromBlockWideBytes);
  const auto what =
      static_cast<EepromAssist>(command & static_cast<std::uint8_t>(~wr::kEepromAssistModifier));
  switch (what) {
    case EepromAssist::kWrite:
    case EepromAssist::kWriteEnd:
      for (std::uint32_t i = 0; i < bytes; ++i) {
        master_.put(stored(block + i), i + 1 == bytes && what == EepromAssist::kWriteEnd, eeprom_);
      }
      break;
    case EepromAssist::kRead:
    case EepromAssist::kReadEnd:
      for (std::uint32_t i = 0; i < bytes; ++i) {
        store(block + i, master_.get(eeprom_));
      }
      break;
    case EepromAssist::kChecksum:
    case EepromAssist::kChecksumPartial: {
      constexpr std::uint32_t kBank = wr::kEepromBankBytes;
      const std::uint32_t start = master_.position();
      const std::uint32_t end = what == EepromAssist::kChecksum ? kBank : stored_word(block, 2);
      std::uint32_t sum = 0;
      for (std::uint32_t at = start % kBank; at < end; ++at) {
        sum += eeprom_.read(start / kBank * kBank + at);
      }
      for (std::uint32_t i = 0; i < 8; ++i) {
        store(block + i, i < 4 ? static_cast<std::uint8_t>(sum >> (8 * i)) : std::uint8_t{0});
      }
      break;
    }
    default:
      return;
  }
  store(wr::kEepromAssistCommand, 0);
}

/// Writing the low address byte starts the access: +0 is length - 1 (6:5), address bit 16 (1),
/// write (0); +1 and +2 the address; +3 on the data; +0xB bit 0 says done.
void Device::path_window(unsigned path) {
  const std::uint32_t window = wr::path_base(path) + wr::kPathSram;
  constexpr std::uint32_t kData = 3;
  constexpr std::uint32_t kDone = 0xB;
  const unsigned command = stored(window);
  const std::uint32_t address = (command & 2U) << 15U |
                                static_cast<std::uint32_t>(stored(window + 1)) << 8U |
                                stored(window + 2);
  const bool is_loaded = (code_load() & 0x4U) != 0;
  store(window + kDone, is_loaded ? 1 : 0);
  if (!is_loaded) {
    return;
  }
  for (std::uint32_t i = 0; i <= (command >> 5U & 3U); ++i) {
    if ((command & 1U) != 0) {
      const std::uint32_t at = address + i;
      if (at >= wr::kPathSramStart && at < wr::kPathSramEnd) {
        sram_[(path + 1) << 20U | at] = stored(window + kData + i);
      }
    } else {
      store(window + kData + i, path_sram(path, address + i));
    }
  }
}

}  // namespace weft::twin::retimer
