// SPDX-License-Identifier: Apache-2.0
// What was written over the API: one JSON line for each request that would change something, done
// or refused, appended to a file that only its owner can read. Who, what, when, how it ended; no
// token and no body that was not understood. docs/formats/audit.md
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "serve/api/access.h"

#include <string>
#include <utility>
#include <vector>

namespace weft::serve {

struct AuditEntry {
  base::WallTime at;
  Caller caller;
  std::string method;
  std::string path;
  std::vector<std::pair<std::string, std::string>> values;  ///< as they were understood
  bool applied = false;                                     ///< false: a trial, or refused
  unsigned status = 0;
  std::string detail;  ///< of a refusal
};

[[nodiscard]] std::string audit_line(const AuditEntry& entry);

class AuditLog {
 public:
  AuditLog() = default;  ///< keeps nothing, for tests
  ~AuditLog();
  AuditLog(AuditLog&& other) noexcept;
  AuditLog& operator=(AuditLog&& other) noexcept;
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  /// Opens or makes the file, mode 0600. kPermissionDenied.
  [[nodiscard]] static base::Result<AuditLog> open(const std::string& path);
  /// From any thread. kUnavailable: it could not be written whole.
  base::Result<void> add(const AuditEntry& entry);

 private:
  int fd_ = -1;
  std::string path_;
};

}  // namespace weft::serve
