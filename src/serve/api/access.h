// SPDX-License-Identifier: Apache-2.0
// Who may do what: roles, and the tokens that give them, from a file that is its owner's alone.
// Tokens may stand there as SHA-256; either way they are compared as hashes, all of them, in a time
// that tells nothing, and are never printed or logged.
//
//   # ROLE SECRET [NAME]
//   viewer   1f0c…            grafana
//   operator sha256:9f86d0…   anna
//
// A file of one word is one viewer's token.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::serve {

/// Each may do what those before it may.
enum class ApiRole : std::uint8_t { kViewer, kOperator, kAdmin };
[[nodiscard]] std::string_view key(ApiRole role);

struct Caller {
  ApiRole role = ApiRole::kViewer;
  std::string who;  ///< name of its token, "operator 2" where it has none; "local" without tokens
};

class Access {
 public:
  /// Nobody is asked for a token, and everybody has this role.
  explicit Access(ApiRole everybody = ApiRole::kViewer) : everybody_(everybody) {}
  /// kInvalidArgument names the line: a role that is none, a token shorter than 16 or longer than
  /// 256 characters or with others than RFC 6750 allows, or given twice; kPermissionDenied: others
  /// than its owner can read the file; kNotFound.
  [[nodiscard]] static base::Result<Access> read(const std::string& path);

  [[nodiscard]] bool needs_token() const { return !tokens_.empty(); }
  /// Of an Authorization value ("Bearer …", RFC 6750); nullopt where a token is needed and this is
  /// none of them.
  [[nodiscard]] std::optional<Caller> caller(std::string_view authorization) const;

 private:
  struct Token {
    std::string sha256;
    Caller caller;
  };
  static base::Result<Token> read_line(std::string_view line, std::size_t number,
                                       const std::string& path);

  ApiRole everybody_ = ApiRole::kViewer;
  std::vector<Token> tokens_;
};

}  // namespace weft::serve
