// SPDX-License-Identifier: Apache-2.0
#include "wire/prometheus/remote_write.h"

#include "wire/protobuf.h"

#include <algorithm>
#include <bit>
#include <string>

#include <fmt/format.h>
#include <snappy-c.h>

namespace weft::wire::prometheus {
namespace remote {

using protobuf::each_field;
using protobuf::Field;
using protobuf::Type;

bool read_label(base::ByteView bytes, Labels& labels) {
  std::pair<std::string, std::string> label;
  const bool is_good = each_field(bytes, [&](const Field& field) {
    if (field.type == Type::kBytes && (field.number == 1 || field.number == 2)) {
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
    if (field.number == 1 && field.type == Type::kFixed64) {
      sample.value = std::bit_cast<double>(field.value);
    } else if (field.number == 2 && field.type == Type::kVarint) {
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
    if (field.type != Type::kBytes) {
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
      protobuf::put_bytes(1, name, part);
      protobuf::put_bytes(2, value, part);
      protobuf::put_bytes(1, part, message);
    }
    for (const RemoteSample& sample : one.samples) {
      part.clear();
      protobuf::put_double(1, sample.value, part);
      protobuf::put_varint(2, static_cast<std::uint64_t>(sample.at_ms), part);
      protobuf::put_bytes(2, part, message);
    }
    protobuf::put_bytes(1, message, plain);
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
      protobuf::each_field(base::ByteView(plain).first(size), [&out](const protobuf::Field& field) {
        return field.number != 1 || field.type != protobuf::Type::kBytes ||
               remote::read_series(field.bytes, out);
      });
  if (!is_good) {
    return base::fail(base::Code::kDataLoss,
                      fmt::format("series {} of the request is garbled", out.size()));
  }
  return out;
}

}  // namespace weft::wire::prometheus
