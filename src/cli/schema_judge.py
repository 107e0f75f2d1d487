# SPDX-License-Identifier: Apache-2.0
"""Judges JSON documents by a schema with Debian's python3-jsonschema: schema_judge.py SCHEMA FILE...

Called by test_schema.h. Prints what is wrong, with the alternatives that were tried, and ends in 1 if
anything is.
"""
import json
import sys

import jsonschema


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


schema = load(sys.argv[1])
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
wrong = 0
for path in sys.argv[2:]:
    for error in list(validator.iter_errors(load(path)))[:5]:
        wrong += 1
        print(path, list(error.absolute_path), error.message[:300])
        for inner in (error.context or [])[:5]:
            print("   ", list(inner.absolute_path), inner.message[:200])
sys.exit(1 if wrong else 0)
