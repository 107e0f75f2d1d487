// SPDX-License-Identifier: Apache-2.0
#include "sim/parameter.h"

#include "base/text.h"
#include "fabric/yaml_tree.h"
#include "sim/amount.h"
#include "sim/embedded.h"

#include <algorithm>
#include <cmath>

namespace weft::sim {
namespace {

constexpr std::size_t kParameterNodesMax = 10'000;

Parameter read_parameter(const fabric::YamlEntry& entry) {
  Parameter out;
  out.name = entry.key.text;
  for (const auto& [field, value] : entry.value.entries) {
    if (field.text == "value") {
      out.text = value.text;
      const auto time = parse_time(value.text);
      out.is_time = time.has_value();
      out.value = time ? static_cast<double>(*time) : base::parse_double(value.text).value_or(0);
    } else if (field.text == "source") {
      out.source = value.text;
    } else if (field.text == "trust") {
      out.trust = value.text == "published" ? Trust::kPublished
                  : value.text == "fitted"  ? Trust::kFitted
                                            : Trust::kModelled;
    }
  }
  return out;
}

std::vector<Parameter> read_parameters() {
  std::vector<Parameter> out;
  for (const base::EmbeddedFile& file : embedded_parameters()) {
    const auto tree = fabric::parse_yaml(file.text, kParameterNodesMax);
    if (!tree || file.name != "parameters") {
      continue;
    }
    for (const fabric::YamlEntry& entry : tree->entries) {
      out.push_back(read_parameter(entry));
    }
  }
  return out;
}

const Parameter* find_parameter(std::string_view name) {
  const auto& all = parameters();
  const auto at = std::find_if(all.begin(), all.end(),
                               [&](const Parameter& parameter) { return parameter.name == name; });
  return at == all.end() ? nullptr : &*at;
}

}  // namespace

std::string_view key(Trust trust) {
  switch (trust) {
    case Trust::kPublished:
      return "published";
    case Trust::kFitted:
      return "fitted";
    case Trust::kModelled:
      return "modelled";
  }
  return "?";
}

const std::vector<Parameter>& parameters() {
  static const std::vector<Parameter> kParameters = read_parameters();
  return kParameters;
}

double parameter(std::string_view name) {
  const Parameter* found = find_parameter(name);
  return found == nullptr ? 0 : found->value;
}

Ps parameter_time(std::string_view name) {
  return static_cast<Ps>(std::llround(parameter(name)));
}

bool has_parameter(std::string_view name) {
  return find_parameter(name) != nullptr;
}

}  // namespace weft::sim
