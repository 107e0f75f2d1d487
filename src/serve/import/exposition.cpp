// SPDX-License-Identifier: Apache-2.0
#include "serve/import/exposition.h"

#include "base/text.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

namespace weft::serve {
namespace exposition_import {

using wire::prometheus::Labels;
using wire::prometheus::TextSample;

struct Found {
  const Mapping* mapping = nullptr;
  const MappingRule* rule = nullptr;
  std::size_t order = 0;  ///< among all rules
};

bool fits(const std::vector<std::pair<std::string, std::string>>& patterns, const Labels& labels,
          bool any) {
  const auto one = [&labels](const auto& asked) {
    const auto at = std::ranges::find(labels, asked.first,
                                      [](const auto& label) -> const auto& { return label.first; });
    return base::matches(asked.second, at == labels.end() ? std::string_view() : at->second);
  };
  return any ? std::ranges::any_of(patterns, one) : std::ranges::all_of(patterns, one);
}

/// Rules by the name of their metric, those with patterns apart; the first of all that fits is
/// taken.
class Rules {
 public:
  explicit Rules(std::span<const Mapping> mappings) {
    std::size_t order = 0;
    for (const Mapping& mapping : mappings) {
      for (const MappingRule& rule : mapping.rules) {
        (rule.metric.find_first_of("*?") == std::string::npos ? by_name_[rule.metric] : patterns_)
            .push_back({&mapping, &rule, order++});
      }
    }
  }

  [[nodiscard]] Found find(const TextSample& sample) const {
    Found best;
    if (const auto known = by_name_.find(sample.name); known != by_name_.end()) {
      const auto first = std::ranges::find_if(
          known->second, [&](const Found& one) { return takes(*one.rule, sample); });
      best = first == known->second.end() ? best : *first;
    }
    for (const Found& one : patterns_) {
      if (best.rule != nullptr && best.order < one.order) {
        break;
      }
      if (base::matches(one.rule->metric, sample.name) && takes(*one.rule, sample)) {
        return one;
      }
    }
    return best;
  }

 private:
  static bool takes(const MappingRule& rule, const TextSample& sample) {
    return fits(rule.when, sample.labels, false) && !fits(rule.unless, sample.labels, true);
  }

  std::unordered_map<std::string, std::vector<Found>> by_name_;
  std::vector<Found> patterns_;
};

class Reader {
 public:
  Reader(std::span<const Mapping> mappings, const ExpositionOptions& options)
      : rules_(mappings), options_(options), host_(options.host) {}

  base::Result<Imported> read(const wire::prometheus::Exposition& text) {
    intake_.counts().bad_lines = text.bad_lines;
    intake_.counts().problems = text.problems;
    if (host_.empty()) {
      find_host_name(text);
    }
    for (const auto& family : text.families) {
      for (const TextSample& sample : family.samples) {
        ++intake_.counts().samples;
        if (auto done = take(sample); !done) {
          return tl::unexpected(done.error());
        }
      }
    }
    return intake_.finish();
  }

 private:
  /// One sample may name the machine of all others (node_uname_info).
  void find_host_name(const wire::prometheus::Exposition& text) {
    for (const auto& family : text.families) {
      for (const TextSample& sample : family.samples) {
        const Found found = rules_.find(sample);
        if (found.rule != nullptr && found.rule->fact == MappingFact::kHostName) {
          host_ = found.rule->label.of(sample.labels).value_or(host_);
        }
      }
    }
  }

  [[nodiscard]] std::string host_of(const Mapping& mapping, const Labels& labels) const {
    if (options_.host.empty()) {
      for (const LabelText& text : mapping.host) {
        if (auto name = text.of(labels)) {
          return *std::move(name);
        }
      }
    }
    return host_;
  }

  base::Result<void> take(const TextSample& sample) {
    const Found found = rules_.find(sample);
    Imported& counts = intake_.counts();
    if (found.rule == nullptr) {
      ++counts.unmapped[sample.name];
      return {};
    }
    const MappingRule& rule = *found.rule;
    if (!rule.left_out.empty()) {
      ++counts.left_out[{sample.name, rule.left_out}];
      return {};
    }
    if (rule.fact == MappingFact::kHostName) {
      ++counts.taken[{sample.name, "the machine's name"}];
      return {};
    }
    ImportPlace place;
    place.host = host_of(*found.mapping, sample.labels);
    if (place.host.empty()) {
      return base::fail(base::Code::kInvalidArgument, "nothing says which machine this is of",
                        sample.name, "Name it with --host.");
    }
    auto device = rule.device.empty() ? std::string() : rule.device.of(sample.labels);
    auto port = rule.port.empty() ? std::string() : rule.port.of(sample.labels);
    auto label = rule.label.empty() ? std::string() : rule.label.of(sample.labels);
    if (!device || !port || !label) {
      ++counts.refused[{sample.name, "it lacks a label that the mapping asks for"}];
      return {};
    }
    place.device = *std::move(device);
    place.kind = rule.kind;
    place.port = *std::move(port);
    place.family = rule.family;
    return rule.to ? measure(sample, rule, place, *std::move(label)) : tell(sample, rule, place);
  }

  [[nodiscard]] base::WallTime time_of(const TextSample& sample) const {
    constexpr std::int64_t kNanoseconds = 1'000'000;
    constexpr std::int64_t kMost = 9'000'000'000'000;  // of int64 nanoseconds
    return sample.at_ms
               ? base::WallTime{std::clamp<std::int64_t>(*sample.at_ms, 0, kMost) * kNanoseconds}
               : options_.at;
  }

  base::Result<void> measure(const TextSample& sample, const MappingRule& rule,
                             const ImportPlace& place, std::string label) {
    const double number = rule.is ? (sample.value == *rule.is ? 1 : 0) : sample.value * rule.factor;
    auto value = value_of(*rule.to, rule.is && std::isnan(sample.value) ? sample.value : number);
    Imported& counts = intake_.counts();
    if (value) {
      ++counts.taken[{sample.name, std::string(observe::row(*rule.to).key)}];
    } else {
      ++counts.refused[{sample.name, value.error().detail}];
    }
    return intake_.take(time_of(sample), place, *rule.to, std::move(label), std::move(value));
  }

  base::Result<void> tell(const TextSample& sample, const MappingRule& rule,
                          const ImportPlace& place) {
    constexpr double kSecondsMost = 9e9;
    Imported& counts = intake_.counts();
    const base::WallTime at = time_of(sample);
    if (rule.fact == MappingFact::kPart) {
      fabric::PartIdentity part;
      part.serial = rule.serial.of(sample.labels).value_or("");
      part.part_number = rule.part_number.of(sample.labels).value_or("");
      part.vendor = rule.vendor.of(sample.labels).value_or("");
      ++counts.taken[{sample.name, "the part's identity"}];
      return intake_.part(at, place, part);
    }
    const double seconds = rule.fact == MappingFact::kUptime
                               ? sample.value * rule.factor
                               : base::Duration{at.ns}.seconds() - sample.value * rule.factor;
    if (!(seconds >= 0 && seconds < kSecondsMost)) {
      ++counts.refused[{sample.name, "the machine would have started after it was read"}];
      return {};
    }
    ++counts.taken[{sample.name, "host_uptime"}];
    return intake_.uptime(at, place.host, base::seconds(seconds));
  }

  Rules rules_;
  const ExpositionOptions& options_;
  std::string host_;
  Intake intake_;
};

}  // namespace exposition_import

base::Result<Imported> import_exposition(std::string_view text, std::span<const Mapping> mappings,
                                         const ExpositionOptions& options) {
  const auto read = wire::prometheus::read(text, options.is_open_metrics);
  if (!read) {
    return tl::unexpected(read.error());
  }
  return exposition_import::Reader(mappings, options).read(*read);
}

}  // namespace weft::serve
