"""`linestop lab ab`: pairs of a task with and without memory, and whether it helped. What runs is blocks/trials.py."""

import asyncio
import shutil
import sys
from pathlib import Path
from typing import Annotated, TextIO

from cyclopts import Parameter

from linestop.blocks.cancellation import cancellable
from linestop.blocks.engines import BLOCK
from linestop.blocks.lab_desk import bench_of
from linestop.blocks.trials import Bench, run_pairs
from linestop.deployments.cli.options import Json, Repo
from linestop.deployments.cli.wrapping import fitted
from linestop.deployments.environment import outside_targets
from linestop.deployments.server import ensure_server
from linestop.errors import UsageError
from linestop.lab.brief_change import brief_change
from linestop.lab.entry import Entry
from linestop.lab.order import LabOrder
from linestop.lab.page import pair_line, result_lines
from linestop.text import plain

NOT_DONE = 3


def ab(
    task: str,
    /,
    *,
    pairs: int | None = None,
    engine: str | None = None,
    effect: float | None = None,
    power: float | None = None,
    alpha: float | None = None,
    margin: float | None = None,
    max_usd: float | None = None,
    max_tokens: int | None = None,
    max_pairs: int | None = None,
    dry_run: bool = False,
    repo: Repo = Path(),
    json_: Json = False,
    verbose: Annotated[bool, Parameter(name=("--verbose", "-v"))] = False,
) -> int:
    """Run one task with and without memory, in pairs, and say by a rule fixed beforehand whether memory helped.

    Examples:
        linestop lab ab on-topic                  # shipped; no model needed
        linestop lab ab clean-imports --dry-run   # a ticket: what would run
        linestop lab ab clean-imports --max-usd 5
        linestop lab ab 20261121T101500-dispatch-a1b2c3 --engine codex --pairs 20
        linestop lab ab mine.yaml                 # a file of your own; docs/lab.md

    Each trial is one dispatch of the maker in a fresh workspace; it delivers nothing and leaves a record. Memory is
    what is remembered now; nothing that happens in a trial is remembered. The answer is improved, regressed, no change
    or not enough data, and stands in the notebook. Exit code 0: answered; 1: an experiment came out otherwise than its
    file expects; 2: nothing to inject, or a wrong word; 3: not enough data.

    Parameters
    ----------
    task
        A ticket's id (its next chunk), a maker's dispatch by its run id, a shipped experiment's name, or its file.
    pairs
        Pairs of trials; nothing: as many as the power asks for.
    engine
        Engine of both arms; nothing: the task's own.
    effect
        Share of pairs that memory should make better: what n is calculated for (0.6).
    power
        Chance to find that effect (0.8).
    alpha
        Chance of an effect where there is none (0.05).
    margin
        No change: the net share of better pairs is within this (0.25).
    max_usd
        The pair that passes so many dollars is the last.
    max_tokens
        The pair that passes so many tokens is the last.
    max_pairs
        So many pairs at most, whatever the power asks for.
    dry_run
        Print the rule and what differs in both briefs, and run nothing.
    json_
        Print the notebook's entry as JSON.
    verbose
        Say each trial, with its run id, while it runs.
    """
    try:
        order = LabOrder(
            repository=str(repo), task=task, pairs=pairs, engine=engine, effect=effect, power=power, alpha=alpha,
            margin=margin, max_usd=max_usd, max_tokens=max_tokens, max_pairs=max_pairs, dry_run=dry_run,
        )  # fmt: skip
    except ValueError as error:
        raise refused(error) from error
    bench = _bench(order, verbose=verbose)
    change = brief_change(bench.entry.subject)
    say(bench.entry.rule.text)
    if dry_run:
        sys.stdout.write(bench.entry.model_dump_json(indent=2, by_alias=True) + "\n" if json_ else f"{change}\n")
        return 0
    return carried_out(bench, json_=json_)


def carried_out(bench: Bench, *, json_: bool) -> int:
    """Run a bench's pairs, print what they come to, and return the exit code."""
    say(f"entry {bench.entry.id}; the same page: linestop lab notebook show {bench.entry.id}")
    entry = asyncio.run(
        cancellable(
            run_pairs,
            bench,
            paired=lambda entry: say(pair_line(entry.pairs[-1])),
            voided=lambda entry: say(f"void: {plain(entry.void[-1], 300)}"),
        )
    )
    if json_:
        sys.stdout.write(entry.model_dump_json(indent=2, by_alias=True) + "\n")
    else:
        page = "\n".join([f"answer   {headline(entry)}", *result_lines(entry), _next(entry)])
        sys.stdout.write(fitting(page, sys.stdout) + "\n")
    return exit_code(entry)


def exit_code(entry: Entry) -> int:
    """Return 0 for an answer, 3 for not enough data, 1 for another answer than the experiment's file expects."""
    if entry.reckoning is None or not entry.concluded:
        return NOT_DONE
    own = entry.experiment if entry.experiment and entry.experiment.engine_name == entry.subject.engine else None
    expected = own.expect if own else None  # of its own engine: another one may do otherwise
    if expected in (None, entry.reckoning.answer):
        return 0
    say(f"the experiment's file expects: {expected}")
    return 1


def headline(entry: Entry) -> str:
    """Return the answer with what decided it."""
    because = f" ({entry.reckoning.because})" if entry.reckoning else ""
    return f"{entry.answer}{because}" + (f"; broken off: {plain(entry.reason)}" if entry.reason else "")


def say(text: str) -> None:
    """Tell a person, on stderr."""
    sys.stderr.write(fitting(text, sys.stderr) + "\n")


def fitting(text: str, stream: TextIO) -> str:
    """Return a text whose lines fit the terminal, if there is one; those that name a command stay to be copied."""
    if not stream.isatty():
        return text
    width = shutil.get_terminal_size().columns
    lines = ([line] if "linestop " in line else fitted([line], width) for line in text.splitlines())
    return "\n".join(part for parts in lines for part in parts)


def refused(error: ValueError) -> UsageError:
    """Return what a person can do about an option that the order refuses."""
    found = error.errors() if hasattr(error, "errors") else []
    where = f"--{str(found[0]['loc'][0]).replace('_', '-')}: {found[0]['msg']}" if found else str(error)
    return UsageError("an option can't be used", found=plain(where, 300), todo="linestop lab ab --help")


def _bench(order: LabOrder, *, verbose: bool) -> Bench:
    """Return the bench; a form of the UI is read from the server, and Prefect never imported inside of a target."""
    hear = (lambda text: say(plain(text, 400))) if verbose else (lambda _text: None)
    if not (order.engine or "").startswith(BLOCK):
        return bench_of(order, say=hear)
    order = order.model_copy(update={"repository": str(Path(order.repository).resolve())})
    ensure_server(say)
    with outside_targets():
        return bench_of(order, say=hear)


def _next(entry: Entry) -> str:
    return f"notebook linestop lab notebook show {entry.id}    (once more: linestop lab again {entry.id})"
