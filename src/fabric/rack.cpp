// SPDX-License-Identifier: Apache-2.0
#include "fabric/rack.h"

#include "fabric/embedded.h"
#include "fabric/rack_expander.h"
#include "fabric/rack_source.h"
#include "fabric/yaml_tree.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include <fmt/format.h>

namespace weft::fabric {
namespace {

using base::Code;

Code code_of_errno(int number) {
  switch (number) {
    case ENOENT:
    case ENOTDIR:
      return Code::kNotFound;
    case EACCES:
    case EPERM:
      return Code::kPermissionDenied;
    default:
      return Code::kUnavailable;
  }
}

std::string rack_names() {
  std::string names;
  for (const base::EmbeddedFile& rack : embedded_racks()) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", rack.name);
  }
  return names;
}

}  // namespace

bool LoadedRack::ok() const {
  return std::none_of(problems.begin(), problems.end(), [](const RackProblem& problem) {
    return problem.severity == Severity::kError;
  });
}

std::string LoadedRack::problem_text() const {
  std::string out;
  for (const auto& problem : problems) {
    out += problem.text(file) + '\n';
  }
  return out;
}

LoadedRack load_rack_text(std::string_view yaml, std::string file, const RackLimits& limits) {
  LoadedRack out;
  out.file = std::move(file);
  Problems problems;
  if (yaml.size() > limits.bytes) {
    problems.error({}, "limit-bytes", fmt::format("the file has more than {} bytes", limits.bytes),
                   "A rack file is a page of YAML: use templates and ranges.");
  } else if (auto tree = parse_yaml(yaml, limits.yaml_nodes); !tree) {
    auto& mistake = tree.error();
    problems.error(mistake.place, "yaml", std::move(mistake.what), std::move(mistake.hint));
  } else {
    const auto rack = source::read(*tree, problems);
    source::expand(rack, limits, problems, out);
  }
  out.problems = problems.take();
  return out;
}

LoadedRack load_rack_body(const YamlNode& body, Problems& problems, const RackLimits& limits) {
  LoadedRack out;
  source::expand(source::read_partial(body, problems), limits, problems, out);
  return out;
}

base::Result<RackText> read_rack(const std::string& path, const RackLimits& limits) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  if (!file) {
    const int number = errno;
    const auto racks = embedded_racks();
    const auto named = std::ranges::find(racks, path, &base::EmbeddedFile::name);
    if (number == ENOENT && named != racks.end()) {
      return RackText{path + " (reference rack)", std::string(named->text)};
    }
    return base::fail(code_of_errno(number),
                      std::string("cannot open the rack file: ") + std::strerror(number), path,
                      "Give the path of a rack file, or a reference rack: " + rack_names() + ".");
  }
  std::string text;
  char chunk[65536];
  std::size_t got = 0;
  while (text.size() <= limits.bytes &&
         (got = std::fread(chunk, 1, sizeof chunk, file.get())) > 0) {
    text.append(chunk, got);
  }
  if (std::ferror(file.get()) != 0) {
    const int number = errno;
    return base::fail(code_of_errno(number),
                      std::string("cannot read the rack file: ") + std::strerror(number), path,
                      "Give the path of a rack file.");
  }
  return RackText{path, std::move(text)};
}

base::Result<LoadedRack> load_rack(const std::string& path, const RackLimits& limits) {
  const auto rack = read_rack(path, limits);
  if (!rack) {
    return tl::unexpected(rack.error());
  }
  return load_rack_text(rack->text, rack->file, limits);
}

base::Result<Fabric> rack_fabric(const std::string& path) {
  auto rack = load_rack(path);
  if (!rack) {
    return tl::unexpected(rack.error());
  }
  if (rack->ok()) {
    return std::move(rack->fabric);
  }
  const auto first = std::find_if(rack->problems.begin(), rack->problems.end(),
                                  [](const auto& row) { return row.severity == Severity::kError; });
  const auto count =
      std::count_if(rack->problems.begin(), rack->problems.end(),
                    [](const auto& row) { return row.severity == Severity::kError; });
  std::string where = path;
  if (first->place.line > 0) {
    where += fmt::format(":{}:{}", first->place.line, first->place.column);
  }
  return base::fail(
      Code::kInvalidArgument, first->what, where,
      fmt::format("{} mistakes in all; `weft rack check {}` lists them.", count, path));
}

}  // namespace weft::fabric
