// SPDX-License-Identifier: Apache-2.0
#include "serve/api/views.h"

#include "base/stats.h"
#include "base/text.h"
#include "fabric/show.h"
#include "serve/export/values.h"
#include "serve/query_parts.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <tuple>
#include <unordered_map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::serve::views {

using base::Result;
using query_parts::Json;

constexpr std::string_view kSchema = "weftline/api/1";

std::string head(const ApiState& state) {
  return fmt::format(R"({{"schema":"{}",{}"now":"{}")", kSchema,
                     state.query.is_simulated ? R"("simulated":true,)" : "",
                     base::iso8601(state.query.now));
}

/// {…,"count":…,"NAME":[…],"is_more":…} of those from `offset` that a page holds.
template <class Item, class Write>
ApiText page(const ApiState& state, const ApiCall& call, std::string_view name,
             const std::vector<Item>& all, const Write& write) {
  const std::size_t begin = std::min(call.count("offset"), all.size());
  constexpr std::size_t kPageMost = 10'000;
  const std::size_t end = begin + std::min({call.count("count"), all.size() - begin, kPageMost});
  ApiText out;
  out.body = head(state) + fmt::format(R"(,"count":{},"{}":[)", all.size(), name);
  for (std::size_t i = begin; i < end; ++i) {
    out.body += i > begin ? "," : "";
    out.body += write(all[i]);
  }
  const bool is_more = end < all.size();
  out.body += fmt::format(R"(],"is_more":{}}})", is_more);
  if (is_more) {
    out.next = call.target("offset", std::to_string(end));
  }
  return out;
}

bool fits(std::string_view pattern, std::string_view text) {
  return pattern.empty() || base::matches(pattern, text);
}

tl::unexpected<base::Error> unknown(std::string_view what, std::string_view id) {
  return base::fail(base::Code::kNotFound, fmt::format("there is no such {}", what),
                    base::printable(id, 80),
                    fmt::format("/api/v1/{}s lists all; name its id or its name.", what));
}

Result<ApiText> fabric(const ApiState& state, const ApiRoute& /*route*/, const ApiCall& /*call*/) {
  return ApiText{weft::fabric::fabric_json(state.joint->fabric()), {}};
}

Result<ApiText> devices(const ApiState& state, const ApiRoute& /*route*/, const ApiCall& call) {
  const auto& all = state.joint->fabric();
  std::vector<const weft::fabric::Device*> fitting;
  for (const auto& device : all.devices()) {
    if (fits(call.text("name"), device.name) &&
        fits(call.text("kind"), weft::fabric::key(device.kind))) {
      fitting.push_back(&device);
    }
  }
  return page(state, call, "devices", fitting, [&](const weft::fabric::Device* device) {
    return weft::fabric::device_json_line(all, *device);
  });
}

/// Findings that are not closed and speak of one of these places.
std::string findings_about(const ApiState& state, const std::vector<std::string>& subjects,
                           const std::vector<std::string>& names) {
  Json out = Json::array();
  for (const diagnose::LivingFinding& living : state.query.findings) {
    const bool is_meant =
        std::ranges::find(subjects, observe::text(living.finding.subject)) != subjects.end() ||
        std::ranges::any_of(names, [&](const std::string& name) {
          return !name.empty() && living.finding.place.find(name) != std::string::npos;
        });
    if (is_meant && living.phase != diagnose::Phase::kClosed) {
      out.push_back({{"id", living.id},
                     {"level", diagnose::key(living.finding.level)},
                     {"sentence", living.finding.sentence}});
    }
  }
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<ApiText> device(const ApiState& state, const ApiRoute& /*route*/, const ApiCall& call) {
  const auto& all = state.joint->fabric();
  const std::string_view wanted = call.text("id");
  const auto found = std::ranges::find_if(all.devices(), [wanted](const auto& each) {
    return each.name == wanted || each.id.text() == wanted;
  });
  if (found == all.devices().end()) {
    return unknown("device", wanted);
  }
  Json links = Json::array();
  std::vector<std::string> subjects = {found->id.text()};
  for (const auto port : found->ports) {
    subjects.push_back(port.text());
    if (const auto* link = all.link_at(port)) {
      links.push_back({{"id", link->id.text()}, {"name", link->name}});
    }
  }
  return ApiText{fmt::format(R"({},"device":{},"links":{},"findings":{}}})", head(state),
                             weft::fabric::device_json_line(all, *found),
                             links.dump(-1, ' ', false, Json::error_handler_t::replace),
                             findings_about(state, subjects, {})),
                 {}};
}

Result<ApiText> links(const ApiState& state, const ApiRoute& /*route*/, const ApiCall& call) {
  const auto& all = state.joint->fabric();
  std::vector<const weft::fabric::Link*> fitting;
  for (const auto& link : all.links()) {
    if (fits(call.text("name"), link.name) &&
        fits(call.text("protocol"), weft::fabric::protocol(link.protocol).key)) {
      fitting.push_back(&link);
    }
  }
  return page(state, call, "links", fitting, [&](const weft::fabric::Link* link) {
    return weft::fabric::link_json_line(all, *link);
  });
}

const weft::fabric::Link* find_link(const weft::fabric::Fabric& all, std::string_view wanted) {
  const auto found = std::ranges::find_if(all.links(), [wanted](const auto& each) {
    return each.name == wanted || each.id.text() == wanted;
  });
  return found == all.links().end() ? nullptr : &*found;
}

Result<ApiText> link(const ApiState& state, const ApiRoute& /*route*/, const ApiCall& call) {
  const auto& all = state.joint->fabric();
  const auto* found = find_link(all, call.text("id"));
  if (found == nullptr) {
    return unknown("link", call.text("id"));
  }
  const auto* record = state.joint->module_at(found->a);
  const auto* other = state.joint->module_at(found->b);
  Json ends = Json::array();
  for (const auto& [port, module] : {std::pair(found->a, record), std::pair(found->b, other)}) {
    Json end = {{"id", port.text()}, {"port", all.port_name(port)}};
    if (port.is_null()) {
      end = {{"port", nullptr}};
    } else if (module != nullptr) {
      end["module"] = {{"part_number", module->part_number}, {"serial", module->serial}};
    }
    ends.push_back(std::move(end));
  }
  return ApiText{
      fmt::format(R"({},"link":{},"ends":{},"findings":{}}})", head(state),
                  weft::fabric::link_json_line(all, *found),
                  ends.dump(-1, ' ', false, Json::error_handler_t::replace),
                  findings_about(state, {found->id.text(), found->a.text(), found->b.text()},
                                 {found->name})),
      {}};
}

/// The last values of all, or of one metric, as the plane's question "last" finds them.
Result<std::vector<ExportValue>> last_values(const ApiState& state, const ApiCall& call) {
  const auto store = query_parts::store_of(state.query);
  if (!store) {
    return tl::unexpected(store.error());
  }
  const double since_s = base::parse_double(call.text("since_s")).value_or(0);
  query_parts::Ask ask;
  ask.from = {state.query.now.ns - base::seconds(since_s).ns};
  ask.until = {state.query.now.ns + 1};
  const query_parts::Names names(**store);
  const auto points = query_parts::last_points(state.query, **store, ask, names);
  if (!points) {
    return tl::unexpected(points.error());
  }
  std::vector<ExportValue> out;
  out.reserve(points->size());
  for (const auto& [key, point] : *points) {
    ExportValue& value = out.emplace_back();
    value.subject = key.subject;
    value.metric = key.metric;
    value.label = key.label;
    value.at = point.at;
    value.value = point.value;
    if (const auto* record = names.find(key.subject)) {
      value.of = record->kind;
      value.host = record->host;
      value.name = record->name;
    }
  }
  return out;
}

/// "prt-00f3…" as a subject of the joint fabric.
observe::Subject joint_subject(const diagnose::Joint& joint, std::string_view text) {
  const auto number = text.size() > 4 ? base::parse_unsigned(text.substr(4), 16) : std::nullopt;
  if (number && text.starts_with("prt-")) {
    return joint.subject(weft::fabric::PortId(*number));
  }
  if (number && text.starts_with("dev-")) {
    return joint.subject(weft::fabric::DeviceId(*number));
  }
  return {};
}

/// The first number in a label: "3", "upstream.3", "media 0 current".
std::optional<std::uint32_t> lane_number(std::string_view label) {
  const std::size_t begin = label.find_first_of("0123456789");
  std::uint32_t out = 0;
  if (begin == label.npos ||
      std::from_chars(label.data() + begin, label.data() + label.size(), out).ec != std::errc()) {
    return std::nullopt;
  }
  return out;
}

struct LaneRow {
  const weft::fabric::Link* link = nullptr;
  std::size_t section = 0;
  weft::fabric::LaneDirection direction{};
  std::uint32_t index = 0;
  std::vector<const ExportValue*> values;
};
using LaneKey =
    std::tuple<weft::fabric::LinkId, std::size_t, weft::fabric::LaneDirection, std::uint32_t>;

std::string lane_json(const LaneRow& row) {
  Json values = Json::array();
  for (const ExportValue* value : row.values) {
    Json one = {{"metric", observe::row(value->metric).key}, {"subject", value->subject}};
    one["label"] = value->label;
    one["at"] = query_parts::seconds_of(value->at);
    if (value->value) {
      one["value"] = query_parts::value_json(*value->value);
    } else {
      one["not_measured"] = observe::key(value->value.error().why);
    }
    values.push_back(std::move(one));
  }
  const Json out = {
      {"link", row.link->id.text()},
      {"name", row.link->name},
      {"section", row.section},
      {"direction", row.direction == weft::fabric::LaneDirection::kTowardDevice ? "toward_device"
                                                                                : "toward_host"},
      {"lane", row.index},
      {"values", std::move(values)}};
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Every lane of the links that are meant, in order, without values.
std::vector<LaneRow> empty_lanes(const diagnose::Joint& joint, const ApiCall& call) {
  using Direction = weft::fabric::LaneDirection;
  std::vector<LaneRow> out;
  for (const auto& link : joint.fabric().links()) {
    if (!fits(call.text("link"), link.name) && call.text("link") != link.id.text()) {
      continue;
    }
    const std::size_t sections = joint.repeaters(link.id).size() + 1;
    for (std::size_t section = 0; section < sections; ++section) {
      for (const Direction direction : {Direction::kTowardDevice, Direction::kTowardHost}) {
        for (std::uint32_t i = 0; i < link.lanes.value(); ++i) {
          out.push_back({&link, section, direction, i, {}});
        }
      }
    }
  }
  return out;
}

/// Whether the value is of a numbered lane, and of the metric that is meant.
bool is_of_lane(const ExportValue& value, std::string_view wanted) {
  const observe::MetricRow& metric = observe::row(value.metric);
  return metric.label.find("lane") != metric.label.npos &&
         metric.kind != observe::MetricKind::kHistogram && (wanted.empty() || metric.key == wanted);
}

/// Puts each value to the receiver that it was measured at.
void fill(const diagnose::Joint& joint, const std::vector<ExportValue>& values,
          std::string_view metric, std::vector<LaneRow>& rows) {
  std::map<LaneKey, LaneRow*> index;
  for (LaneRow& row : rows) {
    index.emplace(LaneKey{row.link->id, row.section, row.direction, row.index}, &row);
  }
  for (const ExportValue& value : values) {
    const auto lane = lane_number(value.label);
    if (!lane || !is_of_lane(value, metric)) {
      continue;
    }
    const auto heard = joint.heard(joint_subject(joint, value.subject), value.metric, value.label);
    if (!heard) {
      continue;
    }
    if (const auto at = index.find({heard->link, heard->section, heard->direction, *lane});
        at != index.end()) {
      at->second->values.push_back(&value);
    }
  }
}

Result<ApiText> lanes(const ApiState& state, const ApiRoute& /*route*/, const ApiCall& call) {
  const auto values = last_values(state, call);
  if (!values) {
    return tl::unexpected(values.error());
  }
  std::vector<LaneRow> rows = empty_lanes(*state.joint, call);
  fill(*state.joint, *values, call.text("metric"), rows);
  return page(state, call, "lanes", rows, &lane_json);
}

std::optional<double> number_of(const ExportValue& value) {
  if (!value.value) {
    return std::nullopt;
  }
  if (const auto* whole = std::get_if<std::uint64_t>(&*value.value)) {
    return static_cast<double>(*whole);
  }
  const auto* real = std::get_if<double>(&*value.value);
  return real != nullptr ? std::optional(*real) : std::nullopt;
}

/// Of one receiver; absent: not measured.
struct LaneNumbers {
  std::optional<double> error_ratio, error_ratio_high, margin, figure_of_merit, signal_db;
};

LaneNumbers numbers_of(const LaneRow& row) {
  using observe::Metric;
  LaneNumbers out;
  std::optional<double> bits, errors;
  for (const ExportValue* value : row.values) {
    const auto number = number_of(*value);
    if (!number || !std::isfinite(*number)) {
      continue;
    }
    const bool is_now =
        value->label.ends_with(" current") || value->label.find(' ') == std::string::npos;
    switch (value->metric) {
      case Metric::kLaneBits:
        bits = number;
        break;
      case Metric::kLaneBitErrors:
        errors = number;
        break;
      case Metric::kLaneFigureOfMerit:
        out.figure_of_merit = number;
        break;
      case Metric::kPortFigureOfMerit:
      case Metric::kModuleSnr:
        // Where a port and a module both hear the same receiver, the worse one counts.
        if (is_now) {
          out.signal_db = std::min(*number, out.signal_db.value_or(*number));
        }
        break;
      case Metric::kModulePreFecBer:
      case Metric::kPortPreFecBer:
        if (is_now) {
          out.error_ratio = number;  // as it is told; nobody says of how many bits
        }
        break;
      default:
        break;
    }
  }
  if (bits && errors && *bits > 0) {
    out.error_ratio = *errors / *bits;
    out.error_ratio_high = base::poisson_bounds(static_cast<std::uint64_t>(*errors)).high / *bits;
  }
  const double limit = weft::fabric::protocol(row.link->protocol).error_target;
  const auto proven = out.error_ratio_high ? out.error_ratio_high : out.error_ratio;
  if (limit > 0 && proven && *proven > 0) {
    constexpr double kDecadesMost = 12;
    out.margin = std::min(kDecadesMost, std::log10(limit / *proven));
  }
  return out;
}

/// Of the longest segment: what makes links alike beside protocol and width. Null where unknown.
Json medium_of(const weft::fabric::Link& link) {
  const auto longest = std::ranges::max_element(
      link.segments, {}, [](const weft::fabric::Segment& each) { return each.length.value(); });
  return longest == link.segments.end() ? Json() : Json(weft::fabric::key(longest->medium));
}

/// By the joint fabric's subject: the hottest sensor of a device, the module at a port.
std::unordered_map<std::string, double> temperatures(const diagnose::Joint& joint,
                                                     const std::vector<ExportValue>& values) {
  std::unordered_map<std::string, double> out;
  for (const ExportValue& value : values) {
    const auto number = number_of(value);
    if (number && (value.metric == observe::Metric::kModuleTemperature ||
                   value.metric == observe::Metric::kTemperature)) {
      const auto [at, is_new] =
          out.emplace(observe::text(joint_subject(joint, value.subject)), *number);
      at->second = std::max(at->second, *number);
    }
  }
  return out;
}

Json temperature_of(const diagnose::Joint& joint, const weft::fabric::Link& link,
                    const std::unordered_map<std::string, double>& all) {
  std::vector<std::string> places = {link.a.text(), link.b.text()};
  for (const diagnose::Repeater& repeater : joint.repeaters(link.id)) {
    places.push_back(repeater.device.text());
  }
  Json out;
  for (const std::string& place : places) {
    if (const auto at = all.find(place); at != all.end()) {
      out = out.is_null() ? at->second : std::max(out.get<double>(), at->second);
    }
  }
  return out;
}

/// Three digits: what a picture can show.
void append(std::string& out, std::optional<double> value) {
  out += out.ends_with('[') ? "" : ",";
  out += value ? fmt::format("{:.3g}", *value) : "null";
}

Result<ApiText> lane_table(const ApiState& state, const ApiRoute& /*route*/, const ApiCall& call) {
  const auto values = last_values(state, call);
  if (!values) {
    return tl::unexpected(values.error());
  }
  std::vector<LaneRow> rows = empty_lanes(*state.joint, call);
  fill(*state.joint, *values, {}, rows);
  struct Column {
    std::string_view key, unit;
    std::optional<double> LaneNumbers::* of;
    std::string text = "[";
  };
  std::array columns = {
      Column{"error_ratio", "1", &LaneNumbers::error_ratio},
      Column{"error_ratio_high", "1", &LaneNumbers::error_ratio_high},
      Column{"margin", "decades", &LaneNumbers::margin},
      Column{"figure_of_merit", "1", &LaneNumbers::figure_of_merit},
      Column{"signal", "dB", &LaneNumbers::signal_db},
  };
  for (const LaneRow& row : rows) {
    const LaneNumbers numbers = numbers_of(row);
    for (Column& column : columns) {
      append(column.text, numbers.*column.of);
    }
  }
  const auto heat = temperatures(*state.joint, *values);
  Json links = Json::array();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const weft::fabric::Link& link = *rows[i].link;
    if (i > 0 && rows[i - 1].link == &link) {
      continue;
    }
    const auto& protocol = weft::fabric::protocol(link.protocol);
    links.push_back({{"id", link.id.text()},
                     {"name", link.name},
                     {"protocol", protocol.key},
                     {"limit", protocol.error_target > 0 ? Json(protocol.error_target) : Json()},
                     {"lanes", link.lanes.value()},
                     {"medium", medium_of(link)},
                     {"sections", state.joint->repeaters(link.id).size() + 1},
                     {"temperature", temperature_of(*state.joint, link, heat)}});
  }
  ApiText out;
  out.body = head(state) + fmt::format(R"(,"count":{},"links":{},"columns":[)", rows.size(),
                                       links.dump(-1, ' ', false, Json::error_handler_t::replace));
  for (const Column& column : columns) {
    out.body +=
        fmt::format(R"({}{{"key":"{}","unit":"{}","values":{}]}})",
                    &column == columns.data() ? "" : ",", column.key, column.unit, column.text);
  }
  out.body += "]}";
  return out;
}

}  // namespace weft::serve::views
