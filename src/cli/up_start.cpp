// SPDX-License-Identifier: Apache-2.0
#include "cli/up_start.h"

#include "base/bytes.h"
#include "base/id.h"
#include "fabric/show.h"
#include "twin/embedded.h"
#include "twin/fault/draw.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <utility>

#include <fmt/format.h>

namespace weft::cli {
namespace up_start_parts {

base::Result<void> restore(twin::World& world, const std::string& path) {
  constexpr std::uintmax_t kBytesMax = std::uintmax_t{4} << 30;
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error || size > kBytesMax) {
    return base::fail(base::Code::kNotFound, error ? error.message() : "too long for a checkpoint",
                      path, "Name a file that weft world checkpoint wrote.");
  }
  base::Bytes bytes(static_cast<std::size_t>(size));
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!file) {
    return base::fail(base::Code::kUnavailable, "cannot be read", path);
  }
  if (auto done = world.restore(bytes); !done) {
    auto told = done.error();
    told.where = path + (told.where.empty() ? "" : ": " + told.where);
    return tl::unexpected(told);
  }
  return {};
}

/// Nothing but options that do not say what lives.
bool is_front_door(const Arguments& arguments) {
  return std::ranges::none_of(std::to_array({"RACK", "--scenario", "--restore", "--seed", "--for",
                                             "--no-plane", "--store"}),
                              [&arguments](const char* name) { return arguments.has(name); });
}

}  // namespace up_start_parts

base::Result<void> UpStart::read(const Arguments& arguments) {
  const auto file = arguments.value("--scenario");
  if (file) {
    auto loaded = twin::load_scenario(*file);
    if (!loaded) {
      return tl::unexpected(loaded.error());
    }
    scenario = std::move(*loaded);
  } else if (up_start_parts::is_front_door(arguments)) {
    const auto stories = twin::embedded_stories();
    auto loaded = twin::load_scenario_text(stories.front().text, std::string(stories.front().name));
    if (!loaded.ok()) {
      return base::fail(base::Code::kInternal, loaded.problem_text());
    }
    scenario = std::move(loaded.scenario);
    history = scenario->length;
  } else {
    return {};
  }
  options.world.seed = arguments.has("--seed") ? options.world.seed : scenario->seed;
  if (file) {
    scenario->rack = twin::drawn_rack(*scenario, options.world.seed);
    options.rack = arguments.value("RACK").value_or(twin::rack_path(*scenario));
  }
  return {};
}

base::Result<void> UpStart::open_state(const Arguments& arguments, const fabric::Fabric& rack) {
  const auto named = arguments.value("--state");
  for (const char* other : {"--store", "--restore", "--no-plane"}) {
    if (named && arguments.has(other)) {
      return base::fail(base::Code::kInvalidArgument,
                        fmt::format("--state and {} contradict each other", other), {},
                        "Leave one of them out.");
    }
  }
  const std::string folder = named ? *named
                             : up_start_parts::is_front_door(arguments)
                                 ? default_state_folder(rack.name)
                                 : std::string();
  if (folder.empty()) {
    return {};
  }
  const std::string text =
      fabric::fabric_json(rack) + (scenario ? scenario->name + scenario->description : "");
  auto opened =
      UpState::open(folder, {fmt::format("{:016x}", base::fnv1a64(text)), options.world.seed});
  if (!opened && named) {
    return tl::unexpected(opened.error());
  }
  if (!opened) {
    report(opened.error());
    return {};
  }
  state = std::move(*opened);
  saved = state->take(arguments.has("--fresh"));
  return {};
}

base::Result<std::unique_ptr<twin::Rack>> UpStart::build(const Arguments& arguments,
                                                         fabric::Fabric rack) {
  const auto restored = arguments.value("--restore");
  const auto made = [&](bool starts) {
    return twin::build_rack(fabric::Fabric(rack), options.world, {.starts = starts, .physics = {}});
  };
  auto out = made(!restored && !saved);
  if (out && saved) {
    if (auto done = (*out)->world->restore(saved->world); done) {
      history = {};
    } else {
      report(done.error());
      saved.reset();
      (void)state->take(true);
      out = made(true);
    }
  }
  if (!out) {
    return out;
  }
  if (restored) {
    if (auto done = up_start_parts::restore(*(*out)->world, *restored); !done) {
      return tl::unexpected(done.error());
    }
  } else if (scenario && !saved) {
    auto story = twin::drawn(*scenario, *(*out)->plan, options.world.seed);
    if (!story) {
      return tl::unexpected(story.error());
    }
    if (auto done = twin::apply(*story, twin::fault_engine(**out)); !done) {
      return tl::unexpected(done.error());
    }
  }
  return out;
}

void UpStart::keep(twin::Rack& rack, base::WallTime world_at) const {
  if (!state) {
    return;
  }
  UpState::Saved now{world_at, {}};
  {
    const twin::Hold hold(rack.world->mutex());
    now.world = rack.world->checkpoint();
  }
  if (auto kept = state->save(now); !kept) {
    report(kept.error());
  }
}

}  // namespace weft::cli
