// SPDX-License-Identifier: Apache-2.0
#include "cli/sim/compare.h"

#include "base/text.h"
#include "cli/draw/paint.h"
#include "cli/draw/terminal_plot.h"
#include "cli/files.h"
#include "cli/sim/input.h"
#include "cli/terminal.h"
#include "sim/amount.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace weft::cli {
namespace sim_compare_impl {
namespace {

using Json = nlohmann::ordered_json;

constexpr PositionalSpec kPositionals[] = {
    {"RACK", "Rack files or topologies, as weft sim collective takes them.", true, true}};
constexpr OptionSpec kOptions[] = {
    {"--state", "FILE",
     "Also with the links in this state (schema weftline/fabric-state/1); it counts for the rack "
     "that it names, and for all where it names none of them. May be repeated.",
     true},
    {"--algo", "NAME",
     "An algorithm, as weft sim collective has them; default auto. May be repeated.", true},
    {"--op", "NAME", "The collective. Default allreduce."},
    {"--size", "A:B", "Sizes that double, or one size. Default 1M:1G."},
    {"--csv", "FILE", "The table as CSV, a line for each size and column."},
    {"--svg", "FILE", "Bus bandwidth over size, a curve for each column."},
    {"--plot", "", "The same as text."},
    {"--json", "", "The result as JSON, schema weftline/sim-compare/1."},
    kSimRanks,
    kSimSoftware,
    kSimRouting,
    kSimFidelity,
    kSimInSwitch,
};
constexpr ExampleSpec kExamples[] = {
    {"weft sim compare racks/hgx-h100.yaml racks/ualink-72.yaml --ranks 8 --size 1M:1G",
     "Eight accelerators of two racks."},
    {"weft sim compare star:8 --algo ring --algo tree --algo two-shot --size 1K:1M",
     "Which algorithm from which size on."},
};
constexpr ExitSpec kExits[] = {
    {kOk, "computed"},
    {kCritical, "at least one column stalls, or its ranks do not reach each other"},
};
/// More columns than this say nothing side by side.
constexpr std::size_t kColumnsMax = 32;
constexpr std::uint64_t kSizeMax = std::uint64_t{1} << 44;

/// One rack in one state by one algorithm; and what it answers for each size.
struct Column {
  std::string name;
  std::string rack, state;  ///< as given; no state: as planned
  std::shared_ptr<sim::Site> site;
  sim::Profile profile = sim::Profile::kIdeal;
  sim::Algorithm algorithm = sim::Algorithm::kAuto;
  std::vector<base::Result<sim::Answer>> answers;
};

struct Question {
  sim::Collective collective = sim::Collective::kAllReduce;
  std::vector<sim::Algorithm> algorithms;
  std::vector<std::uint64_t> sizes;
  std::vector<std::pair<std::string, sim::FabricState>> states;
  sim::RackOptions rack;
  std::optional<sim::Profile> profile;
  sim::Routing routing = sim::Routing::kSpray;
  sim::Fidelity fidelity = sim::Fidelity::kAuto;
  bool in_switch = false;
};

std::optional<sim::Routing> routing_named(std::string_view name) {
  for (const auto routing : {sim::Routing::kEcmp, sim::Routing::kSpray, sim::Routing::kWeighted}) {
    if (sim::key(routing) == name) {
      return routing;
    }
  }
  return std::nullopt;
}

void read_words(const Arguments& arguments, Question& out, SimMistakes& mistakes) {
  const std::string op = arguments.value("--op").value_or("allreduce");
  if (const auto collective = sim::find_collective(op)) {
    out.collective = *collective;
  } else {
    mistakes.add("--op", op, "a collective; see weft sim collective --help");
  }
  for (const std::string& name : arguments.values("--algo")) {
    if (const auto algorithm = sim::find_algorithm(name)) {
      out.algorithms.push_back(*algorithm);
    } else {
      mistakes.add("--algo", name, "an algorithm; see weft sim collective --help");
    }
  }
  if (out.algorithms.empty()) {
    out.algorithms.push_back(sim::Algorithm::kAuto);
  }
  const std::string size = arguments.value("--size").value_or("1M:1G");
  const auto sizes = sim::parse_sizes(size);
  if (!sizes || sizes->back() > kSizeMax) {
    mistakes.add("--size", size, "a size or a range such as 1K:8G, at most 16T");
  }
  out.sizes = sizes.value_or(std::vector<std::uint64_t>{});
  if (const auto text = arguments.value("--ranks")) {
    const auto ranks = base::parse_unsigned(*text);
    if (!ranks || *ranks < 2 || *ranks > 1'000'000) {
      mistakes.add("--ranks", *text, "a number of ranks, at least 2");
    }
    out.rack.ranks = static_cast<std::uint32_t>(ranks.value_or(0));
  }
  if (const auto text = arguments.value("--software")) {
    out.profile = sim::find_profile(*text);
    if (!out.profile) {
      mistakes.add("--software", *text, "ideal, nvlink4, nvlink5 or other");
    }
  }
  if (const auto text = arguments.value("--routing")) {
    const auto routing = routing_named(*text);
    if (!routing) {
      mistakes.add("--routing", *text, "spray, weighted or ecmp");
    }
    out.routing = routing.value_or(out.routing);
  }
  if (const auto text = arguments.value("--fidelity")) {
    const auto fidelity = sim::find_fidelity(*text);
    if (!fidelity) {
      mistakes.add("--fidelity", *text, "auto, closed-form, flow or packet");
    }
    out.fidelity = fidelity.value_or(out.fidelity);
  }
  out.in_switch = arguments.has("--in-switch");
}

base::Result<Question> read(const Arguments& arguments) {
  Question out;
  SimMistakes mistakes;
  read_words(arguments, out, mistakes);
  if (auto ok = mistakes.result(); !ok) {
    return tl::unexpected(ok.error());
  }
  for (const std::string& file : arguments.values("--state")) {
    auto state = fabric::load_fabric_state(file);
    if (!state) {
      return tl::unexpected(state.error());
    }
    out.states.emplace_back(file, std::move(*state));
  }
  return out;
}

/// "racks/nvl72.yaml" is "nvl72"; a topology is itself.
std::string short_name(const std::string& path) {
  return path.find(':') == std::string::npos ? std::filesystem::path(path).stem().string() : path;
}

/// The columns of one rack: as planned and in each state that is of it, by each algorithm.
base::Result<void> add_rack(const std::string& rack, const sim::Network& network,
                            const Question& question, const std::vector<std::string>& names,
                            std::vector<Column>& out) {
  std::vector<std::pair<std::string, sim::FabricState>> states = {{"", {}}};
  for (const auto& [file, state] : question.states) {
    const bool names_another = std::find(names.begin(), names.end(), state.rack) != names.end() &&
                               state.rack != network.name;
    if (!names_another) {
      states.emplace_back(file, sim::part_of(state, network));
    }
  }
  for (const auto& [file, state] : states) {
    auto site = sim::Site::make(network, state);
    if (!site) {
      return tl::unexpected(site.error());
    }
    const std::shared_ptr<sim::Site> shared = std::move(*site);
    for (const sim::Algorithm algorithm : question.algorithms) {
      if (out.size() == kColumnsMax) {
        return base::fail(base::Code::kResourceExhausted,
                          fmt::format("more than {} columns", kColumnsMax), "sim compare",
                          "give fewer racks, states or algorithms");
      }
      Column column;
      column.rack = rack;
      column.state = file;
      column.name = short_name(rack);
      column.name += file.empty() ? "" : " " + short_name(file);
      column.name += question.algorithms.size() > 1 ? fmt::format(" {}", sim::key(algorithm)) : "";
      column.site = shared;
      column.profile = question.profile.value_or(sim::profile_of(network));
      column.algorithm = algorithm;
      out.push_back(std::move(column));
    }
  }
  return {};
}

base::Result<std::vector<Column>> columns_of(const std::vector<std::string>& racks,
                                             const Question& question) {
  std::vector<sim::Network> networks;
  std::vector<std::string> names;
  for (const std::string& rack : racks) {
    auto network = sim::load_network(rack, question.rack);
    if (!network) {
      return tl::unexpected(network.error());
    }
    for (sim::NodeIndex i = 0; question.in_switch && i < network->nodes().size(); ++i) {
      network->node(i).can_reduce = network->node(i).can_multicast = true;
    }
    names.push_back(network->name);
    networks.push_back(std::move(*network));
  }
  std::vector<Column> out;
  for (std::size_t i = 0; i < racks.size(); ++i) {
    if (auto ok = add_rack(racks[i], networks[i], question, names, out); !ok) {
      return tl::unexpected(ok.error());
    }
  }
  return out;
}

void answer_all(const Question& question, std::vector<Column>& columns) {
  for (Column& column : columns) {
    const auto& nodes = column.site->network().nodes();
    sim::Study study;
    study.spec.collective = question.collective;
    study.spec.algorithm = column.algorithm;
    study.spec.ranks = column.site->network().ranks();
    study.spec.domain = static_cast<std::uint32_t>(
        std::count_if(nodes.begin(), nodes.begin() + study.spec.ranks,
                      [&](const sim::Node& node) { return node.domain == nodes[0].domain; }));
    study.fidelity = question.fidelity;
    study.routing = question.routing;
    study.profile = column.profile;
    for (const std::uint64_t bytes : question.sizes) {
      study.spec.bytes = bytes;
      column.answers.push_back(sim::answer(*column.site, study));
    }
  }
}

std::string ratio_text(const Column& column, const Column& first, std::size_t row) {
  if (!column.answers[row] || !first.answers[row] || &column == &first) {
    return {};
  }
  return fmt::format("{:.2f}x", sim::as_seconds(column.answers[row]->time) /
                                    sim::as_seconds(first.answers[row]->time));
}

std::string table(const Question& question, const std::vector<Column>& columns) {
  std::string out = fmt::format("# {}: time, bus bandwidth, and the time over the first column's\n",
                                sim::key(question.collective));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Column& column = columns[i];
    out += fmt::format("#  {}: {} ({} ranks, software {}{})\n", i + 1, column.name,
                       column.site->network().ranks(), sim::key(column.profile),
                       column.state.empty() ? "" : ", state " + column.state);
  }
  out += fmt::format("#{:>11}", "size");
  for (std::size_t i = 0; i < columns.size(); ++i) {
    out += fmt::format(" | {:>12} {:>11} {:>6}", fmt::format("{}: time", i + 1), "GB/s",
                       i == 0 ? "" : "ratio");
  }
  out += "\n";
  for (std::size_t row = 0; row < question.sizes.size(); ++row) {
    out += fmt::format("{:>12}", sim::size_text(question.sizes[row]));
    for (const Column& column : columns) {
      const auto& answer = column.answers[row];
      out += answer ? fmt::format(" | {:>12} {:>11.4g} {:>6}", sim::time_text(answer->time),
                                  answer->busbw / 1e9, ratio_text(column, columns.front(), row))
                    : fmt::format(" | {:>12} {:>11} {:>6}", "-", "-", "");
    }
    out += "\n";
  }
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto& last = columns[i].answers.back();
    out += last ? fmt::format("# {} at {}: {}; of the bound {:.1f} %; {}\n", i + 1,
                              sim::size_text(question.sizes.back()),
                              sim::key(last->plan.spec.algorithm), 100 * last->of_bound(),
                              breakdown_text(last->path))
                : fmt::format("# {}: {}\n", i + 1, last.error().text());
  }
  return out;
}

Json document(const Question& question, const std::vector<Column>& columns) {
  Json out = {{"schema", "weftline/sim-compare/1"},
              {"op", sim::key(question.collective)},
              {"routing", sim::key(question.routing)},
              {"columns", Json::array()}};
  for (const Column& column : columns) {
    Json entry = {{"name", column.name},
                  {"rack", column.rack},
                  {"ranks", column.site->network().ranks()},
                  {"software", sim::key(column.profile)},
                  {"rows", Json::array()}};
    if (!column.state.empty()) {
      entry["state"] = column.state;
    }
    for (std::size_t row = 0; row < question.sizes.size(); ++row) {
      const auto& answer = column.answers[row];
      Json cell = {{"bytes", question.sizes[row]}};
      if (answer) {
        cell["algorithm"] = sim::key(answer->plan.spec.algorithm);
        cell["fidelity"] = sim::key(answer->fidelity);
        cell["time_us"] = sim::as_seconds(answer->time) * 1e6;
        cell["busbw_bytes_per_s"] = answer->busbw;
        cell["of_bound"] = answer->of_bound();
        if (const auto& first = columns.front().answers[row]) {
          cell["of_first"] = sim::as_seconds(answer->time) / sim::as_seconds(first->time);
        }
      } else {
        cell["stalled"] = answer.error().text();
      }
      entry["rows"].push_back(std::move(cell));
    }
    out["columns"].push_back(std::move(entry));
  }
  return out;
}

std::string csv(const Question& question, const std::vector<Column>& columns) {
  std::string out = "column,rack,state,bytes,algorithm,time_us,busbw_gb_s,of_bound\n";
  for (const Column& column : columns) {
    for (std::size_t row = 0; row < question.sizes.size(); ++row) {
      if (const auto& answer = column.answers[row]) {
        out += fmt::format(
            "\"{}\",\"{}\",\"{}\",{},{},{:.6g},{:.6g},{:.6g}\n", column.name, column.rack,
            column.state, question.sizes[row], sim::key(answer->plan.spec.algorithm),
            sim::as_seconds(answer->time) * 1e6, answer->busbw / 1e9, answer->of_bound());
      }
    }
  }
  return out;
}

draw::Plot plot(const Question& question, const std::vector<Column>& columns) {
  constexpr std::array kRoles = {draw::Role::kSeries1, draw::Role::kSeries2, draw::Role::kSeries3,
                                 draw::Role::kSeries4, draw::Role::kSeries5};
  constexpr std::string_view kSigns = "*+ox#";
  draw::Plot out;
  out.title = fmt::format("{}", sim::key(question.collective));
  double most = 0;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    draw::Series series;
    series.legend = columns[i].name;
    series.stroke = {kRoles.at(i % kRoles.size()), 2,
                     i < kRoles.size() ? draw::Dash::kSolid : draw::Dash::kDashed, 1};
    series.sign = kSigns[i % kSigns.size()];
    for (std::size_t row = 0; row < question.sizes.size(); ++row) {
      if (const auto& answer = columns[i].answers[row]) {
        series.points.push_back({static_cast<double>(question.sizes[row]), answer->busbw / 1e9});
        most = std::max(most, answer->busbw / 1e9);
      }
    }
    out.series.push_back(std::move(series));
  }
  const auto first = static_cast<double>(question.sizes.front());
  out.x = {"Size (bytes)", first, std::max(static_cast<double>(question.sizes.back()), first * 2),
           draw::Scale::kLog10};
  out.y = draw::rounded_axis("Bus bandwidth (GB/s)", 0, most);
  return out;
}

base::Result<void> write_files(const Arguments& arguments, const Question& question,
                               const std::vector<Column>& columns) {
  if (const auto file = arguments.value("--csv")) {
    if (auto ok = write_output(*file, csv(question, columns)); !ok) {
      return ok;
    }
  }
  if (const auto file = arguments.value("--svg")) {
    draw::Figure figure;
    figure.width = 860;
    figure.height = 480;
    figure.items.push_back({{10, 10, 840, 460}, plot(question, columns)});
    return write_output(*file, draw::svg_file(figure, draw::SvgTheme::kFollowReader));
  }
  return {};
}

int run(const Arguments& arguments) {
  const auto question = read(arguments);
  if (!question) {
    return report(question.error());
  }
  auto columns = columns_of(arguments.values("RACK"), *question);
  if (!columns) {
    return report(columns.error());
  }
  answer_all(*question, *columns);
  if (auto written = write_files(arguments, *question, *columns); !written) {
    return report(written.error());
  }
  std::string text = arguments.has("--json") ? document(*question, *columns).dump(2) + "\n"
                                             : table(*question, *columns);
  if (arguments.has("--plot") && !arguments.has("--json")) {
    text += "\n" + draw::series_text(plot(*question, *columns),
                                     draw::form_of(terminal(STDOUT_FILENO), 16));
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  const bool is_whole = std::all_of(columns->begin(), columns->end(), [](const Column& column) {
    return std::all_of(column.answers.begin(), column.answers.end(),
                       [](const auto& answer) { return answer.has_value(); });
  });
  return is_whole ? kOk : kCritical;
}

}  // namespace
}  // namespace sim_compare_impl

VerbSpec sim_compare_verb() {
  namespace impl = sim_compare_impl;
  return {"sim compare",
          "the same collective on several racks, states and algorithms, side by side",
          "Answers weft sim collective's question for every rack, as planned and in every state "
          "that is given, by every algorithm, and prints times and bus bandwidths in columns with "
          "the ratio to the first. Each column runs with the software of its own links unless "
          "--software says otherwise.",
          impl::kPositionals,
          impl::kOptions,
          impl::run,
          false,
          impl::kExamples,
          impl::kExits};
}

}  // namespace weft::cli
