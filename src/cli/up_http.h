// SPDX-License-Identifier: Apache-2.0
// The options that open page and API over HTTP (docs/formats/api.md), and the server while it
// lives. On by default, on a fixed port of this machine, or a free one where that is taken; shared
// by `weft up` and `weft serve`.
#pragma once

#include "base/result.h"
#include "cli/verb.h"
#include "serve/api/source.h"

#include <memory>
#include <string>

namespace weft::cli {

inline constexpr OptionSpec kHttpOption = {
    "--http", "WHERE",
    "Where page and API are (docs/formats/api.md): a port of 127.0.0.1 (0: a free one), or the "
    "socket unix:PATH, or ADDRESS:PORT of a network with --tls-cert, --tls-key and --http-token "
    "(default: 8088, or a free one where that is taken)."};
inline constexpr OptionSpec kNoHttpOption = {"--no-http", "", "Neither page nor API."};
inline constexpr OptionSpec kHttpTokenOption = {
    "--http-token", "FILE",
    "Who asks there must send a token of this file, which only its owner may read; a line is ROLE "
    "TOKEN [NAME] (docs/SECURITY.md; default: nobody is asked for one)."};
inline constexpr OptionSpec kTlsCertOption = {
    "--tls-cert", "FILE", "Certificate chain for --http ADDRESS:PORT, PEM (default: none)."};
inline constexpr OptionSpec kTlsKeyOption = {
    "--tls-key", "FILE", "Its key, PEM, which only its owner may read (default: none)."};
inline constexpr OptionSpec kUiDirOption = {
    "--ui-dir", "DIR", "The page's files from this folder, read anew each time: to work on it."};

class UpHttp {
 public:
  virtual ~UpHttp() = default;
  /// "http://127.0.0.1:8088", "https://10.0.0.7:8443", or "unix:PATH".
  [[nodiscard]] virtual const std::string& address() const = 0;
};

struct HttpParts {
  serve::ApiSource source;    ///< must outlive what is opened
  bool is_simulated = false;  ///< then who needs no token may write: nothing real changes
  std::string audit;          ///< file of what was written; said on stderr where it cannot be
};

/// Null with --no-http. kInvalidArgument: wrong options; the server's and the token file's own
/// errors.
[[nodiscard]] base::Result<std::unique_ptr<UpHttp>> open_http(const Arguments& arguments,
                                                              HttpParts parts);

/// Where to look, for people.
[[nodiscard]] std::string http_line(const UpHttp* http);

}  // namespace weft::cli
