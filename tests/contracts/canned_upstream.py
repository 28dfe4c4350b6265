"""A provider of bytes: a loopback server that answers each request with what a test says, and remembers it."""

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Answer = bytes | threading.Event  # bytes are sent, an event is waited for


@dataclass(frozen=True)
class Seen:
    """A request as it arrived. Header names are lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Upstream:
    """Where it listens, what came, and how each connection ended: True where the other side was still there."""

    url: str = ""
    answer: Callable[[Seen], list[Answer]] = lambda seen: [reply({})]
    seen: list[Seen] = field(default_factory=list)
    ended: list[bool] = field(default_factory=list)
    came: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    left: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))


def reply(body: Any, status: int = 200, **headers: str) -> bytes:
    """Return a whole JSON answer."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"content-type": "application/json", "content-length": str(len(raw)), **headers}
    lines = [f"HTTP/1.1 {status} X", *(f"{name.replace('_', '-')}: {value}" for name, value in named.items()), "", ""]
    return "\r\n".join(lines).encode() + raw


def stream(*events: str | bytes, ends: bool = True) -> list[Answer]:
    """Return a chunked event stream, each event a chunk of its own; `ends` = with the closing chunk."""
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    raw = [one.encode() if isinstance(one, str) else one for one in events]
    return [head, *(chunk(one) for one in raw), *([b"0\r\n\r\n"] if ends else [])]


def chunk(raw: bytes) -> bytes:
    """Return bytes as a chunk of HTTP's chunked coding."""
    return b"%x\r\n%s\r\n" % (len(raw), raw)


class _Handler(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self) -> None:
        upstream: Upstream = self.server.upstream  # type: ignore[attr-defined]
        if not (line := self.rfile.readline()):
            return
        method, path, _ = line.decode().split(" ", 2)
        headers = dict(self._header_lines())
        seen = Seen(method, path, headers, self.rfile.read(int(headers.get("content-length", "0"))))
        upstream.seen.append(seen)
        upstream.came.release()
        upstream.ended.append(self._send(upstream.answer(seen)))
        upstream.left.release()

    def _header_lines(self) -> Iterator[tuple[str, str]]:
        while line := self.rfile.readline().strip().decode():
            name, _, value = line.partition(":")
            yield name.lower(), value.strip()

    def _send(self, answer: list[Answer]) -> bool:
        try:
            for one in answer:
                if isinstance(one, threading.Event):
                    one.wait(20)
                else:
                    self.wfile.write(one)
                    self.wfile.flush()
        except OSError:
            return False
        return True


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256


@contextmanager
def canned_upstream() -> Iterator[Upstream]:
    """Serve on a free port of the loopback."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        upstream = Upstream(url=f"http://127.0.0.1:{server.server_address[1]}")
        server.upstream = upstream  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield upstream
        finally:
            server.shutdown()
            thread.join()
