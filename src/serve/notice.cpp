// SPDX-License-Identifier: Apache-2.0
#include "serve/notice.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::serve {
namespace notice_parts {

constexpr std::array<std::string_view, 4> kKindKeys = {"opened", "worse", "recurred", "closed"};
constexpr std::string_view kSavedSchema = "weftline/notices/1";
constexpr int kMinutesADay = 24 * 60;

std::optional<int> minute_of_day(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    return std::nullopt;
  }
  const auto hour = base::parse_unsigned(text.substr(0, colon));
  const auto minute = base::parse_unsigned(text.substr(colon + 1));
  if (!hour || !minute || *hour > 23 || *minute > 59) {
    return std::nullopt;
  }
  return static_cast<int>(*hour * 60 + *minute);
}

bool covers(const diagnose::Mark& mark, const diagnose::Finding& finding, base::WallTime now) {
  const bool is_work = mark.kind == "maintenance" || mark.kind == "repair" || mark.kind == "reboot";
  if (!is_work || now < mark.from || (mark.until && now >= *mark.until)) {
    return false;
  }
  // A machine's or device's mark covers what is below it, at either end of a link.
  const std::string below = mark.subject + "/*";
  return mark.subject.empty() || base::matches(mark.subject, finding.place) ||
         base::matches(below, finding.place) || base::matches("*--" + below, finding.place) ||
         base::matches(mark.subject, observe::text(finding.subject));
}

std::string percent(double share) {
  return fmt::format("{:.0f} %", share * 100);
}

/// The line that a person reads on a telephone.
std::string line_of(const Notice& notice) {
  const diagnose::Finding& finding = notice.finding.finding;
  std::string out = fmt::format("[{}] {}: {}", key(notice.kind), finding.place, finding.sentence);
  if (notice.kind == NoticeKind::kClosed) {
    return out;
  }
  if (!finding.hypotheses.empty()) {
    const auto& first = finding.hypotheses.front();
    out += fmt::format(" Most probably {} ({}).", first.words, percent(first.probability));
  } else if (!finding.cause.empty()) {
    out += " " + finding.cause + ".";
  }
  if (!finding.next_step.empty()) {
    out += " Next: " + finding.next_step;
  }
  return out;
}

nlohmann::ordered_json json_of(const Notice& notice) {
  using Json = nlohmann::ordered_json;
  const diagnose::LivingFinding& living = notice.finding;
  const diagnose::Finding& finding = living.finding;
  Json out = {{"kind", key(notice.kind)},
              {"finding", living.id},
              {"level", diagnose::key(finding.level)},
              {"code", finding.code},
              {"place", finding.place},
              {"sentence", finding.sentence},
              {"next_step", finding.next_step},
              {"opened", base::iso8601(living.opened)},
              {"victims", finding.victims.size()},
              {"held_back", notice.held_back}};
  if (!finding.hypotheses.empty()) {
    const auto& first = finding.hypotheses.front();
    out["cause"] = first.cause;
    out["probability"] = first.probability;
    if (first.part) {
      out["part"] = {{"kind", first.part->kind},
                     {"place", first.part->place},
                     {"serial", first.part->identity.serial},
                     {"part_number", first.part->identity.part_number}};
    }
  }
  if (living.closed) {
    out["closed"] = base::iso8601(*living.closed);
  }
  return out;
}

}  // namespace notice_parts

std::string_view key(NoticeKind kind) {
  return notice_parts::kKindKeys.at(static_cast<std::size_t>(kind));
}

bool QuietHours::hold(base::WallTime at) const {
  constexpr std::int64_t kMinuteNs = 60LL * 1'000'000'000;
  const auto minute = static_cast<int>((at.ns / kMinuteNs) % notice_parts::kMinutesADay);
  return from_minute <= until_minute ? minute >= from_minute && minute < until_minute
                                     : minute >= from_minute || minute < until_minute;
}

base::Result<QuietHours> parse_quiet_hours(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto from = notice_parts::minute_of_day(base::trim(text.substr(0, dash)));
  const auto until = dash == std::string_view::npos
                         ? std::nullopt
                         : notice_parts::minute_of_day(base::trim(text.substr(dash + 1)));
  if (!from || !until || *from == *until) {
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("'{}' are no quiet hours", base::printable(text, 40)), "",
                      "Write them as 22:00-06:30, in UTC.");
  }
  return QuietHours{*from, *until};
}

Notices::Notices(NoticeOptions options) : options_(std::move(options)) {}

bool Notices::is_held(const diagnose::LivingFinding& finding, std::span<const diagnose::Mark> marks,
                      base::WallTime now) const {
  const bool is_quiet = std::ranges::any_of(
      options_.quiet, [now](const QuietHours& hours) { return hours.hold(now); });
  return (is_quiet && finding.finding.level < diagnose::Level::kCritical) ||
         std::ranges::any_of(marks, [&finding, now](const diagnose::Mark& mark) {
           return notice_parts::covers(mark, finding.finding, now);
         });
}

std::vector<Notice> Notices::take(std::span<const diagnose::LivingFinding> findings,
                                  std::span<const diagnose::Mark> marks, base::WallTime now) {
  std::vector<Notice> out;
  for (const diagnose::LivingFinding& living : findings) {
    const auto found = told_.find(living.id);
    const bool is_told = found != told_.end();
    const diagnose::Level level = living.finding.level;
    if (living.phase == diagnose::Phase::kClosed) {
      if (is_told && found->second.is_open && !is_held(living, marks, now)) {
        out.push_back({NoticeKind::kClosed, now, living, 0});
        found->second.is_open = false;
        found->second.at = now;
      }
      continue;
    }
    if (level < options_.least || is_held(living, marks, now)) {
      continue;
    }
    if (!is_told) {
      out.push_back({NoticeKind::kOpened, now, living, 0});
    } else if (found->second.is_open && level > found->second.level) {
      out.push_back({NoticeKind::kWorse, now, living, 0});
    } else if (living.recurrences > found->second.recurrences &&
               now - found->second.at >= options_.repeat) {
      out.push_back(
          {NoticeKind::kRecurred, now, living, living.recurrences - found->second.recurrences - 1});
    } else {
      continue;
    }
    told_[living.id] = {level, true, now, living.recurrences};
  }
  // Worst first, else in the order of the findings.
  std::vector<Notice> sorted;
  for (int level = static_cast<int>(diagnose::Level::kCritical); level >= 0; --level) {
    std::ranges::copy_if(out, std::back_inserter(sorted), [level](const Notice& notice) {
      return static_cast<int>(notice.finding.finding.level) == level;
    });
  }
  return sorted;
}

std::string Notices::save() const {
  nlohmann::ordered_json out = {{"schema", notice_parts::kSavedSchema},
                                {"told", nlohmann::ordered_json::object()}};
  for (const auto& [id, told] : told_) {
    out["told"][id] = {{"level", static_cast<int>(told.level)},
                       {"open", told.is_open},
                       {"at_ns", told.at.ns},
                       {"recurrences", told.recurrences}};
  }
  return out.dump();
}

base::Result<void> Notices::restore(std::string_view saved) {
  const auto garbled = [] {
    return base::fail(base::Code::kDataLoss, "what was told before is garbled", "notices",
                      "Notices of open findings will be sent again.");
  };
  const auto in = nlohmann::json::parse(saved, nullptr, false);
  if (!in.is_object() || in.value("schema", "") != notice_parts::kSavedSchema ||
      !in.contains("told") || !in["told"].is_object()) {
    return garbled();
  }
  std::map<std::string, Told> told;
  for (const auto& [id, one] : in["told"].items()) {
    if (!one.is_object() || !one.contains("level") || !one["level"].is_number_unsigned() ||
        one["level"].get<unsigned>() > static_cast<unsigned>(diagnose::Level::kCritical) ||
        !one.contains("open") || !one["open"].is_boolean() || !one.contains("at_ns") ||
        !one["at_ns"].is_number_integer() || !one.contains("recurrences") ||
        !one["recurrences"].is_number_unsigned()) {
      return garbled();
    }
    told[id] = {static_cast<diagnose::Level>(one["level"].get<unsigned>()),
                one["open"].get<bool>(),
                {one["at_ns"].get<std::int64_t>()},
                one["recurrences"].get<std::uint32_t>()};
  }
  told_ = std::move(told);
  return {};
}

std::string notice_json(std::span<const Notice> notices, std::string_view source) {
  nlohmann::ordered_json out = {{"schema", "weftline/notice/1"}, {"source", source}};
  std::string text =
      notices.size() == 1 ? "" : fmt::format("{} findings at {}:", notices.size(), source);
  out["notices"] = nlohmann::ordered_json::array();
  for (const Notice& notice : notices) {
    text += (text.empty() ? "" : "\n") + notice_parts::line_of(notice);
    out["notices"].push_back(notice_parts::json_of(notice));
  }
  out["text"] = text;
  return out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace weft::serve
