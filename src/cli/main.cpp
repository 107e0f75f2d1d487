// SPDX-License-Identifier: Apache-2.0
// The program `weft`: every verb of the table in verbs.cpp. What a verb wires together stands in
// its own file, src/cli/<verb>.cpp.
#include "cli/verb.h"
#include "cli/verbs.h"

int main(int argc, char** argv) {
  return weft::cli::run_program(argc, argv, weft::cli::verbs());
}
