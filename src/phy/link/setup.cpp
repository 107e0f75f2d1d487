// SPDX-License-Identifier: Apache-2.0
// Link set-ups from YAML: one table of keys a section, each with its unit, its range and where it
// goes in LinkSetup. `extends` starts from another file's values, `--set` from a set-up's own; both
// go through the same readers, so that what is refused in a file is refused on a command line.
#include "phy/link/setup.h"

#include "base/text.h"
#include "fabric/nearest.h"
#include "fabric/protocol.h"
#include "fabric/yaml_tree.h"
#include "phy/embedded.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <iterator>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace weft::phy::link {
namespace setup_reader {
namespace {

using fabric::Place;
using fabric::YamlNode;

constexpr std::size_t kNodesMax = 20'000;
constexpr std::size_t kTextMax = 1U << 20U;
constexpr std::size_t kListMax = 256;
/// Values of one range: 0.001 dB steps over 20 dB fit, a slip of the pen does not.
constexpr double kStepsMax = 20'000;
constexpr int kExtendsMax = 4;

struct Mistake {
  Place place;
  std::string what;
  std::string hint;
};

/// A YAML number: sign, fraction, exponent; the whole of `text`.
std::optional<double> number_of(std::string_view text) {
  double value = 0;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto [rest, why] = std::from_chars(begin, end, value);
  if (why != std::errc() || rest != end || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

std::string quoted(std::string_view text) {
  return '\'' + base::printable(text, 60) + '\'';
}

/// A section's key and what reads its value; a null reader means that the caller has read it.
struct Field {
  std::string_view key;
  std::function<void(const YamlNode&)> read;
};

class Reader {
 public:
  Reader(LinkSetup start, std::string_view file) : setup_(std::move(start)), file_(file) {}

  void document(const YamlNode& root);
  void top(const YamlNode& root);
  [[nodiscard]] base::Result<LinkSetup> take();

  int extends_depth = 0;
  bool changes_cases = false;  ///< `package` speaks of every case that is there already

 private:
  void fail(Place place, std::string what, std::string hint = {}) {
    if (!mistake_ || place < mistake_->place) {
      mistake_ = Mistake{place, std::move(what), std::move(hint)};
    }
    ++mistakes_;
  }

  bool is(const YamlNode& node, YamlNode::Kind kind, std::string_view what) {
    if (node.kind == kind) {
      return true;
    }
    constexpr std::string_view kWords[] = {"a value", "a single value", "a list", "a mapping"};
    fail(node.place, fmt::format("{} must be {}", what, kWords[static_cast<int>(kind)]));
    return false;
  }

  void section(const YamlNode& node, std::string_view what, std::span<const Field> fields) {
    if (!is(node, YamlNode::Kind::kMap, what)) {
      return;
    }
    std::vector<std::string_view> known;
    for (const auto& field : fields) {
      known.push_back(field.key);
    }
    std::vector<std::string_view> seen;
    for (const auto& entry : node.entries) {
      const auto at = std::find(known.begin(), known.end(), entry.key.text);
      if (entry.key.kind != YamlNode::Kind::kScalar || at == known.end()) {
        const auto near = fabric::nearest(entry.key.text, known);
        fail(entry.key.place, fmt::format("{} has no key {}", what, quoted(entry.key.text)),
             near.empty() ? fmt::format("Known keys: {}.", fmt::join(known, ", "))
                          : fmt::format("Did you mean '{}'?", near));
        continue;
      }
      if (std::find(seen.begin(), seen.end(), *at) != seen.end()) {
        fail(entry.key.place, fmt::format("the key {} stands here a second time", quoted(*at)),
             "Keep one of them.");
        continue;
      }
      seen.push_back(*at);
      const auto& field = fields[static_cast<std::size_t>(at - known.begin())];
      if (field.read) {
        field.read(entry.value);
      }
    }
  }

  double number(const YamlNode& node, std::string_view key, double min, double max) {
    if (!is(node, YamlNode::Kind::kScalar, fmt::format("`{}`", key))) {
      return min;
    }
    const auto value = number_of(node.text);
    if (!value) {
      fail(node.place, fmt::format("`{}` must be a number, not {}", key, quoted(node.text)));
      return min;
    }
    if (*value < min || *value > max) {
      fail(node.place, fmt::format("`{}` is {}, outside {} to {}", key, node.text, min, max));
      return min;
    }
    return *value;
  }

  Field real(std::string_view key, double& into, double unit, double min, double max) {
    return {key, [this, key, &into, unit, min, max](const YamlNode& node) {
              into = number(node, key, min, max) * unit;
            }};
  }

  template <class Count>
  Field count(std::string_view key, Count& into, double min, double max) {
    return {key, [this, key, &into, min, max](const YamlNode& node) {
              const double value = number(node, key, min, max);
              if (value != std::floor(value)) {
                fail(node.place, fmt::format("`{}` must be a whole number", key));
                return;
              }
              into = static_cast<Count>(value);
            }};
  }

  Field flag(std::string_view key, bool& into) {
    return {key, [this, key, &into](const YamlNode& node) {
              if (node.kind != YamlNode::Kind::kScalar ||
                  (node.text != "true" && node.text != "false")) {
                fail(node.place, fmt::format("`{}` must be true or false", key));
                return;
              }
              into = node.text == "true";
            }};
  }

  Field text(std::string_view key, std::string& into) {
    return {key, [this, key, &into](const YamlNode& node) {
              if (is(node, YamlNode::Kind::kScalar, fmt::format("`{}`", key))) {
                into = base::printable(node.text);
              }
            }};
  }

  Field word(std::string_view key, std::vector<std::string_view> known,
             std::function<void(std::size_t)> set) {
    return {key, [this, key, known = std::move(known), set = std::move(set)](const YamlNode& node) {
              const auto at = std::find(known.begin(), known.end(), node.text);
              if (node.kind != YamlNode::Kind::kScalar || at == known.end()) {
                fail(node.place, fmt::format("`{}` cannot be {}", key, quoted(node.text)),
                     fmt::format("It is one of {}.", fmt::join(known, ", ")));
                return;
              }
              set(static_cast<std::size_t>(at - known.begin()));
            }};
  }

  /// A list, each item by `item`, which is given the node and appends.
  Field list(std::string_view key, std::function<void()> clear,
             std::function<void(const YamlNode&)> item) {
    return {key, [this, key, clear = std::move(clear), item = std::move(item)](const YamlNode& n) {
              if (!is(n, YamlNode::Kind::kList, fmt::format("`{}`", key))) {
                return;
              }
              if (n.items.size() > kListMax) {
                fail(n.place, fmt::format("`{}` has more than {} items", key, kListMax));
                return;
              }
              clear();
              for (const auto& one : n.items) {
                item(one);
              }
            }};
  }

  Field numbers(std::string_view key, std::vector<double>& into, double min, double max) {
    return list(
        key, [&into] { into.clear(); },
        [this, key, &into, min, max](const YamlNode& node) {
          into.push_back(number(node, key, min, max));
        });
  }

  Field texts(std::string_view key, std::vector<std::string>& into) {
    return list(
        key, [&into] { into.clear(); },
        [this, key, &into](const YamlNode& node) {
          if (is(node, YamlNode::Kind::kScalar, fmt::format("an item of `{}`", key))) {
            into.push_back(base::printable(node.text));
          }
        });
  }

  Range range_of(const YamlNode& node, std::string_view key, double min, double max);
  Field range(std::string_view key, Range& into, double min, double max) {
    return {key, [this, key, &into, min, max](const YamlNode& node) {
              into = range_of(node, key, min, max);
            }};
  }

  void signalling(const YamlNode& node);
  void transmitter(const YamlNode& node);
  void tx_ffe(const YamlNode& node);
  void preset(const YamlNode& node);
  void package(const YamlNode& node, Package& into);
  void package_case(const YamlNode& node);
  void receiver(const YamlNode& node);
  void ctle(const YamlNode& node);
  void rx_ffe(const YamlNode& node);
  void dfe(const YamlNode& node);
  void jitter(const YamlNode& node);
  void target(const YamlNode& node);
  void extend(const YamlNode& root);
  void check_whole(const YamlNode& root);
  void check_package(const Package& package, Place place);

  LinkSetup setup_;
  Package base_package_;
  std::string file_;
  std::optional<Mistake> mistake_;
  std::size_t mistakes_ = 0;
};

Range Reader::range_of(const YamlNode& node, std::string_view key, double min, double max) {
  Range out;
  if (node.kind == YamlNode::Kind::kScalar) {
    out.min = out.max = number(node, key, min, max);
    return out;
  }
  const Field fields[] = {real("min", out.min, 1, min, max), real("max", out.max, 1, min, max),
                          real("step", out.step, 1, 0, max - min)};
  section(node, fmt::format("`{}`", key), fields);
  if (out.min > out.max) {
    fail(node.place, fmt::format("`{}` has its min above its max", key));
  } else if (out.min < out.max && (out.step <= 0 || (out.max - out.min) / out.step > kStepsMax)) {
    fail(node.place, fmt::format("the step of `{}` is 0 or too small", key),
         "Give a step that divides the range into at most 20000 values.");
    out.step = out.max - out.min;
  }
  return out;
}

void Reader::signalling(const YamlNode& node) {
  auto& s = setup_.signalling;
  static constexpr std::string_view kFec[] = {"none",        "kr4",        "kp4",
                                              "hamming-kp4", "pcie6-flit", "cxl-flit"};
  const Field fields[] = {
      real("baud_ghz", s.baud_hz, 1e9, 0.1, 500),
      count("levels", s.levels, 2, 16),
      real("r_lm", s.r_lm, 1, 0.5, 1),
      flag("gray", s.gray),
      flag("precoding", s.precoding),
      word("fec", {std::begin(kFec), std::end(kFec)}, [&s](std::size_t i) { s.fec = kFec[i]; }),
  };
  section(node, "`signalling`", fields);
}

void Reader::preset(const YamlNode& node) {
  Preset out;
  const Field fields[] = {text("name", out.name), numbers("taps", out.taps, -1, 1)};
  section(node, "a preset", fields);
  const auto& taps = setup_.tx.ffe.taps;
  if (!taps.empty() && out.taps.size() != taps.size() + 1) {
    fail(node.place, fmt::format("preset {} has {} taps, the transmitter {}", quoted(out.name),
                                 out.taps.size(), taps.size() + 1));
  }
  setup_.tx.ffe.presets.push_back(std::move(out));
}

void Reader::tx_ffe(const YamlNode& node) {
  auto& f = setup_.tx.ffe;
  const Field fields[] = {
      count("pre", f.pre, 0, 15),
      list(
          "taps", [&f] { f.taps.clear(); },
          [this, &f](const YamlNode& item) { f.taps.push_back(range_of(item, "taps", -1, 1)); }),
      real("main_min", f.main_min, 1, 0, 1),
      list(
          "presets", [&f] { f.presets.clear(); }, [this](const YamlNode& item) { preset(item); }),
  };
  section(node, "`transmitter.ffe`", fields);
  if (f.pre > f.taps.size()) {
    fail(node.place, "`pre` counts more taps than there are");
  }
}

void Reader::transmitter(const YamlNode& node) {
  auto& t = setup_.tx;
  const Field fields[] = {
      real("a_thru_v", t.a_thru_v, 1, 1e-3, 5), real("a_fext_v", t.a_fext_v, 1, 0, 5),
      real("a_next_v", t.a_next_v, 1, 0, 5),    real("rise_time_ps", t.rise_time_s, 1e-12, 0, 1000),
      real("snr_db", t.snr_db, 1, 5, 200),      {"ffe", [this](const YamlNode& n) { tx_ffe(n); }},
  };
  section(node, "`transmitter`", fields);
}

void Reader::package(const YamlNode& node, Package& p) {
  const auto lc = [this, &p](const YamlNode& item) {
    LcSection one;
    const Field fields[] = {real("c_ff", one.c_f, 1e-15, 0, 1e4),
                            real("l_ph", one.l_h, 1e-12, 0, 1e5)};
    section(item, "a die section", fields);
    p.die.push_back(one);
  };
  const Field fields[] = {
      list("die", [&p] { p.die.clear(); }, lc),
      real("c_bump_ff", p.c_bump_f, 1e-15, 0, 1e4),
      real("c_ball_ff", p.c_ball_f, 1e-15, 0, 1e4),
      real("r_d_ohm", p.r_d_ohm, 1, 1, 1000),
      real("r_0_ohm", p.r_0_ohm, 1, 1, 1000),
      numbers("z_p_mm", p.z_p_mm, 0, 1000),
      numbers("z_c_ohm", p.z_c_ohm, 1, 1000),
      real("gamma0_per_mm", p.gamma0_per_mm, 1, 0, 1),
      real("a1_sqrt_ns_per_mm", p.a1, 1, 0, 1),
      real("a2_ns_per_mm", p.a2, 1, 0, 1),
      real("tau_ns_per_mm", p.tau_ns_per_mm, 1, 0, 1),
  };
  section(node, "a package", fields);
}

void Reader::package_case(const YamlNode& node) {
  PackageCase out;
  out.tx = base_package_;
  out.rx = base_package_;
  const Field fields[] = {
      text("name", out.name),
      {"tx", [this, &out](const YamlNode& n) { package(n, out.tx); }},
      {"rx", [this, &out](const YamlNode& n) { package(n, out.rx); }},
  };
  section(node, "a package case", fields);
  check_package(out.tx, node.place);
  check_package(out.rx, node.place);
  setup_.packages.push_back(std::move(out));
}

void Reader::check_package(const Package& package, Place place) {
  if (!package.z_p_mm.empty() && package.z_p_mm.size() != package.z_c_ohm.size()) {
    fail(place,
         fmt::format("a package has {} line lengths (`z_p_mm`) and {} impedances "
                     "(`z_c_ohm`)",
                     package.z_p_mm.size(), package.z_c_ohm.size()),
         "Give one of each for every line.");
  }
}

void Reader::ctle(const YamlNode& node) {
  auto& c = setup_.rx.ctle;
  using Family = Ctle::Family;
  const Field fields[] = {
      word("family", {"none", "annex93a", "pcie"},
           [&c](std::size_t i) { c.family = static_cast<Family>(i); }),
      range("gain_db", c.gain_db, -60, 40),
      range("low_gain_db", c.low_gain_db, -60, 40),
      real("zero_ghz", c.zero_hz, 1e9, 0, 1000),
      real("pole1_ghz", c.pole1_hz, 1e9, 0, 1000),
      real("pole2_ghz", c.pole2_hz, 1e9, 0, 1000),
      real("pole3_ghz", c.pole3_hz, 1e9, 0, 1000),
      real("pole4_ghz", c.pole4_hz, 1e9, 0, 1000),
      real("low_ghz", c.low_hz, 1e9, 0, 1000),
  };
  section(node, "`receiver.ctle`", fields);
}

void Reader::rx_ffe(const YamlNode& node) {
  auto& f = setup_.rx.ffe;
  const Field fields[] = {
      count("pre", f.pre, 0, 32),
      count("post", f.post, 0, 64),
      count("floating_groups", f.floating_groups, 0, 16),
      count("floating_taps", f.floating_taps, 0, 16),
      count("floating_span", f.floating_span, 0, 500),
      real("tap_max", f.tap_max, 1, 0, 10),
      real("floating_max", f.floating_max, 1, 0, 10),
  };
  section(node, "`receiver.ffe`", fields);
}

void Reader::dfe(const YamlNode& node) {
  auto& d = setup_.rx.dfe;
  const Field fields[] = {
      numbers("max", d.max, -10, 10),
      numbers("min", d.min, -10, 10),
      count("floating_groups", d.floating_groups, 0, 16),
      count("floating_taps", d.floating_taps, 0, 16),
      count("floating_span", d.floating_span, 0, 500),
      real("floating_max", d.floating_max, 1, 0, 10),
  };
  section(node, "`receiver.dfe`", fields);
}

void Reader::receiver(const YamlNode& node) {
  auto& r = setup_.rx;
  const Field fields[] = {
      real("bandwidth_ratio", r.bandwidth_ratio, 1, 0, 10),
      real("eta0_v2_per_ghz", r.eta0_v2_per_ghz, 1, 0, 1),
      real("adc_bits", r.adc_bits, 1, 0, 24),
      {"ctle", [this](const YamlNode& n) { ctle(n); }},
      {"ffe", [this](const YamlNode& n) { rx_ffe(n); }},
      {"dfe", [this](const YamlNode& n) { dfe(n); }},
      flag("mlse", r.mlse),
  };
  section(node, "`receiver`", fields);
}

void Reader::jitter(const YamlNode& node) {
  auto& j = setup_.jitter;
  const Field fields[] = {
      real("sigma_rj_ui", j.sigma_rj_ui, 1, 0, 1),
      real("a_dd_ui", j.a_dd_ui, 1, 0, 1),
      real("sris_ui", j.sris_ui, 1, 0, 1),
  };
  section(node, "`jitter`", fields);
}

void Reader::target(const YamlNode& node) {
  auto& t = setup_.target;
  // Only a file that gives a limit has one.
  const auto optional = [this](std::string_view key, std::optional<double>& into, double unit,
                               double max) {
    return Field{key, [this, key, &into, unit, max](const YamlNode& n) {
                   if (n.kind == YamlNode::Kind::kScalar && n.text == "none") {
                     into.reset();
                   } else {
                     into = number(n, key, 0, max) * unit;
                   }
                 }};
  };
  const Field fields[] = {
      real("der0", t.der0, 1, 1e-30, 0.5),
      real("ber", t.ber, 1, 1e-30, 0.5),
      optional("com_db", t.com_db, 1, 40),
      optional("eye_height_mv", t.eye_height_v, 1e-3, 5000),
      optional("eye_width_ui", t.eye_width_ui, 1, 1),
  };
  section(node, "`target`", fields);
}

base::Result<LinkSetup> parse_at(std::string_view text, std::string_view file, int depth);

void Reader::extend(const YamlNode& root) {
  for (const auto& entry : root.entries) {
    if (entry.key.text != "extends") {
      continue;
    }
    const auto files = embedded_links();
    const auto at = std::find_if(files.begin(), files.end(), [&](const base::EmbeddedFile& one) {
      return one.name == entry.value.text;
    });
    if (at == files.end() || extends_depth >= kExtendsMax) {
      std::vector<std::string_view> names;
      for (const auto& one : files) {
        names.push_back(one.name);
      }
      fail(entry.value.place, fmt::format("no set-up {} to extend", quoted(entry.value.text)),
           fmt::format("It is one of {}.", fmt::join(names, ", ")));
      continue;
    }
    auto start = parse_at(at->text, at->name, extends_depth + 1);
    if (!start) {
      fail(entry.value.place, start.error().text());
      continue;
    }
    setup_ = std::move(*start);
    setup_.modelled.clear();
    if (!setup_.packages.empty()) {
      base_package_ = setup_.packages.front().tx;
    }
  }
}

void Reader::top(const YamlNode& root) {
  // The base package is read first, wherever it stands: cases are built on it.
  for (const auto& entry : root.entries) {
    if (entry.key.text == "package") {
      package(entry.value, base_package_);
      for (std::size_t i = 0; changes_cases && i < setup_.packages.size(); ++i) {
        package(entry.value, setup_.packages[i].tx);
        package(entry.value, setup_.packages[i].rx);
        check_package(setup_.packages[i].tx, entry.value.place);
      }
    }
  }
  const auto later = [](void (Reader::*read)(const YamlNode&), Reader& self) {
    return [read, &self](const YamlNode& node) { (self.*read)(node); };
  };
  const Field fields[] = {
      {"weftline", nullptr},
      {"extends", nullptr},
      {"package", nullptr},
      text("key", setup_.key),
      text("title", setup_.title),
      texts("protocols", setup_.protocols),
      text("source", setup_.source),
      texts("modelled", setup_.modelled),
      {"signalling", later(&Reader::signalling, *this)},
      {"transmitter", later(&Reader::transmitter, *this)},
      list(
          "packages", [this] { setup_.packages.clear(); },
          [this](const YamlNode& node) { package_case(node); }),
      {"receiver", later(&Reader::receiver, *this)},
      {"jitter", later(&Reader::jitter, *this)},
      {"target", later(&Reader::target, *this)},
      count("samples_per_ui", setup_.samples_per_ui, 4, 256),
  };
  section(root, "a link set-up", fields);
  check_whole(root);
}

void Reader::check_whole(const YamlNode& root) {
  const auto& s = setup_;
  if (s.key.empty() || s.signalling.baud_hz <= 0) {
    fail(root.place, "a link set-up needs `key` and `signalling.baud_ghz`");
  }
  if (s.rx.dfe.max.size() != s.rx.dfe.min.size()) {
    fail(root.place, fmt::format("`receiver.dfe` has {} values of `max` and {} of `min`",
                                 s.rx.dfe.max.size(), s.rx.dfe.min.size()));
  } else {
    for (std::size_t i = 0; i < s.rx.dfe.max.size(); ++i) {
      if (s.rx.dfe.min[i] > s.rx.dfe.max[i]) {
        fail(root.place, fmt::format("`receiver.dfe`: tap {} has its min above its max", i + 1));
      }
    }
  }
  if (s.rx.ctle.family != Ctle::Family::kNone &&
      (s.rx.ctle.pole1_hz <= 0 || s.rx.ctle.pole2_hz <= 0)) {
    fail(root.place, "`receiver.ctle` needs `pole1_ghz` and `pole2_ghz`");
  }
  if (s.rx.ctle.family == Ctle::Family::kAnnex93a && s.rx.ctle.zero_hz <= 0) {
    fail(root.place, "`receiver.ctle` of family annex93a needs `zero_ghz`");
  }
  for (const auto& key : s.protocols) {
    if (!fabric::find_protocol(key)) {
      fail(root.place, fmt::format("`protocols` names {}, which is no protocol", quoted(key)),
           fmt::format("The nearest is '{}'.", fabric::nearest_protocol_key(key)));
    }
  }
}

void Reader::document(const YamlNode& root) {
  if (!is(root, YamlNode::Kind::kMap, "a link set-up")) {
    return;
  }
  bool has_version = false;
  for (const auto& entry : root.entries) {
    if (entry.key.text == "weftline") {
      has_version = true;
      if (entry.value.text != "link/1") {
        fail(entry.value.place,
             fmt::format("{} is not a version that this program reads", quoted(entry.value.text)),
             "Write `weftline: link/1`.");
      }
    }
  }
  if (!has_version) {
    fail(root.place, "the version key is missing", "Start the file with `weftline: link/1`.");
  }
  extend(root);
  top(root);
}

base::Result<LinkSetup> Reader::take() {
  if (mistake_) {
    const auto where =
        mistake_->place.line == 0
            ? file_
            : fmt::format("{}:{}:{}", file_, mistake_->place.line, mistake_->place.column);
    auto hint = mistake_->hint;
    if (mistakes_ > 1) {
      hint += fmt::format("{}{} more mistakes follow.", hint.empty() ? "" : " ", mistakes_ - 1);
    }
    return base::fail(base::Code::kInvalidArgument, mistake_->what, where, hint);
  }
  setup_.protocol = setup_.protocols.empty() ? std::string() : setup_.protocols.front();
  setup_.is_modelled = !setup_.modelled.empty();
  return std::move(setup_);
}

base::Result<YamlNode> tree_of(std::string_view text, std::string_view file) {
  if (text.size() > kTextMax) {
    return base::fail(base::Code::kInvalidArgument, "a link set-up is longer than 1 MiB",
                      std::string(file));
  }
  auto tree = fabric::parse_yaml(text, kNodesMax);
  if (!tree) {
    const auto& why = tree.error();
    return base::fail(base::Code::kInvalidArgument, why.what,
                      fmt::format("{}:{}:{}", file, why.place.line, why.place.column), why.hint);
  }
  return std::move(*tree);
}

base::Result<LinkSetup> parse_at(std::string_view text, std::string_view file, int depth) {
  auto tree = tree_of(text, file);
  if (!tree) {
    return tl::unexpected(tree.error());
  }
  Reader reader({}, file);
  reader.extends_depth = depth;
  reader.document(*tree);
  return reader.take();
}

}  // namespace
}  // namespace setup_reader

std::vector<double> Range::values() const {
  std::vector<double> out;
  if (step <= 0 || max <= min) {
    out.push_back(min);
    return out;
  }
  // Half a step of slack: 0.02 eleven times is not 0.22 in binary.
  const auto steps = static_cast<std::size_t>(std::floor((max - min) / step + 1e-6));
  for (std::size_t i = 0; i <= steps; ++i) {
    const double value = min + static_cast<double>(i) * step;
    out.push_back(std::fabs(value) < 1e-9 * step ? 0 : value);
  }
  return out;
}

base::Result<LinkSetup> parse_setup(std::string_view text, std::string_view file) {
  return setup_reader::parse_at(text, file, 0);
}

base::Result<LinkSetup> override_setup(LinkSetup setup, std::string_view path,
                                       std::string_view value) {
  auto tree = setup_reader::tree_of(value, path);
  if (!tree) {
    return tl::unexpected(tree.error());
  }
  auto parts = base::split(path, '.');
  auto node = std::move(*tree);
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    fabric::YamlNode key;
    key.kind = fabric::YamlNode::Kind::kScalar;
    key.text = std::string(*part);
    fabric::YamlNode outer;
    outer.kind = fabric::YamlNode::Kind::kMap;
    outer.entries.push_back({std::move(key), std::move(node)});
    node = std::move(outer);
  }
  setup_reader::Reader reader(std::move(setup), fmt::format("{}={}", path, value));
  reader.changes_cases = true;
  reader.top(node);
  return reader.take();
}

std::span<const LinkSetup> setups() {
  static const std::vector<LinkSetup> kSetups = [] {
    std::vector<LinkSetup> out;
    for (const auto& file : embedded_links()) {
      if (auto one = parse_setup(file.text, file.name)) {
        out.push_back(std::move(*one));
      }
    }
    return out;
  }();
  return kSetups;
}

base::Result<LinkSetup> find_setup(std::string_view key) {
  std::vector<std::string_view> known;
  for (const auto& one : setups()) {
    if (one.key == key) {
      return one;
    }
    known.emplace_back(one.key);
  }
  for (const auto& one : setups()) {
    if (std::find(one.protocols.begin(), one.protocols.end(), key) != one.protocols.end()) {
      return one;
    }
    known.insert(known.end(), one.protocols.begin(), one.protocols.end());
  }
  std::string lower(key);  // keys are in lower case; people write PCIe6
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  const auto near = fabric::nearest(lower, known);
  return base::fail(base::Code::kNotFound,
                    fmt::format("no link set-up is named '{}'", base::printable(key, 60)), {},
                    near.empty() ? "`weft com --list-protocols` lists them."
                                 : fmt::format("Did you mean '{}'?", near));
}

}  // namespace weft::phy::link
