// SPDX-License-Identifier: Apache-2.0
#include "fabric/graph.h"

#include <algorithm>
#include <deque>

namespace weft::fabric {

Graph::Graph(const Fabric& fabric) : fabric_(fabric), edges_(fabric.devices().size()) {
  for (std::size_t i = 0; i < fabric.devices().size(); ++i) {
    devices_.emplace(fabric.devices()[i].id, i);
  }
  for (std::size_t i = 0; i < fabric.links().size(); ++i) {
    const Link& link = fabric.links()[i];
    if (link.a.is_null() || link.b.is_null()) {
      continue;  // it leads to what is not seen
    }
    const std::size_t a = devices_.at(fabric.owner(link.a));
    const std::size_t b = devices_.at(fabric.owner(link.b));
    links_.emplace(link.id, i);
    edges_[a].push_back({i, b, true});
    edges_[b].push_back({i, a, false});
  }
}

std::optional<std::size_t> Graph::index_of(DeviceId device) const {
  const auto at = devices_.find(device);
  return at == devices_.end() ? std::nullopt : std::optional(at->second);
}

std::optional<std::size_t> Graph::index_of(LinkId link) const {
  const auto at = links_.find(link);
  return at == links_.end() ? std::nullopt : std::optional(at->second);
}

std::vector<LinkId> Graph::links_of(DeviceId device) const {
  std::vector<LinkId> out;
  const auto index = index_of(device);
  if (!index) {
    return out;
  }
  for (const auto& edge : edges_[*index]) {
    const LinkId id = fabric_.links()[edge.link].id;
    if (out.empty() || out.back() != id) {  // a link from a device to itself has two edges
      out.push_back(id);
    }
  }
  return out;
}

std::vector<LinkId> Graph::links_through(DeviceId retimer) const {
  std::vector<LinkId> out;
  for (const auto& link : fabric_.links()) {
    if (std::any_of(link.segments.begin(), link.segments.end(),
                    [&](const Segment& segment) { return segment.retimer_after == retimer; })) {
      out.push_back(link.id);
    }
  }
  return out;
}

std::optional<std::vector<Hop>> Graph::path(DeviceId from, DeviceId to) const {
  const auto start = index_of(from);
  const auto goal = index_of(to);
  if (!start || !goal) {
    return std::nullopt;
  }
  struct Arrival {
    std::size_t from = 0;
    std::size_t link = 0;
  };
  std::vector<std::optional<Arrival>> arrivals(edges_.size());
  std::deque<std::size_t> queue = {*start};
  arrivals[*start] = Arrival{*start, 0};
  while (!queue.empty() && !arrivals[*goal]) {
    const std::size_t here = queue.front();
    queue.pop_front();
    for (const auto& edge : edges_[here]) {
      if (!arrivals[edge.to]) {
        arrivals[edge.to] = Arrival{here, edge.link};
        queue.push_back(edge.to);
      }
    }
  }
  if (!arrivals[*goal]) {
    return std::nullopt;
  }
  std::vector<Hop> hops;
  for (std::size_t here = *goal; here != *start; here = arrivals[here]->from) {
    hops.push_back({fabric_.links()[arrivals[here]->link].id, fabric_.devices()[here].id});
  }
  std::reverse(hops.begin(), hops.end());
  return hops;
}

std::vector<bool> Graph::reach(std::size_t from, bool forward_only,
                               std::optional<std::size_t> without) const {
  std::vector<bool> seen(edges_.size());
  std::vector<std::size_t> open = {from};
  seen[from] = true;
  while (!open.empty()) {
    const std::size_t here = open.back();
    open.pop_back();
    for (const auto& edge : edges_[here]) {
      if (edge.link != without && (edge.is_forward || !forward_only) && !seen[edge.to]) {
        seen[edge.to] = true;
        open.push_back(edge.to);
      }
    }
  }
  return seen;
}

std::vector<DeviceId> Graph::downstream(LinkId link) const {
  std::vector<DeviceId> out;
  const auto index = index_of(link);
  if (!index) {
    return out;
  }
  const auto below = devices_.at(fabric_.owner(fabric_.links()[*index].b));
  const auto seen = reach(below, true, index);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (seen[i]) {
      out.push_back(fabric_.devices()[i].id);
    }
  }
  return out;
}

std::vector<DeviceId> Graph::cut_off(LinkId link) const {
  std::vector<DeviceId> out;
  const auto index = index_of(link);
  if (!index) {
    return out;
  }
  const auto above = devices_.at(fabric_.owner(fabric_.links()[*index].a));
  const auto before = reach(above, false, std::nullopt);
  const auto after = reach(above, false, index);
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] && !after[i]) {
      out.push_back(fabric_.devices()[i].id);
    }
  }
  return out;
}

}  // namespace weft::fabric
