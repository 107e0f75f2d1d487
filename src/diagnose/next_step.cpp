// SPDX-License-Identifier: Apache-2.0
#include "diagnose/next_step.h"

#include "diagnose/cause.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <tuple>

#include <fmt/format.h>

namespace weft::diagnose {
namespace {

/// From this share on, and half as much again as the next cause, one acts instead of testing.
constexpr double kActs = 0.4;

/// A test is worth doing when explanations on both sides of it are left, and nobody has done it.
struct TestRow {
  std::string_view action;
  std::string_view disturbs;
  std::string_view decides;
  std::array<std::string_view, 8> positive;  ///< causes that it would show or mend
  bool AlreadyRead::* done = nullptr;        ///< what it would read, where it only reads
};

// By what they disturb: nothing, this link, this machine.
constexpr TestRow kTests[] = {
    {"read the far end's counters and log",
     "nothing",
     "Errors at one end only mean that direction; at both, the medium or a shared cause.",
     {"failing_link", "dead_part", "bent_fibre", "bent_twinax", "loose_module", ""},
     &AlreadyRead::both_ends},
    {"read received and sent light of both ends",
     "nothing",
     "Light low in one direction is a connector or laser, in both the fibre.",
     {"contaminated_connector", "bent_fibre", "decaying_laser", "failed_transmitter", "", ""},
     &AlreadyRead::light},
    {"idle the neighbouring links for a minute",
     "the neighbours' traffic",
     "Errors that stop are crosstalk.",
     {"crosstalk", "", "", "", "", ""}},
    {"re-initialise this data path",
     "traffic of this link, for seconds",
     "Errors that are gone afterwards were a wrong adaptation; nothing needs replacing.",
     {"adapted_on_transient", "", "", "", "", ""}},
    {"clear the bit and retrain the link",
     "traffic of this link, for a second",
     "Full speed afterwards: the bit was all that was wrong.",
     {"speed_held", "", "", "", "", ""}},
    {"margin the lanes at this section's receivers",
     "traffic of this link, for a minute",
     "A low margin at one receiver only names that receiver; at both ends the medium.",
     {"degraded_receiver", "degraded_transmitter", "degraded_channel", "fretting_contact",
      "retimer", ""}},
    {"inspect and clean the fibre's end faces",
     "traffic of this link",
     "Light that comes back was dirt.",
     {"contaminated_connector", "", "", "", "", ""}},
    {"reseat the module, cable or card",
     "traffic of this link",
     "Gone afterwards: it was the contact. Back within days: the part.",
     {"loose_module", "fretting_contact", "dirty_contact", "shaking_contact", "broken_lane",
      "unplugged", "corrupt_identity"}},
    {"swap the ends of the cable",
     "traffic of this link",
     "Errors that turn their direction go with the cable; those that stay, with the ports.",
     {"bent_twinax", "degraded_transmitter", "degraded_receiver", "bent_fibre", "", ""}},
    {"swap the module with a neighbour's",
     "traffic of both links",
     "Errors that move with it are the module's.",
     {"decaying_laser", "failed_transmitter", "loose_module", "degraded_receiver", "", ""}},
    {"reload the part's firmware",
     "traffic of this link",
     "A heartbeat that comes back was a hang.",
     {"firmware_hang", "", "", "", "", ""}},
    {"look at fans, rails and screws of the machine",
     "nothing",
     "Heat, ripple or movement tell which it is.",
     {"cooling", "supply", "vibration", "overheated_part", "supply_noise", ""}},
    {"power-cycle the device once",
     "all work of the device",
     "Links that come back: watch it; links that stay down: replace it.",
     {"dead_part", "failed_device", "failing_link", "", "", ""}},
};

bool is_positive(const TestRow& row, const std::string& cause) {
  return std::any_of(row.positive.begin(), row.positive.end(),
                     [&](std::string_view one) { return one == cause; });
}

}  // namespace

std::vector<SeparatingTest> separating_tests(const Finding& finding, const AlreadyRead& read) {
  struct Worth {
    const TestRow* row;
    double splits;  ///< 0.25: the belief is cut in halves
  };
  std::vector<Worth> worth;
  for (const auto& row : kTests) {
    if (row.done != nullptr && read.*row.done) {
      continue;
    }
    double positive = 0;
    for (const auto& one : finding.hypotheses) {
      positive += is_positive(row, one.cause) ? one.probability : 0;
    }
    if (positive > 0.1) {
      worth.push_back({&row, positive * (1 - positive)});
    }
  }
  // What disturbs nobody comes first, by how much it tells; the rest as the table has it.
  const auto order = [](const Worth& one) {
    const bool disturbs = one.row->disturbs != "nothing";
    return std::make_tuple(disturbs, disturbs ? 0.0 : -one.splits, one.row - std::begin(kTests));
  };
  std::sort(worth.begin(), worth.end(),
            [&](const Worth& x, const Worth& y) { return order(x) < order(y); });
  std::vector<SeparatingTest> out;
  for (const auto& [row, splits] : worth) {
    out.push_back(
        {std::string(row->action), std::string(row->disturbs), std::string(row->decides)});
  }
  if (out.empty()) {
    out.push_back(
        read.both_ends
            ? SeparatingTest{"swap the cable or module with a neighbour's", "traffic of both links",
                             "Errors that move with it are its own; those that stay, the port's."}
            : SeparatingTest{"read the far end's counters and log", "nothing",
                             "Errors at one end only mean that direction; at both, the medium."});
  }
  return out;
}

std::string next_step(const Finding& finding) {
  double best = 0;
  double second = 0;
  const Cause* which = nullptr;
  for (const auto& one : causes()) {
    double share = 0;
    for (const auto& hypothesis : finding.hypotheses) {
      share += hypothesis.cause == one.key ? hypothesis.probability : 0;
    }
    if (share > best) {
      second = best;
      best = share;
      which = &one;
    } else {
      second = std::max(second, share);
    }
  }
  if (which != nullptr && best >= kActs && best >= 1.5 * second) {
    return std::string(which->repair);
  }
  if (finding.tests.empty()) {
    return {};
  }
  const auto& test = finding.tests.front();
  auto action = test.action;
  action.front() = static_cast<char>(action.front() - 'a' + 'A');
  return fmt::format("{} (disturbs {}). {}", action, test.disturbs, test.decides);
}

}  // namespace weft::diagnose
