// SPDX-License-Identifier: Apache-2.0
#include "wire/prometheus/text.h"

#include "base/text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <unordered_map>

#include <fmt/format.h>

namespace weft::wire::prometheus {
namespace exposition {

constexpr std::array<std::string_view, 5> kTypeKeys = {"untyped", "counter", "gauge", "histogram",
                                                       "summary"};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// How much of `text`, from its start, is a name.
std::size_t name_length(std::string_view text, bool takes_colon) {
  std::size_t n = 0;
  while (n < text.size() &&
         (is_letter(text[n]) || (takes_colon && text[n] == ':') || (n > 0 && is_digit(text[n])))) {
    ++n;
  }
  return n;
}

void write_escaped(std::string_view text, bool escapes_quotes, std::string& out) {
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && escapes_quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

std::string unescaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char next = text[++i];
    if (next == 'n') {
      out += '\n';
    } else if (next == '\\' || next == '"') {
      out += next;
    } else {  // an unknown escape stands for itself
      out += '\\';
      out += next;
    }
  }
  return out;
}

void write_value(double value, std::string& out) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    fmt::format_to(std::back_inserter(out), "{}", value);
  }
}

/// As Go's ParseFloat reads what exporters write: decimal, NaN, Inf with sign, any case.
std::optional<double> parse_value(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  std::string_view rest = lower;
  const bool is_negative = rest.starts_with('-');
  if (is_negative || rest.starts_with('+')) {
    rest.remove_prefix(1);
  }
  if (rest == "nan") {
    return std::numeric_limits<double>::quiet_NaN();
  }
  if (rest == "inf" || rest == "infinity") {
    const double infinity = std::numeric_limits<double>::infinity();
    return is_negative ? -infinity : infinity;
  }
  if (rest.empty() || !(is_digit(rest.front()) || rest.front() == '.')) {
    return std::nullopt;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (error == std::errc::result_out_of_range) {
    // Too large or too small for a double: which of both, its exponent's sign says.
    value = rest.find("e-") == std::string_view::npos ? std::numeric_limits<double>::infinity() : 0;
  } else if (error != std::errc{} || end != rest.data() + rest.size()) {
    return std::nullopt;
  }
  return is_negative ? -value : value;
}

std::string_view skip_blanks(std::string_view text) {
  const std::size_t at = text.find_first_not_of(" \t");
  return at == std::string_view::npos ? std::string_view{} : text.substr(at);
}

/// Takes the word at the front.
std::string_view take_word(std::string_view& text) {
  text = skip_blanks(text);
  const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

/// The value between quotes, the quotes taken too; nullopt where it does not end.
std::optional<std::string> take_quoted(std::string_view& text) {
  if (!text.starts_with('"')) {
    return std::nullopt;
  }
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      std::string value = unescaped(text.substr(1, i - 1));
      text.remove_prefix(i + 1);
      return value;
    }
  }
  return std::nullopt;
}

/// What a name belongs to: the longest known family of which it is the name or a part's name.
constexpr std::array<std::string_view, 6> kSuffixes = {"_total", "_bucket",  "_sum",
                                                       "_count", "_created", "_info"};

class Reader {
 public:
  Reader(bool is_open_metrics, const TextLimits& limits)
      : is_open_metrics_(is_open_metrics), limits_(limits) {}

  base::Result<Exposition> read(std::string_view text) {
    if (text.size() > limits_.bytes_max) {
      return too_much(fmt::format("{} bytes", limits_.bytes_max));
    }
    std::size_t line = 0;
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      std::string_view one = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      ++line;
      if (one.ends_with('\r')) {
        one.remove_suffix(1);
      }
      if (samples_ >= limits_.samples_max) {
        return too_much(fmt::format("{} samples", limits_.samples_max));
      }
      const std::string_view problem = one.size() > limits_.line_bytes_max
                                           ? std::string_view("is too long")
                                           : take_line(skip_blanks(one));
      if (!problem.empty()) {
        ++out_.bad_lines;
        if (out_.problems.size() < limits_.problems_max) {
          out_.problems.push_back(
              fmt::format("line {}: {}: '{}'", line, problem, base::printable(one, 60)));
        }
      }
    }
    return std::move(out_);
  }

 private:
  static tl::unexpected<base::Error> too_much(const std::string& most) {
    return base::fail(base::Code::kResourceExhausted, "the exposition has more than " + most, "",
                      "Scrape fewer metrics at once.");
  }

  Family& family(std::string_view name) {
    const auto [at, is_new] = index_.try_emplace(std::string(name), out_.families.size());
    if (is_new) {
      out_.families.push_back({std::string(name), {}, Type::kUntyped, {}});
    }
    return out_.families[at->second];
  }

  Family& family_of_sample(std::string_view name) {
    if (!index_.contains(std::string(name))) {
      for (const std::string_view suffix : kSuffixes) {
        if (name.ends_with(suffix)) {
          const std::string stem(name.substr(0, name.size() - suffix.size()));
          if (index_.contains(stem)) {
            return family(stem);
          }
        }
      }
    }
    return family(name);
  }

  /// What is wrong with it; empty where nothing is.
  std::string_view take_line(std::string_view line) {
    if (line.empty()) {
      return {};
    }
    return line.front() == '#' ? take_comment(line.substr(1)) : take_sample(line);
  }

  std::string_view take_comment(std::string_view rest) {
    const std::string_view what = take_word(rest);
    if (what != "HELP" && what != "TYPE") {
      return {};  // a comment, # UNIT, # EOF
    }
    const std::string_view name = take_word(rest);
    if (!is_metric_name(name)) {
      return "no metric name";
    }
    rest = skip_blanks(rest);
    if (what == "HELP") {
      family(name).help = unescaped(rest);
      return {};
    }
    const std::string_view type = base::trim(rest);
    Family& of = family(name);
    for (std::size_t i = 0; i < kTypeKeys.size(); ++i) {
      if (type == kTypeKeys.at(i)) {
        of.type = static_cast<Type>(i);
      }
    }
    return {};  // OpenMetrics' other types (info, stateset, unknown) are untyped here
  }

  std::string_view take_sample(std::string_view line) {
    const std::size_t length = name_length(line, true);
    if (length == 0) {
      return "no metric name";
    }
    TextSample sample;
    sample.name = line.substr(0, length);
    std::string_view rest = skip_blanks(line.substr(length));
    if (rest.starts_with('{')) {
      rest.remove_prefix(1);
      if (const std::string_view problem = take_labels(rest, sample.labels); !problem.empty()) {
        return problem;
      }
    }
    const auto value = parse_value(take_word(rest));
    if (!value) {
      return "no value";
    }
    sample.value = *value;
    rest = skip_blanks(rest);
    if (!rest.empty() && rest.front() != '#') {
      sample.at_ms = parse_time(take_word(rest));
      if (!sample.at_ms) {
        return "no time";
      }
      rest = skip_blanks(rest);
    }
    if (!rest.empty() && !(is_open_metrics_ && rest.front() == '#')) {
      return "more than a value and a time";
    }
    ++samples_;
    family_of_sample(sample.name).samples.push_back(std::move(sample));
    return {};
  }

  [[nodiscard]] std::optional<std::int64_t> parse_time(std::string_view text) const {
    if (!is_open_metrics_) {
      return base::parse_signed(text);
    }
    constexpr double kMostMs = 9e15;
    const auto seconds = parse_value(text);
    if (!seconds || !(std::fabs(*seconds * 1e3) < kMostMs)) {
      return std::nullopt;
    }
    return std::llround(*seconds * 1e3);
  }

  std::string_view take_labels(std::string_view& rest, Labels& labels) const {
    for (;;) {
      rest = skip_blanks(rest);
      if (rest.starts_with('}')) {
        rest.remove_prefix(1);
        return {};
      }
      const std::size_t length = name_length(rest, false);
      if (length == 0) {
        return "no label name";
      }
      const std::string_view name = rest.substr(0, length);
      rest = skip_blanks(rest.substr(length));
      if (!rest.starts_with('=')) {
        return "no '=' behind a label's name";
      }
      rest = skip_blanks(rest.substr(1));
      auto value = take_quoted(rest);
      if (!value) {
        return "a label's value is not between quotes";
      }
      if (labels.size() == limits_.labels_max) {
        return "too many labels";
      }
      labels.emplace_back(name, std::move(*value));
      rest = skip_blanks(rest);
      if (rest.starts_with(',')) {
        rest.remove_prefix(1);
      } else if (!rest.starts_with('}')) {
        return "no ',' between labels";
      }
    }
  }

  bool is_open_metrics_;
  TextLimits limits_;
  Exposition out_;
  std::unordered_map<std::string, std::size_t> index_;
  std::size_t samples_ = 0;
};

}  // namespace exposition

std::string_view key(Type type) {
  return exposition::kTypeKeys.at(static_cast<std::size_t>(type));
}

bool is_metric_name(std::string_view name) {
  return !name.empty() && exposition::name_length(name, true) == name.size();
}

bool is_label_name(std::string_view name) {
  return !name.empty() && exposition::name_length(name, false) == name.size();
}

void write(const Family& family, std::string& out) {
  if (!family.help.empty()) {
    out += "# HELP " + family.name + ' ';
    exposition::write_escaped(family.help, false, out);
    out += '\n';
  }
  out += "# TYPE " + family.name + ' ';
  out += key(family.type);
  out += '\n';
  for (const TextSample& sample : family.samples) {
    out += sample.name;
    char before = '{';
    for (const auto& [name, value] : sample.labels) {
      out += before;
      out += name + "=\"";
      exposition::write_escaped(value, true, out);
      out += '"';
      before = ',';
    }
    out += sample.labels.empty() ? " " : "} ";
    exposition::write_value(sample.value, out);
    if (sample.at_ms) {
      fmt::format_to(std::back_inserter(out), " {}", *sample.at_ms);
    }
    out += '\n';
  }
}

base::Result<Exposition> read(std::string_view text, bool is_open_metrics,
                              const TextLimits& limits) {
  return exposition::Reader(is_open_metrics, limits).read(text);
}

}  // namespace weft::wire::prometheus
