// SPDX-License-Identifier: Apache-2.0
#include "bus/linux/config_space.h"

#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace weft::bus::linux_host {
namespace sysfs_config {

constexpr const char* kNeedsRoot = "Run it as root: Linux shows others 64 bytes, and writes none.";

base::Code code_of(int error) {
  return error == ENOENT || error == ENOTDIR || error == ENODEV ? base::Code::kNotFound
         : error == EACCES || error == EPERM                    ? base::Code::kPermissionDenied
                                                                : base::Code::kUnavailable;
}

tl::unexpected<base::Error> failure(int error, const std::string& path) {
  const base::Code code = code_of(error);
  return base::fail(code, std::strerror(error), path,
                    code == base::Code::kPermissionDenied ? kNeedsRoot : "");
}

/// "0000:3b:00.0", nothing that leads elsewhere.
bool is_address(std::string_view text) {
  if (text.size() < 12 || text.size() > 16) {
    return false;
  }
  for (const char c : text) {
    if (std::isxdigit(static_cast<unsigned char>(c)) == 0 && c != ':' && c != '.') {
      return false;
    }
  }
  return text.find("..") == std::string_view::npos;
}

class SysfsConfig final : public ConfigSpace {
 public:
  SysfsConfig(int fd, bool can_write, std::string path, std::string address)
      : fd_(fd), can_write_(can_write), path_(std::move(path)), address_(std::move(address)) {}
  SysfsConfig(const SysfsConfig&) = delete;
  SysfsConfig& operator=(const SysfsConfig&) = delete;
  ~SysfsConfig() override { ::close(fd_); }

  [[nodiscard]] base::Result<std::uint32_t> read(std::uint16_t offset,
                                                 std::uint8_t width) override {
    if (auto fits = check(offset, width); !fits) {
      return tl::unexpected(fits.error());
    }
    std::array<std::uint8_t, 4> bytes{};
    const ssize_t got = ::pread(fd_, bytes.data(), width, offset);
    if (got < 0) {
      return failure(errno, path_);
    }
    if (got != width) {
      return base::fail(base::Code::kPermissionDenied,
                        fmt::format("offset {:#x} is not given", offset), path_, kNeedsRoot);
    }
    std::uint32_t value = 0;
    for (unsigned i = 0; i < width; ++i) {
      value |= std::uint32_t{bytes[i]} << (8 * i);
    }
    return value;
  }

  base::Result<void> write(std::uint16_t offset, std::uint8_t width, std::uint32_t value) override {
    if (auto fits = check(offset, width); !fits) {
      return fits;
    }
    if (!can_write_) {
      return failure(EACCES, path_);
    }
    std::array<std::uint8_t, 4> bytes{};
    for (unsigned i = 0; i < width; ++i) {
      bytes[i] = static_cast<std::uint8_t>(value >> (8 * i));
    }
    const ssize_t put = ::pwrite(fd_, bytes.data(), width, offset);
    if (put != width) {
      return failure(put < 0 ? errno : EIO, path_);
    }
    return {};
  }

  [[nodiscard]] std::string description() const override { return address_; }

 private:
  [[nodiscard]] base::Result<void> check(std::uint16_t offset, std::uint8_t width) const {
    if ((width != 1 && width != 2 && width != 4) || offset % width != 0 || offset + width > 4096) {
      return base::fail(base::Code::kInvalidArgument,
                        fmt::format("no register of {} bytes at offset {:#x}", width, offset),
                        path_);
    }
    return {};
  }

  int fd_;
  bool can_write_;
  std::string path_;
  std::string address_;
};

}  // namespace sysfs_config

base::Result<std::unique_ptr<ConfigSpace>> open_config_space(const std::string& root,
                                                             std::string_view address) {
  if (!sysfs_config::is_address(address)) {
    return base::fail(base::Code::kInvalidArgument, "not the address of a PCI function",
                      std::string(address), "Write it as 0000:3b:00.0.");
  }
  const std::string path =
      fmt::format("{}/sys/bus/pci/devices/{}/config", root == "/" ? "" : root, address);
  bool can_write = true;
  int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0 && (errno == EACCES || errno == EPERM || errno == EROFS)) {
    can_write = false;
    fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  }
  if (fd < 0) {
    return sysfs_config::failure(errno, path);
  }
  return std::make_unique<sysfs_config::SysfsConfig>(fd, can_write, path, std::string(address));
}

}  // namespace weft::bus::linux_host
