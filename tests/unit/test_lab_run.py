"""`linestop lab run`: one dispatch in a throwaway workspace, by name of engine and files."""

import json
import shutil
from pathlib import Path

import pytest

from linestop.blocks.git_commands import GitCommands
from linestop.deployments.cli.errors import guarded
from linestop.deployments.cli.lab import lab
from tests.flows.small_shop import CASES, commit_all, small_shop

PLAIN = '[sandbox]\nkind = "plain"\nallow_plain = true\n'
MINE = """name: mine
acts:
  - for: {attempt: 2}
    turns: [{calls: [{do: finish, summary: "The second time."}]}]
  - turns:
      - calls: [{do: edit, path: "{chunk.paths}", old: "import os\\n", new: ""}]
      - calls: [{do: finish, summary: "An import less."}]
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = small_shop(tmp_path_factory.mktemp("lab") / "shop", tests=CASES)
    config = root / ".linestop" / "config.toml"
    config.write_text(config.read_text(encoding="utf-8") + PLAIN, encoding="utf-8")
    (root / "mine.yaml").write_text(MINE, encoding="utf-8")
    commit_all(root, "a scenario")
    return root


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def lab_run(shop: Path, *words: str) -> int:
    return guarded(lab, ("run", *words, "--repo", str(shop)))


def test_an_engine_is_tried_on_a_file_and_delivers_nothing(
    shop: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lab_run(shop, "scripted:mine.yaml", "shop/prices.py", "--json") == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["outcome"], record["summary"]) == ("candidate", "An import less.")
    folder = shop / ".linestop" / "runs" / record["run_id"]
    assert "-import os" in (folder / "diff.patch").read_text(encoding="utf-8")
    git = GitCommands(shop / ".git", shop)
    assert git.run("status", "--porcelain").strip() == ""
    assert git.run("branch", "--list").split() == ["*", "main"]
    assert not [path for path in home.rglob("*") if path.name == "prices.py"]


def test_another_attempt_plays_another_act(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lab_run(shop, "scripted:mine.yaml", "shop/prices.py", "--attempt", "2") == 0
    said = capsys.readouterr()
    assert "ended    nothing\nsaid     The second time.\n" in said.out
    assert "linestop run show" in said.err


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is missing")
def test_what_the_watch_does_is_told_while_it_runs(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lab_run(shop, "scripted:stubborn-looper", "shop/prices.py") == 1
    said = capsys.readouterr()
    assert "said     stopped: " in said.out
    assert [word for word in ("[nudge]", "[block]", "[stop]") if word not in said.err] == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("scripted:mine.yaml",), "needs files of the repository"),
        (("scripted:mine.yaml", "../etc/passwd"), "../etc/passwd"),
        (("scripted:no-such", "shop/prices.py"), "there is no scenario no-such"),
        (("warp-drive", "shop/prices.py"), "there is no engine 'warp-drive'"),
    ],
)
def test_a_wrong_word_is_a_usage_error(
    shop: Path, words: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lab_run(shop, *words) == 2
    assert says in capsys.readouterr().err
