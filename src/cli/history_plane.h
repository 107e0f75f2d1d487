// SPDX-License-Identifier: Apache-2.0
// Where verbs about the past get their answers: from a running control plane, over its socket
// plane.sock, or from a store's folder that nobody has open. Both answer alike
// (docs/formats/plane.md).
#pragma once

#include "base/time.h"
#include "cli/line_client.h"

#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace weft::cli {

inline constexpr OptionSpec kPlaneSocketOption = {"--socket", "FILE", "Its plane.sock itself."};
inline constexpr OptionSpec kPlaneStoreOption = {
    "--store", "DIR", "Read this store's folder instead, which no weft up has open."};

class Plane {
 public:
  using Json = nlohmann::ordered_json;
  /// By --store, --socket or --folder, else the only weft up that runs.
  [[nodiscard]] static base::Result<Plane> open(const Arguments& arguments);
  Plane(Plane&&) noexcept;
  Plane& operator=(Plane&&) noexcept;
  ~Plane();

  /// The answer as its line, once it is known to be one; what was refused is an error.
  [[nodiscard]] base::Result<std::string> ask_line(const Json& request);
  [[nodiscard]] base::Result<Json> ask(const Json& request);

 private:
  struct Impl;
  explicit Plane(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Sets request[name] from an option that is a time ("2026-11-22T19:00Z") or a span before now.
[[nodiscard]] base::Result<void> ask_time(const Arguments& arguments, const char* option,
                                          nlohmann::ordered_json& request);

/// A text of an answer, fit for a terminal; empty where it is not there.
[[nodiscard]] std::string said(const nlohmann::ordered_json& answer, const char* name);
/// What people call the subject of a row: planned name, else host and name, else id.
[[nodiscard]] std::string place_of(const nlohmann::ordered_json& row);
/// "1.2e-3 /s", with a precision for people.
[[nodiscard]] std::string number_text(const nlohmann::ordered_json& value);

}  // namespace weft::cli
