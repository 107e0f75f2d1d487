// SPDX-License-Identifier: Apache-2.0
#include "cli/physics/channel_figures.h"

#include <algorithm>

#include <fmt/format.h>

namespace weft::cli {

FigureSetup figure_setup(const phy::link::LinkSetup& setup) {
  FigureSetup out;
  const double baud = setup.signalling.baud_hz;
  out.crosstalk.fext = {baud, setup.tx.rise_time_s, setup.rx.bandwidth_ratio};
  out.crosstalk.next = out.crosstalk.fext;
  out.crosstalk.a_fext_v = setup.tx.a_fext_v;
  out.crosstalk.a_next_v = setup.tx.a_next_v;
  out.erl.baud_hz = baud;
  out.erl.levels = setup.signalling.levels;
  out.erl.rise_time_s = setup.tx.rise_time_s;
  out.erl.bandwidth_ratio = setup.rx.bandwidth_ratio;
  out.erl.der0 = setup.target.der0;
  out.erl.n_bx = std::max(setup.rx.dfe.max.size(), setup.rx.ffe.post);
  return out;
}

ChannelFigures figures_of(const phy::channel::Channel& channel, const FigureSetup& setup) {
  ChannelFigures out;
  out.summary = phy::channel::summarise(channel, setup.crosstalk);
  const auto erl = [&](std::size_t port) {
    const auto value = phy::channel::effective_return_loss_db(channel.thru.sdd, port, setup.erl);
    return value ? std::optional(*value) : std::nullopt;
  };
  out.near_erl_db = erl(0);
  out.far_erl_db = erl(1);
  return out;
}

std::string erl_terms(const phy::channel::ErlSetup& setup) {
  return fmt::format(
      "rho_x {:g}, beta_x {:g} GHz, N_bx {}, {}: modelled", setup.rho_x, setup.beta_x_hz * 1e-9,
      setup.n_bx,
      setup.gate_s > 0 ? fmt::format("gate {:g} ns", setup.gate_s * 1e9) : std::string("no gate"));
}

}  // namespace weft::cli
