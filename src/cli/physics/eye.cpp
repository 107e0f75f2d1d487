// SPDX-License-Identifier: Apache-2.0
// See eye.h. The verb reads options, asks for one report, or two with --compare, and hands them to
// whoever shows them; files are written before anything is printed.
#include "cli/physics/eye.h"

#include "cli/draw/paint.h"
#include "cli/files.h"
#include "cli/physics/channel_input.h"
#include "cli/physics/eye_figure.h"
#include "cli/physics/eye_input.h"
#include "cli/physics/eye_json.h"
#include "cli/physics/eye_options.h"
#include "cli/physics/eye_report.h"
#include "cli/physics/eye_text.h"
#include "cli/physics/progress.h"
#include "cli/terminal.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

namespace weft::cli {
namespace eye {

constexpr ExampleSpec kExamples[] = {
    {"weft eye board.s4p --protocol pcie6", "Does this channel carry PCIe 6?"},
    {"weft eye board.s4p --protocol pcie5 --svg eye.svg --png eye.png", "Figures for a report."},
    {"weft eye --path 'pkg + megtron7:8in + cem + megtron7:3in + pkg' --protocol pcie6 --package "
     "none",
     "A channel that nobody has measured."},
    {"weft eye thru.s4p --fext f1.s4p --next n1.s4p --protocol eth-100g --json",
     "With crosstalk, for a program."},
    {"weft eye --compare old.s4p new.s4p --protocol pcie6", "What the new board changes."},
    {"weft eye board.s4p --compare pcie5 pcie6", "One channel under two set-ups."},
};

constexpr ExitSpec kExits[] = {
    {kOk, "the eye meets the set-up's target; with --compare, both do"},
    {kWarning, "it does not"},
    {kUnknown, "not known: the channel is not measured as far as the receiver listens"},
};

/// Mistakes in the command line are wrong usage; the rest has its code's exit.
int fail_with(const base::Error& error) {
  const bool is_usage =
      error.code == base::Code::kInvalidArgument &&
      (error.where.empty() || error.where == "arguments" || error.where.starts_with("--"));
  if (!is_usage) {
    return report(error);
  }
  return report_usage(error.where.starts_with("--")
                          ? fmt::format("eye: {}: {}", error.where, error.what)
                          : fmt::format("eye: {}", error.what),
                      error.hint.empty() ? "See: weft eye --help" : error.hint);
}

base::Result<EyeReport> report_of(const Arguments& arguments, std::string_view setup_word,
                                  Progress& progress) {
  auto setup = eye_setup(arguments, setup_word);
  if (!setup) {
    return tl::unexpected(setup.error());
  }
  const auto job = eye_job(arguments, std::move(*setup));
  if (!job) {
    return tl::unexpected(job.error());
  }
  auto input = eye_input(arguments);
  if (!input) {
    return tl::unexpected(input.error());
  }
  auto result =
      eye_report(*job, input->sections, [&progress](double share) { progress.at(share); });
  if (result) {
    result->notes.insert(result->notes.end(), input->notes.begin(), input->notes.end());
  }
  return result;
}

/// One side of a comparison: `word` is a set-up, or a channel in place of the arguments'.
base::Result<EyeReport> side_of(const Arguments& arguments, const std::string& word,
                                Progress& progress) {
  if (is_setup_word(word)) {
    return report_of(arguments, word, progress);
  }
  return report_of(with_channel(arguments, word), "", progress);
}

base::Result<std::vector<EyeReport>> reports_of(const Arguments& arguments) {
  Progress progress("weft eye", arguments.has("--progress"));
  const auto words = arguments.values("--compare");
  std::vector<EyeReport> reports;
  const auto add = [&](base::Result<EyeReport> one) -> base::Result<void> {
    if (!one) {
      return tl::unexpected(one.error());
    }
    reports.push_back(std::move(*one));
    return {};
  };
  if (words.size() > 2) {
    return base::fail(base::Code::kInvalidArgument, "compares two, not more", "--compare");
  }
  if (words.size() < 2) {
    if (auto done = add(report_of(arguments, "", progress)); !done) {
      return tl::unexpected(done.error());
    }
  }
  for (const std::string& word : words) {
    if (auto done = add(side_of(arguments, word, progress)); !done) {
      return tl::unexpected(done.error());
    }
  }
  return reports;
}

draw::Figure figure_of(const std::vector<EyeReport>& reports, EyePlotKind kind,
                       draw::Palette palette) {
  return reports.size() == 2 ? eye_compare_figure(reports[0], reports[1], palette)
                             : eye_figure(reports[0], kind, palette);
}

/// Writes the files that were asked for; true where one of them was standard output.
base::Result<bool> write_files(const Arguments& arguments, const std::vector<EyeReport>& reports,
                               EyePlotKind kind, draw::Palette palette) {
  bool is_stdout_taken = false;
  const bool is_dark = arguments.has("--dark");
  for (const std::string_view option : {"--svg", "--png", "--csv"}) {
    const auto path = arguments.value(option);
    if (!path) {
      continue;
    }
    base::Result<std::string> bytes;
    if (option == "--csv") {
      bytes = eye_csv(reports[0]);
    } else if (option == "--svg") {
      bytes = draw::svg_file(figure_of(reports, kind, palette),
                             is_dark ? draw::SvgTheme::kDark : draw::SvgTheme::kFollowReader);
    } else {
      bytes = draw::png_file(figure_of(reports, kind, palette), is_dark);
    }
    if (!bytes) {
      return tl::unexpected(bytes.error());
    }
    if (auto written = write_output(*path, *bytes); !written) {
      return tl::unexpected(written.error());
    }
    is_stdout_taken = is_stdout_taken || *path == "-";
  }
  return is_stdout_taken;
}

/// Refuses to write over what is read, and two things on standard output.
base::Result<void> check_outputs(const Arguments& arguments) {
  int on_stdout = arguments.has("--json") ? 1 : 0;
  for (const std::string_view option : {"--svg", "--png", "--csv"}) {
    const auto path = arguments.value(option);
    if (!path) {
      continue;
    }
    on_stdout += *path == "-" ? 1 : 0;
    for (const std::string& channel : arguments.values("FILE")) {
      std::error_code error;
      if (std::filesystem::equivalent(*path, channel, error)) {
        return base::fail(base::Code::kInvalidArgument, "is the channel that is read",
                          std::string(option), "Give the output another name.");
      }
    }
  }
  if (on_stdout > 1) {
    return base::fail(base::Code::kInvalidArgument, "only one output can be standard output", "");
  }
  return {};
}

int show(const Arguments& arguments) {
  const Terminal out = terminal(STDOUT_FILENO);
  const auto palette =
      draw::find_palette(arguments.value("--palette").value_or(std::string("viridis")));
  if (!palette) {
    return report_usage("eye: --palette: unknown palette", "Give viridis or cividis.");
  }
  const auto kind = eye_plot_kind(arguments);
  if (!kind) {
    return fail_with(kind.error());
  }
  if (auto checked = check_outputs(arguments); !checked) {
    return fail_with(checked.error());
  }
  const auto reports = reports_of(arguments);
  if (!reports) {
    return fail_with(reports.error());
  }
  const auto is_stdout_taken = write_files(arguments, *reports, *kind, *palette);
  if (!is_stdout_taken) {
    return fail_with(is_stdout_taken.error());
  }
  const bool is_pair = reports->size() == 2;
  std::string text;
  if (arguments.has("--json")) {
    text =
        is_pair ? eye_compare_json(reports->front(), reports->back()) : eye_json(reports->front());
  } else if (!*is_stdout_taken) {
    text = is_pair ? eye_compare_text(reports->front(), reports->back(), out)
                   : eye_text(reports->front(), arguments.has("--plot") ? *kind : EyePlotKind::kEye,
                              out);
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  int exit = kOk;
  for (const EyeReport& report : *reports) {
    const int one = eye_exit(report.verdict());
    exit = exit == kWarning || one == kWarning ? kWarning : std::max(exit, one);
  }
  return exit;
}

int run(const Arguments& arguments) {
  if (arguments.has("--list-protocols")) {
    const auto columns =
        static_cast<std::size_t>(std::clamp(terminal(STDOUT_FILENO).columns, 80, 160));
    fmt::print("{}", setup_list_text(columns));
    return kOk;
  }
  return show(arguments);
}

}  // namespace eye

VerbSpec eye_verb() {
  static const std::vector<OptionSpec> kOptions = channel_options(eye_option_specs());
  VerbSpec verb;
  verb.name = "eye";
  verb.summary = "Draw the eye of a channel; say whether the link closes and by how much";
  verb.description =
      "Puts a transmitter, packages and a receiver around a channel, finds the equaliser settings "
      "that a trained link would find, and computes the probability of every voltage at the slicer "
      "over one unit interval: the eye, its openings at each error ratio, the error ratio before "
      "FEC, and what FEC leaves of it. The verdict is against the target of the set-up.\n\n"
      "The channel is measured (Touchstone files), or made from boards, connectors and cables "
      "(--path), or both. Retimers in a path cut it into segments: each has its own eye, and the "
      "worst one decides. Constants of a set-up that no public source confirms are named in the "
      "report as modelled.\n\n"
      "Densities are convolved in double precision without a floor: a tail of 1e-18 is as true as "
      "the centre, for the model. docs/PHYSICS.md says what is modelled and how far it is valid.";
  verb.positionals = kChannelPositionals;
  verb.options = kOptions;
  verb.run = &eye::run;
  verb.examples = eye::kExamples;
  verb.exits = eye::kExits;
  return verb;
}

}  // namespace weft::cli
