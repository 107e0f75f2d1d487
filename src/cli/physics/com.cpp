// SPDX-License-Identifier: Apache-2.0
#include "cli/physics/com.h"

#include "base/text.h"
#include "cli/physics/channel_input.h"
#include "cli/physics/com_report.h"
#include "cli/terminal.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

namespace weft::cli {
namespace com {
namespace {

using base::Code;
namespace link = phy::link;

constexpr double kCheckSymbols = 200'000;
constexpr double kCheckSymbolsMax = 1e9;
constexpr std::size_t kSetupBytesMax = 1U << 20U;

constexpr OptionSpec kOptions[] = {
    {"--protocol", "KEY",
     "Whose transmitter, packages and receiver: a set-up (eth-100g) or a protocol of rack files "
     "(eth-800g-100). See --list-protocols."},
    {"--setup", "FILE", "A set-up of your own instead, in the form of data/links/*.yaml."},
    {"--set", "KEY=VALUE",
     "Another value of the set-up, by its keys in the file: receiver.eta0_v2_per_ghz=1e-8. "
     "Lists and mappings as YAML: receiver.dfe='{max: [0.5], min: [0]}'.",
     true},
    {"--package", "CASE",
     "One package case, by number or name; `none` where the channel reaches from die to die. "
     "Default: every case, judged by the worst; none for a --path that has packages itself."},
    {"--all-cases", "", "Show equaliser and voltages of every package case, not of the worst."},
    {"--search", "MODE",
     "local (default) climbs to the best setting; full looks at every one, which takes seconds to "
     "minutes."},
    {"--preset", "NAME", "This transmitter preset only (PCIe: P0 to P10)."},
    {"--tx-taps", "LIST", "These transmitter taps only, all of them: -0.1,0.8,-0.1."},
    {"--ctle", "DB[,DB]", "This CTLE gain only, and this low-frequency gain."},
    {"--sris", "", "Separate reference clocks: adds the set-up's jitter for them."},
    {"--check", "", "Simulate the worst case in time beside it; seeded, the same each run."},
    {"--symbols", "N", "How many symbols --check simulates; default 200000, at most 1e9."},
    {"--each", "", "Every FILE is a channel of its own; prints one line for each."},
    {"--json", "", "JSON, schema weftline/com/1."},
    {"--csv", "", "A line for each channel and package case."},
    {"--list-protocols", "", "List the set-ups and the protocols that they serve."},
};
constexpr ExampleSpec kExamples[] = {
    {"weft com thru.s4p --fext f1.s4p --next n1.s4p --protocol eth-100g",
     "COM of a measured channel with two aggressors."},
    {"weft com --each runs/*.s4p --protocol eth-25g --csv > com.csv", "A table of many channels."},
    {"weft com --path \"pkg + megtron7:10in + pkg\" --protocol pcie6",
     "A channel that is not built yet."},
};
constexpr ExitSpec kExits[] = {
    {kOk, "every channel passes, or its set-up has no limit of COM"},
    {kWarning, "a channel fails"},
    {kUnknown, "a channel was not measured to the receiver's bandwidth"},
};

std::string protocols_text() {
  std::string out;
  for (const auto& setup : link::setups()) {
    out += fmt::format("{:<11} {}{}\n", setup.key, setup.title,
                       setup.is_modelled ? " (partly modelled)" : "");
    if (!setup.protocols.empty()) {
      out += fmt::format("            {}\n", fmt::join(setup.protocols, " "));
    }
  }
  return out;
}

base::Result<std::string> file_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return base::fail(Code::kNotFound, "the set-up cannot be read", path);
  }
  std::string text(kSetupBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

base::Result<link::LinkSetup> setup_of(const Arguments& arguments) {
  base::Result<link::LinkSetup> setup = [&]() -> base::Result<link::LinkSetup> {
    if (const auto path = arguments.value("--setup")) {
      auto text = file_text(*path);
      return text ? link::parse_setup(*text, *path)
                  : base::Result<link::LinkSetup>(tl::unexpected(text.error()));
    }
    if (const auto key = arguments.value("--protocol")) {
      auto found = link::find_setup(*key);
      return found ? std::move(found)
                   : base::fail(Code::kInvalidArgument, found.error().what, "--protocol",
                                found.error().hint);
    }
    return base::fail(Code::kInvalidArgument, "no protocol was given", "arguments",
                      "Give --protocol KEY; `weft com --list-protocols` lists them.");
  }();
  for (const auto& word : arguments.values("--set")) {
    if (!setup) {
      break;
    }
    const auto equals = word.find('=');
    if (equals == std::string::npos) {
      return base::fail(Code::kInvalidArgument, "no value stands behind '='", "--set " + word,
                        "Write --set KEY=VALUE.");
    }
    setup =
        link::override_setup(std::move(*setup), word.substr(0, equals), word.substr(equals + 1));
  }
  return setup;
}

base::Result<std::vector<double>> list_option(const Arguments& arguments, const std::string& name) {
  std::vector<double> out;
  const auto text = arguments.value(name).value_or("");
  for (const auto part : text.empty() ? std::vector<std::string_view>{} : base::split(text, ',')) {
    const std::string word(base::trim(part));
    char* end = nullptr;
    const double value = std::strtod(word.c_str(), &end);
    if (word.empty() || *end != '\0' || !std::isfinite(value)) {
      return base::fail(Code::kInvalidArgument,
                        fmt::format("'{}' is not a number", base::printable(word, 40)), name,
                        "Write numbers divided by commas.");
    }
    out.push_back(value);
  }
  return out;
}

/// The package case that --package names: nothing for every case.
base::Result<std::optional<std::size_t>> package_of(const Arguments& arguments,
                                                    const link::LinkSetup& setup) {
  const auto word = arguments.value("--package");
  if (!word || *word == "none") {
    return std::optional<std::size_t>{};
  }
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < setup.packages.size(); ++i) {
    names.emplace_back(setup.packages[i].name);
    if (setup.packages[i].name == *word || std::to_string(i + 1) == *word) {
      return std::optional<std::size_t>(i);
    }
  }
  return base::fail(Code::kInvalidArgument,
                    fmt::format("no package case '{}'", base::printable(*word, 40)), "--package",
                    fmt::format("It is none, or one of {}.", fmt::join(names, ", ")));
}

/// All that does not depend on the channel.
struct Job {
  link::LinkSetup setup;
  phy::com::ComOptions options;
  std::optional<std::size_t> package_case;
  bool is_checked = false;
  std::uint64_t check_symbols = 0;
  bool is_package_given = false;
};

base::Result<Job> job_of(const Arguments& arguments) {
  Job job;
  auto setup = setup_of(arguments);
  if (!setup) {
    return tl::unexpected(setup.error());
  }
  job.setup = std::move(*setup);
  auto& equalise = job.options.equalise;
  const auto package = package_of(arguments, job.setup);
  const auto taps = list_option(arguments, "--tx-taps");
  const auto ctle = list_option(arguments, "--ctle");
  for (const auto* error : {package ? nullptr : &package.error(), taps ? nullptr : &taps.error(),
                            ctle ? nullptr : &ctle.error()}) {
    if (error != nullptr) {
      return tl::unexpected(*error);
    }
  }
  job.package_case = *package;
  equalise.package = arguments.value("--package") != "none";
  job.is_package_given = arguments.has("--package");
  equalise.tx_taps = *taps;
  equalise.preset = arguments.value("--preset").value_or("");
  equalise.sris = arguments.has("--sris");
  if (!ctle->empty()) {
    equalise.ctle_gain_db = ctle->front();
    if (ctle->size() > 1) {
      equalise.ctle_low_gain_db = (*ctle)[1];
    }
  }
  const auto search = arguments.value("--search").value_or("local");
  if (search != "local" && search != "full") {
    return base::fail(Code::kInvalidArgument, fmt::format("'{}' is no search", search), "--search",
                      "It is local or full.");
  }
  equalise.search = search == "full" ? link::Search::kFull : link::Search::kLocal;
  job.is_checked = arguments.has("--check");
  const auto symbols = number_option(arguments, "--symbols");
  if (!symbols) {
    return tl::unexpected(symbols.error());
  }
  const double count = symbols->value_or(kCheckSymbols);
  if (!(count >= 1 && count <= kCheckSymbolsMax)) {
    return base::fail(Code::kInvalidArgument, "a simulation of so many symbols", "--symbols",
                      "Give 1 to 1e9.");
  }
  job.check_symbols = static_cast<std::uint64_t>(count);
  return job;
}

base::Result<Judged> judge_channel(const Job& job, const LoadedChannel& loaded) {
  const auto& channel = loaded.channel;
  Judged out;
  out.name = channel.thru.name;
  for (const auto& aggressor : channel.aggressors) {
    (aggressor.role == phy::channel::Role::kNext ? out.nexts : out.fexts) += 1;
  }
  auto options = job.options;
  const bool is_own_package = loaded.has_packages && !job.is_package_given;
  options.equalise.package = options.equalise.package && !is_own_package;
  if (!loaded.noise_v2_per_hz.empty()) {
    options.equalise.noise_hz = channel.thru.sdd.frequency_hz;
    options.equalise.noise_v2_per_hz = loaded.noise_v2_per_hz;
  }
  if (job.package_case) {
    options.equalise.package_case = *job.package_case;
    auto one = phy::com::com_case(job.setup, channel, options);
    if (!one) {
      return tl::unexpected(one.error());
    }
    out.result.cases.push_back(std::move(*one));
  } else {
    auto all = phy::com::com(job.setup, channel, options);
    if (!all) {
      return tl::unexpected(all.error());
    }
    out.result = std::move(*all);
  }
  const auto setup = figure_setup(job.setup);
  out.figures = figures_of(channel, setup);
  out.erl_terms = erl_terms(setup.erl);
  const auto& worst = out.worst();
  out.notes = channel.notes;
  out.notes.insert(out.notes.end(), worst.link.notes.begin(), worst.link.notes.end());
  if (is_own_package) {
    out.notes.emplace_back("the path has packages of its own, so that none was added");
  }
  if (!worst.link.is_wide_enough) {
    out.verdict = Verdict::kUnknown;
  } else if (!job.setup.target.com_db) {
    out.verdict = Verdict::kNoLimit;
  } else {
    out.verdict = worst.com_db >= *job.setup.target.com_db ? Verdict::kPass : Verdict::kFail;
  }
  if (job.is_checked) {
    auto check = phy::eye::simulate(worst.link.input, {.symbols = job.check_symbols});
    if (!check) {
      return tl::unexpected(check.error());
    }
    out.check = std::move(*check);
  }
  return out;
}

/// Each file by itself, or all of them together.
std::vector<Arguments> parts_of(const Arguments& arguments) {
  if (!arguments.has("--each")) {
    return {arguments};
  }
  std::vector<Arguments> out;
  for (const auto& file : arguments.values("FILE")) {
    Arguments one;
    one.add("FILE", file);
    for (const std::string name : {"--pairs", "--ports"}) {
      if (const auto value = arguments.value(name)) {
        one.add(name, *value);
      }
    }
    out.push_back(std::move(one));
  }
  return out;
}

void print(const Report& report, const Arguments& arguments) {
  const auto screen = terminal(STDOUT_FILENO);
  std::string out;
  if (arguments.has("--json") || arguments.has("--request")) {
    out = json(report);
  } else if (arguments.has("--csv")) {
    out = csv(report);
  } else if (arguments.has("--each")) {
    out = table(report, screen.colour);
  } else {
    out = text(report, report.channels.front(), arguments.has("--all-cases"), screen.colour);
  }
  std::fwrite(out.data(), 1, out.size(), stdout);
}

int verdict_code(const std::vector<Judged>& channels) {
  const auto has = [&](Verdict verdict) {
    return std::any_of(channels.begin(), channels.end(),
                       [&](const Judged& one) { return one.verdict == verdict; });
  };
  return has(Verdict::kFail) ? kWarning : has(Verdict::kUnknown) ? kUnknown : kOk;
}

int run(const Arguments& arguments) {
  if (arguments.has("--list-protocols")) {
    const auto out = protocols_text();
    std::fwrite(out.data(), 1, out.size(), stdout);
    return kOk;
  }
  auto job = job_of(arguments);
  if (!job) {
    return report(job.error());
  }
  const bool is_live = terminal(STDERR_FILENO).is_terminal;
  const auto parts = parts_of(arguments);
  if (parts.empty()) {
    return report_usage("--each: no file was named");
  }
  Report all;
  all.setup = job->setup;
  all.search = job->options.equalise.search == link::Search::kFull ? "full" : "local";
  int failed = kOk;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (is_live) {
      job->options.equalise.progress = [&](double share) {
        fmt::print(stderr, "\r{} of {}  {:3.0f} %  ", i + 1, parts.size(), 100 * share);
        return true;
      };
    }
    auto channel = load_one(parts[i]);
    auto judged = channel ? judge_channel(*job, *channel)
                          : base::Result<Judged>(tl::unexpected(channel.error()));
    if (is_live) {
      fmt::print(stderr, "\r                    \r");
    }
    if (judged) {
      all.channels.push_back(std::move(*judged));
    } else {
      failed = report(judged.error());
    }
  }
  if (!all.channels.empty()) {
    print(all, arguments);
  }
  return failed != kOk ? failed : verdict_code(all.channels);
}

}  // namespace
}  // namespace com

VerbSpec com_verb() {
  static const auto kAll = channel_options(com::kOptions);
  return {.name = "com",
          .summary = "channel operating margin, with the equaliser settings that win",
          .description =
              "COM of IEEE 802.3 annex 93A, and of P802.3dj annex 178A with receiver FFE and "
              "sequence detection: whether a channel works behind the reference transmitter and "
              "receiver of its standard, and by how much. The channel is measured (Touchstone, "
              "2 to 32 ports) or made of segments; aggressors are added with --fext and --next.\n\n"
              "Constants come from data/links/*.yaml; those that no public source confirms are "
              "named in the report as modelled. PCIe, NVLink and UALink set-ups have no limit of "
              "COM: set one with --set target.com_db=3.",
          .positionals = kChannelPositionals,
          .options = kAll,
          .run = &com::run,
          .examples = com::kExamples,
          .exits = com::kExits};
}

}  // namespace weft::cli
