"""The page of the policy names every value that there is, with its default and meaning."""

import json
from pathlib import Path

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from linestop.policy import Policy

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "policy.md").read_text(encoding="utf-8").splitlines()
VALUES = [
    (f"{section}.{key}", value)
    for section in Policy.model_fields
    if isinstance(getattr(Policy(), section), BaseModel)
    for key, value in type(getattr(Policy(), section)).model_fields.items()
]


@pytest.mark.parametrize(("name", "field"), VALUES, ids=[name for name, _ in VALUES])
def test_the_page_describes_every_value(name: str, field: FieldInfo) -> None:
    default = field.get_default(call_default_factory=True)
    shown = "nothing" if default in (None, (), {}) else json.dumps(default)
    assert field.description, f"{name} says nothing of itself"
    assert f"| `{name}` | {shown} | {field.description} |" in PAGE


def test_the_page_describes_nothing_else() -> None:
    told = {line.split("`")[1] for line in PAGE if line.startswith("| `")}
    assert told == {name for name, _ in VALUES}
