"""The oracle task: the only thing that may say that a batch is done. The rule is linestop/done.py."""

import asyncio

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from linestop.blocks.line import Line
from linestop.blocks.proofs import ask
from linestop.done import OracleVerdict
from linestop.text import plain


@task(name="oracle", task_run_name="oracle", cache_policy=NO_CACHE, persist_result=False)
async def oracle(line: Line, batch: str) -> OracleVerdict:
    """Return done, not done or waiting on a person, from the tracker and the proofs behind it."""
    verdict = await asyncio.to_thread(ask, line, batch)
    get_run_logger().info(
        "oracle.%s batch=%s %s", verdict.answer, batch, plain("; ".join(verdict.reasons)),
        extra={"action": f"oracle.{verdict.answer}"},
    )  # fmt: skip
    return verdict
