// SPDX-License-Identifier: Apache-2.0
#include "phy/link/spectra.h"

#include "phy/link/complex_math.h"
#include "phy/link/filters.h"
#include "phy/link/pulse.h"
#include "phy/link/two_port.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include <fmt/format.h>

namespace weft::phy::link {
namespace spectra_maker {
namespace {

using base::Code;

constexpr std::size_t kUisMin = 256;
constexpr std::size_t kUisMax = 8192;
constexpr std::size_t kProbeMax = 4096;
/// Energy outside the period, relative to the pulse's: it is not lost, it folds into the period.
constexpr double kOutside = 1e-6;
/// Points at the start of a file, which the value at 0 Hz is made of.
constexpr std::size_t kStartPoints = 16;
/// Nothing beyond so many times the symbol rate reaches a slicer.
constexpr double kTopRatio = 8;

std::size_t power_of_two(double at_least, std::size_t min, std::size_t max) {
  std::size_t n = min;
  while (static_cast<double>(n) < at_least && n < max) {
    n *= 2;
  }
  return n;
}

/// The points of `network` that interpolation at `f` looks at: two on each side. A file measured by
/// 10 MHz has many times more.
channel::Network around(const channel::Network& network, std::span<const double> f) {
  constexpr std::size_t kWorthIt = 5;
  const auto& at = network.frequency_hz;
  if (at.size() < kWorthIt * f.size()) {
    return network;
  }
  channel::Network out{
      .ports = network.ports, .frequency_hz = {}, .z0_ohm = network.z0_ohm, .s = {}};
  const std::size_t size = network.ports * network.ports;
  std::size_t next = 0;  // first point not looked at yet
  std::size_t i = 0;
  const auto take = [&](std::size_t from, std::size_t to) {
    for (std::size_t k = std::max(from, next); k < std::min(to, at.size()); ++k) {
      out.frequency_hz.push_back(at[k]);
      const auto s = network.s.begin() + static_cast<std::ptrdiff_t>(k * size);
      out.s.insert(out.s.end(), s, s + static_cast<std::ptrdiff_t>(size));
      next = k + 1;
    }
  };
  take(0, kStartPoints);
  for (const double hz : f) {
    while (i + 1 < at.size() && at[i + 1] <= hz) {
      ++i;
    }
    take(i > 0 ? i - 1 : 0, i + 3);
  }
  // The last point says how far the channel is known.
  take(at.size() - 1, at.size());
  return out;
}

class Maker {
 public:
  Maker(const LinkSetup& setup, const channel::Channel& channel, const EqualiseOptions& options)
      : setup_(setup), channel_(channel), options_(options) {}

  base::Result<Spectra> make();

 private:
  base::Result<PathSpectrum> path(const channel::Path& from, std::size_t uis);
  base::Result<std::size_t> period();
  void set_grid(std::size_t uis);
  [[nodiscard]] double amplitude(channel::Role role) const;

  const LinkSetup& setup_;
  const channel::Channel& channel_;
  const EqualiseOptions& options_;
  std::vector<double> f_;
  std::vector<double> shape_;              ///< T sinc(fT) H_t
  std::vector<Complex> bandwidth_;         ///< H_r
  std::vector<TwoPort> near_, far_, end_;  ///< packages: transmitter's, NEXT's, receiver's
};

double Maker::amplitude(channel::Role role) const {
  switch (role) {
    case channel::Role::kFext:
      return setup_.tx.a_fext_v;
    case channel::Role::kNext:
      return setup_.tx.a_next_v;
    case channel::Role::kThru:
      break;
  }
  return setup_.tx.a_thru_v;
}

void Maker::set_grid(std::size_t uis) {
  const double baud = setup_.signalling.baud_hz;
  const double df = baud / static_cast<double>(uis);
  const double top = std::min(channel_.thru.sdd.frequency_hz.back(), kTopRatio * baud);
  const auto bins = std::min(static_cast<std::size_t>(top / df * (1 + 1e-12)) + 1,
                             uis * setup_.samples_per_ui / 2);
  f_.resize(bins);
  shape_.resize(bins);
  bandwidth_.resize(bins);
  const double f_r = setup_.rx.bandwidth_ratio * baud;
  for (std::size_t k = 0; k < bins; ++k) {
    f_[k] = static_cast<double>(k) * df;
    const double x = std::numbers::pi * f_[k] / baud;
    shape_[k] = (k == 0 ? 1 : std::sin(x) / x) / baud * rise_filter(setup_.tx.rise_time_s, f_[k]);
    bandwidth_[k] = butterworth(f_r, f_[k]);
  }
  if (options_.package) {
    const auto& one = setup_.packages[options_.package_case];
    near_ = package_response(one.tx, f_);
    end_ = package_response(one.rx, f_);
    far_ = end_;  // a NEXT aggressor drives out of the victim's own device
    for (auto& s : end_) {
      s = reversed(s);
    }
  }
}

base::Result<PathSpectrum> Maker::path(const channel::Path& from, std::size_t uis) {
  if (from.sdd.ports != 2 || from.sdd.points() < 2 || from.sdd.s.size() != from.sdd.points() * 4) {
    return base::fail(Code::kInvalidArgument, "a path must be one differential two-port", from.name,
                      "Name the pairs with a pair map.");
  }
  auto s = channel::resample(around(from.sdd, f_), f_);
  if (!s) {
    return tl::unexpected(s.error());
  }
  PathSpectrum out{.role = from.role, .name = from.name, .x = {}};
  out.x.resize(f_.size());
  double gamma_tx = 0;
  double gamma_rx = 0;
  if (options_.package) {
    const auto& one = setup_.packages[options_.package_case];
    gamma_tx = reflection(from.role == channel::Role::kNext ? one.rx : one.tx);
    gamma_rx = reflection(one.rx);
  }
  const auto& first = from.role == channel::Role::kNext ? far_ : near_;
  const double a = amplitude(from.role);
  for (std::size_t k = 0; k < f_.size(); ++k) {
    TwoPort all{s->at(k, 0, 0), s->at(k, 0, 1), s->at(k, 1, 0), s->at(k, 1, 1)};
    if (options_.package) {
      all = cascade(cascade(first[k], all), end_[k]);
    }
    out.x[k] = times(voltage_transfer(all, gamma_tx, gamma_rx), bandwidth_[k]) * (a * shape_[k]);
  }
  // Turned back so that the peak stands at kPeakUi: by whole samples, which changes no value.
  const PulseTransform probe(uis, 1, f_.size());
  const double df = setup_.signalling.baud_hz / static_cast<double>(uis);
  const auto row = probe.first_phase(out.x, df);
  const auto peak = static_cast<std::size_t>(
      std::max_element(row.begin(), row.end(),
                       [](double x, double y) { return std::fabs(x) < std::fabs(y); }) -
      row.begin());
  const double turn = 2 * std::numbers::pi *
                      (static_cast<double>(peak) - static_cast<double>(kPeakUi)) /
                      static_cast<double>(uis);
  for (std::size_t k = 0; k < f_.size(); ++k) {
    out.x[k] *= std::polar(1.0, turn * static_cast<double>(k));
  }
  return out;
}

/// The shortest period, a power of two, that holds the victim's pulse.
base::Result<std::size_t> Maker::period() {
  const auto& f = channel_.thru.sdd.frequency_hz;
  double step = f.back();
  for (std::size_t i = 1; i < f.size(); ++i) {
    step = std::min(step, f[i] - f[i - 1]);
  }
  const double baud = setup_.signalling.baud_hz;
  const std::size_t probe_uis = power_of_two(baud / step, kUisMin, kProbeMax);
  // What rings, rings below the symbol rate's half; packages are short.
  std::vector<double> low(
      std::min(probe_uis / 2,
               static_cast<std::size_t>(f.back() / baud * static_cast<double>(probe_uis)) + 1));
  for (std::size_t k = 0; k < low.size(); ++k) {
    low[k] = static_cast<double>(k) * baud / static_cast<double>(probe_uis);
  }
  channel::Network through{
      .ports = 1, .frequency_hz = f, .z0_ohm = {100}, .s = channel_.thru.sdd.response(1, 0)};
  const auto points = static_cast<std::size_t>(
      std::upper_bound(f.begin(), f.end(), low.back() + 2 * step) - f.begin());
  through.frequency_hz.resize(std::max<std::size_t>(points, 2));
  through.s.resize(through.frequency_hz.size());
  auto thru = channel::resample(through, low);
  if (!thru) {
    return tl::unexpected(thru.error());
  }
  const PulseTransform probe(probe_uis, 1, low.size());
  // A hard end of the spectrum would ring itself.
  for (std::size_t k = 0; k < low.size(); ++k) {
    thru->s[k] *= 0.5 + 0.5 * std::cos(std::numbers::pi * static_cast<double>(k) /
                                       static_cast<double>(low.size()));
  }
  auto row = probe.first_phase(thru->s, baud / static_cast<double>(probe_uis));
  const auto peak = std::max_element(
      row.begin(), row.end(), [](double x, double y) { return std::fabs(x) < std::fabs(y); });
  const auto shift = (peak - row.begin()) - static_cast<std::ptrdiff_t>(kPeakUi);
  std::rotate(row.begin(),
              row.begin() + (shift + static_cast<std::ptrdiff_t>(row.size())) %
                                static_cast<std::ptrdiff_t>(row.size()),
              row.end());
  // The last eighth holds what rings before the pulse, which stays there in any period.
  const std::size_t end = row.size() - row.size() / 8;
  double total = 0;
  for (std::size_t i = 0; i < end; ++i) {
    total += row[i] * row[i];
  }
  double inside = 0;
  std::size_t length = 0;
  while (length < end && inside < total * (1 - kOutside)) {
    inside += row[length] * row[length];
    ++length;
  }
  return power_of_two(1.1 * static_cast<double>(length), kUisMin, kUisMax);
}

base::Result<Spectra> Maker::make() {
  const auto& thru = channel_.thru.sdd;
  if (thru.ports != 2 || thru.s.size() != thru.points() * 4) {
    return base::fail(Code::kInvalidArgument, "a path must be one differential two-port",
                      channel_.thru.name, "Cut the channel out of its network first.");
  }
  if (thru.points() < 2) {
    return base::fail(Code::kInvalidArgument, "the channel has fewer than two frequencies",
                      channel_.thru.name);
  }
  if (options_.package && options_.package_case >= setup_.packages.size()) {
    return base::fail(
        Code::kInvalidArgument,
        fmt::format("package case {} of {}", options_.package_case + 1, setup_.packages.size()),
        setup_.key, "Name a case that the set-up has, or none.");
  }
  std::size_t uis = options_.uis;
  if (uis == 0) {
    auto found = period();
    if (!found) {
      return tl::unexpected(found.error());
    }
    uis = *found;
  }
  if (uis < 4 * kPeakUi || uis > 16 * kUisMax) {
    return base::fail(Code::kInvalidArgument, fmt::format("a pulse of {} unit intervals", uis));
  }
  Spectra out;
  out.baud_hz = setup_.signalling.baud_hz;
  out.uis = uis;
  out.per_ui = setup_.samples_per_ui;
  out.measured_to_hz = thru.frequency_hz.back();
  set_grid(uis);
  auto victim = path(channel_.thru, uis);
  if (!victim) {
    return tl::unexpected(victim.error());
  }
  double most = 0;
  for (const auto x : victim->x) {
    if (!std::isfinite(std::norm(x))) {
      return base::fail(Code::kInvalidArgument, "the channel has values that are not finite",
                        channel_.thru.name);
    }
    most = std::max(most, std::abs(x));
  }
  if (most <= 0) {
    return base::fail(Code::kOutOfRange, "nothing comes through the channel", channel_.thru.name,
                      "Check the order of the ports.");
  }
  out.paths.push_back(std::move(*victim));
  for (const auto& one : channel_.aggressors) {
    auto aggressor = path(one, uis);
    if (!aggressor) {
      return tl::unexpected(aggressor.error());
    }
    out.paths.push_back(std::move(*aggressor));
  }
  return out;
}

}  // namespace
}  // namespace spectra_maker

base::Result<Spectra> make_spectra(const LinkSetup& setup, const channel::Channel& channel,
                                   const EqualiseOptions& options) {
  return spectra_maker::Maker(setup, channel, options).make();
}

Spectra thinned(const Spectra& spectra, std::size_t stride) {
  Spectra out;
  out.baud_hz = spectra.baud_hz;
  out.uis = spectra.uis / stride;
  out.per_ui = spectra.per_ui;
  out.measured_to_hz = spectra.measured_to_hz;
  for (const auto& path : spectra.paths) {
    PathSpectrum one{.role = path.role, .name = path.name, .x = {}};
    for (std::size_t k = 0; k < path.x.size(); k += stride) {
      one.x.push_back(path.x[k]);
    }
    out.paths.push_back(std::move(one));
  }
  return out;
}

}  // namespace weft::phy::link
