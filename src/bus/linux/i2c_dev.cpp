// SPDX-License-Identifier: Apache-2.0
#include "bus/linux/i2c_dev.h"

#include "wire/smbus/pec.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace weft::bus::linux_host {
namespace i2c_dev {

using base::Code;

/// A kind of transaction in the kernel's terms.
struct KindRow {
  unsigned long function;  // I2C_FUNC_* that the adapter must have
  std::uint32_t size;      // I2C_SMBUS_*
  bool is_read;            // the transaction starts as a read
  bool has_command;
  bool is_block_out;
  std::size_t out_min;
  std::size_t out_max;
  bool answers;
  bool is_block_in;
  std::size_t in;
};
constexpr std::size_t kBlockMax = I2C_SMBUS_BLOCK_MAX;

constexpr std::array<KindRow, 12> kKinds{{
    {I2C_FUNC_SMBUS_QUICK, I2C_SMBUS_QUICK, false, false, false, 0, 0, false, false, 0},
    {I2C_FUNC_SMBUS_QUICK, I2C_SMBUS_QUICK, true, false, false, 0, 0, false, false, 0},
    {I2C_FUNC_SMBUS_WRITE_BYTE, I2C_SMBUS_BYTE, false, false, false, 1, 1, false, false, 0},
    {I2C_FUNC_SMBUS_READ_BYTE, I2C_SMBUS_BYTE, true, false, false, 0, 0, true, false, 1},
    {I2C_FUNC_SMBUS_WRITE_BYTE_DATA, I2C_SMBUS_BYTE_DATA, false, true, false, 1, 1, false, false,
     0},
    {I2C_FUNC_SMBUS_READ_BYTE_DATA, I2C_SMBUS_BYTE_DATA, true, true, false, 0, 0, true, false, 1},
    {I2C_FUNC_SMBUS_WRITE_WORD_DATA, I2C_SMBUS_WORD_DATA, false, true, false, 2, 2, false, false,
     0},
    {I2C_FUNC_SMBUS_READ_WORD_DATA, I2C_SMBUS_WORD_DATA, true, true, false, 0, 0, true, false, 2},
    {I2C_FUNC_SMBUS_PROC_CALL, I2C_SMBUS_PROC_CALL, false, true, false, 2, 2, true, false, 2},
    {I2C_FUNC_SMBUS_WRITE_BLOCK_DATA, I2C_SMBUS_BLOCK_DATA, false, true, true, 1, kBlockMax, false,
     false, 0},
    {I2C_FUNC_SMBUS_READ_BLOCK_DATA, I2C_SMBUS_BLOCK_DATA, true, true, false, 0, 0, true, true, 0},
    {I2C_FUNC_SMBUS_BLOCK_PROC_CALL, I2C_SMBUS_BLOCK_PROC_CALL, false, true, true, 1, kBlockMax,
     true, true, 0},
}};

class I2cDevice final : public Smbus {
 public:
  I2cDevice(int fd, std::string name, unsigned long functions, IoControl control)
      : fd_(fd), name_(std::move(name)), functions_(functions), control_(std::move(control)) {}
  ~I2cDevice() override { close(fd_); }
  I2cDevice(const I2cDevice&) = delete;
  I2cDevice& operator=(const I2cDevice&) = delete;

  base::Result<base::Bytes> run(const SmbusTransaction& transaction) override {
    const auto kind = static_cast<std::size_t>(transaction.kind);
    if (kind >= kKinds.size() || transaction.address > 0x7F ||
        transaction.data.size() < kKinds[kind].out_min ||
        transaction.data.size() > kKinds[kind].out_max) {
      return base::fail(Code::kInvalidArgument, "the data does not fit this kind of transaction",
                        name_);
    }
    ++transactions_;
    const KindRow& row = kKinds[kind];
    const bool can_pec = !transaction.pec || (functions_ & I2C_FUNC_SMBUS_PEC) != 0;
    if ((functions_ & row.function) == row.function && can_pec) {
      if (auto answer = by_smbus(row, transaction)) {
        return std::move(*answer);
      }
    }
    if ((functions_ & I2C_FUNC_I2C) == 0) {
      return base::fail(Code::kUnimplemented, "this adapter has no such transaction", name_,
                        "it can do neither this SMBus kind nor plain I2C messages");
    }
    return by_messages(row, transaction);
  }
  std::uint64_t transactions() const override { return transactions_; }
  std::string description() const override { return name_; }
  void lock() override {
    held_.lock();
    if (depth_++ == 0) {
      flock(fd_, LOCK_EX);
    }
  }
  void unlock() override {
    if (--depth_ == 0) {
      flock(fd_, LOCK_UN);
    }
    held_.unlock();
  }

 private:
  tl::unexpected<base::Error> failure(std::uint8_t address) const {
    constexpr std::string_view digits = "0123456789abcdef";
    const std::string where = name_ + " at 0x" + digits[address >> 4U] + digits[address & 0xFU];
    switch (errno) {
      case ENXIO:
      case EREMOTEIO:
      case ENODEV:
        return base::fail(Code::kUnavailable, "nobody acknowledged", where);
      case ETIMEDOUT:
        return base::fail(Code::kDeadlineExceeded, "the bus is stuck", where);
      case EBADMSG:
        return base::fail(Code::kDataLoss, "the packet error code is wrong", where);
      case EPROTO:
        return base::fail(Code::kDataLoss, "the answer's count is wrong", where);
      case EOPNOTSUPP:
        return base::fail(Code::kUnimplemented, "this adapter has no such transaction", where);
      case EACCES:
      case EPERM:
        return base::fail(Code::kPermissionDenied, "not allowed", where, "run as root");
      default:
        return base::fail(Code::kUnavailable, std::strerror(errno), where);
    }
  }

  /// nullopt where the kernel's own driver has the address: then messages may still pass.
  std::optional<base::Result<base::Bytes>> by_smbus(const KindRow& row,
                                                    const SmbusTransaction& transaction) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): an ioctl whose argument is a number
    if (control_(fd_, I2C_SLAVE, reinterpret_cast<void*>(std::uintptr_t{transaction.address})) <
        0) {
      if (errno == EBUSY) {
        return std::nullopt;
      }
      return failure(transaction.address);
    }
    // NOLINTNEXTLINE(performance-no-int-to-ptr): likewise
    control_(fd_, I2C_PEC, reinterpret_cast<void*>(std::uintptr_t{transaction.pec ? 1U : 0U}));
    i2c_smbus_data data{};
    const base::Bytes& out = transaction.data;
    if (row.is_block_out) {
      data.block[0] = static_cast<std::uint8_t>(out.size());
      std::copy(out.begin(), out.end(), data.block + 1);
    } else if (out.size() == 2) {
      data.word = static_cast<std::uint16_t>(out[0] | unsigned{out[1]} << 8U);
    } else if (out.size() == 1) {
      data.byte = out[0];
    }
    i2c_smbus_ioctl_data call{};
    call.read_write = row.is_read ? I2C_SMBUS_READ : I2C_SMBUS_WRITE;
    // A byte that is sent travels as the command.
    call.command = row.has_command ? transaction.command : (out.empty() ? std::uint8_t{0} : out[0]);
    call.size = row.size;
    call.data = &data;
    if (control_(fd_, I2C_SMBUS, &call) < 0) {
      return failure(transaction.address);
    }
    if (!row.answers) {
      return base::Bytes{};
    }
    if (row.is_block_in) {
      const std::size_t count = std::min<std::size_t>(data.block[0], kBlockMax);
      return base::Bytes(data.block + 1, data.block + 1 + count);
    }
    base::Bytes answer{static_cast<std::uint8_t>(row.in == 1 ? data.byte : data.word & 0xFFU)};
    if (row.in == 2) {
      answer.push_back(static_cast<std::uint8_t>(data.word >> 8U));
    }
    return answer;
  }

  base::Result<base::Bytes> by_messages(const KindRow& row, const SmbusTransaction& transaction) {
    base::Bytes out;
    if (row.has_command) {
      out.push_back(transaction.command);
    }
    if (row.is_block_out) {
      out.push_back(static_cast<std::uint8_t>(transaction.data.size()));
    }
    out.insert(out.end(), transaction.data.begin(), transaction.data.end());
    namespace smbus = wire::smbus;
    std::uint8_t crc = 0;
    const bool writes = !out.empty() || !row.is_read;
    if (writes) {
      crc = smbus::pec(out, smbus::pec(crc, smbus::address_byte(transaction.address, false)));
    }
    if (transaction.pec && !row.answers && !out.empty()) {
      out.push_back(crc);
    }
    // A block is read at its longest: a target gives ones past its end.
    base::Bytes in((row.is_block_in ? kBlockMax + 1 : row.in) + (transaction.pec ? 1U : 0U));
    std::array<i2c_msg, 2> messages{};
    i2c_rdwr_ioctl_data call{messages.data(), 0};
    const auto add = [&](unsigned flags, base::Bytes& bytes) {
      i2c_msg& message = messages[call.nmsgs++];
      message.addr = transaction.address;
      message.flags = static_cast<std::uint16_t>(flags);
      message.len = static_cast<std::uint16_t>(bytes.size());
      message.buf = bytes.data();
    };
    if (writes) {
      add(0, out);
    }
    if (row.answers || row.is_read) {
      if (!row.answers) {
        in.clear();
      }
      add(I2C_M_RD, in);
    }
    if (control_(fd_, I2C_RDWR, &call) < 0) {
      return failure(transaction.address);
    }
    if (!row.answers) {
      return base::Bytes{};
    }
    const std::size_t count = row.is_block_in ? in[0] : row.in;
    if (row.is_block_in && (count == 0 || count > kBlockMax)) {
      errno = EPROTO;
      return failure(transaction.address);
    }
    const std::size_t head = row.is_block_in ? 1 : 0;
    if (transaction.pec) {
      crc = smbus::pec(crc, smbus::address_byte(transaction.address, true));
      if (smbus::pec(base::ByteView(in).first(head + count + 1), crc) != 0) {
        errno = EBADMSG;
        return failure(transaction.address);
      }
    }
    const base::ByteView answer = base::ByteView(in).subspan(head, count);
    return base::Bytes(answer.begin(), answer.end());
  }

  int fd_;
  std::string name_;
  unsigned long functions_;
  IoControl control_;
  std::uint64_t transactions_ = 0;
  int depth_ = 0;
  std::recursive_mutex held_;
};

}  // namespace i2c_dev

base::Result<std::unique_ptr<Smbus>> open_i2c(const std::string& root, std::string_view name,
                                              IoControl control) {
  using base::Code;
  if (!control) {
    control = [](int fd, unsigned long request, void* argument) {
      return ioctl(fd, request, argument);
    };
  }
  if (name.empty() || name.find('/') != std::string_view::npos) {
    return base::fail(Code::kInvalidArgument, "not the name of an I2C adapter", std::string(name),
                      "names are like i2c-9");
  }
  const std::string path = (root == "/" ? std::string() : root) + "/dev/" + std::string(name);
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) {
    const Code code = errno == EACCES || errno == EPERM ? Code::kPermissionDenied
                      : errno == ENOENT                 ? Code::kNotFound
                                                        : Code::kUnavailable;
    return base::fail(code, std::strerror(errno), path,
                      code == Code::kNotFound ? "load the kernel module i2c-dev" : "run as root");
  }
  unsigned long functions = 0;
  if (control(fd, I2C_FUNCS, &functions) < 0) {
    close(fd);
    return base::fail(Code::kUnimplemented, "not an I2C adapter", path);
  }
  return std::make_unique<i2c_dev::I2cDevice>(fd, std::string(name), functions, std::move(control));
}

}  // namespace weft::bus::linux_host
