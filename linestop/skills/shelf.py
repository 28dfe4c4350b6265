"""The skills that there are, and those that a role is told: shipped, a user's, a repository owner's.

Never a target repository's own (`.claude/skills` and the like): those are files of a stranger (docs/decisions/103).
"""

import os
from collections.abc import Iterator
from pathlib import Path

from linestop.home import home
from linestop.paths import Layout
from linestop.policy import MemoryPolicy
from linestop.skills.model import Origin, Skill
from linestop.skills.reading import BadSkillError, read_skill
from linestop.text import plain

FOLDER = "skills"
SHIPPED = Path(__file__).parent / "shipped"
MOST = 200  # folders of one place
ROLE = "role-"  # with a role's name behind it: its rules, always told, and whole


def user_skills() -> Path:
    """Return the folder of this user's skills."""
    return home() / FOLDER


def repository_skills(layout: Layout) -> Path:
    """Return the folder of a repository owner's skills, which git ignores."""
    return layout.state / FOLDER


def skills(layout: Layout | None, *, refused: str = "") -> tuple[dict[str, Skill], tuple[str, ...]]:
    """Return all skills by name, and what can't be told, a line each. A repository's win over a user's over ours.

    `refused` says why the repository's are not read at all.
    """
    found, problems = dict[str, Skill](), list[str]()
    places = [(SHIPPED, Origin.SHIPPED), (user_skills(), Origin.USER)]
    if layout is not None:
        if not refused:
            places.append((repository_skills(layout), Origin.REPOSITORY))
        elif repository_skills(layout).is_dir():
            problems.append(f"the repository's skills are not told: {refused}")
    for place, origin in places:
        for one in _in(place, origin):
            if isinstance(one, Skill):
                found[one.name] = one
            else:
                problems.append(one)
    return found, tuple(problems)


def skills_for(
    role: str, layout: Layout | None, policy: MemoryPolicy, *, refused: str = ""
) -> tuple[tuple[Skill, ...], tuple[str, ...]]:
    """Return the skills that a role is told, its rules first, and what can't be told, a line each.

    They are those that the policy names for the role, in that order; where it names none, those that name the role
    themselves: a repository's first, then a user's, then ours.
    """
    known, problems = skills(layout, refused=refused)
    named = policy.skills.get(role)
    if named is None:
        order = list(Origin)[::-1]
        own = [one for one in known.values() if role in one.roles]
        named = tuple(one.name for one in sorted(own, key=lambda one: (order.index(one.origin), one.name)))
    names = [name for name in dict.fromkeys((f"{ROLE}{role}", *named)) if name in known]
    missing = [
        f"there is no skill {plain(name)!r}, which memory.skills.{role} names" for name in named if name not in known
    ]
    return tuple(known[name] for name in names), (*problems, *missing)


def _in(place: Path, origin: Origin) -> Iterator[Skill | str]:
    """Yield the skills of a folder by name, and in words what is none; a folder that isn't there has none."""
    try:
        with os.scandir(place) as entries:
            names = sorted(entry.name for entry in entries if not entry.name.startswith("."))
    except OSError as error:
        if not isinstance(error, FileNotFoundError):
            yield f"skills can't be read: {plain(str(error))}"
        return
    yield from (f"{place} holds more than {MOST} skills: the rest is not told",) * (len(names) > MOST)
    for name in names[:MOST]:
        folder = place / name
        if folder.is_symlink():
            yield f"the skill {plain(name, 80)} ({origin}) is not told: it is a link, which may lead anywhere; copy it"
        elif folder.is_dir():
            try:
                yield read_skill(folder, origin)
            except BadSkillError as error:
                yield f"the skill {plain(name, 80)} ({origin}) is not told: {plain(str(error), 300)}"
