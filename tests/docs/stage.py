# SPDX-License-Identifier: Apache-2.0
"""The folder in which tools/check_commands runs the documents' commands, with every file that they name.

Channels are lossy lines by closed formulas, exporter texts are a few lines of what the exporters document, the
firmware image follows wire/retimer/image.h, captures and addresses come from a running twin of small-pod. The
folder bin/ holds `weft` and, where they are not to be used as they are, tiny stands-in for sudo and ssh (which
run what follows), less and lspci (which print a dump).
"""
import cmath
import math
import os
import shutil
import struct
import subprocess

STANDS_IN = {
    "sudo": 'exec "$@"',
    "ssh": 'shift; exec "$@"',  # the machine is this one
    "less": "exec cat",
    "lspci": 'exec cat "$(dirname "$0")/../dump.txt"',
}


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb" if isinstance(data, bytes) else "w") as file:
        file.write(data)


def touchstone(ports, paths, step_ghz=0.1, top_ghz=60.0):
    """Lines from port to port (counted from 1): {(from, to): (dB at 16 GHz, delay in ns)}. The loss grows with
    the root of the frequency as that of copper does, with the phase that belongs to it."""
    lines = ["! made for a test of the documents", "# GHz S RI R 50"]
    for k in range(1, int(top_ghz / step_ghz) + 1):
        f = k * step_ghz
        row = [[0j] * ports for _ in range(ports)]
        for (a, b), (loss, delay) in paths.items():
            nepers = loss / 8.686 * math.sqrt(f / 16)
            row[a - 1][b - 1] = row[b - 1][a - 1] = cmath.exp(complex(-nepers, -nepers - 2 * math.pi * f * delay))
        cells = [f"{z.real:.6g} {z.imag:.6g}" for line in row for z in line]
        lines.append(f"{f:.4g} " + " ".join(cells[:4]))
        lines += [" ".join(cells[i:i + 4]) for i in range(4, len(cells), 4)]
    return "\n".join(lines) + "\n"


def channels(folder):
    line = touchstone(4, {(1, 2): (8, 1.2), (3, 4): (8, 1.2)})
    worse = touchstone(4, {(1, 2): (14, 2.1), (3, 4): (14, 2.1)})
    far = touchstone(4, {(1, 2): (45, 1.2), (3, 4): (52, 1.2)})
    for name in ("board", "thru", "new", "slot", "host", "cable", "module", "lib/one", "lib/two", "runs/one"):
        write(f"{folder}/{name}.s4p", line)
    for name in ("old", "runs/two"):
        write(f"{folder}/{name}.s4p", worse)
    for name in ("f", "n", "f1", "n1"):
        write(f"{folder}/{name}.s4p", far)
    pairs = {(a, b): (8, 1.2) for a, b in ((1, 2), (3, 4), (5, 6), (7, 8))} | {(5, 2): (50, 1.3), (7, 4): (57, 1.3)}
    write(f"{folder}/all.s16p", touchstone(16, pairs, step_ghz=0.25))


def exporter_texts(folder):
    write(f"{folder}/node7.prom", """node_uname_info{nodename="node7",sysname="Linux",release="6.1.0"} 1
node_network_carrier{device="eth0"} 1
node_network_speed_bytes{device="eth0"} 1.25e+10
node_network_receive_errs_total{device="eth0"} 12
""")
    for day, (name, replays) in enumerate((("monday", 5), ("tuesday", 90000))):
        label = '{gpu="0",pci_bus_id="00000000:1B:00.0",Hostname="node7"}'
        write(f"{folder}/{name}.prom", f"DCGM_FI_DEV_GPU_TEMP{label} 41\n"
              f"DCGM_FI_DEV_PCIE_REPLAY_COUNTER{label} {replays}\n")
        os.utime(f"{folder}/{name}.prom", (1.75e9 + day * 86400,) * 2)


def crc8(data):
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07 if crc & 0x80 else crc << 1) & 0xFF
    return crc


def firmware_image():
    image = b""
    for kind, size in ((1, 4096), (2, 2048), (3, 512)):
        data = bytes([2, 9, 1, 0]) + bytes(i % 127 for i in range(size - 4))
        head = struct.pack("<BH", kind, size) + bytes(4)
        crc = crc8(head + data)
        image += b"\xa5\x5a\xa5\x5a" + head + data + bytes([crc, ~crc & 0xFF])
    return (image + b"\xa5\x5a\xa5\x5a\xff" + bytes(4) + b"\xff\xff").ljust(256 * 1024, b"\xff")


DUMP = """00:01.0 PCI bridge: Intel Corporation Device 1234
00: 86 80 34 12 07 00 10 00 00 00 04 06 00 00 01 00
10: 00 00 00 00 00 00 00 00 00 01 01 00 f0 00 00 00
20: f0 ff 00 00 f1 ff 01 00 00 00 00 00 00 00 00 00
30: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
"""


def make(folder, root, weft):
    """Everything that needs no running twin."""
    for name in ("racks", "incidents", "scenarios", "data", "docs"):
        os.symlink(os.path.join(root, name), os.path.join(folder, name))
    os.makedirs(f"{folder}/bin")
    os.symlink(os.path.abspath(weft), f"{folder}/bin/weft")
    for name, script in STANDS_IN.items():
        write(f"{folder}/bin/{name}", f"#!/bin/sh\n{script}\n")
        os.chmod(f"{folder}/bin/{name}", 0o755)
    write(f"{folder}/home/.curlrc", "fail\n")  # an answer that is a mistake ends in 22
    channels(folder)
    exporter_texts(folder)
    write(f"{folder}/image.bin", firmware_image())
    write(f"{folder}/dump.txt", DUMP)
    write(f"{folder}/allreduce.goal", "num_ranks 2\nrank 0 { a: send 8b to 1; b: recv 8b from 1 }\n"
          "rank 1 { a: send 8b to 0; b: recv 8b from 0 }\n")
    for rank in (0, 1):
        shutil.copy(f"{root}/data/fuzz/chakra_fuzz/collectives.et", f"{folder}/llama.{rank}.et")
    write(f"{folder}/token.txt", "operator 0123456789abcdef0123456789abcdef me\n")
    os.chmod(f"{folder}/token.txt", 0o600)
    shutil.copy(f"{root}/data/links/pcie6.yaml", f"{folder}/mine.yaml")
    shutil.copy(f"{root}/racks/small-pod.yaml", f"{folder}/plan.yaml")
    shutil.copy(f"{root}/racks/gpu-server-8.yaml", f"{folder}/server.yaml")
    with open(f"{root}/racks/small-pod.yaml", encoding="utf-8") as file:
        write(f"{folder}/as-built.yaml", file.read().replace("eth-800g-100 x8", "eth-400g-100 x4"))


def take_captures(folder, doors, environment):
    """rack7: what the machines of the twin whose doors are open say, and their addresses."""
    for name in ("small-server0", "small-server1", "leaf0"):
        subprocess.run(["weft", "capture", "--from", f"{doors}/{name}", "-o", f"rack7-{name}.tar.zst"], cwd=folder,
                       env=environment, check=True, capture_output=True, timeout=60)
    subprocess.run(["weft", "rack", "locate", "racks/small-pod.yaml", "-o", "rack7.yaml"], cwd=folder,
                   env=environment, check=True, capture_output=True, timeout=60)
