"""The checker: judges one candidate commit, knowing nothing of how it was made. Never trusts the maker's words."""

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from linestop.blocks.cancellation import cancellable
from linestop.blocks.inspection import checked, clean_checkout
from linestop.blocks.station import Station
from linestop.checks import is_test_path
from linestop.execution.ruling import judge_checks, judge_findings, reject
from linestop.guards import judge
from linestop.paths import workspace_name
from linestop.plans import Chunk
from linestop.tasks.retries import only_infrastructure
from linestop.text import plain
from linestop.verdicts import Ruling, Verdict


@task(
    name="checker",
    task_run_name="checker {chunk.id} {commit:.10}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=2,
    retry_delay_seconds=[2, 10],
    retry_condition_fn=only_infrastructure,
)
async def checker(station: Station, chunk: Chunk, commit: str) -> Verdict:
    """Return the verdict on a candidate: guards first, then findings, then checks; the first that objects ends it."""
    verdict = await cancellable(check, station, chunk, commit)
    get_run_logger().info(
        "checker.%s ticket=%s chunk=%s commit=%s %s",
        verdict.ruling, station.ticket.id, chunk.id, commit[:10], plain("; ".join(verdict.reasons)),
        extra={"action": f"checker.{verdict.ruling}"},
    )  # fmt: skip
    return verdict


def check(station: Station, chunk: Chunk, commit: str) -> Verdict:
    """Judge the diff from the last approved commit to `commit`."""
    with station.record.step("guards", chunk=chunk.id) as said:
        verdict = _guards(station, chunk, commit)
        said["text"] = "; ".join(violation.message for violation in verdict.violations) if verdict else ""
    if verdict:
        return verdict
    with station.record.step("findings", chunk=chunk.id):
        reasons = _findings(station, chunk, commit)
    if reasons:
        return reject(*reasons, by="findings")
    with station.record.step("checks", chunk=chunk.id, commit=commit) as said:
        report = checked(
            station.line,
            station.checks,
            workspace_name(station.ticket.id, "check"),
            base=station.ticket.base,
            commit=commit,
        )
        station.tell(commit, report)  # to a maker that tries the same again; what makers tried is never asked for here
        broken = judge_checks(station.baseline, report)
        said["text"] = "; ".join(broken)
    return reject(*broken, by="checks", checks=report) if broken else Verdict(ruling=Ruling.APPROVE, checks=report)


def _guards(station: Station, chunk: Chunk, commit: str) -> Verdict | None:
    line = station.line
    violations = judge(
        line.workspaces.changes(station.tip, commit),
        plan=station.ticket.plan,
        chunk=chunk,
        policy=line.policy.guards,
        is_test=lambda path: is_test_path(path, line.policy.checks.tests),
    )
    if not violations:
        return None
    reasons = tuple(f"{violation.rule}: {violation.message}" for violation in violations)
    return reject(*reasons, by="guards", violations=violations)


def _findings(station: Station, chunk: Chunk, commit: str) -> tuple[str, ...]:
    line, name = station.line, workspace_name(station.ticket.id, "scan")
    paths = line.workspaces.changed(station.tip, commit)
    scanned = chunk.source in line.sources  # not where a person wrote the plan: then it may add nothing that ruff finds
    source = chunk.source if scanned else "ruff"
    with clean_checkout(line, name, station.tip) as checkout:
        before = line.problems(source, checkout, paths)
    with clean_checkout(line, name, commit) as checkout:
        after = line.problems(source, checkout, paths)
    return judge_findings(chunk, before, after, must_remove=scanned)
