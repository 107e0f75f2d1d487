// SPDX-License-Identifier: Apache-2.0
// Which engine should stand behind the telemetry store: RocksDB or SQLite, asked with the store's
// own work. Not built by the project (SQLite is no dependency); the table in
// src/telemetry/store/README.md comes from it. By hand, on the disk of FOLDER:
//   g++ -std=c++20 -O2 compare.cpp -o compare -lrocksdb -lsqlite3 && ./compare FOLDER
// A child writes synced groups and is killed; then opening, reading and size are measured.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include <rocksdb/db.h>
#include <rocksdb/table.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr int kGroups = 150;
constexpr int kGroupBytes = 250'000;  // a poll of 100,000 series
constexpr int kChunks = 800;          // cut in each group
constexpr int kChunkBytes = 120;
constexpr int kSeries = 100'000;
constexpr int kKept = 60;  // groups in the log

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
std::string big(std::uint64_t value, int bytes) {
  std::string out;
  while (bytes-- > 0) {
    out.push_back(static_cast<char>(value >> (8 * bytes)));
  }
  return out;
}
std::string chunk_name(int series, int pass) {
  return "c" + big(static_cast<std::uint64_t>(series), 4) +
         big(static_cast<std::uint64_t>(pass), 8);
}

struct Engine {
  std::function<void(const std::string&)> open;
  std::function<void()> begin;
  std::function<void(const std::string&, const std::string&)> put;
  std::function<void(const std::string&)> remove;
  std::function<void()> commit;
  std::function<std::size_t(const std::string& from, const std::string& until)> range;
  std::function<void()> close;
};

rocksdb::DB* g_rocks = nullptr;
rocksdb::WriteBatch g_batch;

Engine rocks() {
  Engine e;
  e.open = [](const std::string& folder) {
    rocksdb::Options o;
    o.create_if_missing = true;
    o.write_buffer_size = 32 << 20;
    o.compression = rocksdb::kNoCompression;
    o.bottommost_compression = rocksdb::kZSTD;
    if (!rocksdb::DB::Open(o, folder, &g_rocks).ok()) {
      std::abort();
    }
  };
  e.begin = [] { g_batch.Clear(); };
  e.put = [](const std::string& k, const std::string& v) { g_batch.Put(k, v); };
  e.remove = [](const std::string& k) { g_batch.Delete(k); };
  e.commit = [] {
    rocksdb::WriteOptions w;
    w.sync = true;
    if (!g_rocks->Write(w, &g_batch).ok()) {
      std::abort();
    }
  };
  e.range = [](const std::string& from, const std::string& until) {
    const std::unique_ptr<rocksdb::Iterator> it(g_rocks->NewIterator({}));
    std::size_t bytes = 0;
    for (it->Seek(from); it->Valid() && it->key().compare(until) < 0; it->Next()) {
      bytes += it->value().size();
    }
    return bytes;
  };
  e.close = [] {
    delete g_rocks;
    g_rocks = nullptr;
  };
  return e;
}

sqlite3* g_sql = nullptr;
sqlite3_stmt* g_put = nullptr;
sqlite3_stmt* g_remove = nullptr;
sqlite3_stmt* g_range = nullptr;

void run(const char* sql) {
  if (sqlite3_exec(g_sql, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    std::fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(g_sql));
    std::abort();
  }
}
void bind(sqlite3_stmt* s, int i, const std::string& v) {
  sqlite3_bind_blob(s, i, v.data(), static_cast<int>(v.size()), SQLITE_STATIC);
}

Engine sqlite() {
  Engine e;
  e.open = [](const std::string& folder) {
    std::filesystem::create_directories(folder);
    if (sqlite3_open((folder + "/db").c_str(), &g_sql) != SQLITE_OK) {
      std::abort();
    }
    run("pragma page_size=8192");
    run("pragma journal_mode=wal");
    run("pragma synchronous=full");
    run("pragma cache_size=-65536");
    run("create table if not exists kv(k blob primary key, v blob) without rowid");
    sqlite3_prepare_v2(g_sql, "insert or replace into kv values(?,?)", -1, &g_put, nullptr);
    sqlite3_prepare_v2(g_sql, "delete from kv where k=?", -1, &g_remove, nullptr);
    sqlite3_prepare_v2(g_sql, "select v from kv where k>=? and k<?", -1, &g_range, nullptr);
  };
  e.begin = [] { run("begin"); };
  e.put = [](const std::string& k, const std::string& v) {
    bind(g_put, 1, k);
    bind(g_put, 2, v);
    sqlite3_step(g_put);
    sqlite3_reset(g_put);
  };
  e.remove = [](const std::string& k) {
    bind(g_remove, 1, k);
    sqlite3_step(g_remove);
    sqlite3_reset(g_remove);
  };
  e.commit = [] { run("commit"); };
  e.range = [](const std::string& from, const std::string& until) {
    bind(g_range, 1, from);
    bind(g_range, 2, until);
    std::size_t bytes = 0;
    while (sqlite3_step(g_range) == SQLITE_ROW) {
      bytes += static_cast<std::size_t>(sqlite3_column_bytes(g_range, 0));
    }
    sqlite3_reset(g_range);
    return bytes;
  };
  e.close = [] {
    sqlite3_finalize(g_put);
    sqlite3_finalize(g_remove);
    sqlite3_finalize(g_range);
    sqlite3_close(g_sql);
  };
  return e;
}

std::uintmax_t size_of(const std::string& folder) {
  std::uintmax_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    bytes += entry.is_regular_file() ? entry.file_size() : 0;
  }
  return bytes;
}

void write(const Engine& e) {
  std::mt19937_64 random(1);
  std::string noise(1 << 20, '\0');
  for (char& c : noise) {
    c = static_cast<char>(random());
  }
  std::vector<double> commits;
  const double start = now();
  int series = 0;
  int pass = 0;
  for (int g = 0; g < kGroups; ++g) {
    const double from = now();
    e.begin();
    e.put("l" + big(static_cast<std::uint64_t>(g), 8),
          noise.substr(random() % (noise.size() - kGroupBytes), kGroupBytes));
    for (int i = 0; i < kChunks; ++i) {
      e.put(chunk_name(series, pass), noise.substr(random() % (noise.size() - 200), kChunkBytes));
      series = (series + 1) % kSeries;
      pass += series == 0 ? 1 : 0;
    }
    if (g >= kKept) {
      e.remove("l" + big(static_cast<std::uint64_t>(g - kKept), 8));
    }
    e.commit();
    commits.push_back(now() - from);
  }
  std::sort(commits.begin(), commits.end());
  std::printf("  %d synced groups %.2f s, median %.1f ms, 99 %% %.1f ms\n", kGroups, now() - start,
              1e3 * commits[kGroups / 2], 1e3 * commits[kGroups * 99 / 100]);
  std::fflush(stdout);
  ::kill(::getpid(), SIGKILL);
}

void measure(const char* name, const Engine& e, const std::string& folder) {
  std::printf("%s\n", name);
  std::fflush(stdout);
  std::filesystem::remove_all(folder);
  const pid_t child = ::fork();
  if (child == 0) {
    e.open(folder);
    write(e);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  double start = now();
  e.open(folder);
  std::printf("  open after the kill %.1f ms\n", 1e3 * (now() - start));
  start = now();
  std::size_t bytes = 0;
  for (int s = 0; s < 1000; ++s) {
    bytes += e.range(chunk_name(s * 97, 0), chunk_name(s * 97 + 1, 0));
  }
  std::printf("  1,000 range reads %.1f ms (%zu bytes)\n", 1e3 * (now() - start), bytes);
  e.close();
  std::printf("  %.1f MB on disk, closed\n", static_cast<double>(size_of(folder)) / 1e6);
  std::filesystem::remove_all(folder);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : ".";
  measure("RocksDB 7.8.3", rocks(), folder + "/engine_rocks");
  measure("SQLite 3.40", sqlite(), folder + "/engine_sqlite");
}
