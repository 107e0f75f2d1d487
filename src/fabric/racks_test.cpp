// SPDX-License-Identifier: Apache-2.0
// The reference racks, by port arithmetic: the counts come from the published figures that each
// file's header names, worked out here by hand, not from the loader.
#include "fabric/graph.h"
#include "fabric/rack.h"
#include "fabric/show.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace weft::fabric {
namespace {

const std::filesystem::path kRacks = std::filesystem::path(WEFT_SOURCE_DIR) / "racks";

Fabric rack(const std::string& name) {
  auto loaded = load_rack((kRacks / (name + ".yaml")).string());
  EXPECT_TRUE(loaded) << name;
  EXPECT_EQ(loaded->problem_text(), "") << name;
  EXPECT_EQ(loaded->fabric.name, name);
  return std::move(loaded->fabric);
}

std::size_t devices(const Fabric& fabric, DeviceKind kind) {
  return static_cast<std::size_t>(
      std::count_if(fabric.devices().begin(), fabric.devices().end(),
                    [&](const Device& device) { return device.kind == kind; }));
}

std::size_t links(const Fabric& fabric, ProtocolFamily family) {
  return static_cast<std::size_t>(
      std::count_if(fabric.links().begin(), fabric.links().end(),
                    [&](const Link& link) { return protocol(link.protocol).family == family; }));
}

std::size_t links(const Fabric& fabric, std::string_view key) {
  return static_cast<std::size_t>(
      std::count_if(fabric.links().begin(), fabric.links().end(),
                    [&](const Link& link) { return protocol(link.protocol).key == key; }));
}

/// Lanes of the device's links that run this family.
std::uint64_t linked_lanes(const Fabric& fabric, const Device& device, ProtocolFamily family) {
  std::uint64_t lanes = 0;
  for (const PortId port : device.ports) {
    const Link* link = fabric.link_at(port);
    if (link != nullptr && protocol(link->protocol).family == family) {
      lanes += link->lanes.value();
    }
  }
  return lanes;
}

double terabytes_both_ways(const Fabric& fabric, ProtocolFamily family) {
  double bits = 0;
  for (const auto& total : totals(fabric)) {
    if (protocol(total.protocol).family == family) {
      bits += total.raw.value();
    }
  }
  return bits * 2 / 8 / 1e12;
}

/// How many links of the family go from this device to each other device.
std::map<std::string, std::size_t> spread(const Fabric& fabric, const Device& device,
                                          ProtocolFamily family) {
  std::map<std::string, std::size_t> out;
  for (const PortId port : device.ports) {
    const Link* link = fabric.link_at(port);
    if (link != nullptr && protocol(link->protocol).family == family) {
      const PortId far = link->a == port ? link->b : link->a;
      ++out[fabric.device(fabric.port(far)->device)->name];
    }
  }
  return out;
}

void each(const Fabric& fabric, DeviceKind kind, const std::function<void(const Device&)>& body) {
  for (const auto& device : fabric.devices()) {
    if (device.kind == kind) {
      SCOPED_TRACE(device.name);
      body(device);
    }
  }
}

TEST(Racks, EachFileIsCheckedHereAndFitsTwoPages) {
  const std::set<std::string> known = {
      "active-optical-pcie", "gpu-server-8",  "hgx-h100",   "nvl72",
      "pcie6-fabric-rack",   "reference-pod", "small-pod",  "tpu-cube",
      "trn2-ultraserver",    "ualink-72",     "vr200-nvl72"};
  std::set<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(kRacks)) {
    if (entry.path().extension() != ".yaml") {
      continue;
    }
    found.insert(entry.path().stem().string());
    std::ifstream in(entry.path());
    std::string first;
    std::string line;
    std::size_t lines = 0;
    bool says_modelled = false;
    while (std::getline(in, line)) {
      first = lines == 0 ? line : first;
      says_modelled =
          says_modelled || (line.starts_with("#") && line.find("Modelled:") != line.npos);
      ++lines;
    }
    EXPECT_EQ(first, "# yaml-language-server: $schema=../docs/formats/rack.schema.json")
        << entry.path();
    EXPECT_TRUE(says_modelled) << entry.path();
    EXPECT_LE(lines, 120U) << entry.path();
  }
  EXPECT_EQ(found, known);
}

TEST(Racks, TheExampleOfTheFormatsPageIsInOrder) {
  std::ifstream in(kRacks.parent_path() / "docs/formats/rack-file.md");
  std::string line;
  std::string example;
  while (std::getline(in, line) && line != "weftline: rack/1") {
  }
  for (example = line + '\n'; std::getline(in, line) && !line.starts_with("```");) {
    example += line + '\n';
  }
  const auto loaded = load_rack_text(example, "rack-file.md");
  EXPECT_EQ(loaded.problem_text(), "");
  EXPECT_EQ(loaded.fabric.links().size(), 1296U);
}

TEST(Racks, IdsAreTheSameOnEachLoad) {
  const Fabric one = rack("nvl72");
  const Fabric two = rack("nvl72");
  ASSERT_EQ(one.links().size(), two.links().size());
  for (std::size_t i = 0; i < one.links().size(); ++i) {
    EXPECT_EQ(one.links()[i].id, two.links()[i].id);
    EXPECT_EQ(one.links()[i].id, LinkId::of(one.links()[i].name));
  }
}

TEST(Racks, ReferencePod) {
  const Fabric pod = rack("reference-pod");
  EXPECT_EQ(devices(pod, DeviceKind::kHost), 8U);
  EXPECT_EQ(devices(pod, DeviceKind::kAccelerator), 64U);
  EXPECT_EQ(devices(pod, DeviceKind::kMemoryController), 32U);
  EXPECT_EQ(devices(pod, DeviceKind::kProcessor), 16U);
  EXPECT_EQ(devices(pod, DeviceKind::kNic), 64U);
  EXPECT_EQ(devices(pod, DeviceKind::kStorage), 64U);
  EXPECT_EQ(devices(pod, DeviceKind::kRetimer), 64U);
  EXPECT_EQ(devices(pod, DeviceKind::kCableModule), 128U);
  std::size_t scale_up = 0;
  each(pod, DeviceKind::kSwitch, [&](const Device& device) {
    if (device.lanes.value() != 320) {
      return;
    }
    ++scale_up;
    EXPECT_EQ(linked_lanes(pod, device, ProtocolFamily::kPcie), 256U);
    EXPECT_EQ(spread(pod, device, ProtocolFamily::kPcie).size(), 64U);
  });
  EXPECT_EQ(scale_up, 16U);
  each(pod, DeviceKind::kAccelerator, [&](const Device& gpu) {
    EXPECT_EQ(linked_lanes(pod, gpu, ProtocolFamily::kPcie), 64U + 16U);
    EXPECT_EQ(spread(pod, gpu, ProtocolFamily::kPcie).size(), 16U + 1U);
  });
  EXPECT_EQ(links(pod, "cxl2"), 32U);
  EXPECT_EQ(links(pod, "eth-800g-100"), 64U + 4U);
  const auto coherent = std::count_if(pod.links().begin(), pod.links().end(), [](const Link& link) {
    return !link.segments.empty() && link.segments[0].medium == Medium::kCoherent;
  });
  EXPECT_EQ(coherent, 4);
}

TEST(Racks, HgxH100) {
  const Fabric hgx = rack("hgx-h100");
  EXPECT_EQ(devices(hgx, DeviceKind::kRetimer), 8U);
  EXPECT_EQ(links(hgx, "nvlink4"), 144U);
  EXPECT_EQ(links(hgx, "pcie5"), 8U);
  each(hgx, DeviceKind::kAccelerator, [&](const Device& gpu) {
    const auto to = spread(hgx, gpu, ProtocolFamily::kNvlink);
    std::multiset<std::size_t> counts;
    for (const auto& [name, count] : to) {
      counts.insert(count);
    }
    EXPECT_EQ(counts, (std::multiset<std::size_t>{4, 4, 5, 5}));
  });
  EXPECT_DOUBLE_EQ(terabytes_both_ways(hgx, ProtocolFamily::kNvlink), 8 * 0.9);
  // Each retimer stands in one GPU's way, and in no other's.
  const Graph graph(hgx);
  each(hgx, DeviceKind::kRetimer,
       [&](const Device& retimer) { EXPECT_EQ(graph.links_through(retimer.id).size(), 1U); });
}

TEST(Racks, Nvl72) {
  const Fabric nvl = rack("nvl72");
  EXPECT_EQ(devices(nvl, DeviceKind::kHost), 18U);
  EXPECT_EQ(devices(nvl, DeviceKind::kAccelerator), 72U);
  EXPECT_EQ(devices(nvl, DeviceKind::kProcessor), 36U);
  EXPECT_EQ(devices(nvl, DeviceKind::kSwitch), 18U);
  EXPECT_EQ(links(nvl, ProtocolFamily::kNvlink), 1296U);
  std::uint64_t pairs = 0;
  for (const auto& link : nvl.links()) {
    pairs += protocol(link.protocol).key == "nvlink5" ? link.lanes.value() * 2 : 0;
  }
  EXPECT_EQ(pairs, 5184U);
  EXPECT_NEAR(terabytes_both_ways(nvl, ProtocolFamily::kNvlink), 72 * 1.8, 1e-9);
  each(nvl, DeviceKind::kAccelerator, [&](const Device& gpu) {
    const auto to = spread(nvl, gpu, ProtocolFamily::kNvlink);
    EXPECT_EQ(to.size(), 18U);  // one to every switch
  });
  each(nvl, DeviceKind::kSwitch, [&](const Device& device) {
    EXPECT_EQ(spread(nvl, device, ProtocolFamily::kNvlink).size(), 72U);
  });
}

TEST(Racks, Vr200Nvl72) {
  const Fabric vr = rack("vr200-nvl72");
  EXPECT_EQ(devices(vr, DeviceKind::kAccelerator), 72U);
  EXPECT_EQ(links(vr, ProtocolFamily::kNvlink), 72U * 36);
  EXPECT_NEAR(terabytes_both_ways(vr, ProtocolFamily::kNvlink), 72 * 3.6, 1e-9);  // 260 TB/s
  each(vr, DeviceKind::kSwitch, [&](const Device& device) {
    EXPECT_EQ(spread(vr, device, ProtocolFamily::kNvlink).size(), 72U);
  });
}

TEST(Racks, Ualink72) {
  const Fabric helios = rack("ualink-72");
  EXPECT_EQ(devices(helios, DeviceKind::kHost), 18U);
  EXPECT_EQ(devices(helios, DeviceKind::kAccelerator), 72U);
  EXPECT_EQ(devices(helios, DeviceKind::kProcessor), 18U);
  each(helios, DeviceKind::kAccelerator, [&](const Device& gpu) {
    EXPECT_EQ(linked_lanes(helios, gpu, ProtocolFamily::kUalink), 72U);
  });
  each(helios, DeviceKind::kSwitch, [&](const Device& device) {
    EXPECT_EQ(linked_lanes(helios, device, ProtocolFamily::kUalink), 432U);
    EXPECT_EQ(device.lanes.value(), 512U);
  });
  // 72 lanes of 200G payload: 3.6 TB/s an accelerator.
  const auto& row = protocol(*find_protocol("ualink200"));
  const double lane = row.line_rate.value() * row.encoding_efficiency * row.fec_efficiency;
  EXPECT_NEAR(lane * 72 * 2 / 8 / 1e12, 3.6, 1e-9);
  // Scale-out: 216 NICs of 800G are 43 TB/s.
  EXPECT_EQ(devices(helios, DeviceKind::kNic), 216U);
  EXPECT_NEAR(216 * 800e9 * 2 / 8 / 1e12, 43.2, 1e-9);
}

TEST(Racks, Trn2UltraServer) {
  const Fabric trn = rack("trn2-ultraserver");
  EXPECT_EQ(devices(trn, DeviceKind::kAccelerator), 64U);
  EXPECT_EQ(links(trn, "neuronlink3"), 64U * 3);
  std::size_t cables = 0;
  for (const auto& link : trn.links()) {
    cables += !link.segments.empty() && link.segments[0].medium == Medium::kAec ? 1 : 0;
  }
  EXPECT_EQ(cables, 64U);
  each(trn, DeviceKind::kAccelerator, [&](const Device& chip) {
    EXPECT_EQ(linked_lanes(trn, chip, ProtocolFamily::kOther), 160U);
    EXPECT_EQ(spread(trn, chip, ProtocolFamily::kOther).size(), 6U);
  });
  // A 4 x 4 x 4 torus: two steps at most in each dimension.
  const Graph graph(trn);
  const auto from = trn.device_named("instance0/chip0-0")->id;
  EXPECT_EQ(graph.path(from, trn.device_named("instance2/chip2-2")->id)->size(), 6U);
  EXPECT_EQ(graph.path(from, trn.device_named("instance3/chip3-3")->id)->size(), 3U);
  EXPECT_EQ(devices(trn, DeviceKind::kNic) * 200 / 4, 3200U);  // Gb/s an instance
}

TEST(Racks, TpuCube) {
  const Fabric cube = rack("tpu-cube");
  EXPECT_EQ(devices(cube, DeviceKind::kAccelerator), 64U);
  std::size_t copper = 0;
  std::size_t optical = 0;
  for (const auto& link : cube.links()) {
    const Medium medium = link.segments.at(0).medium;
    copper += medium == Medium::kDac ? 1 : 0;
    optical += medium == Medium::kDspOptics ? 1 : 0;
  }
  EXPECT_EQ(copper, 144U);
  EXPECT_EQ(optical, 96U);
  std::map<std::string, int> trays;
  each(cube, DeviceKind::kAccelerator, [&](const Device& tpu) {
    EXPECT_EQ(linked_lanes(cube, tpu, ProtocolFamily::kOther), 48U);
    ++trays[tpu.position.tray];
  });
  EXPECT_EQ(trays.size(), 16U);
  for (const auto& [tray, count] : trays) {
    EXPECT_EQ(count, 4) << tray;
  }
}

TEST(Racks, Pcie6FabricRack) {
  const Fabric fabric = rack("pcie6-fabric-rack");
  EXPECT_EQ(devices(fabric, DeviceKind::kStorage), 128U);
  std::size_t switches = 0;
  each(fabric, DeviceKind::kSwitch, [&](const Device& device) {
    if (device.lanes.value() == 64) {
      ++switches;
      EXPECT_EQ(linked_lanes(fabric, device, ProtocolFamily::kPcie), 64U);
    }
  });
  EXPECT_EQ(switches, 32U);
  // Without its retimed uplink, a switch's GPU, NIC and four drives are gone from the CPU's view.
  const Graph graph(fabric);
  const Link* uplink = fabric.link_named("server0/cpu0/pcie0--server0/switch0/up0");
  ASSERT_NE(uplink, nullptr);
  EXPECT_EQ(graph.downstream(uplink->id).size(),
            1U + 1 + 1 + 4 + 1);  // with the leaf behind the NIC
}

TEST(Racks, ActiveOpticalPcie) {
  const Fabric fabric = rack("active-optical-pcie");
  std::size_t at_limit = 0;
  for (const auto& link : fabric.links()) {
    for (const auto& segment : link.segments) {
      EXPECT_LE(segment.length, kPcieFibreLengthMax);
      at_limit += segment.medium == Medium::kAoc && segment.length == kPcieFibreLengthMax ? 1 : 0;
    }
  }
  EXPECT_EQ(at_limit, 4U);
  EXPECT_EQ(links(fabric, "cxl2"), 4U);
  std::set<std::string> places;
  for (const auto& device : fabric.devices()) {
    places.insert(device.position.rack);
  }
  EXPECT_EQ(places, (std::set<std::string>{"a", "b"}));
}

TEST(Racks, GpuServer8) {
  const Fabric server = rack("gpu-server-8");
  EXPECT_EQ(devices(server, DeviceKind::kAccelerator), 8U);
  EXPECT_EQ(devices(server, DeviceKind::kNic), 8U);
  EXPECT_EQ(devices(server, DeviceKind::kStorage), 8U);
  EXPECT_EQ(links(server, "pcie5"), 4U + 8 + 8 + 8);
  each(server, DeviceKind::kSwitch, [&](const Device& device) {
    EXPECT_LE(linked_lanes(server, device, ProtocolFamily::kPcie), 144U);
  });
  EXPECT_EQ(server.match.at(server.device_named("server0/gpu3")->id).slot, "4");
}

TEST(Racks, SmallPodHasOneOfEveryKindOfLink) {
  const Fabric pod = rack("small-pod");
  // Each of 2 servers: up, CXL, 2 GPUs, 2 NICs, a drive. 4 GPUs have 2 ports up; 4 NICs to the
  // leaf; 5 from leaf to spine.
  EXPECT_EQ(links(pod, ProtocolFamily::kPcie), 2U * 6);
  EXPECT_EQ(links(pod, ProtocolFamily::kCxl), 2U);
  EXPECT_EQ(links(pod, ProtocolFamily::kUalink), 4U * 2);
  EXPECT_EQ(links(pod, ProtocolFamily::kEthernet), 4U + 5);
  EXPECT_EQ(devices(pod, DeviceKind::kRetimer), 4U);
  // Both ends of 4 smart cables and of 2 optics.
  EXPECT_EQ(devices(pod, DeviceKind::kCableModule), 2U * 4 + 2 * 2);
  std::set<Medium> media;
  for (const Link& link : pod.links()) {
    for (const Segment& segment : link.segments) {
      media.insert(segment.medium);
    }
  }
  EXPECT_EQ(media, (std::set<Medium>{Medium::kBoard, Medium::kConnector, Medium::kDac, Medium::kAcc,
                                     Medium::kAec, Medium::kDspOptics, Medium::kLpo}));
}

}  // namespace
}  // namespace weft::fabric
