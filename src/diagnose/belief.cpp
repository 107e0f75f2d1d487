// SPDX-License-Identifier: Apache-2.0
#include "diagnose/belief.h"

#include <algorithm>
#include <cmath>
#include <map>
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
};

bool can_be(Where where, const Place& place) {
  const bool is_unknown = place.medium == Medium::kUnknown;
  switch (where) {
    case Where::kAny:
      return true;
    case Where::kOptical:
      return is_unknown || is_optical(place.medium);
    case Where::kCopper:
      return is_unknown || is_cable(place.medium);
    case Where::kElectric:
      return is_unknown || !is_optical(place.medium);
    case Where::kPluggable:
      return is_unknown || place.is_plugged;
    case Where::kActive:
      return is_unknown || place.is_active || is_optical(place.medium);
    case Where::kPcie:
      return place.is_pcie;
  }
  return false;
}

double weight_of(const Cause& cause, const FeatureSet& features) {
  double log_sum = 0;
  for (std::size_t f = 0; f < kFeatures; ++f) {
    const auto move = features.seen[f].move;
    if (move != Move::kAbsent) {
      log_sum += std::log(std::max(1e-4, likelihood(cause, static_cast<Feature>(f), move)));
    }
  }
  return std::exp(kTemper * log_sum);
}

double unknown_weight(const FeatureSet& features) {
  double log_sum = 0;
  for (std::size_t f = 0; f < kFeatures; ++f) {
    log_sum += std::log(likelihood_of_unknown(static_cast<Feature>(f), features.seen[f].move));
  }
  return std::exp(kTemper * log_sum);
}

/// The named part's first, then the most probable; equal ones by name, so that order is one.
void sort_by_belief(std::vector<Hypothesis>& hypotheses) {
  std::sort(hypotheses.begin(), hypotheses.end(), [](const Hypothesis& x, const Hypothesis& y) {
    return std::make_tuple(!x.part.has_value(), -x.probability, std::string_view(x.cause),
                           x.direction, x.stretch) <
           std::make_tuple(!y.part.has_value(), -y.probability, std::string_view(y.cause),
                           y.direction, y.stretch);
  });
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
        unknown = std::max(unknown, kUnknownPrior * unknown_weight(features));
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
  FeatureSet features_at(LaneDirection direction, std::size_t section) const {
    return evidence_.features(direction, section);
  }

  std::size_t receiver(LaneDirection direction, std::size_t section) const {
    return direction == LaneDirection::kTowardDevice ? section + 1 : section;
  }
  std::size_t transmitter(LaneDirection direction, std::size_t section) const {
    return direction == LaneDirection::kTowardDevice ? section : section + 1;
  }

  Place place_of(std::size_t section) const {
    Place place;
    place.medium = medium_of(evidence_, section);
    const auto* link = evidence_.link;
    const auto family =
        fabric::protocol(link == nullptr ? fabric::ProtocolId{} : link->protocol).family;
    place.is_pcie =
        family == fabric::ProtocolFamily::kPcie || family == fabric::ProtocolFamily::kCxl;
    place.is_plugged = is_optical(place.medium) || is_cable(place.medium) ||
                       place.medium == Medium::kBackplane || section == evidence_.sections - 1 ||
                       section == 0;
    const auto is_repeater = [&](std::size_t node) {
      return node > 0 && node < evidence_.sections;
    };
    place.is_active = is_repeater(section) || is_repeater(section + 1);
    return place;
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
  std::optional<PartRef> plugged_part(LaneDirection direction, std::size_t section) const {
    const auto medium = medium_of(evidence_, section);
    if (is_optical(medium) || is_cable(medium)) {
      return medium_part(section);
    }
    if (section + 1 == evidence_.sections) {
      return part_at(joint_, evidence_, section + 1);
    }
    return part_at(joint_, evidence_, receiver(direction, section));
  }

  void consider(const Cause& cause, LaneDirection direction, std::size_t section,
                FeatureSet features) {
    if (!can_be(cause.where, place_of(section))) {
      return;
    }
    Candidate one;
    one.cause = &cause;
    if (!cause.both_directions) {
      one.direction = direction;
    }
    std::size_t node = evidence_.sections + 1;
    switch (cause.role) {
      case Role::kReceiver:
        node = receiver(direction, section);
        break;
      case Role::kTransmitter:
        node = transmitter(direction, section);
        break;
      case Role::kMedium:
        one.stretch = stretch_of_medium(section);
        one.part = medium_part(section);
        break;
      case Role::kConnector:
        one.stretch = Stretch::kConnector;
        one.part = plugged_part(direction, section);
        break;
      case Role::kEither:
      case Role::kShared:
        break;
    }
    if (node <= evidence_.sections) {
      one.stretch = stretch_of_node(node);
      one.part = part_at(joint_, evidence_, node);
      use_own_features(node, features);
    }
    one.weight =
        cause.prior / static_cast<double>(2 * evidence_.sections) * weight_of(cause, features);
    candidates_.push_back(std::move(one));
  }

  /// What a part says of itself speaks of that part and against the others.
  void use_own_features(std::size_t node, FeatureSet& features) const {
    for (const auto feature : {Feature::kFirmware, Feature::kTemperature, Feature::kIdentity}) {
      if (features[feature].move == Move::kAbsent || features[feature].move == Move::kNormal) {
        continue;
      }
      const bool is_repeater = node > 0 && node < evidence_.sections;
      const auto move = is_repeater ? evidence_.repeater[node - 1][feature].move : Move::kAbsent;
      if (move != features[feature].move) {
        features[feature].move = Move::kNormal;
      }
    }
  }

  static std::string part_key(const std::optional<PartRef>& part) {
    return part ? part->kind + "|" + part->place + "|" +
                      (part->device.is_null() ? "" : part->device.text())
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
    const bool is_named = !best->first.empty() && best->second >= kPartNamed;
    put_together(is_named ? best->first : std::string{}, out);
    return out;
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
    if (device == nullptr && (module == nullptr || !repeater.is_module)) {
      return std::nullopt;
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

Belief belief_of_shared(const FeatureSet& features, const PartRef& part) {
  Belief out;
  const double unknown = kUnknownPrior * unknown_weight(features);
  double sum = unknown;
  for (const auto& cause : causes()) {
    if (cause.role != Role::kShared || !cause.is_fault) {
      continue;
    }
    Hypothesis one;
    one.cause = std::string(cause.key);
    one.words = std::string(cause.words);
    one.probability = cause.prior * weight_of(cause, features);
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
    if (kinds[one.part->kind] < kPartNamed) {
      one.part.reset();
    }
  }
  sort_by_belief(out.hypotheses);
  return out;
}

}  // namespace weft::diagnose
