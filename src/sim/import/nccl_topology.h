// SPDX-License-Identifier: Apache-2.0
// The topology that NCCL and RCCL write (NCCL_TOPO_DUMP_FILE) and read (NCCL_TOPO_FILE), as a
// network: <system> holds <cpu>, these hold trees of <pci>, and a <pci> holds a <gpu> with its
// <nvlink>, <xgmi> and <c2c>. Format by NCCL's own reader (NVIDIA/nccl, src/graph/xml.cc and
// topo.cc); what it means here:
// - ranks are the GPUs, by their `rank` where every one has its own, else in the file's order; a
//   <pci> of class 0x03 without a <gpu> counts as one (files made by hand have it so);
// - each NVSwitch that links name is a switch; where the file names none (target fffffff:ff:ff.0)
//   there is one for all. Which port a link takes is not in the file;
// - NVLink 3 and later, PCIe and C2C have the payload rate of the protocol table; others what NCCL
//   or RCCL count with (topo.h): NVLink 1 18, NVLink 2 20, sm 86 12, xGMI 24, 36 (MI200) and 48
//   GB/s (MI300) a link, one way; between processors 6 to 40 by their maker;
// - a PCIe link without a speed that is known counts as PCIe 3, without a width as x16, as in NCCL;
// - <nic> and <net> lead out of the file and are left out. Where the GPUs reach each other by
//   NVLink or xGMI alone, so are PCIe, C2C and the processors.
// Latencies are those of rack files (data/sim/parameters.yaml): the file has none.
#pragma once

#include "base/result.h"
#include "sim/network.h"
#include "sim/rack_network.h"

#include <cstdint>
#include <string_view>

namespace weft::sim {

inline constexpr std::uint32_t kNcclGpusMax = 4096;
/// Links of one <nvlink> or <xgmi>.
inline constexpr std::uint32_t kNcclLinksMax = 256;

/// kInvalidArgument with every mistake (at most 20) and its line: not XML, no <system>, numbers
/// that are none, targets that are not there, GPUs that are there twice or disagree about the links
/// between them, ranks that do not reach each other.
[[nodiscard]] base::Result<Network> read_nccl_topology(std::string_view text, std::string_view file,
                                                       const RackOptions& options = {});

}  // namespace weft::sim
