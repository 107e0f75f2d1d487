// SPDX-License-Identifier: Apache-2.0
// The program `weft-readonly`: the verbs that only read, as one static file for machines that are
// not Debian and not amd64. Same table, same verbs, fewer of them.
#include "cli/verb.h"
#include "cli/verbs.h"

int main(int argc, char** argv) {
  return weft::cli::run_program(argc, argv, weft::cli::read_only_verbs());
}
