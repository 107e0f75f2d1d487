# SPDX-License-Identifier: Apache-2.0
# A foreign judge for rack files: Debian's python3-yaml and python3-jsonschema read them against the
# checked-in schema. Called by rack_schema_test.cpp as `rack_schema_judge.py SCHEMA FILE...`; prints
# "ok FILE" or "bad FILE: why" for each.
import json
import sys

import jsonschema
import yaml

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
for path in sys.argv[2:]:
    with open(path, encoding="utf-8") as file:
        errors = list(validator.iter_errors(yaml.safe_load(file)))
    print(f"bad {path}: {errors[0].message[:200]}" if errors else f"ok {path}")
