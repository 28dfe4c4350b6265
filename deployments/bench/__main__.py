"""`python -m linestop.deployments.bench [--quick] [--write]`: measures, prints the table, may put it into the docs."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp

from cyclopts import App

from linestop.deployments.bench.pairs import Measure
from linestop.deployments.bench.start_cost import start_cost
from linestop.deployments.bench.table import as_markdown, write_table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"

app = App(name="python -m linestop.deployments.bench", help_format="plaintext")


@app.default
def bench(*, quick: bool = False, write: bool = False, repository: Path | None = None) -> None:
    """Measure what linestop costs over the bare commands and print a table.

    ModelEngine is compared with the mini-swe-agent of the environment that LINESTOP_MINI names, where it is set.

    Examples:
        make bench
        LINESTOP_MINI=~/venvs/mini make bench
        python -m linestop.deployments.bench --quick
        python -m linestop.deployments.bench --write --repository ~/src/click

    Parameters
    ----------
    quick
        One pair of each instead of several.
    write
        Put the table into docs/benchmarks.md.
    repository
        Measure the first ticket of this repository as well, on a copy.
    """
    pairs = 1 if quick else 5
    _say("starting the command line …")
    measures = [start_cost(pairs * 3)]
    _say("the watch …")
    measures += _watch(pairs)
    _say("cautions …")
    measures += _cautions(min(pairs, 3), quick=quick)  # its writers are forked: before anything starts threads
    _say("questions about cautions …")
    measures += _insight(quick=quick)
    _say("the model proxy …")
    measures += _proxy(pairs)
    with _scratch_home() as scratch:
        _say("steps of ModelEngine …")
        measures += _engine_steps(min(pairs, 3))
        _say("briefs …")
        measures += _briefs(scratch / "briefs", pairs)
        measures += _on_a_server(scratch, pairs, repository and repository.resolve())
    text = as_markdown(measures)
    sys.stdout.write(text + "\n")
    if write:
        write_table(PAGE, text)
        _say(f"written to {PAGE}")


def _watch(pairs: int) -> list[Measure]:
    from linestop.deployments.bench.watch_cost import watch_cost  # noqa: PLC0415

    return watch_cost(pairs)


def _cautions(pairs: int, *, quick: bool) -> list[Measure]:
    from linestop.deployments.bench.caution_cost import caution_cost  # noqa: PLC0415

    return caution_cost(pairs, quick=quick)


def _insight(*, quick: bool) -> list[Measure]:
    from linestop.deployments.bench.insight_cost import SIZES, insight_cost  # noqa: PLC0415

    return insight_cost(SIZES[:1] if quick else SIZES)


def _proxy(pairs: int) -> list[Measure]:
    from linestop.deployments.bench.proxy_cost import proxy_cost  # noqa: PLC0415

    return proxy_cost(pairs)


def _engine_steps(pairs: int) -> list[Measure]:
    from linestop.deployments.bench.model_engine_cost import model_engine_cost  # noqa: PLC0415  # LINESTOP_HOME is set

    return model_engine_cost(pairs)


def _briefs(scratch: Path, pairs: int) -> list[Measure]:
    from linestop.deployments.bench.brief_cost import SIZES, brief_cost  # noqa: PLC0415  # LINESTOP_HOME is set

    return brief_cost(scratch, pairs, SIZES[:2] if pairs == 1 else SIZES)  # a million take some minutes to make


def _on_a_server(scratch: Path, pairs: int, repository: Path | None) -> list[Measure]:
    from linestop.deployments.environment import outside_targets  # noqa: PLC0415  # LINESTOP_HOME is set by now
    from linestop.deployments.server import ensure_server, stop_server  # noqa: PLC0415

    try:
        ensure_server(_say)
        with outside_targets():
            return asyncio.run(_measures(scratch, pairs, repository))
    finally:
        stop_server()


async def _measures(scratch: Path, pairs: int, repository: Path | None) -> list[Measure]:
    from prefect.logging.handlers import APILogHandler  # noqa: PLC0415

    from linestop.deployments.bench.audit_cost import audit_cost  # noqa: PLC0415  # imports Prefect: after its server
    from linestop.deployments.bench.machinery_cost import machinery_cost  # noqa: PLC0415
    from linestop.deployments.bench.main_job_cost import main_job_cost  # noqa: PLC0415
    from linestop.deployments.bench.sandbox_cost import sandbox_cost  # noqa: PLC0415
    from linestop.deployments.bench.ticket_cost import machinery_share, ticket_cost  # noqa: PLC0415
    from linestop.deployments.example_repository import example_repository  # noqa: PLC0415

    example = example_repository(scratch / "toolshed")
    _say("sandboxes …")
    sandboxes = list(sandbox_cost(example, pairs))
    _say("the machinery …")
    task, subflow = await machinery_cost(pairs)
    _say("audits …")
    audits = [await audit_cost(example, pairs, name="the example")]
    audits.append(await audit_cost(_large_repository(scratch / "large"), pairs, name="SQLAlchemy"))
    _say("tickets …")
    tickets, flow_runs = await ticket_cost(example, scratch / "store", tickets=3, pairs=min(pairs, 3))
    share = await machinery_share(tickets, flow_runs, task=task.ours, subflow=subflow.ours)
    if repository:
        copy = _clone(repository, scratch / repository.name)
        real, _ = await ticket_cost(copy, scratch / "store", tickets=1, pairs=min(pairs, 3))
        tickets += real
    _say("the main job …")
    job = main_job_cost(scratch, min(pairs, 3))
    await APILogHandler.aflush()  # before its server stops
    return [*sandboxes, task, subflow, *audits, share, *tickets, job]


def _large_repository(target: Path) -> Path:
    """Return a git repository of an installed package's source: large, and there on every machine."""
    from linestop.blocks.git_commands import GitCommands  # noqa: PLC0415

    spec = find_spec("sqlalchemy")
    source = Path((spec and spec.origin) or "").parent
    shutil.copytree(source, target / "sqlalchemy", ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    git = GitCommands(target / ".git", target)
    git.run("init", "--quiet", "--template=", "--initial-branch=main")
    git.run("add", "--all", ".")
    git.run("commit", "--quiet", "--no-verify", "-m", "the source as installed")
    return target


def _clone(repository: Path, target: Path) -> Path:
    """Return a copy of a repository's branch, without the plans and tickets that it may have."""
    subprocess.run(["git", "clone", "--quiet", "--single-branch", str(repository), str(target)], check=True)
    return target


@contextmanager
def _scratch_home() -> Iterator[Path]:
    """Yield a folder for everything, `$LINESTOP_HOME` included, and remove it; a user's own server is left alone."""
    scratch = Path(mkdtemp(prefix="linestop-bench-")).resolve()
    os.environ["LINESTOP_HOME"] = str(scratch / "home")
    for name in ("PREFECT_API_URL", "PREFECT_UI_URL"):
        os.environ.pop(name, None)
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    app()
