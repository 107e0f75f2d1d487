#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""remote_write_judge.py prometheus|victoria-metrics BODY: starts the server on a free port of 127.0.0.1 with an
empty folder, posts BODY as remote_write does, and prints what the server then has, one line a sample:
'{label="value",...} time_ms value', sorted. Ends in 77 where the server is not installed."""
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def command(server, port, folder):
    if server == "prometheus":
        with open(folder + "/p.yml", "w", encoding="utf-8") as file:
            file.write("global: {scrape_interval: 1h}\n")
        return ["prometheus", f"--config.file={folder}/p.yml", f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver"], "/-/ready"
    return ["victoria-metrics", f"-storageDataPath={folder}/data", f"-httpListenAddr=127.0.0.1:{port}",
            "-retentionPeriod=100y", "-search.latencyOffset=0s"], "/health"


def ask(url, body=None, headers=None):
    with urllib.request.urlopen(urllib.request.Request(url, body, headers or {}), timeout=10) as answer:
        return answer.read()


def wait_for(url, process):
    for _ in range(200):
        try:
            return ask(url)
        except (urllib.error.URLError, OSError):
            if process.poll() is not None:
                sys.exit("the server ended: " + process.stderr.read().decode()[-2000:])
            time.sleep(0.05)
    sys.exit("the server does not answer")


def main():
    server, body = sys.argv[1:]
    if not shutil.which(server):
        return 77
    with open(body, "rb") as file:
        data = file.read()
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        words, ready = command(server, port, folder)
        base = f"http://127.0.0.1:{port}"
        with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            try:
                wait_for(base + ready, process)
                ask(base + "/api/v1/write", data, {"Content-Type": "application/x-protobuf",
                                                   "Content-Encoding": "snappy",
                                                   "X-Prometheus-Remote-Write-Version": "0.1.0"})
                if server == "victoria-metrics":  # else it shows what came in only seconds later
                    ask(base + "/internal/force_flush")
                lines = []
                for _ in range(100):
                    query = urllib.parse.urlencode({"query": '{__name__=~"weft_.*"}[1h]', "time": time.time()})
                    found = json.loads(ask(f"{base}/api/v1/query?{query}"))["data"]["result"]
                    lines = sorted(
                        "{" + ",".join(f'{k}="{v}"' for k, v in sorted(series["metric"].items())) + "}"
                        + f" {round(at * 1000)} {value}" for series in found for at, value in series["values"])
                    if lines:
                        break
                    time.sleep(0.1)
                print("\n".join(lines))
            finally:
                process.terminate()
    return 0


if __name__ == "__main__":
    sys.exit(main())
