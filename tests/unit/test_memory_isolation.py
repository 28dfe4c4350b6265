"""No repository ever sees what another remembers, however close they lie and whatever they are called."""

import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from linestop.blocks.line import Line
from linestop.blocks.memory_gate import memory_layout
from linestop.errors import RepositoryError
from linestop.memory.cautions import Caution, CautionKind
from linestop.memory.lessons import Lesson, LessonStore, Tier
from linestop.memory.tickets.model import Correction, Failure, Reflection

TICKET = "shop-bugs"  # the same in every repository: names of tickets and files are no borders
FILE = "src/shop.py"


def git(folder: Path, *words: str) -> None:
    settings = ("-c", "user.name=t", "-c", "user.email=t@t", "-c", "protocol.file.allow=always")
    subprocess.run(["git", "-C", str(folder), *settings, *words], check=True, capture_output=True)


def repository(root: Path) -> Path:
    root.mkdir(parents=True)
    git(root, "init", "-q", "-b", "main")
    git(root, "commit", "-q", "--allow-empty", "-m", "start")
    return root


def teach(place: Path, word: str) -> None:
    """Put a word into every room of the memory that a folder belongs to, as a run and a person do."""
    now = datetime.now(UTC)
    store = LessonStore(memory_layout(place).ensure().lessons, Tier.REPOSITORY)
    store.add(
        Lesson(id=f"l-{word}", title=word, why=f"{word}: it went wrong twice", file=FILE, created=now, updated=now)
    )
    memory = Line(place).memory
    memory.caution(
        Caution(kind=CautionKind.CHECK, detector="checks", detail=word, run=f"run-{word}", ticket="t0", file=FILE)
    )
    book = memory.book(TICKET)
    for attempt in (1, 2):
        book.fail(Failure(source="checks", text=f"AssertionError in test_{word}.py", chunk="c1", attempt=attempt))
    book.reflect(Reflection(text=word, chunk="c1", attempt=1))
    book.correct(Correction(text=word, by="ann", person=True, chunk="c1"))
    memory.close()
    assert memory.problems == ()


def told(place: Path) -> str:
    """Return all that a maker in a folder may be told."""
    memory = Line(place).memory
    all_of_it = memory.told(TICKET, role="maker", chunk="c1", files=(FILE,))
    assert all_of_it.problems == ()
    return all_of_it.model_dump_json()


def knows(place: Path, word: str) -> bool:
    """Return whether a folder's memory has a word; it is either in every room or in none."""
    text = told(place)
    count = sum(
        mark in text for mark in (f"l-{word}", f"run-{word}", f"test_{word}.py", f'"text":"{word}","chunk":"c1","att')
    )
    assert count in {0, 4}, text
    return count == 4


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))


def same_basename(folder: Path) -> tuple[Path, Path]:
    return repository(folder / "a" / "shop"), repository(folder / "b" / "shop")


def nested(folder: Path) -> tuple[Path, Path]:
    return repository(folder / "outer"), repository(folder / "outer" / "vendor" / "inner")


def submodule(folder: Path) -> tuple[Path, Path]:
    origin, outer = repository(folder / "origin"), repository(folder / "outer")
    git(outer, "submodule", "--quiet", "add", str(origin), "sub")
    return outer, outer / "sub"


def clone(folder: Path) -> tuple[Path, Path]:
    origin = repository(folder / "origin")
    git(folder, "clone", "-q", str(origin), "clone")
    return origin, folder / "clone"


def worktree_inside(folder: Path) -> tuple[Path, Path]:
    """A worktree of one repository that lies inside the checkout of another."""
    one, host = repository(folder / "one"), repository(folder / "host")
    git(one, "worktree", "add", "-q", "--detach", str(host / "tree"))
    return host, host / "tree"


def worktrees_of_a_bare_one(folder: Path) -> tuple[Path, Path]:
    one, bare = repository(folder / "one"), folder / "bare.git"
    git(folder, "clone", "-q", "--bare", str(one), str(bare))
    git(bare, "worktree", "add", "-q", "--detach", str(folder / "x" / "shop"))
    git(bare, "worktree", "add", "-q", "--detach", str(folder / "y" / "shop"))
    return folder / "x" / "shop", folder / "y" / "shop"


PAIRS = [same_basename, nested, submodule, clone, worktree_inside, worktrees_of_a_bare_one]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.__name__)
def test_two_repositories_know_nothing_of_each_other(pair: Callable[[Path], tuple[Path, Path]], tmp_path: Path) -> None:
    one, other = pair(tmp_path)
    teach(one, "first")
    assert (knows(one, "first"), knows(other, "first")) == (True, False)
    teach(other, "second")
    assert (knows(one, "second"), knows(other, "second"), knows(other, "first")) == (False, True, False)


def linked_worktree(root: Path, folder: Path) -> Path:
    git(root, "worktree", "add", "-q", "--detach", str(folder / "tree"))
    return folder / "tree"


def link_to_it(root: Path, folder: Path) -> Path:
    (folder / "link").symlink_to(root)
    return folder / "link"


def folder_in_it(root: Path, folder: Path) -> Path:
    (root / "src" / "deep").mkdir(parents=True)
    return root / "src" / "deep"


@pytest.mark.parametrize("way", [linked_worktree, link_to_it, folder_in_it], ids=lambda way: way.__name__)
def test_one_repository_has_one_memory_whichever_way_it_is_reached(
    way: Callable[[Path, Path], Path], tmp_path: Path
) -> None:
    root = repository(tmp_path / "shop")
    place = way(root, tmp_path)
    teach(place, "first")
    assert knows(root, "first")
    assert list(root.rglob("lessons.db")) == [root / ".linestop" / "lessons.db"]


def test_a_repository_that_moves_takes_its_memory_along_and_leaves_none(tmp_path: Path) -> None:
    old, new = repository(tmp_path / "old"), tmp_path / "new"
    teach(old, "first")
    old.rename(new)
    repository(old)
    assert (knows(new, "first"), knows(old, "first")) == (True, False)


def test_a_copy_goes_its_own_way(tmp_path: Path) -> None:
    one, copy = repository(tmp_path / "one"), tmp_path / "copy"
    teach(one, "before")
    shutil.copytree(one, copy)
    teach(copy, "after")
    assert [knows(place, "before") for place in (one, copy)] == [True, True]
    assert [knows(place, "after") for place in (one, copy)] == [False, True]


def test_what_is_deleted_is_not_remembered_by_what_comes_after_it(tmp_path: Path) -> None:
    root = repository(tmp_path / "shop")
    teach(root, "first")
    shutil.rmtree(root)
    assert not knows(repository(root), "first")


@pytest.mark.parametrize("name", ["GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR"])
def test_the_environment_of_a_git_hook_leads_to_no_other_memory(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = same_basename(tmp_path)
    teach(other, "second")
    monkeypatch.setenv(name, str(other if name == "GIT_WORK_TREE" else other / ".git"))
    assert not knows(one, "second")
    teach(one, "first")
    assert knows(one, "first")
    monkeypatch.delenv(name)
    assert not knows(other, "first")


def test_a_bare_repository_has_no_memory(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "bare.git")
    with pytest.raises(RepositoryError):
        memory_layout(tmp_path / "bare.git")


@pytest.mark.parametrize("claims", ["a-folder-of-its-own", "the-place-of-another-worktree"])
def test_a_folder_that_only_claims_to_be_a_worktree_gets_no_memory(claims: str, tmp_path: Path) -> None:
    """An unpacked archive can bring a `.git` file that names any repository of the machine."""
    victim, trap = repository(tmp_path / "victim"), tmp_path / "trap"
    teach(victim, "secret")
    linked_worktree(victim, tmp_path)
    admin = victim / ".git" / "worktrees" / "tree"
    if claims == "a-folder-of-its-own":
        admin = trap / "admin"
        admin.mkdir(parents=True)
        (admin / "commondir").write_text(f"{victim}/.git\n")
        (admin / "gitdir").write_text(f"{trap}/.git\n")
        (admin / "HEAD").write_text("ref: refs/heads/main\n")
    trap.mkdir(exist_ok=True)
    (trap / ".git").write_text(f"gitdir: {admin}\n")
    with pytest.raises(RepositoryError, match="no worktree"):
        memory_layout(trap)
