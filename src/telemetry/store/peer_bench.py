#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same samples through the store and through Debian's VictoriaMetrics and Prometheus.

  peer_bench.py DUMP FOLDER    DUMP: weft_telemetry_bench, which writes the samples and its own figures
                               when WEFT_STORE_DUMP names a folder

Starts both on loopback with temporary folders, imports, waits until their data stands on disk, and
prints bytes a sample and samples a second, and their ratio to ours. Run by hand; a test asserts no times.
VictoriaMetrics takes JSON lines (/api/v1/import), Prometheus makes blocks from OpenMetrics text
(promtool), so its rate is that of an import and not of scraping. Neither keeps "not measured": those
samples are left out for them and are not counted.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

PORT = 18428


def size_of(folder):
    """Bytes of all files, each inode once."""
    seen = {}
    for path, _, files in os.walk(folder):
        for name in files:
            status = os.stat(os.path.join(path, name))
            seen[status.st_ino] = status.st_size
    return sum(seen.values())


def get(path, data=None):
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}{path}", data=data, timeout=600) as answer:
        return answer.read()


def victoria_metrics(lines, folder):
    """Samples' seconds and bytes. Flushed and merged as its own API does it."""
    server = subprocess.Popen(
        ["victoria-metrics", f"-storageDataPath={folder}", f"-httpListenAddr=127.0.0.1:{PORT}",
         "-retentionPeriod=100y", "-memory.allowedPercent=30", "-search.disableCache"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                get("/health")
                break
            except OSError:
                time.sleep(0.1)
        start = time.monotonic()
        with open(lines, "rb") as file:
            while chunk := file.readlines(64 << 20):
                get("/api/v1/import", b"".join(chunk))
        get("/internal/force_flush")
        seconds = time.monotonic() - start
        get("/internal/force_merge")
        before = -1
        for _ in range(60):  # merges run in the background; until the size stands still
            time.sleep(2)
            now = size_of(folder)
            if now == before:
                break
            before = now
    finally:
        server.terminate()
        server.wait()
    return seconds, size_of(folder)


def prometheus(text, folder):
    start = time.monotonic()
    subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", text, folder],
                   check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - start, size_of(folder)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    work = tempfile.mkdtemp(prefix="weft-peer-", dir=sys.argv[2])
    try:
        subprocess.run([sys.argv[1], "--benchmark_filter=store_dump"], check=True,
                       env=dict(os.environ, WEFT_STORE_DUMP=work), stdout=subprocess.DEVNULL)
        with open(f"{work}/ours.json", encoding="utf-8") as file:
            ours = json.load(file)
        samples = ours["samples"]
        rows = [("weft", samples, ours["seconds"], ours["bytes"])]
        rows.append(("VictoriaMetrics", ours["measured"],
                     *victoria_metrics(f"{work}/samples.jsonl", f"{work}/vm")))
        rows.append(("Prometheus", ours["measured"],
                     *prometheus(f"{work}/samples.om", f"{work}/prom")))
        print("| store | samples | bytes a sample | to ours | samples a second | to ours |")
        print("|---|---|---|---|---|---|")
        base_bytes = rows[0][3] / rows[0][1]
        base_rate = rows[0][1] / rows[0][2]
        for name, count, seconds, size in rows:
            print(f"| {name} | {count:,} | {size / count:.3f} | {size / count / base_bytes:.2f} | "
                  f"{count / seconds:,.0f} | {count / seconds / base_rate:.2f} |")
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
