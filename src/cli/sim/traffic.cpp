// SPDX-License-Identifier: Apache-2.0
#include "cli/sim/traffic.h"

#include "base/text.h"
#include "cli/draw/terminal_plot.h"
#include "cli/files.h"
#include "cli/terminal.h"
#include "sim/amount.h"
#include "sim/traffic/matrix.h"

#include <cmath>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace weft::cli {
namespace sim_traffic_impl {
namespace {

constexpr PositionalSpec kPositionals[] = {kSimRack};
constexpr OptionSpec kOptions[] = {
    {"--pattern", "NAME",
     "uniform (default), permutation, incast:K (the last K ranks to rank 0), hotspot:SHARE (of all "
     "messages to rank 0; default 0.2) or all-to-all."},
    {"--matrix", "FILE",
     "Who sends how much to whom: lines of FROM TO WEIGHT, by rank or name, or an htsim .cm file, "
     "whose messages keep their own times and sizes."},
    {"--load", "A:B:STEP",
     "Loads from A to B (default 0.1:0.9:0.1), or one. At 1 the busiest end is offered all that "
     "its "
     "links carry as planned."},
    {"--message", "SIZE", "Of each message. Default 64K."},
    {"--messages", "N", "Of each rank, on average. Default 200, fewer beyond 500 ranks."},
    {"--seed", "S", "Of arrivals, destinations and hashes. Default 1."},
    {"--csv", "FILE", "The table as CSV."},
    {"--svg", "FILE",
     "Latency over load, its distribution and a heat map of the links' utilisation, as a drawing."},
    {"--plot", "", "Latency over load, as text."},
    {"--json", "", "The result as JSON, schema weftline/sim-traffic/1."},
    kSimState,
    kSimDegrade,
    kSimRanks,
    kSimRouting,
    {"--fidelity", "HOW",
     "flow (default: messages share links max-min fairly) or packet (credits, virtual channels, "
     "retry)."},
};
constexpr ExampleSpec kExamples[] = {
    {"weft sim traffic leaf-spine:leaves=4,spines=2,ends=4 --load 0.1:0.9:0.2",
     "Where a fabric with too few spines saturates, and which link holds it."},
    {"weft sim traffic star:16 --pattern incast:8 --load 0.5 --fidelity packet",
     "Eight ends send to one, packet by packet."},
    {"weft sim traffic racks/hgx-h100.yaml --degrade '*gpu0/nvl0*=x1' --load 0.5,0.9",
     "What a link at half width does to all."},
};
constexpr ExitSpec kExits[] = {
    {kOk, "computed; the network keeps up with every load"},
    {kWarning, "it saturates: less than 95 % of what was offered was delivered at some load"},
};
constexpr std::size_t kLoadsMax = 64;

/// "0.5", "0.1:0.9", "0.1:0.9:0.2", and several with commas.
std::optional<std::vector<double>> parse_loads(std::string_view text) {
  std::vector<double> out;
  for (const std::string_view part : base::split(text, ',')) {
    const auto words = base::split(part, ':');
    if (words.empty() || words.size() > 3) {
      return std::nullopt;
    }
    const double first = base::parse_double(words[0]).value_or(-1);
    const double last = words.size() > 1 ? base::parse_double(words[1]).value_or(-1) : first;
    const double step = words.size() > 2 ? base::parse_double(words[2]).value_or(-1) : 0.1;
    if (!(first > 0) || !(last >= first) || last > 2 || !(step > 0)) {
      return std::nullopt;
    }
    for (int i = 0; first + i * step <= last + step * 1e-6; ++i) {
      if (out.size() == kLoadsMax) {
        return std::nullopt;
      }
      out.push_back(std::round((first + i * step) * 1e6) / 1e6);
    }
  }
  return out.empty() ? std::nullopt : std::optional(out);
}

struct Question {
  sim::TrafficSpec spec;
  std::vector<double> loads;
};

base::Result<Question> read(const Arguments& arguments, const SimInput& input) {
  Question out;
  SimMistakes mistakes;
  const std::string pattern = arguments.value("--pattern").value_or("uniform");
  if (auto spec = sim::parse_pattern(pattern); spec && spec->pattern != sim::Pattern::kMatrix) {
    out.spec = std::move(*spec);
  } else {
    mistakes.add("--pattern", pattern,
                 "uniform, permutation, incast:K, hotspot:SHARE or all-to-all (a matrix is "
                 "--matrix FILE)");
  }
  const std::string load = arguments.value("--load").value_or("0.1:0.9:0.1");
  const auto loads = parse_loads(load);
  if (!loads) {
    mistakes.add("--load", load,
                 "a load above 0 and up to 2, or A:B or A:B:STEP, of at most 64 loads");
  }
  const std::string size = arguments.value("--message").value_or("64K");
  const auto bytes = sim::parse_size(size);
  if (!bytes || *bytes == 0 || *bytes > (std::uint64_t{1} << 40)) {
    mistakes.add("--message", size, "a size from 1 to 1T");
  }
  const std::string each = arguments.value("--messages").value_or("0");
  const auto messages = base::parse_unsigned(each);
  if (!messages || (arguments.has("--messages") && *messages == 0) || *messages > 1'000'000) {
    mistakes.add("--messages", each, "a number from 1 to 1,000,000");
  }
  const std::string seed_text = arguments.value("--seed").value_or("1");
  const auto seed = base::parse_unsigned(seed_text);
  if (!seed) {
    mistakes.add("--seed", seed_text, "a whole number");
  }
  if (input.fidelity == sim::Fidelity::kClosedForm) {
    mistakes.add("--fidelity", "closed-form", "flow or packet");
  }
  if (arguments.has("--matrix") && arguments.has("--pattern")) {
    mistakes.add("--pattern", pattern, "wanted beside --matrix");
  }
  if (auto ok = mistakes.result(); !ok) {
    return tl::unexpected(ok.error());
  }
  out.loads = *loads;
  out.spec.message_bytes = *bytes;
  out.spec.messages = static_cast<std::uint32_t>(*messages);
  out.spec.seed = *seed;
  if (const auto file = arguments.value("--matrix")) {
    auto matrix = sim::load_traffic_matrix(*file, input.network);
    if (!matrix) {
      return tl::unexpected(matrix.error());
    }
    out.spec.pattern = sim::Pattern::kMatrix;
    out.spec.matrix = std::move(matrix->weights);
    out.spec.given = std::move(matrix->messages);
    if (!out.spec.given.empty()) {
      out.loads = {1};
    }
  }
  return out;
}

/// The files that were asked for.
base::Result<void> write_files(const Arguments& arguments, const TrafficReport& found,
                               const sim::Network& network) {
  if (const auto file = arguments.value("--csv")) {
    if (auto ok = write_output(*file, traffic_csv(found)); !ok) {
      return ok;
    }
  }
  if (const auto file = arguments.value("--svg")) {
    return write_output(*file, traffic_svg(found, network));
  }
  return {};
}

int run(const Arguments& arguments) {
  const auto input = read_sim_input(arguments);
  if (!input) {
    return report(input.error());
  }
  auto question = read(arguments, *input);
  if (!question) {
    return report(question.error());
  }
  const auto site = sim::Site::make(input->network, input->state);
  if (!site) {
    return report(site.error());
  }
  TrafficReport found;
  found.network = input->network.name;
  found.ranks = input->network.ranks();
  found.fidelity = input->fidelity == sim::Fidelity::kPacket ? "packet" : "flow";
  found.routing = sim::key(input->routing);
  found.links_not_as_planned = input->state.links.size();
  bool is_saturated = false;
  for (const double load : question->loads) {
    question->spec.load = load;
    auto answer = sim::run_traffic(**site, question->spec, input->fidelity, input->routing);
    if (!answer) {
      return report(answer.error());
    }
    is_saturated = is_saturated || answer->is_saturated;
    found.rows.push_back(std::move(*answer));
  }
  found.spec = std::move(question->spec);
  if (auto written = write_files(arguments, found, (*site)->network()); !written) {
    return report(written.error());
  }
  std::string text = arguments.has("--json")
                         ? traffic_json(found, (*site)->network()).dump(2) + "\n"
                         : traffic_text(found);
  if (arguments.has("--plot") && !arguments.has("--json")) {
    text +=
        "\n" + draw::series_text(traffic_plot(found), draw::form_of(terminal(STDOUT_FILENO), 16));
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  return is_saturated ? kWarning : kOk;
}

}  // namespace
}  // namespace sim_traffic_impl

VerbSpec sim_traffic_verb() {
  namespace impl = sim_traffic_impl;
  return {"sim traffic",
          "throughput and latency of open-loop traffic on a rack, over load",
          "Lets messages arrive at random times at a load that does not wait for the network, and "
          "says for each load what was delivered, the latency of messages (50th, 95th and 99th of "
          "100), the load that no network of these links and routes can pass, which link that is, "
          "and where the latency goes. The first fifth of the arrivals is not measured. As flows, "
          "the messages of an end share its links; packet by packet they stand behind each other.",
          impl::kPositionals,
          impl::kOptions,
          impl::run,
          false,
          impl::kExamples,
          impl::kExits};
}

}  // namespace weft::cli
