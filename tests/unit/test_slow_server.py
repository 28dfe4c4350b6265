"""A server that is slow serves others: no command ends it for being in a hurry."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from linestop.deployments.server import LocalServer, local_server
from linestop.records import find_process, holder_of

SLOW = """
import sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

asked = 0

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        global asked
        asked += 1
        if asked <= 2:
            threading.Event().wait(20)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *words):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_port, flush=True)
server.serve_forever()
"""


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalServer]:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", SLOW], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        server = LocalServer(process=holder_of(child.pid), port=int(child.stdout.readline()))
        (tmp_path / "server.json").write_text(server.model_dump_json())
        yield server
        child.kill()


def test_a_server_that_answers_late_is_waited_for(slow: LocalServer) -> None:
    said: list[str] = []
    assert local_server(said.append) == slow
    assert find_process(slow.process)
    assert said == ["the Prefect server is slow to answer; waiting for it, at most 30 s"]
