// SPDX-License-Identifier: Apache-2.0
#include "wire/retimer/registers.h"

#include <algorithm>
#include <array>

namespace weft::wire::retimer {
namespace {

constexpr std::array kRows{
    RegisterRow{kGlobalParam0, 4, true, "glb_param_reg0", "bifurcation 12:7, maximum rate 26:24"},
    RegisterRow{kGlobalParam1, 4, false, "glb_param_reg1", "vendor 31:16, device 15:8, rev 7:0"},
    RegisterRow{kGlobalErrorMask2, 1, true, "glb_err_msk_reg2",
                "bit 1: reload at the next secondary bus reset; bit 2: over temperature"},
    RegisterRow{kGlobalParam4, 4, true, "glb_param_reg4", "bit 8: ports swapped"},
    RegisterRow{kEepromBlockWide, 16, true, "eeprom_block_wide", "16 bytes to or from the EEPROM"},
    RegisterRow{kThermalShutdownEnable, 4, true, "thermal_shutdown_en",
                "not 0: shuts down when hot"},
    RegisterRow{kTemperatureAllTimeMax, 4, false, "max_temp_adc",
                "hottest since power came, ADC code"},
    RegisterRow{kTemperatureMax, 4, false, "cur_max_temp_adc", "hottest sensor now, ADC code"},
    RegisterRow{kTemperatureAverage, 4, false, "cur_avg_temp_adc", "mean of the sensors, ADC code"},
    RegisterRow{kHardwareReset, 2, true, "hw_rst", "0x06FF: all in reset"},
    RegisterRow{kSoftwareReset, 2, true, "sw_rst", "bit 10: main micro; bit 9: I2C master"},
    RegisterRow{kPerstN, 1, true, "perst_n", "bit n, 0: link n in reset"},
    RegisterRow{kCodeLoad, 1, false, "code_load", "0xE and more: all loaded"},
    RegisterRow{kEfuseControl, 5, true, "efuse_cntl", "bit 25: clock; bit 24: load"},
    RegisterRow{kEfuseAddress, 1, true, "sms_efuse_cntl", "address 6:0; bit 7: load"},
    RegisterRow{kEfuseData, 1, false, "sms_efuse_sts", "the byte at that address"},
    RegisterRow{kGpioIn, 1, false, "gpio_in", "pin levels; bit 0: firmware loaded"},
    RegisterRow{kGpioOut, 1, true, "gpio_out", "levels driven"},
    RegisterRow{kGpioDirection, 1, true, "gpio_dir", "bit n, 1: input"},
    RegisterRow{kEepromAssistCommand, 1, true, "eeprom_assist_cmd", "reads 0 when done"},
    RegisterRow{kStatusClear, 1, true, "generic_status_clr", "1 clears a bit of generic_status"},
    RegisterRow{kStatus, 1, false, "generic_status", "bit 0: a stuck I2C target was cleared"},
    RegisterRow{kHeartbeat, 1, false, "mm_heartbeat", "counts while the main micro runs"},
    RegisterRow{kRevisionStep, 1, false, "revision_step", "bit 0: B0"},
    RegisterRow{kRevision, 1, false, "revision", "0x64: A0 or B0"},
    RegisterRow{kMasterRegister, 1, true, "i2c_mst_addr", "register of the EEPROM's I2C master"},
    RegisterRow{kMasterData, 4, true, "i2c_mst_data", "its value; of 0x10: byte, then flags"},
    RegisterRow{kMasterCommand, 1, true, "i2c_mst_cmd", "bit 0: go"},
    RegisterRow{kMasterInit, 1, true, "i2c_mst_init_ctrl", "bit-bang mode"},
    RegisterRow{kMasterBitBang, 1, true, "i2c_mst_bb_output", "SDA bit 1, SCL bit 0"},
    RegisterRow{kAssistAddress, 2, true, "mm_assist_addr", "address of an assisted access"},
    RegisterRow{kAssistPath, 1, true, "mm_assist_path", "path 7:4, or address 23:16"},
    RegisterRow{kAssistData, 1, true, "mm_assist_data", "byte, or low byte of a PMA word"},
    RegisterRow{kAssistCommand, 1, true, "mm_assist_cmd", "reads 0 when done"},
    RegisterRow{kAssistStatus, 1, true, "mm_assist_sts", "high byte of a PMA word"},
    RegisterRow{kSpare0, 3, true, "mm_spare_addr", "address of a wide access"},
    RegisterRow{kSpare3, 5, true, "mm_spare_data", "its bytes"},
};

}  // namespace

std::span<const RegisterRow> registers() {
  return kRows;
}

const RegisterRow* describe(std::uint32_t address) {
  const auto it = std::find_if(kRows.begin(), kRows.end(), [address](const RegisterRow& row) {
    return address >= row.address && address - row.address < row.bytes;
  });
  return it == kRows.end() ? nullptr : &*it;
}

}  // namespace weft::wire::retimer
