"""A night with bad company: a batch of twenty tickets with crashes, hangs, liars and loopers, through the real command.

Every ticket must end in a state that is true, and nothing may be left behind.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from linestop.blocks.git_workspaces import GitWorkspaces
from linestop.incidents import IncidentStore
from linestop.paths import Layout
from linestop.records import is_alive
from linestop.tickets import Ticket, TicketState
from linestop.tracker import SqliteTracker
from tests.flows.small_shop import commit_all, small_shop, unused_imports, write_plans
from tests.live.linestop_command import linestop, machine

pytestmark = pytest.mark.live

BODY = "import json\nimport math\n\n\ndef count(items):\n    return len(list(items))\n"
CLEAN = "def count(items):\n    return len(list(items))\n"


def mending(path: str) -> list[dict[str, object]]:
    return [
        {"calls": [{"do": "read", "path": path}], "say": "I look first."},
        {"calls": [{"do": "write", "path": path, "text": CLEAN}]},
        {"calls": [{"do": "finish", "summary": "Takes the imports out that nothing reads."}]},
    ]


def only_first(kind: str, path: str) -> list[dict[str, object]]:
    """Return acts: the first attempt ends in a fault with half an edit made, the second does the work."""
    half = {"calls": [{"do": "write", "path": path, "text": "import"}]}
    fault = {"fault": {"kind": kind, "times": None}}
    return [{"for": {"attempt": 1}, "turns": [half, fault]}, {"turns": mending(path)}]


def always(*turns: dict[str, object]) -> list[dict[str, object]]:
    return [{"turns": list(turns)}]


def acts_of(kind: str, path: str) -> list[dict[str, object]]:
    """Return the acts of one kind of agent on one file."""
    lie = {"do": "finish", "summary": "All findings are gone and every test passes."}
    break_it = {"do": "write", "path": path, "text": "def count(items):\n    return 0\n"}
    hush = {"do": "write", "path": path, "text": BODY.replace("json\n", "json  # noqa: F401\n")}
    loop = {"do": "run", "command": "cat no-such-file"}
    return {
        "good": [{"turns": mending(path)}],
        "crashes-once": only_first("crash", path),
        "hangs-once": only_first("hang", path),
        "crashes": always({"fault": {"kind": "crash", "times": None}}),
        "loops": always({"calls": [loop], "times": 5000}),
        "lies": always({"calls": [lie]}),
        "breaks": always({"calls": [break_it]}, {"calls": [lie]}),
        "hushes": always({"calls": [hush]}, {"calls": [lie]}),
        "strays": always({"calls": [{"do": "write", "path": "shop/__init__.py", "text": "x = 1\n"}]}, {"calls": [lie]}),
        "petitions": always({"calls": [{"do": "petition", "reason": "the test asserts the wrong number"}]}),
        "busy": [
            {
                "turns": [
                    {"fault": {"kind": "rate_limit", "reset_seconds": 1, "times": 1}, **mending(path)[0]},
                    *mending(path)[1:],
                ]
            }
        ],
    }[kind]


KINDS = {
    "good": (6, TicketState.DONE),
    "crashes-once": (2, TicketState.DONE),
    "hangs-once": (1, TicketState.DONE),
    "busy": (1, TicketState.DONE),
    "crashes": (1, TicketState.STOPPED),
    "loops": (2, TicketState.STOPPED),
    "breaks": (2, TicketState.STOPPED),
    "hushes": (1, TicketState.STOPPED),
    "strays": (1, TicketState.STOPPED),
    "lies": (2, TicketState.PETITIONED),
    "petitions": (1, TicketState.PETITIONED),
}
EXPECTED = {f"{kind}-{number}": state for kind, (count, state) in KINDS.items() for number in range(count)}


def night(root: Path) -> Path:
    """Make a repository with a finding for each ticket, its plans, and the scenario of all agents."""
    small_shop(root)
    acts: list[dict[str, object]] = []
    plans = []
    for name in EXPECTED:
        path = f"shop/{name.replace('-', '_')}.py"
        (root / path).write_text(BODY)
        (root / f"tests/test_{name.replace('-', '_')}.py").write_text(
            f"from shop.{Path(path).stem} import count\n\n\ndef test_count():\n    assert count('ab') == 2\n"
        )
        plans.append(unused_imports(name, path))
        mine: list[Any] = acts_of(name.rpartition("-")[0], path)
        acts += [{**act, "for": {"ticket": name, **act.get("for", {})}} for act in mine]
    commit_all(root, "twenty of them")
    write_plans(root, *plans)
    (root / ".linestop/night.yaml").write_text(yaml.safe_dump({"schema": 1, "name": "night", "acts": acts}))
    with (root / ".linestop/config.toml").open("a") as config:
        config.write('[execution]\nparallel = 4\ndispatch_seconds = 8\n[roles]\nmaker = "night"\n')
        config.write('[engines.night]\nkind = "scripted"\nscenario = ".linestop/night.yaml"\n')
    return root


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with machine(tmp_path_factory.mktemp("home")) as home:
        yield home


@pytest.fixture(scope="module")
def after(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = night(tmp_path_factory.mktemp("night") / "shop")
    ended = linestop(home, "execute", str(root))
    assert ended.returncode == 4, ended.stderr[-4000:]  # what is left waits for a person
    return root


def tickets(root: Path) -> dict[str, Ticket]:
    return {ticket.id: ticket for ticket in SqliteTracker(Layout(root).tracker).list()}


def test_every_ticket_ends_in_the_state_that_is_true(after: Path) -> None:
    assert len(EXPECTED) == 20
    assert {name: ticket.state for name, ticket in tickets(after).items()} == EXPECTED


def test_done_means_that_the_branch_holds_the_work_and_nothing_else(after: Path) -> None:
    workspaces = GitWorkspaces(after)
    for name, ticket in tickets(after).items():
        path = f"shop/{name.replace('-', '_')}.py"
        if ticket.state is TicketState.DONE:
            assert workspaces.changed("main", ticket.branch) == (path,)
            assert workspaces.read(ticket.branch, path) == CLEAN.encode()
        else:
            assert not workspaces.git.ok("show-ref", "--verify", f"refs/heads/{ticket.branch}")


def test_who_was_stopped_has_an_incident_and_its_attempts_counted(after: Path) -> None:
    incidents = Counter(incident.ticket for incident in IncidentStore(Layout(after)).list())
    for name, ticket in tickets(after).items():
        assert incidents[name] == (1 if ticket.state is TicketState.STOPPED else 0)
    counted = {name: ticket.attempts for name, ticket in tickets(after).items()}
    assert counted["good-0"] == counted["busy-0"] == 1
    assert counted["crashes-once-0"] == counted["hangs-once-0"] == 2
    assert counted["crashes-0"] == counted["breaks-0"] == 3


def test_every_dispatch_left_a_closed_record_that_says_how_it_ended(after: Path) -> None:
    folders = sorted(Layout(after).runs.glob("*-dispatch-*"))
    results = [json.loads((folder / "result.json").read_text()) for folder in folders]
    assert len(results) >= 20
    assert {result["outcome"] for result in results} == {"candidate", "failed", "nothing"}
    loops = [result for result in results if "stopped: " in result["summary"]]
    assert loops
    assert all((folder / "events.jsonl").stat().st_size for folder in folders)


def test_nothing_is_left_behind(after: Path, home: Path) -> None:
    assert GitWorkspaces(after).git.run("worktree", "list", "--porcelain").count("worktree ") == 1
    assert not list((home / "worktrees").rglob("*.py"))
    assert not list((home / "cells").glob("*")) if (home / "cells").exists() else True
    assert not [process for process in psutil.process_iter(["cmdline"]) if str(after) in str(process.info["cmdline"])]
    assert not any(is_alive(ticket.holder) for ticket in tickets(after).values() if ticket.holder)


def test_no_zombie_of_a_hundred_dispatches(home: Path, tmp_path: Path) -> None:
    """Dispatches a hundred times in one process of its own, which at its end has no child and no more open files."""
    script = Path(__file__).with_name("hundred_dispatches.py")
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)],
        capture_output=True, text=True, timeout=300, check=False, env=os.environ | {"LINESTOP_HOME": str(home)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout)
    assert said["dispatched"] == 100
    assert said["children"] == 0
    assert max(said["threads_more"], said["files_more"]) <= 0
