// SPDX-License-Identifier: Apache-2.0
// Networks against the laws that they must keep (properties over random networks) and against the
// same algebra written with numpy's matrices (network_judge.py).
#include "phy/channel/network.h"

#include "base/test_shell.h"

#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <unistd.h>

namespace weft::phy::channel {
namespace {

namespace fs = std::filesystem;
using std::numbers::pi;

/// Numbers in [-1, 1] that rapidcheck can replay: fractions of whole numbers.
double unit() {
  return *rc::gen::inRange(-1000, 1001) / 1000.0;
}

/// A random passive network: entries small enough that the row sums stay below 1.
Network random_network(std::size_t ports, std::size_t points = 3) {
  std::vector<double> f;
  for (std::size_t i = 0; i < points; ++i) {
    f.push_back(1e9 * static_cast<double>(i + 1));
  }
  Network network = make_network(ports, f);
  for (Complex& value : network.s) {
    value = Complex(unit(), unit()) * (0.6 / static_cast<double>(ports));
  }
  return network;
}

double distance(const Network& a, const Network& b) {
  double worst = a.s.size() == b.s.size() ? 0 : INFINITY;
  for (std::size_t i = 0; i < std::min(a.s.size(), b.s.size()); ++i) {
    worst = std::max(worst, std::abs(a.s[i] - b.s[i]));
  }
  return worst;
}

/// A matched line of this delay and loss, as a differential or single two-port.
Network line(const std::vector<double>& f, double delay_s, double db_per_root_ghz) {
  Network network = make_network(2, f);
  for (std::size_t i = 0; i < f.size(); ++i) {
    const double db = db_per_root_ghz * std::sqrt(f[i] * 1e-9);
    const Complex s = std::polar(std::pow(10, -db / 20), -2 * pi * f[i] * delay_s);
    network.at(i, 0, 1) = s;
    network.at(i, 1, 0) = s;
  }
  return network;
}

std::vector<double> grid(double first, double step, std::size_t points) {
  std::vector<double> f(points);
  for (std::size_t i = 0; i < points; ++i) {
    f[i] = first + step * static_cast<double>(i);
  }
  return f;
}

TEST(NetworkLaws, RenormalisingThereAndBackIsTheSame) {
  rc::check("renormalise round trip", [] {
    const auto ports = *rc::gen::inRange<std::size_t>(1, 6);
    const Network network = random_network(ports);
    std::vector<double> other(ports);
    for (double& z : other) {
      z = *rc::gen::inRange(1, 500);
    }
    const auto there = renormalise(network, other);
    RC_ASSERT(there.has_value());
    RC_ASSERT(there->z0_ohm == other);
    const auto back = renormalise(*there, network.z0_ohm);
    RC_ASSERT(back.has_value());
    RC_ASSERT(distance(*back, network) < 1e-11);
  });
}

TEST(NetworkLaws, CascadingIsAssociative) {
  rc::check("cascade", [] {
    const auto half = *rc::gen::inRange<std::size_t>(1, 4);
    Network a = random_network(2 * half);
    Network b = random_network(2 * half);
    Network c = random_network(2 * half);
    b.z0_ohm.assign(2 * half, 42.5);
    const auto left = cascade(*cascade(a, b), c);
    const auto right = cascade(a, *cascade(b, c));
    RC_ASSERT(left.has_value() && right.has_value());
    RC_ASSERT(distance(*left, *right) < 1e-12);
  });
}

TEST(NetworkLaws, MixedModeKeepsPower) {
  rc::check("the transform is unitary: the sum of |S|^2 stays", [] {
    const auto pairs_count = *rc::gen::inRange<std::size_t>(1, 4);
    const Network network = random_network(2 * pairs_count);
    std::vector<PortPair> pairs;
    for (std::size_t i = 0; i < pairs_count; ++i) {
      pairs.push_back({i, i + pairs_count});
    }
    const auto mixed = mixed_mode(network, pairs);
    RC_ASSERT(mixed.has_value());
    double before = 0;
    double after = 0;
    for (std::size_t i = 0; i < network.s.size(); ++i) {
      before += std::norm(network.s[i]);
      after += std::norm(mixed->s[i]);
    }
    RC_ASSERT(std::abs(before - after) < 1e-12);
    RC_ASSERT(mixed->z0_ohm.front() == 100.0 && mixed->z0_ohm.back() == 25.0);
  });
}

TEST(Network, RenormalisesAShortAndALoadAsTheTextbookSays) {
  Network load = make_network(1, {1e9}, 50);
  load.at(0, 0, 0) = (75.0 - 50.0) / (75.0 + 50.0);
  const double to_75[] = {75};
  EXPECT_NEAR(std::abs(renormalise(load, to_75)->at(0, 0, 0)), 0, 1e-15);
  load.at(0, 0, 0) = -1;  // a short stays one
  EXPECT_NEAR(std::abs(renormalise(load, to_75)->at(0, 0, 0) + 1.0), 0, 1e-15);
}

TEST(Network, CascadesLinesByAddingDelayAndLoss) {
  const auto f = grid(0, 1e8, 101);
  const auto both = cascade(line(f, 1e-9, 0.5), line(f, 2e-9, 1.5));
  ASSERT_TRUE(both.has_value());
  EXPECT_LT(distance(*both, line(f, 3e-9, 2.0)), 1e-12);
}

TEST(Network, MatchesTheJointBetweenDifferentImpedances) {
  // A through of 50 ohm and one of 75 ohm are a through from 50 to 75 ohm: |S11| = 0.2.
  const std::vector<double> f = {1e9};
  Network second = line(f, 0, 0);
  second.z0_ohm = {75, 75};
  const auto both = cascade(line(f, 0, 0), second);
  ASSERT_TRUE(both.has_value());
  EXPECT_NEAR(both->at(0, 0, 0).real(), 0.2, 1e-15);
  EXPECT_EQ(both->z0_ohm, (std::vector<double>{50, 75}));
}

TEST(Network, RefusesWhatDoesNotFit) {
  const auto f = grid(0, 1e9, 3);
  const double two[] = {50, 60};
  EXPECT_EQ(renormalise(make_network(3, f), two).error().code, base::Code::kInvalidArgument);
  const double negative[] = {-50};
  EXPECT_EQ(renormalise(make_network(3, f), negative).error().code, base::Code::kInvalidArgument);
  EXPECT_FALSE(cascade(make_network(2, f), make_network(4, f)).has_value());
  EXPECT_FALSE(cascade(make_network(3, f), make_network(3, f)).has_value());
  EXPECT_FALSE(cascade(make_network(2, f), make_network(2, grid(0, 1e9, 4))).has_value());
  const PortPair twice[] = {{0, 1}, {1, 2}};
  EXPECT_FALSE(mixed_mode(make_network(4, f), twice).has_value());
  const PortPair few[] = {{0, 1}};
  EXPECT_FALSE(mixed_mode(make_network(4, f), few).has_value());
  const PortPair far[] = {{0, 9}, {1, 2}};
  EXPECT_FALSE(mixed_mode(make_network(4, f), far).has_value());
  const double falls[] = {2e9, 1e9};
  EXPECT_FALSE(resample(make_network(2, f), falls).has_value());
  // Two perfect mirrors that face each other.
  Network mirror = make_network(2, {1e9});
  mirror.at(0, 0, 0) = 1;
  mirror.at(0, 1, 1) = 1;
  EXPECT_EQ(cascade(mirror, mirror).error().code, base::Code::kOutOfRange);
}

TEST(Network, TakesPortsInTheOrderAsked) {
  Network network = make_network(3, {1e9});
  for (std::size_t i = 0; i < 9; ++i) {
    network.s[i] = static_cast<double>(i);
  }
  network.z0_ohm = {40, 50, 60};
  const std::size_t order[] = {2, 0};
  const Network some = select_ports(network, order);
  EXPECT_EQ(some.z0_ohm, (std::vector<double>{60, 40}));
  EXPECT_EQ(some.at(0, 0, 0), 8.0);
  EXPECT_EQ(some.at(0, 0, 1), 6.0);
  EXPECT_EQ(some.at(0, 1, 0), 2.0);
}

TEST(Resample, KeepsALongChannelAtCoarseSteps) {
  // 12 ns in 50 MHz steps is 0.6 of a turn a step, more than a plain unwrap bears.
  const auto coarse = grid(5e7, 5e7, 600);
  const auto fine = grid(0, 1e7, 3001);
  const auto got = resample(line(coarse, 12e-9, 3.0), fine);
  ASSERT_TRUE(got.has_value());
  const Network want = line(fine, 12e-9, 3.0);
  for (std::size_t i = 0; i < fine.size(); ++i) {
    const double tolerance = fine[i] < 2e8 ? 0.03 : 2e-4;
    EXPECT_NEAR(std::abs(got->at(i, 1, 0) - want.at(i, 1, 0)), 0, tolerance) << fine[i];
  }
  EXPECT_EQ(got->at(0, 1, 0).imag(), 0);
  EXPECT_NEAR(got->at(0, 1, 0).real(), 1, 1e-9);
}

TEST(Resample, ReadsTheDcPointThroughOneBadPoint) {
  const auto coarse = grid(5e7, 5e7, 100);
  Network bad = line(coarse, 5e-9, 3.0);
  bad.at(0, 1, 0) *= std::polar(1.05, 1.0);
  const auto got = resample(bad, grid(0, 5e7, 101));
  ASSERT_TRUE(got.has_value());
  EXPECT_NEAR(got->at(0, 1, 0).real(), 1, 0.01);
}

TEST(Resample, KeepsAPairThatIsSwapped) {
  const auto f = grid(1e7, 1e7, 500);
  Network swapped = line(f, 1e-9, 1);
  for (Complex& value : swapped.s) {
    value = -value;
  }
  for (const DcRule rule : {DcRule::kExtrapolate, DcRule::kHold}) {
    const auto got = resample(swapped, grid(0, 5e6, 100), rule);
    EXPECT_NEAR(got->at(0, 1, 0).real(), -1, 0.02);
  }
}

TEST(Resample, GivesMeasuredPointsBackAndZeroAboveThem) {
  rc::check("nodes", [] {
    const Network network = random_network(2, 6);
    const auto got = resample(network, grid(5e8, 5e8, 20));
    RC_ASSERT(got.has_value());
    for (std::size_t i = 0; i < 6; ++i) {
      RC_ASSERT(std::abs(got->at(2 * i + 1, 1, 0) - network.at(i, 1, 0)) < 1e-12);
    }
    RC_ASSERT(got->at(13, 0, 1) == Complex{});
  });
}

TEST(Resample, FindsTheDelayOnAnyGrid) {
  std::vector<double> logarithmic;
  for (double f = 1e6; f < 4e10; f *= 1.01) {
    logarithmic.push_back(f);
  }
  for (const double delay : {0.0, 1e-9, 12e-9}) {
    for (const auto& f : {grid(5e7, 5e7, 600), logarithmic}) {
      EXPECT_NEAR(bulk_delay_s(f, line(f, delay, 2).response(1, 0)), delay, 1e-15);
    }
  }
}

/// Random networks written for the judge, whose answers follow in the order asked.
class Judge {
 public:
  Judge() : path_(fs::temp_directory_path() / fmt::format("weft-network-{}.txt", ::getpid())) {}
  Judge(const Judge&) = delete;
  Judge& operator=(const Judge&) = delete;
  ~Judge() { fs::remove(path_); }

  void write(std::string_view operation, const std::vector<double>& numbers,
             const std::vector<Complex>& matrices) {
    text_ += operation;
    for (const double number : numbers) {
      text_ += fmt::format(" {:.17g}", number);
    }
    for (const Complex value : matrices) {
      text_ += fmt::format(" {:.17g} {:.17g}", value.real(), value.imag());
    }
    text_ += '\n';
  }

  /// Every number that the judge prints.
  [[nodiscard]] std::vector<Complex> ask(const std::string& python) const {
    std::ofstream(path_) << text_;
    const auto run = base::shell_output(
        python + " " WEFT_SOURCE_DIR "/src/phy/channel/network_judge.py " + path_.string());
    EXPECT_EQ(run.code, 0);
    std::istringstream numbers(run.out);
    std::vector<Complex> values;
    for (double real = 0, imag = 0; numbers >> real >> imag;) {
      values.emplace_back(real, imag);
    }
    return values;
  }

 private:
  fs::path path_;
  std::string text_;
};

TEST(NetworkJudge, NumpyFindsTheSameMatrices) {
  const std::string python = base::python_with("numpy");
  if (python.empty()) {
    GTEST_SKIP() << base::no_python_with("numpy");
  }
  Judge judge;
  std::vector<Complex> ours;
  unsigned state = 12345;
  const auto next = [&state] {
    state = state * 1664525u + 1013904223u;
    return static_cast<double>(state >> 8) / (1 << 24) * 2 - 1;
  };
  const auto make = [&next](std::size_t ports) {
    Network network = make_network(ports, {1e9});
    for (Complex& value : network.s) {
      value = Complex(next(), next()) * 0.3;
    }
    return network;
  };
  const auto keep = [&ours](const Network& network) {
    ours.insert(ours.end(), network.s.begin(), network.s.end());
  };
  for (const std::size_t ports : {2, 4, 8, 12}) {
    const Network a = make(ports);
    const Network b = make(ports);
    std::vector<double> z(ports);
    for (double& value : z) {
      value = 60 + 40 * next();
    }
    std::vector<double> head = {static_cast<double>(ports)};
    head.insert(head.end(), z.begin(), z.end());
    judge.write("renormalise", head, a.s);
    keep(*renormalise(a, z));
    auto both = a.s;
    both.insert(both.end(), b.s.begin(), b.s.end());
    judge.write("cascade", {static_cast<double>(ports)}, both);
    keep(*cascade(a, b));
    std::vector<PortPair> pairs;
    for (std::size_t i = 0; i < ports / 2; ++i) {
      pairs.push_back({2 * i, 2 * i + 1});
    }
    judge.write("mixed", {static_cast<double>(ports)}, a.s);
    keep(*mixed_mode(a, pairs));
  }
  const auto theirs = judge.ask(python);
  ASSERT_EQ(theirs.size(), ours.size());
  for (std::size_t i = 0; i < ours.size(); ++i) {
    EXPECT_NEAR(std::abs(ours[i] - theirs[i]), 0, 1e-12) << i;
  }
}

}  // namespace
}  // namespace weft::phy::channel
