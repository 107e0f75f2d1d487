// SPDX-License-Identifier: Apache-2.0
#include "wire/prometheus/remote_write.h"

#include <algorithm>
#include <bit>
#include <string>

#include <fmt/format.h>
#include <snappy-c.h>

namespace weft::wire::prometheus {
namespace remote {

// Wire types of protocol buffers.
constexpr unsigned kVarint = 0;
constexpr unsigned kFixed64 = 1;
constexpr unsigned kBytes = 2;
constexpr unsigned kFixed32 = 5;

void put_varint(std::uint64_t value, std::string& out) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80U);
    value >>= 7U;
  }
  out += static_cast<char>(value);
}

void put_field(unsigned field, unsigned type, std::string& out) {
  put_varint(std::uint64_t{field} << 3U | type, out);
}

void put_bytes(unsigned field, std::string_view bytes, std::string& out) {
  put_field(field, kBytes, out);
  put_varint(bytes.size(), out);
  out += bytes;
}

void put_double(unsigned field, double value, std::string& out) {
  put_field(field, kFixed64, out);
  const auto bits = std::bit_cast<std::uint64_t>(value);
  for (unsigned i = 0; i < 8; ++i) {
    out += static_cast<char>(bits >> (8 * i));
  }
}

/// One field of a message.
struct Field {
  unsigned number = 0;
  unsigned type = kVarint;
  std::uint64_t value = 0;  // kVarint, kFixed64, kFixed32
  base::ByteView bytes;     // kBytes
};

/// Reads a message field by field.
class Message {
 public:
  explicit Message(base::ByteView bytes) : bytes_(bytes) {}
  [[nodiscard]] bool is_at_end() const { return at_ == bytes_.size(); }

  /// nullopt where the bytes are no field.
  std::optional<Field> next() {
    const auto tag = varint();
    if (!tag || *tag >> 3U == 0 || *tag >> 3U > 0x1FFFFFFF) {
      return std::nullopt;
    }
    Field field{static_cast<unsigned>(*tag >> 3U), static_cast<unsigned>(*tag & 7U), 0, {}};
    std::optional<std::uint64_t> value;
    switch (field.type) {
      case kVarint:
        value = varint();
        break;
      case kFixed64:
        value = fixed(8);
        break;
      case kFixed32:
        value = fixed(4);
        break;
      case kBytes: {
        const auto size = varint();
        if (!size || *size > bytes_.size() - at_) {
          return std::nullopt;
        }
        field.bytes = bytes_.subspan(at_, *size);
        at_ += *size;
        return field;
      }
      default:
        return std::nullopt;
    }
    if (!value) {
      return std::nullopt;
    }
    field.value = *value;
    return field;
  }

 private:
  std::optional<std::uint64_t> varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && at_ < bytes_.size(); shift += 7) {
      const std::uint64_t byte = bytes_[at_++];
      value |= (byte & 0x7FU) << shift;
      if (byte < 0x80) {
        return value;
      }
    }
    return std::nullopt;
  }
  std::optional<std::uint64_t> fixed(std::size_t width) {
    const auto value = base::read_le(bytes_, at_, width);
    at_ += value ? width : 0;
    return value;
  }

  base::ByteView bytes_;
  std::size_t at_ = 0;
};

/// Every field of a message to `see`; false where it is garbled or `see` refuses.
template <class See>
bool each_field(base::ByteView bytes, const See& see) {
  Message message(bytes);
  while (!message.is_at_end()) {
    const auto field = message.next();
    if (!field || !see(*field)) {
      return false;
    }
  }
  return true;
}

bool read_label(base::ByteView bytes, Labels& labels) {
  std::pair<std::string, std::string> label;
  const bool is_good = each_field(bytes, [&](const Field& field) {
    if (field.type == kBytes && (field.number == 1 || field.number == 2)) {
      (field.number == 1 ? label.first : label.second) = base::as_text(field.bytes);
    }
    return true;
  });
  labels.push_back(std::move(label));
  return is_good;
}

bool read_sample(base::ByteView bytes, std::vector<RemoteSample>& samples) {
  RemoteSample sample;
  const bool is_good = each_field(bytes, [&](const Field& field) {
    if (field.number == 1 && field.type == kFixed64) {
      sample.value = std::bit_cast<double>(field.value);
    } else if (field.number == 2 && field.type == kVarint) {
      sample.at_ms = static_cast<std::int64_t>(field.value);
    }
    return true;
  });
  samples.push_back(sample);
  return is_good;
}

bool read_series(base::ByteView bytes, std::vector<RemoteSeries>& out) {
  RemoteSeries& series = out.emplace_back();
  return each_field(bytes, [&series](const Field& field) {
    if (field.type != kBytes) {
      return true;
    }
    if (field.number == 1) {
      return read_label(field.bytes, series.labels);
    }
    return field.number != 2 || read_sample(field.bytes, series.samples);
  });
}

}  // namespace remote

base::Result<base::Bytes> write_request(std::span<const RemoteSeries> series) {
  std::string plain;
  std::string message;
  std::string part;
  for (const RemoteSeries& one : series) {
    Labels labels = one.labels;
    std::ranges::sort(labels);
    message.clear();
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const auto& [name, value] = labels[i];
      if (!is_label_name(name) || (i > 0 && labels[i - 1].first == name)) {
        return base::fail(base::Code::kInvalidArgument,
                          fmt::format("'{}' is no label name, or is there twice", name));
      }
      part.clear();
      remote::put_bytes(1, name, part);
      remote::put_bytes(2, value, part);
      remote::put_bytes(1, part, message);
    }
    for (const RemoteSample& sample : one.samples) {
      part.clear();
      remote::put_double(1, sample.value, part);
      remote::put_field(2, remote::kVarint, part);
      remote::put_varint(static_cast<std::uint64_t>(sample.at_ms), part);
      remote::put_bytes(2, part, message);
    }
    remote::put_bytes(1, message, plain);
  }
  std::size_t size = snappy_max_compressed_length(plain.size());
  base::Bytes out(size);
  if (snappy_compress(plain.data(), plain.size(), reinterpret_cast<char*>(out.data()), &size) !=
      SNAPPY_OK) {
    return base::fail(base::Code::kResourceExhausted, "the request is too large to compress", "",
                      "Send fewer series at once.");
  }
  out.resize(size);
  return out;
}

base::Result<std::vector<RemoteSeries>> read_request(base::ByteView body) {
  const auto* bytes = reinterpret_cast<const char*>(body.data());
  std::size_t size = 0;
  if (snappy_uncompressed_length(bytes, body.size(), &size) != SNAPPY_OK) {
    return base::fail(base::Code::kDataLoss, "the body is no Snappy block", "offset 0",
                      "remote_write 1.0 compresses with Snappy's block format.");
  }
  if (size > kRemoteBytesMax) {
    return base::fail(
        base::Code::kResourceExhausted,
        fmt::format("the body unpacks to {} bytes; at most {} are taken", size, kRemoteBytesMax),
        "", "Send fewer series at once.");
  }
  base::Bytes plain(size);
  if (snappy_uncompress(bytes, body.size(), reinterpret_cast<char*>(plain.data()), &size) !=
      SNAPPY_OK) {
    return base::fail(base::Code::kDataLoss, "the Snappy block is garbled");
  }
  std::vector<RemoteSeries> out;
  const bool is_good =
      remote::each_field(base::ByteView(plain).first(size), [&out](const remote::Field& field) {
        return field.number != 1 || field.type != remote::kBytes ||
               remote::read_series(field.bytes, out);
      });
  if (!is_good) {
    return base::fail(base::Code::kDataLoss,
                      fmt::format("series {} of the request is garbled", out.size()));
  }
  return out;
}

}  // namespace weft::wire::prometheus
