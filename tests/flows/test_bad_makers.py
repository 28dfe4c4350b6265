"""Makers that cheat, break things or lie: none of it is approved, and nothing but their own branch ever changes.

Goes through the roles without a server: attempt, judgement and what the tracker holds afterwards.
"""

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from linestop.blocks.baseline import baseline
from linestop.blocks.claims import claim
from linestop.blocks.git_workspaces import GitWorkspaces
from linestop.blocks.inspection import clean_checkout
from linestop.blocks.line import Line
from linestop.blocks.station import Station
from linestop.errors import InfraError, ToolError
from linestop.events import EventLog
from linestop.execution.order import ExecutionOrder
from linestop.ports import Dispatch, Work
from linestop.records import RunRecord, holder
from linestop.tasks.checker import check
from linestop.tasks.goal_checker import check_goal
from linestop.tasks.maker import Made, make
from linestop.tasks.planner import file_tickets
from linestop.tickets import TicketState
from linestop.verdicts import CheckReport
from tests.flows.small_shop import STOCK, commit_all, small_shop, unused_imports, write_plans

pytestmark = pytest.mark.live

GOOD = "def count(items):\n    return len(list(items))\n"
Deed = Callable[[Path], object]


class Maker:
    """An engine that does one deed in its workspace and says that all is well."""

    name = "bad"
    model = ""
    window = None

    def __init__(self, deed: Deed, *, work: object = None) -> None:
        self._deed = deed
        self._work = work or Work(summary="All tests pass. Nothing else was touched.")

    def dispatch(
        self, order: Dispatch, workspace: Path, *, checks: Callable[[Path], CheckReport], events: EventLog
    ) -> Work:
        self._deed(workspace)
        return self._work  # type: ignore[return-value]  # some of them lie about the type too


def git(folder: Path, *words: str) -> str:
    argv = ["git", "-c", "user.name=evil", "-c", "user.email=e@example.org", *words]
    return subprocess.run(argv, cwd=folder, check=True, capture_output=True, text=True).stdout


def good(tree: Path) -> None:
    (tree / "shop/stock.py").write_text(GOOD)


def put(name: str, text: str = "") -> Deed:
    """Return the asked-for change, and with it a file that nobody asked for."""

    def deed(tree: Path) -> None:
        good(tree)
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)

    return deed


def change(name: str, old: str, new: str) -> Deed:
    def deed(tree: Path) -> None:
        good(tree)
        (tree / name).write_text((tree / name).read_text().replace(old, new))

    return deed


def then(deed: Deed) -> Deed:
    def both(tree: Path) -> None:
        good(tree)
        deed(tree)

    return both


def only(text: str) -> Deed:
    return lambda tree: (tree / "shop/stock.py").write_text(text)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the repository once, with the checks' report on its base, which is kept by commit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LINESTOP_HOME", str(tmp_path_factory.mktemp("home")))
        root = small_shop(tmp_path_factory.mktemp("template") / "shop")
        line = Line(root)
        base = line.workspaces.head("main")
        with clean_checkout(line, "base", base) as checkout:
            assert baseline(line.layout, line.checks(checkout), checkout, base).green
        write_plans(root, unused_imports("stock", "shop/stock.py"))
    return root


@pytest.fixture
def root(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    return Path(shutil.copytree(template, tmp_path / "shop", symlinks=True))


@contextmanager
def station_of(root: Path, engine: Maker) -> Iterator[Station]:
    line = Line(root, engine=engine)
    file_tickets(line, ExecutionOrder(repository=str(root)))
    ticket = claim(line, "stock", holder=holder())
    assert ticket is not None
    record = RunRecord(line.layout, "ticket", ticket="stock")
    with closing(record.events):
        station = Station(line, ticket, record)
        yield station
        station.close()


def attempt(station: Station) -> tuple[Made, tuple[str, ...]]:
    """Return what a maker left, and why it is rejected; nothing where it is approved."""
    chunk = station.ticket.plan.chunks[0]
    made = make(station, chunk, 1)
    if made.commit is None:
        return made, (made.fault,)
    return made, check(station, chunk, made.commit).reasons


@pytest.fixture
def untouched(root: Path) -> Iterator[Path]:
    """Compare the owner's checkout, index, HEAD and refs before and after; the ticket's own branch apart."""

    def everything() -> dict[str, bytes]:
        paths = [path for path in root.rglob("*") if path.is_file() and ".linestop" not in path.parts]
        own = [path for path in paths if ".git" not in path.parts]
        found = {str(path): path.read_bytes() for path in [*own, root / ".git/index", root / ".git/HEAD"]}
        refs = GitWorkspaces(root).git.run("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        return found | {line: b"" for line in refs if "refs/heads/linestop/stock" not in line}

    before = everything()
    yield root
    assert everything() == before


GUARDED = [
    pytest.param(then(lambda tree: (tree / "tests/test_shop.py").unlink()), "tests:", id="deletes a test"),
    pytest.param(change("tests/test_shop.py", "== 2", ">= 0"), "tests:", id="weakens an assertion"),
    pytest.param(
        then(lambda tree: (tree / "tests/test_shop.py").rename(tree / "tests/old_shop.py")), "tests:", id="hides a test"
    ),
    pytest.param(put("conftest.py", "collect_ignore = ['tests']\n"), "test-configuration:", id="plants a conftest"),
    pytest.param(put("pytest.ini", "[pytest]\naddopts = --co\n"), "test-configuration:", id="plants a pytest.ini"),
    pytest.param(
        change("pyproject.toml", 'pythonpath = ["."]', 'testpaths = ["no"]'), "test-configuration:",
        id="edits pyproject",
    ),
    pytest.param(put("ruff.toml", "select = []\n"), "configuration:", id="loosens the linter"),
    pytest.param(put(".github/workflows/ci.yml", "on: push\n"), "ci:", id="edits CI"),
    pytest.param(only(STOCK.replace("import math", "import math  # noqa: F401")), "suppressions:", id="adds a noqa"),
    pytest.param(only(f"# ruff: noqa\n{STOCK}"), "suppressions:", id="silences the file"),
    pytest.param(put(".linestop/config.toml", "[guards]\n"), "state:", id="writes the policy"),
    pytest.param(put("sitecustomize.py", "raise SystemExit(0)\n"), "startup-code:", id="plants a sitecustomize"),
    pytest.param(put("shop/x.pth", "import os; os._exit(0)\n"), "startup-code:", id="plants a path file"),
    pytest.param(put("pytest.py", "raise SystemExit(0)\n"), "scope:", id="plants a pytest of its own"),
    pytest.param(change("shop/prices.py", "import os\n", ""), "scope:", id="edits out of scope"),
    pytest.param(put("uv.lock", "x"), "lock-files:", id="edits a lock file"),
    pytest.param(put("shop/big.bin", "x" * (5 * 2**20)), "size:", id="writes a huge file"),
    pytest.param(
        then(lambda tree: ((tree / "shop/stock.py").unlink(), (tree / "shop/stock.py").symlink_to("/etc/passwd"))),
        "symlinks:", id="puts a link out of the repository in a file's place",
    ),
    pytest.param(lambda tree: (tree / "shop/stock.py").unlink(), "deletions:", id="deletes the file with the findings"),
    pytest.param(only(""), "deletions:", id="empties the file with the findings"),
    pytest.param(then(lambda tree: git(tree, "init", "-q", "shop/nested")), "", id="leaves a nested repository"),
]  # fmt: skip


@pytest.mark.parametrize(("deed", "rule"), GUARDED)
def test_a_diff_that_cheats_is_rejected_by_name(untouched: Path, deed: Deed, rule: str) -> None:
    with station_of(untouched, Maker(deed)) as station:
        made, reasons = attempt(station)
        assert made.commit is not None
        if rule:
            assert any(reason.startswith(rule) for reason in reasons), reasons
            station.fail("; ".join(reasons))
            assert GitWorkspaces(untouched).changed("main", station.ticket.branch) == ()
        else:
            assert reasons == ()
            assert GitWorkspaces(untouched).changed("main", made.commit) == ("shop/stock.py",)


FAULTS = [
    pytest.param(
        then(lambda tree: git(tree, "checkout", "-q", "-b", "elsewhere")), "another branch", id="switches the branch"
    ),
    pytest.param(then(lambda tree: git(tree, "checkout", "-q", "--detach")), "another branch", id="detaches HEAD"),
    pytest.param(
        then(lambda tree: git(tree, "symbolic-ref", "HEAD", "refs/heads/main")), "another branch",
        id="stands on the base",
    ),
    pytest.param(
        lambda tree: (subprocess.run(["rm", "-rf", tree], check=True), tree.symlink_to("/tmp")),
        "no worktree", id="puts a link in the workspace's place",
    ),
    pytest.param(lambda tree: subprocess.run(["rm", "-rf", tree], check=True), "workspace", id="removes the workspace"),
    pytest.param(lambda _: 1 / 0, "ZeroDivisionError", id="raises"),
    pytest.param(lambda _: sys.exit(0), "SystemExit", id="exits"),
]  # fmt: skip


@pytest.mark.parametrize(("deed", "fault"), FAULTS)
def test_a_maker_that_leaves_nothing_to_judge_has_failed_an_attempt(root: Path, deed: Deed, fault: str) -> None:
    main = GitWorkspaces(root).head("main")
    with station_of(root, Maker(deed)) as station:
        made, reasons = attempt(station)
        assert made.commit is None
        assert fault in reasons[0]
        assert not station.fail(reasons[0])
        assert (station.worktree / "shop/stock.py").read_text() == STOCK
        assert git(station.worktree, "symbolic-ref", "HEAD").strip() == "refs/heads/linestop/stock"
        assert (station.ticket.attempts, station.ticket.failures_in_a_row) == (1, 1)
    assert GitWorkspaces(root).head("main") == main


def test_commits_of_a_maker_are_folded_into_the_one_that_is_judged(untouched: Path) -> None:
    def commits(tree: Path) -> None:
        (tree / "shop/prices.py").write_text("KEY = 1\n")
        git(tree, "commit", "-qam", "by myself, with a secret in between")
        git(tree, "checkout", "-q", "HEAD~", "--", "shop/prices.py")
        good(tree)
        git(tree, "commit", "-qam", "by myself")

    with station_of(untouched, Maker(commits)) as station:
        made, reasons = attempt(station)
        assert reasons == ()
        assert made.commit is not None
        station.keep(station.ticket.plan.chunks[0], made.commit)
        assert git(untouched, "rev-list", "--count", f"main..{made.commit}").strip() == "1"
        station.end(TicketState.DONE, verdict=check_goal(station))
    assert GitWorkspaces(untouched).head("linestop/stock") == made.commit


def test_a_commit_that_no_checker_saw_does_not_stay_on_the_branch(untouched: Path) -> None:
    with station_of(untouched, Maker(good)) as station:
        made, _ = attempt(station)
        assert made.commit is not None
        station.keep(station.ticket.plan.chunks[0], made.commit)
        verdict = check_goal(station)
        (station.worktree / "shop/stock.py").write_text("import os; os.remove('/')\n")
        git(station.worktree, "commit", "-qam", "after everybody looked")
        station.end(TicketState.DONE, verdict=verdict)
    assert GitWorkspaces(untouched).head("linestop/stock") == made.commit


def test_what_a_maker_writes_into_ignored_files_is_never_part_of_it(untouched: Path) -> None:
    def ignored(tree: Path) -> None:
        good(tree)
        exclude = Path(git(tree, "rev-parse", "--git-common-dir").strip()) / "info/exclude"
        exclude.parent.mkdir(exist_ok=True)
        exclude.write_text("conftest.py\n")
        (tree / "conftest.py").write_text("import os; os._exit(0)\n")

    with station_of(untouched, Maker(ignored)) as station:
        made, reasons = attempt(station)
        assert reasons == ()
        assert GitWorkspaces(untouched).changed("main", made.commit or "") == ("shop/stock.py",)


def test_a_process_left_behind_changes_nothing_that_was_judged(untouched: Path) -> None:
    left: list[subprocess.Popen[bytes]] = []

    def leave(tree: Path) -> None:
        good(tree)
        code = "import sys, pathlib\nwhile True: pathlib.Path('shop/stock.py').write_text('import os\\n')"
        left.append(subprocess.Popen([sys.executable, "-c", code], cwd=tree))

    try:
        with station_of(untouched, Maker(leave)) as station:
            made, reasons = attempt(station)
            text = GitWorkspaces(untouched).read(made.commit, "shop/stock.py") if made.commit else None
            approved = reasons == ()
            assert (text == GOOD.encode()) is approved
            left[0].kill()
            left[0].wait()
    finally:
        for process in left:
            process.kill()
            process.wait()


LIES = [
    pytest.param(None, id="nothing at all"),
    pytest.param("done", id="a text"),
    pytest.param({"summary": "done"}, id="a dict"),
]


@pytest.mark.parametrize("lie", LIES)
def test_a_maker_that_returns_no_work_has_failed_an_attempt(root: Path, lie: object) -> None:
    maker = Maker(good)
    maker._work = lie
    with station_of(root, maker) as station:
        made, reasons = attempt(station)
        assert made.commit is None
        assert "a maker returns a Work" in reasons[0]


def test_words_that_are_no_words_stop_nothing(untouched: Path) -> None:
    work = Work(summary="\ud800\x1b[31m\0" + "x" * 100_000, could_not=("", " ", "\ud83d", "F401 " * 9999))
    with station_of(untouched, Maker(good, work=work)) as station:
        made, reasons = attempt(station)
        assert reasons == ()
        assert made.commit is not None
        message = git(untouched, "log", "-1", "--format=%B", made.commit)
        assert len(message) < 2000
        assert "\x1b" not in message
        assert all(made.work.could_not)


def test_infrastructure_uses_up_no_attempt_and_a_broken_engine_is_not_blamed_on_the_chunk(root: Path) -> None:
    def fails(error: Exception) -> Deed:
        def deed(_: Path) -> None:
            raise error

        return deed

    with station_of(root, Maker(fails(InfraError("no network")))) as station:
        with pytest.raises(InfraError, match="no network"):
            attempt(station)
        assert (station.ticket.attempts, station.ticket.failures_in_a_row) == (0, 0)
        station.end(TicketState.OPEN)
    with station_of(root, Maker(fails(ToolError("no such model")))) as station, pytest.raises(ToolError):
        attempt(station)


def test_a_maker_that_hangs_is_given_up_and_its_checks_end_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINESTOP_EXECUTION__DISPATCH_SECONDS", "1")
    go_on, over = threading.Event(), threading.Event()
    said = list[BaseException]()

    class Hung(Maker):
        def dispatch(
            self, order: Dispatch, workspace: Path, *, checks: Callable[[Path], CheckReport], events: EventLog
        ) -> Work:
            go_on.wait(60)
            try:
                checks(workspace)
            except BaseException as error:
                said.append(error)
                raise
            finally:
                over.set()
            return Work(summary="late")

    with station_of(root, Hung(good)) as station:
        made, _ = attempt(station)
        assert (made.stops, made.commit) == (True, None)
        assert "timed out" in made.fault
        go_on.set()
        assert over.wait(60)
        assert [type(error).__name__ for error in said] == ["GivenUpError"]


def test_commits_of_a_person_on_a_tickets_branch_are_kept_under_another_name(root: Path) -> None:
    line = Line(root)
    file_tickets(line, ExecutionOrder(repository=str(root)))
    tree = root.parent / "persons"
    git(root, "worktree", "add", "-q", "-b", "linestop/stock", str(tree), "main")
    (tree / "shop/stock.py").write_text("def count(items):\n    return 0\n")
    git(tree, "commit", "-qam", "the rest, by hand")
    mine = git(tree, "rev-parse", "HEAD").strip()
    git(root, "worktree", "remove", str(tree))
    with station_of(root, Maker(good)) as station:
        assert station.set_aside == f"linestop/stock.kept-{mine[:8]}"
    assert GitWorkspaces(root).head(f"linestop/stock.kept-{mine[:8]}") == mine


def test_an_empty_branch_does_not_stay_behind(root: Path) -> None:
    with station_of(root, Maker(lambda _: None)) as station:
        made, _ = attempt(station)
        assert made.commit is None
        station.end(TicketState.PETITIONED, reason="nothing could be done")
    assert "linestop/stock" not in git(root, "branch", "--list", "linestop/stock")
    assert not list(Line(root).layout.worktrees.glob("stock*"))


def test_a_ticket_that_has_nothing_yet_is_cut_from_the_fresh_base(root: Path) -> None:
    with station_of(root, Maker(lambda _: None)) as station:
        station.end(TicketState.OPEN)
    (root / "new.py").write_text("x = 1\n")
    commit_all(root, "the owner goes on")
    with station_of(root, Maker(good)) as station:
        assert station.ticket.base == GitWorkspaces(root).head("main")
        assert (station.worktree / "new.py").exists()
