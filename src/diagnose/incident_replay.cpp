// SPDX-License-Identifier: Apache-2.0
// An incident's entries into a Watch, in order of time. Link states of one moment are looks at the
// machines that the links hang in.
#include "diagnose/incident.h"

#include <algorithm>

namespace weft::diagnose {

IncidentReplay::IncidentReplay(const Incident& incident, Watch& watch)
    : incident_(&incident), watch_(&watch) {
  watch_->take(incident.fabric);
}

void IncidentReplay::feed(const IncidentEntry& entry) {
  if (const auto* timed = std::get_if<IncidentEntry::Timed>(&entry.what)) {
    watch_->take(entry.at, timed->sample);
  } else if (const auto* logged = std::get_if<IncidentEntry::Logged>(&entry.what)) {
    watch_->take(logged->event, logged->host);
  } else if (const auto* mark = std::get_if<Mark>(&entry.what)) {
    watch_->take(*mark);
  } else {
    look(std::get<observe::LinkState>(entry.what));
  }
}

/// A link's state is part of a look at the machine that its end a hangs in.
void IncidentReplay::look(const observe::LinkState& state) {
  const auto& fabric = incident_->fabric;
  const auto* device = fabric.device(fabric.owner(state.a.port));
  std::string host;
  for (int depth = 0; device != nullptr && depth < 32; ++depth) {
    const auto keys = fabric.match.find(device->id);
    host =
        keys != fabric.match.end() && !keys->second.host.empty() ? keys->second.host : device->name;
    device = device->parent.empty() ? nullptr : fabric.device_named(device->parent);
  }
  const auto at = std::ranges::find(looks_, host, [](const auto& one) { return one.host.name; });
  auto& snapshot = at == looks_.end() ? looks_.emplace_back() : *at;
  snapshot.host.name = host;
  snapshot.host.identity = "incident/" + host;
  snapshot.host.source = incident_->file;
  snapshot.is_whole = false;
  snapshot.links.push_back(state);
}

void IncidentReplay::take_looks(base::WallTime at) {
  for (auto& snapshot : looks_) {
    snapshot.taken = at;
    watch_->take(snapshot);
  }
  looks_.clear();
}

std::optional<IncidentReplay::Judged> IncidentReplay::next() {
  if (judge_ >= incident_->judge.size()) {
    return std::nullopt;
  }
  const auto at = incident_->judge[judge_++];
  const auto& entries = incident_->entries;
  while (entry_ < entries.size() && entries[entry_].at <= at) {
    const auto moment = entries[entry_].at;
    while (entry_ < entries.size() && entries[entry_].at == moment) {
      feed(entries[entry_++]);
    }
    take_looks(moment);
  }
  return Judged{at, &watch_->judge(at)};
}

}  // namespace weft::diagnose
