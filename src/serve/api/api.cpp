// SPDX-License-Identifier: Apache-2.0
#include "serve/api/api.h"

#include "base/id.h"
#include "base/text.h"
#include "net/gzip.h"
#include "serve/api/changes.h"
#include "serve/api/routes.h"
#include "serve/query_parts.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weft::serve {
namespace api_parts {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kGzipLeast = 1024;  // shorter bodies do not gain
/// Longer ones would hold up the thread: who asks for so much has a line for it.
constexpr std::size_t kGzipMost = std::size_t{16} << 20;
/// Longer bodies are not read through for their ETag.
constexpr std::size_t kHashMost = std::size_t{1} << 20;

bool is_worth_packing(std::size_t bytes) {
  return bytes >= kGzipLeast && bytes <= kGzipMost;
}

/// Who asks for what takes longer than this waits behind who does not, and so much of the thread's
/// time is all that such questions get together.
constexpr auto kQuick = std::chrono::milliseconds(20);
constexpr auto kRestMost = std::chrono::seconds(2);

/// Of this thread: waiting for a look at the machines to end is nobody's work.
std::chrono::nanoseconds processor_time() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

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

/// Whether no page of another origin sent it: what browsers say of that (Fetch Metadata; Origin,
/// RFC 6454). Other programs say nothing, and need no protection from themselves.
bool is_of_no_other_page(const net::HttpRequest& request) {
  const std::string_view site = net::header(request.headers, "Sec-Fetch-Site");
  const std::string_view origin = net::header(request.headers, "Origin");
  const std::string_view host = net::header(request.headers, "Host");
  const bool is_own =
      origin.empty() || (!host.empty() && (origin == fmt::format("http://{}", host) ||
                                           origin == fmt::format("https://{}", host)));
  return is_own && (site.empty() || site == "same-origin" || site == "none");
}

bool is_json(std::string_view content_type) {
  return base::trim(content_type.substr(0, content_type.find(';'))) == kJsonMedia;
}

/// What stands against a write before anybody looks at what it says.
std::optional<net::HttpAnswer> write_refusal(const net::HttpRequest& request, const ApiRoute& route,
                                             ApiRole role) {
  using base::Code;
  if (!is_of_no_other_page(request)) {
    return problem(403, {Code::kPermissionDenied, "another origin's page asks", {}, {}});
  }
  if (role < route.role) {
    return problem(403, {Code::kPermissionDenied,
                         fmt::format("this needs the role {}", key(route.role)),
                         {},
                         "Send the token of one."});
  }
  if (route.method == "POST" && !is_json(net::header(request.headers, "Content-Type"))) {
    return problem(415, {Code::kInvalidArgument,
                         "the body is not sent as application/json",
                         {},
                         "Say Content-Type: application/json."});
  }
  return std::nullopt;
}

AuditEntry entry_of(const ApiRoute& route, const net::HttpRequest& request, Caller caller) {
  AuditEntry out;
  out.caller = std::move(caller);
  out.method = route.method;
  for (const std::string& segment : request.target.segments) {
    out.path += "/" + net::percent_encoded(segment);
  }
  return out;
}

}  // namespace api_parts

struct Api::Impl {
  Impl(ApiSource where, ApiOptions how)
      : source(std::move(where)), options(std::move(how)), changes(options.epoch) {}

  void take(const net::HttpRequest& request, const net::HttpReply& reply);
  void open_stream(const ApiCall& call, const net::HttpRequest& request,
                   const net::HttpReply& reply);
  void take_write(const ApiRoute& route, const net::HttpRequest& request, const Caller& caller,
                  const net::HttpReply& reply);
  net::HttpAnswer write(const ApiRoute& route, const ApiCall& call, AuditEntry entry);
  net::HttpAnswer noted(net::HttpAnswer answer, AuditEntry entry, std::string detail);
  void queue(std::function<net::HttpAnswer()> work, const net::HttpReply& reply,
             const ApiRoute* route = nullptr);
  std::optional<net::HttpAnswer> answer_from_cache(const ApiRoute& route, const std::string& target,
                                                   const api_parts::Wish& wish);
  net::HttpAnswer answer_anew(const ApiRoute& route, const ApiCall& call,
                              const api_parts::Wish& wish);
  void keep(const std::string& target, const api_parts::Kept& kept, std::uint64_t revision);
  bool enqueue(std::function<void()> job);
  bool enqueue_slow(std::function<void()> job);
  std::function<void()> next();
  void run();
  void follow();
  void send(const EventText& text);

  ApiSource source;
  ApiOptions options;

  std::mutex mutex;  // of jobs and stops
  std::condition_variable wake;
  std::deque<std::function<void()>> jobs;
  std::deque<std::function<void()>> slow_jobs;   // those of routes that were slow the last time
  api_parts::SteadyClock::time_point slow_from;  // not before this
  std::vector<std::atomic<bool>> is_slow = std::vector<std::atomic<bool>>(api_routes().size());
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

bool Api::Impl::enqueue_slow(std::function<void()> job) {
  {
    const std::lock_guard hold(mutex);
    if (slow_jobs.size() >= options.slow_waiting_most) {
      return false;
    }
    slow_jobs.push_back(std::move(job));
  }
  wake.notify_one();
  return true;
}

void Api::Impl::queue(std::function<net::HttpAnswer()> work, const net::HttpReply& reply,
                      const ApiRoute* route) {
  bool is_taken = false;
  if (route == nullptr) {
    is_taken = enqueue([work = std::move(work), reply] { reply(work()); });
  } else {
    std::atomic<bool>& slow = is_slow[static_cast<std::size_t>(route - api_routes().data())];
    auto timed = [this, work = std::move(work), reply, &slow] {
      const auto began = api_parts::processor_time();
      auto answer = work();
      const auto took = api_parts::processor_time() - began;
      slow = took > api_parts::kQuick;  // before the asker, who may ask again, has its answer
      if (slow) {                       // as long as it took belongs to others
        const std::lock_guard hold(mutex);
        slow_from = api_parts::SteadyClock::now() +
                    std::min<api_parts::SteadyClock::duration>(took, api_parts::kRestMost);
      }
      reply(std::move(answer));
    };
    is_taken = slow ? enqueue_slow(std::move(timed)) : enqueue(std::move(timed));
  }
  if (!is_taken) {
    auto refused =
        api_parts::problem({base::Code::kUnavailable, "too many requests wait", {}, "Ask later."});
    refused.headers.emplace_back("Retry-After", "1");
    reply(std::move(refused));
  }
}

void Api::Impl::take(const net::HttpRequest& request, const net::HttpReply& reply) {
  using base::Code;
  if (options.pages != nullptr) {
    if (auto page = options.pages->answer(request)) {
      reply(*std::move(page));
      return;
    }
  }
  const auto caller = options.access.caller(net::header(request.headers, "Authorization"));
  if (!caller) {
    auto refused = api_parts::problem(
        {Code::kUnauthenticated, "a token is needed", {}, "Send Authorization: Bearer TOKEN."});
    refused.headers.emplace_back("WWW-Authenticate", "Bearer");
    reply(std::move(refused));
    return;
  }
  const ApiRoute* route = find_route(request.target, request.method);
  const std::string allowed = route == nullptr ? allowed_methods(request.target) : "";
  if (route == nullptr && allowed.empty()) {
    reply(api_parts::problem(
        {Code::kNotFound, "there is no such path", {}, "/api/v1 lists what there is."}));
    return;
  }
  if (route == nullptr) {
    auto refused = api_parts::problem(
        405,
        {Code::kUnimplemented, "this path does not know the method", {}, "Ask with " + allowed});
    refused.headers.emplace_back("Allow", allowed);
    reply(std::move(refused));
    return;
  }
  if (route->method != "GET") {
    take_write(*route, request, *caller, reply);
    return;
  }
  auto call = read_call(*route, request.target);
  if (!call) {
    reply(api_parts::problem(call.error()));
    return;
  }
  call->role = caller->role;
  if (route->run == nullptr) {
    open_stream(*call, request, reply);
    return;
  }
  const api_parts::Wish wish{std::string(net::header(request.headers, "If-None-Match")),
                             net::accepts_gzip(net::header(request.headers, "Accept-Encoding"))};
  if (auto kept = answer_from_cache(*route, call->target(), wish)) {
    reply(*std::move(kept));
    return;
  }
  queue([this, route, call = *std::move(call), wish] { return answer_anew(*route, call, wish); },
        reply, route);
}

net::HttpAnswer Api::Impl::noted(net::HttpAnswer answer, AuditEntry entry, std::string detail) {
  entry.status = answer.status;
  entry.detail = std::move(detail);
  if (options.audit) {
    options.audit(std::move(entry));
  }
  return answer;
}

void Api::Impl::take_write(const ApiRoute& route, const net::HttpRequest& request,
                           const Caller& caller, const net::HttpReply& reply) {
  AuditEntry entry = api_parts::entry_of(route, request, caller);
  if (auto refused = api_parts::write_refusal(request, route, caller.role)) {
    reply(noted(*std::move(refused), std::move(entry), "not allowed"));
    return;
  }
  net::Target target = request.target;
  if (route.method == "POST") {
    auto fields = body_fields(request.body);
    if (fields && !target.query.empty()) {
      fields = base::fail(base::Code::kInvalidArgument, "a POST has no query", {},
                          "Say it in the body.");
    }
    if (!fields) {
      reply(noted(api_parts::problem(fields.error()), std::move(entry), fields.error().what));
      return;
    }
    target.query = *std::move(fields);
  }
  auto call = read_call(route, target);
  if (!call) {
    reply(noted(api_parts::problem(call.error()), std::move(entry), call.error().what));
    return;
  }
  call->role = caller.role;
  call->who = caller.who;
  queue([this, &route, call = *std::move(call),
         entry = std::move(entry)] { return write(route, call, entry); },
        reply);
}

net::HttpAnswer Api::Impl::write(const ApiRoute& route, const ApiCall& call, AuditEntry entry) {
  for (const ApiCall::Value& value : call.values) {
    entry.values.emplace_back(value.parameter->name, value.text);
  }
  std::optional<base::Result<ApiText>> said;
  source.look([&](const ApiState& state) { said = route.run(state, route, call); });
  if (!said || !*said) {
    const base::Error error =
        said ? said->error()
             : base::Error{base::Code::kUnavailable, "nothing is there", {}, "Ask later."};
    return noted(api_parts::problem(error), std::move(entry), error.text());
  }
  net::HttpAnswer out;
  out.headers = {{"Content-Type", std::string(route.media)}, {"Cache-Control", "no-store"}};
  out.body = std::make_shared<const std::string>(std::move((*said)->body));
  entry.applied = call.is("apply");
  return noted(std::move(out), std::move(entry), {});
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

std::optional<net::HttpAnswer> Api::Impl::answer_from_cache(const ApiRoute& route,
                                                            const std::string& target,
                                                            const api_parts::Wish& wish) {
  const std::uint64_t revision = source.revision();
  api_parts::Kept kept;
  if (route.is_fresh) {
    return std::nullopt;
  }
  {
    const std::lock_guard hold(cache_mutex);
    const auto found = cache.find(target);
    const bool is_packed = found != cache.end() && found->second.packed;
    if (cache_revision != revision || found == cache.end() ||
        (wish.takes_gzip && !is_packed &&
         api_parts::is_worth_packing(found->second.body->size()))) {
      return std::nullopt;
    }
    kept = found->second;
  }
  return api_parts::answer_of(route, kept, wish);
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

net::HttpAnswer Api::Impl::answer_anew(const ApiRoute& route, const ApiCall& call,
                                       const api_parts::Wish& wish) {
  const std::string target = call.target();
  if (auto kept = answer_from_cache(route, target, wish)) {
    return *std::move(kept);  // somebody else asked the same meanwhile
  }
  std::optional<base::Result<ApiText>> said;
  std::uint64_t revision = 0;
  source.look([&](const ApiState& state) {
    revision = source.revision();
    said = route.run(state, route, call);
  });
  if (!said || !*said) {
    return api_parts::problem(
        said ? said->error()
             : base::Error{base::Code::kUnavailable, "nothing is there", {}, "Ask later."});
  }
  api_parts::Kept kept;
  kept.etag =
      (*said)->body.size() <= api_parts::kHashMost
          ? api_parts::etag_of((*said)->body)
          : fmt::format("W/\"{}-{:x}-{:016x}\"", options.epoch, revision, base::fnv1a64(target));
  if ((*said)->next) {
    kept.link = "<" + *(*said)->next + ">; rel=\"next\"";
  }
  kept.body = std::make_shared<const std::string>(std::move((*said)->body));
  if (wish.takes_gzip && api_parts::is_worth_packing(kept.body->size())) {
    if (auto packed = net::gzip(*kept.body)) {
      kept.packed = std::make_shared<const std::string>(*std::move(packed));
    }
  }
  if (!route.is_fresh) {
    keep(target, kept, revision);
  }
  return api_parts::answer_of(route, kept, wish);
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
      const auto acknowledged = query_parts::acknowledgements_of(state.query);
      const auto actions =
          state.actions != nullptr ? state.actions->take_news() : std::vector<query_parts::Json>();
      news = changes.take({.findings = state.query.findings,
                           .acknowledgements = &acknowledged,
                           .now = state.query.now,
                           .actions = actions});
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

/// What is due, or nothing: a slow one when all have rested from the last, else a quick one. With
/// the mutex held.
std::function<void()> Api::Impl::next() {
  const bool is_slow_due = !slow_jobs.empty() && api_parts::SteadyClock::now() >= slow_from;
  auto& from = is_slow_due ? slow_jobs : jobs;
  if (from.empty()) {
    return {};
  }
  auto job = std::move(from.front());
  from.pop_front();
  return job;
}

void Api::Impl::run() {
  for (;;) {
    std::function<void()> job;
    {
      std::unique_lock hold(mutex);
      auto until = api_parts::SteadyClock::now() + std::chrono::nanoseconds(options.tick.ns);
      if (!slow_jobs.empty()) {
        until = std::min(until, slow_from);
      }
      wake.wait_until(hold, until, [&] {
        return stops || !jobs.empty() ||
               (!slow_jobs.empty() && api_parts::SteadyClock::now() >= slow_from);
      });
      if (stops) {
        return;
      }
      job = next();
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
