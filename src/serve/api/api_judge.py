# SPDX-License-Identifier: Apache-2.0
"""Walks every route of the API's OpenAPI document against the server, with Python's http.client and
Debian's python3-jsonschema.

  api_judge.py HOST PORT [--live]

Prints what does not hold, one line each, and ends in 1 if anything does not; else how many routes it saw.
"""
import gzip
import http.client
import json
import sys
import urllib.parse

import jsonschema

problems = []
client = http.client.HTTPConnection(sys.argv[1], int(sys.argv[2]), timeout=10)


def expect(name, condition, seen=""):
    if not condition:
        problems.append(f"{name}: {str(seen)[:300]}")


def ask(target, method="GET", body=None, **headers):
    client.request(method, target, body=body,
                   headers={k.replace("_", "-"): v for k, v in headers.items()})
    answer = client.getresponse()
    return answer, answer.read()


def is_problem(name, answer, body, status):
    expect(f"{name}: status {status}", answer.status == status, (answer.status, body))
    expect(f"{name}: media", answer.getheader("Content-Type") == "application/problem+json",
           answer.getheaders())
    said = json.loads(body)
    validate(name, {"$ref": "#/components/schemas/Problem"}, said)
    expect(f"{name}: stated status", said.get("status") == status, said)


def validate(name, schema, value):
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema,
             "components": document["components"]}
    for error in list(jsonschema.Draft202012Validator(whole).iter_errors(value))[:3]:
        problems.append(f"{name}: {list(error.absolute_path)} {error.message[:300]}")


def references(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "$ref":
                yield inner
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def any_id(path):
    """An id of the list that a path with {id} belongs to."""
    parts = path.split("/")
    name = parts[parts.index("{id}") - 1]
    if name == "faults":
        _, body = ask("/api/v1/world")
        faults = json.loads(body)["faults"]
        return str(faults[0]["id"]) if faults else "all"
    _, body = ask(f"/api/v1/{name}" + ("?phase=all" if name == "findings" else ""))
    items = json.loads(body)[name]
    if path.endswith("/undo"):
        items = [item for item in items if item["state"] == "open"]
    return (items[0].get("id") or items[0]["serial"]) if items else None


def known_metric():
    return json.loads(ask("/api/v1/series?count=1")[1])["series"][0]["metric"]


def target_of(path, operation):
    query = {}
    for parameter in operation["parameters"]:
        if parameter["in"] == "query" and parameter["required"]:
            query[parameter["name"]] = known_metric() if parameter["name"] == "metric" else (
                parameter.get("example", parameter["schema"].get("default")))
            expect(f"{path}: example of {parameter['name']}", query[parameter["name"]] is not None)
    if "{id}" in path:
        known = any_id(path)
        if known is None:
            return None
        path = path.replace("{id}", urllib.parse.quote(known, safe=""))
    return path + ("?" + urllib.parse.urlencode(query) if query else "")


def follow(path, target, media):
    other = http.client.HTTPConnection(sys.argv[1], int(sys.argv[2]), timeout=10)
    other.request("GET", target)
    stream = other.getresponse()
    expect(f"{path}: media", stream.getheader("Content-Type") == media)
    expect(f"{path}: begins", stream.readline().startswith(b"retry: "))
    other.close()


def hold_still(path, target, body, etag):
    """The same question, asked in every way."""
    again, repeated = ask(target)
    expect(f"{path}: the same twice", repeated == body and again.getheader("ETag") == etag)
    known, nothing = ask(target, If_None_Match=f'"other", {etag}')
    expect(f"{path}: 304", known.status == 304 and nothing == b"", known.status)
    packed, small = ask(target, Accept_Encoding="gzip")
    if packed.getheader("Content-Encoding") == "gzip":
        small = gzip.decompress(small)
    else:
        expect(f"{path}: short is not packed", len(body) < 1024, len(body))
    expect(f"{path}: gzip says the same", small == body)
    head, nothing = ask(target, "HEAD")
    expect(f"{path}: HEAD", head.getheader("Content-Length") == str(len(body)) and nothing == b"")


def walk(path, operation):
    target = target_of(path, operation)
    if target is None:  # nothing is there to be asked for
        return
    [media] = operation["responses"]["200"]["content"]
    if media == "text/event-stream":
        follow(path, target, media)
        return
    answer, body = ask(target)
    expect(f"{path}: status", answer.status == 200, (answer.status, body))
    expect(f"{path}: media", answer.getheader("Content-Type") == media, answer.getheaders())
    expect(f"{path}: not sniffed", answer.getheader("X-Content-Type-Options") == "nosniff")
    etag = answer.getheader("ETag")
    expect(f"{path}: has an ETag", etag, answer.getheaders())
    if media == "application/json":
        schema = operation["responses"]["200"]["content"][media]["schema"]
        validate(path, schema, json.loads(body))
    if "--live" not in sys.argv:  # a living plane says something new after every look
        hold_still(path, target, body, etag)
    is_problem(f"{path} PATCH", *ask(target, "PATCH"), 405)
    is_problem(f"{path} odd", *ask(target + ("&" if "?" in target else "?") + "no_such=1"), 400)
    for parameter in operation["parameters"]:
        wrong = path.replace("{id}", "no%20such%20thing")
        if parameter["in"] == "path":
            is_problem(f"{path} unknown", *ask(wrong), 404)
        elif "enum" in parameter["schema"] or parameter["schema"]["type"] != "string":
            is_problem(f"{path} {parameter['name']}", *ask(f"{wrong}?{parameter['name']}=-x"), 400)
        elif parameter["required"]:
            is_problem(f"{path} without {parameter['name']}", *ask(path), 400)


def may_act():
    return json.loads(ask("/api/v1/actions")[1])["allowed"]


def begin_an_action(operation):
    """One that can be undone, where nothing lives that it could harm."""
    body = {"apply": True}
    for name in operation["requestBody"]["content"]["application/json"]["schema"]["required"]:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        body[name] = schema["properties"][name]["examples"][0]
    answer, said = ask("/api/v1/actions", "POST", json.dumps(body), Content_Type="application/json")
    expect("an action that lasts", answer.status == 200 and json.loads(said)["applied"], said)


def walk_write(path, method, operation):
    """Only tries: nothing is applied."""
    if path.startswith("/api/v1/actions") and not may_act():
        return
    if path.endswith("/acknowledge") and "--live" in sys.argv:
        return  # a living finding may be over by now
    if "{id}" in path:
        known = any_id(path)
        if known is None:
            return
        if path.endswith("/acknowledge") and method == "delete":
            ask(f"/api/v1/findings/{known}/acknowledge", "POST", '{"apply":true}',
                Content_Type="application/json")
        path = path.replace("{id}", urllib.parse.quote(known, safe=""))
    body, kind = None, {}
    if method == "post":
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        jsonschema.Draft202012Validator.check_schema(schema)
        body = {}
        for name in schema["required"]:
            example = schema["properties"][name]["examples"][0]
            if path == "/api/v1/actions" and name == "target" and "--live" in sys.argv:
                _, links = ask("/api/v1/links?protocol=pcie*&count=1")
                example = json.loads(links)["links"][0]["name"]
            body[name] = float(example) if schema["properties"][name]["type"] == "number" else example
        for error in jsonschema.Draft202012Validator(schema).iter_errors(body):
            problems.append(f"{path} example: {error.message[:300]}")
        body = json.dumps(body)
        kind = {"Content_Type": "application/json"}
    answer, said = ask(path, method.upper(), body, **kind)
    if answer.status != 200:
        problems.append(f"{method} {path}: {answer.status} {said[:300]}")
        return
    expect(f"{method} {path}: not kept", answer.getheader("Cache-Control") == "no-store")
    validate(f"{method} {path}", {"$ref": operation["responses"]["200"]["content"][
        "application/json"]["schema"]["$ref"]}, json.loads(said))
    expect(f"{method} {path}: only tried", json.loads(said)["applied"] is False, said)
    is_problem(f"{method} {path} of another page",
               *ask(path, method.upper(), body, Origin="http://evil.example", **kind), 403)
    if method == "post":
        is_problem(f"{path} as a form", *ask(path, "POST", body,
                                             Content_Type="application/x-www-form-urlencoded"), 415)
        is_problem(f"{path} odd", *ask(path, "POST", '{"no_such":1}', **kind), 400)
    else:
        is_problem(f"{path} odd", *ask(path + "?no_such=1", method.upper()), 400)


_, text = ask("/api/v1/openapi.json")
document = json.loads(text)
expect("version", document["openapi"].startswith("3.1."), document["openapi"])
for reference in references(document):
    at = document
    for part in reference.removeprefix("#/").split("/"):
        at = at.get(part, {})
    expect("reference", at != {}, reference)
    if "schemas" in reference:
        jsonschema.Draft202012Validator.check_schema(at)
_, text = ask("/api/v1/")
index = [(route["path"], route["method"].lower()) for route in json.loads(text)["routes"]]
listed = [(path, method) for path, methods in document["paths"].items() for method in methods]
expect("the index lists the document's routes", sorted(index) == sorted(listed), index)
if "--live" not in sys.argv and may_act():
    begin_an_action(document["paths"]["/api/v1/actions"]["post"])
for each, methods in document["paths"].items():
    for method, operation in methods.items():
        if method == "get":
            walk(each, operation)
        else:
            walk_write(each, method, operation)
for odd in ("/api", "/api/v2", "/api/v1/nothing", "/etc/passwd", "/api/v1/devices/a/b"):
    is_problem(odd, *ask(odd), 404)
for odd in ("/api/v1/../../etc/passwd", "/api/v1/%2e%2e/x", "/api/v1/devices/%ff"):
    is_problem(odd, *ask(odd), 400)
print("\n".join(problems) if problems else f"{len(index)} routes")
sys.exit(1 if problems else 0)
