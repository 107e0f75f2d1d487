// SPDX-License-Identifier: Apache-2.0
// Actions as the API offers them: what there is to do, trying and doing it, undoing it, and the
// record of what was done. Whoever owns the machines (cli/up_plane.cpp) says where targets are
// found and whether anything may be done at all. Journals are those of the verbs, in the same
// folder, so that `weft undo` and the API undo each other's actions; who did what when is kept in
// the store beside them, and told as an event. One thread at a time.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "diagnose/joint.h"
#include "serve/action/actions.h"
#include "serve/action/place.h"
#include "telemetry/store.h"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace weft::serve {

struct ActionDeskOptions {
  std::string source;   ///< a journal's machine: "this host", "weft up FOLDER"
  std::string refusal;  ///< why nothing may be done here, for people; empty: it may
  std::string hint;     ///< and what to do about it
  std::string folder;   ///< of journals (driver::state_folder())
  /// The target that a word names, and whose names it may be; an empty word: devices only, to put
  /// back what a journal notes.
  std::function<base::Result<ActionPlace>(std::string_view word, const diagnose::Joint* joint)>
      open = {};
  telemetry::Store* store = nullptr;   ///< may be null: nothing is remembered
  std::function<void()> changed = {};  ///< called after each change; may be null
};

/// Who asks for it, and when.
struct ActionCaller {
  std::string who;
  base::WallTime at;
};

class ActionDesk {
 public:
  explicit ActionDesk(ActionDeskOptions options);
  ActionDesk(ActionDesk&&) noexcept;
  ActionDesk& operator=(ActionDesk&&) noexcept;
  ~ActionDesk();

  [[nodiscard]] const ActionDeskOptions& options() const { return options_; }

  /// All that were done, the newest first, and journals that no record tells of. Each: `id`, `at`,
  /// `action`, `target`, `state` ("done", "failed", "open": changed until it is undone, "undone").
  [[nodiscard]] base::Result<std::vector<nlohmann::ordered_json>> list() const;
  /// One of them, with `result` (docs/formats/action.md) and the `registers` that are still
  /// changed. kNotFound.
  [[nodiscard]] base::Result<nlohmann::ordered_json> one(std::string_view id) const;

  /// `target` is a link, device or port of the joint fabric by name or id, or what the verbs take.
  /// kPermissionDenied where nothing may be done. The answer: `id` where it was done, `action`
  /// (docs/formats/action.md), `text` for people.
  [[nodiscard]] base::Result<nlohmann::ordered_json> act(const diagnose::Joint& joint,
                                                         const ActionRequest& request,
                                                         std::string_view target, bool applies,
                                                         const ActionCaller& caller);
  /// Puts back all that the journal of an action notes: also what earlier actions there changed.
  /// kNotFound; kFailedPrecondition where nothing of it is to be undone.
  [[nodiscard]] base::Result<nlohmann::ordered_json> undo(std::string_view id, bool applies,
                                                          const ActionCaller& caller);

  /// Rows as list() has them of what act() and undo() have changed since this was asked last, of
  /// the last hundred. For one listener.
  [[nodiscard]] std::vector<nlohmann::ordered_json> take_news();

 private:
  void note(nlohmann::ordered_json row);
  [[nodiscard]] base::Result<void> check_allowed() const;
  [[nodiscard]] std::vector<nlohmann::ordered_json> records() const;
  base::Result<void> keep(const nlohmann::ordered_json& record) const;
  base::Result<void> tell(const nlohmann::ordered_json& record, std::string_view subject,
                          base::WallTime at, std::string_view text) const;

  ActionDeskOptions options_;
  std::vector<nlohmann::ordered_json> news_;
};

}  // namespace weft::serve
