// SPDX-License-Identifier: Apache-2.0
// Lines are appended with O_APPEND and fsync; the folder is synced when the file is made. The lock
// is flock(): the kernel drops it with the process, however it ends.
#include "driver/journal.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace weft::driver {
namespace journal_file {

constexpr std::string_view kMagic = "weftline-journal/1";
constexpr std::size_t kBytesMax = 1 << 20;
constexpr std::size_t kOldMax = 256;
constexpr unsigned kFilesMax = 1000;

tl::unexpected<base::Error> failure(std::string_view what, const std::string& path, int error) {
  const auto code = error == EACCES || error == EPERM || error == EROFS
                        ? base::Code::kPermissionDenied
                    : error == ENOSPC || error == EDQUOT ? base::Code::kResourceExhausted
                                                         : base::Code::kUnavailable;
  return base::fail(code, fmt::format("{}: {}", what, std::strerror(error)), path,
                    "Name a folder that can be written with WEFT_STATE.");
}

std::vector<std::string_view> split(std::string_view line, char separator) {
  std::vector<std::string_view> out;
  for (std::size_t at = 0;;) {
    const std::size_t end = line.find(separator, at);
    out.push_back(line.substr(at, end == std::string_view::npos ? end : end - at));
    if (end == std::string_view::npos) {
      return out;
    }
    at = end + 1;
  }
}

std::string hex(base::ByteView bytes) {
  std::string out;
  for (const std::uint8_t byte : bytes) {
    out += fmt::format("{:02x}", byte);
  }
  return out;
}

bool unhex(std::string_view text, base::Bytes& out) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  if (text.size() % 2 != 0 || text.empty() || text.size() > 2 * kOldMax) {
    return false;
  }
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]);
    const int low = digit(text[i + 1]);
    if (high < 0 || low < 0) {
      return false;
    }
    out.push_back(static_cast<std::uint8_t>(high << 4 | low));
  }
  return true;
}

bool is_clean(std::string_view text) {
  return !text.empty() && std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
}

std::string line_of(const JournalEntry& entry) {
  return fmt::format("+\t{}\t{}\t{}\t{}\n", entry.door, entry.device, entry.place, hex(entry.old));
}

base::Result<void> make_folders(const std::string& folder) {
  for (std::size_t at = 1; at != std::string::npos;) {
    at = folder.find('/', at);
    const std::string part = folder.substr(0, at);
    if (mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) {
      return failure("cannot make the state folder", part, errno);
    }
    at = at == std::string::npos ? at : at + 1;
  }
  return {};
}

base::Result<std::string> read_all(int fd, const std::string& path) {
  std::string text;
  char part[4096];
  for (;;) {
    const ssize_t got = pread(fd, part, sizeof part, static_cast<off_t>(text.size()));
    if (got < 0) {
      return failure("cannot read the journal", path, errno);
    }
    if (got == 0) {
      return text;
    }
    text.append(part, static_cast<std::size_t>(got));
    if (text.size() > kBytesMax) {
      return base::fail(base::Code::kDataLoss, "the journal is larger than 1 MiB", path,
                        "Look into it, put back what it names, and remove it.");
    }
  }
}

struct Read {
  std::string action;
  std::string machine;
  std::vector<JournalEntry> entries;
};

base::Result<Read> parse(std::string_view text, const std::string& path) {
  Read out;
  std::size_t number = 0;
  const auto garbled = [&](std::string_view what) {
    return base::fail(base::Code::kDataLoss, std::string(what), fmt::format("{}:{}", path, number),
                      "Look into it, put back what it names, and remove it.");
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string_view::npos) {
      break;  // cut off while it was written: what it announces was not done
    }
    ++number;
    const auto parts = split(text.substr(at, end - at), '\t');
    at = end + 1;
    if (number == 1) {
      if (parts.size() != 3 || parts[0] != kMagic) {
        return garbled("not a journal of this program");
      }
      out.action = parts[1];
      out.machine = parts[2];
    } else if (parts[0] == "+" && parts.size() == 5) {
      JournalEntry entry{.door = std::string(parts[1]),
                         .device = std::string(parts[2]),
                         .place = std::string(parts[3]),
                         .old = {}};
      if (!unhex(parts[4], entry.old)) {
        return garbled("the old value is not hexadecimal");
      }
      out.entries.push_back(std::move(entry));
    } else {
      return garbled("a line that this program did not write");
    }
  }
  return out;
}

bool is_journal_name(std::string_view name) {
  return name.starts_with("journal-") && name.ends_with(".tsv");
}

/// The file at `path` is still the one that is open: nobody removed it meanwhile.
bool is_same(int fd, const std::string& path) {
  struct stat open_file{};
  struct stat named{};
  return fstat(fd, &open_file) == 0 && stat(path.c_str(), &named) == 0 &&
         open_file.st_ino == named.st_ino && open_file.st_dev == named.st_dev;
}

void sync_folder(const std::string& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) {
    fsync(fd);
    ::close(fd);
  }
}

}  // namespace journal_file

base::Result<std::string> state_folder() {
  const auto value = [](const char* name) {
    const char* text = std::getenv(name);
    return std::string(text == nullptr ? "" : text);
  };
  if (auto own = value("WEFT_STATE"); !own.empty()) {
    return own;
  }
  if (auto state = value("XDG_STATE_HOME"); state.starts_with('/')) {
    return state + "/weft";
  }
  if (auto home = value("HOME"); home.starts_with('/')) {
    return home + "/.local/state/weft";
  }
  return base::fail(base::Code::kFailedPrecondition, "there is no folder for the journal", "HOME",
                    "Set WEFT_STATE to a folder.");
}

base::Result<Journal> Journal::open(const std::string& folder, std::string_view action,
                                    std::string_view machine) {
  if (!journal_file::is_clean(action) || !journal_file::is_clean(machine)) {
    return base::fail(base::Code::kInvalidArgument, "a journal's names must be plain text");
  }
  if (auto made = journal_file::make_folders(folder); !made) {
    return tl::unexpected(made.error());
  }
  Journal journal;
  for (unsigned n = 0; journal.fd_ < 0; ++n) {
    journal.path_ = fmt::format("{}/journal-{}-{}.tsv", folder, getpid(), n);
    journal.fd_ =
        ::open(journal.path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    if (journal.fd_ < 0 && (errno != EEXIST || n == journal_file::kFilesMax)) {
      return journal_file::failure("cannot make the journal", journal.path_, errno);
    }
  }
  if (flock(journal.fd_, LOCK_EX | LOCK_NB) != 0) {
    return journal_file::failure("cannot lock the journal", journal.path_, errno);
  }
  journal.action_ = action;
  journal.machine_ = machine;
  if (auto written =
          journal.append(fmt::format("{}\t{}\t{}\n", journal_file::kMagic, action, machine));
      !written) {
    return tl::unexpected(written.error());
  }
  journal_file::sync_folder(folder);
  return journal;
}

Journal::Journal(Journal&& other) noexcept
    : path_(std::move(other.path_)),
      action_(std::move(other.action_)),
      machine_(std::move(other.machine_)),
      fd_(std::exchange(other.fd_, -1)),
      entries_(std::move(other.entries_)) {}

Journal& Journal::operator=(Journal&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(action_, other.action_);
  std::swap(machine_, other.machine_);
  std::swap(fd_, other.fd_);
  std::swap(entries_, other.entries_);
  return *this;
}

Journal::~Journal() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

base::Result<void> Journal::append(std::string_view line) {
  if (fd_ < 0) {
    return base::fail(base::Code::kFailedPrecondition, "the journal is closed", path_);
  }
  while (!line.empty()) {
    const ssize_t put = ::write(fd_, line.data(), line.size());
    if (put < 0 && errno == EINTR) {
      continue;
    }
    if (put < 0) {
      return journal_file::failure("cannot write the journal", path_, errno);
    }
    line.remove_prefix(static_cast<std::size_t>(put));
  }
  if (fsync(fd_) != 0) {
    return journal_file::failure("cannot bring the journal to disk", path_, errno);
  }
  return {};
}

base::Result<void> Journal::note(const JournalEntry& entry) {
  if (!journal_file::is_clean(entry.door) || !journal_file::is_clean(entry.device) ||
      !journal_file::is_clean(entry.place) || entry.old.empty() ||
      entry.old.size() > journal_file::kOldMax) {
    return base::fail(base::Code::kInvalidArgument,
                      "a journal's entry needs plain names and 1 to 256 bytes", entry.device);
  }
  const bool is_known = std::any_of(entries_.begin(), entries_.end(), [&](const auto& one) {
    return one.door == entry.door && one.device == entry.device && one.place == entry.place;
  });
  if (is_known) {
    return {};
  }
  if (auto written = append(journal_file::line_of(entry)); !written) {
    return written;
  }
  entries_.push_back(entry);
  return {};
}

base::Result<void> Journal::undo(const Restore& restore) {
  base::Result<void> first;
  std::vector<JournalEntry> left;
  while (!entries_.empty()) {
    auto done = restore(entries_.back());
    if (!done) {
      left.insert(left.begin(), entries_.back());
      if (first) {
        first = tl::unexpected(done.error());
      }
    }
    entries_.pop_back();
  }
  entries_ = std::move(left);
  // A new text instead of strikes: the file stays short however often one tries.
  std::string text = fmt::format("{}\t{}\t{}\n", journal_file::kMagic, action_, machine_);
  for (const JournalEntry& entry : entries_) {
    text += journal_file::line_of(entry);
  }
  const std::string fresh = path_ + ".new";
  const int fd = ::open(fresh.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    if (fd >= 0) {
      ::close(fd);
    }
    return first ? journal_file::failure("cannot write the journal anew", fresh, error) : first;
  }
  const int old = std::exchange(fd_, fd);
  auto written = append(text);
  if (written && std::rename(fresh.c_str(), path_.c_str()) != 0) {
    written = journal_file::failure("cannot replace the journal", path_, errno);
  }
  ::close(old);
  return first ? written : first;
}

base::Result<void> Journal::close() {
  if (!entries_.empty()) {
    return base::fail(base::Code::kFailedPrecondition,
                      fmt::format("{} changes are not put back", entries_.size()), path_);
  }
  if (fd_ < 0) {
    return {};
  }
  const bool removed = unlink(path_.c_str()) == 0;
  const int error = errno;
  ::close(std::exchange(fd_, -1));
  if (!removed) {
    return journal_file::failure("cannot remove the journal", path_, error);
  }
  return {};
}

base::Result<std::vector<Journal>> abandoned(const std::string& folder) {
  std::vector<Journal> out;
  DIR* listing = opendir(folder.c_str());
  if (listing == nullptr) {
    if (errno == ENOENT) {
      return out;
    }
    return journal_file::failure("cannot list the state folder", folder, errno);
  }
  std::vector<std::string> names;
  while (const dirent* one = readdir(listing)) {
    if (journal_file::is_journal_name(one->d_name)) {
      names.emplace_back(one->d_name);
    }
  }
  closedir(listing);
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    Journal journal;
    journal.path_ = fmt::format("{}/{}", folder, name);
    journal.fd_ = ::open(journal.path_.c_str(), O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
    if (journal.fd_ < 0) {
      continue;  // gone meanwhile, or another user's
    }
    if (flock(journal.fd_, LOCK_EX | LOCK_NB) != 0 ||
        !journal_file::is_same(journal.fd_, journal.path_)) {
      continue;  // its program lives, or has just ended well
    }
    const auto text = journal_file::read_all(journal.fd_, journal.path_);
    if (!text) {
      return tl::unexpected(text.error());
    }
    if (text->find('\n') == std::string::npos) {
      unlink(journal.path_.c_str());  // ended before its first line: nothing was changed
      continue;
    }
    auto read = journal_file::parse(*text, journal.path_);
    if (!read) {
      return tl::unexpected(read.error());
    }
    journal.action_ = std::move(read->action);
    journal.machine_ = std::move(read->machine);
    journal.entries_ = std::move(read->entries);
    if (!text->ends_with('\n') &&
        ftruncate(journal.fd_, static_cast<off_t>(text->rfind('\n') + 1)) != 0) {
      return journal_file::failure("cannot mend the journal", journal.path_, errno);
    }
    out.push_back(std::move(journal));
  }
  return out;
}

}  // namespace weft::driver
