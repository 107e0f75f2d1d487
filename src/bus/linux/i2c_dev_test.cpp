// SPDX-License-Identifier: Apache-2.0
// What goes to the kernel's ioctls for each kind of adapter, after the kernel's i2c-dev documents:
// a recorded adapter stands in for /dev/i2c-N, so that no hardware is touched.
#include "bus/linux/i2c_dev.h"

#include "wire/smbus/pec.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <unistd.h>

namespace weft::bus::linux_host {
namespace {

struct I2cDev : testing::Test {
  void SetUp() override {
    root = std::filesystem::temp_directory_path() / ("weft-i2c-" + std::to_string(getpid()));
    std::filesystem::create_directories(root / "dev");
    std::ofstream(root / "dev/i2c-9") << "";
  }
  void TearDown() override { std::filesystem::remove_all(root); }

  std::unique_ptr<Smbus> open(unsigned long functions) {
    auto opened = open_i2c(root.string(), "i2c-9",
                           [this, functions](int, unsigned long request, void* argument) {
                             if (request == I2C_FUNCS) {
                               *static_cast<unsigned long*>(argument) = functions;
                               return 0;
                             }
                             return control(request, argument);
                           });
    EXPECT_TRUE(opened);
    return std::move(*opened);
  }
  int control(unsigned long request, void* argument) {
    if (request == I2C_SLAVE) {
      errno = slave_errno;
      return slave_errno == 0 ? 0 : -1;
    }
    if (request == I2C_SMBUS) {
      smbus = *static_cast<i2c_smbus_ioctl_data*>(argument);
      block.assign(smbus.data->block, smbus.data->block + 34);
      std::copy(says.begin(), says.end(), smbus.data->block);
      errno = call_errno;
      return call_errno == 0 ? 0 : -1;
    }
    if (request == I2C_RDWR) {
      const auto& call = *static_cast<i2c_rdwr_ioctl_data*>(argument);
      for (unsigned i = 0; i < call.nmsgs; ++i) {
        i2c_msg& message = call.msgs[i];
        if ((message.flags & I2C_M_RD) != 0) {
          std::fill_n(message.buf, message.len, std::uint8_t{0xFF});
          std::copy_n(says.begin(), std::min<std::size_t>(says.size(), message.len), message.buf);
        } else {
          written.assign(message.buf, message.buf + message.len);
        }
      }
      errno = call_errno;
      return call_errno == 0 ? 0 : -1;
    }
    return 0;
  }

  std::filesystem::path root;
  int slave_errno = 0;
  int call_errno = 0;
  base::Bytes says;
  base::Bytes written;
  base::Bytes block;
  i2c_smbus_ioctl_data smbus{};
};

TEST_F(I2cDev, BlockReadBySmbusCall) {
  says = {4, 1, 2, 3, 4};
  const auto bus = open(I2C_FUNC_SMBUS_READ_BLOCK_DATA);
  const auto answer = bus->run({.kind = SmbusKind::kReadBlock, .address = 0x24, .command = 0x09});
  ASSERT_TRUE(answer);
  EXPECT_EQ(*answer, (base::Bytes{1, 2, 3, 4}));
  EXPECT_EQ(smbus.read_write, I2C_SMBUS_READ);
  EXPECT_EQ(smbus.size, static_cast<unsigned>(I2C_SMBUS_BLOCK_DATA));
  EXPECT_EQ(smbus.command, 0x09);
  EXPECT_EQ(bus->transactions(), 1U);
}

TEST_F(I2cDev, BlockWriteBySmbusCall) {
  const auto bus = open(I2C_FUNC_SMBUS_WRITE_BLOCK_DATA);
  ASSERT_TRUE(bus->run(
      {.kind = SmbusKind::kWriteBlock, .address = 0x24, .command = 0x0A, .data = {6, 4, 0x2C}}));
  EXPECT_EQ(block[0], 3);
  EXPECT_EQ(block[3], 0x2C);
}

TEST_F(I2cDev, PlainMessagesWhereTheAdapterHasNoBlocks) {
  says = {2, 0xAA, 0xBB};
  const auto bus = open(I2C_FUNC_I2C);
  const auto answer = bus->run({.kind = SmbusKind::kReadBlock, .address = 0x24, .command = 0x09});
  ASSERT_TRUE(answer);
  EXPECT_EQ(written, base::Bytes{0x09});
  EXPECT_EQ(*answer, (base::Bytes{0xAA, 0xBB}));
  ASSERT_TRUE(bus->run(
      {.kind = SmbusKind::kWriteBlock, .address = 0x24, .command = 0x0A, .data = {6, 4, 0x2C}}));
  EXPECT_EQ(written, (base::Bytes{0x0A, 3, 6, 4, 0x2C}));
  says = {0xFF};
  EXPECT_EQ(bus->run({.kind = SmbusKind::kReadBlock, .address = 0x24}).error().code,
            base::Code::kDataLoss);
}

TEST_F(I2cDev, MessagesBesideABoundDriver) {
  slave_errno = EBUSY;
  says = {1, 0x0E};
  const auto bus = open(I2C_FUNC_SMBUS_READ_BLOCK_DATA | I2C_FUNC_I2C);
  const auto answer = bus->run({.kind = SmbusKind::kReadBlock, .address = 0x24, .command = 9});
  ASSERT_TRUE(answer);
  EXPECT_EQ(*answer, base::Bytes{0x0E});
}

TEST_F(I2cDev, PecOfPlainMessages) {
  base::Bytes seen{0x48, 0x09, 0x49, 2, 0xAA, 0xBB};
  says = {2, 0xAA, 0xBB, wire::smbus::pec(seen)};
  const auto bus = open(I2C_FUNC_I2C);
  const SmbusTransaction read{
      .kind = SmbusKind::kReadBlock, .address = 0x24, .command = 0x09, .pec = true};
  EXPECT_TRUE(bus->run(read));
  says[3] ^= 1;
  EXPECT_EQ(bus->run(read).error().code, base::Code::kDataLoss);
  ASSERT_TRUE(
      bus->run({.kind = SmbusKind::kSendByte, .address = 0x61, .data = {0x01}, .pec = true}));
  EXPECT_EQ(written, (base::Bytes{0x01, 0xC0}));
}

TEST_F(I2cDev, ErrorsByWhatTheKernelSays) {
  const auto bus = open(I2C_FUNC_I2C);
  const SmbusTransaction read{.kind = SmbusKind::kReadByte, .address = 0x24};
  for (const auto& [number, code] :
       std::vector<std::pair<int, base::Code>>{{ENXIO, base::Code::kUnavailable},
                                               {EREMOTEIO, base::Code::kUnavailable},
                                               {ETIMEDOUT, base::Code::kDeadlineExceeded},
                                               {EPERM, base::Code::kPermissionDenied}}) {
    call_errno = number;
    EXPECT_EQ(bus->run(read).error().code, code);
  }
  EXPECT_EQ(open(0)->run(read).error().code, base::Code::kUnimplemented);
}

TEST_F(I2cDev, OpensOnlyAdapters) {
  EXPECT_EQ(open_i2c(root.string(), "i2c-8").error().code, base::Code::kNotFound);
  EXPECT_EQ(open_i2c(root.string(), "i2c-9").error().code, base::Code::kUnimplemented);
  EXPECT_EQ(open_i2c(root.string(), "../dev/i2c-9").error().code, base::Code::kInvalidArgument);
}

}  // namespace
}  // namespace weft::bus::linux_host
