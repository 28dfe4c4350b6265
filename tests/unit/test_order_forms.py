"""What a run is asked for: each field explains itself in the UI's form, is bounded, and nothing else is taken."""

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from linestop.audit.order import AuditOrder
from linestop.execution.order import ExecutionOrder, TicketOrder, left_to_do
from linestop.wiki.order import DocumentOrder

ORDERS = (AuditOrder, ExecutionOrder, TicketOrder, DocumentOrder)
BOUNDS = {"maximum", "maxLength", "maxItems", "pattern", "enum", "const"}
UNBOUNDED = {"repository", "ticket", "parent"}  # a path, and ids that are looked up


def fields() -> list[Any]:
    return [
        pytest.param(name, schema, id=f"{order.__name__}.{name}")
        for order in ORDERS
        for name, schema in order.model_json_schema()["properties"].items()
    ]


@pytest.mark.parametrize(("name", "schema"), fields())
def test_every_field_is_described_and_bounded(name: str, schema: dict[str, Any]) -> None:
    assert len(schema["description"]) > 10
    kinds = schema.get("anyOf", [schema])
    wanted = [kind for kind in kinds if kind["type"] not in {"boolean", "null"}]
    assert name in UNBOUNDED or all(BOUNDS & kind.keys() for kind in wanted), schema


@pytest.mark.parametrize("order", ORDERS)
def test_a_parameter_that_is_misspelt_is_refused(order: type[BaseModel]) -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        order.model_validate({"repository": "/tmp/shop", "ticket": "t", "paralel": 3})


def test_a_chunk_that_was_refused_is_left_to_do_and_one_without_a_change_is_not() -> None:
    progress = {"done": "a" * 40, "nothing": "nothing", "refused": "refused: no engine could"}
    assert [one for one in ("done", "nothing", "refused", "not-begun") if left_to_do(one, progress)] == [
        "refused",
        "not-begun",
    ]
