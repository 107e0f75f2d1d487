// SPDX-License-Identifier: Apache-2.0
// What is meant by the subject of `weft why`: an id, the name of a link, port, device, machine or
// part, a serial, or a pattern of these with `*`.
#include "base/text.h"
#include "cli/why.h"

#include <algorithm>

#include <fmt/format.h>

namespace weft::cli {
namespace why_subject {
namespace {

/// The device's names, and those of what it sits in ("server0/gpu0", "server0").
void add_device(const fabric::Fabric& fabric, fabric::DeviceId id, std::vector<std::string>& out) {
  const auto* device = fabric.device(id);
  for (int up = 0; device != nullptr && up < 16; ++up) {
    out.push_back(device->name);
    out.push_back(device->id.text());
    out.push_back(device->part.serial);
    device = fabric.device_named(device->parent);
  }
}

void add_port(const fabric::Fabric& fabric, fabric::PortId id, std::vector<std::string>& out) {
  if (const auto* port = fabric.port(id)) {
    out.push_back(port->name);
    out.push_back(fabric.port_name(id));
    out.push_back(id.text());
    add_device(fabric, port->device, out);
  }
}

void add_link(const fabric::Fabric& fabric, const fabric::Link& link,
              std::vector<std::string>& out) {
  out.push_back(link.name);
  out.push_back(link.id.text());
  add_port(fabric, link.a, out);
  add_port(fabric, link.b, out);
}

/// Words by which somebody may ask for the finding.
std::vector<std::string> names_of(const diagnose::LivingFinding& living,
                                  const diagnose::Joint& joint) {
  const auto& finding = living.finding;
  const auto& fabric = joint.fabric();
  std::vector<std::string> out{living.id, finding.place, observe::text(finding.subject)};
  if (const auto* link = finding.link ? fabric.link(*finding.link) : nullptr) {
    add_link(fabric, *link, out);
  }
  if (const auto* id = std::get_if<fabric::DeviceId>(&finding.subject)) {
    add_device(fabric, *id, out);
  }
  if (const auto* id = std::get_if<fabric::PortId>(&finding.subject)) {
    add_port(fabric, *id, out);
  }
  for (const auto& one : finding.hypotheses) {
    if (one.part) {
      out.push_back(one.part->place);
      out.push_back(one.part->identity.serial);
    }
  }
  out.insert(out.end(), finding.victims.begin(), finding.victims.end());
  return out;
}

bool fits(const std::string& subject, const std::vector<std::string>& names) {
  return std::ranges::any_of(names, [&](const std::string& name) {
    return !name.empty() && base::matches(subject, name);
  });
}

}  // namespace
}  // namespace why_subject

std::vector<diagnose::LivingFinding> findings_about(
    std::span<const diagnose::LivingFinding> findings, const diagnose::Joint& joint,
    const std::string& subject, base::WallTime since) {
  std::vector<diagnose::LivingFinding> out;
  std::ranges::copy_if(findings, std::back_inserter(out),
                       [&](const diagnose::LivingFinding& living) {
                         return living.updated >= since &&
                                (subject.empty() ||
                                 why_subject::fits(subject, why_subject::names_of(living, joint)));
                       });
  return out;
}

base::Result<void> check_subject(std::span<const diagnose::LivingFinding> findings,
                                 const diagnose::Joint& joint, const std::string& subject) {
  if (subject.empty() || !findings_about(findings, joint, subject).empty()) {
    return {};
  }
  const auto& fabric = joint.fabric();
  std::vector<std::string> names;
  for (const auto& device : fabric.devices()) {
    names.clear();
    why_subject::add_device(fabric, device.id, names);
    if (why_subject::fits(subject, names)) {
      return {};
    }
  }
  for (const auto& port : fabric.ports()) {
    if (why_subject::fits(subject, {port.name, fabric.port_name(port.id), port.id.text()})) {
      return {};
    }
  }
  for (const auto& link : fabric.links()) {
    if (why_subject::fits(subject, {link.name, link.id.text()})) {
      return {};
    }
  }
  return base::fail(base::Code::kNotFound,
                    fmt::format("nothing here is called '{}'", base::printable(subject, 80)), {},
                    "Name a finding, link, port, device, machine or serial; * stands for any text. "
                    "weft scan --json and weft rack show list names.");
}

}  // namespace weft::cli
