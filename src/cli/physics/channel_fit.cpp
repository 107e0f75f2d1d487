// SPDX-License-Identifier: Apache-2.0
// `weft channel fit`: a measured network as rational functions with delay (phy/channel/rational.h),
// written as a SPICE sub-circuit or as poles and residues in JSON, with the error that it has.
#include "cli/files.h"
#include "cli/physics/channel.h"
#include "cli/physics/channel_input.h"
#include "cli/physics/eye_options.h"
#include "phy/channel/rational.h"

#include <cmath>
#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace channel_fit {
namespace {

namespace channel = phy::channel;
using base::Code;
using Json = nlohmann::ordered_json;

constexpr OptionSpec kOptions[] = {
    {"-o,--output", "FILE",
     "Write the model: JSON where the name ends in .json, else a SPICE sub-circuit. The report "
     "goes "
     "to standard output."},
    {"--spice", "", "Print the SPICE sub-circuit instead of the report."},
    {"--name", "NAME", "Name of the sub-circuit; default channel."},
    {"--poles", "N", "How many poles; default: as many as the error asks for, up to 100."},
    {"--rms", "X", "The error to reach: rms of the worst response, absolute; default 1e-3."},
    {"--differential", "", "Fit the differential two-port (100 ohm) instead of every port."},
    {"--keep-active", "", "Do not enforce passivity."},
    {"--json", "", "JSON with poles and residues, schema weftline/channel/1."},
};
constexpr ExampleSpec kExamples[] = {
    {"weft channel fit thru.s4p -o thru.sp", "A sub-circuit for ngspice and its kin."},
    {"weft channel fit thru.s4p --differential --poles 40 --json", "Poles and residues."},
};
constexpr ExitSpec kExits[] = {
    {kOk, "the fit meets the error asked for"},
    {kWarning, "it does not, or it is not passive; the model is written all the same"},
};

Json pairs(const std::vector<phy::channel::Complex>& values) {
  Json out = Json::array();
  for (const auto value : values) {
    out.push_back({value.real(), value.imag()});
  }
  return out;
}

std::string fit_json(const std::string& name, const channel::RationalFit& fit) {
  const auto& r = fit.report;
  Json out = {{"schema", "weftline/channel/1"},
              {"report", "fit"},
              {"name", name},
              {"order", r.order},
              {"rms", r.rms},
              {"rms_worst", r.rms_worst},
              {"max_error", r.max_error},
              {"singular_before", r.singular_before},
              {"singular_after", r.singular_after},
              {"is_passive", r.is_passive},
              {"met_target", r.met_target},
              {"ports", fit.model.ports},
              {"z0_ohm", fit.model.z0_ohm},
              {"poles", pairs(fit.model.poles)},
              {"responses", Json::array()}};
  for (const auto& response : fit.model.responses) {
    out["responses"].push_back({{"delay_s", response.delay_s},
                                {"constant", response.constant},
                                {"residues", pairs(response.residues)}});
  }
  return out.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string report_text(const std::string& name, const channel::RationalFit& fit) {
  const auto& r = fit.report;
  return fmt::format(
      "{}: {} poles, rms of the worst response {:.3g}, greatest error {:.3g}{}\n"
      "largest singular value {:.6f} before, {:.6f} after{}\n",
      name, r.order, r.rms_worst, r.max_error, r.met_target ? "" : " (more than was asked for)",
      r.singular_before, r.singular_after, r.is_passive ? ", passive" : ", not passive");
}

base::Result<channel::Network> network_of(const Arguments& arguments) {
  if (is_path(arguments) || arguments.has("--differential")) {
    auto cut = load_channel(arguments);
    if (!cut) {
      return tl::unexpected(cut.error());
    }
    return std::move(cut->thru.sdd);
  }
  auto sources = load_sources(arguments);
  if (!sources) {
    return tl::unexpected(sources.error());
  }
  if (sources->size() != 1) {
    return base::fail(Code::kInvalidArgument, "one file is fitted at a time", "arguments");
  }
  return std::move(sources->front().network);
}

base::Result<channel::FitOptions> options_of(const Arguments& arguments) {
  channel::FitOptions options;
  const auto poles = number_option(arguments, "--poles");
  const auto rms = number_option(arguments, "--rms");
  if (!poles || !rms) {
    return tl::unexpected(poles ? rms.error() : poles.error());
  }
  if (*poles) {
    const double count = **poles;
    if (!(count >= 1) || count > static_cast<double>(channel::kPolesMax) ||
        count != std::floor(count)) {
      return base::fail(Code::kInvalidArgument,
                        fmt::format("a model has 1 to {} poles", channel::kPolesMax), "--poles");
    }
    options.order = static_cast<std::size_t>(count);
  }
  options.rms_target = rms->value_or(options.rms_target);
  options.enforce_passivity = !arguments.has("--keep-active");
  return options;
}

int fit(const Arguments& arguments) {
  const auto options = options_of(arguments);
  if (!options) {
    return report(options.error());
  }
  const auto network = network_of(arguments);
  if (!network) {
    return report(network.error());
  }
  const auto fitted = channel::fit_rational(*network, *options);
  if (!fitted) {
    auto error = fitted.error();
    error.where = arguments.value("FILE").value_or(error.where);
    return report(error);
  }
  const std::string name = arguments.value("--name").value_or("channel");
  std::string out = arguments.has("--json")    ? fit_json(name, *fitted)
                    : arguments.has("--spice") ? channel::spice(fitted->model, name)
                                               : report_text(name, *fitted);
  if (const auto path = arguments.value("--output")) {
    const auto written =
        write_output(*path, path->ends_with(".json") ? fit_json(name, *fitted)
                                                     : channel::spice(fitted->model, name));
    if (!written) {
      return report(written.error());
    }
  }
  std::fwrite(out.data(), 1, out.size(), stdout);
  const auto& r = fitted->report;
  const bool is_good = r.met_target && (r.is_passive || !options->enforce_passivity);
  return is_good ? kOk : kWarning;
}

}  // namespace
}  // namespace channel_fit

VerbSpec channel_fit_verb() {
  static const auto kOptions = channel_options(channel_fit::kOptions);
  VerbSpec verb;
  verb.name = "channel fit";
  verb.summary = "Fit a channel by poles and delays; write SPICE or JSON";
  verb.description =
      "Fits a network's S-parameters by rational functions with common poles and a delay of each "
      "response: causal and stable by its form, passive unless --keep-active is given. Says how "
      "far the fit lies from the data.";
  verb.positionals = kChannelPositionals;
  verb.options = kOptions;
  verb.run = &channel_fit::fit;
  verb.examples = channel_fit::kExamples;
  verb.exits = channel_fit::kExits;
  return verb;
}

}  // namespace weft::cli
