// SPDX-License-Identifier: Apache-2.0
#include "cli/draw/axis.h"
#include "cli/draw/paint.h"
#include "cli/sim/traffic.h"
#include "sim/amount.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace sim_traffic_report {
namespace {

using Json = nlohmann::ordered_json;
using sim::TrafficAnswer;

constexpr std::size_t kHeatRows = 48;
constexpr std::size_t kCdfSeries = 5;
constexpr std::size_t kBusiestNamed = 5;

double us(sim::Ps time) {
  return sim::as_seconds(time) * 1e6;
}

/// Indices of the channels that are used most, over all rows, busiest first.
std::vector<std::size_t> busiest(const TrafficReport& report, std::size_t count) {
  if (report.rows.empty()) {
    return {};
  }
  std::vector<double> sum(report.rows.front().utilisation.size(), 0);
  for (const TrafficAnswer& row : report.rows) {
    for (std::size_t i = 0; i < sum.size(); ++i) {
      sum[i] += row.utilisation[i];
    }
  }
  std::vector<std::size_t> order(sum.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return sum[a] != sum[b] ? sum[a] > sum[b] : a < b;
  });
  order.resize(std::min(order.size(), count));
  return order;
}

std::string where_text(const sim::LatencyParts& mean) {
  std::array<std::pair<std::string_view, double>, 4> parts = {
      {{"contention", mean.contention},
       {"serialisation", mean.serialisation},
       {"latency", mean.latency},
       {"retry", mean.retry}}};
  std::sort(parts.begin(), parts.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  std::string out;
  for (const auto& [name, seconds] : parts) {
    const double share = mean.total > 0 ? 100 * seconds / mean.total : 0;
    if (share >= 0.5) {
      out += fmt::format("{}{} {:.0f} %", out.empty() ? "" : ", ", name, share);
    }
  }
  return out;
}

/// The share of messages that are not slower, at most some 200 points.
draw::Series distribution(const TrafficAnswer& row, draw::Role role, std::string legend) {
  draw::Series out;
  out.legend = std::move(legend);
  out.stroke = {role, 1.6, draw::Dash::kSolid, 1};
  const std::size_t count = row.latencies.size();
  const std::size_t step = std::max<std::size_t>(1, count / 200);
  for (std::size_t i = 0; i < count; i += step) {
    out.points.push_back(
        {us(row.latencies[i]), static_cast<double>(i + 1) / static_cast<double>(count)});
  }
  if (count > 0) {
    out.points.push_back({us(row.latencies.back()), 1});
  }
  return out;
}

draw::Axis latency_axis(const TrafficReport& report) {
  double low = std::numeric_limits<double>::infinity(), high = 0;
  for (const TrafficAnswer& row : report.rows) {
    if (!row.latencies.empty()) {
      low = std::min(low, us(row.latencies.front()));
      high = std::max(high, us(row.latencies.back()));
    }
  }
  low = std::isfinite(low) ? std::max(low, 1e-6) : 1;
  return {"Latency (us)", low * 0.9, std::max(high * 1.1, low * 2), draw::Scale::kLog10};
}

draw::Plot cdf_plot(const TrafficReport& report) {
  constexpr std::array kRoles = {draw::Role::kSeries1, draw::Role::kSeries2, draw::Role::kSeries3,
                                 draw::Role::kSeries4, draw::Role::kSeries5};
  draw::Plot out;
  out.title = "Messages that are not slower";
  out.x = latency_axis(report);
  out.y = {"Share", 0, 1, draw::Scale::kLinear};
  const std::size_t count = std::min(report.rows.size(), kCdfSeries);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = count == 1 ? 0 : i * (report.rows.size() - 1) / (count - 1);
    const TrafficAnswer& row = report.rows[at];
    out.series.push_back(distribution(
        row, kRoles[i], row.load > 0 ? fmt::format("load {:.2g}", row.load) : "all messages"));
  }
  return out;
}

draw::Plot heat_plot(const TrafficReport& report) {
  const auto order = busiest(report, kHeatRows);
  draw::Plot out;
  out.title = fmt::format("Utilisation of the {} busiest directions", order.size());
  const auto columns = static_cast<double>(report.rows.size());
  out.x = {"Load, in the table's order", 0, columns, draw::Scale::kLinear};
  out.y = {"Busiest at the top", 0, static_cast<double>(order.size()), draw::Scale::kLinear};
  draw::Density density;
  density.columns = report.rows.size();
  density.rows = order.size();
  density.x_max = columns;
  density.y_max = static_cast<double>(order.size());
  density.log10_floor = -2;
  density.title = "Utilisation";
  for (const TrafficAnswer& row : report.rows) {
    for (std::size_t i = order.size(); i > 0; --i) {
      density.log10_value.push_back(std::log10(std::max(row.utilisation[order[i - 1]], 1e-6)));
    }
  }
  out.density = std::move(density);
  return out;
}

Json json_of(const TrafficAnswer& row, const sim::Network& network) {
  Json out = {{"load", row.load},
              {"accepted", row.accepted},
              {"offered_bytes_per_s", row.offered_bytes_per_second},
              {"delivered_bytes_per_s", row.bytes_per_second},
              {"is_saturated", row.is_saturated},
              {"bound_load", row.bound.load},
              {"bound_bytes_per_s", row.bound.bytes_per_second},
              {"bound", row.bound.what},
              {"messages", row.latencies.size()},
              {"finish_us", us(row.finish)},
              {"latency_us",
               {{"p50", us(row.quantile(0.5))},
                {"p95", us(row.quantile(0.95))},
                {"p99", us(row.quantile(0.99))},
                {"max", us(row.quantile(1))},
                {"mean", row.mean.total * 1e6}}},
              {"where_us",
               {{"latency", row.mean.latency * 1e6},
                {"serialisation", row.mean.serialisation * 1e6},
                {"contention", row.mean.contention * 1e6},
                {"retry", row.mean.retry * 1e6}}},
              {"busiest", Json::array()}};
  std::vector<std::size_t> order(row.utilisation.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const std::size_t count = std::min(order.size(), kBusiestNamed);
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                    [&](std::size_t a, std::size_t b) {
                      return row.utilisation[a] != row.utilisation[b]
                                 ? row.utilisation[a] > row.utilisation[b]
                                 : a < b;
                    });
  for (std::size_t i = 0; i < count; ++i) {
    out["busiest"].push_back(
        {{"channel", network.channel_name(static_cast<sim::ChannelIndex>(order[i]))},
         {"utilisation", row.utilisation[order[i]]}});
  }
  return out;
}

}  // namespace
}  // namespace sim_traffic_report

std::string traffic_text(const TrafficReport& report) {
  const bool is_given = !report.spec.given.empty();
  std::string out =
      fmt::format("# {} of {} ranks on {}; {}, routing {}{}\n",
                  is_given ? "given messages"
                           : fmt::format("{} messages of {}", sim::key(report.spec.pattern),
                                         sim::size_text(report.spec.message_bytes)),
                  report.ranks, report.network, report.fidelity, report.routing,
                  report.links_not_as_planned == 0
                      ? std::string()
                      : fmt::format("; {} links not as planned", report.links_not_as_planned));
  out += fmt::format("#{:>6} {:>9} {:>12} {:>11} {:>11} {:>11} {:>11}  {}\n", "load", "accepted",
                     "GB/s", "p50 (us)", "p95 (us)", "p99 (us)", "max (us)",
                     "where the mean latency goes");
  for (const sim::TrafficAnswer& row : report.rows) {
    out += fmt::format(
        "{:>7} {:>9.3f} {:>12.4g} {:>11.4g} {:>11.4g} {:>11.4g} {:>11.4g}  {}{}\n",
        is_given ? std::string("-") : fmt::format("{:.4g}", row.load), row.accepted,
        row.bytes_per_second / 1e9, sim_traffic_report::us(row.quantile(0.5)),
        sim_traffic_report::us(row.quantile(0.95)), sim_traffic_report::us(row.quantile(0.99)),
        sim_traffic_report::us(row.quantile(1)), sim_traffic_report::where_text(row.mean),
        row.is_saturated ? "; SATURATED" : "");
  }
  if (!report.rows.empty()) {
    const sim::TrafficBound& bound = report.rows.front().bound;
    out += fmt::format("# bound: load {:.3f}, {:.4g} GB/s in all, held by {}\n", bound.load,
                       bound.bytes_per_second / 1e9, bound.what);
    if (is_given) {
      out += fmt::format("# all there after {}\n", sim::time_text(report.rows.front().finish));
    }
  }
  return out;
}

nlohmann::ordered_json traffic_json(const TrafficReport& report, const sim::Network& network) {
  nlohmann::ordered_json out = {
      {"schema", "weftline/sim-traffic/1"},
      {"network", report.network},
      {"ranks", report.ranks},
      {"pattern", report.spec.given.empty() ? std::string(sim::key(report.spec.pattern))
                                            : std::string("given")},
      {"message_bytes", report.spec.message_bytes},
      {"seed", report.spec.seed},
      {"fidelity", report.fidelity},
      {"routing", report.routing},
      {"links_not_as_planned", report.links_not_as_planned},
      {"rows", nlohmann::ordered_json::array()}};
  for (const sim::TrafficAnswer& row : report.rows) {
    out["rows"].push_back(sim_traffic_report::json_of(row, network));
  }
  return out;
}

std::string traffic_csv(const TrafficReport& report) {
  std::string out =
      "load,accepted,delivered_gb_s,p50_us,p95_us,p99_us,max_us,mean_us,latency_us,"
      "serialisation_us,contention_us,retry_us,bound_load,is_saturated\n";
  for (const sim::TrafficAnswer& row : report.rows) {
    out += fmt::format(
        "{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},"
        "{:.6g},{:.6g},{:.6g},{}\n",
        row.load, row.accepted, row.bytes_per_second / 1e9,
        sim_traffic_report::us(row.quantile(0.5)), sim_traffic_report::us(row.quantile(0.95)),
        sim_traffic_report::us(row.quantile(0.99)), sim_traffic_report::us(row.quantile(1)),
        row.mean.total * 1e6, row.mean.latency * 1e6, row.mean.serialisation * 1e6,
        row.mean.contention * 1e6, row.mean.retry * 1e6, row.bound.load, row.is_saturated ? 1 : 0);
  }
  return out;
}

draw::Plot traffic_plot(const TrafficReport& report) {
  if (report.rows.size() < 2) {
    return sim_traffic_report::cdf_plot(report);
  }
  draw::Plot out;
  out.title = fmt::format("{} of {} ranks, {}", sim::key(report.spec.pattern), report.ranks,
                          report.network);
  constexpr std::array<std::tuple<double, const char*, draw::Role, char>, 3> kCurves = {
      {{0.5, "p50", draw::Role::kSeries1, '.'},
       {0.95, "p95", draw::Role::kSeries3, '+'},
       {0.99, "p99", draw::Role::kSeries2, '*'}}};
  for (const auto& [share, name, role, sign] : kCurves) {
    draw::Series series;
    series.legend = name;
    series.stroke = {role, 2, draw::Dash::kSolid, 1};
    series.sign = sign;
    for (const sim::TrafficAnswer& row : report.rows) {
      series.points.push_back({row.load, sim_traffic_report::us(row.quantile(share))});
    }
    out.series.push_back(std::move(series));
  }
  out.x = {"Load", report.rows.front().load, report.rows.back().load, draw::Scale::kLinear};
  out.y = sim_traffic_report::latency_axis(report);
  const double bound = report.rows.front().bound.load;
  if (bound > out.x.min && bound < out.x.max) {
    draw::Rule rule;
    rule.at = bound;
    rule.label = "bound";
    out.rules.push_back(std::move(rule));
  }
  return out;
}

std::string traffic_svg(const TrafficReport& report, const sim::Network& network) {
  draw::Figure figure;
  figure.width = 1100;
  figure.height = 800;
  figure.items.push_back({{10, 10, 530, 380}, traffic_plot(report)});
  figure.items.push_back({{560, 10, 530, 380}, sim_traffic_report::cdf_plot(report)});
  figure.items.push_back({{10, 410, 530, 380}, sim_traffic_report::heat_plot(report)});
  draw::Table table;
  table.columns = {0.8};
  table.rows.push_back({{"Busiest directions, at the last load", draw::Role::kInk, true}});
  constexpr std::size_t kNamed = 14, kNameBytes = 70;
  for (const std::size_t channel : sim_traffic_report::busiest(report, kNamed)) {
    std::string name = network.channel_name(static_cast<sim::ChannelIndex>(channel));
    if (name.size() > kNameBytes) {
      name = name.substr(0, kNameBytes - 3) + "...";
    }
    table.rows.push_back({{std::move(name), draw::Role::kInk, false},
                          {fmt::format("{:.0f} %", 100 * report.rows.back().utilisation[channel]),
                           draw::Role::kInk, false}});
  }
  figure.items.push_back({{560, 410, 530, 380}, std::move(table)});
  return draw::svg_file(figure, draw::SvgTheme::kFollowReader);
}

}  // namespace weft::cli
