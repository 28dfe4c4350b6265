"""The debrief flow: a person is asked about each lesson that a ticket or a batch may have taught."""

from prefect import flow
from prefect.client.schemas.objects import State

from linestop.debrief.order import DebriefOrder, DebriefReport
from linestop.tasks.debrief_desk import Desk


@flow(name="debrief", flow_run_name="debrief {order.label}", persist_result=True)
async def debrief(order: DebriefOrder) -> State[DebriefReport]:
    """Ask until nothing waits. Each question suspends the run, for weeks if need be; answered, it begins anew."""
    desk = Desk(order)
    await desk.gather()
    while question := await desk.question():
        answer = await desk.answer(question)
        await desk.settle(question, answer)
    return await desk.close()
