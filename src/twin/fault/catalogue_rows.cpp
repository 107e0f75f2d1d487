// SPDX-License-Identifier: Apache-2.0
// The table of faults. Amplitudes are what such a fault typically has; ranges are what the models
// can say something about. "CorrOpt": root causes of corrupting links in data centres (SIGCOMM
// 2017) and vendors' guides; the links between figures are modelled unless a source is named.
#include "twin/cable_module/quirk.h"
#include "twin/fault/catalogue.h"
#include "twin/retimer/quirk.h"

#include <deque>
#include <string>

namespace weft::twin {
namespace fault_rows {

using Q = Quantity;

/// Amplitudes of switches.
constexpr FaultAmplitude kOn = {.standard = 1, .min = 1, .max = 1};
/// Shares of 1 that are lost.
constexpr FaultAmplitude lost(double standard, double max = 0.99) {
  return {.standard = standard, .min = 0.01, .max = max};
}
constexpr FaultAmplitude decibels(double standard, double max) {
  return {.standard = standard, .min = 0.1, .max = max, .unit = "dB"};
}
constexpr FaultAmplitude factor(double standard, double max) {
  return {.standard = standard, .min = 1, .max = max, .is_factor = true};
}

const std::vector<FaultRow>& copper() {
  static const std::vector<FaultRow> kRows = {
      {.key = "contaminated-connector",
       .amplitude = decibels(6, 30),
       .shape = "step",
       .effects = {{Q::kLoss}, {Q::kMisadaptation, 0.004}},
       .sections = FaultSections::kDeviceEnd,
       .help = "Dirt on contacts of a connector: the lane loses signal and reflects.",
       .source = "CorrOpt: contamination 17 to 57 % of causes; dB modelled"},
      {.key = "worn-connector",
       .amplitude = decibels(5, 30),
       .shape = "intermittent 200 ms 20 s",
       .effects = {{Q::kLoss}, {Q::kJitter, 0.1}},
       .sections = FaultSections::kDeviceEnd,
       .help = "Worn or fretted contacts: loss comes and goes.",
       .source = "modelled: fretting gives bursts"},
      {.key = "bent-twinax",
       .amplitude = decibels(3, 20),
       .shape = "step",
       .effects = {{Q::kLoss}, {Q::kMisadaptation, 0.015}, {Q::kSkew, 3}},
       .sections = FaultSections::kCable,
       .help = "A cable bent too far: loss, skew within pairs and between lanes.",
       .source = "DesignCon 2025: bending changes skew and adds ripple; figures modelled"},
      {.key = "lane-skew",
       .amplitude = {.standard = 400, .min = 1, .max = 20'000, .unit = "ps"},
       .shape = "step",
       .effects = {{Q::kSkew}, {Q::kMisadaptation, 5e-5}},
       .lanes = FaultLanes::kFirst,
       .help = "One lane's pair is longer or slower than the others'.",
       .source = "modelled"},
      {.key = "cold-solder",
       .amplitude = decibels(12, 40),
       .shape = "temperature 30 50",
       .effects = {{Q::kLoss}, {Q::kMisadaptation, 0.003}},
       .sections = FaultSections::kDeviceEnd,
       .lanes = FaultLanes::kFirst,
       .help = "A cracked solder joint of one lane opens as it warms up.",
       .source = "modelled"},
      {.key = "open-lane",
       .amplitude = kOn,
       .shape = "step",
       .effects = {{Q::kOpen}},
       .sections = FaultSections::kDeviceEnd,
       .lanes = FaultLanes::kFirst,
       .help = "A lane is broken: no signal arrives.",
       .source = "modelled"},
      {.key = "marginal-eq",
       .amplitude = {.standard = 0.08, .min = 0.001, .max = 0.6},
       .shape = "step",
       .effects = {{Q::kMisadaptation}},
       .reach = FaultReach::kReceivers,
       .help = "The equaliser settled in a poor place: intersymbol interference remains.",
       .source = "modelled"},
      {.key = "adapted-on-transient",
       .amplitude = {.standard = 0.05, .min = 0.001, .max = 0.6},
       .shape = "step",
       .effects = {{Q::kMisadaptation}},
       .lanes = FaultLanes::kFirst,
       .reach = FaultReach::kReceivers,
       .help = "After a flap a receiver locked on a poor transient and stays adapted to it.",
       .source = "sonic-mgmt pull request 26555: two decades worse after a flap"},
      {.key = "mis-seated-card",
       .amplitude = decibels(10, 40),
       .shape = "step",
       .effects = {{Q::kLoss}, {Q::kMisadaptation, 0.003}, {Q::kVibration, 0.001}},
       .sections = FaultSections::kDeviceEnd,
       .lanes = FaultLanes::kUpperHalf,
       .help = "A card sits askew: the lanes at its far end hardly touch.",
       .source = "CorrOpt: loose transceivers 6 to 45 % of causes; figures modelled"},
      {.key = "wrong-cable",
       .amplitude = decibels(8, 40),
       .shape = "step",
       .effects = {{Q::kLoss}},
       .sections = FaultSections::kCable,
       .help = "A longer or thinner cable than planned: loss on all lanes, both ways.",
       .source = "twinax 4 to 9 dB/m at 16 GHz by gauge; amplitude is the excess"},
      {.key = "moisture",
       .amplitude = decibels(2.5, 15),
       .shape = "exponential 2 h",
       .effects = {{Q::kLoss}, {Q::kMisadaptation, 0.01}},
       .help = "A board that took up water: impedance and loss change over hours.",
       .source = "losses rise with humidity (asteralabs FAQ); figures modelled"},
      {.key = "loud-neighbour",
       .amplitude = factor(4, 50),
       .shape = "load 0 1",
       .effects = {{.quantity = Q::kCrosstalk, .gain = 1, .is_of_neighbours = true},
                   {.quantity = Q::kNoise, .gain = 0.3, .is_of_neighbours = true}},
       .lanes = FaultLanes::kFirst,
       .help = "A lane couples into the lanes beside it while it carries traffic.",
       .source = "modelled: rises with the neighbour's traffic"},
      {.key = "broken-shield",
       .amplitude = factor(3, 50),
       .shape = "step",
       .effects = {{Q::kCrosstalk}, {Q::kNoise, 0.5}},
       .sections = FaultSections::kCable,
       .help = "A cable's shield is broken: all its lanes couple into each other.",
       .source = "modelled; a sound cable has no crosstalk to grow: mV come with the factor"},
  };
  return kRows;
}

const std::vector<FaultRow>& circuits() {
  static const std::vector<FaultRow> kRows = {
      {.key = "low-swing",
       .amplitude = lost(0.5),
       .shape = "step",
       .effects = {{Q::kSwing, -1}},
       .reach = FaultReach::kTransmitters,
       .help = "A transmitter sends too little voltage; amplitude is the share lost.",
       .source = "modelled"},
      {.key = "esd-receiver",
       .amplitude = {.standard = 4, .min = 0.05, .max = 100, .unit = "mV"},
       .shape = "step",
       .effects = {{Q::kNoise}},
       .lanes = FaultLanes::kFirst,
       .reach = FaultReach::kReceivers,
       .help = "A receiver hurt by a discharge is noisy.",
       .source = "modelled"},
      {.key = "jittery-clock",
       .amplitude = factor(2.5, 30),
       .shape = "step",
       .effects = {{Q::kJitter}},
       .reach = FaultReach::kTransmitters,
       .help = "A reference clock with too much jitter: every lane that it drives.",
       .source = "modelled"},
      {.key = "supply-noise",
       .amplitude = {.standard = 30, .min = 0.1, .max = 300, .unit = "mV"},
       .shape = "load 0 1",
       .effects = {{Q::kSupplyNoise}},
       .reach = FaultReach::kReceivers,
       .help = "A device's own regulator is noisy, the more the harder it works.",
       .source = "correlates with load steps; eye width falls, height does not"},
      {.key = "retimer-lane",
       .amplitude = {.standard = 1.5, .min = 0.05, .max = 100, .unit = "mV"},
       .shape = "drift 1 d 10",
       .effects = {{Q::kNoise}, {Q::kJitter, 0.1}},
       .lanes = FaultLanes::kFirst,
       .reach = FaultReach::kReceivers,
       .help = "A retimer's receiver of one lane degrades slowly.",
       .source = "modelled: margins differ by pseudo-port"},
  };
  return kRows;
}

const std::vector<FaultRow>& optics() {
  static const std::vector<FaultRow> kRows = {
      {.key = "dirty-fibre",
       .amplitude = decibels(3, 30),
       .shape = "step",
       .effects = {{Q::kOpticalLoss}},
       .sections = FaultSections::kOptical,
       .is_one_way = true,
       .help = "Dirt on a fibre's end face: less light, in one direction.",
       .source = "CorrOpt: step at mating, stable after, one direction"},
      {.key = "bent-fibre",
       .amplitude = decibels(3, 30),
       .shape = "step",
       .effects = {{Q::kOpticalLoss}},
       .sections = FaultSections::kOptical,
       .help = "A bent or damaged fibre: less light in both directions.",
       .source = "CorrOpt: 14 to 48 % of causes, both directions"},
      {.key = "reflective-connector",
       .amplitude = {.standard = 2, .min = 0.05, .max = 100, .unit = "mV"},
       .shape = "step",
       .effects = {{Q::kNoise}},
       .sections = FaultSections::kOptical,
       .help = "Reflections between optical connectors become noise (multi-path interference).",
       .source = "modelled"},
      {.key = "ageing-laser",
       .amplitude = lost(0.1),
       .shape = "drift 30 d 9",
       .effects = {{Q::kLaserBias, -1}},
       .sections = FaultSections::kOptical,
       .lanes = FaultLanes::kFirst,
       .reach = FaultReach::kTransmitters,
       .help = "A laser gives ever less light for its current; amplitude is the share lost.",
       .source = "Huang, Wang, Jan: power falls with age; end of life at 2 dB"},
      {.key = "dead-laser",
       .amplitude = kOn,
       .shape = "step",
       .effects = {{Q::kOpen}, {Q::kLaserBias, -1}},
       .sections = FaultSections::kOptical,
       .lanes = FaultLanes::kFirst,
       .reach = FaultReach::kTransmitters,
       .help = "A laser stopped: no light on its lane.",
       .source = "modelled"},
  };
  return kRows;
}

const std::vector<FaultRow>& links() {
  static const std::vector<FaultRow> kRows = {
      {.key = "clock-drift",
       .scope = FaultScope::kLink,
       .amplitude = {.standard = 100, .min = 1, .max = 5000, .unit = "ppm"},
       .shape = "drift 1 h 10",
       .effects = {{Q::kClockOffset}},
       .help = "The ends' reference clocks part; PCIe allows 600 ppm, Ethernet 200 ppm.",
       .source = "PCIe Base: +-300 ppm; IEEE 802.3: +-100 ppm"},
      {.key = "vibration",
       .scope = FaultScope::kLink,
       .amplitude = {.standard = 0.5, .min = 1e-6, .max = 1000, .unit = "1/s"},
       .shape = "step",
       .effects = {{Q::kVibration}},
       .help = "Fans or disks shake a contact: it opens for moments.",
       .source = "modelled"},
      {.key = "link-flap",
       .scope = FaultScope::kLink,
       .amplitude = kOn,
       .shape = "intermittent 500 ms 60 s",
       .effects = {{Q::kDisconnect}},
       .help = "The connection is lost and comes back, again and again.",
       .source = "CorrOpt: intermittent, mechanical"},
      {.key = "unplugged",
       .scope = FaultScope::kLink,
       .amplitude = kOn,
       .shape = "step",
       .effects = {{Q::kDisconnect}},
       .help = "The far end was pulled out.",
       .source = "modelled"},
  };
  return kRows;
}

const std::vector<FaultRow>& hosts() {
  static const std::vector<FaultRow> kRows = {
      {.key = "hot-inlet",
       .scope = FaultScope::kHost,
       .amplitude = {.standard = 15, .min = 0.1, .max = 60, .unit = "Cel"},
       .shape = "exponential 10 min",
       .effects = {{Q::kAmbient}},
       .help = "Warm air comes back to the inlet.",
       .source = "modelled"},
      {.key = "fan-loss",
       .scope = FaultScope::kHost,
       .amplitude = lost(0.5, 0.95),
       .shape = "step",
       .effects = {{Q::kAirflow, -1}},
       .help = "Fans stopped; amplitude is the share of air lost.",
       .source = "modelled"},
      {.key = "blocked-filter",
       .scope = FaultScope::kHost,
       .amplitude = lost(0.3, 0.95),
       .shape = "ramp 7 d",
       .effects = {{Q::kAirflow, -1}},
       .help = "Dust closes a filter slowly; amplitude is the share of air lost.",
       .source = "modelled"},
      {.key = "rail-noise",
       .scope = FaultScope::kHost,
       .amplitude = {.standard = 25, .min = 0.1, .max = 300, .unit = "mV"},
       .shape = "step",
       .effects = {{Q::kHostSupplyNoise}},
       .help = "A power supply is noisy: all devices of the host see it.",
       .source = "shared parts 10 to 26 % of causes (CorrOpt); mV modelled"},
      {.key = "brown-out",
       .scope = FaultScope::kHost,
       .amplitude = {.standard = 80, .min = 1, .max = 300, .unit = "mV"},
       .shape = "intermittent 100 ms 30 s",
       .effects = {{Q::kHostSupplyNoise}, {Q::kAirflow, -0.002}},
       .help = "The supply dips for moments: noise on the rail, fans slow down.",
       .source = "modelled"},
  };
  return kRows;
}

const std::vector<FaultRow>& devices() {
  static const std::vector<FaultRow> kRows = {
      {.key = "blocked-heat-sink",
       .scope = FaultScope::kDevice,
       .amplitude = factor(2.5, 50),
       .shape = "step",
       .effects = {{Q::kHeatSink}},
       .help = "A heat sink is loose or clogged; amplitude is the factor on its resistance.",
       .source = "modelled"},
      {.key = "leaky-die",
       .scope = FaultScope::kDevice,
       .amplitude = {.standard = 4, .min = 0.05, .max = 500, .unit = "W"},
       .shape = "exponential 1 h",
       .effects = {{Q::kPowerDraw}},
       .help = "A device draws more power than its work takes, and heats up.",
       .source = "modelled"},
      {.key = "firmware-hang",
       .scope = FaultScope::kDevice,
       .amplitude = kOn,
       .shape = "step",
       .effects = {{Q::kFirmwareHang}},
       .help = "A device's firmware does nothing more; data may still flow.",
       .source = "PT5161L: the heartbeat at 923h stands still"},
      {.key = "stuck-sensor",
       .scope = FaultScope::kDevice,
       .amplitude = kOn,
       .shape = "step",
       .effects = {{Q::kSensorStuck}},
       .help = "A temperature sensor repeats its last value.",
       .source = "modelled"},
      {.key = "sensor-offset",
       .scope = FaultScope::kDevice,
       .amplitude = {.standard = 20, .min = -100, .max = 100, .unit = "Cel"},
       .shape = "step",
       .effects = {{Q::kSensorOffset}},
       .help = "A temperature sensor says too much.",
       .source = "PT5161L: calibration by eFuse, default where it is lost"},
      {.key = "lying-counter",
       .scope = FaultScope::kDevice,
       .amplitude = kOn,
       .shape = "step",
       .effects = {{Q::kCounterStuck}},
       .help = "A device's error counters do not count.",
       .source = "modelled"},
      {.key = "eeprom-corruption",
       .scope = FaultScope::kDevice,
       .amplitude = {.standard = 8, .min = 1, .max = 10'000, .unit = "1"},
       .shape = "step",
       .effects = {{Q::kEepromFlips}},
       .help = "Bits of a device's EEPROM read back wrong; amplitude is their number.",
       .source = "modelled"},
  };
  return kRows;
}

}  // namespace fault_rows

namespace fault_rows {

/// A family's field quirks as faults; `words` keeps the keys.
template <class Quirks>
void add_quirks(std::string_view family, std::string_view prefix, const Quirks& quirks,
                std::vector<FaultRow>& rows, std::deque<std::string>& words) {
  for (const auto& quirk : quirks) {
    words.push_back(std::string(prefix) + std::string(quirk.key));
    rows.push_back({.key = words.back(),
                    .scope = FaultScope::kDevice,
                    .amplitude = kOn,
                    .shape = "step",
                    .effects = {{.quantity = Q::kQuirk,
                                 .gain = 1,
                                 .is_of_neighbours = false,
                                 .sub = static_cast<std::uint32_t>(quirk.quirk)}},
                    .family = family,
                    .help = quirk.help,
                    .source = "seen in the field by users of such parts"});
  }
}

}  // namespace fault_rows

std::span<const FaultRow> faults() {
  static std::deque<std::string> words;
  static const std::vector<FaultRow> kAll = [] {
    std::vector<FaultRow> all;
    for (const auto* part : {&fault_rows::copper(), &fault_rows::circuits(), &fault_rows::optics(),
                             &fault_rows::links(), &fault_rows::hosts(), &fault_rows::devices()}) {
      all.insert(all.end(), part->begin(), part->end());
    }
    fault_rows::add_quirks("retimer", "retimer-", retimer::quirks(), all, words);
    fault_rows::add_quirks("cable-module", "module-", cable_module::quirks(), all, words);
    return all;
  }();
  return kAll;
}

std::span<const FaultRow> backgrounds() {
  static const std::vector<FaultRow> kRows = {
      {.key = "workload",
       .scope = FaultScope::kLink,
       .amplitude = {.standard = 0.5, .min = 0, .max = 1},
       .shape = "step",
       .effects = {{Quantity::kLoad}},
       .help = "Traffic: the share of a link's capacity that is used.",
       .source = "the scenario"},
      {.key = "restart",
       .scope = FaultScope::kLink,
       .amplitude = fault_rows::kOn,
       .shape = "step",
       .effects = {{Quantity::kDisconnect}},
       .help = "The machine at an end restarts: the link is down meanwhile.",
       .source = "the scenario"},
      {.key = "inlet",
       .scope = FaultScope::kHost,
       .amplitude = {.standard = 0, .min = -60, .max = 60, .unit = "Cel"},
       .shape = "step",
       .effects = {{Quantity::kAmbient}},
       .help = "Air at the inlet above or below 25 Cel.",
       .source = "the scenario"},
  };
  return kRows;
}

}  // namespace weft::twin
