// SPDX-License-Identifier: Apache-2.0
#include "twin/fault/control.h"

#include "base/text.h"
#include "fabric/state.h"
#include "twin/fault/truth.h"
#include "twin/link/link_base.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <system_error>
#include <tuple>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace weft::twin {
namespace fault_control {

using Json = nlohmann::ordered_json;
using base::Code;
using base::Result;

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json answer_head(bool ok) {
  return {{"schema", kControlSchema}, {"simulated", true}, {"ok", ok}};
}

std::string error_answer(const base::Error& error) {
  Json out = answer_head(false);
  out["error"] = {{"code", base::name(error.code)},
                  {"what", error.what},
                  {"where", error.where},
                  {"hint", error.hint}};
  return dump(out);
}

double seconds_of(WorldTime at) {
  return base::Duration{at.ns}.seconds();
}

Json fault_json(const InjectedFault& fault) {
  const FaultRow* row = find_row(fault.fault);
  Json out = {{"id", fault.id},
              {"fault", fault.fault},
              {"target", fault.target},
              {"amplitude", fault.amplitude},
              {"unit", row != nullptr ? row->amplitude.unit : ""},
              {"shape", text(fault.shape)},
              {"phase", key(fault.phase)},
              {"level", fault.level},
              {"begin_seconds", seconds_of(fault.begin)}};
  if (fault.planned_end) {
    out["end_seconds"] = seconds_of(*fault.planned_end);
  }
  if (!fault.label.empty()) {
    out["label"] = fault.label;
  }
  return out;
}

/// A member that must be text; "" where it is left out and need not be there.
Result<std::string> text_of(const Json& request, const char* name, bool is_required) {
  const auto found = request.find(name);
  if (found == request.end() && !is_required) {
    return std::string{};
  }
  if (found == request.end() || !found->is_string() ||
      found->get_ref<const std::string&>().empty()) {
    return base::fail(Code::kInvalidArgument, fmt::format("'{}' is missing or no text", name));
  }
  return found->get<std::string>();
}

struct Command {
  std::string_view name;
  std::vector<std::string_view> members;  ///< beside "command"
  Result<Json> (*run)(Rack& rack, const Json& request);
};

Result<Json> status(Rack& rack, const Json&) {
  Json out = answer_head(true);
  std::size_t up = 0;
  std::size_t active = 0;
  std::size_t waiting = 0;
  const Hold hold(rack.world->mutex());
  for (const Link* link : rack.links) {
    up += link->status().is_up ? 1 : 0;
  }
  for (const auto& fault : ground_truth(rack).faults) {
    active += fault.phase == TruthPhase::kActive && !fault.is_background ? 1 : 0;
    waiting += fault.phase == TruthPhase::kWaiting && !fault.is_background ? 1 : 0;
  }
  out["rack"] = rack.plan->fabric.name;
  out["seed"] = rack.world->seed();
  out["world_seconds"] = seconds_of(rack.world->now());
  out["events"] = rack.world->events();
  out["machines"] = rack.machines.size();
  out["links"] = rack.links.size();
  out["links_up"] = up;
  out["faults_active"] = active;
  out["faults_waiting"] = waiting;
  return out;
}

Result<Json> list(Rack& rack, const Json&) {
  Json out = answer_head(true);
  const Hold hold(rack.world->mutex());
  const GroundTruth truth = ground_truth(rack);
  out["world_seconds"] = seconds_of(truth.now);
  out["faults"] = Json::array();
  for (const auto& fault : truth.faults) {
    if (fault.phase != TruthPhase::kOver && !fault.is_background) {
      out["faults"].push_back(fault_json(fault));
    }
  }
  return out;
}

/// What its links do now, held against the rack file; true of the world, not measured.
Result<Json> state(Rack& rack, const Json&) {
  fabric::FabricState found;
  Json out = answer_head(true);
  const Hold hold(rack.world->mutex());
  found.rack = rack.plan->fabric.name;
  for (const Link* link : rack.links) {
    const fabric::Link* planned = rack.plan->fabric.link(link->plan().id);
    const LinkStatus now = link->status();
    if (planned == nullptr || planned->b.is_null()) {
      continue;  // what leaves the rack is up nowhere
    }
    const auto* const with_physics = dynamic_cast<const LinkBase*>(link);
    auto differs = fabric::deviation(
        *planned,
        {.is_up = now.is_up,
         .lanes = now.trained_width,
         .protocol = now.protocol,
         .flit_error_ratio = with_physics != nullptr ? with_physics->damaged_ratio() : 0});
    if (differs) {
      found.links.push_back(std::move(*differs));
    }
  }
  out["world_seconds"] = seconds_of(rack.world->now());
  out["state"] = Json::parse(fabric::fabric_state_json(found), nullptr, false);
  return out;
}

Result<double> amplitude_of(const FaultRow& row, const Json& value) {
  if (value.is_number()) {
    const double number = value.get<double>();
    if (auto checked = check_amplitude(row, number); !checked) {
      return tl::unexpected(checked.error());
    }
    return number;
  }
  if (value.is_string()) {
    return parse_amplitude(row, value.get_ref<const std::string&>());
  }
  return base::fail(Code::kInvalidArgument, "'amplitude' is no number and no text");
}

Result<FaultOrder> order_of(const Json& request) {
  FaultOrder order;
  for (const auto& [member, into, is_required] :
       {std::tuple{"fault", &order.fault, true}, std::tuple{"target", &order.target, true},
        std::tuple{"label", &order.label, false}}) {
    auto value = text_of(request, member, is_required);
    if (!value) {
      return tl::unexpected(value.error());
    }
    *into = std::move(*value);
  }
  const auto row = fault_named(order.fault);
  if (!row) {
    return tl::unexpected(row.error());
  }
  if (const auto given = request.find("amplitude"); given != request.end()) {
    const auto amplitude = amplitude_of(**row, *given);
    if (!amplitude) {
      return tl::unexpected(amplitude.error());
    }
    order.amplitude = *amplitude;
  }
  const auto shape_text = text_of(request, "shape", false);
  const auto span = text_of(request, "for", false);
  if (!shape_text || !span) {
    return tl::unexpected(!shape_text ? shape_text.error() : span.error());
  }
  if (!shape_text->empty()) {
    const auto shape = parse_shape(*shape_text);
    if (!shape) {
      return tl::unexpected(shape.error());
    }
    order.shape = *shape;
  }
  if (!span->empty()) {
    const auto length = parse_span(*span);
    if (!length) {
      return tl::unexpected(length.error());
    }
    order.length = *length;
  }
  return order;
}

Result<Json> inject(Rack& rack, const Json& request) {
  auto order = order_of(request);
  if (!order) {
    return tl::unexpected(order.error());
  }
  const auto trial = request.find("dry_run");
  if (trial != request.end() && !trial->is_boolean()) {
    return base::fail(Code::kInvalidArgument, "'dry_run' is not true or false");
  }
  const Hold hold(rack.world->mutex());
  order->at = rack.world->now();
  Json out = answer_head(true);
  if (trial != request.end() && trial->get<bool>()) {
    if (auto checked = fault_engine(rack).check(*order); !checked) {
      return tl::unexpected(checked.error());
    }
    out["dry_run"] = true;
    out["world_seconds"] = seconds_of(rack.world->now());
    return out;
  }
  const auto id = fault_engine(rack).order(*order);
  if (!id) {
    return tl::unexpected(id.error());
  }
  out["id"] = *id;
  out["world_seconds"] = seconds_of(rack.world->now());
  return out;
}

Result<Json> clear(Rack& rack, const Json& request) {
  const auto found = request.find("id");
  Json out = answer_head(true);
  if (found != request.end() && *found == "all") {
    const Hold hold(rack.world->mutex());
    out["cleared"] = fault_engine(rack).clear_faults();
    out["world_seconds"] = seconds_of(rack.world->now());
    return out;
  }
  constexpr std::uint64_t kIdMax = UINT32_MAX;
  if (found == request.end() || !found->is_number_unsigned() ||
      found->get<std::uint64_t>() > kIdMax) {
    return base::fail(Code::kInvalidArgument, "'id' is no fault's number and not \"all\"", "",
                      "The command faults lists them.");
  }
  const Hold hold(rack.world->mutex());
  // Workload and weather are the scenario's, not faults to clear.
  const auto id = found->get<FaultId>();
  for (const auto& fault : ground_truth(rack).faults) {
    if (fault.id == id && fault.is_background) {
      return base::fail(Code::kNotFound, fmt::format("{} is {}, not a fault", id, fault.fault));
    }
  }
  if (auto cleared = fault_engine(rack).clear(id); !cleared) {
    return tl::unexpected(cleared.error());
  }
  out["cleared"] = 1;
  out["world_seconds"] = seconds_of(rack.world->now());
  return out;
}

base::Error file_error(const std::string& path) {
  const int number = errno;
  const auto code = number == ENOENT                      ? Code::kNotFound
                    : number == EACCES || number == EROFS ? Code::kPermissionDenied
                                                          : Code::kUnavailable;
  return {code, "cannot be written: " + std::generic_category().message(number), path,
          "Name a file in a folder that can be written."};
}

/// All of it or nothing: beside the file first, then renamed over it. mkstemp() makes mode 0600.
Result<void> write_whole(const std::string& path, base::ByteView bytes) {
  std::string beside = path + ".XXXXXX";
  const int fd = ::mkstemp(beside.data());
  if (fd < 0) {
    return tl::unexpected(file_error(path));
  }
  bool is_good = true;
  while (is_good && !bytes.empty()) {
    const ssize_t done = ::write(fd, bytes.data(), bytes.size());
    if (done > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(done));
    } else if (done == 0 || errno != EINTR) {
      is_good = false;
    }
  }
  is_good = is_good && ::fsync(fd) == 0;
  tl::unexpected<base::Error> failed(is_good ? base::Error{} : file_error(path));
  ::close(fd);
  if (is_good && std::rename(beside.c_str(), path.c_str()) != 0) {
    failed = tl::unexpected(file_error(path));
    is_good = false;
  }
  if (!is_good) {
    ::unlink(beside.c_str());
    return failed;
  }
  return {};
}

Result<Json> checkpoint(Rack& rack, const Json& request) {
  const auto file = text_of(request, "file", true);
  if (!file) {
    return tl::unexpected(file.error());
  }
  if (!file->starts_with('/') || file->find('\0') != std::string::npos) {
    return base::fail(Code::kInvalidArgument, "'file' is no whole path", base::printable(*file),
                      "Begin it with /: this program's folder is not yours.");
  }
  base::Bytes bytes;
  WorldTime now;
  {
    const Hold hold(rack.world->mutex());
    bytes = rack.world->checkpoint();
    now = rack.world->now();
  }
  if (auto written = write_whole(*file, bytes); !written) {
    return tl::unexpected(written.error());
  }
  Json out = answer_head(true);
  out["file"] = *file;
  out["bytes"] = bytes.size();
  out["world_seconds"] = seconds_of(now);
  return out;
}

const std::vector<Command>& commands() {
  static const std::vector<Command> kCommands = {
      {"status", {}, &status},
      {"faults", {}, &list},
      {"state", {}, &state},
      {"inject", {"fault", "target", "amplitude", "shape", "for", "label", "dry_run"}, &inject},
      {"clear", {"id"}, &clear},
      {"checkpoint", {"file"}, &checkpoint},
  };
  return kCommands;
}

Result<Json> answer(Rack& rack, std::string_view line) {
  const Json request = Json::parse(line, nullptr, false);
  if (!request.is_object()) {
    return base::fail(Code::kInvalidArgument, "the line is no JSON object", "",
                      R"(Try {"command":"status"}.)");
  }
  const auto name = text_of(request, "command", true);
  if (!name) {
    return tl::unexpected(name.error());
  }
  std::string known;
  for (const Command& command : commands()) {
    known += fmt::format("{}{}", known.empty() ? "" : ", ", command.name);
    if (command.name != *name) {
      continue;
    }
    for (const auto& [member, value] : request.items()) {
      if (member != "command" &&
          std::ranges::find(command.members, member) == command.members.end()) {
        return base::fail(
            Code::kInvalidArgument,
            fmt::format("{} has no member '{}'", *name, base::printable(member, 40)), "",
            command.members.empty() ? "It has none."
                                    : fmt::format("It has {}.", fmt::join(command.members, ", ")));
      }
    }
    return command.run(rack, request);
  }
  return base::fail(Code::kNotFound,
                    fmt::format("there is no command '{}'", base::printable(*name, 40)), "",
                    "There are " + known + ".");
}

}  // namespace fault_control

door::LineService control_service(Rack& rack) {
  door::LineService service;
  service.greeting = fault_control::dump(
      {{"schema", kControlSchema}, {"simulated", true}, {"service", "control"}});
  service.answer = [&rack](std::string_view line) {
    const auto answered = fault_control::answer(rack, line);
    return answered ? fault_control::dump(*answered)
                    : fault_control::error_answer(answered.error());
  };
  return service;
}

}  // namespace weft::twin
