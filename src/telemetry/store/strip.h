// SPDX-License-Identifier: Apache-2.0
// Points of one series as the store holds them in memory: 16 bytes each for numbers; text,
// histograms and reasons for absence stand once in a side table. Strips are in order of time.
#pragma once

#include "telemetry/series.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace weft::telemetry::store_parts {

/// What a point holds. The numbers are those of the format.
enum class Kind : std::uint8_t { kWhole, kReal, kText, kHistogram, kAbsent };
inline constexpr std::size_t kKinds = 5;

inline constexpr std::size_t kTextMost = 65'535;  ///< bytes of one text or reason
inline constexpr std::size_t kBinsMost = 4096;

struct Slot {
  std::int64_t at = 0;
  std::uint64_t bits = 0;  ///< the number, a double's bits, or an index into the side table
  friend bool operator==(const Slot&, const Slot&) = default;
};

/// A value taken apart; pointers into the value itself.
struct Piece {
  Kind kind = Kind::kWhole;
  std::uint64_t bits = 0;
  const std::string* text = nullptr;
  const observe::Histogram* histogram = nullptr;
  const observe::NotMeasured* absent = nullptr;
};
[[nodiscard]] Piece piece_of(const observe::Reading<observe::Value>& value);
/// Whether the store takes it: texts and histograms of bounded size.
[[nodiscard]] bool fits(const Piece& piece);

class Strip {
 public:
  [[nodiscard]] std::size_t size() const { return slots_.size(); }
  [[nodiscard]] bool empty() const { return slots_.empty(); }
  [[nodiscard]] std::int64_t first() const { return slots_.front().at; }
  [[nodiscard]] std::int64_t last() const { return slots_.back().at; }
  [[nodiscard]] std::int64_t at(std::size_t i) const { return slots_[i].at; }
  [[nodiscard]] std::uint64_t bits(std::size_t i) const { return slots_[i].bits; }
  [[nodiscard]] Kind kind(std::size_t i) const { return kinds_.empty() ? kind_ : kinds_[i]; }
  [[nodiscard]] const std::vector<Slot>& slots() const { return slots_; }

  /// At the end; @pre at is not before last().
  void push(std::int64_t at, const Piece& piece) {
    const std::uint64_t bits = piece.kind <= Kind::kReal ? piece.bits : intern(piece);
    if (slots_.empty()) {
      kind_ = piece.kind;
    }
    slots_.push_back({at, bits});
    if (piece.kind != kind_ || !kinds_.empty()) {
      push_kind(piece.kind);
    }
  }
  /// In its place; false where a point of this time is there already.
  bool insert(std::int64_t at, const Piece& piece);
  [[nodiscard]] bool holds(std::int64_t at) const;
  [[nodiscard]] Piece piece(std::size_t i) const;
  [[nodiscard]] Point point(std::size_t i) const;
  /// Points of [from, until), by index.
  [[nodiscard]] std::size_t lower(std::int64_t at) const;
  void clear();
  /// Numbers of one kind, all at once; @pre the strip is empty, times in order.
  void adopt(Kind kind, const std::vector<std::uint64_t>& at,
             const std::vector<std::uint64_t>& bits);
  /// Points [from, until) of another strip, at the end; @pre they are not before last().
  void take(const Strip& from_strip, std::size_t from, std::size_t until);
  void reserve(std::size_t points) { slots_.reserve(points); }

  // For the codec.
  [[nodiscard]] const std::vector<std::string>& texts() const { return side().texts; }
  [[nodiscard]] const std::vector<observe::Histogram>& histograms() const {
    return side().histograms;
  }
  [[nodiscard]] const std::vector<observe::NotMeasured>& absences() const {
    return side().absences;
  }

 private:
  struct Side {
    std::vector<std::string> texts;
    std::vector<observe::Histogram> histograms;
    std::vector<observe::NotMeasured> absences;
  };
  [[nodiscard]] const Side& side() const;
  std::uint64_t intern(const Piece& piece);
  void push_kind(Kind kind);

  std::vector<Slot> slots_;
  std::vector<Kind> kinds_;  ///< empty: all are `kind_`
  std::unique_ptr<Side> side_;
  Kind kind_ = Kind::kWhole;
};

/// Both, in order of time; of points at one time the one in `first` stays.
[[nodiscard]] Strip merge(const Strip& first, const Strip& second);

}  // namespace weft::telemetry::store_parts
