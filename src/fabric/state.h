// SPDX-License-Identifier: Apache-2.0
// What the links of a rack do now, as far as it differs from the rack file: lanes, protocol, down,
// error ratio (docs/formats/fabric-state.md). Whoever sees links writes it: the twin's control
// service, `weft scan`, `weft why`; `weft sim` reads it. Links are named as the rack file names
// them. Reading says all that is wrong at once.
#pragma once

#include "base/result.h"
#include "fabric/model.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::fabric {

inline constexpr std::string_view kFabricStateSchema = "weftline/fabric-state/1";

struct LinkState {
  std::string link;  ///< the rack file's name of it
  bool is_down = false;
  std::optional<std::uint32_t> lanes = {};
  std::string protocol = {};                    ///< key of the protocol table; empty: as planned
  std::optional<double> flit_error_ratio = {};  ///< share of flits that arrive damaged, after FEC
  std::optional<double> bit_error_ratio = {};   ///< after FEC; used where the above is absent
  friend bool operator==(const LinkState&, const LinkState&) = default;
};

struct FabricState {
  std::string rack;
  std::vector<LinkState> links;  ///< those that are not as planned
  friend bool operator==(const FabricState&, const FabricState&) = default;
};

/// kInvalidArgument with everything that is wrong. `file` is for messages.
[[nodiscard]] base::Result<FabricState> read_fabric_state(std::string_view json,
                                                          std::string_view file);
[[nodiscard]] base::Result<FabricState> load_fabric_state(const std::string& path);
[[nodiscard]] std::string fabric_state_json(const FabricState& state);

/// Shares of damaged flits up to this are left out: sending them again costs less than one part in
/// ten thousand, at round trips of some hundred flits.
inline constexpr double kFlitErrorsLeast = 1e-7;

/// One link as somebody sees it now; what is not known is absent.
struct LinkNow {
  std::optional<bool> is_up = {};
  std::optional<base::LaneCount> lanes = {};
  std::optional<ProtocolId> protocol = {};
  std::optional<double> flit_error_ratio = {};
};
/// How a planned link differs from its plan; nullopt where it does not, or where nobody knows.
/// A protocol counts where its lanes are slower than the planned one's.
[[nodiscard]] std::optional<LinkState> deviation(const Link& planned, const LinkNow& now);

}  // namespace weft::fabric
