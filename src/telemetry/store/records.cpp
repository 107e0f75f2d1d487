// SPDX-License-Identifier: Apache-2.0
#include "telemetry/store/records.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace weft::telemetry::store_parts {

namespace {

constexpr std::uint64_t kListMost = 65'536;

tl::unexpected<base::Error> broken_record(const char* what) {
  return base::fail(base::Code::kDataLoss, "a record cannot be read", what);
}

std::int64_t signed_of(std::uint64_t coded) {
  return static_cast<std::int64_t>(unzigzag(coded));
}
void put_signed(base::Bytes& out, std::int64_t value) {
  put_varint(out, zigzag(static_cast<std::uint64_t>(value)));
}

}  // namespace

base::Bytes encode_series(const SeriesKey& key) {
  base::Bytes out;
  put_text(out, key.subject);
  put_text(out, observe::row(key.metric).key);
  put_text(out, key.label);
  return out;
}

base::Result<SeriesKey> decode_series(base::ByteView bytes) {
  ByteReader in(bytes);
  SeriesKey key;
  key.subject = in.text();
  const std::string metric = in.text();
  key.label = in.text();
  if (in.failed() || in.left() != 0) {
    return broken_record("series");
  }
  const auto rows = observe::metrics();
  const auto row = std::find_if(rows.begin(), rows.end(),
                                [&](const observe::MetricRow& r) { return r.key == metric; });
  if (row == rows.end()) {
    return base::fail(base::Code::kUnimplemented, "this program does not know the metric", metric);
  }
  key.metric = row->metric;
  return key;
}

base::Bytes encode_subject(const SubjectRecord& subject) {
  base::Bytes out;
  for (const std::string* text :
       {&subject.subject, &subject.kind, &subject.host, &subject.name, &subject.planned,
        &subject.part.vendor, &subject.part.part_number, &subject.part.serial, &subject.part.slot,
        &subject.part.firmware}) {
    put_text(out, *text);
  }
  put_signed(out, subject.since.ns);
  put_signed(out, subject.until.ns);
  return out;
}

base::Result<SubjectRecord> decode_subject(base::ByteView bytes) {
  ByteReader in(bytes);
  SubjectRecord subject;
  for (std::string* text : {&subject.subject, &subject.kind, &subject.host, &subject.name,
                            &subject.planned, &subject.part.vendor, &subject.part.part_number,
                            &subject.part.serial, &subject.part.slot, &subject.part.firmware}) {
    *text = in.text();
  }
  subject.since.ns = signed_of(in.varint());
  subject.until.ns = signed_of(in.varint());
  if (in.failed() || in.left() != 0) {
    return broken_record("subject");
  }
  return subject;
}

std::string subject_key(const SubjectRecord& subject) {
  std::array<char, 24> since{};
  std::snprintf(since.data(), since.size(), "%020lld", static_cast<long long>(subject.since.ns));
  return subject.subject + '@' + since.data();
}

base::Bytes encode_event(const StoredEvent& stored) {
  const observe::Event& event = stored.event;
  base::Bytes out;
  put_varint(out, stored.sequence);
  out.push_back(static_cast<std::uint8_t>((event.at ? 1 : 0) | (event.since_boot ? 2 : 0)));
  if (event.at) {
    put_signed(out, event.at->ns);
  }
  if (event.since_boot) {
    put_signed(out, event.since_boot->ns);
  }
  out.push_back(static_cast<std::uint8_t>(event.severity));
  for (const std::string* text :
       {&stored.subject, &stored.host, &event.address, &event.kind, &event.text}) {
    put_text(out, *text);
  }
  put_varint(out, event.fields.size());
  for (const auto& [name, value] : event.fields) {
    put_text(out, name);
    put_text(out, value);
  }
  return out;
}

base::Result<StoredEvent> decode_event(base::ByteView bytes) {
  ByteReader in(bytes);
  StoredEvent stored;
  observe::Event& event = stored.event;
  stored.sequence = in.varint();
  const std::uint8_t has = in.byte();
  if ((has & 1) != 0) {
    event.at = base::WallTime{signed_of(in.varint())};
  }
  if ((has & 2) != 0) {
    event.since_boot = base::Duration{signed_of(in.varint())};
  }
  const std::uint8_t severity = in.byte();
  if (severity > static_cast<std::uint8_t>(observe::Severity::kCritical)) {
    return broken_record("event");
  }
  event.severity = static_cast<observe::Severity>(severity);
  for (std::string* text :
       {&stored.subject, &stored.host, &event.address, &event.kind, &event.text}) {
    *text = in.text();
  }
  const std::uint64_t fields = in.varint();
  for (std::uint64_t i = 0; i < fields && !in.failed(); ++i) {
    std::string name = in.text();
    event.fields.emplace_back(std::move(name), in.text());
  }
  if (in.failed() || in.left() != 0) {
    return broken_record("event");
  }
  return stored;
}

base::Bytes encode_state(const State& state) {
  base::Bytes out;
  put_varint(out, state.last_group);
  put_varint(out, state.trimmed_group);
  put_varint(out, state.next_event);
  put_varint(out, state.next_series);
  put_varint(out, state.days.size());
  for (const auto& [day, hours] : state.days) {
    put_signed(out, day);
    out.push_back(hours);
  }
  put_varint(out, state.dropped.size());
  for (const std::string& text : state.dropped) {
    put_text(out, text);
  }
  return out;
}

base::Result<State> decode_state(base::ByteView bytes) {
  ByteReader in(bytes);
  State state;
  state.last_group = in.varint();
  state.trimmed_group = in.varint();
  state.next_event = in.varint();
  state.next_series = static_cast<std::uint32_t>(in.varint());
  const std::uint64_t days = in.varint();
  for (std::uint64_t i = 0; i < days && i < kListMost && !in.failed(); ++i) {
    const auto day = static_cast<std::int32_t>(signed_of(in.varint()));
    state.days[day] = in.byte();
  }
  const std::uint64_t dropped = in.varint();
  for (std::uint64_t i = 0; i < dropped && i < kListMost && !in.failed(); ++i) {
    state.dropped.push_back(in.text());
  }
  if (in.failed() || in.left() != 0) {
    return broken_record("state");
  }
  return state;
}

}  // namespace weft::telemetry::store_parts
