// SPDX-License-Identifier: Apache-2.0
// Opens what `--from` names, as a Host: a machine's root folder, a captured .tar.zst, or an lspci
// dump.
#pragma once

#include "bus/host.h"

#include <string>

namespace weft::bus::linux_host {

/// `source`: "/" for this machine; a folder that looks like a root ("sys" in it); a captured
/// `.tar.zst`; a text that `lspci -x`, `-xxx` or `-xxxx` printed. Decided by content, not by name.
/// Errors name the place: kNotFound, kPermissionDenied, kInvalidArgument (unknown kind of file),
/// kDataLoss (truncated or garbled, with offset or line), kResourceExhausted (over a limit).
[[nodiscard]] base::Result<Host> open_host(const std::string& source);

}  // namespace weft::bus::linux_host
