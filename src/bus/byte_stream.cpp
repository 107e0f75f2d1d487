// SPDX-License-Identifier: Apache-2.0
// The streams of byte_stream.h; zstd through its streaming interface, whose default window limit
// (128 MiB) stands, so that a hostile frame cannot ask for more memory.
#include "bus/byte_stream.h"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include <unistd.h>
#include <zstd.h>

namespace weft::bus {

namespace byte_stream {

constexpr int kPackLevel = 6;

class ZstdStream final : public ByteStream {
 public:
  explicit ZstdStream(ByteStream& packed)
      : packed_(packed), context_(ZSTD_createDStream()), buffer_(ZSTD_DStreamInSize()) {}
  ZstdStream(const ZstdStream&) = delete;
  ZstdStream& operator=(const ZstdStream&) = delete;
  ~ZstdStream() override { ZSTD_freeDStream(context_); }

  base::Result<std::size_t> read(std::span<std::uint8_t> into) override {
    if (context_ == nullptr) {
      return base::fail(base::Code::kResourceExhausted, "no memory to unpack zstd");
    }
    ZSTD_outBuffer out{into.data(), into.size(), 0};
    while (out.pos == 0) {
      if (in_.pos == in_.size && !may_hold_output_) {
        auto got = packed_.read(buffer_);
        if (!got) {
          return tl::unexpected(std::move(got.error()));
        }
        if (*got == 0) {
          return is_between_frames_ ? base::Result<std::size_t>(0) : broken("is truncated");
        }
        taken_ += *got;
        in_ = {buffer_.data(), *got, 0};
      }
      const std::size_t left = ZSTD_decompressStream(context_, &out, &in_);
      if (ZSTD_isError(left) != 0U) {
        return broken(std::string("is garbled (zstd: ") + ZSTD_getErrorName(left) + ")");
      }
      is_between_frames_ = left == 0;
      may_hold_output_ = out.pos == out.size;
    }
    given_ += out.pos;
    if (given_ > kUnpackedBytesMax) {
      return base::fail(base::Code::kResourceExhausted, "the archive unpacks to more than 4 GiB",
                        {}, "Keep only sys, proc/cmdline, dev/kmsg and weft in it.");
    }
    return out.pos;
  }

 private:
  [[nodiscard]] tl::unexpected<base::Error> broken(const std::string& how) const {
    return base::fail(base::Code::kDataLoss, "the compressed file " + how + " at byte " +
                                                 std::to_string(taken_ - (in_.size - in_.pos)));
  }

  ByteStream& packed_;
  ZSTD_DStream* context_;
  std::vector<std::uint8_t> buffer_;
  ZSTD_inBuffer in_{nullptr, 0, 0};
  std::uint64_t taken_ = 0;
  std::uint64_t given_ = 0;
  bool is_between_frames_ = false;
  bool may_hold_output_ = false;  ///< the last output filled its buffer: more may wait inside
};

}  // namespace byte_stream

base::Result<std::size_t> MemoryStream::read(std::span<std::uint8_t> into) {
  const std::size_t bytes = std::min(into.size(), rest_.size());
  std::copy_n(rest_.begin(), bytes, into.begin());
  rest_ = rest_.subspan(bytes);
  return bytes;
}

base::Result<std::size_t> FileStream::read(std::span<std::uint8_t> into) {
  if (head_taken_ < head_.size()) {
    const std::size_t bytes = std::min(into.size(), head_.size() - head_taken_);
    std::copy_n(head_.begin() + static_cast<std::ptrdiff_t>(head_taken_), bytes, into.begin());
    head_taken_ += bytes;
    return bytes;
  }
  for (;;) {
    const ssize_t got = ::read(fd_, into.data(), into.size());
    if (got >= 0) {
      return static_cast<std::size_t>(got);
    }
    if (errno != EINTR) {
      return base::fail(base::Code::kUnavailable,
                        "the read failed: " + std::generic_category().message(errno));
    }
  }
}

std::unique_ptr<ByteStream> unpack_zstd(ByteStream& packed) {
  return std::make_unique<byte_stream::ZstdStream>(packed);
}

base::Result<std::string> pack_zstd(std::string_view text) {
  const std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(),
                                                                        &ZSTD_freeCCtx);
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  if (context == nullptr) {
    return base::fail(base::Code::kResourceExhausted, "no memory to pack zstd");
  }
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, byte_stream::kPackLevel);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  const std::size_t size =
      ZSTD_compress2(context.get(), packed.data(), packed.size(), text.data(), text.size());
  if (ZSTD_isError(size) != 0U) {
    return base::fail(base::Code::kInternal,
                      std::string("packing failed (zstd: ") + ZSTD_getErrorName(size) + ")");
  }
  packed.resize(size);
  return packed;
}

}  // namespace weft::bus
