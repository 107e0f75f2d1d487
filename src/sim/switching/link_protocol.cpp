// SPDX-License-Identifier: Apache-2.0
#include "sim/switching/link_protocol.h"

#include "sim/engine/draw.h"

#include <algorithm>
#include <deque>
#include <vector>

#include <fmt/format.h>

namespace weft::sim::switching {

double credit_share(std::uint64_t buffer, std::uint64_t round_trip) {
  return round_trip <= buffer ? 1 : static_cast<double>(buffer) / static_cast<double>(round_trip);
}

double retry_share(Retry retry, double flit_error_ratio, std::uint64_t round_trip) {
  const double right = 1 - flit_error_ratio;
  if (retry == Retry::kSelective) {
    return right;
  }
  return right / (right + flit_error_ratio * static_cast<double>(round_trip));
}

std::uint64_t replay_flits(Ps round_trip, Ps flit_time) {
  return static_cast<std::uint64_t>((round_trip + flit_time - 1) / flit_time);
}

Ps longest_round_trip(std::uint64_t window, Ps flit_time) {
  return static_cast<Ps>(window) * flit_time;
}

namespace {

/// What the sender learns a round trip after a flit time.
struct Report {
  std::uint64_t number = 0;
  bool is_used = false;
  bool is_right = false;     ///< arrived undamaged
  bool is_in_order = false;  ///< and was taken
};

class LinkSender {
 public:
  LinkSender(const LinkSetting& setting, std::uint64_t seed)
      : setting_(setting), flight_(setting.round_trip), draw_(draw_seed(seed, 5)) {}

  void tick(LinkRun& run) {
    Report& slot = flight_[at_++ % setting_.round_trip];
    learn(slot, run);
    slot = {};
    if (const std::uint64_t number = choose(); number != kNothing) {
      slot = send(number, run);
      ++run.sent;
    } else {
      ++run.stalled;
    }
  }

 private:
  static constexpr std::uint64_t kNothing = ~0ULL;

  void learn(const Report& report, LinkRun& run) {
    if (!report.is_used) {
      return;
    }
    if (report.is_in_order) {
      ++acknowledged_;
    } else if (setting_.retry == Retry::kSelective) {
      wanted_.push_back(report.number);
      ++run.retries;
    } else if (report.number == acknowledged_) {
      // The first that was not taken: all since is sent again, and what flies is discarded.
      next_ = acknowledged_;
      ++run.retries;
    }
  }
  std::uint64_t choose() {
    if (!wanted_.empty()) {
      const std::uint64_t number = wanted_.front();
      wanted_.pop_front();
      return number;
    }
    const std::uint64_t allowed = std::min(setting_.window, setting_.credits);
    return next_ - acknowledged_ < allowed ? next_++ : kNothing;
  }
  Report send(std::uint64_t number, LinkRun& run) {
    const bool is_right =
        setting_.flit_error_ratio == 0 || !draw_.chance(setting_.flit_error_ratio);
    const bool is_taken = is_right && (setting_.retry == Retry::kSelective || number == expected_);
    if (is_taken) {
      ++expected_;
      ++run.delivered;
    }
    return {number, true, is_right, is_taken};
  }

  LinkSetting setting_;
  std::vector<Report> flight_;
  std::uint64_t at_ = 0;
  Draw draw_;
  std::uint64_t next_ = 0;          ///< the next new number
  std::uint64_t acknowledged_ = 0;  ///< flits that the sender knows to have been taken
  std::uint64_t expected_ = 0;      ///< by the receiver
  std::deque<std::uint64_t> wanted_;
};

}  // namespace

base::Result<LinkRun> run_link(const LinkSetting& setting, std::uint64_t flit_times,
                               std::uint64_t seed) {
  if (setting.round_trip == 0 || setting.window == 0 || setting.credits == 0 ||
      !(setting.flit_error_ratio >= 0) || !(setting.flit_error_ratio < 1)) {
    return base::fail(
        base::Code::kInvalidArgument,
        fmt::format("round trip {}, window {}, credits {}, flit error ratio {}", setting.round_trip,
                    setting.window, setting.credits, setting.flit_error_ratio),
        "link", "Give numbers above zero and an error ratio below one.");
  }
  LinkSender sender(setting, seed);
  LinkRun warm_up;
  for (std::uint64_t i = 0; i < setting.round_trip; ++i) {
    sender.tick(warm_up);
  }
  LinkRun run;
  for (std::uint64_t i = 0; i < flit_times; ++i) {
    sender.tick(run);
  }
  return run;
}

Ps zero_load_latency(std::span<const Hop> path) {
  Ps first_bit = 0;
  Ps slowest = 0;
  for (const Hop& hop : path) {
    first_bit += hop.link + hop.pipeline;
    slowest = std::max(slowest, hop.serialise);
  }
  return first_bit + slowest;
}

}  // namespace weft::sim::switching
