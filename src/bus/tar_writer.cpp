// SPDX-License-Identifier: Apache-2.0
// Tar headers, as POSIX.1-2017 has them (pax, "ustar Interchange Format").
#include "bus/tar.h"

#include <array>
#include <cstdio>
#include <utility>

namespace weft::bus {

namespace tar_writer {

constexpr std::size_t kNameBytes = 100;
constexpr std::size_t kPrefixBytes = 155;

/// Where to cut a long path into prefix and name; nullopt if no '/' stands right.
std::optional<std::size_t> cut_of(std::string_view path) {
  std::size_t at = path.find('/', 1);
  while (at <= kPrefixBytes) {  // npos is more
    const std::size_t name_bytes = path.size() - at - 1;
    if (name_bytes > 0 && name_bytes <= kNameBytes) {
      return at;
    }
    at = path.find('/', at + 1);
  }
  return std::nullopt;
}

/// "LENGTH KEY=VALUE\n", where LENGTH counts its own digits too.
std::string pax_record(std::string_view key, std::string_view value) {
  std::string rest = " ";
  rest.append(key).append("=").append(value).append("\n");
  std::size_t length = rest.size();
  for (int i = 0; i < 3; ++i) {  // one more digit can make one more digit, and no more
    length = rest.size() + std::to_string(length).size();
  }
  return std::to_string(length) + rest;
}

void put(std::array<char, kTarBlockBytes>& block, std::size_t at, std::string_view text) {
  text.copy(block.data() + at, block.size() - at);
}

std::string octal(std::uint64_t value, int digits) {
  std::array<char, 32> text{};
  const int length = std::snprintf(text.data(), text.size(), "%0*llo", digits,
                                   static_cast<unsigned long long>(value));
  return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace tar_writer

void TarWriter::add_content(std::string_view content) {
  out_ += content;
  out_.append((kTarBlockBytes - content.size() % kTarBlockBytes) % kTarBlockBytes, '\0');
}

void TarWriter::add_header(std::string_view path, std::string_view target, std::uint64_t bytes,
                           char type) {
  std::string_view name = path;
  std::string_view prefix;
  std::string records;
  if (path.size() > tar_writer::kNameBytes) {
    if (const auto cut = tar_writer::cut_of(path)) {
      prefix = path.substr(0, *cut);
      name = path.substr(*cut + 1);
    } else {
      records += tar_writer::pax_record("path", path);
      name = path.substr(0, tar_writer::kNameBytes);
    }
  }
  if (target.size() > tar_writer::kNameBytes) {
    records += tar_writer::pax_record("linkpath", target);
    target = target.substr(0, tar_writer::kNameBytes);
  }
  if (!records.empty()) {
    add_header("pax", {}, records.size(), 'x');
    add_content(records);
  }
  std::array<char, kTarBlockBytes> block{};
  tar_writer::put(block, 0, name);
  tar_writer::put(block, 100, type == '5' ? "0000755" : type == '2' ? "0000777" : "0000644");
  tar_writer::put(block, 108, "0000000");
  tar_writer::put(block, 116, "0000000");
  tar_writer::put(block, 124, tar_writer::octal(bytes, 11));
  tar_writer::put(block, 136, "00000000000");
  tar_writer::put(block, 148, "        ");
  block[156] = type;
  tar_writer::put(block, 157, target);
  tar_writer::put(block, 257,
                  std::string_view("ustar\0"
                                   "00",
                                   8));
  tar_writer::put(block, 345, prefix);
  std::uint64_t sum = 0;
  for (const char byte : block) {
    sum += static_cast<std::uint8_t>(byte);
  }
  tar_writer::put(block, 148, tar_writer::octal(sum, 6) + '\0');
  out_.append(block.data(), block.size());
}

void TarWriter::add_file(std::string_view path, std::string_view content) {
  add_header(path, {}, content.size(), '0');
  add_content(content);
}

void TarWriter::add_link(std::string_view path, std::string_view target) {
  add_header(path, target, 0, '2');
}

void TarWriter::add_directory(std::string_view path) {
  add_header(std::string(path) + "/", {}, 0, '5');
}

std::string TarWriter::finish() {
  out_.append(2 * kTarBlockBytes, '\0');
  return std::exchange(out_, {});
}

}  // namespace weft::bus
