// SPDX-License-Identifier: Apache-2.0
#include "wire/cmis/cdb.h"

#include <algorithm>
#include <numeric>

namespace weft::wire::cmis {
namespace cdb_messages {

// Positions in the message, 0 being byte 128 of the page.
constexpr std::size_t kExtendedLength = 2;
constexpr std::size_t kLocalLength = 4;
constexpr std::size_t kCheckCode = 5;
constexpr std::size_t kReplyLength = 6;
constexpr std::size_t kReplyCheckCode = 7;
constexpr std::size_t kPage = 128;

// Positions in the reply of 0100h.
constexpr std::size_t kImageA = 2;
constexpr std::size_t kImageB = 38;
constexpr std::size_t kFactory = 74;

std::uint8_t complement(base::ByteView bytes) {
  const unsigned sum = std::accumulate(bytes.begin(), bytes.end(), 0U);
  return static_cast<std::uint8_t>(0xFF - (sum & 0xFF));
}

void put_image(base::Bytes& out, std::size_t at, const FirmwareImage& image) {
  out[at] = image.major;
  out[at + 1] = image.minor;
  out[at + 2] = static_cast<std::uint8_t>(image.build >> 8);
  out[at + 3] = static_cast<std::uint8_t>(image.build);
}

FirmwareImage image_at(base::ByteView payload, std::size_t at) {
  FirmwareImage image;
  image.major = payload[at];
  image.minor = payload[at + 1];
  image.build = static_cast<std::uint16_t>(payload[at + 2] << 8 | payload[at + 3]);
  return image;
}

void put_word(base::Bytes& out, std::size_t at, std::uint16_t value) {
  out[at] = static_cast<std::uint8_t>(value >> 8);
  out[at + 1] = static_cast<std::uint8_t>(value);
}

std::uint16_t word_at(base::ByteView bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

}  // namespace cdb_messages

std::string_view name(CdbCommand command) {
  switch (command) {
    case CdbCommand::kQueryStatus:
      return "Query Status";
    case CdbCommand::kEnterPassword:
      return "Enter Password";
    case CdbCommand::kModuleFeatures:
      return "Module Features";
    case CdbCommand::kFirmwareFeatures:
      return "Firmware Management Features";
    case CdbCommand::kFirmwareInfo:
      return "Get Firmware Info";
    case CdbCommand::kStartDownload:
      return "Start Firmware Download";
    case CdbCommand::kAbortDownload:
      return "Abort Firmware Download";
    case CdbCommand::kWriteLocal:
      return "Write Firmware Block LPL";
    case CdbCommand::kWriteExtended:
      return "Write Firmware Block EPL";
    case CdbCommand::kCompleteDownload:
      return "Complete Firmware Download";
    case CdbCommand::kRunImage:
      return "Run Firmware Image";
    case CdbCommand::kCommitImage:
      return "Commit Image";
  }
  return {};
}

std::uint8_t encode(const CdbStatus& status) {
  return static_cast<std::uint8_t>((status.is_busy ? 0x80 : 0) | (status.has_failed ? 0x40 : 0) |
                                   (status.result & 0x3F));
}

CdbStatus decode_cdb_status(std::uint8_t raw) {
  return {.is_busy = (raw & 0x80) != 0,
          .has_failed = (raw & 0x40) != 0,
          .result = static_cast<std::uint8_t>(raw & 0x3F)};
}

std::string_view failure(const CdbStatus& status) {
  if (status.is_busy || !status.has_failed) {
    return {};
  }
  switch (static_cast<CdbFailure>(status.result)) {
    case CdbFailure::kUnknownCommand:
      return "the module does not know this command";
    case CdbFailure::kParameter:
      return "a parameter is out of range or not supported";
    case CdbFailure::kPreviousNotAborted:
      return "the previous command was not aborted";
    case CdbFailure::kCheckTimeout:
      return "checking the command took too long";
    case CdbFailure::kCheckCode:
      return "the check code is wrong";
    case CdbFailure::kPassword:
      return "the module wants a password";
    case CdbFailure::kNotCompatible:
      return "the command does not fit what the module is doing";
    case CdbFailure::kFirmware:
      return "the firmware image was not accepted";
  }
  return "the module refused, reason not in the specification";
}

std::uint8_t cdb_check_code(const CdbMessage& message) {
  const unsigned sum = (message.command >> 8) + (message.command & 0xFFU) +
                       (message.extended_length >> 8) + (message.extended_length & 0xFFU) +
                       static_cast<unsigned>(message.payload.size()) +
                       std::accumulate(message.payload.begin(), message.payload.end(), 0U);
  return static_cast<std::uint8_t>(0xFF - (sum & 0xFF));
}

base::Result<base::Bytes> encode(const CdbMessage& message) {
  using namespace cdb_messages;
  if (message.payload.size() > kCdbLocalPayload) {
    return base::fail(base::Code::kInvalidArgument,
                      "a local payload has at most 120 bytes, this one has " +
                          std::to_string(message.payload.size()));
  }
  base::Bytes out(kCdbHeader);
  put_word(out, 0, message.command);
  put_word(out, kExtendedLength, message.extended_length);
  out[kLocalLength] = static_cast<std::uint8_t>(message.payload.size());
  out[kCheckCode] = cdb_check_code(message);
  out.insert(out.end(), message.payload.begin(), message.payload.end());
  return out;
}

base::Result<CdbMessage> decode_cdb_message(base::ByteView page) {
  using namespace cdb_messages;
  if (page.size() < kPage) {
    return base::fail(base::Code::kInvalidArgument, "page 9Fh has 128 bytes");
  }
  const std::size_t length = page[kLocalLength];
  if (length > kCdbLocalPayload) {
    return base::fail(base::Code::kDataLoss, "LPLLength is above 120");
  }
  CdbMessage message{
      .command = word_at(page, 0),
      .extended_length = word_at(page, kExtendedLength),
      .payload = base::Bytes(page.begin() + kCdbHeader,
                             page.begin() + kCdbHeader + static_cast<std::ptrdiff_t>(length))};
  if (cdb_check_code(message) != page[kCheckCode]) {
    return base::fail(base::Code::kDataLoss, "CdbChkCode does not fit the message");
  }
  return message;
}

std::uint8_t cdb_check_code(base::ByteView payload) {
  return cdb_messages::complement(payload);
}

base::Result<base::Bytes> decode_cdb_reply(base::ByteView page) {
  using namespace cdb_messages;
  if (page.size() < kPage) {
    return base::fail(base::Code::kInvalidArgument, "page 9Fh has 128 bytes");
  }
  const std::size_t length = page[kReplyLength];
  if (length > kCdbLocalPayload) {
    return base::fail(base::Code::kDataLoss, "RPLLength is above 120");
  }
  const auto payload = page.subspan(kCdbHeader, length);
  if (complement(payload) != page[kReplyCheckCode]) {
    return base::fail(base::Code::kDataLoss, "RPLChkCode does not fit the reply");
  }
  return base::Bytes(payload.begin(), payload.end());
}

base::Bytes encode(const FirmwareInfo& info) {
  using namespace cdb_messages;
  base::Bytes out(kFirmwareInfoBytes);
  for (std::size_t bank = 0; bank < info.images.size(); ++bank) {
    const auto& image = info.images.at(bank);
    const auto status = static_cast<unsigned>(image.is_running) |
                        static_cast<unsigned>(image.is_committed) << 1 |
                        static_cast<unsigned>(!image.is_valid) << 2;
    out[0] = static_cast<std::uint8_t>(out[0] | status << (4 * bank));
    out[1] = static_cast<std::uint8_t>(out[1] | (image.is_present ? 1U << bank : 0U));
    put_image(out, bank == 0 ? kImageA : kImageB, image);
  }
  out[1] = static_cast<std::uint8_t>(out[1] | (info.factory.is_present ? 4U : 0U));
  put_image(out, kFactory, info.factory);
  return out;
}

base::Result<FirmwareInfo> decode_firmware_info(base::ByteView payload) {
  using namespace cdb_messages;
  if (payload.size() < kFactory) {
    return base::fail(base::Code::kDataLoss, "the reply of Get Firmware Info is too short");
  }
  FirmwareInfo info;
  info.images = {image_at(payload, kImageA), image_at(payload, kImageB)};
  for (std::size_t bank = 0; bank < info.images.size(); ++bank) {
    const unsigned status = payload[0] >> (4 * bank);
    auto& image = info.images.at(bank);
    image.is_running = (status & 1) != 0;
    image.is_committed = (status & 2) != 0;
    image.is_valid = (status & 4) == 0;
    image.is_present = (payload[1] >> bank & 1) != 0;
  }
  if (payload.size() >= kFactory + 4) {
    info.factory = image_at(payload, kFactory);
    info.factory.is_present = (payload[1] & 4) != 0;
  }
  return info;
}

base::Bytes encode(const FirmwareFeatures& features) {
  using namespace cdb_messages;
  base::Bytes out(kFirmwareFeaturesBytes);
  out[1] = static_cast<std::uint8_t>((features.abort ? 1 : 0) | (features.copy ? 2 : 0) |
                                     (features.duration_in_10_ms ? 8 : 0));
  out[2] = features.start_payload;
  out[3] = features.erased_byte;
  out[4] = features.length_extension;
  out[5] = static_cast<std::uint8_t>((features.writes_local ? 0x01 : 0) |
                                     (features.writes_extended ? 0x10 : 0));
  out[7] = features.hitless_restart ? 1 : 0;
  put_word(out, 8, features.max_start);
  put_word(out, 10, features.max_abort);
  put_word(out, 12, features.max_write);
  put_word(out, 14, features.max_complete);
  put_word(out, 16, features.max_copy);
  return out;
}

base::Result<FirmwareFeatures> decode_firmware_features(base::ByteView payload) {
  using namespace cdb_messages;
  if (payload.size() < kFirmwareFeaturesBytes) {
    return base::fail(base::Code::kDataLoss, "the reply of command 0041h is too short");
  }
  return FirmwareFeatures{.abort = (payload[1] & 1) != 0,
                          .copy = (payload[1] & 2) != 0,
                          .duration_in_10_ms = (payload[1] & 8) != 0,
                          .start_payload = payload[2],
                          .erased_byte = payload[3],
                          .length_extension = payload[4],
                          .writes_local = (payload[5] & 0x01) != 0,
                          .writes_extended = (payload[5] & 0x10) != 0,
                          .hitless_restart = payload[7] != 0,
                          .max_start = word_at(payload, 8),
                          .max_abort = word_at(payload, 10),
                          .max_write = word_at(payload, 12),
                          .max_complete = word_at(payload, 14),
                          .max_copy = word_at(payload, 16)};
}

}  // namespace weft::wire::cmis
