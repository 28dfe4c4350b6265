"""The scripted server's calls fit the tools that each client really offers, and what has no tool is said otherwise."""

import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from linestop.deployments.lab_server.answering import SIDE_ANSWER, Answering
from linestop.deployments.lab_server.asking import Ask
from linestop.deployments.lab_server.replies import Reply
from linestop.deployments.lab_server.shell_words import as_command
from linestop.deployments.lab_server.wire_anthropic import Anthropic
from linestop.deployments.lab_server.wire_gemini import Gemini
from linestop.deployments.lab_server.wire_openai_chat import OpenAiChat
from linestop.deployments.lab_server.wire_openai_responses import OpenAiResponses
from linestop.engines.answers import parse
from linestop.scenarios import Call, Edit, Read, Run, Scenario, Search, Write
from linestop.verdicts import Ruling

CALLS: list[dict[str, Any]] = [
    {"do": "run", "command": "make test"},
    {"do": "read", "path": "calc.py", "first": 3, "last": 9},
    {"do": "edit", "path": "calc.py", "old": "a - b", "new": "a + b"},
    {"do": "write", "path": "new.py", "text": "x = 1\n"},
    {"do": "search", "pattern": "add", "path": "."},
]


def props(*names: str, **described: str) -> dict[str, Any]:
    kinds = {
        "offset": "integer",
        "limit": "integer",
        "edits": "array",
        "commands": "array",
        "requires_approval": "boolean",
    }
    known: dict[str, Any] = {name: {"type": kinds.get(name, "string")} for name in names}
    return known | {name: {"type": "string", "description": text} for name, text in described.items()}


ABSOLUTE = "The absolute path to the file"
# name -> (properties, required), as the clients sent them
CLAUDE = {
    "Bash": (props("command", "timeout", "description"), ["command"]),
    "Read": (props("offset", "limit", file_path=ABSOLUTE), ["file_path"]),
    "Edit": (props("old_string", "new_string", file_path=ABSOLUTE), ["file_path", "old_string", "new_string"]),
    "Write": (props("content", file_path=ABSOLUTE), ["file_path", "content"]),
}
CODEX = {"exec_command": (props("cmd", "workdir") | {"yield_time_ms": {"type": "number"}}, ["cmd"])}
OPENCODE = {
    "bash": (props("command", "workdir"), ["command"]),
    "read": (props("offset", "limit", filePath=ABSOLUTE), ["filePath"]),
    "edit": (props("oldString", "newString", filePath=ABSOLUTE), ["filePath", "oldString", "newString"]),
    "write": (props("content", filePath=ABSOLUTE), ["content", "filePath"]),
    "grep": (props("pattern", "path", "include"), ["pattern"]),
}
GEMINI = {
    "run_shell_command": (props("command", "description"), ["command"]),
    "read_file": (props("file_path", "start_line", "end_line"), ["file_path"]),
    "replace": (
        props("file_path", "instruction", "old_string", "new_string"),
        ["file_path", "instruction", "old_string", "new_string"],
    ),
    "write_file": (props("file_path", "content"), ["file_path", "content"]),
    "grep_search": (props("pattern", "dir_path"), ["pattern"]),
}
PI = {
    "bash": (props("command"), ["command"]),
    "read": (props("path", "offset", "limit"), ["path"]),
    "edit": (props("path", "edits"), ["path", "edits"]),
    "write": (props("path", "content"), ["path", "content"]),
}
QWEN = {
    "run_shell_command": (props("command", "is_background"), ["command"]),
    "read_file": (
        props("limit", file_path=ABSOLUTE) | {"offset": {"type": "number", "description": "the 0-based line number"}},
        ["file_path"],
    ),
    "edit": (props("old_string", "new_string", file_path=ABSOLUTE), ["file_path", "old_string", "new_string"]),
    "write_file": (props("content", file_path=ABSOLUTE), ["file_path", "content"]),
    "grep_search": (props("pattern", "path"), ["pattern"]),
}
CLINE = {
    "run_commands": (props("commands"), ["commands"]),
    "read_files": ({"files": {"type": "array"}}, ["files"]),
    "editor": (props("new_text", "old_text", path="The absolute path"), ["path", "new_text"]),
    "search_codebase": ({"queries": {"type": "array", "items": {"type": "string"}}}, ["queries"]),
}
MINI = {"bash": (props("command"), ["command"])}
OURS = {
    "shell": (props("command") | {"seconds": {"type": "number"}}, ["command"]),
    "read": (props("path", "first", "last"), ["path"]),
    "edit": (props("path", "old", "new"), ["path", "old", "new"]),
    "write": (props("path", "text"), ["path", "text"]),
    "search": (props("pattern", "path"), ["pattern", "path"]),
    "check": ({}, []),
    "finish": (props("summary", "could_not"), ["summary"]),
    "petition": (props("reason"), ["reason"]),
    "ticket": (props("title", "text", "paths", "blocks"), ["title"]),
    "rule": (props("ruling", "reasons"), ["ruling"]),
}
CLIENTS: dict[str, dict[str, tuple[dict[str, Any], list[str]]]] = {
    "claude": CLAUDE,
    "codex": CODEX,
    "opencode": OPENCODE,
    "gemini": GEMINI,
    "pi": PI,
    "qwen": QWEN,
    "cline": CLINE,
    "mini": MINI,
    "ours": OURS,
}
CWD = "You work here.\nWorking directory: /repo\n"


def ask(client: str, *said: str, system: str = CWD) -> Ask:
    """Return a request of a client: `said` are the user's words, an answer of the model between any two."""
    tools = CLIENTS[client] if client else {}
    messages: list[dict[str, Any]] = [{"role": "system", "content": system}]
    for number, text in enumerate(said):
        messages += [{"role": "assistant", "content": "ok"}] if number else []
        messages.append({"role": "user", "content": text})
    offered = [
        {"function": {"name": name, "parameters": {"properties": known, "required": required}}}
        for name, (known, required) in tools.items()
    ]
    return OpenAiChat().ask({"model": "m", "messages": messages, "tools": offered}, "/v1/chat/completions")


def reply(request: Ask, *turns: Any) -> Reply:
    return Answering(Scenario.model_validate({"name": "x", "turns": turns})).answer(request).reply


def called(client: str, call: dict[str, Any], **options: Any) -> list[tuple[str, dict[str, Any]]]:
    made = reply(ask(client, "mend it", **options), {"calls": [call]})
    return [(one.name, dict(one.args)) for one in made.calls]


SHELL_EDIT = "grep -qF -- 'a - b' calc.py && sed -i 's/a - b/a + b/' calc.py"
SHELL_WRITE = "cat > new.py <<'LINESTOP_END'\nx = 1\nLINESTOP_END"
SPOKEN = {"description": "Scripted command"}
SAID: dict[str, list[list[tuple[str, dict[str, Any]]]]] = {
    "claude": [
        [("Bash", {"command": "make test", **SPOKEN})],
        [("Read", {"file_path": "/repo/calc.py", "offset": 3, "limit": 7})],
        [
            ("Read", {"file_path": "/repo/calc.py"}),
            ("Edit", {"file_path": "/repo/calc.py", "old_string": "a - b", "new_string": "a + b"}),
        ],
        [("Write", {"file_path": "/repo/new.py", "content": "x = 1\n"})],
        [("Bash", {"command": "grep -rnE -- add .", **SPOKEN})],
    ],
    "codex": [
        [("exec_command", {"cmd": "make test", "yield_time_ms": 30_000})],
        [("exec_command", {"cmd": "sed -n 3,9p calc.py", "yield_time_ms": 30_000})],
        [("exec_command", {"cmd": SHELL_EDIT, "yield_time_ms": 30_000})],
        [("exec_command", {"cmd": SHELL_WRITE, "yield_time_ms": 30_000})],
        [("exec_command", {"cmd": "grep -rnE -- add .", "yield_time_ms": 30_000})],
    ],
    "opencode": [
        [("bash", {"command": "make test"})],
        [("read", {"filePath": "/repo/calc.py", "offset": 3, "limit": 7})],
        [("edit", {"filePath": "/repo/calc.py", "oldString": "a - b", "newString": "a + b"})],
        [("write", {"filePath": "/repo/new.py", "content": "x = 1\n"})],
        [("grep", {"pattern": "add", "path": "/repo"})],
    ],
    "gemini": [
        [("run_shell_command", {"command": "make test", **SPOKEN})],
        [("read_file", {"file_path": "/repo/calc.py", "start_line": 3, "end_line": 9})],
        [
            (
                "replace",
                {
                    "file_path": "/repo/calc.py",
                    "old_string": "a - b",
                    "new_string": "a + b",
                    "instruction": "scripted",
                },
            )
        ],
        [("write_file", {"file_path": "/repo/new.py", "content": "x = 1\n"})],
        [("grep_search", {"pattern": "add", "dir_path": "/repo"})],
    ],
    "pi": [
        [("bash", {"command": "make test"})],
        [("read", {"path": "/repo/calc.py", "offset": 3, "limit": 7})],
        [("edit", {"path": "/repo/calc.py", "edits": [{"oldText": "a - b", "newText": "a + b"}]})],
        [("write", {"path": "/repo/new.py", "content": "x = 1\n"})],
        [("bash", {"command": "grep -rnE -- add ."})],
    ],
    "qwen": [
        [("run_shell_command", {"command": "make test"})],
        [("read_file", {"file_path": "/repo/calc.py", "offset": 2, "limit": 7})],
        [
            ("read_file", {"file_path": "/repo/calc.py"}),
            ("edit", {"file_path": "/repo/calc.py", "old_string": "a - b", "new_string": "a + b"}),
        ],
        [("write_file", {"file_path": "/repo/new.py", "content": "x = 1\n"})],
        [("grep_search", {"pattern": "add", "path": "/repo"})],
    ],
    "cline": [
        [("run_commands", {"commands": ["make test"]})],
        [("read_files", {"files": [{"path": "/repo/calc.py", "start_line": 3, "end_line": 9}]})],
        [("editor", {"path": "/repo/calc.py", "old_text": "a - b", "new_text": "a + b"})],
        [("editor", {"path": "/repo/new.py", "new_text": "x = 1\n"})],
        [("search_codebase", {"queries": ["add"]})],
    ],
    "mini": [
        [("bash", {"command": "make test"})],
        [("bash", {"command": "sed -n 3,9p calc.py"})],
        [("bash", {"command": SHELL_EDIT})],
        [("bash", {"command": SHELL_WRITE})],
        [("bash", {"command": "grep -rnE -- add ."})],
    ],
}


@pytest.mark.parametrize(("client", "index"), [(client, n) for client in SAID for n in range(len(CALLS))])
def test_each_call_becomes_one_that_the_client_can_make(client: str, index: int) -> None:
    assert called(client, CALLS[index]) == SAID[client][index]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call["do"])
def test_our_own_engine_is_asked_in_the_words_of_the_scenario(call: dict[str, Any]) -> None:
    ((name, args),) = called("ours", call, system="Paths are relative to the workspace.")
    assert name == {"run": "shell"}.get(call["do"], call["do"])
    assert {key: value for key, value in args.items() if key != "seconds"} == {
        key: value for key, value in call.items() if key != "do"
    }


def test_the_checks_are_a_tool_where_there_is_one_else_their_command() -> None:
    check = {"do": "check", "command": "make test"}
    assert called("ours", check) == [("check", {})]
    assert called("mini", check) == [("bash", {"command": "make test"})]


def test_what_a_client_puts_into_the_models_mouth_is_no_answer() -> None:
    said = [
        {"role": "user", "content": "We set up the context."},
        {"role": "assistant", "content": "Got it. Thanks for the context!"},
        {"role": "user", "content": "mend it"},
    ]
    asked = OpenAiChat().ask({"messages": said}, "/v1/chat/completions")
    assert asked.told == ("We set up the context.\nmend it\n",)


def test_where_the_working_directory_is_unknown_the_shell_is_used() -> None:
    assert called("opencode", CALLS[2], system="") == [("bash", {"command": SHELL_EDIT})]


@pytest.mark.parametrize(
    "system",
    [
        " - Primary working directory: /repo\n - Platform: linux",
        "<environment_context>\n  <cwd>/repo</cwd>\n",
        "<env>\n  Working directory: /repo\n  Is git: yes",
        "- **Workspace Directories:**\n  - /repo\n- **Directory Structure:**",
        "I'm currently working in the directory: /repo\n",
        "# Current Working Directory (/repo) Files",
        "Current working directory: /repo",
    ],
)
def test_the_working_directory_is_found_however_a_client_tells_it(system: str) -> None:
    assert ask("claude", "x", system=system).cwd == "/repo"


def test_a_tool_that_is_called_by_name_is_called_even_where_nobody_offers_it() -> None:
    assert called("mini", {"do": "tool", "tool": "teleport", "args": {"to": 1}}) == [("teleport", {"to": 1})]


FINISH = {"do": "finish", "summary": "Done.", "could_not": ["b.py: it is gone"]}
TICKET = {"do": "ticket", "title": "The parser is broken", "blocks": True}


def test_a_last_word_without_a_tool_is_the_block_that_agents_are_asked_for() -> None:
    turns = [{"calls": [CALLS[0], TICKET]}, {"calls": [FINISH]}]
    work = parse(reply(ask("claude", "go", "ran"), *turns).say, "maker")
    assert (work.summary, work.could_not) == ("Done.", ("b.py: it is gone",))
    assert [(one.title, one.blocks) for one in work.discovered] == [("The parser is broken", True)]
    ruled = reply(ask("codex", "go"), {"calls": [{"do": "rule", "ruling": "reject", "reasons": ["a.py:1 is wrong"]}]})
    assert parse(ruled.say, "checker").ruling is Ruling.REJECT
    asked = reply(ask("gemini", "go"), {"calls": [{"do": "petition", "reason": "The test is wrong."}]})
    assert parse(asked.say, "maker").petition == "The test is wrong."


def test_a_last_word_with_a_tool_is_a_call() -> None:
    made = reply(ask("ours", "go"), {"calls": [TICKET, FINISH]})
    assert [(one.name, dict(one.args)) for one in made.calls] == [
        ("ticket", {"title": "The parser is broken", "blocks": True}),
        ("finish", {"summary": "Done.", "could_not": ["b.py: it is gone"]}),
    ]


def test_work_and_a_last_word_in_one_turn_become_two_answers() -> None:
    turns = [{"say": "I run it.", "calls": [CALLS[0], FINISH]}, {"say": "never"}]
    first, second = reply(ask("claude", "go"), *turns), reply(ask("claude", "go", "ran"), *turns)
    assert (first.say, len(first.calls)) == ("I run it.", 1)
    assert (parse(second.say, "maker").summary, second.calls) == ("Done.", ())
    assert "no further turn" not in second.say


def test_mini_submits_its_answer_by_a_command() -> None:
    system = "Submit with `echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT`."
    ((name, args),) = called("mini", FINISH, system=system)
    done = subprocess.run(shlex.split(args["command"]), capture_output=True, text=True, check=True)
    first, _, rest = done.stdout.partition("\n")
    assert (name, first) == ("bash", "COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT")
    assert parse(rest, "maker").summary == "Done."


def test_a_client_that_wants_commands_in_fences_gets_one_at_a_time() -> None:
    system = "Answer with ```mswea_bash_command\nls\n``` and at last COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"
    turns = [{"calls": [CALLS[0], CALLS[1]]}, {"calls": [FINISH]}]
    said = [reply(ask("", *["x"] * count, system=system), *turns) for count in (1, 2, 3)]
    assert ["make test" in said[0].say, "sed -n 3,9p" in said[1].say] == [True, True]
    assert [one.say.count("```mswea_bash_command\n") for one in said] == [1, 1, 1]
    assert "COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT" in said[2].say


def test_a_client_that_edits_by_blocks_gets_all_edits_at_once() -> None:
    system = "Every *SEARCH/REPLACE block* must use this format"
    gone = {"do": "edit", "path": "calc.py", "old": "import os\n", "new": ""}
    made = reply(ask("", "go", system=system), {"calls": [CALLS[2], CALLS[0]]}, {"calls": [gone]}, {"calls": [FINISH]})
    assert "calc.py\n```\n<<<<<<< SEARCH\na - b\n=======\na + b\n>>>>>>> REPLACE\n```" in made.say
    assert "calc.py\n```\n<<<<<<< SEARCH\nimport os\n=======\n>>>>>>> REPLACE\n```" in made.say
    assert parse(made.say, "maker").summary == "Done."


def test_a_client_that_wants_whole_files_gets_them_as_it_showed_them() -> None:
    system = "You MUST use this *file listing* format"
    shown = "I added these files:\n\ncalc.py\n```\ndef add(a, b):\n    return a - b\n```\n"
    turns = [{"say": "I see."}, {"calls": [CALLS[2], CALLS[3]]}, {"calls": [{**CALLS[2], "path": "no.py"}, FINISH]}]
    made = reply(ask("", "an example of its own", shown, "Mend it.", system=system), *turns)
    assert "calc.py\n```\ndef add(a, b):\n    return a + b\n```" in made.say
    assert "new.py\n```\nx = 1\n```" in made.say
    assert "I can't edit no.py" in made.say
    assert parse(made.say, "maker").summary == "Done."


@pytest.mark.parametrize(
    ("system", "said"),
    [
        ("You are a title generator. You output ONLY a thread title.", "mend it"),
        ("Analyze if this message indicates a new conversation topic", "mend it"),
        ("", "Please summarize the conversation so far."),
        ("", 'Decide who speaks next: {"next_speaker": "user" | "model"}'),
    ],
)
def test_a_side_job_is_answered_plainly_and_plays_nothing(system: str, said: str) -> None:
    answering = Answering(Scenario.model_validate({"name": "x", "turns": [{"say": "work", "fault": {"kind": "auth"}}]}))
    answer = answering.answer(ask("", said, system=system))
    assert (answer.reply.say, answer.reply.fault, answer.place) == (SIDE_ANSWER, None, None)
    assert answering.answer(ask("", "mend it", system="You are an agent.")).reply.say == "work"


def test_an_edit_through_the_shell_does_what_an_edit_does(tmp_path: Path) -> None:
    odd = "a[0] / b & $HOME `id` 'q' \\ .* ^"
    made: list[tuple[Call, int]] = [
        (Write(path="new dir/a.py", text=f"{odd}\nsecond\n"), 0),
        (Edit(path="new dir/a.py", old=odd, new="x / & \\1 'y'"), 0),
        (Edit(path="new dir/a.py", old="second\n", new="third\nfourth"), 0),
        (Edit(path="new dir/a.py", old="not there", new="x"), 1),
        (Write(path="b.txt", text="no newline 'at' %s $(the) end"), 0),
        (Read(path="new dir/a.py", first=2), 0),
        (Search(pattern="thi[r]d", path="."), 0),
        (Run(command="exit 3"), 3),
    ]
    for call, code in made:
        done = subprocess.run(["bash", "-c", as_command(call)], cwd=tmp_path, capture_output=True, check=False)
        assert done.returncode == code, (call, done)
    assert (tmp_path / "new dir/a.py").read_text(encoding="utf-8") == "x / & \\1 'y'\nthird\nfourth"
    assert (tmp_path / "b.txt").read_text(encoding="utf-8") == "no newline 'at' %s $(the) end"


SPOKEN_ON_EACH_WIRE = [
    pytest.param(
        Anthropic(),
        {
            "system": [{"type": "text", "text": "sys"}],
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "brief"}]},
                {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "Bash", "input": {}}]},
                {"role": "user", "content": [{"type": "tool_result", "content": [{"type": "text", "text": "ran"}]}]},
                {"role": "system", "content": "and told"},
            ],
        },
        id="anthropic",
    ),
    pytest.param(
        OpenAiChat(),
        {
            "messages": [
                {"role": "system", "content": "sys"},
                {"role": "user", "content": [{"type": "text", "text": "brief"}]},
                {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}, {"id": "2"}]},
                {"role": "tool", "tool_call_id": "1", "content": "ran"},
                {"role": "system", "content": "and told"},
            ]
        },
        id="chat",
    ),
    pytest.param(
        OpenAiResponses(),
        {
            "instructions": "sys",
            "input": [
                {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "brief"}]},
                {"type": "reasoning", "summary": []},
                {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "I look"}]},
                {"type": "function_call", "name": "exec_command", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "1", "output": "ran"},
                {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "and told"}]},
            ],
        },
        id="responses",
    ),
    pytest.param(
        Gemini(),
        {
            "systemInstruction": {"parts": [{"text": "sys"}]},
            "contents": [
                {"role": "user", "parts": [{"text": "brief"}]},
                {"role": "model", "parts": [{"functionCall": {"name": "x", "args": {}}}]},
                {"role": "user", "parts": [{"functionResponse": {"name": "x", "response": {"output": "ran"}}}]},
                {"role": "user", "parts": [{"text": "and told"}]},
            ],
        },
        id="gemini",
    ),
]


@pytest.mark.parametrize(("wire", "body"), SPOKEN_ON_EACH_WIRE)
def test_each_wire_tells_answers_from_what_was_told(wire: Any, body: dict[str, Any]) -> None:
    asked = wire.ask(body, "/v1beta/models/m:generateContent")
    assert [text.split() for text in asked.told] == [["brief"], ["ran", "and", "told"]]
    assert asked.system.strip() == "sys"
