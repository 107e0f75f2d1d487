// SPDX-License-Identifier: Apache-2.0
// What the kernel's log says of links and the devices at their ends, as events on those devices:
// from /dev/kmsg of the host, or from a log file that the user names. Lines that detail the error
// before them (AER status and error bits) are folded into its event. Where somebody has made a
// tracefs instance named weft and enabled its ras events, they are read too: the kernel limits the
// rate of its log, not theirs. Which text means what is wire/kernel_log's.
#include "base/text.h"
#include "bus/linux/directory_tree.h"
#include "driver/collect.h"
#include "driver/read.h"
#include "wire/kernel_log/message.h"
#include "wire/kernel_log/record.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include <fmt/format.h>

namespace weft::driver {
namespace kernel_log {

using wire::kernel_log::KernelMessage;
using wire::kernel_log::Kind;
using wire::kernel_log::Record;

constexpr std::size_t kLogBytesMax = 256UL << 20;
constexpr std::size_t kRecordsMax = 500'000;
constexpr std::size_t kEventsMax = 20'000;
constexpr const char* kTraceFile = "sys/kernel/tracing/instances/weft/trace";
/// The log and a trace event tell of the same error within this.
constexpr base::Duration kSameError{2LL * 1'000'000'000};

observe::Severity severity_of(const KernelMessage& message) {
  // A root port repeats what the device below reports itself: that one counts.
  if (message.kind == Kind::kAerReceived) {
    return observe::Severity::kInfo;
  }
  switch (message.severity) {
    case wire::kernel_log::Severity::kInfo:
      return observe::Severity::kInfo;
    case wire::kernel_log::Severity::kWarning:
      return observe::Severity::kWarning;
    case wire::kernel_log::Severity::kCritical:
      break;
  }
  return observe::Severity::kCritical;
}

std::string kind_of(const KernelMessage& message) {
  switch (message.kind) {
    case Kind::kAerError:
      return message.severity == wire::kernel_log::Severity::kInfo      ? "aer_correctable"
             : message.severity == wire::kernel_log::Severity::kWarning ? "aer_nonfatal"
                                                                        : "aer_fatal";
    case Kind::kXid:
      return message.is_victim ? "xid_victim" : "xid";
    case Kind::kNetLinkUp:
      return "link_up";
    case Kind::kNetLinkDown:
      return "link_down";
    default:
      return std::string(wire::kernel_log::key(message.kind));
  }
}

class EventBuilder {
 public:
  EventBuilder(Collection& collection, bool is_own_log)
      : collection_(collection), tree_(*collection.host.tree) {
    for (const auto& link : collection.snapshot.links) {
      link_of_address_.emplace(link.a.address, link.link);
    }
    const auto& snapshot = collection.snapshot;
    if (is_own_log && snapshot.host.uptime && snapshot.taken.ns > 0) {
      boot_ = base::WallTime{snapshot.taken.ns - snapshot.host.uptime->ns};
    }
  }

  void add(const Record& record) {
    auto message = wire::kernel_log::classify(record.text);
    if (!message) {
      return;
    }
    if (wire::kernel_log::is_detail(message->kind)) {
      add_detail(*message);
      return;
    }
    auto event = event_of(record, std::move(*message));
    last_of_address_[event.address] = events_.size();
    if (event.since_boot) {
      told_[event.kind + " " + event.address].insert(event.since_boot->ns);
    }
    events_.push_back(std::move(event));
  }

  /// A trace event; not what the log has told already.
  void add_traced(const Record& record) {
    auto message = wire::kernel_log::classify(record.text);
    if (!message || wire::kernel_log::is_detail(message->kind)) {
      return;
    }
    auto event = event_of(record, std::move(*message));
    if (const auto told = told_.find(event.kind + " " + event.address);
        told != told_.end() && event.since_boot) {
      const auto near = told->second.lower_bound(event.since_boot->ns - kSameError.ns);
      if (near != told->second.end() && *near <= event.since_boot->ns + kSameError.ns) {
        return;
      }
    }
    events_.push_back(std::move(event));
  }

  /// Moves the events into the snapshot, the last ones if there are too many.
  void finish() {
    auto& snapshot = collection_.snapshot;
    if (events_.size() > kEventsMax) {
      snapshot.notes.push_back(
          fmt::format("the kernel log holds {} events of links; only the last {} are given",
                      events_.size(), kEventsMax));
      events_.erase(events_.begin(), events_.end() - static_cast<std::ptrdiff_t>(kEventsMax));
    }
    std::ranges::move(events_, std::back_inserter(snapshot.events));
  }

 private:
  observe::Event event_of(const Record& record, KernelMessage message) const {
    observe::Event event;
    event.at = record.at;
    event.since_boot = record.since_boot;
    if (!event.at && record.since_boot && boot_) {
      event.at = *boot_ + *record.since_boot;
    }
    event.kind = kind_of(message);
    event.severity = severity_of(message);
    event.text = base::printable(record.text, 400);
    place(message, event);
    event.fields = std::move(message.fields);
    if (!record.time_text.empty()) {
      event.fields.emplace_back("logged", record.time_text);
    }
    return event;
  }

  /// Fields of a detail line go to the last event of the same device; repeated names are joined.
  void add_detail(const KernelMessage& message) {
    const auto last = last_of_address_.find(message.bdf);
    if (last == last_of_address_.end() || (!events_[last->second].kind.starts_with("aer_") &&
                                           !events_[last->second].kind.starts_with("dpc"))) {
      return;  // its error line was lost (the kernel limits them): nothing to add to
    }
    auto& fields = events_[last->second].fields;
    for (const auto& detail : message.fields) {
      const auto it = std::ranges::find_if(
          fields, [&](const auto& field) { return field.first == detail.first; });
      if (it == fields.end()) {
        fields.push_back(detail);
      } else if (detail.first == "error" && it->second.size() < 200) {
        it->second += ", " + detail.second;
      }
    }
  }

  /// Puts the event on the link or device that the message names.
  void place(const KernelMessage& message, observe::Event& event) const {
    auto bdf = message.bdf;
    event.address = bdf;
    if (!message.netdev.empty()) {
      event.address = message.netdev;
      if (const auto link = link_of_address_.find(message.netdev); link != link_of_address_.end()) {
        event.subject = link->second;
        return;
      }
    }
    if (bdf.empty() && message.device.starts_with("nvme")) {
      event.address = message.device;
      bdf = last_pci_address(tree_.link("sys/class/nvme/" + message.device).value_or(""));
    } else if (bdf.empty() && message.device.starts_with("mem")) {
      event.address = message.device;
      bdf = last_pci_address(tree_.link("sys/bus/cxl/devices/" + message.device).value_or(""));
    } else if (event.address.empty()) {
      event.address = message.device;
    }
    if (message.kind == Kind::kXid && !message.field("link").empty()) {
      const auto link = link_of_address_.find(fmt::format("{}/nvl{}", bdf, message.field("link")));
      if (link != link_of_address_.end()) {
        event.subject = link->second;
        return;
      }
    }
    const auto device = collection_.device_of_function.find(bdf);
    if (device != collection_.device_of_function.end()) {
      event.subject = device->second;
    }
  }

  Collection& collection_;
  const bus::HostTree& tree_;
  std::map<std::string, fabric::LinkId, std::less<>> link_of_address_;
  std::map<std::string, std::size_t> last_of_address_;
  std::map<std::string, std::set<std::int64_t>> told_;  ///< times since boot, by kind and address
  std::optional<base::WallTime> boot_;
  std::vector<observe::Event> events_;
};

/// A file that the user named, anywhere on this machine.
base::Result<std::string> read_file(const std::string& file) {
  const std::filesystem::path path(file);
  const auto folder = path.has_parent_path() ? path.parent_path().string() : std::string(".");
  auto tree = bus::linux_host::DirectoryTree::open(folder);
  if (!tree) {
    return tl::unexpected(tree.error());
  }
  return (*tree)->read(path.filename().string(), kLogBytesMax);
}

}  // namespace kernel_log

void collect_kernel_log(Collection& collection, const std::string& file, base::Duration since) {
  auto& snapshot = collection.snapshot;
  const bool is_own_log = file.empty();
  const auto content = is_own_log ? collection.host.tree->read("dev/kmsg", kernel_log::kLogBytesMax)
                                  : kernel_log::read_file(file);
  kernel_log::EventBuilder events(collection, is_own_log);
  const auto is_old = [&](const wire::kernel_log::Record& record) {
    return is_own_log && record.since_boot && *record.since_boot < since;
  };
  if (content) {
    for (const auto& record : wire::kernel_log::parse_log(*content, kernel_log::kRecordsMax)) {
      if (!is_old(record)) {
        events.add(record);
      }
    }
  } else {
    const auto& error = content.error();
    if (!is_own_log) {
      snapshot.problems.push_back(error.text());
    } else if (error.code == base::Code::kPermissionDenied) {
      snapshot.notes.push_back(
          "the kernel log needs root here (kernel.dmesg_restrict); a log file can "
          "be named instead");
    } else if (error.code == base::Code::kNotFound) {
      snapshot.notes.push_back("the kernel log is not given by this source");
    } else {
      snapshot.notes.push_back("the kernel log could not be read: " + error.text());
    }
  }
  if (is_own_log) {
    // Who made no such instance wants none; that is nothing to tell.
    if (const auto trace =
            collection.host.tree->read(kernel_log::kTraceFile, kernel_log::kLogBytesMax)) {
      for (const auto& record : wire::kernel_log::parse_log(*trace, kernel_log::kRecordsMax)) {
        if (!is_old(record)) {
          events.add_traced(record);
        }
      }
    }
  }
  events.finish();
}

}  // namespace weft::driver
