// SPDX-License-Identifier: Apache-2.0
#include "cli/margin.h"

#include "base/text.h"
#include "cli/margin_report.h"
#include "cli/place.h"
#include "driver/journal.h"
#include "driver/pcie_margin.h"

#include <charconv>
#include <cstdio>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

namespace weft::cli {
namespace margin_impl {
namespace {

constexpr PositionalSpec kPositionals[] = {
    {"LINK",
     "Either end's PCI address (0000:3b:00.0), or with --rack the link's name or HOST/ADDRESS. "
     "Not needed with --recover.",
     false, false},
};
constexpr OptionSpec kOptions[] = {
    {"--apply", "", "Margin. Without it nothing is written: what would be is printed."},
    {"--lane", "N", "This lane only. Default: all that carry data.", true},
    {"--receiver", "N",
     "This receiver only: 1 the upper port's, 2 to 5 at retimers, 6 the lower port's. Default: all "
     "that are there.",
     true},
    {"--bits", "N", "Bits compared at each step, such as 1e10, 1e6 to 1e13. Default 3e9."},
    {"--error-limit", "N", "Errors that a step may have, 0 to 63. Default 4."},
    {"--no-voltage", "", "Timing only."},
    {"--recover", "",
     "Put back what an earlier run that was killed left changed on this host, and do nothing "
     "else."},
    kRootOption,
    kRackOption,
    kSeedOption,
    kAdvanceOption,
    kUpFolderOption,
    {"--json", "", "The result as JSON, schema weftline/margin/1."},
};
constexpr ExampleSpec kExamples[] = {
    {"weft margin 0000:3b:00.0", "What margining this link would write."},
    {"sudo weft margin 0000:3b:00.0 --apply --lane 0", "Margin lane 0 at every receiver."},
    {"weft margin --rack racks/gpu-server-8.yaml server0/0000:01:00.0 --apply",
     "A link of a rack that one does not have."},
};
constexpr ExitSpec kExits[] = {
    {kOk, "every lane holds the minimum, or nothing is graded; or nothing was to be done"},
    {kWarning, "a lane is below a minimum of the specification"},
    {kUnknown, "a receiver that was asked for did not answer"},
};

using base::Result;

template <class T>
Result<std::vector<T>> numbers(const Arguments& arguments, std::string_view name, unsigned low,
                               unsigned high) {
  std::vector<T> out;
  for (const std::string& text : arguments.values(name)) {
    unsigned value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc() || end != text.data() + text.size() || value < low || value > high) {
      return base::fail(base::Code::kInvalidArgument,
                        fmt::format("{}: \"{}\" is not a whole number from {} to {}", name,
                                    base::printable(text), low, high));
    }
    out.push_back(static_cast<T>(value));
  }
  return out;
}

/// Undoes journals of this host (a twin's world is gone with its program: nothing to put back).
Result<unsigned> recover(Place& place, const std::string& folder) {
  auto found = driver::abandoned(folder);
  if (!found) {
    return tl::unexpected(found.error());
  }
  unsigned count = 0;
  for (driver::Journal& journal : *found) {
    const bool is_twin = journal.machine().starts_with("rack ");
    if (journal.action() != "margin" || (!is_twin && journal.machine() != place.source)) {
      continue;
    }
    const auto entries = static_cast<unsigned>(is_twin ? 0 : journal.entries().size());
    auto undone = is_twin ? journal.undo([](const driver::JournalEntry&) { return Result<void>(); })
                          : journal.undo(driver::restore_config(*place.devices, place.wait));
    if (!undone) {
      return tl::unexpected(undone.error());
    }
    if (auto closed = journal.close(); !closed) {
      return tl::unexpected(closed.error());
    }
    count += entries;
  }
  return count;
}

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

int run_recover(const Arguments& arguments) {
  auto place = open_place(arguments, "");
  if (!place) {
    return report(place.error());
  }
  const auto folder = driver::state_folder();
  if (!folder) {
    return report(folder.error());
  }
  const auto count = recover(*place, *folder);
  if (!count) {
    return report(count.error());
  }
  print(*count == 0 ? "Nothing was left to put back.\n"
                    : fmt::format("Put back {} register{}.\n", *count, *count == 1 ? "" : "s"));
  return kOk;
}

Result<driver::MarginOptions> options_of(const Arguments& arguments) {
  const auto lanes = numbers<std::uint32_t>(arguments, "--lane", 0, 31);
  const auto receivers = numbers<std::uint8_t>(arguments, "--receiver", 1, 6);
  const auto bits = number_option(arguments, "--bits", 3e9, 1e6, 1e13);
  const auto limit = number_option(arguments, "--error-limit", 4, 0, 63);
  if (!lanes || !receivers) {
    return tl::unexpected(lanes ? receivers.error() : lanes.error());
  }
  if (!bits || !limit) {
    return tl::unexpected((bits ? limit : bits).error());
  }
  driver::MarginOptions out;
  out.lanes = *lanes;
  out.receivers = *receivers;
  out.bits = *bits;
  out.error_limit = static_cast<std::uint8_t>(*limit);
  out.voltage = !arguments.has("--no-voltage");
  if (isatty(STDERR_FILENO) == 1) {
    out.progress = [](std::string_view text) {
      std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
    };
  }
  return out;
}

int apply(Place& place, const driver::PciePair& pair, const driver::MarginOptions& options,
          bool is_json) {
  const auto folder = driver::state_folder();
  if (!folder) {
    return report(folder.error());
  }
  if (place.rack == nullptr) {
    const auto recovered = recover(place, *folder);
    if (!recovered) {
      return report(recovered.error());
    }
    if (*recovered != 0) {
      std::fprintf(stderr, "weft: put back %u registers of an earlier run\n", *recovered);
    }
  }
  auto journal = driver::Journal::open(*folder, "margin", place.source);
  if (!journal) {
    return report(journal.error());
  }
  const auto result = driver::margin(pair, *place.devices, *journal, place.wait, options);
  if (journal->entries().empty()) {
    if (auto closed = journal->close(); !closed) {
      return report(closed.error());
    }
  }
  if (!result) {
    return report(result.error());
  }
  print(is_json ? margin_json(*result, place.source)
                : margin_text(*result, terminal(STDOUT_FILENO)));
  return is_below_minimum(*result) ? kWarning : result->problems.empty() ? kOk : kUnknown;
}

int run(const Arguments& arguments) {
  if (arguments.has("--recover")) {
    return run_recover(arguments);
  }
  const auto link = arguments.value("LINK");
  if (!link) {
    return report_usage("which link?", "Name either end's PCI address; see weft scan.");
  }
  const auto options = options_of(arguments);
  if (!options) {
    return report_usage(options.error().what);
  }
  auto place = open_place(arguments, *link);
  if (!place) {
    return report(place.error());
  }
  auto pair = driver::open_pair(*place->devices, place->target.name);
  if (!pair) {
    return report(pair.error());
  }
  const bool is_json = arguments.has("--json");
  if (arguments.has("--apply")) {
    return apply(*place, *pair, *options, is_json);
  }
  const auto plan = driver::plan_margin(*pair, *options);
  if (!plan) {
    return report(plan.error());
  }
  print(is_json ? margin_plan_json(*plan, place->source) : margin_plan_text(*plan));
  return kOk;
}

}  // namespace
}  // namespace margin_impl

VerbSpec margin_verb() {
  return {.name = "margin",
          .summary = "Margin the receivers of a PCIe link",
          .description =
              "Moves each receiver's sampling point left, right, up and down until errors appear, "
              "by Lane Margining at the Receiver (PCIe 4.0 and later, 16 GT/s and more), and "
              "compares the eye with the minima of the specification. Traffic goes on meanwhile; "
              "ASPM and autonomous speed and width changes are switched off for the time and put "
              "back at the end, also by the next run after a kill (--recover). On Linux it needs "
              "root. Retimers on the way answer as receivers 2 to 5.",
          .positionals = margin_impl::kPositionals,
          .options = margin_impl::kOptions,
          .run = margin_impl::run,
          .examples = margin_impl::kExamples,
          .exits = margin_impl::kExits};
}

}  // namespace weft::cli
