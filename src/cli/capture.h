// SPDX-License-Identifier: Apache-2.0
// `weft capture`: one file that holds what `weft scan` reads of a machine, so that the machine can
// be scanned elsewhere and later (docs/formats/capture.md). It runs the drivers over a recording
// host; it writes nothing but its output file.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "cli/verb.h"

#include <cstddef>
#include <string>
#include <vector>

namespace weft::cli {

struct CaptureOptions {
  std::string source = "/";  ///< as `scan --from` takes it
  bool redacts = false;
  base::WallTime now;
};

/// A finished capture, in memory.
struct Capture {
  std::string archive;    ///< the .tar.zst
  std::string file_name;  ///< what to call it: "weft-capture-rack7-20261122-191423.tar.zst"
  std::string summary;    ///< what was taken, what could not be read, how to get more; lines
};

[[nodiscard]] base::Result<Capture> take_capture(const CaptureOptions& options);

/// Writes `bytes` to `path` whole or not at all: beside it first, then renamed. kAlreadyExists
/// where something stands there and `overwrites` is false.
[[nodiscard]] base::Result<void> write_whole(const std::string& path, const std::string& bytes,
                                             bool overwrites);

[[nodiscard]] VerbSpec capture_verb();

}  // namespace weft::cli
