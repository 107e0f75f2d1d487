// SPDX-License-Identifier: Apache-2.0
#include "cli/json_request.h"

#include "base/text.h"
#include "cli/help.h"
#include "fabric/nearest.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::cli {
namespace request {
namespace {

using base::Code;
using Json = nlohmann::json;
using Status = base::Result<void>;

constexpr std::size_t kBytesMax = std::size_t{512} << 20;
constexpr std::string_view kFiles = "files";
/// Braces and brackets within each other: a request has three.
constexpr std::size_t kDepthMax = 16;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

base::Result<std::string> read_whole(const std::string& path) {
  std::unique_ptr<std::FILE, CloseFile> opened;
  if (path != "-") {
    opened.reset(std::fopen(path.c_str(), "rbe"));
    if (!opened) {
      return base::fail(errno == ENOENT   ? Code::kNotFound
                        : errno == EACCES ? Code::kPermissionDenied
                                          : Code::kUnavailable,
                        std::strerror(errno), path);
    }
  }
  std::FILE* const file = path == "-" ? stdin : opened.get();
  std::string text;
  std::vector<char> chunk(std::size_t{1} << 16);
  std::size_t got = 0;
  while ((got = std::fread(chunk.data(), 1, chunk.size(), file)) > 0) {
    text.append(chunk.data(), got);
    if (text.size() > kBytesMax) {
      return base::fail(Code::kResourceExhausted,
                        fmt::format("a request of more than {} MiB", kBytesMax >> 20), path);
    }
  }
  if (std::ferror(file) != 0) {
    return base::fail(Code::kUnavailable, std::strerror(errno), path);
  }
  return text;
}

/// Whether brackets outside of strings go deeper than a request's ever do. Asked before parsing:
/// copies and text of a document are made by recursion, which a deep one would take past the stack.
bool is_too_deep(std::string_view text) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      i += c == '\\' ? 1 : 0;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kDepthMax) {
        return true;
      }
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return false;
}

/// A scalar as the command line would have it; nothing for objects, lists and null.
std::optional<std::string> scalar(const Json& value) {
  if (value.is_string()) {
    return value.get<std::string>();
  }
  if (value.is_boolean()) {
    return value.get<bool>() ? "true" : "false";
  }
  return value.is_number() ? std::optional(value.dump()) : std::nullopt;
}

class Request {
 public:
  Request(const VerbSpec& verb, const Arguments& given, std::string_view name)
      : verb_(verb), given_(given), out_(given), name_(name) {}

  Status take(const Json& document) {
    if (!document.is_object()) {
      return wrong("a request is one JSON object", "Write {\"files\": [\"thru.s4p\"], ...}.");
    }
    for (const auto& [key, value] : document.items()) {
      if (auto taken = key == kFiles ? take_files(value) : take_option(key, value); !taken) {
        return taken;
      }
    }
    const OptionSpec* const json = find("json");
    if (json != nullptr && !out_.has("--json")) {
      out_.add("--json", "true");
    }
    return {};
  }
  [[nodiscard]] const Arguments& arguments() const { return out_; }

 private:
  Status wrong(std::string what, std::string hint) const {
    return base::fail(Code::kInvalidArgument, std::move(what), std::string(name_), std::move(hint));
  }

  [[nodiscard]] const OptionSpec* find(std::string_view key) const {
    for (const OptionSpec& option : verb_.options) {
      for (const std::string_view name : option_names(option)) {
        if (name != "--request" && name.substr(name.find_first_not_of('-')) == key) {
          return &option;
        }
      }
    }
    return nullptr;
  }

  Status take_option(const std::string& key, const Json& value) {
    const OptionSpec* const option = find(key);
    if (option == nullptr) {
      return unknown(key);
    }
    const auto names = option_names(*option);
    if (given_.has(names.back())) {
      return {};  // the command line goes first
    }
    std::vector<Json> values;
    if (value.is_array()) {
      values.assign(value.begin(), value.end());
    } else {
      values.push_back(value);
    }
    if (values.size() > 1 && !option->repeats) {
      return wrong(fmt::format("\"{}\" takes one value, not {}", key, values.size()), {});
    }
    for (const Json& one : values) {
      const auto text = scalar(one);
      const bool is_flag = option->value.empty();
      if (!text || is_flag != one.is_boolean()) {
        return wrong(fmt::format("\"{}\" is {}", key, one.type_name()),
                     is_flag ? "It is true or false." : "It is a string or a number.");
      }
      if (is_flag && !one.get<bool>()) {
        continue;
      }
      for (const std::string_view name : names) {
        out_.add(std::string(name), *text);
      }
    }
    return {};
  }

  Status take_files(const Json& value) {
    if (verb_.positionals.empty()) {
      return wrong(fmt::format("{} takes no files", verb_.name), {});
    }
    const std::string positional(verb_.positionals.front().name);
    const bool is_given = given_.has(positional);
    const auto take_one = [&](const Json& one) {
      if (is_given) {
        return true;
      }
      if (one.is_object()) {
        out_.add(std::string(kInlineChannels), one.dump());
        return true;
      }
      if (one.is_string()) {
        out_.add(positional, one.get<std::string>());
      }
      return one.is_string();
    };
    const bool is_fine =
        value.is_array() ? std::all_of(value.begin(), value.end(), take_one) : take_one(value);
    return is_fine ? Status{}
                   : wrong("\"files\" holds something else than names and channels",
                           "Each is a file's name, or an object with \"touchstone\" or \"file\".");
  }

  Status unknown(const std::string& key) const {
    std::vector<std::string_view> known = {kFiles};
    for (const OptionSpec& option : verb_.options) {
      for (const std::string_view name : option_names(option)) {
        if (name != "--request") {
          known.push_back(name.substr(name.find_first_not_of('-')));
        }
      }
    }
    const auto near = fabric::nearest(key, known);
    return wrong(fmt::format("{} has no \"{}\"", verb_.name, base::printable(key, 60)),
                 near.empty() ? fmt::format("weft {} --help lists the options.", verb_.name)
                              : fmt::format("Did you mean \"{}\"?", near));
  }

  const VerbSpec& verb_;
  const Arguments& given_;
  Arguments out_;
  std::string_view name_;
};

}  // namespace
}  // namespace request

base::Result<Arguments> apply_request(const VerbSpec& verb, const Arguments& arguments,
                                      std::string_view text, std::string_view name) {
  if (request::is_too_deep(text)) {
    return base::fail(
        base::Code::kInvalidArgument,
        fmt::format("brackets within each other more than {} deep", request::kDepthMax),
        std::string(name), "Write {\"files\": [\"thru.s4p\"], ...}.");
  }
  request::Json document;
  try {
    document = request::Json::parse(text);
  } catch (const request::Json::exception& error) {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: ..."
    const std::string_view what = error.what();
    const auto at = what.find("] ");
    return base::fail(
        base::Code::kInvalidArgument,
        base::printable(at == std::string_view::npos ? what : what.substr(at + 2), 200),
        std::string(name), "A request is one JSON object.");
  }
  request::Request request(verb, arguments, name);
  if (auto taken = request.take(document); !taken) {
    return tl::unexpected(taken.error());
  }
  return request.arguments();
}

base::Result<Arguments> with_request(const VerbSpec& verb, const Arguments& arguments) {
  const auto path = arguments.value("--request");
  if (!path) {
    return arguments;
  }
  const auto text = request::read_whole(*path);
  if (!text) {
    return tl::unexpected(text.error());
  }
  return apply_request(verb, arguments, *text, *path == "-" ? "standard input" : *path);
}

}  // namespace weft::cli
