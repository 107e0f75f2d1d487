// SPDX-License-Identifier: Apache-2.0
#include "cli/physics/ber.h"

#include "base/text.h"
#include "cli/json_request.h"
#include "cli/physics/ber_report.h"
#include "cli/terminal.h"
#include "phy/link/setup.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

namespace weft::cli {
namespace ber_impl {
namespace {

constexpr OptionSpec kOptions[] = {
    {"--pre", "RATIO",
     "Bit error ratio before FEC, 0 to 1, bursts included. For flits the first bit error ratio: "
     "error events, as PCIe states it."},
    {"--fec", "CODE",
     "kp4 (RS(544,514)), kr4 (RS(528,514)), hamming-kp4 (modelled), pcie6-flit, efec0, efec1, "
     "efec2 "
     "(flits) or none. Default: what --protocol uses, else kp4."},
    {"--burst", "A",
     "Probability that a wrong line symbol is followed by another, 0 to 1. Default: bits fail "
     "independently. Measured receivers: 0.48 to 0.70."},
    {"--precoding", "", "1/(1+D) precoding: a burst becomes its start and its end."},
    {"--interleave", "N", "Codewords interleaved symbol by symbol: 1 (default), 2 or 4."},
    {"--lanes", "N",
     "Lanes over which symbols are dealt out. Default: --width, else 1 (16 for flits)."},
    {"--bits-per-symbol", "N",
     "1 for NRZ, 2 for PAM4. Default: of --protocol, else 2 (1 for kr4 and none)."},
    {"--protocol", "KEY",
     "Protocol by its key (pcie6, eth-400g-100, ualink200): gives rate, FEC and modulation."},
    {"--width", "N", "Lanes of the link. Default: the widest that --protocol has."},
    {"--rate", "GBPS", "Line rate of one lane in Gb/s, instead of --protocol."},
    {"--errors", "N", "Errors seen in --bits: prints the bounds of the ratio instead."},
    {"--bits", "N", "Bits compared, such as 1e13."},
    {"--target", "RATIO",
     "Ratio to be met or proven. Default 1e-15, which then decides no exit code."},
    {"--confidence", "P", "Of bounds and proof, between 0.5 and 1. Default 0.95."},
    {"--simulate", "N",
     "Also send N codewords or flits through the real codecs, at most 100 million (flits: 1e12)."},
    {"--seed", "S", "Of the simulation. Default 1; the same seed gives the same counts."},
    {"--round-trip", "NS",
     "Flits: from a flit's end to the start of its replay, in ns. Default 100 (modelled)."},
    {"--selective", "", "Flits: replay only the damaged flit, not all that came after it."},
    {"--json", "", "The result as JSON, schema weftline/ber/1."},
    kRequestOption,
};
constexpr ExampleSpec kExamples[] = {
    {"weft ber --pre 2.4e-4 --fec kp4", "What KP4 leaves of the limit of module data sheets."},
    {"weft ber --pre 1e-4 --fec kp4 --burst 0.75 --precoding",
     "The same lane with long bursts and precoding."},
    {"weft ber --pre 1e-6 --protocol pcie6 --width 16 --burst 0.5",
     "Retries, replay latency and goodput of a PCIe 6 link."},
    {"echo '{\"pre\": 1e-4, \"burst\": 0.5}' | weft ber --request -",
     "The same from a program: JSON in, JSON out."},
    {"weft ber --errors 0 --bits 1e13 --protocol eth-100g-100",
     "What an error-free run proves, and how long until 1e-15 is proven."},
};
constexpr ExitSpec kExits[] = {
    {kOk, "computed; with --target, the target is met"},
    {kWarning, "with --target: the target is missed, or not proven yet"},
};

using Outcome = base::Result<void>;

Outcome usage(std::string what, std::string hint = {}) {
  return base::fail(base::Code::kInvalidArgument, std::move(what), {}, std::move(hint));
}

/// The whole of `text` as a finite number; "1e13" is one.
std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_number =
      problem == std::errc() && end == text.data() + text.size() && std::isfinite(value);
  return is_number ? std::optional(value) : std::nullopt;
}

/// Reads numbers out of the arguments; the first mistake stays.
class Reader {
 public:
  explicit Reader(const Arguments& arguments) : arguments_(arguments) {}

  /// Absent, or a finite number in [low, high].
  std::optional<double> number(std::string_view name, double low, double high,
                               std::string_view range) {
    const auto text = arguments_.value(name);
    if (!text) {
      return std::nullopt;
    }
    const auto value = parse_number(*text);
    if (!value || !(*value >= low && *value <= high)) {
      refuse(name, *text, range);
      return std::nullopt;
    }
    return value;
  }
  /// A whole number in [low, high]; 1e9 is taken as well.
  std::optional<std::uint64_t> whole(std::string_view name, double low, double high,
                                     std::string_view range) {
    const auto value = number(name, low, high, range);
    if (!value) {
      return std::nullopt;
    }
    if (*value != std::floor(*value)) {
      refuse(name, *arguments_.value(name), range);
      return std::nullopt;
    }
    return static_cast<std::uint64_t>(*value);
  }
  void refuse(std::string_view name, std::string_view given, std::string_view range) {
    if (problem_) {
      problem_ = usage(fmt::format("{}: \"{}\" is not {}", name, base::printable(given), range));
    }
  }
  [[nodiscard]] const Outcome& problem() const { return problem_; }

 private:
  const Arguments& arguments_;
  Outcome problem_;
};

constexpr double kWholeMax = 9e15;  // exact in a double

/// The key of the FEC that a protocol's row names.
std::string fec_of(const fabric::Protocol& protocol) {
  if (protocol.fec == "RS(544,514)") {
    return "kp4";
  }
  if (protocol.fec == "RS(528,514)") {
    return "kr4";
  }
  if (protocol.fec == "flit ECC") {
    return "pcie6-flit";
  }
  return protocol.fec == "none" ? "none" : "";
}

const phy::fec::FlitCode* flit_code(std::string_view key) {
  for (const auto& code : phy::fec::flit_codes()) {
    if (code.key == key) {
      return &code;
    }
  }
  return nullptr;
}

bool is_known_fec(std::string_view key) {
  return key == "kp4" || key == "kr4" || key == "none" || key == "hamming-kp4" ||
         flit_code(key) != nullptr;
}

Outcome read_protocol(const Arguments& arguments, Reader& reader, BerQuestion& question) {
  if (const auto key = arguments.value("--protocol")) {
    const auto found = fabric::find_protocol(*key);
    if (!found || *found == fabric::ProtocolId::kUnknown) {
      const auto nearest = fabric::nearest_protocol_key(*key);
      const auto setup = phy::link::find_setup(*key);
      return usage(fmt::format("--protocol: unknown protocol \"{}\"", base::printable(*key)),
                   setup && !setup->protocols.empty()
                       ? fmt::format("Protocols of the set-up {}: {}.", setup->key,
                                     fmt::join(setup->protocols, ", "))
                   : nearest.empty() ? "`weft com --list-protocols` prints the keys."
                                     : fmt::format("Did you mean {}?", nearest));
    }
    question.protocol = &fabric::protocol(*found);
    question.lane_bits_per_second = question.protocol->line_rate.value();
    if (!question.protocol->widths.empty()) {
      question.width = question.protocol->widths.back();
    }
  }
  if (const auto rate = reader.number("--rate", 1e-3, 1e6, "a rate of 0.001 to 1e6 Gb/s")) {
    if (question.protocol != nullptr) {
      return usage("--rate and --protocol exclude each other", "Give one of them.");
    }
    question.lane_bits_per_second = *rate * 1e9;
  }
  if (const auto width = reader.whole("--width", 1, 1024, "a number of lanes, 1 to 1024")) {
    const auto lanes = base::LaneCount(static_cast<std::uint32_t>(*width));
    if (question.protocol != nullptr && !question.protocol->allows(lanes)) {
      return usage(
          fmt::format("--width: {} has no x{}", question.protocol->title, *width),
          fmt::format("It runs with {} lanes.", fmt::join(question.protocol->widths, ", ")));
    }
    question.width = lanes.value();
  }
  return {};
}

Outcome read_code(const Arguments& arguments, BerQuestion& question) {
  question.fec = arguments.value("--fec").value_or(
      question.protocol == nullptr ? "kp4" : fec_of(*question.protocol));
  if (question.fec.empty() && arguments.has("--errors")) {
    question.fec = "none";  // what a run proves does not ask for it
  }
  if (question.fec.empty()) {
    return usage(fmt::format("the FEC of {} is not public", question.protocol->title),
                 "Give --fec: kp4, kr4, hamming-kp4, pcie6-flit or none.");
  }
  if (!is_known_fec(question.fec)) {
    return usage(fmt::format("--fec: unknown code \"{}\"", base::printable(question.fec)),
                 "Give kp4, kr4, hamming-kp4, pcie6-flit, efec0, efec1, efec2 or none.");
  }
  return {};
}

void read_errors(const Arguments& arguments, Reader& reader, BerQuestion& question) {
  constexpr std::string_view kRatio = "a ratio from 0 to 1";
  question.pre = reader.number("--pre", 0, 1, kRatio);
  question.errors.ber = question.pre.value_or(0);
  question.errors.burst = reader.number("--burst", 0, 1, "a probability from 0 to 1");
  question.errors.precoding = arguments.has("--precoding");
  const auto interleave = reader.whole("--interleave", 1, 4, "1, 2 or 4");
  if (interleave == std::uint64_t{3}) {
    reader.refuse("--interleave", "3", "1, 2 or 4");
  }
  question.errors.interleave = static_cast<std::size_t>(interleave.value_or(1));
  const bool is_flit = flit_code(question.fec) != nullptr;
  const std::uint64_t lanes = question.width.value_or(is_flit ? 16 : 1);
  question.errors.lanes =
      static_cast<std::size_t>(reader.whole("--lanes", 1, 64, "a number of lanes, 1 to 64")
                                   .value_or(std::min<std::uint64_t>(lanes, 64)));
  const bool is_nrz = question.protocol != nullptr
                          ? fabric::bits_per_symbol(question.protocol->modulation) == 1
                          : question.fec == "kr4" || question.fec == "none";
  question.errors.bits_per_symbol = static_cast<unsigned>(
      reader.whole("--bits-per-symbol", 1, 2, "1 or 2").value_or(is_nrz ? 1 : 2));
}

void read_rest(const Arguments& arguments, Reader& reader, BerQuestion& question) {
  constexpr double kTiny = std::numeric_limits<double>::min();
  question.seen_errors = reader.whole("--errors", 0, kWholeMax, "a count of errors");
  question.seen_bits = reader.number("--bits", 1, 1e300, "a number of bits, at least 1");
  const auto target = reader.number("--target", kTiny, 0.999999, "a ratio between 0 and 1");
  question.has_target = target.has_value();
  question.target = target.value_or(1e-15);
  question.confidence =
      reader.number("--confidence", 0.5, 0.999999999, "a probability between 0.5 and 1")
          .value_or(0.95);
  const bool is_flit = flit_code(question.fec) != nullptr;
  question.simulate =
      reader
          .whole("--simulate", 1, is_flit ? 1e12 : 1e8,
                 is_flit ? "a number of flits, 1 to 1e12" : "a number of codewords, 1 to 1e8")
          .value_or(0);
  question.seed = reader.whole("--seed", 0, kWholeMax, "a whole number").value_or(1);
  question.round_trip_s =
      reader.number("--round-trip", 0, 1e9, "a time in ns").value_or(100) * 1e-9;
  question.is_round_trip_modelled = !arguments.has("--round-trip");
  question.is_selective = arguments.has("--selective");
}

base::Result<BerQuestion> read(const Arguments& arguments) {
  BerQuestion question;
  Reader reader(arguments);
  if (auto ok = read_protocol(arguments, reader, question); !ok) {
    return tl::unexpected(std::move(ok).error());
  }
  if (auto ok = read_code(arguments, question); !ok) {
    return tl::unexpected(std::move(ok).error());
  }
  read_errors(arguments, reader, question);
  read_rest(arguments, reader, question);
  if (!reader.problem()) {
    return tl::unexpected(reader.problem().error());
  }
  const bool has_seen = question.seen_errors || question.seen_bits;
  if (has_seen && !(question.seen_errors && question.seen_bits)) {
    return tl::unexpected(
        usage("--errors and --bits belong together", "Write: weft ber --errors 0 --bits 1e13.")
            .error());
  }
  if (!question.pre && !has_seen) {
    return tl::unexpected(
        usage("nothing to compute from", "Give --pre RATIO, or --errors N with --bits N.").error());
  }
  return question;
}

Outcome answer_flits(const phy::fec::FlitCode& code, BerAnswer& answer) {
  const BerQuestion& question = answer.question;
  const phy::fec::FlitErrors errors{.first_bit_error_ratio = *question.pre,
                                    .burst = question.errors.burst,
                                    .bits_per_symbol = question.errors.bits_per_symbol,
                                    .precoding = question.errors.precoding,
                                    .lanes = question.errors.lanes};
  auto retry = phy::fec::flit_retry(code.fec, errors);
  if (!retry) {
    return tl::unexpected(std::move(retry).error());
  }
  answer.retry = *retry;
  if (const auto rate = question.port_bits_per_second()) {
    answer.service = phy::fec::flit_service(code.fec, *retry,
                                            {.bits_per_second = *rate,
                                             .round_trip_s = question.round_trip_s,
                                             .is_selective = question.is_selective});
  }
  if (question.simulate > 0) {
    if (code.fec != phy::fec::FlitFec::kPcie6) {
      return usage("--simulate has no codec for eFEC", "Leave it out, or take pcie6-flit.");
    }
    auto trial = phy::fec::simulate_flits(errors, question.simulate, question.seed);
    if (!trial) {
      return tl::unexpected(std::move(trial).error());
    }
    answer.flits = *trial;
  }
  return {};
}

Outcome answer_concatenated(BerAnswer& answer) {
  const auto& errors = answer.question.errors;
  if (errors.burst || errors.precoding) {
    return usage("hamming-kp4 is modelled for independent errors only",
                 "Leave --burst and --precoding out.");
  }
  if (answer.question.simulate > 0) {
    return usage("--simulate has no codec for hamming-kp4", "Leave it out, or take kp4.");
  }
  auto post = phy::fec::post_concatenated(errors.ber);
  if (!post) {
    return tl::unexpected(std::move(post).error());
  }
  answer.inner = post->inner_bit_error_ratio;
  answer.post = std::move(post->outer);
  return {};
}

Outcome answer_block(BerAnswer& answer) {
  const BerQuestion& question = answer.question;
  const auto& code = question.fec == "kr4" ? phy::fec::kKr4 : phy::fec::kKp4;
  auto post = phy::fec::post_fec(code, question.errors);
  if (!post) {
    return tl::unexpected(std::move(post).error());
  }
  answer.post = std::move(*post);
  if (question.simulate > 0) {
    auto trial =
        phy::fec::simulate_codewords(code, question.errors, question.simulate, question.seed);
    if (!trial) {
      return tl::unexpected(std::move(trial).error());
    }
    answer.codewords = std::move(*trial);
  }
  return {};
}

base::Result<BerAnswer> answer_to(const BerQuestion& question) {
  BerAnswer answer;
  answer.question = question;
  Outcome outcome;
  if (question.pre) {
    if (const auto* code = flit_code(question.fec)) {
      outcome = answer_flits(*code, answer);
    } else if (question.fec == "hamming-kp4") {
      outcome = answer_concatenated(answer);
    } else if (question.fec != "none") {
      outcome = answer_block(answer);
    } else if (question.simulate > 0) {
      outcome = usage("--simulate needs a code", "Give --fec kp4.");
    }
  }
  if (!outcome) {
    return tl::unexpected(std::move(outcome).error());
  }
  if (question.seen_errors && question.seen_bits) {
    auto proof = phy::fec::prove({.errors = *question.seen_errors,
                                  .bits = *question.seen_bits,
                                  .target = question.target,
                                  .confidence = question.confidence});
    if (!proof) {
      return tl::unexpected(std::move(proof).error());
    }
    answer.proof = *proof;
  }
  return answer;
}

int run(const Arguments& arguments) {
  const auto question = read(arguments);
  if (!question) {
    return report_usage(question.error().what, question.error().hint);
  }
  const auto answer = answer_to(*question);
  if (!answer) {
    return report_usage(answer.error().what, answer.error().hint);
  }
  const std::string text =
      arguments.has("--json") ? ber_json(*answer) : ber_text(*answer, terminal(STDOUT_FILENO).utf8);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return question->has_target && answer->meets_target() == false ? kWarning : kOk;
}

}  // namespace
}  // namespace ber_impl

VerbSpec ber_verb() {
  return {
      .name = "ber",
      .summary = "What FEC leaves of an error ratio, and how sure a ratio is",
      .description =
          "Computes what forward error correction leaves of a bit error ratio: codeword failures, "
          "error ratios after FEC, the histogram of symbol errors that module telemetry shows, and "
          "the mean time between uncorrectable codewords. Errors may come in bursts, with "
          "precoding, interleaving and several lanes. For flits (PCIe 6, CXL 3) it computes the "
          "retry ratio, replay latency and goodput.\n\n"
          "With --errors and --bits it says what a run proves: the exact bounds of the ratio, and "
          "how long the run must go on without an error until the target is proven.\n\n"
          "Sums are exact, also where ratios are far below 1e-300. Nothing is measured and no "
          "hardware is touched. hamming-kp4 and --round-trip's default are modelled.",
      .positionals = {},
      .options = ber_impl::kOptions,
      .run = ber_impl::run,
      .is_read_only = false,
      .examples = ber_impl::kExamples,
      .exits = ber_impl::kExits,
  };
}

}  // namespace weft::cli
