// SPDX-License-Identifier: Apache-2.0
// What an action changed on a device and must put back, on disk before the change is made, so that
// not even SIGKILL leaves a link with its power management off. Actions note the old value first
// (note()), change, and finally undo() and close() the journal; the next program that opens the
// state folder finds what a dead one left (abandoned()) and undoes it the same way. Drivers of one
// kind give the hand that writes a value back (Restore); the journal knows nothing of buses.
// Format: docs/formats/journal.md.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::driver {

/// One value to put back. Entries are undone in reverse order, one after the other.
struct JournalEntry {
  std::string door;    ///< which kind of bus: "config", "smbus", "module"; the Restore's business
  std::string device;  ///< "0000:3b:00.0", "i2c-9/0x20", "eth0"; no tabs or line ends
  std::string place;   ///< register, as the driver names it: "0x050", "0:0x10:0x80"
  base::Bytes old;     ///< its value before, least significant byte first; at most 256 bytes
  friend bool operator==(const JournalEntry&, const JournalEntry&) = default;
};

/// Writes one old value back; an error leaves the entry for the next try.
using Restore = std::function<base::Result<void>(const JournalEntry&)>;

/// $WEFT_STATE, or $XDG_STATE_HOME/weft, or ~/.local/state/weft.
[[nodiscard]] base::Result<std::string> state_folder();

class Journal {
 public:
  /// Makes FOLDER/journal-<pid>-<n>.tsv and locks it; the folder is made where it is missing.
  /// `action` and `machine` are for people and for abandoned(): "margin", "this host".
  [[nodiscard]] static base::Result<Journal> open(const std::string& folder,
                                                  std::string_view action,
                                                  std::string_view machine);
  Journal(Journal&& other) noexcept;
  Journal& operator=(Journal&& other) noexcept;
  /// Undoes nothing: what is not closed stays for recovery.
  ~Journal();

  /// On disk (fsync) when it returns. A place that is noted already keeps its first value.
  base::Result<void> note(const JournalEntry& entry);
  [[nodiscard]] const std::vector<JournalEntry>& entries() const { return entries_; }
  /// Puts everything back, newest first. Goes on after a failure and gives the first one; what was
  /// put back is struck from the journal, what failed stays.
  base::Result<void> undo(const Restore& restore);
  /// Removes the file. kFailedPrecondition while entries are left.
  base::Result<void> close();
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& action() const { return action_; }
  [[nodiscard]] const std::string& machine() const { return machine_; }

 private:
  friend base::Result<std::vector<Journal>> abandoned(const std::string& folder);
  Journal() = default;
  base::Result<void> append(std::string_view line);

  std::string path_;
  std::string action_;
  std::string machine_;
  int fd_ = -1;
  std::vector<JournalEntry> entries_;
};

/// Journals in the folder whose program is gone (their lock is free), locked and ready for undo()
/// and close(). A last line that was cut off is dropped: its change was not made yet. Files that
/// are no journals are left alone; a garbled one is an error that names it.
[[nodiscard]] base::Result<std::vector<Journal>> abandoned(const std::string& folder);

}  // namespace weft::driver
