#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""http_judge.py FOLDER [tls]: Python's http.server on a free port of 127.0.0.1. Prints the port, answers until its
standard input ends, and writes each request to FOLDER/request. With `tls` it makes itself a certificate for
'localhost' (FOLDER/cert.pem).
Paths: /ok answers 200 with the body sent; /long more than a megabyte; /slow never; /garbage no HTTP; else 404."""
import http.server
import ssl
import subprocess
import sys
import threading
import time

folder = sys.argv[1]


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *words):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with open(folder + "/request", "wb") as file:
            file.write(self.requestline.encode() + b"\n" + bytes(self.headers) + body)
        if self.path == "/slow":
            time.sleep(30)
        if self.path == "/garbage":
            self.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
            return
        self.send_response(200 if self.path in ("/ok", "/long") else 404, "as asked")
        answer = b"x" * (3 << 20) if self.path == "/long" else body
        self.send_header("X-Judge", "here")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        try:
            self.wfile.write(answer)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it was too long for the client


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
if "tls" in sys.argv:
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                    "-keyout", folder + "/key.pem", "-out", folder + "/cert.pem"],
                   check=True, stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder + "/cert.pem", folder + "/key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
