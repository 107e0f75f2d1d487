// SPDX-License-Identifier: Apache-2.0
#include "serve/api/audit.h"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

namespace weft::serve {

std::string audit_line(const AuditEntry& entry) {
  nlohmann::ordered_json out = {{"schema", "weftline/audit/1"},
                                {"at", base::iso8601(entry.at)},
                                {"who", entry.caller.who},
                                {"role", key(entry.caller.role)},
                                {"method", entry.method},
                                {"path", entry.path},
                                {"values", nlohmann::ordered_json::object()},
                                {"applied", entry.applied},
                                {"status", entry.status}};
  for (const auto& [name, value] : entry.values) {
    out["values"][name] = value;
  }
  if (!entry.detail.empty()) {
    out["detail"] = entry.detail;
  }
  return out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

AuditLog::~AuditLog() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

AuditLog::AuditLog(AuditLog&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}

AuditLog& AuditLog::operator=(AuditLog&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(path_, other.path_);
  return *this;
}

base::Result<AuditLog> AuditLog::open(const std::string& path) {
  AuditLog out;
  out.path_ = path;
  out.fd_ = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                   S_IRUSR | S_IWUSR);
  if (out.fd_ < 0) {
    return base::fail(base::Code::kPermissionDenied,
                      "the audit log cannot be opened: " + std::generic_category().message(errno),
                      path, "Name a folder that can be written.");
  }
  return out;
}

base::Result<void> AuditLog::add(const AuditEntry& entry) {
  if (fd_ < 0) {
    return {};
  }
  const std::string line = audit_line(entry);
  // One write of O_APPEND: lines of several threads and programs do not mix.
  const ssize_t done = ::write(fd_, line.data(), line.size());
  if (done != static_cast<ssize_t>(line.size())) {
    return base::fail(base::Code::kUnavailable, "the audit log cannot be written", path_,
                      "Make room on its disk.");
  }
  return {};
}

}  // namespace weft::serve
