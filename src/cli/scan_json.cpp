// SPDX-License-Identifier: Apache-2.0
#include "cli/scan_json.h"

#include "base/text.h"
#include "cli/config_json.h"
#include "cli/verb.h"
#include "diagnose/context.h"

#include <ostream>

#include <nlohmann/json.hpp>

namespace weft::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string json_text(const Json& json) {
  return dumped(json);
}
/// What is JSON text already stays as it is.
struct JsonText {
  std::string text;
};
std::string json_text(JsonText json) {
  return std::move(json.text);
}

/// Writes an object member by member, so that no whole document is ever held.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::ostream& out) : out_(out) { out_ << '{'; }
  ~ObjectWriter() { out_ << '}'; }
  ObjectWriter(const ObjectWriter&) = delete;
  ObjectWriter& operator=(const ObjectWriter&) = delete;

  void member(const char* key, const Json& value) {
    name(key);
    out_ << dumped(value);
  }
  /// The member's elements one by one, each on a line of its own.
  template <class Range, class ToJson>
  void array(const char* key, const Range& range, ToJson to_json) {
    name(key);
    out_ << '[';
    bool is_first = true;
    for (const auto& element : range) {
      out_ << (is_first ? "\n" : ",\n") << json_text(to_json(element));
      is_first = false;
    }
    out_ << ']';
  }
  void name(const char* key) {
    out_ << (is_first_ ? "\n" : ",\n") << '"' << key << "\":";
    is_first_ = false;
  }

 private:
  std::ostream& out_;
  bool is_first_ = true;
};

Json absent_json(const observe::NotMeasured& why) {
  Json json = {{"not_measured", observe::key(why.why)}};
  if (!why.detail.empty()) {
    json["detail"] = why.detail;
  }
  return json;
}

template <class T, class ToJson>
Json reading_json(const observe::Reading<T>& reading, ToJson to_json) {
  return reading ? Json(to_json(*reading)) : absent_json(reading.error());
}
template <class T>
Json reading_json(const observe::Reading<T>& reading) {
  return reading_json(reading, [](const T& value) { return value; });
}
Json rate_json(const observe::Reading<base::TransferRate>& rate) {
  return reading_json(rate, [](base::TransferRate value) { return base::as_giga(value); });
}
Json width_json(const observe::Reading<base::LaneCount>& width) {
  return reading_json(width, [](base::LaneCount value) { return value.value(); });
}
Json data_rate_json(const observe::Reading<base::BitsPerSecond>& rate) {
  return reading_json(rate, [](base::BitsPerSecond value) { return value.value(); });
}

Json part_json(const fabric::PartIdentity& part) {
  Json json = Json::object();
  const auto set = [&](const char* key, const std::string& value) {
    if (!value.empty()) {
      json[key] = value;
    }
  };
  set("vendor", part.vendor);
  set("part_number", part.part_number);
  set("serial", part.serial);
  set("slot", part.slot);
  set("firmware", part.firmware);
  return json;
}

Json device_json(const fabric::Device& device) {
  return {{"id", device.id.text()},
          {"name", device.name},
          {"kind", fabric::key(device.kind)},
          {"part", part_json(device.part)}};
}

Json end_json(const observe::LinkEnd& end) {
  return {{"port", end.port.is_null() ? Json(nullptr) : Json(end.port.text())},
          {"address", end.address},
          {"max_rate_gts", rate_json(end.max_rate)},
          {"max_width", width_json(end.max_width)},
          {"max_data_rate_bps", data_rate_json(end.max_data_rate)},
          {"advertised_data_rate_bps", data_rate_json(end.advertised_data_rate)},
          {"target_rate_gts", rate_json(end.target_rate)},
          {"autonomous_speed_disabled", reading_json(end.autonomous_speed_disabled)},
          {"bandwidth_management", reading_json(end.bandwidth_management)},
          {"autonomous_bandwidth", reading_json(end.autonomous_bandwidth)},
          {"aspm_l0s", reading_json(end.aspm, [](std::uint8_t bits) { return (bits & 1) != 0; })},
          {"aspm_l1", reading_json(end.aspm, [](std::uint8_t bits) { return (bits & 2) != 0; })},
          {"clock_power_management", reading_json(end.clock_power_management)},
          {"power_state", reading_json(end.power_state)},
          {"answers", reading_json(end.answers)},
          {"contained", reading_json(end.contained)},
          {"powered_off", reading_json(end.powered_off)}};
}

Json link_json(const observe::LinkState& link, const diagnose::LinkAssessment& assessment) {
  Json possible = Json::object();
  if (assessment.possible_rate) {
    possible["rate_gts"] = base::as_giga(*assessment.possible_rate);
  }
  if (assessment.possible_width) {
    possible["width"] = assessment.possible_width->value();
  }
  return {{"id", link.link.text()},
          {"place", diagnose::link_place(link)},
          {"family", fabric::key(link.family)},
          {"level", diagnose::key(assessment.level)},
          {"up", reading_json(link.up)},
          {"physically_up", reading_json(link.physically_up)},
          {"rate_gts", rate_json(link.rate)},
          {"width", width_json(link.width)},
          {"trained_width", width_json(link.trained_width)},
          {"data_rate_bps", data_rate_json(link.data_rate)},
          {"possible", possible},
          {"narrowed_by", assessment.narrowed_by},
          {"peers", assessment.peers},
          {"training", reading_json(link.training)},
          {"disabled", reading_json(link.disabled)},
          {"retimers", reading_json(link.retimers)},
          {"flit_mode", reading_json(link.flit_mode)},
          {"fec", reading_json(link.fec)},
          {"a", end_json(link.a)},
          {"b", end_json(link.b)}};
}

Json value_json(const observe::Value& value) {
  return std::visit(
      [](const auto& one) {
        if constexpr (requires { one.counts; }) {
          return Json(one.counts);
        } else {
          return Json(one);
        }
      },
      value);
}

Json sample_json(const observe::Sample& sample) {
  const auto& row = observe::row(sample.metric);
  Json json = {{"subject", observe::text(sample.subject)}, {"metric", row.key}, {"unit", row.unit}};
  if (!sample.label.empty()) {
    json["label"] = sample.label;
  }
  if (!row.since.empty()) {
    json["since"] = row.since;
  }
  json["value"] = sample.value ? value_json(*sample.value) : absent_json(sample.value.error());
  return json;
}

Json event_json(const observe::Event& event) {
  Json json = {{"kind", event.kind},
               {"severity", observe::key(event.severity)},
               {"subject", observe::text(event.subject)},
               {"address", event.address},
               {"text", event.text}};
  json["at"] = event.at ? Json(base::iso8601(*event.at)) : Json(nullptr);
  json["since_boot_s"] = event.since_boot ? Json(event.since_boot->seconds()) : Json(nullptr);
  Json fields = Json::object();
  for (const auto& [key, value] : event.fields) {
    fields[key] = value;
  }
  json["fields"] = std::move(fields);
  return json;
}

JsonText attributes_json(const observe::Attributes& attributes, const bus::HostTree& tree) {
  Json json = {
      {"device", attributes.device.is_null() ? Json(nullptr) : Json(attributes.device.text())},
      {"kind", attributes.kind},
      {"name", attributes.name}};
  Json values = Json::object();
  for (const auto& [key, value] : attributes.values) {
    values[key] = reading_json(value);
  }
  json["values"] = std::move(values);
  auto text = dumped(json);
  if (attributes.kind == "pci_function") {
    text.pop_back();  // the closing brace
    text += ",\"config\":";
    text += json["values"].contains(observe::kAsleep)
                ? dumped(absent_json({observe::Absence::kAsleep, {}}))
                : config_json(tree, attributes.name);
    text += '}';
  }
  return {std::move(text)};
}

void write_host(const Scan& scan, std::size_t index, std::ostream& out) {
  const auto& host = scan.hosts[index];
  const auto& snapshot = *host.snapshots.back();
  ObjectWriter object(out);
  object.member("name", snapshot.host.name);
  object.member("source", snapshot.host.source);
  object.member("kernel", snapshot.host.kernel);
  object.member("taken",
                snapshot.taken.ns > 0 ? Json(base::iso8601(snapshot.taken)) : Json(nullptr));
  object.member("is_live", snapshot.host.is_live);
  object.member("is_root", snapshot.host.is_root);
  object.member("is_simulated", snapshot.host.is_simulated);
  object.member("uptime_s",
                snapshot.host.uptime ? Json(snapshot.host.uptime->seconds()) : Json(nullptr));
  object.member("notes", snapshot.notes);
  auto problems = snapshot.damage;
  problems.insert(problems.end(), snapshot.problems.begin(), snapshot.problems.end());
  object.member("problems", problems);
  object.array("devices", snapshot.fabric.devices(), device_json);
  std::vector<const diagnose::LinkAssessment*> assessments;
  for (const auto& assessment : scan.report.links) {
    if (assessment.host == index) {
      assessments.push_back(&assessment);
    }
  }
  object.array("links", assessments, [&](const diagnose::LinkAssessment* assessment) {
    return link_json(snapshot.links[assessment->link], *assessment);
  });
  object.array("samples", snapshot.samples, sample_json);
  object.array("events", snapshot.events, event_json);
  object.array("functions", snapshot.attributes, [&](const observe::Attributes& attributes) {
    return attributes_json(attributes, *host.source.tree);
  });
}

Json finding_json(const diagnose::Finding& finding, const Scan& scan) {
  return {{"level", diagnose::key(finding.level)},
          {"code", finding.code},
          {"host", scan.hosts[finding.host].snapshots.back()->host.name},
          {"subject", observe::text(finding.subject)},
          {"place", finding.place},
          {"sentence", finding.sentence},
          {"cause", finding.cause},
          {"evidence", finding.evidence},
          {"victims", finding.victims},
          {"next_step", finding.next_step}};
}

}  // namespace

void write_scan_json(const Scan& scan, std::ostream& out) {
  const auto& report = scan.report;
  {
    ObjectWriter object(out);
    object.member("schema", "weftline/scan/1");
    object.member("weft", WEFT_VERSION);
    object.member("verdict", diagnose::key(report.overall));
    object.member("exit_code", exit_code(report));
    object.member("interval_s", report.interval.seconds());
    Json counts = Json::object();
    for (std::size_t level = 0; level < report.link_counts.size(); ++level) {
      counts[std::string(diagnose::key(static_cast<diagnose::Level>(level)))] =
          report.link_counts[level];
    }
    object.member("link_counts", counts);
    object.member("next_step", report.next_step);
    object.array("findings", report.findings,
                 [&](const diagnose::Finding& finding) { return finding_json(finding, scan); });
    object.name("hosts");
    out << '[';
    for (std::size_t host = 0; host < scan.hosts.size(); ++host) {
      out << (host == 0 ? "\n" : ",\n");
      write_host(scan, host, out);
    }
    out << ']';
  }
  out << '\n';
}

}  // namespace weft::cli
