// SPDX-License-Identifier: Apache-2.0
// Any bytes as an archive: the first byte says whether the rest is tar, or tar to be packed with
// zstd first, or zstd as it stands. Whatever loads must answer look-ups and must survive being
// written and read again unchanged.
#include "bus/archive.h"
#include "bus/keyed_hash.h"
#include "bus/redact.h"

#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

void check(bool holds) {
  if (!holds) {
    std::abort();
  }
}

/// Makes every header's checksum right, so that mutations get past it.
void mend_checksums(std::string& bytes) {
  for (std::size_t at = 0; at + 512 <= bytes.size();) {
    std::uint64_t size = 0;
    for (std::size_t i = at + 124; i < at + 135 && bytes[i] >= '0' && bytes[i] <= '7'; ++i) {
      size = size * 8 + static_cast<std::uint64_t>(bytes[i] - '0');
    }
    bytes.replace(at + 148, 8, 8, ' ');
    unsigned sum = 0;
    for (std::size_t i = at; i < at + 512; ++i) {
      sum += static_cast<std::uint8_t>(bytes[i]);
    }
    for (std::size_t i = 6; i-- > 0; sum >>= 3) {
      bytes[at + 148 + i] = static_cast<char>('0' + (sum & 7U));
    }
    at += 512 + (size + 511) / 512 * 512;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weft;
  if (size == 0) {
    return 0;
  }
  std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool is_zstd = data[0] % 3 != 0;
  if (data[0] >= 0x80) {
    mend_checksums(bytes);
  }
  if (data[0] % 3 == 1) {
    bytes = bus::pack_zstd(bytes).value();
  }
  bus::MemoryStream stream(base::as_bytes(bytes));
  const auto loaded = bus::read_archive(stream, is_zstd, "fuzz");
  if (!loaded) {
    check(!loaded.error().what.empty());
    return 0;
  }
  loaded->tree->visit([&loaded](const bus::TreeEntry& entry) {
    check(entry.path.empty() || loaded->tree->exists(entry.path));
    (void)loaded->tree->read(entry.path);
    (void)loaded->tree->list(entry.path);
  });
  const auto written = bus::write_archive(*loaded->tree, bus::Packing::kNone);
  check(written.has_value());
  bus::MemoryStream again(base::as_bytes(*written));
  const auto back = bus::read_archive(again, false, "fuzz");
  check(back.has_value() && back->problems.empty());
  check(bus::write_archive(*back->tree, bus::Packing::kNone).value() == *written);
  bus::RedactionReport report;
  (void)bus::redact(*loaded->tree, {1, 2}, report);
  return 0;
}
