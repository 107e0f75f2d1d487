// SPDX-License-Identifier: Apache-2.0
#include "sim/import/astra.h"

#include "base/text.h"
#include "fabric/rack.h"
#include "fabric/yaml_tree.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace weft::sim {
namespace {

using fabric::YamlNode;

constexpr std::size_t kAstraMistakesMax = 20;
constexpr std::size_t kAstraNodesMax = 10'000;
constexpr double kAstraGigabyte = 1024.0 * 1024 * 1024;

enum class Block : std::uint8_t { kRing, kFullyConnected, kSwitch };

struct Dimension {
  Block block = Block::kRing;
  std::uint32_t npus = 1;
  double bytes_per_second = 0;
  Ps latency = 0;
};

class AstraMistakes {
 public:
  void say(const YamlNode& at, std::string_view text) {
    if (list_.size() < kAstraMistakesMax) {
      list_.push_back(at.place.line > 0 ? fmt::format("line {}: {}", at.place.line, text)
                                        : std::string(text));
    }
  }
  [[nodiscard]] bool none() const { return list_.empty(); }
  [[nodiscard]] tl::unexpected<base::Error> error(std::string_view file) const {
    return base::fail(base::Code::kInvalidArgument, fmt::format("{}", fmt::join(list_, "; ")),
                      std::string(file));
  }

 private:
  std::vector<std::string> list_;
};

base::Result<YamlNode> astra_map(std::string_view text, std::string_view file) {
  if (text.size() > kAstraBytesMax) {
    return base::fail(base::Code::kInvalidArgument, "larger than 1 MiB", std::string(file));
  }
  auto tree = fabric::parse_yaml(text, kAstraNodesMax);
  if (!tree) {
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("line {}: {}", tree.error().place.line, tree.error().what),
                      std::string(file), tree.error().hint);
  }
  if (tree->kind != YamlNode::Kind::kMap) {
    return base::fail(base::Code::kInvalidArgument, "line 1: a map of keys is wanted",
                      std::string(file));
  }
  return std::move(*tree);
}

/// The scalars of a list, or the one scalar.
std::vector<const YamlNode*> scalars(const YamlNode& node, AstraMistakes& mistakes) {
  std::vector<const YamlNode*> out;
  if (node.kind == YamlNode::Kind::kScalar) {
    return {&node};
  }
  for (const YamlNode& item : node.items) {
    if (item.kind != YamlNode::Kind::kScalar) {
      mistakes.say(item, "a list of plain values is wanted");
      return {};
    }
    out.push_back(&item);
  }
  if (out.empty()) {
    mistakes.say(node, "a list of values is wanted, one a dimension");
  }
  return out;
}

double astra_number(const YamlNode& node, double least, double most, AstraMistakes& mistakes) {
  const auto value = base::parse_double(node.text);
  if (!value || !std::isfinite(*value) || *value < least || *value > most) {
    mistakes.say(node, fmt::format("\"{}\" is no number from {} to {}",
                                   base::printable(node.text, 40), least, most));
    return least;
  }
  return *value;
}

std::uint32_t astra_count(const YamlNode& node, std::uint32_t most, AstraMistakes& mistakes) {
  const auto value = base::parse_unsigned(node.text);
  if (!value || *value < 1 || *value > most) {
    mistakes.say(node, fmt::format("\"{}\" is no whole number from 1 to {}",
                                   base::printable(node.text, 40), most));
    return 1;
  }
  return static_cast<std::uint32_t>(*value);
}

std::optional<Block> block_of(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, Block>, 3> kBlocks = {
      {{"Ring", Block::kRing},
       {"FullyConnected", Block::kFullyConnected},
       {"Switch", Block::kSwitch}}};
  for (const auto& [key, block] : kBlocks) {
    if (key == name) {
      return block;
    }
  }
  return std::nullopt;
}

/// The lists of the four keys, each as long as the others.
std::vector<Dimension> dimensions_of(const YamlNode& tree, AstraMistakes& mistakes) {
  constexpr std::array<std::string_view, 4> kKeys = {"topology", "npus_count", "bandwidth",
                                                     "latency"};
  std::array<std::vector<const YamlNode*>, 4> lists;
  std::set<std::string> seen;
  for (const fabric::YamlEntry& entry : tree.entries) {
    const auto* const key = std::find(kKeys.begin(), kKeys.end(), entry.key.text);
    if (key == kKeys.end()) {
      mistakes.say(entry.key, fmt::format("unknown key \"{}\": only topology, npus_count, "
                                          "bandwidth and latency are taken",
                                          base::printable(entry.key.text, 40)));
    } else if (!seen.insert(entry.key.text).second) {
      mistakes.say(entry.key, fmt::format("{} is there twice", *key));
    } else {
      lists[static_cast<std::size_t>(key - kKeys.begin())] = scalars(entry.value, mistakes);
    }
  }
  for (std::size_t i = 0; i < kKeys.size(); ++i) {
    if (!seen.contains(std::string(kKeys[i]))) {
      mistakes.say(tree, fmt::format("{} is missing", kKeys[i]));
    } else if (!lists[i].empty() && !lists[0].empty() && lists[i].size() != lists[0].size()) {
      mistakes.say(*lists[i][0], fmt::format("{} has {} entries, topology {}", kKeys[i],
                                             lists[i].size(), lists[0].size()));
    }
  }
  if (lists[0].size() > kAstraDimensionsMax) {
    mistakes.say(*lists[0][0], fmt::format("more than {} dimensions", kAstraDimensionsMax));
  }
  if (!mistakes.none()) {
    return {};
  }
  std::vector<Dimension> out;
  for (std::size_t i = 0; i < lists[0].size(); ++i) {
    Dimension dimension;
    const auto block = block_of(lists[0][i]->text);
    if (!block) {
      mistakes.say(*lists[0][i], fmt::format("\"{}\" is none of Ring, FullyConnected and Switch",
                                             base::printable(lists[0][i]->text, 40)));
    }
    dimension.block = block.value_or(Block::kRing);
    dimension.npus = astra_count(*lists[1][i], kAstraNpusMax, mistakes);
    // A byte a second to more than any link: times stay within what picoseconds can hold.
    dimension.bytes_per_second = kAstraGigabyte * astra_number(*lists[2][i], 1e-9, 1e9, mistakes);
    dimension.latency =
        static_cast<Ps>(std::llround(1000 * astra_number(*lists[3][i], 0, 1e12, mistakes)));
    out.push_back(dimension);
  }
  return out;
}

/// Links that a dimension has among `npus`.
std::uint64_t links_among(Block block, std::uint64_t npus) {
  switch (block) {
    case Block::kRing:
      return npus > 2 ? npus : npus - 1;
    case Block::kFullyConnected:
      return npus * (npus - 1) / 2;
    case Block::kSwitch:
      return npus;
  }
  return 0;
}

void check_size(const std::vector<Dimension>& dimensions, const YamlNode& tree,
                AstraMistakes& mistakes) {
  std::uint64_t npus = 1, links = 0;
  for (const Dimension& dimension : dimensions) {
    npus *= dimension.npus;
    if (npus > kAstraNpusMax) {
      mistakes.say(tree, fmt::format("more than {} NPUs", kAstraNpusMax));
      return;
    }
  }
  for (const Dimension& dimension : dimensions) {
    links += npus / dimension.npus * links_among(dimension.block, dimension.npus);
  }
  if (npus < 2) {
    mistakes.say(tree, "at least two NPUs are needed");
  }
  if (links > kAstraLinksMax) {
    mistakes.say(tree, fmt::format("{} links, at most {} are taken", links, kAstraLinksMax));
  }
}

class AstraNetwork {
 public:
  AstraNetwork(const std::vector<Dimension>& dimensions, const RackOptions& options)
      : dimensions_(dimensions) {
    for (const Dimension& dimension : dimensions) {
      npus_ *= dimension.npus;
    }
    ranks_ = options.ranks == 0 ? npus_ : std::min(options.ranks, npus_);
    forwards_ = dimensions.size() > 1 || dimensions[0].block == Block::kRing;
  }

  Network make() {
    for (std::uint32_t i = 0; i < ranks_; ++i) {
      Node node;
      node.name = fmt::format("npu{}", i);
      node.domain = i / dimensions_[0].npus;
      network_.add_rank(std::move(node));
    }
    if (forwards_) {
      add_routers();
    }
    std::uint32_t stride = 1;
    for (std::size_t d = 0; d < dimensions_.size(); ++d) {
      for (std::uint32_t i = 0; i < npus_; ++i) {
        if (i / stride % dimensions_[d].npus == 0) {
          add_group(d, i, stride);
        }
      }
      stride *= dimensions_[d].npus;
    }
    network_.finish();
    return std::move(network_);
  }

 private:
  void add_routers() {
    first_router_ = static_cast<NodeIndex>(network_.nodes().size());
    double rate = 0;
    for (const Dimension& dimension : dimensions_) {
      const std::uint32_t others = dimension.npus - 1;
      const std::uint32_t links = dimension.block == Block::kSwitch ? 1U
                                  : dimension.block == Block::kRing ? std::min(others, 2U)
                                                                    : others;
      rate += dimension.bytes_per_second * links;
    }
    for (std::uint32_t i = 0; i < npus_; ++i) {
      Node router;
      router.name = fmt::format("npu{}/router", i);
      router.kind = NodeKind::kSwitch;
      network_.add_node(std::move(router));
    }
    Channel door;
    door.bytes_per_second = rate;
    door.lanes = 1;
    for (std::uint32_t i = 0; i < ranks_; ++i) {
      network_.add_link(i, first_router_ + i, door, fmt::format("npu{}/door", i));
    }
    const bool is_grid = std::all_of(dimensions_.begin(), dimensions_.end(),
                                     [](const auto& of) { return of.block == Block::kRing; });
    if (is_grid) {
      Grid grid;
      grid.wraps = true;
      grid.first_router = first_router_;
      for (const Dimension& dimension : dimensions_) {
        grid.extent.push_back(dimension.npus);
      }
      network_.grid = std::move(grid);
    }
  }

  /// Where an NPU's links end; kNone where it is none of the ranks and forwards nothing.
  [[nodiscard]] NodeIndex node_of(std::uint32_t npu) const {
    return forwards_ ? first_router_ + npu : npu < ranks_ ? npu : kNone;
  }

  void join(std::size_t d, NodeIndex a, NodeIndex b, std::string name) {
    if (a == kNone || b == kNone) {
      network_.left_out.insert(std::move(name));
      return;
    }
    Channel channel;
    channel.bytes_per_second = dimensions_[d].bytes_per_second;
    channel.latency = dimensions_[d].latency;
    channel.lanes = 1;
    network_.add_link(a, b, channel, std::move(name));
  }

  /// The NPUs that differ from `first` in this dimension only.
  void add_group(std::size_t d, std::uint32_t first, std::uint32_t stride) {
    const std::uint32_t count = dimensions_[d].npus;
    const auto npu = [&](std::uint32_t i) { return first + i * stride; };
    if (dimensions_[d].block == Block::kSwitch) {
      Node hub;
      hub.name = fmt::format("dim{}/switch{}", d, switches_++);
      hub.kind = NodeKind::kSwitch;
      const NodeIndex at = network_.add_node(std::move(hub));
      for (std::uint32_t i = 0; i < count; ++i) {
        join(d, node_of(npu(i)), at, fmt::format("npu{}/dim{}", npu(i), d));
      }
      return;
    }
    const bool is_ring = dimensions_[d].block == Block::kRing;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t last = is_ring ? std::min(i + 1, count - 1) : count - 1;
      for (std::uint32_t j = i + 1; j <= last; ++j) {
        join(d, node_of(npu(i)), node_of(npu(j)), fmt::format("npu{}-npu{}", npu(i), npu(j)));
      }
    }
    if (is_ring && count > 2) {
      join(d, node_of(npu(count - 1)), node_of(npu(0)),
           fmt::format("npu{}-npu{}", npu(count - 1), npu(0)));
    }
  }

  const std::vector<Dimension>& dimensions_;
  Network network_;
  std::uint32_t npus_ = 1, ranks_ = 0, switches_ = 0;
  NodeIndex first_router_ = 0;
  bool forwards_ = false;
};

/// An algorithm's name in a system file; "direct5" is direct with a window, which is not modelled.
std::optional<Algorithm> astra_algorithm(std::string_view name, Collective collective) {
  if (name.starts_with("one")) {
    name.remove_prefix(3);
  }
  if (name == "ring" || name == "Ring") {
    return collective == Collective::kAllToAll ? Algorithm::kDirect : Algorithm::kRing;
  }
  if (name == "direct" || name == "Direct") {
    return collective == Collective::kAllReduce ? Algorithm::kTwoShot : Algorithm::kDirect;
  }
  if (name == "halvingDoubling" || name == "HalvingDoubling") {
    return Algorithm::kHalvingDoubling;
  }
  if (name == "doubleBinaryTree") {
    return Algorithm::kTree;
  }
  return std::nullopt;
}

void read_algorithms(Collective collective, const YamlNode& value, AstraSystem& out,
                     AstraMistakes& mistakes) {
  std::vector<Algorithm> list;
  for (const YamlNode* name : scalars(value, mistakes)) {
    const auto algorithm = astra_algorithm(name->text, collective);
    const auto known = algorithms(collective);
    if (!algorithm || std::find(known.begin(), known.end(), *algorithm) == known.end()) {
      mistakes.say(*name, fmt::format("no {} by \"{}\": ring, direct, halvingDoubling, "
                                      "doubleBinaryTree, also with one before, where the "
                                      "collective has them",
                                      key(collective), base::printable(name->text, 40)));
      return;
    }
    list.push_back(*algorithm);
  }
  if (list.size() > kAstraDimensionsMax) {
    mistakes.say(value, fmt::format("more than {} dimensions", kAstraDimensionsMax));
    return;
  }
  out.algorithms[collective] = std::move(list);
}

}  // namespace

bool is_astra_network(std::string_view text) {
  bool has_topology = false, has_count = false;
  for (const std::string_view line : base::split(text.substr(0, kAstraBytesMax), '\n')) {
    has_topology = has_topology || line.starts_with("topology:");
    has_count = has_count || line.starts_with("npus_count:");
  }
  return has_topology && has_count;
}

base::Result<Network> read_astra_network(std::string_view text, std::string_view file,
                                         const RackOptions& options) {
  const auto tree = astra_map(text, file);
  if (!tree) {
    return tl::unexpected(tree.error());
  }
  AstraMistakes mistakes;
  const std::vector<Dimension> dimensions = dimensions_of(*tree, mistakes);
  if (mistakes.none()) {
    check_size(dimensions, *tree, mistakes);
  }
  if (!mistakes.none()) {
    return mistakes.error(file);
  }
  Network network = AstraNetwork(dimensions, options).make();
  network.name = std::filesystem::path(file).stem().string();
  return network;
}

base::Result<Algorithm> AstraSystem::algorithm(Collective collective) const {
  const auto found = algorithms.find(collective);
  if (found == algorithms.end() || found->second.empty()) {
    return base::fail(base::Code::kNotFound,
                      fmt::format("the system file names no algorithm for {}", key(collective)), {},
                      "give --algo");
  }
  const auto known = sim::algorithms(collective);
  const bool is_split =
      found->second.size() > 1 &&
      std::find(known.begin(), known.end(), Algorithm::kHierarchical) != known.end();
  return is_split ? Algorithm::kHierarchical : found->second[0];
}

base::Result<AstraSystem> read_astra_system(std::string_view text, std::string_view file) {
  constexpr std::array<std::pair<std::string_view, Collective>, 4> kImplementations = {
      {{"all-reduce-implementation", Collective::kAllReduce},
       {"all-gather-implementation", Collective::kAllGather},
       {"reduce-scatter-implementation", Collective::kReduceScatter},
       {"all-to-all-implementation", Collective::kAllToAll}}};
  constexpr std::array<std::string_view, 14> kNotUsed = {"scheduling-policy",
                                                         "collective-optimization",
                                                         "intra-dimension-scheduling",
                                                         "inter-dimension-scheduling",
                                                         "local-mem-bw",
                                                         "local-mem-latency",
                                                         "remote-mem-bw",
                                                         "remote-mem-latency",
                                                         "boost-mode",
                                                         "roofline-enabled",
                                                         "peak-perf",
                                                         "trace-enabled",
                                                         "replay-only",
                                                         "track-local-mem"};
  const auto tree = astra_map(text, file);
  if (!tree) {
    return tl::unexpected(tree.error());
  }
  AstraSystem out;
  AstraMistakes mistakes;
  std::set<std::string> seen;
  for (const auto& [name, value] : tree->entries) {
    const std::string& word = name.text;
    const auto* const implementation =
        std::find_if(kImplementations.begin(), kImplementations.end(),
                     [&](const auto& row) { return row.first == word; });
    if (!seen.insert(word).second) {
      mistakes.say(name, fmt::format("{} is there twice", base::printable(word, 40)));
    } else if (implementation != kImplementations.end()) {
      read_algorithms(implementation->second, value, out, mistakes);
    } else if (word == "endpoint-delay") {
      out.endpoint_delay =
          static_cast<Ps>(std::llround(1000 * astra_number(value, 0, 1e9, mistakes)));
    } else if (word == "preferred-dataset-splits") {
      out.splits = astra_count(value, 1024, mistakes);
    } else if (word == "active-chunks-per-dimension") {
      out.active = astra_count(value, 1024, mistakes);
    } else if (std::find(kNotUsed.begin(), kNotUsed.end(), word) == kNotUsed.end()) {
      mistakes.say(name, fmt::format("unknown key \"{}\"", base::printable(word, 40)));
    }
  }
  if (seen.empty() || (mistakes.none() && out.algorithms.empty())) {
    mistakes.say(*tree, "no all-reduce-implementation or another collective's: no system file");
  }
  if (!mistakes.none()) {
    return mistakes.error(file);
  }
  return out;
}

base::Result<AstraSystem> load_astra_system(const std::string& path) {
  fabric::RackLimits limits;
  limits.bytes = kAstraBytesMax;
  const auto file = fabric::read_rack(path, limits);
  if (!file) {
    return tl::unexpected(file.error());
  }
  return read_astra_system(file->text, file->file);
}

}  // namespace weft::sim
