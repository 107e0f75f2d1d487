// SPDX-License-Identifier: Apache-2.0
#include "cli/physics/ber_report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::cli {

std::string ratio_text(double ratio, double log10_ratio) {
  if (ratio >= 1e-290) {
    return fmt::format("{:.2e}", ratio);
  }
  if (!std::isfinite(log10_ratio)) {
    return "0";
  }
  double exponent = std::floor(log10_ratio);
  double mantissa = std::pow(10.0, log10_ratio - exponent);
  if (mantissa >= 9.995) {
    mantissa = 1;
    exponent += 1;
  }
  return fmt::format("{:.2f}e{:.0f}", mantissa, exponent);
}

std::string duration_text(double seconds) {
  struct Unit {
    double seconds;
    std::string_view name;
  };
  constexpr Unit kUnits[] = {{31557600, "years"}, {86400, "days"}, {3600, "hours"},
                             {60, "minutes"},     {1, "s"},        {1e-3, "ms"},
                             {1e-6, "us"},        {1e-9, "ns"}};
  if (!std::isfinite(seconds)) {
    return "never";
  }
  for (const Unit& unit : kUnits) {
    const double value = seconds / unit.seconds;
    if (value >= 1) {
      return value >= 1e5 ? fmt::format("{:.1e} {}", value, unit.name)
                          : fmt::format("{:.3g} {}", value, unit.name);
    }
  }
  return seconds > 0 ? fmt::format("{:.2g} ns", seconds * 1e9) : "0 s";
}

namespace ber_report_impl {
namespace {

using phy::fec::PostFec;
using Json = nlohmann::ordered_json;

struct CodeName {
  std::string_view key;
  std::string_view text;
};
constexpr CodeName kNames[] = {
    {"kp4", "KP4, RS(544,514), corrects 15 symbols of 10 bits"},
    {"kr4", "KR4, RS(528,514), corrects 7 symbols of 10 bits"},
    {"hamming-kp4", "Hamming(128,120) inside KP4, hard decisions (modelled)"},
    {"pcie6-flit", "256-byte flit, one byte in each of three ECC words, 8-byte CRC"},
    {"efec0", "eFEC mode 0, 3 bytes anywhere in 256, 8-byte CRC"},
    {"efec1", "eFEC mode 1, 4 bytes anywhere in 256, 6-byte CRC"},
    {"efec2", "eFEC mode 2, 5 bytes anywhere in 256, 4-byte CRC"},
    {"none", "no FEC"},
};

std::string_view name_of(std::string_view key) {
  const auto at = std::find_if(std::begin(kNames), std::end(kNames),
                               [&](const CodeName& name) { return name.key == key; });
  return at == std::end(kNames) ? key : at->text;
}

double codeword_bits(std::string_view fec) {
  return fec == "kr4" ? 5280 : 5440;
}

std::string row(std::string_view name, std::string_view value, std::string_view note = {}) {
  return note.empty() ? fmt::format("  {:<26} {}\n", name, value)
                      : fmt::format("  {:<26} {:<12}  {}\n", name, value, note);
}

std::string plain(double ratio) {
  return ratio_text(ratio,
                    ratio > 0 ? std::log10(ratio) : -std::numeric_limits<double>::infinity());
}

std::string how_errors_come(const BerQuestion& question) {
  const auto& errors = question.errors;
  std::string text = errors.burst ? fmt::format("bursts a = {:g}", *errors.burst)
                                  : std::string("independent errors");
  if (errors.burst || errors.precoding) {
    text += errors.bits_per_symbol == 2 ? ", PAM4" : ", NRZ";
  }
  text += errors.precoding ? ", precoded" : "";
  text += errors.interleave > 1 ? fmt::format(", {} codewords interleaved", errors.interleave) : "";
  text += errors.lanes > 1 ? fmt::format(", over {} lanes", errors.lanes) : "";
  return text;
}

std::string bar(double log10_value, bool utf8) {
  // One character for each decade above 1e-30.
  constexpr double kFloor = -30;
  const auto length =
      static_cast<std::size_t>(std::clamp(std::ceil(log10_value - kFloor), 0.0, 30.0));
  std::string text;
  for (std::size_t i = 0; i < length; ++i) {
    text += utf8 ? "█" : "#";
  }
  return text;
}

std::string histogram_text(const PostFec& post, bool utf8) {
  std::string text = "Symbol errors in a codeword (one mark for each decade above 1e-30)\n";
  const std::size_t t = post.histogram.size() - 2;
  for (std::size_t i = 0; i < post.histogram.size(); ++i) {
    const bool is_last = i == t + 1;
    const double value = post.histogram[i];
    const double log10_value = is_last ? post.log10_codeword_failure : std::log10(value);
    const std::string shown =
        value == 0 && !is_last && post.pre_fec_bit_error_ratio > 0
            ? "< 1e-300"
            : ratio_text(value, value > 0 && !is_last ? std::log10(value) : log10_value);
    const std::string marks = bar(log10_value, utf8);
    text += fmt::format("  {:>4}  {}\n", is_last ? fmt::format(">{}", t) : std::to_string(i),
                        marks.empty() ? shown : fmt::format("{:<10} {}", shown, marks));
  }
  return text;
}

std::string post_text(const BerAnswer& answer, bool utf8) {
  const BerQuestion& question = answer.question;
  const PostFec& post = *answer.post;
  std::string text = "Before FEC\n";
  text += row("bit error ratio", plain(*question.pre), how_errors_come(question));
  if (answer.inner) {
    text += row("after the inner code", plain(*answer.inner));
  } else if (question.errors.precoding) {
    text += row("after precoding", plain(post.pre_fec_bit_error_ratio));
  }
  text += row("FEC symbol error ratio", plain(post.pre_fec_symbol_error_ratio));
  text += fmt::format("After FEC: {}\n", name_of(question.fec));
  text += row("codeword failure", ratio_text(post.codeword_failure, post.log10_codeword_failure));
  text +=
      row("symbol error ratio", ratio_text(post.symbol_error_ratio, post.log10_symbol_error_ratio));
  text += row("bit error ratio", ratio_text(post.bit_error_ratio, post.log10_bit_error_ratio));
  if (const auto between = answer.between_failures_s()) {
    text += row("between failed codewords", duration_text(*between),
                fmt::format("mean, at {:g} Gb/s", *question.port_bits_per_second() / 1e9));
  }
  text += histogram_text(post, utf8);
  return text;
}

std::string flit_text(const BerAnswer& answer) {
  const BerQuestion& question = answer.question;
  std::string text = "Lanes\n";
  text += row("first bit error ratio", plain(*question.pre), how_errors_come(question));
  text += row("bit error ratio", plain(answer.retry->bit_error_ratio));
  text += fmt::format("Flits: {}\n", name_of(question.fec));
  text += row("with an error", plain(answer.retry->touched));
  text += row("retried", ratio_text(answer.retry->retry, answer.retry->log10_retry));
  if (!answer.service) {
    text += "  Give --protocol or --rate for retries per second, latency and goodput.\n";
    return text;
  }
  const auto& service = *answer.service;
  text += row("flits per second", fmt::format("{:.3e}", service.flits_per_s),
              fmt::format("at {:g} Gb/s", *question.port_bits_per_second() / 1e9));
  text += row("between retries", duration_text(service.between_retries_s), "mean");
  text += row(
      "replay adds", duration_text(service.replay_latency_s),
      fmt::format("round trip {:g} ns{}, {:g} flits sent again", question.round_trip_s * 1e9,
                  question.is_round_trip_modelled ? " (modelled)" : "", service.replayed_flits));
  text += row("efficiency", fmt::format("{:.6f}", service.efficiency));
  text += row("goodput", fmt::format("{:.2f} Gb/s", service.goodput_bits_per_s / 1e9),
              "transaction bytes");
  text += row("undetected", fmt::format("< {:.1e} FIT", service.undetected_fit_max),
              "bound without the CRC's distance");
  return text;
}

std::string between_text(const base::Interval& interval) {
  return fmt::format("ratio {} to {} (95 %)", plain(interval.low), plain(interval.high));
}

std::string simulated_text(const BerAnswer& answer) {
  std::string text = fmt::format("Simulated, seed {}\n", answer.question.seed);
  if (answer.codewords) {
    const auto& trial = *answer.codewords;
    text += row("codewords", std::to_string(trial.codewords));
    text += row("failed", std::to_string(trial.uncorrectable + trial.miscorrected),
                between_text(trial.codeword_failure));
  }
  if (answer.flits) {
    const auto& trial = *answer.flits;
    text += row("flits", std::to_string(trial.flits));
    text += row("with an error", std::to_string(trial.touched));
    text += row("corrected", std::to_string(trial.corrected));
    text += row("retried", std::to_string(trial.retried), between_text(trial.retry));
    text += row("undetected", std::to_string(trial.undetected));
  }
  return text;
}

std::string proof_text(const BerAnswer& answer) {
  const BerQuestion& question = answer.question;
  const auto& proof = *answer.proof;
  const double percent = question.confidence * 100;
  std::string text =
      fmt::format("Seen: {} errors in {:.4g} bits\n", *question.seen_errors, *question.seen_bits);
  text += *question.seen_errors == 0 ? row("error ratio", fmt::format("< {:.2e}", proof.upper),
                                           fmt::format("{:g} %, one-sided", percent))
                                     : row("error ratio", fmt::format("{:.2e}", proof.estimate));
  text += row("bounds", fmt::format("{} to {}", plain(proof.bounds.low), plain(proof.bounds.high)),
              fmt::format("{:g} %, two-sided, exact", percent));
  text += fmt::format("Is it below {:g}?\n", question.target);
  if (proof.is_proven) {
    return text + row("proven", "yes", fmt::format("at {:g} %", percent));
  }
  if (proof.is_disproven) {
    text += row("proven", "no", fmt::format("it is above, at {:g} %", percent));
  } else {
    text += row("proven", "not yet");
  }
  text += row("bits needed in all", fmt::format("{:.3e}", proof.bits_needed),
              "if no further error comes");
  text += row("bits still to come", fmt::format("{:.3e}", proof.bits_more));
  if (const auto rate = question.port_bits_per_second()) {
    text += row("time still to run", duration_text(proof.bits_more / *rate),
                fmt::format("at {:g} Gb/s", *rate / 1e9));
  } else {
    text += "  Give --protocol or --rate for the time that takes.\n";
  }
  return text;
}

Json ratio_json(double ratio, double log10_ratio) {
  Json json = {{"ratio", ratio}};
  if (std::isfinite(log10_ratio)) {
    json["log10"] = log10_ratio;
  }
  return json;
}

Json interval_json(const base::Interval& interval) {
  return {{"low", interval.low}, {"high", interval.high}};
}

Json question_json(const BerQuestion& question) {
  Json json = {{"fec", question.fec}};
  if (question.pre) {
    json["pre"] = *question.pre;
  }
  if (question.errors.burst) {
    json["burst"] = *question.errors.burst;
  }
  json["precoding"] = question.errors.precoding;
  json["interleave"] = question.errors.interleave;
  json["lanes"] = question.errors.lanes;
  json["bits_per_symbol"] = question.errors.bits_per_symbol;
  if (question.protocol != nullptr) {
    json["protocol"] = question.protocol->key;
  }
  if (const auto rate = question.port_bits_per_second()) {
    json["port_bps"] = *rate;
  }
  json["target"] = question.target;
  json["confidence"] = question.confidence;
  return json;
}

Json post_json(const BerAnswer& answer) {
  const PostFec& post = *answer.post;
  Json json = {
      {"pre_fec_bit_error_ratio", post.pre_fec_bit_error_ratio},
      {"pre_fec_symbol_error_ratio", post.pre_fec_symbol_error_ratio},
      {"codeword_failure", ratio_json(post.codeword_failure, post.log10_codeword_failure)},
      {"symbol_error_ratio", ratio_json(post.symbol_error_ratio, post.log10_symbol_error_ratio)},
      {"bit_error_ratio", ratio_json(post.bit_error_ratio, post.log10_bit_error_ratio)},
      {"histogram", post.histogram},
  };
  if (const auto between = answer.between_failures_s(); between && std::isfinite(*between)) {
    json["between_failures_s"] = *between;
  }
  return json;
}

Json flit_json(const BerAnswer& answer) {
  const auto& retry = *answer.retry;
  Json json = {
      {"bit_error_ratio", retry.bit_error_ratio},
      {"touched", retry.touched},
      {"retry", ratio_json(retry.retry, retry.log10_retry)},
  };
  if (answer.service) {
    const auto& service = *answer.service;
    Json link = {{"flits_per_s", service.flits_per_s},
                 {"retries_per_s", service.retries_per_s},
                 {"round_trip_s", answer.question.round_trip_s},
                 {"replay_latency_s", service.replay_latency_s},
                 {"replayed_flits", service.replayed_flits},
                 {"efficiency", service.efficiency},
                 {"goodput_bps", service.goodput_bits_per_s},
                 {"undetected_fit_max", service.undetected_fit_max}};
    if (std::isfinite(service.between_retries_s)) {
      link["between_retries_s"] = service.between_retries_s;
    }
    json["link"] = std::move(link);
  }
  return json;
}

Json proof_json(const BerAnswer& answer) {
  const auto& proof = *answer.proof;
  Json json = {
      {"errors", *answer.question.seen_errors},
      {"bits", *answer.question.seen_bits},
      {"estimate", proof.estimate},
      {"bounds", interval_json(proof.bounds)},
      {"upper_one_sided", proof.upper},
      {"proven", proof.is_proven},
      {"disproven", proof.is_disproven},
      {"bits_needed", proof.bits_needed},
      {"bits_more", proof.bits_more},
  };
  if (const auto rate = answer.question.port_bits_per_second()) {
    json["time_more_s"] = proof.bits_more / *rate;
  }
  return json;
}

Json simulated_json(const BerAnswer& answer) {
  Json json = {{"seed", answer.question.seed}};
  if (answer.codewords) {
    const auto& trial = *answer.codewords;
    json["codewords"] = trial.codewords;
    json["histogram"] = trial.histogram;
    json["uncorrectable"] = trial.uncorrectable;
    json["miscorrected"] = trial.miscorrected;
    json["wrong_symbols_left"] = trial.wrong_symbols_left;
    json["wrong_bits_left"] = trial.wrong_bits_left;
    json["codeword_failure"] = interval_json(trial.codeword_failure);
  }
  if (answer.flits) {
    const auto& trial = *answer.flits;
    json["flits"] = trial.flits;
    json["touched"] = trial.touched;
    json["corrected"] = trial.corrected;
    json["retried"] = trial.retried;
    json["undetected"] = trial.undetected;
    json["retry"] = interval_json(trial.retry);
  }
  return json;
}

}  // namespace
}  // namespace ber_report_impl

std::optional<double> BerAnswer::between_failures_s() const {
  const auto rate = question.port_bits_per_second();
  if (!post || !rate) {
    return std::nullopt;
  }
  const double per_second = *rate / ber_report_impl::codeword_bits(question.fec);
  return std::pow(10.0, -post->log10_codeword_failure) / per_second;
}

std::optional<bool> BerAnswer::meets_target() const {
  if (proof) {
    return proof->is_proven;
  }
  if (post) {
    return post->log10_bit_error_ratio <= std::log10(question.target);
  }
  if (retry) {
    return retry->log10_retry <= std::log10(question.target);
  }
  return question.pre ? std::optional(*question.pre <= question.target) : std::nullopt;
}

std::string ber_text(const BerAnswer& answer, bool utf8) {
  using namespace ber_report_impl;
  std::string text;
  if (answer.post) {
    text += post_text(answer, utf8);
  } else if (answer.retry) {
    text += flit_text(answer);
  } else if (answer.question.pre) {
    text += "No FEC\n" + row("bit error ratio", plain(*answer.question.pre));
    if (const auto rate = answer.question.port_bits_per_second();
        rate && *answer.question.pre > 0) {
      text += row("between bit errors", duration_text(1 / (*rate * *answer.question.pre)),
                  fmt::format("mean, at {:g} Gb/s", *rate / 1e9));
    }
  }
  if (answer.codewords || answer.flits) {
    text += simulated_text(answer);
  }
  if (answer.proof) {
    text += proof_text(answer);
  }
  if (answer.question.has_target && !answer.proof) {
    text += fmt::format("Target {:g}: {}\n", answer.question.target,
                        answer.meets_target().value_or(false) ? "met" : "missed");
  }
  return text;
}

std::string ber_json(const BerAnswer& answer) {
  using namespace ber_report_impl;
  Json json = {{"schema", "weftline/ber/1"}, {"question", question_json(answer.question)}};
  if (answer.inner) {
    json["inner"] = {{"bit_error_ratio", *answer.inner}, {"modelled", true}};
  }
  if (answer.post) {
    json["post_fec"] = post_json(answer);
  }
  if (answer.retry) {
    json["flit"] = flit_json(answer);
  }
  if (answer.codewords || answer.flits) {
    json["simulated"] = simulated_json(answer);
  }
  if (answer.proof) {
    json["proof"] = proof_json(answer);
  }
  if (const auto met = answer.meets_target()) {
    json["meets_target"] = *met;
  }
  return json.dump(2) + "\n";
}

}  // namespace weft::cli
