// SPDX-License-Identifier: Apache-2.0
#include "telemetry/store/strip.h"

#include <algorithm>
#include <bit>
#include <span>

namespace weft::telemetry::store_parts {

namespace {

/// How far back a side table is searched for an equal: states come in runs and return.
constexpr std::size_t kLookBack = 16;

template <class T>
std::uint64_t intern_in(std::vector<T>& table, const T& value) {
  const std::size_t from = table.size() > kLookBack ? table.size() - kLookBack : 0;
  for (std::size_t i = table.size(); i-- > from;) {
    if (table[i] == value) {
      return i;
    }
  }
  table.push_back(value);
  return table.size() - 1;
}

bool earlier(const Slot& slot, std::int64_t at) {
  return slot.at < at;
}

}  // namespace

Piece piece_of(const observe::Reading<observe::Value>& value) {
  if (!value) {
    return {.kind = Kind::kAbsent, .absent = &value.error()};
  }
  if (const auto* whole = std::get_if<std::uint64_t>(&*value)) {
    return {.kind = Kind::kWhole, .bits = *whole};
  }
  if (const auto* real = std::get_if<double>(&*value)) {
    return {.kind = Kind::kReal, .bits = std::bit_cast<std::uint64_t>(*real)};
  }
  if (const auto* text = std::get_if<std::string>(&*value)) {
    return {.kind = Kind::kText, .text = text};
  }
  return {.kind = Kind::kHistogram, .histogram = &std::get<observe::Histogram>(*value)};
}

bool fits(const Piece& piece) {
  return (piece.text == nullptr || piece.text->size() <= kTextMost) &&
         (piece.histogram == nullptr || piece.histogram->counts.size() <= kBinsMost) &&
         (piece.absent == nullptr || piece.absent->detail.size() <= kTextMost);
}

const Strip::Side& Strip::side() const {
  static const Side kNone;
  return side_ ? *side_ : kNone;
}

std::uint64_t Strip::intern(const Piece& piece) {
  if (!side_) {
    side_ = std::make_unique<Side>();
  }
  switch (piece.kind) {
    case Kind::kText:
      return intern_in(side_->texts, *piece.text);
    case Kind::kHistogram:
      return intern_in(side_->histograms, *piece.histogram);
    case Kind::kAbsent:
      return intern_in(side_->absences, *piece.absent);
    default:
      return piece.bits;
  }
}

void Strip::push_kind(Kind kind) {
  if (kinds_.empty()) {
    kinds_.assign(slots_.size() - 1, kind_);
  }
  kinds_.push_back(kind);
}

std::size_t Strip::lower(std::int64_t at) const {
  return static_cast<std::size_t>(std::lower_bound(slots_.begin(), slots_.end(), at, earlier) -
                                  slots_.begin());
}

bool Strip::holds(std::int64_t at) const {
  const std::size_t i = lower(at);
  return i < slots_.size() && slots_[i].at == at;
}

bool Strip::insert(std::int64_t at, const Piece& piece) {
  if (slots_.empty() || at > last()) {
    push(at, piece);
    return true;
  }
  if (holds(at)) {
    return false;
  }
  const auto place = static_cast<std::ptrdiff_t>(lower(at));
  const std::uint64_t bits = intern(piece);
  if (piece.kind != kind_ && kinds_.empty()) {
    kinds_.assign(slots_.size(), kind_);
  }
  if (!kinds_.empty()) {
    kinds_.insert(kinds_.begin() + place, piece.kind);
  }
  slots_.insert(slots_.begin() + place, {at, bits});
  return true;
}

Piece Strip::piece(std::size_t i) const {
  const auto index = static_cast<std::size_t>(bits(i));
  switch (kind(i)) {
    case Kind::kText:
      return {.kind = Kind::kText, .text = &side_->texts[index]};
    case Kind::kHistogram:
      return {.kind = Kind::kHistogram, .histogram = &side_->histograms[index]};
    case Kind::kAbsent:
      return {.kind = Kind::kAbsent, .absent = &side_->absences[index]};
    default:
      return {.kind = kind(i), .bits = bits(i)};
  }
}

Point Strip::point(std::size_t i) const {
  const Piece piece = this->piece(i);
  Point point{.at = {at(i)}, .value = {}};
  switch (piece.kind) {
    case Kind::kWhole:
      point.value = observe::Value(piece.bits);
      break;
    case Kind::kReal:
      point.value = observe::Value(std::bit_cast<double>(piece.bits));
      break;
    case Kind::kText:
      point.value = observe::Value(*piece.text);
      break;
    case Kind::kHistogram:
      point.value = observe::Value(*piece.histogram);
      break;
    case Kind::kAbsent:
      point.value = tl::unexpected<observe::NotMeasured>(*piece.absent);
      break;
  }
  return point;
}

void Strip::clear() {
  slots_.clear();
  kinds_.clear();
  side_.reset();
}

void Strip::adopt(Kind kind, const std::vector<std::uint64_t>& at,
                  const std::vector<std::uint64_t>& bits) {
  kind_ = kind;
  slots_.resize(at.size());
  for (std::size_t i = 0; i < at.size(); ++i) {
    slots_[i] = {static_cast<std::int64_t>(at[i]), bits[i]};
  }
}

void Strip::take(const Strip& other, std::size_t from, std::size_t until) {
  const bool plain = other.kinds_.empty() && other.kind_ <= Kind::kReal && kinds_.empty() &&
                     (slots_.empty() || kind_ == other.kind_);
  if (plain) {
    kind_ = other.kind_;
    const auto begin = other.slots_.begin();
    slots_.insert(slots_.end(), begin + static_cast<std::ptrdiff_t>(from),
                  begin + static_cast<std::ptrdiff_t>(until));
    return;
  }
  for (std::size_t i = from; i < until; ++i) {
    push(other.at(i), other.piece(i));
  }
}

Strip merge(const Strip& first, const Strip& second) {
  Strip out;
  out.reserve(first.size() + second.size());
  if (first.empty() || second.empty() || first.last() < second.first()) {
    out.take(first, 0, first.size());
    out.take(second, 0, second.size());
    return out;
  }
  std::size_t a = 0;
  std::size_t b = 0;
  while (a < first.size() || b < second.size()) {
    const bool take_second = a >= first.size() || (b < second.size() && second.at(b) < first.at(a));
    if (take_second) {
      out.push(second.at(b), second.piece(b));
      ++b;
      continue;
    }
    if (b < second.size() && second.at(b) == first.at(a)) {
      ++b;
    }
    out.push(first.at(a), first.piece(a));
    ++a;
  }
  return out;
}

}  // namespace weft::telemetry::store_parts
