"""Plan files: markdown with YAML front matter, which is the plan; the body is for people, their notes are kept."""

import re
from collections.abc import Sequence
from typing import Any

import yaml
from pydantic import ValidationError

from linestop.audit.plan_body import NOTES_BEGIN, body
from linestop.errors import PlanError
from linestop.findings import Finding
from linestop.plans import Plan

MAX_CHARS = 1_000_000  # of a file; a plan of the largest size stays far below
MAX_FRONT_CHARS = 300_000
_MAX_DEPTH = 10  # a goal's paths lie at 4
_FENCE = "---"
_FRONT = re.compile(r"\A\ufeff?---[ \t]*\r?\n(?P<front>.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_SHORT = 20  # characters of a word in a list on one line: rules and fingerprints
_LAST = ("goal", "base", "fingerprints")


def render_plan(plan: Plan, findings: Sequence[Finding] = ()) -> str:
    """Return the plan's file; `findings` are listed in its body. `parse_plan` gives the same plan back."""
    values = plan.model_dump(mode="json", exclude={"notes"}, exclude_defaults=True)
    values["goal"] = [item.model_dump(mode="json") for item in plan.goal]  # `kind` is a default, yet needed
    ordered = {key: value for key, value in values.items() if key not in _LAST}
    ordered |= {key: values[key] for key in _LAST if key in values}
    front = yaml.dump(ordered, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
    return f"{_FENCE}\n{front}{_FENCE}\n\n{body(plan, findings)}{NOTES_BEGIN}\n{plan.notes}"


def parse_plan(text: str) -> Plan:
    """Return the plan of a file; what people wrote below the notes line becomes `notes`.

    Raises:
        PlanError: no front matter, bad YAML, or a key or value that no plan has; names the line of the file.
    """
    if len(text) > MAX_CHARS:
        raise PlanError(
            "a plan file is too large", found=f"{len(text):,} characters", todo=f"keep it below {MAX_CHARS:,}"
        )
    parts = _FRONT.match(text)
    if parts is None:
        raise PlanError(
            "a plan file has no front matter",
            found=f"it begins with {text[:40]!r}",
            todo="begin it with a line `---`, the plan as YAML, and another line `---`",
        )
    values = _values(parts["front"])
    if "notes" in values:
        raise PlanError(
            "a plan file has notes in its front matter",
            found=f"line {_line(parts['front'], ('notes',))}",
            todo="write them below the front matter",
        )
    try:
        return Plan.model_validate({**values, "notes": _notes(text[parts.end() :], windows="\r\n" in parts.group())})
    except ValidationError as error:
        raise _explained(error, parts["front"]) from error


def _notes(rest: str, *, windows: bool) -> str:
    """Return what follows the notes line; a body that has none was rewritten by a person and is notes altogether."""
    rest = rest.replace("\r\n", "\n") if windows else rest
    _, found, notes = rest.partition(NOTES_BEGIN)
    return notes.removeprefix("\n") if found else rest.strip("\n")


def _values(front: str) -> dict[str, Any]:
    if len(front) > MAX_FRONT_CHARS:
        raise PlanError(
            "a plan's front matter is too large",
            found=f"{len(front):,} characters",
            todo=f"keep it below {MAX_FRONT_CHARS:,}",
        )
    try:
        _refuse_traps(front)
        values = yaml.safe_load(front)
    except yaml.YAMLError as error:
        mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
        line = f"line {mark.line + 2}: " if mark else ""
        raise PlanError(
            "a plan's front matter is no YAML",
            found=line + str(getattr(error, "problem", None) or error),
            todo="correct that line; quote text that holds `: ` or `#`",
        ) from error
    except ValueError as error:  # a date such as 2026-99-99
        raise PlanError("a plan's front matter can't be read", found=str(error), todo="quote dates") from error
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise PlanError(
            "a plan's front matter is no mapping", found=f"a {type(values).__name__}", todo="write `key: value` lines"
        )
    return values


def _refuse_traps(front: str) -> None:
    """Refuse what makes a short file huge or slow: an alias ("billion laughs") or deep nesting. No plan needs them."""
    depth = 0
    for event in yaml.parse(front, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        trap = "an alias" if isinstance(event, yaml.AliasEvent) else "deep nesting" if depth > _MAX_DEPTH else ""
        if trap:
            line = event.start_mark.line + 2 if event.start_mark else 1
            raise PlanError(
                f"a plan's front matter uses {trap}", found=f"line {line}", todo="write plain keys and lists"
            )


def _explained(error: ValidationError, front: str) -> PlanError:
    # A misspelt key comes with "field required" for the right one: the misspelling is the news.
    first = min(error.errors(), key=lambda entry: entry["type"] != "extra_forbidden")
    given = "" if first["type"] == "missing" else f": {str(first.get('input'))[:120]!r}"
    where = tuple(part for part in first["loc"] if part not in ("findings", "command", "checks"))
    name = ".".join(str(part) for part in first["loc"]) or "the plan"
    if first["type"] == "extra_forbidden":
        todo = f"remove it, or use one of: {', '.join(key for key in Plan.model_fields if key != 'notes')}"
    else:
        todo = "correct the value; docs/audit.md describes each"
    return PlanError(
        f"a plan file has a bad {name}",
        found=f"line {_line(front, where)}: {first['msg']}{given}",
        todo=todo,
    )


def _line(front: str, where: Sequence[int | str]) -> int:
    """Return the line of the file (1 is the first `---`) that holds a value, or the nearest thing around it."""
    node = yaml.compose(front, Loader=yaml.SafeLoader)
    line = 1
    for step in where:
        if isinstance(node, yaml.MappingNode):
            entry = next((pair for pair in node.value if pair[0].value == step), None)
            if entry is None:
                break
            line, node = entry[0].start_mark.line + 2, entry[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 2
    return line


class _Dumper(yaml.SafeDumper):
    """Writes text of several lines as a block, and short lists of plain words on one line."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002  # their signature
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    odd = any(not character.isprintable() for character in value if character != "\n")
    style = '"' if odd else "|" if "\n" in value else None  # YAML folds some odd characters unless they are escaped
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _list(dumper: yaml.SafeDumper, values: list[Any]) -> yaml.SequenceNode:
    words = bool(values) and all(
        isinstance(value, str) and len(value) <= _SHORT and value.isalnum() for value in values
    )
    return dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=words)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(list, _list)
