// SPDX-License-Identifier: Apache-2.0
#include "sim/import/nccl_topology.h"

#include "base/text.h"
#include "fabric/protocol.h"
#include "sim/import/xml_tree.h"
#include "sim/parameter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace weft::sim {
namespace {

using Elements = std::vector<XmlElement>;
using fabric::ProtocolId;

constexpr std::size_t kNcclMistakesMax = 20;
/// What routes count for a PCIe switch: NVLink's way is the shorter one where both lead.
constexpr std::uint16_t kPcieHopCost = 4;
constexpr std::uint16_t kProcessorHopCost = 16;

/// NVLink of each compute capability, from the newest: a protocol of the table with the lanes of
/// one link, or a rate where the table has none (NCCL's topo.h, GB/s).
struct NvlinkOfGpu {
  std::uint32_t sm_from;
  std::string_view protocol;
  std::uint16_t lanes;
  double gigabytes;
};
constexpr std::array kNvlinks = {
    NvlinkOfGpu{107, "nvlink6", 2, 0}, NvlinkOfGpu{100, "nvlink5", 2, 0},
    NvlinkOfGpu{90, "nvlink4", 2, 0},  NvlinkOfGpu{87, "nvlink3", 4, 0},
    NvlinkOfGpu{86, "", 1, 12},        NvlinkOfGpu{80, "nvlink3", 4, 0},
    NvlinkOfGpu{70, "", 1, 20},        NvlinkOfGpu{0, "", 1, 18},
};
constexpr std::uint32_t kFirstSmThatReduces = 90;  // NVSwitch of generation 3: NVLS
constexpr std::uint32_t kSmWhereNotSaid = 80;      // as NCCL
constexpr std::size_t kNcclAllLinksMax = std::size_t{1} << 18;

/// xGMI by RCCL's topo.h, GB/s of a link, one way.
struct XgmiOfGpu {
  std::string_view gcn;
  double gigabytes;
};
constexpr std::array kXgmis = {XgmiOfGpu{"gfx95", 48}, XgmiOfGpu{"gfx94", 48},
                               XgmiOfGpu{"gfx90a", 36}, XgmiOfGpu{"", 24}};

/// Between the processors of a host, by NCCL's topo.h, GB/s one way; the first row that fits. A
/// model is Intel's `modelid` or AMD's `familyid`.
struct ProcessorLink {
  std::string_view arch, vendor;
  std::uint64_t model_from;
  double gigabytes;
};
constexpr std::array kProcessorLinks = {
    ProcessorLink{"ppc64", "", 0, 32},
    ProcessorLink{"arm64", "", 0, 6},
    ProcessorLink{"x86_64", "GenuineIntel", 0xcf, 40},  // Emerald Rapids
    ProcessorLink{"x86_64", "GenuineIntel", 0x8f, 22},  // Sapphire Rapids
    ProcessorLink{"x86_64", "GenuineIntel", 0x55, 10},  // Skylake
    ProcessorLink{"x86_64", "GenuineIntel", 0, 6},
    ProcessorLink{"x86_64", "AuthenticAMD", 26, 32},  // Zen 5
    ProcessorLink{"x86_64", "AuthenticAMD", 25, 24},  // Zen 3 and 4
    ProcessorLink{"x86_64", "AuthenticAMD", 0, 16},
    ProcessorLink{"", "", 0, 6},
};

/// One GPU of the file.
struct NcclGpu {
  std::size_t element = 0;  ///< the <gpu>, or the <pci> that stands for one
  std::size_t pci = 0;      ///< the <pci> that it is
  std::string host, name;
  std::string busid;
  std::uint32_t sm = 0;
  std::optional<std::uint64_t> rank;
};

/// One link that is wanted, before the network is made.
struct NcclLink {
  std::string a, b;  ///< keys of nodes
  std::string name;
  Channel channel;
  bool is_scale_up = false;
};

class NcclTopology {
 public:
  NcclTopology(const Elements& elements, const RackOptions& options)
      : elements_(elements), options_(options) {}
  std::vector<std::string> mistakes;

  void look() {
    if (elements_[0].name != "system") {
      say(0, "the root element is not <system>: this is no topology of NCCL");
      return;
    }
    for (std::size_t i = 0; i < elements_.size(); ++i) {
      find_gpu(i);
    }
    if (gpus_.empty()) {
      say(0, "there is no GPU");
      return;
    }
    if (gpus_.size() > kNcclGpusMax) {
      say(0, fmt::format("{} GPUs, at most {} are taken", gpus_.size(), kNcclGpusMax));
      return;
    }
    order_gpus();
    for (const NcclGpu& gpu : gpus_) {
      add_uplinks(gpu);
      add_links_of(gpu);
      if (links_.size() > kNcclAllLinksMax) {
        say(gpu.element, fmt::format("more than {} links", kNcclAllLinksMax));
        return;
      }
    }
    check_pairs();
    join_processors();
  }

  [[nodiscard]] Network make(bool is_scale_up_only) const {
    Network network;
    std::map<std::string, NodeIndex> index;
    std::map<std::string, std::uint32_t> domains;
    for (const NcclGpu& gpu : gpus_) {
      if (options_.ranks != 0 && network.ranks() == options_.ranks) {
        break;
      }
      Node node;
      node.name = gpu.name;
      node.domain =
          domains.emplace(gpu.host, static_cast<std::uint32_t>(domains.size())).first->second;
      index[gpu.busid] = network.add_rank(std::move(node));
    }
    const auto is_used = [&](const NcclLink& link) {
      const auto is_there = [&](const std::string& key) {
        return index.contains(key) || nodes_.contains(key);
      };
      return (link.is_scale_up || !is_scale_up_only) && is_there(link.a) && is_there(link.b);
    };
    const std::map<std::string, double> doors = doors_of(network, index, is_used);
    for (const auto& [key, rate] : doors) {
      Node router;
      router.name = network.node(index.at(key)).name + "/router";
      router.kind = NodeKind::kSwitch;
      router.port_to_port = parameter_time("switch.other");
      const NodeIndex rank = index.at(key);
      index[key] = network.add_node(std::move(router));
      Channel door;
      door.bytes_per_second = rate;
      door.lanes = 1;
      door.protocol = protocol_of_first(key, is_used);
      network.add_link(rank, index[key], door, network.node(rank).name + "/door");
    }
    for (const NcclLink& link : links_) {
      if (!is_used(link)) {
        network.left_out.insert(link.name);
        continue;
      }
      for (const std::string& key : {link.a, link.b}) {
        if (!index.contains(key)) {
          index[key] = network.add_node(nodes_.at(key));
        }
      }
      network.add_link(index[link.a], index[link.b], link.channel, link.name);
    }
    network.finish();
    return network;
  }

 private:
  static constexpr std::uint64_t kEveryRankMax = 1'000'000;

  void say(std::size_t element, const std::string& text) {
    if (mistakes.size() < kNcclMistakesMax) {
      mistakes.push_back(fmt::format("line {}: {}", elements_[element].line, text));
    }
  }

  [[nodiscard]] const XmlElement& parent(std::size_t element) const {
    return elements_[elements_[element].parent];
  }

  /// A whole number of an attribute; `otherwise` where it is not there, and where it is none, which
  /// is said.
  std::uint64_t number(std::size_t element, std::string_view key, std::uint64_t otherwise,
                       std::uint64_t most) {
    const std::string_view text = elements_[element].attribute(key);
    if (text.empty()) {
      return otherwise;
    }
    const auto value = base::parse_unsigned(text, text.starts_with("0x") ? 16 : 10);
    if (!value || *value > most) {
      say(element,
          fmt::format("{}=\"{}\" is no number up to {}", key, base::printable(text, 40), most));
      return otherwise;
    }
    return *value;
  }

  /// The <cpu> above an element, 0 where there is none.
  [[nodiscard]] std::size_t processor_of(std::size_t element) const {
    while (element != 0 && elements_[element].name != "cpu") {
      element = elements_[element].parent;
    }
    return element;
  }
  [[nodiscard]] std::string host_of(std::size_t element) const {
    return std::string(elements_[processor_of(element)].attribute("host_hash"));
  }

  void find_gpu(std::size_t i) {
    const XmlElement& element = elements_[i];
    const bool is_gpu = element.name == "gpu";
    bool is_bare = false;
    if (element.name == "pci" && element.attribute("class").starts_with("0x03")) {
      // The element after a <pci> is its first child, if it has one.
      is_bare = i + 1 == elements_.size() || elements_[i + 1].parent != i;
    }
    if (!is_gpu && !is_bare) {
      return;
    }
    NcclGpu gpu;
    gpu.element = i;
    gpu.pci = is_gpu ? element.parent : i;
    if (elements_[gpu.pci].name != "pci") {
      say(i, "a <gpu> that is in no <pci>");
      return;
    }
    gpu.host = host_of(i);
    gpu.busid = gpu.host + " " + std::string(elements_[gpu.pci].attribute("busid"));
    if (!elements_[gpu.pci].has("busid")) {
      say(gpu.pci, "a GPU's <pci> without busid");
    } else if (!busids_.emplace(gpu.busid, gpus_.size()).second) {
      say(i, fmt::format("two GPUs at {}: parts of one GPU share its links, which is not taken",
                         base::printable(elements_[gpu.pci].attribute("busid"), 40)));
    }
    gpu.sm = static_cast<std::uint32_t>(number(i, "sm", kSmWhereNotSaid, 100'000));
    if (element.has("rank") && element.attribute("rank") != "-1") {
      gpu.rank = number(i, "rank", 0, kEveryRankMax);
    }
    if (gpus_.size() <= kNcclGpusMax) {
      gpus_.push_back(std::move(gpu));
    }
  }

  void order_gpus() {
    std::set<std::uint64_t> ranks;
    std::set<std::string> hosts;
    bool is_each = true;
    for (const NcclGpu& gpu : gpus_) {
      hosts.insert(gpu.host);
      is_each = is_each && gpu.rank.has_value();
      if (gpu.rank && !ranks.insert(*gpu.rank).second) {
        say(gpu.element, fmt::format("rank {} is there twice", *gpu.rank));
      }
    }
    std::map<std::string, std::size_t> host_numbers;
    std::map<std::string, std::size_t> next;
    for (NcclGpu& gpu : gpus_) {
      const std::size_t host = host_numbers.emplace(gpu.host, host_numbers.size()).first->second;
      const std::uint64_t dev = number(gpu.element, "dev", next[gpu.host], kEveryRankMax);
      ++next[gpu.host];
      gpu.name =
          hosts.size() > 1 ? fmt::format("host{}/gpu{}", host, dev) : fmt::format("gpu{}", dev);
    }
    if (is_each && ranks.size() == gpus_.size()) {
      std::sort(gpus_.begin(), gpus_.end(),
                [](const NcclGpu& a, const NcclGpu& b) { return *a.rank < *b.rank; });
    }
    for (std::size_t i = 0; i < gpus_.size(); ++i) {
      busids_[gpus_[i].busid] = i;
    }
  }

  /// The key and the node of what a <pci> or <cpu> is.
  std::string node_of(std::size_t element) {
    const XmlElement& at = elements_[element];
    Node node;
    node.kind = NodeKind::kSwitch;
    std::string key = host_of(element);
    if (at.name == "cpu") {
      node.name = fmt::format("cpu{}", base::printable(at.attribute("numaid"), 20));
      node.port_to_port = parameter_time("relay.processor");
      node.hop_cost = kProcessorHopCost;
      // A file may list a processor without a number; the element stands for it then.
      key += fmt::format(" cpu {}", element);
    } else {
      node.name = fmt::format("pcie-{}", base::printable(at.attribute("busid"), 20));
      node.port_to_port = parameter_time("switch.pcie");
      node.hop_cost = kPcieHopCost;
      key += fmt::format(" pci {}", element);
    }
    nodes_.emplace(key, std::move(node));
    return key;
  }

  /// From a <pci> to what holds it, up to the processor; each once.
  void add_uplinks(const NcclGpu& gpu) {
    std::string from = gpu.busid;
    std::string name = gpu.name + "/pcie";
    for (std::size_t at = gpu.pci; elements_[at].name == "pci"; at = elements_[at].parent) {
      const XmlElement& above = parent(at);
      if (above.name != "pci" && above.name != "cpu") {
        say(at, "a <pci> that is in neither a <cpu> nor a <pci>");
        return;
      }
      const bool is_new = seen_uplinks_.insert(at).second;
      const std::string to = node_of(elements_[at].parent);
      if (!is_new) {
        return;
      }
      NcclLink link{from, to, name, pcie_channel(at), false};
      links_.push_back(std::move(link));
      from = to;
      name = nodes_.at(to).name + "/up";
    }
  }

  Channel pcie_channel(std::size_t at) {
    // "16.0 GT/s PCIe", "16 GT/s", or a word.
    const std::string_view speed = elements_[at].attribute("link_speed");
    const auto rate = base::parse_double(speed.substr(0, speed.find(' ')));
    std::optional<ProtocolId> protocol = fabric::find_protocol("pcie3");
    if (rate && (!(*rate > 0) || *rate > 1000)) {
      say(at, fmt::format("link_speed=\"{}\" is no speed", base::printable(speed, 40)));
    } else if (rate) {
      const auto found = fabric::pcie_of(
          base::mega_transfers(static_cast<std::uint64_t>(std::llround(*rate * 1000))));
      protocol = found ? found : protocol;
      if (!found) {
        say(at, fmt::format("link_speed=\"{}\" is no speed of PCIe", base::printable(speed, 40)));
      }
    }
    std::uint64_t lanes = number(at, "link_width", 16, 32);
    lanes = lanes == 0 ? 16 : lanes;
    return channel_of(*protocol, static_cast<std::uint16_t>(lanes));
  }

  static Channel channel_of(ProtocolId protocol, std::uint16_t lanes) {
    Channel channel;
    channel.protocol = protocol;
    channel.lanes = lanes;
    channel.bytes_per_second =
        fabric::payload_rate(fabric::protocol(protocol), base::LaneCount(lanes)).value() / 8;
    channel.latency = parameter_time("latency.phy") + parameter_time("latency.board");
    return channel;
  }
  static Channel channel_of(double gigabytes) {
    Channel channel;
    channel.lanes = 1;
    channel.bytes_per_second = gigabytes * 1e9;
    channel.latency = parameter_time("latency.phy") + parameter_time("latency.board");
    return channel;
  }

  [[nodiscard]] Channel scale_up_channel(const NcclGpu& gpu, bool is_nvlink) const {
    if (!is_nvlink) {
      const std::string_view gcn = elements_[gpu.element].attribute("gcn");
      const auto* const row = std::find_if(kXgmis.begin(), kXgmis.end(), [&](const XgmiOfGpu& of) {
        return gcn.starts_with(of.gcn);
      });
      return channel_of(row->gigabytes);
    }
    const auto* const row =
        std::find_if(kNvlinks.begin(), kNvlinks.end(),
                     [&](const NvlinkOfGpu& of) { return gpu.sm >= of.sm_from; });
    if (row->protocol.empty()) {
      return channel_of(row->gigabytes);
    }
    return channel_of(fabric::find_protocol(row->protocol).value_or(ProtocolId{}), row->lanes);
  }

  void add_links_of(const NcclGpu& gpu) {
    std::uint32_t number_of_link = 0;
    for (std::size_t i = gpu.element + 1;
         i < elements_.size() && elements_[i].parent >= gpu.element; ++i) {
      const XmlElement& element = elements_[i];
      if (element.parent != gpu.element) {
        continue;
      }
      if (element.name == "c2c") {
        add_c2c(gpu, i);
      } else if (element.name == "nvlink" || element.name == "xgmi") {
        add_scale_up(gpu, i, number_of_link);
      }
    }
  }

  /// `bw` is megabytes a second of one link, one way, as NCCL adds it up.
  void add_c2c(const NcclGpu& gpu, std::size_t i) {
    const std::uint64_t megabytes = number(i, "bw", 0, 10'000'000);
    const std::uint64_t count = number(i, "count", 1, kNcclLinksMax);
    const std::size_t processor = processor_of(i);
    if (megabytes == 0 || count == 0 || processor == 0) {
      say(i, "a <c2c> wants bw and count above 0 and a <cpu> around it");
      return;
    }
    Channel channel = channel_of(static_cast<double>(megabytes * count) / 1000);
    links_.push_back({gpu.busid, node_of(processor), gpu.name + "/c2c", channel, false});
  }

  void add_scale_up(const NcclGpu& gpu, std::size_t i, std::uint32_t& number_of_link) {
    const XmlElement& element = elements_[i];
    const std::uint64_t count = number(i, "count", 1, kNcclLinksMax);
    const std::string_view target = element.attribute("target");
    const std::string_view kind = element.attribute("tclass");
    if (target.empty()) {
      say(i, fmt::format("<{}> without target", element.name));
      return;
    }
    const Channel channel = scale_up_channel(gpu, element.name == "nvlink");
    const std::string peer = gpu.host + " " + std::string(target);
    const auto found = kind.starts_with("0x0680") ? busids_.end() : busids_.find(peer);
    if (found == busids_.end() && (kind.starts_with("0x03") || kind.starts_with("0x12"))) {
      say(i, fmt::format("target {} is no GPU of this file", base::printable(target, 40)));
      return;
    }
    std::string key = peer;
    if (found != busids_.end()) {
      if (peer == gpu.busid) {
        say(i, "a GPU that is linked to itself");
        return;
      }
      pairs_[{gpu.busid, peer}] += count;
      pair_element_[{gpu.busid, peer}] = i;
      // Both ends list the link; the one that the other end has already made stands.
      if (pairs_.contains({peer, gpu.busid})) {
        number_of_link += static_cast<std::uint32_t>(count);
        return;
      }
    } else if (kind == "0x068001") {
      key = node_of(processor_of(i));  // Power 9: NVLink to the processor
    } else {
      key = add_nvswitch(gpu, target);
    }
    for (std::uint64_t n = 0; n < count; ++n) {
      links_.push_back({gpu.busid, key, fmt::format("{}/nvl{}", gpu.name, number_of_link++),
                        channel, kind != "0x068001"});
    }
  }

  std::string add_nvswitch(const NcclGpu& gpu, std::string_view target) {
    // NCCL writes this where the switch is not to be seen; it may then be shared by all hosts.
    const bool is_unseen = target.starts_with("fffffff") || target.starts_with("FFFFFFF");
    std::string key = is_unseen ? "nvswitch" : gpu.host + " nvswitch " + std::string(target);
    Node node;
    node.name = is_unseen ? "nvswitch" : fmt::format("nvswitch-{}", base::printable(target, 20));
    node.kind = NodeKind::kSwitch;
    node.port_to_port = parameter_time("switch.nvlink");
    node.can_reduce = node.can_multicast = gpu.sm >= kFirstSmThatReduces;
    nodes_.emplace(key, std::move(node));
    return key;
  }

  /// Where both GPUs list links to each other they are to say the same number.
  void check_pairs() {
    for (const auto& [pair, count] : pairs_) {
      const auto back = pairs_.find({pair.second, pair.first});
      if (pair.first < pair.second && back != pairs_.end() && back->second != count) {
        say(pair_element_.at(pair),
            fmt::format("{} links to {}, which has {} back (line {})", count,
                        base::printable(elements_[pair_element_.at(pair)].attribute("target"), 40),
                        back->second, elements_[pair_element_.at(back->first)].line));
      }
    }
  }

  void join_processors() {
    std::vector<std::size_t> processors;
    for (std::size_t i = 0; i < elements_.size(); ++i) {
      if (elements_[i].name == "cpu" && nodes_.contains(host_of(i) + fmt::format(" cpu {}", i))) {
        processors.push_back(i);
      }
    }
    constexpr std::size_t kProcessorsMax = 256;
    if (processors.size() > kProcessorsMax) {
      say(processors[kProcessorsMax], fmt::format("more than {} processors", kProcessorsMax));
      return;
    }
    for (const std::size_t a : processors) {
      for (const std::size_t b : processors) {
        if (a < b && host_of(a) == host_of(b)) {
          const std::string from = node_of(a), to = node_of(b);
          links_.push_back({from, to,
                            fmt::format("{}/{}", nodes_.at(from).name, nodes_.at(to).name),
                            channel_of(between_processors(a)), false});
        }
      }
    }
  }

  double between_processors(std::size_t i) {
    const XmlElement& cpu = elements_[i];
    const bool is_amd = cpu.attribute("vendor") == "AuthenticAMD";
    const std::uint64_t model = number(i, is_amd ? "familyid" : "modelid", 0, 1'000'000);
    const auto* const row =
        std::find_if(kProcessorLinks.begin(), kProcessorLinks.end(), [&](const ProcessorLink& of) {
          return (of.arch.empty() || of.arch == cpu.attribute("arch")) &&
                 (of.vendor.empty() || of.vendor == cpu.attribute("vendor")) &&
                 model >= of.model_from;
        });
    return row->gigabytes;
  }

  /// GPUs that are joined to GPUs forward for others: they get a router, behind a door as wide as
  /// all of their links.
  template <class IsUsed>
  [[nodiscard]] std::map<std::string, double> doors_of(
      const Network& network, const std::map<std::string, NodeIndex>& index,
      const IsUsed& is_used) const {
    std::map<std::string, double> rates;
    std::set<std::string> with_router;
    for (const NcclLink& link : links_) {
      if (!is_used(link)) {
        continue;
      }
      const bool is_rank_a = index.contains(link.a) && index.at(link.a) < network.ranks();
      const bool is_rank_b = index.contains(link.b) && index.at(link.b) < network.ranks();
      for (const std::string& key : {link.a, link.b}) {
        rates[key] += link.channel.bytes_per_second;
      }
      if (is_rank_a && is_rank_b) {
        with_router.insert(link.a);
        with_router.insert(link.b);
      }
    }
    std::map<std::string, double> out;
    for (const std::string& key : with_router) {
      out[key] = rates[key];
    }
    return out;
  }

  template <class IsUsed>
  [[nodiscard]] ProtocolId protocol_of_first(const std::string& key, const IsUsed& is_used) const {
    for (const NcclLink& link : links_) {
      if (is_used(link) && link.is_scale_up && (link.a == key || link.b == key)) {
        return link.channel.protocol;
      }
    }
    return ProtocolId{};
  }

  const Elements& elements_;
  const RackOptions& options_;
  std::vector<NcclGpu> gpus_;
  std::map<std::string, std::size_t> busids_;  ///< "HOST BUSID" of GPUs: their keys
  std::map<std::string, Node> nodes_;          ///< all but the GPUs, by key
  std::vector<NcclLink> links_;
  std::set<std::size_t> seen_uplinks_;
  std::map<std::pair<std::string, std::string>, std::uint64_t> pairs_;
  std::map<std::pair<std::string, std::string>, std::size_t> pair_element_;
};

}  // namespace

base::Result<Network> read_nccl_topology(std::string_view text, std::string_view file,
                                         const RackOptions& options) {
  const auto elements = parse_xml(text, file);
  if (!elements) {
    return tl::unexpected(elements.error());
  }
  NcclTopology topology(*elements, options);
  topology.look();
  std::vector<std::string> wrong = std::move(topology.mistakes);
  Network network;
  if (wrong.empty()) {
    network = topology.make(true);
    if (options.scale_up_only || network.problems().empty()) {
      wrong = network.problems();
    } else {
      network = topology.make(false);
      wrong = network.problems();
    }
  }
  if (!wrong.empty()) {
    wrong.resize(std::min(wrong.size(), kNcclMistakesMax));
    return base::fail(base::Code::kInvalidArgument, fmt::format("{}", fmt::join(wrong, "; ")),
                      std::string(file), "take the file that NCCL_TOPO_DUMP_FILE names");
  }
  network.name = std::filesystem::path(file).stem().string();
  return network;
}

}  // namespace weft::sim
