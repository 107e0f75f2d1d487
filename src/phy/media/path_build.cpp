// SPDX-License-Identifier: Apache-2.0
// PathSpec to channels: each element becomes two-ports over frequency, a section is their product.
// Aggressors are modelled per coupling element: neighbours that run alongside in lines of the same
// make, coupling K(f) = -k (j f/f0)/(1 + j f/f_c) for FEXT and NEXT, f_c = 2 f0, so that |K| is the
// catalogue's level at f0 within 1 dB and stays below it times 2. All modelled.
#include "phy/media/line.h"
#include "phy/media/path.h"
#include "phy/optics/link.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>

#include <fmt/format.h>

namespace weft::phy::media {
namespace path_build_cpp {
namespace {

using base::Code;
using base::Result;
using channel::Network;

constexpr double kSpeedOfLight = 299'792'458;
constexpr double kInch = 25.4e-3;
/// k_d of a laminate whose Df alone is known, dB/in at 1 GHz: 2.3 sqrt(dk) df (rfessentials.com).
constexpr double kDielectricRule = 2.3;
/// k T0 times 100 ohm, V^2/Hz: noise that a matched source at 290 K gives into 100 ohm.
constexpr double kThermalV2PerHz = 1.380649e-23 * 290 * kReferenceOhm;

using Response = std::vector<TwoPort>;  ///< over the grid

double hz(double ghz) {
  return ghz * 1e9;
}

Line laminate(const Medium& medium) {
  const double dk = medium.value("dk");
  const double k_d =
      medium.value("k_d_db_per_in", kDielectricRule * std::sqrt(dk) * medium.value("df"));
  return {.k_c_db_per_m = medium.value("k_c_db_per_in") / kInch,
          .k_d_db_per_m = k_d / kInch,
          .delay_s_per_m = std::sqrt(dk) / kSpeedOfLight,
          .z0_ohm = medium.value("z0_ohm")};
}

Line cable(const Medium& medium) {
  return {.k_c_db_per_m = medium.value("k_c_db_per_m"),
          .k_d_db_per_m = medium.value("k_d_db_per_m"),
          .delay_s_per_m = medium.value("delay_ns_per_m") * 1e-9,
          .z0_ohm = medium.value("z0_ohm")};
}

/// A connector as a line whose length is 1: its loss at one frequency, divided into both laws.
Line connector(const Medium& medium) {
  const double f_ghz = medium.value("at_ghz");
  const double linear = medium.value("linear_share");
  return {.k_c_db_per_m = medium.value("loss_db") * (1 - linear) / std::sqrt(f_ghz),
          .k_d_db_per_m = medium.value("loss_db") * linear / f_ghz,
          .delay_s_per_m = medium.value("delay_ps") * 1e-12,
          .z0_ohm = medium.value("z_ohm")};
}

/// The two ends of a harness: loss that grows as f, and no delay that matters beside the cable's.
Line cable_ends(const Medium& medium) {
  return {.k_d_db_per_m = medium.value("ends_db") / medium.value("ends_at_ghz", 1),
          .delay_s_per_m = 50e-12};
}

template <class F>
Response over(std::span<const double> grid_hz, F&& at) {
  Response out;
  out.reserve(grid_hz.size());
  for (const double f : grid_hz) {
    out.push_back(at(f));
  }
  return out;
}

TwoPort capacitor(double farad, double f) {
  return shunt({0, 2 * std::numbers::pi * f * farad});
}

TwoPort inductor(double henry, double f) {
  return series({0, 2 * std::numbers::pi * f * henry});
}

/// 93A.1.2.3: gamma = gamma0 + a1 (1 + j) sqrt(f) + a2 (1 - j (2/pi) ln f) f + j 2 pi tau f, 1/mm.
TwoPort package_line(const Medium& medium, double z_ohm, double mm, double f) {
  const double f_ghz = f * 1e-9;
  const double root = std::sqrt(f_ghz);
  Complex gamma(medium.value("gamma0_per_mm"), 0);
  if (f_ghz > 0) {
    gamma += medium.value("a1") * root * Complex(1, 1) +
             medium.value("a2") * f_ghz * Complex(1, -2 / std::numbers::pi * std::log(f_ghz)) +
             Complex(0, 2 * std::numbers::pi * medium.value("tau_ns_per_mm") * f_ghz);
  }
  return line(gamma * mm, z_ohm);
}

/// From die to ball. Capacitances of each leg stand in series for the differential signal.
TwoPort package(const Medium& medium, bool is_tx, double f) {
  struct Step {
    std::string_view c, l;
  };
  constexpr std::array<Step, 3> kDie = {
      {{"c_d1_ff", "l_d1_ph"}, {"c_d2_ff", "l_d2_ph"}, {"c_d3_ff", "l_d3_ph"}}};
  TwoPort out{0, 1, 1, 0};
  for (const auto& step : kDie) {
    out = join(out, capacitor(medium.value(step.c) * 1e-15 / 2, f));
    out = join(out, inductor(medium.value(step.l) * 1e-12 * 2, f));
  }
  out = join(out, capacitor(medium.value("c_b_ff") * 1e-15 / 2, f));
  const double mm = medium.value(is_tx ? "z_p_tx_mm" : "z_p_rx_mm");
  out = join(out, package_line(medium, medium.value("z_c_ohm"), mm, f));
  if (medium.value("z_p2_mm") > 0) {
    out = join(out, package_line(medium, medium.value("z_c2_ohm", kReferenceOhm),
                                 medium.value("z_p2_mm"), f));
  }
  return join(out, capacitor(medium.value("c_p_ff") * 1e-15 / 2, f));
}

TwoPort reversed(const TwoPort& port) {
  return {port.s22, port.s21, port.s12, port.s11};
}

TwoPort via(const Medium& medium, double stub_m, double f) {
  const double dk = medium.value("dk");
  const double df = medium.value("df");
  const Line stub{.k_d_db_per_m = kDielectricRule * std::sqrt(dk) * df / kInch,
                  .delay_s_per_m = std::sqrt(dk) / kSpeedOfLight,
                  .z0_ohm = medium.value("z_ohm")};
  const Line barrel{.delay_s_per_m = medium.value("delay_ps") * 1e-12,
                    .z0_ohm = medium.value("z_ohm")};
  const double pad_f = medium.value("pad_c_ff") * 1e-15;
  const TwoPort end =
      shunt(open_stub(stub, stub_m, f) + Complex(0, 2 * std::numbers::pi * f * pad_f));
  return join(join(capacitor(pad_f, f), line(barrel, 1, f)), end);
}

/// Gain flat_db at 0 Hz, a zero, a pole where the boost is reached and a second pole; matched, one
/// way.
TwoPort redriver(const Medium& medium, double gain_db, double f) {
  const double flat_db = medium.value("flat_db");
  const double pole = hz(medium.value("pole_ghz"));
  const double zero = pole / std::pow(10, (gain_db - flat_db) / 20);
  const Complex s(0, f);
  const Complex h = std::pow(10, flat_db / 20) * (1.0 + s / zero) /
                    ((1.0 + s / pole) * (1.0 + s / hz(medium.value("bandwidth_ghz"))));
  return {0, 0, h, 0};
}

/// Fourth-order Bessel low-pass, delay-normalised polynomial scaled to its 3 dB point.
Complex bessel4(double f, double corner_hz) {
  constexpr double kCorner = 2.113917674904216;  // rad/s at -3 dB of 105/(s^4+10s^3+45s^2+105s+105)
  const Complex s(0, kCorner * f / corner_hz);
  return 105.0 / (105.0 + s * (105.0 + s * (45.0 + s * (10.0 + s))));
}

TwoPort linear_optics(const Medium& medium, double f) {
  const Complex h =
      std::pow(10, medium.value("gain_db") / 20) * bessel4(f, hz(medium.value("bandwidth_ghz")));
  return {0, 0, h, 0};
}

/// What makes one section while it is being built.
struct Builder {
  std::span<const Element> elements;
  std::span<const double> grid_hz;
  const BuildOptions& options;
  const Catalogue* media;
  std::vector<Response> parts = {};
  Section section = {};

  void note(std::string text) {
    auto& notes = section.channel.notes;
    if (std::ranges::find(notes, text) == notes.end()) {
      notes.push_back(std::move(text));
    }
  }

  Result<Response> file(const Element& element) {
    if (!options.load_file) {
      return base::fail(Code::kFailedPrecondition, "this path holds a measured file", element.file,
                        "Build it where files can be read.");
    }
    auto loaded = options.load_file(element.file);
    if (!loaded) {
      return tl::unexpected(loaded.error());
    }
    if (loaded->ports != 2) {
      return base::fail(
          Code::kInvalidArgument,
          fmt::format("{} ports, where a differential two-port is needed", loaded->ports),
          element.file, "Give a file with one pair at each end.");
    }
    const std::array<double, 1> z = {kReferenceOhm};
    auto network = channel::renormalise(*loaded, z).and_then([&](const Network& same) {
      return channel::resample(same, grid_hz);
    });
    if (!network) {
      return tl::unexpected(network.error());
    }
    note(fmt::format("{}: measured up to {:.1f} GHz", element.file,
                     loaded->frequency_hz.back() * 1e-9));
    Response out;
    for (std::size_t i = 0; i < grid_hz.size(); ++i) {
      out.push_back(
          {network->at(i, 0, 0), network->at(i, 0, 1), network->at(i, 1, 0), network->at(i, 1, 1)});
    }
    return out;
  }

  Response uniform(const Line& at_25_c, double length_m, double celsius) {
    const Line warm = at_temperature(at_25_c, celsius);
    return over(grid_hz, [&](double f) { return line(warm, length_m, f); });
  }

  Result<Response> part(const Element& element, std::size_t index) {
    if (element.medium == nullptr) {
      return file(element);
    }
    const Medium& medium = *element.medium;
    const double celsius = element.celsius.value_or(options.celsius);
    if (const auto modelled = medium.modelled(); !modelled.empty()) {
      note(fmt::format("{}: {}", medium.key, modelled));
    }
    if (const double ghz = medium.value("valid_max_ghz"); ghz > 0 && hz(ghz) < grid_hz.back()) {
      note(fmt::format("{}: extrapolated above {:g} GHz", medium.key, ghz));
    }
    switch (medium.kind) {
      case Kind::kLaminate:
        return uniform(laminate(medium), element.length_m.value_or(0), celsius);
      case Kind::kCable: {
        auto out = uniform(cable(medium), element.length_m.value_or(0), celsius);
        if (medium.value("ends_db") > 0) {
          out = product(out, uniform(cable_ends(medium), 1, celsius));
        }
        return out;
      }
      case Kind::kConnector:
        return uniform(connector(medium), 1, celsius);
      case Kind::kVia: {
        const double stub_m = element.length_m.value_or(medium.value("stub_mm") * 1e-3);
        return over(grid_hz, [&](double f) { return via(medium, stub_m, f); });
      }
      case Kind::kPackage:
        return device(element, index);
      case Kind::kRedriver: {
        const double gain_db = element.gain_db.value_or(medium.value("gain_db"));
        return over(grid_hz, [&](double f) { return redriver(medium, gain_db, f); });
      }
      case Kind::kLinearOptics:
        return over(grid_hz, [&](double f) { return linear_optics(medium, f); });
      case Kind::kRetimer:
      case Kind::kRetimedOptics:
      case Kind::kModule:
      case Kind::kFibre:
        break;
    }
    return base::fail(Code::kInvalidArgument,
                      fmt::format("a {} is no part of an electrical section", key(medium.kind)),
                      element.text, "Write paths with parse_path.");
  }

  Result<Response> device(const Element& element, std::size_t index) {
    const bool is_tx = index == 0;
    if (!is_tx && index + 1 != elements.size()) {
      return base::fail(Code::kInvalidArgument, "a package stands in the middle of a section",
                        element.text, "Put it at an end.");
    }
    return over(grid_hz, [&](double f) {
      const auto outward = package(*element.medium, is_tx, f);
      return is_tx ? outward : reversed(outward);
    });
  }

  static Response product(const Response& a, const Response& b) {
    Response out(a.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      out[i] = join(a[i], b[i]);
    }
    return out;
  }

  Network network(const Response& response) const {
    Network out;
    out.ports = 2;
    out.frequency_hz.assign(grid_hz.begin(), grid_hz.end());
    out.z0_ohm = {kReferenceOhm, kReferenceOhm};
    out.s.reserve(response.size() * 4);
    for (const auto& port : response) {
      out.s.insert(out.s.end(), {port.s11, port.s12, port.s21, port.s22});
    }
    return out;
  }

  Result<Section> build();
  Result<void> add_noise(const Element& element, const Response& own, const Response* rest);
  Result<void> add_optics(const Element& element);
  void add_aggressors(const Element& element, const Response& thru, const Response* rest);
};

/// Noise of one redriver or linear optics, as it arrives at the receiver.
Result<void> Builder::add_noise(const Element& element, const Response& own, const Response* rest) {
  const Medium& medium = *element.medium;
  const bool is_redriver = medium.kind == Kind::kRedriver;
  double at_input = 0;
  if (is_redriver) {
    at_input = kThermalV2PerHz * (std::pow(10, medium.value("noise_figure_db") / 10) - 1);
  } else {
    const auto link = optics::linear_hop(*section.module, *section.fibre, section.fibre_m);
    if (!link) {
      return tl::unexpected(link.error());
    }
    at_input = optics::noise_v2_per_hz(*link, medium.value("swing_v"));
  }
  section.noise_v2_per_hz.resize(grid_hz.size());
  for (std::size_t i = 0; i < grid_hz.size(); ++i) {
    // Both are one-way and matched behind: nothing that lies before them reflects their noise.
    const double onward = rest == nullptr ? 1 : std::norm((*rest)[i].s21);
    section.noise_v2_per_hz[i] += at_input * std::norm(own[i].s21) * onward;
  }
  return {};
}

Result<void> Builder::add_optics(const Element& element) {
  auto module = media->get(*element.medium->module);
  if (!module) {
    return tl::unexpected(module.error());
  }
  auto fibre = media->get(element.medium->fibre.value_or((*module)->fibre.value_or("")));
  if (!fibre) {
    return tl::unexpected(fibre.error());
  }
  section.module = *module;
  section.fibre = *fibre;
  section.fibre_m = element.length_m.value_or(element.medium->value("typical_mm") * 1e-3);
  if (!element.length_m) {
    note(fmt::format("{}: {:g} m of fibre are assumed", element.medium->key, section.fibre_m));
  }
  return {};
}

/// FEXT: the neighbour's signal runs with ours and couples here. NEXT: a neighbour that transmits
/// at our receiver's end comes up to here and back.
void Builder::add_aggressors(const Element& element, const Response& thru, const Response* rest) {
  const Medium& medium = *element.medium;
  const auto neighbours = static_cast<unsigned>(medium.value("neighbours"));
  const double f0 = hz(medium.value("at_ghz", 1));
  const auto coupling = [&](std::string_view level, double f) {
    const Complex s(0, f / f0);
    return -std::pow(10, -medium.value(level) / 20) * s / (1.0 + s / 2.0);
  };
  const auto add = [&](channel::Role role, std::string_view level, unsigned number) {
    Response out(grid_hz.size());
    for (std::size_t i = 0; i < grid_hz.size(); ++i) {
      const Complex onward = rest == nullptr ? Complex(1) : (*rest)[i].s21;
      const Complex way = role == channel::Role::kFext ? thru[i].s21 : onward * onward;
      const Complex h = coupling(level, grid_hz[i]) * way;
      out[i] = {0, h, h, 0};
    }
    section.channel.aggressors.push_back(
        {role,
         fmt::format("{} of {}, neighbour {} (modelled)",
                     role == channel::Role::kFext ? "FEXT" : "NEXT", medium.key, number),
         network(out)});
  };
  for (unsigned n = 1; n <= neighbours; ++n) {
    if (medium.find("fext_db") != nullptr) {
      add(channel::Role::kFext, "fext_db", n);
    }
    if (n == 1 && medium.find("next_db") != nullptr) {
      add(channel::Role::kNext, "next_db", n);
    }
  }
}

Result<Section> Builder::build() {
  for (std::size_t i = 0; i < elements.size(); ++i) {
    auto response = part(elements[i], i);
    if (!response) {
      return tl::unexpected(response.error());
    }
    parts.push_back(std::move(*response));
  }
  // From the receiver's end, so that what lies behind an element is at hand for its noise.
  std::vector<Response> from(parts.size());
  from.back() = parts.back();
  for (std::size_t i = parts.size() - 1; i-- > 0;) {
    from[i] = product(parts[i], from[i + 1]);
  }
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const auto* medium = elements[i].medium;
    const Response* rest = i + 1 < parts.size() ? &from[i + 1] : nullptr;
    if (medium == nullptr) {
      continue;
    }
    if (medium->kind == Kind::kLinearOptics) {
      if (auto done = add_optics(elements[i]); !done) {
        return tl::unexpected(done.error());
      }
    }
    if (medium->kind == Kind::kLinearOptics || medium->kind == Kind::kRedriver) {
      if (auto done = add_noise(elements[i], parts[i], rest); !done) {
        return tl::unexpected(done.error());
      }
    }
    if (options.crosstalk && medium->value("neighbours") > 0) {
      add_aggressors(elements[i], from.front(), rest);
    }
  }
  section.channel.thru.role = channel::Role::kThru;
  section.channel.thru.name = section.text;
  section.channel.thru.sdd = network(from.front());
  if (options.crosstalk && section.channel.aggressors.empty()) {
    note("no element of this section has modelled crosstalk");
  }
  return std::move(section);
}

std::string text_of(std::span<const Element> elements) {
  std::string out;
  for (const auto& element : elements) {
    out += (out.empty() ? "" : " + ") + element.text;
  }
  return out;
}

Result<void> check_grid(std::span<const double> grid_hz) {
  const bool ascends = std::ranges::adjacent_find(
                           grid_hz, [](double a, double b) { return !(a < b); }) == grid_hz.end();
  if (grid_hz.empty() || !ascends || !(grid_hz.front() >= 0) || !std::isfinite(grid_hz.back())) {
    return base::fail(Code::kInvalidArgument, "the frequencies do not ascend from 0 or above",
                      "frequencies", "Give at least one, each above the one before.");
  }
  return {};
}

}  // namespace
}  // namespace path_build_cpp

std::span<const double> standard_grid_hz() {
  static const std::vector<double> kGrid = [] {
    constexpr double kStepHz = 1e7;
    std::vector<double> f(8001);
    for (std::size_t i = 0; i < f.size(); ++i) {
      f[i] = kStepHz * static_cast<double>(i);
    }
    return f;
  }();
  return kGrid;
}

base::Result<BuiltPath> build(const PathSpec& path, std::span<const double> frequency_hz,
                              const BuildOptions& options) {
  using namespace path_build_cpp;  // NOLINT(google-build-using-namespace): this file's own helpers
  if (auto done = check_grid(frequency_hz); !done) {
    return tl::unexpected(done.error());
  }
  BuiltPath out;
  const std::span<const Element> all(path.elements);
  const auto flush = [&](std::size_t first, std::size_t last) -> Result<void> {
    if (first == last) {
      return {};
    }
    Builder builder{all.subspan(first, last - first), frequency_hz, options, path.media};
    builder.section.text = text_of(builder.elements);
    builder.section.channel.notes = path.notes;
    return builder.build().map(
        [&](Section&& section) { out.sections.push_back(std::move(section)); });
  };
  std::size_t first = 0;
  for (std::size_t i = 0; i <= all.size(); ++i) {
    const auto* medium = i < all.size() ? all[i].medium : nullptr;
    const bool is_optical = medium != nullptr && medium->kind == Kind::kRetimedOptics;
    if (i < all.size() && !is_optical && (medium == nullptr || medium->kind != Kind::kRetimer)) {
      continue;
    }
    if (auto done = flush(first, i); !done) {
      return tl::unexpected(done.error());
    }
    if (medium != nullptr && !out.sections.empty()) {
      out.sections.back().ended_by = medium->key;
    }
    if (is_optical) {
      Builder builder{all.subspan(i, 1), frequency_hz, options, path.media};
      builder.section.kind = SectionKind::kOptical;
      builder.section.text = all[i].text;
      if (auto done = builder.add_optics(all[i]); !done) {
        return tl::unexpected(done.error());
      }
      out.sections.push_back(std::move(builder.section));
    }
    first = i + 1;
  }
  if (out.sections.empty()) {
    return base::fail(Code::kInvalidArgument, "the path is empty", "path",
                      "Write at least one element, such as `megtron7:5in`.");
  }
  return out;
}

}  // namespace weft::phy::media
