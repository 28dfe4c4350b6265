"""The shipped scenarios do what they say of themselves, played by the engine in a workspace of its own."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linestop.blocks.sandboxes.plain_sandbox import PlainSandbox
from linestop.blocks.scripted_engine.engine import ScriptedEngine
from linestop.blocks.scripted_engine.faults import MetFaults, ScriptedCrashError
from linestop.errors import BusyError
from linestop.events import EventKind, Outcome, read_events
from linestop.plans import ChecksPass, Chunk, Plan
from linestop.policy import SandboxPolicy
from linestop.ports import Dispatch, Limits, Work
from linestop.scenarios import scenario_named, shipped_scenarios
from linestop.verdicts import Ruling
from linestop.watch import LiveLog

SHOP = "import os\nimport sys\n\nprint(sys.argv)\n"
CLEAN = "import sys\n\nprint(sys.argv)\n"


class Shop:
    """A small repository, and an engine that plays a shipped scenario in it."""

    def __init__(self, root: Path) -> None:
        self.root, self.log, self.met = root / "shop", root / "events.jsonl", MetFaults()
        for path, text in {"shop.py": SHOP, "calc.py": "def add(a, b):\n    return a - b\n"}.items():
            self.root.mkdir(exist_ok=True)
            (self.root / path).write_text(text, encoding="utf-8")
        (self.root / "tests").mkdir()
        (self.root / "tests/test_shop.py").write_text("def test_a():\n    assert 1\n", encoding="utf-8")
        subprocess.run(["git", "init", "-q", str(self.root)], check=True)

    def play(self, name: str, role: str = "maker", attempt: int = 1, brief: str = "Mend it.") -> Work:
        chunk = Chunk(id="c", title="t", source="ruff", rules=("F401",), paths=("shop.py",))
        plan = Plan(id="p", title="t", purpose="p", scope=("**",), chunks=(chunk,), goal=(ChecksPass(),))
        limits = Limits(wall_seconds=20, idle_seconds=0.05, turns=40)
        order = Dispatch(ticket="p", role=role, attempt=attempt, plan=plan, chunk=chunk, brief=brief, limits=limits)
        engine = ScriptedEngine(scenario_named(name), sandbox=PlainSandbox(), policy=SandboxPolicy(), met=self.met)
        with LiveLog(self.log) as events:
            return engine.dispatch(order, self.root, checks=_no_checks, events=events)

    @property
    def shop(self) -> str:
        return (self.root / "shop.py").read_text(encoding="utf-8")

    def calls(self) -> list[Outcome | None]:
        return [one.outcome for one in read_events(self.log) if one.kind == EventKind.TOOL_RESULT]


def _no_checks(_: Path) -> Any:
    pytest.fail("the checks were run, which nothing asked for")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    if not shutil.which("git"):
        pytest.skip("git is missing")
    return Shop(tmp_path)


def good_maker(shop: Shop) -> None:
    assert shop.play("good-maker").summary.startswith("Corrects")
    assert "a + b" in (shop.root / "calc.py").read_text(encoding="utf-8")


def import_cleaner(shop: Shop) -> None:
    assert not shop.play("import-cleaner").could_not
    assert shop.shop == CLEAN
    assert shop.play("import-cleaner", role="reviewer").ruling is Ruling.APPROVE


def strict_checker(shop: Shop) -> None:
    shop.play("strict-checker")
    assert shop.play("strict-checker", role="checker").ruling is Ruling.REJECT
    shop.play("strict-checker", attempt=2)
    assert shop.shop == CLEAN
    assert shop.play("strict-checker", role="checker", attempt=2).ruling is Ruling.APPROVE


def slow_learner(shop: Shop) -> None:
    (shop.root / "shop.py").write_text("import os\n\n\ndef two():\n    return 2\n", encoding="utf-8")
    for attempt in (1, 2):
        shop.play("slow-learner", attempt=attempt)
        assert shop.shop == "def two():\n    return 0\n"
    (shop.root / "shop.py").write_text(SHOP, encoding="utf-8")
    shop.play("slow-learner", attempt=3, brief="## Signs: failures that came back\n\n~~~~\ntest_two\n~~~~")
    assert shop.shop == CLEAN


def rate_limited(shop: Shop) -> None:
    for _ in range(2):
        with pytest.raises(BusyError):
            shop.play("rate-limited")
    shop.play("rate-limited")
    assert shop.shop == CLEAN


def provider_faults(shop: Shop) -> None:
    with pytest.raises(BusyError):
        shop.play("provider-faults")
    assert len([one for one in read_events(shop.log) if one.kind == EventKind.ERROR]) == 4
    assert shop.play("provider-faults").summary.startswith("Looked round")


def crash_once(shop: Shop) -> None:
    with pytest.raises(ScriptedCrashError):
        shop.play("crash-once")
    assert shop.shop == CLEAN  # half an edit, by chance a good one: nobody is told so
    shop.play("crash-once", attempt=2)
    assert shop.shop == CLEAN


def hang_once(shop: Shop) -> None:
    assert "no sign of life" in shop.play("hang-once").broke_off
    shop.play("hang-once", attempt=2)
    assert shop.shop == CLEAN


def liar(shop: Shop) -> None:
    assert "tests pass" in shop.play("liar").summary
    assert shop.shop == SHOP
    assert shop.play("liar", role="checker").ruling is Ruling.APPROVE


def tamperer(shop: Shop) -> None:
    shop.play("tamperer")
    assert shop.shop.startswith("import os  # noqa\nimport sys  # noqa\n")
    assert "@pytest.mark.skip" in (shop.root / "tests/test_shop.py").read_text(encoding="utf-8")


def looper(shop: Shop) -> None:
    assert shop.play("looper").petition
    assert shop.calls() == [Outcome.OK, *[Outcome.ERROR] * 20, Outcome.OK]


def stubborn_looper(shop: Shop) -> None:
    assert "40 turns" in shop.play("stubborn-looper").broke_off


def two_step_loop(shop: Shop) -> None:
    assert shop.play("two-step-loop").could_not
    assert len(shop.calls()) == 25


def runaway_search(shop: Shop) -> None:
    assert shop.play("runaway-search").could_not
    assert len(shop.calls()) == 31


def petitioner(shop: Shop) -> None:
    work = shop.play("petitioner")
    assert work.petition
    assert [one.blocks for one in work.discovered] == [True]


def slow_builder(shop: Shop) -> None:
    assert shop.play("slow-builder").summary
    assert len(shop.calls()) == 8
    assert not (shop.root / "build.log").exists()


EACH: dict[str, Callable[[Shop], None]] = {
    one.__name__.replace("_", "-"): one
    for one in (
        good_maker,
        import_cleaner,
        strict_checker,
        rate_limited,
        provider_faults,
        crash_once,
        hang_once,
        liar,
        tamperer,
        looper,
        stubborn_looper,
        two_step_loop,
        runaway_search,
        petitioner,
        slow_builder,
        slow_learner,
    )
}


@pytest.mark.parametrize("name", EACH)
def test_a_shipped_scenario_does_what_it_says(name: str, shop: Shop) -> None:
    EACH[name](shop)


def test_no_shipped_scenario_is_left_out() -> None:
    assert set(shipped_scenarios()) == set(EACH)
