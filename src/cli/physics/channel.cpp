// SPDX-License-Identifier: Apache-2.0
#include "cli/physics/channel.h"

#include "cli/files.h"
#include "cli/json_request.h"
#include "cli/physics/channel_figures.h"
#include "cli/physics/channel_input.h"
#include "cli/physics/channel_report.h"
#include "cli/physics/eye_options.h"
#include "phy/channel/touchstone.h"
#include "phy/link/setup.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

namespace weft::cli {
namespace channel_verb {
namespace {

namespace channel = phy::channel;
using base::Code;

constexpr OptionSpec kProtocol = {"--protocol", "KEY",
                                  "The link set-up or protocol whose baud rate, amplitudes and "
                                  "bandwidth count (pcie6, eth-100g)."};
constexpr OptionSpec kBaud = {
    "--baud", "GBD",
    "A baud rate instead, in GBd; amplitudes are then 0.4 V and 0.6 V (NEXT), the receiver's "
    "bandwidth 3/4 of the rate."};
constexpr OptionSpec kShowOptions[] = {
    {"--at", "GHZ", "Show losses at this frequency; default: a few customary ones.", true},
    kProtocol,
    kBaud,
    {"--response", "", "Put the differential response over frequency into the JSON."},
    {"--json", "", "JSON, schema weftline/channel/1."},
    {"--csv", "", "Losses at each frequency as CSV."},
};
constexpr ExampleSpec kShowExamples[] = {
    {"weft channel show thru.s4p --fext f1.s4p --next n1.s4p --protocol eth-100g",
     "Losses, crosstalk and reflections of a measured channel."},
    {"weft channel show all.s16p --pairs \"thru=1,3:2,4 fext=5,7:2,4\" --at 26.56",
     "One file that holds victim and aggressor."},
    {"weft channel show --path \"pkg + megtron7:10in + pkg\" --baud 53.125",
     "A channel that is not built yet."},
};
constexpr ExitSpec kShowExits[] = {{kOk, "the channel was read and shown"}};

constexpr PositionalSpec kFiles[] = {
    {"FILE", "Touchstone files, \"-\" for standard input.", false, true},
};
constexpr OptionSpec kCheckOptions[] = {
    kProtocol,
    kBaud,
    {"--tolerance", "X",
     "How far a singular value may exceed 1; default 1e-5, what rounding of files leaves."},
    {"--json", "", "JSON, schema weftline/channel/1."},
    kRequestOption,
};
constexpr ExampleSpec kCheckExamples[] = {
    {"weft channel check lib/*.s4p --protocol pcie6", "Which of these files can be trusted?"},
};
constexpr ExitSpec kCheckExits[] = {
    {kOk, "every file is in order"},
    {kWarning, "at least one finding"},
};

constexpr OptionSpec kCascadeOptions[] = {
    {"-o,--output", "FILE", "Where to write; default: standard output."},
    {"--pairs", "MAP",
     "Which ports form the near and far pair of every file, as 1,3:2,4. Default: found for four "
     "ports by what passes at low frequency; other counts: the first half is the near end."},
    {"--format", "FORM", "ri (default), ma or db."},
    {"--passive", "", "Bring singular values above 1 down to 1 in the result."},
    {"--json", "", "JSON with the text under \"touchstone\", schema weftline/channel/1."},
    kRequestOption,
};
constexpr ExampleSpec kCascadeExamples[] = {
    {"weft channel cascade host.s4p cable.s4p module.s4p -o link.s4p",
     "Three measured pieces as one channel."},
};
constexpr ExitSpec kCascadeExits[] = {{kOk, "the result was written"}};

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

/// The set-up that --protocol or --baud names; nothing without either.
struct Rate {
  std::optional<double> baud_hz;
  std::string protocol;
  FigureSetup figures;
};

base::Result<Rate> rate_of(const Arguments& arguments) {
  Rate rate;
  if (const auto key = arguments.value("--protocol")) {
    const auto setup = phy::link::find_setup(*key);
    if (!setup) {
      return base::fail(Code::kInvalidArgument, setup.error().what, "--protocol",
                        setup.error().hint);
    }
    rate.baud_hz = setup->signalling.baud_hz;
    rate.protocol = setup->key;
    rate.figures = figure_setup(*setup);
  }
  const auto baud = number_option(arguments, "--baud");
  if (!baud) {
    return tl::unexpected(baud.error());
  }
  if (*baud) {
    if (!(**baud > 0) || **baud > 1e4) {
      return base::fail(Code::kInvalidArgument, "a baud rate is above 0 and below 10000 GBd",
                        "--baud");
    }
    rate.baud_hz = **baud * 1e9;
    rate.figures.crosstalk.fext.baud_hz = rate.figures.crosstalk.next.baud_hz = *rate.baud_hz;
  }
  if (rate.baud_hz) {
    rate.figures.erl.baud_hz = *rate.baud_hz;
    if (rate.protocol.empty()) {
      rate.figures.crosstalk.fext = rate.figures.crosstalk.next = {*rate.baud_hz, 0, 0.75};
    }
  }
  return rate;
}

base::Result<std::vector<double>> frequencies(const Arguments& arguments,
                                              const channel::Network& sdd,
                                              const std::optional<double>& baud_hz) {
  std::vector<double> out;
  for (const auto& text : arguments.values("--at")) {
    Arguments one;
    one.add("--at", text);
    const auto ghz = number_option(one, "--at");
    if (!ghz) {
      return tl::unexpected(ghz.error());
    }
    out.push_back(**ghz * 1e9);
  }
  if (out.empty()) {
    for (const double ghz : {1.0, 4.0, 8.0, 12.89, 16.0, 26.56, 32.0, 53.125}) {
      // The Nyquist frequency itself stands for those beside it.
      const bool is_beside = baud_hz && std::abs(ghz * 2e9 / *baud_hz - 1) < 0.02;
      if (ghz * 1e9 <= sdd.frequency_hz.back() && !is_beside) {
        out.push_back(ghz * 1e9);
      }
    }
    if (baud_hz) {
      out.push_back(*baud_hz / 2);
    }
    std::sort(out.begin(), out.end());
  }
  return out;
}

/// Skew and mode conversion of the victim's path, where its file has single-ended ports.
void add_modes(ChannelShow& show, const std::vector<channel::Source>& sources, double up_to_hz) {
  for (const auto& source : sources) {
    std::vector<std::string> ignored;
    const auto paths = channel::paths_of(source, nullptr, ignored);
    if (!paths) {
      continue;
    }
    for (const auto& path : *paths) {
      if (path.role.value_or(source.role) != channel::Role::kThru) {
        continue;
      }
      if (const auto modes = channel::path_modes(source.network, path.ports)) {
        show.conversion = channel::mode_conversion(*modes, up_to_hz);
        show.skew_s = channel::intra_pair_skew_s(source.network, path.ports, up_to_hz);
      }
      return;
    }
  }
}

void add_rate(ChannelShow& show, const Rate& rate) {
  show.baud_hz = rate.baud_hz;
  show.protocol = rate.protocol;
  if (!rate.baud_hz) {
    return;
  }
  show.figures = figures_of(show.channel, rate.figures);
  show.erl_terms = erl_terms(rate.figures.erl);
}

int show(const Arguments& arguments) {
  if (arguments.has("--json") && arguments.has("--csv")) {
    return report_usage("channel show: --json and --csv exclude each other");
  }
  const auto rate = rate_of(arguments);
  if (!rate) {
    return report(rate.error());
  }
  ChannelShow out;
  std::vector<channel::Source> sources;
  if (!is_path(arguments)) {
    auto loaded = load_sources(arguments);
    if (!loaded) {
      return report(loaded.error());
    }
    sources = std::move(*loaded);
  }
  auto cut = is_path(arguments) ? load_channel(arguments) : channel::cut_channel(sources);
  if (!cut) {
    return report(cut.error());
  }
  out.channel = std::move(*cut);
  for (const auto& source : sources) {
    out.files.push_back(
        facts_of(source.network, source.name, std::string(channel::key(source.role))));
  }
  const auto& sdd = out.channel.thru.sdd;
  if (out.files.empty()) {
    out.files.push_back(facts_of(sdd, arguments.value("--path").value_or(""), "thru"));
  }
  const auto at = frequencies(arguments, sdd, rate->baud_hz);
  if (!at) {
    return report(at.error());
  }
  out.at_hz = *at;
  out.delay_s = channel::bulk_delay_s(sdd.frequency_hz, sdd.response(1, 0));
  add_modes(out, sources, rate->baud_hz ? *rate->baud_hz / 2 : sdd.frequency_hz.back());
  add_rate(out, *rate);
  out.has_response = arguments.has("--response");
  print(arguments.has("--json")  ? show_json(out)
        : arguments.has("--csv") ? show_csv(out)
                                 : show_text(out, terminal(STDOUT_FILENO)));
  return kOk;
}

int check(const Arguments& arguments) {
  const auto rate = rate_of(arguments);
  if (!rate) {
    return report(rate.error());
  }
  const auto tolerance = number_option(arguments, "--tolerance");
  if (!tolerance) {
    return report(tolerance.error());
  }
  channel::CheckLimits limits;
  limits.baud_hz = rate->baud_hz.value_or(0);
  limits.passivity = tolerance->value_or(limits.passivity);
  // Each file stands alone here: roles mean nothing.
  const auto files = arguments.values("FILE");
  std::vector<CheckedFile> checked;
  std::vector<std::vector<channel::Source>> loaded;
  for (const auto& file : files) {
    Arguments one;
    one.add("FILE", file);
    auto sources = load_sources(one);
    if (!sources) {
      return report(sources.error());
    }
    loaded.push_back(std::move(*sources));
  }
  for (const auto& text : arguments.values(std::string(kInlineChannels))) {
    Arguments one;
    one.add(std::string(kInlineChannels), text);
    auto sources = load_sources(one);
    if (!sources) {
      return report(sources.error());
    }
    loaded.push_back(std::move(*sources));
  }
  if (loaded.empty()) {
    return report_usage("channel check: FILE is missing", "See: weft channel check --help");
  }
  int exit = kOk;
  for (const auto& sources : loaded) {
    const auto& source = sources.front();
    CheckedFile file{facts_of(source.network, source.name, std::string(channel::key(source.role))),
                     source.notes, channel::check_network(source.network, limits)};
    exit = file.report.findings.empty() ? exit : static_cast<int>(kWarning);
    checked.push_back(std::move(file));
  }
  print(arguments.has("--json") ? check_json(checked, exit) : check_text(checked));
  return exit;
}

/// The ports of a piece, near end first, as cascade() wants them.
base::Result<std::vector<std::size_t>> near_first(const channel::Source& source) {
  const std::size_t n = source.network.ports;
  if (n % 2 != 0) {
    return base::fail(Code::kInvalidArgument, fmt::format("{} ports cannot stand in a row", n),
                      source.name, "An even number is needed: half near, half far.");
  }
  std::vector<std::size_t> order(n);
  for (std::size_t i = 0; i < n; ++i) {
    order[i] = i;
  }
  if (n != 4) {
    return order;
  }
  const auto ports = source.paths.empty() ? channel::detect_ports(source.network).ports
                                          : source.paths.front().ports;
  const std::array<std::size_t, 4> four = {ports.from.positive, ports.from.negative,
                                           ports.to.positive, ports.to.negative};
  for (const std::size_t port : four) {
    if (port >= n || std::count(four.begin(), four.end(), port) != 1) {
      return base::fail(Code::kInvalidArgument, "the pair map does not name ports 1 to 4 once each",
                        source.name);
    }
  }
  return std::vector<std::size_t>(four.begin(), four.end());
}

base::Result<channel::Network> join_all(const std::vector<channel::Source>& sources) {
  // On the first piece's frequencies, as far as every piece goes.
  double last = sources.front().network.frequency_hz.back();
  for (const auto& source : sources) {
    last = std::min(last, source.network.frequency_hz.back());
  }
  std::vector<double> grid;
  for (const double f : sources.front().network.frequency_hz) {
    if (f <= last) {
      grid.push_back(f);
    }
  }
  if (grid.empty()) {
    return base::fail(Code::kInvalidArgument, "the pieces have no frequency in common",
                      sources.front().name);
  }
  std::optional<channel::Network> joined;
  std::vector<std::size_t> first_order;
  for (const auto& source : sources) {
    const auto order = near_first(source);
    if (!order) {
      return tl::unexpected(order.error());
    }
    auto piece = channel::resample(channel::select_ports(source.network, *order), grid);
    if (!piece) {
      return piece;
    }
    if (!joined) {
      joined = std::move(*piece);
      first_order = *order;
      continue;
    }
    auto next = channel::cascade(*joined, *piece);
    if (!next) {
      auto error = next.error();
      error.where = source.name + (error.where.empty() ? "" : ", " + error.where);
      return tl::unexpected(std::move(error));
    }
    joined = std::move(*next);
  }
  // Back to the port order of the first piece.
  std::vector<std::size_t> back(first_order.size());
  for (std::size_t i = 0; i < first_order.size(); ++i) {
    back[first_order[i]] = i;
  }
  return channel::select_ports(*joined, back);
}

base::Result<std::vector<channel::Source>> pieces(const Arguments& arguments) {
  std::vector<channel::Source> all;
  const auto take = [&](const std::string& key, const std::string& value) -> base::Result<void> {
    Arguments one;
    one.add(key, value);
    if (const auto pairs = arguments.value("--pairs")) {
      one.add("--pairs", *pairs);
    }
    auto sources = load_sources(one);
    if (!sources) {
      return tl::unexpected(sources.error());
    }
    all.push_back(std::move(sources->front()));
    return {};
  };
  for (const std::string& key : {std::string("FILE"), std::string(kInlineChannels)}) {
    for (const auto& value : arguments.values(key)) {
      if (auto taken = take(key, value); !taken) {
        return tl::unexpected(taken.error());
      }
    }
  }
  return all;
}

int cascade(const Arguments& arguments) {
  channel::TouchstoneStyle style;
  const std::string format = arguments.value("--format").value_or("ri");
  if (format != "ri" && format != "ma" && format != "db") {
    return report_usage(fmt::format("channel cascade: --format {} is not known", format),
                        "Give ri, ma or db.");
  }
  style.format = format == "ri"   ? channel::NumberFormat::kRealImaginary
                 : format == "ma" ? channel::NumberFormat::kMagnitudeAngle
                                  : channel::NumberFormat::kDecibelAngle;
  const auto sources = pieces(arguments);
  if (!sources) {
    return report(sources.error());
  }
  if (sources->size() < 2) {
    return report_usage("channel cascade: two files or more are joined",
                        "See: weft channel cascade --help");
  }
  const std::string output = arguments.value("--output").value_or("-");
  for (const auto& source : *sources) {
    if (source.name == output) {
      return report_usage(fmt::format("channel cascade: {} is also an input", output));
    }
  }
  auto joined = join_all(*sources);
  if (!joined) {
    return report(joined.error());
  }
  if (arguments.has("--passive")) {
    *joined = channel::enforce_passivity(*joined);
  }
  // Version 1 knows one impedance for all ports.
  const auto differs = [&](double ohm) { return ohm != joined->z0_ohm.front(); };
  style.version = std::any_of(joined->z0_ohm.begin(), joined->z0_ohm.end(), differs) ? 2 : 1;
  style.comment = "weft channel cascade";
  const auto text = channel::write_touchstone(*joined, style);
  if (!text) {
    return report(text.error());
  }
  if (output != "-") {
    if (const auto written = write_output(output, *text); !written) {
      return report(written.error());
    }
  }
  if (arguments.has("--json")) {
    print(cascade_json(facts_of(*joined, output, "thru"), output == "-" ? *text : std::string()));
  } else if (output == "-") {
    print(*text);
  }
  return kOk;
}

}  // namespace
}  // namespace channel_verb

VerbSpec channel_show_verb() {
  static const auto kOptions = channel_options(channel_verb::kShowOptions);
  VerbSpec verb;
  verb.name = "channel show";
  verb.summary = "Show a channel's losses, reflections, crosstalk and skew";
  verb.description =
      "Reads a channel from Touchstone files (versions 1 and 2, 1 to 32 ports) or makes it from "
      "segments, and shows what a link sees of it: insertion and return loss, the fitted loss and "
      "its deviation (IEEE 802.3 93A.3), crosstalk noise (92.10.7), effective return loss (93A.5), "
      "delay, skew and mode conversion, and a plot.\n\n"
      "What had to be assumed is printed as a note: port order, a missing point at 0 Hz, "
      "frequencies that an aggressor lacks. A value that the data does not have is \"-\".";
  verb.positionals = kChannelPositionals;
  verb.options = kOptions;
  verb.run = &channel_verb::show;
  verb.examples = channel_verb::kShowExamples;
  verb.exits = channel_verb::kShowExits;
  return verb;
}

VerbSpec channel_check_verb() {
  VerbSpec verb;
  verb.name = "channel check";
  verb.summary = "Check whether Touchstone files are passive, reciprocal, causal and fine enough";
  verb.description =
      "Checks each file by itself and says, with the number and the frequency: does it give power "
      "away (largest singular value), do S_ij and S_ji differ, does the response begin before it "
      "can arrive, is the point at 0 Hz missing or the first point off, is the step too coarse for "
      "the delay, does the data end too early for the baud rate.";
  verb.positionals = channel_verb::kFiles;
  verb.options = channel_verb::kCheckOptions;
  verb.run = &channel_verb::check;
  verb.examples = channel_verb::kCheckExamples;
  verb.exits = channel_verb::kCheckExits;
  return verb;
}

VerbSpec channel_cascade_verb() {
  VerbSpec verb;
  verb.name = "channel cascade";
  verb.summary = "Join Touchstone files end to end";
  verb.description =
      "Joins the far end of each file to the near end of the next and writes the result as "
      "Touchstone, in the port order and on the frequencies of the first file, as far as every "
      "file goes. Different reference impedances at a joint are taken into account.";
  verb.positionals = channel_verb::kFiles;
  verb.options = channel_verb::kCascadeOptions;
  verb.run = &channel_verb::cascade;
  verb.examples = channel_verb::kCascadeExamples;
  verb.exits = channel_verb::kCascadeExits;
  return verb;
}

}  // namespace weft::cli
