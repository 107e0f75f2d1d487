// SPDX-License-Identifier: Apache-2.0
#include "diagnose/belief.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <tuple>

#include <fmt/format.h>

namespace weft::diagnose {
namespace {

using fabric::LaneDirection;
using fabric::Medium;

/// Features of one fault are not independent: a decade of errors and a low margin are one thing
/// twice. The power takes that back; 0.85 is modelled.
constexpr double kTemper = 0.85;
constexpr double kLeastShown = 0.02;

bool is_named(double share) {
  return share >= kPartOdds * (1 - share);
}

bool is_optical(Medium medium) {
  return medium == Medium::kAoc || medium == Medium::kDspOptics || medium == Medium::kLpo ||
         medium == Medium::kCpo || medium == Medium::kCoherent;
}

bool is_cable(Medium medium) {
  return medium == Medium::kDac || medium == Medium::kAcc || medium == Medium::kAec;
}

struct Place {
  Medium medium = Medium::kUnknown;
  bool is_plugged = false;  ///< a connector is in the section
  bool is_active = false;
  bool is_pcie = false;
  /// Links inside machines and scale-up domains are copper where nobody says otherwise.
  bool is_taken_for_copper = false;
};

bool can_be(Where where, const Place& place) {
  const bool is_unknown = place.medium == Medium::kUnknown;
  switch (where) {
    case Where::kAny:
      return true;
    case Where::kOptical:
      return (is_unknown && !place.is_taken_for_copper) || is_optical(place.medium);
    case Where::kCopper:
      return is_unknown || is_cable(place.medium);
    case Where::kElectric:
      return is_unknown || !is_optical(place.medium);
    case Where::kPluggable:
      return is_unknown || place.is_plugged;
    case Where::kContact:
      return is_unknown || (place.is_plugged && !is_optical(place.medium));
    case Where::kActive:
      return is_unknown || place.is_active || is_optical(place.medium);
    case Where::kPcie:
      return place.is_pcie;
  }
  return false;
}

/// A margin that falls is seen long before errors are: that none came yet says little. Modelled.
constexpr double kNoErrorsYet = 0.5;

/// What there is nothing of without errors.
constexpr Feature kOfErrors[] = {Feature::kUncorrectable, Feature::kReplays, Feature::kRecoveries,
                                 Feature::kSpeed};

/// The margin fell, and this cause's errors did not come yet.
bool is_early(const Cause& cause, Feature errors, Feature margin, const FeatureSet& features) {
  return features[errors].move == Move::kNormal && features[margin].move == Move::kLowered &&
         likelihood(cause, margin, Move::kLowered) > kNoErrorsYet;
}

double odds_of(const Cause& cause, Feature feature, const FeatureSet& features) {
  const auto move = features[feature].move;
  const double odds = likelihood(cause, feature, move);
  if (move != Move::kNormal) {
    return odds;
  }
  const bool is_of_errors = std::ranges::find(kOfErrors, feature) != std::end(kOfErrors);
  const bool shows_errors = likelihood(cause, Feature::kErrors, Move::kRaised) > kNoErrorsYet;
  if (is_of_errors && shows_errors &&
      is_early(cause, Feature::kErrors, Feature::kMargin, features)) {
    return likelihood_by_chance(feature, move);
  }
  const bool is_early_here = is_early(cause, Feature::kErrors, Feature::kMargin, features);
  if (feature == Feature::kErrors) {
    return is_early_here ? std::max(odds, kNoErrorsYet) : odds;
  }
  if (feature == Feature::kErrorsOpposite &&
      is_early(cause, feature, Feature::kMarginOpposite, features)) {
    // That both directions' errors are still to come is one fact, not two.
    return is_early_here ? likelihood_by_chance(feature, move) : std::max(odds, kNoErrorsYet);
  }
  return odds;
}

/// "All lanes of one direction only" is "all lanes" and "not the other direction" in one: raised it
/// stands for both of them, else they say all of it.
bool is_said_already(Feature feature, const FeatureSet& features) {
  const bool is_one_way = features[Feature::kOneWayAll].move == Move::kRaised;
  return is_one_way ? feature == Feature::kFewLanes || feature == Feature::kErrorsOpposite
                    : feature == Feature::kOneWayAll;
}

/// What heat does to a link, sooner or later.
constexpr Feature kHarms[] = {Feature::kErrors,
                              Feature::kErrorsOpposite,
                              Feature::kMargin,
                              Feature::kMarginOpposite,
                              Feature::kMarginElsewhere,
                              Feature::kUncorrectable,
                              Feature::kReplays,
                              Feature::kRecoveries,
                              Feature::kFlaps,
                              Feature::kDown,
                              Feature::kBias,
                              Feature::kSpeed};
/// Heat is measured long before it harms, and that no harm came yet is one fact. Modelled.
constexpr double kNoHarmYet = 0.4;

/// The temperature rose as this cause has it, and nothing else happened.
bool is_harmless_heat(const Cause& cause, const FeatureSet& features) {
  return cause.defining == Feature::kTemperature &&
         features[Feature::kTemperature].move == Move::kRaised &&
         std::ranges::none_of(kHarms, [&](Feature feature) {
           const auto move = features[feature].move;
           return move == Move::kRaised || move == Move::kLowered;
         });
}

/// `strange`: features that another part than the cause's own shows; they speak as on any link.
double weight_of(const Cause& cause, const FeatureSet& features,
                 const std::set<Feature>& strange = {}) {
  const bool is_harmless =
      !strange.contains(Feature::kTemperature) && is_harmless_heat(cause, features);
  double log_sum = 0;
  double log_harms = 0;
  for (std::size_t f = 0; f < kFeatures; ++f) {
    const auto feature = static_cast<Feature>(f);
    const auto move = features.seen[f].move;
    if (move == Move::kAbsent || is_said_already(feature, features)) {
      continue;
    }
    const double odds = strange.contains(feature) ? likelihood_by_chance(feature, move)
                                                  : odds_of(cause, feature, features);
    const bool is_harm = std::ranges::find(kHarms, feature) != std::end(kHarms);
    (is_harmless && is_harm ? log_harms : log_sum) += std::log(std::max(1e-4, odds));
  }
  return std::exp(kTemper * (log_sum + std::max(log_harms, std::log(kNoHarmYet))));
}

/// Causes that are hardly ever seen without one certain feature count less where nobody looked at
/// that feature. Modelled.
constexpr double kUnseenDefining = 0.15;

double defining_weight(const Cause& cause, const FeatureSet& features) {
  const auto is_unseen = [&](Feature feature) {
    return feature == Feature::kCount_ || features[feature].move == Move::kAbsent;
  };
  return cause.defining != Feature::kCount_ && is_unseen(cause.defining) &&
                 is_unseen(cause.or_defining)
             ? kUnseenDefining
             : 1;
}

/// A direction with errors loses acknowledgements, too: what those were for is sent again by the
/// other direction's transmitter (PCIe Base: its REPLAY_TIMER expires). How often is modelled.
constexpr double kAckLost = 0.5;

/// What only one direction shows and the other's features do not repeat as "opposite". A cause must
/// explain it too, or a direction in which nothing is measured would explain everything best.
constexpr Feature kOfOneDirection[] = {Feature::kTransmitPower, Feature::kBias,
                                       Feature::kUncorrectable, Feature::kReplays};

double opposite_weight(const Cause& cause, const FeatureSet& features, const FeatureSet& opposite) {
  double log_sum = 0;
  for (const auto feature : kOfOneDirection) {
    const auto move = opposite[feature].move;
    if (move != Move::kAbsent) {
      double odds = cause.both_directions ? likelihood(cause, feature, move)
                                          : likelihood_by_chance(feature, move);
      if (feature == Feature::kReplays && move == Move::kRaised &&
          features[Feature::kErrors].move == Move::kRaised) {
        odds = std::max(odds, kAckLost * likelihood(cause, Feature::kErrors, Move::kRaised));
      }
      log_sum += std::log(std::max(1e-4, odds));
    }
  }
  return std::exp(kTemper * log_sum);
}

double unknown_weight(const FeatureSet& features, const FeatureSet& opposite) {
  double log_sum = 0;
  for (std::size_t f = 0; f < kFeatures; ++f) {
    const auto feature = static_cast<Feature>(f);
    if (!is_said_already(feature, features)) {
      log_sum += std::log(likelihood_of_unknown(feature, features.seen[f].move));
    }
  }
  for (const auto feature : kOfOneDirection) {
    log_sum += std::log(likelihood_of_unknown(feature, opposite[feature].move));
  }
  return std::exp(kTemper * log_sum);
}

/// The named part's first; then by cause, the most probable over all its places first; then by
/// place. Equal ones by name, so that order is one.
void sort_by_belief(std::vector<Hypothesis>& hypotheses) {
  std::map<std::string_view, double> of_cause;
  for (const auto& one : hypotheses) {
    of_cause[one.cause] += one.part ? 0 : one.probability;
  }
  const auto order = [&](const Hypothesis& one) {
    return std::make_tuple(!one.part.has_value(), one.part ? 0 : -of_cause[one.cause],
                           one.part ? std::string_view() : std::string_view(one.cause),
                           -one.probability, std::string_view(one.cause), one.direction,
                           one.stretch);
  };
  std::vector<std::size_t> at(hypotheses.size());
  std::iota(at.begin(), at.end(), std::size_t{0});
  std::sort(at.begin(), at.end(), [&](std::size_t x, std::size_t y) {
    return order(hypotheses[x]) < order(hypotheses[y]);
  });
  std::vector<Hypothesis> sorted;
  sorted.reserve(at.size());
  for (const std::size_t i : at) {
    sorted.push_back(std::move(hypotheses[i]));
  }
  hypotheses = std::move(sorted);
}

/// One candidate before what is the same is put together.
struct Candidate {
  const Cause* cause = nullptr;
  std::optional<LaneDirection> direction;
  Stretch stretch = Stretch::kUnknown;
  std::optional<PartRef> part;
  double weight = 0;
};

class Weigher {
 public:
  Weigher(const Joint& joint, const LinkEvidence& evidence) : joint_(joint), evidence_(evidence) {}

  Belief weigh() {
    double unknown = 0;
    for (const auto direction : {LaneDirection::kTowardDevice, LaneDirection::kTowardHost}) {
      for (std::size_t s = 0; s < evidence_.sections; ++s) {
        const auto features = features_at(direction, s);
        unknown = std::max(
            unknown, kUnknownPrior * unknown_weight(features, features_at(opposite(direction), s)));
        for (const auto& cause : causes()) {
          if (cause.role != Role::kShared) {
            consider(cause, direction, s, features);
          }
        }
      }
    }
    return normalized(unknown);
  }

 private:
  static LaneDirection opposite(LaneDirection direction) {
    return direction == LaneDirection::kTowardDevice ? LaneDirection::kTowardHost
                                                     : LaneDirection::kTowardDevice;
  }

  FeatureSet features_at(LaneDirection direction, std::size_t section) const {
    return evidence_.features(direction, section);
  }

  /// Who decides the bits of a section: modules that do not retime (linear optics, passive copper)
  /// pass the wave on to the next one that does.
  std::size_t receiver(LaneDirection direction, std::size_t section) const {
    return evidence_.decider(direction == LaneDirection::kTowardDevice ? section + 1 : section,
                             direction == LaneDirection::kTowardDevice);
  }
  /// Whose levels and jitter a section carries. A laser is the module's own, retiming or not.
  std::size_t transmitter(LaneDirection direction, std::size_t section, Where where) const {
    const bool is_toward_device = direction == LaneDirection::kTowardDevice;
    const std::size_t near = is_toward_device ? section : section + 1;
    return where == Where::kOptical || where == Where::kActive
               ? near
               : evidence_.decider(near, !is_toward_device);
  }

  Place place_of(std::size_t section) const {
    Place place;
    place.medium = medium_of(evidence_, section);
    const auto* link = evidence_.link;
    const auto family =
        fabric::protocol(link == nullptr ? fabric::ProtocolId{} : link->protocol).family;
    place.is_pcie =
        family == fabric::ProtocolFamily::kPcie || family == fabric::ProtocolFamily::kCxl;
    place.is_taken_for_copper = place.is_pcie || family == fabric::ProtocolFamily::kNvlink ||
                                family == fabric::ProtocolFamily::kUalink;
    place.is_plugged = is_optical(place.medium) || is_cable(place.medium) ||
                       place.medium == Medium::kBackplane || section == evidence_.sections - 1 ||
                       (section == 0 && !is_soldered_beside_a());
    const auto is_repeater = [&](std::size_t node) {
      return node > 0 && node < evidence_.sections;
    };
    place.is_active = is_repeater(section) || is_repeater(section + 1);
    return place;
  }

  /// The first repeater is a retimer of the machine's own board: no contact lies between.
  bool is_soldered_beside_a() const {
    if (evidence_.link == nullptr || evidence_.repeaters.empty()) {
      return false;
    }
    const auto& fabric = joint_.fabric();
    const auto* retimer = fabric.device(evidence_.repeaters.front().device);
    const auto* near = fabric.device(fabric.owner(evidence_.link->a));
    return retimer != nullptr && near != nullptr && !evidence_.repeaters.front().is_module &&
           (retimer->parent == near->parent || retimer->parent == near->name);
  }

  Stretch stretch_of_node(std::size_t node) const {
    if (node == 0) {
      return Stretch::kSerdesA;
    }
    if (node == evidence_.sections) {
      return Stretch::kSerdesB;
    }
    const auto& repeater = evidence_.repeaters[node - 1];
    if (!repeater.is_module) {
      return Stretch::kRetimer;
    }
    return node * 2 <= evidence_.sections ? Stretch::kModuleA : Stretch::kModuleB;
  }

  Stretch stretch_of_medium(std::size_t section) const {
    const auto medium = medium_of(evidence_, section);
    if (is_optical(medium)) {
      return Stretch::kFibre;
    }
    if (is_cable(medium) || medium == Medium::kBackplane) {
      return Stretch::kCable;
    }
    if (medium == Medium::kUnknown) {
      return Stretch::kUnknown;
    }
    return section == 0 ? Stretch::kBoardA : Stretch::kBoardB;
  }

  std::optional<PartRef> medium_part(std::size_t section) const {
    const auto medium = medium_of(evidence_, section);
    if (medium == Medium::kUnknown || evidence_.link == nullptr) {
      return std::nullopt;
    }
    PartRef part;
    part.place = evidence_.link->name;
    part.kind = is_optical(medium) && medium != Medium::kAoc ? "fibre"
                : medium == Medium::kAoc || is_cable(medium) ? "cable"
                                                             : std::string(key(medium));
    if (part.kind == "cable") {
      for (const auto port : {evidence_.link->a, evidence_.link->b}) {
        if (const auto* module = joint_.module_at(port)) {
          part.identity = *module;
          break;
        }
      }
    }
    return part;
  }

  /// The thing that is plugged in the section: a cable or fibre itself, else the card at its end.
  std::optional<PartRef> plugged_part(std::size_t section) const {
    const auto medium = medium_of(evidence_, section);
    if (is_optical(medium) || is_cable(medium)) {
      return medium_part(section);
    }
    // A module in its cage is what is plugged there; else a card is, at the link's far end.
    for (const auto node : {section + 1, section}) {
      if (node > 0 && node < evidence_.sections && evidence_.repeaters[node - 1].is_module) {
        return part_at(joint_, evidence_, node);
      }
    }
    return section + 1 == evidence_.sections && is_card(section + 1)
               ? part_at(joint_, evidence_, section + 1)
               : std::nullopt;
  }

  /// Chips of a switch are soldered; what is plugged toward them is at the other end.
  bool is_card(std::size_t node) const {
    const auto part = part_at(joint_, evidence_, node);
    const auto* device = part ? joint_.fabric().device(part->device) : nullptr;
    return device != nullptr && device->kind != fabric::DeviceKind::kSwitch;
  }

  /// Whether anything on the link could tell that nothing is there any more: PCIe's ports can, and
  /// modules that see no light. Elsewhere (NVLink, UALink, copper of Ethernet) that nobody told of
  /// it says nothing, and plugs come out more often than a port dies alone.
  bool tells_presence(std::size_t section) const {
    bool has_light = false;
    for (std::size_t s = 0; s < evidence_.sections; ++s) {
      has_light = has_light || is_optical(medium_of(evidence_, s));
    }
    return has_light || place_of(section).is_pcie || place_of(section).medium == Medium::kUnknown;
  }

  /// The only direction that shows trouble.
  std::optional<LaneDirection> showing_direction() const {
    std::array<bool, 2> shows{};
    for (std::size_t d = 0; d < 2; ++d) {
      shows.at(d) = evidence_.of.at(d)[Feature::kErrors].move == Move::kRaised ||
                    evidence_.of.at(d)[Feature::kUncorrectable].move == Move::kRaised;
    }
    if (shows[0] == shows[1]) {
      return std::nullopt;
    }
    return shows[0] ? LaneDirection::kTowardDevice : LaneDirection::kTowardHost;
  }

  /// The same, where the other one is measured too: a contact may carry only one of them.
  std::optional<LaneDirection> suffering_direction() const {
    const bool are_measured = evidence_.is_measured[0] && evidence_.is_measured[1];
    return are_measured ? showing_direction() : std::nullopt;
  }

  void consider(const Cause& cause, LaneDirection direction, std::size_t section,
                const FeatureSet& features) {
    if (!can_be(cause.where, place_of(section))) {
      return;
    }
    Candidate one;
    one.cause = &cause;
    one.direction = cause.both_directions ? suffering_direction() : direction;
    std::size_t node = evidence_.sections + 1;
    switch (cause.role) {
      case Role::kReceiver:
        node = receiver(direction, section);
        break;
      case Role::kTransmitter:
        node = transmitter(direction, section, cause.where);
        break;
      case Role::kMedium:
        one.stretch = stretch_of_medium(section);
        one.part = medium_part(section);
        break;
      case Role::kConnector:
        // A copper cable's plugs are the cable's.
        one.stretch =
            is_cable(medium_of(evidence_, section)) ? Stretch::kCable : Stretch::kConnector;
        one.part = plugged_part(section);
        break;
      case Role::kEither:
      case Role::kShared:
        break;
    }
    std::set<Feature> strange;
    if (node <= evidence_.sections) {
      one.stretch = stretch_of_node(node);
      one.part = part_at(joint_, evidence_, node);
      strange = strange_features(node, features);
    } else if (cause.key == "sensor_lies") {
      one.part = part_with(Feature::kTemperature);
    }
    const auto medium = medium_of(evidence_, section);
    if (medium != Medium::kUnknown && !is_optical(medium)) {
      // Light is the fibre's and its modules' lasers': elsewhere on the way it says nothing.
      for (const auto feature : {Feature::kReceivePower, Feature::kReceivePowerOpposite,
                                 Feature::kTransmitPower, Feature::kBias}) {
        if (features[feature].move == Move::kRaised || features[feature].move == Move::kLowered) {
          strange.insert(feature);
        }
      }
    }
    // What acts on both directions is weighed once, by the one that shows it.
    const auto showing = cause.both_directions ? showing_direction() : std::nullopt;
    if (showing && *showing != direction) {
      return;
    }
    const double places = static_cast<double>((showing ? 1 : 2) * evidence_.sections);
    const bool is_untold = cause.key == "unplugged" && !tells_presence(section);
    one.weight = cause.prior / places * (is_untold ? 1 : defining_weight(cause, features)) *
                 weight_of(cause, features, strange) *
                 opposite_weight(cause, features, features_at(opposite(direction), section));
    candidates_.push_back(std::move(one));
  }

  /// What a part says of itself speaks of that part: for all others it is there by chance.
  std::set<Feature> strange_features(std::size_t node, const FeatureSet& features) const {
    std::set<Feature> out;
    for (const auto feature : {Feature::kFirmware, Feature::kTemperature, Feature::kIdentity}) {
      const auto move = features[feature].move;
      if (move != Move::kRaised && move != Move::kLowered) {
        continue;
      }
      const bool is_repeater = node > 0 && node < evidence_.sections;
      if (!is_repeater || evidence_.repeater[node - 1][feature].move != move) {
        out.insert(feature);
      }
    }
    return out;
  }

  /// The retimer or module that shows it.
  std::optional<PartRef> part_with(Feature feature) const {
    for (std::size_t i = 0; i < evidence_.repeater.size(); ++i) {
      const auto move = evidence_.repeater[i][feature].move;
      if (move == Move::kRaised || move == Move::kLowered) {
        return part_at(joint_, evidence_, i + 1);
      }
    }
    return std::nullopt;
  }

  static std::string part_key(const std::optional<PartRef>& part) {
    // A cable is one part, whichever of its ends is meant.
    return part ? part->kind + "|" + part->place + "|" +
                      (part->device.is_null() || part->kind == "cable" ? "" : part->device.text())
                : std::string{};
  }

  Belief normalized(double unknown) {
    double sum = unknown;
    for (const auto& one : candidates_) {
      sum += one.weight;
    }
    Belief out;
    if (sum <= 0) {
      out.unknown = 1;
      return out;
    }
    out.unknown = unknown / sum;
    double fault = out.unknown;
    std::map<std::string, double> parts;
    for (auto& one : candidates_) {
      one.weight /= sum;
      fault += one.cause->is_fault ? one.weight : 0;
      parts[part_key(one.part)] += one.weight;
    }
    out.is_fault = fault > 0.5;
    const auto best =
        std::max_element(parts.begin(), parts.end(),
                         [](const auto& x, const auto& y) { return x.second < y.second; });
    if (!best->first.empty() && is_named(best->second)) {
      put_together(best->first, out);
      return out;
    }
    name_connectors();
    put_together(connectors_key(), out);
    return out;
  }

  std::string connectors_key() const {
    return evidence_.link == nullptr ? std::string{} : "connector|" + evidence_.link->name + "|";
  }

  /// Between the part and the link: one of its plugged contacts, whichever end it is at.
  void name_connectors() {
    double sum = 0;
    for (const auto& one : candidates_) {
      sum += one.cause->role == Role::kConnector ? one.weight : 0;
    }
    if (evidence_.link == nullptr || !is_named(sum)) {
      return;
    }
    for (auto& one : candidates_) {
      if (one.cause->role == Role::kConnector) {
        one.part.emplace();
        one.part->kind = "connector";
        one.part->place = evidence_.link->name;
      }
    }
  }

  /// Hypotheses of the named part keep it; of all others the part is left open.
  void put_together(const std::string& named, Belief& out) {
    std::map<std::tuple<std::string, std::string, int, int>, Hypothesis> all;
    for (const auto& one : candidates_) {
      const auto part = part_key(one.part);
      const bool keeps = !part.empty() && part == named;
      const auto direction = one.direction ? static_cast<int>(*one.direction) : -1;
      auto& hypothesis = all[{std::string(one.cause->key), keeps ? part : "", direction,
                              static_cast<int>(one.stretch)}];
      hypothesis.cause = std::string(one.cause->key);
      hypothesis.words = std::string(one.cause->words);
      hypothesis.probability += one.weight;
      hypothesis.stretch = one.stretch;
      hypothesis.direction = one.direction;
      if (keeps) {
        hypothesis.part = one.part;
      }
      if (one.direction) {
        const auto& lanes = evidence_.lanes.at(static_cast<std::size_t>(*one.direction));
        hypothesis.lanes.assign(lanes.begin(), lanes.end());
      }
    }
    for (auto& [key, hypothesis] : all) {
      if (hypothesis.probability >= kLeastShown) {
        out.hypotheses.push_back(std::move(hypothesis));
      }
    }
    sort_by_belief(out.hypotheses);
  }

  const Joint& joint_;
  const LinkEvidence& evidence_;
  std::vector<Candidate> candidates_;
};

}  // namespace

Medium medium_of(const LinkEvidence& evidence, std::size_t section) {
  const auto* link = evidence.link;
  if (link == nullptr || link->segments.empty()) {
    return Medium::kUnknown;
  }
  const auto& segments = link->segments;
  if (section > 0 && evidence.repeaters[section - 1].device.is_null()) {
    const bool is_last = section == evidence.sections - 1;
    return is_last
               ? Medium::kBoard
               : segments[std::min(evidence.repeaters[section - 1].segment, segments.size() - 1)]
                     .medium;
  }
  if (section == 0) {
    return !evidence.repeaters.empty() && evidence.repeaters[0].device.is_null()
               ? Medium::kBoard
               : segments.front().medium;
  }
  return segments[std::min(evidence.repeaters[section - 1].segment + 1, segments.size() - 1)]
      .medium;
}

/// Cables with active ends are one part with both their ends: nobody replaces one end alone.
static std::optional<PartRef> assembly_of(const Joint& joint, const LinkEvidence& evidence,
                                          std::size_t node) {
  if (!evidence.repeaters[node - 1].is_module) {
    return std::nullopt;
  }
  const auto is_whole = [](Medium medium) {
    return medium == Medium::kAec || medium == Medium::kAoc || medium == Medium::kDac ||
           medium == Medium::kAcc;
  };
  if (!is_whole(medium_of(evidence, node - 1)) && !is_whole(medium_of(evidence, node))) {
    return std::nullopt;
  }
  PartRef part;
  part.kind = "cable";
  part.place = evidence.link->name;
  part.device = evidence.repeaters[node - 1].device;
  for (const auto port : {evidence.link->a, evidence.link->b}) {
    if (const auto* module = joint.module_at(port)) {
      part.identity = *module;
      break;
    }
  }
  return part;
}

std::optional<PartRef> part_at(const Joint& joint, const LinkEvidence& evidence, std::size_t node) {
  if (evidence.link == nullptr) {
    return std::nullopt;
  }
  const auto& fabric = joint.fabric();
  const bool is_a = node == 0;
  const bool is_b = node >= evidence.sections;
  PartRef part;
  if (is_a || is_b) {
    part.device = fabric.owner(is_a ? evidence.link->a : evidence.link->b);
    const auto* device = fabric.device(part.device);
    if (device == nullptr) {
      return std::nullopt;
    }
    part.kind = std::string(key(device->kind));
    part.place = device->name;
  } else {
    const auto& repeater = evidence.repeaters[node - 1];
    const bool near_a = node * 2 <= evidence.sections;
    const auto* module = joint.module_at(near_a ? evidence.link->a : evidence.link->b);
    part.device = repeater.device;
    const auto* device = fabric.device(repeater.device);
    if (const auto whole = assembly_of(joint, evidence, node)) {
      return whole;
    }
    if (device == nullptr && !repeater.is_module) {
      return std::nullopt;  // modules stand at their ports, wherever the plan says optics
    }
    part.kind = repeater.is_module ? "module" : "retimer";
    part.place = device != nullptr ? device->name
                                   : fabric.port_name(near_a ? evidence.link->a : evidence.link->b);
    if (repeater.is_module && module != nullptr) {
      part.identity = *module;
    }
  }
  if (const auto* identity = joint.part(part.device);
      identity != nullptr && part.identity.serial.empty()) {
    part.identity = *identity;
  }
  return part;
}

Belief belief_of(const Joint& joint, const LinkEvidence& evidence) {
  return Weigher(joint, evidence).weigh();
}

Belief belief_of_shared(const FeatureSet& features, const PartRef& part, bool answers) {
  Belief out;
  const double unknown = kUnknownPrior * unknown_weight(features, {});
  double sum = unknown;
  for (const auto& cause : causes()) {
    if (cause.role != Role::kShared || !cause.is_fault) {
      continue;
    }
    // A machine is no part that one replaces: what feeds, cools or shakes it may be wrong.
    const bool is_machine = part.kind == "host" || part.kind == "enclosure";
    if ((is_machine && (cause.key == "failed_device" || cause.key == "shared_part")) ||
        (answers && cause.key == "failed_device")) {
      continue;  // what still answers has not failed as a whole
    }
    Hypothesis one;
    one.cause = std::string(cause.key);
    one.words = std::string(cause.words);
    one.probability = cause.prior * defining_weight(cause, features) * weight_of(cause, features);
    one.stretch = Stretch::kShared;
    one.part = part;
    if (!cause.part_kind.empty()) {
      one.part->kind = std::string(cause.part_kind);
    }
    sum += one.probability;
    out.hypotheses.push_back(std::move(one));
  }
  for (auto& one : out.hypotheses) {
    one.probability /= sum;
  }
  out.unknown = unknown / sum;
  std::map<std::string, double> kinds;
  for (const auto& one : out.hypotheses) {
    kinds[one.part->kind] += one.probability;
  }
  for (auto& one : out.hypotheses) {
    if (!is_named(kinds[one.part->kind])) {
      one.part.reset();
    }
  }
  sort_by_belief(out.hypotheses);
  return out;
}

}  // namespace weft::diagnose
