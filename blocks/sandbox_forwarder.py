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

CHUNK = 65536
BACKLOG = 512


class Way:
    """One direction of a connection: read from `source`, written to `target`, its end passed on."""

    def __init__(self, source, target):
        self.source, self.target = source, target
        self.held = b""
        self.ended = False  # the source has said all
        self.done = False  # and the target has heard it

    def read(self):
        try:
            self.held = self.source.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            self.held = b""
        self.ended = not self.held
        self.write()

    def write(self):
        try:
            while self.held:
                self.held = self.held[self.target.send(self.held) :]
        except BlockingIOError:
            return
        except OSError:
            self.held, self.ended = b"", True
        if self.ended and not self.done:
            self.done = True
            try:
                self.target.shutdown(socket.SHUT_WR)
            except OSError:
                pass


class Pair:
    """A connection and its counterpart at the unix socket."""

    def __init__(self, selector, near, far):
        self.selector, self.near, self.far = selector, near, far
        self.ways = (Way(near, far), Way(far, near))
        for sock in (near, far):
            sock.setblocking(False)
        self.wanted = {near: 0, far: 0}
        self.watch()

    def watch(self):
        """Ask for what is needed now; close once both directions are done."""
        if all(way.done for way in self.ways):
            self.close()
            return
        for sock in (self.near, self.far):
            events = 0
            for way in self.ways:
                if way.source is sock and not way.held and not way.ended:
                    events |= selectors.EVENT_READ
                if way.target is sock and way.held:
                    events |= selectors.EVENT_WRITE
            if events != self.wanted[sock]:
                if self.wanted[sock]:
                    self.selector.unregister(sock)
                if events:
                    self.selector.register(sock, events, self)
                self.wanted[sock] = events

    def close(self):
        for sock, events in self.wanted.items():
            if events:
                self.selector.unregister(sock)
            sock.close()
        self.wanted = {}

    def ready(self, sock, events):
        if not self.wanted:
            return
        for way in self.ways:
            if way.source is sock and events & selectors.EVENT_READ:
                way.read()
            elif way.target is sock and events & selectors.EVENT_WRITE:
                way.write()
        self.watch()


class Forwarder:
    """Listens, and serves until the command ends."""

    def __init__(self, port, path):
        self.selector = selectors.DefaultSelector()
        self.path = path
        self.listener = None
        if path:
            self.listener = socket.create_server(("127.0.0.1", port), backlog=BACKLOG)
            self.listener.setblocking(False)
            self.selector.register(self.listener, selectors.EVENT_READ)

    def hold(self, path):
        """Hold on to linestop."""
        self.lifeline = socket.socket(socket.AF_UNIX)
        self.lifeline.connect(path)
        self.selector.register(self.lifeline, selectors.EVENT_READ)

    def serve(self, pid):
        """Forward until the process ends; return its exit code as a shell says it."""
        waker, woken = socket.socketpair()
        for sock in (waker, woken):
            sock.setblocking(False)
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.selector.register(woken, selectors.EVENT_READ)
        while True:
            code = reaped(pid)
            if code is not None:
                return code
            for key, events in self.selector.select(1.0):
                if key.data is not None:
                    key.data.ready(key.fileobj, events)
                elif key.fileobj is self.listener:
                    self.accept()
                elif key.fileobj is woken:
                    woken.recv(CHUNK)
                else:
                    os._exit(137)  # linestop is gone

    def accept(self):
        try:
            near, _ = self.listener.accept()
        except OSError:
            return
        far = socket.socket(socket.AF_UNIX)
        try:
            far.connect(self.path)
        except OSError:
            near.close()
            far.close()
        else:
            Pair(self.selector, near, far)


def reaped(pid):
    """Reap whatever has ended; return the exit code of `pid` once it has."""
    while True:
        try:
            ended, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return None
        if ended == 0:
            return None
        if ended == pid:
            return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def started(argv, cwd, stdin):
    """Start the command and return its pid; one that can't be run ends as a shell says it."""
    pid = os.fork()
    if pid:
        return pid
    code = 126
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        if cwd:
            os.chdir(cwd)
        if stdin:
            os.dup2(os.open(stdin, os.O_RDONLY), 0)
        os.execvp(argv[0], argv)
    except OSError as error:
        code = 127 if error.errno == errno.ENOENT else 126
        os.write(2, ("%s: %s\n" % (argv[0], error.strerror)).encode("utf-8", "replace"))
    finally:
        os._exit(code)


def main():
    order = json.loads(sys.argv[1])
    forwarder = Forwarder(order["port"], order.get("socket"))
    if order.get("lifeline"):
        forwarder.hold(order["lifeline"])
    code = forwarder.serve(started(sys.argv[2:], order.get("cwd"), order.get("stdin")))
    os._exit(code)


if __name__ == "__main__":
    main()
