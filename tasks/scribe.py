"""The scribe: reads a commit, writes the wiki's pages, lints and mends them, commits them on their branch."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Generic, TypeVar

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from linestop.blocks.git_history import GitHistory
from linestop.blocks.git_workspaces import GitWorkspaces
from linestop.blocks.merged_tickets import merged_tickets
from linestop.blocks.wiki_branch import WikiBranch, WikiState
from linestop.paths import Layout, repository_root
from linestop.policy import Policy, load_policy
from linestop.records import RunRecord
from linestop.tasks.artifacts import publish_markdown
from linestop.tasks.documentation_page import documentation_page, summary
from linestop.wiki import (
    BRANCH,
    DocumentOrder,
    DocumentReport,
    Problem,
    Source,
    Wiki,
    build,
    lint,
    may_mend,
    mended,
)

T = TypeVar("T")


@dataclass
class Desk:
    """What one documentation run works with."""

    order: DocumentOrder
    layout: Layout
    policy: Policy
    workspaces: GitWorkspaces
    record: RunRecord
    base: str
    started: float = field(default_factory=monotonic)


class Held(Generic[T]):
    """A large value on its way from task to task, of which Prefect sees the outside only.

    It looks through collections and dataclasses for what a task depends on: with thousands of pages that takes longer
    than to write them.
    """

    def __init__(self, value: T) -> None:
        self.value = value


def desk(order: DocumentOrder) -> Desk:
    """Return the desk of an order: policy read, the commit to document resolved, the record opened.

    Raises:
        RepositoryError: no repository, no commit, or no base branch.
        PolicyError: the policy can't be used.
    """
    layout = Layout(repository_root(Path(order.repository)))
    policy = load_policy(layout)
    workspaces = GitWorkspaces(layout.root)
    base = workspaces.head(order.ref or workspaces.base_branch(policy.execution.base))
    record = RunRecord(
        layout, "documentation", flow_run=flow_run.id or "", base=base, policy=policy.documentation.model_dump(),
        **order.model_dump(),
    )  # fmt: skip
    return Desk(order, layout, policy, workspaces, record, base)


@contextmanager
def failing(at: Desk) -> Iterator[None]:
    """End the record as failed where the run fails, and let the failure pass."""
    try:
        yield
    except BaseException as error:
        at.record.break_off("failed", error)
        raise


@task(name="read-code", task_run_name="read-code", cache_policy=NO_CACHE, persist_result=False)
async def read_code(at: Desk) -> Held[Source]:
    """Return everything the wiki is made from, of the commit to document."""
    with at.record.step("read-code", commit=at.base) as said:
        source = await asyncio.to_thread(_source, at)
        said["text"] = f"{len(source.files)} files, {len(source.commits)} commits"
    get_run_logger().info(
        "code.read commit=%s files=%d commits=%d", at.base[:12], len(source.files), len(source.commits),
        extra={"action": "code.read"},
    )  # fmt: skip
    return Held(source)


def _source(at: Desk) -> Source:
    history = GitHistory(at.workspaces)
    files = history.files(at.base, exclude=at.policy.documentation.exclude)
    paths = frozenset(at.workspaces.files(at.base))
    return Source(
        at.layout.root.name, files, history.log(at.base), merged_tickets(at.layout, at.workspaces, at.base), paths
    )


@task(name="read-pages", task_run_name="read-pages", cache_policy=NO_CACHE, persist_result=False)
async def read_pages(at: Desk) -> Held[WikiState]:
    """Return the pages as people and earlier runs left them."""
    with at.record.step("read-pages"):
        return Held(await asyncio.to_thread(WikiBranch(at.workspaces).state, at.base))


@task(name="build-pages", task_run_name="build-pages", cache_policy=NO_CACHE, persist_result=False)
async def build_pages(at: Desk, source: Held[Source], state: Held[WikiState]) -> Held[Wiki]:
    """Return the wiki as it should be; people's text stays."""
    with at.record.step("build-pages") as said:
        wiki = await asyncio.to_thread(build, source.value, state.value.pages)
        said["text"] = f"{len(wiki.pages)} pages, {len(wiki.written)} to write, {len(wiki.removed)} to remove"
    get_run_logger().info(
        "pages.built pages=%d stale=%d removed=%d kept=%d", len(wiki.pages), len(wiki.written), len(wiki.removed),
        len(wiki.kept), extra={"action": "pages.built"},
    )  # fmt: skip
    return Held(wiki)


@task(name="lint-pages", task_run_name="lint-pages", cache_policy=NO_CACHE, persist_result=False)
async def lint_pages(at: Desk, wiki: Held[Wiki], state: Held[WikiState]) -> tuple[Problem, ...]:
    """Return what is wrong with the pages."""
    with at.record.step("lint-pages") as said:
        problems = await asyncio.to_thread(lint, wiki.value, state.value.others)
        said["text"] = "\n".join(str(problem) for problem in problems[:100])
    get_run_logger().info("wiki.linted problems=%d", len(problems), extra={"action": "wiki.linted"})
    return problems


@task(name="mend-pages", task_run_name="mend-pages", cache_policy=NO_CACHE, persist_result=False)
async def mend_pages(at: Desk, wiki: Held[Wiki], problems: tuple[Problem, ...]) -> Held[Wiki]:
    """Return the wiki with its problems mended, where the order allows it and they are few enough."""
    if not at.order.fix or not problems or not may_mend(problems):
        return wiki
    with at.record.step("mend-pages"):
        return Held(await asyncio.to_thread(mended, wiki.value, problems))


@task(name="commit-pages", task_run_name="commit-pages", cache_policy=NO_CACHE, persist_result=False)
async def commit_pages(at: Desk, wiki: Held[Wiki], state: Held[WikiState]) -> str | None:
    """Commit the pages on their branch and return the commit, or None where they stand there already."""
    with at.record.step("commit-pages") as said:
        message = _message(at, wiki.value)
        branch = WikiBranch(at.workspaces)
        commit = await asyncio.to_thread(lambda: branch.write(state.value, wiki.value.pages, message=message))
        said["text"] = commit or "nothing to commit"
    if commit:
        diff = await asyncio.to_thread(GitHistory(at.workspaces).patch, state.value.parents[0], commit)
        at.record.write("diff.patch", diff)
        get_run_logger().info(
            "wiki.committed branch=%s commit=%s", BRANCH, commit[:12], extra={"action": "wiki.committed"}
        )
    else:
        get_run_logger().info("wiki.unchanged branch=%s", BRANCH, extra={"action": "wiki.unchanged"})
    return commit


def _message(at: Desk, wiki: Wiki) -> str:
    changed = [*wiki.written, *(f"{path} (removed)" for path in wiki.removed)]
    more = [f"… and {len(changed) - 30} more"] if len(changed) > 30 else []  # noqa: PLR2004  # enough to see what it is
    listed = "\n".join([*changed[:30], *more])
    return f"docs(wiki): bring the wiki up to {at.base[:12]}\n\n{listed}\n\nlinestop-run: {at.record.id}\n"


async def close_desk(
    at: Desk, held: Held[Wiki], before: tuple[Problem, ...], after: tuple[Problem, ...], commit: str | None
) -> DocumentReport:
    """Return the report, after it was published and recorded."""
    wiki, fixed = held.value, tuple(problem for problem in before if problem not in after)
    report = DocumentReport(
        run_id=at.record.id, base=at.base, commit=commit, pages=len(wiki.pages), written=wiki.written,
        removed=wiki.removed, kept=wiki.kept, problems=after, fixed=fixed,
        waits=not may_mend(after) or (at.order.fix and bool(after)), seconds=round(monotonic() - at.started, 2),
    )  # fmt: skip
    merged = await asyncio.to_thread(merged_tickets, at.layout, at.workspaces, at.base)
    page = await asyncio.to_thread(documentation_page, at.layout, report, merged)
    await publish_markdown(f"{at.layout.key}-wiki", page, title=f"Wiki of {at.layout.root.name}")
    outcome = "gated" if report.waits else "done" if commit else "nothing"
    at.record.finish(outcome, summary=summary(report), **report.model_dump(mode="json", exclude={"run_id"}))
    return report
