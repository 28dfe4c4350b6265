"""The goal-checker: runs a ticket's frozen finish line at its last commit, in a clean checkout. Exit codes decide."""

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from linestop.blocks.cancellation import cancellable
from linestop.blocks.inspection import goal_verdict
from linestop.blocks.station import Station
from linestop.tasks.retries import only_infrastructure
from linestop.text import plain
from linestop.verdicts import GoalVerdict


@task(
    name="goal-checker",
    task_run_name="goal-checker",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=2,
    retry_delay_seconds=[2, 10],
    retry_condition_fn=only_infrastructure,
)
async def goal_checker(station: Station) -> GoalVerdict:
    """Return met or not met for the last commit that the checker approved."""
    verdict = await cancellable(check_goal, station)
    word = "met" if verdict.met else "not-met"
    unmet = "; ".join(f"{line.item}: {line.detail}" for line in verdict.lines if not line.met)
    get_run_logger().info(
        "goal.%s ticket=%s commit=%s %s", word, station.ticket.id, verdict.commit[:10], plain(unmet),
        extra={"action": f"goal.{word}"},
    )  # fmt: skip
    return verdict


def check_goal(station: Station) -> GoalVerdict:
    """Judge the ticket's tip."""
    with station.record.step("goal-checker", commit=station.tip):
        return goal_verdict(station.line, station.ticket, station.checks, station.baseline, commit=station.tip)
