"""The documentation flow: from a commit to the wiki that describes it, on the branch `linestop/wiki`."""

from prefect import flow

from linestop.tasks.scribe import (
    build_pages,
    close_desk,
    commit_pages,
    desk,
    failing,
    lint_pages,
    mend_pages,
    read_code,
    read_pages,
)
from linestop.wiki import DocumentOrder, DocumentReport


@flow(name="documentation", flow_run_name="documentation {order.label}", persist_result=False)
async def documentation(order: DocumentOrder) -> DocumentReport:
    """Bring a repository's wiki up to date: read, build, lint, mend, commit. Only stale claims are rewritten."""
    at = desk(order)
    with failing(at):
        source = await read_code(at)
        state = await read_pages(at)
        wiki = await build_pages(at, source, state)
        found = await lint_pages(at, wiki, state)
        wiki = await mend_pages(at, wiki, found)
        left = await lint_pages(at, wiki, state) if order.fix and found else found
        commit = await commit_pages(at, wiki, state)
        return await close_desk(at, wiki, found, left, commit)
