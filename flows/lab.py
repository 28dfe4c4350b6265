"""The lab flow: pairs of one task with and without memory, and whether it helped."""

from prefect import flow

from linestop.lab.order import LabOrder, LabReport
from linestop.tasks.experimenter import bench, pair, report


@flow(name="lab", flow_run_name="lab {order.task} {order.label}", persist_result=False)
async def lab(order: LabOrder) -> LabReport:
    """Say the rule, run pairs until there are as many as it plans or a cap is reached, and answer by the rule."""
    at = await bench(order)
    if order.dry_run:
        return await report(at, order)
    with at.open():
        while not at.over:
            await pair(at, len(at.entry.pairs) + 1)
    return await report(at, order)
