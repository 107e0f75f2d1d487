// SPDX-License-Identifier: Apache-2.0
// The figures that stand beside an eye or a COM value: loss and its fit, return loss, ERL, ICN, at
// a set-up's rate, amplitudes and bandwidths. `weft channel show` and `weft com` print them;
// numbers are made in phy/channel. ERL's own constants (rho_x, beta_x, no gate, N_bx as far as the
// receiver's equaliser reaches) differ from clause to clause and are modelled.
#pragma once

#include "phy/channel/metrics.h"
#include "phy/channel/reflection.h"
#include "phy/link/setup.h"

#include <optional>
#include <string>

namespace weft::cli {

/// What the figures are taken with.
struct FigureSetup {
  phy::channel::CrosstalkSetup crosstalk;
  phy::channel::ErlSetup erl;
};
[[nodiscard]] FigureSetup figure_setup(const phy::link::LinkSetup& setup);

struct ChannelFigures {
  phy::channel::ChannelSummary summary;
  std::optional<double> near_erl_db, far_erl_db;  ///< absent where the data does not give them
};
/// @pre setup has a baud rate
[[nodiscard]] ChannelFigures figures_of(const phy::channel::Channel& channel,
                                        const FigureSetup& setup);

/// "rho_x 0.32, beta_x 1.7 GHz, N_bx 12, no gate: modelled"
[[nodiscard]] std::string erl_terms(const phy::channel::ErlSetup& setup);

}  // namespace weft::cli
