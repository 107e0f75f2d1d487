// SPDX-License-Identifier: Apache-2.0
#include "cli/scan_text.h"

#include "base/text.h"
#include "cli/pci_names.h"
#include "diagnose/context.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

namespace weft::cli {
namespace {

using diagnose::Finding;
using diagnose::Level;
using diagnose::LinkAssessment;
using observe::LinkState;

constexpr std::size_t kColumnsMax = 100;
/// Lines of one kind that the short form prints; the rest is counted.
constexpr std::size_t kFindingsShort = 12;
constexpr std::size_t kNotesShort = 6;
/// Links above one another that the tree draws; real hierarchies have under ten.
constexpr int kDepthMax = 32;
constexpr std::size_t kEvidenceShort = 3;

struct LevelLook {
  const char* word;
  Colour colour;
};
LevelLook look(Level level) {
  static constexpr std::array<LevelLook, 5> kLooks = {{{"ok", Colour::kGreen},
                                                       {"note", Colour::kBlue},
                                                       {"UNKNOWN", Colour::kYellow},
                                                       {"WARNING", Colour::kYellow},
                                                       {"CRITICAL", Colour::kRed}}};
  return kLooks.at(static_cast<std::size_t>(level));
}

/// Columns that `text` takes: one for each code point that starts in it.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string cut(const std::string& text, std::size_t columns) {
  return width_of(text) <= columns ? text : base::printable(text, columns > 3 ? columns - 3 : 0);
}

/// `text` broken at spaces to `columns`, each line after `indent` spaces; the first line's indent
/// is the caller's.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t columns) {
  std::string out;
  std::size_t at = indent;
  std::vector<std::string_view> pieces;
  for (auto word : base::words(text)) {
    for (; width_of(word) == word.size() && word.size() > columns - indent;
         word.remove_prefix(columns - indent)) {
      pieces.push_back(word.substr(0, columns - indent));  // a word longer than a line
    }
    pieces.push_back(word);
  }
  for (const auto word : pieces) {
    const auto width = width_of(word);
    if (at > indent && at + 1 + width > columns) {
      out += "\n" + std::string(indent, ' ');
      at = indent;
    } else if (at > indent) {
      out += ' ';
      ++at;
    }
    out += word;
    at += width;
  }
  return out + "\n";
}

class Printer {
 public:
  Printer(const Scan& scan, const Terminal& terminal, const ScanTextOptions& options)
      : scan_(scan),
        terminal_(terminal),
        options_(options),
        columns_(terminal.is_terminal
                     ? std::clamp<std::size_t>(static_cast<std::size_t>(terminal.columns), 60,
                                               kColumnsMax)
                     : kColumnsMax) {
    name_parts();
  }

  std::string print() {
    for (std::size_t host = 0; host < scan_.hosts.size(); ++host) {
      print_head(host);
    }
    print_counts();
    print_findings();
    for (std::size_t host = 0; host < scan_.hosts.size(); ++host) {
      print_tree(host);
    }
    print_healthy();
    print_notes();
    print_next();
    return std::move(out_);
  }

 private:
  const observe::Snapshot& snapshot(std::size_t host) const {
    return *scan_.hosts[host].snapshots.back();
  }

  void name_parts() {
    std::set<std::string> ids;
    for (const auto& host : scan_.hosts) {
      for (const auto& device : host.snapshots.back()->fabric.devices()) {
        ids.insert(device.part.part_number.substr(0, 9));
      }
    }
    names_ = pci_names(ids);
  }

  std::string device_name(std::size_t host, fabric::PortId port) const {
    const auto& fabric = snapshot(host).fabric;
    const auto* found = fabric.port(port);
    const auto* device = found == nullptr ? nullptr : fabric.device(found->device);
    if (device == nullptr) {
      return {};
    }
    const auto id = device->part.part_number.substr(0, 9);
    const auto name = names_.find(id);
    std::string text = name != names_.end() ? name->second : device->part.part_number;
    if (!device->part.slot.empty()) {
      text += ", slot " + device->part.slot;
    }
    return text;
  }

  void print_head(std::size_t host) {
    const auto& info = snapshot(host).host;
    std::string line = paint(info.name, Colour::kBold, terminal_.colour);
    if (!info.kernel.empty()) {
      line += ", Linux " + info.kernel;
    }
    if (!info.source.starts_with(info.name)) {
      line += ", " + info.source;
    }
    if (snapshot(host).taken.ns > 0) {
      line += ", " + base::iso8601(snapshot(host).taken);
    }
    if (info.is_simulated) {
      line += paint("  SIMULATED", Colour::kBlue, terminal_.colour);
    }
    out_ += line + "\n";
  }

  void print_counts() {
    const auto& report = scan_.report;
    if (report.links.empty()) {
      return;
    }
    std::string line =
        fmt::format("{} link{}: ", report.links.size(), report.links.size() == 1 ? "" : "s");
    std::vector<std::string> parts;
    for (int level = static_cast<int>(Level::kCritical); level >= 0; --level) {
      const auto count = report.link_counts[static_cast<std::size_t>(level)];
      if (count > 0) {
        const auto [word, colour] = look(static_cast<Level>(level));
        parts.push_back(paint(fmt::format("{} {}", count, word), colour, terminal_.colour));
      }
    }
    line += fmt::format("{}. ", fmt::join(parts, ", "));
    line += report.interval.ns > 0 ? "Rates over " + diagnose::duration_text(report.interval) + "."
                                   : "One look: counters are totals since boot.";
    out_ += line + "\n";
  }

  void print_findings() {
    std::size_t printed = 0;
    std::size_t left_out = 0;
    const Finding* before = nullptr;
    for (const auto& finding : scan_.report.findings) {
      if (finding.level == Level::kNote && !options_.verbose) {
        continue;
      }
      if (printed >= kFindingsShort && !options_.verbose) {
        ++left_out;
        continue;
      }
      const bool is_same_place = before != nullptr && before->host == finding.host &&
                                 before->place == finding.place && before->level == finding.level;
      if (!is_same_place) {
        print_finding_head(finding);
      }
      print_finding(finding);
      before = &finding;
      ++printed;
    }
    if (left_out > 0) {
      out_ += fmt::format("\n{} more findings: weft scan --verbose\n", left_out);
    }
  }

  void print_finding_head(const Finding& finding) {
    const auto [word, colour] = look(finding.level);
    std::string head = fmt::format("{}", finding.place);
    if (scan_.hosts.size() > 1) {
      head = snapshot(finding.host).host.name + " " + head;
    }
    if (const auto* id = std::get_if<fabric::LinkId>(&finding.subject)) {
      const auto* link = snapshot(finding.host).fabric.link(*id);
      const auto name = link == nullptr ? "" : device_name(finding.host, link->b);
      if (!name.empty()) {
        head += "  " + name;
      }
    }
    out_ += "\n" + paint(fmt::format("{:<9}", word), colour, terminal_.colour) +
            paint(cut(head, columns_ - 9), Colour::kBold, terminal_.colour) + "\n";
  }

  void print_finding(const Finding& finding) {
    field("", finding.sentence);
    field("cause", finding.cause);
    std::size_t shown = 0;
    for (const auto& line : finding.evidence) {
      if (shown++ == kEvidenceShort && !options_.verbose) {
        break;
      }
      field(shown == 1 ? "seen" : "", line);
    }
    if (!finding.victims.empty()) {
      field("suffer", fmt::format("{}", fmt::join(finding.victims, ", ")));
    }
    field("next", finding.next_step);
  }

  void field(const char* name, const std::string& text) {
    if (!text.empty()) {
      out_ += paint(fmt::format("  {:<7}", name), Colour::kGrey, terminal_.colour) +
              wrapped(text, 9, columns_);
    }
  }

  // ---- the tree of what is not well

  struct Node {
    const LinkState* link = nullptr;
    const LinkAssessment* assessment = nullptr;
    std::vector<std::size_t> below;
    Level worst = Level::kOk;
  };

  std::string runs_text(const LinkState& link, const LinkAssessment& assessment) const {
    std::string runs;
    const bool is_down = link.up && !*link.up;
    if (is_down) {
      runs = "down";
    } else if (link.rate || link.width) {
      runs = (link.rate ? diagnose::rate_text(*link.rate) : "?") + " " +
             (link.width ? diagnose::width_text(*link.width) : "x?");
    } else if (link.data_rate) {
      runs = diagnose::data_rate_text(*link.data_rate);
    } else {
      runs = link.family == fabric::ProtocolFamily::kPcie
                 ? std::string(observe::words(link.rate.error().why))
                 : "up, speed " + std::string(observe::words(link.data_rate.error().why));
    }
    const bool is_less =
        !is_down &&
        ((link.rate && assessment.possible_rate && *link.rate < *assessment.possible_rate) ||
         (link.width && assessment.possible_width && *link.width < *assessment.possible_width));
    if (is_less) {
      runs += " of " + diagnose::rate_text(*assessment.possible_rate) + " " +
              diagnose::width_text(*assessment.possible_width);
    }
    return runs;
  }

  void print_tree(std::size_t host) {
    std::vector<Node> nodes;
    std::map<fabric::DeviceId, std::size_t> node_of_device;  // the link above a device
    const auto& fabric = snapshot(host).fabric;
    for (const auto& assessment : scan_.report.links) {
      if (assessment.host != host) {
        continue;
      }
      const auto& link = snapshot(host).links[assessment.link];
      if (const auto* port = fabric.port(link.b.port)) {
        node_of_device.emplace(port->device, nodes.size());
      }
      nodes.push_back(
          {.link = &link, .assessment = &assessment, .below = {}, .worst = assessment.level});
    }
    std::vector<std::size_t> roots;
    std::vector<std::size_t> parent(nodes.size(), nodes.size());
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const auto* port = fabric.port(nodes[i].link->a.port);
      const auto above = port == nullptr ? node_of_device.end() : node_of_device.find(port->device);
      if (above != node_of_device.end() && above->second != i) {
        parent[i] = above->second;
        nodes[above->second].below.push_back(i);
      } else {
        roots.push_back(i);
      }
    }
    for (std::size_t i = 0; i < nodes.size(); ++i) {  // raise every link above; depth is bounded
      std::size_t at = parent[i];
      for (int depth = 0; depth < 256 && at < nodes.size(); ++depth) {
        nodes[at].worst = std::max(nodes[at].worst, nodes[i].assessment->level);
        at = parent[at];
      }
    }
    sort_worst_first(nodes, roots);
    const bool has_news = std::any_of(roots.begin(), roots.end(), [&](std::size_t i) {
      return options_.verbose || nodes[i].worst > Level::kOk;
    });
    if (!has_news) {
      for (const auto root : roots) {
        count_healthy(host, nodes, root, healthy_);
      }
      return;
    }
    out_ += "\n" +
            paint(scan_.hosts.size() > 1 ? snapshot(host).host.name : "links", Colour::kBold,
                  terminal_.colour) +
            "\n";
    print_nodes(host, nodes, roots, "");
  }

  static void sort_worst_first(std::vector<Node>& nodes, std::vector<std::size_t>& roots) {
    const auto worse = [&](std::size_t x, std::size_t y) {
      return nodes[x].worst != nodes[y].worst ? nodes[x].worst > nodes[y].worst : x < y;
    };
    std::sort(roots.begin(), roots.end(), worse);
    for (auto& node : nodes) {
      std::sort(node.below.begin(), node.below.end(), worse);
    }
  }

  void print_nodes(std::size_t host, const std::vector<Node>& nodes,
                   const std::vector<std::size_t>& list, const std::string& prefix, int depth = 0) {
    if (depth == kDepthMax) {
      out_ += prefix + "... deeper\n";
      return;
    }
    std::vector<std::size_t> shown;
    std::map<std::string, int> folded;
    for (const auto i : list) {
      if (options_.verbose || nodes[i].worst > Level::kOk) {
        shown.push_back(i);
      } else {
        count_healthy(host, nodes, i, prefix.empty() ? healthy_ : folded);
      }
    }
    const bool is_utf8 = terminal_.utf8;
    for (std::size_t k = 0; k < shown.size(); ++k) {
      const bool is_last = k + 1 == shown.size() && folded.empty();
      const auto& node = nodes[shown[k]];
      print_node(host, node,
                 prefix + (is_last ? (is_utf8 ? "└─ " : "`- ") : (is_utf8 ? "├─ " : "|- ")));
      print_nodes(host, nodes, node.below, prefix + (is_last ? "   " : (is_utf8 ? "│  " : "|  ")),
                  depth + 1);
    }
    std::size_t left = folded.size();
    for (const auto& [what, count] : folded) {
      out_ += prefix + (--left == 0 ? (is_utf8 ? "└─ " : "`- ") : (is_utf8 ? "├─ " : "|- ")) +
              paint(cut(fmt::format("ok: {} x {}", count, what), columns_ - width_of(prefix) - 3),
                    Colour::kGrey, terminal_.colour) +
              "\n";
    }
  }

  void print_node(std::size_t host, const Node& node, const std::string& lead) {
    const auto& link = *node.link;
    const auto [word, colour] = look(node.assessment->level);
    const auto address = options_.verbose         ? diagnose::link_place(link)
                         : link.b.address.empty() ? link.a.address
                                                  : link.b.address;
    const auto left = fmt::format("{} {}", address, runs_text(link, *node.assessment));
    const std::size_t used = width_of(lead) + width_of(left) + 2 + 9;
    const auto name =
        used + 8 < columns_
            ? cut(device_name(host, link.b.port.is_null() ? link.a.port : link.b.port),
                  columns_ - used)
            : "";
    out_ += lead + left + "  " + paint(fmt::format("{:<9}", word), colour, terminal_.colour) + name;
    while (out_.back() == ' ') {
      out_.pop_back();
    }
    out_ += "\n";
  }

  void count_healthy(std::size_t host, const std::vector<Node>& nodes, std::size_t index,
                     std::map<std::string, int>& into, int depth = 0) {
    if (depth == kDepthMax) {
      return;
    }
    const auto& node = nodes[index];
    const auto name =
        device_name(host, node.link->b.port.is_null() ? node.link->a.port : node.link->b.port);
    const auto slot = name.find(", slot ");
    const bool is_unused =
        node.link->family != fabric::ProtocolFamily::kPcie && !node.link->up.value_or(false);
    const auto what =
        fmt::format("{}  {}", is_unused ? "not in use" : runs_text(*node.link, *node.assessment),
                    name.substr(0, slot));
    ++into[std::string(base::trim(what))];
    for (const auto below : node.below) {
      count_healthy(host, nodes, below, into, depth + 1);
    }
  }

  void print_healthy() {
    if (healthy_.empty()) {
      return;
    }
    out_ += "\n" + paint("ok", Colour::kGreen, terminal_.colour) + "\n";
    for (const auto& [what, count] : healthy_) {
      out_ += cut(fmt::format("  {:>4} x {}", count, what), columns_) + "\n";
    }
  }

  void print_notes() {
    std::vector<std::string> notes;
    std::map<std::string, std::vector<std::string>> places_of;  // by what is said of them
    for (const auto& finding : scan_.report.findings) {
      if (finding.level == Level::kNote && !options_.verbose) {
        places_of[finding.sentence].push_back(finding.place);
      }
    }
    notes.reserve(places_of.size());
    for (const auto& [sentence, places] : places_of) {
      notes.push_back(places.size() > 1 ? fmt::format("{} links: {}", places.size(), sentence)
                                        : fmt::format("{}: {}", places.front(), sentence));
    }
    for (std::size_t host = 0; host < scan_.hosts.size(); ++host) {
      const auto prefix = scan_.hosts.size() > 1 ? snapshot(host).host.name + ": " : "";
      for (const auto& problem : snapshot(host).problems) {
        notes.push_back(prefix + "problem: " + base::printable(problem));
      }
      for (const auto& note : snapshot(host).notes) {
        notes.push_back(prefix + base::printable(note, 300));
      }
    }
    if (notes.empty()) {
      return;
    }
    out_ += "\n" + paint("notes", Colour::kBlue, terminal_.colour) + "\n";
    for (std::size_t i = 0; i < notes.size(); ++i) {
      if (i == kNotesShort && !options_.verbose && notes.size() > kNotesShort + 1) {
        out_ += fmt::format("  {} more: weft scan --verbose\n", notes.size() - i);
        break;
      }
      out_ += "  " + wrapped(notes[i], 2, columns_);
    }
  }

  void print_next() {
    const auto& report = scan_.report;
    const bool has_pcie = std::any_of(
        report.links.begin(), report.links.end(), [&](const LinkAssessment& assessment) {
          return snapshot(assessment.host).links[assessment.link].family ==
                 fabric::ProtocolFamily::kPcie;
        });
    std::string next = report.next_step;
    out_ += "\n";
    if (!has_pcie && report.overall <= Level::kNote) {
      out_ += wrapped(
          "No PCIe link is visible here (a virtual machine, a container without /sys, or ports "
          "with nothing below them): nothing to judge.",
          0, columns_);
      next = next.empty() ? "`weft scan --demo` shows a machine with one link up but wrong." : next;
    } else if (next.empty()) {
      const bool may_idle = std::any_of(
          report.findings.begin(), report.findings.end(),
          [](const Finding& finding) { return finding.code == "pcie_rate_low_may_be_idle"; });
      next = may_idle
                 ? "Nothing is wrong for sure. `weft scan --watch 30s` under load tells idle links "
                   "from stuck ones."
                 : "Nothing to do. `weft scan --verbose` shows every link.";
    }
    out_ += wrapped("Next: " + next, 6, columns_);
  }

  const Scan& scan_;
  const Terminal& terminal_;
  const ScanTextOptions& options_;
  std::size_t columns_;
  std::map<std::string, std::string> names_;
  std::map<std::string, int> healthy_;
  std::string out_;
};

}  // namespace

std::string scan_text(const Scan& scan, const Terminal& terminal, const ScanTextOptions& options) {
  return Printer(scan, terminal, options).print();
}

}  // namespace weft::cli
