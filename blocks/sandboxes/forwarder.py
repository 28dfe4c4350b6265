"""Runs INSIDE a sandbox, on any Python from 3.8 with its standard library only: no import of linestop works there.

Forwards 127.0.0.1:PORT to a unix socket, the only way out, while one command runs; ends with it and says its exit code.
One thread, so that it takes one of the processes that the sandbox allows. A reader that is slow is waited for: at most
64 KiB a direction are held. As PID 1 (docker) it reaps what others leave. `lifeline` is a socket whose end means that
linestop is gone: then this ends, and everything with it.
"""

import errno
import json
import os
import selectors
import signal
import socket
import sys
from contextlib import suppress
from typing import Any, Dict, List, Optional, Tuple  # noqa: UP035  # a Python of 3.8 may run this

CHUNK = 65536
BACKLOG = 512
SOON = 0.05  # seconds
LOST = 137  # as if it had been killed


class Way:
    """One direction of a connection: read from `source`, written to `target`, its end passed on."""

    def __init__(self, source: socket.socket, target: socket.socket) -> None:
        self.source, self.target = source, target
        self.held = b""
        self.ended = False  # the source has said all
        self.done = False  # and the target has heard it

    def read(self) -> None:
        """Take what the source has, and hand it on as far as the target takes it."""
        try:
            self.held = self.source.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            self.held = b""
        self.ended = not self.held
        self.write()

    def write(self) -> None:
        """Hand on what is held; after the last of it, the end."""
        try:
            while self.held:
                self.held = self.held[self.target.send(self.held) :]
        except BlockingIOError:
            return
        except OSError:
            self.held, self.ended = b"", True
        if self.ended and not self.done:
            self.done = True
            with suppress(OSError):
                self.target.shutdown(socket.SHUT_WR)


class Pair:
    """A connection and its counterpart at the unix socket."""

    def __init__(self, selector: selectors.BaseSelector, near: socket.socket, far: socket.socket) -> None:
        self.selector, self.near, self.far = selector, near, far
        self.ways = (Way(near, far), Way(far, near))
        self.wanted: Dict[socket.socket, int] = {near: 0, far: 0}  # noqa: UP006
        near.settimeout(0)
        far.settimeout(0)
        self.watch()

    def watch(self) -> None:
        """Ask for what is needed now; close once both directions are done."""
        if all(way.done for way in self.ways):
            self.close()
            return
        for sock, before in list(self.wanted.items()):
            events = self._needed(sock)
            if events != before:
                if before:
                    self.selector.unregister(sock)
                if events:
                    self.selector.register(sock, events, self)
                self.wanted[sock] = events

    def close(self) -> None:
        """Close both ends."""
        for sock, events in self.wanted.items():
            if events:
                self.selector.unregister(sock)
            sock.close()
        self.wanted = {}

    def ready(self, sock: socket.socket, events: int) -> None:
        """Do what can be done without waiting."""
        if not self.wanted:
            return
        for way in self.ways:
            if way.source is sock and events & selectors.EVENT_READ:
                way.read()
            elif way.target is sock and events & selectors.EVENT_WRITE:
                way.write()
        self.watch()

    def _needed(self, sock: socket.socket) -> int:
        events = 0
        for way in self.ways:
            if way.source is sock and not way.held and not way.ended:
                events |= selectors.EVENT_READ
            if way.target is sock and way.held:
                events |= selectors.EVENT_WRITE
        return events


class Forwarder:
    """Listens, and serves until the command ends."""

    def __init__(self, port: int, path: str) -> None:
        self.selector = selectors.DefaultSelector()
        self.path = path
        self.waiting: List[socket.socket] = []  # noqa: UP006
        if path:
            listener = socket.create_server(("127.0.0.1", port), backlog=BACKLOG)
            listener.settimeout(0)
            self.selector.register(listener, selectors.EVENT_READ, "listener")

    def hold(self, path: str) -> None:
        """Hold on to linestop."""
        self.lifeline = socket.socket(socket.AF_UNIX)
        self.lifeline.connect(path)
        self.selector.register(self.lifeline, selectors.EVENT_READ, "lifeline")

    def wake_for_children(self) -> socket.socket:
        """Have the end of a child wake `serve`."""
        waker, woken = socket.socketpair()
        waker.settimeout(0)
        woken.settimeout(0)
        signal.set_wakeup_fd(waker.detach(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.selector.register(woken, selectors.EVENT_READ, "woken")
        return woken

    def serve(self, pid: int) -> int:
        """Forward until the process ends; return its exit code as a shell says it."""
        while True:
            code = reaped(pid)
            if code is not None:
                return code
            for key, events in self.selector.select(SOON if self.waiting else 1.0):
                sock = key.fileobj
                if not isinstance(sock, socket.socket) or key.data == "lifeline":
                    return LOST
                if isinstance(key.data, Pair):
                    key.data.ready(sock, events)
                elif key.data == "listener":
                    self.accept(sock)
                else:
                    sock.recv(CHUNK)
            self.join()

    def accept(self, listener: socket.socket) -> None:
        """Take a connection; one too many is closed."""
        try:
            near, _ = listener.accept()
        except OSError:
            return
        if len(self.waiting) >= BACKLOG:
            near.close()
            return
        self.waiting.append(near)
        self.join()

    def join(self) -> None:
        """Join those that wait to the socket outside, where it takes them now; it is asked again soon."""
        for near in self.waiting[:]:
            far = socket.socket(socket.AF_UNIX)
            far.settimeout(0)
            try:
                far.connect(self.path)
            except BlockingIOError:  # its queue is full
                far.close()
                return
            except OSError:  # nobody is there
                near.close()
                far.close()
            else:
                Pair(self.selector, near, far)
            self.waiting.remove(near)


def reaped(pid: int) -> Optional[int]:  # noqa: UP045
    """Reap whatever has ended; return the exit code of `pid` once it has."""
    while True:
        ended, status = _any_ended()
        if ended == pid:
            return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
        if ended == 0:
            return None


def _any_ended() -> Tuple[int, int]:  # noqa: UP006
    try:
        return os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return 0, 0


def started(argv: List[str], order: Dict[str, Any]) -> int:  # noqa: UP006
    """Start the command and return its pid; one that can't be run ends as a shell says it."""
    pid = os.fork()
    if pid:
        return pid
    code = 126
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD):  # Python ignores the first two
            signal.signal(number, signal.SIG_DFL)
        if order.get("cwd"):
            os.chdir(order["cwd"])
        if order.get("stdin"):
            os.dup2(os.open(order["stdin"], os.O_RDONLY), 0)
        os.execvpe(argv[0], argv, order.get("env") or os.environ)  # noqa: S606  # it is what all this is for
    except OSError as error:
        code = 127 if error.errno == errno.ENOENT else 126
        os.write(2, f"{argv[0]}: {error.strerror}\n".encode("utf-8", "replace"))
    finally:
        os._exit(code)
    return 0


def main() -> None:
    """Read the order, listen, start the command, serve."""
    with open(sys.argv[1], encoding="utf-8") as file:  # noqa: PTH123  # pathlib takes 10 ms to import
        order = json.load(file)
    forwarder = Forwarder(order["port"], order.get("socket") or "")
    if order.get("lifeline"):
        forwarder.hold(order["lifeline"])
    forwarder.wake_for_children()
    os._exit(forwarder.serve(started(sys.argv[2:], order)))


if __name__ == "__main__":
    main()
