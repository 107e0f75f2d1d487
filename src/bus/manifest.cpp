// SPDX-License-Identifier: Apache-2.0
// The lines that manifest.h describes, both directions.
#include "bus/manifest.h"

#include "base/text.h"

#include <array>
#include <optional>

namespace weft::bus {

namespace manifest {

constexpr std::size_t kFields = 6;

struct KindName {
  TreeEntry::Kind kind;
  std::string_view name;
};
constexpr std::array kKindNames = {
    KindName{TreeEntry::Kind::kUnreadable, "unreadable"},
    KindName{TreeEntry::Kind::kUnlistedDirectory, "unlisted"},
    KindName{TreeEntry::Kind::kNameOnly, "name"},
};

std::string escaped(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte < 0x20 || byte == 0x7F || c == '%') {
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15U];
    } else {
      out += c;
    }
  }
  return out;
}

std::optional<std::string> unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const auto byte =
        i + 2 < text.size() ? base::parse_unsigned(text.substr(i + 1, 2), 16) : std::nullopt;
    if (!byte || *byte > 0xFF) {
      return std::nullopt;
    }
    out += static_cast<char>(*byte);
    i += 2;
  }
  return out;
}

base::Code code_of(std::string_view name) {
  for (int number = 1; number <= 16; ++number) {
    const auto code = static_cast<base::Code>(number);
    if (base::name(code) == name) {
      return code;
    }
  }
  return base::Code::kUnknown;
}

/// False if the line cannot be understood.
bool apply_line(std::string_view line, MemoryTree::Builder& builder) {
  const auto fields = base::split(line, '\t');
  if (fields.size() != kFields) {
    return false;
  }
  const auto path = unescaped(fields[2]);
  const auto what = unescaped(fields[3]);
  const auto where = unescaped(fields[4]);
  const auto hint = unescaped(fields[5]);
  if (!path || !what || !where || !hint) {
    return false;
  }
  const base::Error error{code_of(fields[1]), *what, *where, *hint};
  base::Result<void> added = base::fail(base::Code::kInvalidArgument, "unknown kind of line");
  if (fields[0] == "unreadable") {
    added = builder.add_unreadable(*path, error);
  } else if (fields[0] == "unlisted") {
    added = builder.mark_unlisted(*path, error);
  } else if (fields[0] == "name") {
    added = builder.add_name(*path);
  }
  return added || added.error().code == base::Code::kAlreadyExists;
}

}  // namespace manifest

std::string manifest_line(const TreeEntry& entry) {
  for (const auto& [kind, name] : manifest::kKindNames) {
    if (entry.kind == kind) {
      const bool has_error = kind != TreeEntry::Kind::kNameOnly;
      return std::string(name) + "\t" +
             std::string(has_error ? base::name(entry.error.code) : "-") + "\t" +
             manifest::escaped(entry.path) + "\t" + manifest::escaped(entry.error.what) + "\t" +
             manifest::escaped(entry.error.where) + "\t" + manifest::escaped(entry.error.hint) +
             "\n";
    }
  }
  return {};
}

void apply_manifest(std::string_view text, MemoryTree::Builder& builder,
                    std::vector<std::string>& problems) {
  constexpr std::size_t kProblemsMax = 5;
  std::size_t garbled = 0;
  if (!text.starts_with(kManifestHead)) {
    problems.push_back(std::string(kManifestFile) +
                       ": not a manifest of version 1; what could not be read is not known");
    return;
  }
  text.remove_prefix(kManifestHead.size());
  for (std::size_t line = 2; !text.empty(); ++line) {
    const std::size_t end = text.find('\n');
    if (!manifest::apply_line(text.substr(0, end), builder) && ++garbled <= kProblemsMax) {
      problems.push_back(std::string(kManifestFile) + ":" + std::to_string(line) +
                         ": the line cannot be understood");
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  if (garbled > kProblemsMax) {
    problems.push_back(std::string(kManifestFile) + ": " + std::to_string(garbled) +
                       " lines cannot be understood in all");
  }
}

}  // namespace weft::bus
