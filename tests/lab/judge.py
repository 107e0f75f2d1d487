# SPDX-License-Identifier: Apache-2.0
"""Lays what weft said in the guest (guest.sh) beside what the kernel (sysfs), lspci and the hypervisor's own
settings say at the same moment. Called by qemu_lab, which gives the shared folder; `judge` prints one line for
each check and returns how many failed. Python's standard library only, and the program zstd."""
import json
import os
import re
import shutil
import subprocess

# Registers whose names and flags lspci prints in the words that our keys use; renamed ones are left to the unit
# test, which lays every value of a dump beside lspci's (src/wire/pcie/lspci_test.cpp).
LABELS = ("LnkCap", "LnkCtl", "LnkSta", "LnkCap2", "LnkCtl2", "LnkSta2", "SltCap", "SltCtl", "SltSta", "DevCap",
          "DevSta", "UESta", "UEMsk", "UESvrt", "CESta", "CEMsk")
VALUES = {"LnkCap": {"Speed": r"Speed ([\d.]+GT/s|unknown)", "Width": r"Width (x\d+)"},
          "LnkSta": {"Speed": r"Speed ([\d.]+GT/s|unknown)", "Width": r"Width (x\d+)"},
          "LnkCap2": {"Supported Link Speeds": r"Supported Link Speeds: ([\d.-]+GT/s)"},
          "LnkCtl2": {"Target Link Speed": r"Target Link Speed: ([\d.]+GT/s)"}}
OTHER_WORDS = {"LnkDisable": "Disabled"}


class Judge:
    def __init__(self, share, weft):
        self.share, self.weft, self.passed, self.failed = share, weft, 0, 0

    def check(self, name, is_good, otherwise=""):
        self.passed, self.failed = self.passed + bool(is_good), self.failed + (not is_good)
        print(f"ok    {name}" if is_good else f"FAIL  {name}: {otherwise}")

    def text(self, name):
        path = f"{self.share}/{name}"
        return open(path, errors="replace").read() if os.path.exists(path) else None

    def scan(self, name):
        """The JSON that one scan left; a scan that has no sound JSON or code is a failed check."""
        code = (self.text(name + ".rc") or "").strip()
        try:
            answer = json.loads(self.text(name + ".out") or "")
        except ValueError:
            answer = None
        is_sound = answer is not None and code in ("0", "1", "2", "3") and answer["exit_code"] == int(code)
        if not is_sound:
            self.check(f"{name}: weft scan gives JSON and its exit code", False,
                       f"code {code}; {(self.text(name + '.err') or '')[-300:]}")
        return answer if is_sound else None

    def kernel_links(self, name):
        """(port above, function below, GT/s, lanes) of each link, from sysfs alone: a link is below each root or
        downstream port, and the function says its speed. Which bridges are upstream ports, their class tells
        not; but only those are children of a bridge and have bridges as children."""
        value = {}
        for line in (self.text(name + ".sysfs") or "").splitlines():
            match = re.match(r"/sys/bus/pci/devices/([^/]+)/(\w+):(.*)", line)
            if match:
                value.setdefault(match.group(1), {})[match.group(2)] = match.group(3)
        parent = {}
        for line in (self.text(name + ".tree") or "").splitlines():
            parts = line.split("/")
            parent[parts[-1]] = parts[-2] if re.match(r"[0-9a-f]{4}:", parts[-2]) else None
        links = set()
        for function, above in parent.items():
            inside = above and value[above]["class"].startswith("0x0604") and parent[above] \
                and value[function]["class"].startswith("0x0604")
            if above and not inside:
                speed = re.match(r"[\d.]+", value[function]["current_link_speed"])
                links.add((above, function, float(speed.group()), int(value[function]["current_link_width"])))
        return links

    def same_links(self, title, name, answer):
        ours = {(x["a"]["address"], x["b"]["address"], x["rate_gts"], x["width"])
                for x in answer["hosts"][0]["links"] if x["family"] == "pcie"}
        kernel = self.kernel_links(name)
        self.check(f"{title}: {len(kernel)} PCIe links, speeds and widths as the kernel has them",
                   kernel and ours == kernel, f"only ours {ours - kernel}, only the kernel's {kernel - ours}")
        return ours

    def lspci(self, answer):
        """Flags and speeds of the registers in LABELS, of every function."""
        blocks = dict(re.findall(r"(?m)^([0-9a-f:.]{12}) (.*(?:\n\t.*)*)", self.text("lspci.out") or ""))
        ours, compared, wrong = {}, {}, []
        for function in answer["hosts"][0]["functions"]:
            if function["kind"] == "pci_function":
                ours[function["name"]] = {
                    register["key"]: {key: field["text"] for key, field in register["fields"].items()}
                    for capability in function["config"]["capabilities"] if capability["key"] in ("Express", "AER")
                    for register in capability["registers"]}
        for name, block in blocks.items():
            for label, text in re.findall(r"\n\t\t(\w+):((?:.*)(?:\n\t\t[\t ].*)*)", block):
                if label not in LABELS:
                    continue
                fields = ours.get(name, {}).get(label)
                text = text.split("Changed:")[0]  # of the slot's status: there the same words stand twice
                theirs = dict(re.findall(r"([A-Za-z0-9]\w*)([+-])(?=[\s,;]|$)", text))
                for key, pattern in VALUES.get(label, {}).items():
                    found = re.search(pattern, text)
                    theirs.update({key: found.group(1)} if found and found.group(1) != "unknown" else {})
                for key, value in theirs.items():
                    key = OTHER_WORDS.get(key, key)
                    compared[label] = compared.get(label, 0) + 1
                    said = (fields or {}).get(key, "absent").replace(" GT/s", "GT/s")
                    if said != value:
                        wrong.append(f"{name} {label} {key}: lspci {value}, ours {said}")
        self.check("all functions that lspci shows are ours", set(blocks) == set(ours) and len(ours) > 15,
                   str(set(blocks) ^ set(ours)))
        self.check(f"{sum(compared.values())} values as lspci prints them: "
                   + ", ".join(f"{label} {count}" for label, count in sorted(compared.items())),
                   not wrong and sum(compared.values()) > 300 and set(compared) == set(LABELS),
                   "; ".join(wrong[:10]) or f"too few: {compared}")

    def unprivileged(self, root, user):
        hidden = [f["name"] for f in user["hosts"][0]["functions"] if f["kind"] == "pci_function"]
        links = [x for x in user["hosts"][0]["links"] if x["family"] == "pcie"]
        ends = [x["a"]["target_rate_gts"] for x in links] + [x["retimers"] for x in links]
        self.check("without root: the same links", hidden and
                   [x["id"] for x in links] == [x["id"] for x in root["hosts"][0]["links"] if x["family"] == "pcie"])
        self.check("without root: what needs root says so and is no zero",
                   ends and all(isinstance(e, dict) and e["not_measured"] == "needs_root" for e in ends), str(ends))
        self.check("without root: the text says it too", "needs root" in (self.text("usertext.out") or ""))

    def captures(self, root):
        def replayed(name):
            done = subprocess.run([self.weft, "scan", "--json", "--from", f"{self.share}/{name}"], text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=60)
            return json.loads(done.stdout) if done.returncode in range(4) else {"error": done.stderr}

        def shape(answer):
            return [(x["id"], x["level"], x["up"], x["rate_gts"], x["width"]) for x in answer["hosts"][0]["links"]]

        if not os.path.exists(f"{self.share}/guest.tar.zst"):
            self.check("weft capture", False, self.text("capture.err"))
            return
        again = replayed("guest.tar.zst")
        self.check("capture: replayed here it gives the guest's links and findings", "error" not in again
                   and shape(again) == shape(root) and again["findings"] == root["findings"],
                   str(again.get("error") or "they differ"))
        self.check("capture: and the same registers", "error" not in again and
                   [f["config"] for f in again["hosts"][0]["functions"] if "config" in f]
                   == [f["config"] for f in root["hosts"][0]["functions"] if "config" in f], "they differ")
        secrets = self.secrets()
        plain, hidden = (subprocess.run(["zstd", "-dcq", f"{self.share}/{name}"], check=False, stdout=subprocess.PIPE)
                         .stdout for name in ("guest.tar.zst", "hidden.tar.zst"))
        there = [name for name, value in secrets.items() if value in plain]
        leaked = [name for name, value in secrets.items() if value in hidden]
        self.check(f"capture --redact: none of {len(there)} addresses, serials and names that the plain one has",
                   len(there) >= 3 and hidden and not leaked, f"leaked {leaked}; in the plain one {there}")
        less = replayed("hidden.tar.zst")
        self.check("capture --redact: the same speeds and widths", "error" not in less and
                   sorted(map(str, (s[1:] for s in shape(less)))) == sorted(map(str, (s[1:] for s in shape(root)))),
                   str(less.get("error") or "they differ"))

    def secrets(self):
        """What the guest has that names it; serial numbers of configuration space as their bytes, too."""
        found = {"host name": b"lab-guest-7"}
        for line in (self.text("first.sysfs") or "").splitlines():
            match = re.match(r"/sys/.*/(address|serial):\s*(\S+)", line)
            if match and match.group(2) != "00:00:00:00:00:00":
                found[match.group(0)] = match.group(2).encode()
        for serial in re.findall(r"Device Serial Number ([0-9a-f-]{23})", self.text("lspci.out") or ""):
            found["DSN " + serial] = bytes.fromhex(serial.replace("-", ""))[::-1]
        return found

    def errors(self, answer):
        port, host = (self.text("aer.port") or "").strip(), answer["hosts"][0]
        kernel = re.search(re.escape(port) + r"/aer_dev_correctable:BadDLLP (\d+)", self.text("aer.sysfs") or "")
        count = int(kernel.group(1)) if kernel else 0
        link = next((x for x in host["links"] if (x["a"] or {}).get("address") == port), {"a": {}, "id": ""})
        ours = [s["value"] for s in host["samples"] if s["subject"] == link["a"].get("port")
                and s["metric"] == "aer_correctable" and s["label"] == "BadDLLP"]
        self.check(f"errors: {count} BadDLLP injected, as many counted at {port}", count > 0 and ours == [count],
                   str(ours))
        self.check("errors: a finding on that link", any(
            f["code"] == "pcie_correctable_errors" and f["subject"] == link["id"] for f in answer["findings"]),
            str(answer["findings"]))
        logged = len(re.findall(re.escape(port) + r": PCIe Bus Error: severity=Correct", self.text("dmesg.out") or ""))
        events = [e for e in host["events"] if e["kind"] == "aer_correctable"]
        place = next((d["id"] for d in host["devices"] if any(
            f["device"] == d["id"] and f["name"] == port for f in host["functions"])), None)
        self.check(f"errors: {logged} kernel log lines are as many events on the device of {port}",
                   logged > 0 and len(events) == logged and all(
                       e["address"] == port and e["subject"] == place and "BadDLLP" in e["fields"].get("error", "")
                       for e in events), str(events))

    def cxl(self, answer):
        kernel = set(re.findall(r"/(mem\d+)/serial:(\S+)", self.text("first.sysfs") or ""))
        host = answer["hosts"][0]
        ours = {(f["name"], f["values"]["serial"]) for f in host["functions"] if f["kind"] == "cxl_memdev"}
        kinds = {d["part"]["serial"] for d in host["devices"] if d["kind"] == "memory-controller"}
        if os.path.exists(self.share + "/can_inject"):
            self.check(f"CXL: {len(kernel)} memory devices with their serials", len(kernel) == 2 and ours == kernel
                       and len(kinds) == 2, f"ours {ours} {kinds}, the kernel's {kernel}")

    def plugged(self, before, plug, pull):
        if plug:
            now = self.same_links("a drive plugged", "plug", plug)
            self.check("a drive plugged: its link is new", len(now - before) == 1, str(now - before))
        if pull:
            gone = before - self.same_links("a drive pulled", "pull", pull)
            self.check("a drive pulled: its link has gone", [g[0] for g in gone] == ["0000:00:11.0"], str(gone))


def keep_dumps(share):
    """For WEFT_CORPUS=build/cache/lab/dumps weft_wire_test --gtest_filter='*Lspci*Corpus*', by hand."""
    folder = os.path.join(share, "../dumps/lspci")
    os.makedirs(folder, exist_ok=True)
    if os.path.exists(share + "/dump.out"):
        shutil.copy(share + "/dump.out", folder + "/guest.txt")
        shutil.copy(share + "/lspci.out", folder + "/../guest-vvv.txt")


def judge(share, weft, is_whole):
    it = Judge(share, weft)
    ready = {n: it.scan(n) for n in ("root", "user", "aer", "plug", "pull") if is_whole or it.text(n + ".rc")}
    root = ready.get("root")
    if root:
        before = it.same_links("as root", "first", root)
        it.lspci(root)
        it.cxl(root)
        if ready.get("user"):
            it.unprivileged(root, ready["user"])
        if it.text("aer.port"):
            it.captures(root)
        if ready.get("aer"):
            it.errors(ready["aer"])
        it.plugged(before, ready.get("plug"), ready.get("pull"))
    print(f"{it.passed} passed, {it.failed} failed")
    keep_dumps(share)
    return it.failed
