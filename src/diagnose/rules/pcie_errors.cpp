// SPDX-License-Identifier: Apache-2.0
// PCIe errors as rates with bounds. A correctable error is normal now and then; what counts is a
// rate that is proven (its lower bound) to be above what the standard or a healthy fleet allows.
#include "diagnose/limits.h"
#include "diagnose/rules.h"

#include <algorithm>

#include <fmt/format.h>

namespace weft::diagnose {
namespace {

using observe::LinkState;
using observe::Metric;

/// PCI Express: bit error ratio that a lane must hold before FEC at 2.5 to 32 GT/s.
constexpr double kErrorRatioTarget = 1e-12;
/// Kinds of uncorrectable errors that probing software causes on healthy machines.
constexpr const char* kBenignUncorrectable[] = {"UnsupReq", "ACSViol"};

/// A port that counts errors of a link.
struct Receiver {
  fabric::PortId port;
  std::string address;
  bool is_upper = false;  ///< at the end toward the host
};

/// Both ends; below, every function of the device counts for itself. A switch's other ports have
/// links of their own.
std::vector<Receiver> receivers(const Context& context, const LinkAssessment& assessment,
                                const LinkState& link) {
  std::vector<Receiver> out;
  if (!link.a.port.is_null()) {
    out.push_back({link.a.port, link.a.address, true});
  }
  if (link.b.port.is_null()) {
    return out;
  }
  out.push_back({link.b.port, link.b.address, false});
  const auto* device = context.device_of(assessment.host, link.b.port);
  if (device == nullptr || device->kind == fabric::DeviceKind::kSwitch) {
    return out;
  }
  for (const auto id : device->ports) {
    const auto* port = context.snapshot(assessment.host).fabric.port(id);
    if (port != nullptr && id != link.b.port) {
      out.push_back({id, port->name, false});
    }
  }
  return out;
}

std::string types_text(const Context& context, std::size_t host, fabric::PortId port,
                       Metric metric) {
  std::string out;
  for (const auto* sample : context.samples(host, port)) {
    if (sample->metric == metric && sample->label != "total" && sample->value) {
      if (const auto* count = std::get_if<std::uint64_t>(&*sample->value)) {
        out += fmt::format("{}{} {}", out.empty() ? "" : ", ", sample->label, *count);
      }
    }
  }
  return out;
}

/// Bits that the lanes brought in over the time, in one direction; 0 where unknown.
double bits_received(const LinkState& link, base::Duration over) {
  if (!link.rate || !link.width) {
    return 0;
  }
  return static_cast<double>(link.rate->value()) * 1e6 * link.width->value() * over.seconds();
}

std::string when(const CounterRate& rate) {
  return rate.since_boot ? "since boot" : "in " + duration_text(rate.over);
}

void judge_correctable(Context& context, LinkAssessment& assessment, const LinkState& link,
                       const Receiver& receiver) {
  CounterRate sum;
  for (const auto& [type, status_bit] : kLinkErrorTypes) {
    if (const auto one =
            context.rate(assessment.host, receiver.port, Metric::kAerCorrectable, type)) {
      const auto events = sum.events + one->events;
      sum = *one;
      sum.events = events;
    }
  }
  if (sum.events == 0) {
    return;
  }
  sum.bound();
  const bool is_proven = sum.is_proven_above(kCorrectablePerHour);
  auto& finding = context.add(assessment, link, is_proven ? Level::kWarning : Level::kNote,
                              "pcie_correctable_errors",
                              fmt::format("{} correctable link errors {}", sum.events, when(sum)));
  finding.cause =
      fmt::format("receiver of {}: errors arise on the way to it, in the direction {} the host",
                  receiver.address, receiver.is_upper ? "toward" : "away from");
  finding.evidence.push_back(sum.text());
  finding.evidence.push_back("by type since boot: " + types_text(context, assessment.host,
                                                                 receiver.port,
                                                                 Metric::kAerCorrectable));
  if (const double bits = bits_received(link, sum.over); bits > 0) {
    const auto bounds = base::poisson_bounds(sum.events);
    finding.evidence.push_back(fmt::format(
        "error ratio {:.1e} to {:.1e} (95 %, one bit per error); the standard's limit is "
        "{:.0e}, ours {:g} an hour",
        bounds.low / bits, bounds.high / bits, kErrorRatioTarget, kCorrectablePerHour));
  }
  finding.next_step =
      sum.since_boot ? "Run `weft scan --watch 60s` to see whether it still goes on."
                     : "Reseat or swap " + link.b.address + " and the cable or riser; watch again.";
}

void judge_uncorrectable(Context& context, LinkAssessment& assessment, const LinkState& link,
                         const Receiver& receiver, Metric metric, const char* word) {
  const auto total = context.rate(assessment.host, receiver.port, metric);
  if (!total || total->events == 0) {
    return;
  }
  std::uint64_t benign = 0;
  for (const char* type : kBenignUncorrectable) {
    if (const auto one = context.rate(assessment.host, receiver.port, metric, type)) {
      benign += one->events;
    }
  }
  const bool only_benign = benign >= total->events && metric == Metric::kAerNonfatal;
  const auto level = !total->since_boot && !only_benign ? Level::kCritical
                     : only_benign                      ? Level::kNote
                                                        : Level::kWarning;
  auto& finding =
      context.add(assessment, link, level,
                  metric == Metric::kAerFatal ? "pcie_fatal_errors" : "pcie_nonfatal_errors",
                  fmt::format("{} {} error{} {}", total->events, word,
                              total->events == 1 ? "" : "s", when(*total)));
  finding.cause = only_benign ? "requests that software should not have made; not the link"
                              : "detected by " + receiver.address;
  finding.evidence.push_back(total->text());
  finding.evidence.push_back("by type since boot: " +
                             types_text(context, assessment.host, receiver.port, metric));
  finding.next_step =
      only_benign ? "" : "Read the kernel log of that time for the packet's header.";
}

}  // namespace

void find_pcie_errors(Context& context) {
  context.for_each_link([&](const LinkState& link, LinkAssessment& assessment) {
    if (link.family != fabric::ProtocolFamily::kPcie) {
      return;
    }
    for (const auto& receiver : receivers(context, assessment, link)) {
      judge_correctable(context, assessment, link, receiver);
      judge_uncorrectable(context, assessment, link, receiver, Metric::kAerNonfatal,
                          "uncorrectable, non-fatal");
      judge_uncorrectable(context, assessment, link, receiver, Metric::kAerFatal, "fatal");
    }
  });
}

}  // namespace weft::diagnose
