"""What the watch costs: events through all detectors, and a whole log through `linestop watch`, over reading its JSON.

Seconds are those of the processor, so that another process on the same cores doesn't count.
"""

import io
import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from time import process_time
from typing import Any

from linestop.deployments.bench.pairs import Measure, measure
from linestop.events import Event, EventKind, Outcome, Usage
from linestop.events.identity import sha256_text
from linestop.events.tools import call_fields
from linestop.ports import Limits
from linestop.watch import Watch
from linestop.watch.detectors import detectors_for
from linestop.watch.settings import WatchSettings
from linestop.watch.survey import survey_log

EVENTS = 50_000
GOAL_RATE = 100_000  # events a second, issue 3, part 4
_WORDS = "the quick brown fox jumps over a lazy dog while checks of parsers fail and we look for causes in it".split()  # noqa: SIM905
_COMMANDS = ("pytest -q", "git diff", "ls -la", "python3 x.py", "grep -rn foo src", "sleep 5", "cd src && make test")


def watch_cost(pairs: int) -> list[Measure]:
    """Return the cost of the detectors and of a survey, both over parsing the same lines."""
    events = list(islice(some_events(), EVENTS))
    lines = [event.model_dump_json(exclude_none=True) for event in events]
    log = "\n".join(lines).encode()
    settings = WatchSettings(limits=Limits(wall_seconds=10**9, tokens=10**15, usd=10**9))
    detectors = [(_timed(lambda: _watch(events, settings)), _timed(lambda: _parse(lines))) for _ in range(pairs)]
    surveys = [(_timed(lambda: _survey(log, settings)), _timed(lambda: _parse(lines))) for _ in range(pairs)]
    return [_detectors(detectors), _surveys(surveys, len(log))]


def some_events(seed: int = 1) -> Iterator[Event]:
    """Yield events of an agent that reads, searches, edits, runs and sometimes fails, without end."""
    rng, at, number = random.Random(seed), datetime(2026, 1, 1, tzinfo=UTC), 0  # noqa: S311  # no secret

    def event(kind: EventKind, **fields: Any) -> Event:
        nonlocal at
        at += timedelta(seconds=1)
        return Event(kind=kind, at=at, **fields)

    while True:
        number += 1
        yield event(EventKind.REASONING, text=_text(rng, 50))
        yield event(EventKind.MESSAGE, text=_text(rng, 20))
        for _ in range(rng.randint(1, 3)):
            fields, name = call_fields(*_call(rng)), f"call-{number}-{rng.random()}"
            yield event(EventKind.TOOL_CALL, call=name, **fields)
            text, shared = _text(rng, 40), {key: value for key, value in fields.items() if key != "args"}
            outcome = Outcome.ERROR if rng.random() < 0.1 else Outcome.OK  # noqa: PLR2004  # one of ten
            yield event(
                EventKind.TOOL_RESULT, call=name, text=text, result_hash=sha256_text(text), outcome=outcome, **shared
            )
        yield event(EventKind.USAGE, usage=Usage(input=1000 + number, output=50, usd=0.001), model="model-1")


def _call(rng: random.Random) -> tuple[str, dict[str, Any]]:
    path = f"src/module_{rng.randint(0, 300)}.py"
    return rng.choice(
        (
            ("Bash", {"command": f"{rng.choice(_COMMANDS)} # {rng.randint(0, 30)}"}),
            ("Read", {"file_path": path}),
            ("Edit", {"file_path": path, "old_string": _text(rng, 5), "new_string": _text(rng, 6)}),
            ("Grep", {"pattern": _text(rng, 2)}),
        )
    )


def _text(rng: random.Random, words: int) -> str:
    return " ".join(rng.choices(_WORDS, k=words))


def _watch(events: list[Event], settings: WatchSettings) -> None:
    watch = Watch(detectors_for(settings))
    for event in events:
        watch.see(event)


def _parse(lines: list[str]) -> None:
    for line in lines:
        json.loads(line)


def _survey(log: bytes, settings: WatchSettings) -> None:
    survey_log(io.BytesIO(log), "bench.jsonl", lambda: detectors_for(settings))


def _timed(work: Callable[[], object]) -> float:
    start = process_time()
    work()
    return process_time() - start


def _detectors(pairs: list[tuple[float, float]]) -> Measure:
    found = measure(f"{EVENTS:,} events through all detectors over `json.loads` of them", pairs)
    rate = EVENTS / found.ours
    goal = f"≥ {GOAL_RATE:,} events/s"
    return found.model_copy(
        update={"goal": goal, "met": rate >= GOAL_RATE, "note": f"{rate:,.0f} events/s of one core"}
    )


def _surveys(pairs: list[tuple[float, float]], size: int) -> Measure:
    found = measure(f"`linestop watch` of a log of {size / 1e6:.0f} MB over `json.loads` of its lines", pairs)
    return found.model_copy(update={"note": f"{size / 1e6 / found.ours:.1f} MB/s of one core, detectors included"})
