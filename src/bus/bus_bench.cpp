// SPDX-License-Identifier: Apache-2.0
// A captured tree of ten thousand PCI functions (30 files each, 4 KiB of mostly empty configuration
// space): loading it from .tar.zst, reading every file through its link, and what it takes in
// memory. Target: both together well under the second and the 150 MB that a whole scan may take.
// Beside it, one read of a file of this machine's sysfs.
#include "bus/archive.h"
#include "bus/linux/directory_tree.h"

#include <array>
#include <cstdio>
#include <string>

#include <benchmark/benchmark.h>

namespace {

using namespace weft;

constexpr int kDevices = 10'000;
constexpr std::array kFiles = {"vendor",
                               "device",
                               "class",
                               "revision",
                               "subsystem_vendor",
                               "subsystem_device",
                               "numa_node",
                               "max_link_speed",
                               "max_link_width",
                               "current_link_speed",
                               "current_link_width",
                               "aer_dev_correctable",
                               "aer_dev_fatal",
                               "aer_dev_nonfatal",
                               "enable",
                               "irq",
                               "local_cpulist",
                               "power_state",
                               "resource",
                               "uevent",
                               "modalias",
                               "ari_enabled",
                               "broken_parity_status",
                               "consistent_dma_mask_bits",
                               "d3cold_allowed",
                               "dma_mask_bits",
                               "driver_override",
                               "msi_bus",
                               "reset_method"};

std::string address(int device) {
  char text[32];
  std::snprintf(text, sizeof text, "%04x:%02x:%02x.0", device / 4096, device / 16 % 256,
                device % 16);
  return text;
}

const std::string& packed_tree() {
  static const std::string kPacked = [] {
    bus::MemoryTree::Builder builder;
    std::string config(4096, '\0');
    for (int device = 0; device < kDevices; ++device) {
      const std::string folder = "sys/devices/pci0000:00/0000:00:01.0/" + address(device);
      config[0] = static_cast<char>(device);
      config[0x52] = static_cast<char>(device >> 8);
      config[0x148] = static_cast<char>(device * 7);
      (void)builder.add_file(folder + "/config", config);
      for (const char* name : kFiles) {
        (void)builder.add_file(folder + "/" + name, std::string(name) + std::to_string(device % 9));
      }
      (void)builder.add_link("sys/bus/pci/devices/" + address(device), "../../../../" + folder);
    }
    return bus::write_archive(builder.freeze(""), bus::Packing::kZstd).value();
  }();
  return kPacked;
}

bus::LoadedTree load() {
  bus::MemoryStream stream(base::as_bytes(packed_tree()));
  return bus::read_archive(stream, true, "bench").value();
}

void BM_LoadTenThousandDevices(benchmark::State& state) {
  (void)packed_tree();
  std::size_t bytes = 0;
  std::size_t entries = 0;
  for (auto _ : state) {
    const auto loaded = load();
    bytes = loaded.tree->memory_bytes();
    entries = loaded.tree->entries();
  }
  state.counters["entries"] = static_cast<double>(entries);
  state.counters["tree_MB"] = static_cast<double>(bytes) / 1e6;
  state.counters["target_s"] = 0.5;
}
BENCHMARK(BM_LoadTenThousandDevices)->Unit(benchmark::kMillisecond);

void BM_ReadEveryFile(benchmark::State& state) {
  const auto loaded = load();
  const bus::HostTree& tree = *loaded.tree;
  std::size_t bytes = 0;
  for (auto _ : state) {
    const auto names = tree.list("sys/bus/pci/devices").value();
    for (const std::string& name : names) {
      const std::string folder = "sys/bus/pci/devices/" + name + "/";
      bytes += tree.read(folder + "config").value().size();
      for (const char* file : kFiles) {
        bytes += tree.read(folder + file).value().size();
      }
    }
  }
  benchmark::DoNotOptimize(bytes);
  state.counters["target_s"] = 0.3;
}
BENCHMARK(BM_ReadEveryFile)->Unit(benchmark::kMillisecond);

void BM_ReadOneSysfsFile(benchmark::State& state) {
  const auto tree = bus::linux_host::DirectoryTree::open("/");
  for (auto _ : state) {
    auto content = (*tree)->read("sys/class/net/lo/mtu");
    benchmark::DoNotOptimize(content);
  }
}
BENCHMARK(BM_ReadOneSysfsFile)->Unit(benchmark::kMicrosecond);

}  // namespace
