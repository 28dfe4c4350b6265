"""The validator: which plans may become tickets."""

import pytest

from linestop.audit.validation import problems_among, problems_of, require_valid
from linestop.errors import PlanError
from linestop.plans import ChecksPass, Chunk, CommandPasses, FindingsGone, Plan


def chunk(
    name: str = "a", *, rules: tuple[str, ...] = ("F401",), paths: tuple[str, ...] = ("src/a.py",), **more: object
) -> Chunk:
    values = {"id": name, "title": name, "source": "ruff", "rules": rules, "paths": paths}
    return Chunk.model_validate(values | more)


def plan(**changes: object) -> Plan:
    good = Plan(
        id="p", title="t", purpose="p", scope=("src/*",), chunks=(chunk(),), risks=("r",),
        goal=(FindingsGone(source="ruff", rules=("F401",), paths=("src/a.py",)), ChecksPass()),
    )  # fmt: skip
    return good.model_copy(update=changes)


def test_a_good_plan_has_no_problems() -> None:
    assert problems_of(plan()) == ()
    assert require_valid(plan()) == plan()


def many(count: int) -> tuple[str, ...]:
    return tuple(f"src/{number}.py" for number in range(count))


BAD = [
    pytest.param({"risks": ()}, "no risk", id="no risk named"),
    pytest.param({"purpose": "  "}, "purpose is blank", id="blank purpose"),
    pytest.param({"gated": " "}, "gated is blank", id="gated without a reason"),
    pytest.param({"depends_on": ("p",)}, "itself", id="waits for itself"),
    pytest.param({"goal": (ChecksPass(),)}, "before any work", id="a goal that is met already"),
    pytest.param({"chunks": (chunk(), chunk())}, "2 chunks are called a", id="two chunks of one name"),
    pytest.param({"chunks": (chunk("a"), chunk("b"))}, "both remove F401 from src/a.py", id="chunks that meet"),
    pytest.param({"scope": ("**",)}, "whole repository", id="all of it"),
    pytest.param({"scope": ("*/*",)}, "whole repository", id="all of it in disguise"),
    pytest.param({"scope": ("../*",)}, "leads out", id="a scope that leads out"),
    pytest.param({"scope": ("/etc/*",)}, "not relative", id="an absolute scope"),
    pytest.param({"scope": ("C:\\x",)}, "not relative", id="a drive"),
    pytest.param({"scope": (".git/*", "src/*")}, "belongs to git", id="git's folder"),
    pytest.param({"scope": ("src/.GIT/hooks", "src/*")}, "belongs to git", id="git's folder in capitals"),
    pytest.param({"scope": (".linestop/x", "src/*")}, "belongs to git", id="linestop's folder"),
    pytest.param({"chunks": (chunk(paths=("lib/a.py",)),)}, "outside of the plan's scope", id="a path out of scope"),
    pytest.param({"chunks": (chunk(paths=("src/../b.py",)),)}, "leads out", id="a path with dots"),
    pytest.param({"chunks": (chunk(paths=many(41)),)}, "41 files", id="a chunk of too many files"),
    pytest.param({"chunks": (chunk(findings=121),)}, "121 findings", id="a chunk of too many findings"),
    pytest.param({"chunks": tuple(chunk(f"c{n}", paths=many(81)[n * 27 :][:27]) for n in range(3))}, "81 files",
                 id="a plan too wide"),
    pytest.param({"chunks": tuple(chunk(f"c{n}", paths=(f"src/{n}.py",), findings=101) for n in range(4))},
                 "404 findings", id="a plan too long"),
    pytest.param({"goal": (FindingsGone(source="r", rules=("x",), paths=("b",)),)}, "scope", id="a goal out of scope"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "problem"), BAD)
def test_a_bad_plan_is_refused_with_the_reason(changes: dict[str, object], problem: str) -> None:
    assert any(problem in said for said in problems_of(plan(**changes)))
    with pytest.raises(PlanError) as caught:
        require_valid(plan(**changes))
    assert problem in caught.value.found


GOOD = [
    pytest.param({"goal": (CommandPasses(argv=("true",)),)}, id="a command for a goal"),
    pytest.param({"chunks": (chunk("a"), chunk("b", rules=("F841",)))}, id="one file, other rules"),
    pytest.param({"chunks": (chunk("a"), chunk("b", paths=("src/b.py",)))}, id="one rule, other files"),
    pytest.param({"chunks": (chunk("a"), chunk("b", source="bandit"))}, id="rules of one name of two sources"),
    pytest.param({"scope": ("src",)}, id="a folder's name covers what is in it"),
    pytest.param(
        {"scope": ("src/[[]x].py", "src/*"), "chunks": (chunk(paths=("src/[x].py",)),)}, id="brackets in a name"
    ),
]


@pytest.mark.parametrize("changes", GOOD)
def test_what_is_allowed(changes: dict[str, object]) -> None:
    assert problems_of(plan(**changes)) == ()


def test_plans_that_wait_for_one_another_are_named() -> None:
    ring = (plan(id="a", depends_on=("b",)), plan(id="b", depends_on=("c",)), plan(id="c", depends_on=("a",)))
    assert "wait for one another" in problems_among(ring)[0]
    assert problems_among((plan(id="a", depends_on=("elsewhere",)), plan(id="b", depends_on=("a",)))) == ()


def test_two_plans_of_one_id_are_named() -> None:
    assert problems_among((plan(), plan())) == ("2 plans are called p",)
