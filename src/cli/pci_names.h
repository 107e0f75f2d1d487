// SPDX-License-Identifier: Apache-2.0
// Names of PCI parts from the system's pci.ids, for people; verdicts and ids never depend on them.
#pragma once

#include <map>
#include <set>
#include <string>

namespace weft::cli {

/// "10de:2330" -> "NVIDIA Corporation GH100 [H100 SXM5 80GB]", for the ids asked for that are
/// listed. Empty where the system has no pci.ids.
[[nodiscard]] std::map<std::string, std::string> pci_names(const std::set<std::string>& ids);

}  // namespace weft::cli
