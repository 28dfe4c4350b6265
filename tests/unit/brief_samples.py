"""What the tests of briefs are made of: a plan, and one item of each kind that memory holds."""

from datetime import UTC, datetime, timedelta

from linestop.briefs import Ask, Brief, Told, compose
from linestop.memory.cautions.model import Caution, CautionKind
from linestop.memory.lessons.model import Lesson
from linestop.memory.tickets.model import Correction, Reflection, Sign
from linestop.plans import ChecksPass, Chunk, CommandPasses, FindingsGone, Plan
from linestop.skills import Skill

START = datetime(2026, 11, 1, tzinfo=UTC)
CHUNK = Chunk(
    id="cart", title="Mend the cart", source="ruff", rules=("F401",), paths=("shop/cart.py",),
    text="The cart of `shop/cart.py` is slow.\n\nSee docs/cart.md too.",
)  # fmt: skip
PLAN = Plan(
    id="shop",
    title="Shop",
    purpose="Carts must be quick.",
    scope=("shop/**",),
    chunks=(CHUNK,),
    goal=(
        FindingsGone(source="ruff", rules=("F401",), paths=("shop/cart.py",)),
        CommandPasses(argv=("pytest", "-q")),
        ChecksPass(),
    ),
)
SIGN = Sign(
    id="s1", ticket="shop", branch="linestop/shop", signature="a" * 64, source="checks", chunk="cart",
    failure="tests/test_cart.py::test_total AssertionError: 3 != 4", times=2, at=START,
)  # fmt: skip
SKILL = Skill(name="role-maker", description="How a maker works.", body="# Maker\n\nLook first.")


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def ask(**changes: object) -> Ask:
    values: dict[str, object] = {"role": "maker", "ticket": "shop", "plan": PLAN, "chunk": CHUNK, "attempt": 2}
    return Ask.model_construct(**{"window": None, "diff": None, **values, **changes})


def lesson(name: str, minutes: float = 0, **changes: object) -> Lesson:
    values: dict[str, object] = {
        "id": name, "title": f"Title of {name}", "why": f"Why of {name}", "created": START, "updated": at(minutes)
    }  # fmt: skip
    return Lesson.model_validate({**values, **changes})


def caution(name: str, minutes: float = 0, **changes: object) -> Caution:
    values: dict[str, object] = {
        "id": name, "kind": CautionKind.FIRING, "detector": "repeat", "detail": f"Detail of {name}", "at": at(minutes),
        "ticket": "other",
    }  # fmt: skip
    return Caution.model_validate({**values, **changes})


def correction(text: str, minutes: float = 0, **changes: object) -> Correction:
    return Correction.model_validate({"text": text, "by": "checker", "at": at(minutes), "chunk": "cart", **changes})


def reflection(text: str, minutes: float = 0, **changes: object) -> Reflection:
    return Reflection.model_validate({"text": text, "chunk": "cart", "attempt": 1, "at": at(minutes), **changes})


TOLD = Told(
    signs=(SIGN,),
    corrections=(correction("The total is off by one."),),
    reflections=(reflection("I guessed the border."),),
    lessons=(lesson("carts-are-sums", file="shop/cart.py", file_hash="h"),),
    cautions=(caution("c1", file="shop/cart.py", file_hash="h"),),
)


def brief(asked: Ask | None = None, told: Told = TOLD, *, skills: tuple[Skill, ...] = (SKILL,)) -> Brief:
    """Return a brief in a workspace where every file has the hash `h`."""
    return compose(asked or ask(), told, fraction=0.15, skills=skills, hashes=lambda _: "h")
