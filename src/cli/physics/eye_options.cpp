// SPDX-License-Identifier: Apache-2.0
// See eye_options.h. Mistakes in options are errors of code kInvalidArgument whose `where` is the
// option; the verb reports them as wrong usage.
#include "cli/physics/eye_options.h"

#include "base/text.h"
#include "cli/files.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include <fmt/format.h>

namespace weft::cli {
namespace {

using base::Code;
using phy::link::LinkSetup;

constexpr double kSimulateBitsMax = 1e9;

constexpr OptionSpec kOptions[] = {
    {"--protocol", "KEY",
     "The set-up of transmitter, packages and receiver, and the target: a key that "
     "--list-protocols "
     "prints, such as pcie6 or eth-100g."},
    {"--setup", "FILE", "A set-up of your own, in the format of data/links/*.yaml."},
    {"--set", "PATH=VALUE",
     "Change one constant of the set-up, for example --set receiver.eta0_v2_per_ghz=8e-9. May be "
     "given several times.",
     true},
    {"--list-protocols", "", "Print the set-ups that come with the program."},
    {"--package", "none|NAME",
     "The package case by name or number from 1; none: the channel already reaches from die to "
     "die. "
     "Default: the case with the worst eye; none for a --path that has packages."},
    {"--preset", "NAME", "Hold the transmitter at this preset (default: the best one)."},
    {"--tx-taps", "LIST",
     "Hold the transmitter's taps: pre-cursors, main, post-cursors, divided by commas."},
    {"--any-taps", "", "Search the transmitter's whole grid also where the set-up has presets."},
    {"--ctle", "DB[,DB]",
     "Hold the CTLE's gain, and the low-frequency stage's (default: the best)."},
    {"--dfe-taps", "LIST",
     "Hold the DFE's taps, relative to the cursor, divided by commas (default: what the pulse asks "
     "for, within the limits)."},
    {"--full-search", "", "Try every setting of the equalisers instead of climbing to the best."},
    {"--sris", "", "Separate reference clocks: add the set-up's jitter for it."},
    {"--ber", "LIST",
     "Error ratios at which openings and contours are read, at most 8 (default 1e-6,1e-12,1e-15); "
     "the target's is always among them."},
    {"--burst", "A",
     "For FEC: the probability, 0 to 0.95, that an error is followed by another (default: as "
     "simulated, else as the DFE's taps make it)."},
    {"--simulate", "BITS",
     "Also send BITS (to 1e9) through the link in the time domain, and say whether the two agree."},
    {"--seed", "N", "Of the simulation's random numbers (default 1)."},
    {"--plot", "eye|bathtub|pulse|all",
     "What to draw (default: the eye as text, everything in files)."},
    {"--svg", "FILE", "Write the figure as SVG; - is standard output."},
    {"--png", "FILE", "Write the figure as PNG; - is standard output."},
    {"--csv", "FILE", "Write bathtub, contours and pulse as CSV; - is standard output."},
    {"--dark", "", "Light on dark in the files (default: light; SVG follows the reader's scheme)."},
    {"--palette", "viridis|cividis", "Colours of the density (default viridis)."},
    {"--json", "", "Print the report as JSON, schema weftline/eye/1, instead of text."},
    {"--compare", "A [B]",
     "Compare two links: FILE against A, or A against B, where each is a channel or a set-up.",
     true},
    {"--progress", "",
     "Say on standard error how far the work is, also where that is no terminal."},
};

/// Also with an exponent, which base::parse_double() does not take.
std::optional<double> number_with_exponent(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_whole = error == std::errc{} && end == text.data() + text.size();
  return is_whole && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

base::Result<double> number(std::string_view option, std::string_view text, double low,
                            double high) {
  const auto value = number_with_exponent(base::trim(text));
  if (!value || !(*value >= low && *value <= high)) {
    return base::fail(
        Code::kInvalidArgument,
        fmt::format("\"{}\" is not a number from {} to {}", base::printable(text, 40), low, high),
        std::string(option));
  }
  return *value;
}

base::Result<LinkSetup> setup_of_word(std::string_view word) {
  if (!word.ends_with(".yaml") && !word.ends_with(".yml") && word != "-") {
    auto found = phy::link::find_setup(word);
    if (!found) {
      found.error().code = Code::kInvalidArgument;  // a slip of the keyboard: wrong usage
      found.error().where = "--protocol";
    }
    return found;
  }
  const std::string path(word);
  const auto text = small_file(path);
  if (!text) {
    return tl::unexpected(text.error());
  }
  return phy::link::parse_setup(*text, path);
}

/// --package: a case's name or its number from 1, or none.
base::Result<void> set_package(const std::string& word, EyeJob& job) {
  const auto& cases = job.setup.packages;
  if (word == "none") {
    job.equalise.package = false;
    return {};
  }
  std::string names;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (cases[i].name == word || std::to_string(i + 1) == word) {
      job.equalise.package_case = i;
      return {};
    }
    names += (names.empty() ? "" : ", ") + cases[i].name;
  }
  return base::fail(
      Code::kInvalidArgument,
      fmt::format("{} has no package case \"{}\"", job.setup.key, base::printable(word, 40)),
      "--package", fmt::format("Give none or one of: {}.", names));
}

base::Result<void> set_equaliser(const Arguments& arguments, EyeJob& job) {
  auto& equalise = job.equalise;
  equalise.preset = arguments.value("--preset").value_or("");
  equalise.presets = !arguments.has("--any-taps");
  equalise.sris = arguments.has("--sris");
  equalise.search =
      arguments.has("--full-search") ? phy::link::Search::kFull : phy::link::Search::kLocal;
  if (const auto text = arguments.value("--tx-taps")) {
    auto taps = number_list("--tx-taps", *text);
    if (!taps) {
      return tl::unexpected(taps.error());
    }
    equalise.tx_taps = std::move(*taps);
  }
  if (const auto text = arguments.value("--ctle")) {
    const auto gains = number_list("--ctle", *text);
    if (!gains) {
      return tl::unexpected(gains.error());
    }
    if (gains->size() > 2) {
      return base::fail(Code::kInvalidArgument, "a CTLE has at most two gains", "--ctle");
    }
    equalise.ctle_gain_db = gains->front();
    if (gains->size() == 2) {
      equalise.ctle_low_gain_db = gains->back();
    }
  }
  if (const auto text = arguments.value("--dfe-taps")) {
    auto taps = number_list("--dfe-taps", *text);
    if (!taps) {
      return tl::unexpected(taps.error());
    }
    equalise.dfe = std::move(*taps);
  }
  if (!equalise.preset.empty() && !equalise.tx_taps.empty()) {
    return base::fail(Code::kInvalidArgument, "--preset and --tx-taps exclude each other",
                      "--preset");
  }
  return {};
}

base::Result<void> set_analysis(const Arguments& arguments, EyeJob& job) {
  constexpr std::size_t kBersMax = 8;
  if (const auto text = arguments.value("--ber")) {
    auto bers = number_list("--ber", *text);
    if (!bers) {
      return tl::unexpected(bers.error());
    }
    if (bers->size() > kBersMax || std::any_of(bers->begin(), bers->end(), [](double b) {
          return !(b >= 1e-18 && b <= 0.1);
        })) {
      return base::fail(Code::kInvalidArgument, "at most 8 error ratios from 1e-18 to 0.1",
                        "--ber");
    }
    job.bers = std::move(*bers);
  }
  if (const auto text = arguments.value("--burst")) {
    const auto burst = number("--burst", *text, 0, 0.95);
    if (!burst) {
      return tl::unexpected(burst.error());
    }
    job.burst = *burst;
  }
  if (const auto text = arguments.value("--simulate")) {
    const auto bits = number("--simulate", *text, 1e3, kSimulateBitsMax);
    if (!bits) {
      return tl::unexpected(bits.error());
    }
    job.simulate_bits = static_cast<std::uint64_t>(*bits);
  }
  if (const auto text = arguments.value("--seed")) {
    const auto seed = base::parse_unsigned(*text);
    if (!seed) {
      return base::fail(Code::kInvalidArgument, "not a whole number", "--seed");
    }
    job.seed = *seed;
  }
  return {};
}

}  // namespace

std::span<const OptionSpec> eye_option_specs() {
  return kOptions;
}

bool is_setup_word(std::string_view word) {
  return word.ends_with(".yaml") || word.ends_with(".yml") ||
         phy::link::find_setup(word).has_value();
}

base::Result<LinkSetup> eye_setup(const Arguments& arguments, std::string_view words) {
  const auto protocol = arguments.value("--protocol");
  const auto file = arguments.value("--setup");
  if (words.empty() && protocol.has_value() == file.has_value()) {
    return base::fail(
        Code::kInvalidArgument,
        protocol.has_value() ? "--protocol and --setup exclude each other" : "no set-up is named",
        "", "Give --protocol KEY; weft eye --list-protocols prints the keys.");
  }
  auto setup = setup_of_word(!words.empty() ? words : protocol.has_value() ? *protocol : *file);
  for (const std::string& change : arguments.values("--set")) {
    const auto equals = change.find('=');
    if (!setup) {
      break;
    }
    if (equals == std::string::npos) {
      return base::fail(Code::kInvalidArgument, "not of the form PATH=VALUE", "--set");
    }
    setup = phy::link::override_setup(std::move(*setup), change.substr(0, equals),
                                      change.substr(equals + 1));
    if (!setup) {
      setup.error().where = "--set " + base::printable(change, 60);
    }
  }
  return setup;
}

base::Result<EyeJob> eye_job(const Arguments& arguments, LinkSetup setup) {
  EyeJob job;
  job.setup = std::move(setup);
  if (const auto word = arguments.value("--package")) {
    job.package_given = true;
    if (auto set = set_package(*word, job); !set) {
      return tl::unexpected(set.error());
    }
  }
  if (auto set = set_equaliser(arguments, job); !set) {
    return tl::unexpected(set.error());
  }
  if (auto set = set_analysis(arguments, job); !set) {
    return tl::unexpected(set.error());
  }
  return job;
}

base::Result<EyePlotKind> eye_plot_kind(const Arguments& arguments) {
  constexpr std::pair<std::string_view, EyePlotKind> kKinds[] = {{"eye", EyePlotKind::kEye},
                                                                 {"bathtub", EyePlotKind::kBathtub},
                                                                 {"pulse", EyePlotKind::kPulse},
                                                                 {"all", EyePlotKind::kAll}};
  const std::string word = arguments.value("--plot").value_or("all");
  for (const auto& [name, kind] : kKinds) {
    if (name == word) {
      return kind;
    }
  }
  return base::fail(Code::kInvalidArgument,
                    fmt::format("\"{}\" is no plot", base::printable(word, 40)), "--plot",
                    "Give eye, bathtub, pulse or all.");
}

std::string setup_list_text(std::size_t columns) {
  std::size_t title = 0;
  for (const LinkSetup& setup : phy::link::setups()) {
    title = std::max(title, setup.title.size());
  }
  std::string text = fmt::format("{:<12}{:<{}}{:>9}  {:<11}{}\n", "KEY", "SET-UP", title + 1, "GBd",
                                 "FEC", "ALSO");
  for (const LinkSetup& setup : phy::link::setups()) {
    std::string line = fmt::format("{:<12}{:<{}}{:>9.6g}  {:<11}", setup.key, setup.title,
                                   title + 1, setup.signalling.baud_hz / 1e9, setup.signalling.fec);
    for (const std::string& protocol : setup.protocols) {
      if (protocol != setup.key && line.size() + protocol.size() + 1 <= columns) {
        line += protocol + ' ';
      }
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

base::Result<std::vector<double>> number_list(std::string_view option, std::string_view text) {
  constexpr std::size_t kNumbersMax = 256;
  std::string blanks(text);
  std::replace(blanks.begin(), blanks.end(), ',', ' ');
  std::vector<double> values;
  for (const std::string_view word : base::words(blanks)) {
    const auto value = number_with_exponent(word);
    if (!value || values.size() == kNumbersMax) {
      return base::fail(Code::kInvalidArgument,
                        fmt::format("\"{}\" is not a number", base::printable(word, 40)),
                        std::string(option));
    }
    values.push_back(*value);
  }
  if (values.empty()) {
    return base::fail(Code::kInvalidArgument, "no number is given", std::string(option));
  }
  return values;
}

}  // namespace weft::cli
