// SPDX-License-Identifier: Apache-2.0
#include "cli/capture.h"

#include "base/text.h"
#include "bus/archive.h"
#include "bus/linux/open.h"
#include "bus/recording.h"
#include "bus/redact.h"
#include "bus/replay.h"
#include "driver/collect.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <iostream>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

namespace weft::cli {
namespace capture {

constexpr int kFormatVersion = 1;
constexpr std::size_t kShownUnreadableMax = 8;

std::string text_of(const bus::HostTree& tree, std::string_view path) {
  const auto content = tree.read(path);
  return content ? std::string(base::trim(*content)) : std::string();
}

/// What could not be read, as the capture and the person are told it.
struct Unreadable {
  std::string path;
  std::string what;
  bool needs_root = false;
};

std::vector<Unreadable> unreadable_of(const bus::MemoryTree& tree) {
  std::vector<Unreadable> out;
  tree.visit([&out](const bus::TreeEntry& entry) {
    const bool is_refused = entry.kind == bus::TreeEntry::Kind::kUnreadable ||
                            (entry.kind == bus::TreeEntry::Kind::kUnlistedDirectory &&
                             entry.error.what != "not captured");
    // What a machine does not have is no failure to read it.
    const bool is_absent =
        entry.error.code == base::Code::kUnimplemented ||
        (entry.path == bus::kAcceleratorsFile && entry.error.code == base::Code::kUnavailable);
    if (is_refused && !is_absent) {
      out.push_back({std::string(entry.path), entry.error.what,
                     entry.error.code == base::Code::kPermissionDenied});
    }
  });
  return out;
}

/// What a person or a script asks of a capture first. What could not be read is in its manifest.
std::string description_json(const bus::HostTree& tree, const CaptureOptions& options) {
  nlohmann::ordered_json json = {
      {"format", kFormatVersion},
      {"weft", WEFT_VERSION},
      {"host", text_of(tree, "proc/sys/kernel/hostname")},
      {"kernel", text_of(tree, "proc/sys/kernel/osrelease")},
      {"rights", text_of(tree, bus::kRightsFile)},
      {"written", base::iso8601(options.now)},
      {"is_redacted", options.redacts},
  };
  return json.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

/// "weft-capture-HOST-YYYYMMDD-HHMMSS.tar.zst", with nothing in it that a shell minds.
std::string file_name_of(const bus::HostTree& tree, base::WallTime now) {
  std::string host = text_of(tree, "proc/sys/kernel/hostname");
  std::erase_if(host, [](char c) {
    return !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
             c == '-' || c == '.' || c == '_');
  });
  std::string time = base::iso8601(now).substr(0, 19);
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  std::replace(time.begin(), time.end(), 'T', '-');
  return "weft-capture-" + (host.empty() || host.starts_with('.') ? "machine" : host) + "-" + time +
         ".tar.zst";
}

std::string summary_of(const bus::MemoryTree& tree, const std::vector<Unreadable>& unreadable,
                       const std::vector<std::string>& problems) {
  std::size_t files = 0;
  std::size_t links = 0;
  tree.visit([&](const bus::TreeEntry& entry) {
    files += entry.kind == bus::TreeEntry::Kind::kFile ? 1 : 0;
    links += entry.kind == bus::TreeEntry::Kind::kLink ? 1 : 0;
  });
  std::string out = fmt::format("Took {} files and {} links.\n", files, links);
  for (const std::string& problem : problems) {
    out += fmt::format("The source has a problem: {}.\n", base::printable(problem));
  }
  const auto needs_root = static_cast<std::size_t>(std::count_if(
      unreadable.begin(), unreadable.end(), [](const Unreadable& one) { return one.needs_root; }));
  if (!unreadable.empty()) {
    out += fmt::format("Could not read {} (the capture says which and why):\n", unreadable.size());
  }
  for (std::size_t i = 0; i < std::min(unreadable.size(), kShownUnreadableMax); ++i) {
    out += fmt::format("  {}: {}\n", base::printable(unreadable[i].path),
                       base::printable(unreadable[i].what));
  }
  if (unreadable.size() > kShownUnreadableMax) {
    out += fmt::format("  and {} more\n", unreadable.size() - kShownUnreadableMax);
  }
  if (needs_root > 0) {
    out += fmt::format("{} of them need root: sudo weft capture takes them too.\n", needs_root);
  } else if (text_of(tree, bus::kRightsFile) == "user") {
    out +=
        "Taken without root: the kernel gives 64 bytes of each configuration space only. "
        "sudo weft capture takes all registers.\n";
  }
  return out;
}

/// Why the output could not be written: errno's words and what to do.
tl::unexpected<base::Error> not_written(const std::string& path) {
  const int number = errno;
  const std::string words = "not written: " + std::generic_category().message(number);
  switch (number) {
    case EEXIST:
      return base::fail(base::Code::kAlreadyExists, "a file stands there already", path,
                        "Give another name with -o, or --force to replace it.");
    case EACCES:
    case EPERM:
    case EROFS:
      return base::fail(base::Code::kPermissionDenied, words, path,
                        "Name a file in a folder that you may write to with -o.");
    case ENOENT:
    case ENOTDIR:
      return base::fail(base::Code::kNotFound, words, path, "The folder must be there.");
    default:
      return base::fail(base::Code::kUnavailable, words, path);
  }
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno != EINTR) {
      return false;
    }
    bytes.remove_prefix(put < 0 ? 0 : static_cast<std::size_t>(put));
  }
  return true;
}

/// Renames, and does not replace unless told to. File systems without that (EINVAL) are asked
/// first.
bool put_in_place(const std::string& from, const std::string& to, bool overwrites) {
  struct stat there{};
  if (::lstat(to.c_str(), &there) == 0 && !S_ISREG(there.st_mode)) {
    errno = EEXIST;  // a device node or a folder is never replaced
    return false;
  }
  if (overwrites) {
    return ::rename(from.c_str(), to.c_str()) == 0;
  }
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) {
    return true;
  }
  if (errno != EINVAL && errno != ENOSYS) {
    return false;
  }
  if (::access(to.c_str(), F_OK) == 0) {
    errno = EEXIST;
    return false;
  }
  return ::rename(from.c_str(), to.c_str()) == 0;
}

int run(const Arguments& arguments) {
  CaptureOptions options;
  options.source = arguments.value("--from").value_or("/");
  options.redacts = arguments.has("--redact");
  options.now = base::wall_now();
  const auto taken = take_capture(options);
  if (!taken) {
    return report(taken.error());
  }
  const std::string path = arguments.value("--output").value_or(taken->file_name);
  if (path == "-") {
    std::cerr << taken->summary;
    if (!write_all(STDOUT_FILENO, taken->archive)) {
      return report(not_written("standard output").value());
    }
    return kOk;
  }
  if (const auto written = write_whole(path, taken->archive, arguments.has("--force")); !written) {
    return report(written.error());
  }
  std::cout << taken->summary
            << fmt::format("Wrote {} ({} KiB). Next: weft scan --from {}\n", path,
                           (taken->archive.size() + 1023) / 1024, path);
  return kOk;
}

constexpr OptionSpec kOptions[] = {
    {.name = "-o,--output",
     .value = "FILE",
     .help = "Write to FILE; - is standard output. Default: weft-capture-HOST-TIME.tar.zst in the "
             "current folder."},
    {.name = "--redact",
     .value = "",
     .help =
         "Replace MAC addresses, GUIDs, UUIDs, serial numbers and the host's name by pseudonyms "
         "that are the same throughout the capture, and leave out product data (VPD) and what "
         "other programs wrote into the kernel log."},
    {.name = "--from",
     .value = "SOURCE",
     .help =
         "Capture SOURCE instead of this machine: a root folder, another capture (to redact it), "
         "an lspci -xxxx dump, or - for standard input."},
    {.name = "--force", .value = "", .help = "Replace FILE if it is there already."},
};

constexpr ExampleSpec kExamples[] = {
    {.command = "sudo weft capture", .help = "all that a scan can read of this machine"},
    {.command = "weft capture --redact -o for-vendor.tar.zst", .help = "to give away"},
    {.command = "ssh node7 sudo weft capture -o - | weft scan --from -",
     .help = "scan a machine from here"},
};

constexpr ExitSpec kExits[] = {
    {.code = kOk, .meaning = "the capture is written; what could not be read is marked in it"},
};

}  // namespace capture

base::Result<Capture> take_capture(const CaptureOptions& options) {
  auto host = bus::linux_host::open_host(options.source);
  if (!host) {
    return tl::unexpected(std::move(host.error()));
  }
  bus::Recording recording;
  const bus::Host recorded = bus::record(*host, recording);
  const auto snapshot = driver::collect(recorded, {.now = options.now});
  if (!snapshot) {
    return tl::unexpected(snapshot.error());
  }
  // What a person wants to know of a capture, whether or not a driver asked for it.
  for (const std::string_view path :
       {std::string_view("proc/sys/kernel/hostname"), std::string_view("proc/sys/kernel/osrelease"),
        bus::kRightsFile, bus::kTimeFile, bus::kSourceFile}) {
    (void)recorded.tree->read(path);
  }
  bus::MemoryTree::Builder builder;
  base::Result<void> placed = bus::place_recording(*host->tree, recording, builder);
  if (placed && host->tree->is_live()) {
    placed = builder.add_file(bus::kTimeFile, std::to_string(options.now.ns) + "\n");
  }
  if (placed) {
    placed =
        builder.add_file(bus::kCaptureFile, capture::description_json(*recorded.tree, options));
  }
  if (!placed) {
    return tl::unexpected(std::move(placed.error()));
  }
  bus::MemoryTree tree = builder.freeze(host->tree->description());
  std::string replaced;
  if (options.redacts) {
    bus::RedactionReport report;
    auto redacted = bus::redact(tree, bus::random_key(), report);
    if (!redacted) {
      return tl::unexpected(std::move(redacted.error()));
    }
    tree = std::move(*redacted);
    replaced = fmt::format("Replaced by pseudonyms or left out: {}.\n", report.text());
  }
  auto archive = bus::write_archive(tree, bus::Packing::kZstd);
  if (!archive) {
    return tl::unexpected(std::move(archive.error()));
  }
  Capture out;
  out.archive = std::move(*archive);
  out.file_name = capture::file_name_of(tree, options.now);
  out.summary = capture::summary_of(tree, capture::unreadable_of(tree), host->problems) + replaced;
  return out;
}

base::Result<void> write_whole(const std::string& path, const std::string& bytes, bool overwrites) {
  const std::string beside = path + ".part-" + std::to_string(::getpid());
  // Serial numbers are in it: for its owner only.
  const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) {
    auto error = capture::not_written(path);
    return error;
  }
  bool is_written = capture::write_all(fd, bytes) && ::fsync(fd) == 0;
  is_written = ::close(fd) == 0 && is_written;
  if (!is_written || !capture::put_in_place(beside, path, overwrites)) {
    auto error = capture::not_written(path);
    ::unlink(beside.c_str());
    return error;
  }
  return {};
}

VerbSpec capture_verb() {
  return {
      .name = "capture",
      .summary = "write what a scan reads of this machine into one file",
      .description =
          "Takes exactly what weft scan reads (configuration spaces, link files, counters, module "
          "memory, the kernel log) into one .tar.zst file, for weft scan --from. Nothing on the "
          "machine is changed. What could not be read is marked with the reason, so that a scan of "
          "the capture says the same as a scan of the machine.\n\n"
          "Without root the kernel gives less: the first 64 bytes of each configuration space, and "
          "often no kernel log. The capture is readable by its owner only, since serial numbers "
          "and "
          "addresses are in it; --redact replaces them.",
      .positionals = {},
      .options = capture::kOptions,
      .run = capture::run,
      .is_read_only = true,
      .examples = capture::kExamples,
      .exits = capture::kExits,
  };
}

}  // namespace weft::cli
