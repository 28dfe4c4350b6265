"""The validator: what a plan must be before a ticket is made of it. Used when one is written and when one is read."""

import re
from collections import Counter
from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from itertools import combinations

from linestop.audit.areas import MAX_FILES, MAX_FINDINGS
from linestop.audit.chunking import MAX_CHUNK_FILES, MAX_CHUNK_FINDINGS
from linestop.audit.globs import matches_any
from linestop.errors import PlanError
from linestop.plans import ChecksPass, Chunk, FindingsGone, Plan

_FORBIDDEN = frozenset((".git", ".linestop"))


def require_valid(plan: Plan) -> Plan:
    """Return the plan.

    Raises:
        PlanError: it breaks rules; names each.
    """
    problems = problems_of(plan)
    if problems:
        raise PlanError(
            f"the plan {plan.id} breaks {len(problems)} rule{'s' * (len(problems) > 1)}",
            found="; ".join(problems),
            todo=f"edit {plan.id}.md: docs/audit.md describes each key; what an audit wrote may also be deleted",
        )
    return plan


def problems_of(plan: Plan) -> tuple[str, ...]:
    """Return every rule the plan breaks, empty for a good one."""
    return (*_words(plan), *_chunks(plan), *_independence(plan.chunks), *_scope(plan), *_sizes(plan), *_goal(plan))


def problems_among(plans: Iterable[Plan]) -> tuple[str, ...]:
    """Return what is wrong between plans: two of one id, or dependencies that wait for one another."""
    plans = tuple(plans)
    counts = Counter(plan.id for plan in plans)
    problems = [f"{count} plans are called {name}" for name, count in counts.items() if count > 1]
    try:
        TopologicalSorter({plan.id: plan.depends_on for plan in plans}).prepare()
    except CycleError as error:
        problems.append(f"the plans wait for one another: {' -> '.join(error.args[1])}")
    return tuple(problems)


def _words(plan: Plan) -> Iterable[str]:
    if not plan.risks:
        yield "no risk is named"
    if not plan.purpose.strip():
        yield "the purpose is blank"
    if plan.gated is not None and not plan.gated.strip():
        yield "gated is blank: say why a person must do it, or remove it"
    if plan.id in plan.depends_on:
        yield "it depends on itself"


def _chunks(plan: Plan) -> Iterable[str]:
    counts = Counter(chunk.id for chunk in plan.chunks)
    yield from (f"{count} chunks are called {name}" for name, count in counts.items() if count > 1)


def _independence(chunks: Iterable[Chunk]) -> Iterable[str]:
    for one, other in combinations(chunks, 2):
        if one.source != other.source:
            continue
        rules, paths = set(one.rules) & set(other.rules), set(one.paths) & set(other.paths)
        if rules and paths:
            yield f"the chunks {one.id} and {other.id} both remove {min(rules)} from {min(paths)}"


def _scope(plan: Plan) -> Iterable[str]:
    for pattern in plan.scope:
        reason = _unfit(pattern)
        if reason:
            yield f"the scope {pattern!r} {reason}"
        elif not pattern.strip("*/?"):
            yield f"the scope {pattern!r} is the whole repository: name folders or files"
    goal = (path for item in plan.goal if isinstance(item, FindingsGone) for path in item.paths)
    for path in dict.fromkeys((*(path for chunk in plan.chunks for path in chunk.paths), *goal)):
        reason = _unfit(path)
        if reason:
            yield f"the path {path!r} {reason}"
        elif not matches_any(path, plan.scope):
            yield f"{path!r} is outside of the plan's scope"


def _unfit(path: str) -> str:
    parts = path.split("/")
    if not path or path.startswith("/") or re.match(r"[A-Za-z]:[\\/]", path):
        return "is not relative to the repository"
    if ".." in parts or "\0" in path:
        return "leads out of the repository"
    if any(part.lower() in _FORBIDDEN for part in parts):
        return "belongs to git or linestop"
    return ""


def _sizes(plan: Plan) -> Iterable[str]:
    for chunk in plan.chunks:
        if len(chunk.paths) > MAX_CHUNK_FILES:
            yield f"the chunk {chunk.id} touches {len(chunk.paths)} files, more than {MAX_CHUNK_FILES}: split it"
        if chunk.findings > MAX_CHUNK_FINDINGS:
            yield f"the chunk {chunk.id} removes {chunk.findings} findings, more than {MAX_CHUNK_FINDINGS}: split it"
    if plan.gated is not None:
        return  # a person cuts the work as they like
    files = len({path for chunk in plan.chunks for path in chunk.paths})
    findings = sum(chunk.findings for chunk in plan.chunks)
    if files > MAX_FILES:
        yield f"the plan touches {files} files, more than {MAX_FILES}: split it"
    if findings > MAX_FINDINGS and files > 1:
        yield f"the plan removes {findings} findings, more than {MAX_FINDINGS}: split it"


def _goal(plan: Plan) -> Iterable[str]:
    if all(isinstance(item, ChecksPass) for item in plan.goal):
        yield "the goal is met before any work: add an item of kind findings or command"
