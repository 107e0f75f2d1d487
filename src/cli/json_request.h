// SPDX-License-Identifier: Apache-2.0
// --request FILE|-: a verb's options as one JSON object, so that programs speak with the verbs in
// JSON both ways. Keys are option names without dashes, values strings, numbers, booleans or lists;
// positional arguments stand under "files". An element of "files" may be an object: a channel given
// inline, {"touchstone": TEXT, "name": ..., "role": ..., "pairs": ..., "ports": ...}, or a file
// with its role, {"file": PATH, ...}. docs/formats/channel.md describes it. Verbs add
// kRequestOption to their options and declare their positionals optional; run_program() then gives
// them the request's arguments with the command line's.
#pragma once

#include "cli/verb.h"

#include <string>
#include <string_view>

namespace weft::cli {

inline constexpr OptionSpec kRequestOption = {
    "--request", "FILE",
    "Read the options from a JSON object in this file, or from standard input for \"-\": keys are "
    "option names without dashes, files stand in the list \"files\". Turns --json on. What the "
    "command line says goes first."};

/// Under this name the arguments hold the objects of "files", each as its JSON text.
inline constexpr std::string_view kInlineChannels = "request channels";

/// The arguments with what --request holds added; as they are without --request. kInvalidArgument
/// with FILE and byte for text that is no JSON, and for keys that the verb does not have (the
/// nearest is named).
[[nodiscard]] base::Result<Arguments> with_request(const VerbSpec& verb,
                                                   const Arguments& arguments);

/// The same for a request's text; `name` stands in errors.
[[nodiscard]] base::Result<Arguments> apply_request(const VerbSpec& verb,
                                                    const Arguments& arguments,
                                                    std::string_view text, std::string_view name);

}  // namespace weft::cli
