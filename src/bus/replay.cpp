// SPDX-License-Identifier: Apache-2.0
// Replays what replay.h names. JSON text comes from outside: every field is checked for its type,
// and a missing one stays missing.
#include "bus/replay.h"

#include <type_traits>
#include <utility>

#include <nlohmann/json.hpp>

namespace weft::bus {

namespace replay {

constexpr std::size_t kReplyBytesMax = std::size_t{1} << 20;
constexpr std::size_t kAcceleratorsBytesMax = std::size_t{16} << 20;
using Json = nlohmann::json;

template <class T>
void put(Json& to, const char* key, const std::optional<T>& value) {
  if (value) {
    to[key] = *value;
  }
}

template <class T>
bool has_type(const Json& value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value.is_boolean();
  } else if constexpr (std::is_same_v<T, std::string>) {
    return value.is_string();
  } else if constexpr (std::is_same_v<T, double>) {
    return value.is_number();
  } else {
    return value.is_number_unsigned();
  }
}

template <class T>
void take(const Json& from, const char* key, std::optional<T>& value) {
  const auto found = from.find(key);
  if (found != from.end() && has_type<T>(*found)) {
    value = found->get<T>();
  }
}

template <class T>
void take(const Json& from, const char* key, T& value) {
  std::optional<T> found;
  take(from, key, found);
  value = std::move(found).value_or(T{});
}

AcceleratorLink link_of(const Json& from) {
  AcceleratorLink link;
  take(from, "index", link.index);
  take(from, "is_active", link.is_active);
  take(from, "version", link.version);
  take(from, "speed_mbytes_per_s", link.speed_mbytes_per_s);
  take(from, "remote_bdf", link.remote_bdf);
  take(from, "crc_flit_errors", link.crc_flit_errors);
  take(from, "crc_data_errors", link.crc_data_errors);
  take(from, "replay_errors", link.replay_errors);
  take(from, "recovery_errors", link.recovery_errors);
  return link;
}

Json json_of(const AcceleratorLink& link) {
  Json to = {{"index", link.index}};
  put(to, "is_active", link.is_active);
  put(to, "version", link.version);
  put(to, "speed_mbytes_per_s", link.speed_mbytes_per_s);
  put(to, "remote_bdf", link.remote_bdf);
  put(to, "crc_flit_errors", link.crc_flit_errors);
  put(to, "crc_data_errors", link.crc_data_errors);
  put(to, "replay_errors", link.replay_errors);
  put(to, "recovery_errors", link.recovery_errors);
  return to;
}

Accelerator accelerator_of(const Json& from) {
  Accelerator accelerator;
  take(from, "bdf", accelerator.bdf);
  take(from, "name", accelerator.name);
  take(from, "uuid", accelerator.uuid);
  take(from, "serial", accelerator.serial);
  take(from, "firmware", accelerator.firmware);
  take(from, "utilization_percent", accelerator.utilization_percent);
  if (const auto links = from.find("links"); links != from.end() && links->is_array()) {
    for (const Json& link : *links) {
      if (link.is_object()) {
        accelerator.links.push_back(link_of(link));
      }
    }
  }
  return accelerator;
}

class ReplayNetdev final : public Netdev {
 public:
  explicit ReplayNetdev(const HostTree& tree) : tree_(tree) {}

  base::Result<base::Bytes> query(std::string_view interface, std::uint8_t message) const override {
    return bytes_of(reply_path(interface, message), interface);
  }
  base::Result<base::Bytes> module_page(std::string_view interface, std::uint8_t i2c_address,
                                        std::uint8_t bank, std::uint8_t page, std::uint8_t offset,
                                        std::uint8_t length) const override {
    constexpr std::uint8_t kHalf = 128;
    const auto start = static_cast<std::uint8_t>(offset % kHalf);
    const auto path_at = [&](std::uint8_t at) {
      return module_path(interface, i2c_address, bank, page, at);
    };
    auto bytes = bytes_of(path_at(offset), interface);
    if (!bytes && start != 0 && !tree_.exists(path_at(offset))) {
      // Captured in one piece with what stands before it in its half of the page.
      auto whole = bytes_of(path_at(static_cast<std::uint8_t>(offset - start)), interface);
      if (whole && whole->size() > start) {
        whole->erase(whole->begin(), whole->begin() + start);
        bytes = std::move(whole);
      }
    }
    if (bytes && bytes->size() > length) {
      bytes->resize(length);
    }
    return bytes;
  }

 private:
  [[nodiscard]] base::Result<base::Bytes> bytes_of(const std::string& path,
                                                   std::string_view interface) const {
    auto content = tree_.read(path, kReplyBytesMax);
    if (content) {
      return base::Bytes(content->begin(), content->end());
    }
    if (content.error().code == base::Code::kNotFound && !tree_.exists(path)) {
      return base::fail(base::Code::kNotFound, "not captured", std::string(interface));
    }
    return tl::unexpected(std::move(content.error()));
  }

  const HostTree& tree_;
};

class ReplayAccelerators final : public Accelerators {
 public:
  explicit ReplayAccelerators(const HostTree& tree) : tree_(tree) {}

  base::Result<std::vector<Accelerator>> list() const override {
    auto text = tree_.read(kAcceleratorsFile, kAcceleratorsBytesMax);
    if (text) {
      return parse_accelerators(*text);
    }
    if (text.error().code == base::Code::kNotFound) {
      return base::fail(base::Code::kUnavailable, "accelerators were not captured");
    }
    return tl::unexpected(std::move(text.error()));
  }

 private:
  const HostTree& tree_;
};

}  // namespace replay

std::string reply_path(std::string_view interface, std::uint8_t message) {
  return "weft/ethtool/" + std::string(interface) + "/" + std::to_string(message) + ".bin";
}

std::string module_path(std::string_view interface, std::uint8_t i2c_address, std::uint8_t bank,
                        std::uint8_t page, std::uint8_t offset) {
  return "weft/module/" + std::string(interface) + "/" + std::to_string(i2c_address) + "-" +
         std::to_string(bank) + "-" + std::to_string(page) + "-" + std::to_string(offset) + ".bin";
}

std::string accelerators_json(const std::vector<Accelerator>& accelerators) {
  replay::Json all = replay::Json::array();
  for (const Accelerator& accelerator : accelerators) {
    replay::Json one = {{"bdf", accelerator.bdf},
                        {"name", accelerator.name},
                        {"uuid", accelerator.uuid},
                        {"serial", accelerator.serial},
                        {"firmware", accelerator.firmware}};
    replay::put(one, "utilization_percent", accelerator.utilization_percent);
    for (const AcceleratorLink& link : accelerator.links) {
      one["links"].push_back(replay::json_of(link));
    }
    all.push_back(std::move(one));
  }
  return all.dump(1, ' ', false, replay::Json::error_handler_t::replace) + "\n";
}

base::Result<std::vector<Accelerator>> parse_accelerators(std::string_view json) {
  const auto parsed = replay::Json::parse(json, nullptr, false);
  if (!parsed.is_array()) {
    return base::fail(base::Code::kDataLoss, "not a JSON list of accelerators",
                      std::string(kAcceleratorsFile));
  }
  std::vector<Accelerator> out;
  for (const replay::Json& one : parsed) {
    if (one.is_object()) {
      out.push_back(replay::accelerator_of(one));
    }
  }
  return out;
}

std::unique_ptr<Netdev> replay_netdev(const HostTree& tree) {
  return std::make_unique<replay::ReplayNetdev>(tree);
}

std::unique_ptr<Accelerators> replay_accelerators(const HostTree& tree) {
  return std::make_unique<replay::ReplayAccelerators>(tree);
}

}  // namespace weft::bus
