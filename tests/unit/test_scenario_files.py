"""Scenario files: what is read, what is refused and where, which act is played, which turn comes next."""

import re
from pathlib import Path
from typing import get_args

import pytest

from linestop.blocks.engines import settings_of
from linestop.briefs import bare_brief
from linestop.engines import ScriptedSettings
from linestop.errors import UsageError
from linestop.plans import ChecksPass, Chunk, FindingsGone, Plan
from linestop.policy import Policy
from linestop.ports import Dispatch
from linestop.scenarios import (
    Act,
    Call,
    Cast,
    FaultKind,
    For,
    Run,
    Scenario,
    Script,
    Turn,
    act_for,
    cast_of_brief,
    cast_of_dispatch,
    read_scenario,
    scenario_named,
    shipped_scenarios,
)

TEAM = sorted((Path(__file__).parents[1] / "scenarios").glob("*.yaml"))
GOOD = "schema: 1\nname: x\nturns:\n  - say: hello\n"


def played(*turns: Turn, told: tuple[str, ...] = ("",), cast: Cast | None = None) -> list[str]:
    script = Script(Act(turns=turns), cast)
    steps = [script.next(text) for text in told]
    return [step.turn.say if step else "-" for step in steps]


def order(*, scanned: bool = True, **changes: object) -> Dispatch:
    paths = ("src/a b.py", "src/c.py")
    chunk = Chunk(id="c", title="t", source="ruff", rules=("F401", "F811"), paths=paths)
    goal = FindingsGone(source="ruff", rules=chunk.rules, paths=paths) if scanned else ChecksPass()
    plan = Plan(id="p", title="t", purpose="p", scope=("src/**",), chunks=(chunk,), goal=(goal,))
    values: dict[str, object] = {"ticket": "p", "role": "maker", "attempt": 2, "plan": plan, "chunk": chunk}
    brief = bare_brief(plan, chunk, attempt=2).text
    return Dispatch.model_validate({**values, "brief": brief, **changes})


@pytest.mark.parametrize("path", TEAM, ids=lambda path: path.stem)
def test_every_scenario_of_the_tests_can_be_read_and_says_what_it_is(path: Path) -> None:
    found = read_scenario(path)
    assert found.name == path.stem
    assert found.about


def test_the_shipped_scenarios_can_be_read_by_their_name() -> None:
    found = shipped_scenarios()
    assert "good-maker" in found
    assert [key for key, one in found.items() if one.name != key or not one.about] == []
    assert scenario_named("good-maker") == found["good-maker"]


MERGES = "a0: &a0\n  x: 1\n" + "".join(f"a{n}: &a{n}\n  <<:\n" + f"    - *a{n - 1}\n" * 3 for n in range(1, 28))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(GOOD + "  - sey: oops\n", ("line 5", "turns.1.sey", "not permitted"), id="a misspelt key"),
        pytest.param(
            GOOD + "  - calls:\n      - {do: run, command: x}\n      - {do: fly}\n",
            ("line 7", "'fly'"),
            id="no such call",
        ),
        pytest.param(
            GOOD + "  - calls:\n      - {do: edit, path: x, old: '', new: y}\n",
            ("line 6", "turns.1.calls.0.edit.old", "at least 1"),
            id="nothing to replace",
        ),
        pytest.param(GOOD + "  - {times: 0}\n", ("line 5", "greater than or equal to 1"), id="no repetition"),
        pytest.param(GOOD + "  - {until_told: '('}\n", ("line 5", "no regular expression"), id="a bad pattern"),
        pytest.param(GOOD + "  - {fault: {kind: earthquake}}\n", ("turns.1.fault.kind", "hang"), id="no such fault"),
        pytest.param("schema: 2\n" + GOOD[10:], ("line 1", "schema"), id="a later format"),
        pytest.param("name: x\n", ("either `acts` or `turns`",), id="nothing to play"),
        pytest.param("- 1\n", ("the file",), id="a list"),
        pytest.param("", ("the file",), id="empty"),
        pytest.param("a: [", ("line 1",), id="no YAML"),
        pytest.param("a: !!python/object:os.system {}\n", ("constructor",), id="an object of Python"),
        pytest.param(MERGES, ("too many merged keys",), id="a billion merged keys"),
        pytest.param("a: 1\n---\nb: 2\n", ("another document",), id="two documents"),
    ],
)
def test_a_file_that_breaks_the_format_is_refused_with_its_place(
    text: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        read_scenario(path)
    assert [word for word in words if word not in str(caught.value)] == []
    assert caught.value.todo


def test_an_engine_may_be_named_by_its_scenario(tmp_path: Path) -> None:
    assert settings_of("scripted:liar", Policy()) == ScriptedSettings(scenario=Path("liar"))
    (tmp_path / "mine.yaml").write_text(GOOD, encoding="utf-8")
    assert scenario_named("mine.yaml", tmp_path).name == "x"
    assert scenario_named("liar", tmp_path).name == "liar"


@pytest.mark.parametrize("name", ["no-such-scenario", "/no/such/file.yaml", "\x1b[31m"])
def test_an_unknown_name_lists_the_shipped_ones(name: str) -> None:
    with pytest.raises(UsageError, match="good-maker"):
        scenario_named(name)


def test_a_huge_file_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"#" * (4 * 2**20 + 1))
    with pytest.raises(UsageError, match="too large"):
        read_scenario(path)


@pytest.mark.parametrize(
    ("cast", "says"),
    [
        pytest.param(Cast(role="maker", ticket="t", chunk="c", attempt=2), "second", id="its attempt"),
        pytest.param(Cast(role="maker", ticket="t", chunk="c", attempt=1), "maker", id="its role"),
        pytest.param(Cast(role="checker", ticket="shop-3", chunk="c", attempt=1), "shop", id="a glob over tickets"),
        pytest.param(Cast(role="checker", ticket="t", chunk="c", attempt=1), "any", id="none of them"),
        pytest.param(Cast(), "any", id="nothing known"),
    ],
)
def test_the_first_act_that_names_a_dispatch_is_played_else_the_one_for_any(cast: Cast, says: str) -> None:
    scenario = Scenario.model_validate(
        {
            "name": "x",
            "acts": [
                {"turns": [{"say": "any"}]},
                {"for": {"role": "maker", "attempt": 2}, "turns": [{"say": "second"}]},
                {"for": {"role": "maker"}, "turns": [{"say": "maker"}]},
                {"for": {"ticket": "shop-*"}, "turns": [{"say": "shop"}]},
            ],
        }
    )
    act = act_for(scenario, cast)
    assert act
    assert act.turns[0].say == says


def test_no_act_is_played_for_a_dispatch_that_none_is_for() -> None:
    scenario = Scenario(name="x", acts=(Act(dispatch=For(role="maker"), turns=(Turn(),)),))
    assert act_for(scenario, Cast(role="checker")) is None


def test_a_brief_tells_a_server_what_a_dispatch_tells_an_engine() -> None:
    one = order()
    assert cast_of_brief(f"<reminder>\n{one.brief}</reminder>") == cast_of_dispatch(one)
    assert cast_of_brief(order(scanned=False).brief).paths == one.chunk.paths
    assert cast_of_brief("Plan of the day: chunk it") == Cast()


def test_a_turn_is_repeated_and_counts() -> None:
    assert played(Turn(say="{n} of it", times=3), Turn(say="last {n}"), told=("",) * 5) == [
        "1 of it",
        "2 of it",
        "3 of it",
        "last {n}",
        "-",
    ]


def test_a_repeated_turn_ends_when_it_is_told_so() -> None:
    turns = (Turn(say="loop", times=9, until_told="stop it"), Turn(say="sorry", if_told="stop"), Turn(say="end"))
    assert played(*turns, told=("stop it, in the brief", "x", "please stop it", "")) == ["loop", "loop", "sorry", "end"]


def test_a_turn_that_waits_for_words_is_passed_over_without_them() -> None:
    turns = (Turn(say="a"), Turn(say="b", if_told="^red"), Turn(say="c"))
    assert played(*turns, told=("brief", "all green", "")) == ["a", "c", "-"]
    assert played(*turns, told=("brief", "said:\nred: 1 failed", "")) == ["a", "b", "c"]


def test_placeholders_are_filled_from_the_dispatch_and_paths_are_quoted() -> None:
    command = "ruff --select {chunk.rules} {chunk.paths} # {dispatch.attempt} {dispatch.role} {dispatch.ticket}"
    script = Script(Act(turns=(Turn(calls=(Run(command=command),)),)), cast_of_dispatch(order()))
    step = script.next()
    assert step
    assert step.turn.calls == (Run(command="ruff --select F401,F811 'src/a b.py' src/c.py # 2 maker p"),)


def test_a_call_on_the_chunks_paths_is_made_for_each() -> None:
    act = Act.model_validate({"turns": [{"calls": [{"do": "read", "path": "{chunk.paths}"}]}]})
    step = Script(act, cast_of_dispatch(order())).next()
    assert step
    assert [call.model_dump()["path"] for call in step.turn.calls] == ["src/a b.py", "src/c.py"]


PAGE = (Path(__file__).parents[2] / "docs" / "scenarios.md").read_text(encoding="utf-8")


def test_the_page_describes_every_key_call_and_fault() -> None:
    calls = [kind.model_fields["do"].default for kind in get_args(get_args(Call)[0])]
    keys = [*Turn.model_fields, *For.model_fields, *Scenario.model_json_schema(by_alias=True)["properties"]]
    assert [
        word for word in (*calls, *FaultKind, *keys) if not re.search(rf"\b{word}`|\b{word}:|globs:.* {word}\b", PAGE)
    ] == []


def test_the_example_of_the_page_can_be_played(tmp_path: Path) -> None:
    example = PAGE.split("```yaml\n")[1].split("```")[0]
    (tmp_path / "mine.yaml").write_text(example, encoding="utf-8")
    assert len(read_scenario(tmp_path / "mine.yaml").turns) == 3
    (tmp_path / "mine.yaml").write_text(example.replace("times: 20", "tmes: 20"), encoding="utf-8")
    with pytest.raises(UsageError, match=r"turns\.1\.tmes: Extra inputs are not permitted"):
        read_scenario(tmp_path / "mine.yaml")
