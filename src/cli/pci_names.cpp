// SPDX-License-Identifier: Apache-2.0
#include "cli/pci_names.h"

#include "base/text.h"

#include <fstream>

namespace weft::cli {
namespace {

// Where Debian, Fedora and openSUSE keep the list.
constexpr const char* kPciIds[] = {"/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids"};

/// The maker's name as people say it: without what follows the legal form.
std::string short_vendor(std::string_view name) {
  for (const char* tail : {" Corporation", " Technologies", " Technology", " Electronics", " Co.",
                           " Inc", " Ltd", ",", " ["}) {
    if (const auto at = name.find(tail); at != std::string_view::npos && at > 0) {
      name = name.substr(0, at);
    }
  }
  return std::string(name);
}

}  // namespace

std::map<std::string, std::string> pci_names(const std::set<std::string>& ids) {
  std::map<std::string, std::string> names;
  std::ifstream in;
  for (const char* path : kPciIds) {
    in.open(path);
    if (in) {
      break;
    }
    in.clear();
  }
  std::string line;
  std::string vendor_id;
  std::string vendor;
  while (!ids.empty() && std::getline(in, line)) {
    if (line.size() < 6 || line[0] == '#') {
      continue;
    }
    if (line[0] != '\t') {
      vendor_id = line.substr(0, 4);
      if (vendor_id == "C 00") {
        break;  // device classes follow
      }
      const auto first = ids.lower_bound(vendor_id);
      vendor = first != ids.end() && first->starts_with(vendor_id + ":")
                   ? short_vendor(base::trim(std::string_view(line).substr(4)))
                   : "";
    } else if (line[1] != '\t' && !vendor.empty()) {
      const auto id = vendor_id + ":" + line.substr(1, 4);
      if (ids.contains(id)) {
        names[id] = base::printable(
            vendor + " " + std::string(base::trim(std::string_view(line).substr(5))), 60);
      }
    }
  }
  return names;
}

}  // namespace weft::cli
