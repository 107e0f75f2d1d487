// SPDX-License-Identifier: Apache-2.0
// Where a verb that acts finds what it acts on: this machine, a folder that stands for one, the
// doors of a running twin (weft up --doors), or a twin of a rack file that lives as long as the
// verb. The same words name a link, a retimer or a module on each of them.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "bus/devices.h"
#include "cli/verb.h"
#include "serve/action/place.h"
#include "twin/machine.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::cli {

using serve::Target;
using serve::TargetKind;

struct Place : serve::ActionPlace {
  twin::Rack* rack = nullptr;  ///< a twin that lives here
  /// Seconds of the clock by which the devices live.
  std::function<base::Result<double>()> clock;
};

inline constexpr std::string_view kThisHost = "this host";
inline constexpr OptionSpec kRootOption = {
    "--root", "FOLDER",
    "A folder that stands for this machine's root, such as a twin's files. Default /."};
inline constexpr OptionSpec kRackOption = {
    "--rack", "FILE", "Act on a twin of this rack file, built for the purpose and gone with it."};
inline constexpr OptionSpec kSeedOption = {"--seed", "N", "Of that twin. Default 1."};
inline constexpr OptionSpec kAdvanceOption = {
    "--advance", "SECONDS", "Let that twin live this long first, 0 to 86400. Default 5."};
inline constexpr OptionSpec kUpFolderOption = {
    "--folder", "DIR", "Act on the twin of a running weft up --doors, which has its doors there."};
inline constexpr OptionSpec kInventoryOption = {
    "--inventory", "FILE",
    "A rack file with the addresses of its devices (weft rack locate), so that links and devices "
    "are called by their planned names."};

/// A number from an option. kInvalidArgument names the option and the range.
[[nodiscard]] base::Result<double> number_option(const Arguments& arguments, std::string_view name,
                                                 double otherwise, double low, double high);

/// By --rack, --folder or --root, else this machine. `word` names a link by either end's PCI
/// address, a retimer by bus and address ("i2c-9/0x24"), a module by its interface ("eth0"); of a
/// twin also by names of the rack file, and with MACHINE/ before it. kNotFound says what there is.
[[nodiscard]] base::Result<Place> open_place(const Arguments& arguments, std::string_view word);

/// The machine of a rack, and the target there, that a word names: of its own names those that
/// only one machine has. kNotFound says what there is.
struct RackTarget {
  std::size_t machine = 0;
  Target target;
};
[[nodiscard]] base::Result<RackTarget> find_in(const twin::Rack& rack, std::string_view word);

/// This machine, or the folder that stands for one, without a target; and its target by a word.
[[nodiscard]] Place place_here(const std::string& root);
void name_target(Place& place, std::string_view word);
/// What a journal calls the machine of a weft up that has its doors in this folder.
[[nodiscard]] std::string up_source(const std::string& folder);

/// A module of this or another machine of the same place.
struct FarModule {
  std::unique_ptr<bus::Devices> devices;  ///< where another machine's; else null
  std::unique_ptr<bus::ModuleMemory> memory;
};
[[nodiscard]] base::Result<FarModule> open_module_elsewhere(const Place& place,
                                                            std::string_view word);

/// The devices of a journal's machine, to put back what it notes; null where they are gone for good
/// (a twin that lived in its program). Devices hold what `Place` holds: keep it while they live.
[[nodiscard]] base::Result<std::optional<Place>> reopen_place(const std::string& source);

}  // namespace weft::cli
