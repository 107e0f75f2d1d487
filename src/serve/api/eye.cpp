// SPDX-License-Identifier: Apache-2.0
#include "serve/api/eye.h"

#include "base/text.h"
#include "fabric/medium.h"
#include "phy/eye/eye.h"
#include "phy/link/equalise.h"
#include "phy/link/setup.h"
#include "phy/media/path.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::serve {
namespace eye_parts {

using base::Code;
using base::Result;
using Json = nlohmann::ordered_json;

constexpr std::size_t kKeptMost = 64;
constexpr std::size_t kRowsMost = 160;
constexpr std::array kContours = {1e-6, 1e-9, 1e-12, 1e-15};

/// What a picture can show: four digits.
double rounded(double value) {
  if (value == 0 || !std::isfinite(value)) {
    return 0;
  }
  const double scale = std::pow(10, 3 - std::floor(std::log10(std::abs(value))));
  return std::isfinite(scale) ? std::round(value * scale) / scale : 0;
}

Json numbers(const std::vector<double>& values) {
  Json out = Json::array();
  for (const double value : values) {
    out.push_back(rounded(value));
  }
  return out;
}

/// Rows joined until a picture has no more than it can show.
Json density_of(const phy::eye::EyeResult& eye) {
  const std::size_t join = (eye.rows + kRowsMost - 1) / std::max<std::size_t>(1, kRowsMost);
  const std::size_t rows = join == 0 ? 0 : (eye.rows + join - 1) / join;
  Json values = Json::array();
  for (std::size_t column = 0; column < eye.phase_ui.size(); ++column) {
    for (std::size_t row = 0; row < rows; ++row) {
      double sum = 0;
      for (std::size_t i = row * join; i < std::min(eye.rows, (row + 1) * join); ++i) {
        sum += eye.density[column * eye.rows + i];
      }
      // Where nothing is seen by eye a zero is shorter.
      values.push_back(sum < 1e-18 ? 0.0 : rounded(sum));
    }
  }
  const double step = eye.bin_v * static_cast<double>(join);
  return {{"rows", rows},
          {"low_v", rounded(eye.v_min - eye.bin_v / 2)},
          {"step_v", rounded(step)},
          {"values", std::move(values)}};
}

Json target_of(const phy::link::LinkSetup& setup) {
  Json out = {{"ber", setup.target.ber}};
  if (setup.target.eye_height_v) {
    out["height_v"] = *setup.target.eye_height_v;
  }
  if (setup.target.eye_width_ui) {
    out["width_ui"] = *setup.target.eye_width_ui;
  }
  return out;
}

Json eye_json(const phy::link::LinkSetup& setup, const phy::eye::EyeResult& eye) {
  Json bathtub = Json::array();
  for (const phy::eye::BathtubPoint& point : eye.bathtub) {
    bathtub.push_back({rounded(point.phase_ui), rounded(point.ber)});
  }
  Json contours = Json::array();
  for (const phy::eye::Contour& contour : eye.contours) {
    contours.push_back({{"ber", contour.ber},
                        {"eye", contour.eye},
                        {"phase_ui", numbers(contour.phase_ui)},
                        {"low_v", numbers(contour.low_v)},
                        {"high_v", numbers(contour.high_v)}});
  }
  Json openings = Json::array();
  for (const phy::eye::EyeOpening& opening : eye.openings) {
    openings.push_back({{"ber", opening.ber},
                        {"eye", opening.eye},
                        {"height_v", rounded(opening.height_v)},
                        {"width_ui", rounded(opening.width_ui)},
                        {"low_v", rounded(opening.low_v)},
                        {"high_v", rounded(opening.high_v)},
                        {"left_ui", rounded(opening.left_ui)},
                        {"right_ui", rounded(opening.right_ui)}});
  }
  return {{"setup", setup.key},
          {"levels", eye.levels},
          {"baud_hz", eye.baud_hz},
          {"error_ratio", rounded(eye.mlse_ber.value_or(eye.ber))},
          {"target", target_of(setup)},
          {"phase_ui", numbers(eye.phase_ui)},
          {"threshold_v", numbers(eye.threshold_v)},
          {"density", density_of(eye)},
          {"bathtub", std::move(bathtub)},
          {"contours", std::move(contours)},
          {"openings", std::move(openings)}};
}

bool has_package(const phy::media::PathSpec& path) {
  return std::ranges::any_of(path.elements, [](const phy::media::Element& element) {
    return element.medium != nullptr && element.medium->kind == phy::media::Kind::kPackage;
  });
}

Result<Json> compute(const phy::link::LinkSetup& setup, const phy::media::Section& section,
                     bool is_packaged) {
  phy::link::EqualiseOptions options;
  options.package = !is_packaged && !setup.packages.empty();
  if (!section.noise_v2_per_hz.empty()) {
    options.noise_hz = section.channel.thru.sdd.frequency_hz;
    options.noise_v2_per_hz = section.noise_v2_per_hz;
  }
  const auto link = phy::link::analyse(setup, section.channel, options);
  if (!link) {
    return tl::unexpected(link.error());
  }
  phy::eye::EyeOptions wanted;
  wanted.phases = 64;
  wanted.gray = setup.signalling.gray;
  wanted.contours.assign(kContours.begin(), kContours.end());
  if (std::ranges::find(wanted.contours, setup.target.ber) == wanted.contours.end()) {
    wanted.contours.insert(wanted.contours.begin(), setup.target.ber);
  }
  const auto eye = phy::eye::statistical_eye(link->input, wanted);
  if (!eye) {
    return tl::unexpected(eye.error());
  }
  return eye_json(setup, *eye);
}

/// The answers that were computed; sections are few, links many.
class Kept {
 public:
  Json find(const std::string& key, const std::function<Json()>& make) {
    const std::lock_guard lock(mutex_);
    if (const auto at = kept_.find(key); at != kept_.end()) {
      return at->second;
    }
    Json made = make();
    if (kept_.size() >= kKeptMost) {
      kept_.clear();
    }
    kept_.emplace(key, made);
    return made;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, Json> kept_;
};

const fabric::Link* link_of(const ApiState& state, std::string_view wanted) {
  const auto& links = state.joint->fabric().links();
  const auto found = std::ranges::find_if(links, [wanted](const fabric::Link& each) {
    return each.name == wanted || each.id.text() == wanted;
  });
  return found == links.end() ? nullptr : &*found;
}

Result<Json> section_eye(const fabric::Link& link, std::size_t number, Json& out) {
  if (link.segments.empty()) {
    return base::fail(Code::kNotFound, "the plan names no segments of this link", link.name,
                      "A rack file with segments says what its way is made of.");
  }
  const auto setup = phy::link::find_setup(fabric::protocol(link.protocol).key);
  if (!setup) {
    return tl::unexpected(setup.error());
  }
  const auto path = phy::media::path_of(link);
  if (!path) {
    return tl::unexpected(path.error());
  }
  const auto built = phy::media::build(*path, phy::media::standard_grid_hz(), {.crosstalk = true});
  if (!built) {
    return tl::unexpected(built.error());
  }
  out["sections"] = built->sections.size();
  if (number >= built->sections.size()) {
    return base::fail(Code::kNotFound, "the link has no such section", link.name,
                      fmt::format("Sections are 0 to {}.", built->sections.size() - 1));
  }
  const phy::media::Section& section = built->sections[number];
  out["path"] = section.text;
  if (section.kind != phy::media::SectionKind::kElectrical) {
    return base::fail(Code::kNotFound, "this section is light and has no electrical eye",
                      section.text, "Ask for the sections before and behind it.");
  }
  return compute(*setup, section, has_package(*path));
}

}  // namespace eye_parts

base::Result<ApiText> eye(const ApiState& state, const ApiRoute& /*route*/, const ApiCall& call) {
  static eye_parts::Kept kept;
  const fabric::Link* link = eye_parts::link_of(state, call.text("id"));
  if (link == nullptr) {
    return base::fail(base::Code::kNotFound, "there is no such link",
                      base::printable(call.text("id"), 80), "/api/v1/links lists all.");
  }
  const std::size_t section = call.count("section");
  std::string key = fmt::format("{} {}", fabric::protocol(link->protocol).key, section);
  for (const fabric::Segment& segment : link->segments) {
    key += fmt::format("|{} {} {} {}", fabric::key(segment.medium), segment.part,
                       segment.length.value(), segment.retimer_after.has_value());
  }
  const eye_parts::Json found = kept.find(key, [&] {
    eye_parts::Json about = eye_parts::Json::object();
    auto made = eye_parts::section_eye(*link, section, about);
    if (made) {
      about["eye"] = *std::move(made);
    } else {
      about["eye"] = nullptr;
      about["reason"] = made.error().text();
    }
    return about;
  });
  eye_parts::Json out = {{"schema", "weftline/api/1"}};
  if (state.query.is_simulated) {
    out["simulated"] = true;
  }
  out["now"] = base::iso8601(state.query.now);
  out["modelled"] = true;
  out["link"] = {{"id", link->id.text()}, {"name", link->name}};
  out["section"] = section;
  out.update(found);
  return ApiText{out.dump(-1, ' ', false, eye_parts::Json::error_handler_t::replace), {}};
}

}  // namespace weft::serve
