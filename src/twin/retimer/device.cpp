// SPDX-License-Identifier: Apache-2.0
// A retimer's life: power, boot, reset, heat, what it tells its links, and its checkpoint.
#include "twin/retimer/device.h"

#include "twin/world/hash.h"
#include "wire/retimer/convert.h"

#include <algorithm>
#include <cmath>

namespace weft::twin::retimer {
namespace {

using wire::retimer::BlockType;
using wire::retimer::kCodeLoaded;

constexpr base::KelvinDelta kHeatStep{1};
constexpr Duration kStuckTime{30'000'000};
constexpr std::uint64_t kSpoilOneIn = 8;
constexpr wire::retimer::FirmwareVersion kFactoryVersion{2, 8, 14};

/// The image of every device that was not told another one: made once.
std::shared_ptr<const base::Bytes> factory_image() {
  static const auto image =
      std::make_shared<const base::Bytes>(wire::retimer::make_image(kFactoryVersion));
  return image;
}

/// Bits of CODE_LOAD that a good block of this type brings.
std::uint8_t load_bit(std::uint8_t type) {
  switch (static_cast<BlockType>(type)) {
    case BlockType::kMainMicro:
      return 0x2;
    case BlockType::kPathMicro:
      return 0x4;
    case BlockType::kPma:
      return 0x8;
    case BlockType::kEnd:
      break;
  }
  return 0;
}

struct Loadable {
  std::uint8_t goal = 0;
  wire::retimer::FirmwareVersion version;
};

/// What a loader makes of an image: it stops at the first block that is not good.
Loadable load(base::ByteView image) {
  constexpr std::size_t kData = 11;  // of a block
  Loadable result;
  for (const wire::retimer::Block& block : wire::retimer::blocks_before_trouble(image)) {
    const std::uint8_t bit = load_bit(block.type);
    if (bit == 0x2 && block.length >= 4) {
      const base::ByteView data = image.subspan(block.at + kData, 4);
      result.version = {data[0], data[1], static_cast<std::uint16_t>(data[2] | data[3] << 8U)};
    }
    result.goal |= bit;
  }
  return result;
}

/// Of the factory's image, which most devices boot: worked out once.
const Loadable& factory_load() {
  static const Loadable loaded = load(*factory_image());
  return loaded;
}

std::uint8_t mode_of(const std::vector<Through>& links) {
  std::vector<std::uint8_t> widths;
  widths.reserve(wire::retimer::kLinksMax);
  for (const Through& through : links) {
    widths.push_back(through.width);
  }
  while (true) {
    if (const auto mode = wire::retimer::bifurcation_of(widths)) {
      return *mode;
    }
    // Lanes that no link uses: fill up with the narrowest links.
    unsigned lanes = 0;
    for (const std::uint8_t width : widths) {
      lanes += width;
    }
    if (lanes >= kLanes || widths.size() >= wire::retimer::kLinksMax) {
      return 0;
    }
    widths.push_back(2);
  }
}

}  // namespace

Device::Device(std::string path, DeviceOptions options)
    : Actor(std::move(path)),
      options_(std::move(options)),
      bifurcation_(mode_of(options_.links)),
      eeprom_(options_.image != nullptr ? options_.image : factory_image()),
      front_(*this, options_.address),
      heat_(base::Celsius(25 + kIdleWatts * kKelvinPerWatt), kThermalSeconds) {
  hottest_cel_ = heat_.target().value();
  stored_ = default_registers();
}

/// What the registers hold when power comes.
std::map<std::uint32_t, std::uint8_t> Device::default_registers() const {
  std::map<std::uint32_t, std::uint8_t> out{{wire::retimer::kPerstN, 0xFF},
                                            {wire::retimer::kGpioDirection, 0x0E}};
  std::uint32_t param0 = wire::retimer::with_bifurcation(0, bifurcation_);
  param0 = wire::retimer::with_max_rate(param0, options_.generation);
  for (unsigned i = 0; i < 4; ++i) {
    out[wire::retimer::kGlobalParam0 + i] = static_cast<std::uint8_t>(param0 >> (8 * i));
  }
  return out;
}

void Device::start() {
  // The rack was on before the world began: firmware is loaded.
  const Loadable loaded = eeprom_.is_factory() && &eeprom_.factory() == factory_image().get()
                              ? factory_load()
                              : load(eeprom_.image());
  load_goal_ = loaded.goal;
  firmware_ = loaded.version;
  boot_at_ = WorldTime{-(kBootTime.ns + 60'000'000'000)};
  is_loaded_ = true;
  heartbeat_ = static_cast<std::uint8_t>(random()());
  tell_ready();
  update_heartbeat();
}

void Device::begin_boot(bool keeps_links) {
  const Loadable loaded = load(eeprom_.image());
  load_goal_ = loaded.goal;
  firmware_ = loaded.version;
  boot_at_ = now();
  is_loaded_ = false;
  keeps_links_ = keeps_links;
  master_.reset();
  sram_.clear();
  polls_left_ = 0;
  // Links that stay up tell nobody: only a client's write reloads so, and it finds the world
  // halted.
  for (std::size_t i = 0; i < options_.links.size(); ++i) {
    recovered_[i] =
        keeps_links ? options_.links[i].link->counter(LinkCounter::kRecoveries, End::kA) : kAfresh;
  }
  shown_.fill(std::nullopt);
  set_timer(kBootTimer, later(now(), kBootTime));
  tell_ready();
  update_heartbeat();
}

void Device::end_boot() {
  is_loaded_ = true;
  keeps_links_ = false;
  tell_ready();
  update_heartbeat();
}

void Device::stop_firmware() {
  cancel_timer(kBootTimer);
  is_loaded_ = false;
  load_goal_ = 0;
  tell_ready();
  update_heartbeat();
}

void Device::power_off() {
  if (!is_powered_) {
    return;
  }
  is_powered_ = false;
  is_shut_down_ = false;
  hardware_reset_ = 0;
  software_reset_ = 0;
  status_ = 0;
  master_.reset();  // what was in the EEPROM's page buffer is lost
  front_.reset();
  pma_.clear();
  margins_.clear();
  checkers_.clear();
  stop_firmware();
  aim_heat();
}

void Device::power_on() {
  if (is_powered_) {
    return;
  }
  is_powered_ = true;
  stored_ = default_registers();
  hottest_cel_ = heat_.value(now()).value();
  begin_boot(false);
  aim_heat();
}

bool Device::main_micro_runs() const {
  return is_powered_ && (load_goal_ & 0x2U) != 0 &&
         (is_loaded_ || now() - boot_at_ >= Duration{kBootTime.ns / 4}) &&
         (hardware_reset_ & wire::retimer::kResetMainMicro) == 0 &&
         (software_reset_ & wire::retimer::kResetMainMicro) == 0 && !is_shut_down_ &&
         !own_quantities().is_on(Quantity::kFirmwareHang);
}

bool Device::forwards(std::size_t link) const {
  const bool is_running = (is_loaded_ && load_goal_ >= kCodeLoaded) || keeps_links_;
  return is_powered_ && is_running && hardware_reset_ != wire::retimer::kHardwareResetAll &&
         !is_shut_down_ && (external_perst_ >> link & 1U) == 0 &&
         (stored(wire::retimer::kPerstN, 0xFF) >> link & 1U) != 0;
}

void Device::tell_ready() {
  std::uint32_t ready = told_ready_;
  for (std::size_t i = 0; i < options_.links.size(); ++i) {
    const std::uint32_t bit = 1U << i;
    const bool is_ready = forwards(i);
    if (is_ready == ((told_ready_ & bit) != 0)) {
      continue;
    }
    ready = is_ready ? ready | bit : ready & ~bit;
    Message message;
    message.from = id();
    message.sub = static_cast<std::uint32_t>(LinkAsk::kRepeaterReady);
    message.source = options_.links[i].index;
    message.value = is_ready ? 1 : 0;
    send(options_.links[i].id, message);
  }
  told_ready_ = ready;
}

base::Celsius Device::junction() const {
  return heat_.value(now());
}

void Device::aim_heat() {
  double watts = is_powered_ ? kIdleWatts : 0;
  for (std::size_t i = 0; i < options_.links.size(); ++i) {
    if (is_powered_ && (links_up_ >> i & 1U) != 0) {
      watts += kLaneWatts * options_.links[i].width;
    }
  }
  watts += is_powered_ ? quantity(Quantity::kPowerDraw) : 0;
  const double rise = watts * kKelvinPerWatt * quantity(Quantity::kHeatSink);
  hottest_cel_ = std::max(hottest_cel_, heat_.value(now()).value());
  heat_.set_target(base::Celsius(air_cel_ + rise), now());
  set_timer(kHeatTimer, heat_.next_step(now(), kHeatStep));
}

void Device::tell_heat() {
  const base::Celsius junction = heat_.value(now());
  hottest_cel_ = std::max(hottest_cel_, junction.value());
  if (!is_shut_down_ && is_powered_ && junction >= kShutdown &&
      stored_word(wire::retimer::kThermalShutdownEnable, 4) != 0) {
    is_shut_down_ = true;
    stop_firmware();
    links_up_ = 0;
    aim_heat();
    return;
  }
  for (const Through& through : options_.links) {
    Message message;
    message.from = id();
    message.sub = static_cast<std::uint32_t>(LinkAsk::kRepeaterHeat);
    message.source = through.index;
    message.value = heat_.stepped(now(), kHeatStep).value();
    send(through.id, message);
  }
  set_timer(kHeatTimer, heat_.next_step(now(), kHeatStep));
}

/// Brings the count up to now, and says whether it runs from here on.
void Device::update_heartbeat() {
  heartbeat_ = heartbeat();
  const bool is_in_perst = stored(wire::retimer::kPerstN, 0xFF) != 0xFF || external_perst_ != 0;
  is_beating_ = main_micro_runs() && !(is_in_perst && is_quirk(Quirk::kHeartbeatStopsInPerst));
  beat_since_ = now();
  beat_bus_ns_ = bus_ns_;
}

void Device::on_timer(std::uint32_t timer) {
  switch (timer) {
    case kBootTimer:
      end_boot();
      break;
    case kHeatTimer:
      tell_heat();
      break;
    default:
      break;
  }
}

void Device::on_message(const Message& message) {
  std::uint32_t from = 0;
  for (std::size_t i = 0; i < options_.links.size(); ++i) {
    from |= options_.links[i].id == message.from ? 1U << i : 0U;
  }
  switch (message.kind) {
    case MessageKind::kAirChanged:
      air_cel_ = message.value;
      aim_heat();
      break;
    case MessageKind::kPower:
      message.sub != 0 ? power_on() : power_off();
      break;
    case MessageKind::kPerst:
      external_perst_ = message.sub != 0 ? 0xFFFFFFFFU : 0U;
      tell_ready();
      update_heartbeat();
      break;
    case MessageKind::kLinkUp:
      links_up_ |= from;
      for (std::size_t i = 0; i < options_.links.size(); ++i) {
        if ((from >> i & 1U) != 0 && recovered_[i] == kAfresh) {
          recovered_[i] = static_cast<std::uint64_t>(message.value);
        }
      }
      aim_heat();
      break;
    case MessageKind::kLinkDown:
      links_up_ &= ~from;
      aim_heat();
      break;
    case MessageKind::kHotReset:
      if ((stored(wire::retimer::kGlobalErrorMask2) & 0x02U) != 0 && is_powered_) {
        store(wire::retimer::kGlobalErrorMask2,
              static_cast<std::uint8_t>(stored(wire::retimer::kGlobalErrorMask2) & 0xFDU));
        begin_boot(false);
      }
      break;
    default:
      break;
  }
}

void Device::on_quantity(Quantity which, std::uint32_t sub) {
  static_cast<void>(sub);
  switch (which) {
    case Quantity::kHeatSink:
    case Quantity::kPowerDraw:
      aim_heat();
      break;
    case Quantity::kFirmwareHang:
    case Quantity::kQuirk:
      update_heartbeat();
      break;
    case Quantity::kSensorStuck:
      if (quantity(Quantity::kSensorStuck) >= 0.5) {
        stuck_cel_ = heat_.value(now()).value();
      } else {
        stuck_cel_.reset();
      }
      break;
    case Quantity::kEepromFlips:
      eeprom_.set_flips(static_cast<std::uint32_t>(quantity(Quantity::kEepromFlips)),
                        hash_text(path()));
      break;
    default:
      break;
  }
}

bool Device::wants_arp() const {
  return is_quirk(Quirk::kArpOnly) || !is_loaded_ || load_goal_ < kCodeLoaded;
}

bool Device::has_fixed_address() const {
  return !is_quirk(Quirk::kArpOnly);
}

void Device::spoil(base::Bytes& answer) {
  const std::uint64_t number = answers_++;
  if (is_quirk(Quirk::kAllOnesReads) && number % kSpoilOneIn == 5) {
    std::fill(answer.begin(), answer.end(), std::uint8_t{0xFF});
  }
  if (is_quirk(Quirk::kWrongBlockCount) && number % kSpoilOneIn == 2 && answer.size() > 1) {
    answer.pop_back();
  }
}

void Device::intervened() {
  if (is_quirk(Quirk::kStuckByIntervening)) {
    stuck_until_ = later(now(), kStuckTime);
    status_ = static_cast<std::uint8_t>(status_ | (main_micro_runs() ? 1U : 0U));
  }
}

void Device::bus_clear() {
  stuck_until_ = now();
}

void Device::exchange(Archive& archive) {
  archive.fields(is_powered_, is_loaded_, keeps_links_, is_shut_down_, load_goal_, boot_at_,
                 firmware_.major, firmware_.minor, firmware_.build, hardware_reset_,
                 software_reset_, status_, external_perst_, links_up_, told_ready_, heat_, air_cel_,
                 hottest_cel_, stuck_cel_, bus_ns_, heartbeat_, is_beating_, beat_since_,
                 beat_bus_ns_, stuck_until_, answers_, polls_left_, recovered_, shown_, stored_,
                 sram_, pma_, margins_, checkers_);
  archive.field(eeprom_);
  archive.field(master_);
  archive.field(front_);
}

void Device::registers(Archive& out) const {
  for (const wire::retimer::RegisterRow& row : wire::retimer::registers()) {
    for (std::uint32_t i = 0; i < row.bytes; ++i) {
      std::uint8_t byte = byte_at(row.address + i);
      out.field(byte);
    }
  }
  for (std::size_t i = 0; i < options_.links.size(); ++i) {
    std::uint8_t state = static_cast<std::uint8_t>(link_state(i));
    std::uint8_t count = recoveries(i);
    out.fields(state, count);
  }
}

}  // namespace weft::twin::retimer
