"""The execution flow: tickets in dependency order, each a flow run of its own, until the oracle says done."""

from prefect import flow
from prefect.client.schemas.objects import State

from linestop.blocks.line import Line
from linestop.execution.order import ExecutionOrder, ExecutionReport
from linestop.flows.ticket import ticket
from linestop.tasks.baseline import baseline
from linestop.tasks.crew import crew
from linestop.tasks.foreman import Foreman
from linestop.tasks.memory_log import say_of_memory
from linestop.tasks.oracle import oracle
from linestop.tasks.planner import planner
from linestop.tasks.shift import Shift


@flow(name="execution", flow_run_name="execution {order.label}", persist_result=False)
async def execution(order: ExecutionOrder) -> State[ExecutionReport]:
    """Carry out a batch: while the oracle says not done, take the ready set and run its tickets in parallel."""
    line = Line(order.repository, roles=order.chosen)
    await crew(line)
    with Foreman(line, order) as foreman:
        await say_of_memory(line, foreman.record)
        batch, foreman.filed = await planner(line, order)
        if batch is None:
            return await foreman.nothing()
        async with Shift(line, order, foreman.record, batch) as shift:
            verdict = await oracle(line, batch)
            if shift.ready() and not order.dry_run and (stop := await baseline(line, foreman.record)):
                return await foreman.finished(verdict, shift.ran, stop=stop)
            while not verdict.done and not order.dry_run:
                shift.start(ticket)
                if not shift.running:
                    break
                await shift.next_end()
                verdict = await oracle(line, batch)
        return await foreman.finished(verdict, shift.ran)
