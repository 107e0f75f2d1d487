// SPDX-License-Identifier: Apache-2.0
// A rational network as a SPICE sub-circuit of waves. Port i is a resistor z_i to a source of
// 2 sqrt(z_i) b_i, which makes v + z i = 2 sqrt(z_i) a_i; the wave a_i is a voltage again, drives
// the states (one capacitor each) through conductances, and a matched T element delays each
// response.
#include "phy/channel/rational.h"

#include <cmath>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace weft::phy::channel {
namespace rational_spice_cpp {
namespace {

class Writer {
 public:
  Writer(const RationalModel& model, std::string_view name) : model_(model), name_(name) {
    // Capacitors of 1/|p|: conductances near 1, whatever the band.
    for (const auto& pole : model_.poles) {
      scale_ = std::max(scale_, std::abs(pole));
    }
  }

  std::string text() {
    line("* S-parameters as {} poles; made by weft channel fit", model_.order());
    std::string ports;
    for (std::size_t i = 1; i <= model_.ports; ++i) {
      ports += fmt::format(" p{}", i);
    }
    line(".subckt {}{} ref", name_, ports);
    for (std::size_t i = 0; i < model_.ports; ++i) {
      port(i);
      for (std::size_t n = 0; n < model_.poles.size(); ++n) {
        state(i, n);
      }
    }
    for (std::size_t out = 0; out < model_.ports; ++out) {
      for (std::size_t in = 0; in < model_.ports; ++in) {
        response(out, in);
      }
    }
    line(".ends {}", name_);
    return std::move(out_);
  }

 private:
  template <class... T>
  void line(fmt::format_string<T...> format, T&&... values) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<T>(values)...);
    out_ += '\n';
  }

  /// v(ai) = a_i, from v_i and the source behind z_i; v(bi) = sum of the responses, over 1 ohm.
  void port(std::size_t i) {
    const double z = model_.z0_ohm[i];
    const double root = std::sqrt(z);
    const std::size_t k = i + 1;
    line("Rz{} p{} e{} {:.17g}", k, k, k, z);
    line("Eb{} e{} ref b{} 0 {:.17g}", k, k, k, 2 * root);
    line("Ga{} 0 a{} p{} ref {:.17g}", k, k, k, 1 / root);
    line("Gs{} a{} 0 b{} 0 1", k, k, k);
    line("Ra{} a{} 0 1", k, k);
    line("Rb{} b{} 0 1", k, k);
  }

  /// C dx/dt = C p x + C scale a: one capacitor for a real pole, two that are crossed for a pair.
  void state(std::size_t i, std::size_t n) {
    const auto pole = model_.poles[n] / scale_;
    const std::string x = fmt::format("x{}_{}", i + 1, n + 1);
    const std::string y = fmt::format("y{}_{}", i + 1, n + 1);
    line("C{} {} 0 {:.17g}", x, x, 1 / scale_);
    line("R{} {} 0 {:.17g}", x, x, -1 / pole.real());
    line("Gu{} 0 {} a{} 0 {:.17g}", x, x, i + 1, pole.imag() == 0 ? 1.0 : 2.0);
    if (pole.imag() == 0) {
      return;
    }
    line("C{} {} 0 {:.17g}", y, y, 1 / scale_);
    line("R{} {} 0 {:.17g}", y, y, -1 / pole.real());
    line("Gx{} 0 {} {} 0 {:.17g}", x, x, y, pole.imag());
    line("Gy{} 0 {} {} 0 {:.17g}", y, y, x, -pole.imag());
  }

  void response(std::size_t out, std::size_t in) {
    const auto& r = model_.responses[out * model_.ports + in];
    const std::string id = fmt::format("{}_{}", out + 1, in + 1);
    // Currents into a node of 1 ohm sum up; where there is a delay the node is the line's near end.
    const bool has_delay = r.delay_s > 0;
    const std::string sum = has_delay ? "d" + id : fmt::format("b{}", out + 1);
    if (r.constant != 0) {
      line("Gd{} 0 {} a{} 0 {:.17g}", id, sum, in + 1, r.constant);
    }
    for (std::size_t n = 0; n < model_.poles.size(); ++n) {
      const auto residue = r.residues[n] / scale_;
      if (residue.real() != 0) {
        line("Gr{}_{} 0 {} x{}_{} 0 {:.17g}", id, n + 1, sum, in + 1, n + 1, residue.real());
      }
      if (model_.poles[n].imag() != 0 && residue.imag() != 0) {
        line("Gi{}_{} 0 {} y{}_{} 0 {:.17g}", id, n + 1, sum, in + 1, n + 1, residue.imag());
      }
    }
    if (!has_delay) {
      return;
    }
    // Half of the current goes into 1 ohm, half into the matched line: hence the gain of 2.
    line("Rn{} {} 0 1", id, sum);
    line("T{} {} 0 f{} 0 Z0=1 TD={:.17g}", id, sum, id, r.delay_s);
    line("Rf{} f{} 0 1", id, id);
    line("Gf{} 0 b{} f{} 0 2", id, out + 1, id);
  }

  const RationalModel& model_;
  std::string_view name_;
  std::string out_;
  double scale_ = 1;
};

}  // namespace
}  // namespace rational_spice_cpp

std::string spice(const RationalModel& model, std::string_view name) {
  return rational_spice_cpp::Writer(model, name).text();
}

}  // namespace weft::phy::channel
