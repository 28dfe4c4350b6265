"""Makes the traces that ScriptedEngine plays: `.venv/bin/python -m tests.traces.make [KIND …]`.

Each story is played in a fresh workshop with real effects and written through the event log, on a simulated clock so
that ten minutes of silence take none. `labels.json` says of each trace what a person says of it. tests/traces/record.py
makes those of real command lines.
"""

import json
import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from linestop.blocks.sandboxes.plain_sandbox import PlainSandbox
from linestop.blocks.scripted_engine.engine import ScriptedEngine
from linestop.events import Event, EventKind
from linestop.plans import ChecksPass, Chunk, Plan
from linestop.policy import SandboxPolicy
from linestop.ports import Dispatch
from linestop.scenarios import Scenario
from linestop.verdicts import CheckReport
from linestop.watch import LiveLog
from tests.traces import honest, pathologies
from tests.traces.story import ALL, VARIANTS, Story, with_prompts
from tests.traces.workshop import workshop

HERE = Path(__file__).parent
LABELS = HERE / "labels.json"
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
KINDS = (pathologies, honest)  # importing them registers their stories
KEPT = 700  # characters of a result: what a detector looks at is its hash, and its beginning


class ClockedLog(LiveLog):
    """A live log whose clock is simulated: a second or two an event, and what the story says beside."""

    def __init__(self, path: Path, told: Story, root: Path) -> None:
        super().__init__(path)
        self._story, self._root, self._now = told, str(root), START
        self._random, self._turns, self._results = random.Random(told.kind), 0, 0  # noqa: S311  # a clock

    def append(self, kind: EventKind, **fields: Any) -> Event:
        self._now += timedelta(seconds=self._random.uniform(0.2, 2.5))
        if kind is EventKind.USAGE:
            self._turns += 1
            self._now += timedelta(seconds=self._story.pauses.get(self._turns, 0))
        if kind is EventKind.TOOL_RESULT:
            self._results += 1
            self._now += timedelta(seconds=self._story.delays.get(self._results, 0))
            fields["seconds"] = round(float(fields.get("seconds", 0)), 1)
            if self._results in self._story.compactions:
                super().append(EventKind.LIMIT, at=self._now, text="compacted", compaction=True)
        fields["text"] = str(fields.get("text", "")).replace(self._root, "/repo")
        return super().append(kind, at=self._now, **fields)


def dispatch_for(role: str) -> Dispatch:
    """A dispatch to play a story in."""
    chunk = Chunk(id="calc", title="Mend the calculator", source="checks", rules=("wrong",), paths=("src/calc.py",))
    plan = Plan(id="calc", title="Mend the calculator", purpose="It subtracts where it should add.", scope=("src/*",),
                chunks=(chunk,), goal=(ChecksPass(),))  # fmt: skip
    return Dispatch(ticket="calc", role=role, attempt=1, plan=plan, chunk=chunk, brief="Mend the calculator.")


def play(told: Story, path: Path) -> None:
    """Play a story and write its trace."""
    policy = SandboxPolicy(kind="plain", allow_plain=True)
    with TemporaryDirectory(prefix="trace-") as folder:
        root = workshop(Path(folder).resolve() / "repo")
        scenario = Scenario(name=told.kind, turns=tuple(with_prompts(told.turns)))
        engine = ScriptedEngine(scenario, sandbox=PlainSandbox(), policy=policy)
        path.unlink(missing_ok=True)
        with ClockedLog(path, told, root) as log:
            log.append(EventKind.START, model=scenario.model)
            engine.dispatch(dispatch_for(str(told.told.get("role", "maker"))), root, checks=_checks, events=log)
            log.append(EventKind.END)
    _shorten(path)


def _checks(_: Path) -> CheckReport:
    return CheckReport(runs=(), tests=())


def _shorten(path: Path) -> None:
    """Cut long results of a trace, whose hashes are of the whole text; drop what no reader needs."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        row["text"] = row.get("text", "")[:KEPT] if row["kind"] == "tool_result" else row.get("text", "")
    slim = [{name: value for name, value in row.items() if value not in ("", {}, None)} for row in rows]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in slim), encoding="utf-8")


def label(told: Story, file: str, source: str) -> dict[str, Any]:
    """What labels.json says of a trace."""
    return {
        "file": file, "kind": told.kind, "nature": "stuck" if told.fires else "honest", "source": source,
        "about": told.about, "fires": list(told.fires), "either": [one for one in told.either if one not in told.fires],
        **told.told,
    }  # fmt: skip


def relabel(labels: list[dict[str, Any]]) -> None:
    """Write labels into labels.json, over those of the same files."""
    known = {one["file"]: one for one in (json.loads(LABELS.read_text()) if LABELS.exists() else [])}
    known |= {one["file"]: one for one in labels}
    rows = ",\n".join(json.dumps(known[name], ensure_ascii=False) for name in sorted(known))
    LABELS.write_text(f"[\n{rows}\n]\n", encoding="utf-8")


def stories() -> list[tuple[Story, int]]:
    """All stories in all variants."""
    return [
        (tell(random.Random(f"{tell.__name__}-{variant}"), variant), variant)  # noqa: S311  # a seed, no secret
        for tell in ALL
        for variant in range(VARIANTS)
    ]


def main() -> None:
    """Make the traces of all kinds, or of those that are named."""
    wanted, labels = set(sys.argv[1:]), []
    for told, variant in stories():
        if wanted and told.kind not in wanted:
            continue
        file = f"{'stuck' if told.fires else 'honest'}/{told.kind}-{variant}.jsonl"
        (HERE / file).parent.mkdir(exist_ok=True)
        play(told, HERE / file)
        labels.append(label(told, file, "scripted engine"))
        sys.stderr.write(f"{file}\n")
    relabel(labels)


if __name__ == "__main__":
    assert honest  # importing registers its stories
    main()
