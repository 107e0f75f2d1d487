// SPDX-License-Identifier: Apache-2.0
#include "sim/schedule/goal.h"

#include "base/text.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace weft::sim {
namespace {

constexpr std::size_t kGoalMistakesMax = 20;
constexpr std::size_t kGoalStreamsMax = 254;
constexpr std::uint64_t kGoalSizeMax = std::uint64_t{1} << 44;
constexpr std::uint64_t kGoalCalcMax = 1'000'000'000'000'000;  // ns: eleven days

/// One operation as the file has it.
struct GoalOp {
  Op op;
  std::uint64_t line = 0;
  std::vector<std::uint32_t> needs;  ///< indices of the same rank
};

using GoalRank = std::vector<GoalOp>;

/// What read_goal() gives out: the chains of each rank.
class GoalWorkload final : public Workload {
 public:
  std::vector<std::vector<std::vector<Op>>> chains;  ///< by rank and stream
  [[nodiscard]] std::uint32_t ranks() const override {
    return static_cast<std::uint32_t>(chains.size());
  }
  [[nodiscard]] std::uint32_t streams(Rank rank) const override {
    return static_cast<std::uint32_t>(chains[rank].size());
  }
  [[nodiscard]] std::uint64_t ops(Rank rank, std::uint32_t stream) const override {
    return chains[rank][stream].size();
  }
  [[nodiscard]] Op op(Rank rank, std::uint32_t stream, std::uint64_t index) const override {
    return chains[rank][stream][index];
  }
};

/// Operations in an order in which each comes after all that it needs; shorter than they are many
/// where they go in a circle.
std::vector<std::uint32_t> order_of(const GoalRank& rank) {
  std::vector<std::uint32_t> left(rank.size(), 0), out;
  std::vector<std::vector<std::uint32_t>> then(rank.size());
  for (std::uint32_t i = 0; i < rank.size(); ++i) {
    left[i] = static_cast<std::uint32_t>(rank[i].needs.size());
    for (const std::uint32_t need : rank[i].needs) {
      then[need].push_back(i);
    }
    if (left[i] == 0) {
      out.push_back(i);
    }
  }
  for (std::size_t at = 0; at < out.size(); ++at) {
    for (const std::uint32_t next : then[out[at]]) {
      if (--left[next] == 0) {
        out.push_back(next);
      }
    }
  }
  return out;
}

struct Place {
  std::size_t stream = 0, index = 0;
};

/// A rank's operations as chains: each goes on the chain of one that it needs and that is its
/// chain's last, else begins its own; what it needs besides is waited for by empty computes before
/// it. nullopt: more chains than there may be.
std::optional<std::vector<std::vector<Op>>> chains_of(const GoalRank& rank,
                                                      const std::vector<std::uint32_t>& order) {
  std::vector<std::vector<Op>> chains;
  std::vector<std::uint32_t> last;  ///< operation at each chain's end
  std::vector<Place> places(rank.size());
  for (const std::uint32_t at : order) {
    const GoalOp& goal = rank[at];
    std::size_t stream = chains.size();
    for (const std::uint32_t need : goal.needs) {
      if (last[places[need].stream] == need) {
        stream = places[need].stream;
        break;
      }
    }
    if (stream == chains.size()) {
      if (chains.size() == kGoalStreamsMax) {
        return std::nullopt;
      }
      chains.emplace_back();
      last.push_back(at);
    }
    std::vector<Op>& chain = chains[stream];
    for (const std::uint32_t need : goal.needs) {
      const Place& place = places[need];
      if (place.stream != stream) {
        Op join;
        join.kind = OpKind::kCompute;
        join.wait = chain.empty() ? Wait::kNothing : Wait::kPrevious;
        join.stream_after = static_cast<std::uint8_t>(place.stream);
        join.after = static_cast<std::uint32_t>(place.index);
        chain.push_back(join);
      }
    }
    Op op = goal.op;
    op.wait = chain.empty() ? Wait::kNothing : Wait::kPrevious;
    chain.push_back(op);
    places[at] = {stream, chain.size() - 1};
    last[stream] = at;
  }
  return chains;
}

class GoalReader {
 public:
  std::vector<GoalRank> ranks;
  std::vector<std::string> mistakes;
  bool has_ranks = false;

  void look(std::string_view text) {
    // Braces and line ends end a statement; the reader never looks back.
    std::size_t begin = 0;
    line_ = 1;
    for (std::size_t i = 0; i <= text.size(); ++i) {
      const char c = i < text.size() ? text[i] : '\n';
      if (c != '\n' && c != '{' && c != '}' && c != ';') {
        continue;
      }
      std::string_view statement = text.substr(begin, i - begin);
      if (is_comment_) {
        statement = {};
      } else if (const std::size_t slashes = statement.find("//"); slashes != statement.npos) {
        statement = statement.substr(0, slashes);
        is_comment_ = true;
      }
      take(base::words(statement));
      begin = i + 1;
      if (c == '}' && !is_comment_) {
        close();
      }
      if (c == '\n') {
        is_comment_ = false;
        ++line_;
      }
    }
    if (rank_) {
      say("the last rank's brace is not closed");
    }
    if (!has_ranks) {
      say("there is no num_ranks");
    }
  }

 private:
  void say(std::string text) {
    if (mistakes.size() < kGoalMistakesMax) {
      mistakes.push_back(fmt::format("line {}: {}", line_, text));
    }
  }

  void close() {
    if (!rank_) {
      say("a brace closes that was not opened");
    }
    rank_.reset();
    labels_.clear();
  }

  void take(std::vector<std::string_view> words) {
    if (words.empty()) {
      return;
    }
    if (words[0] == "num_ranks") {
      count_ranks(words);
    } else if (words[0] == "rank") {
      open_rank(words);
    } else if (!rank_) {
      say(fmt::format("\"{}\" outside of a rank", base::printable(words[0], 40)));
    } else if (words.size() == 3 && (words[1] == "requires" || words[1] == "irequires")) {
      require(words);
    } else {
      operation(std::move(words));
    }
  }

  void count_ranks(const std::vector<std::string_view>& words) {
    const auto count = base::parse_unsigned(words.size() == 2 ? words[1] : std::string_view());
    if (has_ranks || !count || *count < 1 || *count > kGoalRanksMax) {
      say("num_ranks is wanted once, with a number from 1 to 1,048,576");
      return;
    }
    ranks.resize(*count);
    has_ranks = true;
  }

  void open_rank(const std::vector<std::string_view>& words) {
    const auto number = base::parse_unsigned(words.size() == 2 ? words[1] : std::string_view());
    if (rank_ || !number || *number >= ranks.size()) {
      say(fmt::format("no rank can begin here; num_ranks says {}", ranks.size()));
      return;
    }
    rank_ = static_cast<Rank>(*number);
    if (!ranks[*rank_].empty()) {
      say(fmt::format("rank {} is there twice", *rank_));
    }
  }

  void require(const std::vector<std::string_view>& words) {
    const auto one = labels_.find(std::string(words[0]));
    const auto other = labels_.find(std::string(words[2]));
    if (one == labels_.end() || other == labels_.end()) {
      say(fmt::format("label \"{}\" is not there yet",
                      base::printable(one == labels_.end() ? words[0] : words[2], 40)));
      return;
    }
    GoalRank& rank = ranks[*rank_];
    if (words[1] == "irequires" && rank[other->second].op.kind == OpKind::kSend) {
      say("irequires of a send is not taken: nothing here says when a send has begun");
      return;
    }
    rank[one->second].needs.push_back(other->second);
  }

  /// "l1: send 10b to 1 tag 5 cpu 0 nic 0", the label may be missing
  void operation(std::vector<std::string_view> words) {
    std::string label;
    if (words[0].ends_with(':')) {
      label = std::string(words[0].substr(0, words[0].size() - 1));
      words.erase(words.begin());
    }
    GoalOp out;
    out.line = line_;
    const bool is_calc = words.size() >= 2 && words[0] == "calc";
    const bool is_send = words.size() >= 4 && words[0] == "send" && words[2] == "to";
    const bool is_receive = words.size() >= 4 && words[0] == "recv" && words[2] == "from";
    if (!is_calc && !is_send && !is_receive) {
      say("neither calc N, send Nb to RANK, recv Nb from RANK nor A requires B");
      return;
    }
    std::string_view number = words[1];
    if (!is_calc && number.ends_with('b')) {
      number.remove_suffix(1);
    }
    const auto value = base::parse_unsigned(number);
    if (!value || *value > (is_calc ? kGoalCalcMax : kGoalSizeMax)) {
      say(fmt::format("\"{}\" is no amount", base::printable(words[1], 40)));
      return;
    }
    if (is_calc) {
      out.op.kind = OpKind::kCompute;
      out.op.duration = static_cast<Ps>(*value) * kNanosecond;
    } else {
      const auto peer = base::parse_unsigned(words[3]);
      if (!peer || *peer >= ranks.size() || *peer == *rank_) {
        say(fmt::format("\"{}\" is no other rank", base::printable(words[3], 40)));
        return;
      }
      out.op.kind = is_send ? OpKind::kSend : OpKind::kReceive;
      out.op.bytes = *value;
      out.op.peer = static_cast<Rank>(*peer);
    }
    for (std::size_t i = is_calc ? 2 : 4; i < words.size(); i += 2) {
      const auto given =
          base::parse_unsigned(i + 1 < words.size() ? words[i + 1] : std::string_view());
      const bool is_tag = words[i] == "tag" && !is_calc;
      if (!given || *given > 0xffff'ffff || (!is_tag && words[i] != "cpu" && words[i] != "nic")) {
        say(fmt::format("\"{}\" is unknown, or has no number", base::printable(words[i], 40)));
        return;
      }
      out.op.tag = is_tag ? static_cast<std::uint32_t>(*given) : out.op.tag;
    }
    GoalRank& rank = ranks[*rank_];
    if (!label.empty() && !labels_.emplace(label, static_cast<std::uint32_t>(rank.size())).second) {
      say(fmt::format("label \"{}\" is there twice", base::printable(label, 40)));
      return;
    }
    rank.push_back(std::move(out));
  }

  std::uint64_t line_ = 1;
  bool is_comment_ = false;
  std::optional<Rank> rank_;
  std::unordered_map<std::string, std::uint32_t> labels_;
};

}  // namespace

base::Result<std::unique_ptr<Workload>> read_goal(std::string_view text, std::string_view file) {
  const auto refuse = [&](const std::vector<std::string>& mistakes) {
    return base::fail(base::Code::kInvalidArgument, fmt::format("{}", fmt::join(mistakes, "; ")),
                      std::string(file), "weft reads GOAL's text form, not its binary one");
  };
  if (text.size() > kGoalBytesMax) {
    return refuse({"larger than 256 MiB"});
  }
  GoalReader reader;
  reader.look(text);
  if (!reader.mistakes.empty()) {
    return refuse(reader.mistakes);
  }
  auto out = std::make_unique<GoalWorkload>();
  std::vector<std::string> wrong;
  for (Rank number = 0; number < reader.ranks.size() && wrong.size() < kGoalMistakesMax; ++number) {
    const GoalRank& rank = reader.ranks[number];
    const auto order = order_of(rank);
    if (order.size() != rank.size()) {
      wrong.push_back(fmt::format("rank {}: requirements go in a circle", number));
      continue;
    }
    auto chains = chains_of(rank, order);
    if (!chains) {
      wrong.push_back(fmt::format("rank {}: more than {} operations have no order among them",
                                  number, kGoalStreamsMax));
      continue;
    }
    out->chains.push_back(std::move(*chains));
  }
  if (wrong.empty()) {
    wrong = problems(*out);
  }
  if (!wrong.empty()) {
    wrong.resize(std::min(wrong.size(), kGoalMistakesMax));
    return refuse(wrong);
  }
  return std::unique_ptr<Workload>(std::move(out));
}

base::Result<std::unique_ptr<Workload>> load_goal(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return base::fail(base::Code::kNotFound, "cannot read the schedule", path);
  }
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return read_goal(text, path);
}

}  // namespace weft::sim
