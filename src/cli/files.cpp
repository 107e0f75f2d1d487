// SPDX-License-Identifier: Apache-2.0
#include "cli/files.h"

#include "base/text.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace weft::cli {
namespace files {
namespace {

constexpr std::size_t kSmallFileMax = std::size_t{1} << 20;

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace
}  // namespace files

base::Result<std::string> small_file(const std::string& path) {
  std::unique_ptr<std::FILE, files::FileCloser> opened(
      path == "-" ? nullptr : std::fopen(path.c_str(), "rb"));
  std::FILE* file = path == "-" ? stdin : opened.get();
  if (file == nullptr) {
    const int error = errno;
    return base::fail(error == EACCES ? base::Code::kPermissionDenied : base::Code::kNotFound,
                      std::strerror(error), base::printable(path));
  }
  std::string text(files::kSmallFileMax + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  if (std::ferror(file) != 0) {
    return base::fail(base::Code::kUnavailable, "cannot be read", base::printable(path));
  }
  if (text.size() > files::kSmallFileMax) {
    return base::fail(base::Code::kResourceExhausted, "is larger than a megabyte",
                      base::printable(path));
  }
  return text;
}

base::Result<void> write_output(const std::string& path, std::string_view bytes) {
  std::unique_ptr<std::FILE, files::FileCloser> opened(
      path == "-" ? nullptr : std::fopen(path.c_str(), "wb"));
  std::FILE* file = path == "-" ? stdout : opened.get();
  if (file == nullptr || std::fwrite(bytes.data(), 1, bytes.size(), file) != bytes.size() ||
      std::fflush(file) != 0) {
    const int error = errno;
    return base::fail(error == EACCES ? base::Code::kPermissionDenied : base::Code::kUnavailable,
                      std::string("cannot be written: ") + std::strerror(error),
                      base::printable(path));
  }
  return {};
}

}  // namespace weft::cli
