// SPDX-License-Identifier: Apache-2.0
// NVML seen through a stand-in whose functions have the signatures of the public API reference, and
// through real libraries that are not NVML.
#include "bus/linux/nvml.h"

#include "bus/linux/nvml_api.h"

#include <cstring>
#include <map>
#include <string>

#include <gtest/gtest.h>

namespace weft::bus::linux_host {
namespace {

namespace api = nvml_api;
static_assert(sizeof(api::FieldValue) == 40, "nvmlFieldValue_t of a 64-bit machine");
static_assert(sizeof(api::PciInfo) == 16 + 5 * 4 + 32);

int started = 0;
int init_result = api::kSuccess;
bool has_old_counters = true;

api::Return init() {
  ++started;
  return init_result;
}
api::Return shutdown() {
  --started;
  return api::kSuccess;
}
api::Return count(unsigned* out) {
  *out = 1;
  return api::kSuccess;
}
api::Return handle(unsigned, api::Device* out) {
  static int device = 0;
  *out = &device;
  return api::kSuccess;
}
api::Return pci(api::Device, api::PciInfo* out) {
  std::strcpy(out->bus_id, "00000000:1B:00.0");
  return api::kSuccess;
}
api::Return name(api::Device, char* out, unsigned) {
  std::strcpy(out, "Test GPU");
  return api::kSuccess;
}
api::Return utilization(api::Device, api::Utilization* out) {
  out->gpu = 87;
  return api::kSuccess;
}
api::Return fields(api::Device, int number, api::FieldValue* out) {
  for (int i = 0; i < number; ++i) {
    out[i].result = api::kSuccess;
    out[i].value_type = api::kTypeUnsigned;
    switch (out[i].field_id) {
      case api::kFieldNvlinkLinkCount:
        out[i].value.ui = 2;
        break;
      case api::kFieldNvlinkSpeed:
        out[i].value.ui = out[i].scope_id == 0 ? 26562 : 0;
        break;
      case api::kFieldNvlinkRecovery:
        out[i].value_type = api::kTypeUnsignedLongLong;
        out[i].value.ull = 505;
        break;
      default:
        out[i].result = api::kNotSupported;
    }
  }
  return api::kSuccess;
}
api::Return link_state(api::Device, unsigned link, unsigned* out) {
  *out = link == 0 ? 1 : 0;
  return link < 2 ? api::kSuccess : 2;
}
api::Return link_version(api::Device, unsigned, unsigned* out) {
  *out = 4;
  return api::kSuccess;
}
api::Return link_remote(api::Device, unsigned link, api::PciInfo* out) {
  if (link != 0) {
    return api::kNotSupported;
  }
  std::strcpy(out->bus_id, "0002:C1:00.0");
  return api::kSuccess;
}
api::Return link_errors(api::Device, unsigned, unsigned counter, unsigned long long* out) {
  *out = 10 + counter;
  return has_old_counters ? api::kSuccess : api::kNotSupported;
}

void* stand_in(const char* symbol) {
  static const std::map<std::string, void*> kFunctions = {
      {"nvmlInit_v2", reinterpret_cast<void*>(&init)},
      {"nvmlShutdown", reinterpret_cast<void*>(&shutdown)},
      {"nvmlDeviceGetCount_v2", reinterpret_cast<void*>(&count)},
      {"nvmlDeviceGetHandleByIndex_v2", reinterpret_cast<void*>(&handle)},
      {"nvmlDeviceGetPciInfo_v3", reinterpret_cast<void*>(&pci)},
      {"nvmlDeviceGetName", reinterpret_cast<void*>(&name)},
      {"nvmlDeviceGetUtilizationRates", reinterpret_cast<void*>(&utilization)},
      {"nvmlDeviceGetFieldValues", reinterpret_cast<void*>(&fields)},
      {"nvmlDeviceGetNvLinkState", reinterpret_cast<void*>(&link_state)},
      {"nvmlDeviceGetNvLinkVersion", reinterpret_cast<void*>(&link_version)},
      {"nvmlDeviceGetNvLinkRemotePciInfo_v2", reinterpret_cast<void*>(&link_remote)},
      {"nvmlDeviceGetNvLinkErrorCounter", reinterpret_cast<void*>(&link_errors)},
  };
  const std::string wanted = symbol;
  EXPECT_TRUE(wanted.find("Get") != std::string::npos || wanted == "nvmlInit_v2" ||
              wanted == "nvmlShutdown")
      << wanted << " does not only read";
  const auto it = kFunctions.find(wanted);
  return it == kFunctions.end() ? nullptr : it->second;
}

TEST(Nvml, GivesDevicesAndLinks) {
  init_result = api::kSuccess;
  has_old_counters = true;
  const auto found = api::list_accelerators(stand_in);
  ASSERT_TRUE(found) << found.error().text();
  ASSERT_EQ(found->size(), 1U);
  const auto& gpu = found->front();
  EXPECT_EQ(gpu.bdf, "0000:1b:00.0");
  EXPECT_EQ(gpu.name, "Test GPU");
  EXPECT_EQ(gpu.serial, "");  // this stand-in has no such function
  EXPECT_EQ(gpu.utilization_percent, 87U);
  ASSERT_EQ(gpu.links.size(), 2U);
  EXPECT_EQ(gpu.links[0].is_active, true);
  EXPECT_EQ(gpu.links[1].is_active, false);
  EXPECT_EQ(gpu.links[0].version, 4U);
  EXPECT_EQ(gpu.links[0].speed_mbytes_per_s, 26562.0);
  EXPECT_EQ(gpu.links[0].remote_bdf, "0002:c1:00.0");
  EXPECT_FALSE(gpu.links[1].remote_bdf);
  EXPECT_EQ(gpu.links[0].replay_errors, 10U);
  EXPECT_EQ(gpu.links[0].crc_data_errors, 13U);
  EXPECT_EQ(started, 0);  // shut down again
}

TEST(Nvml, TakesCountersFromFieldsWhereTheOldFunctionHasNone) {
  init_result = api::kSuccess;
  has_old_counters = false;
  const auto found = api::list_accelerators(stand_in);
  ASSERT_TRUE(found);
  const auto& link = found->front().links.at(0);
  EXPECT_EQ(link.recovery_errors, 505U);
  EXPECT_FALSE(link.replay_errors);  // absent, not zero
  EXPECT_FALSE(link.crc_flit_errors);
  EXPECT_FALSE(link.crc_data_errors);
}

TEST(Nvml, SaysWhyItCannot) {
  init_result = api::kDriverNotLoaded;
  const auto found = api::list_accelerators(stand_in);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().what, "the NVIDIA driver is not loaded");
  init_result = api::kSuccess;
  started = 0;
  EXPECT_EQ(api::list_accelerators([](const char*) -> void* { return nullptr; }).error().code,
            base::Code::kUnavailable);
}

TEST(Nvml, OtherLibrariesAndNoneAreUnavailable) {
  EXPECT_EQ(live_accelerators("/nonexistent/libnvidia-ml.so.1")->list().error().code,
            base::Code::kUnavailable);
  EXPECT_EQ(live_accelerators("libm.so.6")->list().error().code, base::Code::kUnavailable);
}

TEST(Nvml, ThisMachine) {
  const auto found = live_accelerators()->list();
  if (!found) {
    GTEST_SKIP() << "no NVML device here: " << found.error().text();
  }
  EXPECT_FALSE(found->front().bdf.empty());
}

}  // namespace
}  // namespace weft::bus::linux_host
