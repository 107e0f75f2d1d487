// SPDX-License-Identifier: Apache-2.0
// A main() for fuzzers in builds without libFuzzer: feeds each file of the corpus folders named on
// the command line, then seeded mutations of them (and of nothing), to LLVMFuzzerTestOneInput. The
// same inputs every run. `x_fuzz -n 0 FILE` replays one crash.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int argc, char** argv) {
  namespace fs = std::filesystem;
  std::vector<std::string> inputs = {""};
  long mutations = 2000;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "-n") == 0 && i + 1 < argc) {
      mutations = std::strtol(argv[++i], nullptr, 10);
      continue;
    }
    std::vector<fs::path> files;
    if (fs::is_directory(argv[i])) {
      for (const auto& entry : fs::directory_iterator(argv[i])) {
        files.push_back(entry.path());
      }
    } else if (fs::exists(argv[i])) {
      files.emplace_back(argv[i]);
    }
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
      std::ifstream in(file, std::ios::binary);
      inputs.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
  }
  const auto feed = [](const std::string& input) {
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  };
  for (const auto& input : inputs) {
    feed(input);
  }
  std::mt19937_64 random(1);
  for (long i = 0; i < mutations; ++i) {
    std::string input = inputs[random() % inputs.size()];
    for (auto edits = 1 + random() % 8; edits-- > 0;) {
      const auto at = input.empty() ? 0 : random() % input.size();
      switch (random() % 4) {
        case 0:
          input.insert(at, 1, static_cast<char>(random()));
          break;
        case 1:
          input.resize(at);
          break;
        default:
          if (!input.empty()) {
            input[at] = static_cast<char>(random());
          }
      }
    }
    feed(input);
  }
  std::printf("%zu inputs, %ld mutations, no crash\n", inputs.size(), mutations);
  return 0;
}
