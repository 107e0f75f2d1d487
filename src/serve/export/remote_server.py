#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""remote_server.py start|stop prometheus|victoria-metrics FOLDER: starts the server on a free port of 127.0.0.1 and
prints its address; stop prints what it has, one line a sample ('name time_ms value', sorted), and ends it."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request


def ask(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read()


def start(server, folder):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    if server == "prometheus":
        pathlib.Path(folder, "p.yml").write_text("global: {scrape_interval: 1h}\n", encoding="utf-8")
        words = ["prometheus", f"--config.file={folder}/p.yml", f"--storage.tsdb.path={folder}/data",
                 f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver"]
        ready = "/-/ready"
    else:
        words = ["victoria-metrics", f"-storageDataPath={folder}/data", f"-httpListenAddr=127.0.0.1:{port}",
                 "-retentionPeriod=100y", "-search.latencyOffset=0s"]
        ready = "/health"
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          start_new_session=True) as process:
        for _ in range(400):
            try:
                ask(f"http://127.0.0.1:{port}{ready}")
                break
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        else:
            process.kill()
            sys.exit("the server does not answer")
        pathlib.Path(folder, "server").write_text(f"{process.pid} {port}", encoding="utf-8")
        print(f"http://127.0.0.1:{port}", flush=True)
        os._exit(0)  # the server stays


def stop(server, folder):
    pid, port = (int(word) for word in pathlib.Path(folder, "server").read_text(encoding="utf-8").split())
    base = f"http://127.0.0.1:{port}"
    try:
        if server == "victoria-metrics":
            ask(base + "/internal/force_flush")
        query = urllib.parse.urlencode({"query": '{__name__=~"weft_.*"}[1h]', "time": time.time()})
        for _ in range(50):
            found = json.loads(ask(f"{base}/api/v1/query?{query}"))["data"]["result"]
            if found:
                break
            time.sleep(0.1)
        print("\n".join(sorted(f"{series['metric']['__name__']} {round(at * 1000)} {value}"
                               for series in found for at, value in series["values"])))
    finally:
        os.kill(pid, signal.SIGTERM)


if __name__ == "__main__":
    (start if sys.argv[1] == "start" else stop)(*sys.argv[2:])
