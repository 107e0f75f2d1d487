// SPDX-License-Identifier: Apache-2.0
// One bottleneck and its queue by ns-3 (Debian's libns3-dev, GPL-2.0): sources with a link each
// into a node that sends all of it over one link, first come first served. A program of its own,
// compiled by fifo_judge_test.cpp where ns-3 is installed; no part of the build and of no package.
//
// Reads "link SOURCE_BITS_PER_S BOTTLENECK_BITS_PER_S LATENCY_PS PACKET_BYTES" and lines
// "flow START_PS PACKETS", each from a source of its own. Prints, by flow, the picosecond at which
// its last bit is there.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <string>
#include <vector>

#include <ns3/core-module.h>
#include <ns3/network-module.h>
#include <ns3/point-to-point-module.h>

namespace {

constexpr std::uint16_t kIpv4 = 0x0800;  // what ns-3's PPP header can say
constexpr std::uint32_t kPppBytes = 2;

struct Flow {
  std::int64_t start = 0;
  std::uint64_t packets = 0;
  std::int64_t end = -1;
};

ns3::NetDeviceContainer join(ns3::Ptr<ns3::Node> a, ns3::Ptr<ns3::Node> b, std::uint64_t rate,
                             std::int64_t latency) {
  ns3::PointToPointHelper helper;
  helper.SetDeviceAttribute("DataRate", ns3::DataRateValue(ns3::DataRate(rate)));
  helper.SetDeviceAttribute("Mtu", ns3::UintegerValue(65000));
  helper.SetChannelAttribute("Delay", ns3::TimeValue(ns3::PicoSeconds(latency)));
  helper.SetQueue("ns3::DropTailQueue<Packet>", "MaxSize", ns3::StringValue("100000000p"));
  return helper.Install(a, b);
}

}  // namespace

int main() {
  ns3::Time::SetResolution(ns3::Time::PS);
  std::uint64_t source_rate = 0, rate = 0;
  std::int64_t latency = 0;
  std::uint32_t bytes = 0;
  std::vector<Flow> flows;
  for (std::string word; std::cin >> word;) {
    if (word == "link") {
      std::cin >> source_rate >> rate >> latency >> bytes;
    } else {
      Flow flow;
      std::cin >> flow.start >> flow.packets;
      flows.push_back(flow);
    }
  }
  ns3::NodeContainer nodes;
  nodes.Create(2);
  const auto bottleneck = join(nodes.Get(0), nodes.Get(1), rate, latency);
  nodes.Get(0)->RegisterProtocolHandler(
      [&](ns3::Ptr<ns3::NetDevice>, ns3::Ptr<const ns3::Packet> packet, std::uint16_t,
          const ns3::Address&, const ns3::Address&, ns3::NetDevice::PacketType) {
        bottleneck.Get(0)->Send(packet->Copy(), bottleneck.Get(1)->GetAddress(), kIpv4);
      },
      kIpv4, nullptr);
  std::vector<std::uint64_t> left;
  for (const Flow& flow : flows) {
    left.push_back(flow.packets);
  }
  nodes.Get(1)->RegisterProtocolHandler(
      [&](ns3::Ptr<ns3::NetDevice>, ns3::Ptr<const ns3::Packet> packet, std::uint16_t,
          const ns3::Address&, const ns3::Address&, ns3::NetDevice::PacketType) {
        std::uint32_t number = 0;
        packet->CopyData(reinterpret_cast<std::uint8_t*>(&number), sizeof(number));
        if (--left[number] == 0) {
          flows[number].end = ns3::Simulator::Now().GetPicoSeconds();
        }
      },
      kIpv4, nullptr);
  for (std::uint32_t i = 0; i < flows.size(); ++i) {
    const auto source = ns3::CreateObject<ns3::Node>();
    const auto devices = join(source, nodes.Get(0), source_rate, latency);
    ns3::Simulator::Schedule(ns3::PicoSeconds(flows[i].start), [=, &flows] {
      std::vector<std::uint8_t> content(bytes - kPppBytes);
      std::memcpy(content.data(), &i, sizeof(i));
      for (std::uint64_t n = 0; n < flows[i].packets; ++n) {
        devices.Get(0)->Send(ns3::Create<ns3::Packet>(content.data(), bytes - kPppBytes),
                             devices.Get(1)->GetAddress(), kIpv4);
      }
    });
  }
  ns3::Simulator::Run();
  for (const Flow& flow : flows) {
    std::printf("%lld\n", static_cast<long long>(flow.end));
  }
  ns3::Simulator::Destroy();
  return 0;
}
