// SPDX-License-Identifier: Apache-2.0
#include "diagnose/cause.h"

#include <array>

namespace weft::diagnose {
namespace {

// Shares: of corrupting optical links, connector contamination 17-57 %, damaged fibre 14-48 %, bad
// or loose transceivers 6-45 %, shared components 10-26 %, decaying lasers under 1 % (CorrOpt,
// SIGCOMM'17; its middle here). Others are modelled: no public field statistics name them.
constexpr std::array kCauses = std::to_array<Cause>({
    {"contaminated_connector", "a dirty connector", Role::kConnector, Where::kOptical, false, true,
     "link", 0.30, "Inspect and clean both end faces of the fibre toward this receiver.",
     "CorrOpt, SIGCOMM'17: contamination 17-57 %"},
    {"bent_fibre", "a bent or damaged fibre", Role::kMedium, Where::kOptical, true, true, "link",
     0.20, "Straighten the fibre's bends; replace it if the light stays low.",
     "CorrOpt, SIGCOMM'17: damaged fibre 14-48 %"},
    {"decaying_laser",
     "a laser that wears out",
     Role::kTransmitter,
     Where::kOptical,
     false,
     true,
     "link",
     0.02,
     "Replace the transmitting module before the light falls further.",
     "CorrOpt, SIGCOMM'17: under 1 %; Huang, Wang, Jan (MAS 46170)",
     {},
     Feature::kBias},
    {"failed_transmitter", "a transmitter that fails", Role::kTransmitter, Where::kOptical, false,
     true, "link", 0.04, "Replace the transmitting module.", "modelled"},
    {"reflecting_connector", "a fibre connector that reflects", Role::kConnector, Where::kOptical,
     false, true, "link", 0.08,
     "Inspect and clean both end faces of the fibre toward this receiver; look at its angle.",
     "IEEE 802.3: limits of reflectance; CorrOpt, SIGCOMM'17: contamination as multi-path noise"},
    {"loose_module", "a loose or bad module", Role::kConnector, Where::kPluggable, true, true,
     "link", 0.15, "Reseat the module; replace it if it comes back.",
     "CorrOpt, SIGCOMM'17: bad or loose transceivers 6-45 %"},
    {"adapted_on_transient", "the receiver adapted on a transient", Role::kReceiver, Where::kAny,
     false, true, "link", 0.08,
     "Re-initialise that data path (receiver adaptation); nothing needs replacing.",
     "sonic-net/sonic-mgmt pull request 26555"},
    {"bent_twinax", "a bent or squeezed copper cable", Role::kMedium, Where::kCopper, true, true,
     "link", 0.08, "Re-dress the cable with wider bends; replace it if it stays.",
     "DesignCon 2025 (rsnb p. 749): intra-pair skew under bending"},
    {"fretting_contact", "a worn or loose contact", Role::kConnector, Where::kContact, true, true,
     "link", 0.10, "Reseat the card or cable, and look at its contacts.",
     "vendors' guides: connector fretting and oxidation"},
    {"dirty_contact", "dirty or half-seated contacts", Role::kConnector, Where::kContact, true,
     true, "link", 0.08,
     "Reseat the card or cable; clean its contacts; look that it sits straight.",
     "vendors' guides: reseat first; CorrOpt, SIGCOMM'17: contamination is stable after mating"},
    {"broken_lane",
     "a lane without contact",
     Role::kConnector,
     Where::kElectric,
     true,
     true,
     "link",
     0.05,
     "Reseat the card or cable; if the lane stays away, swap it.",
     "modelled",
     {},
     Feature::kWidth},
    {"degraded_receiver", "a receiver that degrades", Role::kReceiver, Where::kAny, false, true,
     "link", 0.05, "Margin this receiver; replace the part that holds it if the margin is low.",
     "pseudo-port margins localise the segment (retimer SDKs)"},
    {"degraded_transmitter", "a transmitter that degrades", Role::kTransmitter, Where::kElectric,
     false, true, "link", 0.05, "Swap the transmitting part with a neighbour's and watch.",
     "modelled"},
    {"jittery_clock", "a transmitter's clock that jitters", Role::kTransmitter, Where::kAny, false,
     true, "link", 0.03,
     "Look at the reference clock of the transmitting part; swap that part with a neighbour's.",
     "vendors' guides: eye width down, height as it was, all lanes of a port"},
    {"degraded_channel", "loss on the board or in the cable", Role::kMedium, Where::kElectric, true,
     true, "link", 0.015, "Margin both receivers of this section; compare with its neighbours.",
     "modelled"},
    {"supply_noise",
     "noise on the supply of a part",
     Role::kReceiver,
     Where::kAny,
     false,
     true,
     "link",
     0.02,
     "Look at the supply rails of the part; move its load to see it follow.",
     "vendors' guides: eye width down, all lanes of a port, with load steps",
     {},
     Feature::kFollowsLoad},
    {"crosstalk",
     "crosstalk from a neighbour",
     Role::kMedium,
     Where::kElectric,
     false,
     true,
     "link",
     0.02,
     "Idle the neighbour for a minute and watch; then re-route or re-dress.",
     "phy models: outer bins up, only while the neighbour is active",
     {},
     Feature::kFollowsNeighbour},
    {"overheated_part",
     "a part that runs too hot",
     Role::kReceiver,
     Where::kAny,
     true,
     true,
     "link",
     0.03,
     "Look at airflow and heat sink of this part.",
     "modelled",
     {},
     Feature::kTemperature},
    {"firmware_hang",
     "firmware that hangs",
     Role::kReceiver,
     Where::kActive,
     true,
     true,
     "link",
     0.02,
     "Drain the link, reload the part's firmware, update it if a newer one is out.",
     "retimer SDKs: heartbeat and code-load status",
     {},
     Feature::kFirmware},
    {"corrupt_identity",
     "an identity memory that does not check",
     Role::kConnector,
     Where::kPluggable,
     true,
     true,
     "identity",
     0.01,
     "Reseat the module and read it again; replace it if the checksum stays wrong.",
     "CMIS: checksums of pages 00h to 02h",
     {},
     Feature::kIdentity},
    {"speed_held",
     "autonomous speed change is disabled and the link stays at a low speed",
     Role::kEither,
     Where::kPcie,
     true,
     true,
     "link",
     0.03,
     "Clear Hardware Autonomous Speed Disable (Link Control 2, bit 5) and retrain the link.",
     "local-inference-lab/rtx6kpro pull request 88",
     {},
     Feature::kSpeedDisabled},
    {"unplugged",
     "a cable or card that was pulled",
     Role::kConnector,
     Where::kPluggable,
     true,
     true,
     "link",
     0.05,
     "Plug it in again; check that it locks.",
     "PCIe Base: Presence Detect State of Slot Status; CMIS: loss of signal",
     {},
     Feature::kPresence,
     Feature::kLossOfSignal},
    {"dead_part", "a part or port that died", Role::kEither, Where::kAny, true, true, "link", 0.015,
     "Drain it, power-cycle the part once, then replace it.", "modelled"},
    {"shaking_contact",
     "a contact that opens for moments",
     Role::kConnector,
     Where::kPluggable,
     true,
     true,
     "link",
     0.07,
     "Reseat the card or cable; look for what shakes it.",
     "modelled: momentary opens end in recovery and leave margins as they were",
     {},
     Feature::kErrors},
    {"failing_link",
     "a link that recovers over and over on its way to failing",
     Role::kEither,
     Where::kAny,
     true,
     true,
     "link",
     0.03,
     "Drain the work from it now; read the far end's counters, then reseat and retest.",
     "marin-community/marin issue 9086",
     {},
     Feature::kRecoveries},
    {"cooling", "too little cooling", Role::kShared, Where::kAny, true, true, "shared", 0.10,
     "Look at fans, filters and airflow of this machine.", "modelled", "fan",
     Feature::kTemperature},
    {"supply", "a supply that is noisy or sags", Role::kShared, Where::kAny, true, true, "shared",
     0.08, "Measure the rails of this machine; swap its supply.",
     "vendors' guides: all lanes of a port, with load steps; CorrOpt: shared component 10-26 %",
     "supply"},
    {"vibration", "contacts that shake", Role::kShared, Where::kAny, true, true, "shared", 0.03,
     "Look for a fan out of balance and for loose screws; reseat its cards.", "modelled", "fan"},
    {"failed_device", "a device that failed with all its links", Role::kShared, Where::kAny, true,
     true, "shared", 0.10, "Power-cycle the device once; replace it if its links stay down.",
     "CorrOpt: shared component 10-26 %"},
    {"shared_part", "a part that these links share", Role::kShared, Where::kAny, true, true,
     "shared", 0.08, "Replace or update what these links share.",
     "CorrOpt, SIGCOMM'17: shared component 10-26 %"},
    {"sensor_lies",
     "a value that contradicts all that must move with it",
     Role::kEither,
     Where::kAny,
     false,
     false,
     "none",
     0.05,
     "",
     "modelled",
     {},
     Feature::kCompanion},
    {"environment", "all links of its kind move alike", Role::kShared, Where::kAny, true, false,
     "none", 0.10, "", "modelled"},
});

struct Odds {
  double raised = 0;
  double lowered = 0;
};
/// On a healthy link, beyond the thresholds: those are proofs by five sigmas, so that chance is our
/// models' being wrong.
constexpr Odds kAnyway = {0.006, 0.004};

/// What parts say of themselves, and what stands far from all peers, is hardly ever there by
/// chance.
Odds anyway(Feature feature) {
  switch (feature) {
    case Feature::kTemperature:
    case Feature::kFirmware:
    case Feature::kIdentity:
    case Feature::kTransmitFault:
    case Feature::kFatalLog:
    case Feature::kPresence:
      return {0.002, 0.002};
    default:
      return kAnyway;
  }
}
constexpr double kRaisedUnknown = 0.10;
constexpr double kLoweredUnknown = 0.06;

using OddsTable = std::array<std::array<Odds, kFeatures>, kCauses.size()>;

const OddsTable& odds() {
  static const OddsTable kOdds = [] {
    OddsTable table;
    for (auto& row : table) {
      for (std::size_t f = 0; f < kFeatures; ++f) {
        row[f] = anyway(static_cast<Feature>(f));
      }
    }
    for (const auto& sign : signs()) {
      for (std::size_t i = 0; i < kCauses.size(); ++i) {
        if (kCauses[i].key == sign.cause) {
          table[i][static_cast<std::size_t>(sign.feature)] = {sign.raised, sign.lowered};
        }
      }
    }
    return table;
  }();
  return kOdds;
}

}  // namespace

std::span<const Cause> causes() {
  return kCauses;
}

const Cause* cause(std::string_view key) {
  for (const auto& one : kCauses) {
    if (one.key == key) {
      return &one;
    }
  }
  return nullptr;
}

double likelihood(const Cause& cause, Feature feature, Move move) {
  if (move == Move::kAbsent) {
    return 1;
  }
  const auto index = static_cast<std::size_t>(&cause - kCauses.data());
  const auto& [raised, lowered] = odds().at(index)[static_cast<std::size_t>(feature)];
  return move == Move::kRaised ? raised : move == Move::kLowered ? lowered : 1 - raised - lowered;
}

double likelihood_by_chance(Feature feature, Move move) {
  const auto odds = anyway(feature);
  return move == Move::kRaised    ? odds.raised
         : move == Move::kLowered ? odds.lowered
         : move == Move::kNormal  ? 1 - odds.raised - odds.lowered
                                  : 1;
}

double likelihood_of_unknown(Feature, Move move) {
  switch (move) {
    case Move::kRaised:
      return kRaisedUnknown;
    case Move::kLowered:
      return kLoweredUnknown;
    case Move::kNormal:
      return 1 - kRaisedUnknown - kLoweredUnknown;
    case Move::kAbsent:
      break;
  }
  return 1;
}

}  // namespace weft::diagnose
