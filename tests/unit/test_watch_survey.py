"""A survey of logs: sessions apart, what fired in each, where, what it cost, and what may be learned of it."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar

from linestop.events import Event, EventKind
from linestop.watch import Firing, Severity
from linestop.watch.survey import LogReport, survey_log
from linestop.watch.survey_lessons import proposals
from linestop.watch.survey_logs import claude_sessions, codex_sessions, is_log, logs_in
from linestop.watch.trail import Trail
from linestop.watch.watch import Detector

SAMPLES = Path(__file__).parents[1] / "samples"
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)


class Third:
    """Fires at the third call with one identity, and never again for it."""

    name: ClassVar[str] = "repeat"
    kinds: ClassVar[frozenset[EventKind]] = frozenset({EventKind.TOOL_CALL})
    severity = Severity.WARNING

    def __init__(self) -> None:
        self._seen: dict[str, list[tuple[int, datetime, int]]] = {}

    def see(self, event: Event, trail: Trail) -> Firing | None:
        marks = self._seen.setdefault(event.identity or "", [])
        marks.append(trail.mark)
        if len(marks) != 3:
            return None
        return trail.firing(
            self.name, "3 times the same", marks[0], calls=3, identity=event.identity or "", severity=self.severity
        )

    def tick(self, now: datetime, trail: Trail) -> Firing | None:
        return None

    def progress(self, state: str, now: datetime) -> None:
        return


class Quiet(Third):
    """Fires whenever time is said to go by."""

    name: ClassVar[str] = "silence"

    def see(self, event: Event, trail: Trail) -> Firing | None:
        return None

    def tick(self, now: datetime, trail: Trail) -> Firing | None:
        return Firing(detector=self.name, detail="nothing heard", first=trail.ordinal, last=trail.ordinal)


class Search(Third):
    name: ClassVar[str] = "runaway-search"


def line(kind: str, number: int, session: str = "s", **more: Any) -> str:
    at = (BEGUN + timedelta(seconds=number)).isoformat()
    return json.dumps({"v": 1, "at": at, "kind": kind, "session": session} | more) + "\n"


def step(number: int, command: str = "make", session: str = "s", tokens: int = 10) -> str:
    call = line("tool_call", number, session, tool="bash", args={"command": command}, call=str(number))
    result = line("tool_result", number, session, call=str(number), text="no", outcome="error")
    return call + result + line("usage", number, session, usage={"input": tokens, "output": 0})


def survey(text: str, *detectors: type[Detector]) -> LogReport:
    def making() -> Iterable[Detector]:
        return [one() for one in detectors or (Third,)]

    return survey_log(BytesIO(text.encode()), "a.jsonl", making, at=BEGUN)


def test_a_loop_is_counted_to_its_end_though_it_fired_at_its_beginning() -> None:
    report = survey("".join(step(number) for number in range(10)) + step(10, "ls") + step(11, "pwd"))
    (session,) = report.sessions
    (seen,) = session.sightings
    assert (seen.times, seen.calls, seen.first, seen.first_line) == (1, 10, 1, 1)
    assert (seen.last, seen.last_line) == (30, 30)
    assert (seen.seconds, session.lost_seconds) == (9.0, 9.0)
    assert seen.tokens == 100
    assert (session.tokens, session.calls, session.outcomes) == (120, 12, {"error": 12})


def test_an_edit_ends_the_story_of_a_loop() -> None:
    before = "".join(step(number) for number in range(5))
    edit = line("tool_call", 5, tool="edit", args={"path": "a.py"}, call="e") + line(
        "tool_result", 5, call="e", outcome="ok"
    )
    (seen,) = survey(before + edit + "".join(step(number) for number in range(6, 9))).sessions[0].sightings
    assert (seen.last, seen.calls, seen.seconds) == (15, 5, 4.0)


def test_sessions_that_interleave_in_one_log_are_told_apart() -> None:
    mixed = "".join(step(number, session=f"s{number % 2}") for number in range(4))
    assert [(one.session, one.calls, one.sightings) for one in survey(mixed).sessions] == [("s0", 2, []), ("s1", 2, [])]


def test_a_session_without_an_id_begins_with_its_start() -> None:
    twice = (line("start", 0, "") + step(1, session="") + step(2, session="")) * 2
    assert [(one.session, one.calls) for one in survey(twice).sessions] == [("#1", 2), ("#2", 2)]


def test_events_without_a_time_cost_no_time() -> None:
    data = SAMPLES.joinpath("codex-failcmd.jsonl").read_bytes()
    (session,) = survey_log(BytesIO(data), "x", lambda: [Third()]).sessions
    assert (session.timed, session.seconds, session.tokens) == (False, 0.0, 3840)


def test_tokens_that_are_only_counted_in_all_are_shared_by_calls() -> None:
    calls = "".join(step(number, tokens=0) for number in range(4))
    total = line("usage", 9, usage={"input": 800, "output": 0, "total": True})
    (seen,) = survey(step(0, "ls", tokens=0) + calls + total).sessions[0].sightings
    assert (seen.tokens, seen.estimated) == (800 * 4 // 5, True)


def test_overlapping_patterns_are_not_paid_twice() -> None:
    (session,) = survey("".join(step(number) for number in range(6)), Third, Search).sessions
    assert len(session.sightings) == 2
    assert session.lost_seconds == 5.0


def test_a_session_that_was_only_asked_to_look_is_not_blamed_for_searching() -> None:
    looked = "".join(step(number, "grep x") for number in range(4))
    (session,) = survey(looked, Search).sessions
    assert ([one.severity for one in session.sightings], session.lost_seconds) == ([Severity.INFO], 0.0)
    (session,) = survey(looked + step(9, "sed -i s/a/b/ c.py"), Search).sessions
    assert [one.severity for one in session.sightings] == [Severity.WARNING]


def test_the_clocks_tick_in_a_long_quiet_but_not_while_a_person_is_waited_for() -> None:
    quiet = step(0) + line("message", 900, text="back")
    (session,) = survey(quiet, Quiet).sessions
    assert [one.detector for one in session.sightings] == ["silence"]
    asked = step(0) + line("nudge", 900, text="go on") + line("end", 901) + line("start", 5000) + step(5001)
    assert survey(asked, Quiet).sessions[0].sightings == []


def test_a_bad_line_is_named_and_costs_nothing_else() -> None:
    report = survey(step(0) + "{torn\n" + step(1) + step(2))
    assert ([problem.line for problem in report.problems], len(report.sessions[0].sightings)) == ([4], 1)


def test_a_lesson_is_proposed_with_its_evidence_dearest_first() -> None:
    first = survey("".join(step(number) for number in range(4)))
    second = survey("".join(step(number, tokens=1_000) for number in range(9)))
    second.path = "b.jsonl"
    (lesson,) = proposals([first, second])
    assert (lesson.detector, lesson.sessions, lesson.times) == ("repeat", 2, 2)
    assert lesson.evidence[0].startswith("b.jsonl:1-27 (events 1-27, 2026-01-01 00:00:00): 3 times the same")


def test_a_secret_in_what_fired_is_not_shown() -> None:
    class Loud(Third):
        def see(self, event: Event, trail: Trail) -> Firing | None:
            return trail.firing("repeat", "ghp_" + "a" * 36, trail.mark)

    (session,) = survey(step(0), Loud).sessions
    assert session.sightings[0].detail == "[redacted]"


def test_no_value_of_any_field_of_ours_stops_a_survey() -> None:
    values: list[Any] = [None, -1, 1e308, "", "x" * 9, [], [{}], {}, {"a": [1]}, True, "9999-12-31T23:59:59-23:59"]
    names = [*Event.model_fields, "agent"]
    hostile = "".join(
        json.dumps({"v": 1, "at": "2026-01-01", "kind": "tool_call"} | {name: one}) + "\n"
        for name in names
        for one in values
    )
    hostile += "".join(
        json.dumps({"v": 1, "at": one, "kind": "usage", "usage": one, "text": one}) + "\n" for one in values
    )
    hostile += "".join(json.dumps({"v": 1, "kind": "end", "at": one}) + "\n" for one in values)
    report = survey(hostile + "".join(step(number) for number in range(5)))
    assert sum(one.events for one in report.sessions) > len(names)
    assert [problem for problem in report.problems if "understood" in problem.what] == []


def test_logs_are_found_by_their_content_and_links_are_not_followed(tmp_path: Path) -> None:
    for name in ("codex.jsonl", "mini.traj.json", "swe-agent.traj", "claude-session.jsonl"):
        (tmp_path / name).write_bytes(SAMPLES.joinpath(name).read_bytes())
    (tmp_path / "package.json").write_text('{\n  "name": "x",\n  "messages": []\n}\n')
    (tmp_path / "data.jsonl").write_text('{"type": "message", "text": "x"}\n')
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "codex.jsonl").write_bytes(SAMPLES.joinpath("codex.jsonl").read_bytes())
    (tmp_path / "link.jsonl").symlink_to(SAMPLES / "pi.jsonl")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "loop").symlink_to(tmp_path)
    found = [path.name for path in logs_in(tmp_path)]
    assert found == ["claude-session.jsonl", "codex.jsonl", "mini.traj.json", "swe-agent.traj"]
    assert not is_log(tmp_path / "absent.jsonl")


def test_the_folders_of_claude_and_codex_follow_their_own_variables(tmp_path: Path) -> None:
    assert claude_sessions({}, tmp_path) == tmp_path / ".claude" / "projects"
    assert codex_sessions({"CODEX_HOME": "/x"}, tmp_path) == Path("/x/sessions")
