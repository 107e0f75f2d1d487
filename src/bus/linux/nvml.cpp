// SPDX-License-Identifier: Apache-2.0
#include "bus/linux/nvml.h"

#include "base/text.h"
#include "bus/linux/nvml_api.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <optional>
#include <string_view>

#include <unistd.h>

#ifndef WEFT_NO_DLOPEN
#include <dlfcn.h>
#endif

namespace weft::bus::linux_host {
namespace nvml_api {
namespace {

constexpr unsigned kDevicesMax = 256;
constexpr std::size_t kTextMax = 96;  // NVML_DEVICE_*_BUFFER_SIZE

/// The library's functions, those it has.
struct Functions {
  Return (*init)() = nullptr;
  Return (*shutdown)() = nullptr;
  Return (*driver_version)(char*, unsigned) = nullptr;
  Return (*count)(unsigned*) = nullptr;
  Return (*handle)(unsigned, Device*) = nullptr;
  Return (*pci)(Device, PciInfo*) = nullptr;
  Return (*name)(Device, char*, unsigned) = nullptr;
  Return (*uuid)(Device, char*, unsigned) = nullptr;
  Return (*serial)(Device, char*, unsigned) = nullptr;
  Return (*vbios)(Device, char*, unsigned) = nullptr;
  Return (*utilization)(Device, Utilization*) = nullptr;
  Return (*fields)(Device, int, FieldValue*) = nullptr;
  Return (*link_state)(Device, unsigned, unsigned*) = nullptr;
  Return (*link_version)(Device, unsigned, unsigned*) = nullptr;
  Return (*link_remote)(Device, unsigned, PciInfo*) = nullptr;
  Return (*link_errors)(Device, unsigned, unsigned, unsigned long long*) = nullptr;

  explicit Functions(const FindFunction& find) {
    const auto get = [&find](const char* symbol, auto& function) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(find(symbol));
    };
    get("nvmlInit_v2", init);
    get("nvmlShutdown", shutdown);
    get("nvmlSystemGetDriverVersion", driver_version);
    get("nvmlDeviceGetCount_v2", count);
    get("nvmlDeviceGetHandleByIndex_v2", handle);
    get("nvmlDeviceGetPciInfo_v3", pci);
    get("nvmlDeviceGetName", name);
    get("nvmlDeviceGetUUID", uuid);
    get("nvmlDeviceGetSerial", serial);
    get("nvmlDeviceGetVbiosVersion", vbios);
    get("nvmlDeviceGetUtilizationRates", utilization);
    get("nvmlDeviceGetFieldValues", fields);
    get("nvmlDeviceGetNvLinkState", link_state);
    get("nvmlDeviceGetNvLinkVersion", link_version);
    get("nvmlDeviceGetNvLinkRemotePciInfo_v2", link_remote);
    get("nvmlDeviceGetNvLinkErrorCounter", link_errors);
  }
  [[nodiscard]] bool are_enough() const {
    return init != nullptr && shutdown != nullptr && count != nullptr && handle != nullptr &&
           pci != nullptr;
  }
};

using GetText = Return (*)(Device, char*, unsigned);

std::string text_of(GetText function, Device device) {
  std::array<char, kTextMax> buffer{};
  if (function == nullptr || function(device, buffer.data(), kTextMax) != kSuccess) {
    return {};
  }
  buffer.back() = '\0';
  return base::printable(buffer.data());
}

/// NVML writes domains with eight digits ("00000000:1B:00.0"); the kernel with four.
std::optional<std::string> bdf_of(const PciInfo& info) {
  const std::string_view raw(
      info.bus_id,
      std::min(sizeof(info.bus_id), std::string_view(info.bus_id, sizeof(info.bus_id)).find('\0')));
  std::string text;
  for (const char c : raw) {
    text += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  if (text.size() == 16 && text.starts_with("0000")) {
    text.erase(0, 4);
  }
  const bool is_address =
      text.size() >= 12 && text.find_first_not_of("0123456789abcdef:.") == std::string::npos;
  return is_address ? std::optional(text) : std::nullopt;
}

std::optional<double> number_of(const FieldValue& field) {
  switch (field.value_type) {
    case kTypeDouble:
      return field.value.d;
    case kTypeUnsigned:
      return field.value.ui;
    case kTypeUnsignedLong:
      return static_cast<double>(field.value.ul);
    case kTypeUnsignedLongLong:
      return static_cast<double>(field.value.ull);
    case kTypeSignedLongLong:
      return static_cast<double>(field.value.sll);
    default:
      return std::nullopt;
  }
}

/// One field of one link (`scope`); nullopt where the device does not have it.
std::optional<double> field_of(const Functions& nvml, Device device, unsigned field_id,
                               unsigned scope) {
  FieldValue field{};
  field.field_id = field_id;
  field.scope_id = scope;
  if (nvml.fields == nullptr || nvml.fields(device, 1, &field) != kSuccess ||
      field.result != kSuccess) {
    return std::nullopt;
  }
  return number_of(field);
}

/// An error count: by field (newer devices), else by the older counter function.
std::optional<std::uint64_t> errors_of(const Functions& nvml, Device device, unsigned link,
                                       std::optional<unsigned> field_id, unsigned counter) {
  unsigned long long value = 0;
  if (nvml.link_errors != nullptr && nvml.link_errors(device, link, counter, &value) == kSuccess) {
    return value;
  }
  const auto field = field_id ? field_of(nvml, device, *field_id, link) : std::nullopt;
  if (!field || *field < 0) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(*field);
}

std::optional<AcceleratorLink> link_of(const Functions& nvml, Device device, unsigned index) {
  unsigned state = 0;
  if (nvml.link_state == nullptr || nvml.link_state(device, index, &state) != kSuccess) {
    return std::nullopt;
  }
  AcceleratorLink link;
  link.index = index;
  link.is_active = state == 1;  // NVML_FEATURE_ENABLED
  unsigned version = 0;
  if (nvml.link_version != nullptr && nvml.link_version(device, index, &version) == kSuccess) {
    link.version = version;
  }
  link.speed_mbytes_per_s = field_of(nvml, device, kFieldNvlinkSpeed, index);
  PciInfo remote{};
  if (nvml.link_remote != nullptr && nvml.link_remote(device, index, &remote) == kSuccess) {
    link.remote_bdf = bdf_of(remote);
  }
  link.replay_errors = errors_of(nvml, device, index, kFieldNvlinkReplay, kErrorReplay);
  link.recovery_errors = errors_of(nvml, device, index, kFieldNvlinkRecovery, kErrorRecovery);
  link.crc_flit_errors = errors_of(nvml, device, index, kFieldNvlinkCrc, kErrorCrcFlit);
  link.crc_data_errors = errors_of(nvml, device, index, std::nullopt, kErrorCrcData);
  return link;
}

Accelerator accelerator_of(const Functions& nvml, Device device) {
  Accelerator accelerator;
  PciInfo info{};
  if (nvml.pci(device, &info) == kSuccess) {
    accelerator.bdf = bdf_of(info).value_or("");
  }
  accelerator.name = text_of(nvml.name, device);
  accelerator.uuid = text_of(nvml.uuid, device);
  accelerator.serial = text_of(nvml.serial, device);
  accelerator.firmware = text_of(nvml.vbios, device);
  Utilization utilization{};
  if (nvml.utilization != nullptr && nvml.utilization(device, &utilization) == kSuccess) {
    accelerator.utilization_percent = utilization.gpu;
  }
  const auto count = field_of(nvml, device, kFieldNvlinkLinkCount, 0);
  const unsigned links =
      count && *count >= 0 && *count <= kLinksMax ? static_cast<unsigned>(*count) : kLinksMax;
  for (unsigned i = 0; i < links; ++i) {
    if (auto link = link_of(nvml, device, i)) {
      accelerator.links.push_back(std::move(*link));
    }
  }
  return accelerator;
}

}  // namespace

base::Result<std::vector<Accelerator>> list_accelerators(const FindFunction& find) {
  const Functions nvml(find);
  if (!nvml.are_enough()) {
    return base::fail(base::Code::kUnavailable, "the NVML library lacks functions that we need");
  }
  if (const auto result = nvml.init(); result != kSuccess) {
    return base::fail(
        result == kNoPermission ? base::Code::kPermissionDenied : base::Code::kUnavailable,
        result == kDriverNotLoaded ? "the NVIDIA driver is not loaded"
                                   : "NVML would not start, error " + std::to_string(result));
  }
  std::vector<Accelerator> found;
  unsigned count = 0;
  const auto counted = nvml.count(&count);
  for (unsigned i = 0; counted == kSuccess && i < std::min(count, kDevicesMax); ++i) {
    Device device = nullptr;
    if (nvml.handle(i, &device) == kSuccess) {
      found.push_back(accelerator_of(nvml, device));
    }
  }
  (void)nvml.shutdown();
  if (counted != kSuccess) {
    return base::fail(base::Code::kUnavailable,
                      "NVML gave no device count, error " + std::to_string(counted));
  }
  if (found.empty()) {
    return base::fail(base::Code::kUnavailable, "NVML sees no device");
  }
  return found;
}

}  // namespace nvml_api

namespace nvml {
namespace {

#ifdef WEFT_NO_DLOPEN
class NoAccelerators final : public Accelerators {
 public:
  [[nodiscard]] base::Result<std::vector<Accelerator>> list() const override {
    return base::fail(base::Code::kUnavailable, "this static build cannot load NVML", {},
                      "Run the ordinary build on this machine to see NVLinks.");
  }
};
#else
class NvmlAccelerators final : public Accelerators {
 public:
  explicit NvmlAccelerators(std::string library) : library_(std::move(library)) {}

  [[nodiscard]] base::Result<std::vector<Accelerator>> list() const override {
    // Starting NVML without the driver would have it make device nodes through a helper: do not.
    if (library_ == kNvmlLibrary && ::access("/dev/nvidiactl", F_OK) != 0) {
      return base::fail(base::Code::kUnavailable, "no NVIDIA driver is loaded");
    }
    void* const handle = ::dlopen(library_.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
      const char* const why = ::dlerror();
      return base::fail(base::Code::kUnavailable,
                        why != nullptr ? base::printable(why) : "cannot load NVML", library_);
    }
    auto found = nvml_api::list_accelerators(
        [handle](const char* symbol) { return ::dlsym(handle, symbol); });
    (void)::dlclose(handle);
    return found;
  }

 private:
  std::string library_;
};
#endif

}  // namespace
}  // namespace nvml

std::unique_ptr<Accelerators> live_accelerators([[maybe_unused]] std::string library) {
#ifdef WEFT_NO_DLOPEN
  return std::make_unique<nvml::NoAccelerators>();
#else
  return std::make_unique<nvml::NvmlAccelerators>(std::move(library));
#endif
}

}  // namespace weft::bus::linux_host
