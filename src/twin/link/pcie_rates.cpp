// SPDX-License-Identifier: Apache-2.0
#include "twin/link/pcie_rates.h"

#include "phy/fec/flit_retry.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <map>
#include <memory>
#include <mutex>
#include <tuple>

namespace weft::twin {
namespace pcie_rates {

constexpr double kSyncShare = 2.0 / 130;
constexpr double kTlpBytes = 280;
constexpr double kTlpToken = 4 / kTlpBytes;
constexpr double kDllpToken = 2.0 / 8;
constexpr double kDllpIdle = 0.02;
constexpr double kDllpLoaded = 0.03;
constexpr double kLastAck = 0.05;
constexpr double kFlitBits = 256 * 8;

/// log10 of P(touched) and P(past FEC) over log10 of the first bit error ratio.
struct FlitTable {
  static constexpr double kFirst = -14;
  static constexpr double kStep = 0.25;
  static constexpr std::size_t kPoints = 53;  // to 1e-1
  std::array<double, kPoints> touched{};
  std::array<double, kPoints> retry{};

  [[nodiscard]] static double read(const std::array<double, kPoints>& values, double x) {
    const double place = (x - kFirst) / kStep;
    const auto i = static_cast<std::size_t>(std::clamp(place, 0.0, double{kPoints} - 2));
    const double t = place - static_cast<double>(i);
    return std::pow(10.0, std::min(0.0, values[i] + t * (values[i + 1] - values[i])));
  }
};

std::shared_ptr<const FlitTable> table_of(unsigned bits_per_symbol, std::size_t lanes,
                                          unsigned burst_step) {
  static std::mutex mutex;
  static std::map<std::tuple<unsigned, std::size_t, unsigned>, std::shared_ptr<const FlitTable>>
      tables;
  const std::lock_guard hold(mutex);
  auto& entry = tables[{bits_per_symbol, lanes, burst_step}];
  if (entry) {
    return entry;
  }
  auto table = std::make_shared<FlitTable>();
  for (std::size_t i = 0; i < FlitTable::kPoints; ++i) {
    const auto at = phy::fec::flit_retry(
        phy::fec::FlitFec::kPcie6,
        {.first_bit_error_ratio =
             std::pow(10.0, FlitTable::kFirst + FlitTable::kStep * static_cast<double>(i)),
         .burst = 0.05 * burst_step,
         .bits_per_symbol = bits_per_symbol,
         .lanes = lanes});
    table->touched[i] = at ? std::log10(std::max(at->touched, 1e-300)) : 0;
    table->retry[i] = at ? at->log10_retry : 0;
  }
  entry = std::move(table);
  return entry;
}

}  // namespace pcie_rates

TlpRates tlp_rates(const TlpLoad& on) {
  using namespace pcie_rates;
  const double dllp = kDllpIdle + kDllpLoaded * on.load;
  const double tlp = on.load * (1 - dllp);
  const double idle = 1 - dllp - tlp;
  const double blocks = on.events_per_s * (1 - kSyncShare);
  TlpRates rates;
  rates.framing =
      on.events_per_s * kSyncShare + blocks * (tlp * kTlpToken + dllp * kDllpToken + idle);
  rates.bad_tlp = blocks * tlp * (1 - kTlpToken);
  rates.bad_dllp = blocks * dllp * (1 - kDllpToken);
  rates.replay_timeout = kLastAck * rates.bad_dllp;
  rates.tlps = tlp * on.bits_per_second * (1 - kSyncShare) / (8 * kTlpBytes);
  const double bad = rates.tlps > 0 ? std::min(1.0, rates.bad_tlp / rates.tlps) : 0;
  rates.rollover = rates.bad_tlp * bad * bad * bad;
  return rates;
}

FlitRates flit_rates(const FlitLoad& on) {
  using namespace pcie_rates;
  FlitRates rates;
  rates.flits = on.bits_per_second / kFlitBits;
  if (on.first_bit_error_ratio <= 0 || on.lanes == 0) {
    return rates;
  }
  const std::size_t lanes = std::bit_floor(std::min<std::size_t>(on.lanes, 16));
  const double burst = std::clamp(on.burst, 0.0, 0.95);
  const auto table =
      table_of(on.bits_per_symbol, lanes, static_cast<unsigned>(std::lround(burst / 0.05)));
  const double x = std::log10(on.first_bit_error_ratio);
  const double touched = FlitTable::read(table->touched, x);
  const double past = std::min(touched, FlitTable::read(table->retry, x));
  rates.mended = rates.flits * (touched - past);
  rates.past_fec = rates.flits * past;
  rates.lost_alignment = rates.flits * past * past;
  return rates;
}

}  // namespace weft::twin
