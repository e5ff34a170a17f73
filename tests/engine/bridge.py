#!/usr/bin/env python3
"""Offer the BuildKit inside dockerd on a plain socket, for buildx's `remote` driver.

Usage: bridge.py LISTEN DOCKERD  (both are paths of unix sockets)

dockerd speaks to its BuildKit over `POST /grpc`, upgraded to h2c: each connection asks for that, then bytes pass both ways.
"""

import socket
import socketserver
import sys
import threading

UPGRADE = b"POST /grpc HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
HEADER_LIMIT = 64 * 1024


def upgrade(dockerd):
    """Ask for the switch and return the bytes that arrived after the answer's header."""
    dockerd.sendall(UPGRADE)
    answer = b""
    while b"\r\n\r\n" not in answer:
        more = dockerd.recv(4096)
        if not more or len(answer) > HEADER_LIMIT:
            raise ConnectionError(f"dockerd's answer ended early: {answer[:200]!r}")
        answer += more
    header, _, rest = answer.partition(b"\r\n\r\n")
    if b" 101 " not in header.split(b"\r\n", 1)[0]:
        raise ConnectionError(f"dockerd refused the upgrade: {header[:200]!r}")
    return rest


def pump(source, sink):
    """Copy until the source ends, then end the sink's writing side only: the other direction may still be busy."""
    try:
        while data := source.recv(64 * 1024):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        # One side is gone for good: wake the other direction too.
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dockerd:
            try:
                dockerd.connect(self.server.dockerd_path)
                self.request.sendall(upgrade(dockerd))
            except OSError as error:
                print(f"bridge: {error}", file=sys.stderr, flush=True)
                return
            back = threading.Thread(target=pump, args=(dockerd, self.request), daemon=True)
            back.start()
            pump(self.request, dockerd)
            back.join()


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 128


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with Server(sys.argv[1], Handler) as server:
        server.dockerd_path = sys.argv[2]
        server.serve_forever()


if __name__ == "__main__":
    main()
