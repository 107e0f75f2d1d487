// SPDX-License-Identifier: Apache-2.0
// How eye, com and channel are told their channel: Touchstone files with roles and a pair map, a
// path of segments, or channels inline in a request (json_request.h). One set of options for all of
// them. Errors name the file and say what to add.
#pragma once

#include "cli/verb.h"
#include "phy/channel/cut.h"
#include "phy/media/path.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace weft::cli {

inline constexpr PositionalSpec kChannelPositionals[] = {
    {"FILE",
     "Touchstone files, \"-\" for standard input. The first is the victim's path unless roles are "
     "given as thru:FILE, fext:FILE or next:FILE; further ones are aggressors, whose role is read "
     "from a name that holds FEXT or NEXT.",
     false, true},
};

/// The options that say what the channel is, --request among them, and then `own`; for
/// VerbSpec::options. Keep the answer in a static.
[[nodiscard]] std::vector<OptionSpec> channel_options(std::span<const OptionSpec> own);

/// The files as they are, in order: victim first where it is one file. kInvalidArgument where there
/// is none.
[[nodiscard]] base::Result<std::vector<phy::channel::Source>> load_sources(
    const Arguments& arguments);

/// Whether --path was given instead of files.
[[nodiscard]] bool is_path(const Arguments& arguments);

/// The sections between retimers of --path, at least one. Frequencies are 0 to 80 GHz by 10 MHz.
[[nodiscard]] base::Result<std::vector<phy::media::Section>> load_sections(
    const Arguments& arguments);

/// Whether a path has a package of its own, so that a set-up's would be the second.
[[nodiscard]] bool path_has_package(std::string_view path);

/// A channel, and what a made path adds to it.
struct LoadedChannel {
  phy::channel::Channel channel;
  /// Of redrivers and linear optics at the receiver, over the victim's frequencies; empty: none.
  std::vector<double> noise_v2_per_hz;
  bool has_packages = false;
};

/// The one channel to look at: of the files, or of --path (the section that --section names, where
/// retimers cut it).
[[nodiscard]] base::Result<LoadedChannel> load_one(const Arguments& arguments);
/// The same for who does not ask for noise and packages.
[[nodiscard]] base::Result<phy::channel::Channel> load_channel(const Arguments& arguments);

/// The whole of an option's text as a finite number; nothing where the option is absent.
/// kInvalidArgument names the option.
[[nodiscard]] base::Result<std::optional<double>> number_option(const Arguments& arguments,
                                                                const std::string& name);

}  // namespace weft::cli
