// SPDX-License-Identifier: Apache-2.0
// See physics.h. A section's text becomes a channel (phy/media), is equalised by the protocol's
// set-up (phy/link), and what arrives at the slicer becomes a lane model (phy/lane). Text with
// packages has those; the set-up's are left out, as `weft eye` does.
#include "twin/plan/physics.h"

#include "phy/link/equalise.h"
#include "phy/media/path.h"
#include "twin/plan/optical_lane.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace weft::twin {
namespace physics_cpp {
namespace {

using phy::link::LinkSetup;
using phy::media::SectionKind;

/// An ECC word of PCIe's and CXL's 256-byte flit: 84 bytes and two check bytes, one of which is
/// mended; words of a flit are interleaved by byte (three of them; the lane model has two or four,
/// and two is the same but for errors that span three bytes of one lane).
constexpr phy::fec::CodeParameters kFlitWord{"flit", 86, 84, 1, 8};
constexpr std::size_t kFlitInterleave = 2;
constexpr phy::fec::CodeParameters kNoCode{"none", 0, 0, 0, 0};

phy::lane::LaneOptions lane_options(const LinkSetup& setup, double loss_db) {
  const auto& signalling = setup.signalling;
  phy::lane::LaneOptions out;
  out.channel_loss = base::Decibel(loss_db);
  out.precoding = signalling.precoding;
  out.gray = signalling.gray;
  out.eye_ber = setup.target.ber;
  out.crosstalk_as_noise = true;
  const std::string_view fec = signalling.fec;
  if (fec == "pcie6-flit" || fec == "cxl-flit") {
    out.code = kFlitWord;
    out.interleave = kFlitInterleave;
  } else if (fec == "kr4") {
    out.code = phy::fec::kKr4;
  } else if (fec == "kp4" || fec == "hamming-kp4") {
    out.code = phy::fec::kKp4;
  } else {
    out.code = kNoCode;
  }
  return out;
}

/// Insertion loss at the channel's frequency nearest to this one.
double loss_at(const phy::channel::Network& network, double frequency_hz) {
  const auto& f = network.frequency_hz;
  const auto found = std::ranges::lower_bound(f, frequency_hz);
  const auto index =
      std::min(static_cast<std::size_t>(found - f.begin()), f.empty() ? 0 : f.size() - 1);
  return -20 * std::log10(std::max(std::abs(network.at(index, 1, 0)), 1e-30));
}

bool has_package(const phy::media::PathSpec& path) {
  return std::ranges::any_of(path.elements, [](const auto& element) {
    return element.medium != nullptr && element.medium->kind == phy::media::Kind::kPackage;
  });
}

/// Beyond this share of the cursor a pulse's tail is nothing.
constexpr double kTailShare = 1e-5;

/// Whole unit intervals at both ends in which nothing of the pulse is left are cut off.
void trim(phy::link::SlicerInput& input) {
  const std::size_t m = input.samples_per_ui;
  const double least = kTailShare * std::abs(input.pulse.at(input.cursor));
  const auto matters = [&](double v) { return std::abs(v) > least; };
  const auto first = std::ranges::find_if(input.pulse, matters) - input.pulse.begin();
  const auto last = std::find_if(input.pulse.rbegin(), input.pulse.rend(), matters);
  const auto end = static_cast<std::size_t>(last.base() - input.pulse.begin());
  const std::size_t front = static_cast<std::size_t>(first) / m * m;
  // The feedback's taps stay within the pulse.
  const std::size_t needed = input.cursor + (input.dfe.size() + 2) * m;
  const std::size_t back = std::min(input.pulse.size(), std::max(end, needed) / m * m + m);
  input.pulse = std::vector<double>(input.pulse.begin() + static_cast<std::ptrdiff_t>(front),
                                    input.pulse.begin() + static_cast<std::ptrdiff_t>(back));
  input.cursor -= front;
}

base::Result<std::shared_ptr<const LaneKind>> finish(phy::link::SlicerInput input,
                                                     const LinkSetup& setup, double loss_db,
                                                     bool is_optical) {
  auto options = lane_options(setup, is_optical ? 0 : loss_db);
  auto model = phy::lane::LaneModel::build(input, options);
  if (!model) {
    return tl::unexpected(model.error());
  }
  return std::make_shared<const LaneKind>(LaneKind{.built = std::move(input),
                                                   .model = std::move(*model),
                                                   .setup = &setup,
                                                   .channel_loss_db = loss_db,
                                                   .is_optical = is_optical});
}

base::Result<std::shared_ptr<const LaneKind>> build(const std::string& text,
                                                    const LinkSetup& setup) {
  auto path = phy::media::parse_path(text);
  if (!path) {
    return tl::unexpected(path.error());
  }
  phy::media::BuildOptions options;
  options.crosstalk = true;
  auto built = phy::media::build(*path, phy::media::standard_grid_hz(), options);
  if (!built) {
    return tl::unexpected(built.error());
  }
  if (built->sections.size() != 1) {
    return base::fail(base::Code::kInvalidArgument, "the path is more than one section", text,
                      "Cut it where bits are decided.");
  }
  auto& section = built->sections.front();
  if (section.kind == SectionKind::kOptical) {
    auto lane = planning::optical_lane(setup, *section.module, *section.fibre, section.fibre_m);
    if (!lane) {
      return tl::unexpected(lane.error());
    }
    return finish(std::move(lane->input), setup, lane->loss_db, true);
  }
  phy::link::EqualiseOptions equalise;
  equalise.package = !has_package(*path) && !setup.packages.empty();
  if (!section.noise_v2_per_hz.empty()) {
    equalise.noise_hz = section.channel.thru.sdd.frequency_hz;
    equalise.noise_v2_per_hz = section.noise_v2_per_hz;
  }
  auto input = phy::link::equalise(setup, section.channel, equalise);
  if (!input) {
    return tl::unexpected(input.error());
  }
  trim(*input);
  const double loss_db = loss_at(section.channel.thru.sdd, setup.signalling.baud_hz / 2);
  return finish(std::move(*input), setup, loss_db, false);
}

}  // namespace
}  // namespace physics_cpp

const phy::link::LinkSetup* setup_of(fabric::ProtocolId protocol) {
  const auto key = fabric::protocol(protocol).key;
  for (const auto& setup : phy::link::setups()) {
    if (std::ranges::find(setup.protocols, key) != setup.protocols.end()) {
      return &setup;
    }
  }
  return nullptr;
}

base::Result<std::shared_ptr<const LaneKind>> Physics::lane_kind(const SectionPlan& section,
                                                                 fabric::ProtocolId protocol) {
  const auto* setup = setup_of(protocol);
  const bool is_coherent = section.text.starts_with("coherent:");
  if (setup == nullptr || is_coherent) {
    return base::fail(base::Code::kNotFound,
                      is_coherent
                          ? std::string("coherent optics have no lane model")
                          : fmt::format("no link set-up serves {}", fabric::protocol(protocol).key),
                      section.text, "Its lanes are taken as free of errors.");
  }
  const std::string key = setup->key + '\n' + section.text;
  std::promise<Kind> mine;
  std::shared_future<Kind> kind;
  bool is_mine = false;
  {
    const std::lock_guard lock(mutex_);
    const auto found = kinds_.find(key);
    is_mine = found == kinds_.end();
    kind = is_mine ? kinds_.emplace(key, mine.get_future().share()).first->second : found->second;
  }
  if (is_mine) {
    mine.set_value(physics_cpp::build(section.text, *setup));
  }
  return kind.get();
}

std::size_t Physics::kinds() const {
  const std::lock_guard lock(mutex_);
  return kinds_.size();
}

}  // namespace weft::twin
