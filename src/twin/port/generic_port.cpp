// SPDX-License-Identifier: Apache-2.0
// See generic_port.h.
#include "twin/port/generic_port.h"

#include "twin/families.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

namespace weft::twin {
namespace generic_port_cpp {
namespace {

constexpr std::uint64_t wrap(std::uint64_t count, unsigned bits) {
  return count & ((std::uint64_t{1} << bits) - 1);
}
constexpr std::uint64_t saturate(std::uint64_t count, unsigned bits) {
  return std::min(count, (std::uint64_t{1} << bits) - 1);
}

constexpr unsigned kLaneErrorBits = 48;
constexpr unsigned kCodewordBits = 48;
constexpr unsigned kRetryBits = 32;
constexpr unsigned kDownBits = 16;

void field(Archive& archive, bus::PortStatus& status) {
  archive.fields(status.is_up, status.is_training, status.lane_rate, status.lanes,
                 status.corrected_codewords, status.uncorrectable_codewords, status.retries,
                 status.recoveries, status.link_downs);
  auto count = static_cast<std::uint64_t>(status.receivers.size());
  archive.field(count);
  if (archive.is_reading()) {
    // A lane takes 17 bytes at least; what claims more is garbled.
    status.receivers.resize(
        static_cast<std::size_t>(std::min(count, std::uint64_t{archive.left()})));
  }
  for (auto& lane : status.receivers) {
    archive.fields(lane.bits, lane.bit_errors, lane.fom);
  }
}

}  // namespace
}  // namespace generic_port_cpp

bus::PortStatus GenericPort::look() const {
  using namespace generic_port_cpp;  // NOLINT(google-build-using-namespace): this file's helpers
  bus::PortStatus out;
  if (link_ == nullptr) {
    return out;
  }
  const LinkStatus status = link_->status();
  out.is_up = status.is_up;
  out.is_training = !status.is_up && status.state != TrainingState::kDetectQuiet &&
                    status.state != TrainingState::kDisabled;
  if (status.is_up) {
    out.lane_rate = status.rate;
    out.lanes = status.width;
  }
  const auto counter = [&](LinkCounter which) { return link_->counter(which, end_); };
  out.corrected_codewords = wrap(counter(LinkCounter::kFlitCorrected), kCodewordBits);
  out.uncorrectable_codewords = wrap(counter(LinkCounter::kFlitUncorrected), kCodewordBits);
  out.retries = wrap(counter(LinkCounter::kRetries), kRetryBits);
  out.recoveries = wrap(counter(LinkCounter::kRecoveries), kRetryBits);
  out.link_downs = saturate(counter(LinkCounter::kLinkDowns), kDownBits);
  const auto& plan = link_->plan();
  LaneAt at;
  at.section = end_ == End::kA ? 0 : static_cast<std::uint32_t>(plan.sections.size() - 1);
  at.direction =
      end_ == End::kA ? fabric::LaneDirection::kTowardHost : fabric::LaneDirection::kTowardDevice;
  for (at.lane = 0; at.lane < plan.lanes.value(); ++at.lane) {
    const auto counts = link_->lane_counts(at);
    bus::LaneCounters lane{.bits = counts.bits,
                           .bit_errors = saturate(counts.bit_errors, kLaneErrorBits),
                           .fom = std::nullopt};
    const auto report = link_->lane(at);
    if (report.is_active && report.is_modelled) {
      lane.fom = report.reading.fom;
    }
    out.receivers.push_back(lane);
  }
  return out;
}

base::Result<bus::PortStatus> GenericPort::read() {
  const auto real = look();
  if (quantity(Quantity::kCounterStuck) < 0.5) {
    return real;
  }
  // From outside only: inside the loop an actor does not look at its link.
  if (!held_) {
    held_ = real;
  }
  auto out = *held_;
  out.is_up = real.is_up;  // the state is told as it is; what counts stays
  out.is_training = real.is_training;
  out.lane_rate = real.lane_rate;
  out.lanes = real.lanes;
  return out;
}

base::Result<void> GenericPort::retrain() {
  if (link_ == nullptr) {
    return base::fail(base::Code::kFailedPrecondition, "no link is plugged", name_,
                      "Choose a port that has one.");
  }
  link_->retrain(end_);
  return {};
}

void GenericPort::on_quantity(Quantity which, std::uint32_t /*sub*/) {
  if (which == Quantity::kCounterStuck && quantity(which) < 0.5) {
    held_.reset();
  }
}

void GenericPort::exchange(Archive& archive) {
  bool is_held = held_.has_value();
  archive.field(is_held);
  if (archive.is_reading()) {
    held_ = is_held ? std::optional<bus::PortStatus>(bus::PortStatus{}) : std::nullopt;
  }
  if (held_) {
    generic_port_cpp::field(archive, *held_);
  }
}

void GenericPort::registers(Archive& out) const {
  auto status = held_ ? *held_ : look();
  generic_port_cpp::field(out, status);
}

base::Result<void> add_generic_ports(Rack& rack, std::size_t machine) {
  const auto& plan = rack.plan->machines.at(machine);
  auto& live = rack.machines.at(machine);
  for (const auto& counter : plan.counters) {
    Link* link = counter.link ? rack.links.at(*counter.link) : nullptr;
    auto port = std::make_unique<GenericPort>("port/" + counter.name, counter.name, link,
                                              counter.is_end_a ? End::kA : End::kB);
    live.counters.emplace(counter.name, port.get());
    const auto added = rack.world->add(std::move(port));
    if (!added) {
      return tl::unexpected(added.error());
    }
    if (const auto* of = rack.plan->fabric.port_named(counter.name)) {
      rack.actors_of[of->device].push_back(*added);
    }
  }
  return {};
}

}  // namespace weft::twin
