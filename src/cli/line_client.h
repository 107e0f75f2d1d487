// SPDX-License-Identifier: Apache-2.0
// How verbs talk to a running weft up: a line of JSON out, a line of JSON in, over a Unix socket
// that says first what it is (docs/formats/world-control.md, docs/formats/plane.md). Which socket
// is meant, how long one waits and how large an answer may be stand here once.
#pragma once

#include "cli/verb.h"
#include "twin/door/unix_socket.h"

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace weft::cli {

inline constexpr OptionSpec kPlaneFolderOption = {
    "--folder", "DIR",
    "The folder of the running weft up (default: the only one below $XDG_RUNTIME_DIR/weft, else "
    "/tmp/weft-UID)."};

/// One of the sockets of a weft up.
struct LineService {
  std::string_view name;    ///< of its socket: "control", "plane"
  std::string_view schema;  ///< that its first line states
  std::string_view what;    ///< "control plane", for "no control plane listens there"
  std::string_view hint;    ///< what to do where there is none
};

class LineClient {
 public:
  /// By --socket or --folder, else of the only weft up that runs.
  [[nodiscard]] static base::Result<LineClient> open(const Arguments& arguments,
                                                     const LineService& service);
  /// The answer's line, without its end; a question has none either. kUnavailable: nobody answers.
  [[nodiscard]] base::Result<std::string> ask(std::string line);

 private:
  [[nodiscard]] base::Result<void> greet(const LineService& service);
  [[nodiscard]] base::Result<std::string> receive();

  twin::door::OwnedFd socket_;
  std::string path_;
  std::string in_;
};

/// What an answer {"ok": false, "error": {…}} says; of anything else, that it is no answer.
[[nodiscard]] base::Error error_of(const nlohmann::ordered_json& answer);

}  // namespace weft::cli
