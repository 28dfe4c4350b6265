"""The model engine in a real sandbox, with Anthropic's library, and with MCP servers of the real package."""

import shutil
import socket
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from linestop.blocks.model_engine.engine import ModelEngine
from linestop.blocks.sandboxes.choice import sandbox_for
from linestop.engines import Endpoint, McpServer, Wire
from linestop.errors import BusyError, InfraError, ToolError
from linestop.events import EventKind, Fault, Outcome
from linestop.policy import SandboxPolicy
from linestop.ports import Dispatch, Limits
from tests.unit.model_engine_rig import EDIT, FINISH, Rig, calls, run

pytestmark = pytest.mark.live

SERVER = '''
from mcp.server import MCPServer
import os, sys

server = MCPServer("tested")

@server.tool()
def add(first: int, second: int) -> int:
    """Add two numbers."""
    return first + second

@server.tool()
def home_of_owner() -> str:
    """Say what of the owner's home is seen."""
    return str(os.path.exists(sys.argv[1]))

if __name__ == "__main__":
    if sys.argv[1] == "http":
        server.run("streamable-http", port=int(sys.argv[2]))
    else:
        server.run()
'''


class SandboxedRig(Rig):
    """A dispatch in bubblewrap; this Python is seen inside, as the checks' environment would be."""

    def engine(self, endpoint: Endpoint) -> ModelEngine:
        if not shutil.which("bwrap"):
            pytest.skip("bubblewrap is not installed")
        engine = super().engine(endpoint)
        policy = SandboxPolicy(kind="bubblewrap")
        engine._sandbox, engine._policy = sandbox_for(policy), policy
        return engine

    def order(self) -> Dispatch:
        mounts = {Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve().parent.parent}
        mounts.add(Path(sysconfig.get_path("stdlib")).parent.parent)
        return super().order().model_copy(update={"mounts": tuple(mounts), "path": (Path(sys.prefix) / "bin",)})


@pytest.fixture
def rig(tmp_path: Path) -> SandboxedRig:
    return SandboxedRig(tmp_path)


def result(rig: Rig, tool: str) -> tuple[str, Outcome | None]:
    event = rig.results(tool)[-1]
    return event.text, event.outcome


def test_commands_run_confined_and_see_the_work(rig: SandboxedRig, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("the owner's")
    rig.key, rig.environ = "MY_KEY", {"MY_KEY": "sk-very-secret"}
    work = rig.play(
        calls(EDIT, run(f"cat a.py; cat {outside} /proc/*/environ; python3 -c 'print(6*7)'; command -v python3")),
        calls({"do": "search", "pattern": r"x = \d"}, {"do": "write", "path": "new/b.py", "text": "y = 2\n"}),
        calls(run("cat new/b.py && echo z >> new/b.py")),
        calls(FINISH),
    )
    assert work.summary == "It is done."
    first = rig.results("shell")[0].text
    assert "x = 1" in first
    assert "42" in first
    assert str(Path(sys.prefix) / "bin" / "python3") in first
    assert "the owner's" not in first
    assert "sk-very-secret" not in rig.log.read_text()
    assert result(rig, "search") == ("./a.py:1:x = 1", Outcome.OK)
    assert (rig.workspace / "new/b.py").read_text() == "y = 2\nz\n"


def test_a_role_that_looks_can_not_write_in_the_shell_either(rig: SandboxedRig) -> None:
    rig.role = "checker"
    work = rig.play(calls(run("echo broken > a.py; cat a.py")), calls({"do": "rule", "ruling": "approve"}))
    assert work.ruling == "approve"
    assert (rig.workspace / "a.py").read_text() == "import os\nx = 1\n"
    assert rig.results("shell")[0].outcome in {Outcome.ERROR, Outcome.OK}
    assert "Read-only file system" in rig.results("shell")[0].text


def test_a_search_that_would_take_for_ever_ends(rig: SandboxedRig) -> None:
    (rig.workspace / "long.txt").write_text("a" * 5_000 + "\n")
    work = rig.play(calls({"do": "search", "pattern": "(a+)+$|(a|aa)+b"}, run("true")), calls(FINISH))
    assert not work.broke_off


def test_an_mcp_server_runs_in_the_cell(rig: SandboxedRig, tmp_path: Path) -> None:
    (rig.workspace / "server.py").write_text(SERVER)
    owners = tmp_path / "owners-home"
    owners.mkdir()
    command = (str(Path(sys.prefix) / "bin" / "python"), str(rig.workspace / "server.py"), str(owners))
    rig.settings, rig.mcp = {"mcp": ("sums",)}, {"sums": McpServer(command=command)}
    add = {"do": "tool", "tool": "sums__add", "args": {"first": 2, "second": 3}}
    look = {"do": "tool", "tool": "sums__home_of_owner", "args": {}}
    assert rig.play(calls(add, look), calls(FINISH)).summary == "It is done."
    assert result(rig, "sums__add") == ("5", Outcome.OK)
    assert result(rig, "sums__home_of_owner") == ("False", Outcome.OK)


@pytest.fixture
def mcp_url(tmp_path: Path) -> Iterator[str]:
    program = tmp_path / "server.py"
    program.write_text(SERVER)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    argv = [sys.executable, str(program), "http", str(port)]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, stdout=subprocess.DEVNULL) as process:
        assert process.stderr is not None
        said: list[str] = []
        try:
            for line in process.stderr:
                said.append(line)
                if "Uvicorn running" in line:
                    break
            else:
                pytest.fail(f"the MCP server doesn't start: {said}")
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            process.kill()


def test_an_mcp_server_is_reached_at_a_url(rig: SandboxedRig, mcp_url: str) -> None:
    rig.settings, rig.mcp = {"mcp": ("sums",)}, {"sums": McpServer(url=mcp_url)}
    add = {"do": "tool", "tool": "sums__add", "args": {"first": 2, "second": 3}}
    assert rig.play(calls(add), calls(FINISH)).summary == "It is done."
    assert result(rig, "sums__add") == ("5", Outcome.OK)


FAULTS: list[tuple[str, Fault, type[Exception] | str]] = [
    ("rate_limit", Fault.RATE_LIMIT, BusyError),
    ("overload", Fault.OVERLOAD, BusyError),
    ("server_error", Fault.OVERLOAD, InfraError),
    ("auth", Fault.AUTH, ToolError),
    ("context", Fault.CONTEXT, "longer than the model's window"),
    ("malformed", Fault.MALFORMED, InfraError),
    ("cut", Fault.NETWORK, InfraError),
    ("crash", Fault.NETWORK, InfraError),
    ("hang", Fault.NETWORK, InfraError),
]


@pytest.mark.parametrize(("kind", "fault", "ends"), FAULTS, ids=[row[0] for row in FAULTS])
@pytest.mark.parametrize("wire", [Wire.OPENAI_CHAT, Wire.OPENAI_RESPONSES, Wire.ANTHROPIC])
def test_each_fault_on_each_wire_ends_in_its_state(
    tmp_path: Path, wire: Wire, kind: str, fault: Fault, ends: type[Exception] | str
) -> None:
    rig = Rig(tmp_path, wire=wire, limits=Limits(idle_seconds=1, wall_seconds=60))
    broken: dict[str, Any] = {"fault": {"kind": kind, "times": None, "reset_seconds": 0.01}, "calls": [FINISH]}
    if isinstance(ends, str):
        assert ends in rig.play(calls(EDIT), broken).broke_off
    else:
        with pytest.raises(ends) as raised:
            rig.play(calls(EDIT), broken)
        assert type(raised.value) is ends
    assert fault in [event.fault for event in rig.of(EventKind.ERROR)]


def test_the_work_is_done_over_anthropics_wire(tmp_path: Path) -> None:
    rig = Rig(tmp_path, wire=Wire.ANTHROPIC)
    turn = calls(EDIT, {"do": "check"}, say="I take it out.", usage={"input": 900, "output": 70, "cache_read": 300})
    assert rig.play(turn, calls(FINISH)).summary == "It is done."
    assert (rig.workspace / "a.py").read_text() == "x = 1\n"
    usage = rig.of(EventKind.USAGE)[0].usage
    assert usage is not None
    assert (usage.input, usage.output, usage.cache_read) == (900, 70, 300)
    assert "cache_control" in str(rig.asked[0].body)
