"""The oracle believes nobody: a tracker, a branch or a verdict that was tampered with doesn't count."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from linestop.blocks.line import Line
from linestop.blocks.proofs import ask
from linestop.deployments.cli.oracle import oracle
from linestop.done import Answer
from linestop.errors import UsageError
from linestop.execution.finish_line import describe
from linestop.tickets import Evidence, Ticket, TicketState
from linestop.verdicts import GoalLine, GoalVerdict
from tests.flows.small_shop import small_shop, unused_imports

GOOD = "def count(items):\n    return len(list(items))\n"
STILL_BAD = "import json\n\n\ndef count(items):\n    return len(list(items))\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    return small_shop(tmp_path / "shop")


def delivered(root: Path, text: str = GOOD) -> Line:
    """Deliver a ticket by hand, with a verdict that says met whatever was done."""
    line = Line(root)
    plan = unused_imports("stock", "shop/stock.py")
    plan = plan.model_copy(update={"goal": plan.goal[:1]})
    base = line.workspaces.head("main")
    tree = line.workspaces.open("stock", branch="linestop/stock", base=base)
    (tree / "shop/stock.py").write_text(text)
    commit = line.workspaces.commit(tree, message="x\n")
    assert commit is not None
    line.workspaces.close("stock")
    line.tracker.file(Ticket(id="stock", batch="b", title="t", plan=plan))
    ticket = line.tracker.claim("stock", holder="me", seconds=60)
    assert ticket is not None
    ticket = line.tracker.save(ticket.model_copy(update={"base": base, "frozen": True}))
    lines = tuple(GoalLine(item=describe(item), met=True) for item in plan.goal)
    goal = GoalVerdict(commit=commit, finish_line=ticket.finish_line, lines=lines)
    evidence = Evidence(commit=commit, base=base, branch="linestop/stock", goal=goal)
    line.tracker.end(ticket, TicketState.DONE, evidence=evidence)
    return line


def evidence_of(line: Line) -> Evidence:
    evidence = line.tracker.get("stock").evidence
    assert evidence is not None
    return evidence


def forge(line: Line, old: str, new: str) -> None:
    with sqlite3.connect(line.layout.tracker) as connection:
        connection.execute("UPDATE tickets SET body = replace(body, ?, ?)", (old, new))
    connection.close()


def delete_branch(line: Line) -> None:
    line.workspaces.git.run("update-ref", "-d", "refs/heads/linestop/stock")


def rewrite_branch(line: Line) -> None:
    line.workspaces.git.run("update-ref", "refs/heads/linestop/stock", "refs/heads/main")


def merge(line: Line) -> None:
    line.workspaces.git.run("update-ref", "refs/heads/main", evidence_of(line).commit)
    delete_branch(line)


def cherry_pick(line: Line) -> None:
    git, base = line.workspaces.git, line.workspaces.head("main")
    tree = git.run("rev-parse", f"{evidence_of(line).commit}^{{tree}}").strip()
    first = git.run("commit-tree", f"{base}^{{tree}}", "-p", base, "-m", "something else").strip()
    git.run("update-ref", "refs/heads/main", git.run("commit-tree", tree, "-p", first, "-m", "picked").strip())
    delete_branch(line)


@pytest.mark.parametrize(
    ("tamper", "answer", "because"),
    [
        pytest.param(lambda _: None, Answer.DONE, "", id="untouched"),
        pytest.param(merge, Answer.DONE, "", id="merged and its branch deleted"),
        pytest.param(cherry_pick, Answer.DONE, "", id="picked into the base"),
        pytest.param(delete_branch, Answer.NOT_DONE, "is neither on", id="branch deleted"),
        pytest.param(rewrite_branch, Answer.NOT_DONE, "is neither on", id="branch rewritten"),
        pytest.param(
            lambda line: forge(line, evidence_of(line).goal.finish_line, "0" * 64), Answer.NOT_DONE, "finish line",
            id="another finish line",
        ),
        pytest.param(
            lambda line: forge(line, '"at_most":0', '"at_most":9'), Answer.NOT_DONE, "finish line", id="a lower goal"
        ),
        pytest.param(
            lambda line: forge(line, evidence_of(line).commit, "1" * 40), Answer.NOT_DONE, "is neither on",
            id="a commit that is nowhere",
        ),
        pytest.param(lambda line: forge(line, '"met":true', '"met":false'), Answer.NOT_DONE, "goal met", id="not met"),
    ],
)  # fmt: skip
def test_done_counts_only_with_its_evidence(
    root: Path, tamper: Callable[[Line], None], answer: Answer, because: str
) -> None:
    line = delivered(root)
    tamper(line)
    verdict = ask(line, "b")
    assert verdict.answer is answer
    assert because in " ".join(verdict.reasons)
    assert oracle(repo=root) == {Answer.DONE: 0, Answer.NOT_DONE: 3}[answer]


def test_a_forged_verdict_does_not_survive_a_rerun(root: Path) -> None:
    line = delivered(root, STILL_BAD)
    assert ask(line, "b").answer is Answer.DONE
    assert ask(line, "b", rerun=True).answer is Answer.NOT_DONE
    assert oracle("b", repo=root, rerun=True) == 3


def test_reruns_at_the_same_time_wait_for_one_another(root: Path) -> None:
    line = delivered(root, STILL_BAD)
    assert ask(line, "b", rerun=True).answer is Answer.NOT_DONE
    with ThreadPoolExecutor(8) as pool:
        verdicts = list(pool.map(lambda _: ask(line, "b", rerun=True), range(8)))
    assert [verdict.answer for verdict in verdicts] == [Answer.NOT_DONE] * 8, "who scans nothing finds nothing"
    assert not list(line.layout.worktrees.glob("stock*"))


def test_waiting_on_a_person_and_unknown_batches(root: Path) -> None:
    line = Line(root)
    with pytest.raises(UsageError, match="no batch"):
        oracle(repo=root)
    line.tracker.file(Ticket(id="stock", batch="b", title="t", plan=unused_imports("stock", "shop/stock.py")))
    assert oracle(repo=root) == 3
    line.tracker.end(line.tracker.get("stock"), TicketState.PETITIONED, reason="a test is wrong")
    assert oracle(repo=root) == 4
    line.tracker.end(line.tracker.get("stock"), TicketState.GATED, reason="by hand")
    assert oracle("b", repo=root, json_=True) == 0
    later = Ticket(
        id="later", batch="c", title="t", plan=unused_imports("later", "shop/stock.py"), depends_on=("stock",)
    )
    line.tracker.file(later)
    assert ask(line, "c").reasons == ("later: it depends on stock, which waits on a person",), (
        "a ticket of another batch"
    )
    with pytest.raises(UsageError, match="no batch other"):
        oracle("other", repo=root)
