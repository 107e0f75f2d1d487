// SPDX-License-Identifier: Apache-2.0
#include "phy/channel/touchstone_data.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

namespace weft::phy::channel::touchstone {
namespace {

using base::Code;
using Status = base::Result<void>;

constexpr double kFrequencyMax = 1e15;
constexpr double kParameterMax = 1e50;
constexpr std::size_t kNoiseNumbers = 5;

/// n of 2n^2 numbers, or nothing.
std::optional<std::size_t> ports_of_count(std::size_t numbers) {
  for (std::size_t n = 1; n <= TouchstoneLimits::kPorts; ++n) {
    if (2 * n * n == numbers) {
      return n;
    }
  }
  return std::nullopt;
}

Complex to_complex(NumberFormat format, double a, double b) {
  if (format == NumberFormat::kRealImaginary) {
    return {a, b};
  }
  const double magnitude = format == NumberFormat::kMagnitudeAngle ? a : std::pow(10, a / 20);
  const double angle = b * (std::numbers::pi / 180);
  return {magnitude * std::cos(angle), magnitude * std::sin(angle)};
}

/// Hertz; a whole number of them where rounding of the unit is all that is in the way.
double to_hz(double value, double unit_hz) {
  const double hz = value * unit_hz;
  const double whole = std::round(hz);
  return std::abs(hz - whole) <= 1e-15 * hz ? whole : hz;
}

}  // namespace

std::string DataReader::at(std::size_t line) const {
  return fmt::format("{}:{}", file_, line);
}

std::string DataReader::port_hint() const {
  if (first_count_ > 0 && !is_guessed_) {
    if (const auto n = ports_of_count(first_count_ - 1); n && *n != ports_) {
      return fmt::format("The first frequency has {} numbers, which is {} ports, not {}.",
                         first_count_, *n, ports_);
    }
  }
  return fmt::format("With {} ports each frequency has 1 + {} numbers.", ports_, record_size_);
}

/// Counts the first record by the parity of its lines, for the hint above: frequency and pairs make
/// an odd line, pairs alone an even one.
void DataReader::note_line(std::size_t count) {
  constexpr std::size_t kLinesMax = 4096;
  if (first_is_counted_ || ++lines_seen_ > kLinesMax) {
    return;
  }
  if (lines_seen_ > 1 && count % 2 == 1) {
    first_is_counted_ = true;
    return;
  }
  first_count_ += count;
}

Status DataReader::start(const Header& header, std::size_t line) {
  const std::size_t n = ports_;
  if (n == 0 || n > TouchstoneLimits::kPorts) {
    return base::fail(Code::kResourceExhausted,
                      fmt::format("{} ports; 1 to {} are read", n, TouchstoneLimits::kPorts),
                      at(line));
  }
  record_size_ = header.matrix == MatrixFormat::kFull ? 2 * n * n : n * (n + 1);
  record_.reserve(record_size_);
  const bool needs_two = header.parameter == Parameter::kG || header.parameter == Parameter::kH;
  if (needs_two && n != 2) {
    return base::fail(Code::kInvalidArgument,
                      fmt::format("G- and H-parameters are of two-ports; this has {} ports", n),
                      at(line));
  }
  const std::size_t references = header.reference_ohm.size();
  if (references != 1 && references != n) {
    return base::fail(Code::kInvalidArgument,
                      fmt::format("{} reference impedances for {} ports", references, n), at(line));
  }
  if (!header.modes.empty() && header.modes.size() != n) {
    return base::fail(
        Code::kInvalidArgument,
        fmt::format("[Mixed-Mode Order] names {} ports of {}", header.modes.size(), n), at(line));
  }
  return {};
}

Status DataReader::begin_record(const Header& header, double value, std::size_t line) {
  const double hz = to_hz(value, header.unit_hz);
  if (!(hz >= 0) || hz > kFrequencyMax) {
    return base::fail(Code::kInvalidArgument, fmt::format("frequency {} Hz is absurd", hz),
                      at(line), port_hint());
  }
  if (!frequency_hz_.empty() && hz <= frequency_hz_.back()) {
    return base::fail(Code::kInvalidArgument,
                      hz == frequency_hz_.back()
                          ? fmt::format("frequency {} Hz stands twice", hz)
                          : fmt::format("frequency {} Hz follows {} Hz; frequencies must ascend",
                                        hz, frequency_hz_.back()),
                      at(line), port_hint());
  }
  if (frequency_hz_.size() == TouchstoneLimits::kPoints ||
      s_.size() + ports_ * ports_ > TouchstoneLimits::kEntries) {
    return base::fail(Code::kResourceExhausted,
                      fmt::format("more than {} frequencies or {} matrix entries",
                                  TouchstoneLimits::kPoints, TouchstoneLimits::kEntries),
                      at(line), "Thin the file out.");
  }
  frequency_hz_.push_back(hz);
  record_.clear();
  record_line_ = line;
  odd_line_ = 0;
  in_record_ = true;
  return {};
}

/// The finished record as a row of the network.
Status DataReader::store(const Header& header) {
  in_record_ = false;
  const std::size_t n = ports_;
  const std::size_t begin = s_.size();
  s_.resize(begin + n * n);
  Complex* const s = s_.data() + begin;
  const auto value = [&](std::size_t k) {
    return to_complex(header.format, record_[2 * k], record_[2 * k + 1]);
  };
  std::size_t k = 0;
  if (header.matrix == MatrixFormat::kFull) {
    for (; k < n * n; ++k) {
      s[k] = value(k);
    }
    // Version 1, and 2 where it says so: two-ports are written column by column.
    if (n == 2 && header.is_21_12.value_or(true)) {
      std::swap(s[1], s[2]);
    }
  } else {
    const bool is_lower = header.matrix == MatrixFormat::kLower;
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = is_lower ? 0 : i; j < (is_lower ? i + 1 : n); ++j, ++k) {
        s[i * n + j] = value(k);
        s[j * n + i] = s[i * n + j];
      }
    }
  }
  for (std::size_t i = 0; i < n * n; ++i) {
    // Also NaN; what is larger could not be squared twice by those who come after.
    if (!(std::abs(s[i].real()) <= kParameterMax) || !(std::abs(s[i].imag()) <= kParameterMax)) {
      return base::fail(Code::kInvalidArgument, "a parameter is too large", at(record_line_));
    }
  }
  return {};
}

Status DataReader::take_record_numbers(const Header& header, std::span<const double> numbers,
                                       std::size_t line) {
  if (in_record_ && odd_line_ == 0 && numbers.size() % 2 == 1) {
    odd_line_ = line;
  }
  while (!numbers.empty()) {
    if (!in_record_) {
      if (auto begun = begin_record(header, numbers[0], line); !begun) {
        return begun;
      }
      numbers = numbers.subspan(1);
    }
    const std::size_t count = std::min(record_size_ - record_.size(), numbers.size());
    record_.insert(record_.end(), numbers.begin(),
                   numbers.begin() + static_cast<std::ptrdiff_t>(count));
    numbers = numbers.subspan(count);
    if (record_.size() < record_size_) {
      return {};
    }
    if (!numbers.empty()) {
      const std::size_t wrong = odd_line_ != 0 ? odd_line_ : line;
      return base::fail(
          Code::kInvalidArgument,
          fmt::format("the frequency that begins in line {} ends in the middle of line {}: a "
                      "number is missing or too many, or the port count is wrong",
                      record_line_, line),
          at(wrong), port_hint());
    }
    if (auto stored = store(header); !stored) {
      return stored;
    }
  }
  return {};
}

/// The held lines are one whole frequency: its count of numbers tells the ports.
Status DataReader::guess_ports(const Header& header, std::size_t line) {
  const auto ports = ports_of_count(held_.size() - 1);
  if (!ports) {
    return base::fail(
        Code::kInvalidArgument,
        fmt::format("the first frequency has {} numbers, which no port count has", held_.size()),
        at(held_line_),
        "Name the file .sNp, or give [Number of Ports]; each frequency has 1 + 2 N^2 "
        "numbers.");
  }
  ports_ = *ports;
  is_guessed_ = true;
  if (auto started = start(header, line); !started) {
    return started;
  }
  const std::vector<double> first = std::move(held_);
  held_.clear();
  return take_record_numbers(header, first, held_line_);
}

Status DataReader::take(const Header& header, std::span<const double> numbers, std::size_t line) {
  note_line(numbers.size());
  if (ports_ == 0) {
    if (header.ports || named_ports_) {
      if (header.ports && named_ports_ && *header.ports != *named_ports_) {
        return base::fail(Code::kInvalidArgument,
                          fmt::format("[Number of Ports] is {}, the file's name says {}",
                                      *header.ports, *named_ports_),
                          at(line));
      }
      ports_ = header.ports ? *header.ports : *named_ports_;
      if (auto started = start(header, line); !started) {
        return started;
      }
    } else if (held_.empty() || numbers.size() % 2 == 0) {
      constexpr std::size_t kHeldMax = 1 + 2 * TouchstoneLimits::kPorts * TouchstoneLimits::kPorts;
      held_line_ = held_.empty() ? line : held_line_;
      held_.insert(held_.end(), numbers.begin(), numbers.end());
      if (held_.size() > kHeldMax) {
        return base::fail(Code::kResourceExhausted,
                          fmt::format("the first frequency has more than {} numbers: more than {} "
                                      "ports, or rows that do not begin with a frequency",
                                      kHeldMax, TouchstoneLimits::kPorts),
                          at(line));
      }
      return {};
    } else if (auto guessed = guess_ports(header, line); !guessed) {
      return guessed;
    }
  }
  // Noise data follows a version 1 two-port without a word: five numbers, frequencies begin anew.
  const bool falls = !in_record_ && !frequency_hz_.empty() &&
                     to_hz(numbers[0], header.unit_hz) <= frequency_hz_.back();
  if (falls && ports_ == 2 && header.version == 1 && numbers.size() == kNoiseNumbers) {
    in_noise_ = true;
  }
  if (in_noise_) {
    return numbers.size() == kNoiseNumbers
               ? Status{}
               : base::fail(Code::kInvalidArgument,
                            fmt::format("a line of noise data has {} numbers, not {}",
                                        numbers.size(), kNoiseNumbers),
                            at(line));
  }
  return take_record_numbers(header, numbers, line);
}

base::Result<Network> DataReader::finish(const Header& header, std::size_t line,
                                         std::vector<std::string>& notes) {
  if (!held_.empty()) {
    if (auto guessed = guess_ports(header, line); !guessed) {
      return tl::unexpected(guessed.error());
    }
  }
  if (frequency_hz_.empty()) {
    return base::fail(Code::kDataLoss, "there is no data: not one frequency", at(line),
                      "Is this a Touchstone file?");
  }
  if (in_record_) {
    return base::fail(
        Code::kDataLoss,
        fmt::format("the file ends within a frequency: {} of {} numbers are there, begun in "
                    "line {}",
                    record_.size() + 1, record_size_ + 1, record_line_),
        at(line), port_hint());
  }
  if (header.points && *header.points != frequency_hz_.size()) {
    return base::fail(Code::kDataLoss,
                      fmt::format("[Number of Frequencies] is {}, but {} are there", *header.points,
                                  frequency_hz_.size()),
                      at(line));
  }
  if (is_guessed_) {
    notes.push_back(fmt::format("{}: {} ports, taken from the first frequency", file_, ports_));
  }
  if (in_noise_) {
    notes.push_back(fmt::format("{}: noise data left out", file_));
  }
  Network network;
  network.ports = ports_;
  network.frequency_hz = std::move(frequency_hz_);
  network.s = std::move(s_);
  network.z0_ohm = header.reference_ohm;
  network.z0_ohm.resize(ports_, header.reference_ohm.front());
  return convert(header, std::move(network));
}

base::Result<Network> DataReader::convert(const Header& header, Network network) const {
  const std::size_t block = ports_ * ports_;
  if (header.parameter != Parameter::kS) {
    for (std::size_t point = 0; point < network.points(); ++point) {
      const std::span<Complex> matrix(network.s.data() + point * block, block);
      if (header.version == 2) {  // version 1 normalises Y, Z, G and H, version 2 does not
        normalise(header.parameter, matrix, network.z0_ohm);
      }
      if (!to_scattering(header.parameter, matrix, ports_)) {
        return base::fail(Code::kOutOfRange,
                          fmt::format("the parameters at {} Hz have no scattering matrix",
                                      network.frequency_hz[point]),
                          file_);
      }
    }
  }
  if (!header.modes.empty()) {
    auto single = single_ended(network, header.modes, file_);
    if (!single) {
      return single;
    }
    network = std::move(*single);
  }
  const auto is_finite = [](Complex value) {
    return std::isfinite(value.real()) && std::isfinite(value.imag());
  };
  if (!std::all_of(network.s.begin(), network.s.end(), is_finite)) {
    return base::fail(Code::kOutOfRange, "a parameter is too large to be converted", file_);
  }
  return network;
}

base::Result<Network> single_ended(const Network& mixed, const std::vector<ModePort>& modes,
                                   const std::string& where) {
  const std::size_t n = mixed.ports;
  const auto wrong = [&](std::string what) {
    return base::fail(Code::kInvalidArgument, "[Mixed-Mode Order]: " + std::move(what), where,
                      "Each pair needs its D and its C, each other port an S.");
  };
  // Rows of the transformation: mode k is the sum of m[k][port] * port. It is orthogonal.
  std::vector<double> m(n * n, 0.0);
  std::vector<unsigned> uses(n, 0);
  std::vector<char> has(n * n * 2, 0);
  for (std::size_t k = 0; k < n; ++k) {
    const ModePort& port = modes[k];
    if (port.first >= n || port.second >= n) {
      return wrong(fmt::format("a port above {}", n));
    }
    if (port.mode == 'S') {
      m[k * n + port.first] = 1;
      uses[port.first] += 2;
      continue;
    }
    if (port.first == port.second) {
      return wrong(fmt::format("port {} forms a pair with itself", port.first + 1));
    }
    char& seen = has[(port.first * n + port.second) * 2 + (port.mode == 'D' ? 0 : 1)];
    if (seen != 0) {
      return wrong(fmt::format("{}{},{} stands twice", port.mode, port.first + 1, port.second + 1));
    }
    seen = 1;
    m[k * n + port.first] = std::numbers::sqrt2 / 2;
    m[k * n + port.second] = (port.mode == 'D' ? -1 : 1) * std::numbers::sqrt2 / 2;
    ++uses[port.first];
    ++uses[port.second];
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      if (has[(i * n + j) * 2] != has[(i * n + j) * 2 + 1]) {
        return wrong(fmt::format("the pair {},{} lacks a mode", i + 1, j + 1));
      }
    }
    if (uses[i] != 2) {
      return wrong(fmt::format("port {} is not covered once", i + 1));
    }
  }
  Network out = make_network(n, mixed.frequency_hz);
  out.z0_ohm = mixed.z0_ohm;
  std::vector<Complex> half(n * n);
  for (std::size_t point = 0; point < mixed.points(); ++point) {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        Complex sum = 0;
        for (std::size_t k = 0; k < n; ++k) {
          sum += mixed.at(point, i, k) * m[k * n + j];
        }
        half[i * n + j] = sum;
      }
    }
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        Complex sum = 0;
        for (std::size_t k = 0; k < n; ++k) {
          sum += m[k * n + i] * half[k * n + j];
        }
        out.at(point, i, j) = sum;
      }
    }
  }
  return out;
}

}  // namespace weft::phy::channel::touchstone
