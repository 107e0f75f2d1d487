// SPDX-License-Identifier: Apache-2.0
// A network flit by flit: input-buffered routers with virtual channels, a two-stage allocator and
// credits, one flit a cycle on each channel. A router costs time only in cycles in which it holds a
// flit. The pipeline follows BookSim2's (virtual-channel allocation, switch allocation, crossbar,
// link: a cycle each, routes known ahead), so that its published curves can be met; routers may
// also stand for a switch chip. Called by `weft sim` for small networks, and by tests as the judge
// of the packet model. Takes any Network; routes are those of packet::Fabric, drawn for each packet
// where there are several. Refuses (make()) nodes of more than 64 ports, more than 16 VCs, several
// links at an end.
#pragma once

#include "base/result.h"
#include "sim/engine/draw.h"
#include "sim/packet/fabric.h"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace weft::sim::flit {

struct FlitOptions {
  std::uint32_t vcs = 8;
  std::uint32_t buffer_flits = 8;  ///< for each VC
  std::uint32_t iterations = 1;    ///< of the switch allocator (iSLIP)
  std::uint32_t packet_flits = 1;
  std::uint32_t link_cycles = 1;
  std::uint32_t credit_cycles = 3;  ///< from a flit's leaving to its credit's use
  double rate = .1;                 ///< flits for each end and cycle, uniform, itself included
  std::uint64_t seed = 1;
};

struct FlitResult {
  double latency = 0;   ///< mean cycles from a packet's making to its last flit's arrival
  double accepted = 0;  ///< flits for each end and cycle that arrived
  double hops = 0;      ///< mean routers of a packet
  std::uint64_t flit_hops = 0;
  std::uint64_t made = 0, arrived = 0, inside = 0;  ///< flits since the start
  std::string standstill;  ///< the cycle of waits, where flits stopped moving
};

class FlitNetwork {
 public:
  [[nodiscard]] static base::Result<std::unique_ptr<FlitNetwork>> make(const packet::Fabric& fabric,
                                                                       const FlitOptions& options);

  /// Runs so many cycles; packets made from `count_from` on are counted.
  void run(std::uint64_t cycles, std::uint64_t count_from);
  /// No new packets until all flits have arrived or nothing moves.
  void drain();
  [[nodiscard]] FlitResult result() const;
  /// All credits are back and nothing is inside; to be asked after drain().
  [[nodiscard]] bool is_conserved() const;

 private:
  static constexpr std::uint32_t kWheel = 16;
  static constexpr std::uint32_t kIdleLimit = 4096;

  struct Packet {
    std::uint32_t to = 0;
    std::uint32_t made = 0;
    std::uint32_t hops = 0;
    std::uint32_t next_free = kNone;
    bool is_counted = false;
  };
  struct InVc {
    std::uint16_t head = 0, count = 0;
    std::uint8_t out = 0, out_vc = 0;
  };
  struct Router {
    NodeIndex node = kNone;
    std::uint32_t ports = 0;
    std::uint32_t first_port = 0;  ///< into ports_
    std::uint64_t busy = 0;        ///< input ports that hold a flit
    std::uint64_t grant_turn = 0;  ///< rotates the VC allocator's first input
  };
  struct Port {
    std::uint32_t to_port = kNone;  ///< input port behind the channel; an end's: kNone
    std::uint32_t to_router = kNone;
    std::uint32_t from_port = kNone;  ///< output port that feeds this input; kNone: an end does
    std::uint32_t end = kNone;        ///< the end on this port
    std::uint16_t filled = 0;         ///< input VCs with flits
    std::uint16_t active = 0;         ///< ... that have an output VC
    std::uint16_t free_out = 0;       ///< output VCs that nobody holds
    std::uint8_t vc_turn = 0, out_vc_turn = 0, grant = 0, accept = 0;
  };
  struct Flight {
    std::uint32_t port = 0;
    std::uint32_t flit = 0;  ///< packet << 1 | is last
    std::uint32_t vc = 0;
  };
  struct End {
    std::vector<std::uint32_t> queue;  ///< packets, first at `head`
    std::size_t head = 0;
    std::uint32_t sent = 0;  ///< flits of the first
    std::uint32_t vc = 0;
    std::uint32_t port = 0;  ///< the router's input port
    Draw draw;
  };

  FlitNetwork(const packet::Fabric& fabric, const FlitOptions& options)
      : fabric_(&fabric), options_(options) {}
  base::Result<void> build();
  void cycle(bool makes);
  void land();
  void make_packet(End& end);
  void inject(End& end);
  void allocate_switch(Router& router);
  void allocate_vcs(Router& router);
  void send(Router& router, std::uint32_t in, std::uint32_t out, std::uint32_t vc);
  void arrive(std::uint32_t packet);
  [[nodiscard]] std::uint32_t route(const Router& router, const Packet& packet, std::uint32_t port);
  void name_standstill();
  [[nodiscard]] std::uint32_t holder_before(std::uint32_t port, std::uint32_t index);
  [[nodiscard]] InVc& in_vc(std::uint32_t port, std::uint32_t vc) {
    return in_vcs_[port * options_.vcs + vc];
  }

  const packet::Fabric* fabric_;
  FlitOptions options_;
  std::vector<Router> routers_;
  std::vector<Port> ports_;
  std::vector<std::uint32_t> router_of_port_;
  std::vector<InVc> in_vcs_;
  std::vector<std::uint32_t> buffers_;      ///< in VC x flits
  std::vector<std::uint16_t> credits_;      ///< out port x VC
  std::vector<std::uint16_t> end_credits_;  ///< end x VC
  std::vector<End> ends_;
  std::vector<std::uint64_t> active_;  ///< routers that hold flits, a bit each
  std::array<std::vector<Flight>, kWheel> flits_;
  std::array<std::vector<Flight>, kWheel> returns_;
  std::vector<Packet> packets_;
  std::uint32_t free_ = kNone;
  std::uint64_t now_ = 0, count_from_ = 0, last_move_ = 0;
  std::uint64_t flit_hops_ = 0, made_ = 0, arrived_ = 0, counted_flits_ = 0;
  std::uint64_t counted_ = 0, latency_sum_ = 0, hop_sum_ = 0;
  std::string standstill_;
};

}  // namespace weft::sim::flit
