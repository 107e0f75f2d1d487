// SPDX-License-Identifier: Apache-2.0
// CDB commands (9Fh), in the background: memory stays readable while one runs, 00h:37 says busy.
// Firmware goes to the bank that does not run; it is valid once its whole body came and its sum
// fits. Running an image first succeeds, then, after its delay, restarts management and the data
// paths, or only changes the image where asked to be hitless. Which image a reset starts is what
// was committed. Greatest times are those that Linux' firmware flashing can work with.
#include "wire/cmis/cdb.h"

#include "twin/cable_module/module.h"

#include <algorithm>
#include <utility>

namespace weft::twin {
namespace module_cdb {

using cable_module::reg;
using wire::cmis::CdbCommand;
using wire::cmis::CdbFailure;
using wire::cmis::CdbMessage;
using wire::cmis::CdbStatus;
using wire::cmis::kHalfPage;

constexpr std::uint32_t kCommandTimer = 2;
constexpr std::uint32_t kRestartTimer = 4;
constexpr double kStartSeconds = 0.5;  // erases a bank
constexpr double kWriteSeconds = 0.003;
constexpr double kCompleteSeconds = 0.4;  // reads a bank back
constexpr double kCommitSeconds = 0.05;
constexpr double kAcceptSeconds = 0.002;
constexpr double kSwitchSeconds = 0.1;  // to another image while data goes on
/// Between the success of Run Image and the reset, where the host asked for no delay: long enough
/// for hosts that look every 20 ms.
constexpr double kResetSeconds = 0.1;
/// Greatest times that 0040h and 0041h tell, in ms, well above what the commands take. Hosts read
/// them as ms whatever the unit bit says, so no unit of 10 ms.
constexpr std::uint16_t kMaxCompletion = 1000;
constexpr std::uint16_t kMaxStart = 1000;
constexpr std::uint16_t kMaxAbort = 100;
constexpr std::uint16_t kMaxWrite = 50;
constexpr std::uint16_t kMaxComplete = 1000;
constexpr std::size_t kBlockAddress = 4;

std::uint8_t code(CdbFailure failure) {
  return static_cast<std::uint8_t>(failure);
}

/// Bitmap of commands 0000h to 00FFh, as reply of 0040h.
base::Bytes module_features() {
  base::Bytes reply(36);
  for (const unsigned command : {0x00U, 0x01U, 0x40U, 0x41U}) {
    auto& byte = reply.at(2 + command / 8);
    byte = static_cast<std::uint8_t>(byte | 1U << command % 8);
  }
  reply.at(34) = kMaxCompletion >> 8;
  reply.at(35) = kMaxCompletion & 0xFF;
  return reply;
}

wire::cmis::FirmwareFeatures firmware_features() {
  return {.abort = true,
          .duration_in_10_ms = false,
          .start_payload = cable_module::kImageHeader,
          .erased_byte = 0xFF,
          .length_extension = 255,  // 2048 bytes
          .writes_local = true,
          .writes_extended = true,
          .hitless_restart = true,
          .max_start = kMaxStart,
          .max_abort = kMaxAbort,
          .max_write = kMaxWrite,
          .max_complete = kMaxComplete,
          .max_copy = 0};
}

}  // namespace module_cdb

void CableModule::start_command() {
  using namespace module_cdb;
  static const auto& status = reg("CdbStatus1");
  if (timer(kCommandTimer)) {
    return;  // busy: the host has to wait
  }
  auto& page = memory_.page(wire::cmis::kCdbPage);
  CdbOutcome outcome;
  if (const auto message = wire::cmis::decode_cdb_message(page)) {
    outcome = run_command(*message);
  } else {
    const bool is_long = page.at(4) > wire::cmis::kCdbLocalPayload;
    outcome.failure = code(is_long ? CdbFailure::kParameter : CdbFailure::kCheckCode);
  }
  cdb_reply_ = std::move(outcome.reply);
  cdb_result_ =
      encode(CdbStatus{.is_busy = false,
                       .has_failed = outcome.failure != 0,
                       .result = outcome.failure != 0 ? outcome.failure : std::uint8_t{1}});
  memory_.set(status, encode(CdbStatus{.is_busy = true, .has_failed = false, .result = 3}));
  set_timer(kCommandTimer, now() + drawn(outcome.seconds));
}

void CableModule::finish_command() {
  using namespace module_cdb;
  auto& page = memory_.page(wire::cmis::kCdbPage);
  page.at(6) = static_cast<std::uint8_t>(cdb_reply_.size());
  page.at(7) = wire::cmis::cdb_check_code(cdb_reply_);
  std::ranges::copy(cdb_reply_, page.begin() + wire::cmis::kCdbHeader);
  memory_.set(reg("CdbStatus1"), cdb_result_);
  latch(reg("CdbCmdCompleteFlag1"), true);
  build_firmware_versions();
  if (!run_ || run_->is_counting) {
    return;
  }
  if (run_->is_hitless() && run_->delay_ms == 0) {
    restart();
    return;
  }
  run_->is_counting = true;
  const double least = run_->is_hitless() ? 0 : kResetSeconds;
  set_timer(kRestartTimer, now() + base::seconds(std::max(least, run_->delay_ms * 1e-3)));
}

/// The host has seen that Run Image succeeded and its delay is over.
void CableModule::restart() {
  const auto run = std::exchange(run_, std::nullopt);
  if (!run) {
    return;
  }
  if (run->is_switch() && std::as_const(firmware_).inactive().is_valid) {
    firmware_.running = firmware_.running == 0 ? 1 : 0;
  }
  if (run->is_hitless()) {
    build_firmware_versions();
    return;
  }
  firmware_.download = {};
  drop();
  enter(Life::kManagementInit);
  tell_link();
}

void CableModule::build_firmware_versions() {
  using namespace module_cdb;
  const auto shown = [](const cable_module::FirmwareBank& bank, std::uint8_t value) {
    return bank.is_valid ? value : std::uint8_t{0};
  };
  const auto& active = firmware_.active();
  const auto& inactive = std::as_const(firmware_).inactive();
  memory_.set(reg("ModuleActiveFirmwareMajorRevision"), shown(active, active.major));
  memory_.set(reg("ModuleActiveFirmwareMinorRevision"), shown(active, active.minor));
  memory_.set(reg("ModuleInactiveFirmwareMajorRevision"), shown(inactive, inactive.major));
  memory_.set(reg("ModuleInactiveFirmwareMinorRevision"), shown(inactive, inactive.minor));
}

CableModule::CdbOutcome CableModule::run_command(const wire::cmis::CdbMessage& message) {
  using namespace module_cdb;
  const base::ByteView payload(message.payload);
  switch (static_cast<CdbCommand>(message.command)) {
    case CdbCommand::kQueryStatus:
      return {.failure = 0, .reply = {2, 1}};  // length of what follows; host password accepted
    case CdbCommand::kEnterPassword:
      return {.failure = payload.size() == 4 ? std::uint8_t{0} : code(CdbFailure::kParameter)};
    case CdbCommand::kModuleFeatures:
      return {.failure = 0, .reply = module_features()};
    case CdbCommand::kFirmwareFeatures:
      return {.failure = 0, .reply = encode(firmware_features())};
    case CdbCommand::kFirmwareInfo:
      return {.failure = 0, .reply = encode(firmware_.info())};
    case CdbCommand::kStartDownload:
      return start_download(payload);
    case CdbCommand::kAbortDownload:
      firmware_.download = {};
      return {};
    case CdbCommand::kWriteLocal:
      return write_block(message, false);
    case CdbCommand::kWriteExtended:
      return write_block(message, true);
    case CdbCommand::kCompleteDownload:
      if (!firmware_.download.is_active) {
        return {.failure = code(CdbFailure::kNotCompatible)};
      }
      return {.failure = firmware_.complete() ? std::uint8_t{0} : code(CdbFailure::kFirmware),
              .reply = {},
              .seconds = kCompleteSeconds};
    case CdbCommand::kRunImage:
      return run_image(payload);
    case CdbCommand::kCommitImage:
      if (run_) {
        return {.failure =
                    code(CdbFailure::kNotCompatible)};  // which image runs is about to change
      }
      firmware_.committed = firmware_.running;
      return {.failure = 0, .reply = {}, .seconds = kCommitSeconds};
  }
  return {.failure = code(CdbFailure::kUnknownCommand)};
}

/// Payload: size of the whole image (4), reserved (4), the image's header.
CableModule::CdbOutcome CableModule::start_download(base::ByteView payload) {
  using namespace module_cdb;
  const auto size = base::read_be(payload, 0, 4);
  const auto header =
      cable_module::decode_image_header(payload.size() < 8 ? base::ByteView{} : payload.subspan(8));
  if (firmware_.download.is_active || run_) {
    return {.failure = code(CdbFailure::kNotCompatible)};
  }
  if (!size || !header || header->length > cable_module::kImageBodyMax ||
      *size != header->length + cable_module::kImageHeader) {
    return {.failure = code(CdbFailure::kParameter)};
  }
  firmware_.inactive() = {};  // erased, valid again only when complete
  firmware_.download = {.is_active = true,
                        .header = *header,
                        .body = base::Bytes(header->length, 0xFF),
                        .received = 0};
  return {.failure = 0, .reply = {}, .seconds = kStartSeconds};
}

/// Payload: address in the image behind its header (4), then the block, or the block in A0h to AFh.
/// A last block may come with filling behind the image's end.
CableModule::CdbOutcome CableModule::write_block(const wire::cmis::CdbMessage& message,
                                                 bool is_extended) {
  using namespace module_cdb;
  const base::ByteView payload(message.payload);
  const auto address = base::read_be(payload, 0, 4);
  const auto& download = firmware_.download;
  if (!download.is_active) {
    return {.failure = code(CdbFailure::kNotCompatible)};
  }
  if (!address || *address >= std::max<std::size_t>(download.body.size(), 1) ||
      message.extended_length > 16 * kHalfPage) {
    return {.failure = code(CdbFailure::kParameter)};
  }
  base::Bytes block;
  if (is_extended) {
    for (unsigned i = 0; i < message.extended_length; ++i) {
      const auto number = static_cast<std::uint8_t>(wire::cmis::kCdbExtendedPage + i / kHalfPage);
      block.push_back(memory_.page(number).at(i % kHalfPage));
    }
  } else {
    block.assign(payload.begin() + kBlockAddress, payload.end());
  }
  block.resize(std::min<std::size_t>(block.size(), download.body.size() - *address));
  const bool is_written = firmware_.write(static_cast<std::uint32_t>(*address), block);
  return {.failure = is_written ? std::uint8_t{0} : code(CdbFailure::kParameter),
          .reply = {},
          .seconds = kWriteSeconds};
}

/// Payload: reserved, mode (0 reset to the idle image, 1 the same without disturbing traffic, 2 and
/// 3 likewise the running one), delay (2, ms) between the command's success and the reset (9.7.10).
CableModule::CdbOutcome CableModule::run_image(base::ByteView payload) {
  using namespace module_cdb;
  if (payload.size() < 2 || payload[1] > 3) {
    return {.failure = code(CdbFailure::kParameter)};
  }
  const Run run{
      .mode = payload[1],
      .delay_ms = static_cast<std::uint16_t>(base::read_be(payload, 2, 2).value_or(0)),
  };
  if (run_ || firmware_.download.is_active ||
      (run.is_switch() && !std::as_const(firmware_).inactive().is_valid)) {
    return {.failure = code(CdbFailure::kNotCompatible)};
  }
  run_ = run;
  return {.failure = 0,
          .reply = {},
          .seconds = run.is_hitless() && run.delay_ms == 0 ? kSwitchSeconds : kAcceptSeconds};
}

}  // namespace weft::twin
