"""What Prefect's machinery costs: a task and a subflow over a plain function. Needs a server."""

from prefect import flow, task

from linestop.deployments.bench.pairs import Measure, measure, timed_async

TASKS = 50
SUBFLOWS = 5


def _work(number: int) -> int:
    return sum(range(number + 1_000))


@task(name="bench-task", persist_result=False)
async def bench_task(number: int) -> int:
    """Do a little work as a task."""
    return _work(number)


@flow(name="bench-subflow", persist_result=False)
async def bench_subflow(number: int) -> int:
    """Do a little work as a flow."""
    return _work(number)


@flow(name="bench-machinery", persist_result=False)
async def bench_machinery(pairs: int) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Return pairs of seconds (with the machinery, without) per task and per subflow."""
    await _tasks()
    tasks = [(await timed_async(_tasks) / TASKS, await timed_async(_plain) / TASKS) for _ in range(pairs)]
    subflows = [(await timed_async(_subflows) / SUBFLOWS, await timed_async(_plain) / TASKS) for _ in range(pairs)]
    return tasks, subflows


async def machinery_cost(pairs: int) -> tuple[Measure, Measure]:
    """Return the cost per task and per subflow over a plain call."""
    tasks, subflows = await bench_machinery(pairs)
    return (
        measure("a task over a plain call", tasks, note=f"{TASKS} tasks in a row"),
        measure("a subflow over a plain call", subflows, note=f"{SUBFLOWS} subflows in a row"),
    )


async def _tasks() -> None:
    for number in range(TASKS):
        await bench_task(number)


async def _subflows() -> None:
    for number in range(SUBFLOWS):
        await bench_subflow(number)


async def _plain() -> None:
    for number in range(TASKS):
        _work(number)
