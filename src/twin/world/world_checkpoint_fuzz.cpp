// SPDX-License-Identifier: Apache-2.0
// Any bytes may be offered as a checkpoint: restoring a small world from them must end in a world
// that runs or in an error. The first byte says whether the hash at the end is made right, so that
// what lies behind it is reached; the rest are the checkpoint.
#include "twin/world/count_process.h"
#include "twin/world/histogram_process.h"
#include "twin/world/test_actors.h"
#include "twin/world/thermal.h"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace weft::twin {
namespace {

/// One of all that can be in an actor.
class Everything : public Recorder {
 public:
  using Recorder::Recorder;
  void exchange(Archive& archive) override {
    Recorder::exchange(archive);
    archive.fields(count_, histogram_, body_, map_, maybe_);
  }
  void registers(Archive& out) const override {
    std::uint64_t count = count_.count(now());
    auto histogram = histogram_.counts(now());
    double t = body_.value(now()).value();
    out.fields(count, histogram, t);
  }

 private:
  CountProcess count_{1};
  HistogramProcess histogram_{2};
  ThermalNode body_;
  std::map<std::uint32_t, std::string> map_ = {{1, "one"}};
  std::optional<double> maybe_ = 1.0;
};

std::unique_ptr<World> small_world() {
  auto world = std::make_unique<World>();
  for (const char* path : {"chatter/0", "chatter/1"}) {
    static_cast<void>(world->add(std::make_unique<Chatter>(path, 3, Duration{100'000'000})));
  }
  static_cast<void>(world->add(std::make_unique<Everything>("everything")));
  return world;
}

}  // namespace
}  // namespace weft::twin

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weft;
  if (size < 9) {
    return 0;
  }
  base::Bytes bytes(data + 1, data + size);
  if ((data[0] & 1) != 0) {
    const std::uint64_t sum = twin::hash_bytes(base::ByteView(bytes).first(bytes.size() - 8));
    for (std::size_t i = 0; i < 8; ++i) {
      bytes[bytes.size() - 8 + i] = static_cast<std::uint8_t>(sum >> (8 * i));
    }
  }
  const auto world = twin::small_world();
  if (world->restore(bytes)) {
    const base::Bytes written = world->checkpoint();
    const auto again = twin::small_world();
    if (!again->restore(written) || again->checkpoint() != written) {
      __builtin_trap();  // what is written is not read back
    }
    world->advance(twin::Duration{10'000'000});
    static_cast<void>(world->hash());
  }
  return 0;
}
