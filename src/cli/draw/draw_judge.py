#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads pictures as strangers do.

  draw_judge.py svg FILE          parses XML, looks at elements, references and the embedded PNG
  draw_judge.py png FILE W H      reads every chunk, its CRC and all pixels with zlib alone

Prints what is wrong and ends in 1, or prints "ok". Only Python's own modules are used.
"""
import base64
import struct
import sys
import xml.etree.ElementTree as xml
import zlib

CHANNELS = {2: 3, 3: 1}  # colour type -> bytes a pixel, at 8 bits


def check_png(data, width=None, height=None):
    assert data[:8] == b"\x89PNG\r\n\x1a\n", "no PNG signature"
    at, kinds, packed, head = 8, [], b"", None
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        (crc,) = struct.unpack(">I", data[at + 8 + length:at + 12 + length])
        assert crc == zlib.crc32(kind + body), f"CRC of {kind}"
        kinds.append(kind)
        if kind == b"IHDR":
            head = struct.unpack(">IIBBBBB", body)
        if kind == b"IDAT":
            packed += body
        at += 12 + length
    assert kinds[0] == b"IHDR" and kinds[-1] == b"IEND", kinds
    assert b"tIME" not in kinds, "a PNG that knows the time is not the same twice"
    assert (width, height) in ((None, None), head[:2]), f"{head[:2]} is not {width} x {height}"
    assert head[2] == 8 and head[3] in CHANNELS, head
    raw = zlib.decompress(packed)
    assert len(raw) == head[1] * (1 + head[0] * CHANNELS[head[3]]), "pixels are missing"


def check_svg(path):
    text = open(path, encoding="utf-8").read()
    root = xml.fromstring(text.encode())
    space = "{http://www.w3.org/2000/svg}"
    assert root.tag == space + "svg", root.tag
    width, height = (float(root.get(name)) for name in ("width", "height"))
    assert len(text) < 300_000, f"{len(text)} bytes"
    for element in root.iter():
        for name, value in element.attrib.items():
            assert not value.startswith(("http:", "https:", "//", "file:")), f"{name}={value}"
        if element.tag == space + "image" and element.get("href"):
            kind, data = element.get("href").split(",", 1)
            assert kind == "data:image/png;base64", kind
            check_png(base64.b64decode(data, validate=True))
        if element.tag == space + "text":
            x, y = float(element.get("x")), float(element.get("y"))
            assert 0 <= x <= width and 0 <= y <= height, f"text outside: {element.text}"
    assert any(element.text for element in root.iter(space + "text")), "no text"


if __name__ == "__main__":
    try:
        if sys.argv[1] == "svg":
            check_svg(sys.argv[2])
        else:
            with open(sys.argv[2], "rb") as file:
                check_png(file.read(), int(sys.argv[3]), int(sys.argv[4]))
    except (AssertionError, ValueError, xml.ParseError, zlib.error, struct.error) as problem:
        print(problem)
        sys.exit(1)
    print("ok")
