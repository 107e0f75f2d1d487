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
       "required": ["version", "fabric", "routes"],
       "properties": {"routes": {"type": "array", "minItems": 1, "items": {"type": "object",
         "required": ["path", "summary"]}}}})"},
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
         "hypotheses", "evidence", "tests"]})"},
    {"Findings", R"({"allOf": [{"$ref": "#/components/schemas/PlaneHead"}],
       "required": ["findings", "is_more"],
       "properties": {"findings": {"type": "array",
         "items": {"$ref": "#/components/schemas/FindingItem"}}}})"},
    {"Finding", R"({"allOf": [{"$ref": "#/components/schemas/PlaneHead"}],
       "required": ["finding"],
       "properties": {"finding": {"$ref": "#/components/schemas/FindingItem"}}})"},
    {"Why", R"({"type": "object", "required": ["schema"]})"},
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
      return {{"type", "number"}, {"minimum", 0}};
    case ApiKind::kChoice:
      return {{"type", "string"}, {"enum", base::words(parameter.choices)}};
  }
  return {};
}

Json parameter_json(const ApiParameter& parameter) {
  Json schema = type_of(parameter);
  if (!parameter.fallback.empty()) {
    schema["default"] = parameter.kind == ApiKind::kCount || parameter.kind == ApiKind::kSeconds
                            ? Json(base::parse_unsigned(parameter.fallback).value_or(0))
                            : Json(parameter.fallback);
  }
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

Json operation_json(const ApiRoute& route) {
  Json content = Json::object();
  Json& of_media = content[std::string(route.media)] = Json::object();
  if (!route.schema.empty()) {
    of_media["schema"] = {{"$ref", "#/components/schemas/" + std::string(route.schema)}};
  } else {
    of_media["schema"] = {{"type", route.media == kJsonMedia ? "object" : "string"}};
  }
  Json parameters = Json::array();
  for (const ApiParameter& parameter : route.parameters) {
    parameters.push_back(parameter_json(parameter));
  }
  Json responses = {{"200", {{"description", "The answer."}, {"content", std::move(content)}}}};
  if (route.run != nullptr) {
    responses["304"] = {{"description", "Nothing has changed since the given ETag."}};
  }
  responses["default"] = {
      {"description", "A mistake (RFC 9457)."},
      {"content",
       {{std::string(kProblemMedia), {{"schema", {{"$ref", "#/components/schemas/Problem"}}}}}}}};
  return {{"summary", route.summary},
          {"parameters", std::move(parameters)},
          {"responses", std::move(responses)}};
}

std::string make() {
  Json out = {{"openapi", "3.1.0"},
              {"info",
               {{"title", "Weftline"},
                {"version", WEFT_VERSION},
                {"description",
                 "What a control plane has measured and judged. Read-only. Times are UTC; a value "
                 "that was not measured says why. Fields may be added within a version."},
                {"license", {{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
              {"servers", Json::array({{{"url", "/"}}})},
              // Without a token file no token is asked for.
              {"security", Json::array({Json::object(), {{"token", Json::array()}}})}};
  Json& paths = out["paths"] = Json::object();
  for (const ApiRoute& route : api_routes()) {
    paths[std::string(route.path)] = {{"get", operation_json(route)}};
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
