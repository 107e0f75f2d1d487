// SPDX-License-Identifier: Apache-2.0
#include "serve/action/desk.h"

#include "base/text.h"
#include "driver/lasting.h"
#include "serve/action/journals.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::serve {
namespace desk_parts {

using base::Code;
using base::Result;
using Json = nlohmann::ordered_json;

constexpr std::string_view kRecordKind = "action";
constexpr std::size_t kNewsMost = 100;

std::string plain(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Sorts as its number does.
std::string record_key(std::uint64_t id) {
  return fmt::format("{:012}", id);
}

std::string member(const Json& record, const char* name) {
  const auto at = record.find(name);
  return at != record.end() && at->is_string() ? at->get<std::string>() : std::string();
}

/// What the verbs call a thing of the joint fabric: its name, which a twin knows; of a machine, the
/// address of the link's end there.
struct Word {
  std::string text;
  std::string subject;  ///< of events about it; may be empty
};

Word word_of(const diagnose::Joint& joint, std::string_view target) {
  const fabric::Fabric& fabric = joint.fabric();
  for (const fabric::Link& link : fabric.links()) {
    if (link.id.text() == target || link.name == target) {
      return {link.name, link.id.text()};
    }
  }
  for (const fabric::Device& device : fabric.devices()) {
    if (device.id.text() == target || device.name == target) {
      return {device.name, device.id.text()};
    }
  }
  return {std::string(target), {}};
}

const FoundJournal* journal_named(const std::vector<FoundJournal>& all, std::string_view name,
                                  const std::string& source) {
  const auto at = std::ranges::find_if(all, [&](const FoundJournal& one) {
    return one.name == name && one.journal.machine() == source && !one.journal.entries().empty();
  });
  return at == all.end() ? nullptr : &*at;
}

/// A row of the list without its details.
Json row_of(const Json& record, const FoundJournal* journal) {
  Json out;
  for (const char* name : {"id", "at", "by", "action", "target", "subject", "state", "error",
                           "journal", "undone_at", "undone_by"}) {
    if (record.contains(name)) {
      out[name] = record[name];
    }
  }
  if (!member(record, "journal").empty() && member(record, "state") != "undone") {
    out["state"] = journal != nullptr ? "open" : "undone";
  }
  return out;
}

/// Of a journal that a verb left.
Json row_of(const FoundJournal& journal) {
  return {{"id", journal.name},
          {"at", base::iso8601(journal.at)},
          {"by", "a verb on this machine"},
          {"action", journal.journal.action()},
          {"target", journal.journal.entries().front().device},
          {"state", "open"},
          {"journal", journal.name}};
}

Result<std::vector<FoundJournal>> journals_of(const ActionDeskOptions& options) {
  if (options.folder.empty()) {
    return std::vector<FoundJournal>();
  }
  return found_journals(options.folder);
}

}  // namespace desk_parts

ActionDesk::ActionDesk(ActionDeskOptions options) : options_(std::move(options)) {}
ActionDesk::ActionDesk(ActionDesk&&) noexcept = default;
ActionDesk& ActionDesk::operator=(ActionDesk&&) noexcept = default;
ActionDesk::~ActionDesk() = default;

std::vector<nlohmann::ordered_json> ActionDesk::take_news() {
  return std::exchange(news_, {});
}

void ActionDesk::note(nlohmann::ordered_json row) {
  if (news_.size() == desk_parts::kNewsMost) {
    news_.erase(news_.begin());
  }
  news_.push_back(std::move(row));
}

base::Result<void> ActionDesk::check_allowed() const {
  if (!options_.refusal.empty()) {
    return base::fail(base::Code::kPermissionDenied, options_.refusal, {}, options_.hint);
  }
  return {};
}

std::vector<nlohmann::ordered_json> ActionDesk::records() const {
  std::vector<nlohmann::ordered_json> out;
  if (options_.store != nullptr) {
    options_.store->each(desk_parts::kRecordKind, [&out](std::string_view, base::ByteView value) {
      auto json = desk_parts::Json::parse(base::as_text(value), nullptr, false);
      if (json.is_object() && json.contains("id")) {
        out.push_back(std::move(json));
      }
    });
  }
  return out;
}

base::Result<void> ActionDesk::keep(const nlohmann::ordered_json& record) const {
  if (options_.store == nullptr) {
    return {};
  }
  const auto id = base::parse_unsigned(desk_parts::member(record, "id")).value_or(0);
  const std::string text = desk_parts::plain(record);
  return options_.store->put(desk_parts::kRecordKind, desk_parts::record_key(id),
                             base::as_bytes(text));
}

base::Result<void> ActionDesk::tell(const nlohmann::ordered_json& record, std::string_view subject,
                                    base::WallTime at, std::string_view text) const {
  if (options_.store == nullptr) {
    return {};
  }
  std::array<telemetry::StoredEvent, 1> event;
  event[0].event.at = at;
  event[0].event.kind = "action";
  event[0].event.address = desk_parts::member(record, "target");
  event[0].event.text = text;
  event[0].subject = subject;
  if (auto done = options_.store->append(std::span<telemetry::StoredEvent>(event)); !done) {
    return done;
  }
  return options_.store->commit();
}

base::Result<std::vector<nlohmann::ordered_json>> ActionDesk::list() const {
  const auto journals = desk_parts::journals_of(options_);
  if (!journals) {
    return tl::unexpected(journals.error());
  }
  std::vector<nlohmann::ordered_json> out;
  auto kept = records();
  for (const FoundJournal& journal : *journals) {
    const bool is_told = std::ranges::any_of(
        kept, [&](const auto& one) { return desk_parts::member(one, "journal") == journal.name; });
    if (!is_told && journal.journal.machine() == options_.source &&
        !journal.journal.entries().empty()) {
      out.push_back(desk_parts::row_of(journal));
    }
  }
  std::ranges::reverse(kept);  // the newest first
  for (const auto& record : kept) {
    out.push_back(desk_parts::row_of(
        record, desk_parts::journal_named(*journals, desk_parts::member(record, "journal"),
                                          options_.source)));
  }
  return out;
}

base::Result<nlohmann::ordered_json> ActionDesk::one(std::string_view id) const {
  const auto journals = desk_parts::journals_of(options_);
  if (!journals) {
    return tl::unexpected(journals.error());
  }
  const auto kept = records();
  const auto record = std::ranges::find_if(
      kept, [id](const auto& each) { return desk_parts::member(each, "id") == id; });
  const auto* const journal = desk_parts::journal_named(
      *journals, record == kept.end() ? id : desk_parts::member(*record, "journal"),
      options_.source);
  if (record == kept.end() && journal == nullptr) {
    return base::fail(base::Code::kNotFound, "there is no such action", base::printable(id, 80),
                      "/api/v1/actions lists what was done.");
  }
  auto out =
      record == kept.end() ? desk_parts::row_of(*journal) : desk_parts::row_of(*record, journal);
  if (record != kept.end() && record->contains("result")) {
    out["result"] = (*record)["result"];
  }
  if (journal != nullptr) {
    out["registers"] = journal_json(*journal)["registers"];
  }
  return out;
}

base::Result<nlohmann::ordered_json> ActionDesk::act(const diagnose::Joint& joint,
                                                     const ActionRequest& request,
                                                     std::string_view target, bool applies,
                                                     const ActionCaller& caller) {
  if (auto fits = check_request(request); !fits) {
    return tl::unexpected(fits.error());
  }
  if (auto allowed = check_allowed(); !allowed) {
    return tl::unexpected(allowed.error());
  }
  const auto word = desk_parts::word_of(joint, target);
  auto place = options_.open(word.text, &joint);
  if (!place) {
    return tl::unexpected(place.error());
  }
  const auto planned = plan_action(*place, request);
  if (!planned) {
    return tl::unexpected(planned.error());
  }
  nlohmann::ordered_json out = nlohmann::ordered_json::object();
  if (!applies) {
    out["action"] = action_json(*planned, nullptr);
    out["text"] = outline_text(planned->outline);
    return out;
  }
  const auto kept = records();
  const auto last =
      kept.empty() ? 0 : base::parse_unsigned(desk_parts::member(kept.back(), "id")).value_or(0);
  nlohmann::ordered_json record = {{"id", std::to_string(last + 1)},
                                   {"at", base::iso8601(caller.at)},
                                   {"by", caller.who},
                                   {"action", request.action},
                                   {"target", planned->outline.target}};
  const auto done = planned->act(options_.folder);
  record["state"] = done ? "done" : "failed";
  if (done && !done->journal.empty()) {
    record["journal"] = done->journal;
  }
  if (!done) {
    record["error"] = done.error().text();
  }
  record["result"] = action_json(*planned, done ? &*done : nullptr);
  const std::string subject =
      word.subject.empty() && !planned->outline.affected.links.empty()
          ? desk_parts::word_of(joint, planned->outline.affected.links[0]).subject
          : word.subject;
  record["subject"] = subject;
  auto noted = keep(record);
  if (noted) {
    noted = tell(record, subject, caller.at,
                 fmt::format("{} of {} by {}: {}", request.action, planned->outline.target,
                             caller.who, done ? done->text : done.error().text()));
  }
  auto row = desk_parts::row_of(record, nullptr);
  if (record.contains("journal")) {
    row["state"] = "open";
  }
  note(std::move(row));
  if (options_.changed) {
    options_.changed();
  }
  if (!done || !noted) {
    return tl::unexpected(done ? noted.error() : done.error());
  }
  out["id"] = record["id"];
  out["action"] = record["result"];
  out["text"] = outline_text(planned->outline) + done->text + "\n";
  return out;
}

base::Result<nlohmann::ordered_json> ActionDesk::undo(std::string_view id, bool applies,
                                                      const ActionCaller& caller) {
  using base::Code;
  const auto known = one(id);
  if (!known) {
    return tl::unexpected(known.error());
  }
  if (auto allowed = check_allowed(); !allowed) {
    return tl::unexpected(allowed.error());
  }
  if (desk_parts::member(*known, "state") != "open") {
    return base::fail(Code::kFailedPrecondition, "nothing of it is to be put back",
                      base::printable(id, 80), "It changed nothing that lasts, or that is undone.");
  }
  auto journals = desk_parts::journals_of(options_);
  if (!journals) {
    return tl::unexpected(journals.error());
  }
  const auto name = desk_parts::member(*known, "journal");
  const auto at = std::ranges::find(*journals, name, &FoundJournal::name);
  if (at == journals->end()) {
    return base::fail(Code::kUnavailable, "somebody else is at its journal", name, "Ask later.");
  }
  nlohmann::ordered_json result = {{"schema", "weftline/undo/1"},
                                   {"applied", applies},
                                   {"journals", nlohmann::ordered_json::array()}};
  result["journals"].push_back(journal_json(*at));
  nlohmann::ordered_json out = {{"id", std::string(id)}};
  if (!applies) {
    out["undo"] = std::move(result);
    return out;
  }
  auto place = options_.open({}, nullptr);
  if (!place) {
    return tl::unexpected(place.error());
  }
  const auto before = at->journal.entries().size();
  const auto done = driver::put_back(at->journal, *place->devices, place->wait);
  result["put_back"] = before - at->journal.entries().size();
  std::string subject;
  base::Result<void> noted;
  bool is_recorded = false;
  const auto is_over = [&caller](desk_parts::Json& row) {
    row["state"] = "undone";
    row["undone_at"] = base::iso8601(caller.at);
    row["undone_by"] = caller.who;
  };
  for (auto& record : records()) {
    if (desk_parts::member(record, "journal") == name && done) {
      is_recorded = true;
      is_over(record);
      subject = desk_parts::member(record, "subject");
      noted = keep(record);
      note(desk_parts::row_of(record, nullptr));
    }
  }
  if (done && !is_recorded) {  // of a verb: no list has it any more
    auto row = desk_parts::row_of(*known, nullptr);
    is_over(row);
    note(std::move(row));
  }
  if (noted) {
    noted = tell(*known, subject, caller.at,
                 fmt::format("undo of {} at {} by {}{}", desk_parts::member(*known, "action"),
                             desk_parts::member(*known, "target"), caller.who,
                             done ? "" : ": " + done.error().text()));
  }
  if (options_.changed) {
    options_.changed();
  }
  if (!done || !noted) {
    return tl::unexpected(done ? noted.error() : done.error());
  }
  out["undo"] = std::move(result);
  return out;
}

}  // namespace weft::serve
