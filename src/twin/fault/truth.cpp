// SPDX-License-Identifier: Apache-2.0
#include "twin/fault/truth.h"

#include <algorithm>
#include <array>

namespace weft::twin {
namespace fault_truth {

void sort_once(std::vector<std::size_t>& indexes) {
  std::ranges::sort(indexes);
  indexes.erase(std::ranges::unique(indexes).begin(), indexes.end());
}

}  // namespace fault_truth

std::string_view key(TruthPhase phase) {
  static constexpr std::array<std::string_view, 3> kKeys = {"waiting", "active", "over"};
  return kKeys.at(static_cast<std::size_t>(phase));
}

GroundTruth TruthReader::read(const FaultEngine& engine) {
  GroundTruth truth;
  truth.now = engine.now();
  truth.faults.reserve(engine.faults_.size());
  for (const auto& [id, fault] : engine.faults_) {
    InjectedFault out;
    out.id = id;
    out.fault = fault.key;
    out.target = fault.target;
    out.label = fault.label;
    out.is_background = find_fault(fault.key) == nullptr;
    out.amplitude = fault.amplitude;
    out.shape = fault.shape;
    out.begin = fault.begin;
    out.planned_end = fault.end == kNever ? std::nullopt : std::optional(fault.end);
    switch (fault.phase) {
      case FaultEngine::Phase::kWaiting:
        out.phase = TruthPhase::kWaiting;
        break;
      case FaultEngine::Phase::kActive:
        out.phase = TruthPhase::kActive;
        break;
      case FaultEngine::Phase::kOver:
        out.phase = TruthPhase::kOver;
        out.cleared = fault.cleared;
        break;
    }
    for (const double sent : fault.sent) {
      out.level = std::max(out.level, sent);
    }
    for (const auto& part : fault.parts) {
      if (part.link) {
        out.links.push_back(*part.link);
      }
      if (part.machine) {
        out.machines.push_back(*part.machine);
      }
    }
    fault_truth::sort_once(out.links);
    fault_truth::sort_once(out.machines);
    truth.faults.push_back(std::move(out));
  }
  return truth;
}

GroundTruth ground_truth(Rack& rack) {
  return TruthReader::read(fault_engine(rack));
}

}  // namespace weft::twin
