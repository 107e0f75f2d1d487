// SPDX-License-Identifier: Apache-2.0
// NCCL's topology files: shapes that are public (HGX H100 with four NVSwitches, an 8-GPU xGMI mesh,
// a file made by hand for a virtual machine), what they become, and what is refused.
#include "sim/import/nccl_topology.h"

#include "base/temp_folder.h"
#include "sim/rack_network.h"
#include "sim/route.h"
#include "sim/software.h"

#include <fstream>
#include <set>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace weft::sim {
namespace {

/// A GPU in a <pci> of its own, directly under the processor.
std::string gpu_text(int dev, std::string_view links, int sm = 90) {
  return fmt::format(
      R"(<pci busid="0000:{0:x}8:00.0" class="0x030200" link_speed="32.0 GT/s PCIe" )"
      R"(link_width="16"><gpu dev="{0}" sm="{2}" rank="{0}" gdr="1">{1}</gpu></pci>)",
      dev, links, sm);
}

std::string system_text(std::string_view inside) {
  return fmt::format(
      R"(<system version="1"><cpu host_hash="0x1" numaid="0" arch="x86_64" vendor="GenuineIntel" )"
      R"(familyid="6" modelid="143">{}</cpu></system>)",
      inside);
}

/// HGX H100 as NCCL writes it: each GPU with 5, 5, 4 and 4 links to four NVSwitches.
std::string hgx_h100() {
  std::string gpus;
  for (int dev = 0; dev < 8; ++dev) {
    gpus += gpu_text(dev, R"(<nvlink target="0000:07:00.0" count="5" tclass="0x068000"/>)"
                          R"(<nvlink target="0000:06:00.0" count="5" tclass="0x068000"/>)"
                          R"(<nvlink target="0000:05:00.0" count="4" tclass="0x068000"/>)"
                          R"(<nvlink target="0000:08:00.0" count="4" tclass="0x068000"/>)");
  }
  return system_text(gpus);
}

TEST(NcclTopology, hgx_h100_is_the_reference_rack) {
  const auto network = read_nccl_topology(hgx_h100(), "topo.xml");
  ASSERT_TRUE(network) << network.error().text();
  const auto rack = load_network(std::string(WEFT_SOURCE_DIR) + "/racks/hgx-h100.yaml");
  ASSERT_TRUE(rack) << rack.error().text();
  EXPECT_EQ(network->ranks(), 8U);
  EXPECT_EQ(network->nodes().size(), 12U);  // and four NVSwitches
  EXPECT_EQ(network->links(), rack->links());
  EXPECT_DOUBLE_EQ(network->egress(3), rack->egress(3));
  EXPECT_DOUBLE_EQ(network->egress(3), 18 * 25e9);
  EXPECT_EQ(profile_of(*network), Profile::kNvlink4);
  EXPECT_EQ(network->name, "topo");
  EXPECT_TRUE(network->find_link("gpu3/nvl17"));
  // What leads out of the scale-up fabric is left out, and a state may still name it.
  EXPECT_TRUE(network->left_out.contains("gpu0/pcie"));
  for (NodeIndex i = 8; i < 12; ++i) {
    EXPECT_TRUE(network->node(i).can_reduce) << network->node(i).name;
  }
}

TEST(NcclTopology, a_rack_argument_may_be_such_a_file) {
  const base::TempFolder folder("nccl_topology_test");
  const std::string path = folder.path() + "/dump.xml";
  std::ofstream(path) << "<?xml version=\"1.0\"?>\n" << hgx_h100();
  RackOptions options;
  options.ranks = 4;
  const auto network = load_network(path, options);
  ASSERT_TRUE(network) << network.error().text();
  EXPECT_EQ(network->ranks(), 4U);
  EXPECT_EQ(network->name, "dump");
}

TEST(NcclTopology, an_nvswitch_that_is_not_seen_is_one_for_all_hosts) {
  // A GB200 domain of two hosts: NCCL fuses their files.
  std::string text = R"(<system version="1">)";
  for (int rank = 0; rank < 4; ++rank) {
    text += fmt::format(
        R"(<cpu host_hash="0x{}" numaid="{}" arch="arm64"><pci busid="0009:0{}:00.0" )"
        R"(class="0x030200" link_speed="32.0 GT/s PCIe" link_width="16"><gpu dev="{}" sm="100" )"
        R"(rank="{}"><nvlink target="fffffff:ff:ff.0" count="18" tclass="0x068000"/>)"
        R"(<c2c bw="44712" count="5"/></gpu></pci></cpu>)",
        rank / 2, rank % 2, rank, rank % 2, 3 - rank);
  }
  const auto network = read_nccl_topology(text + "</system>", "gb200");
  ASSERT_TRUE(network) << network.error().text();
  EXPECT_EQ(network->nodes().size(), 5U);
  EXPECT_DOUBLE_EQ(network->egress(0), 18 * 50e9);
  // By rank, which the file gives backwards.
  EXPECT_EQ(network->node(0).name, "host1/gpu1");
  EXPECT_EQ(network->node(3).name, "host0/gpu0");
  EXPECT_EQ(network->node(0).domain, network->node(1).domain);
  EXPECT_NE(network->node(1).domain, network->node(2).domain);
}

TEST(NcclTopology, a_gpu_that_lost_its_nvlink_goes_by_pcie) {
  const std::string links = R"(<nvlink target="fffffff:ff:ff.0" count="18" tclass="0x068000"/>)";
  const auto network = read_nccl_topology(
      system_text(gpu_text(0, links) + gpu_text(1, "") + gpu_text(2, links)), "lost");
  ASSERT_TRUE(network) << network.error().text();
  // PCIe 5 x16 for the one, and the others keep NVLink between them.
  EXPECT_NEAR(network->egress(1), 32e9 * 16 / 8, 0.1 * 64e9);
  const Routes routes = Routes::make(*network).value();
  const auto way = routes.path(0, 2);
  ASSERT_EQ(way.size(), 2U);
  EXPECT_EQ(network->node(network->channel(way[0]).to).name, "nvswitch");
  // In a system of several hosts there is no way to it.
  std::string two = system_text(gpu_text(0, links) + gpu_text(1, links));
  two.insert(two.find("</system>"),
             R"(<cpu host_hash="0x2" numaid="0"><pci busid="1" class="0x030200"><gpu dev="0" )"
             R"(sm="90" rank="2"/></pci></cpu>)");
  const auto apart = read_nccl_topology(two, "apart");
  ASSERT_FALSE(apart);
  EXPECT_NE(apart.error().what.find("rank 2 (host1/gpu0) is not reached"), std::string::npos)
      << apart.error().what;
}

TEST(NcclTopology, gpus_joined_directly_count_each_link_once) {
  // MI300X: seven xGMI links of 48 GB/s to the seven others (336 GB/s a GPU).
  std::string gpus;
  for (int dev = 0; dev < 8; ++dev) {
    std::string links;
    for (int other = 0; other < 8; ++other) {
      if (other != dev) {
        links +=
            fmt::format(R"(<xgmi target="0000:{:x}8:00.0" count="1" tclass="0x120000"/>)", other);
      }
    }
    std::string gpu = gpu_text(dev, links, 94);
    gpu.replace(gpu.find("sm="), 7, "sm=\"94\" gcn=\"gfx942\"");
    gpus += gpu;
  }
  const auto network = read_nccl_topology(system_text(gpus), "mi300x");
  ASSERT_TRUE(network) << network.error().text();
  EXPECT_EQ(network->links(), 28U + 8U);  // and the door of each
  EXPECT_DOUBLE_EQ(network->egress(5), 336e9);
}

TEST(NcclTopology, files_made_by_hand_have_bare_pci_for_gpus) {
  // As cloud providers ship them: no <gpu>, widths and speeds without "PCIe", AMD Rome.
  const auto network = read_nccl_topology(
      R"(<system version="1"><cpu numaid="0" arch="x86_64" vendor="AuthenticAMD" familyid="23">
<pci busid="ffff:ff:01.0" class="0x060400" link_speed="16 GT/s" link_width="16">
<pci busid="0001:00:00.0" class="0x030200" link_speed="16 GT/s" link_width="16"/>
<pci busid="0101:00:00.0" class="0x020700" link_speed="16 GT/s" link_width="16"/></pci></cpu>
<cpu numaid="1" arch="x86_64" vendor="AuthenticAMD" familyid="23">
<pci busid="0002:00:00.0" class="0x030200" link_speed="Unknown" link_width="0"/></cpu></system>)",
      "vm.xml");
  ASSERT_TRUE(network) << network.error().text();
  EXPECT_EQ(network->ranks(), 2U);
  EXPECT_NEAR(network->egress(0), 16e9 * 16 / 8, 1e9);
  EXPECT_NEAR(network->egress(1), 8e9 * 16 / 8, 0.5e9);  // PCIe 3, as NCCL
  const auto between = network->find_link("cpu0/cpu1");
  ASSERT_TRUE(between);
  EXPECT_DOUBLE_EQ(network->channel(network->channels_of(*between)[0]).bytes_per_second, 16e9);
}

TEST(NcclTopology, says_all_that_is_wrong_with_lines) {
  const auto wrong = read_nccl_topology(
      "<system version=\"1\">\n<cpu numaid=\"0\">\n"
      "<pci busid=\"1\" class=\"0x030200\" link_speed=\"9 GT/s\">\n"
      "<gpu dev=\"0\" rank=\"0\" sm=\"x\">\n"
      "<nvlink target=\"2\" count=\"3\" tclass=\"0x030200\"/>\n"
      "<nvlink target=\"7\" count=\"1\" tclass=\"0x030200\"/>\n"
      "<nvlink target=\"9\" count=\"999\" tclass=\"0x068000\"/>\n"
      "<c2c count=\"1\"/></gpu></pci>\n"
      "<pci busid=\"2\" class=\"0x030200\" link_width=\"33\">\n"
      "<gpu dev=\"1\" rank=\"0\">\n<nvlink target=\"1\" count=\"2\" tclass=\"0x030200\"/>\n"
      "<nvlink target=\"2\" count=\"1\" tclass=\"0x030200\"/>\n"
      "</gpu></pci></cpu>\n<gpu/></system>",
      "x.xml");
  ASSERT_FALSE(wrong);
  for (const char* const part :
       {"line 3: link_speed", "line 4: sm=\"x\"",
        "line 5: 3 links to 2, which has 2 back (line 11)", "line 6: target 7",
        "line 7: count=\"999\"", "line 8: a <c2c>", "line 9: link_width",
        "line 10: rank 0 is there twice", "line 12: a GPU that is linked to itself",
        "line 14: a <gpu> that is in no <pci>"}) {
    EXPECT_NE(wrong.error().what.find(part), std::string::npos) << part << "\n"
                                                                << wrong.error().what;
  }
}

TEST(NcclTopology, refuses_what_is_no_topology) {
  for (const char* const bad :
       {"", "<", "<graphs/>", "<system>", "<system></cpu>", "<system/>", "<system/><system/>",
        "<system a=1/>", "<system a=\"1/>", "<system a=\"&b;\"/>", "<system a=\"\" a=\"\"/>",
        "<!DOCTYPE x><system/>", "<!-- <system/>", "<?xml", "text<system/>", "<system / >",
        "<system><cpu/><gpu/></system>"}) {
    EXPECT_FALSE(read_nccl_topology(bad, "bad")) << bad;
  }
  std::string deep;
  for (int i = 0; i < 100; ++i) {
    deep += "<a>";
  }
  EXPECT_NE(read_nccl_topology(deep, "deep").error().what.find("64"), std::string::npos);
  // Two parts of one GPU list its links both.
  std::string parts = system_text(gpu_text(0, ""));
  parts.insert(parts.find("</gpu>") + 6, R"(<gpu dev="0" rank="1"/>)");
  EXPECT_NE(read_nccl_topology(parts, "parts").error().what.find("two GPUs at"), std::string::npos);
}

}  // namespace
}  // namespace weft::sim
