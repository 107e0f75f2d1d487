// SPDX-License-Identifier: Apache-2.0
// For tests of the drivers: a host of files in memory, with network drivers and accelerators that
// answer what the test says.
#pragma once

#include "base/bytes.h"
#include "bus/host.h"
#include "bus/memory_tree.h"
#include "driver/collect.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace weft::driver::test {

/// Answers what was set; anything else is kUnimplemented.
class FakeNetdev final : public bus::Netdev {
 public:
  std::map<std::pair<std::string, std::uint8_t>, base::Result<base::Bytes>> replies;
  /// By page; page 0 is 256 bytes, others are the upper 128.
  std::map<std::uint8_t, base::Bytes> pages;
  /// Page and offset of every byte of a module that was read; outlives the host.
  using Places = std::set<std::pair<std::uint8_t, std::uint8_t>>;
  std::shared_ptr<Places> read = std::make_shared<Places>();
  base::Error module_error{base::Code::kUnimplemented, "no module memory", "", ""};

  [[nodiscard]] base::Result<base::Bytes> query(std::string_view interface,
                                                std::uint8_t message) const override {
    const auto it = replies.find({std::string(interface), message});
    return it == replies.end() ? base::fail(base::Code::kUnimplemented, "Operation not supported")
                               : it->second;
  }
  [[nodiscard]] base::Result<base::Bytes> module_page(std::string_view, std::uint8_t address,
                                                      std::uint8_t, std::uint8_t page,
                                                      std::uint8_t offset,
                                                      std::uint8_t length) const override {
    const auto it = pages.find(page);
    if (it == pages.end() || address != 0x50) {
      return tl::unexpected(module_error);
    }
    const std::size_t start = page == 0 ? offset : offset - std::size_t{128};
    base::Bytes out;
    for (unsigned i = 0; i < length; ++i) {
      read->emplace(page, static_cast<std::uint8_t>(offset + i));
    }
    for (std::size_t i = start; i < std::min(it->second.size(), start + length); ++i) {
      out.push_back(it->second[i]);
    }
    return out;
  }
};

class FakeAccelerators final : public bus::Accelerators {
 public:
  base::Result<std::vector<bus::Accelerator>> found =
      base::fail(base::Code::kUnavailable, "no library");
  [[nodiscard]] base::Result<std::vector<bus::Accelerator>> list() const override { return found; }
};

/// Files and links by path; then collect with one driver.
class TestHost {
 public:
  TestHost& file(const std::string& path, const std::string& content) {
    EXPECT_TRUE(builder_.add_file(path, content)) << path;
    return *this;
  }
  TestHost& link(const std::string& path, const std::string& target) {
    EXPECT_TRUE(builder_.add_link(path, target)) << path;
    return *this;
  }
  TestHost& unreadable(const std::string& path, base::Code code, const std::string& why) {
    EXPECT_TRUE(builder_.add_unreadable(path, code, why)) << path;
    return *this;
  }
  FakeNetdev& netdev() { return *netdev_; }
  FakeAccelerators& accelerators() { return *accelerators_; }

  /// A PCI device known to the PCIe driver under this address.
  TestHost& function(const std::string& address, const std::string& path) {
    functions_.emplace_back(address, path);
    return *this;
  }

  template <class Driver>
  observe::Snapshot collect_with(Driver driver, bool links_only = false) {
    bus::Host host;
    host.tree = std::make_unique<bus::MemoryTree>(builder_.freeze("test host"));
    host.netdev = std::move(netdev_);
    host.accelerators = std::move(accelerators_);
    observe::Snapshot snapshot;
    snapshot.host.name = "h";
    snapshot.host.identity = "machine/test";
    snapshot.host.uptime = base::seconds(1000);
    snapshot.taken = base::WallTime{5000LL * 1'000'000'000};
    Collection collection{.host = host,
                          .snapshot = snapshot,
                          .device_of_function = {},
                          .path_of_function = {},
                          .links_only = links_only};
    for (const auto& [address, path] : functions_) {
      fabric::Device device;
      device.id = collection.id_of<fabric::DeviceId>("pci/" + path);
      device.name = address;
      collection.device_of_function[address] = device.id;
      collection.path_of_function[address] = path;
      EXPECT_TRUE(snapshot.fabric.add(std::move(device)));
    }
    driver(collection);
    return snapshot;
  }

 private:
  bus::MemoryTree::Builder builder_;
  std::unique_ptr<FakeNetdev> netdev_ = std::make_unique<FakeNetdev>();
  std::unique_ptr<FakeAccelerators> accelerators_ = std::make_unique<FakeAccelerators>();
  std::vector<std::pair<std::string, std::string>> functions_;
};

/// The sample of this subject, metric and label; nullptr where there is none.
inline const observe::Sample* sample(const observe::Snapshot& snapshot, observe::Subject subject,
                                     observe::Metric metric, const std::string& label = "") {
  for (const auto& one : snapshot.samples) {
    if (one.subject == subject && one.metric == metric && one.label == label) {
      return &one;
    }
  }
  return nullptr;
}
inline std::uint64_t whole(const observe::Sample* one) {
  return one != nullptr && one->value && std::holds_alternative<std::uint64_t>(*one->value)
             ? std::get<std::uint64_t>(*one->value)
             : ~std::uint64_t{0};
}
inline double real(const observe::Sample* one) {
  return one != nullptr && one->value && std::holds_alternative<double>(*one->value)
             ? std::get<double>(*one->value)
             : -1e9;
}
/// The value of an attribute of the named thing; nullptr where there is none.
inline const observe::Reading<std::string>* attribute(const observe::Snapshot& snapshot,
                                                      const std::string& kind,
                                                      const std::string& key) {
  for (const auto& attributes : snapshot.attributes) {
    for (const auto& [name, value] : attributes.values) {
      if (attributes.kind == kind && name == key) {
        return &value;
      }
    }
  }
  return nullptr;
}

// Netlink attributes, as linux/netlink.h lays them out.
inline base::Bytes nla(std::uint16_t type, base::Bytes payload) {
  const auto length = payload.size() + 4;
  base::Bytes out(4);
  base::write_le(out, 0, 2, length);
  base::write_le(out, 2, 2, type);
  out.insert(out.end(), payload.begin(), payload.end());
  out.resize((out.size() + 3) & ~std::size_t{3});
  return out;
}
inline base::Bytes nla_number(std::uint16_t type, std::uint64_t value, std::size_t width) {
  base::Bytes payload(width);
  base::write_le(payload, 0, width, value);
  return nla(type, payload);
}
inline base::Bytes join(const std::vector<base::Bytes>& parts) {
  base::Bytes out;
  for (const auto& part : parts) {
    out.insert(out.end(), part.begin(), part.end());
  }
  return out;
}
/// A compact ethtool bit set with value, and mask if given.
inline base::Bytes bit_set(std::uint16_t type, const std::vector<unsigned>& value,
                           const std::vector<unsigned>& mask = {}) {
  const auto words = [](const std::vector<unsigned>& bits) {
    base::Bytes out(16);
    for (const auto bit : bits) {
      out[bit / 8] = static_cast<std::uint8_t>(out[bit / 8] | 1U << (bit % 8));
    }
    return out;
  };
  std::vector<base::Bytes> parts = {nla_number(2, 128, 4), nla(4, words(value))};
  if (!mask.empty()) {
    parts.push_back(nla(5, words(mask)));
  }
  return nla(type, join(parts));
}

}  // namespace weft::driver::test
