// SPDX-License-Identifier: Apache-2.0
#include "cli/up_state.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace weft::cli {
namespace up_state_parts {

using base::Code;
namespace fs = std::filesystem;

constexpr std::string_view kSchema = "weftline/up-state/1";
constexpr std::uintmax_t kWorldBytesMost = std::uintmax_t{4} << 30;

std::optional<base::Bytes> read_whole(const std::string& path, std::uintmax_t most) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error || size > most) {
    return std::nullopt;
  }
  base::Bytes out(static_cast<std::size_t>(size));
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
  return file ? std::optional(std::move(out)) : std::nullopt;
}

bool write_whole(const std::string& path, base::ByteView bytes) {
  const std::string beside = path + ".new";
  std::error_code error;
  {
    std::ofstream file(beside, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    if (!file.flush()) {
      return false;
    }
  }
  fs::rename(beside, path, error);
  return !error;
}

}  // namespace up_state_parts

std::string default_state_folder(std::string_view rack) {
  const char* state = std::getenv("XDG_STATE_HOME");
  const char* home = std::getenv("HOME");
  std::string out;
  if (state != nullptr && *state == '/') {
    out = state;
  } else if (home != nullptr && *home == '/') {
    out = std::string(home) + "/.local/state";
  }
  return out.empty() ? out : out + "/weft/up/" + std::string(rack);
}

base::Result<std::unique_ptr<UpState>> UpState::open(const std::string& folder, Identity identity) {
  using base::Code;
  std::unique_ptr<UpState> out(new UpState());
  out->folder_ = folder;
  out->identity_ = std::move(identity);
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error) {
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  }
  const std::string path = folder + "/lock";
  out->lock_ =
      error ? -1
            : ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
  if (out->lock_ < 0) {
    return base::fail(Code::kPermissionDenied, "the state cannot be kept there", folder,
                      "Name a folder that can be written with --state.");
  }
  if (::flock(out->lock_, LOCK_EX | LOCK_NB) != 0) {
    return base::fail(Code::kAlreadyExists, "another weft up keeps its state there", folder,
                      "Stop it, or name another folder with --state.");
  }
  return out;
}

UpState::~UpState() {
  if (lock_ >= 0) {
    ::close(lock_);
  }
}

std::optional<UpState::Saved> UpState::take(bool forgets) {
  namespace parts = up_state_parts;
  std::error_code ignored;
  const std::string about = folder_ + "/up.json";
  const std::string world = folder_ + "/world.checkpoint";
  std::optional<Saved> out;
  if (const auto text = parts::read_whole(about, parts::kWorldBytesMost); text && !forgets) {
    const auto json = nlohmann::json::parse(base::as_text(*text), nullptr, false);
    const nlohmann::json wanted = {{"schema", parts::kSchema},
                                   {"version", WEFT_VERSION},
                                   {"rack", identity_.rack},
                                   {"seed", identity_.seed}};
    const auto at = json.is_object() ? json.find("world_at_ns") : json.end();
    bool is_ours = json.is_object() && at != json.end() && at->is_number_integer();
    for (const auto& [name, value] : wanted.items()) {
      is_ours = is_ours && json.contains(name) && json[name] == value;
    }
    auto bytes = is_ours ? parts::read_whole(world, parts::kWorldBytesMost) : std::nullopt;
    if (bytes) {
      out = Saved{{at->get<std::int64_t>()}, *std::move(bytes)};
    }
  }
  std::filesystem::remove(about, ignored);
  std::filesystem::remove(world, ignored);
  if (!out) {
    std::filesystem::remove_all(store(), ignored);
  }
  return out;
}

base::Result<void> UpState::save(const Saved& saved) const {
  namespace parts = up_state_parts;
  const std::string text = nlohmann::json{
      {"schema", parts::kSchema},
      {"version", WEFT_VERSION},
      {"rack", identity_.rack},
      {"seed", identity_.seed},
      {"world_at_ns",
       saved.world_at.ns}}.dump();
  if (!parts::write_whole(folder_ + "/world.checkpoint", saved.world) ||
      !parts::write_whole(folder_ + "/up.json", base::as_bytes(text))) {
    return base::fail(base::Code::kUnavailable, "the state cannot be written", folder_,
                      "Make room on its disk.");
  }
  return {};
}

}  // namespace weft::cli
