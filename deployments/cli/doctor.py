"""`linestop doctor`: what is missing or wrong on this machine and in a repository, and how to mend it."""

import sys

from linestop.deployments.cli.options import Json, MaybeRepo
from linestop.deployments.cli.text_table import for_terminal, terminal_width, text_table
from linestop.deployments.doctor.diagnosis import Diagnosis, Report, State
from linestop.deployments.doctor.machine import look_at_machine
from linestop.deployments.doctor.repository import look_at_repository
from linestop.text import plain

_SIGNS = {State.OK: "ok", State.WARNING: "warn", State.PROBLEM: "FAIL"}
_MAX_CHARS = 400


def doctor(
    repository: MaybeRepo = None,
    *,
    json_: Json = False,
) -> int:
    """Check git, Python, Prefect, sandbox tools, server, disk and a repository's policy; say how to mend each problem.

    Examples:
        linestop doctor
        linestop doctor ../shop
        linestop doctor --json

    Exit code 0 where a run can start (warnings included), 1 where something must be mended first.

    Parameters
    ----------
    repository
        Any folder in the repository; the one you stand in by default, if it is in one.
    json_
        Print the report as JSON.
    """
    machine = list(look_at_machine())
    root, found, policy = look_at_repository(repository)
    report = Report(diagnoses=(*machine, *found), repository=root, policy=tuple(policy))
    sys.stdout.write(report.model_dump_json(indent=2) + "\n" if json_ else _page(report))
    return report.exit_code


def _page(report: Report) -> str:
    lines = [line for one in report.diagnoses for line in _lines(one)]
    if report.policy:
        rows = [[value.key, _shown(value.value), value.origin] for value in report.policy]
        lines += ["", text_table(["policy", "value", "came_from"], rows, width=terminal_width(), whole=("policy",))]
    problems = sum(one.state is State.PROBLEM for one in report.diagnoses)
    warnings = sum(one.state is State.WARNING for one in report.diagnoses)
    lines += ["", f"{problems} problem(s), {warnings} warning(s)"]
    return for_terminal("\n".join(lines), terminal_width()) + "\n"


def _lines(one: Diagnosis) -> list[str]:
    lines = [f"{_SIGNS[one.state]:<5}{one.name:<12} {plain(one.found, limit=_MAX_CHARS)}"]
    if one.todo:
        lines.append(f"{'':<18}do: {plain(one.todo, limit=_MAX_CHARS)}")
    return lines


def _shown(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "-"
    if isinstance(value, dict):
        return ", ".join(f"{key} = {_shown(one)}" for key, one in value.items()) or "-"
    return str(value)
