"""A port of this machine that leads to the model proxy's socket, for agents in no sandbox: nothing forwards theirs."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

_CHUNK = 64 * 2**10
_LOOK_SECONDS = 0.2


@contextlib.contextmanager
def relay(to: Path) -> Iterator[int]:
    """Yield a port on 127.0.0.1 that leads to the unix socket `to`, as long as it is open."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        server.settimeout(_LOOK_SECONDS)
        over = threading.Event()
        links: list[socket.socket] = []
        thread = threading.Thread(target=_serve, args=(server, to, over, links), name="linestop-relay", daemon=True)
        thread.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            over.set()
            thread.join()
            for link in links:
                _close(link)


def _serve(server: socket.socket, to: Path, over: threading.Event, links: list[socket.socket]) -> None:
    while not over.is_set():
        try:
            client, _ = server.accept()
        except TimeoutError:
            continue
        except OSError:
            return
        client.settimeout(None)
        proxy = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            proxy.connect(str(to))
        except OSError:
            _close(client)
            _close(proxy)
            continue
        links[:] = [link for link in links if link.fileno() >= 0] + [client, proxy]
        for source, sink in ((client, proxy), (proxy, client)):
            threading.Thread(target=_pump, args=(source, sink), name="linestop-relay-link", daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while chunk := source.recv(_CHUNK):
            sink.sendall(chunk)
    except OSError:
        pass
    finally:
        _close(source)
        _close(sink)


def _close(link: socket.socket) -> None:
    with contextlib.suppress(OSError):
        link.shutdown(socket.SHUT_RDWR)
    link.close()
