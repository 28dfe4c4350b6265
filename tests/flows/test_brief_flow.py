"""What `linestop brief` prints is what the next dispatch is told, byte for byte, through the execution flow."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prefect import flow
from prefect.client.schemas.objects import State

from linestop.blocks.brief_preview import preview
from linestop.blocks.line import Line
from linestop.deployments.cli.brief import brief
from linestop.execution.order import ExecutionOrder, TicketOrder, TicketOutcome
from linestop.flows.ticket import bring_to_end
from linestop.memory.cautions.model import Caution, CautionKind
from linestop.memory.lessons import Lessons, draft
from linestop.memory.tickets import Correction
from linestop.paths import Layout
from linestop.ports import Dispatch, Engine, Work
from linestop.runs import RecordedRun, read_run
from linestop.tasks.planner import file_tickets
from linestop.verdicts import CheckReport, Ruling
from linestop.watch import LiveLog
from tests.flows.small_shop import small_shop, unused_imports, write_plans

pytestmark = [pytest.mark.usefixtures("prefect_server"), pytest.mark.live]
CLEAN = "def count(items):\n    return len(list(items))\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LINESTOP_CHECKS__COMMAND", "true")  # what is tested here is what is told, not the checks
    root = small_shop(tmp_path / "shop")
    write_plans(root, unused_imports("stock", "shop/stock.py"))
    remember(Line(root))
    return root


def remember(line: Line) -> None:
    """Leave a lesson, two cautions and a person's correction, as earlier runs and people do."""
    layout = Layout(line.layout.root).ensure()
    Lessons(layout).add(draft(layout, "Stock counts lists", "It once counted generators", file="shop/stock.py"))
    Lessons(layout).add(draft(layout, "Checkers read the changelog", "One lied", roles=("checker",)))
    for number, file in enumerate(("shop/stock.py", "shop/prices.py")):
        line.memory.caution(
            Caution(
                kind=CautionKind.FIRING, detector="repeat", detail=f"seen {number}", file=file, run="r", ticket="old"
            ),
            workspace=line.layout.root,
        )  # fmt: skip
    line.memory.book("stock").correct(Correction(text="Keep the docstring.", by="ada", person=True))
    line.memory.close()


@flow(persist_result=False)
async def one_ticket(line: Line) -> State[TicketOutcome]:
    """Carry the ticket out as the ticket flow does, with engines that only this test has."""
    return await bring_to_end(line, TicketOrder(repository=str(line.layout.root), ticket="stock"))


async def carried(root: Path, **agents: Engine) -> list[RecordedRun]:
    """Return the records of the dispatches of one run of the ticket, oldest first."""
    line = Line(root, agents=agents)
    file_tickets(line, ExecutionOrder(repository=str(root)))
    await one_ticket(line, return_state=True)
    runs = [read_run(line.layout, folder) for folder in sorted(line.layout.runs.glob("*-dispatch-*"))]
    return sorted(runs, key=lambda run: run.started)


class Comparing:
    """An engine that asks for the preview of its own dispatch while it works, then does what a function says."""

    model, window = "", 16_384

    def __init__(self, root: Path, role: str, act: Callable[[int, Path], Work]) -> None:
        self.name, self._root, self._role, self._act = role, root, role, act
        self.orders: list[Dispatch] = []
        self.previews: list[str] = []

    def dispatch(
        self, order: Dispatch, workspace: Path, *, checks: Callable[[Path], CheckReport], events: LiveLog
    ) -> Work:
        line = Line(self._root, agents={self._role: self})
        commit = "" if self._role == "maker" else line.workspaces.snapshot(workspace)
        self.orders.append(order)
        found = preview(line, "stock", role=self._role, attempt=order.attempt, commit=commit)
        self.previews.append(found.brief.text)
        return self._act(len(self.orders), workspace)


def told(run: RecordedRun) -> dict[str, Any]:
    value = run.parameters["told"]
    assert isinstance(value, dict)
    return value


async def test_the_command_prints_what_the_next_dispatch_is_told(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file_tickets(Line(root), ExecutionOrder(repository=str(root)))
    before = (root / ".git" / "HEAD").read_bytes(), sorted((root / ".git").rglob("worktrees/*"))
    assert brief("stock", repo=root) == 0
    printed = capsys.readouterr()
    assert brief("stock", repo=root, json_=True) == 0
    values = json.loads(capsys.readouterr().out)
    assert before == ((root / ".git" / "HEAD").read_bytes(), sorted((root / ".git").rglob("worktrees/*")))
    (run,) = await carried(root)
    there = (Line(root).layout.runs / run.run_id / "brief.md").read_bytes()
    assert printed.out.encode() == there
    assert values["text"].encode() == there
    assert "Keep the docstring." in printed.out
    assert "shop/stock.py, which is as it was then" in printed.out
    kept = {block["name"]: block["kept"] for block in values["blocks"]}
    assert {name: told(run)[name] for name in ("lessons", "cautions", "skills")} == {
        name: kept[name] for name in ("lessons", "cautions", "skills")
    }
    assert told(run)["corrections"] == 1
    assert told(run)["chars"] == {block["name"]: block["chars"] for block in values["blocks"]}
    assert [line.split()[0] for line in printed.err.splitlines() if line.startswith(("skills", "lessons"))] == [
        "skills", "lessons"
    ]  # fmt: skip


async def test_each_attempt_of_each_role_is_told_what_the_preview_says(root: Path) -> None:
    def work(number: int, tree: Path) -> Work:
        (tree / "shop/stock.py").write_text(f"import os{number}  # noqa\n" if number < 3 else CLEAN)
        return Work(summary=f"Try {number} was about the imports of the stock.")

    def judge(number: int, _: Path) -> Work:
        reasons = ("shop/stock.py:1 AssertionError: 1 != 2 in test_count",)
        return Work(summary="", ruling=Ruling.APPROVE if number > 1 else Ruling.REJECT, reasons=reasons)

    maker, checker = Comparing(root, "maker", work), Comparing(root, "checker", judge)
    runs = await carried(root, maker=maker, checker=checker)
    assert len(maker.orders) >= 3
    assert [order.brief for order in maker.orders] == maker.previews
    assert [order.brief for order in checker.orders] == checker.previews
    assert checker.orders
    for run, order in zip([run for run in runs if run.parameter("role") == "maker"], maker.orders, strict=True):
        assert (Line(root).layout.runs / run.run_id / "brief.md").read_text() == order.brief
    second, third = maker.orders[1].brief, maker.orders[2].brief
    assert "## Corrections" in second
    assert "Try 1 was about" in second
    assert "Try 2 was about" in third
    assert "Try 1" not in checker.orders[0].brief
    assert "Keep the docstring" not in checker.orders[0].brief
    assert "Checkers read the changelog" in checker.orders[0].brief
    assert "Checkers read the changelog" not in third
