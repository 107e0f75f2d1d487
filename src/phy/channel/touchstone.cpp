// SPDX-License-Identifier: Apache-2.0
// Takes Touchstone text apart, chunk by chunk: words, lines, comments, the header's states. What
// words mean is in touchstone_header.cpp, what numbers mean in touchstone_data.cpp.
#include "phy/channel/touchstone.h"

#include "base/text.h"
#include "phy/channel/touchstone_data.h"
#include "phy/channel/touchstone_header.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include <fmt/format.h>

namespace weft::phy::channel {
namespace touchstone {
namespace {

using base::Code;
using Status = base::Result<void>;

enum class Kind : unsigned char { kWord, kSpace, kLineFeed, kReturn, kComment };

constexpr std::array<Kind, 256> kKinds = [] {
  std::array<Kind, 256> kinds{};
  for (const char c : {' ', '\t', '\v', '\f', '\x1A'}) {  // 0x1A: the end mark of DOS
    kinds[static_cast<unsigned char>(c)] = Kind::kSpace;
  }
  kinds['\n'] = Kind::kLineFeed;
  kinds['\r'] = Kind::kReturn;
  kinds['!'] = Kind::kComment;
  return kinds;
}();

// The widest line: one frequency of the most ports. Keyword lines name each port at most once.
constexpr std::size_t kNumbersMax = 1 + 2 * TouchstoneLimits::kPorts * TouchstoneLimits::kPorts;
constexpr std::size_t kWordBytesMax = 512;
constexpr std::size_t kWordsMax = 256;
constexpr std::size_t kCommentHead = 128;

class Reader {
 public:
  Reader(std::string_view name, std::optional<std::size_t> ports)
      : name_(name), data_(std::string(name), ports) {
    numbers_.reserve(64);
  }

  [[nodiscard]] Status feed(std::string_view chunk);
  [[nodiscard]] base::Result<TouchstoneFile> finish();

 private:
  enum class Place : std::uint8_t { kHeader, kReference, kData, kNoise, kInformation, kEnd };

  [[nodiscard]] std::string where() const { return fmt::format("{}:{}", name_, line_); }
  [[nodiscard]] Status take_word(std::string_view word);
  [[nodiscard]] Status take_line_end();
  [[nodiscard]] Status take_words();
  [[nodiscard]] Status take_keyword(std::string_view line);
  [[nodiscard]] Status take_numbers();
  [[nodiscard]] Status take_reference();
  [[nodiscard]] Status count_idle(std::size_t comment, std::size_t space);
  const char* skip_comment(const char* at, const char* end);
  [[nodiscard]] Status skip_mark(std::string_view& chunk);

  std::string name_;
  DataReader data_;
  Header header_;
  Place place_ = Place::kHeader;
  std::size_t line_ = 1;
  bool is_first_chunk_ = true;
  bool after_return_ = false;
  bool in_comment_ = false;
  std::string comment_;             ///< its first bytes: tools write port names there
  std::string word_;                ///< the part of a word that the last chunk ended in
  bool is_text_line_ = false;       ///< an option or keyword line: words are kept
  std::vector<std::string> words_;  ///< of such a line
  std::vector<double> numbers_;     ///< of any other
  std::vector<double> references_;
  std::vector<std::string> names_;
  std::size_t comment_bytes_ = 0;
  std::size_t space_bytes_ = 0;
};

/// Byte order marks: that of UTF-8 is skipped, others are refused.
Status Reader::skip_mark(std::string_view& chunk) {
  is_first_chunk_ = false;
  if (chunk.starts_with("\xEF\xBB\xBF")) {
    chunk.remove_prefix(3);
  } else if (chunk.starts_with("\xFF\xFE") || chunk.starts_with("\xFE\xFF")) {
    return base::fail(Code::kInvalidArgument, "the text is UTF-16", where(),
                      "Save it as ASCII or UTF-8.");
  }
  return {};
}

/// Past the comment's bytes; keeps the first ones.
const char* Reader::skip_comment(const char* at, const char* end) {
  const auto* feed =
      static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at)));
  const char* stop = feed != nullptr ? feed : end;
  const auto* carriage =
      static_cast<const char*>(std::memchr(at, '\r', static_cast<std::size_t>(stop - at)));
  stop = carriage != nullptr ? carriage : stop;
  if (comment_.size() < kCommentHead) {
    comment_.append(at,
                    std::min(static_cast<std::size_t>(stop - at), kCommentHead - comment_.size()));
  }
  in_comment_ = stop == end;
  return stop;
}

Status Reader::count_idle(std::size_t comment, std::size_t space) {
  comment_bytes_ += comment;
  space_bytes_ += space;
  if (comment_bytes_ <= TouchstoneLimits::kCommentBytes &&
      space_bytes_ <= TouchstoneLimits::kSpaceBytes) {
    return {};
  }
  return base::fail(
      Code::kResourceExhausted,
      fmt::format(
          "more than {} MiB of {}",
          (comment_bytes_ > TouchstoneLimits::kCommentBytes ? TouchstoneLimits::kCommentBytes
                                                            : TouchstoneLimits::kSpaceBytes) >>
              20,
          comment_bytes_ > TouchstoneLimits::kCommentBytes ? "comments" : "blanks"),
      where(), "Remove them; they carry no data.");
}

Status Reader::feed(std::string_view chunk) {
  if (is_first_chunk_) {
    if (auto skipped = skip_mark(chunk); !skipped) {
      return skipped;
    }
  }
  const char* at = chunk.data();
  const char* const end = at + chunk.size();
  std::size_t comment = 0;
  std::size_t space = 0;
  while (at != end && place_ != Place::kEnd) {
    if (in_comment_) {
      const char* const stop = skip_comment(at, end);
      comment += static_cast<std::size_t>(stop - at);
      at = stop;
      continue;
    }
    const Kind kind = kKinds[static_cast<unsigned char>(*at)];
    if (kind == Kind::kWord) {
      after_return_ = false;
      const char* stop = at + 1;
      while (stop != end && kKinds[static_cast<unsigned char>(*stop)] == Kind::kWord) {
        ++stop;
      }
      const std::string_view part(at, static_cast<std::size_t>(stop - at));
      at = stop;
      if (stop == end || !word_.empty()) {
        word_.append(part.substr(0, kWordBytesMax));
        if (word_.size() > kWordBytesMax) {
          return base::fail(Code::kInvalidArgument, "a word is longer than any number", where(),
                            "Is this a Touchstone file?");
        }
        if (stop == end) {
          break;
        }
        const std::string whole = std::move(word_);
        word_.clear();
        if (auto taken = take_word(whole); !taken) {
          return taken;
        }
      } else if (auto taken = take_word(part); !taken) {
        return taken;
      }
      continue;
    }
    if (!word_.empty()) {  // it ended with the last chunk
      const std::string whole = std::move(word_);
      word_.clear();
      if (auto taken = take_word(whole); !taken) {
        return taken;
      }
    }
    ++at;
    if (kind == Kind::kSpace) {
      ++space;
      after_return_ = false;
    } else if (kind == Kind::kComment) {
      in_comment_ = true;
      after_return_ = false;
      comment_.clear();
    } else if (kind == Kind::kLineFeed && after_return_) {
      after_return_ = false;  // the second half of CR LF
    } else {
      ++space;
      after_return_ = kind == Kind::kReturn;
      if (auto taken = take_line_end(); !taken) {
        return taken;
      }
    }
  }
  return count_idle(comment, space);
}

Status Reader::take_word(std::string_view word) {
  if (place_ == Place::kInformation && words_.empty() && word[0] != '[' && !is_text_line_) {
    is_text_line_ = true;  // prose: kept to the line's end, then dropped
  }
  if (is_text_line_ || ((word[0] == '#' || word[0] == '[') && numbers_.empty())) {
    is_text_line_ = true;
    if (words_.size() < kWordsMax) {
      words_.emplace_back(word.substr(0, kWordBytesMax));
      return {};
    }
    return place_ == Place::kInformation
               ? Status{}
               : base::fail(Code::kInvalidArgument, "a line has too many words", where());
  }
  const auto value = parse_number(word);
  if (!value) {
    return base::fail(Code::kInvalidArgument,
                      fmt::format("\"{}\" is not a finite number", base::printable(word, 40)),
                      where());
  }
  if (numbers_.size() == kNumbersMax) {
    return base::fail(Code::kResourceExhausted,
                      fmt::format("a line has more than {} numbers", kNumbersMax), where());
  }
  numbers_.push_back(*value);
  return {};
}

Status Reader::take_line_end() {
  Status done;
  if (!comment_.empty()) {
    if (auto name = port_name(comment_)) {
      names_.resize(std::max(names_.size(), name->port + 1));
      names_[name->port] = std::move(name->name);
    }
    comment_.clear();
  }
  if (is_text_line_) {
    done = take_words();
    words_.clear();
    is_text_line_ = false;
  } else if (!numbers_.empty()) {
    done = take_numbers();
    numbers_.clear();
  }
  ++line_;
  return done;
}

/// An option or keyword line as a whole.
Status Reader::take_words() {
  if (words_[0][0] == '[') {
    std::string line;
    for (const auto& word : words_) {
      line += (line.empty() ? "" : " ") + word;
    }
    return take_keyword(line);
  }
  if (place_ == Place::kInformation) {
    return {};
  }
  words_[0].erase(0, 1);
  if (words_[0].empty()) {
    words_.erase(words_.begin());
  }
  // Only the first option line counts.
  return header_.has_option_line ? Status{} : parse_option_line(header_, words_, where());
}

Status Reader::take_keyword(std::string_view line) {
  const auto close = line.find(']');
  if (close == std::string_view::npos) {
    return base::fail(Code::kInvalidArgument, "a keyword lacks its closing bracket", where());
  }
  std::vector<std::string> rest;
  for (const auto word : base::words(line.substr(close + 1))) {
    rest.emplace_back(word);
  }
  const auto next = parse_keyword(header_, line.substr(1, close - 1), rest, where());
  if (!next) {
    return place_ == Place::kInformation ? Status{} : tl::unexpected(next.error());
  }
  if (place_ == Place::kInformation && *next == Next::kHeader) {
    place_ = Place::kHeader;
    return {};
  }
  switch (*next) {
    case Next::kHeader:
      if (place_ == Place::kReference) {
        place_ = Place::kHeader;
      }
      return {};
    case Next::kReference:
      place_ = Place::kReference;
      references_.clear();
      for (const auto& word : rest) {
        const auto value = parse_number(word);
        if (!value) {
          return base::fail(
              Code::kInvalidArgument,
              fmt::format("\"{}\" is no reference impedance", base::printable(word, 40)), where(),
              "Real ohms are understood.");
        }
        references_.push_back(*value);
      }
      return references_.empty() ? Status{} : take_reference();
    case Next::kData:
      place_ = Place::kData;
      return {};
    case Next::kNoise:
      place_ = Place::kNoise;
      return {};
    case Next::kInformation:
      place_ = Place::kInformation;
      return {};
    case Next::kEnd:
      place_ = Place::kEnd;
      return {};
  }
  return {};
}

/// [Reference] so far: complete when each port has its impedance.
Status Reader::take_reference() {
  for (const double ohm : references_) {
    if (!(ohm > 0) || ohm > 1e9) {
      return base::fail(Code::kInvalidArgument, fmt::format("a reference of {} ohm", ohm), where(),
                        "It must be positive.");
    }
  }
  const std::size_t want = header_.ports.value_or(references_.size());
  if (references_.size() > want) {
    return base::fail(
        Code::kInvalidArgument,
        fmt::format("[Reference] has {} impedances for {} ports", references_.size(), want),
        where());
  }
  header_.reference_ohm = references_;
  if (references_.size() == want) {
    place_ = Place::kHeader;
  }
  return {};
}

Status Reader::take_numbers() {
  switch (place_) {
    case Place::kReference:
      references_.insert(references_.end(), numbers_.begin(), numbers_.end());
      return take_reference();
    case Place::kHeader:
      if (header_.version == 2) {
        return base::fail(Code::kInvalidArgument, "numbers stand before [Network Data]", where());
      }
      place_ = Place::kData;
      return data_.take(header_, numbers_, line_);
    case Place::kData:
      return data_.take(header_, numbers_, line_);
    case Place::kNoise:
    case Place::kInformation:
    case Place::kEnd:
      return {};
  }
  return {};
}

base::Result<TouchstoneFile> Reader::finish() {
  const bool has_ended = word_.empty() && words_.empty() && numbers_.empty() && !in_comment_;
  const std::size_t last = has_ended && line_ > 1 ? line_ - 1 : line_;
  // The last line may lack its end.
  if (!word_.empty() && place_ != Place::kEnd) {
    if (auto taken = take_word(word_); !taken) {
      return tl::unexpected(taken.error());
    }
  }
  if (place_ != Place::kEnd) {
    if (auto taken = take_line_end(); !taken) {
      return tl::unexpected(taken.error());
    }
  }
  TouchstoneFile file;
  file.version = header_.version;
  auto network = data_.finish(header_, last, file.notes);
  if (!network) {
    return tl::unexpected(network.error());
  }
  file.network = std::move(*network);
  if (!header_.has_option_line) {
    file.notes.push_back(
        fmt::format("{}: no option line; GHz, S, magnitude and angle, 50 ohm assumed", name_));
  }
  if (!header_.modes.empty()) {
    file.notes.push_back(fmt::format("{}: mixed-mode data made single-ended", name_));
  }
  if (names_.size() == file.network.ports &&
      std::none_of(names_.begin(), names_.end(), [](const auto& name) { return name.empty(); })) {
    file.network.names = std::move(names_);
  }
  return file;
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace
}  // namespace touchstone

std::optional<std::size_t> ports_of_name(std::string_view path) {
  const auto dot = path.rfind('.');
  if (dot == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view ending = path.substr(dot + 1);
  const bool fits = ending.size() >= 3 && (ending.front() == 's' || ending.front() == 'S') &&
                    (ending.back() == 'p' || ending.back() == 'P');
  if (!fits) {
    return std::nullopt;
  }
  const auto ports = base::parse_unsigned(ending.substr(1, ending.size() - 2));
  return ports ? std::optional(static_cast<std::size_t>(*ports)) : std::nullopt;
}

base::Result<TouchstoneFile> parse_touchstone(std::string_view text, std::string_view name,
                                              std::optional<std::size_t> ports) {
  touchstone::Reader reader(name, ports ? ports : ports_of_name(name));
  if (auto fed = reader.feed(text); !fed) {
    return tl::unexpected(fed.error());
  }
  return reader.finish();
}

base::Result<TouchstoneFile> read_touchstone(const std::string& path,
                                             std::optional<std::size_t> ports) {
  const bool is_stdin = path == "-";
  std::unique_ptr<std::FILE, touchstone::CloseFile> opened;
  if (!is_stdin) {
    opened.reset(std::fopen(path.c_str(), "rbe"));
    if (!opened) {
      const base::Code code = errno == ENOENT   ? base::Code::kNotFound
                              : errno == EACCES ? base::Code::kPermissionDenied
                                                : base::Code::kUnavailable;
      return base::fail(code, std::strerror(errno), path);
    }
  }
  std::FILE* const file = is_stdin ? stdin : opened.get();
  touchstone::Reader reader(is_stdin ? "standard input" : path,
                            ports ? ports : ports_of_name(path));
  std::vector<char> chunk(std::size_t{256} << 10);
  for (;;) {
    const std::size_t count = std::fread(chunk.data(), 1, chunk.size(), file);
    if (count == 0) {
      break;
    }
    if (auto fed = reader.feed({chunk.data(), count}); !fed) {
      return tl::unexpected(fed.error());
    }
  }
  if (std::ferror(file) != 0) {
    return base::fail(base::Code::kUnavailable, std::strerror(errno), path);
  }
  return reader.finish();
}

}  // namespace weft::phy::channel
