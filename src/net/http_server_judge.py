# SPDX-License-Identifier: Apache-2.0
"""Python's http.client and bare sockets against the server of http_server_test.cpp, friendly and not.

  http_server_judge.py PORT HASTY

HASTY is the port of a server whose deadlines are 300 ms. Prints what does not hold, one line each; ends
in 1 if anything does not.
"""
import http.client
import json
import resource
import socket
import struct
import sys
import time

PORT = int(sys.argv[1])
HASTY = int(sys.argv[2])
problems = []


def expect(name, condition, seen=""):
    if not condition:
        problems.append(f"{name}: {str(seen)[:300]}")


def bare(data=b"", wait=5.0, port=PORT):
    """A socket that has sent `data`."""
    out = socket.create_connection(("127.0.0.1", port), timeout=wait)
    out.sendall(data)
    return out


def rest(sock):
    got = b""
    try:
        while True:
            some = sock.recv(65536)
            if not some:
                return got
            got += some
    except ConnectionError:
        return got


def answer_to(data):
    with bare(data) as sock:
        return rest(sock)


def friendly():
    client = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
    local = None
    for i in range(3):
        client.request("GET", f"/echo/a%2Fb/%C3%A9?x={i}&y=1+2%2B3")
        answer = client.getresponse()
        said = json.loads(answer.read())
        expect("kept alive", local in (None, client.sock.getsockname()), local)
        local = client.sock.getsockname()
        expect("status", answer.status == 200, answer.status)
        expect("segments", said["segments"] == ["echo", "a/b", "é"], said)
        expect("query", said["query"] == [["x", str(i)], ["y", "1 2+3"]], said)
        expect("date", answer.getheader("Date", "").endswith(" GMT"), answer.getheaders())
        expect("fixed header", answer.getheader("X-Content-Type-Options") == "nosniff")
    client.request("HEAD", "/echo")
    answer = client.getresponse()
    expect("head has a length", int(answer.getheader("Content-Length")) > 10)
    expect("head has no body", answer.read() == b"")
    client.request("POST", "/echo", body="x" * 5000)
    expect("body", json.loads(client.getresponse().read())["body"] == 5000)
    client.request("POST", "/echo", body=iter([b"ab", b"c" * 100]), encode_chunked=True)
    expect("chunks", json.loads(client.getresponse().read())["body"] == 102)
    client.request("GET", "/later")
    expect("from another thread", client.getresponse().read() == b"later")
    client.request("GET", "/big")
    expect("8 MB", len(client.getresponse().read()) == 8 << 20)
    client.request("GET", "/throws")
    answer = client.getresponse()
    expect("a handler's mistake", answer.status == 500, answer.status)
    answer.read()
    client.request("GET", "/none")
    answer = client.getresponse()
    answer.read()
    expect("304 has no body", answer.status == 304 and not answer.getheader("Content-Length"))
    client.close()
    said = answer_to(b"GET /echo HTTP/1.0\r\n\r\n")
    expect("HTTP/1.0 ends", said.startswith(b"HTTP/1.1 200") and b"Connection: close" in said, said)
    said = answer_to(b"GET http://localhost:1/echo?z=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    expect("absolute form", b'"z"' in said, said)
    one = b"GET /echo HTTP/1.1\r\nHost: localhost\r\n\r\n"
    said = answer_to(one * 50 + one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    expect("pipelined", said.count(b"HTTP/1.1 200 OK") == 51, said.count(b"HTTP/1.1"))
    with bare(b"POST /echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
              b"Content-Length: 2\r\nConnection: close\r\n\r\n") as sock:
        expect("100 first", sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n")
        sock.sendall(b"ab")
        said = rest(sock)
        expect("then the answer", said.startswith(b"HTTP/1.1 200") and b'"body":2' in said, said)


HOST = b"Host: localhost\r\n"
REFUSED = [
    (b"GET / HTTP/1.1\r\n\r\n", 400), (b"GET / HTTP/1.1\r\n" + HOST * 2 + b"\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: rebind.example\r\n\r\n", 421),
    (b"GET / HTTP/1.1\r\nHost: 127.0.0.1.rebind.example:80\r\n\r\n", 421),
    (b"GET http://rebind.example/ HTTP/1.1\r\n" + HOST + b"\r\n", 421),
    (b"GET /\xff\xfe HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    (b"GET /%ff HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    (b"GET /%c0%af HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    (b"GET /%ed%a0%80 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    (b"GET /%00 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    (b"GET /%zz HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    (b"GET /../etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    (b"GET /a/%2e%2E/b HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    (b"GET //etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    (b"GET /a#b HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    (b"GET etc HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    (b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    (b"CONNECT a:1 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
    (b"GET /?" + b"a&" * 100 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
    (b"GET / HTTP/1.1\r\n" + HOST + b"a: b\r\n" * 100 + b"\r\n", 431),
    (b"GET / HTTP/1.1\r\n" + HOST + b"a: " + b"b" * 10_000_000 + b"\r\n\r\n", 431),
    (b"G" * 10_000_000, 431),
    (b"GET / HTTP/3.7\r\n" + HOST + b"\r\n", 505), (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 90, 400),
    (b"GET / HTTP/1.1\r\n" + HOST + b"a b: c\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 99999999999\r\n\r\n", 413),
    (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\n", 413),
    (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n", 400),
]


def hostile():
    for data, status in REFUSED:
        said = b""
        with socket.create_connection(("127.0.0.1", PORT), timeout=5) as sock:
            try:
                sock.sendall(data)
            except ConnectionError:
                pass
            said = rest(sock)
        begin = f"HTTP/1.1 {status} ".encode()
        expect(f"refuses {data[:60]!r}", said.startswith(begin), said)
        if said.startswith(begin):
            body = json.loads(said.split(b"\r\n\r\n", 1)[1])
            expect("problem", body["status"] == status and body["title"] and body["detail"], body)
            expect("problem's type", b"Content-Type: application/problem+json" in said, said)


def slow():
    begin = time.monotonic()
    dripping = [bare(b"GET / HTTP/1.1\r\n", port=HASTY) for _ in range(50)]
    silent = bare(port=HASTY)
    half = bare(b"GET / HT", port=HASTY)
    half.shutdown(socket.SHUT_WR)
    body = bare(b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 10\r\n\r\nabc", port=HASTY)
    reader = bare(b"GET /big HTTP/1.1\r\n" + HOST + b"\r\n", port=HASTY)
    while time.monotonic() - begin < 5 and dripping:
        for sock in list(dripping):
            try:
                sock.sendall(b"a")
            except ConnectionError:
                dripping.remove(sock)
        time.sleep(0.02)
    expect("slowloris is dropped", not dripping, len(dripping))
    expect("half open ends", rest(half) == b"")
    expect("silence is dropped", rest(silent) == b"")
    expect("half a body is dropped", rest(body) == b"")
    time.sleep(max(0.0, 0.8 - (time.monotonic() - begin)))
    got = rest(reader)
    expect("who does not read is dropped", len(got) < 8 << 20, len(got))


def many():
    """The server's limit here is 150 connections; a thousand want one."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, most), most))
    crowd = []
    turned_away = 0
    for _ in range(1000):
        crowd.append(bare())
    crowd[-1].recv(1, socket.MSG_PEEK)  # told off: all before it have been accepted
    for sock in crowd:
        try:
            sock.sendall(b"GET /echo HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
            said = rest(sock)
        except (ConnectionError, TimeoutError):
            said = b""
        turned_away += said.startswith(b"HTTP/1.1 200") is False
        sock.close()
    expect("850 of 1000 are turned away", 850 <= turned_away < 860, turned_away)


def odd_bytes():
    """Not UTF-8 where no rule forbids it: in a field that nobody reads, and in a body."""
    close = HOST + b"Connection: close\r\n"
    for data in (b"GET /echo HTTP/1.1\r\n" + close + b"X-A: \xff\xc0\xaf\r\n\r\n",
                 b"POST /echo HTTP/1.1\r\n" + close + b"Content-Length: 4\r\n\r\n\xff\xfe\0\x80"):
        said = answer_to(data)
        expect("bytes that are no UTF-8", said.startswith(b"HTTP/1.1 200 "), said)


def half_open():
    """Who has said all and closes its half gets its answer; who is cut off hurts nobody."""
    with bare(b"GET /echo HTTP/1.1\r\n" + HOST + b"\r\n") as sock:
        sock.shutdown(socket.SHUT_WR)
        said = rest(sock)
        expect("a closed half is answered", said.startswith(b"HTTP/1.1 200 "), said)
    end = b" HTTP/1.1\r\n" + HOST + b"\r\n"
    body = b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 9\r\n\r\nab"
    for data in (b"", b"GET /ec", b"GET /echo" + end, b"GET /big" + end, b"GET /stream" + end, body):
        for _ in range(20):
            sock = bare(data)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()  # a reset, without a word


def streams():
    sock = bare(b"GET /stream HTTP/1.1\r\n" + HOST + b"\r\n")
    answer = http.client.HTTPResponse(sock)
    answer.begin()
    expect("stream's type", answer.getheader("Content-Type") == "text/event-stream")
    expect("chunked", answer.getheader("Transfer-Encoding") == "chunked")
    expect("first piece", answer.read(5) == b"one\n\n")
    expect("second piece and end", answer.read() == b"two\n\n")
    said = answer_to(b"GET /stream HTTP/1.0\r\n\r\n")
    expect("HTTP/1.0 has no chunks", said.endswith(b"\r\n\r\none\n\ntwo\n\n"), said)
    said = answer_to(b"HEAD /stream HTTP/1.1\r\nConnection: close\r\n" + HOST + b"\r\n")
    expect("HEAD of a stream", b"200 OK" in said and said.endswith(b"\r\n\r\n"), said)


for judge in (friendly, hostile, odd_bytes, slow, half_open, many, streams, friendly):
    judge()
print("\n".join(problems))
sys.exit(1 if problems else 0)
