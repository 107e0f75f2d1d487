// SPDX-License-Identifier: Apache-2.0
// What is kept of all that was seen: for each link of the joint fabric its series by direction,
// section and lane, its ups and downs and its log lines; for each part and each host what it said
// of itself. Files what comes in; judges nothing (belief.h) and forgets nothing that a finding may
// need. Cost follows what comes in: a series that stands still costs one comparison.
#pragma once

#include "diagnose/joint.h"
#include "diagnose/past.h"
#include "diagnose/source.h"
#include "diagnose/watch.h"

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace weft::diagnose {

/// After a boot, and after a link came back, it may train and adapt for this long. A house choice:
/// firmware and drivers of accelerator hosts take a minute or two.
inline constexpr base::Duration kGrace{120LL * 1'000'000'000};

struct Signal {
  const Source* source = nullptr;
  observe::Subject subject;  ///< in terms of the joint fabric
  observe::Metric metric{};
  std::string label;
  int lane = -1;
  std::optional<Heard> heard;  ///< link, section and direction, where it is one's
  fabric::LinkId near;         ///< a part's: the link that the part is on; null for none
  Past past;
  std::optional<double> last;
  base::WallTime last_at;
  base::WallTime first_at;
  base::WallTime before_at;  ///< the look before the last
  base::WallTime moved_at;   ///< a counter's last increase, a gauge's last step
  std::size_t bits = kNone;  ///< the signal that counts the lane's bits
  double exposure_from = 0;  ///< bits at the last look
  double first_total = 0;    ///< a counter's value at the first look
  std::uint32_t epoch = 0;   ///< of its host: another one begins anew
  std::uint32_t points = 0;
  /// A module's monitor says what no link that is up can have; until when it said nothing else.
  std::optional<base::WallTime> hung_since;
  bool is_moving = false;  ///< worth a look at its past
  static constexpr std::size_t kNone = ~std::size_t{0};
};

struct StateChange {
  enum class Kind : std::uint8_t { kDown, kUp, kSlower, kFaster, kNarrower, kWider };
  base::WallTime at;
  Kind kind{};
  std::size_t side = 0;  ///< as this end's machine saw it
};

struct LogLine {
  base::WallTime at;
  std::string kind;
  std::string text;
  std::string host;
  observe::Severity severity{};
};

/// What one end's machine says of the link now.
struct EndView {
  std::size_t host = ~std::size_t{0};
  std::optional<observe::LinkState> state;
  base::WallTime at;
  std::optional<base::WallTime> down_since;
  bool was_up = false;
};

struct LinkSight {
  fabric::LinkId id;
  std::vector<std::size_t> signals;
  std::array<EndView, 2> ends;  ///< seen from a's machine, from b's; one machine may be both
  std::deque<StateChange> changes;
  std::optional<base::LaneCount> widest;  ///< that it was ever seen up at
  std::deque<LogLine> log;
  bool is_dirty = false;
};

/// A device, or a module by the port that it is plugged at.
struct PartSight {
  observe::Subject id;
  std::vector<std::size_t> signals;
  std::map<std::string, std::string> said;  ///< attributes that tell of health
  std::map<std::string, base::WallTime> said_since;
  std::deque<LogLine> log;
  base::WallTime at;
};

struct HostSight {
  std::string name;
  base::WallTime last;
  base::Duration usual;  ///< between its snapshots
  std::optional<base::WallTime> booted;
  std::vector<base::WallTime> restarts;
  std::uint32_t epoch = 0;
  std::deque<LogLine> log;
  std::deque<LogLine> unplaced;  ///< lines that name no device that is known
};

class Sight {
 public:
  explicit Sight(const WatchOptions& options);

  void take(const observe::Snapshot& snapshot);
  void take(base::WallTime at, const observe::Sample& sample);
  void take(const observe::Event& event, std::string_view host);
  void take(const Mark& mark);
  void take(const fabric::Fabric& known);

  [[nodiscard]] const Joint& joint() const { return joint_; }
  [[nodiscard]] const std::vector<Signal>& signals() const { return signals_; }
  [[nodiscard]] std::vector<Signal>& signals() { return signals_; }
  [[nodiscard]] const std::unordered_map<fabric::LinkId, LinkSight>& links() const {
    return links_;
  }
  [[nodiscard]] const std::map<observe::Subject, PartSight>& parts() const { return parts_; }
  [[nodiscard]] const PartSight* part(const observe::Subject& subject) const;
  [[nodiscard]] const std::vector<HostSight>& hosts() const { return hosts_; }
  /// In hosts(); their number where it was never seen.
  [[nodiscard]] std::size_t host_index(const observe::HostInfo& host) const;
  /// Links that something came in about since they were taken last.
  [[nodiscard]] std::vector<fabric::LinkId> take_dirty();
  /// A restart of a machine at one of the link's ends, a mark, or a training's grace covers it.
  [[nodiscard]] bool is_excused(fabric::LinkId link, base::WallTime at) const;
  [[nodiscard]] bool is_in_maintenance(const observe::Subject& subject, base::WallTime at) const;
  /// The last look at a machine at an end of the link that missed its next one; nullopt: all
  /// answer.
  [[nodiscard]] std::optional<base::WallTime> silent_since(const LinkSight& link,
                                                           base::WallTime now) const;
  /// The machine of this name speaks: its last look is no older than its rhythm allows.
  [[nodiscard]] bool answers(const std::string& machine, base::WallTime now) const;
  /// Signals of the same quantity on links of the same kind: who must be compared with whom.
  [[nodiscard]] const std::vector<std::size_t>& peers(const Signal& signal) const;
  [[nodiscard]] base::WallTime newest() const { return newest_; }
  /// Widths and rates of the joint fabric's links are a plan's, not just what was found.
  [[nodiscard]] bool is_planned() const { return is_planned_; }
  /// What people call it.
  [[nodiscard]] std::string place(const observe::Subject& subject) const;

 private:
  struct Slot {
    observe::Subject seen;
    observe::Metric metric{};
    std::string label;
    std::size_t signal = Signal::kNone;
  };
  std::size_t host_of(const observe::HostInfo& host);
  [[nodiscard]] bool is_silent(const HostSight& host, base::WallTime now) const;
  [[nodiscard]] std::set<std::size_t> hosts_at(const LinkSight& link) const;
  std::size_t signal_of(const observe::Subject& subject, observe::Metric metric,
                        const std::string& label);
  std::size_t slot_of(std::size_t host, std::size_t position, const observe::Sample& sample);
  void file(std::size_t signal, std::uint32_t epoch, base::WallTime at, const observe::Value& value,
            bool is_settling);
  [[nodiscard]] bool is_down(fabric::LinkId link) const;
  void add_counter(Signal& signal, base::WallTime at, double value, bool is_anew);
  void add_gauge(Signal& signal, base::WallTime at, double value);
  void take_state(std::size_t host, base::WallTime at, const observe::LinkState& state);
  void take_attributes(const observe::Snapshot& snapshot);
  void take_host(std::size_t host, const observe::Snapshot& snapshot);
  [[nodiscard]] fabric::LinkId link_named(const observe::Subject& subject,
                                          const observe::Event& event) const;
  void log(std::size_t host, base::WallTime at, const observe::Event& event);
  void change(LinkSight& link, std::size_t side, base::WallTime at, StateChange::Kind kind);
  void count_downs(const Signal& signal, base::WallTime at, double downs);
  void mark_dirty(fabric::LinkId link);
  void begin_at_zero(Signal& signal);
  [[nodiscard]] std::string class_of(const Signal& signal) const;
  [[nodiscard]] bool covers(const Mark& mark, const observe::Subject& subject,
                            base::WallTime at) const;

  Joint joint_;
  std::vector<Signal> signals_;
  std::unordered_map<std::string, std::size_t> signal_index_;
  std::unordered_map<std::string, std::vector<std::size_t>> classes_;
  std::vector<std::vector<std::size_t>*> class_of_signal_;
  std::vector<std::vector<Slot>> slots_;  ///< by host, in the order of its samples
  std::unordered_map<fabric::LinkId, LinkSight> links_;
  std::map<observe::Subject, PartSight> parts_;
  std::vector<HostSight> hosts_;
  std::unordered_map<std::string, std::size_t> host_index_;
  std::vector<Mark> marks_;
  std::set<fabric::LinkId> dirty_;
  std::unordered_set<std::uint64_t> seen_events_;
  base::WallTime newest_;
  bool is_planned_ = false;
};

}  // namespace weft::diagnose
