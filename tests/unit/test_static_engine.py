"""The maker without a model: what it applies, how it finds what breaks the checks, and how it says so."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from linestop.blocks.static_engine import StaticEngine
from linestop.errors import InfraError, ToolError
from linestop.events import EventKind, EventLog, Outcome, read_events
from linestop.plans import ChecksPass, Chunk, Plan
from linestop.ports import Dispatch, Work
from linestop.verdicts import CheckReport, CommandRun, TestCase

FILES, EACH = 10, 8


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    for number in range(FILES):
        names = "".join(f"x{index} = f'{number}.{index}'\n" for index in range(EACH))
        (folder / f"m{number}.py").write_text("import os\n" + names)
    return folder


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    with EventLog(tmp_path / "events.jsonl") as events:
        yield events


class Checks:
    """Fails where a text is found in a file, or where all of several are missing from them."""

    def __init__(self, *needed: str, exit_code: int = 1, output: str = "", timed_out: bool = False) -> None:
        self._needed, self._exit_code, self._output, self._timed_out = needed, exit_code, output, timed_out
        self.runs = 0

    def __call__(self, root: Path) -> CheckReport:
        self.runs += 1
        text = "".join(path.read_text() for path in sorted(root.glob("*.py")))
        broken = [need for need in self._needed if need not in text]
        run = CommandRun(
            argv=("pytest",),
            exit_code=self._exit_code if broken else 0,
            seconds=0.1,
            output=self._output if broken else "",
            timed_out=self._timed_out and bool(broken),
        )
        named = () if self._output or self._timed_out else broken
        cases = tuple(TestCase(id=f"test[{need}]", outcome="failed") for need in named)
        return CheckReport(runs=(run,), tests=cases)


def order(*rules: str, attempt: int = 1, corrections: tuple[str, ...] = (), paths: tuple[str, ...] = ()) -> Dispatch:
    where = paths or tuple(f"m{number}.py" for number in range(FILES))
    chunk = Chunk(id="c", title="t", source="ruff", rules=rules or ("F401", "F541"), paths=where)
    plan = Plan(id="p", title="t", purpose="p", scope=("*.py",), chunks=(chunk,), goal=(ChecksPass(),))
    return Dispatch(
        ticket="t", role="maker", attempt=attempt, plan=plan, chunk=chunk, brief="", corrections=corrections
    )


def again(root: Path, log: EventLog, checks: Callable[[Path], CheckReport], *, max_check_runs: int = 40) -> Work:
    asked = order(attempt=2, corrections=("checks fail: test",))
    return StaticEngine(max_check_runs=max_check_runs).dispatch(asked, root, checks=checks, events=log)


def test_the_first_attempt_applies_all_and_runs_no_checks(root: Path, log: EventLog) -> None:
    checks = Checks()
    work = StaticEngine().dispatch(order(), root, checks=checks, events=log)
    assert checks.runs == 0
    assert not re.search("import os|f'", "".join(path.read_text() for path in root.iterdir()))
    assert work.summary == "Applies 90 fixes by ruff in 10 files: F401 (10), F541 (80)."
    assert work.could_not == ()


def test_one_fix_that_breaks_the_checks_is_found_left_out_and_named(root: Path, log: EventLog) -> None:
    checks = Checks("f'4.2'")
    work = again(root, log, checks)
    assert checks.runs <= 1 + (1 + 1) + (4 + 1) + (3 + 1)
    assert "f'4.2'" in (root / "m4.py").read_text()
    assert sum(path.read_text().count("f'") for path in root.iterdir()) == 1
    assert work.could_not == ("F541 m4.py:4 is left out: breaks the checks: test[f'4.2']",)
    assert "Applies 89 fixes" in work.summary
    assert "Leaves out 1 that did not stand." in work.summary
    assert f"The checks ran {checks.runs} times" in work.summary


def test_several_of_different_rules_and_files_are_found(root: Path, log: EventLog) -> None:
    (root / "m5.py").write_text("import sys\n")
    checks = Checks("f'0.0'", "f'9.7'", "import sys")
    work = again(root, log, checks, max_check_runs=60)
    assert {line.split(" is left out")[0] for line in work.could_not} == {
        "F541 m0.py:2", "F541 m9.py:9", "F401 m5.py:1",
    }  # fmt: skip
    assert checks.runs <= 34


def test_what_is_left_stands_in_the_workspace_for_the_last_green_run(root: Path, log: EventLog) -> None:
    again(root, log, Checks("f'4.2'"))
    assert Checks("f'4.2'")(root).green


def test_the_budget_of_check_runs_holds_and_what_is_proven_stays(root: Path, log: EventLog) -> None:
    checks = Checks("f'4.2'", "f'7.7'")
    work = again(root, log, checks, max_check_runs=5)
    assert checks.runs == 5
    assert Checks("f'4.2'", "f'7.7'")(root).green
    assert any("5 runs of the checks, the limit" in line for line in work.could_not)
    assert work.summary.startswith("Applies ")


def test_no_run_allowed_means_no_change_and_says_so(root: Path, log: EventLog) -> None:
    work = again(root, log, Checks("f'4.2'"), max_check_runs=0)
    assert (root / "m4.py").read_text().startswith("import os\n")
    assert work.summary.startswith("Nothing was changed")


def test_a_file_that_a_guards_correction_names_is_left_out_without_a_search(root: Path, log: EventLog) -> None:
    checks = Checks()
    asked = order(attempt=2, corrections=("tests: m3.py is an existing test; checks fail: m4.py::test",))
    work = StaticEngine().dispatch(asked, root, checks=checks, events=log)
    assert checks.runs == 1
    assert (root / "m3.py").read_text().startswith("import os\n")
    assert not (root / "m4.py").read_text().startswith("import os\n")
    assert any("m3.py:1" in line and "is an existing test" in line for line in work.could_not)


@pytest.mark.parametrize(
    ("checks", "words"),
    [
        (Checks("import os", output="x\nImportError: no os\n"), "exit code 1, ImportError: no os"),
        (Checks("import os", timed_out=True), "they ran out of time"),
        (Checks("import os"), "test[import os]"),
    ],
    ids=["no tests reported", "time-out", "tests named"],
)
def test_the_reason_says_how_the_checks_failed(root: Path, log: EventLog, checks: Checks, words: str) -> None:
    asked = order("F401", attempt=2, corrections=("checks fail: t",), paths=("m0.py",))
    for path in list(root.glob("m[1-9].py")):
        path.unlink()
    work = StaticEngine().dispatch(asked, root, checks=checks, events=log)
    assert words in work.could_not[0]


def test_a_fix_that_brings_up_a_new_finding_is_left_out_without_running_checks(root: Path, log: EventLog) -> None:
    (root / "__init__.py").write_text("from typing import List  # for readers\n\nx: List[int] = []\n")
    (root / "m0.py").write_text("from typing import List\n\nx: List[int] = []\n")
    asked = order("UP006", paths=("__init__.py", "m0.py"))
    work = StaticEngine().dispatch(asked, root, checks=Checks(), events=log)
    assert "UP006 __init__.py:3 is left out: leaves 1 new finding(s) of F401 in __init__.py" in work.could_not
    assert (root / "m0.py").read_text() == "\nx: list[int] = []\n"
    assert "Clears away what they left without use: F401 (1)." in work.summary


def test_findings_without_a_safe_fix_are_named_by_rule(root: Path, log: EventLog) -> None:
    (root / "m0.py").write_text("def f(x):\n    return x == None\n\n\ndef g(x):\n    return x == None\n")
    work = StaticEngine().dispatch(order("E711", paths=("m0.py",)), root, checks=Checks(), events=log)
    assert work.could_not == ("E711: no fix that is known to be safe for m0.py:2, m0.py:6",)
    assert work.summary == f"Nothing was changed: {work.could_not[0]}."


def test_an_import_that_asks_whether_a_module_is_there_stays(root: Path, log: EventLog) -> None:
    text = "try:\n    import readline\nexcept Exception:\n    pass\n"
    (root / "m0.py").write_text(f"import os\n{text}")
    StaticEngine().dispatch(order("F401"), root, checks=Checks(), events=log)
    assert (root / "m0.py").read_text() == text


def test_an_unsafe_fix_is_applied_only_where_its_rule_is_proven(root: Path, log: EventLog) -> None:
    (root / "m0.py").write_text("def f(x):\n    return x == None\n")
    StaticEngine(proven=["E711"]).dispatch(order("E711", paths=("m0.py",)), root, checks=Checks(), events=log)
    assert (root / "m0.py").read_text() == "def f(x):\n    return x is None\n"


def test_the_targets_oldest_python_is_respected(root: Path, log: EventLog) -> None:
    text = "from typing import Optional\n\nx: Optional[int] = None\n"
    (root / "m0.py").write_text(text)
    (root / "pyproject.toml").write_text('[project]\nrequires-python = ">=3.8"\n')
    work = StaticEngine().dispatch(order("UP045", paths=("m0.py",)), root, checks=Checks(), events=log)
    assert (root / "m0.py").read_text() == text
    assert work.summary == "Nothing was changed: ruff finds nothing to fix here any more."


@pytest.mark.parametrize("rule", ["ALL", "--fix", "F401,E", "F401\n", "invalid-syntax", "f401"])
def test_what_is_no_single_rule_is_never_passed_to_ruff(root: Path, log: EventLog, rule: str) -> None:
    work = StaticEngine().dispatch(order(rule, paths=("m0.py",)), root, checks=Checks(), events=log)
    assert "no rule of ruff" in work.could_not[0]
    assert (root / "m0.py").read_text().startswith("import os\n")


def test_a_rule_unknown_to_ruff_is_an_error_of_three_parts(root: Path, log: EventLog) -> None:
    with pytest.raises(ToolError) as caught:
        StaticEngine().dispatch(order("XYZ123"), root, checks=Checks(), events=log)
    assert "XYZ123" in caught.value.found
    assert caught.value.todo


def test_a_name_with_a_line_break_stays_in_its_line(root: Path, log: EventLog) -> None:
    work = StaticEngine().dispatch(order(paths=("a\nb\x1b[31m.py",)), root, checks=Checks(), events=log)
    assert len(work.could_not) == 1
    assert work.could_not[0].isprintable()


def test_runs_of_ruff_and_of_the_checks_are_on_record_with_their_seconds(
    root: Path, log: EventLog, tmp_path: Path
) -> None:
    checks = Checks("f'4.2'")
    again(root, log, checks)
    results = [event for event in read_events(tmp_path / "events.jsonl") if event.kind == EventKind.TOOL_RESULT]
    trials = [event for event in results if event.tool == "checks"]
    assert len(trials) == checks.runs
    assert trials[0].outcome is Outcome.ERROR
    assert "test[f'4.2']" in trials[0].text
    assert all(event.seconds is not None and event.step == "maker" for event in results)
    assert {event.tool for event in results} == {"ruff", "checks"}


def test_a_disk_that_refuses_leaves_the_files_as_they_were(root: Path, log: EventLog) -> None:
    before = {path.name: path.read_bytes() for path in root.iterdir()}

    def checks(_: Path) -> CheckReport:
        raise InfraError("no space", found="ENOSPC", todo="free some")

    with pytest.raises(InfraError):
        again(root, log, checks)
    assert {path.name: path.read_bytes() for path in root.iterdir()} == before
