#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# A client of the SMBus door (docs/formats/smbus-door.md): prints a retimer's load status, heartbeat and
# temperature. Usage: smbus_client.py SOCKET BUS ADDRESS, as in: smbus.sock pod-server0/i2c-9 24
import socket
import sys


class Smbus:
    def __init__(self, path, bus):
        self.bus, connection = bus, socket.socket(socket.AF_UNIX)
        connection.connect(path)
        self.lines = connection.makefile("rw")
        if not self.lines.readline().startswith("weft-smbus 1"):
            raise OSError("not version 1 of the SMBus door")

    def run(self, *transactions):
        """The bytes that each transaction gave; none come between them."""
        self.lines.write(f"{self.bus} {' ; '.join(transactions)}\n")
        self.lines.flush()
        line = self.lines.readline()
        if not line:
            raise OSError("the door is closed")
        answers = [answer.split() for answer in line.split(";")]
        if answers[-1][0] != "ok":
            raise OSError(" ".join(answers[-1]))
        return [bytes.fromhex(answer[1]) if len(answer) > 1 else b"" for answer in answers]

    def register(self, device, address, count):
        """A PT5161L register: 17-bit address, up to 16 bytes."""
        config = (count - 1) << 1 | address >> 16
        return self.run(f"write-block {device} 0a {config:02x}{address & 0xffff:04x}", f"read-block {device} 09")[1]


if __name__ == "__main__":
    bus, device = Smbus(sys.argv[1], sys.argv[2]), sys.argv[3]
    print("loaded:", bus.register(device, 0x605, 1)[0] >= 0xE)
    print("heartbeat:", bus.register(device, 0x923, 1)[0])
    code = int.from_bytes(bus.register(device, 0x42C, 4), "little")
    print("temperature:", round(110 - 0.32 * (code - 334), 1), "Cel" if 0 < code < 0x3FF else "(not ready)")
