"""What makes two calls the same, and what a call does, whatever its tool is called."""

import hashlib
from typing import Any

import pytest

from linestop.events import Action, call_identity
from linestop.events.identity import canonical, input_hash
from linestop.events.shells import inner_command, shell_action
from linestop.events.tools import describe


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("tool", "args", "key"),
    [
        pytest.param("Bash", {"command": "make", "description": "x", "timeout": 5}, '{"command":"make"}', id="a shell"),
        pytest.param("shell", {"command": ["bash", "-lc", "make"]}, '{"command":"make"}', id="a shell's words"),
        pytest.param("exec_command", {"cmd": "make", "yield_time_ms": 5}, '{"command":"make"}', id="codex' shell"),
        pytest.param("run_commands", {"commands": ["a", "b"]}, '{"command":"a\\nb"}', id="several commands"),
        pytest.param("Edit", {"file_path": "/r/a.py", "old_string": "x"}, '{"path":"/r/a.py"}', id="an edit"),
        pytest.param("edit", {"filePath": "a", "newString": "x"}, '{"path":"a"}', id="opencode's edit"),
        pytest.param(
            "Read", {"file_path": "a", "offset": 5, "limit": 9}, '{"limit":9,"offset":5,"path":"a"}', id="a range"
        ),
        pytest.param("read", {"path": "a", "first": None}, '{"path":"a"}', id="a whole file"),
        pytest.param(
            "Grep", {"pattern": "x", "path": "src", "-n": True}, '{"path":"src","pattern":"x"}', id="a search"
        ),
        pytest.param(
            "str_replace_editor",
            {"command": "view", "path": "a", "view_range": [1, 5]},
            '{"path":"a","view_range":[1,5]}',
            id="an editor that views",
        ),
        pytest.param(
            "file_editor", {"command": "create", "path": "a", "file_text": "x"}, '{"path":"a"}', id="and creates"
        ),
        pytest.param(
            "apply_patch", {"input": "*** Begin Patch\n*** Update File: a.py\n@@"}, '{"path":"a.py"}', id="a patch"
        ),
        pytest.param(
            "mcp__shop__search", {"query": "x", "page": 2}, '{"pattern":"x"}', id="a server's tool by its name"
        ),
        pytest.param("weather", {"b": 1, "a": 2}, '{"a":2,"b":1}', id="an unknown tool: all of it"),
        pytest.param("edit", {"b": 1}, '{"b":1}', id="an edit of nothing known: all of it"),
    ],
)
def test_a_call_is_known_by_its_key_arguments(tool: str, args: dict[str, Any], key: str) -> None:
    assert call_identity(tool, args) == sha(f"{tool}\n{key}")


def test_a_range_tells_two_reads_apart_and_a_note_does_not() -> None:
    assert call_identity("Read", {"file_path": "a", "offset": 1}) != call_identity(
        "Read", {"file_path": "a", "offset": 2}
    )
    assert call_identity("Bash", {"command": "x", "description": "a"}) == call_identity("Bash", {"command": "x"})


def test_all_arguments_count_in_the_hash_of_the_input() -> None:
    assert input_hash({"path": "a", "new": "x"}) != input_hash({"path": "a", "new": "y"})
    assert input_hash({"a": 1, "b": 2}) == input_hash({"b": 2, "a": 1})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param({"n": 2**60}, '{"n":1152921504606846976}', id="a huge integer"),
        pytest.param({"n": float("nan"), "a": 1}, '{"a":1,"n":NaN}', id="no number"),
        pytest.param({"n": 1e-7}, '{"n":1e-7}', id="ECMAScript's exponent"),
        pytest.param({"é": 1, "a": "\x7f\n\x01"}, '{"a":"\x7f\\n\\u0001","é":1}', id="escapes"),
        pytest.param({"n": 5.0, "m": True, "z": None}, '{"m":true,"n":5,"z":null}', id="a whole float"),
    ],
)
def test_canonical_json(value: object, text: str) -> None:
    assert canonical(value).decode() == text


def test_arguments_of_any_shape_have_an_identity() -> None:
    deep: Any = "x"
    for _ in range(900):
        deep = [deep]
    for args in ({"a": deep}, {"a": "\ud800"}, {"command": {"b": [1, deep]}}, {"path": 5}, {"command": [1, None]}):
        assert len(call_identity("bash", args)) == 64


@pytest.mark.parametrize(
    ("command", "action", "path"),
    [
        pytest.param("cat src/a.py", Action.READ, "src/a.py", id="cat"),
        pytest.param("sed -n '1,20p' a.py", Action.READ, "a.py", id="sed prints"),
        pytest.param("cd src && cat a.py | head -20", Action.READ, "a.py", id="behind a cd, through a pipe"),
        pytest.param("rg foo src | head", Action.SEARCH, "", id="rg"),
        pytest.param("find . -name '*.py'", Action.SEARCH, "", id="find"),
        pytest.param("git grep foo", Action.SEARCH, "", id="git grep"),
        pytest.param("ls -la", Action.SEARCH, "", id="ls"),
        pytest.param("sed -i 's/a/b/' a.py", Action.EDIT, "a.py", id="sed edits"),
        pytest.param("cat > a.py <<'EOF'\nx = 1\nEOF", Action.EDIT, "a.py", id="a document into a file"),
        pytest.param("echo x >> notes.txt", Action.EDIT, "notes.txt", id="a line into a file"),
        pytest.param(
            "apply_patch <<'EOF'\n*** Begin Patch\n*** Update File: a.py\nEOF", Action.EDIT, "a.py", id="apply_patch"
        ),
        pytest.param("pytest -q", Action.RUN, "", id="tests"),
        pytest.param("pytest -q > out.txt", Action.RUN, "", id="tests into a file"),
        pytest.param("sed -i 's/a/b/' a.py && pytest", Action.RUN, "", id="an edit and its tests"),
        pytest.param("ls 2>/dev/null", Action.SEARCH, "", id="noise thrown away"),
        pytest.param("git status", Action.RUN, "", id="git"),
        pytest.param("python -c 'print(1 > 0)'", Action.RUN, "", id="a sign in quotes"),
        pytest.param("echo hi", Action.RUN, "", id="echo"),
        pytest.param("cat 'a", Action.RUN, "", id="an open quote"),
        pytest.param("", Action.RUN, "", id="nothing"),
    ],
)
def test_a_command_does_what_its_words_say(command: str, action: Action, path: str) -> None:
    assert shell_action(command) == (action, path)


@pytest.mark.parametrize(
    ("given", "inner"),
    [
        pytest.param("/bin/bash -lc 'echo hi'", "echo hi", id="codex"),
        pytest.param('bash -lc "a && b"', "a && b", id="double quotes"),
        pytest.param(["/bin/zsh", "-lc", "make test"], "make test", id="words"),
        pytest.param(["ls", "-l", "a b"], "ls -l 'a b'", id="no shell"),
        pytest.param("bash -lc make test", "bash -lc make test", id="arguments behind it"),
        pytest.param("bash script.sh", "bash script.sh", id="a script"),
        pytest.param(None, "", id="nothing"),
    ],
)
def test_the_shell_round_a_command_is_taken_off(given: object, inner: str) -> None:
    assert inner_command(given) == inner


def test_a_path_is_told_where_a_tool_has_one() -> None:
    assert describe("Edit", {"file_path": "/r/a.py"}).path == "/r/a.py"
    assert describe("apply_patch", {"changes": [{"path": "b.py", "kind": "update"}]}).path == "b.py"
    assert describe("TodoWrite", {"todos": []}).path == ""
