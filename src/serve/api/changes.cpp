// SPDX-License-Identifier: Apache-2.0
#include "serve/api/changes.h"

#include "base/id.h"
#include "base/text.h"
#include "serve/query_parts.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::serve {
namespace changes_parts {

using query_parts::Json;

std::string line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace changes_parts

Changes::Changes(std::string epoch, std::size_t most) : epoch_(std::move(epoch)), most_(most) {}

std::string Changes::id(std::uint64_t number) const {
  return fmt::format("{}-{}", epoch_, number);
}

void Changes::add(std::string_view event, const std::string& data) {
  ++last_;
  kept_.push_back({last_, fmt::format("event: {}\nid: {}\ndata: {}\n\n", event, id(last_), data)});
  if (kept_.size() > most_) {
    kept_.pop_front();
  }
}

EventText Changes::take(const Tellable& all) {
  static const Acknowledgements kNone;
  const Acknowledgements& known_by =
      all.acknowledgements == nullptr ? kNone : *all.acknowledgements;
  const std::uint64_t before = last_;
  std::map<std::string, std::uint64_t> now;
  for (const diagnose::LivingFinding& living : all.findings) {
    auto json = query_parts::finding_json(living, known_by, all.now);
    std::string whole = changes_parts::line(json);
    json.erase("updated");
    const std::uint64_t hash = base::fnv1a64(changes_parts::line(json));
    now.emplace(living.id, hash);
    const auto known = known_.find(living.id);
    if (known == known_.end() || known->second != hash) {
      add("finding", whole);
    }
  }
  for (const auto& [gone, hash] : known_) {
    if (!now.contains(gone)) {
      add("finding_gone", changes_parts::line({{"id", gone}}));
    }
  }
  known_ = std::move(now);
  for (const auto& row : all.actions) {
    add("action", changes_parts::line(row));
  }
  if (last_ == before) {
    return nullptr;
  }
  std::string news;
  for (const Kept& each : kept_) {
    news += each.number > before ? each.text : "";
  }
  return std::make_shared<const std::string>(std::move(news));
}

EventText Changes::begin(std::string_view last_event_id) const {
  constexpr int kRetryMs = 2000;
  std::string out = fmt::format("retry: {}\n\n", kRetryMs);
  std::uint64_t seen = last_ + 1;  // none of ours
  if (last_event_id.starts_with(epoch_ + "-")) {
    seen = base::parse_unsigned(last_event_id.substr(epoch_.size() + 1)).value_or(seen);
  }
  if (last_event_id.empty()) {
    out += fmt::format("event: hello\nid: {}\ndata: {{\"findings\":{}}}\n\n", id(last_),
                       known_.size());
  } else if (seen > last_ || last_ - seen > kept_.size()) {
    out += fmt::format("event: reset\nid: {}\ndata: {{\"findings\":{}}}\n\n", id(last_),
                       known_.size());
  } else {
    for (const Kept& each : kept_) {
      out += each.number > seen ? each.text : "";
    }
  }
  return std::make_shared<const std::string>(std::move(out));
}

}  // namespace weft::serve
