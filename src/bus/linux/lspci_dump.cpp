// SPDX-License-Identifier: Apache-2.0
// An lspci text as a tree. Sysfs derives its small files from the configuration space; they are
// derived here by the same offsets (linux/pci_regs.h: vendor 00h, device 02h, revision 08h, class
// 09h, header type 0Eh, subsystem 2Ch), so that a driver need not know that they are not the
// kernel's.
#include "bus/linux/lspci_dump.h"

#include "base/bytes.h"
#include "bus/replay.h"
#include "wire/pcie/dump.h"

#include <cstdio>
#include <span>
#include <utility>

namespace weft::bus::linux_host {

namespace lspci_dump {

struct DerivedFile {
  const char* name;
  std::size_t offset;
  std::size_t bytes;
  bool is_of_endpoints;  ///< where header type 0 has it; bridges keep theirs in a capability
};
constexpr DerivedFile kDerivedFiles[] = {
    {"vendor", 0x00, 2, false},          {"device", 0x02, 2, false},
    {"revision", 0x08, 1, false},        {"class", 0x09, 3, false},
    {"subsystem_vendor", 0x2C, 2, true}, {"subsystem_device", 0x2E, 2, true},
};

base::Result<std::string> read_text(ByteStream& stream, const std::string& source) {
  constexpr std::size_t kPartBytes = std::size_t{1} << 20;
  std::string text;
  for (;;) {
    const std::size_t size = text.size();
    text.resize(size + kPartBytes);
    const auto got = stream.read({reinterpret_cast<std::uint8_t*>(text.data()) + size, kPartBytes});
    if (!got) {
      base::Error error = got.error();
      error.where = source;
      return tl::unexpected(std::move(error));
    }
    text.resize(size + *got);
    if (*got == 0) {
      return text;
    }
    if (text.size() > kDumpBytesMax) {
      return dump_too_large(source);
    }
  }
}

base::Result<void> add_function(const wire::pcie::DumpedFunction& function,
                                MemoryTree::Builder& builder) {
  const std::string folder = "sys/bus/pci/devices/" + function.address() + "/";
  if (function.config.empty()) {
    return builder.add_unreadable(
        folder + "config", base::Code::kNotFound,
        "the dump has no bytes of this function (lspci -xxxx prints them)");
  }
  if (auto added = builder.add_file(folder + "config", base::as_text(function.config)); !added) {
    return added;
  }
  const bool is_endpoint = base::read_le(function.config, 0x0E, 1).value_or(0x7F) % 0x80 == 0;
  for (const DerivedFile& file : kDerivedFiles) {
    const auto value = base::read_le(function.config, file.offset, file.bytes);
    if (!value || (file.is_of_endpoints && !is_endpoint)) {
      continue;
    }
    char text[16];
    const int length =
        std::snprintf(text, sizeof text, "0x%0*llx\n", static_cast<int>(file.bytes * 2),
                      static_cast<unsigned long long>(*value));
    const std::string_view content(text, static_cast<std::size_t>(length));
    if (auto added = builder.add_file(folder + file.name, content); !added) {
      return added;
    }
  }
  return {};
}

}  // namespace lspci_dump

tl::unexpected<base::Error> dump_too_large(const std::string& source) {
  return base::fail(base::Code::kResourceExhausted,
                    "the text is larger than " + std::to_string(kDumpBytesMax >> 20) +
                        " MiB, the limit for an lspci dump",
                    source, "Split it by machine, or dump one domain at a time with lspci -s.");
}

base::Result<LoadedTree> read_lspci_dump(ByteStream& stream, const std::string& source) {
  const auto text = lspci_dump::read_text(stream, source);
  if (!text) {
    return tl::unexpected(text.error());
  }
  auto dump = wire::pcie::parse_dump(*text, source);
  if (!dump) {
    return tl::unexpected(std::move(dump.error()));
  }
  LoadedTree loaded;
  for (const wire::pcie::DumpProblem& problem : dump->problems) {
    loaded.problems.push_back(source + ":" + std::to_string(problem.line) + ": " + problem.what);
  }
  if (dump->problems_dropped > 0) {
    loaded.problems.push_back(source + ": " + std::to_string(dump->problems_dropped) +
                              " more problems");
  }
  MemoryTree::Builder builder;
  base::Result<void> added = builder.add_file(kSourceFile, "lspci-dump\n");
  for (const wire::pcie::DumpedFunction& function : dump->functions) {
    if (added) {
      added = lspci_dump::add_function(function, builder);
    }
  }
  if (!added) {
    return tl::unexpected(added.error());
  }
  loaded.tree = std::make_unique<MemoryTree>(builder.freeze(source));
  return loaded;
}

}  // namespace weft::bus::linux_host
