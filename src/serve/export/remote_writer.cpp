// SPDX-License-Identifier: Apache-2.0
#include "serve/export/remote_writer.h"

#include "base/text.h"
#include "net/http_client.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <thread>
#include <utility>

#include <fmt/format.h>

namespace weft::serve {

struct RemoteWriter::Queue {
  struct Batch {
    std::string body;
    std::size_t samples = 0;
    std::int64_t until_ms = 0;
  };
  enum class Outcome { kTaken, kAgain, kNever };

  /// The protocol: 5xx and 429 are tried again, other 4xx never, since they speak of the samples.
  /// Those that speak of the sender or of the address instead do not doom what waits.
  [[nodiscard]] static bool is_for_later(unsigned status) {
    constexpr std::array<unsigned, 5> kOfTheSender = {401, 403, 404, 408, 429};
    constexpr unsigned kServerErrors = 500;
    return status >= kServerErrors || std::ranges::find(kOfTheSender, status) != kOfTheSender.end();
  }

  [[nodiscard]] Outcome post(const Batch& batch) {
    net::Request request;
    request.url = url;
    request.headers = {{"Content-Type", "application/x-protobuf"},
                       {"Content-Encoding", "snappy"},
                       {"X-Prometheus-Remote-Write-Version", "0.1.0"}};
    if (!options.token.empty()) {
      request.headers.emplace_back("Authorization", "Bearer " + options.token);
    }
    request.body = batch.body;
    const auto answer =
        net::send(request, {.timeout = options.timeout, .ca_file = options.ca_file});
    if (!answer) {
      status.last_problem = answer.error().text();
      return Outcome::kAgain;
    }
    if (answer->is_success()) {
      return Outcome::kTaken;
    }
    status.last_problem = fmt::format("{}:{} answered {}: {}", url.host, url.port, answer->status,
                                      base::printable(answer->body));
    return is_for_later(answer->status) ? Outcome::kAgain : Outcome::kNever;
  }

  RemoteWriterOptions options;
  net::Url url;
  std::deque<Batch> batches;
  RemoteWriterStatus status;
};

RemoteWriter::RemoteWriter(std::unique_ptr<Queue> queue) : queue_(std::move(queue)) {}
RemoteWriter::RemoteWriter(RemoteWriter&&) noexcept = default;
RemoteWriter& RemoteWriter::operator=(RemoteWriter&&) noexcept = default;
RemoteWriter::~RemoteWriter() = default;

base::Result<RemoteWriter> RemoteWriter::make(RemoteWriterOptions options) {
  auto url = net::parse_url(options.url);
  if (!url) {
    return tl::unexpected(url.error());
  }
  auto queue = std::make_unique<Queue>();
  queue->options = std::move(options);
  queue->url = *std::move(url);
  return RemoteWriter(std::move(queue));
}

base::Result<void> RemoteWriter::push(std::vector<wire::prometheus::RemoteSeries> series) {
  Queue& queue = *queue_;
  const std::size_t most = std::max<std::size_t>(1, queue.options.batch_most);
  for (std::size_t from = 0; from < series.size(); from += most) {
    const std::size_t count = std::min(most, series.size() - from);
    const std::span<const wire::prometheus::RemoteSeries> part(series.data() + from, count);
    const auto body = wire::prometheus::write_request(part);
    if (!body) {
      return tl::unexpected(body.error());
    }
    Queue::Batch batch;
    batch.body.assign(base::as_text(*body));
    for (const auto& one : part) {
      batch.samples += one.samples.size();
      for (const auto& sample : one.samples) {
        batch.until_ms = std::max(batch.until_ms, sample.at_ms);
      }
    }
    queue.status.waiting += batch.samples;
    queue.batches.push_back(std::move(batch));
  }
  while (queue.status.waiting > queue.options.kept_most && !queue.batches.empty()) {
    queue.status.waiting -= queue.batches.front().samples;
    queue.status.samples_dropped += queue.batches.front().samples;
    queue.batches.pop_front();
  }
  return {};
}

bool RemoteWriter::send(base::Duration patience) {
  Queue& queue = *queue_;
  RemoteWriterStatus& status = queue.status;
  const auto end = std::chrono::steady_clock::now() + std::chrono::nanoseconds(patience.ns);
  std::chrono::nanoseconds wait(queue.options.first_retry.ns);
  while (!queue.batches.empty()) {
    const Queue::Batch& batch = queue.batches.front();
    const Queue::Outcome outcome = queue.post(batch);
    if (outcome == Queue::Outcome::kAgain) {
      ++status.failed;
      if (std::chrono::steady_clock::now() + wait > end) {
        return false;
      }
      std::this_thread::sleep_for(wait);
      wait = std::min(wait * 2, std::chrono::nanoseconds(queue.options.last_retry.ns));
      continue;
    }
    wait = std::chrono::nanoseconds(queue.options.first_retry.ns);
    (outcome == Queue::Outcome::kTaken ? status.samples_sent : status.samples_refused) +=
        batch.samples;
    status.sent_until_ms = std::max(status.sent_until_ms, batch.until_ms);
    status.waiting -= batch.samples;
    queue.batches.pop_front();
  }
  return true;
}

const RemoteWriterStatus& RemoteWriter::status() const {
  return queue_->status;
}

}  // namespace weft::serve
