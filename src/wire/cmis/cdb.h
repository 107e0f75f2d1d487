// SPDX-License-Identifier: Apache-2.0
// Command Data Block messages of page 9Fh (OIF-CMIS-05.2 8.20 and chapter 9): header of 8 bytes,
// local payload of up to 120. A message is written from byte 130 on and then bytes 128-129, which
// sets the module to work; its reply stands in 134-135 and from 136 on. Both directions, for the
// commands of firmware management; other commands travel as bytes.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace weft::wire::cmis {

inline constexpr std::uint8_t kCdbPage = 0x9F;
inline constexpr std::uint8_t kCdbExtendedPage = 0xA0;  ///< to AFh
inline constexpr std::size_t kCdbHeader = 8;
inline constexpr std::size_t kCdbLocalPayload = 120;

enum class CdbCommand : std::uint16_t {
  kQueryStatus = 0x0000,
  kEnterPassword = 0x0001,
  kModuleFeatures = 0x0040,
  kFirmwareFeatures = 0x0041,
  kFirmwareInfo = 0x0100,
  kStartDownload = 0x0101,
  kAbortDownload = 0x0102,
  kWriteLocal = 0x0103,     ///< a block in the local payload
  kWriteExtended = 0x0104,  ///< a block in pages A0h to AFh
  kCompleteDownload = 0x0107,
  kRunImage = 0x0109,
  kCommitImage = 0x010A,
};
[[nodiscard]] std::string_view name(CdbCommand command);

/// Coarse status and result of 00h:37 (table 8-14): bit 7 busy, bit 6 failed, bits 5-0 result.
struct CdbStatus {
  bool is_busy = false;
  bool has_failed = false;
  std::uint8_t result = 0;
  [[nodiscard]] bool is_success() const { return !is_busy && !has_failed && result == 1; }
};
[[nodiscard]] std::uint8_t encode(const CdbStatus& status);
[[nodiscard]] CdbStatus decode_cdb_status(std::uint8_t raw);
/// "CdbCheckCode is wrong"; empty where it says nothing.
[[nodiscard]] std::string_view failure(const CdbStatus& status);

/// Results of a failed command.
enum class CdbFailure : std::uint8_t {
  kUnknownCommand = 0x01,
  kParameter = 0x02,  ///< out of range or not supported
  kPreviousNotAborted = 0x03,
  kCheckTimeout = 0x04,
  kCheckCode = 0x05,
  kPassword = 0x06,
  kNotCompatible = 0x07,  ///< with what the module does now
  kFirmware = 0x20,       ///< of the command itself; for a download: image not accepted
};

struct CdbMessage {
  std::uint16_t command = 0;
  std::uint16_t extended_length = 0;  ///< EPLLength
  base::Bytes payload = {};           ///< local, up to 120 bytes
};
/// One's complement of the sum of bytes 128 to 135 + payload, with 133, 134 and 135 as zero.
[[nodiscard]] std::uint8_t cdb_check_code(const CdbMessage& message);
/// Bytes 128 on. kInvalidArgument where the payload is too long.
[[nodiscard]] base::Result<base::Bytes> encode(const CdbMessage& message);
/// From page 9Fh's 128 bytes; kDataLoss where the length is impossible or the check code is wrong.
[[nodiscard]] base::Result<CdbMessage> decode_cdb_message(base::ByteView page);

/// What a module answers: RPLLength at 134, RPLChkCode at 135, payload from 136.
[[nodiscard]] std::uint8_t cdb_check_code(base::ByteView payload);
/// kDataLoss where length or check code do not fit.
[[nodiscard]] base::Result<base::Bytes> decode_cdb_reply(base::ByteView page);

/// Reply of 0100h (table 9-9).
struct FirmwareImage {
  bool is_running = false;
  bool is_committed = false;
  bool is_valid = true;     ///< the bit in the reply says the reverse
  bool is_present = false;  ///< has a version
  std::uint8_t major = 0;
  std::uint8_t minor = 0;
  std::uint16_t build = 0;
  friend bool operator==(const FirmwareImage&, const FirmwareImage&) = default;
};
struct FirmwareInfo {
  std::array<FirmwareImage, 2> images;  ///< banks A and B
  FirmwareImage factory;
  friend bool operator==(const FirmwareInfo&, const FirmwareInfo&) = default;
};
inline constexpr std::size_t kFirmwareInfoBytes = 110;
[[nodiscard]] base::Bytes encode(const FirmwareInfo& info);
[[nodiscard]] base::Result<FirmwareInfo> decode_firmware_info(base::ByteView payload);

/// Reply of 0041h (table 9-7).
struct FirmwareFeatures {
  bool abort = false;
  bool copy = false;
  bool duration_in_10_ms = false;
  std::uint8_t start_payload = 0;  ///< header bytes of an image that 0101h carries
  std::uint8_t erased_byte = 0xFF;
  std::uint8_t length_extension = 0;  ///< a block in the extended payload may have 8 * (1 + n)
  bool writes_local = true;
  bool writes_extended = false;
  bool hitless_restart = false;
  std::uint16_t max_start = 0;  ///< ms, or 10 ms
  std::uint16_t max_abort = 0;
  std::uint16_t max_write = 0;
  std::uint16_t max_complete = 0;
  std::uint16_t max_copy = 0;
  friend bool operator==(const FirmwareFeatures&, const FirmwareFeatures&) = default;
};
inline constexpr std::size_t kFirmwareFeaturesBytes = 18;
[[nodiscard]] base::Bytes encode(const FirmwareFeatures& features);
[[nodiscard]] base::Result<FirmwareFeatures> decode_firmware_features(base::ByteView payload);

}  // namespace weft::wire::cmis
