// SPDX-License-Identifier: Apache-2.0
// A collective that is done in parts: `splits` times the same workload, of which `active` are under
// way at a time. Part p runs in place p mod `active` and begins when the one before it there is
// done. Parts have tags of their own.
#pragma once

#include "sim/workload.h"

#include <memory>

namespace weft::sim {

class Split final : public Workload {
 public:
  /// `part` is one part. @pre 1 <= active <= splits
  Split(std::unique_ptr<Workload> part, std::uint32_t splits, std::uint32_t active)
      : part_(std::move(part)), splits_(splits), active_(active) {}

  [[nodiscard]] std::uint32_t ranks() const override { return part_->ranks(); }
  [[nodiscard]] std::uint32_t streams(Rank rank) const override {
    return active_ * part_->streams(rank);
  }
  [[nodiscard]] std::uint64_t ops(Rank rank, std::uint32_t stream) const override {
    const std::uint32_t streams = part_->streams(rank);
    const std::uint32_t place = stream / streams;
    return (splits_ - place + active_ - 1) / active_ * part_->ops(rank, stream % streams);
  }
  [[nodiscard]] Op op(Rank rank, std::uint32_t stream, std::uint64_t index) const override {
    const std::uint32_t streams = part_->streams(rank);
    const std::uint32_t place = stream / streams;
    const std::uint64_t each = part_->ops(rank, stream % streams);
    const auto turn = static_cast<std::uint32_t>(index / each);
    Op out = part_->op(rank, stream % streams, index % each);
    if (index % each == 0 && turn > 0) {
      out.wait = Wait::kAll;
    }
    if (out.stream_after != 0xff) {
      out.after += static_cast<std::uint32_t>(turn * part_->ops(rank, out.stream_after));
      out.stream_after = static_cast<std::uint8_t>(out.stream_after + place * streams);
    }
    out.tag ^= (turn * active_ + place) << kTagBits;
    return out;
  }
  [[nodiscard]] Ps start(Rank rank) const override { return part_->start(rank); }
  [[nodiscard]] Ps overhead(Rank rank, const Op& op) const override {
    return part_->overhead(rank, op);
  }
  [[nodiscard]] std::uint32_t group_size(std::uint32_t group) const override {
    return part_->group_size(group);
  }
  [[nodiscard]] Rank group_member(std::uint32_t group, std::uint32_t index) const override {
    return part_->group_member(group, index);
  }
  [[nodiscard]] bool is_symmetric() const override { return part_->is_symmetric(); }

 private:
  static constexpr unsigned kTagBits = 22;  ///< of a part's own tags; the rest numbers the part
  std::unique_ptr<Workload> part_;
  std::uint32_t splits_, active_;
};

}  // namespace weft::sim
