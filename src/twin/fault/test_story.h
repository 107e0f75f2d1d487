// SPDX-License-Identifier: Apache-2.0
// The stories of faults, told on a small living rack with the lane models of phy/: what can be
// looked at, where, and in which order it must be seen. test_story_look.h looks,
// test_story_teller.h tells; story_test.cpp holds the stories. Only tests include it.
#pragma once

#include "twin/link/link.h"

#include <ostream>
#include <string_view>
#include <vector>

namespace weft::twin::story {

/// One of each: a card in a slot, a card behind a retimer, a link of light, a cable of copper.
inline constexpr std::string_view kRack = R"(
weftline: rack/1
name: stories
devices:
  host0:
    kind: host
    devices:
      cpu0: {kind: processor, ports: {"pcie[0-3]": pcie5 x4}}
      nvme[0-1]: {kind: storage, ports: {pcie0: pcie5 x4}}
      nic[0-1]: {kind: nic, ports: {pcie0: pcie5 x4, eth0: eth-400g-100 x4}}
      retimer0: {kind: retimer, lanes: 4}
      module0: {kind: cable-module, lanes: 4}
      cable0: {kind: cable-module, lanes: 4}
    links:
      - {from: cpu0/pcie0, to: nvme0/pcie0, segments: [{medium: board, length: 300 mm}]}
      - from: cpu0/pcie1
        to: nvme1/pcie0
        segments:
          - {medium: board, length: 300 mm, retimer: retimer0}
          - {medium: board, length: 300 mm}
      - {from: "cpu0/pcie[n+2]", to: "nic[n]/pcie0", for: {n: 0-1},
         segments: [{medium: board, length: 300 mm}]}
  leaf0:
    kind: switch
    ports: {"port[0-1]": eth-400g-100 x4}
    devices:
      module0: {kind: cable-module, lanes: 4}
      cable0: {kind: cable-module, lanes: 4}
links:
  - from: host0/nic0/eth0
    to: leaf0/port0
    segments:
      - {medium: board, length: 80 mm, retimer: host0/module0}
      - {medium: dsp-optics, length: 100 m, retimer: leaf0/module0}
      - {medium: board, length: 80 mm}
  - from: host0/nic1/eth0
    to: leaf0/port1
    segments:
      - {medium: board, length: 80 mm, retimer: host0/cable0}
      - {medium: aec, length: 2.5 m, retimer: leaf0/cable0}
      - {medium: board, length: 80 mm}
)";
inline constexpr std::string_view kCard = "host0/cpu0/pcie0--host0/nvme0/pcie0";
inline constexpr std::string_view kRetimed = "host0/cpu0/pcie1--host0/nvme1/pcie0";
inline constexpr std::string_view kOther = "host0/cpu0/pcie2--host0/nic0/pcie0";
inline constexpr std::string_view kLight = "host0/nic0/eth0--leaf0/port0";
inline constexpr std::string_view kCopper = "host0/nic1/eth0--leaf0/port1";
inline constexpr auto kToDevice = fabric::LaneDirection::kTowardDevice;
inline constexpr auto kToHost = fabric::LaneDirection::kTowardHost;

/// What can be looked at; each rises with the illness.
enum class What : std::uint8_t {
  // ---- of a lane at one receiver ----
  kFomLower,     ///< dB
  kEyeLower,     ///< mV of height
  kEyeNarrower,  ///< UI of width
  kEyeFlatter,   ///< ln of width by height: height lost a greater share than width
  kErrorRatio,   ///< decades, before FEC
  kLaneErrors,   ///< bits counted
  kLanePastFec,  ///< codewords counted that FEC could not mend
  kTapsMoved,    ///< mV by which the first tap of the DFE is smaller
  kNoLock,       ///< 1
  kSkew,         ///< ps against the earliest lane
  // ---- of a link at one end ----
  kReceiverErrors,
  kBadPackets,  ///< TLPs and DLLPs
  kRecoveries,
  kLinkDowns,
  kBlockErrors,
  kPastFec,  ///< codewords of all lanes that FEC could not mend
  kAer,      ///< bits of AER's Correctable Error Status that a receiver sets
  // ---- of a link ----
  kNarrower,  ///< lanes that trained less
  kSlower,    ///< MT/s of a lane
  kDown,      ///< 1
  // ---- of a module, by its memory ----
  kReceivedLess,  ///< dB
  kSentLess,      ///< dB
  kBiasHigher,    ///< mA
  kCaseHotter,    ///< K
  kCaseWrong,     ///< K that the register says more than the case has
  kNoLight,       ///< 1: latched loss of signal of the lane
  kChecksum,      ///< 1: page 00h does not sum up
  // ---- of the retimer, over SMBus ----
  kDieHotter,      ///< K
  kDieWrong,       ///< K that the register says more than the die has
  kStandsStill,    ///< 1: the heartbeat
  kRecoveryCount,  ///< the register
  // ---- of a machine ----
  kAir,   ///< K
  kRail,  ///< mV at a receiver
};
inline bool is_count(What what) {
  return what == What::kLaneErrors || what == What::kLanePastFec || what == What::kReceiverErrors ||
         what == What::kBadPackets || what == What::kRecoveries || what == What::kLinkDowns ||
         what == What::kBlockErrors || what == What::kPastFec || what == What::kAer ||
         what == What::kRecoveryCount;
}

/// Where: a lane's receiver, an end of a link, a module ("host0", lane), a machine.
struct Spot {
  std::string_view of;  ///< link; "host" or "leaf" for modules and machines
  LaneAt at = {};
  End end = End::kA;
};
constexpr Spot lane(std::string_view link, std::uint32_t section, fabric::LaneDirection direction,
                    std::uint32_t number) {
  return {.of = link, .at = {.section = section, .direction = direction, .lane = number}};
}
constexpr Spot end(std::string_view link, End which) {
  return {.of = link, .at = {}, .end = which};
}
/// End a is the host's.
constexpr Spot module(std::string_view link, End which, std::uint32_t number = 0) {
  return {.of = link, .at = {.lane = number}, .end = which};
}

/// When a sign must come.
enum class Turn : std::uint8_t {
  kNotBefore,  ///< not before the one before it
  kLater,      ///< strictly after all before it
  kBeside,     ///< in no order among those since the last one that came later
};
struct Sign {
  What what;
  Spot spot;
  double least = 1;
  Turn turn = Turn::kNotBefore;
};
constexpr Sign later(What what, Spot spot, double least = 1) {
  return {what, spot, least, Turn::kLater};
}
constexpr Sign beside(What what, Spot spot, double least = 1) {
  return {what, spot, least, Turn::kBeside};
}

/// What is brought beside the fault, at a step; no sign may come before it.
struct Companion {
  std::string_view fault = {};
  std::string_view target = {};
  double amplitude = 0;
  int step = 0;
};

struct Story {
  std::string_view fault;
  std::string_view fact;  ///< what must be seen, in words
  std::string_view target;
  std::string_view shape = "ramp 64 s";
  double amplitude = 0;  ///< 0: the fault's own
  double step_s = 2;
  int steps = 40;
  std::vector<Sign> signs;  ///< must come, in this order
  std::vector<Sign> quiet;  ///< must not come
  Companion also = {};
  Companion before = {};         ///< there from the start: what leaves little margin
  std::vector<Sign> after = {};  ///< must come once the fault is cleared
  double load = 0.5;
  double rest_s = 100;  ///< until levels are back
};

inline void PrintTo(const Story& story, std::ostream* out) {  // NOLINT: GoogleTest's name
  *out << story.fault;
}

}  // namespace weft::twin::story
