#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# A client of the module door (docs/formats/module-door.md): prints a module's vendor, part and temperature.
# Usage: module_client.py SOCKET MODULE, as in: module.sock pod-server0/eth0
import socket
import sys


class Module:
    def __init__(self, path, module):
        self.module, connection = module, socket.socket(socket.AF_UNIX)
        connection.connect(path)
        self.lines = connection.makefile("rw")
        if not self.lines.readline().startswith("weft-module 1"):
            raise OSError("not version 1 of the module door")

    def ask(self, request):
        self.lines.write(request + "\n")
        self.lines.flush()
        answer = self.lines.readline().split()
        if not answer or answer[0] != "ok":
            raise OSError(" ".join(answer) or "the door is closed")
        return bytes.fromhex(answer[1]) if len(answer) > 1 else b""

    # What SONiC's CmisApi asks of its platform: None and False where the module does not answer.
    def read_eeprom(self, offset, count):
        try:
            return bytearray(self.ask(f"read-linear {self.module} {offset} {count}"))
        except (OSError, ValueError):
            return None

    def write_eeprom(self, offset, count, data):
        try:
            self.ask(f"write-linear {self.module} {offset} {bytes(data[:count]).hex()}")
        except (OSError, ValueError):
            return False
        return True


if __name__ == "__main__":
    module = Module(sys.argv[1], sys.argv[2])
    vendor, part, raw = module.read_eeprom(129, 16), module.read_eeprom(148, 16), module.read_eeprom(14, 2)
    if vendor is None or part is None or raw is None:
        sys.exit(f"{sys.argv[2]} does not answer; see `weft up --doors` for the modules there are")
    print("vendor:", vendor.decode("ascii", "replace").strip())
    print("part:", part.decode("ascii", "replace").strip())
    print("temperature:", int.from_bytes(raw, "big", signed=True) / 256, "Cel")
