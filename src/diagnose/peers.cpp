// SPDX-License-Identifier: Apache-2.0
#include "diagnose/peers.h"

#include "diagnose/context.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace weft::diagnose {
namespace {

/// Fewer than this say nothing of what is usual. A house choice.
constexpr int kPeersLeastOfAKind = 3;

bool is_usual(int count, int all) {
  return all >= kPeersLeastOfAKind && count * 3 >= all * 2;
}

template <class Value>
std::optional<Value> usual_of(const std::map<Value, int>& counts) {
  int all = 0;
  for (const auto& [value, count] : counts) {
    all += count;
  }
  std::optional<Value> out;
  for (const auto& [value, count] : counts) {
    if (is_usual(count, all)) {
      out = value;
    }
  }
  return out;
}

template <class Key>
void count_in(std::map<Key, int>& counts, const Key& key, int by) {
  auto& count = counts[key];
  count += by;
  if (count <= 0) {
    counts.erase(key);
  }
}

const fabric::Device* device_at(const observe::Snapshot& look, fabric::PortId port) {
  const auto* found = look.fabric.port(port);
  return found == nullptr ? nullptr : look.fabric.device(found->device);
}

/// Links are peers when the same part hangs on the same class of port.
std::string group_of(const observe::Snapshot& look, const observe::LinkState& link) {
  const auto* device = device_at(look, link.b.port);
  if (link.family != fabric::ProtocolFamily::kPcie || device == nullptr || !link.a.max_rate ||
      !link.a.max_width) {
    return {};
  }
  return fmt::format("{} under {} {}", device->part.part_number, rate_text(*link.a.max_rate),
                     width_text(*link.a.max_width));
}

bool can_be_judged(const observe::LinkState& link) {
  return link.a.max_rate && link.b.max_rate && link.a.max_width && link.b.max_width && link.rate &&
         link.width;
}

}  // namespace

std::string PeerGroup::text() const {
  const auto most =
      std::max_element(running.begin(), running.end(),
                       [](const auto& x, const auto& y) { return x.second < y.second; });
  return most == running.end() || links < 2
             ? std::string()
             : fmt::format("{} of {} like it run {} {}", most->second, links,
                           rate_text(most->first.first), width_text(most->first.second));
}

void Peers::add(const observe::Snapshot& look) {
  ++hosts_;
  count(look, 1);
}

void Peers::remove(const observe::Snapshot& look) {
  --hosts_;
  count(look, -1);
}

void Peers::count(const observe::Snapshot& look, int by) {
  std::set<std::string> groups;
  std::set<std::string> parts;
  for (const auto& link : look.links) {
    if (link.family == fabric::ProtocolFamily::kInfiniband && link.up.value_or(false) &&
        link.data_rate) {
      if (const auto* device = device_at(look, link.a.port)) {
        count_in(infiniband_[device->part.part_number].rates, *link.data_rate, by);
        parts.insert(device->part.part_number);
      }
    } else if (const auto name = can_be_judged(link) ? group_of(look, link) : std::string();
               !name.empty()) {
      auto& group = groups_[name];
      count_in(group.running, PeerGroup::Running{*link.rate, *link.width}, by);
      group.links += by;
      groups.insert(name);
    }
  }
  for (const auto& name : groups) {
    auto& group = groups_[name];
    std::map<base::TransferRate, int> rates;
    std::map<base::LaneCount, int> widths;
    for (const auto& [running, links] : group.running) {
      rates[running.first] += links;
      widths[running.second] += links;
    }
    group.usual_rate = usual_of(rates);
    group.usual_width = usual_of(widths);
  }
  for (const auto& part : parts) {
    auto& ports = infiniband_[part];
    ports.usual = usual_of(ports.rates);
  }
}

std::uint64_t Peers::usual() const {
  std::string all;
  for (const auto& [name, group] : groups_) {
    if (group.usual_rate || group.usual_width) {
      all += fmt::format("{}|{}|{}|", name, group.usual_rate ? rate_text(*group.usual_rate) : "",
                         group.usual_width ? group.usual_width->value() : 0);
    }
  }
  for (const auto& [part, ports] : infiniband_) {
    if (ports.usual) {
      all += fmt::format("{}|{}|", part, data_rate_text(*ports.usual));
    }
  }
  return base::fnv1a64(all);
}

const PeerGroup* Peers::of(const observe::Snapshot& look, const observe::LinkState& link) const {
  const auto found = groups_.find(group_of(look, link));
  return found == groups_.end() || found->second.links < 2 ? nullptr : &found->second;
}

std::optional<base::BitsPerSecond> Peers::usual_rate(const std::string& part) const {
  const auto found = infiniband_.find(part);
  return found == infiniband_.end() ? std::nullopt : found->second.usual;
}

}  // namespace weft::diagnose
