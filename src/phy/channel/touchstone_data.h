// SPDX-License-Identifier: Apache-2.0
// A Touchstone file's numbers, line by line, made into a network: records of one frequency, in the
// order and format that the header names. Says where a record went wrong, not only that it did.
#pragma once

#include "phy/channel/touchstone_header.h"

#include <span>
#include <string>
#include <vector>

namespace weft::phy::channel::touchstone {

class DataReader {
 public:
  /// `ports`: as the user or the file's name says; header.ports goes first.
  DataReader(std::string file, std::optional<std::size_t> ports)
      : file_(std::move(file)), named_ports_(ports) {}

  /// The numbers of one line, at least one. `line` counts from 1.
  [[nodiscard]] base::Result<void> take(const Header& header, std::span<const double> numbers,
                                        std::size_t line);
  /// The network, when the last line was taken. `notes` gets what was assumed.
  [[nodiscard]] base::Result<Network> finish(const Header& header, std::size_t line,
                                             std::vector<std::string>& notes);

 private:
  [[nodiscard]] base::Result<void> start(const Header& header, std::size_t line);
  [[nodiscard]] base::Result<void> guess_ports(const Header& header, std::size_t line);
  [[nodiscard]] base::Result<void> take_record_numbers(const Header& header,
                                                       std::span<const double> numbers,
                                                       std::size_t line);
  [[nodiscard]] base::Result<void> begin_record(const Header& header, double value,
                                                std::size_t line);
  [[nodiscard]] base::Result<void> store(const Header& header);
  [[nodiscard]] base::Result<Network> convert(const Header& header, Network network) const;
  [[nodiscard]] std::string at(std::size_t line) const;
  [[nodiscard]] std::string port_hint() const;
  void note_line(std::size_t count);

  std::string file_;
  std::optional<std::size_t> named_ports_;
  std::size_t ports_ = 0;  ///< 0 until known
  bool is_guessed_ = false;
  std::vector<double> held_;     ///< first lines, while the port count is not known
  std::size_t held_line_ = 0;    ///< the first of them
  std::vector<double> record_;   ///< of the frequency that is being read, without it
  std::size_t record_size_ = 0;  ///< numbers after the frequency
  bool in_record_ = false;
  std::size_t record_line_ = 0;  ///< where it began
  std::size_t odd_line_ = 0;     ///< first line within it that has an odd count, or 0
  bool in_noise_ = false;
  std::size_t lines_seen_ = 0;
  std::size_t first_count_ = 0;  ///< numbers before the second line with an odd count
  bool first_is_counted_ = false;
  std::vector<double> frequency_hz_;
  std::vector<Complex> s_;
};

/// Single-ended parameters of a network whose ports are modes, [Mixed-Mode Order].
[[nodiscard]] base::Result<Network> single_ended(const Network& mixed,
                                                 const std::vector<ModePort>& modes,
                                                 const std::string& where);

}  // namespace weft::phy::channel::touchstone
