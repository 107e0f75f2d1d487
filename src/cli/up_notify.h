// SPDX-License-Identifier: Apache-2.0
// The options of `weft up` and `weft serve` that say whom the control plane tells, and when not to.
#pragma once

#include "cli/up_plane.h"
#include "cli/verb.h"

namespace weft::cli {

inline constexpr OptionSpec kNotifyOption = {
    "--notify", "URL",
    "Tells findings to this address by HTTP POST (docs/formats/notice.md): one page a cause when "
    "it opens, gets worse, comes back and is over."};
inline constexpr OptionSpec kNotifyTokenOption = {
    "--notify-token", "FILE",
    "The file's first line is sent to it as a bearer token (default: none)."};
inline constexpr OptionSpec kNotifyCaOption = {
    "--notify-ca", "FILE", "Certificates to trust there, PEM (default: the system's)."};
inline constexpr OptionSpec kNotifyLevelOption = {
    "--notify-level", "LEVEL",
    "Least that is told: unknown, warning or critical (default: warning)."};
inline constexpr OptionSpec kQuietHoursOption = {
    "--quiet-hours", "HOURS",
    "Like 22:00-06:30, daily, in UTC; may be given several times. What is not critical waits "
    "until they are over.",
    true};

/// --notify, --notify-token, --notify-ca, --notify-level, --quiet-hours into `out`.
/// kInvalidArgument; kNotFound: the token's file.
[[nodiscard]] base::Result<void> read_notify_options(const Arguments& arguments,
                                                     UpPlaneOptions& out);

/// A secret from a file: its first line. kNotFound, kInvalidArgument where it is empty or has
/// characters that no header may have. What it says goes into no message.
[[nodiscard]] base::Result<std::string> read_token(const std::string& file);

}  // namespace weft::cli
