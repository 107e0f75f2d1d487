// SPDX-License-Identifier: Apache-2.0
#include "serve/api/openapi.h"

#include "base/text.h"
#include "serve/api/routes.h"

#include <array>

#include <nlohmann/json.hpp>

namespace weft::serve {
namespace openapi_parts {

using Json = nlohmann::ordered_json;

struct SchemaRow {
  std::string_view name;
  std::string_view text;
};

// Shapes of answers. docs/formats/ says what their members mean.
constexpr std::array kSchemas = std::to_array<SchemaRow>({
    {"Problem", R"({"type": "object", "required": ["type", "title", "status", "detail"],
       "properties": {"type": {"type": "string"}, "title": {"type": "string"},
         "status": {"type": "integer"}, "detail": {"type": "string"}, "code": {"type": "string"},
         "where": {"type": "string"}, "hint": {"type": "string"}}})"},
    {"ApiHead", R"({"type": "object", "required": ["schema", "now"],
       "properties": {"schema": {"const": "weftline/api/1"}, "simulated": {"const": true},
         "now": {"type": "string", "format": "date-time"}}})"},
    {"PlaneHead", R"({"type": "object", "required": ["schema", "ok", "ask", "now"],
       "properties": {"schema": {"const": "weftline/plane/1"}, "simulated": {"const": true},
         "ok": {"const": true}, "ask": {"type": "string"},
         "now": {"type": "string", "format": "date-time"}}})"},
    {"Index", R"({"allOf": [{"$ref": "#/components/schemas/ApiHead"}],
       "required": ["version", "fabric", "role", "routes"],
       "properties": {"routes": {"type": "array", "minItems": 1, "items": {"type": "object",
         "required": ["path", "method", "summary"]}},
         "role": {"enum": ["viewer", "operator", "admin"]},
         "world": {"type": "object", "required": ["speed", "skipping_s"]}}})"},
    {"Fabric", R"({"type": "object", "required": ["schema", "name", "devices", "links", "totals"],
       "properties": {"schema": {"const": "weftline/fabric/1"},
         "devices": {"type": "array", "items": {"$ref": "#/components/schemas/DeviceItem"}},
         "links": {"type": "array", "items": {"$ref": "#/components/schemas/LinkItem"}}}})"},
    {"DeviceItem", R"({"type": "object", "required": ["id", "name", "kind", "ports"],
       "properties": {"id": {"type": "string", "pattern": "^dev-"}, "name": {"type": "string"},
         "kind": {"type": "string"}, "ports": {"type": "array", "items": {"type": "object",
           "required": ["id", "name", "protocol", "lanes"]}}}})"},
    {"LinkItem", R"({"type": "object", "required": ["id", "name", "a", "b", "protocol", "lanes",
         "segments"],
       "properties": {"id": {"type": "string", "pattern": "^lnk-"},
         "lanes": {"type": "integer", "minimum": 0}, "segments": {"type": "array"}}})"},
    {"FindingShort", R"({"type": "object", "required": ["id", "level", "sentence"]})"},
    {"Devices", R"({"allOf": [{"$ref": "#/components/schemas/ApiHead"}],
       "required": ["count", "devices", "is_more"],
       "properties": {"count": {"type": "integer", "minimum": 0}, "is_more": {"type": "boolean"},
         "devices": {"type": "array", "items": {"$ref": "#/components/schemas/DeviceItem"}}}})"},
    {"Device", R"({"allOf": [{"$ref": "#/components/schemas/ApiHead"}],
       "required": ["device", "links", "findings"],
       "properties": {"device": {"$ref": "#/components/schemas/DeviceItem"},
         "links": {"type": "array", "items": {"type": "object", "required": ["id", "name"]}},
         "findings": {"type": "array", "items": {"$ref": "#/components/schemas/FindingShort"}}}})"},
    {"Links", R"({"allOf": [{"$ref": "#/components/schemas/ApiHead"}],
       "required": ["count", "links", "is_more"],
       "properties": {"count": {"type": "integer", "minimum": 0}, "is_more": {"type": "boolean"},
         "links": {"type": "array", "items": {"$ref": "#/components/schemas/LinkItem"}}}})"},
    {"Link", R"({"allOf": [{"$ref": "#/components/schemas/ApiHead"}],
       "required": ["link", "ends", "findings"],
       "properties": {"link": {"$ref": "#/components/schemas/LinkItem"},
         "ends": {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "object",
           "required": ["port"]}},
         "findings": {"type": "array", "items": {"$ref": "#/components/schemas/FindingShort"}}}})"},
    {"Eye", R"({"allOf": [{"$ref": "#/components/schemas/ApiHead"}],
       "required": ["modelled", "link", "section", "eye"],
       "properties": {"modelled": {"const": true},
         "section": {"type": "integer", "minimum": 0},
         "sections": {"type": "integer", "minimum": 1},
         "reason": {"type": "string"},
         "eye": {"type": ["object", "null"], 
           "required": ["setup", "levels", "baud_hz", "error_ratio",
           "target", "phase_ui", "threshold_v", "density", "bathtub", "contours", "openings"],
           "properties": {"density": {"type": "object",
             "required": ["rows", "low_v", "step_v", "values"]}}}}})"},
    {"LastValue", R"({"type": "object", "required": ["subject", "metric", "label", "at"],
       "oneOf": [{"required": ["value"]}, {"required": ["not_measured"]}],
       "properties": {"at": {"type": "number"}, "not_measured": {"type": "string"}}})"},
    {"Lanes", R"({"allOf": [{"$ref": "#/components/schemas/ApiHead"}],
       "required": ["count", "lanes", "is_more"],
       "properties": {"lanes": {"type": "array", "items": {"type": "object",
         "required": ["link", "name", "section", "direction", "lane", "values"],
         "properties": {"direction": {"enum": ["toward_device", "toward_host"]},
           "section": {"type": "integer", "minimum": 0}, "lane": {"type": "integer", "minimum": 0},
           "values": {"type": "array",
             "items": {"$ref": "#/components/schemas/LastValue"}}}}}}})"},
    {"LaneTable", R"({"allOf": [{"$ref": "#/components/schemas/ApiHead"}],
       "required": ["count", "links", "columns"],
       "properties": {"count": {"type": "integer", "minimum": 0},
         "links": {"type": "array", "items": {"type": "object",
           "required": ["id", "name", "protocol", "limit", "lanes", "sections", "temperature"],
           "properties": {"limit": {"type": ["number", "null"]},
             "temperature": {"type": ["number", "null"]}}}},
         "columns": {"type": "array", "items": {"type": "object",
           "required": ["key", "unit", "values"], "properties": {
             "values": {"type": "array", "items": {"type": ["number", "null"]}}}}}}})"},
    {"Series", R"({"allOf": [{"$ref": "#/components/schemas/PlaneHead"}],
       "required": ["count", "series", "is_more"],
       "properties": {"series": {"type": "array", "items": {"type": "object",
         "required": ["subject", "metric", "label", "unit", "kind"]}}}})"},
    {"Last", R"({"allOf": [{"$ref": "#/components/schemas/PlaneHead"}],
       "required": ["count", "values", "is_more"],
       "properties": {"values": {"type": "array",
         "items": {"$ref": "#/components/schemas/LastValue"}}}})"},
    {"Samples", R"({"allOf": [{"$ref": "#/components/schemas/PlaneHead"}],
       "required": ["metric", "unit", "kind", "function", "from", "until", "series", "notes"],
       "properties": {"series": {"type": "array", "items": {"type": "object",
         "required": ["subject", "label", "points", "spans"]}}}})"},
    {"Events", R"({"allOf": [{"$ref": "#/components/schemas/PlaneHead"}],
       "required": ["from", "until", "events", "is_more"],
       "properties": {"events": {"type": "array", "items": {"type": "object",
         "required": ["sequence", "kind", "severity", "text"]}}}})"},
    {"FindingItem", R"({"type": "object", "required": ["id", "phase", "level", "code", "place",
         "sentence", "cause", "next_step", "opened", "updated", "recurrences", "victims",
         "hypotheses", "evidence", "tests"],
       "properties": {"acknowledged": {"$ref": "#/components/schemas/AcknowledgedItem"}}})"},
    {"AcknowledgedItem", R"({"type": "object", "required": ["by", "at"],
       "properties": {"by": {"type": "string"}, "text": {"type": "string"},
         "at": {"type": "string"}, "until": {"type": "string"}}})"},
    {"Acknowledged", R"({"allOf": [{"$ref": "#/components/schemas/ApiHead"}],
       "required": ["applied", "finding", "dropped", "acknowledged"],
       "properties": {"applied": {"type": "boolean"}, "dropped": {"type": "boolean"},
         "acknowledged": {"$ref": "#/components/schemas/AcknowledgedItem"}}})"},
    {"Findings", R"({"allOf": [{"$ref": "#/components/schemas/PlaneHead"}],
       "required": ["findings", "is_more"],
       "properties": {"findings": {"type": "array",
         "items": {"$ref": "#/components/schemas/FindingItem"}}}})"},
    {"Finding", R"({"allOf": [{"$ref": "#/components/schemas/PlaneHead"}],
       "required": ["finding"],
       "properties": {"finding": {"$ref": "#/components/schemas/FindingItem"}}})"},
    {"Why", R"({"type": "object", "required": ["schema"]})"},
    {"Timeline", R"({"allOf": [{"$ref": "#/components/schemas/ApiHead"}],
       "required": ["from", "until", "events", "states", "marks", "findings"],
       "properties": {"events": {"type": "array", "items": {"type": "object",
           "required": ["sequence", "kind", "severity", "text"]}},
         "states": {"type": "array", "items": {"type": "object",
           "required": ["subject", "metric", "label", "runs"],
           "properties": {"runs": {"type": "array", "items": {"type": "object",
             "required": ["from", "until"],
             "oneOf": [{"required": ["value"]}, {"required": ["not_measured"]}]}}}}},
         "findings": {"type": "array", "items": {"$ref": "#/components/schemas/FindingShort"}}}})"},
    {"PartItem", R"({"type": "object",
       "required": ["serial", "vendor", "part_number", "of", "place", "is_there"]})"},
    {"Parts", R"({"allOf": [{"$ref": "#/components/schemas/ApiHead"}],
       "required": ["count", "parts", "is_more"],
       "properties": {"parts": {"type": "array",
         "items": {"$ref": "#/components/schemas/PartItem"}}}})"},
    {"Part", R"({"allOf": [{"$ref": "#/components/schemas/ApiHead"}],
       "required": ["part", "places", "findings"],
       "properties": {"part": {"$ref": "#/components/schemas/PartItem"},
         "places": {"type": "array", "minItems": 1, "items": {"type": "object",
           "required": ["subject", "since"]}},
         "findings": {"type": "array", "items": {"$ref": "#/components/schemas/FindingShort"}}}})"},
    {"Compare", R"({"allOf": [{"$ref": "#/components/schemas/ApiHead"}],
       "required": ["metric", "unit", "bounds", "at", "window_s", "series"],
       "properties": {"series": {"type": "array", "items": {"type": "object",
         "required": ["subject", "label", "before", "after", "told"],
         "properties": {"told":
           {"enum": ["less", "more", "not_told_apart", "not_measured"]}}}}}})"},
    {"MarkItem", R"({"type": "object", "required": ["mark", "from"],
       "properties": {"mark": {"enum": ["maintenance", "job", "reboot", "repair"]}}})"},
    {"Marks", R"({"allOf": [{"$ref": "#/components/schemas/ApiHead"}],
       "required": ["count", "marks", "is_more"],
       "properties": {"marks": {"type": "array",
         "items": {"$ref": "#/components/schemas/MarkItem"}}}})"},
    {"Mark", R"({"allOf": [{"$ref": "#/components/schemas/ApiHead"}],
       "required": ["applied", "mark"],
       "properties": {"applied": {"type": "boolean"},
         "mark": {"$ref": "#/components/schemas/MarkItem"}}})"},
    {"ActionItem", R"({"type": "object",
       "required": ["id", "at", "by", "action", "target", "state"],
       "properties": {"state": {"enum": ["done", "failed", "open", "undone"]},
         "journal": {"type": "string"}, "error": {"type": "string"},
         "undone_at": {"type": "string"}, "undone_by": {"type": "string"},
         "result": {"$ref": "#/components/schemas/ActionResult"},
         "registers": {"type": "array", "items": {"$ref": "#/components/schemas/OldRegister"}}}})"},
    {"OldRegister", R"({"type": "object", "required": ["door", "device", "place", "old"]})"},
    {"ActionResult", R"({"type": "object",
       "required": ["schema", "action", "source", "simulated", "applied", "target", "writes",
         "disturbs", "undo", "notes"],
       "properties": {"schema": {"const": "weftline/action/1"}, "applied": {"type": "boolean"},
         "target": {"type": "object", "required": ["kind", "name"]},
         "writes": {"type": "array", "items": {"type": "object",
           "required": ["device", "place", "what"]}},
         "disturbs": {"type": "object",
           "required": ["text", "links", "ports", "behind", "machines"]}}})"},
    {"Actions", R"({"allOf": [{"$ref": "#/components/schemas/ApiHead"}],
       "required": ["allowed", "kinds", "count", "actions", "is_more"],
       "properties": {"allowed": {"type": "boolean"}, "refusal": {"type": "string"},
         "kinds": {"type": "array", "minItems": 1, "items": {"type": "object",
           "required": ["action", "targets", "disturbs", "undo", "lasting"],
           "properties": {"targets": {"type": "array",
               "items": {"enum": ["link", "retimer", "module"]}},
             "value": {"type": "string"}, "lanes": {"type": "string"}}}},
         "actions": {"type": "array", "items": {"$ref": "#/components/schemas/ActionItem"}}}})"},
    {"Action", R"({"allOf": [{"$ref": "#/components/schemas/ApiHead"}], "required": ["action"],
       "properties": {"action": {"$ref": "#/components/schemas/ActionItem"}}})"},
    {"Acted", R"({"allOf": [{"$ref": "#/components/schemas/ApiHead"}],
       "required": ["applied", "action", "text"],
       "properties": {"applied": {"type": "boolean"}, "id": {"type": "string"},
         "action": {"$ref": "#/components/schemas/ActionResult"},
         "text": {"type": "string"}}})"},
    {"Undone", R"({"allOf": [{"$ref": "#/components/schemas/ApiHead"}],
       "required": ["applied", "id", "undo"],
       "properties": {"applied": {"type": "boolean"}, "id": {"type": "string"},
         "undo": {"type": "object", "required": ["schema", "applied", "journals"],
           "properties": {"schema": {"const": "weftline/undo/1"},
             "put_back": {"type": "integer", "minimum": 0},
             "journals": {"type": "array", "items": {"type": "object",
               "required": ["name", "at", "action", "source", "lasting", "registers"],
               "properties": {"registers": {"type": "array",
                 "items": {"$ref": "#/components/schemas/OldRegister"}}}}}}}}})"},
    {"World", R"({"allOf": [{"$ref": "#/components/schemas/ApiHead"}],
       "required": ["speed", "skipping_s", "rack", "seed", "world_seconds", "links", "links_up",
         "faults"],
       "properties": {"faults": {"type": "array", "items": {"type": "object",
         "required": ["id", "fault", "target", "phase", "level"]}}}})"},
    {"Catalogue", R"({"type": "object", "required": ["schema", "faults"],
       "properties": {"schema": {"const": "weftline/faults/1"}}})"},
    {"Done", R"({"allOf": [{"$ref": "#/components/schemas/ApiHead"}],
       "required": ["applied"], "properties": {"applied": {"type": "boolean"},
         "id": {"type": "integer"}, "cleared": {"type": "integer"}}})"},
    {"Top", R"({"allOf": [{"$ref": "#/components/schemas/PlaneHead"}],
       "required": ["open", "series", "findings", "moving"],
       "properties": {"findings": {"type": "array",
           "items": {"$ref": "#/components/schemas/FindingItem"}},
         "moving": {"type": "array", "items": {"type": "object", "required": ["subject", "metric",
           "label", "events", "covered_s", "per_s", "low", "high"]}}}})"},
});

Json type_of(const ApiParameter& parameter) {
  switch (parameter.kind) {
    case ApiKind::kText:
      return {{"type", "string"}};
    case ApiKind::kCount:
      return {{"type", "integer"}, {"minimum", 0}};
    case ApiKind::kSeconds:
      return {{"type", "number"}, {"minimum", 0}, {"maximum", kSecondsMost}};
    case ApiKind::kChoice:
      return {{"type", "string"}, {"enum", base::words(parameter.choices)}};
    case ApiKind::kBool:
      return {{"type", "boolean"}};
  }
  return {};
}

Json schema_json(const ApiParameter& parameter) {
  Json schema = type_of(parameter);
  if (!parameter.fallback.empty()) {
    schema["default"] = parameter.kind == ApiKind::kCount || parameter.kind == ApiKind::kSeconds
                            ? Json(base::parse_unsigned(parameter.fallback).value_or(0))
                        : parameter.kind == ApiKind::kBool ? Json(parameter.fallback == "true")
                                                           : Json(parameter.fallback);
  }
  return schema;
}

Json parameter_json(const ApiParameter& parameter) {
  Json schema = schema_json(parameter);
  Json out = {{"name", parameter.name},
              {"in", parameter.is_of_path ? "path" : "query"},
              {"required", parameter.is_needed},
              {"description", parameter.help},
              {"schema", std::move(schema)}};
  if (!parameter.example.empty()) {
    out["example"] = parameter.example;
  }
  return out;
}

/// The parameters that stand in the body of a POST.
Json body_json(const ApiRoute& route) {
  Json properties = Json::object();
  Json needed = Json::array();
  for (const ApiParameter& parameter : route.parameters) {
    if (parameter.is_of_path) {
      continue;
    }
    const std::string name(parameter.name);
    properties[name] = schema_json(parameter);
    properties[name]["description"] = parameter.help;
    if (!parameter.example.empty()) {
      properties[name]["examples"] = Json::array({parameter.example});
    }
    if (parameter.is_needed) {
      needed.push_back(name);
    }
  }
  const Json schema = {{"type", "object"},
                       {"additionalProperties", false},
                       {"required", std::move(needed)},
                       {"properties", std::move(properties)}};
  return {{"required", true}, {"content", {{std::string(kJsonMedia), {{"schema", schema}}}}}};
}

Json operation_json(const ApiRoute& route) {
  Json content = Json::object();
  Json& of_media = content[std::string(route.media)] = Json::object();
  if (!route.schema.empty()) {
    of_media["schema"] = {{"$ref", "#/components/schemas/" + std::string(route.schema)}};
  } else {
    of_media["schema"] = {{"type", route.media == kJsonMedia ? "object" : "string"}};
  }
  Json parameters = Json::array();
  const bool has_body = route.method == "POST";
  for (const ApiParameter& parameter : route.parameters) {
    if (parameter.is_of_path || !has_body) {
      parameters.push_back(parameter_json(parameter));
    }
  }
  Json responses = {{"200", {{"description", "The answer."}, {"content", std::move(content)}}}};
  if (route.run != nullptr && route.method == "GET") {
    responses["304"] = {{"description", "Nothing has changed since the given ETag."}};
  }
  responses["default"] = {
      {"description", "A mistake (RFC 9457)."},
      {"content",
       {{std::string(kProblemMedia), {{"schema", {{"$ref", "#/components/schemas/Problem"}}}}}}}};
  Json out = {{"summary", route.summary}, {"parameters", std::move(parameters)}};
  if (has_body) {
    out["requestBody"] = body_json(route);
  }
  if (route.role != ApiRole::kViewer) {
    out["x-role"] = key(route.role);
  }
  out["responses"] = std::move(responses);
  return out;
}

std::string make() {
  Json out = {
      {"openapi", "3.1.0"},
      {"info",
       {{"title", "Weftline"},
        {"version", WEFT_VERSION},
        {"description",
         "What a control plane has measured and judged. Times are UTC; a value that was not "
         "measured says why. What writes needs the role x-role and only tries unless "
         "apply is true. Fields may be added within a version."},
        {"license", {{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
      {"servers", Json::array({{{"url", "/"}}})},
      // Without a token file no token is asked for.
      {"security", Json::array({Json::object(), {{"token", Json::array()}}})}};
  Json& paths = out["paths"] = Json::object();
  for (const ApiRoute& route : api_routes()) {
    std::string method;
    for (const char c : route.method) {
      method.push_back(static_cast<char>(c - 'A' + 'a'));
    }
    paths[std::string(route.path)][method] = operation_json(route);
  }
  Json& components = out["components"] = Json::object();
  components["securitySchemes"] = {{"token", {{"type", "http"}, {"scheme", "bearer"}}}};
  Json& schemas = components["schemas"] = Json::object();
  for (const SchemaRow& row : kSchemas) {
    schemas[std::string(row.name)] = Json::parse(row.text, nullptr, false);
  }
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace openapi_parts

const std::string& openapi_document() {
  static const std::string kDocument = openapi_parts::make();
  return kDocument;
}

}  // namespace weft::serve
