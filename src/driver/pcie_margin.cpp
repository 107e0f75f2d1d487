// SPDX-License-Identifier: Apache-2.0
#include "driver/pcie_margin.h"

#include <algorithm>
#include <span>
#include <utility>

#include <fmt/format.h>

namespace weft::driver {
namespace margin_client {

constexpr std::uint32_t kNoCommand = 0x9C38;
constexpr std::uint32_t kNormal = 0x0F;
constexpr std::uint32_t kClearLog = 0x55;
constexpr base::Duration kAnswer{10'000'000};  ///< 8.4.4: commands are answered within 10 ms
constexpr base::Duration kSetUpPoll{10'000'000};
constexpr unsigned kSetUpPolls = 20;  ///< 8.4.4: a step begins within 200 ms
constexpr double kDwellMaxSeconds = 60;
constexpr std::uint8_t kUpperOnly = 5;  ///< receivers 1 to 5 are the upper port's registers'
constexpr std::uint8_t kLowerReceiver = 6;

enum Type : std::uint32_t { kReport = 1, kSet = 2, kTiming = 3, kVoltage = 4 };

std::uint32_t command(std::uint32_t payload, Type type, std::uint8_t receiver) {
  return payload << 8 | static_cast<std::uint32_t>(type) << 3 | receiver;
}
bool is_timing(MarginWay way) {
  return way == MarginWay::kLeft || way == MarginWay::kRight;
}

/// Registers of one port's lanes. The first failure of the bus stays and ends the run.
class Port {
 public:
  Port(const PcieEnd& end, Journal& journal, const Wait& wait)
      : end_(end), journal_(journal), wait_(wait) {}

  [[nodiscard]] const base::Result<void>& problem() const { return problem_; }
  [[nodiscard]] const PcieEnd& end() const { return end_; }

  /// The lane's control register goes into the journal before its first command.
  void send(std::uint32_t lane, std::uint32_t value) {
    const auto at = control_at(lane);
    if (!problem_) {
      return;
    }
    auto old = end_.config().read(at, 2);
    if (!old) {
      problem_ = tl::unexpected(old.error());
      return;
    }
    problem_ = journal_.note(
        {.door = "margin",
         .device = end_.address(),
         .place = fmt::format("0x{:03x}", at),
         .old = {static_cast<std::uint8_t>(*old & 0xFF), static_cast<std::uint8_t>(*old >> 8)}});
    if (problem_) {
      problem_ = end_.config().write(at, 2, value);
    }
  }
  [[nodiscard]] std::uint32_t status(std::uint32_t lane) {
    if (!problem_) {
      return 0;
    }
    auto value = end_.config().read(static_cast<std::uint16_t>(control_at(lane) + 2), 2);
    if (!value) {
      problem_ = tl::unexpected(value.error());
      return 0;
    }
    return *value;
  }
  /// No Command before, so that no command is taken for a repetition.
  std::uint32_t ask(std::uint32_t lane, std::uint32_t value) {
    send(lane, kNoCommand);
    wait_(kAnswer);
    send(lane, value);
    wait_(kAnswer);
    return status(lane);
  }
  void wait(base::Duration span) const { wait_(span); }

 private:
  [[nodiscard]] std::uint16_t control_at(std::uint32_t lane) const {
    return static_cast<std::uint16_t>(end_.margining() + 8U + 4 * lane);
  }
  const PcieEnd& end_;
  Journal& journal_;
  const Wait& wait_;
  base::Result<void> problem_;
};

/// nullopt: the receiver did not answer.
std::optional<MarginReceiver> read_ability(Port& port, std::uint32_t lane, std::uint8_t receiver) {
  bool answered = true;
  const auto report = [&](std::uint32_t payload) {
    const std::uint32_t got = port.ask(lane, command(payload, kReport, receiver));
    answered = answered && (got & 0x3F) == (static_cast<std::uint32_t>(kReport) << 3 | receiver);
    return static_cast<std::uint8_t>(got >> 8);
  };
  MarginReceiver out{.number = receiver};
  const std::uint8_t can = report(0x88);
  if (!answered) {
    return std::nullopt;
  }
  out.has_voltage = (can & 1) != 0;
  out.is_up_down = (can & 2) != 0;
  out.is_left_right = (can & 4) != 0;
  out.reports_rates = (can & 8) != 0;
  out.has_independent_sampler = (can & 16) != 0;
  out.voltage_steps = out.has_voltage ? report(0x89) & 0x7F : 0;
  out.timing_steps = report(0x8A) & 0x3F;
  const unsigned timing_percent = report(0x8B) & 0x7F;
  const unsigned voltage_percent = out.has_voltage ? report(0x8C) & 0x7F : 0;
  out.voltage_sampling = out.reports_rates ? report(0x8D) & 0x3F : 63;
  out.timing_sampling = out.reports_rates ? report(0x8E) & 0x3F : 63;
  out.lanes_at_once = static_cast<std::uint8_t>((report(0x90) & 0x1F) + 1);
  out.timing_offset_assumed = timing_percent == 0;
  out.timing_offset_ui = timing_percent == 0 ? 0.5 : timing_percent * 0.01;
  out.voltage_offset_assumed = out.has_voltage && voltage_percent == 0;
  out.voltage_offset_mv =
      out.has_voltage ? (voltage_percent == 0 ? 500 : voltage_percent * 10.0) : 0.0;
  if (!answered || out.timing_steps == 0) {
    return std::nullopt;
  }
  return out;
}

/// One lane's search in one way: `low` held, `high` did not (or lies past the range).
struct Search {
  std::uint32_t lane = 0;
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  std::uint32_t trying = 0;
  bool is_refused = false;
  bool has_begun = false;
  [[nodiscard]] bool is_over() const { return is_refused || high <= low + 1; }
};

enum class StepState { kWaiting, kRunning, kTooMany, kRefused };
StepState state_of(std::uint32_t status, std::uint32_t sent) {
  if ((status & 0x3F) != (sent & 0x3F)) {
    return StepState::kWaiting;
  }
  constexpr StepState kStates[] = {StepState::kTooMany, StepState::kWaiting, StepState::kRunning,
                                   StepState::kRefused};
  return kStates[status >> 14];
}

class Client {
 public:
  Client(Port& port, const MarginReceiver& receiver, const MarginOptions& options,
         const PcieLinkView& link)
      : port_(port), receiver_(receiver), options_(options), link_(link) {}

  void run(std::span<const std::uint32_t> lanes, MarginWay way, std::span<LaneMargin> out) {
    const bool timing = is_timing(way);
    const std::uint32_t steps = timing ? receiver_.timing_steps : receiver_.voltage_steps;
    std::vector<Search> searches;
    for (const std::uint32_t lane : lanes) {
      searches.push_back({.lane = lane, .high = steps + 1});
      port_.ask(lane, command(0xC0U | options_.error_limit, kSet, receiver_.number));
    }
    while (port_.problem() && std::any_of(searches.begin(), searches.end(),
                                          [](const Search& one) { return !one.is_over(); })) {
      round(searches, way);
    }
    const double step_size = (timing ? receiver_.timing_offset_ui : receiver_.voltage_offset_mv) /
                             static_cast<double>(steps);
    for (std::size_t i = 0; i < searches.size(); ++i) {
      const Search& one = searches[i];
      out[i].ways[static_cast<std::size_t>(way)] =
          MarginResult{.steps = static_cast<std::uint8_t>(one.low),
                       .offset = one.low * step_size,
                       .end = one.is_refused     ? MarginEnd::kRefused
                              : one.low == steps ? MarginEnd::kEndOfRange
                                                 : MarginEnd::kErrors};
      port_.ask(one.lane, command(kClearLog, kSet, receiver_.number));
      port_.ask(one.lane, command(kNormal, kSet, receiver_.number));
      port_.send(one.lane, kNoCommand);
      port_.wait(kAnswer);
    }
  }

 private:
  [[nodiscard]] base::Duration dwell(bool timing) const {
    const double sampled =
        ((timing ? receiver_.timing_sampling : receiver_.voltage_sampling) + 1) / 64.0;
    const double bits_per_s = static_cast<double>(link_.rate.value()) * 1e6 * sampled;
    return base::seconds(std::clamp(options_.bits / bits_per_s, 0.001, kDwellMaxSeconds));
  }

  void round(std::vector<Search>& searches, MarginWay way) {
    const bool timing = is_timing(way);
    const bool has_sides = timing ? receiver_.is_left_right : receiver_.is_up_down;
    const bool is_other_side = way == MarginWay::kLeft || way == MarginWay::kDown;
    const std::uint32_t side = has_sides && is_other_side ? (timing ? 0x40U : 0x80U) : 0U;
    const auto sent = [&](const Search& one) {
      return command(side | one.trying, timing ? kTiming : kVoltage, receiver_.number);
    };
    for (Search& one : searches) {
      if (!one.is_over()) {
        one.trying = (one.low + one.high) / 2;
        one.has_begun = false;
        port_.send(one.lane, kNoCommand);
      }
    }
    port_.wait(kAnswer);
    for (const Search& one : searches) {
      if (!one.is_over()) {
        port_.send(one.lane, sent(one));
      }
    }
    for (unsigned i = 0; i < kSetUpPolls; ++i) {
      port_.wait(kSetUpPoll);
      bool all = true;
      for (Search& one : searches) {
        one.has_begun = one.has_begun || one.is_over() ||
                        state_of(port_.status(one.lane), sent(one)) != StepState::kWaiting;
        all = all && one.has_begun;
      }
      if (all) {
        break;
      }
    }
    port_.wait(dwell(timing));
    for (Search& one : searches) {
      if (one.is_over()) {
        continue;
      }
      const std::uint32_t status = port_.status(one.lane);
      const StepState state = state_of(status, sent(one));
      const bool holds =
          state == StepState::kRunning && (status >> 8 & 0x3F) <= options_.error_limit;
      one.is_refused = state == StepState::kRefused || state == StepState::kWaiting;
      (holds ? one.low : one.high) = one.is_refused ? one.low : one.trying;
    }
  }

  Port& port_;
  const MarginReceiver& receiver_;
  const MarginOptions& options_;
  const PcieLinkView& link_;
};

MarginGrade grade(double value, double minimum, double recommended, bool is_at_least) {
  constexpr double kRounding = 1e-9;  // of sums of steps
  if (value + kRounding >= recommended) {
    return MarginGrade::kRecommended;
  }
  if (is_at_least) {  // the range ended before the answer
    return value + kRounding >= minimum ? MarginGrade::kMinimum : MarginGrade::kNotGraded;
  }
  return value + kRounding >= minimum ? MarginGrade::kMinimum : MarginGrade::kBelow;
}

struct Total {
  std::optional<double> value;
  bool is_one_sided = false;
  bool is_at_least = false;
};
Total total_of(const std::optional<MarginResult>& one, const std::optional<MarginResult>& other,
               bool has_sides) {
  if (!one || one->end == MarginEnd::kRefused ||
      (has_sides && (!other || other->end == MarginEnd::kRefused))) {
    return {};
  }
  if (!has_sides) {
    return {.value = 2 * one->offset,
            .is_one_sided = true,
            .is_at_least = one->end == MarginEnd::kEndOfRange};
  }
  return {
      .value = one->offset + other->offset,
      .is_at_least = one->end == MarginEnd::kEndOfRange || other->end == MarginEnd::kEndOfRange};
}

void conclude(LaneMargin& lane, const MarginReceiver& receiver, std::uint8_t speed) {
  const Total width = total_of(lane.ways[0], lane.ways[1], receiver.is_left_right);
  const Total height = total_of(lane.ways[2], lane.ways[3], receiver.is_up_down);
  lane.width_ui = width.value;
  lane.width_is_one_sided = width.is_one_sided;
  lane.width_is_at_least = width.is_at_least;
  lane.height_mv = height.value;
  lane.height_is_one_sided = height.is_one_sided;
  lane.height_is_at_least = height.is_at_least;
  const auto minima = margin_minima(speed);
  if (minima && width.value) {
    lane.width_grade =
        grade(*width.value, minima->width_ui,
              minima->recommended_width_ps / unit_interval_ps(speed), width.is_at_least);
  }
  if (minima && height.value) {
    lane.height_grade =
        grade(*height.value, minima->height_mv, minima->recommended_height_mv, height.is_at_least);
  }
}

tl::unexpected<base::Error> not_ready(std::string what, const std::string& where,
                                      std::string hint = {}) {
  return base::fail(base::Code::kFailedPrecondition, std::move(what), where, std::move(hint));
}

base::Result<void> check_end(const PcieEnd& end) {
  if (end.margining() == 0) {
    return not_ready("the port has no lane margining", end.address(),
                     "Ports have it from 16 GT/s on.");
  }
  const auto ready = end.config().read(static_cast<std::uint16_t>(end.margining() + 6U), 2);
  if (!ready) {
    return tl::unexpected(ready.error());
  }
  if ((*ready & 1U) == 0) {
    return not_ready("Margining Ready is clear", end.address(),
                     "Its driver may have to allow it first.");
  }
  if (end.power() != 0) {
    const auto state = end.config().read(static_cast<std::uint16_t>(end.power() + 4U), 2);
    if (state && (*state & 3U) != 0) {
      return not_ready("the function is not in D0", end.address(), "Wake it by using it.");
    }
  }
  return {};
}

/// Off with what would take the link out of L0 or change it meanwhile.
base::Result<void> quieten(const PcieEnd& end, Journal& journal) {
  const auto control_at = static_cast<std::uint16_t>(end.express() + 0x10U);
  const auto control_2_at = static_cast<std::uint16_t>(end.express() + 0x30U);
  const auto control = end.config().read(control_at, 2);
  const auto control_2 = end.config().read(control_2_at, 2);
  if (!control || !control_2) {
    return tl::unexpected((control ? control_2 : control).error());
  }
  if (auto done = write_noted(end.config(), journal, control_at, 2, (*control & ~3U) | 1U << 9);
      !done) {
    return done;
  }
  const auto now = end.config().read(control_at, 2);
  if (!now || (*now & 3U) != 0) {
    return now ? base::Result<void>(not_ready("ASPM cannot be switched off", end.address()))
               : tl::unexpected(now.error());
  }
  return write_noted(end.config(), journal, control_2_at, 2, *control_2 | 1U << 5);
}

}  // namespace margin_client

std::string_view key(MarginGrade grade) {
  switch (grade) {
    case MarginGrade::kBelow:
      return "below-minimum";
    case MarginGrade::kMinimum:
      return "minimum";
    case MarginGrade::kRecommended:
      return "recommended";
    case MarginGrade::kNotGraded:
      break;
  }
  return "not-graded";
}

std::optional<MarginMinima> margin_minima(std::uint8_t speed) {
  switch (speed) {
    case 4:
      return MarginMinima{.width_ui = 0.30,
                          .height_mv = 15,
                          .recommended_width_ps = 23.75,
                          .recommended_height_mv = 21};
    case 5:
      return MarginMinima{.width_ui = 0.30,
                          .height_mv = 15,
                          .recommended_width_ps = 10.157,
                          .recommended_height_mv = 19.75};
    default:
      return std::nullopt;
  }
}

double unit_interval_ps(std::uint8_t speed) {
  constexpr std::array<double, 8> kSymbolsGigabaud = {0, 2.5, 5, 8, 16, 32, 32, 64};
  return speed == 0 || speed >= kSymbolsGigabaud.size() ? 0 : 1000 / kSymbolsGigabaud[speed];
}

base::Result<MarginPlan> plan_margin(const PciePair& pair, const MarginOptions& options) {
  using margin_client::not_ready;
  MarginPlan out;
  out.upper = pair.upper.address();
  auto link = pair.upper.link();
  if (!link) {
    return tl::unexpected(link.error());
  }
  out.link = *link;
  if (!link->is_active || !pair.lower) {
    return not_ready("the link is down", out.upper, "Margining needs it up: see weft scan.");
  }
  out.lower = pair.lower->address();
  if (link->speed < 4) {
    return not_ready(fmt::format("the link runs at {} GT/s", base::as_giga(link->rate)), out.upper,
                     "Margining needs 16 GT/s or more.");
  }
  for (const PcieEnd* end : {&pair.upper, &*pair.lower}) {
    if (auto ready = margin_client::check_end(*end); !ready) {
      return tl::unexpected(ready.error());
    }
  }
  const std::uint32_t width = link->width.value();
  for (std::uint32_t lane = 0; lane < width; ++lane) {
    out.lanes.push_back(lane);
  }
  if (!options.lanes.empty()) {
    out.lanes = options.lanes;
  }
  for (int receiver = 1; receiver <= 1 + 2 * link->retimers; ++receiver) {
    out.receivers.push_back(static_cast<std::uint8_t>(receiver));
  }
  out.receivers.push_back(margin_client::kLowerReceiver);
  for (const std::uint32_t lane : out.lanes) {
    if (lane >= width) {
      return base::fail(base::Code::kInvalidArgument, fmt::format("there is no lane {}", lane),
                        out.upper, fmt::format("The link has lanes 0 to {}.", width - 1));
    }
  }
  for (const std::uint8_t receiver : options.receivers) {
    if (std::find(out.receivers.begin(), out.receivers.end(), receiver) == out.receivers.end()) {
      return base::fail(base::Code::kInvalidArgument,
                        fmt::format("there is no receiver {}", receiver), out.upper,
                        fmt::format("With {} retimers there are {} receivers: 1 at the upper port, "
                                    "2 to 5 at retimers, 6 at the lower port.",
                                    link->retimers, out.receivers.size()));
    }
  }
  if (!options.receivers.empty()) {
    out.receivers = options.receivers;
  }
  for (const PcieEnd* end : {&pair.upper, &*pair.lower}) {
    const std::string who = end->address();
    out.writes.push_back(
        fmt::format("{} Link Control: ASPM off, Hardware Autonomous Width Disable", who));
    out.writes.push_back(fmt::format("{} Link Control 2: Hardware Autonomous Speed Disable", who));
  }
  out.writes.push_back(fmt::format("Margining Lane Control of {} lanes, receivers {}",
                                   out.lanes.size(), fmt::join(out.receivers, ", ")));
  return out;
}

base::Result<MarginReport> margin(const PciePair& pair, bus::Devices& devices, Journal& journal,
                                  const Wait& wait, const MarginOptions& options) {
  auto plan = plan_margin(pair, options);
  if (!plan) {
    return tl::unexpected(plan.error());
  }
  MarginReport out;
  out.link = plan->link;
  out.upper = plan->upper;
  out.lower = plan->lower;
  out.ui_ps = unit_interval_ps(out.link.speed);
  base::Result<void> problem;
  for (const PcieEnd* end : {&pair.upper, &*pair.lower}) {
    if (problem) {
      problem = margin_client::quieten(*end, journal);
    }
  }
  const auto say = [&](const std::string& text) {
    if (options.progress) {
      options.progress(text);
    }
  };
  for (const std::uint8_t number : plan->receivers) {
    if (!problem) {
      break;
    }
    const bool is_lower = number > margin_client::kUpperOnly;
    margin_client::Port port(is_lower ? *pair.lower : pair.upper, journal, wait);
    const auto receiver = margin_client::read_ability(port, plan->lanes.front(), number);
    problem = port.problem();
    if (!problem) {
      break;
    }
    if (!receiver) {
      out.problems.push_back(fmt::format("receiver {} does not answer", number));
      continue;
    }
    out.receivers.push_back(*receiver);
    margin_client::Client client(port, *receiver, options, out.link);
    const std::size_t at_once = std::max<std::size_t>(1, receiver->lanes_at_once);
    for (std::size_t from = 0; from < plan->lanes.size() && port.problem(); from += at_once) {
      const std::size_t count = std::min(at_once, plan->lanes.size() - from);
      const std::span<const std::uint32_t> lanes(plan->lanes.data() + from, count);
      std::vector<LaneMargin> results;
      for (const std::uint32_t lane : lanes) {
        results.push_back({.lane = lane, .receiver = number});
      }
      say(fmt::format("receiver {}, lanes {} to {}", number, lanes.front(), lanes.back()));
      for (const MarginWay way :
           {MarginWay::kLeft, MarginWay::kRight, MarginWay::kUp, MarginWay::kDown}) {
        const bool is_timing = margin_client::is_timing(way);
        const bool is_second = way == MarginWay::kRight || way == MarginWay::kDown;
        const bool has_sides = is_timing ? receiver->is_left_right : receiver->is_up_down;
        const bool can = is_timing || (receiver->has_voltage && options.voltage);
        if (can && (has_sides || !is_second) && port.problem()) {
          client.run(lanes, way, results);
        }
      }
      for (LaneMargin& one : results) {
        margin_client::conclude(one, *receiver, out.link.speed);
        out.lanes.push_back(one);
      }
    }
    problem = port.problem();
  }
  // Whatever happened: back to what was there.
  auto undone = journal.undo(restore_config(devices, wait));
  if (!undone) {
    base::Error error = undone.error();
    error.hint = fmt::format("Not all is put back. Run weft margin --recover; {} has the values.",
                             journal.path());
    return tl::unexpected(std::move(error));
  }
  if (!problem) {
    return tl::unexpected(problem.error());
  }
  return out;
}

}  // namespace weft::driver
