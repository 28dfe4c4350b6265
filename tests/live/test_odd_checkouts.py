"""Checkouts that are shallow, dirty or oddly named, through the installed commands: a ticket is delivered in each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.linestop_command import linestop, machine, reported
from tests.live.odd_shops import STOCK, git, shop, state_of

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with machine(tmp_path_factory.mktemp("home")) as home:
        yield home


def shallow(root: Path) -> Path:
    source = shop(root.with_name("source"))
    git(source, "clone", "-q", "--depth", "1", f"file://{source}", str(root))
    return root


def dirty(root: Path) -> Path:
    shop(root)
    (root / "shop/stock.py").write_text(STOCK + "\n\ndef half(")
    (root / "-staged here.py").write_text("staged = 1\n")
    git(root, "add", "--", "-staged here.py")
    (root / "untracked\nü.py").write_text("import os\n")
    return root


WORKING = {"shallow": shallow, "dirty": dirty, "-odd name\nnew ünï $(touch pwned)": shop}


@pytest.mark.parametrize("name", WORKING)
def test_a_ticket_is_delivered_in_any_checkout_that_has_a_commit(home: Path, tmp_path: Path, name: str) -> None:
    root = WORKING[name](tmp_path / name)
    before = state_of(root)
    reports = reported(home, "run", ".", cwd=root)
    assert state_of(root) == before
    assert [ticket["state"] for ticket in reports["execution"]["tickets"]] == ["done"], reports["execution"]
    assert linestop(home, "oracle", cwd=root).returncode == 0
    for command in ("ticket list", "batch status", "history", "insight", "doctor"):
        ended = linestop(home, *command.split(), cwd=root)
        assert ended.returncode == 0, (command, ended.stderr)
    assert state_of(root) == before
    assert not (root / "pwned").exists()
