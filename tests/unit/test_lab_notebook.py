"""The notebook's entries on disk, and the files of experiments."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from linestop.deployments.cli.lab_again import compared
from linestop.deployments.cli.lab_notebook import row
from linestop.errors import RepositoryError, UsageError
from linestop.lab.brief_change import brief_change, injects
from linestop.lab.deciding import decide
from linestop.lab.entry import Caps, Entry, EntryState, Subject
from linestop.lab.experiment import Experiment
from linestop.lab.grades import Grade, Measured
from linestop.lab.notebook import Notebook, find_entry, is_entry, slug_of
from linestop.lab.page import page
from linestop.lab.pairs import Pair
from linestop.lab.reading import EXPERIMENTS, experiment_named, shipped_experiments
from linestop.lab.rule import Rule
from linestop.lab.single_runs import SingleRun
from linestop.paths import Layout
from linestop.plans import ChecksPass, Chunk, Plan
from linestop.ports import Dispatch
from linestop.records import holder

CHUNK = Chunk(id="c", title="Mend it", source="lab", rules=("lab",), paths=("a.py",))
PLAN = Plan(id="p", title="Mend it", purpose="mend", scope=("a.py",), chunks=(CHUNK,), goal=(ChecksPass(),))
PAIR = Pair(
    number=1, first="with", with_memory=Measured(run="r1", grade=Grade.PRODUCTIVE, tokens=60, usd=0.2),
    without=Measured(run="r2", grade=Grade.FAILED, why="\x1b[31mno", tokens=50, usd=0.1),
)  # fmt: skip


def subject(memory: str = "a\nb\n", without: str = "a\n") -> Subject:
    order = Dispatch(ticket="t", role="maker", attempt=1, plan=PLAN, chunk=CHUNK, brief=without)
    return Subject(
        name="t", engine="e", without=order, with_memory=order.model_copy(update={"brief": memory}), base="0" * 40,
        ticket_base="0" * 40, kept={"lessons": ("l-1",)},
    )  # fmt: skip


def entry(number: int = 1, **fields: Any) -> Entry:
    given = {"holder": holder(), "question": "Does it?", "rule": Rule(pairs=2), "subject": subject(), **fields}
    return Entry(id=f"20261121-t-{number:06x}", **given)


@pytest.fixture
def book(tmp_path: Path) -> Notebook:
    (tmp_path / ".git").mkdir()
    return Notebook(Layout(tmp_path))


def test_an_entry_comes_back_as_it_was_written(book: Notebook) -> None:
    written = entry(pairs=(PAIR,), void=("pair 1: busy",))
    assert book.save(written).name == f"{written.id}.md"
    assert book.entries() == (written,)
    assert json.loads((book.layout.lab / f"{written.id}.json").read_text(encoding="utf-8"))["schema"] == 1


def test_the_page_says_question_rule_difference_and_each_pair_harmlessly() -> None:
    text = page(entry(pairs=(PAIR,), void=("pair 1: \x1b[2Jbusy",)))
    for words in (
        "# Does it?",
        "2 pairs",
        "- lessons: l-1",
        "| 1 | with | productive | failed | better |",
        "`r1` `r2`",
    ):
        assert words in text
    assert "void, and repeated: pair 1: busy" in text
    assert "\x1b" not in text


def test_an_entry_whose_process_is_gone_broke_off(book: Notebook) -> None:
    book.save(entry(holder="elsewhere:1:1.00".replace("elsewhere", holder().partition(":")[0])))
    (found,) = book.entries()
    assert (found.state, found.reason) == (EntryState.BROKEN_OFF, "its process was killed")


def test_the_answer_follows_from_what_is_on_disk(book: Notebook) -> None:
    pairs = tuple(PAIR.model_copy(update={"number": number}) for number in (1, 2))
    book.save(entry(pairs=pairs, reckoning=decide(Rule(pairs=2), pairs)))
    (found,) = book.entries()
    assert found.reckoning == decide(found.rule, found.pairs)
    assert found.answer == "not enough data"  # two of two better may be chance


@pytest.mark.parametrize(
    ("first", "again", "said"),
    [
        pytest.param(14, 14, "the same", id="both say something"),
        pytest.param(14, 2, "nothing to compare", id="too little now"),
        pytest.param(0, 14, "nothing to compare", id="broken off then"),
    ],
)
def test_only_answers_are_compared(first: int, again: int, said: str) -> None:
    """What was broken off before its first pair never had an answer that another one could differ from."""
    rule = Rule(pairs=14)
    one, other = (
        entry(rule=rule, reckoning=decide(rule, [PAIR] * pairs) if pairs else None, state=EntryState.BROKEN_OFF)
        for pairs in (first, again)
    )
    assert compared(one, other) == said


def test_a_torn_or_foreign_file_is_left_out_and_named(book: Notebook) -> None:
    book.save(entry())
    for name, text in (
        ("20261121-t-0000aa.json", '{"id": "2026'),
        ("20261121-t-0000bb.json", entry(3).model_dump_json()),
    ):
        (book.layout.lab / name).write_text(text, encoding="utf-8")
    (book.layout.lab / "notes.json").write_text("{}", encoding="utf-8")
    assert [one.id for one in book.entries()] == ["20261121-t-000001"]
    assert [path.name for path in book.unreadable()] == ["20261121-t-0000aa.json", "20261121-t-0000bb.json"]


def test_nothing_is_written_or_read_through_a_link(book: Notebook, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    book.layout.state.mkdir()
    book.layout.lab.symlink_to(outside)
    with pytest.raises(RepositoryError):
        book.save(entry())
    (outside / "20261121-t-000001.json").write_text(entry().model_dump_json(by_alias=True), encoding="utf-8")
    assert book.entries() == ()
    assert [path.name for path in outside.iterdir()] == ["20261121-t-000001.json"]


def test_a_secret_in_a_brief_is_not_written(book: Notebook) -> None:
    secret = "ghp_" + "a1B2" * 9
    path = book.save(entry(subject=subject(memory=f"token {secret}")))
    assert [one.name for one in path.parent.iterdir() if secret in one.read_text(encoding="utf-8")] == []


def test_an_entry_is_found_by_a_part_of_its_id(book: Notebook) -> None:
    for number in (1, 2):
        book.save(entry(number))
    assert find_entry((book,), "000001")[1].id == "20261121-t-000001"
    assert find_entry((book,), "latest")[1].id == "20261121-t-000002"
    for word, says in (("20261121-t", "means 2 entries"), ("nope", "no entry"), ("../../etc", "no entry")):
        with pytest.raises(UsageError, match=says):
            find_entry((book,), word)


def test_words_become_an_id_that_is_a_file_name() -> None:
    for words in ("Clean imports!", "../../x", "20261121T101500-dispatch-a1b2c3", "~", "a" * 200):
        assert is_entry(f"20261121-{slug_of(words)}-0a1b2c")
    assert not is_entry("20261121T101500-dispatch-a1b2c3")


def test_only_what_memory_tells_differs() -> None:
    assert brief_change(subject()).splitlines()[2:] == ["@@ -1 +1,2 @@", " a", "+b"]
    assert injects(subject())
    assert not injects(subject(memory="a\n"))


@pytest.mark.parametrize(
    ("caps", "says"),
    [
        (Caps(), ""),
        (Caps(tokens=110), "110 tokens"),
        (Caps(tokens=111), ""),
        (Caps(usd=0.3), "0.3 dollars"),
        (Caps(pairs=1), "1 pairs"),
    ],
)
def test_a_cap_ends_it_after_the_pair_that_reached_it(caps: Caps, says: str) -> None:
    why = entry(caps=caps, pairs=(PAIR,)).passed_cap()
    assert says in why
    assert bool(why) is bool(says)


def test_a_cap_in_dollars_fails_closed_where_no_price_is_known() -> None:
    unpriced = PAIR.model_copy(update={"without": PAIR.without.model_copy(update={"usd": None})})
    assert "no price is known" in entry(caps=Caps(usd=9), pairs=(unpriced,)).passed_cap()
    assert entry(caps=Caps(tokens=999), pairs=(unpriced,)).passed_cap() == ""
    free = PAIR.without.model_copy(update={"usd": None, "tokens": None})
    assert entry(caps=Caps(usd=9), pairs=(PAIR.model_copy(update={"without": free}),)).passed_cap() == ""


def test_the_shipped_experiments_are_what_the_page_says() -> None:
    shipped = shipped_experiments()
    comes_to = {name: str(one.expect) for name, one in shipped.items()}
    assert comes_to == {
        "misleading": "regressed", "off-topic": "no change", "on-topic": "improved", "stale": "no change"
    }  # fmt: skip
    docs = (Path(__file__).resolve().parents[2] / "docs" / "lab.md").read_text(encoding="utf-8")
    assert [name for name in shipped if f"`{name}`" not in docs] == []
    assert [key for key in Experiment.model_fields if f"`{key.rstrip('_')}`" not in docs] == []
    assert "name: on-topic" in EXPERIMENTS.text("on-topic")


def test_stale_and_misleading_are_one_experiment_but_for_the_hash() -> None:
    """Else their answers couldn't be compared."""
    stale, fresh = (shipped_experiments()[name] for name in ("stale", "misleading"))
    same = {"name", "question", "about", "memory", "expect"}
    assert stale.model_dump(exclude=same) == fresh.model_dump(exclude=same)
    lessons = [one.model_copy(update={"stale": False}) for one in stale.memory.lessons]
    assert (tuple(lessons), stale.memory.lessons[-1].stale) == (fresh.memory.lessons, True)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(("  shop/cart.py: |", "  ../cart.py: |"), "inside the repository", id="out of the repository"),
        pytest.param(("  shop/cart.py: |", "  .git/hooks/x: |"), "inside the repository", id="into .git"),
        pytest.param(("  shop/cart.py: |", "  .LINESTOP/config.toml: |"), "inside the repository", id="into .linestop"),
        pytest.param(("paths: [shop/cart.py]", "paths: [shop/none.py]"), "shop/none.py", id="a path without a file"),
        pytest.param(("limits: {", "limit: {"), "limit", id="an unknown key"),
        pytest.param(("turns: 26", "turns: 0"), "line", id="a limit that is none"),
        pytest.param(("schema: 1", "schema: 2"), "schema", id="a later version"),
        pytest.param(("name: on-topic", "name: On Topic"), "name", id="a name that is no file's"),
    ],
)
def test_an_experiment_that_breaks_the_format_is_refused_with_its_place(
    change: tuple[str, str], says: str, tmp_path: Path
) -> None:
    text = EXPERIMENTS.text("on-topic")
    assert change[0] in text
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace(*change, 1), encoding="utf-8")
    with pytest.raises(UsageError, match="breaks the format") as caught:
        experiment_named(str(path))
    assert says in caught.value.found


def test_a_word_that_is_neither_a_file_nor_shipped_is_no_experiment(tmp_path: Path) -> None:
    assert experiment_named("clean-imports") is None
    with pytest.raises(UsageError, match="can't be read"):
        experiment_named(str(tmp_path / "missing.yaml"))
    with pytest.raises(UsageError, match="no experiment nope"):
        EXPERIMENTS.text("nope")


def test_what_a_single_run_came_to_is_cut_with_a_mark_in_the_list() -> None:
    said = "nothing: Nothing was decided: a person must."
    one = SingleRun(
        id="r", kind="rerun", started=datetime(2026, 11, 21, tzinfo=UTC), question="q", engine="e", result=said
    )
    assert row(one)[5] == f"{said[:39]}…"
