// SPDX-License-Identifier: Apache-2.0
#include "sim/schedule/chakra_workload.h"

#include "base/text.h"
#include "sim/schedule/chakra_order.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace weft::sim {
namespace {

constexpr std::size_t kTraceMistakesMax = 20;
constexpr std::size_t kTraceNodesMax = 16'000'000;  ///< of all ranks: some 8 GB

/// "NAME" of NAME.RANK.et, and RANK; nullopt for other names.
std::optional<std::pair<std::string, std::uint64_t>> rank_file(std::string_view path) {
  constexpr std::string_view kEnding = ".et";
  if (!path.ends_with(kEnding)) {
    return std::nullopt;
  }
  path.remove_suffix(kEnding.size());
  const std::size_t dot = path.rfind('.');
  const auto rank = dot == path.npos ? std::nullopt : base::parse_unsigned(path.substr(dot + 1));
  if (!rank) {
    return std::nullopt;
  }
  return std::pair(std::string(path.substr(0, dot)), *rank);
}

}  // namespace

base::Result<std::unique_ptr<ChakraWorkload>> play_chakra(const std::vector<ChakraTrace>& traces,
                                                          std::string_view name, const Site& site,
                                                          const ChakraOptions& options) {
  const auto refuse = [&](const std::vector<std::string>& mistakes) {
    return base::fail(base::Code::kInvalidArgument, fmt::format("{}", fmt::join(mistakes, "; ")),
                      std::string(name));
  };
  if (traces.empty() || traces.size() > site.network().ranks()) {
    return refuse({fmt::format("the trace has {} ranks, the network {}", traces.size(),
                               site.network().ranks())});
  }
  const ChakraLinks links = link_chakra(traces, options.groups);
  if (!links.mistakes.empty()) {
    return refuse(links.mistakes);
  }
  ChakraCosts costs(site, options);
  ChakraStreams streams(traces, links, costs);
  if (auto planned = streams.plan_collectives(); !planned) {
    return tl::unexpected(planned.error());
  }
  std::vector<std::string> mistakes;
  if (auto ordered = order_chakra(traces, links, costs, streams, mistakes); !ordered) {
    return tl::unexpected(ordered.error());
  }
  auto out = streams.finish(mistakes);
  return out ? base::Result<std::unique_ptr<ChakraWorkload>>(std::move(out)) : refuse(mistakes);
}

bool is_chakra(const std::string& path) {
  std::error_code ignored;
  return rank_file(path).has_value() || std::filesystem::exists(path + ".0.et", ignored);
}

base::Result<std::unique_ptr<ChakraWorkload>> load_chakra(const std::string& path, const Site& site,
                                                          const ChakraOptions& options) {
  namespace fs = std::filesystem;
  const auto named = rank_file(path);
  const fs::path begin = named ? named->first : path;
  const std::string prefix = begin.filename().string() + ".";
  std::error_code failed;
  std::map<std::uint64_t, std::string> files;
  const fs::path folder = begin.has_parent_path() ? begin.parent_path() : fs::path(".");
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    const std::string file = entry.path().filename().string();
    const auto parts = rank_file(file);
    if (parts && parts->first + "." == prefix) {
      files.emplace(parts->second, entry.path().string());
    }
  }
  std::vector<std::uint64_t> missing;
  const std::uint64_t last = files.empty() ? 0 : files.rbegin()->first;
  for (std::uint64_t rank = 0; rank <= last && missing.size() < kTraceMistakesMax; ++rank) {
    if (!files.contains(rank)) {
      missing.push_back(rank);
    }
  }
  if (!missing.empty()) {
    return base::fail(base::Code::kNotFound,
                      fmt::format("no file of rank {}", fmt::join(missing, ", ")),
                      begin.string() + ".RANK.et", "a Chakra trace has one file a rank, from 0");
  }
  std::vector<ChakraTrace> traces;
  std::vector<std::string> mistakes;
  std::size_t nodes = 0;
  for (const auto& [rank, file] : files) {
    std::ifstream in(file, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    auto trace =
        in ? read_chakra(base::as_bytes(bytes), file)
           : base::Result<ChakraTrace>(base::fail(base::Code::kNotFound, "cannot be read"));
    nodes += trace ? trace->nodes.size() : 0;
    if (nodes > kTraceNodesMax) {
      return base::fail(base::Code::kResourceExhausted,
                        fmt::format("more than {} nodes in all", kTraceNodesMax), file,
                        "take fewer ranks, or one step of them");
    }
    if (trace) {
      traces.push_back(std::move(*trace));
    } else if (mistakes.size() < kTraceMistakesMax) {
      mistakes.push_back(fmt::format("{}: {}", file, trace.error().what));
    }
  }
  if (!mistakes.empty()) {
    return base::fail(base::Code::kInvalidArgument, fmt::format("{}", fmt::join(mistakes, "; ")),
                      begin.string(), "weft reads Chakra's protobuf traces of schema 0.0.4");
  }
  return play_chakra(traces, begin.string(), site, options);
}

}  // namespace weft::sim
