// SPDX-License-Identifier: Apache-2.0
// Ports whose management interface is not public, read by bus::PortCounters (only a twin has them;
// all of it is modelled): each is a port of a device with the link that it sees from its end, and
// samples of what it counts. collect() calls it where the host has devices to ask.
#pragma once

#include "driver/collect.h"

namespace weft::driver {

/// Adds every port that the host's devices give. One that does not answer is a problem of the
/// snapshot, not an error.
void collect_port_counters(Collection& collection);

}  // namespace weft::driver
