// SPDX-License-Identifier: Apache-2.0
#include "sim/packet/fabric.h"

#include "sim/engine/budget.h"

#include <cmath>
#include <map>

#include <fmt/format.h>

namespace weft::sim::packet {

std::uint64_t fixed_ps_per_byte(double bytes_per_second) {
  return static_cast<std::uint64_t>(
      std::llround(1e12 / bytes_per_second * static_cast<double>(1U << kRateBits)));
}

namespace {

/// The only channel into each end; kNone where there are several.
std::vector<ChannelIndex> only_entries(const Network& network) {
  std::vector<ChannelIndex> entry(network.nodes().size(), kNone);
  std::vector<bool> many(network.nodes().size(), false);
  for (ChannelIndex c = 0; c < network.channels().size(); ++c) {
    const NodeIndex to = network.channel(c).to;
    many[to] = many[to] || entry[to] != kNone;
    entry[to] = c;
  }
  for (NodeIndex node = 0; node < many.size(); ++node) {
    if (many[node] || network.node(node).kind != NodeKind::kEnd ||
        (entry[node] != kNone && !network.channel(entry[node]).is_up())) {
      entry[node] = kNone;
    }
  }
  return entry;
}

}  // namespace

base::Result<Fabric> Fabric::make(const Network& network, const Routes& routes,
                                  std::uint64_t memory_bytes) {
  Fabric fabric;
  fabric.network_ = &network;
  const std::size_t nodes = network.nodes().size();
  fabric.last_hop_.resize(nodes);
  const std::vector<ChannelIndex> entries_of = only_entries(network);
  for (NodeIndex node = 0; node < nodes; ++node) {
    if (entries_of[node] != kNone) {
      fabric.last_hop_[node] = {entries_of[node], network.channel(entries_of[node]).from};
    }
  }
  // Ends with one link are reached through its switch: they share that switch's row.
  std::map<NodeIndex, std::uint32_t> row_of_switch;
  std::vector<NodeIndex> end_of_row;
  fabric.row_.assign(nodes, 0);
  for (NodeIndex node = 0; node < nodes; ++node) {
    if (network.node(node).kind != NodeKind::kEnd) {
      continue;
    }
    const auto row = static_cast<std::uint32_t>(end_of_row.size());
    const NodeIndex before = fabric.last_hop_[node].from;
    if (before == kNone || network.node(before).kind == NodeKind::kEnd) {
      fabric.row_[node] = row;
      end_of_row.push_back(node);
    } else {
      const auto [found, is_new] = row_of_switch.emplace(before, row);
      fabric.row_[node] = found->second;
      if (is_new) {
        end_of_row.push_back(node);
      }
    }
  }
  fabric.rows_ = end_of_row.size();
  fabric.column_.assign(nodes, kNone);
  fabric.only_out_.assign(nodes, kNone);
  std::uint32_t columns = 0;
  for (NodeIndex node = 0; node < nodes; ++node) {
    fabric.only_out_[node] = network.first_out(node);
    if (network.node(node).kind == NodeKind::kSwitch ||
        network.last_out(node) - network.first_out(node) != 1) {
      fabric.column_[node] = columns++;
    }
  }
  const std::uint64_t entries = std::uint64_t{columns} * fabric.rows_;
  if (auto fits = check_budget({.memory_bytes = entries * sizeof(std::uint32_t)},
                               {.memory_bytes = memory_bytes}, network.name + ": route table");
      !fits) {
    return tl::unexpected(fits.error());
  }
  fabric.table_.assign(entries, 0);
  fabric.sets_.push_back({});
  for (NodeIndex node = 0; node < nodes; ++node) {
    if (fabric.column_[node] != kNone) {
      fabric.fill(node, routes, end_of_row);
    }
  }
  return fabric;
}

void Fabric::fill(NodeIndex node, const Routes& routes, std::span<const NodeIndex> end_of_row) {
  std::vector<ChannelIndex> next;
  std::map<std::vector<ChannelIndex>, std::uint32_t> known;
  for (std::size_t row = 0; row < rows_; ++row) {
    next.clear();
    if (end_of_row[row] == node) {
      // To itself: out and back by any switch, for what is folded.
      for (ChannelIndex c = network_->first_out(node); c < network_->last_out(node); ++c) {
        next.push_back(c);
      }
    } else {
      routes.next(node, end_of_row[row], next);
    }
    if (next.empty()) {
      continue;
    }
    const auto [found, is_new] = known.emplace(next, static_cast<std::uint32_t>(sets_.size()));
    if (is_new) {
      sets_.push_back(
          {static_cast<std::uint32_t>(pool_.size()), static_cast<std::uint32_t>(next.size())});
      pool_.insert(pool_.end(), next.begin(), next.end());
    }
    table_[std::size_t{column_[node]} * rows_ + row] = found->second;
  }
}

std::size_t Fabric::memory_bytes() const {
  return (row_.size() + column_.size() + only_out_.size() + 2 * last_hop_.size() + table_.size() +
          pool_.size()) *
             sizeof(std::uint32_t) +
         sets_.size() * sizeof(Set);
}

}  // namespace weft::sim::packet
