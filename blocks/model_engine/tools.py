"""The tools of the model engine: a small set, each with a form, and one way to call them. Owns what a call answers.

Their effects are in `model_engine_files` (read, edit, write), `model_engine_shell` (shell, search) and
`model_engine_answers` (finish, petition, ticket, rule); tools of other servers come from `model_engine_mcp`.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from linestop.blocks.model_engine.answers import (
    Answers,
    Check,
    Edit,
    Finish,
    Petition,
    Read,
    Rule,
    Search,
    Shell,
    Ticket,
    Write,
)
from linestop.blocks.model_engine.clocks import Clocks
from linestop.blocks.model_engine.files import WorkspaceFiles
from linestop.blocks.model_engine.openings import RefusedError
from linestop.blocks.model_engine.output import capped, sound
from linestop.blocks.model_engine.shell import CellShell
from linestop.events import Outcome
from linestop.fixes.words import broken
from linestop.verdicts import CheckReport

Said = tuple[str, Outcome]
_CHECK_CHARS = 6_000


@dataclass(frozen=True)
class Tool:
    """A tool as the model is offered it. What two calls of it makes the same is `linestop.events.tools`'s."""

    name: str
    about: str
    schema: Mapping[str, Any]
    call: Callable[[dict[str, Any]], Awaitable[Said]]


class Tools:
    """The tools of one dispatch, by name."""

    def __init__(self, tools: Sequence[Tool], *, max_chars: int) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._max_chars = max_chars

    def __iter__(self) -> Iterator[Tool]:
        return iter(self._tools.values())

    async def call(self, name: str, args: dict[str, Any]) -> Said:
        """Call a tool and return what it says, capped, and how it went. What a model gets wrong is an answer to it."""
        tool = self._tools.get(name)
        if tool is None:
            return f"there is no tool {name!r}: use {', '.join(self._tools)}", Outcome.ERROR
        try:
            text, outcome = await tool.call(args)
        except ValidationError as error:
            return f"the arguments don't fit: {_problems(error)}", Outcome.ERROR
        except (RefusedError, ValueError) as error:
            return sound(str(error)), Outcome.ERROR
        return sound(capped(text, self._max_chars)), outcome


@dataclass(frozen=True)
class Bench:
    """What the tools of a dispatch work with."""

    files: WorkspaceFiles
    shell: CellShell
    answers: Answers
    clocks: Clocks
    checks: Callable[[Path], CheckReport]
    workspace: Path


def house_tools(bench: Bench, *, looks_only: bool) -> list[Tool]:
    """Return linestop's own tools: a role that only looks can't edit, finish or petition; it rules."""
    files, shell, answers = bench.files, bench.shell, bench.answers

    def tool(form: type[BaseModel], work: Callable[[Any], str | Said]) -> Tool:
        async def call(args: dict[str, Any]) -> Said:
            filled = form.model_validate(args)
            said = await bench.clocks.threaded(lambda: work(filled), heeds_halt=form is not Check)
            return (said, Outcome.OK) if isinstance(said, str) else said

        about = " ".join((form.__doc__ or "").split())
        return Tool(form.__name__.lower(), about, _schema(form), call)

    looking = [
        tool(Read, lambda form: files.read(form.path, form.first, form.last)),
        tool(Search, lambda form: shell.search(form.pattern, form.path)),
        tool(Shell, lambda form: shell.run(form.command, form.seconds)),
        tool(Check, lambda _: _checked(bench.checks(bench.workspace))),
        tool(Ticket, answers.ticket),
    ]
    if looks_only:
        return [*looking, tool(Rule, answers.rule)]
    return [
        *looking,
        tool(Edit, lambda form: files.edit(form.path, form.old, form.new)),
        tool(Write, lambda form: files.write(form.path, form.text)),
        tool(Finish, answers.finish),
        tool(Petition, answers.petition),
    ]


def _checked(report: CheckReport) -> Said:
    if report.green:
        return f"green: the checks pass ({len(report.tests)} tests)", Outcome.OK
    outcome = Outcome.TIMEOUT if any(run.timed_out for run in report.runs) else Outcome.ERROR
    failed = [f"{case.id}: {case.message}" for case in report.tests if case.outcome == "failed"]
    output = next((run.output for run in report.runs if not run.ok), "")
    return "\n".join([f"red: {broken(report)}", *failed, capped(output, _CHECK_CHARS)]), outcome


def _schema(form: type[BaseModel]) -> dict[str, Any]:
    """Return a form as a plain JSON schema: no titles, no references, optional values left out instead of null."""
    raw = form.model_json_schema()
    return {
        "type": "object",
        "properties": {name: _property(value, raw.get("$defs", {})) for name, value in raw["properties"].items()}
        if raw.get("properties")
        else {},
        "required": raw.get("required", []),
    }


def _property(value: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(value)
    for option in merged.pop("anyOf", ()):
        if option.get("type") != "null":
            merged |= option
    if "$ref" in merged:
        merged |= definitions[merged.pop("$ref").rsplit("/", 1)[-1]]
        merged.pop("description", None)
    return {key: item for key, item in merged.items() if key not in {"title", "default"}}


def _problems(error: ValidationError) -> str:
    found = (f"{'.'.join(map(str, one['loc'])) or 'arguments'}: {one['msg']}" for one in error.errors()[:5])
    return "; ".join(found)
