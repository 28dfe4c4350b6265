"""What belongs together, what is worth a person's time, and what a draft of it says."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from linestop.debrief.drafting import candidate_id, covering, drafted, group_of
from linestop.debrief.group import MAX_QUOTED, Group
from linestop.debrief.grouping import MAX_GROUPS, Grouping
from linestop.debrief.merging import absorbs, redrafted, with_history
from linestop.debrief.model import Candidate, Decision, Ruling
from linestop.debrief.seen import Seen, of_caution, of_correction, of_sign
from linestop.memory.cautions import Caution, CautionKind
from linestop.memory.lessons import Lesson, Trust
from linestop.memory.tickets import Correction, Sign
from linestop.verdicts import NO_RULING
from linestop.watch.firing import Severity

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)

SAME = "f" * 64
OTHER = "e" * 64


def seen(number: int = 0, **values: object) -> Seen:
    given = {
        "at": NOON + timedelta(minutes=number), "ticket": "shop-bugs", "what": "check", "detector": "checks",
        "text": f"AssertionError in test_{number}", "run": f"run-{number}", **values,
    }  # fmt: skip
    return Seen(**given)  # type: ignore[arg-type]


def firing(number: int = 0, **values: object) -> Seen:
    return seen(number, **{"what": "firing", "detector": "repeat", "text": "the same call 3 times", **values})


def grouped(seen: Iterable[Seen], *, tickets: int = 1) -> list[Group]:
    grouping = Grouping()
    for one in seen:
        grouping.add(one)
    return grouping.groups(tickets=tickets)


def kinds(groups: list[Group]) -> list[tuple[str, str, int]]:
    return [(group.kind, group.file, group.count) for group in groups]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param([seen(signature=SAME)], [], id="a-failure-that-came-once-is-none-of-a-persons"),
        pytest.param(
            [seen(n, what="rejection", detector="checker", text=f"checker: {NO_RULING}") for n in range(3)]
            + [seen(4, what="stop", detector="line-stop", text=f"3 failures in a row: checker: {NO_RULING}")],
            [],
            id="a-judge-that-gave-no-ruling-teaches-no-maker",
        ),
        pytest.param(
            [seen(0, signature=SAME), seen(1, signature=SAME)], [("signature", "", 2)], id="the-same-failure-twice"
        ),
        pytest.param(
            [seen(0, signature=SAME, file="a.py"), seen(1, signature=OTHER, file="a.py")],
            [("file", "a.py", 2)],
            id="two-failures-of-one-file-are-its-file's",
        ),
        pytest.param(
            [seen(0, signature=SAME, file="a.py"), seen(1, signature=SAME, file="a.py")],
            [("signature", "a.py", 2)],
            id="a-failure-that-is-of-one-file-names-it",
        ),
        pytest.param(
            [seen(0, signature=SAME, file="a.py"), seen(1, signature=SAME, file="b.py")],
            [("signature", "", 2)],
            id="one-of-two-files-names-none",
        ),
        pytest.param([firing(file="a.py")], [("file", "a.py", 1)], id="a-firing-counted-itself-once-is-enough"),
        pytest.param(
            [firing(0, file="a.py"), firing(1, file="b.py")],
            [("file", "a.py", 1), ("file", "b.py", 1)],
            id="two-files-are-two-groups",
        ),
        pytest.param(
            [firing(n, file=f"{n}.py") for n in range(3)], [("detector", "", 3)], id="a-detector-about-many-files"
        ),
        pytest.param(
            [*(firing(n, file=f"{n}.py") for n in range(3)), firing(4)],
            [("detector", "", 4)],
            id="with-what-it-said-of-no-file",
        ),
        pytest.param([firing(0), firing(1)], [("detector", "", 2)], id="a-detector-without-a-file"),
        pytest.param(
            [firing(0), firing(1, detector="cycle")],
            [("detector", "", 1), ("detector", "", 1)],
            id="two-detectors-are-two-groups",
        ),
        pytest.param([seen(what="stop", stops=True)], [("detector", "", 1)], id="what-stopped-something"),
        pytest.param([seen(what="timeout")], [], id="one-clock-that-ran-out"),
        pytest.param([seen(what="sign", signature=SAME, times=2)], [("signature", "", 2)], id="an-unsolved-sign"),
        pytest.param(
            [
                seen(0, signature=SAME),
                seen(1, signature=SAME),
                seen(2, what="correction", signature=SAME),
                seen(3, what="correction", signature=SAME),
                seen(4, what="sign", signature=SAME, times=2),
            ],
            [("signature", "", 2)],
            id="a-failure-its-correction-and-its-sign-are-one-sighting",
        ),
        pytest.param(
            [seen(what="correction", detector="", person=True, text="Use Decimal.")],
            [("correction", "", 1)],
            id="a-person-who-says-it-once",
        ),
        pytest.param(
            [seen(what="correction", detector="reviewer")], [("correction", "", 1)], id="a-reviewer-who-objects-once"
        ),
        pytest.param([seen(what="correction", detector="checker")], [], id="a-checker's-word-on-one-attempt"),
        pytest.param(
            [seen(n, what="correction", detector="checker", text="no test of it") for n in range(2)],
            [("correction", "", 2)],
            id="a-checker-who-says-it-again",
        ),
        pytest.param(
            [seen(0, signature=SAME, file="a.py"), seen(0, signature=SAME, file="b.py")],
            [],
            id="one-attempt-that-broke-two-files-failed-once",
        ),
        pytest.param(
            [
                *(seen(n, signature=SAME) for n in range(3)),
                seen(4, what="stop", detector="line-stop", stops=True, text="3 failures in a row"),
            ],
            [("signature", "", 3)],
            id="a-stop-belongs-to-what-kept-failing",
        ),
        pytest.param(
            [
                seen(0, what="correction", detector="reviewer", text="The API changed."),
                seen(1, what="rejection", detector="reviewer", text="The API changed."),
            ],
            [("correction", "", 1)],
            id="a-reviewer's-rejection-and-its-correction",
        ),
    ],
)  # fmt: skip
def test_what_belongs_together(given: list[Seen], expected: list[tuple[str, str, int]]) -> None:
    assert kinds(grouped(given)) == expected


def test_the_order_in_which_things_are_read_changes_no_group() -> None:
    given = [
        seen(0, signature=SAME), firing(1, file="a.py", seconds=5.0), seen(2, signature=SAME), firing(3, file="a.py"),
        seen(4, what="correction", person=True, detector="", text="Use Decimal."),
    ]  # fmt: skip
    one, two = grouped(given), grouped(reversed(given))
    assert [(group.hash, group.count, group.driving) for group in one] == [
        (group.hash, group.count, group.driving) for group in two
    ]


def test_a_persons_word_comes_first_then_what_was_dearest() -> None:
    groups = grouped(
        [
            firing(0, detector="cycle", seconds=1.0),
            firing(1, detector="repeat", seconds=60.0),
            seen(2, what="correction", detector="", person=True, text="Use Decimal."),
        ]
    )
    assert [group.detector for group in groups] == ["", "repeat", "cycle"]


@pytest.mark.parametrize(
    ("costs", "driving"),
    [
        pytest.param([0.0, 0.0, 0.0], 0, id="the-first-where-all-cost-the-same"),
        pytest.param([1.0, 40.0, 2.0], 1, id="the-dearest"),
        pytest.param([40.0, 2.0, 40.0], 0, id="the-first-of-the-dearest"),
    ],
)
def test_what_drives_a_group(costs: list[float], driving: int) -> None:
    (group,) = grouped(firing(number, seconds=cost) for number, cost in enumerate(costs))
    assert group.driving.run == f"run-{driving}"


def test_only_groups_of_two_tickets_are_a_batchs() -> None:
    given = [
        firing(0, file="a.py"), firing(1, file="a.py", ticket="shop-tidy"), firing(2, detector="cycle"),
        firing(3, detector="cycle"),
    ]  # fmt: skip
    (group,) = grouped(given, tickets=2)
    assert (group.file, list(group.tickets)) == ("a.py", ["shop-bugs", "shop-tidy"])


def test_no_flood_makes_more_than_a_bounded_number_of_groups_and_words() -> None:
    given = [firing(number, detector=f"d{number}", file=f"{number}.py") for number in range(MAX_GROUPS + 500)]
    assert len(grouped(given)) == MAX_GROUPS + 1
    (many,) = grouped(firing(number, run=f"run-{number}") for number in range(5_000))
    assert (many.count, len(many.quoted), len(many.runs)) == (5_000, MAX_QUOTED, 20)


def test_a_mere_note_is_no_sighting() -> None:
    note = Caution(kind=CautionKind.FIRING, detector="cost", severity=Severity.INFO, detail="60 % used")
    assert of_caution(note) is None


@pytest.mark.parametrize(
    ("file", "kept"),
    [
        pytest.param("src/a.py", "src/a.py", id="of-the-repository"),
        pytest.param("/etc/passwd", "", id="absolute"),
        pytest.param("../../etc/passwd", "", id="outside"),
        pytest.param("", "", id="of-none"),
    ],
)
def test_a_file_is_one_of_the_repository(file: str, kept: str) -> None:
    one = of_caution(Caution(kind=CautionKind.FIRING, detector="repeat", detail="x", file=file))
    assert one is not None
    assert one.file == kept


def test_hostile_words_are_made_plain_before_anything_else() -> None:
    hostile = "\x1b]0;owned\x07run\nme \u202e" + "x" * 400
    one = of_caution(Caution(kind=CautionKind.CHECK, detector="ch\x1b[31mecks", detail=hostile, run="r\n1"))
    assert one is not None
    assert (one.detector, one.run) == ("checks", "r 1")
    assert one.text.isprintable()
    assert len(one.text) <= 300


@pytest.mark.parametrize(
    ("given", "title", "why"),
    [
        pytest.param(
            [firing(0, detector="edit-thrash", file="a.py", seconds=90.0, tokens=12_000)],
            "Run the checks between two edits of one file.",
            "edit-thrash fired once about a.py in shop-bugs; it cost 90 s, 12,000 tokens: the same call 3 times",
            id="a-detector",
        ),
        pytest.param(
            [seen(n, what="guard", detector="lock-files", text="uv.lock was changed") for n in range(2)],
            "Leave lock files to the tool that writes them.",
            "lock-files was hit 2 times in shop-bugs: uv.lock was changed",
            id="a-guard",
        ),
        pytest.param(
            [seen(n, signature=SAME, text="KeyError: 'vat' in test_price") for n in range(3)],
            "Before you hand in, rule this out: KeyError: 'vat' in test_price",
            "the checks found the same failure 3 times in shop-bugs: KeyError: 'vat' in test_price",
            id="a-failure",
        ),
        pytest.param(
            [seen(n, signature=SAME, text="fails: tests/test_cart.py::test_total") for n in range(2)],
            "Before you hand in, see to it that this passes: tests/test_cart.py::test_total",
            "the checks found the same failure 2 times in shop-bugs: fails: tests/test_cart.py::test_total",
            id="a-broken-test",
        ),
        pytest.param(
            [
                seen(
                    n,
                    what="rejection",
                    detector="findings",
                    text="F821 in a.py: 22 finding(s) where there were 0; F841 in a.py: 1 "
                    "finding(s) where there were 0; F821 in b.py: 2 finding(s) where there were 1",
                )
                for n in range(2)
            ],
            "Before you hand in, scan what you changed: no new finding of F821, F841",
            "the scanners objected 2 times in shop-bugs: F821 in a.py: 22 finding(s) where there were 0; F841 in a.py: "
            "1 finding(s) where there were 0; F821 in b.py: 2 finding(s) where there were 1",
            id="findings-that-were-added",
        ),
        pytest.param(
            [seen(what="sign", signature=SAME, times=2, text="KeyError: 'vat'")],
            "Before you hand in, rule this out: KeyError: 'vat'",
            "the checks found the same failure 2 times in shop-bugs; it was never solved: KeyError: 'vat'",
            id="an-unsolved-sign",
        ),
        pytest.param(
            [seen(what="correction", detector="", person=True, text="Prices are Decimal. Floats lose cents.")],
            "Prices are Decimal.",
            "A person wrote it in shop-bugs on 2026-11-21: Prices are Decimal. Floats lose cents.",
            id="a-person's-correction",
        ),
        pytest.param(
            [seen(what="correction", detector="reviewer", text="The API changed. Nobody asked.")],
            "Mind what the reviewer objects to: The API changed.",
            "reviewer objected once in shop-bugs: The API changed. Nobody asked.",
            id="a-reviewer's-objection",
        ),
        pytest.param(
            [seen(n, what="timeout", detector="dispatch", text="7200 s were over") for n in range(2)],
            "Give long work a smaller step: the clock ran out on dispatch.",
            "dispatch ran out of time 2 times in shop-bugs: 7200 s were over",
            id="a-clock",
        ),
        pytest.param(
            [firing(0, detector="new-one", text="something odd")],
            "Before you hand in, rule this out: something odd",
            "new-one fired once in shop-bugs: something odd",
            id="a-detector-nobody-knows",
        ),
    ],
)
def test_a_draft_says_what_to_do_and_what_happened(given: list[Seen], title: str, why: str) -> None:
    (group,) = grouped(given)
    draft = drafted(group, "shop-bugs")
    assert (draft.title, draft.why) == (title, why)


def test_a_draft_brings_its_event_its_evidence_and_its_runs() -> None:
    (group,) = grouped([firing(0, who="maker, attempt 1", file="a.py"), firing(1, file="a.py", seconds=9.0)])
    draft = drafted(group, "shop-bugs", said=["2026-11-21 12:02 UTC · maker said: I looked in the wrong place"])
    assert draft.event == "2026-11-21 12:01 UTC repeat: the same call 3 times"
    assert draft.evidence == (
        "2026-11-21 12:00 UTC · run run-0 · maker, attempt 1 · repeat · a.py: the same call 3 times",
        "2026-11-21 12:01 UTC · run run-1 · repeat · a.py: the same call 3 times",
        "2026-11-21 12:02 UTC · maker said: I looked in the wrong place",
    )
    assert (draft.runs, draft.tickets, draft.file) == (("run-0", "run-1"), ("shop-bugs",), "a.py")


def test_a_failure_is_quoted_once_not_again_by_its_correction_and_its_sign() -> None:
    given = [
        seen(0, signature=SAME), seen(1, signature=SAME),
        seen(1, what="correction", signature=SAME, text="checks fail: it"),
        seen(1, what="sign", signature=SAME, times=2),
        seen(5, what="correction", signature=SAME, text="of another run"),
    ]  # fmt: skip
    (group,) = grouped(given)
    assert [(one.what, one.run) for one in group.quoted] == [
        ("check", "run-0"), ("check", "run-1"), ("correction", "run-5"),
    ]  # fmt: skip


def test_what_is_not_quoted_is_counted() -> None:
    (group,) = grouped(firing(number) for number in range(20))
    assert drafted(group, "shop-bugs").evidence[-1] == "and 12 more"


def test_the_same_group_of_the_same_ticket_has_the_same_id_and_another_ticket_another() -> None:
    (one,) = grouped([firing(0, file="a.py")])
    (two,) = grouped([firing(7, file="a.py", seconds=3.0), firing(8, file="a.py")])
    assert candidate_id(one, "shop-bugs") == candidate_id(two, "shop-bugs")
    assert candidate_id(one, "shop-bugs") != candidate_id(one, "shop-tidy")
    assert group_of(candidate_id(one, "shop-bugs")) == group_of(candidate_id(one, "shop-tidy")) == one.hash


def lesson(**values: object) -> Lesson:
    given = {"id": "known", "title": "Known.", "why": "It was seen.", "created": NOON, "updated": NOON, **values}
    return Lesson(**given)  # type: ignore[arg-type]


def candidate(**values: object) -> Candidate:
    (group,) = grouped([firing(0, file="a.py")])
    return drafted(group, "shop-bugs").model_copy(update=values)


@pytest.mark.parametrize(
    ("known", "covers"),
    [
        pytest.param(lesson(), False, id="of-something-else"),
        pytest.param(
            lesson(source=f"debrief:{candidate().id[:-8]}00000000"), True, id="of-the-same-group-of-another-ticket"
        ),
        pytest.param(lesson(source=f"debrief:{candidate().id}", superseded_by="newer"), True, id="that-one-superseded"),
        pytest.param(lesson(file="a.py", body="repeat fired here"), True, id="same-file-and-names-the-detector"),
        pytest.param(lesson(file="b.py", body="repeat fired here"), False, id="another-file"),
        pytest.param(lesson(file="a.py", why="Do not repeat-ably."), False, id="only-a-word-like-it"),
        pytest.param(lesson(file="a.py", title=candidate().title.upper()), True, id="same-file-and-title"),
        pytest.param(
            lesson(file="a.py", title=candidate().title, superseded_by="newer"), False, id="a-superseded-title"
        ),
        pytest.param(
            lesson(source=f"debrief:{candidate().id}", trust=Trust.PROPOSED), False, id="what-nobody-accepted"
        ),
    ],
)
def test_which_lesson_covers_a_group(known: Lesson, *, covers: bool) -> None:
    assert (covering(candidate(), [known]) is not None) == covers


@pytest.mark.parametrize(
    "others",
    [
        pytest.param([seen(n, signature=OTHER) for n in (1, 2)], id="another-failure"),
        pytest.param([seen(n, signature=OTHER, file="a.py") for n in (1, 2)], id="another-failure-of-a-file"),
        pytest.param([seen(1, detector="reviewer", what="correction", text="Name it well.")], id="another-objection"),
        pytest.param([seen(n, file="a.py") for n in (1, 2)], id="failures-of-a-file"),
        pytest.param([firing(n, detector="cost", file=f"{n}.py") for n in range(3)], id="a-word-of-every-day"),
    ],
)
def test_a_lesson_about_one_failure_covers_no_other(others: list[Seen]) -> None:
    """Its why names who found it, as each draft's does: the checks find many things."""
    (group,) = grouped(others)
    draft = drafted(group, "shop-tidy")
    why = f"the {group.detector} found the same failure 2 times in shop-bugs: AssertionError in test_0"
    assert covering(draft, [lesson(why=why, file=draft.file)]) is None


def test_drafted_again_it_loses_nothing_and_no_decision() -> None:
    old = candidate(
        times=9, evidence=("old line", "and 3 more"), runs=("run-old",), refused={"k": "a secret"},
        decided=Decision(ruling=Ruling.DROP, by="anna"),
    )  # fmt: skip
    new = redrafted(old, candidate(times=2, evidence=("new line",), runs=("run-new",)))
    assert (new.times, new.evidence, new.runs) == (9, ("new line", "old line"), ("run-new", "run-old"))
    assert (new.drafted, new.decided, new.refused) == (old.drafted, old.decided, old.refused)


def test_a_draft_tells_what_people_decided_about_the_same_before() -> None:
    made = Decision(ruling=Ruling.DROP, by="anna", at=NOON, why="the server was down")
    earlier = candidate(id="repeat-x-y", subject="shop-tidy", decided=made)
    told = with_history(candidate(), [earlier]).evidence[0]
    assert told == "2026-11-21 12:00 UTC · decided before for shop-tidy: drop by anna: the server was down"


@pytest.mark.parametrize(
    ("kept", "other", "takes"),
    [
        pytest.param(
            {"subject": "b1", "tickets": ("shop-bugs", "shop-tidy")}, {}, True, id="a-batch-takes-its-ticket's-group"
        ),
        pytest.param({"subject": "b1", "tickets": ("shop-tidy",)}, {}, False, id="not-of-a-ticket-it-was-not-seen-in"),
        pytest.param({"subject": "b1", "tickets": ("shop-bugs",), "group": "else"}, {}, False, id="not-another-group"),
        pytest.param({"kind": "detector", "group": "wide"}, {}, True, id="a-detector-takes-its-files"),
        pytest.param(
            {"kind": "detector", "group": "wide", "detector": "cycle"}, {}, False, id="not-another-detector's"
        ),
        pytest.param({}, {"subject": "b1", "tickets": ("shop-bugs",)}, False, id="a-ticket-takes-no-batch's"),
    ],
)
def test_who_takes_over_whom(kept: dict[str, object], other: dict[str, object], *, takes: bool) -> None:
    assert absorbs(candidate(**kept), candidate(**other)) == takes


def test_a_sign_and_a_correction_become_sightings() -> None:
    sign = Sign(
        id="s", ticket="shop-bugs", branch="b", signature=SAME, source="checks", chunk="c1", failure="KeyError: 'vat'",
        times=2, runs=("run-1", "run-2"),
    )  # fmt: skip
    assert (of_sign(sign).run, of_sign(sign).times) == ("run-2", 2)
    mine = of_correction(Correction(text="Use Decimal.", by="anna", person=True), "shop-bugs", SAME)
    assert (mine.person, mine.signature, mine.detector) == (True, "", "")
    theirs = of_correction(Correction(text="Use Decimal.", by="checker"), "shop-bugs", SAME)
    assert (theirs.person, theirs.signature, theirs.detector) == (False, SAME, "checker")
