// SPDX-License-Identifier: Apache-2.0
// A checkpoint's bytes: one exchange() function per thing both writes and reads it, so the two
// cannot drift apart. Little endian, no padding; lengths before what repeats. Reading what is
// truncated or too long sets a failure that stays, and gives zeros from there on: exchange() needs
// no checks, whoever restores asks failed() at the end.
#pragma once

#include "base/bytes.h"
#include "base/random.h"
#include "base/time.h"
#include "base/units.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace weft::twin {

class Archive {
 public:
  /// Writes into bytes().
  Archive() = default;
  /// Reads from `bytes`, which must outlive it.
  explicit Archive(base::ByteView bytes) : is_reading_(true), from_(bytes) {}

  [[nodiscard]] bool is_reading() const { return is_reading_; }
  [[nodiscard]] bool failed() const { return failed_; }
  /// For exchange() functions that read what cannot be: an index past its table, a rate below 0.
  void fail() { failed_ = true; }
  [[nodiscard]] const base::Bytes& bytes() const { return out_; }
  [[nodiscard]] std::size_t left() const { return from_.size() - at_; }

  template <class T>
    requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  void field(T& value) {
    if constexpr (std::is_enum_v<T>) {
      auto raw = static_cast<std::underlying_type_t<T>>(value);
      field(raw);
      value = static_cast<T>(raw);
    } else if constexpr (std::is_floating_point_v<T>) {
      auto raw = std::bit_cast<std::uint64_t>(static_cast<double>(value));
      word(raw, 8);
      value = static_cast<T>(std::bit_cast<double>(raw));
    } else {
      std::uint64_t raw = 0;
      if constexpr (std::is_same_v<T, bool>) {
        raw = value ? 1 : 0;
      } else {
        raw = static_cast<std::make_unsigned_t<T>>(value);
      }
      word(raw, sizeof(T));
      value = static_cast<T>(raw);
    }
  }
  void field(base::Duration& value) { field(value.ns); }
  template <class Clock>
  void field(base::TimePoint<Clock>& value) {
    field(value.ns);
  }
  template <class Tag, class Rep>
  void field(base::Quantity<Tag, Rep>& value) {
    Rep raw = value.value();
    field(raw);
    value = base::Quantity<Tag, Rep>(raw);
  }
  template <class Tag, class Delta>
  void field(base::Point<Tag, Delta>& value) {
    double raw = value.value();
    field(raw);
    value = base::Point<Tag, Delta>(raw);
  }
  void field(base::Random& value) {
    base::Random::State state = value.state();
    field(state);
    if (is_reading_) {
      value = base::Random(state);
    }
  }
  void field(std::string& value) { repeated(value); }
  template <class T>
  void field(std::vector<T>& value) {
    repeated(value);
  }
  template <class T>
  void field(std::deque<T>& value) {
    repeated(value);
  }
  template <class T, std::size_t n>
  void field(std::array<T, n>& value) {
    for (T& element : value) {
      field(element);
    }
  }
  template <class T>
  void field(std::optional<T>& value) {
    bool is_there = value.has_value();
    field(is_there);
    if (is_reading_) {
      value = is_there ? std::optional<T>(T{}) : std::nullopt;
    }
    if (value) {
      field(*value);
    }
  }
  template <class A, class B>
  void field(std::pair<A, B>& value) {
    field(value.first);
    field(value.second);
  }
  template <class K, class V>
  void field(std::map<K, V>& value) {
    std::vector<std::pair<K, V>> rows(value.begin(), value.end());
    field(rows);
    if (is_reading_) {
      value = std::map<K, V>(rows.begin(), rows.end());
    }
  }
  /// Structs of one's own: give them `void exchange(Archive&)`.
  template <class T>
    requires requires(T& value, Archive& archive) { value.exchange(archive); }
  void field(T& value) {
    value.exchange(*this);
  }
  /// Reading: the bytes of a vector<std::uint8_t>, in place; empty where they are not there.
  [[nodiscard]] base::ByteView block() {
    std::uint64_t count = 0;
    word(count, 8);
    if (failed_ || count > left()) {
      failed_ = true;
      return {};
    }
    const base::ByteView bytes = from_.subspan(at_, static_cast<std::size_t>(count));
    at_ += bytes.size();
    return bytes;
  }
  template <class... T>
    requires(sizeof...(T) > 1)
  void fields(T&... values) {
    (field(values), ...);
  }

 private:
  void word(std::uint64_t& value, std::size_t width) {
    if (!is_reading_) {
      for (std::size_t i = 0; i < width; ++i) {
        out_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
      }
      return;
    }
    value = 0;
    if (failed_ || left() < width) {
      failed_ = true;
      return;
    }
    for (std::size_t i = 0; i < width; ++i) {
      value |= std::uint64_t{from_[at_ + i]} << (8 * i);
    }
    at_ += width;
  }
  template <class Container>
  void repeated(Container& value) {
    std::uint64_t count = value.size();
    word(count, 8);
    if (is_reading_) {
      if (count > left()) {  // every element takes at least a byte
        failed_ = true;
        count = 0;
      }
      value.clear();
      value.resize(static_cast<std::size_t>(count));
    }
    if constexpr (std::is_same_v<Container, base::Bytes>) {
      if (is_reading_) {
        std::copy_n(from_.begin() + static_cast<std::ptrdiff_t>(at_), value.size(), value.begin());
        at_ += value.size();
      } else {
        out_.insert(out_.end(), value.begin(), value.end());
      }
    } else if constexpr (std::is_same_v<typename Container::value_type, bool>) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        bool bit = value[i];
        field(bit);
        value[i] = bit;
      }
    } else {
      for (auto& element : value) {
        field(element);
      }
    }
  }

  bool is_reading_ = false;
  bool failed_ = false;
  base::Bytes out_;
  base::ByteView from_;
  std::size_t at_ = 0;
};

}  // namespace weft::twin
