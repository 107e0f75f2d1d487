// SPDX-License-Identifier: Apache-2.0
// A session whose answer goes on: pieces as they come, one after the other, and the watch that sees
// its client go. Who does not read is dropped at a bound of bytes.
#include "net/http_session_impl.h"

#include <boost/asio/write.hpp>
#include <fmt/format.h>

namespace weft::net::server_parts {

constexpr std::size_t kNoiseBytesMost = 4096;  // that a stream's client may say

class FarStream : public HttpStream {
 public:
  explicit FarStream(Far far) : far_(std::move(far)) {}
  FarStream(const FarStream&) = delete;
  FarStream& operator=(const FarStream&) = delete;
  ~FarStream() override { FarStream::close(); }
  bool send(Text text) override {
    return far_.with([&text](Session& session) { return session.push(std::move(text)); });
  }
  void close() override {
    far_.with([](Session& session) {
      session.end_stream();
      return true;
    });
  }

 private:
  Far far_;
};
void Session::begin_stream(const std::function<void(std::shared_ptr<HttpStream>)>& start) {
  is_stream_ = true;
  ++server_.streams;
  stream_.expires_never();
  watch();
  start(std::make_shared<FarStream>(Far{server_.self, weak_from_this()}));
}

/// A client that goes away is seen by reading only.
void Session::watch() {
  stream_.async_read_some(asio::buffer(scratch_), then([](Session& self, std::size_t bytes) {
                            self.drained_ += bytes;
                            if (self.drained_ > kNoiseBytesMost) {
                              self.finish();
                            } else {
                              self.watch();
                            }
                          }));
}

bool Session::push(Text text) {
  if (is_gone_ || !text || text->empty()) {
    return !is_gone_;
  }
  if (waiting_.fetch_add(text->size()) + text->size() > server_.options.stream_bytes_most) {
    if (!is_gone_.exchange(true)) {
      ++server_.too_slow;
      abandon();
    }
    return false;
  }
  asio::dispatch(stream_.get_executor(), [self = shared_from_this(), piece = std::move(text)] {
    self->pieces_.push_back(piece);
    self->write_piece();
  });
  return true;
}

void Session::end_stream() {
  asio::dispatch(stream_.get_executor(), [self = shared_from_this()] {
    self->is_ending_ = true;
    self->write_piece();
  });
}

void Session::write_piece() {
  if (is_writing_ || is_done_ || (pieces_.empty() && !is_ending_)) {
    return;
  }
  const bool is_last = pieces_.empty();
  body_ = is_last ? nullptr : pieces_.front();
  head_ = !is_chunked_ ? "" : is_last ? "0\r\n" : fmt::format("{:x}\r\n", body_->size());
  const std::array<asio::const_buffer, 3> all = {asio::buffer(head_),
                                                 body_ ? asio::buffer(*body_) : asio::buffer("", 0),
                                                 asio::buffer("\r\n", is_chunked_ ? 2 : 0)};
  is_writing_ = true;
  stream_.expires_after(span_of(server_.options.write_most));  // the pending read keeps its own
  asio::async_write(stream_, all, then([is_last](Session& self, std::size_t) {
                      self.is_writing_ = false;
                      if (is_last) {
                        self.finish();
                        return;
                      }
                      self.waiting_ -= self.body_->size();
                      self.pieces_.pop_front();
                      self.write_piece();
                    }));
}
}  // namespace weft::net::server_parts
