"""Both tiers as one: who is told, what a person's word changes, what a secret is met with, export and import."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from linestop.errors import UsageError
from linestop.memory.lessons import Lesson, Lessons, Tier, Trust, draft
from linestop.memory.lessons.transfer import exported, parsed
from linestop.paths import Layout

WHY = "it cost a day"
TOKEN = "ghp_" + "a1B2" * 9


@pytest.fixture
def lessons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lessons:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    root = tmp_path / "shop"
    (root / "src").mkdir(parents=True)
    (root / "src" / "cart.py").write_text("total = 1\n")
    return Lessons(Layout(root))


def keep(lessons: Lessons, title: str, **words: object) -> Lesson:
    return lessons.add(draft(lessons.layout, title, WHY, **words))  # type: ignore[arg-type]


def propose(lessons: Lessons, title: str) -> Lesson:
    idea = draft(lessons.layout, title, WHY, source="agent", trust=Trust.PROPOSED)
    lessons.import_([idea], Tier.REPOSITORY)
    return lessons.get(idea.id)


def test_reading_creates_nothing(lessons: Lessons, tmp_path: Path) -> None:
    assert lessons.list(all=True) == lessons.told("maker") == lessons.recall(["x"]) == ()
    assert not lessons.layout.state.exists()
    assert not (tmp_path / "home").exists()


def test_both_tiers_are_one_and_git_ignores_the_repository_s(lessons: Lessons, tmp_path: Path) -> None:
    here, everywhere = keep(lessons, "Prices are in cents"), keep(lessons, "Use uv", tier=Tier.GLOBAL)
    assert lessons.list() == (here, everywhere)
    assert lessons.layout.lessons.exists()
    assert (tmp_path / "home" / "lessons.db").exists()
    assert (lessons.layout.state / ".gitignore").read_text().startswith("*")
    other = Lessons(Layout(tmp_path / "other"))
    assert other.list() == (everywhere,)


def test_what_is_proposed_is_told_to_nobody_until_a_person_accepts_it(lessons: Lessons) -> None:
    idea = propose(lessons, "Prices are in cents")
    assert idea.trust is Trust.PROPOSED
    assert lessons.told("maker") == lessons.list() == ()
    assert lessons.recall(["cents"]) == (idea,)
    with pytest.raises(UsageError, match="trust isn't edited"):
        lessons.edit(idea.id, trust=Trust.PERSON)
    accepted = lessons.accept(idea.id)
    assert lessons.told("maker") == (accepted,)
    assert accepted.source == "agent"
    with pytest.raises(UsageError, match="accepted already"):
        lessons.accept(idea.id)


def test_what_says_proposed_is_a_person_s_once_a_person_adds_it(lessons: Lessons) -> None:
    mine = draft(lessons.layout, "Prices are in cents", WHY, trust=Trust.PROPOSED)
    assert lessons.add(mine).trust is Trust.PERSON


def test_a_contradiction_is_pointed_out_over_both_tiers_and_when_it_comes_about_later(lessons: Lessons) -> None:
    old = keep(lessons, "Never run the whole suite", tier=Tier.GLOBAL)
    with pytest.raises(UsageError, match="meets another") as caught:
        keep(lessons, "Always run the whole suite")
    assert old.id in caught.value.found
    assert len(lessons.list(all=True)) == 1
    idea = propose(lessons, "Always run the whole suite")
    with pytest.raises(UsageError, match="meets another"):
        lessons.accept(idea.id)
    other = keep(lessons, "Read the log first")
    with pytest.raises(UsageError, match="meets another"):
        lessons.edit(other.id, title="Always run the whole suite")
    assert lessons.edit(other.id, body="it says why").title == other.title
    assert lessons.edit(idea.id, title="Always run the whole suite twice").trust is Trust.PROPOSED, "told to nobody"
    mine = keep(lessons, "Never commit on Fridays")
    assert lessons.edit(mine.id, title="Always commit on Fridays"), "what it said before contradicts nothing"
    assert lessons.accept(idea.id, anyway=True).is_told


def test_both_sides_of_a_known_contradiction_are_kept(lessons: Lessons) -> None:
    old = keep(lessons, "Never run the whole suite")
    new = keep(lessons, "Always run the whole suite", contradicts=(old.id[-6:],))
    assert new.contradicts == (old.id,)
    third = keep(lessons, "Read the log first")
    assert lessons.contradict(third.id, old.id).contradicts == (old.id,)
    with pytest.raises(UsageError, match="itself"):
        lessons.contradict(third.id, third.id)


def test_a_lesson_of_one_repository_takes_none_from_all(lessons: Lessons) -> None:
    everywhere = keep(lessons, "Never run the whole suite", tier=Tier.GLOBAL)
    new = draft(lessons.layout, "Always run the whole suite", WHY)
    with pytest.raises(UsageError, match="can't be superseded by one repository's"):
        lessons.add(new, supersedes=everywhere.id)
    assert lessons.list(all=True) == (everywhere,)


@pytest.mark.parametrize("tier", [Tier.REPOSITORY, Tier.GLOBAL])
def test_a_lesson_is_superseded_by_one_of_its_own_or_the_wider_tier(lessons: Lessons, tier: Tier) -> None:
    old = keep(lessons, "Never run the whole suite")
    new = lessons.add(draft(lessons.layout, "Always run the whole suite", WHY, tier=tier), supersedes=old.id)
    assert lessons.list() == (new,)
    assert lessons.get(old.id).superseded_by == new.id
    third = keep(lessons, "Read the log first", tier=tier)
    lessons.supersede(new.id, third.id)
    assert [one.id for one in lessons.list()] == [third.id]


def test_a_superseded_lesson_is_told_again_once_a_person_says_so(lessons: Lessons) -> None:
    old, new = keep(lessons, "Never run the whole suite"), keep(lessons, "Read the log first")
    lessons.supersede(old.id, new.id)
    lessons.remove(new.id)
    assert lessons.list() == ()
    assert lessons.accept(old.id).superseded_by == ""
    assert [one.id for one in lessons.told("maker")] == [old.id]
    for field in ("superseded_by", "file_hash", "trust"):
        with pytest.raises(UsageError, match="isn't edited"):
            lessons.edit(old.id, **{field: "x"})


def test_an_edited_file_is_hashed_and_stays_inside(lessons: Lessons) -> None:
    one = keep(lessons, "Prices are in cents")
    for file in ("src/cart.py", "./src/cart.py", str(lessons.layout.root / "src" / "cart.py")):
        moved = lessons.edit(one.id, file=file)
        assert (moved.file, len(moved.file_hash), lessons.staleness(moved)) == ("src/cart.py", 64, "")
    with pytest.raises(UsageError, match="path in the repository"):
        lessons.edit(one.id, file="../x")


def test_an_id_may_be_cut_as_long_as_it_names_one(lessons: Lessons) -> None:
    one, two = keep(lessons, "Prices are in cents"), keep(lessons, "Prices never have fractions")
    assert lessons.get(one.id[-6:]) == one
    assert lessons.get("prices-never") == two
    with pytest.raises(UsageError, match="several"):
        lessons.get("prices")
    for nothing in ("", "gone", "' OR 1=1 --", "\x1b[2J"):
        with pytest.raises(UsageError, match="no lesson"):
            lessons.get(nothing)


def test_a_lesson_is_stale_once_its_file_changes_and_fresh_once_a_person_says_so(lessons: Lessons) -> None:
    file = lessons.layout.root / "src" / "cart.py"
    one = keep(lessons, "Prices are in cents", file="src/cart.py")
    assert lessons.staleness(one) == ""
    file.write_text("total = 2\n")
    assert lessons.staleness(one) == "changed"
    one = lessons.confirm(one.id)
    assert lessons.staleness(one) == ""
    file.unlink()
    assert lessons.staleness(one) == "gone"
    with pytest.raises(UsageError, match="can't be confirmed"):
        lessons.confirm(one.id)
    moved = lessons.edit(one.id, file="")
    assert (moved.file_hash, lessons.staleness(moved)) == ("", "")
    with pytest.raises(UsageError, match="can't be confirmed"):
        lessons.confirm(one.id)


@pytest.mark.parametrize(
    ("words", "what"),
    [
        pytest.param({"title": f"Use {TOKEN}"}, "title holds a secret", id="a secret in the title"),
        pytest.param({"why": f"it said {TOKEN}"}, "why holds a secret", id="a secret in the why"),
        pytest.param({"body": f"```\n{TOKEN}\n```"}, "body holds a secret", id="a secret in the body"),
        pytest.param({"body": f"{TOKEN[:20]}\x00\x1b[0m{TOKEN[20:]}"}, "body holds a secret", id="a hidden secret"),
        pytest.param({"source": f"log {TOKEN}"}, "source holds a secret", id="a secret in the source"),
        pytest.param({"file": f"src/{TOKEN}"}, "file holds a secret", id="a secret in the file"),
        pytest.param({"roles": (TOKEN,)}, "roles holds a secret", id="a secret in a role"),
        pytest.param({"why": "DB_PASSWORD: S3cr3t!pass opened it"}, "why holds a secret", id="a password"),
        pytest.param({"body": "The password is Winter2026."}, "body holds a secret", id="a password in a sentence"),
        pytest.param({"title": " \x1b[31m "}, "has a title", id="no title"),
        pytest.param({"title": "x" * 121}, "title is too long", id="a long title"),
        pytest.param({"body": "x" * 4001}, "body is too long", id="a long body"),
        pytest.param({"why": "x" * 9_999_999}, "why is too long", id="a huge why"),
        pytest.param({"why": ""}, "has a why", id="no why"),
        pytest.param({"why": "n/a"}, "has a why", id="a filler"),
        pytest.param({"why": "Just because!"}, "has a why", id="another filler"),
        pytest.param({"why": " x. "}, "has a why", id="a letter"),
        pytest.param({"file": "../etc/passwd"}, "path in the repository", id="a file above"),
        pytest.param({"file": "/etc/passwd"}, "path in the repository", id="a file elsewhere"),
        pytest.param({"file": "a\nb"}, "file can't be used", id="a file of two lines"),
        pytest.param({"roles": ("x" * 400,)}, "roles can't be used", id="a long role"),
        pytest.param({"lesson_id": "../x"}, "id can't be used", id="an id that climbs"),
        pytest.param({"runs": tuple(map(str, range(51)))}, "runs can't be used", id="many runs"),
    ],
)
def test_what_is_not_kept(lessons: Lessons, words: dict[str, object], what: str) -> None:
    given = {"title": "Prices are in cents", "why": WHY, **words}
    with pytest.raises(UsageError, match=what) as caught:
        draft(lessons.layout, **given)  # type: ignore[arg-type]
    assert TOKEN not in str(caught.value)
    assert caught.value.todo


@pytest.mark.parametrize(
    "body",
    [
        "Never log the password of a user.",
        "password = settings.DB_PASSWORD_2",
        "password=${PW1_OF_CI}",
        "secret: vault/db/v2key",
        "The password is 12-characters long at least.",
        "export DB_PASSWORD=DB_PASSWORD_2",
        "password=get_password2(user)",
        "token = read_the_token(path)",
    ],
)
def test_what_speaks_of_a_password_and_says_none_is_kept(lessons: Lessons, body: str) -> None:
    assert draft(lessons.layout, title="Mind the passwords", why=WHY, body=body).body == body


def test_a_secret_of_this_process_is_refused_too(lessons: Lessons, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_API_KEY", "not-shaped-like-one")
    one = keep(lessons, "Prices are in cents")
    with pytest.raises(UsageError, match="body holds a secret") as caught:
        lessons.edit(one.id, body="log in with not-shaped-like-one")
    assert "not-shaped" not in str(caught.value)
    assert lessons.get(one.id) == one


def test_control_characters_are_made_plain_and_lines_stay(lessons: Lessons) -> None:
    one = keep(lessons, "Pri\x1b[31mces\n are\tin \u202ecents", body="a\x07b\r\n\r\n  c\x1b]0;x\x07d\u200b\n\n")
    assert (one.title, one.body) == ("Prices are in cents", "ab\n\n  cd")


def test_ids_can_be_read_and_typed(lessons: Lessons) -> None:
    for title, start in {
        "Prices (in €) are NEVER rounded!": "prices-in-are-never-rounded-",
        "価格": "lesson-",
        "x" * 100: "x" * 40 + "-",
        "Straße für Çelik": "strae-fur-celik-",
    }.items():
        assert draft(lessons.layout, title, WHY).id.startswith(start)


def filled(lessons: Lessons) -> None:
    one = keep(lessons, "Prices are in cents — “always”", file="src/cart.py", body="a\n\n    b", roles=("maker",))
    two = keep(lessons, "Prices are in euros", contradicts=(one.id,), runs=("r1",))
    lessons.supersede(one.id, two.id)
    propose(lessons, "価格 \\ \" '")


def test_export_and_import_come_round_byte_for_byte(lessons: Lessons, tmp_path: Path) -> None:
    filled(lessons)
    first = exported(lessons.stores[Tier.REPOSITORY].list(all=True))
    assert len(first.splitlines()) == 3
    other = Lessons(Layout(tmp_path / "other"))
    done = other.import_(parsed(first, Tier.REPOSITORY), Tier.REPOSITORY)
    assert (len(done.new), done.replaced, done.same, done.kept) == (3, (), (), ())
    assert exported(other.stores[Tier.REPOSITORY].list(all=True)) == first
    again = other.import_(parsed(first, Tier.REPOSITORY), Tier.REPOSITORY)
    assert (again.new, len(again.same)) == ((), 3)
    assert other.former(done.new[0]) == ()


def test_an_import_replaces_keeps_the_former_text_and_deletes_nothing(lessons: Lessons) -> None:
    one, two = keep(lessons, "Prices are in cents"), keep(lessons, "Read the log first")
    theirs = one.model_copy(update={"title": "Prices are in euros"})
    done = lessons.import_([theirs], Tier.REPOSITORY)
    assert done.replaced == (one.id,)
    assert [entry.title for entry in lessons.list()] == ["Prices are in euros", two.title]
    assert lessons.former(one.id)[0].lesson == one


def test_a_proposal_never_takes_the_place_of_what_a_person_stands_behind(lessons: Lessons) -> None:
    one = keep(lessons, "Prices are in cents")
    theirs = one.model_copy(update={"title": "Prices are free", "trust": Trust.PROPOSED})
    done = lessons.import_([theirs], Tier.REPOSITORY)
    assert (done.kept, done.replaced) == ((one.id,), ())
    assert lessons.list(all=True) == (one,)


def test_an_import_points_out_what_it_contradicts(lessons: Lessons, tmp_path: Path) -> None:
    old = keep(lessons, "Never run the whole suite")
    new = draft(lessons.layout, "Always run the whole suite", WHY)
    done = lessons.import_([new], Tier.REPOSITORY)
    assert [(name, clash.other.id) for name, clash in done.clashes] == [(new.id, old.id)]


def line(**changes: object) -> bytes:
    now = datetime(2026, 11, 21, tzinfo=UTC).isoformat()
    values = {"id": "one", "title": "t", "why": WHY, "trust": "person", "created": now, "updated": now, **changes}
    return json.dumps({name: value for name, value in values.items() if value is not None}).encode() + b"\n"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        pytest.param(b"not json\n", "line 1 is no JSON", id="no JSON"),
        pytest.param(line() + b'\n{"id": "x"}\n', "line 3 is no lesson", id="fields are missing"),
        pytest.param(b"[1]\n", "line 1 is no lesson", id="no object"),
        pytest.param(b"[" * 100_000 + b"\n", "line 1 is no JSON", id="deep JSON"),
        pytest.param(b"\xff\xfe\n", "line 1 is no JSON", id="no UTF-8"),
        pytest.param(line(trust=None), "is no lesson", id="without a trust"),
        pytest.param(line(trust="god"), "line 1: .*trust can't be used", id="an unknown trust"),
        pytest.param(line(command="rm"), "line 1: .*command can't be used", id="an unknown field"),
        pytest.param(line(id="../../x"), "line 1: .*id can't be used", id="an id that climbs"),
        pytest.param(line(file="/etc/passwd"), "line 1: .*path in the repository", id="a file elsewhere"),
        pytest.param(line(file="a/../../b"), "line 1: .*path in the repository", id="a file above"),
        pytest.param(line(why="-"), "line 1: .*has a why", id="no why"),
        pytest.param(line(body=TOKEN), "line 1: .*body holds a secret", id="a secret"),
        pytest.param(line(body=["x"]), "body can't be used", id="a body that is a list"),
        pytest.param(line(roles="maker"), "roles can't be used", id="roles that are a text"),
        pytest.param(line(created="yesterday"), "created can't be used", id="a time that is none"),
        pytest.param(line(file_hash="zz"), "file hash", id="a hash that is none"),
        pytest.param(line() + line(), "line 2: one is there twice", id="one id twice"),
        pytest.param(line(body="x" * 300_000), "line 1 is too long", id="a huge line"),
    ],
)
def test_what_is_not_imported(lessons: Lessons, content: bytes, what: str) -> None:
    with pytest.raises(UsageError, match=what) as caught:
        lessons.import_(parsed(content, Tier.REPOSITORY), Tier.REPOSITORY)
    assert TOKEN not in str(caught.value)
    assert not lessons.layout.lessons.exists()


def test_an_import_is_all_or_nothing_and_knows_no_circles(lessons: Lessons) -> None:
    here = keep(lessons, "Read the log first")
    circle = parsed(line(id="a", superseded_by="b") + line(id="b", title="u", superseded_by="a"), Tier.REPOSITORY)
    with pytest.raises(UsageError, match="circle"):
        lessons.import_(circle, Tier.REPOSITORY)
    half = keep(lessons, "Read the log twice", lesson_id="half")
    lessons.supersede(half.id, here.id)
    closing = parsed(line(id=here.id, superseded_by=half.id), Tier.REPOSITORY)
    with pytest.raises(UsageError, match="circle"):
        lessons.import_(closing, Tier.REPOSITORY)
    lessons.remove(half.id)
    with pytest.raises(UsageError, match="other tier"):
        lessons.import_([here.model_copy(update={"tier": Tier.GLOBAL})], Tier.GLOBAL)
    assert lessons.list(all=True) == (here,)


def test_recall_finds_words_in_any_form_and_files_first(lessons: Lessons) -> None:
    retry = keep(lessons, "Retry network calls", body="The gateway times out.")
    cart = keep(lessons, "Prices are in cents", file="src/cart.py")
    log = keep(lessons, "Read the log first")
    assert lessons.recall(["retries"]) == (retry,)
    assert lessons.recall(["retrying of a TIMEOUT", "gateways"]) == (retry,)
    assert lessons.recall(["cart"]) == (cart,)
    assert lessons.recall(["pric"]) == (cart,)
    assert lessons.recall(["log"], files=["src/cart.py"]) == (cart, log)
    assert set(lessons.recall()) == {retry, cart, log}
    assert lessons.recall(["zebra"]) == ()
    assert lessons.recall(["%", "*", '"', "\x00"]) == ()


def test_a_word_in_the_title_counts_more_than_one_in_the_why(lessons: Lessons) -> None:
    aside = lessons.add(draft(lessons.layout, "Read the log first", "the cache was cold"))
    about = keep(lessons, "Warm the cache up")
    assert lessons.recall(["cache"]) == (about, aside)
