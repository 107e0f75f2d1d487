// SPDX-License-Identifier: Apache-2.0
// See sections.h. Text is that of phy/media/path.h; lengths that neither the rack file nor the
// catalogue gives are the two constants below.
#include "twin/plan/sections.h"

#include "fabric/medium.h"
#include "phy/media/path.h"

#include <algorithm>
#include <span>
#include <utility>

#include <fmt/format.h>

namespace weft::twin::planning {
namespace sections_cpp {
namespace {

using fabric::DeviceId;
using fabric::Medium;

constexpr std::string_view kDiePackage = "pkg";
constexpr std::string_view kSmallPackage = "pkg-small";  // retimer, module DSP
constexpr std::string_view kCage = "osfp";
/// Board before a cable's connector where the rack file names no board; modelled: designs that
/// drive such cables put the connector close to the package.
constexpr std::string_view kEdgeBoard = "megtron7:50mm";
/// Board where a section of the rack file names nothing at all; modelled.
constexpr std::string_view kOpenBoard = "megtron7:100mm";

/// What stands at a section's end.
enum class Border : std::uint8_t { kPort, kRetimer, kModule };

/// A segment, or a place that cuts.
struct Piece {
  const fabric::Segment* segment = nullptr;
  Border cut = Border::kRetimer;
  DeviceId device;
  [[nodiscard]] bool is_module_cut() const { return segment == nullptr && cut == Border::kModule; }
};

bool is_light(Medium medium) {
  return medium == Medium::kAoc || medium == Medium::kDspOptics || medium == Medium::kLpo ||
         medium == Medium::kCpo || medium == Medium::kCoherent;
}

std::vector<Piece> pieces_of(const fabric::Fabric& fabric, const fabric::Link& link,
                             bool is_reversed) {
  std::vector<Piece> out;
  for (const auto& segment : link.segments) {
    out.push_back({.segment = &segment, .device = {}});
    if (segment.retimer_after) {
      const auto* device = fabric.device(*segment.retimer_after);
      const bool is_module = device != nullptr && device->kind == fabric::DeviceKind::kCableModule;
      out.push_back({.segment = nullptr,
                     .cut = is_module ? Border::kModule : Border::kRetimer,
                     .device = *segment.retimer_after});
    }
  }
  if (is_reversed) {
    std::ranges::reverse(out);
  }
  return out;
}

/// Finds the plugged segment, gives a retimed one its two ends, and takes the ends of others out of
/// the way: they decide nothing.
std::optional<Plug> settle_plug(std::vector<Piece>& pieces) {
  const auto found = std::ranges::find_if(pieces, [](const Piece& piece) {
    return piece.segment != nullptr && fabric::is_plugged(piece.segment->medium);
  });
  if (found == pieces.end()) {
    return std::nullopt;
  }
  auto at = static_cast<std::size_t>(found - pieces.begin());
  Plug plug{.medium = found->segment->medium, .modules = {}};
  const bool has_after = at + 1 < pieces.size() && pieces[at + 1].is_module_cut();
  const bool has_before = at > 0 && pieces[at - 1].is_module_cut();
  plug.modules[0] = has_before ? pieces[at - 1].device : DeviceId{};
  plug.modules[1] = has_after ? pieces[at + 1].device : DeviceId{};
  const Piece own_end{.segment = nullptr, .cut = Border::kModule, .device = {}};
  const auto place = [&](std::size_t index) {
    return pieces.begin() + static_cast<std::ptrdiff_t>(index);
  };
  if (fabric::is_retimed(plug.medium)) {
    if (!has_after) {
      pieces.insert(place(at + 1), own_end);
    }
    if (!has_before) {
      pieces.insert(place(at), own_end);
    }
  } else {
    if (has_after) {
      pieces.erase(place(at + 1));
    }
    if (has_before) {
      pieces.erase(place(at - 1));
    }
  }
  return plug;
}

/// One segment's element, as phy reads it.
base::Result<std::string> element(const fabric::Link& link, const fabric::Segment& segment,
                                  std::vector<std::string>& notes) {
  fabric::Link alone;
  alone.name = link.name;
  alone.segments = {segment};
  alone.segments.front().retimer_after = std::nullopt;
  auto path = phy::media::path_of(alone);
  if (!path) {
    return tl::unexpected(path.error());
  }
  notes.insert(notes.end(), path->notes.begin(), path->notes.end());
  return path->elements.front().text;
}

/// Writes one section's text.
struct Writer {
  const fabric::Link& link;
  std::vector<std::string>& notes;
  std::vector<std::string> elements = {};
  bool has_way = false;      // anything but packages
  bool needs_board = false;  // a cable's connector stands last: board must follow

  void add(std::string_view text) { elements.emplace_back(text); }
  void edge_board() {
    add(kEdgeBoard);
    notes.emplace_back(
        "50 mm of board are assumed between a package and a cable's connector (modelled)");
  }
  void board_behind_connector() {
    if (needs_board) {
      edge_board();
      needs_board = false;
    }
  }
  /// A cable between two connectors, each on a board.
  void between(std::string_view connector, const std::string& cable) {
    if (!has_way || needs_board) {
      edge_board();
    }
    add(connector);
    add(cable);
    add(connector);
    needs_board = true;
  }

  base::Result<void> segment(const fabric::Segment& segment) {
    if (segment.medium == Medium::kPackage) {
      has_way = true;  // the packages at the section's ends
      return {};
    }
    const bool is_pcie = protocol_family() == fabric::ProtocolFamily::kPcie ||
                         protocol_family() == fabric::ProtocolFamily::kCxl;
    if (segment.medium == Medium::kConnector && segment.part.empty() && is_pcie) {
      board_behind_connector();
      add("cem");
      notes.emplace_back("connector of a PCIe or CXL link is taken as cem (card slot)");
      has_way = true;
      return {};
    }
    auto text = element(link, segment, notes);
    if (!text) {
      return tl::unexpected(text.error());
    }
    switch (segment.medium) {
      case Medium::kBackplane:
        between("backplane", *text);
        break;
      case Medium::kDac:
      case Medium::kLpo:
        between(kCage, *text);
        break;
      case Medium::kAcc:
        between(kCage, *text + " + redriver-100g");
        break;
      default:
        if (segment.medium != Medium::kBoard) {
          board_behind_connector();
        }
        needs_board = false;
        add(*text);
        break;
    }
    has_way = true;
    return {};
  }

  [[nodiscard]] fabric::ProtocolFamily protocol_family() const {
    return fabric::protocol(link.protocol).family;
  }
};

base::Result<SectionPlan> write(const fabric::Link& link, std::span<const Piece> pieces,
                                Border left, Border right, std::vector<std::string>& notes) {
  SectionPlan out;
  for (const auto& piece : pieces) {
    out.segments.push_back(*piece.segment);
    out.segments.back().retimer_after = std::nullopt;
    out.is_optical = out.is_optical || is_light(piece.segment->medium);
  }
  const Medium only = pieces.size() == 1 ? pieces.front().segment->medium : Medium::kUnknown;
  if (only == Medium::kCoherent) {
    out.text = fmt::format("coherent:{}m", pieces.front().segment->length.value() * 1e-3);
    notes.emplace_back("coherent optics have no physics yet: their lanes are free of errors");
    return out;
  }
  Writer writer{link, notes};
  if (fabric::is_retimed(only)) {
    auto text = element(link, *pieces.front().segment, notes);
    if (!text) {
      return tl::unexpected(text.error());
    }
    out.text = only == Medium::kAec ? fmt::format("{0} + {1} + {0}", kSmallPackage, *text) : *text;
    return out;
  }
  writer.add(left == Border::kPort ? kDiePackage : kSmallPackage);
  if (left == Border::kModule) {
    writer.add(kCage);
  }
  for (const auto& piece : pieces) {
    if (auto done = writer.segment(*piece.segment); !done) {
      return tl::unexpected(done.error());
    }
  }
  writer.board_behind_connector();
  if (!writer.has_way) {
    writer.add(kOpenBoard);
    notes.emplace_back("100 mm of board are assumed where the rack file names none (modelled)");
  }
  if (right == Border::kModule) {
    writer.add(kCage);
  }
  writer.add(right == Border::kPort ? kDiePackage : kSmallPackage);
  out.text = fmt::format("{}", fmt::join(writer.elements, " + "));
  return out;
}

}  // namespace
}  // namespace sections_cpp

base::Result<Way> cut_way(const fabric::Fabric& fabric, const fabric::Link& link,
                          bool is_reversed) {
  using namespace sections_cpp;  // NOLINT(google-build-using-namespace): this file's own helpers
  Way out;
  auto pieces = pieces_of(fabric, link, is_reversed);
  out.plug = settle_plug(pieces);
  const std::span<const Piece> all(pieces);
  std::size_t first = 0;
  Border left = Border::kPort;
  for (std::size_t i = 0; i <= all.size(); ++i) {
    if (i < all.size() && all[i].segment != nullptr) {
      continue;
    }
    const Border right = i < all.size() ? all[i].cut : Border::kPort;
    auto section = write(link, all.subspan(first, i - first), left, right, out.notes);
    if (!section) {
      return tl::unexpected(section.error());
    }
    out.sections.push_back(std::move(*section));
    if (i < all.size()) {
      out.repeaters.push_back(all[i].device);
    }
    left = right;
    first = i + 1;
  }
  return out;
}

}  // namespace weft::twin::planning
