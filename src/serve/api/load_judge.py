# SPDX-License-Identifier: Apache-2.0
"""Clients that come and go at a running API, for as long as is said; watches the server's memory and its answers.

  load_judge.py URL PID SECONDS [--wrk] [--answers-only]
  load_judge.py --day WEFT [HOURS]

Half of the clients ask and leave, some follow the stream, some are rude (they close in the middle, send nothing,
send rubbish). Prints one line of JSON: what was asked, what went wrong, resident memory after the first tenth
and at the end, and with --wrk what wrk measured beside 200 streams. Ends in 1 where an answer was wrong, the
server is gone, or (but for --answers-only) memory grew by more than a fifth and 20 MiB since the first tenth.

With --day it starts `WEFT up` with the reference pod, for 24 hours of the world or so many, twelve of them a minute,
and lets clients come and go until it ends by itself; the first tenth is then one of the world's time.
"""
import http.client
import json
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

TARGETS = ("/api/v1", "/api/v1/findings", "/api/v1/links?count=10", "/api/v1/top", "/metrics", "/api/v1/world",
           "/", "/api/v1/series?count=5", "/nowhere")
IS_DAY = sys.argv[1] == "--day"
HOURS = float(sys.argv[3]) if IS_DAY and len(sys.argv) > 3 else 24


def start_world(folder):
    """`weft up` in haste; its process and its address."""
    world = subprocess.Popen([sys.argv[2], "up", "reference-pod", "--speed", "720", "--for", f"{HOURS:g}h", "--http",
                              "0", "--folder", folder], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    seen = ""
    for line in world.stdout:
        seen += line
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        if found:
            threading.Thread(target=world.stdout.read, daemon=True).start()  # so that it never waits for us
            return world, found.group(0)
    sys.exit("weft up ended: " + seen[-500:])


FOLDER = tempfile.TemporaryDirectory(prefix="weft-load") if IS_DAY else None
WORLD, ADDRESS = start_world(FOLDER.name) if IS_DAY else (None, sys.argv[1])
URL = urllib.parse.urlsplit(ADDRESS)
PID = WORLD.pid if IS_DAY else int(sys.argv[2])
SECONDS = 86400.0 if IS_DAY else float(sys.argv[3])
END = time.monotonic() + SECONDS
counts = {"answers": 0, "streams": 0, "rude": 0, "refused": 0, "wrong": 0}
wrongs = set()  # what and how
lock = threading.Lock()


def count(what):
    with lock:
        counts[what] += 1


def resident_kib():
    with open(f"/proc/{PID}/status", encoding="ascii") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))


def is_over():
    return time.monotonic() >= END or (WORLD is not None and WORLD.poll() is not None)


def world_hours():
    """How old the world is; None where nobody answers any more."""
    try:
        client = http.client.HTTPConnection(URL.hostname, URL.port, timeout=30)
        client.request("GET", "/api/v1/world")
        said = json.loads(client.getresponse().read())
        client.close()
        return said.get("world_seconds", 0) / 3600
    except (OSError, http.client.HTTPException, ValueError):
        return None


def watch_day():
    """Resident memory after a tenth of the world's time, and the last one that was seen."""
    begin = world_hours() or 0.0
    early = late = resident_kib()
    age = 0.0
    while not is_over():
        try:
            late = resident_kib()
        except (OSError, AttributeError):
            break  # it is ending
        age = max(age, (world_hours() or 0.0) - begin)
        if age < HOURS / 10:
            early = late
        time.sleep(0.5)
    return early, late, age


def polite(dice):
    client = http.client.HTTPConnection(URL.hostname, URL.port, timeout=30)
    for _ in range(dice.randrange(1, 20)):
        target = dice.choice(TARGETS)
        client.request("GET", target, headers={"Accept-Encoding": dice.choice(("gzip", "identity"))})
        answer = client.getresponse()
        answer.read()
        expected = {"/nowhere": (404,), "/": (200, 404, 503)}.get(target, (200, 503))
        count("answers" if answer.status in expected else "wrong")
        if answer.status not in expected:
            wrongs.add(f"{target}: {answer.status}")
    client.close()


def stream(dice):
    client = http.client.HTTPConnection(URL.hostname, URL.port, timeout=30)
    client.request("GET", "/api/v1/stream")
    answer = client.getresponse()
    if answer.status == 200:
        count("streams" if answer.readline().startswith(b"retry:") else "wrong")
        time.sleep(dice.random() * 3)
    client.close()


def rude(dice):
    client = socket.create_connection((URL.hostname, URL.port), timeout=30)
    client.sendall(dice.choice((b"", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x00\xff" * 50,
                                b"GET / HTTP/1.1\r\nHost: x\r\n", b"POST /api/v1/marks HTTP/1.1\r\nHost: "
                                b"localhost\r\nContent-Length: 100\r\n\r\n{")))
    time.sleep(dice.random())
    client.close()
    count("rude")


def visitor(seed):
    dice = random.Random(seed)
    while not is_over():
        try:
            dice.choice((polite, polite, polite, stream, rude))(dice)
        except (OSError, http.client.HTTPException):
            count("refused")  # at its limits the server says 503, or closes


def wrk():
    """200 followers, and wrk beside them on one connection after the other."""
    followers = []
    for _ in range(200):
        follower = http.client.HTTPConnection(URL.hostname, URL.port, timeout=30)
        follower.request("GET", "/api/v1/stream")
        followers.append((follower, follower.getresponse()))
    said = subprocess.run(["wrk", "-t1", "-c16", "-d5s", "--latency", ADDRESS + "/api/v1/findings"],
                          capture_output=True, text=True, timeout=60, check=False).stdout
    for follower, _ in followers:
        follower.close()
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    slow = re.search(r"99%\s+(\S+)", said)
    return {"wrk_per_s": float(rate.group(1)) if rate else None, "wrk_p99": slow.group(1) if slow else None}


threads = [threading.Thread(target=visitor, args=(seed,)) for seed in range(24)]
for thread in threads:
    thread.start()
if IS_DAY:
    early, late, counts["world_hours"] = watch_day()
else:
    time.sleep(SECONDS / 10)
    early = late = resident_kib()
for thread in threads:
    thread.join()
if IS_DAY:
    if WORLD.wait(60) != 0:
        count("wrong")
        wrongs.add(f"weft up ended in {WORLD.returncode}")
    FOLDER.cleanup()
else:
    late = resident_kib()
out = {**counts, "early_kib": early, "late_kib": late, "wrongs": sorted(wrongs)[:20]}
if "--wrk" in sys.argv:
    out.update(wrk())
print(json.dumps(out))
grew = "--answers-only" not in sys.argv and late > early * 1.2 and late - early > 20 * 1024
sys.exit(1 if grew or counts["wrong"] or not counts["answers"] else 0)
