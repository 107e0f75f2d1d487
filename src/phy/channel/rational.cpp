// SPDX-License-Identifier: Apache-2.0
#include "phy/channel/rational.h"

#include "phy/channel/rational_basis.h"

#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include <Eigen/Core>

namespace weft::phy::channel {
namespace rational_cpp {
namespace {

Complex evaluate_at(const RationalModel& model, const RationalResponse& response, Complex s) {
  Complex sum = response.constant;
  for (std::size_t n = 0; n < model.poles.size(); ++n) {
    const Complex p = model.poles[n];
    const Complex r = response.residues[n];
    sum += r / (s - p);
    if (p.imag() != 0) {
      sum += std::conj(r) / (s - std::conj(p));
    }
  }
  return sum * std::exp(-s * response.delay_s);
}

/// Answer to a unit step after the delay: d + sum r (exp(p t) - 1)/p; pairs count twice their real
/// part.
class Steps {
 public:
  Steps(const RationalModel& model, const RationalResponse& response) {
    for (std::size_t n = 0; n < model.poles.size(); ++n) {
      const Complex p = model.poles[n];
      poles_.push_back(p);
      const Complex gain = (p.imag() == 0 ? 1.0 : 2.0) * response.residues[n] / p;
      gains_.push_back(gain);
      dc_ -= gain.real();
    }
    dc_ += response.constant;
  }

  /// At first_s, first_s + step_s, ... into out[0], out[1], ...; times are after the delay and >=
  /// 0.
  void fill(double first_s, double step_s, std::span<double> out) const {
    std::vector<Complex> state(poles_.size());
    std::vector<Complex> turn(poles_.size());
    for (std::size_t n = 0; n < poles_.size(); ++n) {
      state[n] = gains_[n] * std::exp(poles_[n] * first_s);
      turn[n] = std::exp(poles_[n] * step_s);
    }
    for (auto& value : out) {
      double sum = dc_;
      for (std::size_t n = 0; n < state.size(); ++n) {
        sum += state[n].real();
        // By parts: std::complex's product guards against infinities that cannot be here.
        state[n] = {state[n].real() * turn[n].real() - state[n].imag() * turn[n].imag(),
                    state[n].real() * turn[n].imag() + state[n].imag() * turn[n].real()};
      }
      value = sum;
    }
  }

 private:
  std::vector<Complex> poles_, gains_;
  double dc_ = 0;
};

}  // namespace
}  // namespace rational_cpp

std::size_t RationalModel::order() const {
  std::size_t out = 0;
  for (const auto& pole : poles) {
    out += pole.imag() == 0 ? 1 : 2;
  }
  return out;
}

Complex evaluate(const RationalModel& model, std::size_t index, double frequency_hz) {
  return rational_cpp::evaluate_at(model, model.responses[index],
                                   {0, 2 * std::numbers::pi * frequency_hz});
}

Network evaluate(const RationalModel& model, std::span<const double> frequency_hz) {
  auto out = make_network(model.ports, {frequency_hz.begin(), frequency_hz.end()});
  out.z0_ohm = model.z0_ohm;
  for (std::size_t i = 0; i < frequency_hz.size(); ++i) {
    for (std::size_t k = 0; k < model.responses.size(); ++k) {
      out.s[i * model.responses.size() + k] = evaluate(model, k, frequency_hz[i]);
    }
  }
  return out;
}

std::vector<double> step_response(const RationalModel& model, std::size_t index, double step_s,
                                  std::size_t count) {
  const auto& response = model.responses[index];
  std::vector<double> out(count, 0.0);
  const double first = std::ceil(std::max(0.0, response.delay_s) / step_s);
  if (first >= static_cast<double>(count)) {
    return out;
  }
  const auto begin = static_cast<std::size_t>(first);
  rational_cpp::Steps(model, response)
      .fill(std::max(0.0, first * step_s - response.delay_s), step_s,
            std::span(out).subspan(begin));
  return out;
}

std::vector<double> pulse_response(const RationalModel& model, std::size_t index, double width_s,
                                   double step_s, std::size_t count) {
  auto out = step_response(model, index, step_s, count);
  // The falling edge is the same step, later: as more delay, so that any width is exact.
  RationalModel later = {.poles = model.poles, .responses = {model.responses[index]}};
  later.responses[0].delay_s += width_s;
  const auto fall = step_response(later, 0, step_s, count);
  for (std::size_t i = 0; i < count; ++i) {
    out[i] -= fall[i];
  }
  return out;
}

std::vector<double> convolve(const RationalModel& model, std::size_t index,
                             std::span<const double> input, double step_s) {
  const auto& response = model.responses[index];
  // t_k - tau lies `part` of a step after input edge k - whole.
  const double whole = std::ceil(response.delay_s / step_s);
  const double part_s = whole * step_s - response.delay_s;
  std::vector<double> out(input.size(), 0.0);
  if (whole >= static_cast<double>(input.size())) {
    return out;
  }
  const auto skip = static_cast<std::size_t>(whole);
  for (std::size_t k = skip; k < input.size(); ++k) {
    out[k] = response.constant * input[k - skip];
  }
  for (std::size_t n = 0; n < model.poles.size(); ++n) {
    const Complex p = model.poles[n];
    const Complex gain = (p.imag() == 0 ? 1.0 : 2.0) * response.residues[n] / p;
    const Complex turn = std::exp(p * step_s);
    const Complex part = std::exp(p * part_s);
    Complex state = 0;  // at edge k - skip, of inputs before it
    for (std::size_t k = skip; k < input.size(); ++k) {
      const double u = input[k - skip];
      out[k] += (gain * (state * part + u * (part - 1.0))).real();
      state = state * turn + u * (turn - 1.0);
    }
  }
  return out;
}

StateSpace state_space(const RationalModel& model) {
  StateSpace out;
  const std::size_t order = model.order();
  out.ports = model.ports;
  out.states = order * model.ports;
  out.a.assign(out.states * out.states, 0);
  out.b.assign(out.states * out.ports, 0);
  out.c.assign(out.ports * out.states, 0);
  for (std::size_t in = 0; in < model.ports; ++in) {
    std::size_t x = in * order;
    for (std::size_t n = 0; n < model.poles.size(); ++n) {
      const Complex p = model.poles[n];
      const auto a = [&](std::size_t row, std::size_t column) -> double& {
        return out.a[row * out.states + column];
      };
      const auto c = [&](std::size_t o, std::size_t column) -> double& {
        return out.c[o * out.states + column];
      };
      a(x, x) = p.real();
      out.b[x * out.ports + in] = p.imag() == 0 ? 1 : 2;
      for (std::size_t o = 0; o < model.ports; ++o) {
        c(o, x) = model.responses[o * model.ports + in].residues[n].real();
      }
      if (p.imag() == 0) {
        ++x;
        continue;
      }
      a(x, x + 1) = p.imag();
      a(x + 1, x) = -p.imag();
      a(x + 1, x + 1) = p.real();
      for (std::size_t o = 0; o < model.ports; ++o) {
        c(o, x + 1) = model.responses[o * model.ports + in].residues[n].imag();
      }
      x += 2;
    }
  }
  for (const auto& response : model.responses) {
    out.d.push_back(response.constant);
    out.delay_s.push_back(response.delay_s);
  }
  return out;
}

}  // namespace weft::phy::channel
