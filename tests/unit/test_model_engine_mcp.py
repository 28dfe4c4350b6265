"""MCP servers of the model engine: in the cell over stdio. The real package and a URL are in tests/live."""

import re
import sys
from pathlib import Path

import pytest

from linestop.engines import McpServer
from linestop.errors import PolicyError, ToolError
from linestop.events import EventKind, Outcome
from tests.unit.model_engine_rig import FINISH, Rig, calls

SERVER = """
import json, os, sys

LONG = "a" * 70
NAMES = ("add", "secret", "fail", "torn", "x!", "x?", LONG + "1", LONG + "2", "add", "odd \\ud83d")
TOOLS = [{"name": name, "description": name, "inputSchema": {"type": "object"}} for name in NAMES]

def answer(method, params):
    if method == "initialize":
        info = {"name": "tested", "version": "1"}
        return {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": info}
    if method == "tools/list":
        return {"tools": TOOLS}
    args = params.get("arguments") or {}
    text = {
        "add": lambda: str(args["first"] + args["second"]),
        "secret": lambda: " ".join(sorted(os.environ)) + " " + os.environ.get("GIVEN", ""),
        "fail": lambda: "no way",
        "torn": lambda: "half \\ud83d",
    }.get(params["name"], lambda: "it is " + params["name"])()
    return {"content": [{"type": "text", "text": text}], "isError": params["name"] == "fail"}

print("a line that is no message", flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    if asked.get("method") in ("initialize", "tools/list", "tools/call"):
        result = {"result": answer(asked["method"], asked.get("params") or {})}
    elif "id" in asked:
        result = {"error": {"code": -32601, "message": "not here"}}
    else:
        continue
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], **result}), flush=True)
"""


@pytest.fixture
def program(tmp_path: Path) -> str:
    path = tmp_path / "server.py"
    path.write_text(SERVER)
    return str(path)


def tool(name: str, **args: object) -> dict[str, object]:
    return {"do": "tool", "tool": name, "args": args}


def test_tools_of_a_command_in_the_cell_are_called(
    tmp_path: Path, program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OWNERS_API_KEY", "sk-not-yours")
    server = McpServer(command=(sys.executable, program), env={"GIVEN": "this much"})
    rig = Rig(tmp_path, settings={"mcp": ("sums",)}, mcp={"sums": server})
    work = rig.play(
        calls(tool("sums__add", first=2, second=3), tool("sums__secret"), tool("sums__fail"), tool("sums__torn")),
        calls(FINISH),
    )
    assert work.summary == "It is done."
    results = {event.tool: event for event in rig.of(EventKind.TOOL_RESULT)}
    assert (results["sums__add"].text, results["sums__add"].outcome) == ("5", Outcome.OK)
    assert "this much" in results["sums__secret"].text
    assert "OWNERS_API_KEY" not in results["sums__secret"].text
    assert results["sums__fail"].outcome is Outcome.ERROR
    assert "no way" in results["sums__fail"].text
    assert results["sums__torn"].text == "half \ufffd", "half a character holds up no answer"
    names = [tool["function"]["name"] for tool in rig.asked[0].body["tools"] if "__" in tool["function"]["name"]]
    assert "sums__add" in names
    assert len(names) == len({*names}) == 9, "a provider takes no name twice"
    assert all(re.fullmatch(r"[\w-]{1,64}", name, re.ASCII) for name in names)


@pytest.mark.parametrize(
    ("server", "words"),
    [
        (McpServer(command=("no-such-program",)), "127"),
        (McpServer(command=("sh", "-c", "echo it broke >&2; exit 3")), "it broke|exit code 3"),
        (McpServer(url="http://127.0.0.1:9/mcp"), "127.0.0.1:9"),
        (McpServer(), "neither"),
    ],
    ids=["missing", "broken", "unreachable", "nothing said"],
)
def test_a_server_that_can_not_be_used_stops_the_line_with_its_name(
    tmp_path: Path, server: McpServer, words: str
) -> None:
    with pytest.raises(ToolError, match="the MCP server 'it' can't be used") as refused:
        Rig(tmp_path, settings={"mcp": ("it",)}, mcp={"it": server}).play(calls(FINISH))
    assert "[mcp.it]" in refused.value.todo
    assert re.search(words, refused.value.found)


def test_a_server_nobody_describes_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="no MCP server 'gone'"):
        Rig(tmp_path, settings={"mcp": ("gone",)}).play(calls(FINISH))
