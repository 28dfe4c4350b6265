"""How good the detectors are: held against traces that a person labelled. Precision and recall with their intervals.

Owns the format of `labels.json`. Only warnings and stops count as fired; info is shown beside.
"""

import json
from collections.abc import Sequence
from math import sqrt
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from linestop.errors import UsageError
from linestop.ports.engine import Limits
from linestop.watch.detectors import detectors_for
from linestop.watch.firing import Severity
from linestop.watch.ladder import DETECTORS
from linestop.watch.settings import WatchSettings
from linestop.watch.survey import LogSurvey

LABELS = "labels.json"
_Z = 1.96  # of a 95 % interval


class Label(BaseModel):
    """What a person says of a trace: which detectors must fire, and which may. All others must be quiet."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str
    kind: str
    nature: Literal["stuck", "honest"]
    source: str = Field(description="what wrote the trace")
    about: str = ""
    fires: tuple[str, ...] = ()
    either: tuple[str, ...] = Field(default=(), description="a person could say both: not counted")
    role: str = "maker"
    pollers: tuple[str, ...] = ()
    tokens: int | None = None
    usd: float | None = None
    wall_seconds: float = 10**7

    @property
    def settings(self) -> WatchSettings:
        """What the detectors are told of the dispatch."""
        limits = Limits(tokens=self.tokens, usd=self.usd, wall_seconds=self.wall_seconds)
        return WatchSettings(role=self.role, limits=limits, pollers=self.pollers)


class Seen(BaseModel):
    """What the detectors said of a trace."""

    model_config = ConfigDict(frozen=True)

    label: Label
    fired: tuple[str, ...]
    info: tuple[str, ...]
    broken: dict[str, str] = Field(default_factory=dict)

    @property
    def missed(self) -> tuple[str, ...]:
        """Detectors that should have fired."""
        return tuple(name for name in self.label.fires if name not in self.fired)

    @property
    def false(self) -> tuple[str, ...]:
        """Detectors that should have been quiet."""
        allowed = {*self.label.fires, *self.label.either}
        return tuple(name for name in self.fired if name not in allowed)


class Score(BaseModel):
    """How good one detector is. A share is None where nothing was counted; intervals are Wilson's, 95 %."""

    model_config = ConfigDict(frozen=True)

    detector: str
    hits: int
    misses: int
    false_alarms: int
    quiet: int
    info: int = Field(description="honest or unrelated traces that it only marked as info")
    precision: float | None
    precision_interval: tuple[float, float] | None
    recall: float | None
    recall_interval: tuple[float, float] | None


class Scores(BaseModel):
    """A whole report."""

    model_config = ConfigDict(frozen=True)

    traces: int
    stuck_kinds: int
    honest_kinds: int
    detectors: tuple[Score, ...]
    wrong: tuple[Seen, ...] = Field(description="traces about which a detector erred")


def read_labels(folder: Path) -> tuple[Label, ...]:
    """Return the labels of a folder of traces.

    Raises:
        UsageError: there are none, they break the format, or name a detector or a file that isn't there.
    """
    path = folder / LABELS
    try:
        labels = TypeAdapter(tuple[Label, ...]).validate_python(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError) as error:
        raise UsageError(f"{path} can't be read", found=str(error)[:500], todo="see tests/traces/README.md") from error
    for label in labels:
        unknown = {*label.fires, *label.either} - set(DETECTORS)
        if unknown or ".." in Path(label.file).parts or not (folder / label.file).is_file():
            found = ", ".join(sorted(unknown)) or "no such file"
            raise UsageError(f"the label of {label.file} can't be used", found=found, todo=f"correct {path}")
    return labels


def look(folder: Path, label: Label) -> Seen:
    """Return what the detectors say of one trace, of any format.

    Raises:
        UsageError: it is no log of an agent: its silence would count as quiet.
    """
    survey = LogSurvey(lambda: detectors_for(label.settings))
    fired: set[str] = set()
    info: set[str] = set()
    broken: dict[str, str] = {}
    with (folder / label.file).open("rb") as file:
        for session, firing in survey.read(file):
            (info if firing.severity is Severity.INFO else fired).add(firing.detector)
            broken |= session.watch.broken
    if not survey.report(label.file).sessions:
        raise UsageError(f"{label.file} is no agent's log", found="no event was read", todo=f"correct {LABELS}")
    order = list(DETECTORS)
    return Seen(
        label=label, fired=tuple(sorted(fired, key=order.index)), info=tuple(sorted(info - fired, key=order.index)),
        broken=broken,
    )  # fmt: skip


def score(folder: Path) -> Scores:
    """Return how good each detector is on the traces of a folder.

    Raises:
        UsageError: as `read_labels` and `look`.
    """
    seen = [look(folder, label) for label in read_labels(folder)]
    kinds = {(one.label.kind, one.label.nature) for one in seen}
    return Scores(
        traces=len(seen),
        stuck_kinds=sum(nature == "stuck" for _, nature in kinds),
        honest_kinds=sum(nature == "honest" for _, nature in kinds),
        detectors=tuple(_score(name, seen) for name in DETECTORS),
        wrong=tuple(one for one in seen if one.missed or one.false or one.broken),
    )


def _score(name: str, seen: Sequence[Seen]) -> Score:
    counted = [one for one in seen if name not in one.label.either]
    should = [one for one in counted if name in one.label.fires]
    should_not = [one for one in counted if name not in one.label.fires]
    hits = sum(name in one.fired for one in should)
    false = sum(name in one.fired for one in should_not)
    return Score(
        detector=name, hits=hits, misses=len(should) - hits, false_alarms=false, quiet=len(should_not) - false,
        info=sum(name in one.info for one in should_not),
        precision=_share(hits, hits + false), precision_interval=wilson(hits, hits + false),
        recall=_share(hits, len(should)), recall_interval=wilson(hits, len(should)),
    )  # fmt: skip


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def wilson(part: int, whole: int) -> tuple[float, float] | None:
    """Return Wilson's 95 % interval of a share, None of nothing."""
    if not whole:
        return None
    share, square = part / whole, _Z * _Z / whole
    middle = (share + square / 2) / (1 + square)
    spread = _Z * sqrt(share * (1 - share) / whole + square / (4 * whole)) / (1 + square)
    return (round(max(middle - spread, 0.0), 4), round(min(middle + spread, 1.0), 4))
