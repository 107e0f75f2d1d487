// SPDX-License-Identifier: Apache-2.0
#include "cli/firmware.h"

#include "cli/device_steps.h"
#include "driver/retimer.h"
#include "driver/retimer_actions.h"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace weft::cli {
namespace firmware_parts {

using base::Code;
using base::Result;
using Json = nlohmann::ordered_json;

constexpr PositionalSpec kTarget = {
    "TARGET",
    "A retimer by bus and address (i2c-9/0x24), or a module by its interface (eth0); of a twin "
    "also a device's or link's name, and with MACHINE/ before it."};
constexpr PositionalSpec kShowPositionals[] = {kTarget};
constexpr PositionalSpec kUpdatePositionals[] = {
    kTarget,
    {"FILE", "The image: of a retimer its whole EEPROM, of a module as its maker gives it."}};
constexpr OptionSpec kShowOptions[] = {
    kRootOption, kRackOption, kSeedOption, kAdvanceOption, kUpFolderOption, kActionJsonOption,
};
constexpr OptionSpec kUpdateOptions[] = {
    kApplyOption,   kRootOption,     kRackOption,      kSeedOption,
    kAdvanceOption, kUpFolderOption, kInventoryOption, kActionJsonOption,
};
constexpr ExampleSpec kShowExamples[] = {
    {"weft firmware show eth0", "What the module runs, and what its banks hold."},
};
constexpr ExampleSpec kUpdateExamples[] = {
    {"weft firmware update i2c-9/0x24 image.bin", "What the update would write and disturb."},
    {"sudo weft firmware update i2c-9/0x24 image.bin --apply", "Do it, with progress."},
};
constexpr ExitSpec kShowExits[] = {{kOk, "it was read"}};
constexpr ExitSpec kUpdateExits[] = {{kOk, "the new image runs, or nothing was to be done"}};

std::string version(const wire::cmis::FirmwareImage& image) {
  return fmt::format("{}.{}.{}", image.major, image.minor, image.build);
}

Json images_json(const wire::cmis::FirmwareInfo& info) {
  auto out = Json::array();
  const auto add = [&out](const char* bank, const wire::cmis::FirmwareImage& image) {
    if (image.is_present) {
      out.push_back({{"bank", bank},
                     {"version", version(image)},
                     {"running", image.is_running},
                     {"committed", image.is_committed},
                     {"valid", image.is_valid}});
    }
  };
  add("A", info.images[0]);
  add("B", info.images[1]);
  add("factory", info.factory);
  return out;
}

std::string images_text(const Json& firmware) {
  std::string out;
  if (firmware.contains("running")) {
    out += fmt::format("Runs firmware {}.\n", firmware["running"].get<std::string>());
  }
  for (const Json& image : firmware.value("images", Json::array())) {
    out += fmt::format("  {:<8} {:<12}{}{}{}\n", image["bank"].get<std::string>(),
                       image["version"].get<std::string>(),
                       image["running"].get<bool>() ? " running" : "",
                       image["committed"].get<bool>() ? " committed" : "",
                       image["valid"].get<bool>() ? "" : " not valid");
  }
  return out.empty() ? "It does not tell its firmware.\n" : out;
}

Result<Json> module_firmware(const Place& place, bus::ModuleMemory& memory, Outline& outline) {
  const auto look = driver::look_at_module(memory);
  if (!look) {
    return tl::unexpected(look.error());
  }
  Json out = Json::object();
  if (!look->info.firmware.empty()) {
    out["running"] = look->info.firmware;
  }
  driver::ModuleControl control(memory, {.apply = true, .wait = place.wait, .journal = nullptr});
  if (const auto info = control.firmware()) {
    out["images"] = images_json(*info);
  } else {
    outline.notes.push_back(
        fmt::format("What its banks hold is asked by a CDB command, which must be written: {}.",
                    info.error().what));
  }
  return out;
}

Result<Json> retimer_firmware(driver::RetimerBus& retimer) {
  const auto report = driver::read_retimer(retimer, {.with_lanes = false});
  if (!report) {
    return tl::unexpected(report.error());
  }
  Json out = Json::object();
  if (report->is_loaded) {
    out["running"] = report->firmware.text();
  }
  out["loaded"] = report->is_loaded;
  return out;
}

int print_firmware(Outline outline, const Result<Json>& firmware, bool is_json) {
  if (!firmware) {
    return report(firmware.error());
  }
  std::string text = fmt::format("{}{} on {}\n", outline.is_simulated ? "SIMULATED: " : "",
                                 outline.target, outline.source) +
                     images_text(*firmware);
  for (const std::string& note : outline.notes) {
    text += fmt::format("Note: {}\n", note);
  }
  auto json = outline_json(outline, false);
  json["firmware"] = *firmware;
  print_text(is_json ? json.dump(2) + "\n" : text);
  return kOk;
}

int run_show(const Arguments& arguments) {
  auto place = open_place(arguments, arguments.value("TARGET").value_or(""));
  if (!place) {
    return report(place.error());
  }
  if (place->target.kind == TargetKind::kLink) {
    return report(wrong_kind(*place, "firmware"));
  }
  auto outline = outline_of(*place, "firmware show");
  outline.disturbs = "None.";
  const bool is_json = arguments.has("--json");
  if (place->target.kind == TargetKind::kRetimer) {
    auto opened = open_retimer(*place);
    return opened ? print_firmware(outline, retimer_firmware(*opened->retimer), is_json)
                  : report(opened.error());
  }
  auto memory = place->devices->module_memory(place->target.name);
  if (!memory) {
    return report(memory.error());
  }
  const auto firmware = module_firmware(*place, **memory, outline);
  return print_firmware(outline, firmware, is_json);
}

Result<base::Bytes> load_image(const std::string& file) {
  constexpr std::size_t kImageMost = std::size_t{64} << 20;
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    return base::fail(Code::kNotFound, "cannot read the image", file);
  }
  base::Bytes out{std::istreambuf_iterator<char>(in), {}};
  if (out.empty() || out.size() > kImageMost) {
    return base::fail(Code::kDataLoss, "no image: empty, or more than 64 MiB", file);
  }
  return out;
}

void show_progress(double share) {
  if (isatty(STDERR_FILENO) == 1) {
    std::fprintf(stderr, "\rwriting: %3.0f %%%s", share * 100, share >= 1 ? "\n" : "");
  }
}

/// What comes of an update: `firmware` as show has it.
int finish(const Outline& outline, const Json& firmware, bool is_json) {
  auto json = outline_json(outline, true);
  json["firmware"] = firmware;
  print_text(is_json ? json.dump(2) + "\n" : outline_text(outline) + images_text(firmware));
  return kOk;
}

int dry_run(const Outline& outline, bool is_json) {
  print_text(is_json ? outline_json(outline, false).dump(2) + "\n" : dry_run_text(outline));
  return kOk;
}

int update_retimer(Place& place, Outline outline, base::ByteView image,
                   const Arguments& arguments) {
  auto opened = open_retimer(place);
  if (!opened) {
    return report(opened.error());
  }
  const auto plan = driver::plan_update(*opened->retimer, image);
  if (!plan) {
    return report(plan.error());
  }
  add_plan(outline, *plan);
  outline.undo =
      "Not by registers: give it the old image again. After a failure run it again before a reset, "
      "since the EEPROM may hold half of an image.";
  const bool is_json = arguments.has("--json");
  if (!arguments.has("--apply")) {
    return dry_run(outline, is_json);
  }
  const auto done = driver::update_retimer(*opened->retimer, image, show_progress, place.wait);
  return done ? finish(outline, {{"running", done->text()}, {"loaded", true}}, is_json)
              : report(done.error());
}

int update_module(Place& place, Outline outline, base::ByteView image, const Arguments& arguments) {
  auto memory = place.devices->module_memory(place.target.name);
  if (!memory) {
    return report(memory.error());
  }
  driver::ModuleControl plan(**memory, {.apply = false, .wait = {}, .journal = nullptr});
  if (const auto planned = plan.update_firmware(image, {}); !planned) {
    return report(planned.error());
  }
  add_steps(outline, **memory, plan.steps());
  outline.disturbs = driver::disturbs("firmware");
  outline.undo =
      "Not by registers: the old image stays in the other bank until the next update. A download "
      "that fails is aborted, and the running image goes on.";
  add_module_notes(outline, place);
  const bool is_json = arguments.has("--json");
  if (!arguments.has("--apply")) {
    return dry_run(outline, is_json);
  }
  driver::ModuleControl control(**memory, {.apply = true, .wait = place.wait, .journal = nullptr});
  const auto info = control.update_firmware(image, [](std::size_t done, std::size_t all) {
    show_progress(static_cast<double>(done) / static_cast<double>(all));
  });
  if (!info) {
    return report(info.error());
  }
  Json firmware = {{"images", images_json(*info)}};
  for (const wire::cmis::FirmwareImage& one : info->images) {
    if (one.is_running) {
      firmware["running"] = version(one);
    }
  }
  return finish(outline, firmware, is_json);
}

int run_update(const Arguments& arguments) {
  const auto image = load_image(arguments.value("FILE").value_or(""));
  if (!image) {
    return report(image.error());
  }
  auto place = open_place(arguments, arguments.value("TARGET").value_or(""));
  if (!place) {
    return report(place.error());
  }
  if (place->target.kind == TargetKind::kLink) {
    return report(wrong_kind(*place, "firmware"));
  }
  auto outline = outline_of(*place, "firmware update");
  return place->target.kind == TargetKind::kRetimer
             ? update_retimer(*place, std::move(outline), *image, arguments)
             : update_module(*place, std::move(outline), *image, arguments);
}

}  // namespace firmware_parts

VerbSpec firmware_show_verb() {
  return {.name = "firmware show",
          .summary = "say which firmware a retimer or module runs",
          .description =
              "Prints the firmware that runs, and for a module what both of its banks hold. That "
              "is asked by a CDB command, which disturbs nothing but must be written; where the "
              "memory cannot be written only the running version is known.",
          .positionals = firmware_parts::kShowPositionals,
          .options = firmware_parts::kShowOptions,
          .run = firmware_parts::run_show,
          .examples = firmware_parts::kShowExamples,
          .exits = firmware_parts::kShowExits};
}

VerbSpec firmware_update_verb() {
  return {.name = "firmware update",
          .summary = "give a retimer or module new firmware",
          .description =
              "Writes an image to a retimer's EEPROM (its blocks are checked before anything is "
              "written, the bytes by checksum after it) and resets the part, or downloads it into "
              "a module's idle bank by CDB, runs it and commits it; a download that fails is "
              "aborted. Without --apply it prints what would be written and whose traffic it "
              "disturbs. Linux gives no way to write a module's memory by its network interface; a "
              "retimer needs /dev/i2c-N and root.",
          .positionals = firmware_parts::kUpdatePositionals,
          .options = firmware_parts::kUpdateOptions,
          .run = firmware_parts::run_update,
          .examples = firmware_parts::kUpdateExamples,
          .exits = firmware_parts::kUpdateExits};
}

}  // namespace weft::cli
