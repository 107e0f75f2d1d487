// SPDX-License-Identifier: Apache-2.0
// Whether an injected fault had any effect that somebody at the doors could have seen: read from
// the twin's physics, beside the judgement and never from what it said. A fault that had none
// within its story is "not observable": it is counted apart, since silence about it is right. The
// rules (docs/formats/score.md): a link changed its state; error counters of a PCIe link or bit
// errors of any other grew beyond what they did before; a repeater's or generic port's figure of
// merit fell by a decibel; air or a device became 5 Cel warmer; a device's management stopped.
#pragma once

#include "score/answer.h"
#include "twin/machine.h"

#include <memory>
#include <optional>
#include <vector>

namespace weft::score {

class Effects {
 public:
  /// `faults` are those of the story, workload and weather left out.
  Effects(const twin::Rack& rack, std::vector<twin::InjectedFault> faults);
  ~Effects();
  Effects(Effects&&) noexcept;

  /// Looks at the world now; to be called as often as the machines are polled.
  void look();
  /// When the effect of fault `i` was first to be seen; nullopt: not until now.
  [[nodiscard]] std::optional<base::WorldTime> seen(std::size_t i) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weft::score
