// SPDX-License-Identifier: Apache-2.0
// What of `weft up` outlives it: the world's state, the store and the audit, in one folder of this
// user. A world goes on where it stopped; its time does not go by while nobody runs it. What was
// not ended well, is of another version or of another rack is forgotten: a store that knows more
// than its world would tell of a future that does not come.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace weft::cli {

/// "$XDG_STATE_HOME/weft/up/RACK", else "~/.local/state/weft/up/RACK"; empty where there is no
/// home.
[[nodiscard]] std::string default_state_folder(std::string_view rack);

class UpState {
 public:
  /// What a world must have in common with the one that left it: what it is made of.
  struct Identity {
    std::string rack;  ///< hash of its file's text, or what else names it for good
    std::uint64_t seed = 0;
  };
  struct Saved {
    base::WallTime world_at;  ///< that the world's start stands for
    base::Bytes world;        ///< checkpoint
  };

  /// Makes the folder and holds it; kAlreadyExists where another program does;
  /// kPermissionDenied.
  [[nodiscard]] static base::Result<std::unique_ptr<UpState>> open(const std::string& folder,
                                                                   Identity identity);
  ~UpState();
  UpState(const UpState&) = delete;
  UpState& operator=(const UpState&) = delete;

  /// What the last end left, once: whoever does not end well leaves nothing. Without it, or with
  /// `forgets`, the store there is removed. The audit stays.
  [[nodiscard]] std::optional<Saved> take(bool forgets);
  /// After the store was closed or committed.
  base::Result<void> save(const Saved& saved) const;

  [[nodiscard]] std::string store() const { return folder_ + "/store"; }
  [[nodiscard]] std::string audit() const { return folder_ + "/audit.jsonl"; }
  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  UpState() = default;
  std::string folder_;
  Identity identity_;
  int lock_ = -1;
};

}  // namespace weft::cli
