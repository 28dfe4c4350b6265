"""The worked experiments, as a person runs them: the rule beforehand, the answer, the notebook, and once more."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from linestop.blocks.lab_desk import bench_again, entry_named
from linestop.deployments.cli.errors import guarded
from linestop.deployments.cli.lab import lab
from linestop.lab.rule import Rule
from tests.flows.small_shop import small_shop

pytestmark = pytest.mark.live
FEW = ("--pairs", "6", "--margin", "0.5")  # an engine that does the same each time needs no more


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINESTOP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LINESTOP_SANDBOX__KIND", "plain")  # they play nothing but their own files
    monkeypatch.setenv("LINESTOP_SANDBOX__ALLOW_PLAIN", "true")
    monkeypatch.chdir(tmp_path)  # no repository: an experiment file needs none
    return tmp_path


def call(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = guarded(lab, words)
    said = capsys.readouterr()
    return code, said.out, said.err


def entry_of(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any], str]:
    code, out, err = call(capsys, *words, "--json")
    found: dict[str, Any] = json.loads(out)
    return code, found, err


@pytest.mark.parametrize(
    ("name", "answer", "grades"),
    [
        pytest.param("on-topic", "improved", {("failed", "productive")}, id="the runaway search ends"),
        pytest.param("off-topic", "no change", {("productive", "productive")}, id="off-topic changes nothing"),
        pytest.param("stale", "no change", {("productive", "productive")}, id="a stale lesson is ranked down"),
        pytest.param("misleading", "regressed", {("productive", "failed")}, id="the same lesson, fresh"),
    ],
)
def test_a_worked_experiment_comes_out_as_it_says_and_so_it_does_again(
    name: str, answer: str, grades: set[tuple[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    code, first, said = entry_of(capsys, "ab", name, *FEW)
    rule = Rule(pairs=6, margin=0.5).text
    assert said.startswith(rule)
    assert said.index(rule) < said.index("pair 1 ")
    assert (code, first["reckoning"]["answer"], first["state"]) == (0, answer, "done")
    assert first["reckoning"]["verdicts"]["p"] == (1.0 if answer == "no change" else 0.03125)
    table = first["reckoning"]["verdicts"]["table"]
    assert {(without, with_) for without, row in table.items() for with_, count in row.items() if count} == grades
    assert [pair["first"] for pair in first["pairs"]] == ["with", "without"] * 3
    kept = {path.name for path in Path(first["repository"], ".linestop").iterdir()}
    assert kept & {"cautions", "tickets", "lessons.db", "debriefs"} == set()  # nothing that happened is remembered

    code, out, _ = call(capsys, "again", first["id"])
    assert (code, f"then     {answer} ({first['id']}): the same" in out) == (0, True)
    _, listed, _ = call(capsys, "notebook", "--json")
    again, written = json.loads(listed)
    assert (again["again_of"], again["reckoning"]["answer"], written["id"]) == (first["id"], answer, first["id"])
    _, page, _ = call(capsys, "notebook", "show", first["id"])
    assert rule in page
    assert f"**{answer}** ({first['reckoning']['because']})" in page
    assert [pair for pair in first["pairs"] if f"`{pair['with_memory']['run']}`" not in page] == []


def test_the_stale_lesson_is_below_every_fresh_one_and_finds_no_room(capsys: pytest.CaptureFixture[str]) -> None:
    briefs = {}
    for name in ("stale", "misleading"):
        code, entry, _ = entry_of(capsys, "ab", name, "--dry-run")
        briefs[name] = entry["subject"]
        assert code == 0
    assert briefs["misleading"]["kept"]["lessons"][0] == "misleading-5"
    assert "stale-5" not in briefs["stale"]["kept"]["lessons"]
    (left,) = briefs["stale"]["left_out"]["lessons"]
    assert re.match(r"stale-5: the first that doesn't fit", left)


def test_a_dry_run_says_rule_and_difference_and_runs_nothing(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "ab", "on-topic", "--dry-run")
    assert (code, Rule().planned.text in err) == (0, True)
    told = [line for line in out.splitlines() if line.startswith(("+", "-"))][2:]
    assert "+Amounts become cents in to_cents of shop/money.py, and nowhere else" in told
    assert [line for line in told if line.startswith("-")] == []
    assert [path.name for path in (machine / "home").rglob("*-dispatch-*")] == []
    assert call(capsys, "notebook")[1] == "the notebook is empty: linestop lab ab on-topic\n"


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        pytest.param(
            (r"memory:\n(  .*\n)+", "memory: {}\n"), 2, "there is nothing to inject", id="no memory: it refuses"
        ),
        pytest.param((r"expect: no change", "expect: improved"), 1, "expects: improved", id="it comes out otherwise"),
        pytest.param((r"engine:\n(  .*\n)+", "engine: warp-drive\n"), 2, "no engine 'warp-drive'", id="no such engine"),
    ],
)
def test_a_file_of_ones_own_is_held_to_what_it_says(
    change: tuple[str, str], code: int, says: str, machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, text, _ = call(capsys, "experiments", "off-topic")
    mine, count = re.subn(change[0], change[1], text)
    assert count == 1
    (machine / "mine.yaml").write_text(mine, encoding="utf-8")
    found, _, err = call(capsys, "ab", "mine.yaml", "--pairs", "5", "--margin", "0.6")
    assert (found, says in err) == (code, True), err


def test_an_experiment_goes_to_an_engine_of_the_repository_where_one_stands(
    machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What its file expects is its own engine's: another one may do otherwise."""
    shop = small_shop(machine / "shop")
    (shop / "lazy.yaml").write_text(
        "name: lazy\nturns: [{calls: [{do: finish, summary: Nothing}]}]\n", encoding="utf-8"
    )
    with (shop / ".linestop" / "config.toml").open("a", encoding="utf-8") as config:
        config.write(f'[engines.mine]\nkind = "scripted"\nscenario = "{shop / "lazy.yaml"}"\n')
    words = ("--repo", str(shop))
    code, first, _ = entry_of(capsys, "ab", "on-topic", "--engine", "mine", "--pairs", "5", "--margin", "0.6", *words)
    assert (code, first["subject"]["engine"], first["reckoning"]["answer"]) == (0, "mine", "no change")
    assert bench_again(*entry_named(shop, first["id"]), repository=shop).engine.name == "mine"
    assert not (shop / ".linestop" / "runs").exists()


def test_a_word_that_means_nothing_says_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = call(capsys, "ab", "no-such-thing")
    assert (code, "is no experiment" in err, "linestop lab experiments" in err) == (2, True, True)
    code, _, err = call(capsys, "again", "latest")
    assert (code, "the notebook is empty" in err) == (2, True)
    code, _, err = call(capsys, "ab", "on-topic", "--pairs", "0")
    assert (code, "--pairs" in err) == (2, True)
    code, _, err = call(capsys, "ab", "on-topic", "--effect", "0.05")
    assert (code, "found: the effect needs better above worse, and both together at most 1\n" in err) == (2, True), err
