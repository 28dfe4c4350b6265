"""The live log: what is done about a firing while the agent still runs, and what came of it."""

import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import ValidationError

from linestop.errors import PolicyError
from linestop.events import Event, EventKind, call_identity
from linestop.policy import Policy, WatchPolicy
from linestop.ports import Limits
from linestop.watch import Detector, Firing, LiveLog, Rung, Severity, Trail, Watch, ladder_for
from linestop.watch.detectors import ALL, detectors_for
from linestop.watch.file_hash import MAX_BYTES, file_hash
from linestop.watch.git_moves import moves_git
from linestop.watch.inert import is_inert
from linestop.watch.ladder import DETECTORS
from linestop.watch.nudging import MAX_NUDGES, Nudging
from linestop.watch.settings import settings_for
from tests.unit.watch_script import Step, call, edit, event, events, read, run, settings, severities, think, wait

RED = run("make", "2 failed, 3 passed", "error")
MAKE = call_identity("Bash", {"command": "make"})
Open = Callable[..., LiveLog]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    logs: list[LiveLog] = []

    def live(ladder: dict[str, str] | None = None, **more: Any) -> LiveLog:
        changes = {name: more.pop(name) for name in ("off", "pollers") if name in more}
        watch = Watch(detectors_for(settings(**changes)))
        path = tmp_path / f"{len(logs)}" / "events.jsonl"
        logs.append(LiveLog(path, watch=watch, ladder=ladder_for(ladder or {}), **more))
        return logs[-1]

    yield live
    for log in logs:
        log.close()


def play(log: LiveLog, *steps: Step) -> None:
    for one in (dict(one) for step in steps for one in step):
        one.pop("after", None)
        log.append(one.pop("kind"), **one)


def lines(log: LiveLog) -> list[dict[str, Any]]:
    path = log.path.with_name("firings.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def rungs(log: LiveLog, detector: str) -> list[Rung]:
    return [rung for firing, rung in log.firings if firing.detector == detector]


def test_a_loop_is_told_then_blocked_then_stopped(opened: Open) -> None:
    log = opened(off=frozenset({"cycle"}))
    play(log, *[run("ls", "a.py")] * 3)
    assert "same call 3 times" in (log.take_nudge() or "")
    assert log.take_nudge() is None
    identity = call_identity("Bash", {"command": "ls"})
    assert log.blocked(identity) is None
    play(log, run("ls", "a.py"))
    assert "4 times in a row" in (log.blocked(identity) or "")
    assert not log.stopping.is_set()
    play(log, *[run("ls", "a.py")] * 4)
    assert log.stopping.is_set()
    assert log.stop_reason.startswith("repeat: Bash ls")
    assert rungs(log, "repeat") == [Rung.NUDGE, Rung.BLOCK, Rung.STOP]
    assert not log.line_stop


@pytest.mark.parametrize("highest", list(Rung), ids=lambda rung: rung.word)
@pytest.mark.parametrize("detector", ["repeat", "denial-wall"])
def test_the_policy_says_how_far_it_climbs(opened: Open, detector: str, highest: Rung) -> None:
    log = opened({detector: highest.word}, off=frozenset(DETECTORS) - {detector})
    for number in range(20):
        play(log, run("rm", f"Permission denied by policy {'' if detector == 'repeat' else number}", "denied"))
    assert max(rungs(log, detector)) == highest
    assert (log.stopping.is_set(), log.line_stop) == (highest >= Rung.STOP, highest is Rung.LINE_STOP)
    assert len(lines(log)) == len(log.firings) > 3  # also what is only observed is written down


def test_info_is_only_ever_observed(opened: Open) -> None:
    log = opened({"edit-thrash": "line-stop"})
    play(log, *[edit("a.py", f"def f{n}():", f"def f{n}() -> int:") for n in range(40)])
    assert set(rungs(log, "edit-thrash")) == {Rung.OBSERVE}
    assert log.take_nudge() is None


def test_a_clock_that_ran_out_stops_at_once_unless_the_policy_says_otherwise(tmp_path: Path) -> None:
    stop = Firing(detector="silence", severity=Severity.STOP, detail="no event")
    warning = stop.model_copy(update={"severity": Severity.WARNING})
    assert ladder_for({}).climb(stop) is Rung.STOP
    assert ladder_for({"silence": "observe"}).climb(stop) is Rung.OBSERVE
    assert ladder_for({"silence": "line-stop"}).climb(stop) is Rung.LINE_STOP
    assert ladder_for({"silence": "observe"}).climb(warning) is Rung.OBSERVE
    ladder = ladder_for({"silence": "line-stop"})
    assert {ladder.climb(warning) for _ in range(20)} == {Rung.NUDGE}  # it says itself when to stop


def test_ever_new_circles_climb_as_well() -> None:
    ladder = ladder_for({"repeat": "line-stop"})
    found = [ladder.climb(Firing(detector="repeat", detail="", identity=f"{n}")) for n in range(12)]
    assert found == [Rung.NUDGE] * 3 + [Rung.BLOCK] * 3 + [Rung.STOP] * 3 + [Rung.LINE_STOP] * 3


@pytest.mark.parametrize(
    ("policy", "found"),
    [({"repeat": "loudly"}, "loudly"), ({"repeats": "stop"}, "repeats")],
    ids=["rung", "detector"],
)
def test_a_misspelt_ladder_is_refused(policy: dict[str, str], found: str) -> None:
    with pytest.raises(PolicyError) as refused:
        ladder_for(policy)
    assert refused.value.found == found
    assert ladder_for({"denial wall": "observe", "FAILING_CALL": "stop"})


def test_a_detector_that_is_off_is_not_run_and_a_misspelt_one_refused() -> None:
    policy = Policy(watch=WatchPolicy(off=("denial wall", "chant"), failures=4))
    found = settings_for(policy, role="checker", limits=Limits())
    assert {one.name for one in detectors_for(found)} == set(DETECTORS) - {"denial-wall", "chant"}
    assert (found.failures, found.looks_only) == (4, True)
    for changes in ({"off": ("chants",)}, {"ladder": {"chants": "stop"}}, {"ladder": {"chant": "loudly"}}):
        with pytest.raises(ValidationError, match=r"chants|loudly"):
            WatchPolicy(**changes)
    unchecked = Policy().watch.model_copy(update={"off": ("chants",)})
    with pytest.raises(PolicyError):
        settings_for(Policy().model_copy(update={"watch": unchecked}), role="maker", limits=Limits())


def test_every_detector_is_in_the_table_of_the_ladder() -> None:
    assert [one.name for one in detectors_for(settings())] == list(DETECTORS)
    assert len(ALL) == 14


def test_an_edit_lifts_a_block_for_the_same_call_is_a_new_question(opened: Open) -> None:
    log = opened({"repeat": "block", "failing-call": "observe", "failures": "observe"})
    play(log, *[RED] * 4)
    assert log.blocked(MAKE)
    play(log, edit("a.py"))
    assert log.blocked(MAKE) is None


def test_a_change_of_the_work_lifts_a_block(opened: Open) -> None:
    log = opened({"repeat": "block", "failing-call": "observe", "failures": "observe"})
    log.progress("tree-1")
    play(log, *[RED] * 4)
    log.progress("tree-1")
    assert log.blocked(MAKE)
    log.progress("tree-2")
    assert log.blocked(MAKE) is None


def test_the_record_says_that_an_agent_changed_its_ways(opened: Open) -> None:
    log = opened()
    play(log, *[run("ls", "a.py")] * 3)
    log.take_nudge()
    play(log, *[read(f"f{n}.py") for n in range(10)])
    (nudge,) = log.report()["nudges"]
    assert (nudge["detector"], nudge["changed"], nudge["calls"]) == ("repeat", True, 10)
    assert [line["after"]["changed"] for line in lines(log) if "after" in line] == [True]


def test_the_record_says_that_an_agent_went_on_as_before(opened: Open) -> None:
    log = opened()
    play(log, *[run("ls", "a.py")] * 3)
    log.take_nudge()
    play(log, read("b.py"), run("ls", "a.py"))
    nudge = log.report()["nudges"][0]
    assert (nudge["changed"], nudge["called_again"]) == (False, 1)
    assert nudge["told_at"]


def test_a_nudge_that_nobody_took_is_no_change(opened: Open) -> None:
    log = opened()
    play(log, *[run("ls", "a.py")] * 3, *[read(f"f{n}.py") for n in range(10)])
    (nudge,) = log.report()["nudges"]
    assert (nudge["told_at"], nudge["changed"]) == (None, None)


@pytest.mark.parametrize(
    ("subject", "steps", "severity", "changed"),
    [
        pytest.param("", [], None, None, id="nothing-followed"),
        pytest.param("", [think("so")], None, None, id="no-call-followed"),
        pytest.param("", [call("Odd", {})[:1]], None, True, id="a-call-that-is-like-no-other"),
        pytest.param(MAKE, [RED[:1]], None, False, id="the-same-call"),
        pytest.param(MAKE, [read("a")[:1]], Severity.INFO, True, id="an-info-is-no-second-firing"),
        pytest.param(MAKE, [read("a")[:1]], Severity.WARNING, False, id="it-fired-again"),
    ],
)
def test_a_nudge_is_judged_by_what_followed(
    subject: str, steps: list[Step], severity: Severity | None, *, changed: bool | None
) -> None:
    nudging = Nudging()
    nudging.note(Firing(detector="repeat", detail="again", identity=subject))
    nudging.told()
    again = [Firing(detector="repeat", detail="again", severity=severity)] if severity else []
    for one in events(*steps):
        nudging.see(one.model_copy(update={"identity": one.identity if subject else ""}), again)
    nudging.finish()
    assert [one.changed for one in nudging.all()] == [changed]


def test_nudges_without_end_are_counted_and_not_kept() -> None:
    nudging = Nudging()
    for _ in range(MAX_NUDGES + 5):
        nudging.note(Firing(detector="repeat", detail="again"))
    assert (len(nudging.all()), nudging.left_out) == (MAX_NUDGES, 5)


def test_a_dispatch_that_ends_after_a_nudge_settles_it(opened: Open) -> None:
    log = opened()
    play(log, *[run("ls", "a.py")] * 3)
    log.take_nudge()
    play(log, read("b.py"))
    log.close()
    log.close()
    assert [line["after"]["calls"] for line in lines(log) if "after" in line] == [1]


def test_the_report_is_json_and_counts(opened: Open) -> None:
    log = opened(off=frozenset({"cycle"}))
    play(log, *[run("ls", "a.py")] * 8)
    report = json.loads(json.dumps(log.report()))
    assert {"detector": "repeat", "severity": "warning", "rung": "stop", "times": 1} in report["firings"]
    assert report["stopped"] == log.stop_reason
    assert report["broken"] == {}


def test_who_is_told_can_break_and_hurts_nothing(opened: Open, caplog: pytest.LogCaptureFixture) -> None:
    def told(firing: Firing, rung: Rung) -> None:
        raise ValueError(f"no {rung.word}")

    log = opened(told=told)
    play(log, *[run("ls", "a.py")] * 3)
    assert len(log.firings) == 1
    assert "no nudge" in caplog.text


class Broken(Detector):
    """Breaks at every event."""

    name: ClassVar[str] = "broken"
    kinds: ClassVar[frozenset[EventKind]] = frozenset(EventKind)

    def see(self, event: Event, trail: Trail) -> Firing | None:
        raise RuntimeError(event.kind)


def test_a_detector_that_breaks_is_left_out_and_named() -> None:
    watch = Watch((Broken(), *detectors_for(settings())))
    fired = [one for event in [Event(kind=EventKind.MESSAGE, text="a")] * 3 for one in watch.see(event)]
    assert [one.detector for one in fired] == ["chant"]
    assert watch.broken == {"broken": "RuntimeError: message"}


def test_two_threads_may_write_and_each_firing_is_told_once(opened: Open) -> None:
    told: list[str] = []
    log = opened(told=lambda firing, _: told.append(firing.detail))

    def work(name: str) -> None:
        for number in range(200):
            play(log, read(f"{name}{number}.py"))
            log.tick()

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(log.path.read_text().splitlines()) == 800
    assert len(told) == len(log.firings) == len(lines(log))


def test_a_firing_carries_the_hash_of_the_file_it_names(opened: Open, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    log = opened(workspace=tmp_path)
    play(log, *[read("a.py", "x = 1")] * 3)
    assert lines(log)[0]["file_hash"] == hashlib.sha256(b"x = 1\n").hexdigest()


def _plain(root: Path) -> str:
    (root / "a.py").write_text("x")
    return "a.py"


def _link(root: Path) -> str:
    (root / "link").symlink_to("/etc/passwd")
    return "link"


def _folder_link(root: Path) -> str:
    (root / "etc").symlink_to("/etc")
    return "etc/passwd"


def _pipe(root: Path) -> str:
    os.mkfifo(root / "pipe")
    return "pipe"


def _huge(root: Path) -> str:
    with (root / "huge").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    return "huge"


def _largest(root: Path) -> str:
    with (root / "large").open("wb") as file:
        file.truncate(MAX_BYTES)
    return "large"


@pytest.mark.parametrize(
    ("make", "hashed"),
    [
        pytest.param(_plain, True, id="a-file"),
        pytest.param(lambda root: str(root / _plain(root)), True, id="its-whole-path"),
        pytest.param(_largest, True, id="10-mib"),
        pytest.param(_huge, False, id="more-than-10-mib"),
        pytest.param(_link, False, id="a-link"),
        pytest.param(_folder_link, False, id="behind-a-link"),
        pytest.param(_pipe, False, id="a-pipe"),
        pytest.param(lambda _: "no.py", False, id="no-file"),
        pytest.param(lambda _: "../a.py", False, id="out-of-the-workspace"),
        pytest.param(lambda _: "/etc/passwd", False, id="elsewhere"),
        pytest.param(lambda _: ".", False, id="a-folder"),
        pytest.param(lambda _: "a\0b", False, id="no-name"),
    ],
)
def test_only_files_of_the_workspace_are_hashed(tmp_path: Path, make: Callable[[Path], str], hashed: bool) -> None:
    assert bool(file_hash(tmp_path, make(tmp_path))) is hashed


@pytest.mark.parametrize(
    ("command", "inert"),
    [
        *[(one, True) for one in ("echo a", "echo", "true", ":", "pwd", "sleep 5", "sleep 5 && echo done; true")],
        *[(one, True) for one in ('echo "a > b; c"', " pwd ", "echo a\nsleep 2")],
        *[(one, False) for one in ("echo a > b", "echo $(rm x)", "echo `rm x`", "echo a | tee b", "sleep 5 &")],
        *[(one, False) for one in ("sleep 5; make", "echoes", "truely", "", "echo 'a", "python -c 'pass'")],
    ],
)
def test_what_does_nothing(command: str, inert: bool) -> None:
    assert is_inert(command) is inert


def test_memory_stays_bounded_whatever_the_length() -> None:
    watch = Watch(detectors_for(settings()))
    shapes = events(*(one for name in ("{}.py", "a") for one in (read(name, "x" * 30), run(name, "no", "error"))))
    for number in range(4_500):
        for one in shapes:
            fresh = {"path": f"{number}.py", "identity": f"{one.identity}{number}", "call": f"{one.call}{number}"}
            watch.see(one.model_copy(update=fresh))
    sizes = {(one.name, slot): len(held) for one in watch._detectors for slot, held in _containers(one)}
    assert max(sizes.values()) <= 4_501  # files read: at most 8,192 are remembered, 4,501 were read
    assert sizes["repeat", "_rows"] == 4_096
    assert sizes["failing-call", "_failing"] == 1_024
    assert len(watch.trail._open) == 0


def _containers(detector: Detector) -> Iterator[tuple[str, Any]]:
    for name in dir(detector):
        held = getattr(detector, name, None)
        if name.startswith("_") and not name.startswith(("__", "_abc", "_is")) and hasattr(held, "__len__"):
            yield name, held


def test_calls_without_results_are_forgotten() -> None:
    watch = Watch(detectors_for(settings()))
    for one in events(*(read(f"{number}.py")[:1] for number in range(2_000))):
        watch.see(one)
    assert len(watch.trail._open) == 512


def test_an_engine_without_a_model_is_only_watched_by_clocks() -> None:
    found = settings_for(Policy(), role="maker", limits=Limits(), thinks=False)
    assert {one.name for one in detectors_for(found)} == {"silence", "no-progress", "cost"}


@pytest.mark.parametrize(
    ("command", "moves"),
    [
        *[(one, True) for one in ("git checkout main", "cd a && git -C b -c x=y bisect good", "/usr/bin/git stash")],
        *[(one, False) for one in ("git status", "git log checkout", "echo git checkout2", "git -c " * 300)],
        ("digit reset", False),
    ],
)  # fmt: skip
def test_what_takes_git_to_another_state(command: str, moves: bool) -> None:
    assert moves_git(command) is moves


def test_ordinals_count_every_line_of_the_log_nudges_too(opened: Open) -> None:
    log = opened(off=frozenset({"cycle"}))
    play(log, *[run("ls", "a.py")] * 3)
    log.take_nudge()
    play(log, *[read("b.py", "b")] * 3)
    written = log.path.read_text().splitlines()
    first, last = log.firings[-1][0].first, log.firings[-1][0].last
    assert json.loads(written[first])["path"] == "b.py"
    assert json.loads(written[last])["kind"] == "tool_result"
    assert last == len(written) - 1


def test_a_nudge_of_the_watch_is_no_progress() -> None:
    nudge = event(EventKind.NUDGE, text="go on", step="watch")
    steps = [step for n in range(20) for step in (read(f"f{n}.py"), wait(59), nudge)]
    assert severities("no-progress", *steps) == ["stop"]


def test_no_secret_of_a_call_reaches_the_file_of_firings(opened: Open) -> None:
    token = "ghp_" + "a1B2" * 9
    log = opened()
    play(log, *[run(f"curl -H 'Authorization: Bearer {token}' x", f"401 for {token}", "error")] * 3)
    assert lines(log)
    assert token not in log.path.with_name("firings.jsonl").read_text()
    assert token not in (log.take_nudge() or "")
