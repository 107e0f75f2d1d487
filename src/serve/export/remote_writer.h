// SPDX-License-Identifier: Apache-2.0
// Samples on their way to a remote_write receiver, in batches: what could not be sent is kept, in
// order, and tried again with growing pauses, up to a bound; then the oldest go, and are counted.
// The caller's thread does it all. What was taken is told by its time, so that a program that
// starts again knows where it stopped.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "wire/prometheus/remote_write.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace weft::serve {

struct RemoteWriterOptions {
  std::string url;           ///< "http://HOST:PORT/api/v1/write"
  std::string token = {};    ///< sent as "Authorization: Bearer …"; empty: none
  std::string ca_file = {};  ///< PEM; empty: the system's
  base::Duration timeout{10LL * 1'000'000'000};
  base::Duration first_retry{1LL * 1'000'000'000};  ///< doubled each time
  base::Duration last_retry{60LL * 1'000'000'000};
  std::size_t batch_most = 5000;      ///< series of one request
  std::size_t kept_most = 1'000'000;  ///< samples that wait
};

struct RemoteWriterStatus {
  std::uint64_t samples_sent = 0;
  std::uint64_t samples_dropped = 0;  ///< for want of room
  std::uint64_t samples_refused = 0;  ///< the receiver will never take them
  std::uint64_t failed = 0;           ///< tries that were not taken
  std::size_t waiting = 0;            ///< samples
  std::int64_t sent_until_ms = 0;     ///< greatest time of what was taken
  std::string last_problem;
};

class RemoteWriter {
 public:
  /// kInvalidArgument: the address is none.
  [[nodiscard]] static base::Result<RemoteWriter> make(RemoteWriterOptions options);
  RemoteWriter(RemoteWriter&&) noexcept;
  RemoteWriter& operator=(RemoteWriter&&) noexcept;
  ~RemoteWriter();

  /// Into the queue; nothing is sent. kInvalidArgument: labels that Prometheus does not allow.
  base::Result<void> push(std::vector<wire::prometheus::RemoteSeries> series);
  /// Sends until the queue is empty or `patience` is over. True where it is empty.
  bool send(base::Duration patience);
  [[nodiscard]] const RemoteWriterStatus& status() const;

 private:
  struct Queue;
  explicit RemoteWriter(std::unique_ptr<Queue> queue);
  std::unique_ptr<Queue> queue_;
};

}  // namespace weft::serve
