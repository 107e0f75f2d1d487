// SPDX-License-Identifier: Apache-2.0
#include "score/report.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::score {
namespace report_cpp {
namespace {

std::string percent(const Tally& tally, Verdict verdict) {
  if (tally.asked() == 0) {
    return "-";
  }
  return fmt::format("{:.0f} %", 100 * static_cast<double>(tally.of(verdict)) /
                                     static_cast<double>(tally.asked()));
}

/// "95.2 % (93.1 to 96.8)"
std::string bounded(const Tally& tally, Verdict verdict) {
  if (tally.asked() == 0) {
    return "-";
  }
  const auto bounds = tally.bounds(verdict);
  return fmt::format(
      "{:.1f} % ({:.1f} to {:.1f})",
      100 * static_cast<double>(tally.of(verdict)) / static_cast<double>(tally.asked()),
      100 * bounds.low, 100 * bounds.high);
}

std::string seconds(const Row& row, double share) {
  return row.detect_s.empty() ? "-" : fmt::format("{:.0f} s", row.detect_quantile(share));
}

std::string false_rate(const Row& row) {
  const auto rate = row.false_rate();
  return row.link_weeks <= 0 ? "-"
                             : fmt::format("{} ({:.2f} to {:.2f} per 1,000 links and week)",
                                           row.false_findings, rate.low, rate.high);
}

/// One line of the summary: what was asked, and each sum's answer.
struct Line {
  std::string what;
  std::string (*of)(const Row&);
};
const std::vector<Line>& summary() {
  static const std::vector<Line> kLines = {
      {"faults, observable", [](const Row& r) { return fmt::format("{}", r.faults); }},
      {"faults, not observable", [](const Row& r) { return fmt::format("{}", r.invisible); }},
      {"link right", [](const Row& r) { return bounded(r.link, Verdict::kRight); }},
      {"link wrong", [](const Row& r) { return bounded(r.link, Verdict::kWrong); }},
      {"missed", [](const Row& r) { return bounded(r.link, Verdict::kMissed); }},
      {"part right", [](const Row& r) { return bounded(r.part, Verdict::kRight); }},
      {"part wrong", [](const Row& r) { return bounded(r.part, Verdict::kWrong); }},
      {"part unknown", [](const Row& r) { return bounded(r.part, Verdict::kUnknown); }},
      {"segment right", [](const Row& r) { return bounded(r.segment, Verdict::kRight); }},
      {"segment wrong", [](const Row& r) { return bounded(r.segment, Verdict::kWrong); }},
      {"direction right", [](const Row& r) { return bounded(r.direction, Verdict::kRight); }},
      {"direction wrong", [](const Row& r) { return bounded(r.direction, Verdict::kWrong); }},
      {"time to detect, median", [](const Row& r) { return seconds(r, 0.5); }},
      {"time to detect, 90 %", [](const Row& r) { return seconds(r, 0.9); }},
      {"false findings", [](const Row& r) { return fmt::format("{}", r.false_findings); }},
      {"stories that could not be told", [](const Row& r) { return fmt::format("{}", r.failed); }},
  };
  return kLines;
}

using Sums = std::vector<std::pair<std::string, const Row*>>;

std::string row_markdown(const std::vector<std::string>& cells) {
  return fmt::format("| {} |\n", fmt::join(cells, " | "));
}

std::string rule_markdown(std::size_t columns) {
  std::string out = "|";
  for (std::size_t i = 0; i < columns; ++i) {
    out += "---|";
  }
  return out + "\n";
}

std::string summary_markdown(const Sums& sums) {
  std::vector<std::string> head = {""};
  for (const auto& [name, row] : sums) {
    head.push_back(name);
  }
  std::string out = row_markdown(head) + rule_markdown(head.size());
  for (const Line& line : summary()) {
    std::vector<std::string> cells = {line.what};
    for (const auto& [name, row] : sums) {
      cells.push_back(line.of(*row));
    }
    out += row_markdown(cells);
  }
  return out;
}

std::vector<std::string> template_cells(const Row& row) {
  return {row.name,
          fmt::format("{}", row.runs),
          fmt::format("{}", row.faults),
          fmt::format("{}", row.invisible),
          percent(row.link, Verdict::kRight),
          percent(row.link, Verdict::kMissed),
          percent(row.part, Verdict::kRight),
          percent(row.part, Verdict::kWrong),
          percent(row.part, Verdict::kUnknown),
          percent(row.segment, Verdict::kRight),
          percent(row.direction, Verdict::kRight),
          seconds(row, 0.5),
          fmt::format("{}", row.false_findings)};
}
const std::vector<std::string>& template_head() {
  static const std::vector<std::string> kHead = {
      "template",   "runs",         "faults",  "unseen",    "link",  "missed", "part",
      "wrong part", "unknown part", "segment", "direction", "found", "false"};
  return kHead;
}

std::string templates_markdown(const std::vector<Row>& rows) {
  std::string out = row_markdown(template_head()) + rule_markdown(template_head().size());
  for (const Row& row : rows) {
    out += row_markdown(template_cells(row));
  }
  return out;
}

std::string matrix_markdown(std::string_view corner, const Table::Matrix& matrix) {
  std::set<std::string> columns;
  for (const auto& [row, cells] : matrix) {
    for (const auto& [column, count] : cells) {
      columns.insert(column);
    }
  }
  std::vector<std::string> head = {std::string(corner)};
  head.insert(head.end(), columns.begin(), columns.end());
  std::string out = row_markdown(head) + rule_markdown(head.size());
  for (const auto& [row, cells] : matrix) {
    std::vector<std::string> line = {row};
    for (const std::string& column : columns) {
      const auto found = cells.find(column);
      line.push_back(found == cells.end() ? "" : fmt::format("{}", found->second));
    }
    out += row_markdown(line);
  }
  return out;
}

/// "cause 12, other 3": matrices with too many columns for a table.
std::string lists_markdown(std::string_view what, std::string_view said,
                           const Table::Matrix& matrix) {
  std::string out = fmt::format("| {} | {} |\n|---|---|\n", what, said);
  for (const auto& [row, cells] : matrix) {
    std::vector<std::pair<std::uint64_t, std::string>> sorted;
    for (const auto& [column, count] : cells) {
      sorted.emplace_back(count, column);
    }
    std::ranges::sort(sorted, [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    std::vector<std::string> words;
    for (const auto& [count, column] : sorted) {
      words.push_back(fmt::format("{} {}", column, count));
    }
    out += fmt::format("| {} | {} |\n", row, fmt::join(words, ", "));
  }
  return out;
}

nlohmann::json tally_json(const Tally& tally) {
  nlohmann::json out;
  for (std::size_t i = 0; i < kVerdicts; ++i) {
    out[std::string(key(static_cast<Verdict>(i)))] = tally.count[i];
  }
  const auto right = tally.bounds(Verdict::kRight);
  const auto wrong = tally.bounds(Verdict::kWrong);
  out["right_bounds"] = {right.low, right.high};
  out["wrong_bounds"] = {wrong.low, wrong.high};
  return out;
}

nlohmann::json row_json(const Row& row) {
  const auto rate = row.false_rate();
  nlohmann::json out = {{"runs", row.runs},
                        {"failed", row.failed},
                        {"faults", row.faults},
                        {"not_observable", row.invisible},
                        {"link", tally_json(row.link)},
                        {"part", tally_json(row.part)},
                        {"segment", tally_json(row.segment)},
                        {"direction", tally_json(row.direction)},
                        {"false_findings", row.false_findings},
                        {"noisy_runs", row.noisy_runs},
                        {"link_weeks", row.link_weeks},
                        {"false_rate_bounds", {rate.low, rate.high}},
                        {"detect_s_median", nullptr},
                        {"detect_s_90", nullptr}};
  if (!row.detect_s.empty()) {
    out["detect_s_median"] = row.detect_quantile(0.5);
    out["detect_s_90"] = row.detect_quantile(0.9);
  }
  if (!row.name.empty()) {
    out["template"] = row.name;
  }
  return out;
}

nlohmann::json run_json(const RunResult& run) {
  nlohmann::json faults = nlohmann::json::array();
  for (const FaultResult& each : run.faults) {
    nlohmann::json one = {{"fault", each.fault},
                          {"target", each.target},
                          {"part", each.part},
                          {"observable", each.is_observable},
                          {"has_signature", each.has_signature},
                          {"link", key(each.said.link)},
                          {"part_verdict", key(each.said.part)},
                          {"segment", key(each.said.segment)},
                          {"direction", key(each.said.direction)},
                          {"said_cause", each.said.said_cause},
                          {"said_part", each.said.said_part},
                          {"detect_s", nullptr}};
    if (each.said.seconds_to_detect) {
      one["detect_s"] = *each.said.seconds_to_detect;
    }
    faults.push_back(std::move(one));
  }
  nlohmann::json wrong = nlohmann::json::array();
  for (const FalseFinding& each : run.false_findings) {
    wrong.push_back({{"code", each.code},
                     {"cause", each.cause},
                     {"place", each.place},
                     {"sentence", each.sentence}});
  }
  return {{"template", run.name},
          {"kept_out", run.is_kept_out},
          {"seed", run.seed},
          {"rack", run.rack},
          {"error", run.error},
          {"polls", run.polls},
          {"faults", std::move(faults)},
          {"false_findings", std::move(wrong)}};
}

nlohmann::json rows_json(const std::vector<Row>& rows) {
  nlohmann::json out = nlohmann::json::array();
  for (const Row& row : rows) {
    out.push_back(row_json(row));
  }
  return out;
}

}  // namespace
}  // namespace report_cpp

std::string table_text(const Table& table, const ReportHead& head) {
  std::string out;
  const auto line = [&](const std::vector<std::string>& cells) {
    out += fmt::format("{:<26}", cells.front());
    for (std::size_t i = 1; i < cells.size(); ++i) {
      const auto width = report_cpp::template_head()[i].size() + 2;
      out += fmt::format("{:>{}}", cells[i], std::max<std::size_t>(width, 7));
    }
    out += "\n";
  };
  for (const auto& [what, rows] : {std::pair("Templates that tune the rules", &table.tuning),
                                   std::pair("Templates that are kept out", &table.kept_out)}) {
    if (rows->empty()) {
      continue;
    }
    out += fmt::format("{}\n", what);
    line(report_cpp::template_head());
    for (const Row& row : *rows) {
      line(report_cpp::template_cells(row));
    }
    out += "\n";
  }
  for (const auto& [what, row] :
       {std::pair("tuning", &table.tuning_sum), std::pair("kept out", &table.kept_out_sum)}) {
    if (row->runs == 0) {
      continue;
    }
    out += fmt::format("All {}, {} runs, exact 95 % bounds:\n", what, row->runs);
    for (const auto& each : report_cpp::summary()) {
      out += fmt::format("  {:<32}{}\n", each.what, each.of(*row));
    }
  }
  out += fmt::format("Stories without an observable fault: {} runs, false findings {}\n",
                     table.quiet.runs, report_cpp::false_rate(table.quiet));
  if (head.perturbed > 0) {
    out += fmt::format("Amplitudes and constants were perturbed by up to {:.0f} %.\n",
                       head.perturbed * 100);
  }
  return out;
}

std::string table_markdown(const Table& table, const ReportHead& head) {
  using report_cpp::Sums;
  std::string out =
      fmt::format("{}{}; {} runs. Bounds are exact, 95 %.\n\n",
                  head.drawn > 0 ? fmt::format("{} stories drawn by seed {} to tune with, and by "
                                               "seed {} to judge with",
                                               head.drawn, 2 * head.seeds - 1, 2 * head.seeds)
                                 : fmt::format("{} seeds a template", head.seeds),
                  head.perturbed > 0 ? fmt::format(", amplitudes and constants perturbed by up to "
                                                   "{:.0f} %",
                                                   head.perturbed * 100)
                                     : "",
                  table.all.runs);
  out += report_cpp::summary_markdown(Sums{{"tuning", &table.tuning_sum},
                                           {"kept out", &table.kept_out_sum},
                                           {"all", &table.all},
                                           {"published signature", &table.with_signature},
                                           {"no published signature", &table.without_signature}});
  out += fmt::format(
      "\nStories without an observable fault: tuning {} runs, false findings {}; "
      "kept out {} runs, {}; all {} runs, {}.\n",
      table.tuning_quiet.runs, report_cpp::false_rate(table.tuning_quiet),
      table.kept_out_quiet.runs, report_cpp::false_rate(table.kept_out_quiet), table.quiet.runs,
      report_cpp::false_rate(table.quiet));
  if (head.perturbed > 0) {
    return out;
  }
  if (head.drawn > 0) {
    out += "\n#### Stories that judge, by their first fault\n" +
           report_cpp::templates_markdown(table.kept_out);
    return out;
  }
  out += "\n#### Tuning templates\n" + report_cpp::templates_markdown(table.tuning);
  out += "\n#### Kept-out templates\n" + report_cpp::templates_markdown(table.kept_out);
  out += "\n#### What is wrong (rows), which part was named (columns): tuning\n" +
         report_cpp::matrix_markdown("", table.parts);
  out += "\n#### The same: kept out\n" + report_cpp::matrix_markdown("", table.parts_kept_out);
  out += "\n#### Which cause was named first: tuning\n" +
         report_cpp::lists_markdown("fault", "first hypothesis, times", table.causes);
  out += "\n#### The same: kept out\n" +
         report_cpp::lists_markdown("fault", "first hypothesis, times", table.causes_kept_out);
  out += "\n#### False findings\n" +
         report_cpp::lists_markdown("template", "what was said, times", table.false_codes);
  return out;
}

nlohmann::json table_json(const Table& table, const std::vector<RunResult>& results,
                          const ReportHead& head) {
  nlohmann::json runs = nlohmann::json::array();
  for (const RunResult& run : results) {
    runs.push_back(report_cpp::run_json(run));
  }
  return {{"schema", "weftline/score/1"},
          {"seeds", head.seeds},
          {"drawn", head.drawn},
          {"perturbed", head.perturbed},
          {"tuning", report_cpp::rows_json(table.tuning)},
          {"kept_out", report_cpp::rows_json(table.kept_out)},
          {"sums",
           {{"tuning", report_cpp::row_json(table.tuning_sum)},
            {"kept_out", report_cpp::row_json(table.kept_out_sum)},
            {"all", report_cpp::row_json(table.all)},
            {"quiet", report_cpp::row_json(table.quiet)},
            {"with_signature", report_cpp::row_json(table.with_signature)},
            {"without_signature", report_cpp::row_json(table.without_signature)}}},
          {"parts", {{"tuning", table.parts}, {"kept_out", table.parts_kept_out}}},
          {"causes", {{"tuning", table.causes}, {"kept_out", table.causes_kept_out}}},
          {"runs", std::move(runs)}};
}

base::Result<std::string> with_section(const std::string& document, std::string_view section,
                                       std::string_view text) {
  const std::string begin = fmt::format("<!-- {} begins -->\n", section);
  const std::string end = fmt::format("<!-- {} ends -->", section);
  const auto from = document.find(begin);
  const auto to = document.find(end, from == std::string::npos ? 0 : from);
  if (from == std::string::npos || to == std::string::npos) {
    return base::fail(
        base::Code::kNotFound, fmt::format("no section '{}'", section), "",
        fmt::format("Put in the lines {} and {}.", begin.substr(0, begin.size() - 1), end));
  }
  return document.substr(0, from + begin.size()) + std::string(text) + document.substr(to);
}

}  // namespace weft::score
