// SPDX-License-Identifier: Apache-2.0
// Recording a host's answers, and laying them out as a tree (docs/formats/capture.md).
#include "bus/recording.h"

#include "bus/replay.h"
#include "bus/tree_path.h"

#include <memory>
#include <set>
#include <unordered_map>
#include <utility>

namespace weft::bus {

namespace recording {

/// Every answer is kept by the path as asked; the first one stays.
class RecordingTree final : public HostTree {
 public:
  RecordingTree(const HostTree& inner, Recording& to) : inner_(inner), to_(to) {}

  base::Result<std::string> read(std::string_view path, std::size_t bytes_max) const override {
    auto answer = inner_.read(path, bytes_max);
    auto& content = at(path).content;
    if (!content) {
      content = answer;
    }
    return answer;
  }
  base::Result<std::vector<std::string>> list(std::string_view path) const override {
    auto answer = inner_.list(path);
    auto& names = at(path).names;
    if (!names) {
      names = answer;
    }
    return answer;
  }
  base::Result<std::string> link(std::string_view path) const override {
    auto answer = inner_.link(path);
    auto& target = at(path).target;
    if (!target) {
      target = answer;
    }
    return answer;
  }
  bool exists(std::string_view path) const override {
    const bool answer = inner_.exists(path);
    if (answer) {
      at(path).exists = true;
    }
    return answer;
  }
  std::string description() const override { return inner_.description(); }
  bool is_live() const override { return inner_.is_live(); }

 private:
  Recording::Path& at(std::string_view path) const { return to_.paths[std::string(path)]; }

  const HostTree& inner_;
  Recording& to_;
};

class RecordingNetdev final : public Netdev {
 public:
  RecordingNetdev(const Netdev& inner, Recording& to) : inner_(inner), to_(to) {}

  base::Result<base::Bytes> query(std::string_view interface, std::uint8_t message) const override {
    auto answer = inner_.query(interface, message);
    to_.replies.try_emplace(reply_path(interface, message), answer);
    return answer;
  }
  base::Result<base::Bytes> module_page(std::string_view interface, std::uint8_t i2c_address,
                                        std::uint8_t bank, std::uint8_t page, std::uint8_t offset,
                                        std::uint8_t length) const override {
    auto answer = inner_.module_page(interface, i2c_address, bank, page, offset, length);
    to_.replies.try_emplace(module_path(interface, i2c_address, bank, page, offset), answer);
    return answer;
  }

 private:
  const Netdev& inner_;
  Recording& to_;
};

class RecordingAccelerators final : public Accelerators {
 public:
  RecordingAccelerators(const Accelerators& inner, Recording& to) : inner_(inner), to_(to) {}

  base::Result<std::vector<Accelerator>> list() const override {
    auto answer = inner_.list();
    if (!to_.accelerators) {
      to_.accelerators = answer;
    }
    return answer;
  }

 private:
  const Accelerators& inner_;
  Recording& to_;
};

/// Lays answers out. Each link on the way to an answer is asked once and kept.
class Placer {
 public:
  Placer(const HostTree& inner, MemoryTree::Builder& builder) : inner_(inner), builder_(builder) {}

  base::Result<void> place(const std::string& path, const Recording::Path& answers) {
    crossed_.clear();
    const auto own = follow(path, false);
    if (!own) {  // links that loop: what they pass on their way makes them loop again
      if (is_there(answers.content) || is_there(answers.names) || is_there(answers.target)) {
        keep_crossed();
      }
      return std::exchange(failure_, {});
    }
    if (answers.exists || is_there(answers.target) || is_no_link(answers)) {
      keep_crossed();
    }
    if (answers.target && *answers.target) {
      keep(builder_.add_link(*own, **answers.target));
    } else if (answers.exists || is_no_link(answers)) {
      keep(builder_.add_name(*own));
    }
    if (!answers.content && !answers.names) {
      return std::exchange(failure_, {});
    }
    if (const auto end = follow(path, true)) {
      if (answers.content) {
        place_content(path, *end, *answers.content);
      }
      if (answers.names) {
        place_names(path, *end, *answers.names);
      }
    }
    if (is_there(answers.content) || is_there(answers.names)) {
      keep_crossed();
    }
    return std::exchange(failure_, {});
  }

  void place_reply(const std::string& path, const base::Result<base::Bytes>& reply) {
    note_folders(path);
    if (reply) {
      keep(builder_.add_file(path, base::as_text(*reply)));
    } else {
      keep(builder_.add_unreadable(path, reply.error()));
    }
  }

  void place_accelerators(const base::Result<std::vector<Accelerator>>& list) {
    note_folders(std::string(kAcceleratorsFile));
    if (list) {
      keep(builder_.add_file(kAcceleratorsFile, accelerators_json(*list)));
    } else {
      keep(builder_.add_unreadable(kAcceleratorsFile, list.error()));
    }
  }

  base::Result<void> finish() {
    const base::Error not_listed{base::Code::kNotFound, "not captured", {}, {}};
    for (const std::string& folder : folders_) {
      // A folder noted on the way to what is not there need not be there itself.
      if (!listed_.contains(folder) && builder_.has_directory(folder)) {
        keep(builder_.mark_unlisted(folder, not_listed));
      }
    }
    return std::exchange(failure_, {});
  }

 private:
  /// An entry that was asked for its target, and has none, is there.
  static bool is_no_link(const Recording::Path& answers) {
    return answers.target && !*answers.target &&
           answers.target->error().what == "not a symbolic link";
  }

  template <class T>
  static bool is_there(const std::optional<base::Result<T>>& answer) {
    return answer && (*answer || (answer->error().code != base::Code::kNotFound &&
                                  answer->error().code != base::Code::kInvalidArgument));
  }

  /// A folder that a path enters and leaves again ("a/../b") must be there for the path to hold.
  void keep_crossed() {
    for (const std::string& folder : crossed_) {
      if (!folder.empty()) {
        keep(builder_.add_directory(folder));
      }
    }
  }

  /// Only a tree over its limits ends a capture; other conflicts come from a machine that changes
  /// while it is read, and the first answer stays.
  void keep(const base::Result<void>& added) {
    if (!added && added.error().code == base::Code::kResourceExhausted) {
      failure_ = added;
    }
  }

  void note_folders(const std::string& path) {
    for (std::size_t cut = path.rfind('/'); cut != std::string::npos;
         cut = cut == 0 ? std::string::npos : path.rfind('/', cut - 1)) {
      if (!folders_.insert(path.substr(0, cut)).second) {
        break;
      }
    }
    folders_.insert("");
  }

  /// The answer's place is its own path: an error that names it needs no words for that.
  static base::Error placed(base::Error error, const std::string& path) {
    if (error.where == shown_path(path)) {
      error.where.clear();
    }
    return error;
  }

  void place_content(const std::string& path, const std::string& end,
                     const base::Result<std::string>& content) {
    if (content) {
      keep(builder_.add_file(end, *content));
    } else if (content.error().what == "is a directory") {
      note_folders(end + "/");
      keep(end.empty() ? base::Result<void>{} : builder_.add_directory(end));
    } else if (is_there(std::optional(content))) {
      keep(builder_.add_unreadable(end, placed(content.error(), path)));
    }
  }

  void place_names(const std::string& path, const std::string& end,
                   const base::Result<std::vector<std::string>>& names) {
    if (!names) {
      if (is_there(std::optional(names))) {
        listed_.insert(end);
        keep(builder_.mark_unlisted(end, placed(names.error(), path)));
      }
      return;
    }
    listed_.insert(end);
    if (!end.empty()) {
      keep(builder_.add_directory(end));
    }
    for (const std::string& name : *names) {
      keep(builder_.add_name(below(end, name)));
    }
  }

  const std::optional<std::string>& target_of(const std::string& path) {
    const auto found = targets_.find(path);
    if (found != targets_.end()) {
      return found->second;
    }
    auto target = inner_.link(path);
    if (target) {
      keep(builder_.add_link(path, *target));
    }
    return targets_.emplace(path, target ? std::optional(std::move(*target)) : std::nullopt)
        .first->second;
  }

  /// `path` without links in it, the last one followed only if asked; nullopt where links loop.
  std::optional<std::string> follow(const std::string& path, bool follows_last) {
    std::string at;
    std::string pending = path;
    int links = 0;
    for (;;) {
      std::string_view rest = pending;
      const std::string name(next_component(rest));
      if (name.empty()) {
        note_folders(at);
        return at;
      }
      const bool is_last = rest.find_first_not_of('/') == std::string_view::npos;
      std::string remaining(rest);
      if (name == ".." || name == ".") {
        crossed_.push_back(at);
        folders_.insert(at);
      }
      if (name == "..") {
        const std::size_t cut = at.rfind('/');
        at.resize(cut == std::string::npos ? 0 : cut);
      } else if (name != ".") {
        const std::string next = below(at, name);
        const bool follows = !is_last || follows_last;
        const auto* target = follows ? &target_of(next) : nullptr;
        if (target == nullptr || !*target) {
          at = next;
        } else {
          if (++links > kLinksFollowedMax) {
            return std::nullopt;
          }
          note_folders(next);
          if ((*target)->starts_with('/')) {
            at.clear();
          }
          remaining = below(**target, remaining);
        }
      }
      pending = std::move(remaining);
    }
  }

  const HostTree& inner_;
  MemoryTree::Builder& builder_;
  std::unordered_map<std::string, std::optional<std::string>> targets_;
  std::set<std::string> folders_;
  std::vector<std::string> crossed_;  ///< by the path in hand
  std::set<std::string> listed_;
  base::Result<void> failure_;
};

}  // namespace recording

Host record(const Host& inner, Recording& to) {
  Host host;
  host.tree = std::make_unique<recording::RecordingTree>(*inner.tree, to);
  host.netdev = std::make_unique<recording::RecordingNetdev>(*inner.netdev, to);
  host.accelerators = std::make_unique<recording::RecordingAccelerators>(*inner.accelerators, to);
  host.problems = inner.problems;
  return host;
}

base::Result<void> place_recording(const HostTree& inner, const Recording& recording,
                                   MemoryTree::Builder& builder) {
  recording::Placer placer(inner, builder);
  for (const auto& [path, answers] : recording.paths) {
    if (auto placed = placer.place(path, answers); !placed) {
      return placed;
    }
  }
  for (const auto& [path, reply] : recording.replies) {
    placer.place_reply(path, reply);
  }
  if (recording.accelerators) {
    placer.place_accelerators(*recording.accelerators);
  }
  return placer.finish();
}

}  // namespace weft::bus
