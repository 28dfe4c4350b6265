"""What a debrief keeps, asks and decides: nothing lost, nothing asked twice, only a person decides."""

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from linestop.debrief import Debriefs, Ruling
from linestop.debrief.decisions import Words
from linestop.debrief.gathering import MAX_OF_SUBJECT, MAX_WAITING
from linestop.errors import LinestopError, RecordError, UsageError
from linestop.memory.cautions import CautionKind
from linestop.memory.lessons import Lessons, Tier, Trust, draft
from linestop.memory.tickets import Failure, TicketBook
from linestop.paths import Layout
from linestop.watch.firing import Severity
from tests.unit.debrief_shop import BATCH, FAILURE, corrected, failed_twice, fired, shop

SECRET = "ghp_" + "a1B2" * 9


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    return shop(tmp_path / "shop", "shop-bugs", "shop-tidy")


def files(layout: Layout) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in layout.debriefs.rglob("*.json")}


def test_where_nothing_happened_nothing_is_asked_and_nothing_written(layout: Layout) -> None:
    fired(layout, severity=Severity.INFO)
    assert Debriefs(layout).gather("shop-bugs").waiting == ()
    assert not layout.debriefs.exists()


def test_what_a_ticket_taught_waits_with_its_evidence(layout: Layout) -> None:
    fired(layout)
    failed_twice(layout)
    corrected(layout, "Prices are Decimal.")
    found = Debriefs(layout).gather("shop-bugs")
    assert len(found.drafted) == len(found.waiting) == 3
    person, search, failure = (Debriefs(layout).get(name) for name in found.drafted)
    assert (person.title, person.kind) == ("Prices are Decimal.", "correction")
    assert (search.kind, search.file, search.detector) == ("file", "src/cart.py", "runaway-search")
    assert (failure.kind, failure.times, len(failure.runs)) == ("signature", 2, 2)
    assert any("I rounded in the wrong place" in line for line in failure.evidence)


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        pytest.param(("api/views.py", "api/views.py"), "signature", id="the-same-file"),
        pytest.param(("api/views.py", "shop/views.py"), "detector", id="two-of-one-name"),
    ],
)
def test_failures_of_two_files_of_one_name_are_not_taken_for_one(
    layout: Layout, files: tuple[str, str], kind: str
) -> None:
    book, text = TicketBook(layout, "shop-bugs"), f"{FAILURE}\nE   assert 3 == 4"
    for attempt, file in enumerate(files, start=1):
        book.fail(Failure(source="checks", text=text, chunk="c1", attempt=attempt, run=f"r{attempt}", file=file))
        same = book.failures()[0].signature
        fired(layout, kind=CautionKind.CHECK, detector="checks", run=f"r{attempt}", signature=same, file="")
    (one,) = Debriefs(layout).gather("shop-bugs").waiting
    if kind == "signature":
        assert Debriefs(layout).get(one).event.endswith(f"{FAILURE} E assert 3 == 4")
    assert (Debriefs(layout).get(one).kind, Debriefs(layout).get(one).times) == (kind, 2)


def test_a_solved_ticket_keeps_what_came_twice(layout: Layout) -> None:
    failed_twice(layout)
    TicketBook(layout, "shop-bugs").solve("c1")
    (one,) = Debriefs(layout).gather("shop-bugs").waiting
    assert "never solved" not in Debriefs(layout).get(one).why


def test_gathered_again_nothing_changes_and_more_evidence_is_merged(layout: Layout) -> None:
    fired(layout)
    debriefs = Debriefs(layout)
    (one,) = debriefs.gather("shop-bugs").drafted
    before = files(layout)
    assert debriefs.gather("shop-bugs").drafted == ()
    assert files(layout) == before
    fired(layout, run="20261121T070000-dispatch-bbbbbb", detail="30 calls without an edit")
    again = debriefs.gather("shop-bugs")
    assert (again.drafted, again.waiting) == ((), (one,))
    assert (debriefs.get(one).times, len(debriefs.get(one).runs)) == (2, 2)


def test_a_decision_is_never_undone_by_another_gathering(layout: Layout) -> None:
    fired(layout)
    debriefs = Debriefs(layout)
    (one,) = debriefs.gather("shop-bugs").drafted
    debriefs.decide(one, Ruling.DROP, by="anna", why="a flaky server")
    fired(layout, run="20261121T070000-dispatch-bbbbbb")
    assert debriefs.gather("shop-bugs").waiting == ()
    assert debriefs.waiting() == ()
    made = debriefs.get(one).decided
    assert made is not None
    assert (made.ruling, made.why) == (Ruling.DROP, "a flaky server")


def test_an_accepted_candidate_is_a_persons_lesson_with_links_to_its_runs(layout: Layout) -> None:
    fired(layout)
    debriefs = Debriefs(layout)
    (one,) = debriefs.gather("shop-bugs").drafted
    lesson = debriefs.decide(one, Ruling.ACCEPT, by="anna")
    assert lesson is not None
    (kept,) = Lessons(layout).list()
    assert kept == lesson
    assert (kept.source, kept.trust, kept.file) == (f"debrief:{one}", Trust.PERSON, "src/cart.py")
    assert kept.runs == ("20261121T060000-dispatch-aaaaaa",)
    assert kept.file_hash
    assert debriefs.waiting() == ()
    assert [found.id for found in debriefs.decided()] == [one]


def test_a_persons_words_scope_and_roles_are_taken(layout: Layout) -> None:
    fired(layout)
    debriefs = Debriefs(layout)
    (one,) = debriefs.gather("shop-bugs").drafted
    words = Words(title="Carts are in src/cart.py.", why="Two hours were lost.", tier=Tier.GLOBAL, roles=("maker",))
    lesson = debriefs.decide(one, Ruling.ACCEPT, by="anna", words=words)
    assert lesson is not None
    assert (lesson.title, lesson.tier, lesson.roles, lesson.file) == (words.title, Tier.GLOBAL, ("maker",), "")
    made = debriefs.get(one).decided
    assert made is not None
    assert made.ruling is Ruling.EDIT


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(Words(title=f"Use the token {SECRET}"), id="a-secret"),
        pytest.param(Words(why=""), id="no-why"),
        pytest.param(Words(file="../outside.py"), id="a-file-outside"),
        pytest.param(Words(title="x" * 500), id="too-long"),
        pytest.param(Words(title="Never round totals in the cart module"), id="a-contradiction"),
    ],
)
def test_what_is_refused_changes_nothing_and_waits_on(layout: Layout, words: Words) -> None:
    Lessons(layout).add(draft(layout, "Always round totals in the cart module", "The cents were off twice."))
    fired(layout)
    debriefs = Debriefs(layout)
    (one,) = debriefs.gather("shop-bugs").drafted
    before = files(layout)
    with pytest.raises(LinestopError) as refused:
        debriefs.decide(one, Ruling.EDIT, by="anna", words=words)
    assert SECRET not in str(refused.value)
    assert refused.value.todo
    assert files(layout) == before
    assert len(Lessons(layout).list()) == 1
    assert debriefs.decide(one, Ruling.ACCEPT, by="anna")


def test_a_contradiction_that_is_owned_up_to_is_kept(layout: Layout) -> None:
    known = Lessons(layout).add(draft(layout, "Always round totals in the cart module", "The cents were off."))
    fired(layout)
    debriefs = Debriefs(layout)
    (one,) = debriefs.gather("shop-bugs").drafted
    words = Words(title="Never round totals in the cart module", supersedes=known.id)
    lesson = debriefs.decide(one, Ruling.EDIT, by="anna", words=words)
    assert lesson is not None
    assert Lessons(layout).get(known.id).superseded_by == lesson.id


def test_the_second_to_decide_is_told_who_was_first(layout: Layout) -> None:
    fired(layout)
    debriefs = Debriefs(layout)
    (one,) = debriefs.gather("shop-bugs").drafted
    first = debriefs.decide(one, Ruling.ACCEPT, by="anna")
    assert debriefs.decide(one, Ruling.ACCEPT, by="anna") == first
    with pytest.raises(UsageError, match="decided already") as told:
        Debriefs(layout).decide(one, Ruling.DROP, by="ben", why="no")
    assert "accept by anna" in told.value.found
    assert len(Lessons(layout).list()) == 1


def test_of_many_that_decide_at_once_one_wins(layout: Layout) -> None:
    fired(layout)
    (one,) = Debriefs(layout).gather("shop-bugs").drafted
    start = Barrier(6)

    def decide(person: str) -> str:
        start.wait()
        try:
            Debriefs(layout).decide(one, Ruling.ACCEPT, by=person)
        except UsageError as error:
            return error.what
        return "first"

    with ThreadPoolExecutor(6) as pool:
        said = sorted(pool.map(decide, [f"p{number}" for number in range(6)]))
    assert said == [*[f"candidate {one} is decided already"] * 5, "first"]
    assert len(Lessons(layout).list()) == 1


def test_a_decision_that_broke_off_after_its_lesson_makes_no_second_one(layout: Layout) -> None:
    fired(layout)
    debriefs = Debriefs(layout)
    (one,) = debriefs.gather("shop-bugs").drafted
    waiting = (layout.debriefs / f"{one}.json").read_bytes()
    lesson = debriefs.decide(one, Ruling.ACCEPT, by="anna")
    (layout.debriefs / "decided" / f"{one}.json").unlink()  # as if killed before it was written
    (layout.debriefs / f"{one}.json").write_bytes(waiting)
    assert debriefs.decide(one, Ruling.ACCEPT, by="ben") == lesson
    assert len(Lessons(layout).list()) == 1


def broken_off(layout: Layout) -> str:
    """Return a candidate that became a lesson by a decision that was killed before it was written."""
    fired(layout)
    debriefs = Debriefs(layout)
    (one,) = debriefs.gather("shop-bugs").drafted
    waiting = (layout.debriefs / f"{one}.json").read_bytes()
    debriefs.decide(one, Ruling.ACCEPT, by="anna")
    (layout.debriefs / "decided" / f"{one}.json").unlink()
    (layout.debriefs / f"{one}.json").write_bytes(waiting)
    return one


def test_what_became_a_lesson_by_a_decision_that_broke_off_is_not_dropped(layout: Layout) -> None:
    """It would be told to agents all the same, and its decision would say the contrary."""
    one, debriefs = broken_off(layout), Debriefs(layout)
    with pytest.raises(UsageError, match="became a lesson already"):
        debriefs.decide(one, Ruling.DROP, by="ben", why="no")
    assert [waits.id for waits in debriefs.waiting()] == [one]
    Lessons(layout).remove(Lessons(layout).list()[0].id)
    assert debriefs.decide(one, Ruling.DROP, by="ben", why="no") is None


def test_a_decision_that_broke_off_supersedes_what_it_said_it_does(layout: Layout) -> None:
    known = Lessons(layout).add(draft(layout, "Round totals once", "It was seen twice."))
    one = broken_off(layout)
    Debriefs(layout).decide(one, Ruling.ACCEPT, by="anna", words=Words(supersedes=known.id))
    assert known.id not in {lesson.id for lesson in Lessons(layout).list()}


def test_what_was_decided_never_waits_whatever_a_crash_left_behind(layout: Layout) -> None:
    fired(layout)
    debriefs = Debriefs(layout)
    (one,) = debriefs.gather("shop-bugs").drafted
    waiting = (layout.debriefs / f"{one}.json").read_bytes()
    debriefs.decide(one, Ruling.DROP, by="anna", why="no")
    (layout.debriefs / f"{one}.json").write_bytes(waiting)
    assert debriefs.waiting() == ()


def test_what_a_lesson_covers_is_not_drafted_for_the_next_ticket(layout: Layout) -> None:
    fired(layout)
    debriefs = Debriefs(layout)
    (one,) = debriefs.gather("shop-bugs").drafted
    debriefs.decide(one, Ruling.ACCEPT, by="anna", words=Words(title="Carts are in src/cart.py."))
    fired(layout, "shop-tidy", run="20261121T070000-dispatch-bbbbbb")
    again = debriefs.gather("shop-tidy")
    assert (again.waiting, again.covered) == ((), 1)


def test_what_was_dropped_is_asked_of_another_ticket_with_what_was_said(layout: Layout) -> None:
    fired(layout)
    debriefs = Debriefs(layout)
    (one,) = debriefs.gather("shop-bugs").drafted
    debriefs.decide(one, Ruling.DROP, by="anna", why="only this once")
    fired(layout, "shop-tidy", run="20261121T070000-dispatch-bbbbbb")
    (other,) = debriefs.gather("shop-tidy").drafted
    assert "decided before for shop-bugs: drop by anna: only this once" in debriefs.get(other).evidence[0]


def test_a_batch_asks_once_for_what_several_of_its_tickets_met(layout: Layout) -> None:
    fired(layout)
    fired(layout, "shop-tidy", run="20261121T070000-dispatch-bbbbbb")
    fired(layout, "shop-tidy", run="20261121T070000-dispatch-bbbbbb", detector="cycle")
    debriefs = Debriefs(layout)
    (own,) = debriefs.gather("shop-bugs").drafted
    found = debriefs.gather(BATCH)
    assert len(found.waiting) == 1
    over = debriefs.get(found.waiting[0])
    assert (over.detector, over.tickets, over.times) == ("runaway-search", ("shop-bugs", "shop-tidy"), 2)
    assert debriefs.get(own).merged == over.id
    assert {(one.subject, one.detector) for one in debriefs.waiting()} == {
        (BATCH, "runaway-search"), ("shop-tidy", "cycle"),
    }  # fmt: skip
    before = files(layout)
    debriefs.gather(BATCH)
    debriefs.gather("shop-bugs")
    assert files(layout) == before


def test_a_batch_asks_nothing_that_each_of_its_tickets_decided(layout: Layout) -> None:
    debriefs = Debriefs(layout)
    fired(layout)
    fired(layout, "shop-tidy", run="20261121T070000-dispatch-bbbbbb")
    for ticket in ("shop-bugs", "shop-tidy"):
        (one,) = debriefs.gather(ticket).drafted
        debriefs.decide(one, Ruling.DROP, by="anna", why="no")
    assert debriefs.gather(BATCH).waiting == ()


def test_a_detector_that_spreads_over_files_takes_over_what_waited_of_single_ones(layout: Layout) -> None:
    debriefs = Debriefs(layout)
    fired(layout, file="a.py")
    fired(layout, file="b.py")
    assert len(debriefs.gather("shop-bugs").waiting) == 2
    fired(layout, file="c.py")
    (wide,) = debriefs.gather("shop-bugs").waiting
    assert debriefs.get(wide).kind == "detector"


def test_what_finds_no_room_is_said_and_comes_when_there_is_some(layout: Layout) -> None:
    debriefs = Debriefs(layout)
    for number in range(MAX_OF_SUBJECT + 2):
        fired(layout, detector=f"d{number:02}", seconds=float(100 - number), detail=f"odd thing {number}")
    found = debriefs.gather("shop-bugs")
    assert (len(found.waiting), len(found.left_out)) == (MAX_OF_SUBJECT, 2)
    assert "odd thing 13" in found.left_out[-1]
    debriefs.decide(found.waiting[0], Ruling.DROP, by="anna", why="no")
    (late,) = {one.id for one in debriefs.waiting()} - set(found.waiting)
    assert "odd thing 12" in debriefs.get(late).event
    assert len(debriefs.gather("shop-bugs").left_out) == 1


def test_a_repository_never_has_more_waiting_than_anybody_reads(layout: Layout) -> None:
    debriefs = Debriefs(layout)
    fired(layout)
    (one,) = debriefs.gather("shop-bugs").drafted
    text = (layout.debriefs / f"{one}.json").read_text()
    for number in range(MAX_WAITING - 1):
        name = f"d-{number:010}-00000000"
        (layout.debriefs / f"{name}.json").write_text(text.replace(one, name).replace("shop-bugs", "old"))
    fired(layout, "shop-tidy", run="20261121T070000-dispatch-bbbbbb", detector="cycle")
    assert len(debriefs.gather("shop-tidy").left_out) == 1
    assert len(debriefs.waiting()) == MAX_WAITING
    debriefs.decide(one, Ruling.DROP, by="anna", why="weeks later")
    (late,) = debriefs.waiting("shop-tidy")
    assert late.detector == "cycle"
    debriefs.decide(late.id, Ruling.DROP, by="anna", why="no")
    assert debriefs.waiting("shop-tidy") == ()


@pytest.mark.parametrize("spoil", ["gone", "a-file"])
def test_what_was_left_out_stands_in_no_decisions_way(layout: Layout, spoil: str) -> None:
    fired(layout)
    (one,) = Debriefs(layout).gather("shop-bugs").drafted
    later = layout.debriefs / "later"
    match spoil:
        case "gone":
            later.mkdir()
            (later / "shop-of-old").touch()
        case _:
            later.touch()
    Debriefs(layout).decide(one, Ruling.DROP, by="anna", why="no")
    assert Debriefs(layout).get(one).decided
    assert not (later / "shop-of-old").exists()


def test_no_secret_reaches_a_candidate(layout: Layout) -> None:
    fired(layout, detail=f"curl -H 'Authorization: token {SECRET}'")
    corrected(layout, f"Don't print {SECRET}")
    Debriefs(layout).gather("shop-bugs")
    assert len(files(layout)) == 2
    assert not any(SECRET.encode() in text for text in files(layout).values())


def test_a_link_is_not_followed(layout: Layout) -> None:
    fired(layout)
    (one,) = Debriefs(layout).gather("shop-bugs").waiting
    path = layout.debriefs / f"{one}.json"
    path.rename(layout.root / "elsewhere.json")
    path.symlink_to(layout.root / "elsewhere.json")
    assert Debriefs(layout).waiting() == ()
    assert len(Debriefs(layout).unreadable()) == 1
    with pytest.raises(LinestopError, match="no link"):
        Debriefs(layout).decide(one, Ruling.DROP, by="anna", why="no")


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda path: path.write_text("{"), id="torn"),
        pytest.param(lambda path: path.write_text("[" * 100_000), id="deep"),
        pytest.param(lambda path: path.write_bytes(b"\xff" * 10), id="no-text"),
        pytest.param(lambda path: path.write_text(" " * 2_000_000), id="huge"),
        pytest.param(lambda path: path.write_text(path.read_text().replace('"id": "', '"id": "x')), id="another's-id"),
        pytest.param(lambda path: (path.unlink(), os.mkfifo(path)), id="a-pipe"),
    ],
)
def test_a_candidate_that_cannot_be_read_hides_no_other(layout: Layout, spoil: Callable[[Path], object]) -> None:
    debriefs = Debriefs(layout)
    fired(layout)
    fired(layout, detector="cycle")
    one, two = debriefs.gather("shop-bugs").waiting
    spoil(layout.debriefs / f"{one}.json")
    fired(layout, detector="chant")
    three = debriefs.gather("shop-bugs").drafted
    assert {found.id for found in debriefs.waiting()} == {two, *three}
    assert len(three) == 1
    assert len(debriefs.unreadable()) == 1
    with pytest.raises(LinestopError) as told:
        debriefs.decide(one, Ruling.DROP, by="anna", why="no")
    assert one in str(told.value)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "a/b", "A", "x" * 99, "nobody-has-this"])
def test_no_candidate_is_found_by_a_strange_name(layout: Layout, name: str) -> None:
    with pytest.raises(UsageError, match="no candidate"):
        Debriefs(layout).get(name)


def test_a_full_disk_loses_no_candidate(layout: Layout) -> None:
    fired(layout)
    debriefs = Debriefs(layout)
    (one,) = debriefs.gather("shop-bugs").drafted
    (layout.debriefs / "decided").write_text("no folder")
    with pytest.raises(RecordError):
        debriefs.decide(one, Ruling.DROP, by="anna", why="no")
    assert [found.id for found in debriefs.waiting()] == [one]


@pytest.mark.parametrize(
    ("by", "why", "ruling"),
    [pytest.param(" ", "x", Ruling.ACCEPT, id="nobody"), pytest.param("anna", " ", Ruling.DROP, id="no-reason")],
)
def test_a_decision_has_somebody_and_a_drop_a_reason(layout: Layout, by: str, why: str, ruling: Ruling) -> None:
    fired(layout)
    (one,) = Debriefs(layout).gather("shop-bugs").drafted
    with pytest.raises(UsageError):
        Debriefs(layout).decide(one, ruling, by=by, why=why)


def test_a_refused_answer_is_remembered_by_its_key(layout: Layout) -> None:
    fired(layout)
    debriefs = Debriefs(layout)
    (one,) = debriefs.gather("shop-bugs").drafted
    debriefs.refuse(one, f"{one}-0", "it holds a secret")
    debriefs.refuse(one, f"{one}-0", "something else")
    assert debriefs.get(one).refused == {f"{one}-0": "it holds a secret"}
    assert debriefs.get(one).waits


def test_nobody_debriefs_what_is_not_there(layout: Layout) -> None:
    with pytest.raises(UsageError, match="no ticket or batch"):
        Debriefs(layout).gather("nothing")


def test_what_is_kept_is_json_of_a_version_to_come_too(layout: Layout) -> None:
    fired(layout)
    (one,) = Debriefs(layout).gather("shop-bugs").drafted
    path = layout.debriefs / f"{one}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "new_field": 1}))
    assert Debriefs(layout).get(one).id == one
