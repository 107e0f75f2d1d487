// SPDX-License-Identifier: Apache-2.0
#include "phy/optics/link.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <utility>

#include <fmt/format.h>

namespace weft::phy::optics {
namespace link_cpp {
namespace {

using base::Code;
using base::Result;

constexpr double kElectronCoulomb = 1.602176634e-19;

double watts(double dbm) {
  return 1e-3 * std::pow(10, dbm / 10);
}

double dbm(double watts) {
  return 10 * std::log10(watts * 1e3);
}

double q_function(double x) {
  return 0.5 * std::erfc(x / std::numbers::sqrt2);
}

double bandwidth_hz(const DirectLink& link) {
  return link.baud_hz / 2;
}

/// Average power over OMA, from the extinction ratio: (r + 1)/(2 (r - 1)).
double average_over_oma(double er_db) {
  const double r = std::pow(10, er_db / 10);
  return (r + 1) / (2 * (r - 1));
}

/// 2 sum over pairs of reflections of the copy's power relative to the signal's.
double mpi_factor(const DirectLink& link) {
  double sum = 0;
  for (std::size_t i = 0; i < link.reflections.size(); ++i) {
    for (std::size_t j = i + 1; j < link.reflections.size(); ++j) {
      const auto& near = link.reflections[i];
      const auto& far = link.reflections[j];
      // The copy passes the stretch between both twice more than the signal does.
      const double extra_db =
          near.return_loss_db + far.return_loss_db + 2 * std::abs(far.from_tx_db - near.from_tx_db);
      sum += std::pow(10, -extra_db / 10);
    }
  }
  return 2 * sum;
}

/// Noise power per Hz of all terms that have a density, and MPI's variance, at this received OMA.
struct Terms {
  double current_a = 0;
  double shot_a2_per_hz = 0;
  double rin_a2_per_hz = 0;
  double mpi_a2 = 0;
};

Terms terms(const DirectLink& link, double rx_oma_w) {
  Terms out;
  out.current_a = link.responsivity_a_per_w * rx_oma_w;
  const double average_a = out.current_a * average_over_oma(link.er_db);
  out.shot_a2_per_hz = 2 * kElectronCoulomb * average_a;
  out.rin_a2_per_hz = out.current_a * out.current_a / 4 * std::pow(10, link.rin_db_per_hz / 10);
  out.mpi_a2 = average_a * average_a * mpi_factor(link);
  return out;
}

double ser_of(unsigned levels, double q) {
  const double l = levels;
  return 2 * (l - 1) / l * q_function(q);
}

double bits(unsigned levels) {
  return static_cast<double>(std::bit_width(levels) - 1);
}

Result<void> check(const DirectLink& link) {
  const auto refuse = [](std::string what) {
    return base::fail(Code::kOutOfRange, std::move(what), "optical link",
                      "Give values of a real link.");
  };
  const bool is_finite = std::isfinite(link.tx_oma_dbm) && std::isfinite(link.rin_db_per_hz) &&
                         std::isfinite(link.loss_db) && std::isfinite(link.tdecq_db) &&
                         std::isfinite(link.er_db) && std::isfinite(link.thermal_a2_per_hz) &&
                         std::isfinite(link.baud_hz) && std::isfinite(link.responsivity_a_per_w);
  if (!is_finite) {
    return refuse("a value is not a number");
  }
  if (link.levels != 2 && link.levels != 4 && link.levels != 8) {
    return refuse(fmt::format("{} levels", link.levels));
  }
  if (link.baud_hz <= 0 || link.responsivity_a_per_w <= 0 || link.thermal_a2_per_hz < 0 ||
      link.er_db <= 0 || link.loss_db < 0 || link.tdecq_db < 0) {
    return refuse("a rate, a responsivity, a loss or an extinction ratio is not positive");
  }
  if (std::abs(link.tx_oma_dbm) > 60 || link.loss_db > 200) {
    return refuse("a power or a loss is beyond all optics");
  }
  if (link.reflections.size() > kReflectionsMax ||
      std::ranges::any_of(link.reflections, [](const Reflection& r) {
        return !(r.return_loss_db >= 0) || !std::isfinite(r.from_tx_db);
      })) {
    return refuse("a reflection is no reflection, or there are too many");
  }
  return {};
}

/// I_eye/(2 (L-1)) / sigma at this received OMA.
double q_at(const DirectLink& link, double rx_oma_w) {
  const auto t = terms(link, rx_oma_w);
  const double variance =
      bandwidth_hz(link) * (link.thermal_a2_per_hz + t.shot_a2_per_hz + t.rin_a2_per_hz) + t.mpi_a2;
  const double eye_a = t.current_a * std::pow(10, -link.tdecq_db / 10);
  return variance > 0 ? eye_a / (2 * (link.levels - 1.0) * std::sqrt(variance)) : 0;
}

/// q that gives this BER: bisection on a falling function.
double q_for(unsigned levels, double ber) {
  double low = 0;
  double high = 40;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (ser_of(levels, middle) / bits(levels) > ber ? low : high) = middle;
  }
  return high;
}

}  // namespace
}  // namespace link_cpp

base::Result<DirectResult> analyse(const DirectLink& link) {
  if (auto ok = link_cpp::check(link); !ok) {
    return tl::unexpected(ok.error());
  }
  DirectResult out;
  out.rx_oma_dbm = link.tx_oma_dbm - link.loss_db;
  const double oma_w = link_cpp::watts(out.rx_oma_dbm);
  out.rx_average_dbm = link_cpp::dbm(oma_w * link_cpp::average_over_oma(link.er_db));
  const auto t = link_cpp::terms(link, oma_w);
  const double band = link_cpp::bandwidth_hz(link);
  out.thermal_a2 = band * link.thermal_a2_per_hz;
  out.shot_a2 = band * t.shot_a2_per_hz;
  out.rin_a2 = band * t.rin_a2_per_hz;
  out.mpi_a2 = t.mpi_a2;
  out.q = link_cpp::q_at(link, oma_w);
  out.ser = link_cpp::ser_of(link.levels, out.q);
  out.ber = out.ser / link_cpp::bits(link.levels);
  return out;
}

base::Result<double> sensitivity_dbm(const DirectLink& link, double ber) {
  if (auto ok = link_cpp::check(link); !ok) {
    return tl::unexpected(ok.error());
  }
  if (!(ber > 0) || ber >= 0.5) {
    return base::fail(base::Code::kOutOfRange, fmt::format("{:g} is no bit error ratio", ber),
                      "optical link", "Ask for one above 0 and below 0.5.");
  }
  const double wanted = link_cpp::q_for(link.levels, ber);
  double low = -60;
  double high = 40;
  if (link_cpp::q_at(link, link_cpp::watts(high)) < wanted) {
    return base::fail(base::Code::kOutOfRange,
                      fmt::format("no power gives a bit error ratio of {:g}", ber), "optical link",
                      "Laser noise, reflections or TDECQ alone are too bad: mend those.");
  }
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (link_cpp::q_at(link, link_cpp::watts(middle)) < wanted ? low : high) = middle;
  }
  return high;
}

base::Result<double> margin_db(const DirectLink& link, double ber) {
  return sensitivity_dbm(link, ber).map(
      [&](double least) { return link.tx_oma_dbm - link.loss_db - least; });
}

base::Result<DirectLink> budget_link(const media::Medium& module, const media::Medium& fibre,
                                     const BudgetOptions& options) {
  if (module.kind != media::Kind::kModule || fibre.kind != media::Kind::kFibre) {
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("{} over {} is no optical link", module.key, fibre.key),
                      module.key, "Give a module and a fibre of data/media.");
  }
  if (!(options.fibre_m >= 0) || !(options.connector_db >= 0) ||
      options.connectors > kReflectionsMax - 2) {
    return base::fail(base::Code::kOutOfRange, "a length, a loss or a count is no such thing",
                      module.key, "Give them 0 or above.");
  }
  DirectLink out;
  out.baud_hz = module.value("baud_gbd") * 1e9;
  out.levels = static_cast<unsigned>(module.value("levels"));
  out.tx_oma_dbm = module.value("tx_oma_min_dbm");
  out.er_db = module.value("er_min_db");
  out.tdecq_db = module.value("sensitivity_tdecq_db");
  out.rin_db_per_hz = module.value("rin_db_per_hz");
  out.responsivity_a_per_w = module.value("responsivity_a_per_w");

  // The receiver's own noise: what is left at its sensitivity when the light's noise is taken off.
  const double oma_w = link_cpp::watts(module.value("rx_sensitivity_dbm"));
  const auto light = link_cpp::terms(out, oma_w);
  const double sigma_a =
      light.current_a * std::pow(10, -out.tdecq_db / 10) /
      (2 * (out.levels - 1.0) * link_cpp::q_for(out.levels, module.value("sensitivity_ber")));
  out.thermal_a2_per_hz =
      sigma_a * sigma_a / link_cpp::bandwidth_hz(out) - light.shot_a2_per_hz - light.rin_a2_per_hz;
  if (out.thermal_a2_per_hz <= 0) {
    return base::fail(base::Code::kOutOfRange,
                      "the light's noise alone is worse than the sensitivity says", module.origin,
                      "Check rin_db_per_hz, sensitivity_tdecq_db and rx_sensitivity_dbm.");
  }
  const double fibre_db = fibre.value("loss_db_per_km") * options.fibre_m * 1e-3;
  out.loss_db = fibre_db + options.connectors * options.connector_db;
  out.reflections.push_back({module.value("reflectance_db"), 0});
  for (unsigned i = 0; i < options.connectors; ++i) {
    const double share = (i + 1.0) / (options.connectors + 1.0);
    out.reflections.push_back({options.connector_return_db, share * out.loss_db});
  }
  out.reflections.push_back({module.value("reflectance_db"), out.loss_db});
  return out;
}

Budget published_budget(const media::Medium& module, double loss_db) {
  Budget out;
  out.launch_dbm = module.value("tx_oma_min_dbm");
  out.loss_db = loss_db;
  out.received_dbm = out.launch_dbm - loss_db;
  out.sensitivity_dbm = module.value("rx_sensitivity_dbm");
  out.left_db = out.received_dbm - out.sensitivity_dbm;
  return out;
}

base::Result<DirectLink> linear_hop(const media::Medium& module, const media::Medium& fibre,
                                    double fibre_m) {
  return budget_link(module, fibre, {.fibre_m = fibre_m});
}

double noise_v2_per_hz(const DirectLink& link, double swing_v) {
  const double oma_w = link_cpp::watts(link.tx_oma_dbm - link.loss_db);
  const auto t = link_cpp::terms(link, oma_w);
  const double density = link.thermal_a2_per_hz + t.shot_a2_per_hz + t.rin_a2_per_hz +
                         t.mpi_a2 / link_cpp::bandwidth_hz(link);
  const double volts_per_ampere = swing_v / (t.current_a / 2);
  return density * volts_per_ampere * volts_per_ampere;
}

}  // namespace weft::phy::optics
