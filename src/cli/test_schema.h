// SPDX-License-Identifier: Apache-2.0
// For tests of verbs that print JSON: Debian's python3-jsonschema judges the documents by the
// schema under docs/formats (schema_judge.py).
#pragma once

#include "base/test_shell.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace weft::cli {

/// Expects that each of the files follows docs/formats/<format>.schema.json; marks the test
/// skipped, with the reason, where the judge is not installed.
inline void expect_follows_schema(const std::string& format,
                                  const std::vector<std::string>& files) {
  const std::string python = base::python_with("jsonschema");
  if (python.empty()) {
    GTEST_SKIP() << base::no_python_with("jsonschema") << " (Debian: python3-jsonschema)";
  }
  const std::string source = WEFT_SOURCE_DIR;
  std::string command = python + " " + source + "/src/cli/schema_judge.py " + source +
                        "/docs/formats/" + format + ".schema.json";
  for (const std::string& file : files) {
    command += " '" + file + "'";
  }
  const base::Run judged = base::shell(command);
  EXPECT_EQ(judged.code, 0) << judged.out;
}

}  // namespace weft::cli
