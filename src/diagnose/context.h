// SPDX-License-Identifier: Apache-2.0
// What the rules share: look-ups over the histories (samples by subject, links by id over time,
// peers), counter rates with exact bounds, and the report that they fill.
#pragma once

#include "base/stats.h"
#include "diagnose/judge.h"
#include "diagnose/peers.h"

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace weft::diagnose {

/// Fewer events than this since boot prove nothing: links make some while they come up. A house
/// choice.
inline constexpr std::uint64_t kEventsMin = 5;

/// Training at boot leaves a few link errors and sticky bits behind on healthy PCIe links; this
/// many at both ends together do not come from there. A house choice.
inline constexpr std::uint64_t kLinkErrorsMin = 10;
/// AER's correctable kinds that the physical and data link layers count, by the kernel's names and
/// by their bit in Correctable Error Status (linux/pci_regs.h PCI_ERR_COR_*): they speak of the
/// link, not of software.
struct LinkErrorType {
  const char* name;
  std::uint64_t status_bit;
};
inline constexpr LinkErrorType kLinkErrorTypes[] = {{"RxErr", 1U << 0},
                                                    {"BadTLP", 1U << 6},
                                                    {"BadDLLP", 1U << 7},
                                                    {"Rollover", 1U << 8},
                                                    {"Timeout", 1U << 12}};

/// Events counted over a known time, with 95 % bounds on the rate.
struct CounterRate {
  std::uint64_t events = 0;
  base::Duration over;
  bool since_boot = false;  ///< no earlier look: the total since boot (or driver load)
  bool over_is_at_most =
      false;                ///< it counts since its driver loaded or it was cleared: no earlier
  base::Interval per_hour;  ///< low 0 and high infinite where the time is unknown
  /// The lower bound lies above, and the events are not just those of coming up.
  [[nodiscard]] bool is_proven_above(double events_per_hour) const;
  void bound();  ///< sets per_hour from events and over
  /// "512 since boot (3.2 d): 6.1 to 7.2 per hour (95 %)"
  [[nodiscard]] std::string text() const;
};

/// One link over a host's snapshots.
struct LinkHistory {
  std::vector<const observe::LinkState*> states;  ///< in order of time, where seen
  [[nodiscard]] int rate_changes() const;
  /// Ran slower, and then as fast as `rate` again: what idling looks like.
  [[nodiscard]] bool came_back_to(base::TransferRate rate) const;
};

class Context {
 public:
  /// `peers` counts at least these hosts' last looks; it must outlive the context.
  Context(std::span<const HostHistory> hosts, const Expectation* expectation, const Peers& peers,
          Report& report);

  [[nodiscard]] std::span<const HostHistory> hosts() const { return hosts_; }
  [[nodiscard]] const Expectation* expectation() const { return expectation_; }
  [[nodiscard]] const Peers& peers() const { return peers_; }
  [[nodiscard]] Report& report() { return report_; }

  /// Visits each link of each host's last snapshot with its assessment.
  using LinkVisitor = std::function<void(const observe::LinkState&, LinkAssessment&)>;
  void for_each_link(const LinkVisitor& visit);

  [[nodiscard]] const observe::Snapshot& snapshot(std::size_t host) const {
    return hosts_[host].last();
  }
  /// Samples of one subject in the last snapshot.
  [[nodiscard]] std::vector<const observe::Sample*> samples(std::size_t host,
                                                            const observe::Subject& subject) const;
  /// The value as a whole number; nullopt where not measured or not a number.
  [[nodiscard]] std::optional<std::uint64_t> number(std::size_t host,
                                                    const observe::Subject& subject,
                                                    observe::Metric metric,
                                                    const std::string& label = "total") const;
  /// The time between the first look and the last; absent where there was one look, where times are
  /// not known, and where the machine restarted between them.
  [[nodiscard]] std::optional<base::Duration> was_watched(std::size_t host) const;
  /// How fast a counter moves: over the looks, else since it began. nullopt where it is not
  /// measured or was reset between the looks.
  [[nodiscard]] std::optional<CounterRate> rate(std::size_t host, const observe::Subject& subject,
                                                observe::Metric metric,
                                                const std::string& label = "total") const;
  [[nodiscard]] LinkHistory history(std::size_t host, fabric::LinkId link) const;
  [[nodiscard]] const fabric::Device* device_of(std::size_t host, fabric::PortId port) const;
  /// Utilisation of the device behind a port, percent, if some driver measured it.
  [[nodiscard]] std::optional<double> utilization(std::size_t host, fabric::PortId port) const;

  /// Adds a finding about a link, named by its ends, and raises its assessment.
  Finding& add(LinkAssessment& assessment, const observe::LinkState& link, Level level,
               std::string code, std::string sentence);
  /// Adds a finding about anything else.
  Finding& add(std::size_t host, observe::Subject subject, std::string place, Level level,
               std::string code, std::string sentence);

 private:
  using SampleIndex = std::unordered_map<std::uint64_t, std::vector<const observe::Sample*>>;
  [[nodiscard]] const observe::Sample* find(const SampleIndex& index,
                                            const observe::Subject& subject, observe::Metric metric,
                                            const std::string& label) const;

  std::span<const HostHistory> hosts_;
  const Expectation* expectation_;
  const Peers& peers_;
  Report& report_;
  std::vector<SampleIndex> last_;
  std::vector<SampleIndex> first_;
  std::vector<std::unordered_map<fabric::LinkId, LinkHistory>> histories_;
};

// How people read numbers; shared by the rules and by what prints.
[[nodiscard]] std::string rate_text(base::TransferRate rate);          ///< "32 GT/s", "2.5 GT/s"
[[nodiscard]] std::string data_rate_text(base::BitsPerSecond rate);    ///< "400 Gb/s"
[[nodiscard]] std::string width_text(base::LaneCount width);           ///< "x16"
[[nodiscard]] std::string duration_text(base::Duration duration);      ///< "30 s", "3.2 d"
[[nodiscard]] std::string link_place(const observe::LinkState& link);  ///< "A - B", by addresses

}  // namespace weft::diagnose
