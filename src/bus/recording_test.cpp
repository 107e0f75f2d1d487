// SPDX-License-Identifier: Apache-2.0
// Recorded once, a host gives the same answers again out of an archive: files through links,
// listings, errors, module memory, accelerators; and redaction hides every value that it knows of,
// in every spelling.
#include "bus/recording.h"

#include "bus/archive.h"
#include "bus/keyed_hash.h"
#include "bus/redact.h"
#include "bus/redact_scan.h"
#include "bus/replay.h"

#include <map>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace weft::bus {
namespace {

using base::Code;

/// Answers from tables; what is not in them is kUnimplemented.
class TableNetdev final : public Netdev {
 public:
  std::map<std::string, base::Result<base::Bytes>> answers;
  base::Result<base::Bytes> query(std::string_view interface, std::uint8_t message) const override {
    return at(reply_path(interface, message), interface);
  }
  base::Result<base::Bytes> module_page(std::string_view interface, std::uint8_t address,
                                        std::uint8_t bank, std::uint8_t page, std::uint8_t offset,
                                        std::uint8_t) const override {
    return at(module_path(interface, address, bank, page, offset), interface);
  }

 private:
  base::Result<base::Bytes> at(const std::string& key, std::string_view interface) const {
    const auto found = answers.find(key);
    if (found == answers.end()) {
      return base::fail(Code::kUnimplemented, "not supported", std::string(interface), "a hint");
    }
    return found->second;
  }
};

class TableAccelerators final : public Accelerators {
 public:
  base::Result<std::vector<Accelerator>> answer = std::vector<Accelerator>{};
  base::Result<std::vector<Accelerator>> list() const override { return answer; }
};

Host host_of(MemoryTree tree) {
  Host host;
  host.tree = std::make_unique<MemoryTree>(std::move(tree));
  host.netdev = std::make_unique<TableNetdev>();
  host.accelerators = std::make_unique<TableAccelerators>();
  return host;
}

Host replay_of(const Host& host, const Recording& recording) {
  MemoryTree::Builder builder;
  EXPECT_TRUE(place_recording(*host.tree, recording, builder));
  const std::string bytes = write_archive(builder.freeze("capture"), Packing::kZstd).value_or("");
  MemoryStream stream(base::as_bytes(bytes));
  auto loaded = read_archive(stream, true, "capture");
  EXPECT_TRUE(loaded && loaded->problems.empty());
  Host replay;
  replay.netdev = replay_netdev(*loaded->tree);
  replay.accelerators = replay_accelerators(*loaded->tree);
  replay.tree = std::move(loaded->tree);
  return replay;
}

/// "no such entry" and "not captured" are one code: which of them a replay says below an entry of
/// which only the name was seen depends on what else was asked.
template <class T>
std::string words_of(const base::Result<T>& result) {
  if (!result && result.error().code == Code::kNotFound) {
    return "not there";
  }
  if (!result) {
    return std::string(base::name(result.error().code)) + " " + result.error().text();
  }
  std::string out = "=";
  for (const auto& part : *result) {
    if constexpr (std::is_same_v<T, std::vector<std::string>>) {
      out += part + "|";
    } else {
      out += static_cast<char>(part);
    }
  }
  return out;
}

TEST(RecordingTest, ReplayGivesTheSameAnswers) {
  MemoryTree::Builder builder;
  const std::string device = "sys/devices/pci0000:00/0000:00:01.0";
  ASSERT_TRUE(builder.add_file(device + "/vendor", "0x8086\n"));
  ASSERT_TRUE(builder.add_file(device + "/unasked", "x"));
  ASSERT_TRUE(builder.add_unreadable(device + "/rom", Code::kPermissionDenied, "needs root"));
  ASSERT_TRUE(builder.add_link("sys/bus/pci/devices/0000:00:01.0",
                               "../../../devices/pci0000:00/0000:00:01.0"));
  ASSERT_TRUE(builder.add_link("sys/bus/pci/devices/unasked", "../../../devices/nowhere"));
  ASSERT_TRUE(builder.add_link("sys/class/net/eth0/device", "/" + device));
  ASSERT_TRUE(builder.mark_unlisted("sys/secret", {Code::kPermissionDenied, "needs root", "", ""}));
  Host host = host_of(builder.freeze("host"));
  auto& netdev = static_cast<TableNetdev&>(*host.netdev);
  netdev.answers["weft/ethtool/eth0/4.bin"] = base::Bytes{1, 2, 3, 0};
  netdev.answers["weft/module/eth0/80-0-17-128.bin"] = base::Bytes{9, 8};
  Accelerator accelerator;
  accelerator.bdf = "0000:1b:00.0";
  accelerator.utilization_percent = 7;
  accelerator.links.push_back({});
  accelerator.links[0].speed_mbytes_per_s = 26562.5;
  accelerator.links[0].is_active = false;
  static_cast<TableAccelerators&>(*host.accelerators).answer = std::vector{accelerator};

  const auto ask = [&device](const Host& of) {
    const std::string link = "sys/bus/pci/devices/0000:00:01.0";
    std::vector<std::string> answers;
    answers.reserve(24);
    for (const std::string& path : {link + "/vendor", link + "/rom", link + "/absent", link,
                                    std::string("sys/class/net/eth0/device/vendor")}) {
      answers.push_back(words_of(of.tree->read(path)));
    }
    answers.push_back(words_of(of.tree->read(link + "/vendor", 2)));
    answers.push_back(words_of(of.tree->list("sys/bus/pci/devices")));
    answers.push_back(words_of(of.tree->list(link)));
    answers.push_back(words_of(of.tree->list("sys/secret")));
    answers.push_back(words_of(of.tree->list("sys/absent")));
    answers.push_back(words_of(of.tree->link(link)));
    answers.push_back(words_of(of.tree->link("sys/class/net/eth0/device")));
    answers.push_back(words_of(of.tree->link(device + "/vendor")));
    for (const std::string& path : {link + "/unasked", link + "/absent", std::string("proc")}) {
      answers.emplace_back(of.tree->exists(path) ? "there" : "not there");
    }
    answers.push_back(words_of(of.netdev->query("eth0", 4)));
    answers.push_back(words_of(of.netdev->query("eth0", 5)));
    answers.push_back(words_of(of.netdev->module_page("eth0", 80, 0, 17, 128, 128)));
    answers.push_back(words_of(of.netdev->module_page("eth0", 80, 0, 18, 128, 128)));
    answers.push_back(
        accelerators_json(of.accelerators->list().value_or(std::vector<Accelerator>{})));
    return answers;
  };
  Recording recording;
  const auto live = ask(record(host, recording));
  const Host replay = replay_of(host, recording);
  EXPECT_EQ(ask(replay), live);
  EXPECT_EQ(replay.tree->read(device + "/unasked").error().what, "not captured");
  EXPECT_EQ(replay.tree->list("sys/bus").error().what, "not captured");
  EXPECT_EQ(replay.netdev->query("eth9", 4).error().what, "not captured");
  // A half page captured in one piece answers for its parts.
  EXPECT_EQ(replay.netdev->module_page("eth0", 80, 0, 17, 129, 1).value(), base::Bytes{8});
  EXPECT_FALSE(replay.netdev->module_page("eth0", 80, 0, 17, 130, 1));
}

TEST(RecordingTest, NoAcceleratorsSayWhy) {
  Host host = host_of(MemoryTree::Builder().freeze("host"));
  static_cast<TableAccelerators&>(*host.accelerators).answer =
      base::fail(Code::kUnavailable, "no driver", "nvml", "install one");
  Recording recording;
  (void)record(host, recording).accelerators->list();
  const Host replay = replay_of(host, recording);
  EXPECT_FALSE(replay.accelerators->list().has_value());
  EXPECT_EQ(replay.accelerators->list().error().text(), "nvml: no driver (install one)");
  const Host empty = replay_of(host, Recording());
  EXPECT_EQ(empty.accelerators->list().error().code, Code::kUnavailable);
}

TEST(ReplayTest, AcceleratorsFromOutsideAreChecked) {
  EXPECT_EQ(parse_accelerators("{").error().code, Code::kDataLoss);
  EXPECT_EQ(parse_accelerators("{}").error().code, Code::kDataLoss);
  const auto odd = parse_accelerators(
      R"([1, {"bdf": 5, "name": "x", "utilization_percent": -1, "links": [3, {"index": "a"}]}])");
  ASSERT_TRUE(odd.has_value());
  ASSERT_EQ(odd->size(), 1U);
  EXPECT_EQ((*odd)[0].bdf, "");
  EXPECT_EQ((*odd)[0].name, "x");
  EXPECT_FALSE((*odd)[0].utilization_percent.has_value());
  EXPECT_EQ((*odd)[0].links.size(), 1U);
}

/// Any questions to any small tree: the recording's replay gives what the tree gave.
TEST(RecordingPropertyTest, ReplayAgreesOnWhatWasAsked) {
  EXPECT_TRUE(rc::check([] {
    const auto path_of = [](std::vector<std::string> names, int most) {
      std::string path;
      for (int depth = *rc::gen::inRange(1, most + 1); depth-- > 0;) {
        path += (path.empty() ? "" : "/") + *rc::gen::elementOf(names);
      }
      return path;
    };
    MemoryTree::Builder builder;
    for (int entries = *rc::gen::inRange(1, 14); entries-- > 0;) {
      const std::string path = path_of({"a", "b", "c"}, 3);
      switch (*rc::gen::inRange(0, 4)) {
        case 0:
          (void)builder.add_file(path, "=" + path);
          break;
        case 1:
          (void)builder.add_directory(path);
          break;
        case 2:
          (void)builder.add_unreadable(path, Code::kPermissionDenied, "needs root");
          break;
        default:
          (void)builder.add_link(
              path, (*rc::gen::arbitrary<bool>() ? "/" : "") + path_of({"a", "b", "c", ".."}, 4));
      }
    }
    const Host host = host_of(builder.freeze("host"));
    std::vector<std::pair<int, std::string>> questions;
    questions.reserve(12);
    for (int i = 0; i < 12; ++i) {
      questions.emplace_back(*rc::gen::inRange(0, 4), path_of({"a", "b", "c", "..", "."}, 4));
    }
    const auto ask = [&questions](const Host& of) {
      std::vector<std::string> answers;
      for (const auto& [what, path] : questions) {
        switch (what) {
          case 0:
            answers.push_back(path + " read " + words_of(of.tree->read(path)));
            break;
          case 1:
            answers.push_back(path + " list " + words_of(of.tree->list(path)));
            break;
          case 2:
            answers.push_back(path + " link " + words_of(of.tree->link(path)));
            break;
          default:
            answers.push_back(path + " exists " + (of.tree->exists(path) ? "yes" : "no"));
        }
      }
      return answers;
    };
    Recording recording;
    const auto live = ask(record(host, recording));
    RC_ASSERT(ask(replay_of(host, recording)) == live);
  }));
}

TEST(KeyedHashTest, GivesThePapersVector) {
  // Aumasson and Bernstein 2012, appendix A: key 00..0f, message 00..0e.
  std::string message;
  for (char i = 0; i < 15; ++i) {
    message += i;
  }
  EXPECT_EQ(siphash({0x0706050403020100U, 0x0f0e0d0c0b0a0908U}, message), 0xa129ca6149be45e5U);
  EXPECT_NE(random_key(), random_key());
}

TEST(RedactScanTest, TellsAddressesFromPlacesAndTimes) {
  using redact_scan::find_patterns;
  for (const char* harmless :
       {"0000:3b:00.0", "pci0000:00/0000:00:1c.0", "12:34:56", "2026-11-22T19:14:23",
        "00:11:22:33:44", "deadbeef", "0x8086", "abcd:ef01:2345", "uuid", ""}) {
    EXPECT_TRUE(find_patterns(harmless).empty()) << harmless;
  }
  for (const char* address :
       {"0c:42:a1:00:11:22", "MAC:0c:42:a1:00:11:22,",
        "mac 0C:42:A1:00:11:22:", "0c42:a103:0065:1234", "fe80:0000:0000:0000:0e42:a1ff:fe00:1122",
        "3f2a1b4c-0d5e-4f60-8a7b-112233445566", "GPU-3f2a1b4c-0d5e-4f60-8a7b-112233445566\n",
        "0123456789abcdef0123456789abcdef\n"}) {
    EXPECT_EQ(find_patterns(address).size(), 1U) << address;
  }
}

/// A tree with one of everything that redaction knows.
MemoryTree tree_with_secrets() {
  MemoryTree::Builder builder;
  const auto add = [&builder](const std::string& path, const std::string& text) {
    EXPECT_TRUE(builder.add_file(path, text)) << path;
  };
  std::string config(4096, '\0');
  config.replace(0x100, 4, std::string("\x03\x00\x01\x20", 4));  // DSN, version 1, next 200h
  config.replace(0x104, 8, std::string("\x22\x11\x00\xff\xff\xa1\x42\x0c", 8));
  config.replace(0x200, 4, std::string("\x01\x00\x02\x10", 4));  // AER, next 100h: a loop
  add("sys/devices/pci0000:00/0000:00:01.0/config", config);
  add("sys/devices/pci0000:00/0000:00:01.0/vpd", "VPDSECRETSN99");
  add("sys/devices/net/enx0c42a1001122/address", "0c:42:a1:00:11:22\n");
  EXPECT_TRUE(
      builder.add_link("sys/class/net/enx0c42a1001122", "../../devices/net/enx0c42a1001122"));
  add("sys/class/nvme/nvme0/serial", "S4EWNX0N500001      \n");
  add("sys/class/nvme/nvme0/wwid", "eui.0025385b01402233\n");
  add("sys/bus/cxl/devices/mem0/serial", "0xc100e2e0c100e2e0\n");
  add("sys/bus/cxl/devices/mem1/serial", "0x0\n");
  add("sys/class/infiniband/mlx5_0/node_guid", "0c42:a103:0065:1234\n");
  add("sys/class/infiniband/mlx5_0/node_desc", "gpunode17 mlx5_0\n");
  add("sys/class/infiniband/mlx5_0/gids/0", "fe80:0000:0000:0000:0e42:a1ff:fe00:1122\n");
  add("sys/class/infiniband/mlx5_0/gids/1", "0000:0000:0000:0000:0000:0000:0000:0000\n");
  add("proc/sys/kernel/hostname", "gpunode17.example.org\n");
  add("etc/machine-id", "8f3c1d2e4b5a69788f3c1d2e4b5a6978\n");
  add("proc/cmdline", "root=UUID=3f2a1b4c-0d5e-4f60-8a7b-112233445566 ro\n");
  add("dev/kmsg",
      "6,1,0,-;eth0: MAC 0C:42:A1:00:11:22 up\n"
      "6,2,0,-;usb 1-1: SerialNumber: USBSEC123\n SUBSYSTEM=usb\n"
      "30,3,0,-;systemd[1]: user alicesecret logged in\n CONTINUED=alicesecret\n"
      "6,4,0,-;nvme0: S4EWNX0N500001 on gpunode17\n");
  add("weft/accelerators.json", R"([{"bdf":"0000:1b:00.0","serial":"1560422009876",)"
                                R"("uuid":"GPU-11112222-3333-4444-5555-666677778888"}])");
  add("weft/capture.json", R"({"host":"gpunode17.example.org","machine":"0c-42-a1-00-11-22"})");
  std::string module(128, ' ');
  module[0] = 0x18;
  module.replace(166 - 128, 16, "MODSN0042       ");
  add("weft/module/enx0c42a1001122/80-0-0-128.bin", module);
  std::string sfp(128, ' ');
  sfp[0] = 0x03;
  sfp.replace(68, 16, "SFPSN7771       ");
  add("weft/module/eth1/80-0-0-0.bin", sfp);
  add("weft/ethtool/enx0c42a1001122/2.bin", std::string("\x08\0\x01\0\x0c\x42\xa1\0\x11\x22", 10));
  EXPECT_TRUE(builder.add_unreadable("sys/devices/net/enx0c42a1001122/speed", Code::kUnavailable,
                                     "enx0c42a1001122 is down"));
  return builder.freeze("secrets");
}

TEST(RedactTest, NothingKnownLeaks) {
  RedactionReport report;
  const auto redacted = redact(tree_with_secrets(), {1, 2}, report);
  ASSERT_TRUE(redacted.has_value()) << redacted.error().text();
  std::string all = write_archive(*redacted, Packing::kNone).value();
  std::string lower = all;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const char* secret :
       {"0c:42:a1", "0c42a1", "0c-42-a1", "0c42:a103", "a1ff:fe00", "s4ewnx0n", "0025385b",
        "c100e2e0", "gpunode17", "example.org", "8f3c1d2e", "3f2a1b4c", "usbsec123", "alicesecret",
        "1560422009876", "11112222", "modsn0042", "sfpsn7771", "vpdsecret"}) {
    EXPECT_EQ(lower.find(secret), std::string::npos) << secret;
  }
  EXPECT_EQ(all.find(std::string("\x22\x11\x00\xff\xff\xa1\x42\x0c", 8)), std::string::npos);
  EXPECT_EQ(all.find(std::string("\x0c\x42\xa1\0\x11\x22", 6)), std::string::npos);
  EXPECT_GE(report.addresses, 1U);
  EXPECT_EQ(report.device_serials, 1U);
  EXPECT_EQ(report.files_left_out, 1U);
  EXPECT_EQ(report.log_records_left_out, 1U);
  EXPECT_NE(report.text().find("hardware addresses"), std::string::npos);
}

TEST(RedactTest, KeepsWhatTheDriversNeed) {
  const MemoryTree before = tree_with_secrets();
  RedactionReport report;
  const auto after = redact(before, {1, 2}, report);
  ASSERT_TRUE(after.has_value());
  const std::string config = after->read("sys/devices/pci0000:00/0000:00:01.0/config").value();
  EXPECT_EQ(config.substr(0x100, 4), std::string("\x03\x00\x01\x20", 4));
  EXPECT_EQ(config.substr(0x200, 4), std::string("\x01\x00\x02\x10", 4));
  EXPECT_EQ(after->read("sys/bus/cxl/devices/mem1/serial").value(), "0x0\n");
  EXPECT_EQ(after->read("sys/class/infiniband/mlx5_0/gids/1").value(),
            "0000:0000:0000:0000:0000:0000:0000:0000\n");
  // The renamed interface still leads to its device, and its address fits its name.
  const auto names = after->list("sys/class/net").value();
  ASSERT_EQ(names.size(), 1U);
  std::string address =
      base::Result<std::string>(after->read("sys/class/net/" + names[0] + "/address")).value();
  EXPECT_EQ(address.size(), 18U);
  std::erase_if(address, [](char c) { return c == ':' || c == '\n'; });
  EXPECT_EQ(names[0], "enx" + address);
  const std::string log = after->read("dev/kmsg").value();
  EXPECT_NE(log.find("6,1,0,-;eth0: MAC "), std::string::npos);
  EXPECT_NE(log.find(" SUBSYSTEM=usb"), std::string::npos);
  // The same serial number has the same pseudonym in the file and in the log.
  const std::string serial = after->read("sys/class/nvme/nvme0/serial").value().substr(0, 14);
  EXPECT_NE(log.find(serial), std::string::npos);
  const std::string module = after->read("weft/module/" + names[0] + "/80-0-0-128.bin").value();
  ASSERT_EQ(module.size(), 128U);
  unsigned sum = 0;
  for (std::size_t i = 0; i < 222 - 128; ++i) {
    sum += static_cast<std::uint8_t>(module[i]);
  }
  EXPECT_EQ(static_cast<std::uint8_t>(module[222 - 128]), sum & 0xFFU);  // CMIS PageChecksum
  RedactionReport again;
  EXPECT_EQ(write_archive(*redact(before, {1, 2}, again), Packing::kNone).value(),
            write_archive(*after, Packing::kNone).value());
  EXPECT_NE(write_archive(*redact(before, {3, 4}, again), Packing::kNone).value(),
            write_archive(*after, Packing::kNone).value());
}

}  // namespace
}  // namespace weft::bus
