// SPDX-License-Identifier: Apache-2.0
#include "sim/flit/flit_network.h"

#include "sim/engine/wait_cycle.h"
#include "sim/switching/voq_switch.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

namespace weft::sim::flit {

namespace {

constexpr std::uint32_t kMaxVcs = 16;
constexpr std::uint32_t kCrossbarCycles = 2;  // allocation won, then crossbar, then the link
constexpr std::uint32_t kSourceCycles = 2;    // from an end's queue into the router's buffer

std::uint32_t lowest(std::uint64_t mask) {
  return static_cast<std::uint32_t>(std::countr_zero(mask));
}

}  // namespace

base::Result<std::unique_ptr<FlitNetwork>> FlitNetwork::make(const packet::Fabric& fabric,
                                                             const FlitOptions& options) {
  const auto refuse = [&](std::string what) {
    return base::fail(base::Code::kInvalidArgument, std::move(what), fabric.network().name,
                      "Use the packet model, or change the network.");
  };
  if (options.vcs == 0 || options.vcs > kMaxVcs || options.buffer_flits == 0 ||
      options.buffer_flits > 4096 || options.packet_flits == 0 || options.iterations == 0 ||
      options.link_cycles == 0 || options.link_cycles + kCrossbarCycles >= kWheel ||
      options.credit_cycles == 0 || options.credit_cycles >= kWheel || !(options.rate >= 0) ||
      !(options.rate <= 1)) {
    return refuse(
        fmt::format("{} VCs of {} flits, packets of {}, links of {} and credits of {} "
                    "cycles, rate {}",
                    options.vcs, options.buffer_flits, options.packet_flits, options.link_cycles,
                    options.credit_cycles, options.rate));
  }
  std::unique_ptr<FlitNetwork> made(new FlitNetwork(fabric, options));
  if (auto built = made->build(); !built) {
    return tl::unexpected(built.error());
  }
  return made;
}

base::Result<void> FlitNetwork::build() {
  const Network& network = fabric_->network();
  const std::uint32_t vcs = options_.vcs;
  std::vector<std::uint32_t> port_of(network.channels().size(), kNone);
  for (NodeIndex n = 0; n < network.nodes().size(); ++n) {
    const std::uint32_t degree = network.last_out(n) - network.first_out(n);
    const bool is_end = network.node(n).kind == NodeKind::kEnd;
    if (degree > (is_end ? 1U : switching::kMaxPorts)) {
      return base::fail(base::Code::kInvalidArgument, fmt::format("{} links", degree),
                        network.node(n).name,
                        "Flit by flit, an end has one link and a switch at most 64.");
    }
    if (is_end) {
      continue;
    }
    routers_.push_back(
        {.node = n, .ports = degree, .first_port = static_cast<std::uint32_t>(ports_.size())});
    for (ChannelIndex c = network.first_out(n); c < network.last_out(n); ++c) {
      port_of[c] = static_cast<std::uint32_t>(ports_.size());
      router_of_port_.push_back(static_cast<std::uint32_t>(routers_.size() - 1));
      ports_.push_back({.free_out = static_cast<std::uint16_t>((1U << vcs) - 1)});
    }
  }
  ends_.resize(network.ranks());
  for (ChannelIndex c = 0; c < network.channels().size(); ++c) {
    if (port_of[c] == kNone) {
      continue;
    }
    Port& port = ports_[port_of[c]];
    const ChannelIndex back = network.channel(c).reverse;
    if (port_of[back] != kNone) {
      port.to_port = port.from_port = port_of[back];
      port.to_router = router_of_port_[port_of[back]];
    } else if (network.channel(c).to < ends_.size()) {
      port.end = network.channel(c).to;
      ends_[port.end].port = port_of[c];
      ends_[port.end].draw = Draw(draw_seed(options_.seed, port.end));
    }
  }
  in_vcs_.resize(ports_.size() * vcs);
  buffers_.resize(ports_.size() * vcs * options_.buffer_flits);
  credits_.assign(ports_.size() * vcs, static_cast<std::uint16_t>(options_.buffer_flits));
  end_credits_.assign(ends_.size() * vcs, static_cast<std::uint16_t>(options_.buffer_flits));
  active_.assign((routers_.size() + 63) / 64, 0);
  return {};
}

void FlitNetwork::run(std::uint64_t cycles, std::uint64_t count_from) {
  count_from_ = count_from;
  for (std::uint64_t i = 0; i < cycles && standstill_.empty(); ++i) {
    cycle(true);
  }
}

void FlitNetwork::drain() {
  while (made_ != arrived_ && standstill_.empty()) {
    cycle(false);
  }
  for (std::uint32_t i = 0; i < kWheel && standstill_.empty(); ++i) {
    cycle(false);  // the last credits
  }
}

void FlitNetwork::cycle(bool makes) {
  land();
  for (End& end : ends_) {
    if (makes && end.draw.uniform() < options_.rate / options_.packet_flits) {
      make_packet(end);
    }
    if (end.head != end.queue.size()) {
      inject(end);
    }
  }
  for (std::size_t word = 0; word < active_.size(); ++word) {
    for (std::uint64_t left = active_[word]; left != 0; left &= left - 1) {
      Router& router = routers_[word * 64 + lowest(left)];
      // Switch first: what gets a virtual channel in this cycle asks for the switch in the next.
      allocate_switch(router);
      allocate_vcs(router);
      if (router.busy == 0) {
        active_[word] &= ~(left & -left);
      }
    }
  }
  if (made_ != arrived_ && now_ - last_move_ > kIdleLimit) {
    name_standstill();
  }
  ++now_;
}

void FlitNetwork::land() {
  auto& flits = flits_[now_ % kWheel];
  for (const Flight& flight : flits) {
    InVc& vc = in_vc(flight.port, flight.vc);
    const std::size_t base =
        (std::size_t{flight.port} * options_.vcs + flight.vc) * options_.buffer_flits;
    buffers_[base + (vc.head + vc.count) % options_.buffer_flits] = flight.flit;
    ++vc.count;
    ports_[flight.port].filled |= static_cast<std::uint16_t>(1U << flight.vc);
    const std::uint32_t router = router_of_port_[flight.port];
    routers_[router].busy |= 1ULL << (flight.port - routers_[router].first_port);
    active_[router / 64] |= 1ULL << (router % 64);
  }
  flits.clear();
  auto& returns = returns_[now_ % kWheel];
  for (const Flight& credit : returns) {
    if (credit.flit == kNone) {
      ++end_credits_[std::size_t{credit.port} * options_.vcs + credit.vc];
    } else {
      ++credits_[std::size_t{credit.port} * options_.vcs + credit.vc];
    }
  }
  returns.clear();
}

void FlitNetwork::make_packet(End& end) {
  std::uint32_t index = free_;
  if (index == kNone) {
    index = static_cast<std::uint32_t>(packets_.size());
    packets_.emplace_back();
  } else {
    free_ = packets_[index].next_free;
  }
  packets_[index] = {.to = end.draw.below(static_cast<std::uint32_t>(ends_.size())),
                     .made = static_cast<std::uint32_t>(now_),
                     .is_counted = now_ >= count_from_};
  made_ += options_.packet_flits;
  if (end.head > 64 && end.head * 2 > end.queue.size()) {
    end.queue.erase(end.queue.begin(), end.queue.begin() + static_cast<std::ptrdiff_t>(end.head));
    end.head = 0;
  }
  end.queue.push_back(index);
}

void FlitNetwork::inject(End& end) {
  std::uint16_t* credits =
      &end_credits_[static_cast<std::size_t>(&end - ends_.data()) * options_.vcs];
  if (end.sent == 0) {
    // A packet keeps its virtual channel; the next one takes the next that has room.
    std::uint32_t tried = 0;
    do {
      end.vc = (end.vc + 1) % options_.vcs;
    } while (credits[end.vc] == 0 && ++tried < options_.vcs);
  }
  if (credits[end.vc] == 0) {
    return;
  }
  --credits[end.vc];
  const std::uint32_t packet = end.queue[end.head];
  const bool is_last = ++end.sent == options_.packet_flits;
  flits_[(now_ + kSourceCycles) % kWheel].push_back(
      {end.port, (packet << 1) | (is_last ? 1U : 0U), end.vc});
  if (is_last) {
    end.sent = 0;
    if (++end.head == end.queue.size()) {
      end.queue.clear();
      end.head = 0;
    }
  }
  last_move_ = now_;
}

void FlitNetwork::allocate_switch(Router& router) {
  std::array<std::uint64_t, switching::kMaxPorts> asking;   // by output: inputs
  std::array<std::uint64_t, switching::kMaxPorts> granted;  // by input: outputs
  std::uint64_t outputs = 0;
  for (std::uint64_t left = router.busy; left != 0; left &= left - 1) {
    const std::uint32_t in = lowest(left);
    const std::uint32_t port = router.first_port + in;
    for (std::uint32_t vcs = ports_[port].active & ports_[port].filled; vcs != 0; vcs &= vcs - 1) {
      const InVc& vc = in_vc(port, lowest(vcs));
      if (credits_[std::size_t{router.first_port + vc.out} * options_.vcs + vc.out_vc] != 0) {
        if ((outputs >> vc.out & 1) == 0) {
          outputs |= 1ULL << vc.out;
          asking[vc.out] = 0;
        }
        asking[vc.out] |= 1ULL << in;
      }
    }
  }
  std::uint64_t free_inputs = ~0ULL;
  std::array<std::pair<std::uint8_t, std::uint8_t>, switching::kMaxPorts> matches;
  std::uint32_t count = 0;
  for (std::uint32_t iteration = 0; iteration < options_.iterations && outputs != 0; ++iteration) {
    std::uint64_t winners = 0;
    for (std::uint64_t left = outputs; left != 0; left &= left - 1) {
      const std::uint32_t out = lowest(left);
      if (const std::uint64_t mask = asking[out] & free_inputs; mask != 0) {
        const std::uint32_t in =
            switching::round_robin(mask, ports_[router.first_port + out].grant);
        if ((winners >> in & 1) == 0) {
          winners |= 1ULL << in;
          granted[in] = 0;
        }
        granted[in] |= 1ULL << out;
      }
    }
    for (std::uint64_t left = winners; left != 0; left &= left - 1) {
      const std::uint32_t in = lowest(left);
      Port& input = ports_[router.first_port + in];
      const std::uint32_t out = switching::round_robin(granted[in], input.accept);
      if (iteration == 0) {
        ports_[router.first_port + out].grant = static_cast<std::uint8_t>((in + 1) % router.ports);
        input.accept = static_cast<std::uint8_t>((out + 1) % router.ports);
      }
      matches[count++] = {static_cast<std::uint8_t>(in), static_cast<std::uint8_t>(out)};
      outputs &= ~(1ULL << out);
    }
    free_inputs &= ~winners;
    if (winners == 0) {
      break;
    }
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto [in, out] = matches[i];
    Port& input = ports_[router.first_port + in];
    std::uint64_t fit = 0;
    for (std::uint32_t vcs = input.active & input.filled; vcs != 0; vcs &= vcs - 1) {
      const InVc& vc = in_vc(router.first_port + in, lowest(vcs));
      const bool has_credit =
          credits_[std::size_t{router.first_port + vc.out} * options_.vcs + vc.out_vc] != 0;
      fit |= vc.out == out && has_credit ? 1ULL << lowest(vcs) : 0;
    }
    const std::uint32_t vc = switching::round_robin(fit, input.vc_turn);
    input.vc_turn = static_cast<std::uint8_t>((vc + 1) % options_.vcs);
    send(router, in, out, vc);
  }
}

void FlitNetwork::send(Router& router, std::uint32_t in, std::uint32_t out,
                       std::uint32_t vc_index) {
  const std::uint32_t in_port = router.first_port + in;
  const std::uint32_t out_port = router.first_port + out;
  InVc& vc = in_vc(in_port, vc_index);
  const std::size_t base = (std::size_t{in_port} * options_.vcs + vc_index) * options_.buffer_flits;
  const std::uint32_t flit = buffers_[base + vc.head];
  vc.head = static_cast<std::uint16_t>((vc.head + 1) % options_.buffer_flits);
  --vc.count;
  ++flit_hops_;
  last_move_ = now_;
  Port& input = ports_[in_port];
  Port& output = ports_[out_port];
  const bool is_last = (flit & 1) != 0;
  const std::uint32_t later =
      static_cast<std::uint32_t>(now_) + kCrossbarCycles + options_.link_cycles;
  if (output.end != kNone) {
    ++arrived_;
    Packet& packet = packets_[flit >> 1];
    counted_flits_ += packet.is_counted ? 1 : 0;
    if (is_last) {
      ++packet.hops;
      arrive(flit >> 1);
    }
    // An end takes everything at once.
  } else {
    --credits_[std::size_t{out_port} * options_.vcs + vc.out_vc];
    if (is_last) {
      ++packets_[flit >> 1].hops;
    }
    flits_[later % kWheel].push_back({output.to_port, flit, vc.out_vc});
  }
  auto& returns = returns_[(now_ + options_.credit_cycles) % kWheel];
  if (input.from_port != kNone) {
    returns.push_back({input.from_port, 0, vc_index});
  } else {
    returns.push_back({input.end, kNone, vc_index});
  }
  if (is_last) {
    output.free_out |= static_cast<std::uint16_t>(1U << vc.out_vc);
    input.active &= static_cast<std::uint16_t>(~(1U << vc_index));
  }
  if (vc.count == 0) {
    input.filled &= static_cast<std::uint16_t>(~(1U << vc_index));
    if (input.filled == 0) {
      router.busy &= ~(1ULL << in);
    }
  }
}

void FlitNetwork::arrive(std::uint32_t index) {
  Packet& packet = packets_[index];
  if (packet.is_counted) {
    ++counted_;
    latency_sum_ += now_ + kCrossbarCycles + options_.link_cycles - packet.made;
    hop_sum_ += packet.hops;
  }
  packet.next_free = free_;
  free_ = index;
}

std::uint32_t FlitNetwork::route(const Router& router, const Packet& packet, std::uint32_t port) {
  const auto ways = fabric_->candidates(router.node, packet.to);
  if (ways.empty()) {
    return kNone;
  }
  std::size_t pick = 0;
  if (ways.size() > 1) {
    pick = mix((std::uint64_t{port} << 32) ^ (now_ << 8) ^ packet.to) % ways.size();
  }
  return ways[pick] - fabric_->network().first_out(router.node);
}

void FlitNetwork::allocate_vcs(Router& router) {
  // Inputs in turn from one that moves each cycle; each takes a free output VC if there is one.
  const std::uint32_t first = static_cast<std::uint32_t>(router.grant_turn++ % router.ports);
  const std::uint64_t ahead = router.busy & (~0ULL << first);
  for (const std::uint64_t part : {ahead, router.busy & ~ahead}) {
    for (std::uint64_t left = part; left != 0; left &= left - 1) {
      const std::uint32_t port = router.first_port + lowest(left);
      Port& input = ports_[port];
      for (std::uint32_t vcs = input.filled & ~std::uint32_t{input.active}; vcs != 0;
           vcs &= vcs - 1) {
        const std::uint32_t index = lowest(vcs);
        InVc& vc = in_vc(port, index);
        const std::size_t base = (std::size_t{port} * options_.vcs + index) * options_.buffer_flits;
        const std::uint32_t out = route(router, packets_[buffers_[base + vc.head] >> 1], port);
        if (out == kNone) {
          continue;
        }
        Port& output = ports_[router.first_port + out];
        if (output.free_out == 0) {
          continue;
        }
        const std::uint32_t out_vc = switching::round_robin(output.free_out, output.out_vc_turn);
        output.out_vc_turn = static_cast<std::uint8_t>((out_vc + 1) % options_.vcs);
        output.free_out &= static_cast<std::uint16_t>(~(1U << out_vc));
        vc.out = static_cast<std::uint8_t>(out);
        vc.out_vc = static_cast<std::uint8_t>(out_vc);
        input.active |= static_cast<std::uint16_t>(1U << index);
      }
    }
  }
}

FlitResult FlitNetwork::result() const {
  FlitResult out;
  const auto counted = static_cast<double>(std::max<std::uint64_t>(1, counted_));
  out.latency = static_cast<double>(latency_sum_) / counted;
  out.hops = static_cast<double>(hop_sum_) / counted;
  const double cycles = static_cast<double>(now_ > count_from_ ? now_ - count_from_ : 1);
  out.accepted = static_cast<double>(counted_flits_) / cycles / static_cast<double>(ends_.size());
  out.flit_hops = flit_hops_;
  out.made = made_;
  out.arrived = arrived_;
  out.inside = made_ - arrived_;
  out.standstill = standstill_;
  return out;
}

bool FlitNetwork::is_conserved() const {
  const auto full = static_cast<std::uint16_t>(options_.buffer_flits);
  const auto is_full = [&](std::uint16_t credits) { return credits == full; };
  return made_ == arrived_ && std::all_of(credits_.begin(), credits_.end(), is_full) &&
         std::all_of(end_credits_.begin(), end_credits_.end(), is_full);
}

std::uint32_t FlitNetwork::holder_before(std::uint32_t port, std::uint32_t index) {
  const Router& router = routers_[router_of_port_[port]];
  const std::size_t base = (std::size_t{port} * options_.vcs + index) * options_.buffer_flits;
  const std::uint32_t head = buffers_[base + in_vc(port, index).head];
  const std::uint32_t out = route(router, packets_[head >> 1], port);
  for (std::uint32_t other = router.first_port; other < router.first_port + router.ports; ++other) {
    for (std::uint32_t vcs = ports_[other].active; vcs != 0; vcs &= vcs - 1) {
      if (in_vc(other, lowest(vcs)).out == out) {
        return other * options_.vcs + lowest(vcs);
      }
    }
  }
  return kWaitsForNothing;
}

void FlitNetwork::name_standstill() {
  // An input VC waits for the input VC behind its output.
  std::vector<std::uint32_t> waits(in_vcs_.size(), kWaitsForNothing);
  for (std::uint32_t port = 0; port < ports_.size(); ++port) {
    for (std::uint32_t vcs = ports_[port].active; vcs != 0; vcs &= vcs - 1) {
      const InVc& vc = in_vc(port, lowest(vcs));
      const Port& output = ports_[routers_[router_of_port_[port]].first_port + vc.out];
      if (output.to_port != kNone) {
        waits[port * options_.vcs + lowest(vcs)] = output.to_port * options_.vcs + vc.out_vc;
      }
    }
  }
  // One without an output VC waits for whoever holds one of that output.
  for (std::uint32_t port = 0; port < ports_.size(); ++port) {
    for (std::uint32_t vcs = ports_[port].filled & ~std::uint32_t{ports_[port].active}; vcs != 0;
         vcs &= vcs - 1) {
      waits[port * options_.vcs + lowest(vcs)] = holder_before(port, lowest(vcs));
    }
  }
  const Standstill found = find_standstill(waits);
  standstill_ = found.is_cycle ? "deadlock:" : "flits wait and nothing moves:";
  constexpr std::size_t kShown = 16;
  for (std::size_t i = 0; i < std::min(kShown, found.waits.size()); ++i) {
    const std::uint32_t port = found.waits[i] / options_.vcs;
    const Router& router = routers_[router_of_port_[port]];
    standstill_ += fmt::format("{} {} port {} VC {}", i == 0 ? "" : " waits for",
                               fabric_->network().node(router.node).name, port - router.first_port,
                               found.waits[i] % options_.vcs);
  }
}

}  // namespace weft::sim::flit
