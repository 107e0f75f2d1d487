// SPDX-License-Identifier: Apache-2.0
// One pass over the text. A PCI address ("0000:3b:00.0") and a time ("12:34:56") have too few
// groups of one length to be taken for an address.
#include "bus/redact_scan.h"

#include <algorithm>
#include <array>

namespace weft::bus::redact_scan {

namespace {

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/// One group of hexadecimal digits.
struct Group {
  std::size_t begin = 0;
  std::size_t bytes = 0;
};

/// What `groups` of one length, joined by colons, are.
void add_groups(const std::vector<Group>& groups, std::vector<Match>& out) {
  if (groups.empty()) {
    return;
  }
  const std::size_t begin = groups.front().begin;
  const std::size_t bytes = groups.back().begin + groups.back().bytes - begin;
  if (groups.front().bytes == 2 && groups.size() >= 6) {
    out.push_back({Pattern::kAddress, begin, bytes});
  } else if (groups.front().bytes == 4 && groups.size() == 8) {
    out.push_back({Pattern::kGid, begin, bytes});
  } else if (groups.front().bytes == 4 && groups.size() >= 4) {
    out.push_back({Pattern::kGuid, begin, bytes});
  }
}

/// Looks at text[begin, end), which holds hexadecimal digits and colons only.
void scan_colons(std::string_view text, std::size_t begin, std::size_t end,
                 std::vector<Match>& out) {
  std::vector<Group> same;
  for (std::size_t at = begin; at < end;) {
    std::size_t stop = at;
    while (stop < end && text[stop] != ':') {
      ++stop;
    }
    Group group{at, stop - at};
    const bool is_cut = (at == begin && at > 0 && is_word(text[at - 1])) ||
                        (stop == end && stop < text.size() && is_word(text[stop]));
    const bool fits = !is_cut && (group.bytes == 2 || group.bytes == 4);
    if (!fits || (!same.empty() && same.front().bytes != group.bytes)) {
      add_groups(same, out);
      same.clear();
    }
    if (fits) {
      same.push_back(group);
    }
    at = stop + 1;
  }
  add_groups(same, out);
}

/// The bytes of a UUID or of a bare 32-digit id at `at`; 0 if none stands there.
std::size_t uuid_at(std::string_view text, std::size_t at) {
  static constexpr std::array<std::size_t, 5> kGroups = {8, 4, 4, 4, 12};
  std::size_t digits = 0;
  while (at + digits < text.size() && digits <= 32 && is_hex(text[at + digits])) {
    ++digits;
  }
  const auto ends = [text](std::size_t stop) {
    return stop >= text.size() || !is_word(text[stop]);
  };
  if (digits == 32 && ends(at + 32)) {
    return 32;
  }
  std::size_t stop = at;
  for (std::size_t group = 0; group < kGroups.size(); ++group) {
    if (group > 0) {
      if (text.substr(stop, 1) != "-") {
        return 0;
      }
      ++stop;
    }
    const std::string_view part = text.substr(std::min(stop, text.size()), kGroups[group]);
    if (part.size() != kGroups[group] || !std::all_of(part.begin(), part.end(), is_hex)) {
      return 0;
    }
    stop += part.size();
  }
  return ends(stop) ? stop - at : 0;
}

}  // namespace

std::vector<Match> find_patterns(std::string_view text) {
  std::vector<Match> out;
  for (std::size_t at = 0; at < text.size();) {
    if (!is_hex(text[at])) {
      ++at;
      continue;
    }
    const bool starts_word = at == 0 || !is_word(text[at - 1]);
    if (const std::size_t bytes = starts_word ? uuid_at(text, at) : 0; bytes > 0) {
      out.push_back({Pattern::kUuid, at, bytes});
      at += bytes;
      continue;
    }
    std::size_t end = at;
    bool has_colon = false;
    while (end < text.size() && (is_hex(text[end]) || text[end] == ':')) {
      has_colon = has_colon || text[end] == ':';
      ++end;
    }
    if (has_colon) {
      scan_colons(text, at, end, out);
    }
    at = end;
  }
  return out;
}

}  // namespace weft::bus::redact_scan
