// SPDX-License-Identifier: Apache-2.0
#include "serve/import/intake.h"

#include "serve/import/mapping.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include <fmt/format.h>

namespace weft::serve {
namespace intake {

using observe::Metric;

double number_in(const observe::Value& value) {
  if (const auto* whole = std::get_if<std::uint64_t>(&value)) {
    return static_cast<double>(*whole);
  }
  const auto* real = std::get_if<double>(&value);
  return real != nullptr ? *real : 0;
}

/// A link's state is no sample of its own: the look's LinkState tells it.
void set_state(observe::LinkState& state, Metric metric,
               const observe::Reading<observe::Value>& value) {
  const auto as = [&value](auto made) -> observe::Reading<decltype(made(0.0))> {
    if (!value) {
      return tl::unexpected(value.error());
    }
    return made(number_in(*value));
  };
  const auto flag = [](double number) { return number != 0; };
  const auto whole = [](double number) { return static_cast<std::uint64_t>(number); };
  switch (metric) {
    case Metric::kLinkUp:
      state.up = as(flag);
      break;
    case Metric::kLinkTraining:
      state.training = as(flag);
      break;
    case Metric::kLinkRate:
      state.rate = as([&](double gigatransfers) {
        return base::mega_transfers(whole(gigatransfers * 1000 + 0.5));
      });
      break;
    case Metric::kLinkWidth:
      state.width = as([&](double lanes) {
        return base::LaneCount(static_cast<std::uint32_t>(std::min(lanes, 1e6)));
      });
      break;
    default:
      state.data_rate = as([&](double bits) { return base::BitsPerSecond(bits); });
  }
}

}  // namespace intake

std::size_t Imported::taken_count() const {
  return std::accumulate(taken.begin(), taken.end(), events.size() + marks.size(),
                         [](std::size_t sum, const auto& one) { return sum + one.second; });
}

base::Result<observe::Snapshot*> Intake::look(base::WallTime at, const std::string& host) {
  if (at.ns <= 0) {
    return base::fail(base::Code::kInvalidArgument, "a sample has no time that a clock has", host,
                      "Give the file's time with --at.");
  }
  const auto [it, is_new] = looks_.try_emplace({at, host});
  if (is_new) {
    if (looks_.size() > kImportLooksMost) {
      return base::fail(base::Code::kResourceExhausted,
                        fmt::format("more than {} times and machines", kImportLooksMost), {},
                        "Import it in parts.");
    }
    it->second.taken = at;
    it->second.host.name = host;
    it->second.host.identity = "import/" + host;
    it->second.host.source = host;
    it->second.fabric.name = host;
  }
  return &it->second;
}

Intake::Places Intake::place_in(observe::Snapshot& look, const ImportPlace& place) {
  const std::string& device_name = place.device.empty() ? place.host : place.device;
  const std::string path = look.host.identity + "/" + device_name;
  Places out;
  out.device = fabric::DeviceId::of(path);
  if (look.fabric.device(out.device) == nullptr) {
    fabric::Device device;
    device.id = out.device;
    device.name = device_name;
    device.kind = place.device.empty() ? fabric::DeviceKind::kHost : place.kind;
    device.parent = place.device.empty() ? "" : place.host;
    (void)look.fabric.add(std::move(device));
  }
  if (place.port.empty()) {
    return out;
  }
  out.port = fabric::PortId::of(path + "/" + place.port);
  if (look.fabric.port(out.port) == nullptr) {
    fabric::Port port;
    port.id = out.port;
    port.device = out.device;
    port.name = place.port;
    (void)look.fabric.add(std::move(port));
  }
  if (place.family == fabric::ProtocolFamily::kUnknown) {
    return out;
  }
  const auto id = fabric::LinkId::of(path + "/" + place.port);
  const auto known = std::ranges::find(look.links, id, &observe::LinkState::link);
  out.link = static_cast<std::size_t>(known - look.links.begin());
  if (known == look.links.end()) {
    fabric::Link link;
    link.id = id;
    link.name = look.fabric.port_name(out.port) + " - far end";
    link.a = out.port;
    if (!look.fabric.add(std::move(link))) {
      out.link.reset();
      return out;
    }
    observe::LinkState& state = look.links.emplace_back();
    state.link = id;
    state.family = place.family;
    state.a.port = out.port;
    state.a.address = place.port;
  }
  return out;
}

base::Result<void> Intake::take(base::WallTime at, const ImportPlace& place, observe::Metric metric,
                                std::string label, observe::Reading<observe::Value> value) {
  const auto found = look(at, place.host);
  if (!found) {
    return tl::unexpected(found.error());
  }
  observe::Snapshot& one = **found;
  const Places places = place_in(one, place);
  if (is_link_state(metric)) {
    if (places.link) {
      intake::set_state(one.links[*places.link], metric, value);
    }
    return {};
  }
  observe::Sample& sample = one.samples.emplace_back();
  sample.subject = place.port.empty() ? observe::Subject(places.device) : places.port;
  sample.metric = metric;
  sample.label = std::move(label);
  sample.value = std::move(value);
  return {};
}

base::Result<void> Intake::uptime(base::WallTime at, const std::string& host,
                                  base::Duration uptime) {
  const auto found = look(at, host);
  if (!found) {
    return tl::unexpected(found.error());
  }
  (*found)->host.uptime = uptime;
  return {};
}

base::Result<void> Intake::part(base::WallTime at, const ImportPlace& place,
                                const fabric::PartIdentity& part) {
  const auto found = look(at, place.host);
  if (!found) {
    return tl::unexpected(found.error());
  }
  observe::Snapshot& one = **found;
  const Places places = place_in(one, place);
  if (place.port.empty()) {
    one.fabric.device(places.device)->part = part;
    return {};
  }
  observe::Attributes module{
      .device = places.device, .kind = "module", .name = place.port, .values = {}};
  const auto add = [&module](const char* key, const std::string& value) {
    if (!value.empty()) {
      module.values.emplace_back(key, value);
    }
  };
  add("vendor", part.vendor);
  add("part_number", part.part_number);
  add("serial", part.serial);
  add("firmware", part.firmware);
  one.attributes.push_back(std::move(module));
  return {};
}

Imported Intake::finish() {
  for (auto& [key, one] : looks_) {
    out_.looks.push_back(std::move(one));
  }
  looks_.clear();
  return std::exchange(out_, {});
}

observe::Reading<observe::Value> value_of(observe::Metric metric, double number) {
  using observe::MetricKind;
  const MetricKind kind = observe::row(metric).kind;
  if (!std::isfinite(number)) {
    return observe::absent(observe::Absence::kGarbled, "not a number");
  }
  constexpr double kStateMost = 1e18;
  if (kind == MetricKind::kGauge && is_link_state(metric) && !(number > 0 && number < kStateMost)) {
    return observe::absent(observe::Absence::kGarbled, "a link's rate or width is above 0");
  }
  if (kind != MetricKind::kCounter && kind != MetricKind::kState) {
    return observe::Value(number);
  }
  constexpr double kCountMost = 18446744073709551615.0;  // a double of 2^64
  if (number < 0 || number >= kCountMost) {
    return observe::absent(observe::Absence::kGarbled, "negative, or beyond 64 bits");
  }
  return observe::Value(static_cast<std::uint64_t>(std::round(number)));
}

}  // namespace weft::serve
