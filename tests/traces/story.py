"""A story: what an agent does in the workshop, turn by turn, and what a person who reads its trace would say of it."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from linestop.events import Usage
from linestop.scenarios import Call, Turn
from linestop.scenarios.model import Edit, Finish, Read, Run, Search, Tool, Write

VARIANTS = 3


@dataclass(frozen=True)
class Story:
    """One trace to be made. `fires` must fire and `either` may; all other detectors must be quiet.

    `delays` are seconds of a simulated clock that pass before the result of the nth call (from 1), `pauses` before the
    nth turn. `told` are facts of the dispatch that detectors go by: role, pollers, tokens, wall_seconds.
    """

    kind: str
    about: str
    turns: list[Turn]
    fires: tuple[str, ...] = ()
    either: tuple[str, ...] = ()
    delays: dict[int, float] = field(default_factory=dict)
    pauses: dict[int, float] = field(default_factory=dict)
    told: dict[str, object] = field(default_factory=dict)
    compactions: tuple[int, ...] = ()
    real: bool = False  # real command lines are made to play it as well


Tell = Callable[[random.Random, int], Story]
ALL: list[Tell] = []


def story(tell: Tell) -> Tell:
    """Register a story."""
    ALL.append(tell)
    return tell


def turn(*calls: Call, think: str = "", say: str = "", prompt: int = 0, times: int = 1) -> Turn:
    return Turn(think=think, say=say, calls=calls, usage=Usage(input=prompt or 1, output=80), times=times)


def with_prompts(turns: list[Turn]) -> list[Turn]:
    """The turns with prompts that grow as a conversation does, where a story says nothing else."""
    return [
        one if one.usage.input > 1 else one.model_copy(update={"usage": Usage(input=2_000 + 430 * n, output=80)})
        for n, one in enumerate(turns)
    ]


def run(command: str, seconds: float = 60) -> Run:
    return Run(command=command, seconds=seconds)


def read(path: str, first: int | None = None, last: int | None = None) -> Read:
    return Read(path=path, first=first, last=last)


def edit(path: str, old: str, new: str) -> Edit:
    return Edit(path=path, old=old, new=new)


def write(path: str, text: str) -> Write:
    return Write(path=path, text=text)


def search(pattern: str, path: str = "src") -> Search:
    return Search(pattern=pattern, path=path)


def tool(name: str, **args: object) -> Tool:
    return Tool(tool=name, args=args)


def mend(number: int) -> Edit:
    """Mend one function of the calculator."""
    return edit("src/calc.py", f"return x - {number}  # f{number}", f"return x + {number}  # f{number}")


CHECK = "python3 check.py"


def opening(rng: random.Random) -> list[Turn]:
    """A few turns of an ordinary beginning."""
    parts = rng.sample(range(40), 3)
    turns = [turn(read("README.md"), say="I look around first."), turn(search(f"NAME_{parts[0]}"))]
    turns += [turn(read(f"src/part{number:02}.py")) for number in parts[: rng.randint(1, 3)]]
    return turns


def ending() -> list[Turn]:
    return [turn(Finish(summary="That is all."))]
