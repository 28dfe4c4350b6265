"""`linestop watch`: where agents went round in circles, from the logs they left. linestop/watch/survey.py looks."""

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter
from cyclopts.types import NonNegativeInt, PositiveInt

from linestop.deployments.cli.options import Json
from linestop.errors import UsageError

_FAILED = 3


def watch(
    *logs: Annotated[Path, Parameter(allow_leading_hyphen=True)],
    claude: bool = False,
    codex: bool = False,
    follow: bool = False,
    json_: Json = False,
    limit: NonNegativeInt = 20,
    days: PositiveInt | None = None,
    off: Annotated[tuple[str, ...], Parameter(name="--off")] = (),
    poller: Annotated[tuple[str, ...], Parameter(name="--poller")] = (),
    fail_on: Literal["never", "warning", "stop"] = "never",
) -> int:
    """Say where agents went round in circles: what fired in their logs, where, and what it cost.

    Examples:
        linestop watch session.jsonl              # a log of any agent
        linestop watch ~/logs                     # all logs under a folder
        linestop watch --claude --days 7          # Claude Code's sessions
        linestop watch --codex --json             # Codex's sessions
        codex exec --json "…" | linestop watch -  # a stream
        linestop watch --follow session.jsonl     # while the agent works
        linestop watch --follow --claude          # all sessions at work
        linestop watch a.jsonl --fail-on warning  # exit 3 if something fired

    Reads linestop's own events, Claude Code and Codex (streams and
    sessions), OpenCode, Gemini CLI, Qwen Code, cline, pi, OpenHands,
    SWE-agent and mini-swe-agent; recognises them by their content. A line
    that can't be read is named and skipped. Exits 0 whatever fired, unless
    --fail-on is given, and 2 where nothing is a log.

    Parameters
    ----------
    logs
        Files, folders, or `-` for the standard input.
    claude
        Also look at Claude Code's own sessions (~/.claude/projects).
    codex
        Also look at Codex's own sessions (~/.codex/sessions).
    follow
        Stay, and tell what fires as it is written: in files, in the logs of folders that grow or appear, or in `-`.
    json_
        Print the report as JSON; with --follow one JSON object a firing.
    limit
        How many sessions are shown in full, dearest first, and how many lessons are proposed.
    days
        Of the logs in folders only those written in so many days; nothing = all.
    off
        A detector that isn't run; may be given several times.
    poller
        A command that may be repeated while it waits, as a glob; may be given several times.
    fail_on
        Exit 3 when anything of this severity or a higher one fired.
    """
    if unknown := [str(one) for one in logs if str(one).startswith("-") and str(one) != "-"]:
        raise UsageError(f"unknown option {unknown[0]}", found="no such option", todo="see `linestop watch --help`")
    from linestop.deployments.cli import watch_page, watch_reading  # noqa: PLC0415  # --help stays fast
    from linestop.deployments.cli.text_table import terminal_width  # noqa: PLC0415

    detectors = watch_reading.detectors(off, poller)
    folders = [
        *(watch_reading.claude_sessions(os.environ, Path.home()) for _ in range(claude)),
        *(watch_reading.codex_sessions(os.environ, Path.home()) for _ in range(codex)),
    ]
    if not logs and not folders:
        raise UsageError("no log is named", found="no file, no folder", todo="name one, or use --claude or --codex")
    if follow:
        return watch_reading.follow((*logs, *folders), detectors, as_json=json_)
    reports = watch_reading.survey((*logs, *folders), detectors, days=days)
    if json_:
        sys.stdout.write(watch_page.as_json(reports) + "\n")
    else:
        sys.stdout.write(watch_page.page(reports, limit=limit, width=terminal_width()))
    return _FAILED if watch_page.failed(reports, fail_on) else 0
