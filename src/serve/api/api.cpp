// SPDX-License-Identifier: Apache-2.0
#include "serve/api/api.h"

#include "base/id.h"
#include "base/text.h"
#include "net/gzip.h"
#include "serve/api/changes.h"
#include "serve/api/routes.h"
#include "serve/api/token.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace weft::serve {
namespace api_parts {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kGzipLeast = 1024;  // shorter bodies do not gain

/// An answer that holds until the plane changes.
struct Kept {
  std::shared_ptr<const std::string> body;
  std::shared_ptr<const std::string> packed;  ///< null: nobody has asked for it, or it is short
  std::string etag;
  std::string link;
};

/// What of a request's header matters.
struct Wish {
  std::string if_none_match;
  bool takes_gzip = false;
};

net::HttpAnswer problem(unsigned status, const base::Error& error) {
  net::HttpAnswer out;
  out.status = status;
  out.headers = {{"Content-Type", std::string(kProblemMedia)}, {"Cache-Control", "no-store"}};
  out.body =
      std::make_shared<const std::string>(problem_json(status, net::http_reason(status), error));
  return out;
}
net::HttpAnswer problem(const base::Error& error) {
  return problem(status_of(error.code), error);
}

/// Weak: equal for gzip and plain, and for answers that differ in "now" only.
std::string etag_of(std::string_view body) {
  constexpr std::string_view kNow = R"("now":")";
  constexpr std::size_t kHeadMost = 200;
  const std::size_t begin = body.substr(0, kHeadMost).find(kNow);
  if (begin == body.npos) {
    return fmt::format("W/\"{:016x}\"", base::fnv1a64(body));
  }
  const std::size_t end = std::min(body.find('"', begin + kNow.size()), body.size());
  return fmt::format("W/\"{:016x}\"",
                     base::fnv1a64(body.substr(end), base::fnv1a64(body.substr(0, begin))));
}

/// RFC 9110 section 13.1.2: weak comparison with each of a list, or "*".
bool names_etag(std::string_view if_none_match, std::string_view etag) {
  for (std::string_view each : base::split(if_none_match, ',')) {
    each = base::trim(each);
    each.remove_prefix(each.starts_with("W/") ? 2 : 0);
    if (each == "*" || each == etag.substr(2)) {
      return true;
    }
  }
  return false;
}

net::HttpAnswer answer_of(const ApiRoute& route, const Kept& kept, const Wish& wish) {
  net::HttpAnswer out;
  out.headers = {{"ETag", kept.etag},
                 {"Cache-Control", "private, no-cache"},
                 {"Vary", "Accept-Encoding, Authorization"}};
  if (!wish.if_none_match.empty() && names_etag(wish.if_none_match, kept.etag)) {
    out.status = 304;
    return out;
  }
  out.headers.emplace_back("Content-Type", route.media);
  if (!kept.link.empty()) {
    out.headers.emplace_back("Link", kept.link);
  }
  const bool is_packed = wish.takes_gzip && kept.packed;
  if (is_packed) {
    out.headers.emplace_back("Content-Encoding", "gzip");
  }
  out.body = is_packed ? kept.packed : kept.body;
  return out;
}

}  // namespace api_parts

struct Api::Impl {
  Impl(ApiSource where, ApiOptions how)
      : source(std::move(where)), options(std::move(how)), changes(options.epoch) {}

  void take(const net::HttpRequest& request, const net::HttpReply& reply);
  void open_stream(const ApiCall& call, const net::HttpRequest& request,
                   const net::HttpReply& reply);
  bool answer_from_cache(const ApiRoute& route, const std::string& target,
                         const api_parts::Wish& wish, const net::HttpReply& reply);
  void answer_anew(const ApiRoute& route, const ApiCall& call, const api_parts::Wish& wish,
                   const net::HttpReply& reply);
  void keep(const std::string& target, const api_parts::Kept& kept, std::uint64_t revision);
  bool enqueue(std::function<void()> job);
  void run();
  void follow();
  void send(const EventText& text);

  ApiSource source;
  ApiOptions options;

  std::mutex mutex;  // of jobs and stops
  std::condition_variable wake;
  std::deque<std::function<void()>> jobs;
  bool stops = false;

  std::mutex cache_mutex;  // of the three below
  std::unordered_map<std::string, api_parts::Kept> cache;
  std::uint64_t cache_revision = 0;
  std::size_t cache_bytes = 0;

  // The thread's own:
  Changes changes;
  std::vector<std::shared_ptr<net::HttpStream>> streams;
  std::optional<std::uint64_t> followed;
  api_parts::SteadyClock::time_point beaten = api_parts::SteadyClock::now();

  std::atomic<std::size_t> stream_count{0};
  std::thread thread;
};

bool Api::Impl::enqueue(std::function<void()> job) {
  {
    const std::lock_guard hold(mutex);
    if (jobs.size() >= options.waiting_most) {
      return false;
    }
    jobs.push_back(std::move(job));
  }
  wake.notify_one();
  return true;
}

void Api::Impl::take(const net::HttpRequest& request, const net::HttpReply& reply) {
  using base::Code;
  if (!options.token.empty() &&
      !carries_token(net::header(request.headers, "Authorization"), options.token)) {
    auto refused = api_parts::problem(
        {Code::kUnauthenticated, "a token is needed", {}, "Send Authorization: Bearer TOKEN."});
    refused.headers.emplace_back("WWW-Authenticate", "Bearer");
    reply(std::move(refused));
    return;
  }
  const ApiRoute* route = find_route(request.target);
  if (route == nullptr) {
    reply(api_parts::problem(
        {Code::kNotFound, "there is no such path", {}, "/api/v1 lists what there is."}));
    return;
  }
  if (request.method != "GET") {
    auto refused = api_parts::problem(
        405, {Code::kUnimplemented, "this path is only read", {}, "Ask with GET."});
    refused.headers.emplace_back("Allow", "GET, HEAD");
    reply(std::move(refused));
    return;
  }
  auto call = read_call(*route, request.target);
  if (!call) {
    reply(api_parts::problem(call.error()));
    return;
  }
  if (route->run == nullptr) {
    open_stream(*call, request, reply);
    return;
  }
  const api_parts::Wish wish{std::string(net::header(request.headers, "If-None-Match")),
                             net::accepts_gzip(net::header(request.headers, "Accept-Encoding"))};
  if (answer_from_cache(*route, call->target(), wish, reply)) {
    return;
  }
  if (!enqueue([this, route, call = *std::move(call), wish, reply] {
        answer_anew(*route, call, wish, reply);
      })) {
    reply(api_parts::problem({Code::kUnavailable, "too many requests wait", {}, "Ask later."}));
  }
}

void Api::Impl::open_stream(const ApiCall& call, const net::HttpRequest& request,
                            const net::HttpReply& reply) {
  if (stream_count.fetch_add(1) >= options.streams_most) {
    --stream_count;
    reply(api_parts::problem(
        {base::Code::kUnavailable, "too many clients follow the stream", {}, "Ask later."}));
    return;
  }
  std::string last(net::header(request.headers, "Last-Event-ID"));
  last = last.empty() ? std::string(call.text("last_event_id")) : last;
  net::HttpAnswer out;
  out.headers = {{"Content-Type", std::string(kEventsMedia)},
                 {"Cache-Control", "no-store"},
                 {"X-Accel-Buffering", "no"}};
  out.start = [this, last](std::shared_ptr<net::HttpStream> stream) {
    enqueue([this, last, stream = std::move(stream)] {
      if (stream->send(changes.begin(last))) {
        streams.push_back(stream);
      }
    });
  };
  reply(std::move(out));
}

bool Api::Impl::answer_from_cache(const ApiRoute& route, const std::string& target,
                                  const api_parts::Wish& wish, const net::HttpReply& reply) {
  const std::uint64_t revision = source.revision();
  api_parts::Kept kept;
  {
    const std::lock_guard hold(cache_mutex);
    const auto found = cache.find(target);
    const bool is_packed = found != cache.end() && found->second.packed;
    if (cache_revision != revision || found == cache.end() ||
        (wish.takes_gzip && !is_packed && found->second.body->size() >= api_parts::kGzipLeast)) {
      return false;
    }
    kept = found->second;
  }
  reply(api_parts::answer_of(route, kept, wish));
  return true;
}

void Api::Impl::keep(const std::string& target, const api_parts::Kept& kept,
                     std::uint64_t revision) {
  const std::size_t bytes =
      kept.body->size() + (kept.packed ? kept.packed->size() : 0) + 2 * target.size();
  const std::lock_guard hold(cache_mutex);
  if (cache_revision != revision || cache_bytes + bytes > options.cache_bytes_most) {
    cache.clear();
    cache_bytes = 0;
    cache_revision = revision;
  }
  if (bytes <= options.cache_bytes_most) {
    cache.insert_or_assign(target, kept);
    cache_bytes += bytes;
  }
}

void Api::Impl::answer_anew(const ApiRoute& route, const ApiCall& call, const api_parts::Wish& wish,
                            const net::HttpReply& reply) {
  const std::string target = call.target();
  if (answer_from_cache(route, target, wish, reply)) {
    return;  // somebody else asked the same meanwhile
  }
  std::optional<base::Result<ApiText>> said;
  std::uint64_t revision = 0;
  source.look([&](const ApiState& state) {
    revision = source.revision();
    said = route.run(state, route, call);
  });
  if (!said || !*said) {
    reply(api_parts::problem(
        said ? said->error()
             : base::Error{base::Code::kUnavailable, "nothing is there", {}, "Ask later."}));
    return;
  }
  api_parts::Kept kept;
  kept.etag = api_parts::etag_of((*said)->body);
  if ((*said)->next) {
    kept.link = "<" + *(*said)->next + ">; rel=\"next\"";
  }
  kept.body = std::make_shared<const std::string>(std::move((*said)->body));
  if (wish.takes_gzip && kept.body->size() >= api_parts::kGzipLeast) {
    if (auto packed = net::gzip(*kept.body)) {
      kept.packed = std::make_shared<const std::string>(*std::move(packed));
    }
  }
  keep(target, kept, revision);
  reply(api_parts::answer_of(route, kept, wish));
}

void Api::Impl::send(const EventText& text) {
  std::erase_if(streams, [&text](const auto& stream) { return !stream->send(text); });
  stream_count = streams.size();
}

/// Tells what has changed, and that we are still here.
void Api::Impl::follow() {
  const std::uint64_t revision = source.revision();
  if (followed != revision) {
    EventText news;
    source.look([&](const ApiState& state) {
      followed = source.revision();
      news = changes.take(state.query.findings);
    });
    send(news);
  }
  const auto now = api_parts::SteadyClock::now();
  if (now - beaten >= std::chrono::nanoseconds(options.heartbeat.ns)) {
    beaten = now;
    static const auto kBeat = std::make_shared<const std::string>(": still here\n\n");
    send(kBeat);
  }
}

void Api::Impl::run() {
  for (;;) {
    std::function<void()> job;
    {
      std::unique_lock hold(mutex);
      wake.wait_for(hold, std::chrono::nanoseconds(options.tick.ns),
                    [this] { return stops || !jobs.empty(); });
      if (stops) {
        return;
      }
      if (!jobs.empty()) {
        job = std::move(jobs.front());
        jobs.pop_front();
      }
    }
    try {
      if (job) {
        job();
      }
      follow();
    } catch (const std::exception&) {
      // Memory ran out, or JSON of ours that is none. The job's connection ends with its reply;
      // streams' clients come back and go on after the last event that they saw.
      streams.clear();
    }
  }
}

Api::Api(ApiSource source, ApiOptions options)
    : impl_(std::make_unique<Impl>(std::move(source), std::move(options))) {
  impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

Api::~Api() {
  {
    const std::lock_guard hold(impl_->mutex);
    impl_->stops = true;
  }
  impl_->wake.notify_all();
  impl_->thread.join();
}

net::HttpHandler Api::handler() {
  return [impl = impl_.get()](const net::HttpRequest& request, const net::HttpReply& reply) {
    impl->take(request, reply);
  };
}

net::Headers Api::headers() {
  return {{"X-Content-Type-Options", "nosniff"},
          {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
          {"Cross-Origin-Resource-Policy", "same-origin"},
          {"Referrer-Policy", "no-referrer"}};
}

}  // namespace weft::serve
