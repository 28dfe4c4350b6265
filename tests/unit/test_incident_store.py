"""Line stops: opened once, closed only with everything that belongs to it."""

from pathlib import Path

import pytest

from linestop.errors import RecordError, UsageError
from linestop.incidents import FailureClass, IncidentStore, Prevention, Sweep, Why, classify
from linestop.paths import Layout
from linestop.verdicts import CommandRun

WHYS = tuple(Why(hypothesis=f"h{number}", verification="v", conclusion="c") for number in range(5))
PREVENTION = Prevention(level="L2", action="a check in CI")
SWEEP = Sweep(searched="all images", found=("image-web",))
FULL = {"root_cause": "nobody built it", "prevention": PREVENTION, "sweep": SWEEP, "whys": WHYS}
TIMED_OUT = CommandRun(argv=("pytest",), exit_code=None, seconds=9, timed_out=True, output="No module named x")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> IncidentStore:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    return IncidentStore(Layout(tmp_path / "shop"))


@pytest.mark.parametrize(
    ("text", "code", "kind", "confidence"),
    [
        pytest.param("sh: pytset: command not found", 1, FailureClass.COMMAND_NOT_FOUND, 0.94, id="command"),
        pytest.param("", 127, FailureClass.COMMAND_NOT_FOUND, 0.94, id="127"),
        pytest.param("ModuleNotFoundError: No module", 1, FailureClass.PYTHON_MODULE_MISSING, 0.88, id="py"),
        pytest.param("Error: Cannot find module 'x'", 1, FailureClass.NODE_MODULE_MISSING, 0.84, id="node"),
        pytest.param("", 126, FailureClass.PERMISSION_DENIED, 0.82, id="126"),
        pytest.param("PermissionError: [Errno 13] timed out", 1, FailureClass.PERMISSION_DENIED, 0.82, id="permission"),
        pytest.param("FileNotFoundError: no such file", 1, FailureClass.PATH_MISSING, 0.79, id="path"),
        pytest.param("", 124, FailureClass.TIME_OUT, 0.68, id="124"),
        pytest.param("E   assert 1 == 2", 1, FailureClass.ASSERTION_FAILURE, 0.62, id="assertion"),
        pytest.param("it went wrong", 1, FailureClass.UNKNOWN, 0.35, id="unknown"),
        pytest.param("", 0, FailureClass.UNKNOWN, 0.35, id="nothing"),
    ],
)
def test_classes_of_failure(text: str, code: int, kind: FailureClass, confidence: float) -> None:
    assert classify(text, code) == (kind, confidence)


def test_what_was_measured_outranks_what_the_text_mentions() -> None:
    assert classify("No module named x", 1, timed_out=True) == (FailureClass.TIME_OUT, 0.68)


def test_the_same_stop_is_one_incident_while_it_is_open(store: IncidentStore) -> None:
    first = store.open(scope="ticket", subject="t", what="3 failures in a row: tests fail in /tmp/a1/x")
    assert store.open(scope="ticket", subject="t", what="4 failures in a row: tests fail in /tmp/b2/x").id == first.id
    assert store.open(scope="ticket", subject="u", what="3 failures in a row: tests fail in /tmp/a1/x").id != first.id
    assert len(store.list()) == 2


@pytest.mark.parametrize("missing", list(FULL))
def test_it_closes_only_when_all_of_it_is_there(store: IncidentStore, missing: str) -> None:
    incident = store.open(scope="repository", subject="c0ffee", what="red", evidence=TIMED_OUT)
    words = {name: value for name, value in FULL.items() if name != missing}
    with pytest.raises(UsageError, match="can't close yet") as caught:
        store.close(incident.id, who="ann", why="mended", person=True, **words)  # type: ignore[arg-type]
    assert "missing: " in caught.value.found
    assert store.get(incident.id).is_open


@pytest.mark.parametrize("filler", ["", "  ", "-", "TODO", "n/a", "unknown", "Unknown: a person must say"])
def test_a_filler_says_nothing(store: IncidentStore, filler: str) -> None:
    incident = store.open(scope="ticket", subject="t", what="x")
    with pytest.raises(UsageError, match="can't close yet"):
        store.close(incident.id, who="ann", why="mended", person=True, **{**FULL, "root_cause": filler})  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="can't close yet"):
        store.close(incident.id, who="ann", why=filler, person=True, **FULL)  # type: ignore[arg-type]


def test_four_of_five_whys_are_not_enough(store: IncidentStore) -> None:
    incident = store.open(scope="ticket", subject="t", what="x")
    with pytest.raises(UsageError, match="can't close yet"):
        store.close(incident.id, who="ann", why="mended", person=True, **{**FULL, "whys": WHYS[:3]})  # type: ignore[arg-type]


def test_an_unsure_class_is_closed_by_a_person_only(store: IncidentStore) -> None:
    unsure = store.open(scope="ticket", subject="t", what="x", evidence=TIMED_OUT)
    with pytest.raises(UsageError, match="only a person"):
        store.close(unsure.id, who="healer", why="mended", person=False, **FULL)  # type: ignore[arg-type]
    sure = store.open(scope="ticket", subject="t", what="sh: x: command not found")
    assert store.close(sure.id, who="healer", why="installed", person=False, **FULL).closed  # type: ignore[arg-type]


def test_a_closed_one_blocks_nothing_and_comes_back_as_another(store: IncidentStore) -> None:
    incident = store.open(scope="ticket", subject="t", what="x")
    closed = store.close(incident.id, who="ann", why="mended", person=True, **FULL)  # type: ignore[arg-type]
    assert (closed.state, closed.missing()) == ("closed", ())
    assert store.blocking("ticket", "t") == ()
    with pytest.raises(UsageError, match="closed already"):
        store.close(incident.id, who="ann", why="again", person=True, **FULL)  # type: ignore[arg-type]
    assert store.open(scope="ticket", subject="t", what="x").id != incident.id


def test_a_wider_stop_blocks_what_lies_in_it(store: IncidentStore, tmp_path: Path) -> None:
    ticket = store.open(scope="ticket", subject="t", what="x")
    repository = store.open(scope="repository", subject="base", what="red")
    fleet = store.open(scope="fleet", subject="all", what="no disk")
    assert {one.id for one in store.blocking("ticket", "t")} == {ticket.id, repository.id, fleet.id}
    assert {one.id for one in store.blocking("ticket", "u")} == {repository.id, fleet.id}
    assert {one.id for one in store.blocking("repository")} == {repository.id, fleet.id}
    assert [one.id for one in IncidentStore(Layout(tmp_path / "other")).blocking("ticket", "t")] == [fleet.id]


def test_an_incident_that_can_not_be_read_never_counts_as_none(store: IncidentStore, tmp_path: Path) -> None:
    incident = store.open(scope="ticket", subject="t", what="x")
    (tmp_path / "shop/.linestop/incidents" / f"{incident.id}.json").write_text("{ torn")
    with pytest.raises(RecordError):
        store.blocking("ticket", "t")


def test_what_a_stranger_wrote_is_plain(store: IncidentStore) -> None:
    run = CommandRun(argv=("x",), exit_code=1, seconds=1, output="\x1b]0;pwned\x07\x1b[31mred\x1b[0m")
    incident = store.open(scope="ticket", subject="t", what="\x1b[2Jgone\nnext line", evidence=run)
    kept = store.get(incident.id)
    assert "\x1b" not in kept.what + (kept.evidence.output if kept.evidence else "")
    assert "\n" not in kept.what
