// SPDX-License-Identifier: Apache-2.0
#include "sim/traffic/matrix.h"

#include "base/text.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <optional>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace weft::sim {
namespace {

constexpr std::size_t kMatrixBytesMax = std::size_t{64} << 20;
constexpr std::size_t kMatrixMistakesMax = 20;
constexpr double kMatrixStartMax = 1e15;  // picoseconds: 1,000 s
constexpr std::uint64_t kMatrixSizeMax = std::uint64_t{1} << 44;

class MatrixReader {
 public:
  explicit MatrixReader(const Network& network) : network_(network) {
    for (Rank rank = 0; rank < network.ranks(); ++rank) {
      by_name_.emplace(network.node(rank).name, rank);
    }
  }

  void look(std::string_view text) {
    for (const std::string_view line : base::split(text, '\n')) {
      ++line_;
      const std::string_view rest = base::trim(line.substr(0, line.find('#')));
      if (!rest.empty()) {
        look_at_line(rest);
      }
    }
    if (is_connections_ && connections_ && *connections_ != out.messages.size() &&
        mistakes.empty()) {
      say(fmt::format("{} connections are announced, {} are there", *connections_,
                      out.messages.size()));
    }
    if (out.messages.empty() && out.weights.empty() && mistakes.empty()) {
      say("nobody sends anything");
    }
    if (left_out_ > 0) {
      mistakes.push_back(fmt::format("and {} more", left_out_));
    }
  }

  TrafficMatrix out;
  std::vector<std::string> mistakes;

 private:
  void say(std::string text) {
    if (mistakes.size() < kMatrixMistakesMax) {
      mistakes.push_back(fmt::format("line {}: {}", line_, text));
    } else {
      ++left_out_;
    }
  }

  std::optional<Rank> rank_of(std::string_view text) {
    if (const auto named = by_name_.find(text); named != by_name_.end()) {
      return named->second;
    }
    const auto number = base::parse_unsigned(text);
    if (number && *number < network_.ranks()) {
      return static_cast<Rank>(*number);
    }
    say(fmt::format("\"{}\" is no rank: there are {}, 0 to {}, the first named {}",
                    base::printable(text, 60), network_.ranks(), network_.ranks() - 1,
                    network_.node(0).name));
    return std::nullopt;
  }

  void look_at_line(std::string_view line) {
    std::string spaced(line);
    std::replace(spaced.begin(), spaced.end(), ',', ' ');
    const auto words = base::words(spaced);
    if (words.empty()) {
      return;
    }
    if (words[0] == "Nodes" || words[0] == "Connections" || words[0] == "Triggers" ||
        words[0] == "Failures") {
      header(words);
    } else if (words[0].find("->") != std::string_view::npos) {
      connection(words);
    } else if (words[0] == "trigger" || words[0] == "failure") {
      say(fmt::format("a {} is not taken: give each connection a start, and faults by --degrade",
                      words[0]));
    } else {
      weight(words);
    }
  }

  void header(const std::vector<std::string_view>& words) {
    is_connections_ = true;
    const auto count = words.size() == 2 ? base::parse_unsigned(words[1]) : std::nullopt;
    if (!count) {
      say(fmt::format("{} needs a number", words[0]));
    } else if (words[0] == "Nodes" && *count > network_.ranks()) {
      say(fmt::format("{} nodes, but the network has {} ranks", *count, network_.ranks()));
    } else if (words[0] == "Connections") {
      connections_ = count;
    } else if (words[0] != "Nodes" && *count > 0) {
      say(fmt::format("{} are not taken", words[0]));
    }
  }

  /// "0->15 start 0 size 2000000"
  void connection(const std::vector<std::string_view>& words) {
    is_connections_ = true;
    const std::size_t arrow = words[0].find("->");
    const auto from = rank_of(words[0].substr(0, arrow));
    const auto to = rank_of(words[0].substr(arrow + 2));
    TrafficMessage message;
    bool has_start = false, is_good = from && to;
    for (std::size_t i = 1; i < words.size(); i += 2) {
      const std::string_view value = i + 1 < words.size() ? words[i + 1] : std::string_view();
      if (words[i] == "start") {
        const double start = base::parse_double(value).value_or(-1);
        has_start = start >= 0 && start <= kMatrixStartMax;
        message.at = has_start ? static_cast<Ps>(std::llround(start)) : 0;
      } else if (words[i] == "size") {
        message.bytes = base::parse_unsigned(value).value_or(0);
      } else if (words[i] == "trigger") {
        say("a connection that waits for a trigger is not taken: give it a start");
        return;
      } else if (words[i] != "id" && words[i] != "prio" && words[i] != "send_done_trigger" &&
                 words[i] != "recv_done_trigger") {
        say(fmt::format("\"{}\" is unknown", base::printable(words[i], 40)));
        is_good = false;
      }
    }
    if (!has_start) {
      say("no \"start\" in picoseconds, at most 1,000 s");
      is_good = false;
    }
    if (message.bytes == 0 || message.bytes > kMatrixSizeMax) {
      say("no \"size\" from 1 byte to 16T: a connection that never ends is not taken");
      is_good = false;
    }
    if (from && to && *from == *to) {
      say("a rank does not send to itself");
      is_good = false;
    }
    if (is_good && out.messages.size() < kTrafficMessagesMax) {
      message.from = *from;
      message.to = *to;
      out.messages.push_back(message);
    } else if (is_good) {
      say(fmt::format("more than {} connections", kTrafficMessagesMax));
    }
  }

  void weight(const std::vector<std::string_view>& words) {
    if (is_connections_ || words.size() < 2 || words.size() > 3) {
      say("neither FROM TO WEIGHT nor SRC->DST start PS size BYTES");
      return;
    }
    const auto from = rank_of(words[0]);
    const auto to = rank_of(words[1]);
    const double value = words.size() == 3 ? base::parse_double(words[2]).value_or(-1) : 1;
    if (!(value >= 0) || !(value < 1e300)) {
      say(fmt::format("\"{}\" is no weight from 0", base::printable(words[2], 40)));
      return;
    }
    if (from && to && *from == *to) {
      say("a rank does not send to itself");
    } else if (from && to && out.weights.size() < kTrafficMessagesMax) {
      out.weights.push_back({*from, *to, value});
    } else if (from && to) {
      say(fmt::format("more than {} entries", kTrafficMessagesMax));
    }
  }

  const Network& network_;
  std::unordered_map<std::string_view, Rank> by_name_;
  std::uint64_t line_ = 0;
  std::uint64_t left_out_ = 0;
  bool is_connections_ = false;
  std::optional<std::uint64_t> connections_;
};

}  // namespace

base::Result<TrafficMatrix> read_traffic_matrix(std::string_view text, std::string_view file,
                                                const Network& network) {
  if (text.size() > kMatrixBytesMax) {
    return base::fail(base::Code::kResourceExhausted, "larger than 64 MiB", std::string(file));
  }
  MatrixReader reader(network);
  reader.look(text);
  if (!reader.mistakes.empty()) {
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("{}", fmt::join(reader.mistakes, "; ")), std::string(file),
                      "docs/formats/sim.md describes both forms");
  }
  return std::move(reader.out);
}

base::Result<TrafficMatrix> load_traffic_matrix(const std::string& path, const Network& network) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return base::fail(base::Code::kNotFound, "cannot read the traffic matrix", path);
  }
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return read_traffic_matrix(text, path, network);
}

}  // namespace weft::sim
