"""`linestop skill`: which skills there are, whose they are, who is told which, and how one reads."""

import json
import sys
from pathlib import Path

from cyclopts import App

from linestop.deployments.cli.options import Json, MaybeRepo
from linestop.deployments.cli.text_table import terminal_width, text_table
from linestop.errors import RepositoryError, UsageError
from linestop.paths import Layout, repository_root
from linestop.policy import MemoryPolicy, load_policy
from linestop.skills import Origin, Skill, skills, skills_for
from linestop.text import plain

COLUMNS = ("skill", "of", "told to", "characters", "about")
ROLES = ("maker", "checker", "reviewer")

skill = App(
    name="skill",
    help="List and show skills: how each role goes about its work.",
    usage="""Usage: linestop skill COMMAND

Examples:
    linestop skill list
    linestop skill show tdd
    cp -r ~/my-skills/django .linestop/skills/   # one of your own
""",
    help_format="plaintext",
)


@skill.command(name="list")
def list_(*, repo: MaybeRepo = None, json_: Json = False) -> int:
    """Show all skills with the roles that are told them: shipped ones, yours, and the repository's owner's.

    Examples:
        linestop skill list
        linestop skill list --repo ~/shop --json

    Parameters
    ----------
    repo
        Any folder in the repository; the one you stand in by default, where it lies in one.
    json_
        Print the skills as JSON.
    """
    layout, policy, refused = _place(repo)
    known, problems = skills(layout, refused=refused)
    told = {role: [one.name for one in skills_for(role, layout, policy, refused=refused)[0]] for role in ROLES}
    if json_:
        values = [{**one.model_dump(mode="json"), "told_to": _told(one, told)} for one in known.values()]
        _say(json.dumps(values, indent=2, ensure_ascii=False))
    else:
        rows = [
            (one.name, str(one.origin), ", ".join(_told(one, told)) or "nobody", len(one.body), one.description or "-")
            for one in sorted(known.values(), key=lambda one: one.name)
        ]
        _say(text_table(COLUMNS, rows, width=terminal_width(), whole=COLUMNS[:1]))
        if untold := [one.name for one in known.values() if one.origin is not Origin.SHIPPED and not _told(one, told)]:
            sys.stderr.write(
                f"told to nobody: {', '.join(untold)}; name its roles in its metadata (linestop.roles), or name it in"
                " memory.skills of the policy\n"
            )
    _complain(problems)
    return 0


@skill.command
def show(name: str, /, *, repo: MaybeRepo = None, json_: Json = False) -> int:
    """Show one skill: whose it is, its front matter, and its text as an agent is told it.

    Examples:
        linestop skill show role-maker
        linestop skill show tdd --json | jq -r .body

    Parameters
    ----------
    name
        As `linestop skill list` names it.
    repo
        Any folder in the repository; the one you stand in by default, where it lies in one.
    json_
        Print the skill as JSON.
    """
    layout, _, refused = _place(repo)
    known, problems = skills(layout, refused=refused)
    if name not in known:
        raise UsageError(
            f"there is no skill {name!r}", found=", ".join(sorted(known)), todo="name one of them, or add its folder"
        )
    found = known[name]
    _say(json.dumps(found.model_dump(mode="json"), indent=2, ensure_ascii=False) if json_ else _page(found))
    _complain(problems)
    return 0


def _place(repo: Path | None) -> tuple[Layout | None, MemoryPolicy, str]:
    """Return the repository, its policy, and why its skills are not read; none where nobody stands in one."""
    from linestop.blocks.memory_gate import refusal  # noqa: PLC0415  # git is asked only here

    try:
        layout = Layout(repository_root(repo or Path()))
    except RepositoryError:
        if repo is not None:
            raise
        return None, MemoryPolicy(), ""
    return layout, load_policy(layout).memory, refusal(layout)


def _told(one: Skill, told: dict[str, list[str]]) -> list[str]:
    return [role for role, names in told.items() if one.name in names]


def _page(found: Skill) -> str:
    from linestop.briefs.fences import prose  # noqa: PLC0415

    lines = [
        f"skill        {found.name}",
        f"of           {found.origin}, {plain(found.path, 400)}",
        f"about        {plain(found.description, 1_024) or '-'}",
        *([f"roles        {', '.join(map(plain, found.roles))}"] if found.roles else []),
        *([f"license      {plain(found.license)}"] if found.license else []),
        *(
            [f"tools        {plain(' '.join(found.allowed_tools))} (kept, never granted)"]
            if found.allowed_tools
            else []
        ),
        "",
        prose(found.body, 2 * len(found.body)),
    ]
    return "\n".join(lines)


def _complain(problems: tuple[str, ...]) -> None:
    for problem in problems:
        sys.stderr.write(f"problem: {plain(problem, 400)}\n")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
