#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Max-min flows by SimGrid (Debian's python3-simgrid, LGPL-2.1), with its own corrections off: bandwidth and
latency as given, no cross traffic of acknowledgements, no TCP window.

Reads lines "link BYTES_PER_SECOND" and "flow BYTES LINK LINK ..." (links by their number, from 0); all flows start at
once, each between two hosts of its own. Prints, by flow, the second at which it is over.
"""
import sys

from simgrid import Actor, Comm, Engine, LinkInRoute, NetZone

OPTIONS = (
    "network/model:CM02",
    "network/bandwidth-factor:1",
    "network/latency-factor:1",
    "network/weight-S:0",
    "network/crosstraffic:0",
    "network/TCP-gamma:0",
    "network/optim:Full",
    "maxmin/precision:1e-12",
    "surf/precision:1e-12",
)


def main():
    rates, flows = [], []
    for line in sys.stdin:
        word, *rest = line.split()
        if word == "link":
            rates.append(float(rest[0]))
        else:
            flows.append((int(rest[0]), [int(link) for link in rest[1:]]))
    engine = Engine(["judge", "--log=root.thres:warning"] + ["--cfg=" + option for option in OPTIONS])
    zone = NetZone.create_full_zone("all")
    links = [zone.create_link(f"link{i}", rate).set_latency(0).seal() for i, rate in enumerate(rates)]
    hosts = []
    for i, (_, way) in enumerate(flows):
        pair = [zone.create_host(f"{end}{i}", 1e9).seal() for end in ("from", "to")]
        route = [LinkInRoute(links[link]) for link in way]
        zone.add_route(pair[0].netpoint, pair[1].netpoint, None, None, route, False)
        hosts.append(pair)
    watcher = zone.create_host("watcher", 1e9).seal()
    zone.seal()

    def watch():
        comms = [Comm.sendto_async(*hosts[i], size) for i, (size, _) in enumerate(flows)]
        for comm in comms:
            comm.wait()
        for comm in comms:
            print(repr(comm.finish_time))

    Actor.create("watch", watcher, watch)
    engine.run()


if __name__ == "__main__":
    main()
